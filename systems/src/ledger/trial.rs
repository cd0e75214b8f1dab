//! Orders, executions and answers for the tests of the ledger.

use crate::ledger::*;
use components::contract::{Contract, OptionTerms};
use components::market::Ticker;
use components::order::{Fingerprint, Order, OrderKind};
use components::signal::{Intent, SignalId};
use components::units::{NANOS_PER_SECOND, Price};
use engine::report::CompletedOrder;

/// The session of the tests: 2024-01-03, 15:00 in UTC.
pub(super) const DATE: u32 = 20_240_103;
pub(super) const START: Timestamp = Timestamp(1_704_294_000 * NANOS_PER_SECOND);

/// Contracts of what is held that orders in flight may still sell.
pub(super) fn closing(ledger: &Ledger) -> i64 {
    let held = ledger.position(&instrument()).quantity;
    held - ledger.holding_range(&instrument()).least
}

/// A ledger, its clock and what it said.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    pub(super) ledger: Ledger,
    pub(super) now: Timestamp,
    pub(super) changes: Vec<Change>,
    pub(super) missing: Missing,
}

impl Trial {
    pub(super) fn new() -> Self {
        let mut trial = Self {
            ledger: Ledger::new(Cash(1_000_000_000)),
            now: START,
            changes: Vec::new(),
            missing: Missing::default(),
        };
        trial.open_day(DATE, Cash(1_000_000_000));
        trial
    }

    pub(super) fn wait(&mut self, seconds: i64) -> &mut Self {
        self.now = self.now.plus_nanos(seconds * NANOS_PER_SECOND);
        self
    }

    pub(super) fn report(&mut self, report: Report) -> &mut Self {
        self.changes
            .extend(self.ledger.apply_report(self.now, &report));
        self
    }

    pub(super) fn record(&mut self, record: Record) -> &mut Self {
        self.changes.extend(self.ledger.apply(self.now, &record));
        self
    }

    pub(super) fn open_day(&mut self, date: u32, equity: Cash) {
        let state = self.ledger.open_state(date, equity);
        self.record(Record::DayOpened(Box::new(state)));
    }

    /// Intends an order and hands it over.
    pub(super) fn send(&mut self, intent: OrderIntent) -> OrderId {
        let order = intent.order.id;
        self.record(Record::Intended(intent));
        self.record(Record::Sent { order });
        order
    }

    pub(super) fn entry(&mut self, quantity: u32) -> OrderId {
        let id = self.ledger.next_order();
        self.send(intent(id, Side::Buy, quantity, Role::Entry))
    }

    pub(super) fn accept(&mut self, order: OrderId, perm: u64) -> &mut Self {
        let perm = PermId(perm);
        self.report(Report::Accepted { order, perm })
    }

    pub(super) fn cancelled(&mut self, order: OrderId) -> &mut Self {
        self.report(Report::Cancelled { order, perm: None })
    }

    pub(super) fn status(&self, order: OrderId) -> OrderStatus {
        self.ledger.order(order).unwrap().status()
    }

    pub(super) fn unfilled(&self, order: OrderId) -> u64 {
        self.ledger.order(order).unwrap().unfilled()
    }

    pub(super) fn held(&self) -> i64 {
        self.ledger.position(&instrument()).quantity
    }

    pub(super) fn odd(&self, wanted: Odd) -> usize {
        let odd = |change: &&Change| **change == Change::Odd(wanted);
        self.changes.iter().filter(odd).count()
    }

    /// Money that everything in flight may still take; `None` where it cannot be said.
    pub(super) fn premium_wanted(&self) -> Option<Cash> {
        let wanted = self.ledger.premiums_wanted()?;
        let add = |sum: Cash, premium: &Cash| sum.checked_add(*premium);
        wanted.values().try_fold(Cash::ZERO, add)
    }

    /// Asks, lets `seconds` pass, and works the answer through.
    pub(super) fn reconcile(&mut self, seconds: i64, mut state: BrokerState) -> Reconciliation {
        let query = self.ledger.next_query();
        self.record(Record::Queried { query });
        self.wait(seconds);
        state.query = query;
        self.answer(state)
    }

    pub(super) fn answer(&mut self, state: BrokerState) -> Reconciliation {
        self.report(Report::State(Box::new(state.clone())));
        let plan = plan(&self.ledger, &state, self.now, &self.missing, |_| {
            Some(Price(10_000))
        });
        for report in plan.reports.clone() {
            self.report(report);
        }
        for record in plan.records.clone() {
            self.record(record);
        }
        self.missing = plan.missing.clone();
        plan
    }
}

pub(super) fn contract() -> Contract {
    Contract {
        underlying: Ticker::new("SPY").unwrap(),
        terms: OptionTerms::from_osi("SPY   240119C00470000").unwrap(),
    }
}

pub(super) fn instrument() -> Instrument {
    Instrument::Option(contract())
}

pub(super) fn intent(id: OrderId, side: Side, quantity: u32, role: Role) -> OrderIntent {
    OrderIntent {
        order: Order {
            id,
            contract: contract(),
            side,
            quantity,
            kind: OrderKind::Limit(Price(10_000)),
            role,
            parent: None,
            oca: None,
            at: START,
            good_until: START.plus_nanos(86_400 * NANOS_PER_SECOND),
        },
        strategy: StrategyName::new("gamma"),
        signal: SignalId {
            tick: id.0,
            place: 0,
        },
        why: match role {
            Role::Entry => Intent::Open,
            _ => Intent::Stop,
        },
        fingerprint: Fingerprint(id.0),
    }
}

/// An entry of `quantity` with a stop and a target in one group.
pub(super) fn bracket(trial: &mut Trial, quantity: u32) -> [OrderId; 3] {
    let first = trial.ledger.next_order().0;
    let [entry, stop, target] = [OrderId(first), OrderId(first + 1), OrderId(first + 2)];
    trial.send(intent(entry, Side::Buy, quantity, Role::Entry));
    for (id, role) in [(stop, Role::Stop), (target, Role::Target)] {
        let mut leg = intent(id, Side::Sell, quantity, role);
        leg.order.parent = Some(entry);
        leg.order.oca = Some(entry);
        if role == Role::Stop {
            leg.order.kind = OrderKind::StopLimit {
                stop: Price(8_000),
                limit: Price(7_000),
            };
        }
        trial.send(leg);
    }
    [entry, stop, target]
}

/// An execution of `order`: (base, revision), quantity, cumulative quantity.
pub(super) fn execution(
    order: OrderId,
    side: Side,
    (base, revision): (u64, u16),
    quantity: u32,
    cumulative: u32,
) -> Execution {
    Execution {
        id: ExecutionId { base, revision },
        order: Some(order),
        perm: PermId(1_000 + order.0),
        instrument: instrument(),
        side,
        quantity,
        price: Price(10_000),
        cumulative,
        at: START,
    }
}

pub(super) fn bought(order: OrderId, base: u64, quantity: u32, cumulative: u32) -> Report {
    Report::Executed(execution(order, Side::Buy, (base, 1), quantity, cumulative))
}

pub(super) fn sold(order: OrderId, base: u64, quantity: u32, cumulative: u32) -> Report {
    Report::Executed(execution(
        order,
        Side::Sell,
        (base, 1),
        quantity,
        cumulative,
    ))
}

pub(super) fn working(order: Option<OrderId>, perm: u64, quantity: u32) -> OpenOrder {
    OpenOrder {
        order,
        perm: PermId(perm),
        instrument: instrument(),
        side: Side::Buy,
        quantity,
        filled: 0,
        limit: Some(Price(10_000)),
    }
}

pub(super) fn over(order: OrderId, perm: u64, filled: u32) -> CompletedOrder {
    CompletedOrder {
        order: Some(order),
        perm: PermId(perm),
        filled,
        rejected: false,
    }
}
