//! How the imbalance of a book moves from tick to tick: velocity and volatility of `obi_l5`.

/// Ticks in a second.
pub const TICKS_PER_SECOND: usize = 4;
/// Ticks over which the velocity is taken: one second.
pub const VELOCITY_TICKS: usize = 4;
/// Ticks over which the volatility is taken: 60 seconds.
pub const VOLATILITY_TICKS: usize = 240;
/// Values the volatility needs at least.
pub const VOLATILITY_VALUES_MIN: usize = 40;

/// The imbalance at the last ticks; absent at those where the book gave none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImbalanceHistory {
    /// Once full, a ring.
    values: Vec<Option<f64>>,
    /// Where the oldest one is.
    oldest: usize,
}

impl ImbalanceHistory {
    /// Remembers the imbalance at the end of a tick, -1 to 1.
    pub fn push(&mut self, obi_l5: Option<f64>) {
        if self.values.len() < VOLATILITY_TICKS {
            self.values.push(obi_l5);
        } else {
            self.values[self.oldest] = obi_l5;
            self.oldest = (self.oldest + 1) % VOLATILITY_TICKS;
        }
    }

    /// Change per second over the last 4 ticks; absent if the imbalance is absent at either end.
    #[must_use]
    pub fn velocity_per_s(&self) -> Option<f64> {
        let (newer, older) = self.values.split_at(self.oldest);
        let mut backwards = newer.iter().rev().chain(older.iter().rev()).copied();
        let now = backwards.next()??;
        let before = backwards.nth(VELOCITY_TICKS - 1)??;
        let seconds = VELOCITY_TICKS as f64 / TICKS_PER_SECOND as f64;
        Some((now - before) / seconds)
    }

    /// Population standard deviation over the last 240 ticks, 0 to 1; absent with fewer than 40
    /// values.
    #[must_use]
    pub fn volatility(&self) -> Option<f64> {
        let (newer, older) = self.values.split_at(self.oldest);
        let present = || older.iter().chain(newer).flatten();
        let count = present().count();
        if count < VOLATILITY_VALUES_MIN {
            return None;
        }
        // Two passes, oldest first: nothing drifts, and equal values deviate by a rounding at
        // most.
        let mean = present().sum::<f64>() / count as f64;
        let squares: f64 = present().map(|value| (value - mean) * (value - mean)).sum();
        Some((squares / count as f64).sqrt().min(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(values: impl IntoIterator<Item = Option<f64>>) -> ImbalanceHistory {
        let mut history = ImbalanceHistory::default();
        values.into_iter().for_each(|value| history.push(value));
        history
    }

    #[test]
    fn velocity_compares_with_one_second_ago() {
        let rising = [0.0, 0.5, -0.5, 0.25, 0.125].map(Some);
        assert_eq!(history(rising[..4].to_vec()).velocity_per_s(), None);
        assert_eq!(history(rising).velocity_per_s(), Some(0.125));
        assert_eq!(
            history([None, Some(0.5), None, None, Some(0.1)]).velocity_per_s(),
            None
        );
        assert_eq!(
            history([Some(0.5), None, None, None, Some(0.0)]).velocity_per_s(),
            { Some(-0.5) }
        );
        // Past the end of the ring.
        let long = (0..1_000).map(|tick| Some(f64::from(tick) / 1_024.0));
        assert_eq!(history(long).velocity_per_s(), Some(4.0 / 1_024.0));
    }

    #[test]
    fn volatility_needs_forty_values_and_skips_absent_ones() {
        let swing = |ticks| (0..ticks).map(|tick| Some(if tick % 2 == 0 { 0.5 } else { -0.5 }));
        assert_eq!(history(swing(39)).volatility(), None);
        assert_eq!(history(swing(40)).volatility(), Some(0.5));
        let with_gaps = swing(40).flat_map(|value| [value, None, None]);
        assert_eq!(history(with_gaps).volatility(), Some(0.5));
    }

    #[test]
    fn volatility_forgets_what_is_older_than_a_minute() {
        let calm_after_storm = std::iter::repeat_n(Some(-1.0), 240)
            .chain(std::iter::repeat_n(Some(0.25), VOLATILITY_TICKS));
        assert_eq!(history(calm_after_storm).volatility(), Some(0.0));
        let absent = std::iter::repeat_n(Some(1.0), 240).chain(std::iter::repeat_n(None, 201));
        assert_eq!(history(absent).volatility(), None);
    }
}
