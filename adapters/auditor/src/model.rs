//! What is so by the journal: orders, positions, money and restrictions, folded anew from what the
//! broker said and the engine decided. It is written to be read, not to be fast, and shares nothing
//! with the engine's own books.

/// Positions and money.
pub(crate) mod money;
/// An order.
pub(crate) mod order;
/// Sessions.
mod session;

use components::contract::{Contract, Instrument};
use components::market::Side;
use components::order::{
    Execution, ExecutionId, Fingerprint, OrderId, OrderIntent, OrderStatus, PermId, Role,
};
use components::signal::StrategyName;
use components::units::{Cash, Timestamp};
use engine::command::CommandSource;
use engine::record::{AccountState, Cause, Record, Restriction, RunStart};
use engine::report::{BrokerState, OpenOrder, Report};
use money::Money;
use order::Order;
use std::collections::{BTreeMap, BTreeSet};

/// What is so by the journal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    /// The session's date, 0 before the first.
    pub(crate) date: u32,
    pub(crate) orders: BTreeMap<OrderId, Order>,
    /// Orders that may still be executed.
    pub(crate) live: BTreeSet<OrderId>,
    pub(crate) groups: BTreeMap<OrderId, Vec<OrderId>>,
    pub(crate) openings: BTreeMap<Fingerprint, OrderId>,
    pub(crate) foreign: BTreeMap<PermId, OpenOrder>,
    pub(crate) executions: BTreeMap<u64, Execution>,
    pub(crate) charges: BTreeMap<u64, (u16, Cash)>,
    pub(crate) money: Money,
    /// Counters as the session began with them.
    pub(crate) account: AccountState,
    pub(crate) latches: BTreeMap<Cause, (Restriction, Timestamp)>,
    pub(crate) paused: BTreeMap<StrategyName, Cause>,
    pub(crate) commands: BTreeMap<CommandSource, u64>,
    /// Commands from the host that may still lift something.
    pub(crate) liftings: BTreeSet<u64>,
    /// One above every number that was seen.
    pub(crate) next_order: u64,
    /// The last question and when it was asked.
    pub(crate) asked: Option<(u64, Timestamp)>,
    /// Executions booked since then.
    pub(crate) since_asked: BTreeMap<u64, Instrument>,
    /// The last whole answer to it.
    pub(crate) answer: Option<Answer>,
    pub(crate) run: Option<RunStart>,
    /// The account that the line leads to.
    pub(crate) connected: Option<String>,
    /// Whether the line stands, as far as the journal tells.
    pub(crate) is_up: bool,
    /// Whether an answer was worked through since the line last broke.
    pub(crate) reconciled: bool,
}

/// A whole answer of the broker.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) state: BrokerState,
    pub(crate) asked: Timestamp,
}

impl Model {
    /// Applies what the broker said.
    pub(crate) fn hear(&mut self, now: Timestamp, report: &Report) {
        match report {
            Report::Connected {
                account,
                next_order,
            } => {
                self.connected = Some(account.clone());
                (self.is_up, self.reconciled) = (true, false);
                self.see(*next_order, 0);
            }
            Report::Disconnected { .. } => (self.is_up, self.reconciled) = (false, false),
            Report::Resumed { .. } => (self.is_up, self.reconciled) = (true, false),
            Report::Accepted { order, perm } => self.change(*order, |o| o.accept(now, *perm)),
            Report::Executed(execution) => self.execute(now, execution),
            Report::Charged { execution, fees } => self.charge(*execution, *fees),
            Report::Cancelled { order, perm } => self.change(*order, |o| o.cancel(now, *perm)),
            Report::Rejected { order, .. } => self.change(*order, |o| o.reject(now)),
            Report::CancelRefused { order, .. } => self.change(*order, |o| {
                o.cancel_at = None;
                o.changed_at = now;
            }),
            Report::State(state) => self.answered(now, state),
        }
    }

    /// Applies what the engine decided.
    pub(crate) fn decide(&mut self, now: Timestamp, record: &Record) {
        match record {
            Record::Found(report) => self.hear(now, report),
            Record::RunStarted(start) => {
                self.run = Some(start.clone());
                (self.is_up, self.reconciled) = (false, false);
                self.asked = None;
                self.answer = None;
            }
            Record::DayOpened(state) => self.open_day(state),
            Record::Intended(intent) => self.intend(now, intent),
            Record::Modified {
                order,
                kind,
                quantity,
            } => self.change(*order, |o| o.modify(now, *kind, *quantity)),
            Record::CancelIntended { order } => self.change(*order, |o| o.ask_cancel(now)),
            Record::Sent { order } => self.change(*order, |o| o.sent(now)),
            Record::TimedOut { order } => {
                self.change(*order, |o| o.go(now, OrderStatus::Unknown));
            }
            Record::Resolved { order, status } => self.change(*order, |o| {
                o.go(now, *status);
                o.held &= !status.is_terminal();
            }),
            Record::Queried { query } => {
                self.asked = Some((*query, now));
                self.since_asked.clear();
            }
            Record::Reconciled { query, .. } => self.reconcile(*query),
            Record::Unanswered { .. } => {
                // The line is made anew: until it stands nothing gets through.
                (self.is_up, self.reconciled) = (false, false);
                self.asked = None;
            }
            Record::Held { instrument, terms } => self.money.note_terms(*instrument, terms.stop),
            Record::Adjusted {
                instrument,
                to,
                price,
                ..
            } => self.money.set(*instrument, i128::from(*to), *price),
            Record::Settled {
                instrument,
                price,
                how,
                ..
            } => self.money.settle(*instrument, *price, *how),
            _ => self.restrict(now, record),
        }
    }

    /// The strictest restriction that is latched.
    pub(crate) fn restriction(&self) -> Restriction {
        let levels = self.latches.values().map(|(level, _)| *level);
        levels.max().unwrap_or_default()
    }

    /// Orders that may still be executed.
    pub(crate) fn in_flight(&self) -> impl Iterator<Item = &Order> {
        self.live.iter().filter_map(|id| self.orders.get(id))
    }

    /// Orders in flight of a contract that can only make a position smaller.
    pub(crate) fn closers<'a>(
        &'a self,
        contract: &'a Contract,
    ) -> impl Iterator<Item = &'a Order> + 'a {
        self.in_flight().filter(move |order| {
            let terms = order.terms();
            terms.role.reduces_risk() && terms.contract == *contract && !order.is_over()
        })
    }

    /// Contracts that working orders of others may sell, as far as the broker has said.
    pub(crate) fn sold_by_others(&self, contract: &Contract) -> i128 {
        let instrument = Instrument::Option(*contract);
        let sells = self
            .foreign
            .values()
            .filter(|open| open.instrument == instrument && open.side == Side::Sell);
        sells
            .map(|open| i128::from(open.quantity) - i128::from(open.filled))
            .sum()
    }

    /// Contracts that an order which closes may sell by now: a leg no more than its entry bought.
    pub(crate) fn closes(&self, order: &Order) -> i128 {
        let left = order.unfilled();
        let Some(entry) = order.terms().parent.and_then(|id| self.orders.get(&id)) else {
            return left;
        };
        let legs = order.terms().oca.and_then(|oca| self.groups.get(&oca));
        let closed: i128 = legs
            .into_iter()
            .flatten()
            .filter_map(|id| self.orders.get(id))
            .filter(|leg| leg.terms().role.reduces_risk())
            .map(|leg| leg.executed)
            .sum();
        left.min(entry.executed - closed).max(0)
    }

    fn change(&mut self, id: OrderId, change: impl FnOnce(&mut Order)) {
        self.see(id, 1);
        let Some(order) = self.orders.get_mut(&id) else {
            return;
        };
        change(order);
        if order.in_flight() {
            self.live.insert(id);
        } else {
            self.live.remove(&id);
        }
    }

    fn see(&mut self, id: OrderId, more: u64) {
        self.next_order = self.next_order.max(id.0.saturating_add(more));
    }

    fn intend(&mut self, now: Timestamp, intent: &OrderIntent) {
        let id = intent.order.id;
        self.see(id, 1);
        if let Some(known) = self.orders.get_mut(&id) {
            known.firsts.push(intent.order);
            return;
        }
        self.orders.insert(id, Order::new(now, intent));
        self.live.insert(id);
        if let Some(group) = intent.order.oca {
            self.groups.entry(group).or_default().push(id);
        }
        if intent.order.role == Role::Entry {
            self.openings.insert(intent.fingerprint, id);
        }
    }

    fn execute(&mut self, now: Timestamp, execution: &Execution) {
        let base = execution.id.base;
        let before = self.executions.get(&base).copied();
        if before.is_some_and(|known| known.id.revision >= execution.id.revision) {
            return;
        }
        self.executions.insert(base, *execution);
        self.since_asked.insert(base, execution.instrument);
        if let Some(wrong) = before {
            self.money.book(&wrong, -1);
        } else if let Some((_, fees)) = self.charges.get(&base) {
            self.money.pay(i128::from(fees.0));
        }
        self.money.book(execution, 1);
        let by = i128::from(execution.quantity) - before.map_or(0, |e| i128::from(e.quantity));
        let Some(id) = execution.order else {
            self.fill_foreign(execution);
            return;
        };
        self.change(id, |order| order.execute(now, execution, by));
        let group = self.orders.get(&id).and_then(|order| order.terms().oca);
        for other in group
            .and_then(|g| self.groups.get(&g))
            .into_iter()
            .flatten()
        {
            if let Some(order) = self.orders.get_mut(other).filter(|_| *other != id) {
                order.taken += by;
            }
        }
    }

    fn fill_foreign(&mut self, execution: &Execution) {
        if let Some(open) = self.foreign.get_mut(&execution.perm) {
            open.filled = open.filled.max(execution.cumulative);
            if open.filled >= open.quantity {
                self.foreign.remove(&execution.perm);
            }
        }
    }

    fn charge(&mut self, id: ExecutionId, fees: Cash) {
        let before = self.charges.get(&id.base).copied();
        if before.is_some_and(|(revision, _)| revision > id.revision) {
            return;
        }
        self.charges.insert(id.base, (id.revision, fees));
        if self.executions.contains_key(&id.base) {
            let paid = before.map_or(0, |(_, paid)| i128::from(paid.0));
            self.money.pay(i128::from(fees.0) - paid);
        }
    }

    /// Takes a whole answer in, and notes which orders it lacks.
    fn answered(&mut self, now: Timestamp, state: &BrokerState) {
        self.see(state.next_order, 0);
        let open = state.open.iter().filter_map(|o| o.order);
        let over = state.completed.iter().filter_map(|o| o.order);
        let executed = state.executions.iter().filter_map(|(e, _)| e.order);
        for id in open.clone().chain(over.clone()).chain(executed) {
            self.see(id, 1);
        }
        for id in open.clone() {
            self.change(id, |order| {
                if order.is_over() {
                    // It works though it counted as over.
                    order.held = true;
                    order.over_at = now;
                }
            });
        }
        let Some((_, asked)) = self.asked.filter(|(query, _)| *query == state.query) else {
            return;
        };
        let strangers = state
            .open
            .iter()
            .filter(|open| open.order.is_none_or(|id| !self.orders.contains_key(&id)));
        self.foreign = strangers.map(|open| (open.perm, *open)).collect();
        let there: BTreeSet<OrderId> = open.chain(over).collect();
        for id in &self.live {
            let Some(order) = self.orders.get_mut(id) else {
                continue;
            };
            if there.contains(id) {
                order.absent_since = None;
            } else if order.left_at() <= asked {
                order.absent_since.get_or_insert(asked);
            }
        }
        self.answer = Some(Answer {
            state: state.clone(),
            asked,
        });
    }

    /// An answer was worked through: what was over before it was asked for is over for good.
    fn reconcile(&mut self, query: u64) {
        let Some((_, asked)) = self.asked.filter(|(number, _)| *number == query) else {
            return;
        };
        // An answer that came with the end of its line tells what was, and lets nothing through.
        self.reconciled = self.is_up;
        for id in self.live.clone() {
            self.change(id, |order| order.held &= order.over_at > asked);
        }
    }

    fn restrict(&mut self, now: Timestamp, record: &Record) {
        match record {
            Record::Latched { level, cause } => {
                let latch = self.latches.entry(*cause).or_insert((*level, now));
                latch.0 = latch.0.max(*level);
            }
            Record::Cleared { command } => {
                self.latches.clear();
                self.liftings.remove(command);
            }
            Record::StrategyPaused { strategy, cause } => {
                self.paused.insert(*strategy, *cause);
            }
            Record::StrategyEnabled { strategy, command } => {
                self.paused.remove(strategy);
                self.liftings.remove(command);
            }
            Record::HighWater { equity } => {
                self.account.high_water = self.account.high_water.max(*equity);
            }
            Record::PeakReset { equity } => self.account.high_water = *equity,
            Record::Breached {
                cause: Cause::DayLoss,
            } => self.account.day_loss_reached = true,
            Record::Breached {
                cause: Cause::LosingTrades,
            } => self.account.losing_trades_reached = true,
            Record::Commanded { source, number } => {
                self.commands.insert(*source, *number);
                if *source == CommandSource::Socket {
                    self.liftings.insert(*number);
                }
            }
            _ => {}
        }
    }

    /// Units held of an instrument.
    pub(crate) fn held(&self, instrument: &Instrument) -> i128 {
        self.money.held(instrument)
    }
}

/// Units with the sign of the side.
pub(crate) fn signed(side: Side, quantity: u32) -> i128 {
    i128::from(side.sign()) * i128::from(quantity)
}
