//! Whether what comes in of each underlying is still as it was: how often it is quoted, how wide, how
//! large trades and moves are.
//!
//! Once a minute of the session each is compared with its own last hour. What leaves it and stays away is
//! told once: a line in the transcript and an event in the mirror. Nothing that decides reads it.

use crate::cadence::Cadence;
use crate::vpin::conditions::is_regular_trade;
use bevy_ecs::prelude::*;
use components::drift::{DataDrift, Input, Watch};
use components::flow::Tape;
use components::market::{Quote, QuoteState, Spot, SymbolId, Ticker};
use components::quality::{Quality, Stamp};
use components::units::Timestamp;
use detector::{Change, Detector, DriftRules};
use engine::clock::Tick;
use engine::config::{ConfigError, Problems, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::math::{exp, ln, ln_ratio};
use engine::phase::Phase;
use engine::plugin::Plugin;
use engine::transcript::Transcript;
use serde::Deserialize;

/// Whether a series left what was usual.
pub mod detector;

/// Underlyings are spread over this many ticks.
const SPREAD_TICKS: u32 = 20;
const TICK_MS: i64 = 250;
/// Fewer trades in a sample have no usual size.
const TRADES_MIN: u32 = 5;
/// Differences below 5 % do not matter: samples are logarithms.
const FLOOR: f64 = 0.05;
const INPUTS: usize = Input::ALL.len();

/// The `drift` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct DriftConfig {
    /// The length of a sample, seconds.
    #[garde(custom(within(5, 3600)))]
    pub sample_s: i64,
    /// Samples that are remembered.
    #[garde(custom(within(5, 1000)))]
    pub window: usize,
    /// Samples without which nothing is said.
    #[garde(custom(within(5, 1000)))]
    pub samples_min: usize,
    /// Deviations from the mean that begin an alert.
    #[garde(custom(within(1.0, 100.0)))]
    pub enter_z: f64,
    /// Deviations within which it ends.
    #[garde(custom(within(0.1, 100.0)))]
    pub leave_z: f64,
    /// Samples in a row that begin and end an alert.
    #[garde(custom(within(1, 100)))]
    pub hold: usize,
    /// Samples in a row after which what is away is usual.
    #[garde(custom(within(2, 1000)))]
    pub forget: usize,
    /// How long a value holds, milliseconds.
    #[garde(custom(within(1000, 3_600_000)))]
    pub valid_ms: i64,
}

impl Section for DriftConfig {
    const NAME: &'static str = "drift";

    fn check(&self, problems: &mut Problems<'_>) {
        let mut below = |name: &str, found: f64, other: &str, bound: f64| {
            if found > bound {
                let message = format!("{found} is not allowed, must be at most `{other}`, {bound}");
                problems.refuse(name, &message);
            }
        };
        below("leave_z", self.leave_z, "enter_z", self.enter_z);
        let (least, all) = (self.samples_min as f64, self.window as f64);
        below("samples_min", least, "window", all);
        below("hold", self.hold as f64, "forget", self.forget as f64);
    }
}

impl DriftConfig {
    fn rules(&self) -> DriftRules {
        DriftRules {
            window: self.window,
            samples_min: self.samples_min,
            enter_z: self.enter_z,
            leave_z: self.leave_z,
            hold: self.hold,
            forget: self.forget,
            floor: FLOOR,
        }
    }
}

/// An alert that began in this tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriftAlert {
    /// The underlying.
    pub ticker: Ticker,
    /// What drifts.
    pub input: Input,
    /// Its value.
    pub value: f64,
    /// What was usual.
    pub usual: f64,
    /// How many deviations it lies from that.
    pub z: f64,
}

/// Alerts that began in this tick.
#[derive(Resource, Debug, Default)]
pub struct DriftAlerts(pub Vec<DriftAlert>);

/// What is remembered of the data of an underlying.
#[derive(Component, Debug, Default)]
pub struct DriftMemory {
    cadence: Cadence,
    sample: Sample,
    detectors: Option<[Detector; INPUTS]>,
}

/// What came in since the last sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sample {
    began: Option<Timestamp>,
    quotes: u32,
    spreads: (f64, u32),
    sizes: (f64, u32),
    squares: f64,
    last: Option<f64>,
}

impl Sample {
    fn take(&mut self, now: Timestamp, quote: &Quote, spot: &Spot, tape: &Tape) {
        self.began.get_or_insert(now);
        self.quotes = self
            .quotes
            .saturating_add(u32::try_from(tape.quotes.len()).unwrap_or(u32::MAX));
        if quote.state() == QuoteState::TwoSided {
            let (bid, ask) = (quote.bid.0 as f64, quote.ask.0 as f64);
            self.spreads.0 += 2e4 * (ask - bid) / (ask + bid);
            self.spreads.1 += 1;
        }
        for print in &tape.prints {
            if print.size > 0 && is_regular_trade(print.conditions, false) {
                self.sizes.0 += ln(print.size as f64);
                self.sizes.1 += 1;
            }
        }
        if let Some(dollars) = spot.get() {
            if let Some(last) = self.last.filter(|last| last.to_bits() != dollars.to_bits()) {
                let step = ln_ratio(dollars, last);
                self.squares += step * step;
            }
            self.last = Some(dollars);
        }
    }

    /// The logarithm of each input, one more than the rate of quotes; begins the next sample.
    fn end(&mut self, now: Timestamp) -> [Option<f64>; INPUTS] {
        let seconds = self.began.map_or(0.0, |began| now.seconds_since(began));
        let mean =
            |(sum, count): (f64, u32), least: u32| (count >= least).then(|| sum / f64::from(count));
        let positive = |value: f64| (value > 0.0).then(|| ln(value));
        let values = [
            (seconds > 0.0).then(|| ln(1.0 + f64::from(self.quotes) / seconds)),
            mean(self.spreads, 1).and_then(positive),
            mean(self.sizes, TRADES_MIN),
            positive(self.squares.sqrt()),
        ];
        *self = Self {
            began: Some(now),
            last: self.last,
            ..Self::default()
        };
        values
    }
}

/// The natural value of a logarithm of `input`.
fn natural(input: Input, logarithm: f64) -> f64 {
    match input {
        Input::QuoteRate => exp(logarithm) - 1.0,
        Input::Spread | Input::TradeSize | Input::ReturnSize => exp(logarithm),
    }
}

/// Adds the watch on data.
#[derive(Debug)]
pub struct DriftPlugin;

impl Plugin for DriftPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<DriftConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.init_resource::<DriftAlerts>();
        world.register_required_components::<SymbolId, DriftMemory>();
        world.register_required_components::<SymbolId, DataDrift>();
        engine.add(Phase::Patterns, watch_data);
        Ok(())
    }
}

type Watched<'a> = (
    (&'a SymbolId, &'a Ticker),
    (&'a Quote, &'a Spot, &'a Tape),
    &'a mut DriftMemory,
    &'a mut DataDrift,
);

/// Adds what came in to the running samples, and compares those that end.
pub fn watch_data(
    tick: Res<Tick>,
    config: Res<DriftConfig>,
    mut alerts: ResMut<DriftAlerts>,
    mut digest: ResMut<Digest>,
    mut transcript: ResMut<Transcript>,
    mut underlyings: Query<Watched<'_>>,
) {
    alerts.0.clear();
    let rules = config.rules();
    for ((symbol, ticker), (quote, spot, tape), mut memory, mut drift) in &mut underlyings {
        let memory = &mut *memory;
        if tick.opens_session {
            // The first hour of a day is compared with itself and not with the last one's close.
            *memory = DriftMemory::default();
            drift.watches = [Watch::default(); INPUTS];
        }
        memory.sample.take(tick.now, quote, spot, tape);
        let offset_ms = TICK_MS * i64::from(symbol.0 % SPREAD_TICKS);
        if !memory.cadence.is_due(&tick, config.sample_s, offset_ms) {
            continue;
        }
        let samples = memory.sample.end(tick.now);
        let detectors = memory
            .detectors
            .get_or_insert_with(|| core::array::from_fn(|_| Detector::new(&rules)));
        let inputs = Input::ALL
            .into_iter()
            .zip(samples)
            .zip(detectors.iter_mut());
        for ((input, sample), (detector, watch)) in inputs
            .zip(&mut drift.watches)
            .map(|((of, d), w)| (of, (d, w)))
        {
            watch.value = sample.map(|sample| natural(input, sample));
            let Some(sample) = sample else {
                (watch.z, watch.usual) = (None, None);
                continue;
            };
            let found = detector.observe(sample, &rules);
            watch.usual = found.mean.map(|mean| natural(input, mean));
            watch.z = found.z;
            digest.fold_floats(Phase::Patterns, &[found.z.unwrap_or(-999.0)]);
            let Some(change) = found.change else { continue };
            let (value, usual) = (watch.value.unwrap_or(0.0), watch.usual.unwrap_or(0.0));
            let name = input.name();
            match change {
                Change::Begun => {
                    let z = found.z.unwrap_or(0.0);
                    watch.since = Some(tick.now);
                    alerts.0.push(DriftAlert {
                        ticker: *ticker,
                        input,
                        value,
                        usual,
                        z,
                    });
                    transcript.line(format_args!(
                        "drift {ticker} {name} {usual:.6} -> {value:.6} z {z:.1}"
                    ));
                }
                Change::Ended | Change::Accepted => {
                    watch.since = None;
                    let what = if change == Change::Ended {
                        "is as before"
                    } else {
                        "is usual now"
                    };
                    transcript.line(format_args!("drift {ticker} {name} {what}"));
                }
            }
        }
        let begun = alerts
            .0
            .iter()
            .filter(|alert| alert.ticker == *ticker)
            .count();
        drift.alerts = drift
            .alerts
            .saturating_add(u32::try_from(begun).unwrap_or(u32::MAX));
        let has_past = drift.watches.iter().any(|watch| watch.z.is_some());
        let has_values = drift.watches.iter().any(|watch| watch.value.is_some());
        let quality = match (has_past, has_values) {
            (true, _) => Quality::Ok,
            (false, true) => Quality::Warmup,
            (false, false) => Quality::NoData,
        };
        drift.stamp = Stamp::new(tick.now, config.valid_ms, quality);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::flow::Print;
    use components::market::SpotSource;
    use components::units::Price;

    #[test]
    fn a_sample_is_what_came_in_and_the_next_begins_empty() {
        let quote = Quote {
            bid: Price(999_900),
            ask: Price(1_000_100),
            ..Quote::default()
        };
        let spot = |dollars| Spot {
            dollars,
            source: SpotSource::Quote,
            at: Timestamp(0),
        };
        let print = |size| Print {
            at: Timestamp(0),
            price: Price(1_000_000),
            size,
            bid: quote.bid,
            ask: quote.ask,
            conditions: 0,
            aggressor: None,
            quotes_before: 0,
            is_bar: false,
        };
        let tape = Tape {
            prints: vec![print(100), print(400), print(200), print(200), print(200)],
            quotes: vec![quote; 30],
            ..Tape::default()
        };
        let mut sample = Sample::default();
        sample.take(Timestamp(0), &quote, &spot(100.0), &tape);
        sample.take(Timestamp(0), &quote, &spot(101.0), &Tape::default());
        let seconds = |seconds: i64| Timestamp(seconds * 1_000_000_000);
        let found = sample.end(seconds(10));
        let natural: Vec<f64> = Input::ALL
            .into_iter()
            .zip(found)
            .map(|(input, value)| natural(input, value.unwrap()))
            .collect();
        let wanted = [3.0, 2.0, 200.0, ln_ratio(101.0, 100.0)];
        for (found, wanted) in natural.into_iter().zip(wanted) {
            assert!((found / wanted - 1.0).abs() < 1e-9, "{found} for {wanted}");
        }
        let empty = sample.end(seconds(20));
        assert_eq!(empty, [Some(0.0), None, None, None]);
        sample.take(seconds(20), &quote, &spot(102.0), &Tape::default());
        assert!(
            sample.end(seconds(30))[3].is_some(),
            "moves go on between samples"
        );
    }

    #[test]
    fn thresholds_that_contradict_each_other_are_refused() {
        let text = "drift: { sample_s: 60, window: 60, samples_min: 20, enter_z: 4, leave_z: 5, \
                    hold: 3, forget: 30, valid_ms: 180000 }";
        let mut config = engine::config::Layers::new(text).load().unwrap();
        let told = config.section::<DriftConfig>().unwrap_err().show();
        assert!(
            told.contains("drift.leave_z") && told.contains("`enter_z`, 4"),
            "{told}"
        );
    }
}
