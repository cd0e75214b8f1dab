//! The orders at the broker: those that may still do something, and what became of the others.

use super::core::Core;
use crate::broker_ledger::{FinalState, Origin};
use crate::resting::Resting;
use crate::venue::Instrument;
use components::contract::ContractId;
use components::order::{Order, OrderId, OrderKind, PermId};
use components::units::Cash;
use std::collections::BTreeMap;

/// The first permanent number.
const PERM_FIRST: u64 = 1_000_001;

/// Orders by permanent number. Live orders are bounded by `WORKING_MAX`; of those that are over
/// only the place in the ledger is kept, which is bounded itself.
#[derive(Debug, Default)]
pub(crate) struct OrderBook {
    pub(crate) held: BTreeMap<PermId, Held>,
    /// The live ones of each order of the client: one, if all is well.
    pub(crate) live: BTreeMap<OrderId, Vec<PermId>>,
    /// The legs that wait for or protect an entry, by entry.
    pub(crate) legs: BTreeMap<OrderId, Vec<PermId>>,
    /// The orders of a group, by group.
    pub(crate) groups: BTreeMap<OrderId, Vec<PermId>>,
    /// Groups in which a fill has not been taken off the others yet, by who was filled.
    pub(crate) racing: BTreeMap<OrderId, PermId>,
    /// Every order of the client ever taken.
    pub(crate) known: BTreeMap<OrderId, Known>,
    /// Places in the ledger of the orders that ended today.
    pub(crate) ended: Vec<usize>,
    /// Orders that were refused today and are listed as completed.
    pub(crate) refused: Vec<(OrderId, PermId)>,
    /// The highest number seen.
    pub(crate) highest: Option<OrderId>,
    /// What a gateway that restarted offers instead of one more than the highest.
    pub(crate) rolled_back: Option<OrderId>,
    perms: u64,
}

/// An order that may still do something.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) perm: PermId,
    pub(crate) origin: Origin,
    /// Its terms as they are now.
    pub(crate) order: Order,
    pub(crate) contract: ContractId,
    pub(crate) instrument: Instrument,
    /// How it may be executed, its stop triggered or not.
    pub(crate) kind: OrderKind,
    pub(crate) filled: u32,
    /// Contracts that siblings took off it.
    pub(crate) reduced: u32,
    /// Contracts that may be filled by now: all, but for a leg whose entry is not filled.
    pub(crate) released: u32,
    /// Never filled beyond this.
    pub(crate) stuck_at: Option<u32>,
    /// Reported as cancelled while the exchange goes on filling it.
    pub(crate) is_told_over: bool,
    pub(crate) fees: Fees,
    /// Its place in the ledger.
    pub(crate) place: usize,
}

/// An order of the client that was taken once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// The place in the ledger of what arrived under its number first, and last.
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// Contracts filled in all.
    pub(crate) filled: u32,
}

/// What an order has been charged for so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fees {
    pub(crate) contracts: i64,
    pub(crate) charged: Cash,
}

impl Held {
    /// Contracts that may be filled now.
    pub(crate) fn left(&self) -> u32 {
        let most = self.released.min(self.order.quantity);
        let most = self.stuck_at.map_or(most, |stuck| most.min(stuck));
        most.saturating_sub(self.filled)
    }

    /// The order of the client that it is.
    pub(crate) fn order_id(&self) -> Option<OrderId> {
        (self.origin == Origin::Client).then_some(self.order.id)
    }

    /// The group whose fills are taken off each other: legs of an entry are one.
    pub(crate) fn group(&self) -> Option<OrderId> {
        self.order.oca.or(self.order.parent)
    }

    pub(crate) fn resting(&self) -> Resting {
        Resting {
            perm: self.perm,
            contract: self.contract,
            side: self.order.side,
            kind: self.kind,
            left: self.left(),
        }
    }

    /// The word for the state that a fault meets it in.
    pub(crate) fn state(&self) -> &'static str {
        if self.is_told_over {
            "cancelled"
        } else if self.released == 0 {
            "waiting"
        } else if self.filled > 0 {
            "partial"
        } else {
            "working"
        }
    }
}

impl OrderBook {
    /// A permanent number that was never used.
    pub(crate) fn next_perm(&mut self) -> PermId {
        self.perms += 1;
        PermId(PERM_FIRST + self.perms - 1)
    }

    /// The number that the broker would give the next order.
    pub(crate) fn offered(&self) -> OrderId {
        let next = self.highest.map_or(1, |highest| highest.0 + 1);
        self.rolled_back.unwrap_or(OrderId(next))
    }

    /// The one of the client's orders `order` that was placed last and is not over.
    pub(crate) fn newest(&self, order: OrderId) -> Option<PermId> {
        let live = self.live.get(&order)?;
        let is_live = |perm: &&PermId| self.held.get(perm).is_some_and(|h| !h.is_told_over);
        live.iter().rev().find(is_live).copied()
    }

    /// Takes an order in.
    pub(crate) fn insert(&mut self, held: Held) {
        if let Some(order) = held.order_id() {
            self.live.entry(order).or_default().push(held.perm);
            let known = self.known.entry(order).or_insert(Known {
                first: held.place,
                last: held.place,
                filled: 0,
            });
            known.last = held.place;
            if let Some(parent) = held.order.parent {
                self.legs.entry(parent).or_default().push(held.perm);
            }
            if let Some(group) = held.group() {
                self.groups.entry(group).or_default().push(held.perm);
            }
        }
        self.held.insert(held.perm, held);
    }

    /// Takes an order out.
    pub(crate) fn remove(&mut self, perm: PermId) -> Option<Held> {
        let held = self.held.remove(&perm)?;
        if let Some(order) = held.order_id() {
            drop_from(&mut self.live, order, perm);
            if let Some(parent) = held.order.parent {
                drop_from(&mut self.legs, parent, perm);
            }
            if let Some(group) = held.group() {
                drop_from(&mut self.groups, group, perm);
            }
        }
        Some(held)
    }
}

fn drop_from(map: &mut BTreeMap<OrderId, Vec<PermId>>, order: OrderId, perm: PermId) {
    if let Some(perms) = map.get_mut(&order) {
        perms.retain(|other| *other != perm);
        if perms.is_empty() {
            map.remove(&order);
        }
    }
}

impl Core {
    /// The word for the state of an order of the client.
    pub(crate) fn state_of(&self, order: OrderId) -> &'static str {
        let live = self.book.live.get(&order).and_then(|perms| perms.last());
        if let Some(held) = live.and_then(|perm| self.book.held.get(perm)) {
            return held.state();
        }
        let known = self.book.known.get(&order);
        let end = known.and_then(|known| self.ledger.orders.get(known.last)?.end);
        end.map_or("unknown", |(_, state)| state.name())
    }

    /// Lets the venue hold exactly what may be filled of an order now.
    pub(crate) fn sync(&mut self, perm: PermId) {
        let Some(held) = self.book.held.get_mut(&perm) else {
            return;
        };
        if held.left() == 0 {
            if let Some(resting) = self.venue.remove(perm) {
                held.kind = resting.kind;
            }
        } else {
            self.venue.hold(held.resting(), held.instrument);
        }
        if let Some(order) = self.ledger.orders.get_mut(held.place) {
            order.quantity = held.order.quantity;
            order.kind = held.order.kind;
        }
    }

    /// Ends an order as `state`, without a word.
    pub(crate) fn close(&mut self, perm: PermId, state: FinalState) -> Option<Held> {
        self.venue.remove(perm);
        let held = self.book.remove(perm)?;
        if let Some(order) = self.ledger.orders.get_mut(held.place) {
            if order.end.is_none() {
                order.end = Some((self.now, state));
                if state != FinalState::Lost {
                    self.book.ended.push(held.place);
                }
            }
            order.quantity = held.order.quantity;
        }
        Some(held)
    }
}
