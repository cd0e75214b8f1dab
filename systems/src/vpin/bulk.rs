//! Bulk volume classification: the buy fraction of a bar from the size of its price change.
//!
//! ```text
//! buy fraction = Phi(dP / sigma)
//! ```
//!
//! Easley, Lopez de Prado, O'Hara (2012). `sigma` is the sample standard deviation (n - 1) of the
//! changes of the bars before, so that nothing looks ahead. Changes are whole price units, hence
//! the sums behind `sigma` are exact: a rolling window never drifts, and no bit depends on how
//! the tape was cut.

use super::bars::{Bar, BarClock, Trades};
use super::volume_clock::{Bucket, PLAUSIBLE_VPIN_MAX, ParameterError, VolumeClock, within};
use components::quality::Quality;
use components::units::{NANOS_PER_SECOND, Price, Timestamp};
use engine::math::norm_cdf;
use std::collections::VecDeque;

/// The longest window of `sigma` in bars.
pub const SIGMA_BARS_MAX: usize = 10_000;
/// A change counts at most this much (100 million dollars), so that its square can be summed.
const CHANGE_MAX: i64 = 1_000_000_000_000;

/// How bars are classified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkParameters {
    /// How long a bar lasts in nanoseconds.
    pub bar_nanos: i64,
    /// How many changes `sigma` looks back on.
    pub sigma_bars: usize,
    /// With fewer changes than this half of the volume counts as bought.
    pub sigma_bars_min: usize,
}

impl Default for BulkParameters {
    fn default() -> Self {
        Self {
            bar_nanos: 60 * NANOS_PER_SECOND,
            sigma_bars: 390,
            sigma_bars_min: 20,
        }
    }
}

/// VPIN by bulk volume classification.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkVpin {
    bars: BarClock,
    flow: ClassifiedFlow,
}

/// What happens to a finished bar; apart from the bars so that both can be borrowed at once.
#[derive(Clone, Debug, PartialEq)]
struct ClassifiedFlow {
    changes: Changes,
    sigma_bars_min: usize,
    clock: VolumeClock,
    /// The first bucket whose volume was all classified with a known `sigma`.
    first_warm_bucket: u64,
}

impl BulkVpin {
    /// An estimator without trades.
    ///
    /// # Errors
    /// When `parameters` are out of range: a bar up to an hour, a window up to 10,000 bars, a
    /// least number of bars from 2 to the window.
    pub fn new(clock: VolumeClock, parameters: BulkParameters) -> Result<Self, ParameterError> {
        let BulkParameters {
            bar_nanos,
            sigma_bars,
            sigma_bars_min,
        } = parameters;
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        within(
            "vpin.sigma_bars",
            signed(sigma_bars),
            2,
            signed(SIGMA_BARS_MAX),
        )?;
        within(
            "vpin.sigma_bars_min",
            signed(sigma_bars_min),
            2,
            signed(sigma_bars),
        )?;
        let changes = Changes::new(sigma_bars);
        let flow = ClassifiedFlow {
            changes,
            sigma_bars_min,
            clock,
            first_warm_bucket: 0,
        };
        Ok(Self {
            bars: BarClock::new(bar_nanos)?,
            flow,
        })
    }

    /// Ends the session before, if there was one, and aligns bars to `open`.
    pub fn start_session(&mut self, open: Timestamp, emit: &mut impl FnMut(Bucket)) {
        let bar = self.bars.start_session(open);
        self.flow.take(bar, emit);
    }

    /// Ends a bar that is over at `now`, so that its volume counts before the next trade.
    pub fn advance(&mut self, now: Timestamp, emit: &mut impl FnMut(Bucket)) {
        let bar = self.bars.advance(now);
        self.flow.take(bar, emit);
    }

    /// Takes one trade.
    pub fn push(&mut self, at: Timestamp, price: Price, size: u32, emit: &mut impl FnMut(Bucket)) {
        let bar = self.bars.push(at, price, size);
        self.flow.take(bar, emit);
    }

    /// Takes all `trades`: the same bits as one [`push`](Self::push) after another.
    pub fn extend(&mut self, trades: Trades<'_>, emit: &mut impl FnMut(Bucket)) {
        self.bars
            .extend(trades, |bar| self.flow.take(Some(bar), emit));
    }

    /// Ends the running bar: the session is over.
    pub fn finish(&mut self, emit: &mut impl FnMut(Bucket)) {
        let bar = self.bars.close();
        self.flow.take(bar, emit);
    }

    /// The buckets and their VPIN.
    #[must_use]
    pub fn clock(&self) -> &VolumeClock {
        &self.flow.clock
    }

    /// Whether the VPIN may be used: [`Quality::Warmup`] while the window is not full or holds
    /// volume that was halved for want of a `sigma`, [`Quality::IllConditioned`] if it is
    /// implausibly high.
    #[must_use]
    pub fn quality(&self) -> Quality {
        let clock = &self.flow.clock;
        let window_begin = clock
            .buckets()
            .saturating_sub(clock.window_buckets() as u64);
        match clock.vpin() {
            None => Quality::Warmup,
            Some(_) if window_begin < self.flow.first_warm_bucket => Quality::Warmup,
            Some(vpin) if PLAUSIBLE_VPIN_MAX < vpin => Quality::IllConditioned,
            Some(_) => Quality::Ok,
        }
    }
}

impl ClassifiedFlow {
    fn take(&mut self, bar: Option<Bar>, emit: &mut impl FnMut(Bucket)) {
        let Some(bar) = bar else { return };
        let is_warm = self.sigma_bars_min <= self.changes.len();
        let fraction = if is_warm {
            self.changes.buy_fraction(bar.change)
        } else {
            0.5
        };
        self.clock.fill(bar.volume, fraction, emit);
        self.changes.push(bar.change);
        if !is_warm {
            self.first_warm_bucket = self.clock.buckets() + u64::from(0 < self.clock.filled());
        }
    }
}

/// Fills `clock` with `bars`, classified by the `sigma` of all of them.
///
/// It looks ahead, so it serves to check the arithmetic and to look back, never to trade.
pub fn fill_with_whole_sample(
    bars: &[Bar],
    clock: &mut VolumeClock,
    emit: &mut impl FnMut(Bucket),
) {
    let mut changes = Changes::new(bars.len());
    for bar in bars {
        changes.push(bar.change);
    }
    for bar in bars {
        clock.fill(bar.volume, changes.buy_fraction(bar.change), emit);
    }
}

/// The last changes and their exact sums.
#[derive(Clone, Debug, PartialEq)]
struct Changes {
    capacity: usize,
    values: VecDeque<i64>,
    sum: i128,
    sum_of_squares: i128,
}

impl Changes {
    fn new(capacity: usize) -> Self {
        Self {
            capacity,
            values: VecDeque::with_capacity(capacity),
            sum: 0,
            sum_of_squares: 0,
        }
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    fn push(&mut self, change: i64) {
        let change = change.clamp(-CHANGE_MAX, CHANGE_MAX);
        if self.values.len() == self.capacity
            && let Some(oldest) = self.values.pop_front().map(i128::from)
        {
            self.sum -= oldest;
            self.sum_of_squares -= oldest * oldest;
        }
        self.values.push_back(change);
        self.sum += i128::from(change);
        self.sum_of_squares += i128::from(change) * i128::from(change);
    }

    /// The buy fraction of a bar that changed by `change`; half if that is no change, or none
    /// that can be scaled.
    fn buy_fraction(&self, change: i64) -> f64 {
        let count = self.values.len() as i128;
        // n (n - 1) times the sample variance, a whole number.
        let scaled_variance = count * self.sum_of_squares - self.sum * self.sum;
        match (count < 2, scaled_variance == 0, change.signum()) {
            (true, ..) | (_, true, 0) => 0.5,
            (_, true, 1) => 1.0,
            (_, true, _) => 0.0,
            _ => {
                let variance = scaled_variance as f64 / (count * (count - 1)) as f64;
                norm_cdf(change as f64 / variance.sqrt())
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn estimator(bucket_volume: u64) -> BulkVpin {
        let parameters = BulkParameters {
            bar_nanos: 10,
            sigma_bars: 7,
            sigma_bars_min: 3,
        };
        BulkVpin::new(VolumeClock::new(bucket_volume, 2).unwrap(), parameters).unwrap()
    }

    fn run(bucket_volume: u64, trades: &[(i64, i64, u32)]) -> Vec<Bucket> {
        let mut vpin = estimator(bucket_volume);
        let mut buckets = Vec::new();
        let mut emit = |bucket| buckets.push(bucket);
        for (at, price, size) in trades {
            vpin.push(Timestamp(*at), Price(*price), *size, &mut emit);
        }
        vpin.finish(&mut emit);
        buckets
    }

    #[test]
    fn parameters_out_of_range_are_refused_by_name() {
        let clock = || VolumeClock::new(100, 2).unwrap();
        let check = |parameters, expected: &str| {
            let error = BulkVpin::new(clock(), parameters).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        let default = BulkParameters::default();
        check(
            BulkParameters {
                bar_nanos: 0,
                ..default
            },
            "`vpin.bar_nanos` was 0, must be 1 to 3600000000000",
        );
        check(
            BulkParameters {
                sigma_bars_min: 391,
                ..default
            },
            "`vpin.sigma_bars_min` was 391, must be 2 to 390",
        );
        check(
            BulkParameters {
                sigma_bars: 1,
                ..default
            },
            "`vpin.sigma_bars` was 1, must be 2 to 10000",
        );
    }

    #[test]
    fn without_variation_any_move_is_all_of_one_side() {
        let mut changes = Changes::new(5);
        for _ in 0..3 {
            changes.push(0);
        }
        assert_eq!(
            [-1, 0, 1].map(|change| changes.buy_fraction(change)),
            [0.0, 0.5, 1.0]
        );
    }

    #[test]
    fn sigma_is_the_sample_deviation_of_the_last_changes() {
        let mut changes = Changes::new(3);
        for change in [1_000_000, 1, 2, 3] {
            changes.push(change);
        }
        // Of 1, 2, 3 it is 1, so a change of 1 is one deviation.
        assert_eq!(changes.buy_fraction(1).to_bits(), norm_cdf(1.0).to_bits());
    }

    #[test]
    fn a_window_with_halved_volume_is_still_warming_up() {
        let mut vpin = estimator(10);
        let mut qualities = Vec::new();
        for bar in 0..8 {
            vpin.push(
                Timestamp(bar * 10),
                Price(100 + bar * bar % 5),
                10,
                &mut |_| (),
            );
            vpin.advance(Timestamp(bar * 10 + 10), &mut |_| ());
            qualities.push(vpin.quality());
        }
        // Three bars fill three halved buckets; two warm ones must follow.
        assert_eq!(qualities[..4], [Quality::Warmup; 4]);
        assert!(
            qualities[4..]
                .iter()
                .all(|quality| *quality != Quality::Warmup)
        );
    }

    #[test]
    fn a_window_of_one_side_only_is_implausible() {
        let mut vpin = estimator(10);
        for bar in 0..8 {
            vpin.push(
                Timestamp(bar * 10),
                Price(100 + bar * bar * bar * 9),
                10,
                &mut |_| (),
            );
        }
        vpin.finish(&mut |_| ());
        assert_eq!(vpin.quality(), Quality::IllConditioned);
    }

    #[test]
    fn extreme_changes_give_fractions() {
        let mut changes = Changes::new(SIGMA_BARS_MAX);
        for index in 0..SIGMA_BARS_MAX {
            changes.push(if index % 2 == 0 { i64::MAX } else { i64::MIN });
        }
        for change in [i64::MIN, 0, i64::MAX] {
            assert!((0.0..=1.0).contains(&changes.buy_fraction(change)));
        }
    }

    proptest! {
        #[test]
        fn splitting_a_trade_changes_no_bit(
            steps in prop::collection::vec((0_i64..15, 1_i64..50, 2_u32..90), 1..150),
            cut in 1_u32..1_000,
        ) {
            let mut at = 0;
            let mut whole = Vec::new();
            let mut split = Vec::new();
            for (step, price, size) in steps {
                at += step;
                whole.push((at, price, size));
                let first = 1 + cut % (size - 1);
                split.extend([(at, price, first), (at, price, size - first)]);
            }
            prop_assert_eq!(run(37, &whole), run(37, &split));
        }

        #[test]
        fn columns_give_the_bits_of_one_trade_at_a_time(
            steps in prop::collection::vec((0_i64..9, 1_i64..50, 0_u32..90), 0..300),
        ) {
            let mut at = 0;
            let mut vpin = estimator(37);
            let mut singles = Vec::new();
            let (mut times_ns, mut prices, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
            for (step, price, size) in steps {
                at += step;
                vpin.push(Timestamp(at), Price(price), size, &mut |bucket| singles.push(bucket));
                times_ns.push(at);
                prices.push(price);
                sizes.push(size);
            }
            let mut columns = estimator(37);
            let mut buckets = Vec::new();
            let trades = Trades { times_ns: &times_ns, prices: &prices, sizes: &sizes };
            columns.extend(trades, &mut |bucket| buckets.push(bucket));
            prop_assert_eq!(buckets, singles);
            prop_assert_eq!(columns, vpin);
        }
    }
}
