//! Where the risk of the book comes from, by symbol and by the factors that move them all, over five
//! minutes and over an hour.
//!
//! What is held counts with its dollar delta, and not what is in flight. Nothing that decides reads it.

use crate::books::Books;
use crate::cadence::Cadence;
use crate::comovement::returns::{Returns, Step};
use crate::risk::assessment::Market;
use crate::risk::attribution::{FactorRisk, SymbolRisk, attribute};
use crate::risk::correlation::{ROWS_MIN, ROWS_PER_SYMBOL_MIN, complete_rows};
use crate::risk::covariance::{centre, covariance, ledoit_wolf};
use crate::risk::holdings::{Held, holdings};
use bevy_ecs::prelude::*;
use components::market::Ticker;
use components::quality::{Quality, Stamp};
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::phase::Phase;
use engine::plugin::Plugin;
use serde::Deserialize;
use std::collections::BTreeMap;

/// After the points of the grid, when the minute's returns are there.
const OFFSET_MS: i64 = 2_000;
/// Returns of a window.
const RETURNS: usize = 60;
/// Factors that are shown, the largest first.
const FACTORS: usize = 5;
/// Seconds of a session.
const SESSION_S: f64 = 23_400.0;

/// The `attribution` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct AttributionConfig {
    /// How often it is computed, seconds.
    #[garde(custom(within(5, 3600)))]
    pub every_s: i64,
    /// How long it holds, milliseconds.
    #[garde(custom(within(1000, 3_600_000)))]
    pub valid_ms: i64,
}

impl Section for AttributionConfig {
    const NAME: &'static str = "attribution";
}

/// Where the risk of the book comes from.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct RiskAttribution {
    /// Over five minutes and over an hour.
    pub windows: [WindowRisk; 2],
    /// Positions without a delta: they are in no sum.
    pub without_delta: usize,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// The risk over one window of returns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowRisk {
    /// Seconds that the window reaches back.
    pub seconds: i64,
    /// Returns in it that all symbols have.
    pub rows: usize,
    /// The standard deviation of the book's value over a session, dollars: that of one return times
    /// the square root of their number in a session.
    pub deviation_usd: Option<f64>,
    /// By symbol, in order: its dollar delta and what it adds, over a session.
    pub symbols: Vec<(Ticker, f64, SymbolRisk)>,
    /// By factor, the largest variance first, and the symbol that moves most with each.
    pub factors: Vec<(FactorRisk, Ticker)>,
    /// How far the covariance was shrunk, where it was.
    pub shrinkage: Option<f64>,
    /// Symbols that are held and have too few returns: they are in no sum.
    pub left_out: usize,
    /// Why there is nothing.
    pub missing: Option<NoRisk>,
}

/// Why nothing is attributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRisk {
    /// Nothing with a delta is held.
    NothingHeld,
    /// Too few returns of what is held.
    TooFewReturns,
}

impl NoRisk {
    /// The name in the mirror.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NothingHeld => "nothing_held",
            Self::TooFewReturns => "too_few_returns",
        }
    }
}

/// Adds risk attribution.
#[derive(Debug)]
pub struct AttributionPlugin;

impl Plugin for AttributionPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<AttributionConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.init_resource::<RiskAttribution>();
        engine.add(Phase::Positions, attribute_risk);
        Ok(())
    }
}

/// Attributes the risk of the book where that is due.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn attribute_risk(
    tick: Res<Tick>,
    config: Res<AttributionConfig>,
    books: Res<Books>,
    market: Market<'_, '_>,
    returns: Res<Returns>,
    mut cadence: Local<Cadence>,
    mut attribution: ResMut<RiskAttribution>,
    mut digest: ResMut<Digest>,
) {
    if !cadence.is_due(&tick, config.every_s, OFFSET_MS) {
        return;
    }
    let mut found = attribution_of(&holdings(&books, &market), &returns);
    let quality = found.quality();
    found.stamp = Stamp::new(tick.now, config.valid_ms, quality);
    digest.fold(Phase::Positions, quality as u64);
    for window in &found.windows {
        digest.fold(Phase::Positions, window.rows as u64);
        digest.fold_floats(Phase::Positions, &[window.deviation_usd.unwrap_or(-1.0)]);
    }
    *attribution = found;
}

/// The risk of `book` by what `returns` hold, without a stamp.
#[must_use]
pub fn attribution_of(book: &[Held], returns: &Returns) -> RiskAttribution {
    let mut deltas: BTreeMap<Ticker, f64> = BTreeMap::new();
    let mut without_delta = 0;
    for held in book.iter().filter(|held| held.quantity != 0) {
        match held.known {
            Some((greeks, _)) => {
                let sum = deltas.entry(held.instrument.underlying()).or_default();
                *sum += held.quantity as f64 * greeks.delta_usd;
            }
            None => without_delta += 1,
        }
    }
    RiskAttribution {
        windows: [Step::FiveSeconds, Step::Minute].map(|step| window(&deltas, returns, step)),
        without_delta,
        stamp: Stamp::default(),
    }
}

fn window(deltas: &BTreeMap<Ticker, f64>, returns: &Returns, step: Step) -> WindowRisk {
    let (known, _) = returns.known(step, RETURNS, ROWS_MIN);
    let held = deltas.iter();
    let (symbols, holdings): (Vec<Ticker>, Vec<f64>) = held
        .filter(|(ticker, _)| known.binary_search(ticker).is_ok())
        .map(|(ticker, delta)| (*ticker, *delta))
        .unzip();
    let empty = WindowRisk {
        seconds: step.seconds() * RETURNS as i64,
        left_out: deltas.len() - symbols.len(),
        ..WindowRisk::default()
    };
    let without = |missing, rows| WindowRisk {
        missing: Some(missing),
        rows,
        ..empty.clone()
    };
    if deltas.is_empty() {
        return without(NoRisk::NothingHeld, 0);
    }
    let columns = returns.columns(step, &symbols, RETURNS).unwrap_or_default();
    let slices: Vec<&[Option<f64>]> = columns.iter().map(Vec::as_slice).collect();
    let mut series = complete_rows(&slices);
    let rows = series.first().map_or(0, Vec::len);
    if rows < ROWS_MIN {
        return without(NoRisk::TooFewReturns, rows);
    }
    centre(&mut series);
    let (covariance, shrinkage) = if rows < ROWS_PER_SYMBOL_MIN * symbols.len() {
        let shrunk = ledoit_wolf(&series);
        (shrunk.covariance, Some(shrunk.shrinkage))
    } else {
        (covariance(&series, rows as f64 - 1.0), None)
    };
    let found = attribute(&holdings, &covariance);
    let per_session = (SESSION_S / step.seconds() as f64).sqrt();
    let scaled = found.symbols.iter().map(|risk| SymbolRisk {
        marginal: risk.marginal * per_session,
        contribution_usd: risk.contribution_usd * per_session,
        share: risk.share,
    });
    let vectors = found.components.vectors.chunks(symbols.len());
    let factors = found.factors.iter().zip(vectors).take(FACTORS);
    WindowRisk {
        rows,
        deviation_usd: Some(found.deviation_usd * per_session),
        symbols: symbols
            .iter()
            .zip(&holdings)
            .zip(scaled)
            .map(|((ticker, delta), risk)| (*ticker, *delta, risk))
            .collect(),
        factors: factors
            .filter_map(|(factor, vector)| {
                let most = (0..vector.len()).max_by(|l, r| {
                    let (left, right) = (vector[*l].abs(), vector[*r].abs());
                    left.total_cmp(&right).then(r.cmp(l))
                })?;
                Some((*factor, symbols[most]))
            })
            .collect(),
        shrinkage,
        ..empty
    }
}

impl RiskAttribution {
    fn quality(&self) -> Quality {
        let [minutes, hour] = &self.windows;
        if [minutes, hour].map(|window| window.missing) == [Some(NoRisk::NothingHeld); 2] {
            return Quality::NoData;
        }
        if hour.missing.is_some() {
            return Quality::Warmup;
        }
        let has_gaps = self.without_delta > 0 || hour.left_out > 0 || minutes.left_out > 0;
        if has_gaps {
            Quality::IllConditioned
        } else {
            Quality::Ok
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cadence::tests::tick_at;
    use crate::ledger::HoldingRange;
    use crate::risk::book::UnitGreeks;
    use crate::risk::revaluation::Inputs;
    use components::contract::Instrument;
    use components::units::Price;

    fn ticker(name: &str) -> Ticker {
        Ticker::new(name).unwrap()
    }

    /// Shares worth `delta_usd` each.
    fn shares(name: &str, quantity: i64, delta_usd: Option<f64>) -> Held {
        let known = delta_usd.map(|delta_usd| {
            let greeks = UnitGreeks {
                delta_usd,
                ..UnitGreeks::default()
            };
            (greeks, Inputs::of_shares(delta_usd))
        });
        Held {
            instrument: Instrument::Stock(ticker(name)),
            quantity,
            range: HoldingRange {
                least: quantity,
                most: quantity,
            },
            mark: Price(1),
            known,
        }
    }

    /// Two that move together and one that moves on its own.
    fn moved(seconds: i64) -> Returns {
        let mut returns = Returns::default();
        for second in (1..=seconds / 5).map(|step| step * 5) {
            let step = second / 5;
            let (common, own) = ((step * 7 % 11) as f64, (step * 3 % 5) as f64);
            let prices = [("AAA", common), ("BBB", 2.0 * common), ("CCC", own)];
            let prices = prices.map(|(name, wave)| (ticker(name), Some(100.0 + 0.05 * wave)));
            returns.observe(&tick_at(second * 1_000, 390), prices.into_iter());
        }
        returns
    }

    #[test]
    fn contributions_add_up_and_a_hedge_takes_away() {
        let returns = moved(4_000);
        let book = [
            shares("AAA", 200, Some(100.0)),
            shares("BBB", -50, Some(100.0)),
            shares("CCC", 10, Some(100.0)),
        ];
        let found = attribution_of(&book, &returns);
        assert_eq!(found.quality(), Quality::Ok);
        let [minutes, hour] = &found.windows;
        assert_eq!((minutes.seconds, hour.seconds), (300, 3_600));
        for window in [minutes, hour] {
            let deviation = window.deviation_usd.unwrap();
            let sum: f64 = window
                .symbols
                .iter()
                .map(|(_, _, risk)| risk.contribution_usd)
                .sum();
            assert!(deviation > 0.0 && (sum / deviation - 1.0).abs() < 1e-9);
            assert!(window.symbols[1].2.contribution_usd < 0.0, "half a hedge");
            // BBB moves twice as far as AAA on the factor that moves both.
            assert_eq!(window.factors[0].1, ticker("BBB"));
            let shares: f64 = window
                .factors
                .iter()
                .filter_map(|(risk, _)| risk.share)
                .sum();
            assert!((shares - 1.0).abs() < 1e-9);
        }
        // The deviation of one symbol is its delta times that of its returns.
        let alone = attribution_of(&[shares("CCC", 10, Some(100.0))], &returns);
        let columns = returns
            .columns(Step::Minute, &[ticker("CCC")], RETURNS)
            .unwrap();
        let steps: Vec<f64> = columns[0].iter().flatten().copied().collect();
        let mean = steps.iter().sum::<f64>() / 60.0;
        let variance = steps.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 59.0;
        let wanted = 1_000.0 * (variance * 390.0).sqrt();
        assert!((alone.windows[1].deviation_usd.unwrap() / wanted - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_missing_is_said() {
        let none = attribution_of(&[], &moved(4_000));
        assert_eq!(none.quality(), Quality::NoData);
        assert_eq!(none.windows[0].missing, Some(NoRisk::NothingHeld));
        assert_eq!(none.windows[0].deviation_usd, None);
        let book = [shares("AAA", 1, Some(100.0)), shares("BBB", 1, None)];
        let early = attribution_of(&book, &moved(300));
        assert_eq!((early.quality(), early.without_delta), (Quality::Warmup, 1));
        assert!(early.windows[0].deviation_usd.is_some());
        assert_eq!(early.windows[1].missing, Some(NoRisk::TooFewReturns));
        let unknown = [shares("AAA", 1, Some(100.0)), shares("DDD", 1, Some(100.0))];
        let late = attribution_of(&unknown, &moved(4_000));
        assert_eq!(
            (late.quality(), late.windows[1].left_out),
            (Quality::IllConditioned, 1)
        );
        // Nothing of a position that is over.
        let over = attribution_of(&[shares("AAA", 0, Some(100.0))], &moved(4_000));
        assert_eq!(over.quality(), Quality::NoData);
    }
}
