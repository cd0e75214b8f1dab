//! The ledger: orders, executions, positions, money, restrictions and counters as one value.
//!
//! It is a pure function of what the broker said ([`Report`]) and what the engine decided
//! ([`Record`]), in their order: no clock, no I/O, no randomness, no float. Live, every change goes
//! through [`Ledger::apply_report`] and [`Ledger::apply`]; a restart folds the journal through the
//! same two. Nothing panics and nothing wraps: what does not fit is said and not booked.
//!
//! Memory: orders and executions of the session and of the [`REMEMBERED_DAYS`] before it, one entry
//! for each contract held or traded in the session, at most
//! [`WAITING_CHARGES_MAX`] charges without an execution.
//!
//! [`Report`]: engine::report::Report
//! [`Record`]: engine::record::Record
//! [`Ledger::apply_report`]: crate::ledger::Ledger::apply_report
//! [`Ledger::apply`]: crate::ledger::Ledger::apply
//! [`REMEMBERED_DAYS`]: crate::ledger::REMEMBERED_DAYS
//! [`WAITING_CHARGES_MAX`]: crate::ledger::execution::WAITING_CHARGES_MAX

use components::contract::Instrument;
use components::market::Side;
use components::order::{
    Execution, ExecutionId, OrderId, OrderIntent, OrderStatus, PermId, Position, Role,
};
use components::signal::StrategyName;
use components::units::{Cash, Timestamp};
use engine::command::CommandSource;
use engine::planted::planted;
use engine::record::{AccountState, Cause, FollowedOrder, HoldingState, Record, Restriction};
use engine::report::{BrokerState, OpenOrder, Report};
use std::collections::BTreeMap;

/// Money and counters.
mod account;
/// Executions and their corrections into orders, positions and money.
mod booking;
/// What a report or a record changed.
pub mod change;
/// What the broker sees in another way.
pub mod difference;
/// The ledger as numbers.
mod digest;
/// Executions and what they cost.
pub mod execution;
/// From session to session.
pub mod open_state;
/// The life of an order.
pub mod order;
/// Orders in flight and those that are over.
mod orders;
/// Average cost and holdings.
pub mod position;
/// What to make of the broker's whole answer.
pub mod reconciliation;
/// What orders in flight may still do.
pub mod reservation;
/// What an operator must lift.
mod restriction;
/// Expiry, exercise, assignment and adjustment.
mod settlement;

#[cfg(test)]
mod answers;
#[cfg(test)]
mod carrying;
#[cfg(test)]
mod details;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod model;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reserves;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod trial;

pub use change::{Amount, Change, Closing, Doubt, ExitReason, Odd};
pub use difference::Difference;
pub use open_state::REMEMBERED_DAYS;
pub use order::LedgerOrder;
pub use position::{Overflow, PositionTrade, Traded};
pub use reconciliation::{Missing, Reconciliation, plan};
pub use reservation::{HoldingRange, Protection, Reservation};

use execution::{Charge, Executions};
use orders::Orders;
use position::Positions;

/// Everything that outlives a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    date: u32,
    orders: Orders,
    foreign: BTreeMap<PermId, OpenOrder>,
    executions: Executions,
    positions: Positions,
    account: AccountState,
    latches: BTreeMap<Cause, Restriction>,
    paused: BTreeMap<StrategyName, Cause>,
    commands: BTreeMap<CommandSource, u64>,
    next_order: OrderId,
    next_query: u64,
    /// The last query and when it was asked.
    asked: Option<(u64, Timestamp)>,
    /// Executions booked since then: an answer that lacks them was given before they took place.
    since_asked: BTreeMap<u64, Instrument>,
}

impl Ledger {
    /// The ledger of an account that begins with `cash`.
    #[must_use]
    pub fn new(cash: Cash) -> Self {
        Self {
            account: AccountState {
                cash,
                initial: cash,
                day_open_equity: cash,
                high_water: cash,
                ..AccountState::default()
            },
            next_order: OrderId(1),
            next_query: 1,
            ..Self::default()
        }
    }

    /// Applies what the broker said at `now`, and says what changed.
    pub fn apply_report(&mut self, now: Timestamp, report: &Report) -> Vec<Change> {
        let mut changes = Vec::new();
        let out = &mut changes;
        match report {
            Report::Connected { next_order, .. } => {
                if planted(3) {
                    // I3: the broker's number counts, also where it went back.
                    self.next_order = *next_order;
                }
                self.next_order = self.next_order.max(*next_order);
                out.push(Change::QueryWanted(Doubt::Line));
            }
            Report::Resumed { .. } => out.push(Change::QueryWanted(Doubt::Line)),
            Report::Disconnected { .. } => {}
            Report::Accepted { order, perm } => {
                self.change_order(*order, out, |order, out| order.accept(now, *perm, out));
            }
            Report::Executed(execution) => self.execute(now, execution, out),
            Report::Charged { execution, fees } => self.charge(*execution, *fees, out),
            Report::Cancelled { order, perm } => {
                self.change_order(*order, out, |order, out| order.cancel(now, *perm, out));
            }
            Report::Rejected { order, .. } => {
                self.change_order(*order, out, |order, out| order.reject(now, out));
            }
            Report::CancelRefused { order, .. } => {
                self.change_order(*order, out, |order, out| order.refuse_cancel(now, out));
            }
            Report::State(state) => self.see(now, state, out),
        }
        changes
    }

    /// Applies what the engine decided at `now`, and says what changed.
    pub fn apply(&mut self, now: Timestamp, record: &Record) -> Vec<Change> {
        let mut changes = Vec::new();
        let out = &mut changes;
        match record {
            Record::RunStarted(_) => {
                if planted(34) {
                    // I34: each attempt to start leaves a trace in the state.
                    self.next_order.0 += 1;
                }
                if planted(16) {
                    // I16: a restart forgets how the day went so far.
                    self.account.losing_trades = 0;
                    self.account.losing_trades_reached = false;
                    self.account.day_loss_reached = false;
                }
                if planted(18) {
                    // I18: a restart lifts what only an operator may lift.
                    self.latches.clear();
                }
            }
            // What an answer showed counts as if it had been reported.
            Record::Found(report) => return self.apply_report(now, report),
            Record::DayOpened(state) => self.open_day(state, out),
            Record::Intended(intent) => self.intend(intent, out),
            Record::Modified {
                order,
                kind,
                quantity,
            } => {
                let (kind, quantity) = (*kind, *quantity);
                self.change_order(*order, out, |o, out| o.modify(now, kind, quantity, out));
                self.follow_stop(*order);
            }
            Record::CancelIntended { order } => {
                self.change_order(*order, out, |order, out| order.ask_cancel(now, out));
            }
            Record::Sent { order } => {
                self.change_order(*order, out, |order, out| order.sent(now, out));
            }
            Record::TimedOut { order } => {
                self.change_order(*order, out, |order, out| order.time_out(now, out));
            }
            Record::Resolved { order, status } => {
                self.change_order(*order, out, |order, out| order.resolve(now, *status, out));
            }
            Record::Queried { query } => {
                self.next_query = self.next_query.max(query.saturating_add(1));
                self.asked = Some((*query, now));
                self.since_asked.clear();
            }
            Record::Reconciled { query, .. } => {
                if let Some(asked) = self.asked_at(*query) {
                    self.orders
                        .change_in_flight(|order| order.reconciled(asked, out));
                }
            }
            Record::Held { instrument, terms } => self.hold_on(instrument, *terms),
            Record::Adjusted { .. } | Record::Settled { .. } => {
                self.set_position(now, record, out);
            }
            _ => self.restrict(record, out),
        }
        changes
    }

    /// The session's date as `yyyymmdd`, 0 before the first.
    #[must_use]
    pub fn date(&self) -> u32 {
        self.date
    }

    /// The number for the next order: above every number that was ever seen.
    #[must_use]
    pub fn next_order(&self) -> OrderId {
        self.next_order
    }

    /// The number for the next query.
    #[must_use]
    pub fn next_query(&self) -> u64 {
        self.next_query
    }

    /// When `query` was asked, if it is the last that was.
    #[must_use]
    pub fn asked_at(&self, query: u64) -> Option<Timestamp> {
        let (number, at) = self.asked?;
        (number == query).then_some(at)
    }

    /// One order, if it is not forgotten.
    #[must_use]
    pub fn order(&self, id: OrderId) -> Option<&LedgerOrder> {
        self.orders.get(id)
    }

    /// What is held, in order of instruments.
    pub fn positions(&self) -> impl Iterator<Item = (&Instrument, Position)> {
        self.positions
            .iter()
            .map(|(instrument, held)| (instrument, held.position()))
            .filter(|(_, position)| position.quantity != 0)
    }

    /// What is or was held today of an instrument.
    #[must_use]
    pub fn position(&self, instrument: &Instrument) -> Position {
        self.positions
            .get(instrument)
            .map_or_else(Position::default, position::Held::position)
    }

    /// On what terms something is held; of what others opened there are none until exits have taken
    /// it over.
    #[must_use]
    pub fn holding(&self, instrument: &Instrument) -> Option<&HoldingState> {
        self.positions.get(instrument)?.holding.as_ref()
    }

    /// What an execution cost, if the broker has said so.
    #[must_use]
    pub fn fees_of(&self, execution: ExecutionId) -> Option<Cash> {
        self.executions.charge_of(execution.base)
    }

    /// Which strategies' orders the broker refused and when, in order of time.
    #[must_use]
    pub fn rejections(&self) -> Vec<(StrategyName, Timestamp)> {
        let refused = self.orders.all().filter(|order| order.was_refused());
        let mut all: Vec<_> = refused
            .map(|order| (order.followed.intent.strategy, order.over_at))
            .collect();
        all.sort_by_key(|(_, at)| *at);
        all
    }

    /// Money and counters.
    #[must_use]
    pub fn account(&self) -> &AccountState {
        &self.account
    }

    /// Changes an order of ours, or says that there is none.
    fn change_order(
        &mut self,
        id: OrderId,
        changes: &mut Vec<Change>,
        change: impl FnOnce(&mut LedgerOrder, &mut Vec<Change>),
    ) {
        let known = self.orders.change(id, |order| change(order, changes));
        if known.is_none() {
            self.miss(id, changes);
        }
    }

    /// A report names an order of ours that is not followed.
    fn miss(&mut self, id: OrderId, changes: &mut Vec<Change>) {
        self.see_number(id);
        changes.push(Change::Odd(if self.orders.is_forgotten(id) {
            Odd::Forgotten(id)
        } else {
            Odd::UnknownOrder(id)
        }));
    }

    fn see_number(&mut self, id: OrderId) {
        self.next_order = self.next_order.max(OrderId(id.0.saturating_add(1)));
    }

    fn intend(&mut self, intent: &OrderIntent, changes: &mut Vec<Change>) {
        let id = intent.order.id;
        if self.orders.get(id).is_some() || self.orders.is_forgotten(id) {
            changes.push(Change::Odd(Odd::NumberReused(id)));
            return;
        }
        self.see_number(id);
        if intent.order.role == Role::Entry && self.live_opening(intent.fingerprint).is_some() {
            changes.push(Change::Odd(Odd::FingerprintReused(id)));
        }
        let followed = FollowedOrder {
            intent: *intent,
            status: OrderStatus::Intended,
            filled: 0,
            perms: Vec::new(),
            sent_at: None,
            cancel_at: None,
            late: false,
            held: false,
        };
        self.orders.follow(LedgerOrder::new(followed), true);
        self.follow_stop(id);
        changes.push(Change::Order {
            order: id,
            from: None,
            to: OrderStatus::Intended,
        });
    }

    /// Takes over what the broker's answer says about numbers, others' orders and orders of ours
    /// that should not be there; what it says about the rest is planned, journaled and applied.
    fn see(&mut self, now: Timestamp, state: &BrokerState, changes: &mut Vec<Change>) {
        self.next_order = self.next_order.max(state.next_order);
        if self.asked_at(state.query).is_some() {
            self.foreign.clear();
        }
        for open in &state.open {
            let Some(id) = open.order else {
                // I13: others' orders do not count.
                if !planted(13) {
                    self.foreign.insert(open.perm, *open);
                }
                continue;
            };
            self.see_number(id);
            let known = self.orders.change(id, |order| {
                if order.status().is_terminal() {
                    order.revive(now, changes);
                }
                let (limit, left) = (order.followed.intent.order.kind.limit(), order.left());
                let lacks = order.former.is_some() && open.quantity < left;
                if open.quantity > left || open.limit != limit || lacks {
                    order.remember(now, open.quantity, open.limit);
                }
            });
            if known.is_none() {
                self.foreign.insert(open.perm, *open);
            }
        }
        for completed in &state.completed {
            self.see_number(completed.order.unwrap_or_default());
        }
        for (execution, _) in &state.executions {
            self.see_number(execution.order.unwrap_or_default());
        }
    }
}
