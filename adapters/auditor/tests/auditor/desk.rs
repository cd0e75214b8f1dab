//! An honest engine at an honest broker, by hand: each step writes what both would have written.

mod broker;
mod session;

use auditor::{Audit, AuditLimits, audit};
use components::contract::{Contract, Instrument, OptionTerms};
use components::market::{Side, Ticker};
use components::order::{
    Execution, ExecutionId, Fingerprint, Order, OrderId, OrderIntent, OrderKind, OrderStatus,
    PermId, Position, Role,
};
use components::signal::{Intent, SignalId, StrategyName};
use components::units::{Cash, Price, Timestamp};
use engine::command::CommandSource;
use engine::event::{Event, EventKind};
use engine::frame::Frame;
use engine::record::{
    AccountState, Cause, FollowedOrder, OpenState, Record, Restriction, RunStart,
};
use engine::report::{BrokerState, CompletedOrder, OpenOrder, Report};
use simulator::{
    BrokerLedger, FinalState, LedgerExecution, LedgerOrder, Message, Origin, Received,
};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const MONDAY: u32 = 20_260_302;
const MIDNIGHT_S: i64 = 20_514 * 86_400;
const INITIAL: i64 = 1_000_000_000;
pub(crate) const STRATEGY: StrategyName = StrategyName::new("zero_dte");

pub(crate) struct Desk {
    pub(crate) frames: Vec<Frame>,
    pub(crate) frame: Frame,
    pub(crate) ledger: BrokerLedger,
    pub(crate) limits: AuditLimits,
    pub(crate) intents: BTreeMap<OrderId, OrderIntent>,
    pub(crate) status: BTreeMap<OrderId, OrderStatus>,
    pub(crate) charges: BTreeMap<u64, Cash>,
    pub(crate) latches: Vec<(Cause, Restriction)>,
    pub(crate) commands: BTreeMap<CommandSource, u64>,
    pub(crate) next_order: u64,
    pub(crate) next_query: u64,
    pub(crate) session: u64,
    pub(crate) day_open: Cash,
    pub(crate) losing_days: u32,
    pub(crate) paid: BTreeMap<Instrument, i64>,
}

pub(crate) fn contract(symbol: &str, strike: u32) -> Contract {
    dated(symbol, 260_320, strike)
}

pub(crate) fn dated(symbol: &str, date: u32, strike: u32) -> Contract {
    let osi = format!("{symbol:<6}{date}C{:08}", strike * 1000);
    Contract {
        underlying: Ticker::new(symbol).unwrap(),
        terms: OptionTerms::from_osi(&osi).unwrap(),
    }
}

impl Desk {
    /// Connected, opened and reconciled.
    pub(crate) fn new() -> Self {
        let open = (MIDNIGHT_S + 52_200) * 1_000_000_000;
        let close = (MIDNIGHT_S + 75_600) * 1_000_000_000;
        let session = (MONDAY, Timestamp(open), Timestamp(close));
        let mut desk = Self {
            frames: Vec::new(),
            frame: frame(1, Timestamp(open).plus_millis(60_000), session),
            ledger: BrokerLedger {
                account: "DU0000001".to_owned(),
                ..BrokerLedger::default()
            },
            limits: AuditLimits::default(),
            intents: BTreeMap::new(),
            status: BTreeMap::new(),
            charges: BTreeMap::new(),
            latches: Vec::new(),
            commands: BTreeMap::new(),
            next_order: 1,
            next_query: 1,
            session: 0,
            day_open: Cash(INITIAL),
            losing_days: 0,
            paid: BTreeMap::new(),
        };
        desk.start();
        let state = desk.open_state(MONDAY);
        desk.record(Record::DayOpened(Box::new(state)));
        desk.reconcile();
        desk
    }

    /// A process takes over.
    pub(crate) fn start(&mut self) {
        self.session += 1;
        self.record(Record::RunStarted(RunStart {
            run: self.session,
            program: 1,
            config: 2,
            account: self.ledger.account.clone(),
            live: false,
        }));
        self.hear(Report::Connected {
            account: self.ledger.account.clone(),
            next_order: OrderId(self.next_order),
        });
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.frame.now
    }

    pub(crate) fn record(&mut self, record: Record) {
        self.frame.records.push(record);
    }

    pub(crate) fn command(&mut self, source: CommandSource, number: u64) {
        self.commands.insert(source, number);
        self.record(Record::Commanded { source, number });
    }

    pub(crate) fn latch(&mut self, level: Restriction, cause: Cause) {
        self.latches.push((cause, level));
        self.record(Record::Latched { level, cause });
    }

    /// An operator on the host lifts everything.
    pub(crate) fn clear(&mut self, number: u64) {
        self.command(CommandSource::Socket, number);
        self.record(Record::Cleared { command: number });
        self.latches.clear();
    }

    pub(crate) fn hear(&mut self, report: Report) {
        let place = u32::try_from(self.frame.reports.len()).unwrap();
        self.frame.reports.push(Event {
            received: self.frame.now,
            at: self.frame.now,
            feed: engine::event::FeedId(0),
            kind: EventKind::Reported(report),
        });
        self.record(Record::Heard { report: place });
    }

    /// Ends the tick.
    pub(crate) fn tick(&mut self) {
        self.wait(250);
    }

    /// Ends the tick; the next comes `millis` later.
    pub(crate) fn wait(&mut self, millis: i64) {
        let next = frame(
            self.frame.tick + 1,
            self.frame.now.plus_millis(millis),
            self.frame.session,
        );
        self.frames.push(std::mem::replace(&mut self.frame, next));
    }

    pub(crate) fn intent(
        &self,
        role: Role,
        contract: Contract,
        quantity: u32,
        kind: OrderKind,
    ) -> OrderIntent {
        let strike = u64::try_from(contract.terms.strike.0).unwrap();
        let letter = u64::from(contract.underlying.as_str().as_bytes()[0]);
        OrderIntent {
            order: Order {
                id: OrderId(self.next_order),
                contract,
                side: if role == Role::Entry {
                    Side::Buy
                } else {
                    Side::Sell
                },
                quantity,
                kind,
                role,
                parent: None,
                oca: None,
                at: self.now(),
                good_until: self.now().plus_millis(3_600_000),
            },
            strategy: STRATEGY,
            signal: SignalId {
                tick: self.frame.tick,
                place: 0,
            },
            why: match role {
                Role::Entry => Intent::Open,
                Role::Stop => Intent::Stop,
                Role::Target => Intent::Target,
                Role::Exit => Intent::TimeExit,
            },
            fingerprint: Fingerprint(strike * 256 + letter),
        }
    }

    /// Journals an intent under the next number.
    pub(crate) fn intend(&mut self, mut intent: OrderIntent) -> OrderIntent {
        intent.order.id = OrderId(self.next_order);
        self.next_order += 1;
        self.record(Record::Intended(intent));
        self.intents.insert(intent.order.id, intent);
        self.status.insert(intent.order.id, OrderStatus::Intended);
        intent
    }

    pub(crate) fn sent(&mut self, id: OrderId) {
        self.record(Record::Sent { order: id });
        self.status.insert(id, OrderStatus::Sent);
    }

    pub(crate) fn accept(&mut self, id: OrderId) {
        let perm = self.entry(id).perm;
        self.hear(Report::Accepted { order: id, perm });
        self.status.insert(id, OrderStatus::Working);
    }

    /// Intends, sends and hears of an order; ends the tick.
    pub(crate) fn place(&mut self, intent: OrderIntent) -> OrderId {
        let intent = self.intend(intent);
        self.arrive(intent.order);
        self.tick();
        self.sent(intent.order.id);
        self.accept(intent.order.id);
        intent.order.id
    }

    /// An entry with its stop and its target; ends the tick.
    pub(crate) fn bracket(&mut self, contract: Contract, quantity: u32) -> [OrderId; 3] {
        let orders = self.bracket_intents(contract, quantity);
        for order in orders {
            self.arrive(order);
        }
        self.tick();
        for order in orders {
            self.sent(order.id);
        }
        for order in orders {
            self.accept(order.id);
        }
        orders.map(|order| order.id)
    }

    pub(crate) fn bracket_intents(&mut self, contract: Contract, quantity: u32) -> [Order; 3] {
        let entry = self.intent(
            Role::Entry,
            contract,
            quantity,
            OrderKind::Limit(Price(20_000)),
        );
        let entry = self.intend(entry).order;
        let stop = OrderKind::StopLimit {
            stop: Price(10_000),
            limit: Price(9_000),
        };
        let legs = [
            (Role::Stop, stop),
            (Role::Target, OrderKind::Limit(Price(39_500))),
        ];
        let [stop, target] = legs.map(|(role, kind)| {
            let mut leg = self.intent(role, contract, quantity, kind);
            leg.order.parent = Some(entry.id);
            leg.order.oca = Some(entry.id);
            self.intend(leg).order
        });
        [entry, stop, target]
    }

    /// An execution is reported with its charge.
    pub(crate) fn fill(&mut self, id: OrderId, quantity: u32, price: i64) {
        let (executed, charged) = self.execute(id, quantity, price);
        self.hear(executed);
        self.pay(charged);
    }

    pub(crate) fn pay(&mut self, charged: Report) {
        if let Report::Charged { execution, fees } = &charged {
            self.charges.insert(execution.base, *fees);
        }
        self.hear(charged);
    }

    /// Asks for a cancellation, which arrives and ends the order; ends the tick.
    pub(crate) fn cancel(&mut self, id: OrderId) {
        self.record(Record::CancelIntended { order: id });
        self.receive(Message::Cancel(id), None);
        self.tick();
        self.ended(id);
    }

    pub(crate) fn ended(&mut self, id: OrderId) {
        let now = self.now().plus_nanos(-100_000_000);
        let order = self.entry(id);
        order.end.get_or_insert((now, FinalState::Cancelled));
        let perm = Some(order.perm);
        self.hear(Report::Cancelled { order: id, perm });
        self.status.insert(id, OrderStatus::Cancelled);
    }

    /// Closes what a bracket holds by an exit, its legs cancelled first.
    pub(crate) fn exit(&mut self, [entry, stop, target]: [OrderId; 3], quantity: u32, price: i64) {
        self.cancel(stop);
        self.cancel(target);
        let contract = self.intents[&entry].order.contract;
        let exit = self.intent(
            Role::Exit,
            contract,
            quantity,
            OrderKind::Limit(Price(price)),
        );
        let exit = self.place(exit);
        self.fill(exit, quantity, price);
    }

    /// A bracket that was filled, protected.
    pub(crate) fn position(&mut self, contract: Contract, quantity: u32) -> [OrderId; 3] {
        let bracket = self.bracket(contract, quantity);
        self.fill(bracket[0], quantity, 19_500);
        bracket
    }

    pub(crate) fn ask(&mut self) -> u64 {
        let query = self.next_query;
        self.next_query += 1;
        self.record(Record::Queried { query });
        self.receive(Message::Query(query), None);
        self.tick();
        query
    }

    /// Asks, and works the answer through; takes a tick.
    pub(crate) fn reconcile(&mut self) {
        let query = self.ask();
        self.hear(Report::State(Box::new(self.answer(query))));
        self.record(Record::Reconciled {
            query,
            differences: 0,
        });
    }

    pub(crate) fn audit(&mut self) -> Audit {
        self.tick();
        audit(self.frames.clone(), Some(&self.ledger), &self.limits)
    }

    /// Expects violations of `invariant` alone, at least one, whose text holds `part`.
    #[track_caller]
    pub(crate) fn violates(&mut self, invariant: u8, part: &str) {
        let audit = self.audit();
        let texts: Vec<String> = audit.violations.iter().map(ToString::to_string).collect();
        let others = audit.violations.iter().any(|v| v.invariant != invariant);
        assert!(
            !texts.is_empty() && !others,
            "expected I{invariant} alone, found {texts:#?}"
        );
        assert!(
            texts.iter().any(|text| text.contains(part)),
            "{part:?} in {texts:#?}"
        );
    }

    #[track_caller]
    pub(crate) fn is_clean(&mut self) -> Audit {
        let audit = self.audit();
        let texts: Vec<String> = audit.violations.iter().map(ToString::to_string).collect();
        assert!(texts.is_empty(), "{texts:#?}");
        audit
    }
}

fn frame(tick: u64, now: Timestamp, session: (u32, Timestamp, Timestamp)) -> Frame {
    Frame {
        tick,
        now,
        session,
        opens_session: false,
        skipped: 0,
        jumped_ms: 0,
        reports: Vec::new(),
        records: Vec::new(),
        systems: Vec::new(),
        digest_before: 0,
    }
}

impl Desk {
    /// Asks, and works the answer through with what `found` says that follows from it.
    pub(crate) fn reconcile_with(&mut self, found: impl FnOnce(&mut Self)) {
        let query = self.ask();
        self.hear(Report::State(Box::new(self.answer(query))));
        found(self);
        self.record(Record::Reconciled {
            query,
            differences: 1,
        });
    }
}
