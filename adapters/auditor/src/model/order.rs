//! An order: where it stands by what was said of it, and what it may still do.

use components::order::{Execution, Order as Terms, OrderIntent, OrderKind, OrderStatus, PermId};
use components::units::{Price, Timestamp};
use engine::record::FollowedOrder;
use std::collections::BTreeSet;

/// An order.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// What was intended, with the terms that are in force now.
    pub(crate) intent: OrderIntent,
    /// What was intended at first; more than one only where the number was used again.
    pub(crate) firsts: Vec<Terms>,
    /// Changes that were intended, with their frames' instants.
    pub(crate) changes: Vec<(Timestamp, OrderKind, u32)>,
    /// When the frame of its intent was written.
    pub(crate) intended_at: Timestamp,
    pub(crate) status: OrderStatus,
    /// Contracts of all its executions.
    pub(crate) executed: i128,
    /// What its executions said was filled, the most.
    pub(crate) filled_least: u32,
    pub(crate) perms: BTreeSet<PermId>,
    pub(crate) sent_at: Option<Timestamp>,
    /// When its cancellation was asked for; gone when that was refused.
    pub(crate) cancel_at: Option<Timestamp>,
    /// Every wish to cancel it.
    pub(crate) cancels: Vec<Timestamp>,
    pub(crate) over_at: Timestamp,
    /// Whether it is over but may still be executed, until the broker was asked once more.
    pub(crate) held: bool,
    /// Contracts that its siblings executed since its quantity was last set.
    pub(crate) taken: i128,
    /// When the first of the latest answers that all lack it was asked for.
    pub(crate) absent_since: Option<Timestamp>,
    /// When it last went elsewhere.
    pub(crate) changed_at: Timestamp,
}

impl Order {
    pub(crate) fn new(now: Timestamp, intent: &OrderIntent) -> Self {
        Self {
            intent: *intent,
            firsts: vec![intent.order],
            changes: Vec::new(),
            intended_at: now,
            status: OrderStatus::Intended,
            executed: 0,
            filled_least: 0,
            perms: BTreeSet::new(),
            sent_at: None,
            cancel_at: None,
            cancels: Vec::new(),
            over_at: Timestamp::NEVER,
            held: false,
            taken: 0,
            absent_since: None,
            changed_at: now,
        }
    }

    /// As the session before left it.
    pub(crate) fn carried(followed: &FollowedOrder, executed: i128) -> Self {
        let intent = &followed.intent;
        Self {
            status: followed.status,
            executed,
            filled_least: followed.filled,
            perms: followed.perms.iter().copied().collect(),
            sent_at: followed.sent_at,
            cancel_at: followed.cancel_at,
            cancels: followed.cancel_at.into_iter().collect(),
            held: followed.held,
            ..Self::new(intent.order.at, intent)
        }
    }

    pub(crate) fn terms(&self) -> &Terms {
        &self.intent.order
    }

    pub(crate) fn is_over(&self) -> bool {
        self.status.is_terminal()
    }

    /// Whether it may still be executed as far as anyone can tell.
    pub(crate) fn in_flight(&self) -> bool {
        !self.is_over() || self.held
    }

    /// Whether its cancellation was asked for and is neither confirmed nor refused.
    pub(crate) fn cancel_pending(&self) -> bool {
        self.cancel_at.is_some() && self.in_flight()
    }

    /// Contracts that may still be executed.
    pub(crate) fn unfilled(&self) -> i128 {
        if self.in_flight() {
            (i128::from(self.terms().quantity) - self.executed - self.taken).max(0)
        } else {
            0
        }
    }

    /// When it left, or was to leave.
    pub(crate) fn left_at(&self) -> Timestamp {
        self.sent_at.unwrap_or(self.terms().at)
    }

    /// The price that sets a stop off.
    pub(crate) fn trigger(&self) -> Option<Price> {
        trigger(self.terms().kind)
    }

    pub(crate) fn accept(&mut self, now: Timestamp, perm: PermId) {
        self.meet(perm);
        match self.status {
            OrderStatus::Intended | OrderStatus::Sent | OrderStatus::Unknown => {
                self.go(now, OrderStatus::Working);
            }
            OrderStatus::NotReceived => {
                self.held = true;
                self.over_at = now;
            }
            _ => {}
        }
    }

    pub(crate) fn execute(&mut self, now: Timestamp, execution: &Execution, by: i128) {
        self.meet(execution.perm);
        self.executed += by;
        let quantity = self.terms().quantity;
        self.filled_least = self.filled_least.max(execution.cumulative.min(quantity));
        if self.is_over() {
            let left = i128::from(quantity) - self.executed - self.taken > 0;
            self.held |= by > 0 && left && self.status != OrderStatus::Filled;
            self.over_at = now;
        } else if self.executed >= i128::from(quantity) || self.filled_least >= quantity {
            self.go(now, OrderStatus::Filled);
        } else {
            self.go(now, OrderStatus::Working);
        }
    }

    pub(crate) fn cancel(&mut self, now: Timestamp, perm: Option<PermId>) {
        self.perms.extend(perm);
        if !self.is_over() {
            let ended = if self.perms.len() > 1 {
                // One of the two is over: the wish was heard, and says nothing of the other.
                self.cancel_at = None;
                OrderStatus::Unknown
            } else {
                OrderStatus::Cancelled
            };
            self.go(now, ended);
        }
    }

    pub(crate) fn reject(&mut self, now: Timestamp) {
        if !self.is_over() {
            let was_there = !self.perms.is_empty() || self.executed > 0;
            self.go(now, OrderStatus::Rejected);
            self.held &= was_there;
        }
    }

    pub(crate) fn sent(&mut self, now: Timestamp) {
        self.sent_at.get_or_insert(now);
        if self.status == OrderStatus::Intended {
            self.go(now, OrderStatus::Sent);
        }
    }

    pub(crate) fn ask_cancel(&mut self, now: Timestamp) {
        self.cancels.push(now);
        if !self.is_over() {
            self.cancel_at = Some(now);
        }
    }

    pub(crate) fn modify(&mut self, now: Timestamp, kind: OrderKind, quantity: u32) {
        self.changes.push((now, kind, quantity));
        if !self.is_over() {
            self.intent.order.kind = kind;
            self.intent.order.quantity = quantity.max(self.filled_least);
            self.taken = 0;
        }
    }

    pub(crate) fn go(&mut self, now: Timestamp, to: OrderStatus) {
        if self.is_over() || self.status == to {
            return;
        }
        self.status = to;
        self.changed_at = now;
        if to.is_terminal() {
            self.over_at = now;
            self.held = i128::from(self.terms().quantity) - self.executed - self.taken > 0
                && to != OrderStatus::Filled;
        }
    }

    fn meet(&mut self, perm: PermId) {
        self.perms.insert(perm);
    }
}

/// The price that sets a stop off.
pub(crate) fn trigger(kind: OrderKind) -> Option<Price> {
    match kind {
        OrderKind::Stop(stop) | OrderKind::StopLimit { stop, .. } => Some(stop),
        OrderKind::Limit(_) | OrderKind::Market => None,
    }
}
