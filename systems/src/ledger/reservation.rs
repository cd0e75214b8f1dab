//! What orders in flight may still do to positions and money, at worst.
//!
//! Everything counts that may still be filled as far as anyone can tell: intended, sent, working,
//! unknown, asked to be cancelled, over but not yet asked about again. A leg whose entry is not
//! filled closes nothing yet; of a stop and a target of one group only the larger counts, once.
//! Each question costs as many steps as there are orders in flight.

use crate::ledger::Ledger;
use crate::ledger::order::LedgerOrder;
use components::contract::{Contract, Instrument};
use components::market::Side;
use components::order::{Fingerprint, OrderId, OrderStatus, Role};
use components::units::{Cash, Price};
use engine::report::OpenOrder;
use std::collections::BTreeMap;

/// What one order of ours may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The order.
    pub order: OrderId,
    /// The contract.
    pub contract: Contract,
    /// What it is for.
    pub role: Role,
    /// Buy or sell.
    pub side: Side,
    /// Contracts that may still be executed.
    pub quantity: u64,
    /// The worst price, if it has one.
    pub price: Option<Price>,
}

impl Reservation {
    /// Money that leaves if it is executed in full at its worst price: none for what is sold.
    /// `None` where it has no worst price or the amount does not fit.
    #[must_use]
    pub fn premium(&self) -> Option<Cash> {
        if self.side == Side::Sell || self.quantity == 0 {
            return Some(Cash::ZERO);
        }
        let quantity = i64::try_from(self.quantity).ok()?;
        Cash::of(self.price?, quantity, self.contract.terms.multiplier)
    }
}

/// Between what a position may end up, if any part of what is in flight is executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HoldingRange {
    /// Units at least: everything sold, nothing bought.
    pub least: i64,
    /// Units at most: everything bought, nothing sold.
    pub most: i64,
}

/// Stops that rest at the broker for a contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Contracts that stops protect which the broker is known to have.
    pub working: u64,
    /// Contracts that stops will protect if they arrive, or may protect.
    pub pending: u64,
}

impl Ledger {
    /// Orders that are not over, in order of their numbers.
    pub fn open_orders(&self) -> impl Iterator<Item = &LedgerOrder> {
        self.orders
            .in_flight()
            .filter(|order| !order.status().is_terminal())
    }

    /// Orders that may still be executed, in order of their numbers: those that are open and those
    /// that are over but were not yet asked about again.
    pub fn orders_in_flight(&self) -> impl Iterator<Item = &LedgerOrder> {
        self.orders.in_flight()
    }

    /// What every order in flight may still do, in order of their numbers.
    pub fn reservations(&self) -> impl Iterator<Item = Reservation> {
        self.orders.in_flight().map(|order| Reservation {
            order: order.id(),
            contract: order.contract(),
            role: order.role(),
            side: order.side(),
            quantity: order.unfilled(),
            price: order.worst_price(),
        })
    }

    /// Orders of others that work at the broker, as of its last answer.
    pub fn foreign_orders(&self) -> impl Iterator<Item = &OpenOrder> {
        self.foreign.values()
    }

    /// Money that leaves if everything that opens is executed at its worst price, others' orders
    /// included, by instrument. `None` if one has no worst price or a sum does not fit: nothing may
    /// be opened.
    #[must_use]
    pub fn premiums_wanted(&self) -> Option<BTreeMap<Instrument, Cash>> {
        let mut sums: BTreeMap<Instrument, Cash> = BTreeMap::new();
        let mut add = |instrument, premium| {
            let sum = sums.entry(instrument).or_default();
            *sum = sum.checked_add(premium)?;
            Some(())
        };
        for wanted in self.reservations() {
            if wanted.role == Role::Entry {
                add(Instrument::Option(wanted.contract), wanted.premium()?)?;
            }
        }
        for order in self.foreign.values() {
            let left = i64::from(order.quantity.saturating_sub(order.filled));
            if order.side == Side::Buy && left > 0 {
                let multiplier = order.instrument.multiplier();
                add(order.instrument, Cash::of(order.limit?, left, multiplier)?)?;
            }
        }
        Some(sums)
    }

    /// Between what a position may end up. Legs of one group count once, and not before their entry
    /// is filled.
    #[must_use]
    pub fn holding_range(&self, instrument: &Instrument) -> HoldingRange {
        let held = self.positions.quantity(instrument);
        let flat = HoldingRange {
            least: held,
            most: held,
        };
        let found = self.ranges(|other| other == instrument);
        found.get(instrument).copied().unwrap_or(flat)
    }

    /// The same of every position that is held or wanted, in one pass over the orders in flight.
    #[must_use]
    pub fn holding_ranges(&self) -> BTreeMap<Instrument, HoldingRange> {
        self.ranges(|_| true)
    }

    fn ranges(&self, of: impl Fn(&Instrument) -> bool) -> BTreeMap<Instrument, HoldingRange> {
        let mut moves: BTreeMap<Instrument, (u64, u64)> = BTreeMap::new();
        let mut add = |instrument, side, quantity: u64| {
            let (bought, sold): &mut (u64, u64) = moves.entry(instrument).or_default();
            match side {
                Side::Buy => *bought = bought.saturating_add(quantity),
                Side::Sell => *sold = sold.saturating_add(quantity),
            }
        };
        for order in self.foreign.values().filter(|o| of(&o.instrument)) {
            let left = u64::from(order.quantity.saturating_sub(order.filled));
            add(order.instrument, order.side, left);
        }
        let mut groups: BTreeMap<(Contract, bool, OrderId), u64> = BTreeMap::new();
        for order in self.orders.in_flight() {
            let instrument = Instrument::Option(order.contract());
            if !of(&instrument) {
                continue;
            }
            if order.role() == Role::Entry {
                add(instrument, order.side(), order.unfilled());
            } else {
                let group = order.followed.intent.order.oca.unwrap_or(order.id());
                let buys = order.side() == Side::Buy;
                let largest = groups.entry((order.contract(), buys, group)).or_default();
                *largest = (*largest).max(self.closes(order));
            }
        }
        for ((contract, buys, _), quantity) in groups {
            let side = if buys { Side::Buy } else { Side::Sell };
            add(Instrument::Option(contract), side, quantity);
        }
        for (instrument, _) in self.positions() {
            if of(instrument) {
                moves.entry(*instrument).or_default();
            }
        }
        let signed = |quantity: u64| i64::try_from(quantity).unwrap_or(i64::MAX);
        moves
            .into_iter()
            .map(|(instrument, (bought, sold))| {
                let held = self.positions.quantity(&instrument);
                let range = HoldingRange {
                    least: held.saturating_sub(signed(sold)),
                    most: held.saturating_add(signed(bought)),
                };
                (instrument, range)
            })
            .collect()
    }

    /// Contracts that resting stops protect.
    #[must_use]
    pub fn protection(&self, contract: &Contract) -> Protection {
        let mut protection = Protection::default();
        let stops = self
            .open_orders()
            .filter(|order| order.contract() == *contract && order.role() == Role::Stop);
        for order in stops {
            let quantity = self.closes(order);
            if order.status() == OrderStatus::Working && !order.cancel_pending() {
                protection.working += quantity;
            } else {
                protection.pending += quantity;
            }
        }
        protection
    }

    /// The opening order of this fingerprint that may still be executed.
    #[must_use]
    pub fn live_opening(&self, fingerprint: Fingerprint) -> Option<OrderId> {
        self.orders.live_with(fingerprint)
    }

    /// Contracts that a closing order can close by now: those of a leg are bounded by what its
    /// entry was filled less what the legs have closed.
    fn closes(&self, order: &LedgerOrder) -> u64 {
        let left = order.unfilled();
        let parent = order.followed.intent.order.parent;
        let Some(entry) = parent.and_then(|parent| self.orders.get(parent)) else {
            return left;
        };
        let closed = self
            .orders
            .siblings(order.id())
            .filter(|sibling| sibling.role().reduces_risk())
            .fold(order.executed, |sum, sibling| {
                sum.saturating_add(sibling.executed)
            });
        left.min(entry.executed.saturating_sub(closed))
    }
}
