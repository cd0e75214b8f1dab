//! The whole engine between feeds made for a test.

use components::contract::OptionTerms;
use components::market::{SymbolId, Ticker};
use components::order::{Order, OrderId};
use components::units::{Price, Timestamp};
use daemon::assemble::{Parts, assemble};
use daemon::settings::{ConfigFiles, load};
use engine::calendar::Calendar;
use engine::clock::{SteppedClock, Tick, Window};
use engine::directory::{Directory, Listings};
use engine::engine::Engine;
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Broker, Feed, FeedError};
use engine::record::RunStart;
use jiff::civil::date;
use std::sync::{Arc, Mutex};

/// The names of feeds in the order in which they were asked.
pub(crate) type Asked = Arc<Mutex<Vec<&'static str>>>;

/// What a feed says in the tick with this number; nothing is known of it before.
pub(crate) struct Says {
    pub(crate) tick: u64,
    pub(crate) kind: EventKind,
}

/// A feed that lists and says what a test wants.
pub(crate) struct Told {
    pub(crate) name: &'static str,
    pub(crate) symbol: Ticker,
    pub(crate) contracts: Vec<(u64, OptionTerms)>,
    pub(crate) says: Vec<Says>,
    pub(crate) asked: Asked,
}

impl Feed for Told {
    fn name(&self) -> &str {
        self.name
    }

    fn list(&mut self, tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        listings.symbol(self.symbol);
        for (from, terms) in &self.contracts {
            if *from <= tick.number {
                listings.contract(self.symbol, *terms);
            }
        }
        Ok(())
    }

    fn drain(
        &mut self,
        tick: &Tick,
        _directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        self.asked.lock().unwrap().push(self.name);
        for says in self.says.iter().filter(|says| says.tick == tick.number) {
            inbox.push(tick.now, tick.now, says.kind.clone());
        }
        Ok(())
    }
}

struct NoBroker;

impl Broker for NoBroker {
    fn submit(&mut self, _orders: &[Order]) {}

    fn modify(&mut self, _order: &Order, _at: Timestamp) {}

    fn cancel(&mut self, _order: OrderId, _at: Timestamp) {}

    fn query(&mut self, _query: u64, _at: Timestamp) {}

    fn reconnect(&mut self, _at: Timestamp) {}
}

/// Runs the first `ticks` ticks of a day with `feeds`.
pub(crate) fn run(feeds: Vec<Told>, shuffle: Option<u64>, ticks: u64) -> Engine {
    let calendar = Calendar::nyse();
    let session = calendar.session(date(2026, 3, 2)).unwrap();
    let clock = SteppedClock::new(vec![Window::whole(session)]).limited_to(Some(ticks));
    let mut engine = assemble(Parts {
        config: load(&ConfigFiles::default(), None).unwrap(),
        calendar,
        clock: Box::new(clock),
        feeds: feeds
            .into_iter()
            .map(|feed| Box::new(feed) as Box<dyn Feed>)
            .collect(),
        execution: None,
        broker: Box::new(NoBroker),
        mirror: None,
        journal: None,
        run: RunStart::default(),
        ledger: None,
        opening: Vec::new(),
        threads: 1,
        shuffle,
    })
    .unwrap();
    while engine.tick().unwrap().is_some() {}
    engine
}

/// A quote of the first symbol, a cent wide.
pub(crate) fn quote(bid_usd: f64) -> EventKind {
    EventKind::Quote {
        symbol: SymbolId(0),
        bid: Price::from_dollars(bid_usd).unwrap(),
        ask: Price::from_dollars(bid_usd + 0.01).unwrap(),
        bid_size: 100,
        ask_size: 100,
    }
}
