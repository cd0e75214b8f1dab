//! Counts of durations in fixed steps, as a collector of metrics wants them.

/// The upper ends of the steps in milliseconds; what is longer is in a step of its own.
pub const BOUNDS_MS: [i64; 15] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000,
];

/// Durations in milliseconds. Its memory does not grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// How many are in each step, the last without an end.
    counts: [u64; BOUNDS_MS.len() + 1],
    count: u64,
    sum_ms: i64,
    max_ms: i64,
}

impl Histogram {
    /// Counts a duration; one below 0 counts as 0.
    pub fn add(&mut self, millis: i64) {
        let millis = millis.max(0);
        let step = BOUNDS_MS.partition_point(|bound| *bound < millis);
        self.counts[step] += 1;
        self.count += 1;
        self.sum_ms = self.sum_ms.saturating_add(millis);
        self.max_ms = self.max_ms.max(millis);
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All of them together, milliseconds.
    #[must_use]
    pub fn sum_ms(&self) -> i64 {
        self.sum_ms
    }

    /// The longest, milliseconds.
    #[must_use]
    pub fn max_ms(&self) -> i64 {
        self.max_ms
    }

    /// The mean in milliseconds; `None` if there is none.
    #[must_use]
    pub fn mean_ms(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_ms as f64 / self.count as f64)
    }

    /// How many lasted at most as long as each of [`BOUNDS_MS`], in order.
    pub fn cumulative(&self) -> impl Iterator<Item = (i64, u64)> {
        let mut sum = 0;
        BOUNDS_MS
            .iter()
            .zip(self.counts)
            .map(move |(bound, count)| {
                sum += count;
                (*bound, sum)
            })
    }

    /// A duration that `share` of them (0 to 1) did not exceed: the end of its step, at most the
    /// longest. `None` if there is none.
    #[must_use]
    pub fn quantile_ms(&self, share: f64) -> Option<i64> {
        if self.count == 0 {
            return None;
        }
        let wanted = share.clamp(0.0, 1.0) * self.count as f64;
        let within = self
            .cumulative()
            .find(|(_, sum)| *sum > 0 && *sum as f64 >= wanted);
        Some(within.map_or(self.max_ms, |(bound, _)| bound.min(self.max_ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_hold_their_upper_end_and_quantiles_never_understate() {
        let mut found = Histogram::default();
        assert_eq!((found.quantile_ms(0.5), found.mean_ms()), (None, None));
        for millis in [-5, 100, 101, 130, 70_000] {
            found.add(millis);
        }
        assert_eq!((found.count(), found.sum_ms()), (5, 70_331));
        let at = |bound| {
            found
                .cumulative()
                .find(|(b, _)| *b == bound)
                .map(|(_, n)| n)
        };
        assert_eq!(
            (at(50), at(100), at(200), at(60_000)),
            (Some(1), Some(2), Some(4), Some(4))
        );
        assert_eq!(found.quantile_ms(0.5), Some(200));
        assert_eq!(
            (found.quantile_ms(0.0), found.quantile_ms(1.0)),
            (Some(1), Some(70_000))
        );
    }
}
