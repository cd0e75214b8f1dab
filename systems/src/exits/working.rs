//! The orders of a contract that may still trade, and how much may be sold beside them.

use super::rules::Rules;
use components::order::{OrderId, OrderKind, OrderStatus, Role};
use components::price_grid::PriceGrid;
use components::signal::Intent;
use components::units::{Price, Timestamp};
use engine::planted::planted;

/// An order of ours that is not over. Entries buy, all others sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingOrder {
    /// Its number.
    pub id: OrderId,
    /// What it is for.
    pub role: Role,
    /// Why it was wanted.
    pub why: Intent,
    /// How it may be executed, as last wanted.
    pub kind: OrderKind,
    /// Contracts in all, filled ones included, as last wanted and less what fills of others in its
    /// group took off since.
    pub quantity: u32,
    /// The most contracts in all that the broker may still hold it to: more than `quantity` while a
    /// reduction is unanswered.
    pub quantity_most: u32,
    /// The least contracts in all that the broker may hold it to: fewer than `quantity` while an
    /// increase is unanswered.
    pub quantity_least: u32,
    /// Contracts filled.
    pub filled: u32,
    /// Where it stands.
    pub status: OrderStatus,
    /// The entry that it waits for.
    pub parent: Option<OrderId>,
    /// The group of which only one can fill.
    pub oca: Option<OrderId>,
    /// Whether it keeps its terms for now: a change of it is unanswered, or it works twice, where a
    /// change would reach one of the two.
    pub frozen: bool,
    /// Whether its cancellation was asked for and is unanswered.
    pub cancelling: bool,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it was sent or last changed.
    pub changed_at: Timestamp,
}

impl WorkingOrder {
    /// Contracts that are wanted to be filled yet.
    #[must_use]
    pub fn open(&self) -> u32 {
        self.quantity.saturating_sub(self.filled)
    }

    /// Contracts that may be filled yet, whatever was asked for since.
    #[must_use]
    pub fn open_most(&self) -> u32 {
        self.quantity
            .max(self.quantity_most)
            .saturating_sub(self.filled)
    }

    /// Whether it may still trade.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !self.status.is_terminal()
    }

    /// Whether it is a leg of a bracket, or a stop that stands in for one.
    #[must_use]
    pub fn is_leg(&self) -> bool {
        matches!(self.role, Role::Stop | Role::Target)
    }
}

/// Contracts that live orders may sell yet. Of a group only its largest order counts.
#[must_use]
pub fn selling(orders: &[WorkingOrder]) -> u32 {
    let sells = |order: &WorkingOrder| order.is_live() && order.role != Role::Entry;
    let mut total = 0_u32;
    for (place, order) in orders.iter().enumerate() {
        // A group counts once: by its largest order, the first of equals.
        let counted_by_another = order.oca.is_some()
            && orders.iter().enumerate().any(|(at, other)| {
                let larger = order.open_most() < other.open_most()
                    || (order.open_most() == other.open_most() && at < place);
                other.oca == order.oca && sells(other) && larger
            });
        if sells(order) && !counted_by_another {
            total = total.saturating_add(order.open_most());
        }
    }
    total
}

/// Contracts that a new order may sell: what is held less what others may sell already (I19).
#[must_use]
pub fn closable(held: u32, orders: &[WorkingOrder], foreign_selling: u32) -> u32 {
    if planted(19) {
        // I19: orders that work are forgotten, so more is sold than is held.
        return held;
    }
    held.saturating_sub(selling(orders).saturating_add(foreign_selling))
}

/// The limit of a stop order: a share of the stop below it, at least a tick, and above 0; not below
/// the cost of a contract where the stop has locked it.
#[must_use]
pub fn stop_limit(stop: Price, entry: Price, rules: &Rules, grid: PriceGrid) -> OrderKind {
    let wanted = grid.floor(rules.stop_limit.of(stop)).min(grid.below(stop));
    let cost = grid.ceil(entry);
    let limit = if entry.is_some() && cost <= stop {
        wanted.max(cost)
    } else {
        wanted
    };
    OrderKind::StopLimit {
        stop,
        limit: limit.max(grid.lowest()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::config::tests::section;
    use super::super::working_order;
    use super::*;
    use crate::ledger::Ledger;
    use components::contract::{Contract, OptionTerms};
    use components::market::{Side, Ticker};
    use components::order::{Fingerprint, Order, OrderIntent, PermId};
    use components::signal::{SignalId, StrategyName};
    use components::units::Cash;
    use engine::record::Record;
    use engine::report::Report;

    /// A live order that was acknowledged long ago.
    pub(crate) fn order(id: u64, role: Role, kind: OrderKind, quantity: u32) -> WorkingOrder {
        WorkingOrder {
            id: OrderId(id),
            role,
            why: match role {
                Role::Entry => Intent::Open,
                Role::Stop => Intent::Stop,
                Role::Target => Intent::Target,
                Role::Exit => Intent::TimeExit,
            },
            kind,
            quantity,
            quantity_most: quantity,
            quantity_least: quantity,
            filled: 0,
            status: OrderStatus::Working,
            parent: None,
            oca: None,
            frozen: false,
            cancelling: false,
            sent_at: Timestamp(0),
            changed_at: Timestamp(0),
        }
    }

    #[test]
    fn an_order_that_works_twice_is_not_changed() {
        let limit = OrderKind::Limit(Price(20_000));
        let intent = OrderIntent {
            order: Order {
                id: OrderId(1),
                contract: Contract {
                    underlying: Ticker::new("SPY").unwrap(),
                    terms: OptionTerms::from_osi("SPY   240119C00470000").unwrap(),
                },
                side: Side::Sell,
                quantity: 6,
                kind: limit,
                role: Role::Stop,
                parent: None,
                oca: None,
                at: Timestamp(0),
                good_until: Timestamp(i64::MAX),
            },
            strategy: StrategyName::new("test"),
            signal: SignalId { tick: 0, place: 0 },
            why: Intent::Stop,
            fingerprint: Fingerprint(1),
        };
        let order = OrderId(1);
        let mut ledger = Ledger::new(Cash(0));
        ledger.apply(Timestamp(0), &Record::Intended(intent));
        ledger.apply(Timestamp(0), &Record::Sent { order });
        let mut frozen_after = |perm| {
            let perm = PermId(perm);
            ledger.apply_report(Timestamp(1), &Report::Accepted { order, perm });
            working_order(ledger.order(order).unwrap()).frozen
        };
        assert!(!frozen_after(7));
        assert!(!frozen_after(7), "said again");
        assert!(frozen_after(8));
    }

    #[test]
    fn a_group_counts_once_and_its_largest() {
        let limit = OrderKind::Limit(Price(20_000));
        let mut stop = order(2, Role::Stop, limit, 10);
        let mut target = order(3, Role::Target, limit, 10);
        (stop.oca, target.oca) = (Some(OrderId(1)), Some(OrderId(1)));
        let entry = order(1, Role::Entry, limit, 7);
        assert_eq!(selling(&[entry, stop, target]), 10);
        stop.filled = 4;
        assert_eq!(selling(&[stop, target]), 10);
        let exit = order(4, Role::Exit, limit, 3);
        assert_eq!(selling(&[stop, target, exit]), 13);
        assert_eq!(closable(15, &[stop, target, exit], 1), 1);
        assert_eq!(closable(5, &[stop, target, exit], 0), 0);
    }

    #[test]
    fn a_reduction_counts_when_it_is_answered_and_silence_frees_nothing() {
        let mut stop = order(2, Role::Stop, OrderKind::Limit(Price(20_000)), 6);
        (stop.quantity_most, stop.frozen) = (10, true);
        assert_eq!(closable(10, &[stop], 0), 0);
        stop.quantity_most = 6;
        assert_eq!(closable(10, &[stop], 0), 4);
        (stop.cancelling, stop.status) = (true, OrderStatus::Unknown);
        assert_eq!(closable(10, &[stop], 0), 4);
        stop.status = OrderStatus::Cancelled;
        assert_eq!(closable(10, &[stop], 0), 10);
    }

    #[test]
    fn the_limit_of_a_stop_keeps_what_is_locked() {
        let rules = Rules::from(&section("{}").unwrap());
        let grid = PriceGrid::PENNY;
        let check = |stop, entry, limit| {
            let expected = OrderKind::StopLimit {
                stop: Price(stop),
                limit: Price(limit),
            };
            assert_eq!(
                stop_limit(Price(stop), Price(entry), &rules, grid),
                expected
            );
        };
        check(10_000, 20_000, 8_000);
        check(21_000, 20_000, 20_000);
        check(40_000, 20_000, 32_000);
        check(200, 300, 100);
        check(300, 200, 200);
    }
}
