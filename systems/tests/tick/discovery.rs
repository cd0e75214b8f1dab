//! Discovery in the engine: when it is done, in which ticks, and from when on it holds.

use components::flow::Vpin;
use components::market::{SymbolId, Ticker};
use components::units::Price;
use engine::calendar::{Calendar, Session};
use engine::clock::{SteppedClock, Tick, Window};
use engine::config::Layers;
use engine::digest::Digest;
use engine::directory::{Directory, Listings};
use engine::engine::{Engine, Setup};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use engine::transcript::Transcript;
use jiff::civil::date;
use systems::discovery::DiscoveryPlugin;
use systems::discovery::found::Status;
use systems::discovery::rounds::Discoveries;

use crate::support::Analytics;

const NAMES: [&str; 3] = ["AAA", "BBB", "CCC"];
const ROUND_MS: i64 = 15 * 60_000;

/// Three underlyings that trade every ten seconds, in three sizes, a minute each.
struct Market;

impl Feed for Market {
    fn name(&self) -> &str {
        "market"
    }

    fn stale_after_ms(&self) -> i64 {
        60_000
    }

    fn list(&mut self, tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        if tick.opens_session {
            // In no particular order: rounds go by names.
            for name in ["CCC", "AAA", "BBB"] {
                listings.symbol(ticker(name));
            }
        }
        Ok(())
    }

    fn drain(&mut self, tick: &Tick, _: &Directory, inbox: &mut Inbox) -> Result<(), FeedError> {
        let millis = since_open(tick);
        if millis % 10_000 != 0 {
            return Ok(());
        }
        let minute = millis / 60_000;
        let sizes = [100, 200, 400];
        let size = sizes[usize::try_from(minute % 3).unwrap()];
        for id in 0..3_u32 {
            let wave = (minute * (i64::from(id) + 1)) % 7;
            let middle = 1_000_000 + wave * 300;
            let symbol = SymbolId(id);
            let quote = EventKind::Quote {
                symbol,
                bid: Price(middle - 100),
                ask: Price(middle + 100),
                bid_size: 100,
                ask_size: 100,
            };
            inbox.push(tick.now, tick.now, quote);
            let trade = EventKind::Trade {
                symbol,
                price: Price(middle),
                size,
                conditions: 0,
                aggressor: None,
            };
            inbox.push(tick.now, tick.now, trade);
        }
        Ok(())
    }
}

fn ticker(name: &str) -> Ticker {
    Ticker::new(name).unwrap()
}

fn since_open(tick: &Tick) -> i64 {
    tick.now.nanos_since(tick.session.open) / 1_000_000
}

fn sessions() -> [Session; 2] {
    [date(2026, 3, 2), date(2026, 3, 3)].map(|day| Calendar::nyse().session(day).unwrap())
}

fn engine(flags: &[(&str, &str)]) -> Engine {
    let mut layers = crate::support::built_in();
    for (path, text) in flags {
        layers = layers.flag("test", *path, *text);
    }
    let mut engine = Engine::new(Setup {
        config: layers.load().unwrap(),
        clock: Box::new(SteppedClock::new(sessions().map(Window::whole).to_vec())),
        shuffle: None,
    });
    engine.plug(Analytics).unwrap();
    engine.plug(DiscoveryPlugin).unwrap();
    engine.add_feed(Box::new(Market));
    engine.initialize().unwrap();
    engine
}

fn bucket_in_use(engine: &Engine, id: u32) -> u64 {
    let chains = engine.world().resource::<systems::chains::Chains>();
    let entity = chains.underlying(SymbolId(id)).unwrap();
    engine.world().get::<Vpin>(entity).unwrap().bucket_volume
}

#[test]
fn a_round_looks_at_one_underlying_a_tick_every_fifteen_minutes() {
    let mut engine = engine(&[]);
    let mut looked = Vec::new();
    let mut ended = Vec::new();
    let mut before = [None; 3];
    let mut rounds = 0;
    while let Some(tick) = engine.tick().unwrap() {
        if tick.session != sessions()[0] {
            break;
        }
        let discoveries = engine.world().resource::<Discoveries>();
        for (name, before) in NAMES.iter().zip(&mut before) {
            let now = discoveries.of(ticker(name)).map(|found| found.computed_at);
            if now != *before {
                looked.push((since_open(&tick), *name));
                *before = now;
                // In the middle of a round the record is as new as its newest part.
                let all = discoveries.all();
                assert!(all.is_none_or(|all| now == Some(all.computed_at)));
            }
        }
        if discoveries.rounds != rounds {
            rounds = discoveries.rounds;
            ended.push(since_open(&tick));
        }
    }
    // From 30 minutes on, and not at the close.
    let begun: Vec<i64> = (2..26).map(|point| point * ROUND_MS).collect();
    let in_turn = |begun: &i64| {
        let begun = *begun;
        NAMES
            .into_iter()
            .zip(0..)
            .map(move |(name, place)| (begun + place * 250, name))
    };
    let expected: Vec<(i64, &str)> = begun.iter().flat_map(in_turn).collect();
    assert_eq!(looked, expected);
    let expected: Vec<i64> = begun.iter().map(|begun| begun + 750).collect();
    assert_eq!(ended, expected);
}

#[test]
fn a_bucket_that_was_found_holds_from_the_next_open_on() {
    let mut engine = engine(&[("discovery.buckets", "[{symbol: BBB, shares: 55555}]")]);
    engine.world_mut().resource_mut::<Transcript>().keep();
    let second = sessions()[1];
    let mut first_day = true;
    while let Some(tick) = engine.tick().unwrap() {
        if tick.session == second {
            first_day = false;
            break;
        }
        if since_open(&tick) % 600_000 == 0 {
            // By the order of listing: CCC, AAA, BBB, or by name; BBB alone was known.
            let mut in_use: Vec<u64> = (0..3).map(|id| bucket_in_use(&engine, id)).collect();
            in_use.sort_unstable();
            assert_eq!(in_use, [0, 0, 55_555], "at {}", tick.now);
        }
    }
    assert!(!first_day);
    let found = engine.world().resource::<Discoveries>().all().unwrap();
    // Minutes of 600, 1,200 and 2,400 shares: the middle cluster is 1,200, and 7.8 times that.
    for symbol in &found.symbols {
        assert_eq!(symbol.vpin_bucket.basis.status, Status::Ok);
        assert_eq!(symbol.vpin_bucket.shares, Some(9_360));
    }
    let shares = found.symbols[0].vpin_bucket.shares.unwrap();
    let in_use: Vec<u64> = (0..3).map(|id| bucket_in_use(&engine, id)).collect();
    assert_eq!(in_use, [shares; 3]);
    let text = engine.world_mut().resource_mut::<Transcript>().take();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(" discovery AAA "))
        .collect();
    assert!(
        lines[0].contains("discovery AAA nothing -> bucket "),
        "{}",
        lines[0]
    );
    assert!(lines.iter().all(|line| line.contains(" -> ")));
    assert!(lines.len() < 24, "a round that changed nothing is not told");
}

#[test]
fn nothing_is_discovered_where_the_config_says_so() {
    let flags = [
        ("discovery.enabled", "false"),
        ("discovery.buckets", "[{symbol: BBB, shares: 55555}]"),
    ];
    let mut engine = engine(&flags);
    engine.world_mut().resource_mut::<Transcript>().keep();
    for _ in 0..10_000 {
        engine.tick().unwrap();
    }
    assert!(engine.world().get_resource::<Discoveries>().is_none());
    assert!((0..3).all(|id| bucket_in_use(&engine, id) == 0));
    let text = engine.world_mut().resource_mut::<Transcript>().take();
    assert!(!text.contains("discovery"), "{text}");
}

#[test]
fn what_is_found_is_in_the_digest() {
    let digest = |flags: &[(&str, &str)]| {
        let mut engine = engine(flags);
        // Just past the first round.
        for _ in 0..7_300 {
            engine.tick().unwrap();
        }
        engine.world().resource::<Digest>().run()
    };
    let base = digest(&[]);
    assert_eq!(base, digest(&[]));
    assert_ne!(base, digest(&[("discovery.first_min", "60")]));
}

#[test]
fn a_bucket_below_fifty_shares_or_told_twice_is_refused() {
    let told = |text: &str| {
        let layers = Layers::new(include_str!("../../../config/config.yaml"));
        let mut config = layers
            .flag("test", "discovery.buckets", text)
            .load()
            .unwrap();
        config
            .section::<systems::discovery::DiscoveryConfig>()
            .unwrap_err()
            .show()
    };
    let small = told("[{symbol: BBB, shares: 49}]");
    assert!(
        small.contains("discovery.buckets[0].shares: 49 is not allowed"),
        "{small}"
    );
    let twice = told("[{symbol: BBB, shares: 500}, {symbol: BBB, shares: 600}]");
    assert!(twice.contains("must be there once for BBB"), "{twice}");
}
