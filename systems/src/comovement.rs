//! How all underlyings move together: one matrix a minute, for those who watch.
//!
//! It stands on the returns that the limits look at. While fewer than 30 minutes are complete, returns
//! of five seconds stand in for them, and the quality says so; an underlying that has too few returns
//! of either kind is left out and counted.

use crate::cadence::Cadence;
use crate::ingest::Sources;
use crate::risk::correlation::{ROWS_MIN, correlations};
use bevy_ecs::prelude::*;
use components::market::Ticker;
use components::quality::{Quality, Stamp};
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::feeds::Feeds;
use engine::phase::Phase;
use engine::plugin::Plugin;
use serde::Deserialize;

/// Returns of all underlyings at the same moments.
pub mod returns;

use returns::{Returns, Step, watch_returns};

/// After the points of the grid, so that the minute's returns are there.
const OFFSET_MS: i64 = 1_000;

/// The `comovement` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct ComovementConfig {
    /// How often the matrix is computed, seconds.
    #[garde(custom(within(5, 3600)))]
    pub every_s: i64,
    /// How long it holds, milliseconds.
    #[garde(custom(within(1000, 3_600_000)))]
    pub valid_ms: i64,
}

impl Section for ComovementConfig {
    const NAME: &'static str = "comovement";
}

/// Why there is no matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Fewer than two underlyings have enough returns.
    Symbols,
    /// Too few steps in which all of them have a return.
    Rows,
}

impl Missing {
    /// The name in the mirror.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Symbols => "fewer_than_two_symbols",
            Self::Rows => "too_few_complete_rows",
        }
    }
}

/// How the underlyings move together. Correlations are -1 to 1.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct CorrelationMatrix {
    /// Those that have enough returns, in order.
    pub symbols: Vec<Ticker>,
    /// How many have not.
    pub left_out: usize,
    /// Row after row; absent where one of the two does not move. Empty without a matrix.
    pub rho: Vec<Option<f64>>,
    /// The mean of all pairs that have one.
    pub average: Option<f64>,
    /// The length of the returns, once there is a matrix.
    pub step: Option<Step>,
    /// Complete rows.
    pub rows: usize,
    /// How far the covariance was shrunk, 0 to 1; absent where it was not.
    pub shrinkage: Option<f64>,
    /// Why there is none.
    pub missing: Option<Missing>,
    /// When, until when, how good: `warmup` on returns of five seconds.
    pub stamp: Stamp,
}

impl CorrelationMatrix {
    /// The matrix of what `returns` hold: of minutes, else of five seconds.
    #[must_use]
    pub fn of(returns: &Returns) -> Self {
        let minutes = Self::on(returns, Step::Minute);
        if minutes.missing.is_none() {
            return minutes;
        }
        let fives = Self::on(returns, Step::FiveSeconds);
        if fives.missing.is_none() {
            fives
        } else {
            minutes
        }
    }

    fn on(returns: &Returns, step: Step) -> Self {
        let window = step.kept();
        let (symbols, left_out) = returns.known(step, window, ROWS_MIN);
        let without = |missing, rows| Self {
            symbols: symbols.clone(),
            left_out,
            rows,
            missing: Some(missing),
            ..Self::default()
        };
        if symbols.len() < 2 {
            return without(Missing::Symbols, 0);
        }
        let columns = returns.columns(step, &symbols, window).unwrap_or_default();
        let slices: Vec<&[Option<f64>]> = columns.iter().map(Vec::as_slice).collect();
        let found = match correlations(&slices) {
            Ok(found) => found,
            Err(few) => return without(Missing::Rows, few.found),
        };
        let places = 0..symbols.len();
        let rho: Vec<Option<f64>> = places
            .clone()
            .flat_map(|row| places.clone().map(move |column| (row, column)))
            .map(|(row, column)| found.between(row, column))
            .collect();
        let average = average(&rho, symbols.len());
        Self {
            symbols,
            left_out,
            rho,
            average,
            step: Some(step),
            rows: found.rows,
            shrinkage: found.shrinkage,
            missing: None,
            stamp: Stamp::default(),
        }
    }

    /// How good it is, if all its inputs are fresh.
    fn quality(&self) -> Quality {
        match self.step {
            Some(Step::Minute) => Quality::Ok,
            Some(Step::FiveSeconds) => Quality::Warmup,
            None => Quality::NoData,
        }
    }
}

/// The mean beside the diagonal, of the pairs that have a correlation.
fn average(rho: &[Option<f64>], size: usize) -> Option<f64> {
    let pairs = (0..size).flat_map(|row| (0..row).map(move |column| row * size + column));
    let (mut sum, mut count) = (0.0, 0_u32);
    for value in pairs.filter_map(|place| rho.get(place).copied().flatten()) {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}

/// Adds returns and their matrix.
#[derive(Debug)]
pub struct ComovementPlugin;

impl Plugin for ComovementPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<ComovementConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.init_resource::<Returns>();
        world.init_resource::<CorrelationMatrix>();
        engine
            .add(Phase::Volatility, watch_returns)
            .add(Phase::Volatility, correlate);
        Ok(())
    }
}

/// Computes the matrix where it is due.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn correlate(
    tick: Res<Tick>,
    config: Res<ComovementConfig>,
    feeds: Res<Feeds>,
    returns: Res<Returns>,
    sources: Query<(&Ticker, &Sources)>,
    mut cadence: Local<Cadence>,
    mut matrix: ResMut<CorrelationMatrix>,
    mut digest: ResMut<Digest>,
) {
    if !cadence.is_due(&tick, config.every_s, OFFSET_MS) {
        return;
    }
    let mut found = CorrelationMatrix::of(&returns);
    let is_stale = sources.iter().any(|(ticker, sources)| {
        found.symbols.binary_search(ticker).is_ok() && !feeds.is_fresh(sources.spot, tick.now)
    });
    let quality = match found.quality() {
        Quality::Ok | Quality::Warmup if is_stale => Quality::Stale,
        quality => quality,
    };
    found.stamp = Stamp::new(tick.now, config.valid_ms, quality);
    digest.fold(Phase::Volatility, quality as u64);
    digest.fold(Phase::Volatility, found.rows as u64);
    digest.fold_floats(Phase::Volatility, &[found.shrinkage.unwrap_or(-1.0)]);
    for rho in &found.rho {
        digest.fold_floats(Phase::Volatility, &[rho.unwrap_or(-2.0)]);
    }
    *matrix = found;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cadence::tests::tick_at;

    /// Prices of `names` for `seconds`, a price every five seconds by `price(place, second)`.
    fn seen(
        names: &[&str],
        seconds: i64,
        price: impl Fn(usize, i64) -> Option<f64> + Copy,
    ) -> Returns {
        let tickers: Vec<Ticker> = names
            .iter()
            .map(|name| Ticker::new(name).unwrap())
            .collect();
        let mut returns = Returns::default();
        for second in (1..=seconds / 5).map(|step| step * 5) {
            let all = tickers.iter().enumerate();
            let prices = all.map(|(place, ticker)| (*ticker, price(place, second)));
            returns.observe(&tick_at(second * 1_000, 390), prices);
        }
        returns
    }

    fn wave(place: usize, second: i64) -> Option<f64> {
        let step = second / 5;
        // The third moves against the first two, and a little on its own.
        let common = (step * 7 % 11) as f64;
        let own = (step * (3 + place as i64) % 5) as f64;
        let sign = if place == 2 { -1.0 } else { 1.0 };
        Some(100.0 + 0.1 * sign * common + 0.01 * own)
    }

    const NAMES: [&str; 3] = ["CCC", "AAA", "BBB"];

    #[test]
    fn minutes_are_preferred_and_five_seconds_stand_in() {
        let early = CorrelationMatrix::of(&seen(&NAMES, 600, wave));
        assert_eq!(early.step, Some(Step::FiveSeconds));
        assert_eq!(early.quality(), Quality::Warmup);
        assert!(early.rows >= 100, "{}", early.rows);
        let late = CorrelationMatrix::of(&seen(&NAMES, 3_600, wave));
        assert_eq!(
            (late.step, late.quality()),
            (Some(Step::Minute), Quality::Ok)
        );
        assert_eq!(late.symbols.len(), 3);
        // In order of names; BBB is the one that moves against the others.
        let rho = |row: usize, column: usize| late.rho[row * 3 + column].unwrap();
        assert!(rho(0, 1) < -0.8 && rho(1, 2) < -0.8 && rho(0, 2) > 0.8);
        let mean = (rho(0, 1) + rho(0, 2) + rho(1, 2)) / 3.0;
        assert!((late.average.unwrap() - mean).abs() < 1e-15);
    }

    #[test]
    fn one_that_has_no_price_does_not_take_the_others_along() {
        let gap = |place: usize, second: i64| wave(place, second).filter(|_| place != 0);
        let found = CorrelationMatrix::of(&seen(&NAMES, 3_600, gap));
        assert_eq!((found.symbols.len(), found.left_out), (2, 1));
        assert!(found.average.is_some());
    }

    #[test]
    fn what_is_missing_is_said() {
        let alone = CorrelationMatrix::of(&seen(&["AAA"], 3_600, wave));
        assert_eq!(alone.missing, Some(Missing::Symbols));
        assert_eq!((alone.quality(), alone.average), (Quality::NoData, None));
        // They never have a price at the same time.
        let turns = |place: usize, second: i64| {
            wave(place, second).filter(|_| (second / 300) % 2 == place as i64 % 2)
        };
        let apart = CorrelationMatrix::of(&seen(&["AAA", "BBB"], 7_200, turns));
        assert_eq!((apart.missing, apart.rows), (Some(Missing::Rows), 0));
        assert!(apart.rho.is_empty());
    }

    #[test]
    fn what_does_not_move_has_no_correlation() {
        let still = |place: usize, second: i64| {
            if place == 1 {
                Some(50.0)
            } else {
                wave(place, second)
            }
        };
        let found = CorrelationMatrix::of(&seen(&NAMES, 3_600, still));
        // AAA is still.
        assert_eq!(found.rho[0], None);
        assert_eq!(found.rho[4], Some(1.0));
        assert!(found.average.is_some());
    }
}
