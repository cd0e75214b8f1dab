//! The engine as its users see it: order, errors, the inbox, and what must not matter.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use bevy_ecs::prelude::*;
use components::market::{SymbolId, Ticker};
use components::units::{Price, Timestamp};
use engine::calendar::{Calendar, Session};
use engine::clock::{SteppedClock, Tick, Window};
use engine::config::{Config, Layers};
use engine::digest::Digest;
use engine::directory::{Directory, Listings};
use engine::engine::{Engine, EngineError, Setup};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::phase::Phase;
use engine::ports::{Feed, FeedError};
use jiff::civil::date;

fn session() -> Session {
    Calendar::nyse().session(date(2026, 3, 2)).unwrap()
}

fn config() -> Config {
    Layers::new("{}").load().unwrap()
}

fn new_engine(shuffle: Option<u64>) -> Engine {
    let clock = SteppedClock::new(vec![Window::whole(session())]).limited_to(Some(40));
    Engine::new(Setup {
        config: config(),
        clock: Box::new(clock),
        shuffle,
    })
}

#[derive(Resource, Default)]
struct Steps(Vec<&'static str>);

#[test]
fn phases_run_in_their_order_and_systems_in_the_order_of_addition() {
    let mut engine = new_engine(Some(3));
    engine.world_mut().init_resource::<Steps>();
    let step = |name| move |mut steps: ResMut<Steps>| steps.0.push(name);
    engine
        .add(Phase::Mirror, step("mirror"))
        .add(Phase::Ingest, step("ingest 1"))
        .add(Phase::Risk, step("risk"))
        .add(Phase::Ingest, step("ingest 2"))
        .add(Phase::Greeks, step("greeks"));
    engine.initialize().unwrap();
    engine.tick().unwrap();
    let steps = &engine.world().resource::<Steps>().0;
    assert_eq!(*steps, ["ingest 1", "ingest 2", "greeks", "risk", "mirror"]);
    let latency = engine.latency();
    assert_eq!(latency.systems_of(Phase::Ingest).count(), 2);
    assert_eq!(
        latency
            .systems_of(Phase::Greeks)
            .map(|(at, _)| at)
            .collect::<Vec<_>>(),
        [4]
    );
    assert_eq!((latency.tick().n, latency.phases().count()), (1, 4));
}

#[test]
fn a_panic_ends_the_run_with_its_tick_and_its_words() {
    let mut engine = new_engine(None);
    engine.add(Phase::Vpin, |tick: Res<Tick>| {
        assert!(tick.number < 3, "bucket overflow");
    });
    engine.initialize().unwrap();
    engine.tick().unwrap();
    engine.tick().unwrap();
    let error = engine.tick().unwrap_err();
    assert!(matches!(error, EngineError::Broken { tick: 3, .. }));
    assert!(error.to_string().contains("bucket overflow"), "{error}");
    assert_eq!(
        engine.tick().unwrap(),
        None,
        "a broken engine does not go on"
    );
}

#[test]
fn a_systems_error_ends_the_run() {
    let mut engine = new_engine(None);
    engine.add(Phase::Vpin, || -> Result<(), std::fmt::Error> {
        Err(std::fmt::Error)
    });
    engine.initialize().unwrap();
    assert!(matches!(
        engine.tick(),
        Err(EngineError::Broken { tick: 1, .. })
    ));
}

/// A feed that quotes one underlying each tick, all feeds with the same stamps.
struct Quotes {
    name: String,
    ticker: Ticker,
    bid: i64,
    fails_at: u64,
}

impl Feed for Quotes {
    fn name(&self) -> &str {
        &self.name
    }

    fn list(&mut self, tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        if tick.number == 1 {
            listings.symbol(self.ticker);
        }
        Ok(())
    }

    fn drain(
        &mut self,
        tick: &Tick,
        directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        if tick.number == self.fails_at {
            return Err("ticks.zip line 7: column `price` was \"x\", must be a number".into());
        }
        let symbol = directory.symbol(self.ticker).unwrap();
        for step in 0..3 {
            self.bid += 1;
            let at = tick.now.plus_millis(-step);
            let [bid, ask] = [self.bid, self.bid + 100].map(Price);
            let (bid_size, ask_size) = (1, 1);
            inbox.push(
                at,
                at,
                EventKind::Quote {
                    symbol,
                    bid,
                    ask,
                    bid_size,
                    ask_size,
                },
            );
        }
        Ok(())
    }
}

fn quotes(name: &str, bid: i64) -> Box<dyn Feed> {
    let ticker = Ticker::new(name).unwrap();
    Box::new(Quotes {
        name: name.to_owned(),
        ticker,
        bid,
        fails_at: u64::MAX,
    })
}

#[derive(Resource, Default)]
struct Seen(Vec<(u16, SymbolId, Price, Timestamp)>);

fn watch(inbox: Res<Inbox>, mut seen: ResMut<Seen>, mut digest: ResMut<Digest>) {
    for event in inbox.events() {
        if let EventKind::Quote { symbol, bid, .. } = event.kind {
            digest.fold(Phase::Ingest, bid.0.unsigned_abs());
            seen.0.push((event.feed.0, symbol, bid, event.received));
        }
    }
}

fn run(shuffle: Option<u64>) -> (Vec<(u16, SymbolId, Price, Timestamp)>, u64) {
    let mut engine = new_engine(shuffle);
    engine.world_mut().init_resource::<Seen>();
    engine.add(Phase::Ingest, watch);
    for (name, bid) in [("CCC", 1_000), ("AAA", 2_000), ("BBB", 3_000)] {
        engine.add_feed(quotes(name, bid));
    }
    engine.initialize().unwrap();
    while engine.tick().unwrap().is_some() {}
    let digest = engine.world().resource::<Digest>().run();
    (
        std::mem::take(&mut engine.world_mut().resource_mut::<Seen>().0),
        digest,
    )
}

#[test]
fn the_order_in_which_feeds_are_asked_cannot_be_told() {
    let (events, digest) = run(None);
    assert_eq!(events.len(), 3 * 3 * 40);
    // Numbers follow the tickers, not the feeds.
    assert_eq!(events[0].1, SymbolId(2), "the first feed speaks of CCC");
    assert!(events.is_sorted_by_key(|event| (event.3, event.0)));
    for seed in 1..6 {
        assert_eq!(run(Some(seed)), (events.clone(), digest), "shuffle {seed}");
    }
}

#[test]
fn the_longest_inbox_of_each_lane_is_kept() {
    let mut engine = new_engine(None);
    for name in ["AAA", "BBB"] {
        engine.add_feed(quotes(name, 1_000));
    }
    engine.set_execution_feed(quotes("AAA", 2_000));
    engine.initialize().unwrap();
    engine.tick().unwrap();
    let first = engine.peaks();
    assert_eq!((first.market, first.execution), (2 + 2 * 3, 3));
    engine.tick().unwrap();
    assert_eq!(engine.peaks(), first, "later ticks list nothing");
    assert_eq!(engine.world().resource::<Inbox>().listings().len(), 0);
}

#[test]
fn a_broken_feed_ends_the_run_by_name() {
    let mut engine = new_engine(None);
    let ticker = Ticker::new("AAA").unwrap();
    engine.add_feed(Box::new(Quotes {
        name: "tape".into(),
        ticker,
        bid: 1,
        fails_at: 2,
    }));
    engine.initialize().unwrap();
    engine.tick().unwrap();
    let error = engine.tick().unwrap_err().to_string();
    assert_eq!(
        error,
        "feed \"tape\": ticks.zip line 7: column `price` was \"x\", must be a number"
    );
}
