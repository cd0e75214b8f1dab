//! Implied volatility and Greeks of every contract, recomputed when something moved.
//!
//! A pair of call and put at one strike shares the volatility of its out-of-the-money side. It is
//! valued again when a quote of the pair or the spot changed, when time to expiry has moved by
//! `greeks.years_change` of itself, and at least every `greeks.refresh_s`. Pairs are valued in fixed
//! chunks that own their results, so that no number of threads can change a bit.

use crate::chains::Chains;
use crate::workers::Workers;
use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryNotDenseError;
use components::contract::{ContractId, OptionTerms, Right, Settlement};
use components::greeks::{Carry, Cross, Sensitivity, Valuation, VendorGreeks, Volatility};
use components::market::{Quote, QuoteState, Spot, SymbolId, Ticker};
use components::units::Timestamp;
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::phase::Phase;
use engine::plugin::Plugin;
use forward::Series;
use pair::{Inputs, Leg, Pair, Valued};
use serde::Deserialize;
use series::{NamedSeries, SeriesTable, series_of};
use terms::Terms;

/// American options.
pub mod american;
/// Price and eight Greeks of Black, Scholes and Merton.
pub mod black_scholes;
/// Forwards from put-call parity.
pub mod forward;
/// Prices to volatilities.
pub mod implied_volatility;
mod pair;
pub use pair::{YEARS_MIN, price_of};
/// What the contracts of a root and an expiry are priced with.
pub mod series;
/// The inputs of a valuation.
pub mod terms;

/// Pairs that a worker takes at once.
const CHUNK: usize = 128;

/// The `greeks` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct GreeksConfig {
    /// The longest a value stands, seconds.
    #[garde(custom(within(1, 3600)))]
    pub refresh_s: i64,
    /// The share of itself by which time to expiry may move before a value is renewed.
    #[garde(custom(within(0.000_01, 0.1)))]
    pub years_change: f64,
    /// Volatilities below this are refused, 0.02 is 2 %.
    #[garde(custom(within(0.0001, 0.5)))]
    pub iv_min: f64,
    /// Volatilities above this are refused.
    #[garde(custom(within(0.5, 10.0)))]
    pub iv_max: f64,
}

impl Section for GreeksConfig {
    const NAME: &'static str = "greeks";
}

/// The `rates` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct RatesConfig {
    /// The continuously compounded rate to every expiry, 0.04 is 4 % a year.
    #[garde(custom(within(-0.1, 0.5)))]
    pub flat: f64,
    /// The continuous dividend yield where no quotes show a forward.
    #[garde(custom(within(-0.25, 0.25)))]
    pub dividend_yield: f64,
}

impl Section for RatesConfig {
    const NAME: &'static str = "rates";
}

/// When the pairs of an underlying must be looked at next, and what its series are priced with.
#[derive(Component, Clone, Debug)]
pub struct Revaluation {
    due: Timestamp,
    series: Vec<NamedSeries>,
}

impl Default for Revaluation {
    fn default() -> Self {
        Self {
            due: Timestamp::NEVER,
            series: Vec::new(),
        }
    }
}

impl Revaluation {
    /// Whether put-call parity of any series agrees with the spot; absent where no series has a pair
    /// of quotes.
    #[must_use]
    pub fn confirms(&self) -> Option<bool> {
        let forwards = self.series.iter().map(|(_, series)| series);
        let quoted = forwards.filter(|series| series.quoted && series.years > 0.0);
        quoted.map(|series| series.forward.is_some()).max()
    }
}

/// Adds volatilities and Greeks.
#[derive(Debug)]
pub struct GreeksPlugin;

impl Plugin for GreeksPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<GreeksConfig>()?;
        let rates = engine.section::<RatesConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.insert_resource(rates);
        world.init_resource::<Workers>();
        world.init_resource::<Work>();
        world.register_required_components::<SymbolId, Revaluation>();
        engine
            .add(Phase::Greeks, find_due)
            .add(Phase::Greeks, value_pairs)
            .add(Phase::Greeks, store_values);
        Ok(())
    }
}

/// The pairs to value in this tick and what came out, memory kept between ticks.
#[derive(Resource, Debug, Default)]
pub struct Work {
    pairs: Vec<Pair>,
    values: Vec<Valued>,
}

impl Work {
    /// Pairs valued in this tick.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.pairs.len()
    }
}

type ContractInputs<'a> = (
    &'a OptionTerms,
    &'a Settlement,
    &'a Quote,
    &'a VendorGreeks,
    &'a Valuation,
);

/// Collects the pairs that must be valued.
///
/// # Errors
/// When contracts do not lie in dense tables, which no plugin may cause.
pub fn find_due(
    tick: Res<Tick>,
    config: Res<GreeksConfig>,
    rates: Res<RatesConfig>,
    mut chains: ResMut<Chains>,
    mut work: ResMut<Work>,
    mut underlyings: Query<(&SymbolId, &Spot, &mut Revaluation), With<Ticker>>,
    contracts: Query<ContractInputs<'_>, With<ContractId>>,
) -> Result<(), QueryNotDenseError> {
    work.pairs.clear();
    let Some((terms, settlements, quotes, vendors, valuations)) =
        contracts.contiguous_iter()?.next()
    else {
        return Ok(());
    };
    for (symbol, spot, mut revaluation) in &mut underlyings {
        let touched = std::mem::take(&mut chains.touched[symbol.0 as usize]);
        let Some(spot) = spot
            .get()
            .filter(|_| touched || revaluation.due <= tick.now)
        else {
            continue;
        };
        if touched {
            let columns = (terms, settlements, quotes);
            revaluation.series = price_series(*symbol, spot, &tick, &chains, columns, &rates);
        }
        let mut due = Timestamp(i64::MAX);
        let mut found = false;
        let mut place = 0;
        for index in 0..chains.runs_of(*symbol).len() {
            for row in chains.runs_of(*symbol)[index].rows() {
                let partner = chains.partner(row);
                // A pair is handled from its call; a put without a call stands alone.
                if terms[row].right == Right::Put && partner.is_some() {
                    continue;
                }
                let changed = std::mem::take(&mut chains.quote_changed[row])
                    | partner.is_some_and(|p| std::mem::take(&mut chains.quote_changed[p]));
                let years = tick.now.years_until(settlements[row].0).max(0.0);
                let next = renewal(&valuations[row], years, &config);
                let moved = valuations[row].spot.to_bits() != spot.to_bits();
                let expired = years <= 0.0 && valuations[row].years <= 0.0;
                if !changed && !moved && (tick.now < next || expired) {
                    if !expired {
                        due = due.min(next);
                    }
                    continue;
                }
                found = true;
                due = due.min(renewal_after(tick.now, years, &config));
                let name = series_of(&terms[row]);
                let series =
                    series::find(&revaluation.series, name, &mut place).unwrap_or(Series {
                        pricing_spot: spot,
                        ..Series::default()
                    });
                let leg = |row: usize| Leg {
                    quote: quotes[row],
                    vendor: vendors[row],
                };
                work.pairs.push(Pair {
                    row: row_number(row),
                    partner: partner.map_or(crate::chains::NO_ROW, row_number),
                    spot,
                    inputs: Inputs {
                        terms: Terms {
                            right: terms[row].right,
                            spot: series.pricing_spot,
                            strike: terms[row].strike.dollars(),
                            years,
                            rate: rates.flat,
                            dividend_yield: series.dividend_yield,
                        },
                        style: terms[row].style,
                        iv_min: config.iv_min,
                        iv_max: config.iv_max,
                    },
                    own: leg(row),
                    other: partner.map_or_else(Leg::default, leg),
                });
            }
        }
        revaluation.due = due;
        chains.revalued[symbol.0 as usize] |= found;
        chains.moved[symbol.0 as usize] |= touched;
    }
    Ok(())
}

/// Values the pairs: the only work that is spread over threads.
pub fn value_pairs(mut work: ResMut<Work>, mut workers: ResMut<Workers>) {
    let Work { pairs, values } = &mut *work;
    values.clear();
    values.resize(pairs.len(), Valued::default());
    workers.for_each_chunk(pairs, values, CHUNK, |pair, value| *value = pair.value());
}

/// Writes the values into the columns.
///
/// # Errors
/// When contracts do not lie in dense tables, which no plugin may cause.
pub fn store_values(
    tick: Res<Tick>,
    work: Res<Work>,
    mut digest: ResMut<Digest>,
    mut contracts: Query<
        (
            &mut Volatility,
            &mut Sensitivity,
            &mut Carry,
            &mut Cross,
            &mut Valuation,
        ),
        With<ContractId>,
    >,
) -> Result<(), QueryNotDenseError> {
    if work.pairs.is_empty() {
        return Ok(());
    }
    let mut tables = contracts.contiguous_iter_mut()?;
    let Some((mut volatility, mut sensitivity, mut carry, mut cross, mut valuation)) =
        tables.next()
    else {
        return Ok(());
    };
    let volatility = volatility.bypass_change_detection();
    let sensitivity = sensitivity.bypass_change_detection();
    let carry = carry.bypass_change_detection();
    let cross = cross.bypass_change_detection();
    let valuation = valuation.bypass_change_detection();
    let mut fold = 0_u64;
    for (pair, value) in work.pairs.iter().zip(&work.values) {
        let mut store = |row: u32, greeks: &black_scholes::Greeks| {
            let row = row as usize;
            volatility[row] = Volatility {
                iv: value.iv,
                vega: greeks.vega,
                status: value.status,
            };
            sensitivity[row] = greeks.sensitivity();
            carry[row] = greeks.carry();
            cross[row] = greeks.cross();
            valuation[row] = Valuation {
                price: greeks.price,
                spot: pair.spot,
                years: pair.inputs.terms.years,
                dividend_yield: pair.inputs.terms.dividend_yield,
                computed_at: tick.now,
            };
            for bits in [value.iv, greeks.delta, greeks.gamma, greeks.charm].map(f64::to_bits) {
                fold = (fold ^ bits)
                    .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                    .rotate_left(31);
            }
        };
        store(pair.row, &value.own);
        if pair.partner != crate::chains::NO_ROW {
            store(pair.partner, &value.other);
        }
    }
    digest.fold(Phase::Greeks, fold);
    Ok(())
}

/// What the series of an underlying are priced with.
fn price_series(
    symbol: SymbolId,
    spot: f64,
    tick: &Tick,
    chains: &Chains,
    (terms, settlements, quotes): (&[OptionTerms], &[Settlement], &[Quote]),
    rates: &RatesConfig,
) -> Vec<NamedSeries> {
    let mut table = SeriesTable::default();
    for row in chains.runs_of(symbol).iter().flat_map(|run| run.rows()) {
        let years = || tick.now.years_until(settlements[row].0).max(0.0);
        let pairs = table.pairs_mut(series_of(&terms[row]), years);
        let mid = |row: usize| {
            quotes[row]
                .mid_dollars()
                .filter(|_| quotes[row].state() == QuoteState::TwoSided)
        };
        if terms[row].right == Right::Call
            && let Some((call, put)) = mid(row).zip(chains.partner(row).and_then(mid))
        {
            pairs.push(spot, terms[row].strike.dollars(), call, put);
        }
    }
    table.price(spot, rates.flat, rates.dividend_yield)
}

/// When a value must be renewed though nothing moved but time.
fn renewal(valuation: &Valuation, years: f64, config: &GreeksConfig) -> Timestamp {
    if valuation.computed_at == Timestamp::NEVER || years <= 0.0 {
        return Timestamp::NEVER;
    }
    renewal_after(valuation.computed_at, valuation.years, config)
}

fn renewal_after(computed_at: Timestamp, years: f64, config: &GreeksConfig) -> Timestamp {
    let seconds = years * config.years_change * components::units::SECONDS_PER_YEAR;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most 3,600 s in nanoseconds"
    )]
    let nanos = (seconds.min(config.refresh_s as f64) * 1e9) as i64;
    computed_at.plus_nanos(nanos)
}

fn row_number(row: usize) -> u32 {
    u32::try_from(row).expect("Invariant: fewer than 2^32 rows")
}
