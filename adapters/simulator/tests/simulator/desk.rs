//! A gateway with two contracts, fed by hand: what the tests of the gateway share.

use crate::common::{entry, report, sessions, tick};
use components::contract::{Contract, ContractId, ExerciseStyle, OptionTerms};
use components::market::{Side, SymbolId, Ticker};
use components::order::{Order, OrderId, OrderKind, Role};
use components::units::{Price, Timestamp};
use engine::calendar::Session;
use engine::directory::{Directory, Listings};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Broker, Feed};
use engine::report::{BrokerState, Report};
use simulator::{
    ExchangeConfig, Gateway, GatewayBroker, GatewayConfig, GatewayFault, GatewayFaults,
    GatewayFeed, settled_at_close,
};

/// A limit price.
pub(crate) fn limit(units: i64) -> OrderKind {
    OrderKind::Limit(Price(units))
}

/// A process of the engine at a gateway.
pub(crate) struct Desk {
    pub(crate) gateway: Gateway,
    pub(crate) broker: Option<GatewayBroker>,
    pub(crate) feed: Option<GatewayFeed>,
    pub(crate) directory: Directory,
    pub(crate) session: Session,
    pub(crate) point: i64,
    next_order: u64,
}

impl Desk {
    /// A desk whose messages come in one order.
    pub(crate) fn new() -> Self {
        Self::with(Self::config(), 7)
    }

    pub(crate) fn config() -> GatewayConfig {
        GatewayConfig {
            shuffles_messages: false,
            ..GatewayConfig::default()
        }
    }

    /// A desk at which one fault happens from the first second on.
    pub(crate) fn faulty(kind: GatewayFault) -> Self {
        let at = sessions()[0].open.plus_millis(1_000);
        let config = GatewayConfig {
            faults: GatewayFaults::default().with_script(at, kind),
            ..Self::config()
        };
        let mut desk = Self::with(config, 7);
        desk.run(5);
        desk
    }

    pub(crate) fn with(config: GatewayConfig, seed: u64) -> Self {
        let days = sessions();
        let exchange = ExchangeConfig {
            latency_jitter_ms: 0,
            ..ExchangeConfig::default()
        };
        let gateway = Gateway::new(&exchange, config, seed, settled_at_close(&days)).unwrap();
        let (broker, feed) = gateway.connect();
        let mut desk = Self {
            gateway,
            broker: Some(broker),
            feed: Some(feed),
            directory: listed(&[0, 1]),
            session: days[0],
            point: 0,
            next_order: 0,
        };
        let said = desk.next(&[]);
        assert!(
            matches!(said.as_slice(), [Report::Connected { .. }]),
            "{said:?}"
        );
        desk
    }

    pub(crate) fn now(&self) -> Timestamp {
        tick(self.session, self.point).now
    }

    pub(crate) fn broker(&mut self) -> &mut GatewayBroker {
        self.broker.as_mut().unwrap()
    }

    /// An order with the next number.
    pub(crate) fn order(&mut self, side: Side, quantity: u32, kind: OrderKind) -> Order {
        self.next_order += 1;
        let times = (self.now(), self.session.close);
        entry((self.next_order, contract(0)), side, quantity, kind, times)
    }

    /// Sends an order of its own.
    pub(crate) fn send(&mut self, side: Side, quantity: u32, kind: OrderKind) -> Order {
        let order = self.order(side, quantity, kind);
        self.broker().submit(&[order]);
        order
    }

    /// Sends an entry that buys with a stop at 0.90 and a target at 1.30.
    pub(crate) fn bracket(&mut self, quantity: u32, kind: OrderKind) -> [Order; 3] {
        let parent = self.order(Side::Buy, quantity, kind);
        let leg = |order: Order, role| Order {
            role,
            parent: Some(parent.id),
            oca: Some(parent.id),
            ..order
        };
        let stop = OrderKind::StopLimit {
            stop: Price(9_000),
            limit: Price(8_000),
        };
        let stop = leg(self.order(Side::Sell, quantity, stop), Role::Stop);
        let target = leg(
            self.order(Side::Sell, quantity, limit(13_000)),
            Role::Target,
        );
        let orders = [parent, stop, target];
        self.broker().submit(&orders);
        orders
    }

    pub(crate) fn cancel(&mut self, order: OrderId) {
        let now = self.now();
        self.broker().cancel(order, now);
    }

    pub(crate) fn modify(&mut self, order: &Order) {
        let now = self.now();
        self.broker().modify(order, now);
    }

    pub(crate) fn reconnect(&mut self) {
        let now = self.now();
        self.broker().reconnect(now);
    }

    /// Runs the next tick with quotes of contract 0 (bid, ask, size) 10 ms after the tick before.
    pub(crate) fn next(&mut self, quotes: &[(i64, i64, u32)]) -> Vec<Report> {
        let quotes: Vec<EventKind> = quotes.iter().map(|q| quoted(0, *q)).collect();
        self.next_events(&quotes)
    }

    pub(crate) fn next_events(&mut self, kinds: &[EventKind]) -> Vec<Report> {
        let at = self.now().plus_millis(10);
        self.point += 1;
        let mut inbox = Inbox::default();
        for kind in kinds {
            inbox.push(at, at, kind.clone());
        }
        let tick = tick(self.session, self.point);
        if let Some(feed) = &mut self.feed {
            feed.drain(&tick, &self.directory, &mut inbox).unwrap();
        } else {
            self.gateway.follow(inbox.events(), &self.directory);
            self.gateway.run_until(tick.now);
        }
        let said = inbox.events()[kinds.len()..].iter();
        said.map(|event| report(event).clone()).collect()
    }

    /// Runs so many ticks without quotes.
    pub(crate) fn run(&mut self, ticks: usize) -> Vec<Report> {
        (0..ticks).flat_map(|_| self.next(&[])).collect()
    }

    /// Asks for everything, and runs until the answer is there.
    pub(crate) fn state(&mut self) -> BrokerState {
        let now = self.now();
        self.broker().query(9, now);
        let said = self.run(4);
        let state = said.into_iter().find_map(|report| match report {
            Report::State(state) => Some(*state),
            _ => None,
        });
        state.unwrap()
    }

    /// The process dies.
    pub(crate) fn die(&mut self) {
        self.broker = None;
        self.feed = None;
    }

    /// A new process connects; it numbers contracts the other way round.
    pub(crate) fn revive(&mut self) {
        let (broker, feed) = self.gateway.connect();
        self.broker = Some(broker);
        self.feed = Some(feed);
        self.directory = listed(&[1, 0]);
    }
}

/// Contract 0 is a call, 1 a put; both expire on the first day.
pub(crate) fn contract(which: usize) -> Contract {
    let osi = ["AAA   260302C00100000", "AAA   260302P00100000"][which];
    Contract {
        underlying: Ticker::new("AAA").unwrap(),
        terms: OptionTerms {
            style: ExerciseStyle::American,
            ..OptionTerms::from_osi(osi).unwrap()
        },
    }
}

fn listed(order: &[usize]) -> Directory {
    let mut directory = Directory::default();
    for which in order {
        let mut listings = Listings::default();
        listings.contract(contract(*which).underlying, contract(*which).terms);
        directory.number(&listings, Timestamp(0));
    }
    directory
}

/// A quote of the contract that the process numbers `number`.
pub(crate) fn quoted(number: u32, (bid, ask, size): (i64, i64, u32)) -> EventKind {
    EventKind::OptionQuote {
        contract: ContractId(number),
        bid: Price(bid),
        ask: Price(ask),
        bid_size: size,
        ask_size: size,
    }
}

/// A quote of the underlying around `level`.
pub(crate) fn underlying(level: i64) -> EventKind {
    EventKind::Quote {
        symbol: SymbolId(0),
        bid: Price(level - 100),
        ask: Price(level + 100),
        bid_size: 1,
        ask_size: 1,
    }
}

/// The reports as words.
pub(crate) fn words(reports: &[Report]) -> Vec<String> {
    reports.iter().map(word).collect()
}

fn word(report: &Report) -> String {
    match report {
        Report::Connected { next_order, .. } => format!("connected, next {next_order}"),
        Report::Disconnected { code } => format!("disconnected {code}"),
        Report::Resumed { code } => format!("resumed {code}"),
        Report::Accepted { order, .. } => format!("{order} accepted"),
        Report::Executed(execution) => format!(
            "{} {} {} at {} ({}) sum {}",
            execution
                .order
                .map_or_else(|| "someone".to_owned(), |order| order.to_string()),
            execution.side.name(),
            execution.quantity,
            execution.price,
            execution.id,
            execution.cumulative,
        ),
        Report::Charged { execution, fees } => format!("{execution} costs {fees}"),
        Report::Cancelled { order, .. } => format!("{order} cancelled"),
        Report::Rejected { order, code, .. } => format!("{order} rejected {code}"),
        Report::CancelRefused { order, code } => format!("{order} refused {code}"),
        Report::State(state) => format!("state {}", state.query),
    }
}
