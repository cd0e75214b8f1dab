//! What the dealers of an underlying must trade to stay hedged: the sums of the chain's nearer contracts,
//! against the volume of a day, beside the wings of the nearest expiry.

use super::DealersConfig;
use crate::cadence::{SECOND_TICKS, has_turn};
use crate::chains::Chains;
use crate::exposure::hedging::HedgingFlow;
use crate::exposure::sums::{CrossSums, ExposureSums, cross_sums, exposure_sums};
use crate::history::History;
use crate::ingest::Sources;
use crate::vpin::Toxicity;
use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryNotDenseError;
use components::contract::{ContractId, Settlement};
use components::dealers::{DayVolume, DealerFlow, VolumeBasis, Wings};
use components::exposure::{ExposureWeight, GammaExposure};
use components::greeks::{Cross, Sensitivity};
use components::market::{Spot, SymbolId, Ticker};
use components::quality::{Quality, Stamp};
use components::volatility::ImpliedVolatility;
use engine::clock::Tick;
use engine::digest::Digest;
use engine::feeds::Feeds;
use engine::phase::Phase;

/// Nanoseconds of a day of 24 hours.
const DAY_NANOS: i64 = 86_400_000_000_000;

/// Memory that is kept between ticks.
#[derive(Resource, Debug, Default)]
pub struct Scratch {
    weights: Vec<ExposureWeight>,
}

type Summed<'a> = (
    &'a Settlement,
    &'a Sensitivity,
    &'a Cross,
    &'a ExposureWeight,
);
type Measured<'a> = (
    (&'a SymbolId, &'a Ticker, &'a Spot, &'a Sources),
    (&'a History, &'a Toxicity),
    (&'a GammaExposure, &'a ImpliedVolatility),
    &'a mut DealerFlow,
);

/// Measures the flows of the underlyings whose turn it is; a chain is summed if its exposures were
/// since the last time.
///
/// # Errors
/// When contracts do not lie in dense tables, which no plugin may cause.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn measure_flow(
    tick: Res<Tick>,
    config: Res<DealersConfig>,
    chains: Res<Chains>,
    feeds: Res<Feeds>,
    mut scratch: ResMut<Scratch>,
    mut digest: ResMut<Digest>,
    mut underlyings: Query<Measured<'_>>,
    contracts: Query<Summed<'_>, With<ContractId>>,
) -> Result<(), QueryNotDenseError> {
    let Some((settlements, sensitivities, crosses, weights)) = contracts.contiguous_iter()?.next()
    else {
        return Ok(());
    };
    let horizon = tick
        .now
        .plus_nanos(DAY_NANOS.saturating_mul(i64::from(config.horizon_days)));
    for (underlying, (history, toxicity), (gex, implied), mut flow) in &mut underlyings {
        let (symbol, ticker, spot, sources) = underlying;
        if !has_turn(*symbol, &tick, SECOND_TICKS) {
            continue;
        }
        let Some(dollars) = spot.get() else { continue };
        let fresh = feeds.is_fresh(sources.chain, tick.now);
        if flow.stamp.computed_at < gex.stamp.computed_at {
            let mut sums = ExposureSums::default();
            let mut cross = CrossSums::default();
            let mut included = 0_u32;
            for run in chains.runs_of(*symbol) {
                let rows = run.rows();
                scratch.weights.clear();
                for row in rows.clone() {
                    let weight = if settlements[row].0 <= horizon {
                        weights[row]
                    } else {
                        ExposureWeight(0.0)
                    };
                    included += u32::from(weight.0 != 0.0);
                    scratch.weights.push(weight);
                }
                sums = sums + exposure_sums(&sensitivities[rows.clone()], &scratch.weights);
                cross = cross + cross_sums(&crosses[rows], &scratch.weights);
            }
            let beta = config.beta(*ticker);
            let held = HedgingFlow::of(&sums, &cross, dollars, beta);
            let quality = match (included, is_sound(&held), fresh) {
                (0, ..) => Quality::NoData,
                (_, false, _) => Quality::IllConditioned,
                (_, _, false) => Quality::Stale,
                _ => Quality::Ok,
            };
            let held = if is_sound(&held) {
                held
            } else {
                HedgingFlow::default()
            };
            *flow = DealerFlow {
                // What they hold changes one way, what they must trade for it goes the other.
                gamma_shares: opposite(held.gamma_shares_per_pct),
                vanna_shares: opposite(held.vanna_shares_per_pct),
                charm_shares_per_day: opposite(held.charm_shares_per_day),
                spot_dollars: dollars,
                volatility_beta: beta,
                included,
                stamp: Stamp::new(tick.now, config.valid_ms, quality),
                ..*flow
            };
            digest.fold_floats(
                Phase::Volatility,
                &[
                    flow.gamma_shares,
                    flow.vanna_shares,
                    flow.charm_shares_per_day,
                ],
            );
        } else {
            mark(&mut flow.stamp, fresh);
        }
        flow.day_volume = day_volume(history, toxicity, dollars);
        flow.elasticity = elasticity(&flow);
        flow.elasticity_quality = match (flow.elasticity, flow.stamp.quality) {
            (None, Quality::Ok | Quality::Stale) => Quality::NoData,
            (_, quality) => quality,
        };
        flow.wings = wings(implied);
        digest.fold_floats(
            Phase::Volatility,
            &[
                flow.elasticity.unwrap_or(-99.0),
                flow.wings.map_or(-99.0, |wings| wings.risk_reversal),
            ],
        );
    }
    Ok(())
}

/// The trade after +1 % over a day's volume; `None` where either is not known.
fn elasticity(flow: &DealerFlow) -> Option<f64> {
    let known = matches!(flow.stamp.quality, Quality::Ok | Quality::Stale);
    let volume = flow.day_volume.filter(|_| known)?;
    let share = flow.rise_usd() / volume.usd;
    share.is_finite().then_some(share)
}

/// The dollar volume of a day: of the run's earlier sessions, else of this one so far.
fn day_volume(history: &History, toxicity: &Toxicity, dollars: f64) -> Option<DayVolume> {
    let earlier = toxicity
        .average_daily_volume()
        .map(|shares| (shares as f64 * dollars, VolumeBasis::EarlierSessions));
    let so_far = (history.dollars_traded(), VolumeBasis::SessionSoFar);
    let (usd, basis) = earlier.unwrap_or(so_far);
    (usd > 0.0).then_some(DayVolume { usd, basis })
}

/// The wings of the nearest expiry that has both, as its surface measured them.
fn wings(implied: &ImpliedVolatility) -> Option<Wings> {
    let nearest = implied.by_expiry.iter().find(|one| one.skew.is_some())?;
    Some(Wings {
        expiry: nearest.expiry,
        risk_reversal: opposite(nearest.skew?),
        butterfly: nearest.butterfly,
        stamp: implied.stamp,
    })
}

/// The same with the other sign, and no zero below zero.
fn opposite(value: f64) -> f64 {
    0.0 - value
}

fn is_sound(held: &HedgingFlow) -> bool {
    held.shares_per_pct().is_finite() && held.charm_shares_per_day.is_finite()
}

fn mark(stamp: &mut Stamp, fresh: bool) {
    match (fresh, stamp.quality) {
        (false, Quality::Ok) => stamp.quality = Quality::Stale,
        (true, Quality::Stale) => stamp.quality = Quality::Ok,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::volatility::ExpiryVolatility;

    fn expiry(expiry: u32, skew: Option<f64>, butterfly: Option<f64>) -> ExpiryVolatility {
        ExpiryVolatility {
            expiry,
            years: 0.01,
            forward: 100.0,
            strip: None,
            at_the_money: Some(0.2),
            skew,
            butterfly,
            contradictions: 0,
        }
    }

    #[test]
    fn the_wings_are_those_of_the_nearest_expiry_that_has_some() {
        let mut implied = ImpliedVolatility::default();
        assert_eq!(wings(&implied), None);
        implied.by_expiry = vec![
            expiry(1, None, None),
            expiry(2, Some(0.05), Some(0.01)),
            expiry(3, Some(0.09), None),
        ];
        let found = wings(&implied).unwrap();
        assert_eq!((found.expiry, found.butterfly), (2, Some(0.01)));
        assert!((found.risk_reversal + 0.05).abs() < 1e-15);
    }

    #[test]
    fn without_a_volume_or_a_flow_there_is_no_elasticity() {
        let mut flow = DealerFlow {
            gamma_shares: -2_000.0,
            spot_dollars: 50.0,
            stamp: Stamp::new(components::units::Timestamp(0), 1_000, Quality::Ok),
            ..DealerFlow::default()
        };
        assert_eq!(elasticity(&flow), None);
        flow.day_volume = Some(DayVolume {
            usd: 1e6,
            basis: VolumeBasis::SessionSoFar,
        });
        assert!((elasticity(&flow).unwrap() + 0.1).abs() < 1e-15);
        flow.stamp.quality = Quality::NoData;
        assert_eq!(elasticity(&flow), None);
    }

    #[test]
    fn nothing_held_is_nothing_to_trade_without_a_sign() {
        assert_eq!(opposite(0.0).to_bits(), 0.0_f64.to_bits());
    }
}
