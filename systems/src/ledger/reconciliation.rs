//! What to make of the broker's whole answer: adopt what is there, close out what is over, and
//! never trade to make positions fit.
//!
//! Planning changes nothing: it returns reports and records, which the caller journals and applies,
//! reports first. An answer is trusted about absence only for what happened before it was asked
//! for. What was sent and is nowhere stays unknown; it counts as never received after a second
//! answer, asked for [`SECOND_LOOK_NANOS`] after the first and [`SETTLED_NANOS`] after the order
//! left.
//!
//! [`SECOND_LOOK_NANOS`]: crate::ledger::reconciliation::SECOND_LOOK_NANOS
//! [`SETTLED_NANOS`]: crate::ledger::reconciliation::SETTLED_NANOS

use crate::ledger::booking::average;
use crate::ledger::*;
use components::units::{NANOS_PER_SECOND, Price};
use std::collections::BTreeSet;

/// Between two answers that both lack an order, before the second is believed.
pub const SECOND_LOOK_NANOS: i64 = 5 * NANOS_PER_SECOND;
/// After which an order that is nowhere can no longer be on its way.
pub const SETTLED_NANOS: i64 = 60 * NANOS_PER_SECOND;

/// Orders that the last answers lacked, and when the first of those was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing(BTreeMap<OrderId, Timestamp>);

impl Missing {
    /// The orders.
    pub fn orders(&self) -> impl Iterator<Item = OrderId> {
        self.0.keys().copied()
    }
}

/// What follows from an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// What the broker said and the ledger has not heard: executions first. To be applied first.
    pub reports: Vec<Report>,
    /// Decisions that follow, restrictions among them; the last says that the answer is worked
    /// through.
    pub records: Vec<Record>,
    /// Orders to cancel.
    pub cancels: Vec<OrderId>,
    /// Orders whose change did not arrive: it is to be said again, contracts in all with it.
    pub changes: Vec<(OrderId, u32)>,
    /// The strictest restriction among the records and why, if there is one.
    pub latch: Option<(Restriction, Cause)>,
    /// What differs, for the daily report.
    pub differences: Vec<Difference>,
    /// What to plan with next time.
    pub missing: Missing,
}

/// Plans what follows from the answer `state`, which the ledger has been given as a report before.
///
/// `missing` is what the plan before returned. `mark` is the price at which a difference in a
/// position is booked; without one it is its average cost.
#[must_use]
pub fn plan(
    ledger: &Ledger,
    state: &BrokerState,
    now: Timestamp,
    missing: &Missing,
    mark: impl Fn(&Instrument) -> Option<Price>,
) -> Reconciliation {
    let mut plan = Reconciliation::default();
    plan.find_executions(ledger, state);
    let Some(asked) = ledger.asked_at(state.query) else {
        let query = state.query;
        plan.missing = missing.clone();
        plan.differences.push(Difference::OldAnswer { query });
        return plan;
    };
    // What the ledger will be once the executions are applied: orders and positions are judged by
    // it.
    let mut after = ledger.clone();
    for report in &plan.reports {
        after.apply_report(now, report);
    }
    let view = View {
        ledger: &after,
        asked,
        now,
        missing,
        open: by_order(state.open.iter().map(|open| (open.order, open))),
        completed: by_order(state.completed.iter().map(|over| (over.order, over))),
    };
    plan.find_strangers(&view, state);
    for order in after.orders_in_flight() {
        plan.judge(&view, order);
    }
    plan.compare_positions(&view, state, mark);
    let differences = u32::try_from(plan.differences.len()).unwrap_or(u32::MAX);
    plan.records.push(Record::Reconciled {
        query: state.query,
        differences,
    });
    plan
}

struct View<'a> {
    ledger: &'a Ledger,
    asked: Timestamp,
    now: Timestamp,
    missing: &'a Missing,
    open: BTreeMap<OrderId, Vec<&'a OpenOrder>>,
    completed: BTreeMap<OrderId, Vec<&'a engine::report::CompletedOrder>>,
}

impl Reconciliation {
    /// Executions and fees that were not heard of, in the order in which they took place.
    fn find_executions(&mut self, ledger: &Ledger, state: &BrokerState) {
        let mut found: Vec<_> = state.executions.iter().collect();
        found.sort_by_key(|(execution, _)| (execution.at, execution.id));
        for (execution, fees) in found {
            let id = execution.id;
            let known = ledger.executions.get(id.base);
            let is_news = known.is_none_or(|known| known.id.revision < id.revision);
            if is_news && (known.is_some() || execution.at >= ledger.horizon()) {
                self.reports.push(Report::Executed(*execution));
                self.differences.push(Difference::Execution(id));
            }
            if let Some(fees) = *fees
                && ledger.executions.charge_of(id.base) != Some(fees)
            {
                let execution = id;
                self.reports.push(Report::Charged { execution, fees });
            }
        }
    }

    /// Orders with a reference of ours that nobody intended, or that work twice.
    fn find_strangers(&mut self, view: &View<'_>, state: &BrokerState) {
        let executed = state.executions.iter().filter_map(|(e, _)| e.order);
        let named: BTreeSet<OrderId> = view
            .open
            .keys()
            .chain(view.completed.keys())
            .copied()
            .chain(executed)
            .collect();
        for id in named {
            let forgotten = view.ledger.orders.is_forgotten(id) && !view.open.contains_key(&id);
            if view.ledger.order(id).is_none() && !forgotten {
                self.differences.push(Difference::UnknownOrder(id));
                self.latch(view.ledger, Restriction::Halted, Cause::UnknownOrder);
            }
        }
        for (id, open) in &view.open {
            let perms: BTreeSet<PermId> = open.iter().map(|open| open.perm).collect();
            if perms.len() > 1 {
                self.differences.push(Difference::DuplicateOrder(*id));
                self.latch(view.ledger, Restriction::Halted, Cause::DuplicateOrder);
                self.cancel_opening(view, *id);
            }
        }
    }

    /// Where an order in flight stands by the answer.
    fn judge(&mut self, view: &View<'_>, order: &LedgerOrder) {
        let (id, from) = (order.id(), order.status());
        if let Some(open) = view.open.get(&id) {
            self.adopt(view, order, open);
            return;
        }
        if from.is_terminal() {
            return;
        }
        // Of an order that the broker had twice, both must be over.
        let over = view.completed.get(&id);
        if let Some(over) = over.filter(|over| over.len() >= order.followed.perms.len()) {
            let filled = over.iter().map(|over| u64::from(over.filled)).sum();
            if filled != order.executed {
                let (order, ours, broker) = (id, order.executed, filled);
                self.differences.push(Difference::Filled {
                    order,
                    ours,
                    broker,
                });
            }
            let whole = u64::from(order.followed.intent.order.quantity);
            let to = if filled >= whole {
                OrderStatus::Filled
            } else if filled == 0 && over.iter().all(|over| over.rejected) {
                OrderStatus::Rejected
            } else {
                OrderStatus::Cancelled
            };
            self.resolve(id, from, to);
            return;
        }
        let left_at = order
            .followed
            .sent_at
            .unwrap_or(order.followed.intent.order.at);
        let tells = left_at.max(order.heard) <= view.asked;
        if !tells {
            // It left, or spoke, after the broker was asked: the answer cannot know of it.
            if let Some(since) = view.missing.0.get(&id) {
                self.missing.0.insert(id, *since);
            }
            return;
        }
        self.judge_absent(view, order, left_at);
    }

    /// An order that is neither open nor over at the broker.
    fn judge_absent(&mut self, view: &View<'_>, order: &LedgerOrder, left_at: Timestamp) {
        let (id, from) = (order.id(), order.status());
        let settled = view.asked.nanos_since(left_at) >= SETTLED_NANOS;
        if order.executed > 0 && order.followed.perms.len() < 2 {
            self.resolve(id, from, OrderStatus::Cancelled);
            return;
        }
        if from == OrderStatus::Intended {
            // That it was sent is written a tick after it is, so that it may be on its way all the
            // same if the process ended in between. It is never sent again.
            if settled {
                self.resolve(id, from, OrderStatus::NotReceived);
            }
            return;
        }
        let since = view.missing.0.get(&id).copied().unwrap_or(view.asked);
        let second_look = view.asked.nanos_since(since) >= SECOND_LOOK_NANOS;
        if settled && second_look {
            let was_there = !order.followed.perms.is_empty();
            let to = if was_there {
                OrderStatus::Cancelled
            } else {
                OrderStatus::NotReceived
            };
            self.resolve(id, from, to);
            return;
        }
        self.missing.0.insert(id, since);
        if from != OrderStatus::Unknown {
            self.resolve(id, from, OrderStatus::Unknown);
        }
    }

    /// An order that works at the broker.
    fn adopt(&mut self, view: &View<'_>, order: &LedgerOrder, open: &[&OpenOrder]) {
        let (id, from) = (order.id(), order.status());
        if from.is_terminal() {
            // The answer may be older than its end; then it shows again in the next.
            if order.heard <= view.asked {
                self.differences.push(Difference::WorksAfterEnd(id));
                // Whatever it is for: while it may trade, nothing else can take its place.
                self.cancels.push(id);
            }
            return;
        }
        for open in open {
            let known = order.followed.perms.contains(&open.perm);
            if from != OrderStatus::Working || !known {
                self.reports.push(Report::Accepted {
                    order: id,
                    perm: open.perm,
                });
            }
        }
        if from != OrderStatus::Working {
            let to = OrderStatus::Working;
            let order = id;
            self.differences.push(Difference::Order { order, from, to });
        }
        let filled = open.iter().map(|open| u64::from(open.filled)).sum();
        if filled > order.executed {
            self.differences.push(Difference::Filled {
                order: id,
                ours: order.executed,
                broker: filled,
            });
        }
        let (limit, left) = (order.followed.intent.order.kind.limit(), order.left());
        let differs = |open: &&OpenOrder| open.quantity != left || open.limit != limit;
        // One that works twice is called back, and not changed before.
        let works_once = open.len() == 1;
        if works_once
            && open.iter().copied().any(|open| differs(&open))
            && order.change_is_lost(view.asked)
            && u64::from(left) > filled
        {
            self.changes.push((id, left));
        }
        if order.followed.intent.order.good_until <= view.now {
            self.cancel_opening(view, id);
        }
        // A wish to cancel that was not heard is said again.
        let wished = order.followed.cancel_at;
        let unheard = wished.is_some_and(|at| view.asked.nanos_since(at) >= SECOND_LOOK_NANOS);
        if unheard && !self.cancels.contains(&id) {
            self.cancels.push(id);
        }
    }

    /// Sets positions to what the broker holds. No order comes of it.
    fn compare_positions(
        &mut self,
        view: &View<'_>,
        state: &BrokerState,
        mark: impl Fn(&Instrument) -> Option<Price>,
    ) {
        let mut there: BTreeMap<Instrument, i64> = BTreeMap::new();
        for (instrument, quantity) in &state.positions {
            let sum = there.entry(*instrument).or_default();
            *sum = sum.saturating_add(*quantity);
        }
        for (instrument, position) in view.ledger.positions() {
            if position.quantity != 0 {
                there.entry(*instrument).or_default();
            }
        }
        let answered: BTreeSet<u64> = state.executions.iter().map(|(e, _)| e.id.base).collect();
        let newer: BTreeSet<Instrument> = view
            .ledger
            .since_asked
            .iter()
            .filter(|(base, _)| !answered.contains(base))
            .map(|(_, instrument)| *instrument)
            .collect();
        for (instrument, to) in there {
            let position = view.ledger.position(&instrument);
            let from = position.quantity;
            // An answer from before an execution that we know says nothing about that position.
            if from == to || newer.contains(&instrument) {
                continue;
            }
            self.differences.push(Difference::Position {
                instrument,
                ours: from,
                broker: to,
            });
            let price = mark(&instrument)
                .or_else(|| average(&position, instrument.multiplier()))
                .unwrap_or(Price::NONE);
            self.records.push(Record::Adjusted {
                instrument,
                from,
                to,
                price,
            });
            self.latch(view.ledger, Restriction::Reducing, Cause::PositionDiffers);
        }
    }

    fn resolve(&mut self, order: OrderId, from: OrderStatus, to: OrderStatus) {
        self.differences.push(Difference::Order { order, from, to });
        self.records.push(Record::Resolved { order, status: to });
    }

    fn cancel_opening(&mut self, view: &View<'_>, id: OrderId) {
        let opens = view
            .ledger
            .order(id)
            .is_some_and(|order| order.role() == Role::Entry && !order.cancel_pending());
        if opens && !self.cancels.contains(&id) {
            self.cancels.push(id);
        }
    }

    fn latch(&mut self, ledger: &Ledger, level: Restriction, cause: Cause) {
        self.latch = self.latch.max(Some((level, cause)));
        let latched = ledger.latches().any(|known| known == (cause, level));
        let record = Record::Latched { level, cause };
        if !latched && !self.records.contains(&record) {
            self.records.push(record);
        }
    }
}

fn by_order<'a, T>(
    orders: impl Iterator<Item = (Option<OrderId>, &'a T)>,
) -> BTreeMap<OrderId, Vec<&'a T>> {
    let mut map: BTreeMap<OrderId, Vec<&T>> = BTreeMap::new();
    for (id, order) in orders {
        if let Some(id) = id {
            map.entry(id).or_default().push(order);
        }
    }
    map
}
