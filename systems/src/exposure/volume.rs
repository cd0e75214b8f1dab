//! Gamma exposure of what was traded today: the sums of the chain with the day's volume of each contract
//! in place of its open interest. Source: formulas.md 6, the twins by volume.
//!
//! The same rules decide what counts, `exposure.min_oi` contracts included. Underlyings have their turn
//! once a second, if anything traded or was valued since.

use super::levels::{ExposureRow, StrikeSums, by_strike, levels, sort_rows};
use super::{ExposureConfig, Scratch, is_priced, mark};
use crate::cadence::{SECOND_TICKS, has_turn};
use crate::chains::Chains;
use crate::ingest::Sources;
use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryNotDenseError;
use components::contract::{ContractId, OptionTerms};
use components::exposure::{GammaExposure, VolumeExposure};
use components::greeks::{Sensitivity, Volatility};
use components::market::{LastTrade, Quote, Spot, SymbolId, Ticker};
use components::quality::{Quality, Stamp};
use components::units::Price;
use engine::clock::Tick;
use engine::digest::Digest;
use engine::feeds::Feeds;
use engine::phase::Phase;

type Traded<'a> = (
    &'a OptionTerms,
    &'a Quote,
    &'a LastTrade,
    &'a Volatility,
    &'a Sensitivity,
);
type Published<'a> = (
    &'a SymbolId,
    &'a Spot,
    &'a Sources,
    &'a GammaExposure,
    &'a mut VolumeExposure,
);

/// Sums the exposure of the day's volume for the underlyings whose turn it is.
///
/// # Errors
/// When contracts do not lie in dense tables, which no plugin may cause.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn sum_by_volume(
    tick: Res<Tick>,
    config: Res<ExposureConfig>,
    feeds: Res<Feeds>,
    mut chains: ResMut<Chains>,
    mut scratch: ResMut<Scratch>,
    mut digest: ResMut<Digest>,
    mut underlyings: Query<Published<'_>, With<Ticker>>,
    contracts: Query<Traded<'_>, With<ContractId>>,
) -> Result<(), QueryNotDenseError> {
    let Some((terms, quotes, trades, volatilities, sensitivities)) =
        contracts.contiguous_iter()?.next()
    else {
        return Ok(());
    };
    let volume_min = u64::from(config.min_oi.max(1));
    for (symbol, spot, sources, gex, mut volume) in &mut underlyings {
        if !has_turn(*symbol, &tick, SECOND_TICKS) {
            continue;
        }
        let traded = chains.traded[symbol.0 as usize];
        let valued = volume.stamp.computed_at < gex.stamp.computed_at;
        let Some(dollars) = spot.get().filter(|_| traded || valued) else {
            mark(&mut volume.stamp, feeds.is_fresh(sources.chain, tick.now));
            continue;
        };
        chains.traded[symbol.0 as usize] = false;
        let Scratch {
            rows,
            by_strike: table,
            ..
        } = &mut *scratch;
        rows.clear();
        for row in chains.runs_of(*symbol).iter().flat_map(|run| run.rows()) {
            let contracts = trades[row].day_volume;
            let counts = contracts >= volume_min
                && volatilities[row].status.is_usable()
                && is_priced(&quotes[row]);
            if counts {
                let shares = contracts as f64 * f64::from(terms[row].multiplier);
                let weight = terms[row].right.phi() * shares;
                rows.push(ExposureRow {
                    strike: terms[row].strike,
                    expiry: terms[row].expiry.yyyymmdd(),
                    right: terms[row].right,
                    gex_usd_per_pct: weight * sensitivities[row].gamma * dollars * dollars * 0.01,
                    dex_usd: shares * sensitivities[row].delta * dollars,
                });
            }
        }
        sort_rows(rows);
        by_strike(rows, table);
        let fresh = feeds.is_fresh(sources.chain, tick.now);
        let quality = match (rows.is_empty(), fresh) {
            (true, _) => Quality::NoData,
            (false, false) => Quality::Stale,
            (false, true) => Quality::Ok,
        };
        let total = |part: fn(&StrikeSums) -> f64| -> f64 { table.iter().map(part).sum() };
        let call_usd_per_pct = total(|sums| sums.gamma.call_usd_per_pct);
        let put_usd_per_pct = total(|sums| sums.gamma.put_usd_per_pct);
        let spot_price = Price::from_dollars(dollars).unwrap_or_default();
        let found = levels(table, spot_price, config.levels_contracts_min).unwrap_or_default();
        *volume = VolumeExposure {
            net_usd_per_pct: call_usd_per_pct + put_usd_per_pct,
            call_usd_per_pct,
            put_usd_per_pct,
            call_wall: found.call_wall,
            put_wall: found.put_wall,
            max_abs_gamma_strike: found.max_abs_gamma_strike,
            included: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            stamp: Stamp::new(tick.now, config.valid_ms, quality),
        };
        digest.fold_floats(Phase::Exposure, &[call_usd_per_pct, put_usd_per_pct]);
        for level in [
            volume.call_wall,
            volume.put_wall,
            volume.max_abs_gamma_strike,
        ] {
            digest.fold(
                Phase::Exposure,
                level.map_or(0, |price| price.0.unsigned_abs()),
            );
        }
    }
    Ok(())
}
