//! What is computed over several underlyings or over the book, as it leaves.

use super::Outgoing;
use super::convert::{millis, name_of, symbol_of, validity};
use crate::attribution::{RiskAttribution, WindowRisk};
use crate::comovement::CorrelationMatrix;
use crate::drift::{DriftAlert, DriftAlerts};
use crate::macro_overlay::MacroOverlay;
use crate::macro_overlay::regime::{Lean, PARTS};
use crate::stress::StressReport;
use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use components::drift::{DataDrift, Watch};
use components::liquidity::{Illiquid, Liquidity, Slippage};
use components::market::{SymbolId, Ticker};
use components::quality::Stamp;
use components::units::Timestamp;
use engine::clock::Tick;
use wire::cross;
use wire::event::Event;
use wire::lane::Row;
use wire::turn::{SLOW_TURNS, Turn};

/// What the batches so far showed.
#[derive(Resource, Default)]
pub struct ShownCross {
    symbols: Vec<[Stamp; 2]>,
    turn: Turn,
    /// Of correlations, scenarios, attribution and macro series.
    global: [Stamp; 4],
}

/// Puts into the batch the liquidity and the data watch of the underlyings whose turn it is, where they
/// were computed anew.
pub fn show_liquidity(
    mut outgoing: ResMut<Outgoing>,
    mut shown: ResMut<ShownCross>,
    underlyings: Query<(&SymbolId, &Ticker, &Liquidity, &DataDrift)>,
) {
    let batch = &mut outgoing.0;
    let shown = &mut *shown;
    shown.turn.advance(underlyings.iter().len(), SLOW_TURNS);
    for (id, ticker, liquidity, drift) in &underlyings {
        let place = id.0 as usize;
        if !shown.turn.holds(place) {
            continue;
        }
        let Some(symbol) = symbol_of(*ticker) else {
            continue;
        };
        if shown.symbols.len() <= place {
            shown.symbols.resize(place + 1, Default::default());
        }
        let id = id.0;
        let [seen_liquidity, seen_drift] = &mut shown.symbols[place];
        if replace(seen_liquidity, liquidity.stamp) {
            let value = liquidity_of(liquidity);
            batch.liquidities.set(Row { id, symbol, value });
        }
        if replace(seen_drift, drift.stamp) {
            let value = drift_of(drift);
            batch.drifts.set(Row { id, symbol, value });
        }
    }
}

/// What is computed over several underlyings or over the book.
#[derive(SystemParam)]
pub struct Computed<'w> {
    matrix: Option<Res<'w, CorrelationMatrix>>,
    stress: Option<Res<'w, StressReport>>,
    attribution: Option<Res<'w, RiskAttribution>>,
    overlay: Option<Res<'w, MacroOverlay>>,
    alerts: Option<Res<'w, DriftAlerts>>,
}

/// Puts into the batch what was computed since it was last shown, and alerts of this tick.
pub fn show_cross(
    tick: Res<Tick>,
    mut outgoing: ResMut<Outgoing>,
    mut shown: ResMut<ShownCross>,
    computed: Computed<'_>,
) {
    let batch = &mut outgoing.0;
    let [matrix, stress, attribution, overlay] = &mut shown.global;
    if let Some(found) = computed.matrix
        && replace(matrix, found.stamp)
    {
        batch.correlation = Some(correlation_of(&found));
    }
    if let Some(found) = computed.stress
        && replace(stress, found.stamp)
    {
        batch.stress = Some(stress_of(&found));
    }
    if let Some(found) = computed.attribution
        && replace(attribution, found.stamp)
    {
        batch.risk = Some(attribution_of(&found));
    }
    if let Some(found) = computed.overlay
        && replace(overlay, found.stamp)
    {
        batch.macros = Some(macro_of(&found));
    }
    let alerts = computed.alerts.iter().flat_map(|alerts| &alerts.0);
    for event in alerts.filter_map(|alert| alert_of(alert, tick.now)) {
        batch.events.push(event);
    }
}

/// Sets `shown` to `stamp`; whether that was a change.
fn replace(shown: &mut Stamp, stamp: Stamp) -> bool {
    std::mem::replace(shown, stamp) != stamp
}

fn count(number: usize) -> u64 {
    number as u64
}

/// How all underlyings move together.
#[must_use]
pub fn correlation_of(found: &CorrelationMatrix) -> cross::Correlation {
    let size = found.symbols.len().max(1);
    cross::Correlation {
        symbols: found.symbols.iter().filter_map(|t| symbol_of(*t)).collect(),
        left_out: count(found.left_out),
        matrix: found.rho.chunks(size).map(<[_]>::to_vec).collect(),
        average: found.average,
        step: found.step.map(|step| step.name().to_owned()),
        rows: count(found.rows),
        shrinkage: found.shrinkage,
        reason: found.missing.map(|missing| missing.name().to_owned()),
        validity: validity(&found.stamp),
    }
}

/// How much can be traded of an underlying.
#[must_use]
pub fn liquidity_of(found: &Liquidity) -> cross::Liquidity {
    let slippage = |of: Slippage| {
        (of.shares > 0).then_some(cross::Slippage {
            shares: of.shares,
            buy_bps: of.buy_bps,
            sell_bps: of.sell_bps,
        })
    };
    cross::Liquidity {
        reason: found.reason.map(|reason| match reason {
            Illiquid::EmptyBook => cross::Illiquid::EmptyBook,
            Illiquid::NoBids => cross::Illiquid::NoBids,
            Illiquid::NoAsks => cross::Illiquid::NoAsks,
            Illiquid::Crossed => cross::Illiquid::Crossed,
        }),
        spread_bps: found.spread_bps,
        effective_spread_bps: found.effective_spread_bps,
        bid_depth: found.bid_depth,
        ask_depth: found.ask_depth,
        depth_usd: found.depth_usd,
        decay: found.decay,
        slippage: found.slippage.map(slippage),
        score: found.score,
        contracts: found.chain.contracts,
        contracts_quoted: found.chain.quoted,
        option_spread_share: found.chain.spread_share,
        validity: validity(&found.stamp),
    }
}

/// Whether the data of an underlying are as they were.
#[must_use]
pub fn drift_of(found: &DataDrift) -> cross::DataDrift {
    let watch = |watch: Watch| cross::Watch {
        value: watch.value,
        usual: watch.usual,
        z: watch.z,
        since_ms: watch.since.and_then(millis),
    };
    let [quote_rate, spread_bps, trade_size, return_size] = found.watches.map(watch);
    cross::DataDrift {
        quote_rate,
        spread_bps,
        trade_size,
        return_size,
        alerts: found.alerts,
        validity: validity(&found.stamp),
    }
}

/// What the book would gain in each scenario.
#[must_use]
pub fn stress_of(found: &StressReport) -> cross::Stress {
    let scenarios = found.outcomes.iter().map(|(name, outcome)| {
        let largest = outcome.largest_loss;
        cross::StressScenario {
            name: name.clone(),
            held_usd: outcome.held_usd,
            worst_usd: outcome.worst_usd,
            largest_loss: largest.map(|(instrument, _)| name_of(&instrument)),
            largest_loss_usd: largest.map(|(_, loss)| loss),
        }
    });
    let worst = found.worst.and_then(|place| found.outcomes.get(place));
    cross::Stress {
        scenarios: scenarios.collect(),
        worst: worst.map(|(name, _)| name.clone()),
        positions: count(found.positions),
        instruments: count(found.instruments),
        without_value: count(found.without_value),
        validity: validity(&found.stamp),
    }
}

/// Where the risk of the book comes from.
#[must_use]
pub fn attribution_of(found: &RiskAttribution) -> cross::RiskAttribution {
    cross::RiskAttribution {
        windows: found.windows.iter().map(window_of).collect(),
        without_delta: count(found.without_delta),
        validity: validity(&found.stamp),
    }
}

fn window_of(found: &WindowRisk) -> cross::RiskWindow {
    let symbols = found
        .symbols
        .iter()
        .filter_map(|(ticker, delta_usd, risk)| {
            Some(cross::SymbolRisk {
                symbol: symbol_of(*ticker)?,
                delta_usd: *delta_usd,
                marginal: risk.marginal,
                contribution_usd: risk.contribution_usd,
                share: risk.share,
            })
        });
    let factors = found.factors.iter().filter_map(|(factor, lead)| {
        Some(cross::FactorRisk {
            lead: symbol_of(*lead)?,
            variance: factor.variance,
            exposure_usd: factor.exposure_usd,
            share: factor.share,
        })
    });
    cross::RiskWindow {
        seconds: found.seconds,
        rows: count(found.rows),
        deviation_usd: found.deviation_usd,
        symbols: symbols.collect(),
        factors: factors.collect(),
        shrinkage: found.shrinkage,
        left_out: count(found.left_out),
        reason: found.missing.map(|missing| missing.name().to_owned()),
    }
}

/// What macro series say.
#[must_use]
pub fn macro_of(found: &MacroOverlay) -> cross::Macro {
    let lean = |lean: Option<Lean>| lean.map(|lean| lean.name().to_owned());
    let parts = PARTS.into_iter().zip(&found.regime.parts);
    let parts = parts.map(|(name, part)| cross::MacroPart {
        name: name.to_owned(),
        input: part.input,
        value: part.value,
        lean: lean(part.lean),
        age_days: part.age_days,
    });
    cross::Macro {
        score: found.regime.score,
        lean: lean(found.regime.lean),
        parts: parts.collect(),
        validity: validity(&found.stamp),
    }
}

fn alert_of(alert: &DriftAlert, now: Timestamp) -> Option<Event> {
    Some(Event::DataDrift {
        symbol: symbol_of(alert.ticker)?,
        input: alert.input.name().to_owned(),
        value: alert.value,
        usual: alert.usual,
        z: alert.z,
        at_ms: millis(now).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::quality::Quality;

    #[test]
    fn rows_of_a_matrix_stand_under_their_symbols() {
        let found = CorrelationMatrix {
            symbols: ["AAA", "BBB"]
                .map(|name| Ticker::new(name).unwrap())
                .to_vec(),
            rho: vec![Some(1.0), Some(0.5), Some(0.5), None],
            stamp: Stamp::new(Timestamp(2_000_000), 1_000, Quality::Warmup),
            ..CorrelationMatrix::default()
        };
        let shown = correlation_of(&found);
        assert_eq!(shown.matrix, [[Some(1.0), Some(0.5)], [Some(0.5), None]]);
        assert_eq!(shown.validity.computed_at_ms, Some(2));
        assert!(
            correlation_of(&CorrelationMatrix::default())
                .matrix
                .is_empty()
        );
    }

    #[test]
    fn reasons_have_the_names_of_the_components() {
        let reasons = [
            Illiquid::EmptyBook,
            Illiquid::NoBids,
            Illiquid::NoAsks,
            Illiquid::Crossed,
        ];
        for reason in reasons {
            let found = Liquidity {
                reason: Some(reason),
                ..Liquidity::default()
            };
            let json = serde_json::to_value(liquidity_of(&found)).unwrap();
            assert_eq!(json["reason"], reason.name());
            assert!(json["score"].is_null() && json["slippage"][0].is_null());
        }
    }
}
