//! The volume clock: buckets of equal volume and the VPIN of the last ones.
//!
//! ```text
//! VPIN = sum over the last n buckets |B - S| / (n V)          in [0, 1]
//! ```
//!
//! Easley, Lopez de Prado, O'Hara, "Flow Toxicity and Liquidity in a High-frequency World",
//! Review of Financial Studies 25 (2012). Volume that crosses a bucket's end is split, with the
//! same buy fraction on both sides. The unfinished bucket does not count. Sizes in shares.

use thiserror::Error;

/// The largest bucket in shares: twice its volume stays a whole number in an `f64`.
pub const BUCKET_VOLUME_MAX: u64 = 1 << 50;
/// The longest window in buckets.
pub const WINDOW_BUCKETS_MAX: usize = 500;
/// A VPIN above this over a full window means buckets too small or broken signs.
pub const PLAUSIBLE_VPIN_MAX: f64 = 0.95;

/// A parameter that is out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("`{field}` was {found}, must be {least} to {most}")]
pub struct ParameterError {
    /// Which one.
    pub field: &'static str,
    /// Its value.
    pub found: i64,
    /// The least one allowed.
    pub least: i64,
    /// The greatest one allowed.
    pub most: i64,
}

/// A full bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Counted from 0.
    pub number: u64,
    /// Shares bought.
    pub buy: f64,
    /// Shares sold.
    pub sell: f64,
    /// VPIN of the window that ends with this bucket; absent until it is full.
    pub vpin: Option<f64>,
}

/// The bucket being filled and the imbalances of the last full ones.
#[derive(Clone, Debug, PartialEq)]
pub struct VolumeClock {
    bucket_volume: u64,
    window_buckets: usize,
    /// Shares in the bucket being filled, less than a bucket.
    filled: u64,
    /// How many of them were bought.
    buy: f64,
    buckets: u64,
    /// |B - S| of the last full buckets; once full, a ring.
    imbalances: Vec<f64>,
    /// Where the oldest imbalance is.
    oldest: usize,
    vpin: Option<f64>,
}

impl VolumeClock {
    /// A clock without volume.
    ///
    /// # Errors
    /// When `bucket_volume` (shares) or `window_buckets` is 0 or above its limit.
    pub fn new(bucket_volume: u64, window_buckets: usize) -> Result<Self, ParameterError> {
        let found = i64::try_from(bucket_volume).unwrap_or(i64::MAX);
        within(
            "vpin.bucket_volume",
            found,
            1,
            BUCKET_VOLUME_MAX.cast_signed(),
        )?;
        let found = i64::try_from(window_buckets).unwrap_or(i64::MAX);
        within(
            "vpin.window_buckets",
            found,
            1,
            WINDOW_BUCKETS_MAX.cast_signed() as i64,
        )?;
        Ok(Self {
            bucket_volume,
            window_buckets,
            filled: 0,
            buy: 0.0,
            buckets: 0,
            imbalances: Vec::with_capacity(window_buckets),
            oldest: 0,
            vpin: None,
        })
    }

    /// Adds `volume` shares of which `buy_fraction` (0 to 1) were bought, and hands every bucket
    /// that this fills to `emit`.
    ///
    /// # Examples
    /// ```
    /// use systems::vpin::volume_clock::VolumeClock;
    /// let mut clock = VolumeClock::new(100, 2).unwrap();
    /// let mut buckets = Vec::new();
    /// clock.fill(150, 1.0, &mut |bucket| buckets.push(bucket));
    /// clock.fill(70, 0.0, &mut |bucket| buckets.push(bucket));
    /// assert_eq!((buckets[0].buy, buckets[0].sell, buckets[0].vpin), (100.0, 0.0, None));
    /// assert_eq!((buckets[1].buy, buckets[1].sell, buckets[1].vpin), (50.0, 50.0, Some(0.5)));
    /// ```
    #[inline]
    pub fn fill(&mut self, volume: u64, buy_fraction: f64, emit: &mut impl FnMut(Bucket)) {
        let mut left = volume;
        while self.bucket_volume - self.filled <= left {
            let part = self.bucket_volume - self.filled;
            left -= part;
            self.buy += buy_fraction * part as f64;
            emit(self.complete());
        }
        self.filled += left;
        self.buy += buy_fraction * left as f64;
    }

    /// VPIN after the last full bucket; absent until the window is full.
    #[must_use]
    pub fn vpin(&self) -> Option<f64> {
        self.vpin
    }

    /// How many buckets have been filled.
    #[must_use]
    pub fn buckets(&self) -> u64 {
        self.buckets
    }

    /// Shares in the bucket being filled.
    #[must_use]
    pub fn filled(&self) -> u64 {
        self.filled
    }

    /// Shares of a bucket.
    #[must_use]
    pub fn bucket_volume(&self) -> u64 {
        self.bucket_volume
    }

    /// Buckets of the window.
    #[must_use]
    pub fn window_buckets(&self) -> usize {
        self.window_buckets
    }

    fn complete(&mut self) -> Bucket {
        let volume = self.bucket_volume as f64;
        let (buy, sell) = (self.buy, volume - self.buy);
        self.remember((buy - sell).abs());
        if self.imbalances.len() == self.window_buckets {
            // Summed anew, oldest first: a running sum would drift.
            let (newer, older) = self.imbalances.split_at(self.oldest);
            let total: f64 = older.iter().chain(newer).sum();
            self.vpin = Some(total / (self.window_buckets as f64 * volume));
        }
        let number = self.buckets;
        self.buckets += 1;
        self.filled = 0;
        self.buy = 0.0;
        Bucket {
            number,
            buy,
            sell,
            vpin: self.vpin,
        }
    }

    fn remember(&mut self, imbalance: f64) {
        if self.imbalances.len() < self.window_buckets {
            self.imbalances.push(imbalance);
        } else {
            self.imbalances[self.oldest] = imbalance;
            self.oldest = (self.oldest + 1) % self.window_buckets;
        }
    }
}

/// Refuses a parameter outside `least..=most`.
pub(super) fn within(
    field: &'static str,
    found: i64,
    least: i64,
    most: i64,
) -> Result<(), ParameterError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(ParameterError {
        field,
        found,
        least,
        most,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_parameter_out_of_range_is_named_with_its_limits() {
        let error = VolumeClock::new(0, 50).unwrap_err().to_string();
        assert_eq!(
            error,
            "`vpin.bucket_volume` was 0, must be 1 to 1125899906842624"
        );
        let error = VolumeClock::new(100, 501).unwrap_err().to_string();
        assert_eq!(error, "`vpin.window_buckets` was 501, must be 1 to 500");
        assert!(VolumeClock::new(u64::MAX, 1).is_err());
    }

    #[test]
    fn a_window_forgets_its_oldest_bucket() {
        let mut clock = VolumeClock::new(10, 2).unwrap();
        let mut values = Vec::new();
        for fraction in [1.0, 0.5, 0.5, 0.0] {
            clock.fill(10, fraction, &mut |bucket| values.push(bucket.vpin));
        }
        assert_eq!(values, [None, Some(0.5), Some(0.0), Some(0.5)]);
    }

    proptest! {
        #[test]
        fn buckets_hold_exactly_their_volume_and_nothing_is_lost(
            bucket_volume in 1_u64..5_000,
            fills in prop::collection::vec((0_u64..20_000, 0.0..=1.0_f64), 1..60),
        ) {
            let mut clock = VolumeClock::new(bucket_volume, 3).unwrap();
            let volume = bucket_volume as f64;
            for (size, fraction) in &fills {
                clock.fill(*size, *fraction, &mut |bucket| {
                    assert!((bucket.buy + bucket.sell - volume).abs() <= 1e-12 * volume);
                    assert!((0.0..=volume).contains(&bucket.buy));
                    assert!((0.0..=volume).contains(&bucket.sell));
                    assert!(bucket.vpin.is_none_or(|vpin| (0.0..=1.0).contains(&vpin)));
                });
            }
            let total: u64 = fills.iter().map(|fill| fill.0).sum();
            prop_assert_eq!(clock.buckets() * bucket_volume + clock.filled(), total);
            prop_assert_eq!(clock.vpin().is_some(), clock.buckets() >= 3);
        }
    }
}
