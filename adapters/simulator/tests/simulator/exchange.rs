//! The simulated exchange fills at prices that were there, and tells so in time.

use crate::common::{charges, entry, points, report, sessions, tick};
use components::contract::{Contract, ContractId, OptionTerms};
use components::market::{Side, Ticker};
use components::order::{Order, OrderId, OrderKind};
use components::units::{Price, Timestamp};
use engine::calendar::Session;
use engine::directory::{Directory, Listings};
use engine::event::{Event, EventKind};
use engine::inbox::Inbox;
use engine::ports::{Broker, Feed};
use engine::report::Report;
use simulator::{
    ExchangeConfig, Gateway, GatewayBroker, GatewayConfig, GatewayFeed, exchange, settled_at_close,
};

const CONTRACT: ContractId = ContractId(0);

/// An exchange with one contract that expires on the first session, fed by hand.
struct Pit {
    broker: GatewayBroker,
    feed: GatewayFeed,
    directory: Directory,
    inbox: Inbox,
    session: Session,
    terms: OptionTerms,
    point: i64,
    next_order: u64,
    is_connected: bool,
}

impl Pit {
    fn new() -> Self {
        Self::with(&ExchangeConfig {
            latency_jitter_ms: 0,
            ..ExchangeConfig::default()
        })
    }

    fn with(config: &ExchangeConfig) -> Self {
        let days = sessions();
        let terms = OptionTerms::from_osi("AAA   260302C00100000").unwrap();
        let mut listings = Listings::default();
        listings.contract(Ticker::new("AAA").unwrap(), terms);
        let mut directory = Directory::default();
        directory.number(&listings, days[0].open);
        let (broker, feed) = plain(config, 7);
        Self {
            broker,
            feed,
            directory,
            inbox: Inbox::default(),
            session: days[0],
            terms,
            point: 0,
            next_order: 0,
            is_connected: false,
        }
    }

    fn now(&self) -> Timestamp {
        tick(self.session, self.point).now
    }

    /// Sends an order at the current tick.
    fn send(&mut self, side: Side, quantity: u32, kind: OrderKind) -> OrderId {
        self.next_order += 1;
        let times = (self.now(), self.session.close);
        let order = entry(
            (self.next_order, self.contract()),
            side,
            quantity,
            kind,
            times,
        );
        self.submit(&order);
        order.id
    }

    fn submit(&mut self, order: &Order) {
        self.broker.submit(core::slice::from_ref(order));
    }

    fn contract(&self) -> Contract {
        Contract {
            underlying: Ticker::new("AAA").unwrap(),
            terms: self.terms,
        }
    }

    /// Runs the next tick with quotes at milliseconds after the tick before; the reports.
    fn next(&mut self, quotes: &[(i64, i64, i64)]) -> Vec<Event> {
        let before = self.now();
        let kinds: Vec<(i64, EventKind)> = quotes
            .iter()
            .map(|(ms, bid, ask)| (*ms, sized(*bid, *ask, 5)))
            .collect();
        self.point += 1;
        let events: Vec<(Timestamp, EventKind)> = kinds
            .into_iter()
            .map(|(ms, kind)| (before.plus_millis(ms), kind))
            .collect();
        self.run(events)
    }

    fn run(&mut self, events: Vec<(Timestamp, EventKind)>) -> Vec<Event> {
        self.inbox.clear();
        for (at, kind) in events {
            self.inbox.push(at, at, kind);
        }
        let market = self.inbox.len();
        let tick = tick(self.session, self.point);
        self.feed
            .drain(&tick, &self.directory, &mut self.inbox)
            .unwrap();
        let said = self.inbox.events()[market..].to_vec();
        let is_connected = |event: &Event| matches!(report(event), Report::Connected { .. });
        let connected = said.iter().filter(|event| is_connected(event)).count();
        assert_eq!(connected, usize::from(!self.is_connected));
        self.is_connected = true;
        said.into_iter()
            .filter(|event| !is_connected(event))
            .collect()
    }
}

/// An exchange that says what it says in one order, so that tests can read it.
fn plain(config: &ExchangeConfig, seed: u64) -> (GatewayBroker, GatewayFeed) {
    let gateway = GatewayConfig {
        shuffles_messages: false,
        ..GatewayConfig::default()
    };
    let settlement = settled_at_close(&sessions());
    let gateway = Gateway::new(config, gateway, seed, settlement).unwrap();
    gateway.connect()
}

fn sized(bid: i64, ask: i64, size: u32) -> EventKind {
    EventKind::OptionQuote {
        contract: CONTRACT,
        bid: Price(bid),
        ask: Price(ask),
        bid_size: if bid > 0 { size } else { 0 },
        ask_size: if ask > 0 { size } else { 0 },
    }
}

/// The reports as words, an execution together with its charge.
fn words(events: &[Event]) -> Vec<String> {
    let charges = charges(events);
    let word = |event: &Event| match report(event) {
        Report::Accepted { order, .. } => Some(format!("{order} accepted")),
        Report::Cancelled { order, .. } => Some(format!("{order} cancelled")),
        Report::Rejected { order, reason, .. } => Some(format!("{order} rejected: {reason}")),
        Report::CancelRefused { order, code } => Some(format!("{order} not cancelled: {code}")),
        Report::Executed(execution) => Some(format!(
            "{} {} {} at {} fees {}",
            execution.order.unwrap(),
            execution.side.name(),
            execution.quantity,
            execution.price,
            charges[&execution.id]
        )),
        Report::Charged { .. } => None,
        other => Some(format!("{other:?}")),
    };
    events.iter().filter_map(word).collect()
}

#[test]
fn an_order_sees_the_quotes_known_when_it_arrives() {
    let mut pit = Pit::new();
    pit.next(&[(10, 10_000, 11_000)]);
    pit.send(Side::Buy, 2, OrderKind::Limit(Price(12_000)));
    let sent = pit.now();
    // It arrives 80 ms after it was sent: after the second quote, before the third.
    let reports = pit.next(&[(70, 10_500, 11_500), (90, 9_000, 9_500)]);
    assert_eq!(
        words(&reports),
        ["o1 accepted", "o1 buy 2 at 1.15 fees 1.30"]
    );
    // Accepted, executed, charged.
    assert_eq!(reports.len(), 3);
    assert_eq!(reports[1].at, sent.plus_millis(80));
    assert_eq!(reports[1].received, sent.plus_millis(120));
}

#[test]
fn a_report_due_after_the_tick_waits_for_a_later_one() {
    let mut pit = Pit::with(&ExchangeConfig {
        latency_ms: 200,
        latency_jitter_ms: 0,
        report_latency_ms: 300,
        ..ExchangeConfig::default()
    });
    pit.next(&[(10, 10_000, 11_000)]);
    pit.send(Side::Buy, 1, OrderKind::Market);
    let sent = pit.now();
    assert_eq!(words(&pit.next(&[])), Vec::<String>::new());
    let reports = pit.next(&[]);
    assert_eq!(
        words(&reports),
        ["o1 accepted", "o1 buy 1 at 1.10 fees 1.00"]
    );
    assert!(reports.iter().all(|r| r.received == sent.plus_millis(500)));
}

#[test]
fn without_latency_a_report_still_comes_after_the_tick_that_sent_the_order() {
    let mut pit = Pit::with(&ExchangeConfig {
        latency_ms: 0,
        latency_jitter_ms: 0,
        report_latency_ms: 0,
        ..ExchangeConfig::default()
    });
    pit.next(&[(10, 10_000, 11_000)]);
    pit.send(Side::Buy, 1, OrderKind::Market);
    let sent = pit.now();
    let reports = pit.next(&[(1, 10_000, 12_000)]);
    assert_eq!(words(&reports)[1], "o1 buy 1 at 1.10 fees 1.00");
    assert!(reports.iter().all(|report| report.received > sent));
}

#[test]
fn the_minimum_fee_is_charged_once() {
    let mut pit = Pit::new();
    pit.next(&[(10, 10_000, 11_000)]);
    pit.send(Side::Buy, 7, OrderKind::Market);
    assert_eq!(
        words(&pit.next(&[])),
        ["o1 accepted", "o1 buy 5 at 1.10 fees 3.25"]
    );
    assert_eq!(
        words(&pit.next(&[(10, 10_000, 11_100)])),
        ["o1 buy 2 at 1.11 fees 1.30"]
    );
    pit.send(Side::Sell, 6, OrderKind::Market);
    pit.inbox.clear();
    pit.point += 1;
    let small = vec![(pit.now().plus_millis(-200), sized(10_200, 11_000, 1))];
    assert_eq!(
        words(&pit.run(small)),
        ["o2 accepted", "o2 sell 1 at 1.02 fees 1.00"]
    );
    pit.point += 1;
    let next = vec![(pit.now().plus_millis(-200), sized(10_300, 11_000, 1))];
    assert_eq!(words(&pit.run(next)), ["o2 sell 1 at 1.03 fees 0.30"]);
}

#[test]
fn a_cancellation_races_with_fills() {
    let mut pit = Pit::new();
    pit.next(&[(10, 10_000, 11_000)]);
    let order = pit.send(Side::Buy, 9, OrderKind::Limit(Price(10_900)));
    assert_eq!(words(&pit.next(&[])), ["o1 accepted"]);
    // Sent now, it arrives 80 ms later; the ask gets to the limit before and after that.
    pit.broker.cancel(order, pit.now());
    let reports = pit.next(&[(50, 10_000, 10_900), (100, 10_000, 10_800)]);
    assert_eq!(
        words(&reports),
        ["o1 buy 5 at 1.09 fees 3.25", "o1 cancelled"]
    );
    // Too late: the order is over, and its end is not said twice.
    pit.broker.cancel(order, pit.now());
    let refused = words(&pit.next(&[(100, 10_000, 10_700)]));
    assert!(
        refused == ["o1 not cancelled: 10148"] || refused == ["o1 not cancelled: 161"],
        "{refused:?}"
    );
}

#[test]
fn a_cancellation_cannot_overtake_its_order() {
    for seed in 0..50 {
        let mut pit = Pit::new();
        let config = ExchangeConfig {
            latency_jitter_ms: 100,
            ..ExchangeConfig::default()
        };
        (pit.broker, pit.feed) = plain(&config, seed);
        pit.next(&[]);
        let order = pit.send(Side::Buy, 1, OrderKind::Market);
        pit.broker.cancel(order, pit.now());
        assert_eq!(words(&pit.next(&[])), ["o1 accepted", "o1 cancelled"]);
    }
}

#[test]
fn orders_end_at_their_time_and_at_settlement() {
    let mut pit = Pit::new();
    pit.next(&[(10, 10_000, 11_000)]);
    let order = entry(
        (1, pit.contract()),
        Side::Buy,
        1,
        OrderKind::Limit(Price(5_000)),
        (pit.now(), pit.now().plus_millis(1_000)),
    );
    pit.next_order = 1;
    pit.submit(&order);
    pit.send(Side::Buy, 1, OrderKind::Limit(Price(5_000)));
    let mut said = Vec::new();
    for _ in 0..8 {
        said.extend(pit.next(&[]));
    }
    assert_eq!(words(&said), ["o1 accepted", "o2 accepted", "o1 cancelled"]);
    assert_eq!(said[2].at, order.good_until);
    pit.point = points(&pit.session) - 1;
    // A quote at the very settlement, and after it, fills nothing any more.
    assert_eq!(
        words(&pit.next(&[(250, 4_000, 4_500)])),
        Vec::<String>::new()
    );
    pit.send(Side::Buy, 1, OrderKind::Market);
    assert_eq!(
        words(&pit.next(&[(10, 4_000, 4_500)])),
        [
            "o2 cancelled",
            "o3 rejected: AAA 2026-03-02 100.00C has expired"
        ]
    );
}

#[test]
fn what_cannot_be_traded_is_rejected_with_a_reason() {
    let mut pit = Pit::new();
    pit.next(&[(10, 10_000, 11_000)]);
    let reason = |pit: &mut Pit, quantity, kind| {
        pit.send(Side::Buy, quantity, kind);
        let said = words(&pit.next(&[]));
        assert_eq!(said.len(), 1, "{said:?}");
        said[0].split_once("rejected: ").unwrap().1.to_owned()
    };
    let limit = |units| OrderKind::Limit(Price(units));
    assert_eq!(
        reason(&mut pit, 0, limit(10_000)),
        "quantity was 0, must be 1 or more"
    );
    assert_eq!(
        reason(&mut pit, 1, limit(0)),
        "price was 0.00, must be above 0"
    );
    assert_eq!(
        reason(&mut pit, 1, limit(-100)),
        "price was -0.01, must be above 0"
    );
    assert_eq!(
        reason(&mut pit, 1, limit(10_050)),
        "price was 1.0050, must be a multiple of 0.01"
    );
    assert_eq!(
        reason(&mut pit, 1, OrderKind::Stop(Price(30_100))),
        "price was 3.01, must be a multiple of 0.05"
    );
    pit.terms = OptionTerms::from_osi("AAA   260302C00101000").unwrap();
    assert_eq!(
        reason(&mut pit, 1, limit(10_000)),
        "AAA 2026-03-02 101.00C is not listed"
    );
}

#[test]
fn an_order_sent_twice_is_filled_once() {
    let mut pit = Pit::new();
    pit.next(&[(10, 10_000, 11_000)]);
    pit.send(Side::Buy, 1, OrderKind::Market);
    pit.next_order = 0;
    pit.send(Side::Buy, 1, OrderKind::Market);
    assert_eq!(
        words(&pit.next(&[])),
        [
            "o1 accepted",
            "o1 buy 1 at 1.10 fees 1.00",
            "o1 rejected: order o1 is known already"
        ]
    );
}

#[test]
fn a_halted_underlying_does_not_fill_until_it_is_quoted_again() {
    let mut pit = Pit::new();
    pit.next(&[(10, 10_000, 11_000)]);
    let symbol = pit.directory.listed(CONTRACT).unwrap().symbol;
    pit.send(Side::Buy, 1, OrderKind::Market);
    pit.point += 1;
    let halt = (pit.now().plus_millis(-240), EventKind::Halted { symbol });
    let quote = (pit.now().plus_millis(-100), sized(10_000, 10_500, 5));
    assert_eq!(words(&pit.run(vec![halt, quote])), ["o1 accepted"]);
    pit.point += 1;
    let resumed = (pit.now().plus_millis(-240), EventKind::Resumed { symbol });
    assert_eq!(words(&pit.run(vec![resumed])), Vec::<String>::new());
    assert_eq!(
        words(&pit.next(&[(10, 10_000, 12_000)])),
        ["o1 buy 1 at 1.20 fees 1.00"]
    );
}

#[test]
fn bad_config_is_refused_by_field() {
    let config = ExchangeConfig {
        latency_ms: -1,
        ..ExchangeConfig::default()
    };
    let error = exchange(&config, 1, Box::new(|_| None)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("latency_ms: was -1, must be 0 to 60000")
    );
}

#[test]
fn a_listing_does_not_let_an_order_arrive_before_the_quotes() {
    let mut pit = Pit::new();
    pit.next(&[(10, 10_000, 11_000)]);
    pit.send(Side::Buy, 1, OrderKind::Market);
    pit.point += 1;
    let listing = EventKind::SymbolListed {
        symbol: pit.directory.listed(CONTRACT).unwrap().symbol,
        ticker: Ticker::new("AAA").unwrap(),
    };
    let quote = (pit.now().plus_millis(-200), sized(10_000, 12_000, 5));
    assert_eq!(
        words(&pit.run(vec![(pit.now(), listing), quote])),
        ["o1 accepted", "o1 buy 1 at 1.20 fees 1.00"]
    );
}
