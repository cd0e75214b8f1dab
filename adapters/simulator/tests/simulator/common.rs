//! What the tests share: sessions, ticks, and a feed drained as the engine would.

use components::contract::{Contract, ContractId};
use components::market::{Quote, Side};
use components::order::{Execution, ExecutionId, Order, OrderId, OrderKind, Role};
use components::units::{Cash, Timestamp};
use engine::calendar::Session;
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::{Event, EventKind};
use engine::inbox::Inbox;
use engine::ports::Feed;
use engine::report::Report;
use jiff::ToSpan;
use jiff::civil::{Weekday, date};
use simulator::{Market, MarketConfig};
use std::collections::BTreeMap;

/// Weekdays from Monday 2026-03-02 on, 9:30 to 16:00 in New York; the third closes at 13:00.
pub(crate) fn sessions() -> Vec<Session> {
    date(2026, 3, 2)
        .series(1.day())
        .take(100)
        .filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday))
        .enumerate()
        .map(|(place, day)| {
            let open = day.at(9, 30, 0, 0).in_tz("America/New_York").unwrap();
            let open = Timestamp::from(open.timestamp());
            let early_close = place == 2;
            let minutes = if early_close { 210 } else { 390 };
            Session {
                date: day,
                open,
                close: open.plus_millis(minutes * 60_000),
                early_close,
            }
        })
        .collect()
}

/// Grid points of a session.
pub(crate) fn points(session: &Session) -> i64 {
    session.close.nanos_since(session.open) / 250_000_000
}

/// The tick at grid point `point` of `session`.
pub(crate) fn tick(session: Session, point: i64) -> Tick {
    Tick {
        number: point.unsigned_abs(),
        now: session.open.plus_millis(250 * point),
        session,
        opens_session: point == 1,
        skipped: 0,
        jumped_ms: 0,
    }
}

/// A feed with the directory that numbers what it lists.
pub(crate) struct Drained {
    pub(crate) feed: Box<dyn Feed>,
    pub(crate) directory: Directory,
    inbox: Inbox,
}

impl Drained {
    pub(crate) fn new(feed: impl Feed + 'static) -> Self {
        Self {
            feed: Box::new(feed),
            directory: Directory::default(),
            inbox: Inbox::default(),
        }
    }

    /// The events of a tick, without listings.
    pub(crate) fn at(&mut self, tick: Tick) -> &[Event] {
        let mut listings = Listings::default();
        self.feed.list(&tick, &mut listings).unwrap();
        self.directory.number(&listings, tick.now);
        self.inbox.clear();
        self.feed
            .drain(&tick, &self.directory, &mut self.inbox)
            .unwrap();
        self.inbox.events()
    }

    /// All events of the grid points `from` to `to` of `session`.
    pub(crate) fn run(&mut self, session: Session, from: i64, to: i64) -> Vec<Event> {
        (from..=to)
            .flat_map(|point| self.at(tick(session, point)).to_vec())
            .collect()
    }
}

/// The trades among `events`: when, dollars, shares, sign of the aggressor.
pub(crate) fn trades(events: &[Event]) -> Vec<(Timestamp, f64, u32, f64)> {
    events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Trade {
                price,
                size,
                aggressor,
                ..
            } => Some((
                event.at,
                price.dollars(),
                *size,
                aggressor.unwrap().sign() as f64,
            )),
            _ => None,
        })
        .collect()
}

/// Two underlyings with short chains.
pub(crate) fn small() -> MarketConfig {
    MarketConfig {
        underlyings: 2,
        contracts_per_chain: 80,
        ..MarketConfig::default()
    }
}

/// The market of `config`.
pub(crate) fn market(config: &MarketConfig, seed: u64) -> Drained {
    Drained::new(Market::new(config, seed, &sessions()).unwrap())
}

/// The last midpoint of underlying 0 in every second that had a quote.
pub(crate) fn mids(events: &[Event]) -> BTreeMap<i64, f64> {
    let mut mids = BTreeMap::new();
    for event in events {
        if let EventKind::Quote {
            symbol, bid, ask, ..
        } = event.kind
            && symbol.0 == 0
        {
            let second = event.received.0 / 1_000_000_000;
            mids.insert(second, (bid.dollars() + ask.dollars()) / 2.0);
        }
    }
    mids
}

/// The option quotes among `events`, stamped with their reception.
pub(crate) fn option_quotes(events: &[Event]) -> impl Iterator<Item = (ContractId, Quote)> {
    events.iter().filter_map(|event| match event.kind {
        EventKind::OptionQuote {
            contract,
            bid,
            ask,
            bid_size,
            ask_size,
        } => {
            let quote = Quote {
                bid,
                ask,
                bid_size,
                ask_size,
                at: event.received,
            };
            Some((contract, quote))
        }
        _ => None,
    })
}

/// The contract with the engine's number `contract`.
pub(crate) fn named(directory: &Directory, contract: ContractId) -> Contract {
    let listed = directory.listed(contract).unwrap();
    Contract {
        underlying: directory.ticker(listed.symbol).unwrap(),
        terms: listed.terms,
    }
}

/// An entry without legs.
pub(crate) fn entry(
    (id, contract): (u64, Contract),
    side: Side,
    quantity: u32,
    kind: OrderKind,
    (at, good_until): (Timestamp, Timestamp),
) -> Order {
    Order {
        id: OrderId(id),
        contract,
        side,
        quantity,
        kind,
        role: Role::Entry,
        parent: None,
        oca: None,
        at,
        good_until,
    }
}

/// The report that an event of the exchange carries.
pub(crate) fn report(event: &Event) -> &Report {
    match &event.kind {
        EventKind::Reported(report) => report,
        other => panic!("{other:?} is no report"),
    }
}

/// What each execution among `events` was charged; each must be charged once.
pub(crate) fn charges(events: &[Event]) -> BTreeMap<ExecutionId, Cash> {
    let mut charges = BTreeMap::new();
    for event in events {
        if let EventKind::Reported(Report::Charged { execution, fees }) = &event.kind {
            assert!(charges.insert(*execution, *fees).is_none(), "{execution}");
        }
    }
    charges
}

/// The executions among `events`, each with its charge.
pub(crate) fn executions(events: &[Event]) -> Vec<(Execution, Cash)> {
    let charges = charges(events);
    let found: Vec<(Execution, Cash)> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Reported(Report::Executed(execution)) => {
                Some((*execution, charges[&execution.id]))
            }
            _ => None,
        })
        .collect();
    assert_eq!(found.len(), charges.len(), "a charge without an execution");
    found
}
