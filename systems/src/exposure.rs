//! Gamma and delta exposure per contract, strike, expiry and underlying, and the levels they point to.
//!
//! Sums are taken again for the underlyings whose Greeks or open interest changed. The spot at which
//! gamma changes sign needs the whole chain at 81 spots: at most once a second after the market moved,
//! every ten seconds if only time did, underlyings spread over the ticks of a second by their number.
//! Sums by the day's volume are taken in the same turns.

use crate::cadence::{SECOND_TICKS, has_turn};
use crate::chains::Chains;
use crate::ingest::Sources;
use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryNotDenseError;
use components::contract::{ContractId, OptionTerms, Settlement};
use components::exposure::{
    ContractExposure, DeltaExposure, ExposureLevels, ExposureProfile, ExposureWeight,
    GammaExposure, GammaProfile, VolumeExposure, ZeroGamma,
};
use components::greeks::{Cross, Sensitivity, Valuation, Volatility};
use components::interest::OpenInterest;
use components::market::{Quote, QuoteState, Spot, SymbolId, Ticker};
use components::quality::{Quality, Stamp};
use components::units::{Price, Timestamp};
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::feeds::Feeds;
use engine::phase::Phase;
use engine::plugin::Plugin;
use serde::Deserialize;

/// How much of the exposures rests on quotes that hold.
pub mod coverage;
/// What dealers must trade to stay hedged.
pub mod hedging;
/// Tables by strike and expiry, and the walls in them.
pub mod levels;
/// Sums over a chain.
pub mod sums;
/// Exposure of what was traded today.
pub mod volume;
/// Where dealer gamma changes sign.
pub mod zero_gamma;

use crate::greeks::RatesConfig;
use coverage::CoverageSums;
use levels::{ExposureRow, StrikeSums, by_expiry, by_strike, levels, sort_rows};
use sums::{CrossSums, ExposureSums, cross_sums, exposure_sums};
use volume::sum_by_volume;
use zero_gamma::{GammaCurve, WeightedColumns, zero_gamma};

/// If nothing but time moved, gamma is re-priced this often, milliseconds.
const DRIFT_MS: i64 = 10_000;

/// The `exposure` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct ExposureConfig {
    /// Open interest below which a contract is left out of every sum.
    #[garde(custom(within(0, 1_000_000)))]
    pub min_oi: u32,
    /// Contracts without which no levels are published.
    #[garde(custom(within(1, 10_000)))]
    pub levels_contracts_min: u32,
    /// A quote older than this does not count into the coverage, seconds; 0: no age is too old.
    #[garde(custom(within(0, 86_400)))]
    pub quote_age_max_s: i64,
    /// How long a value holds, milliseconds.
    #[garde(custom(within(250, 3_600_000)))]
    pub valid_ms: i64,
}

impl Section for ExposureConfig {
    const NAME: &'static str = "exposure";
}

/// Adds dealer exposures.
#[derive(Debug)]
pub struct ExposurePlugin;

impl Plugin for ExposurePlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<ExposureConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.init_resource::<Scratch>();
        world.register_required_components::<SymbolId, Repricing>();
        world.register_required_components::<SymbolId, CoverageSums>();
        world.register_required_components::<SymbolId, VolumeExposure>();
        world.register_required_components::<SymbolId, GammaProfile>();
        engine
            .add(Phase::Exposure, weigh_contracts)
            .add(Phase::Exposure, sum_exposures)
            .add(Phase::Exposure, sum_by_volume)
            .add(Phase::Exposure, reprice_gamma);
        Ok(())
    }
}

/// Whether the chain changed since its zero gamma was last looked for.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct Repricing {
    wanted: bool,
}

/// Memory that is kept between ticks.
#[derive(Resource, Debug, Default)]
pub struct Scratch {
    rows: Vec<ExposureRow>,
    by_strike: Vec<StrikeSums>,
    curve: GammaCurve,
    strike: Vec<f64>,
    years: Vec<f64>,
    rate: Vec<f64>,
    dividend_yield: Vec<f64>,
    volatility: Vec<f64>,
    weight: Vec<f64>,
}

type Weighing<'a> = (
    &'a OptionTerms,
    &'a Quote,
    &'a OpenInterest,
    (&'a Volatility, &'a Sensitivity),
    &'a mut ExposureWeight,
);

/// Decides which contracts count, and how much, and which of them have a quote that holds.
///
/// # Errors
/// When contracts do not lie in dense tables, which no plugin may cause.
pub fn weigh_contracts(
    tick: Res<Tick>,
    config: Res<ExposureConfig>,
    chains: Res<Chains>,
    mut underlyings: Query<(&SymbolId, &mut CoverageSums)>,
    mut contracts: Query<Weighing<'_>, With<ContractId>>,
) -> Result<(), QueryNotDenseError> {
    if !chains.revalued.iter().any(|revalued| *revalued) {
        return Ok(());
    }
    let mut tables = contracts.contiguous_iter_mut()?;
    let Some((terms, quotes, interests, (volatilities, sensitivities), mut weights)) =
        tables.next()
    else {
        return Ok(());
    };
    let weights = weights.bypass_change_detection();
    let oldest = config.oldest_quote(tick.now);
    for (symbol, mut coverage) in &mut underlyings {
        if !chains.revalued[symbol.0 as usize] {
            continue;
        }
        *coverage = CoverageSums::default();
        for row in chains.runs_of(*symbol).iter().flat_map(|run| run.rows()) {
            let valued = interests[row].contracts >= config.min_oi.max(1)
                && volatilities[row].status.is_usable();
            let counts = valued && is_priced(&quotes[row]);
            let shares = f64::from(interests[row].contracts) * f64::from(terms[row].multiplier);
            weights[row].0 = if counts {
                terms[row].right.phi() * shares
            } else {
                0.0
            };
            if valued {
                let holds = counts && oldest <= quotes[row].at;
                coverage.add(sensitivities[row].gamma * shares, holds);
            }
        }
    }
    Ok(())
}

type Summing<'a> = (
    &'a OptionTerms,
    &'a Sensitivity,
    &'a Cross,
    &'a ExposureWeight,
    &'a mut ContractExposure,
);
type Published<'a> = (
    (&'a SymbolId, &'a Spot, &'a Sources, &'a CoverageSums),
    &'a mut GammaExposure,
    &'a mut DeltaExposure,
    &'a mut ExposureLevels,
    &'a mut ExposureProfile,
    &'a mut Repricing,
);

/// Sums the exposures of every underlying that changed.
///
/// # Errors
/// When contracts do not lie in dense tables, which no plugin may cause.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn sum_exposures(
    tick: Res<Tick>,
    config: Res<ExposureConfig>,
    feeds: Res<Feeds>,
    mut chains: ResMut<Chains>,
    mut scratch: ResMut<Scratch>,
    mut digest: ResMut<Digest>,
    mut underlyings: Query<Published<'_>, With<Ticker>>,
    mut contracts: Query<Summing<'_>, With<ContractId>>,
) -> Result<(), QueryNotDenseError> {
    let mut tables = contracts.contiguous_iter_mut()?;
    let Some((terms, sensitivities, crosses, weights, mut exposures)) = tables.next() else {
        return Ok(());
    };
    let exposures = exposures.bypass_change_detection();
    for (underlying, mut gex, mut dex, mut strikes, mut profile, mut repricing) in &mut underlyings
    {
        let (symbol, spot, sources, coverage) = underlying;
        let fresh = feeds.is_fresh(sources.chain, tick.now);
        let revalued = std::mem::take(&mut chains.revalued[symbol.0 as usize]);
        let (Some(dollars), true) = (spot.get(), revalued) else {
            mark(&mut gex.stamp, fresh);
            mark(&mut dex.stamp, fresh);
            mark(&mut strikes.stamp, fresh);
            continue;
        };
        repricing.wanted = true;
        let mut sums = ExposureSums::default();
        let mut cross = CrossSums::default();
        let mut contracts = 0;
        scratch.rows.clear();
        for run in chains.runs_of(*symbol) {
            let rows = run.rows();
            let part = exposure_sums(&sensitivities[rows.clone()], &weights[rows.clone()]);
            sums.gamma += part.gamma;
            sums.dealer_delta += part.dealer_delta;
            sums.delta += part.delta;
            let part = cross_sums(&crosses[rows.clone()], &weights[rows.clone()]);
            cross.vanna += part.vanna;
            cross.charm += part.charm;
            contracts += run.end - run.start;
            for row in rows {
                let weight = weights[row].0;
                let exposure = ContractExposure {
                    gex_usd_per_pct: weight * sensitivities[row].gamma * dollars * dollars * 0.01,
                    dex_usd: weight.abs() * sensitivities[row].delta * dollars,
                };
                exposures[row] = exposure;
                if weight != 0.0 {
                    scratch.rows.push(ExposureRow {
                        strike: terms[row].strike,
                        expiry: terms[row].expiry.yyyymmdd(),
                        right: terms[row].right,
                        gex_usd_per_pct: exposure.gex_usd_per_pct,
                        dex_usd: exposure.dex_usd,
                    });
                }
            }
        }
        // A spot that moves while the chain is silent values old quotes anew: that is stale.
        let quality = match (scratch.rows.is_empty(), fresh) {
            (true, _) => Quality::NoData,
            (false, false) => Quality::Stale,
            (false, true) => Quality::Ok,
        };
        let stamp = Stamp::new(tick.now, config.valid_ms, quality);
        let coverage = coverage.share(fresh);
        let Scratch {
            rows,
            by_strike: table,
            ..
        } = &mut *scratch;
        sort_rows(rows);
        by_strike(rows, table);
        by_expiry(rows, &mut profile.by_expiry);
        profile.by_strike.clear();
        profile
            .by_strike
            .extend(table.iter().map(|sums| sums.gamma));
        let total = |part: fn(&StrikeSums) -> f64| -> f64 { table.iter().map(part).sum() };
        *gex = GammaExposure {
            net_usd_per_pct: sums.gex_usd_per_pct(dollars),
            call_usd_per_pct: total(|sums| sums.gamma.call_usd_per_pct),
            put_usd_per_pct: total(|sums| sums.gamma.put_usd_per_pct),
            first_expiry_usd_per_pct: profile.by_expiry.first().map_or(0.0, |first| first.1),
            included: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            contracts,
            coverage,
            stamp,
        };
        *dex = DeltaExposure {
            open_interest_usd: sums.dex_usd(dollars),
            dealer_usd: sums.dealer_dex_usd(dollars),
            vanna_usd_per_point: cross.vex_usd_per_point(dollars),
            charm_usd_per_day: cross.chex_usd_per_day(dollars),
            coverage,
            stamp,
        };
        let spot_price = Price::from_dollars(dollars).unwrap_or_default();
        let found = levels(table, spot_price, config.levels_contracts_min);
        *strikes = ExposureLevels {
            call_wall: found.as_ref().and_then(|levels| levels.call_wall),
            put_wall: found.as_ref().and_then(|levels| levels.put_wall),
            max_abs_gamma_strike: found
                .as_ref()
                .and_then(|levels| levels.max_abs_gamma_strike),
            stamp,
        };
        digest.fold_floats(
            Phase::Exposure,
            &[
                gex.net_usd_per_pct,
                dex.open_interest_usd,
                dex.vanna_usd_per_point,
                gex.coverage.unwrap_or(-1.0),
            ],
        );
        for level in [
            strikes.call_wall,
            strikes.put_wall,
            strikes.max_abs_gamma_strike,
        ] {
            digest.fold(
                Phase::Exposure,
                level.map_or(0, |price| price.0.unsigned_abs()),
            );
        }
    }
    Ok(())
}

type Curved<'a> = (
    &'a SymbolId,
    &'a Spot,
    &'a mut Repricing,
    &'a mut ZeroGamma,
    &'a mut GammaProfile,
);
type Repriced<'a> = (
    &'a OptionTerms,
    &'a Settlement,
    &'a Volatility,
    &'a Valuation,
    &'a ExposureWeight,
);

/// Looks for the spot at which dealer gamma changes sign, for the underlyings whose turn it is.
///
/// # Errors
/// When contracts do not lie in dense tables, which no plugin may cause.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn reprice_gamma(
    tick: Res<Tick>,
    config: Res<ExposureConfig>,
    rates: Res<RatesConfig>,
    mut chains: ResMut<Chains>,
    mut scratch: ResMut<Scratch>,
    mut digest: ResMut<Digest>,
    mut underlyings: Query<Curved<'_>, With<Ticker>>,
    contracts: Query<Repriced<'_>, With<ContractId>>,
) -> Result<(), QueryNotDenseError> {
    let Some((terms, settlements, volatilities, valuations, weights)) =
        contracts.contiguous_iter()?.next()
    else {
        return Ok(());
    };
    for (symbol, spot, mut repricing, mut level, mut profile) in &mut underlyings {
        let turn = has_turn(*symbol, &tick, SECOND_TICKS);
        let drifted = level.stamp.computed_at.plus_millis(DRIFT_MS) <= tick.now;
        let due = turn && repricing.wanted && (chains.moved[symbol.0 as usize] || drifted);
        let Some(dollars) = spot.get().filter(|_| due) else {
            continue;
        };
        repricing.wanted = false;
        chains.moved[symbol.0 as usize] = false;
        let scratch = &mut *scratch;
        scratch.clear_columns();
        for row in chains.runs_of(*symbol).iter().flat_map(|run| run.rows()) {
            let years = tick.now.years_until(settlements[row].0);
            if weights[row].0 != 0.0 && years > 0.0 {
                scratch.strike.push(terms[row].strike.dollars());
                scratch.years.push(years);
                scratch.rate.push(rates.flat);
                scratch.dividend_yield.push(valuations[row].dividend_yield);
                scratch.volatility.push(volatilities[row].iv);
                scratch.weight.push(weights[row].0);
            }
        }
        let columns = WeightedColumns {
            strike: &scratch.strike,
            years: &scratch.years,
            rate: &scratch.rate,
            dividend_yield: &scratch.dividend_yield,
            volatility: &scratch.volatility,
            weight: &scratch.weight,
        };
        zero_gamma(dollars, &columns, &mut scratch.curve);
        let quality = if scratch.curve.contracts == 0 {
            Quality::NoData
        } else {
            Quality::Ok
        };
        *level = ZeroGamma {
            nearest_dollars: scratch.curve.nearest,
            roots: u32::try_from(scratch.curve.roots.len()).unwrap_or(u32::MAX),
            stamp: Stamp::new(tick.now, config.valid_ms, quality),
        };
        profile.stamp = level.stamp;
        profile.spot_dollars.clone_from(&scratch.curve.spot);
        profile
            .gex_usd_per_pct
            .clone_from(&scratch.curve.gex_usd_per_pct);
        digest.fold_floats(Phase::Exposure, &[level.nearest_dollars.unwrap_or(0.0)]);
        digest.fold_floats(Phase::Exposure, &profile.gex_usd_per_pct);
    }
    Ok(())
}

impl ExposureConfig {
    /// A quote stamped before this is too old to count into the coverage.
    fn oldest_quote(&self, now: Timestamp) -> Timestamp {
        match self.quote_age_max_s {
            0 => Timestamp::NEVER,
            seconds => now.plus_millis(-1_000 * seconds),
        }
    }
}

impl Scratch {
    fn clear_columns(&mut self) {
        for column in [
            &mut self.strike,
            &mut self.years,
            &mut self.rate,
            &mut self.dividend_yield,
            &mut self.volatility,
            &mut self.weight,
        ] {
            column.clear();
        }
    }
}

/// Whether the quote says what the contract is worth: not crossed, and a bid or next to no ask.
fn is_priced(quote: &Quote) -> bool {
    quote.state() != QuoteState::Crossed && crate::greeks::price_of(quote).is_some()
}

fn mark(stamp: &mut Stamp, fresh: bool) {
    match (fresh, stamp.quality) {
        (false, Quality::Ok) => stamp.quality = Quality::Stale,
        (true, Quality::Stale) => stamp.quality = Quality::Ok,
        _ => {}
    }
}
