//! Orders, positions and money, from what the broker reports and from nothing else.

use crate::chains::Chains;
use bevy_ecs::prelude::*;
use components::contract::{ContractId, OptionTerms, Right, Settlement};
use components::market::{Quote, Side, Spot, SymbolId};
use components::order::{Fill, Order, OrderId, OrderStatus, Position};
use components::signal::{Intent, SignalId};
use components::units::{Cash, Price, Timestamp};
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::event::{Event, EventKind};
use engine::inbox::Inbox;
use engine::phase::Phase;
use engine::plugin::Plugin;
use engine::transcript::Transcript;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The `account` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct AccountConfig {
    /// Money at the start of a simulated run, dollars.
    #[garde(custom(within(0.0, 1e9)))]
    pub cash_usd: f64,
}

impl Section for AccountConfig {
    const NAME: &'static str = "account";
}

/// An order as the engine follows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    /// What was sent.
    pub order: Order,
    /// The contract's terms.
    pub terms: OptionTerms,
    /// The underlying.
    pub symbol: SymbolId,
    /// The strategy that wanted it.
    pub strategy: &'static str,
    /// The signal that became it.
    pub signal: SignalId,
    /// Why it was wanted.
    pub intent: Intent,
    /// Where it stands.
    pub status: OrderStatus,
    /// Contracts filled so far.
    pub filled: u32,
}

impl Followed {
    /// Contracts that may still be filled.
    #[must_use]
    pub fn open_quantity(&self) -> u32 {
        if self.status.is_terminal() {
            0
        } else {
            self.order.quantity - self.filled
        }
    }
}

/// Every order of the run, and how many ended how.
#[derive(Resource, Debug, Default)]
pub struct Orders {
    followed: BTreeMap<OrderId, Followed>,
    executions: BTreeSet<u64>,
    last: u64,
    /// Orders sent.
    pub submitted: u64,
    /// Orders filled in full.
    pub filled: u64,
    /// Orders cancelled or expired, in part or unfilled.
    pub cancelled: u64,
    /// Orders that the broker refused.
    pub rejected: u64,
    /// Reports that name no order of ours or repeat an execution.
    pub odd_reports: u64,
}

impl Orders {
    /// The number of the next order.
    pub(crate) fn next_id(&mut self) -> OrderId {
        self.last += 1;
        OrderId(self.last)
    }

    /// Follows an order from now on.
    pub(crate) fn follow(&mut self, followed: Followed) {
        self.submitted += 1;
        self.followed.insert(followed.order.id, followed);
    }

    /// The orders that are not over, in order of their numbers.
    pub fn open(&self) -> impl Iterator<Item = &Followed> {
        self.followed
            .values()
            .filter(|followed| !followed.status.is_terminal())
    }

    /// One order.
    #[must_use]
    pub fn get(&self, id: OrderId) -> Option<&Followed> {
        self.followed.get(&id)
    }

    /// Forgets orders that are over: at a session's start.
    fn forget_finished(&mut self) {
        self.followed
            .retain(|_, followed| !followed.status.is_terminal());
        self.executions.clear();
    }
}

/// The account.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Money.
    pub cash: Cash,
    /// What the account began with.
    pub initial: Cash,
    /// Profit of closed positions, without fees.
    pub realized: Cash,
    /// Profit of open positions at the price at which they could be closed, without fees.
    pub unrealized: Cash,
    /// Fees paid.
    pub fees: Cash,
    /// Contracts with a position.
    pub positions: u32,
}

impl Account {
    /// Profit after fees.
    #[must_use]
    pub fn profit(&self) -> Cash {
        Cash(self.realized.0 + self.unrealized.0 - self.fees.0)
    }

    /// What the account is worth.
    #[must_use]
    pub fn equity(&self) -> Cash {
        Cash(self.initial.0 + self.profit().0)
    }
}

/// Who holds a position, since when, and on what terms it is left.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(storage = "SparseSet")]
pub struct Holding {
    /// The strategy that opened it.
    pub strategy: &'static str,
    /// When it was opened.
    pub opened_at: Timestamp,
}

/// Adds orders and positions.
#[derive(Debug)]
pub struct PositionsPlugin;

impl Plugin for PositionsPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<AccountConfig>()?;
        let initial = Cash::from_dollars(config.cash_usd).unwrap_or(Cash::ZERO);
        let world = engine.world_mut();
        world.insert_resource(config);
        world.insert_resource(Account {
            cash: initial,
            initial,
            ..Account::default()
        });
        world.init_resource::<Orders>();
        world.init_resource::<Reports>();
        engine
            .add(Phase::Positions, apply_reports)
            .add(Phase::Positions, settle_expired)
            .add(Phase::Positions, mark_positions);
        Ok(())
    }
}

/// What the broker reported in this tick, in the order of the inbox: the few events that later
/// phases need, so that none of them has to look through all.
#[derive(Resource, Clone, Debug, Default)]
pub struct Reports(pub Vec<Event>);

/// Notes and applies the broker's reports of this tick.
pub fn apply_reports(world: &mut World) {
    if world.resource::<Tick>().opens_session {
        world.resource_mut::<Orders>().forget_finished();
    }
    let mut reports = std::mem::take(&mut world.resource_mut::<Reports>().0);
    reports.clear();
    let events = world.resource::<Inbox>().events().iter();
    reports.extend(events.filter(|event| event.is_report()).cloned());
    for report in &reports {
        match &report.kind {
            EventKind::OrderAccepted { order } => {
                change_status(world, *order, OrderStatus::Working, "working");
            }
            EventKind::OrderCancelled { order } => {
                change_status(world, *order, OrderStatus::Cancelled, "cancelled");
            }
            EventKind::OrderRejected { order, reason } => {
                let what = format!("rejected \"{reason}\"");
                change_status(world, *order, OrderStatus::Rejected, &what);
            }
            EventKind::OrderFilled(fill) => apply_fill(world, fill),
            _ => {}
        }
    }
    world.resource_mut::<Reports>().0 = reports;
}

/// Closes positions whose contract has settled, at intrinsic value.
pub fn settle_expired(world: &mut World) {
    // Counted when positions were last marked: what was opened in this very tick settles in the next.
    if world.resource::<Account>().positions == 0 {
        return;
    }
    let now = world.resource::<Tick>().now;
    let mut settled: Vec<(Entity, ContractId, OptionTerms, Position)> = world
        .query::<(Entity, &ContractId, &OptionTerms, &Settlement, &Position)>()
        .iter(world)
        .filter(|(.., settlement, position)| settlement.0 <= now && position.quantity != 0)
        .map(|(entity, contract, terms, _, position)| (entity, *contract, *terms, *position))
        .collect();
    settled.sort_by_key(|(_, contract, ..)| *contract);
    for (entity, contract, terms, mut position) in settled {
        let chains = world.resource::<Chains>();
        let symbol = chains.row(contract).map(|row| chains.owner(row));
        let underlying = symbol.and_then(|symbol| chains.underlying(symbol));
        let spot = underlying
            .and_then(|entity| world.get::<Spot>(entity))
            .and_then(Spot::get);
        let price = spot
            .and_then(Price::from_dollars)
            .map_or(Price::NONE, |spot| {
                let inside = match terms.right {
                    Right::Call => spot.0 - terms.strike.0,
                    Right::Put => terms.strike.0 - spot.0,
                };
                Price(inside.max(0))
            });
        let quantity = position.quantity;
        let side = if quantity > 0 { Side::Sell } else { Side::Buy };
        let closed = position.trade(side, quantity.unsigned_abs(), price, terms.multiplier);
        let mut account = world.resource_mut::<Account>();
        account.cash.0 += closed.cash.0;
        account.realized.0 += closed.realized.0;
        world
            .entity_mut(entity)
            .insert(position)
            .remove::<Holding>();
        world
            .resource_mut::<Digest>()
            .fold(Phase::Positions, closed.cash.0.cast_unsigned());
        world.resource_mut::<Transcript>().line(format_args!(
            "position settled {terms} {quantity} at {price} profit {}",
            closed.realized
        ));
    }
}

/// Marks open positions at the price at which they could be closed: the bid of what is held, the ask
/// of what is owed. A missing side counts as worthless.
pub fn mark_positions(
    mut account: ResMut<Account>,
    mut digest: ResMut<Digest>,
    positions: Query<(&OptionTerms, &Quote, &Position)>,
) {
    let mut unrealized = 0;
    let mut open = 0;
    for (terms, quote, position) in &positions {
        if position.quantity == 0 {
            continue;
        }
        let price = if position.quantity > 0 {
            quote.bid
        } else {
            quote.ask
        };
        let value = Cash::of(price, position.quantity, terms.multiplier).unwrap_or(Cash::ZERO);
        unrealized += value.0 - position.cost.0;
        open += 1;
    }
    account.unrealized = Cash(unrealized);
    account.positions = open;
    if open > 0 {
        digest.fold(Phase::Positions, unrealized.cast_unsigned());
    }
}

/// What a trade did to cash and profit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traded {
    /// Money received, negative is paid; without fees.
    pub cash: Cash,
    /// Profit of what was closed, without fees.
    pub realized: Cash,
}

/// Arithmetic of a position.
pub trait PositionTrade {
    /// Books a trade: average cost, exact to the unit; what is closed takes its share of the cost.
    fn trade(&mut self, side: Side, quantity: u64, price: Price, multiplier: u32) -> Traded;
}

impl PositionTrade for Position {
    fn trade(&mut self, side: Side, quantity: u64, price: Price, multiplier: u32) -> Traded {
        let signed = side.sign() * i64::try_from(quantity).unwrap_or(i64::MAX);
        let value = |quantity| Cash::of(price, quantity, multiplier).unwrap_or(Cash::ZERO);
        let closes = if self.quantity.signum() == -signed.signum() {
            signed.abs().min(self.quantity.abs())
        } else {
            0
        };
        let closed = -closes * signed.signum();
        let cost = if closes == 0 {
            0
        } else {
            let share =
                i128::from(self.cost.0) * i128::from(closes) / i128::from(self.quantity.abs());
            i64::try_from(share).unwrap_or(self.cost.0)
        };
        let realized = Cash(value(closed).0 - cost);
        let opened = signed + closed;
        self.cost = Cash(self.cost.0 - cost + value(opened).0);
        self.quantity += signed;
        self.realized.0 += realized.0;
        Traded {
            cash: Cash(-value(signed).0),
            realized,
        }
    }
}

fn change_status(world: &mut World, id: OrderId, status: OrderStatus, what: &str) {
    let mut orders = world.resource_mut::<Orders>();
    let known = orders
        .followed
        .get(&id)
        .is_some_and(|order| !order.status.is_terminal());
    if !known {
        orders.odd_reports += 1;
        return;
    }
    match status {
        OrderStatus::Cancelled => orders.cancelled += 1,
        OrderStatus::Rejected => orders.rejected += 1,
        _ => {}
    }
    if let Some(followed) = orders.followed.get_mut(&id) {
        followed.status = status;
    }
    world
        .resource_mut::<Transcript>()
        .line(format_args!("order {id} {what}"));
}

fn apply_fill(world: &mut World, fill: &Fill) {
    let mut orders = world.resource_mut::<Orders>();
    let fresh = orders.executions.insert(fill.execution);
    let Some(followed) = orders.followed.get_mut(&fill.order).filter(|_| fresh) else {
        orders.odd_reports += 1;
        return;
    };
    followed.filled = (followed.filled + fill.quantity).min(followed.order.quantity);
    if !followed.status.is_terminal() {
        followed.status = if followed.filled == followed.order.quantity {
            OrderStatus::Filled
        } else {
            OrderStatus::Working
        };
    }
    let followed = followed.clone();
    if followed.status == OrderStatus::Filled {
        orders.filled += 1;
    }
    let Some(entity) = world.resource::<Chains>().entity(fill.contract) else {
        return;
    };
    let mut position = world.get::<Position>(entity).copied().unwrap_or_default();
    let opened = position.quantity == 0;
    let quantity = u64::from(fill.quantity);
    let traded = position.trade(fill.side, quantity, fill.price, followed.terms.multiplier);
    position.fees.0 += fill.fees.0;
    let flat = position.quantity == 0;
    let mut account = world.resource_mut::<Account>();
    account.cash.0 += traded.cash.0 - fill.fees.0;
    account.realized.0 += traded.realized.0;
    account.fees.0 += fill.fees.0;
    let mut contract = world.entity_mut(entity);
    contract.insert(position);
    if flat {
        contract.remove::<Holding>();
    } else if opened {
        contract.insert(Holding {
            strategy: followed.strategy,
            opened_at: fill.at,
        });
    }
    let mut digest = world.resource_mut::<Digest>();
    digest.fold(Phase::Positions, fill.execution);
    digest.fold(Phase::Positions, position.cost.0.cast_unsigned());
    world.resource_mut::<Transcript>().line(format_args!(
        "fill {} {} {} {} at {} fees {} realized {}",
        fill.order,
        fill.side.name(),
        fill.quantity,
        followed.terms,
        fill.price,
        fill.fees,
        traded.realized
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_round_trip_realizes_the_difference() {
        let mut position = Position::default();
        let bought = position.trade(Side::Buy, 3, Price(20_000), 100);
        assert_eq!((bought.cash, bought.realized), (Cash(-6_000_000), Cash(0)));
        let sold = position.trade(Side::Sell, 1, Price(25_000), 100);
        assert_eq!((sold.cash, sold.realized), (Cash(2_500_000), Cash(500_000)));
        assert_eq!((position.quantity, position.cost), (2, Cash(4_000_000)));
        // Selling more than is held closes it and opens a short at the same price.
        let turned = position.trade(Side::Sell, 3, Price(10_000), 100);
        assert_eq!(turned.realized, Cash(-2_000_000));
        assert_eq!((position.quantity, position.cost), (-1, Cash(-1_000_000)));
    }

    proptest! {
        #[test]
        fn money_is_conserved(
            trades in proptest::collection::vec((any::<bool>(), 1_u64..50, 1_i64..90_000), 1..40)
        ) {
            let mut position = Position::default();
            let (mut cash, mut realized) = (0, 0);
            for (buys, quantity, price) in trades {
                let side = if buys { Side::Buy } else { Side::Sell };
                let traded = position.trade(side, quantity, Price(price), 100);
                cash += traded.cash.0;
                realized += traded.realized.0;
                prop_assert_eq!(cash + position.cost.0, realized);
            }
            prop_assert_eq!(position.realized.0, realized);
        }
    }
}
