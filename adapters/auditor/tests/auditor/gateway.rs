//! A small honest client at the simulated gateway, faults included: its journal and the gateway's
//! own ledger must agree, and must not once one of them is spoiled.

use crate::desk::{MONDAY, STRATEGY, contract};
use auditor::{Audit, AuditLimits, audit};
use components::contract::{Contract, ContractId, Expiry};
use components::market::Side;
use components::order::{Fingerprint, Order, OrderId, OrderIntent, OrderKind, Role};
use components::signal::{Intent, SignalId};
use components::units::{Cash, Price, Timestamp};
use engine::calendar::Session;
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::EventKind;
use engine::frame::Frame;
use engine::inbox::Inbox;
use engine::ports::{Broker, Feed};
use engine::random::Stream;
use engine::record::{AccountState, OpenState, Record, RunStart};
use engine::report::{BrokerState, Report};
use simulator::{
    BrokerLedger, ExchangeConfig, Gateway, GatewayBroker, GatewayConfig, GatewayFault,
    GatewayFaults,
};
use std::collections::{BTreeMap, BTreeSet};

const CONTRACTS: u32 = 12;
const TICKS: i64 = 2_400;

struct Client {
    frames: Vec<Frame>,
    broker: GatewayBroker,
    draws: Stream,
    next_order: u64,
    query: u64,
    asked: Option<u64>,
    sent: Vec<OrderId>,
    orders: BTreeMap<OrderId, Order>,
    over: BTreeSet<OrderId>,
    executions: BTreeMap<u64, u16>,
    charges: BTreeSet<u64>,
    is_reconciled: bool,
}

impl Client {
    fn hear(&mut self, report: &Report) {
        match report {
            Report::Executed(execution) => {
                let known = self.executions.entry(execution.id.base).or_default();
                if execution.id.revision <= *known {
                    return;
                }
                *known = execution.id.revision;
                let whole = execution.order.and_then(|id| self.orders.get(&id));
                if let Some(order) = whole.filter(|o| o.quantity <= execution.cumulative) {
                    self.over.insert(order.id);
                }
            }
            Report::Charged { execution, .. } => {
                self.charges.insert(execution.base);
            }
            Report::Cancelled { order, .. } | Report::Rejected { order, .. } => {
                self.over.insert(*order);
            }
            _ => {}
        }
    }

    /// What a whole answer tells that no report did.
    fn work_through(&mut self, state: &BrokerState, records: &mut Vec<Record>) {
        for (execution, fees) in &state.executions {
            let known = self.executions.get(&execution.id.base).copied();
            if known.is_none_or(|known| known < execution.id.revision) {
                let report = Report::Executed(*execution);
                self.hear(&report);
                records.push(Record::Found(report));
            }
            if let Some(fees) = fees.filter(|_| !self.charges.contains(&execution.id.base)) {
                let execution = execution.id;
                let report = Report::Charged { execution, fees };
                self.hear(&report);
                records.push(Record::Found(report));
            }
        }
        records.push(Record::Reconciled {
            query: state.query,
            differences: 0,
        });
        self.is_reconciled = true;
        self.asked = None;
    }

    fn bracket(&mut self, at: Timestamp, place: u32, ask: Price) -> [Order; 3] {
        let entry = OrderId(self.next_order);
        let order = |number: u64, side, kind, role, parent: Option<OrderId>| Order {
            id: OrderId(entry.0 + number),
            contract: listed(place),
            side,
            quantity: 2,
            kind,
            role,
            parent,
            oca: parent,
            at,
            good_until: at.plus_millis(if parent.is_some() { 3_600_000 } else { 20_000 }),
        };
        self.next_order += 3;
        let stop = OrderKind::StopLimit {
            stop: Price(7_000),
            limit: Price(5_000),
        };
        let target = OrderKind::Limit(Price(13_000));
        [
            order(0, Side::Buy, OrderKind::Limit(ask), Role::Entry, None),
            order(1, Side::Sell, stop, Role::Stop, Some(entry)),
            order(2, Side::Sell, target, Role::Target, Some(entry)),
        ]
    }

    /// A tick: what was heard and found, what is decided, and what leaves then.
    fn step(&mut self, tick: &Tick, inbox: &Inbox, market: usize, quotes: &[(Price, Price)]) {
        let mut frame = Frame::of(tick);
        frame.reports = inbox.events()[market..].to_vec();
        let mut records = Vec::new();
        records.extend(self.sent.drain(..).map(|order| Record::Sent { order }));
        for (place, event) in frame.reports.iter().enumerate() {
            let EventKind::Reported(report) = &event.kind else {
                continue;
            };
            records.push(Record::Heard {
                report: u32::try_from(place).unwrap(),
            });
            self.hear(report);
            if let Report::State(state) = report
                && self.asked == Some(state.query)
            {
                self.work_through(state, &mut records);
            }
        }
        let place = u32::try_from(self.draws.below(u64::from(CONTRACTS))).unwrap();
        let is_free = |o: &Order| o.contract != listed(place) || self.over.contains(&o.id);
        let opens = self.is_reconciled
            && tick.number.is_multiple_of(8)
            && self.orders.values().all(is_free);
        let mut leaving = Vec::new();
        if opens {
            leaving.extend(self.bracket(tick.now, place, quotes[place as usize].1));
            records.extend(leaving.iter().map(|order| intended(order, tick.number)));
        }
        let asks = self.asked.is_none() && tick.number.is_multiple_of(40);
        if asks {
            self.query += 1;
            self.asked = Some(self.query);
            records.push(Record::Queried { query: self.query });
        }
        frame.records = records;
        self.frames.push(frame);
        if !leaving.is_empty() {
            self.broker.submit(&leaving);
        }
        for order in leaving {
            self.sent.push(order.id);
            self.orders.insert(order.id, order);
        }
        if asks {
            self.broker.query(self.query, tick.now);
        }
    }
}

fn intended(order: &Order, tick: u64) -> Record {
    Record::Intended(OrderIntent {
        order: *order,
        strategy: STRATEGY,
        signal: SignalId { tick, place: 0 },
        why: Intent::Open,
        fingerprint: Fingerprint(order.contract.terms.strike.0.unsigned_abs()),
    })
}

fn listed(place: u32) -> Contract {
    contract("AAA", 100 + place)
}

fn opening_frame(session: Session) -> Frame {
    let mut frame = Frame::of(&tick_at(session, 0));
    let cash = Cash(1_000_000_000);
    let account = AccountState {
        cash,
        initial: cash,
        day_open_equity: cash,
        high_water: cash,
        ..AccountState::default()
    };
    frame.records = vec![
        Record::RunStarted(RunStart {
            run: 1,
            program: 1,
            config: 1,
            account: "DU0000001".to_owned(),
            live: false,
        }),
        Record::DayOpened(Box::new(OpenState {
            date: MONDAY,
            next_order: OrderId(1),
            next_query: 1,
            account,
            ..OpenState::default()
        })),
    ];
    frame
}

fn tick_at(session: Session, number: i64) -> Tick {
    Tick {
        number: number.unsigned_abs(),
        now: session.open.plus_millis(250 * number),
        session,
        opens_session: number == 0,
        skipped: 0,
        jumped_ms: 0,
    }
}

/// Ten minutes of brackets at a gateway with `faults`.
fn run(seed: u64, faults: GatewayFaults) -> (Vec<Frame>, BrokerLedger) {
    let open = Timestamp((20_514 * 86_400 + 52_200) * 1_000_000_000);
    let session = Session {
        date: Expiry::try_from(MONDAY).unwrap().date(),
        open,
        close: open.plus_millis(23_400_000),
        early_close: false,
    };
    let config = GatewayConfig {
        faults,
        ..GatewayConfig::default()
    };
    let settles = open.plus_millis(18 * 86_400_000);
    let settlement = Box::new(move |_: &_| Some(settles));
    let gateway = Gateway::new(&ExchangeConfig::default(), config, seed, settlement).unwrap();
    let (broker, mut feed) = gateway.connect();
    let mut directory = Directory::default();
    let mut listings = Listings::default();
    for place in 0..CONTRACTS {
        listings.contract(listed(place).underlying, listed(place).terms);
    }
    directory.number(&listings, open);
    let mut client = Client {
        frames: vec![opening_frame(session)],
        broker,
        draws: Stream::new(seed, "client", 0),
        next_order: 1,
        query: 0,
        asked: None,
        sent: Vec::new(),
        orders: BTreeMap::new(),
        over: BTreeSet::new(),
        executions: BTreeMap::new(),
        charges: BTreeSet::new(),
        is_reconciled: false,
    };
    let mut quotes = vec![(Price(9_900), Price(10_100)); CONTRACTS as usize];
    for number in 1..TICKS {
        let tick = tick_at(session, number);
        let mut inbox = Inbox::default();
        let at = tick.now.plus_millis(-200);
        for (place, quote) in quotes.iter_mut().enumerate() {
            let step = i64::try_from(client.draws.below(7)).unwrap() - 3;
            let bid = Price((quote.0.0 + step * 100).clamp(4_000, 16_000));
            *quote = (bid, Price(bid.0 + 200));
            let kind = EventKind::OptionQuote {
                contract: ContractId(u32::try_from(place).unwrap()),
                bid: quote.0,
                ask: quote.1,
                bid_size: 5,
                ask_size: 1,
            };
            inbox.push(at, at, kind);
        }
        let market = inbox.len();
        feed.drain(&tick, &directory, &mut inbox).unwrap();
        client.step(&tick, &inbox, market, &quotes);
    }
    (client.frames, gateway.ledger())
}

/// The client mends no protection and pauses for no refusal: where there are faults it promises
/// neither.
fn judged(frames: Vec<Frame>, ledger: &BrokerLedger, is_faulty: bool) -> Audit {
    let promised = AuditLimits::default();
    let limits = AuditLimits {
        positions_max: 100,
        positions_per_symbol_max: 100,
        unprotected_max_ms: if is_faulty {
            i64::MAX
        } else {
            promised.unprotected_max_ms
        },
        rejections_max: if is_faulty {
            usize::MAX
        } else {
            promised.rejections_max
        },
        ..AuditLimits::default()
    };
    audit(frames, Some(ledger), &limits)
}

fn faults() -> GatewayFaults {
    [
        (GatewayFault::Duplicate, 0.2),
        (GatewayFault::Reorder, 0.1),
        (GatewayFault::ExecutionFirst, 0.1),
        (GatewayFault::LostFill, 0.05),
        (GatewayFault::LostStatus, 0.05),
        (GatewayFault::CorrectPrice, 0.05),
        (GatewayFault::CorrectQuantity, 0.05),
        (GatewayFault::LostAck, 0.05),
        (GatewayFault::BothLegs, 0.05),
        (GatewayFault::StopLegRejected, 0.05),
        (GatewayFault::Cancel202, 60.0),
        (GatewayFault::Delay, 0.05),
        (GatewayFault::PartialThenSilence, 0.05),
        (GatewayFault::Reject201, 0.02),
        (GatewayFault::ForeignOrder, 120.0),
        (GatewayFault::Liquidation, 30.0),
    ]
    .into_iter()
    .fold(GatewayFaults::default(), |faults, (kind, rate)| {
        faults.with_rate(kind, rate).unwrap()
    })
}

#[test]
fn an_honest_client_is_clean_whatever_the_gateway_does() {
    let (mut orders, mut executions) = (0, 0);
    for seed in 1..=40 {
        let is_faulty = seed > 2;
        let faults = if !is_faulty {
            GatewayFaults::default()
        } else {
            faults()
        };
        let (frames, ledger) = run(seed, faults);
        let audit = judged(frames, &ledger, is_faulty);
        let texts: Vec<String> = audit.violations.iter().map(ToString::to_string).collect();
        assert!(texts.is_empty(), "seed {seed}: {texts:#?}");
        assert_eq!(
            audit.figures.orphan_orders + audit.figures.duplicate_orders,
            0
        );
        orders += audit.figures.orders;
        executions += audit.figures.executions;
    }
    assert!(orders > 1_000 && executions > 500, "{orders} {executions}");
}

#[test]
fn what_is_taken_out_of_either_record_is_missed() {
    let (frames, ledger) = run(3, GatewayFaults::default());
    let numbers = |frames: Vec<Frame>, ledger: &BrokerLedger| -> BTreeSet<u8> {
        judged(frames, ledger, false)
            .violations
            .iter()
            .map(|v| v.invariant)
            .collect()
    };
    let is_entry = |record: &Record| match record {
        Record::Intended(intent) => intent.order.role == Role::Entry,
        _ => false,
    };
    let mut lost = frames.clone();
    lost.iter_mut()
        .for_each(|frame| frame.records.retain(|record| !is_entry(record)));
    assert!(numbers(lost, &ledger).contains(&1));
    let mut deaf = frames.clone();
    let executed = |frame: &Frame, record: &Record| match record {
        Record::Heard { report } => {
            let event = &frame.reports[*report as usize];
            matches!(event.kind, EventKind::Reported(Report::Executed(_)))
        }
        _ => false,
    };
    for frame in &mut deaf {
        let records = std::mem::take(&mut frame.records);
        let kept = records
            .into_iter()
            .filter(|record| !executed(frame, record));
        frame.records = kept.collect();
    }
    assert!(numbers(deaf, &ledger).contains(&5));
    let mut cheap = ledger.clone();
    cheap.executions[0].fees.0 += 1;
    assert_eq!(numbers(frames, &cheap), BTreeSet::from([6]));
}
