//! The dispatcher's own last gate: what leaves must have been intended, once, and not too fast.
//!
//! It shares no code with risk on purpose (the Knight check): it knows the intents that are
//! durable, marks each as spent when it leaves, and compares count, contracts and notional that
//! left with those that were intended. Whatever does not match shuts it for opening orders and is a
//! reason to halt with `Cause::Gate`.
//!
//! Speed (I12): at most 5 orders and 40 messages in any second, counted over the second that ends
//! now (a token bucket of 5 would let 10 pass within one). Opening orders may use only what is not
//! reserved, so that what closes is never behind them; cancellations have a reserve of messages
//! that orders never touch. Dispatch asks in the order of [`Urgency`]. Ceilings per second, minute
//! and day stop opening orders, and at twice the ceiling everything but cancellations.
//!
//! Bounded by the orders of a day and those that stay open beyond it.
//!
//! [`Urgency`]: crate::risk::gate::Urgency

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use super::throttle::{Throttle, Window};
use super::totals::Totals;
use components::order::{Order, OrderId, OrderIntent, OrderKind, Role};
use components::units::{Cash, Timestamp};
use engine::config::{Problems, Section, within};
use engine::planted::planted;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The most orders of one group: an entry with its stop and its target.
const GROUP_MAX: u32 = 3;

/// The `gate` section of the config.
#[derive(Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct GateConfig {
    /// Orders in any second.
    #[garde(custom(within(3, 50)))]
    pub orders_per_s: u32,
    /// Of these, kept for orders that close or protect.
    #[garde(custom(within(0, 47)))]
    pub orders_reserved: u32,
    /// Messages in any second: orders, changes, cancellations, queries.
    #[garde(custom(within(4, 50)))]
    pub messages_per_s: u32,
    /// Of these, kept for cancellations.
    #[garde(custom(within(1, 46)))]
    pub messages_reserved: u32,
    /// Orders in any minute.
    #[garde(custom(within(1, 3_000)))]
    pub orders_per_min_max: u32,
    /// Orders in a session.
    #[garde(custom(within(1, 100_000)))]
    pub orders_per_day_max: u32,
    /// Notional of orders in any second, dollars.
    #[garde(custom(within(0.0, 1e9)))]
    pub notional_per_s_max_usd: f64,
    /// Notional of orders in any minute, dollars.
    #[garde(custom(within(0.0, 1e9)))]
    pub notional_per_min_max_usd: f64,
    /// Notional of orders in a session, dollars.
    #[garde(custom(within(0.0, 1e10)))]
    pub notional_per_day_max_usd: f64,
}

impl GateConfig {
    /// Messages in any second that are not cancellations.
    fn messages_free(&self) -> u32 {
        self.messages_per_s.saturating_sub(self.messages_reserved)
    }
}

impl Section for GateConfig {
    const NAME: &'static str = "gate";

    fn check(&self, problems: &mut Problems<'_>) {
        if self.orders_per_s < self.orders_reserved.saturating_add(GROUP_MAX) {
            let most = format!(
                "must leave {GROUP_MAX} of orders_per_s ({}) for an entry and its legs",
                self.orders_per_s
            );
            problems.refuse("orders_reserved", &most);
        }
        if self.messages_per_s < self.messages_reserved.saturating_add(GROUP_MAX) {
            let most = format!(
                "must leave {GROUP_MAX} of messages_per_s ({}) for an entry and its legs",
                self.messages_per_s
            );
            problems.refuse("messages_reserved", &most);
        }
    }
}

/// In which order Dispatch asks the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Cancellations, halts before all else.
    Cancel,
    /// What closes or protects a position, and its changes.
    Reduce,
    /// Queries.
    Ask,
    /// What opens a position.
    Open,
}

/// The urgency of a group of orders: that of its most harmless member would hide an entry.
#[must_use]
pub fn urgency(group: &[Order]) -> Urgency {
    if group.iter().any(|order| order.role == Role::Entry) {
        Urgency::Open
    } else {
        Urgency::Reduce
    }
}

/// Why something may not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Not now: ask again at this instant.
    Wait(Timestamp),
    /// Not at all, and the gate is shut for opening orders now.
    Refused(Refusal),
}

/// What must never happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No durable intent has its number.
    NotIntended,
    /// It differs from what was intended.
    Differs,
    /// It has left before.
    Spent,
    /// More would have left than was intended.
    MoreThanIntended,
    /// It has no limit.
    NoLimit,
    /// A ceiling per second, minute or session.
    Ceiling,
    /// The gate was shut before.
    Shut,
}

impl Refusal {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotIntended => "gate_not_intended",
            Self::Differs => "gate_differs",
            Self::Spent => "gate_spent",
            Self::MoreThanIntended => "gate_more_than_intended",
            Self::NoLimit => "gate_no_limit",
            Self::Ceiling => "gate_ceiling",
            Self::Shut => "gate_shut",
        }
    }
}

#[derive(Clone, Debug)]
struct Permit {
    order: Order,
    spent: bool,
    /// What a change that has not left would add.
    change: Option<Totals>,
}

/// The gate.
#[derive(Clone, Debug)]
pub struct Gate {
    config: GateConfig,
    permits: BTreeMap<OrderId, Permit>,
    intended: Totals,
    left: Totals,
    orders: Throttle,
    messages: Throttle,
    minute: Window,
    shut: bool,
}

impl Gate {
    /// A gate that lets nothing through yet: nothing is intended.
    #[must_use]
    pub fn new(config: GateConfig) -> Self {
        Self {
            orders: Throttle::new(config.orders_per_s),
            messages: Throttle::new(config.messages_per_s),
            minute: Window::default(),
            permits: BTreeMap::new(),
            intended: Totals::default(),
            left: Totals::default(),
            shut: false,
            config,
        }
    }

    /// Begins a session: totals from 0, and of the intents only those that are still open.
    pub fn begin_day(&mut self, mut is_open: impl FnMut(OrderId) -> bool) {
        self.permits.retain(|id, _| is_open(*id));
        self.intended = Totals::default();
        self.left = Totals::default();
    }

    /// Takes an intent that is durable. One number is taken once: whatever comes again under it
    /// changes nothing.
    pub fn intend(&mut self, intent: &OrderIntent) {
        let order = intent.order;
        if let std::collections::btree_map::Entry::Vacant(place) = self.permits.entry(order.id) {
            self.intended = self.intended.plus(Totals::of(&order));
            place.insert(Permit {
                order,
                spent: false,
                change: None,
            });
        }
    }

    /// Takes a change of an intended order that is durable; a number that is not known is left out.
    /// Of several that have not left yet only the last may.
    pub fn intend_change(&mut self, id: OrderId, kind: OrderKind, quantity: u32) {
        if let Some(permit) = self.permits.get_mut(&id) {
            let before = Totals::of(&permit.order);
            permit.order = Order {
                kind,
                quantity,
                ..permit.order
            };
            let growth = Totals::of(&permit.order).beyond(before);
            self.intended = self.intended.plus(growth);
            if permit.spent {
                permit.change = Some(permit.change.unwrap_or_default().plus(growth));
            }
        }
    }

    /// Takes an order that left, or may have left, before a restart: it is spent.
    pub fn restore(&mut self, intent: &OrderIntent) {
        self.intend(intent);
        if let Some(permit) = self.permits.get_mut(&intent.order.id).filter(|p| !p.spent) {
            permit.spent = true;
            self.left = self.left.plus(Totals::of(&permit.order));
        }
    }

    /// Lets orders that belong together leave, all or none, and counts them.
    ///
    /// # Errors
    /// [`Stopped::Wait`] when they would be too fast, [`Stopped::Refused`] when they must not
    /// leave: the gate is shut for opening orders then.
    pub fn release(&mut self, group: &[Order], now: Timestamp) -> Result<(), Stopped> {
        if let Err(refusal) = self.check(group, now) {
            self.shut = true;
            return Err(Stopped::Refused(refusal));
        }
        let urgent = urgency(group) != Urgency::Open;
        self.wait(group.len(), urgent, now)?;
        for order in group {
            let totals = Totals::of(order);
            self.orders.note(now);
            self.messages.note(now);
            // Breaks I9: nothing is marked as spent or counted, so that an order may leave twice.
            if planted(9) {
                continue;
            }
            self.minute.note(now, totals.notional);
            self.left = self.left.plus(totals);
            if let Some(permit) = self.permits.get_mut(&order.id) {
                permit.spent = true;
            }
        }
        Ok(())
    }

    /// Lets a change of an order leave that is as intended.
    ///
    /// # Errors
    /// As [`Gate::release`].
    pub fn release_change(&mut self, order: &Order, now: Timestamp) -> Result<(), Stopped> {
        let permit = self.permits.get(&order.id);
        let refusal = match permit {
            None => Some(Refusal::NotIntended),
            Some(permit) if permit.order != *order => Some(Refusal::Differs),
            Some(permit) if permit.change.is_none() => Some(Refusal::Spent),
            Some(_) if order.kind.limit().is_none() => Some(Refusal::NoLimit),
            Some(_) => None,
        };
        if let Some(refusal) = refusal {
            self.shut = true;
            return Err(Stopped::Refused(refusal));
        }
        let free = self.config.messages_free();
        self.messages.wait(now, 1, free).map_or(Ok(()), Err)?;
        self.messages.note(now);
        if let Some(permit) = self.permits.get_mut(&order.id) {
            let growth = permit.change.take().unwrap_or_default();
            self.left = self.left.plus(growth);
        }
        Ok(())
    }

    /// Lets a cancellation leave. It needs no intent, no order stands in its way, and a gate that
    /// is shut lets it pass.
    ///
    /// # Errors
    /// [`Stopped::Wait`] only when cancellations alone have used up the messages of a second.
    pub fn release_cancel(&mut self, now: Timestamp) -> Result<(), Stopped> {
        let all = self.config.messages_per_s;
        self.messages.wait(now, 1, all).map_or(Ok(()), Err)?;
        self.messages.note(now);
        Ok(())
    }

    /// Lets a query leave.
    ///
    /// # Errors
    /// [`Stopped::Wait`] when there were too many messages.
    pub fn release_query(&mut self, now: Timestamp) -> Result<(), Stopped> {
        let free = self.config.messages_free();
        self.messages.wait(now, 1, free).map_or(Ok(()), Err)?;
        self.messages.note(now);
        Ok(())
    }

    /// Shuts the gate for opening orders.
    pub fn shut(&mut self) {
        self.shut = true;
    }

    /// Opens it again: an operator cleared the halt.
    pub fn reopen(&mut self) {
        self.shut = false;
    }

    /// Whether it is shut for opening orders.
    #[must_use]
    pub fn is_shut(&self) -> bool {
        self.shut
    }

    /// What was intended and what left in this session.
    #[must_use]
    pub fn totals(&self) -> (Totals, Totals) {
        (self.intended, self.left)
    }

    fn check(&self, group: &[Order], now: Timestamp) -> Result<(), Refusal> {
        let opens = urgency(group) == Urgency::Open;
        require(!(opens && self.shut), Refusal::Shut)?;
        let mut more = Totals::default();
        for (place, order) in group.iter().enumerate() {
            require(order.kind.limit().is_some(), Refusal::NoLimit)?;
            let permit = self.permits.get(&order.id).ok_or(Refusal::NotIntended)?;
            require(permit.order == *order, Refusal::Differs)?;
            let twice = group[..place].iter().any(|other| other.id == order.id);
            require(!permit.spent && !twice, Refusal::Spent)?;
            more = more.plus(Totals::of(order));
        }
        let after = self.left.plus(more);
        require(!after.exceeds(self.intended), Refusal::MoreThanIntended)?;
        let factor = if opens { 1 } else { 2 };
        let within = self.is_within(after, more, now, factor);
        require(within, Refusal::Ceiling)
    }

    /// Whether the ceilings, times `factor`, hold after `more`.
    fn is_within(&self, after: Totals, more: Totals, now: Timestamp, factor: i64) -> bool {
        let cash = |usd: f64| {
            let most = Cash::from_dollars(usd).map_or(i64::MAX, |cash| cash.0);
            most.saturating_mul(factor)
        };
        let count = |most: u32| u64::from(most).saturating_mul(factor.unsigned_abs());
        let config = &self.config;
        let (orders, minute) = self.minute.over(now, 60);
        let (_, second) = self.minute.over(now, 1);
        let sum = |before: Cash| before.0.saturating_add(more.notional.0);
        orders.saturating_add(more.orders) <= count(config.orders_per_min_max)
            && after.orders <= count(config.orders_per_day_max)
            && sum(second) <= cash(config.notional_per_s_max_usd)
            && sum(minute) <= cash(config.notional_per_min_max_usd)
            && after.notional.0 <= cash(config.notional_per_day_max_usd)
    }

    fn wait(&self, count: usize, urgent: bool, now: Timestamp) -> Result<(), Stopped> {
        // Breaks I12: nothing is ever too fast.
        if planted(12) {
            return Ok(());
        }
        let config = &self.config;
        let orders = if urgent {
            config.orders_per_s
        } else {
            config.orders_per_s.saturating_sub(config.orders_reserved)
        };
        let messages = config.messages_free();
        let first = self.orders.wait(now, count, orders);
        let second = self.messages.wait(now, count, messages);
        later(first, second).map_or(Ok(()), Err)
    }
}

fn later(first: Option<Stopped>, second: Option<Stopped>) -> Option<Stopped> {
    match (first, second) {
        (Some(Stopped::Wait(one)), Some(Stopped::Wait(other))) => {
            Some(Stopped::Wait(one.max(other)))
        }
        (first, second) => first.or(second),
    }
}

fn require(holds: bool, refusal: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(refusal) }
}

#[cfg(test)]
mod tests;
