//! Orders that depend on each other: the legs of an entry, and groups whose fills are taken off
//! each other.
//!
//! A leg waits until its entry is filled. What a partial fill of the entry releases is not
//! documented by the broker, so both readings are modelled, see [`LegRelease`]. When an entry ends
//! unfilled its legs end with it. The legs of an entry are a group even if they name none.

use super::LegRelease;
use super::checks::Refusal;
use super::core::{Core, Due};
use crate::gateway_faults::GatewayFault;
use components::order::{Order, OrderId, PermId};
use engine::report::Report;

/// A fill may be taken off the others so much later when a fault wants it.
const RACE_MS: u64 = 120_000;

impl Core {
    /// Contracts of a new order that may be filled at once.
    pub(crate) fn released_at_first(&self, order: &Order) -> Result<u32, Refusal> {
        let Some(parent) = order.parent else {
            return Ok(order.quantity);
        };
        let is_live = self.book.newest(parent).is_some();
        let is_filled = self.filled_of(parent).is_some_and(|(filled, _)| filled > 0);
        if !is_live && !is_filled {
            return Err(Refusal {
                code: 201,
                reason: format!("parent {parent} is not there"),
            });
        }
        Ok(self.released_by(parent, order.quantity))
    }

    /// Contracts of an entry that are filled, and all of them.
    fn filled_of(&self, entry: OrderId) -> Option<(u32, u32)> {
        let known = self.book.known.get(&entry)?;
        let order = self.ledger.orders.get(known.first)?;
        Some((known.filled.min(order.quantity), order.quantity))
    }

    /// Contracts of a leg of `quantity` that the fills of its entry release.
    fn released_by(&self, entry: OrderId, quantity: u32) -> u32 {
        let Some((filled, all)) = self.filled_of(entry) else {
            return 0;
        };
        if filled >= all {
            return quantity;
        }
        match self.config.legs {
            LegRelease::Proportional => {
                let part = u64::from(quantity) * u64::from(filled) / u64::from(all.max(1));
                u32::try_from(part).unwrap_or(quantity)
            }
            LegRelease::AfterFull => 0,
        }
    }

    /// Lets the legs of an entry work as far as it is filled.
    pub(crate) fn release_legs(&mut self, entry: OrderId) {
        for perm in self.book.legs.get(&entry).cloned().unwrap_or_default() {
            let Some(held) = self.book.held.get(&perm) else {
                continue;
            };
            let original = held.order.quantity.saturating_add(held.reduced);
            let released = self.released_by(entry, original);
            if let Some(held) = self.book.held.get_mut(&perm) {
                held.released = released.saturating_sub(held.reduced).max(held.filled);
            }
            self.sync(perm);
            self.sweep_order(perm);
        }
    }

    /// An order has ended: the legs that waited for it end, or are cut to what it was filled.
    pub(crate) fn entry_ended(&mut self, entry: OrderId) {
        if self.book.newest(entry).is_some() {
            return;
        }
        let (filled, all) = self.filled_of(entry).unwrap_or_default();
        if filled > 0 && filled >= all {
            return;
        }
        for perm in self.book.legs.get(&entry).cloned().unwrap_or_default() {
            let is_cut = filled > 0 && self.config.legs == LegRelease::Proportional;
            let Some(held) = self.book.held.get_mut(&perm).filter(|_| is_cut) else {
                self.finish(perm);
                continue;
            };
            held.order.quantity = held.order.quantity.min(held.released);
            self.changed(perm);
        }
    }

    /// Takes what `perm` was filled off the others of its group.
    pub(crate) fn reduce_siblings(&mut self, group: OrderId, perm: PermId, fill: u32) {
        if self
            .book
            .racing
            .get(&group)
            .is_some_and(|first| *first != perm)
        {
            self.dice.counts.note("both_legs_filled");
        }
        let others = self.book.groups.get(&group);
        if !others.is_some_and(|perms| perms.iter().any(|other| *other != perm)) {
            return;
        }
        if self.dice.hits(GatewayFault::BothLegs, "filled") {
            self.book.racing.insert(group, perm);
            let late = 1 + self.dice.millis(GatewayFault::BothLegs, RACE_MS);
            let due = Due::Reduce { group, perm, fill };
            return self.schedule(self.now.plus_millis(late), due);
        }
        self.reduce_now(group, perm, fill);
    }

    /// Ends the race of a group.
    pub(crate) fn reduce_late(&mut self, group: OrderId, perm: PermId, fill: u32) {
        self.book.racing.remove(&group);
        self.reduce_now(group, perm, fill);
    }

    fn reduce_now(&mut self, group: OrderId, perm: PermId, fill: u32) {
        for other in self.book.groups.get(&group).cloned().unwrap_or_default() {
            let Some(held) = self.book.held.get_mut(&other).filter(|_| other != perm) else {
                continue;
            };
            if held.is_told_over {
                continue;
            }
            let quantity = held.order.quantity.saturating_sub(fill).max(held.filled);
            held.reduced = held.reduced.saturating_add(held.order.quantity - quantity);
            held.order.quantity = quantity;
            held.released = held.released.saturating_sub(fill).max(held.filled);
            self.changed(other);
        }
    }

    /// Says that an order is smaller now, or over.
    fn changed(&mut self, perm: PermId) {
        let Some(held) = self.book.held.get(&perm) else {
            return;
        };
        if held.order.quantity <= held.filled {
            return self.finish(perm);
        }
        if let Some(order) = held.order_id() {
            self.tell(Report::Accepted { order, perm });
        }
        self.sync(perm);
    }
}
