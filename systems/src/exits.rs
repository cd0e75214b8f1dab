//! When a held option is sold: its stop, its target or its time. Exits are signals like any other and
//! take the same road.

use crate::chains::Chains;
use crate::positions::{Holding, Orders};
use crate::scoring::Signals;
use bevy_ecs::prelude::*;
use components::contract::{ContractId, OptionTerms, Right, Settlement};
use components::market::{Quote, QuoteState, Side};
use components::order::Position;
use components::signal::{Confidence, Direction, Feature, Intent, Signal, SignalId};
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::engine::Engine;
use engine::phase::Phase;
use engine::plugin::Plugin;
use serde::Deserialize;

/// Adds exits. Plugged after scoring's own list of signals and before the strategies, so that exits
/// come first.
#[derive(Debug)]
pub struct ExitsPlugin;

impl Plugin for ExitsPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<ExitConfig>()?;
        engine.world_mut().insert_resource(config);
        engine.add(Phase::Scoring, watch_exits);
        Ok(())
    }
}

/// The `exits` section of the config: when a held option is sold.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct ExitConfig {
    /// Sold when the bid has lost this share of the cost, 0.5 is half.
    #[garde(custom(within(0.01, 1.0)))]
    pub stop_share: f64,
    /// Sold when the bid has gained this share of the cost, 1.0 is double.
    #[garde(custom(within(0.01, 100.0)))]
    pub target_share: f64,
    /// What expires today is sold this many seconds before the close.
    #[garde(custom(within(0, 23_400)))]
    pub before_close_s: i64,
}

impl Section for ExitConfig {
    const NAME: &'static str = "exits";
}

type Held<'a> = (
    &'a ContractId,
    &'a OptionTerms,
    &'a Settlement,
    &'a Quote,
    &'a Position,
    &'a Holding,
);

/// Proposes to sell what reached its stop, its target or its time.
pub fn watch_exits(
    tick: Res<Tick>,
    config: Res<ExitConfig>,
    chains: Res<Chains>,
    orders: Res<Orders>,
    mut signals: ResMut<Signals>,
    positions: Query<Held<'_>>,
) {
    let mut exits = Vec::new();
    for (contract, terms, settlement, quote, position, holding) in &positions {
        let Ok(held) = u32::try_from(position.quantity) else {
            continue;
        };
        let closing: u32 = orders
            .open()
            .filter(|order| order.order.contract == *contract && order.order.side == Side::Sell)
            .map(|order| order.open_quantity())
            .sum();
        let quantity = held.saturating_sub(closing);
        if quantity == 0 || !quote.bid.is_some() || quote.state() == QuoteState::Crossed {
            continue;
        }
        let shares = position.quantity as f64 * f64::from(terms.multiplier);
        let gain = quote.bid.dollars() * shares / position.cost.dollars() - 1.0;
        let leaves_today = settlement.0 <= tick.session.close
            && tick.seconds_to_close() <= config.before_close_s as f64;
        let intent = if leaves_today {
            Intent::TimeExit
        } else if gain <= -config.stop_share {
            Intent::Stop
        } else if gain >= config.target_share {
            Intent::Target
        } else {
            continue;
        };
        let Some(symbol) = chains.row(*contract).map(|row| chains.owner(row)) else {
            continue;
        };
        exits.push(Signal {
            id: SignalId {
                tick: tick.number,
                place: 0,
            },
            strategy: holding.strategy,
            symbol,
            contract: *contract,
            terms: *terms,
            intent,
            direction: match terms.right {
                Right::Call => Direction::Down,
                Right::Put => Direction::Up,
            },
            side: Side::Sell,
            quantity,
            limit: quote.bid,
            confidence: Confidence::from_points(100.0),
            features: vec![Feature {
                name: "gain",
                value: gain,
                points: 0.0,
            }],
            at: tick.now,
        });
    }
    exits.sort_by_key(|signal| signal.contract);
    for signal in exits {
        signals.propose(&tick, signal);
    }
}
