//! The mirror against a real `redis-server`: what is shown, and what happens when the server is
//! slow, gone, flushed, full or taken.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where by panicking"
)]

mod commands;
mod common;
mod secrets;

use common::{EPOCH, empty, event, fill, found, market, read, row, symbol, until};
use engine::ports::Mirror;
use redis::streams::StreamRangeReply;
use redis::{Commands, Connection};
use redis_mirror::testing::RedisServer;
use redis_mirror::{RedisMirror, Settings};
use wire::account::{Account, Orders, Positions, SignalCounts};
use wire::analytics::Vpin;
use wire::batch::Heartbeat;
use wire::dealers::{Group, SectorGroup};
use wire::discovered::{BucketSize, Parameters};
use wire::event::{EVENTS_MAX, Event};
use wire::execution::Execution;
use wire::keys::{Encoding, GlobalKey, KeyDoc, SymbolKey, schema};
use wire::market::{Market, Tickers};
use wire::status::Status;
use wire::{Batch, Stamped};

fn mirror(url: &str) -> RedisMirror {
    RedisMirror::new(url, Settings::default()).unwrap()
}

fn full(tick: u64) -> Batch {
    let mut batch = empty(tick);
    fill(&mut batch, 0, 123.45);
    fill(&mut batch, 3, 7.0);
    batch.account = Some(Account::default());
    batch.positions = Some(Positions::default());
    batch.orders = Some(Orders::default());
    batch.signals = Some(SignalCounts::default());
    batch.portfolio = Some(Group::default());
    batch.sectors = Some(vec![SectorGroup {
        sector: "fund".to_owned(),
        group: Group::default(),
    }]);
    batch.execution = Some(Execution::default());
    batch.discovered = Some(found());
    batch.status = Some(Status::default());
    batch.events.push(event(1));
    batch
}

fn key_of(doc: &KeyDoc) -> String {
    doc.pattern
        .replace("{symbol}", "S3")
        .replace("{sector}", "fund")
}

fn events(connection: &mut Connection) -> Vec<i64> {
    let reply: StreamRangeReply = connection.xrange_all(GlobalKey::Events.key()).unwrap();
    reply
        .ids
        .iter()
        .map(|entry| {
            let json: String = entry.get("json").unwrap();
            let event: Stamped<Event> = serde_json::from_str(&json).unwrap();
            match event.value {
                Event::Halt { at_ms, .. } => at_ms,
                other => panic!("unexpected {other:?}"),
            }
        })
        .collect()
}

fn check_everything_is_there(connection: &mut Connection) {
    for doc in schema() {
        let key = key_of(doc);
        let kind: String = redis::cmd("TYPE").arg(&key).query(connection).unwrap();
        let expected = match doc.value {
            Encoding::Stream => "stream",
            Encoding::Json | Encoding::Number => "string",
        };
        assert_eq!(kind, expected, "{key}");
        let left_ms: i64 = connection.pttl(&key).unwrap();
        match doc.ttl_ms {
            Some(ttl_ms) => assert!(0 < left_ms && left_ms <= ttl_ms as i64, "{key}: {left_ms}"),
            None => assert_eq!(left_ms, -1, "{key}"),
        }
    }
}

#[test]
fn every_key_of_the_schema_appears_with_its_life_time() {
    let server = RedisServer::start();
    for url in [server.url(), server.socket_url()] {
        let mut connection = server.connection();
        let () = redis::cmd("FLUSHALL").query(&mut connection).unwrap();
        let mut mirror = mirror(&url);
        let mut batch = full(4);
        mirror.publish(&mut batch);
        assert!(batch.markets.rows().is_empty());
        mirror.finish();
        check_everything_is_there(&mut connection);
        let ticker: Stamped<Market> =
            read(&mut connection, &SymbolKey::Ticker.of(symbol(0))).unwrap();
        let sizes: Stamped<Parameters<BucketSize>> =
            read(&mut connection, GlobalKey::BucketSizes.key()).unwrap();
        assert_eq!(sizes.value, found().buckets);
        assert_eq!((ticker.epoch, ticker.tick), (EPOCH, 4));
        assert_eq!(ticker.value, market(123.45));
        let last: f64 = connection.get(SymbolKey::Last.of(symbol(0))).unwrap();
        assert_eq!(last.to_bits(), 123.45_f64.to_bits());
        let all: Stamped<Tickers> = read(&mut connection, GlobalKey::Tickers.key()).unwrap();
        assert_eq!((all.epoch, all.tick), (EPOCH, 4));
        let expected = [(symbol(0), market(123.45)), (symbol(3), market(7.0))];
        assert_eq!(all.value.tickers, expected.into());
        let beat: Stamped<Heartbeat> = read(&mut connection, GlobalKey::Heartbeat.key()).unwrap();
        assert_eq!(beat.value.digest, "0000000000000abc");
        assert_eq!(beat.value.symbols, 2);
        let report = mirror.report();
        assert_eq!((report.published, report.errors), (1, 0));
        assert!(report.connected);
    }
}

#[test]
fn keys_live_while_batches_come_and_vanish_when_they_stop() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    let mut mirror = mirror(&server.url());
    let ticker = SymbolKey::Ticker.of(symbol(0));
    let vpin = SymbolKey::Vpin.of(symbol(0));
    let tickers = GlobalKey::Tickers.key();
    mirror.publish(&mut full(1));
    // Prices, published once, must outlive their TTL of 1 s three times over.
    let mut beats = 0;
    until("40 heartbeats were shown", || {
        beats += 1;
        mirror.publish(&mut empty(1 + beats));
        std::thread::sleep(std::time::Duration::from_millis(80));
        let shown: Option<Stamped<Heartbeat>> = read(&mut connection, GlobalKey::Heartbeat.key());
        if let Some(shown) = shown {
            let age: Stamped<Tickers> = read(&mut connection, tickers).expect("still alive");
            assert!((shown.tick..=shown.tick + 1).contains(&age.tick));
            assert_eq!(age.value.tickers[&symbol(0)], market(123.45));
        }
        40 <= beats
    });
    let keys = [ticker.as_str(), vpin.as_str(), tickers];
    for key in keys {
        assert!(connection.exists::<_, bool>(key).unwrap(), "{key}");
    }
    until("the keys are gone", || {
        keys.iter()
            .all(|key| !connection.exists::<_, bool>(key).unwrap())
    });
}

#[test]
fn a_killed_server_gets_the_whole_state_when_it_is_back() {
    let mut server = RedisServer::start();
    let mut mirror = mirror(&server.url());
    mirror.publish(&mut full(1));
    until("the first batch is shown", || mirror.report().connected);
    server.kill();
    let mut tick = 1;
    until("the loss is noticed", || {
        tick += 1;
        let mut batch = empty(tick);
        batch.events.push(event(tick as i64));
        mirror.publish(&mut batch);
        0 < mirror.report().errors
    });
    assert!(!mirror.report().connected);
    server.restart();
    let mut connection = server.connection();
    until("the server is found again", || mirror.report().connected);
    mirror.finish();
    check_everything_is_there(&mut connection);
    let expected: Vec<i64> = (1..=tick as i64).collect();
    assert_eq!(events(&mut connection), expected);
}

#[test]
fn a_stopped_server_makes_batches_conflate_and_loses_no_newest_state() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    let mut mirror = mirror(&server.url());
    mirror.publish(&mut full(1));
    until("the first batch is shown", || mirror.report().connected);
    server.pause();
    let batches = 400;
    for tick in 2..=batches {
        let mut batch = empty(tick);
        let id = (tick % 50) as u32;
        batch.markets.set(row(id, market(tick as f64)));
        batch.events.push(event(tick as i64));
        mirror.publish(&mut batch);
    }
    let report = mirror.report();
    assert_eq!(report.published, batches);
    // The queue and one write hold a handful; everything else was merged without waiting.
    assert!(batches - 20 <= report.conflated, "{report:?}");
    until("the slowness is noticed", || 0 < mirror.report().errors);
    server.resume();
    mirror.publish(&mut empty(batches + 1));
    until("the server answers again", || mirror.report().connected);
    mirror.finish();
    for tick in batches - 49..=batches {
        let key = SymbolKey::Ticker.of(symbol((tick % 50) as u32));
        let ticker: Stamped<Market> = read(&mut connection, &key).unwrap();
        assert_eq!(ticker.value, market(tick as f64), "{key}");
    }
    let expected: Vec<i64> = (1..=batches as i64).collect();
    assert_eq!(events(&mut connection), expected);
}

#[test]
fn a_flushed_server_gets_everything_again() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    let mut mirror = mirror(&server.url());
    mirror.publish(&mut full(1));
    until("the first batch is shown", || mirror.report().connected);
    let () = redis::cmd("FLUSHALL").query(&mut connection).unwrap();
    mirror.publish(&mut empty(2));
    mirror.finish();
    check_everything_is_there(&mut connection);
    assert_eq!(events(&mut connection), [1]);
    assert_eq!(mirror.report().errors, 1);
    let ticker: Stamped<Market> = read(&mut connection, &SymbolKey::Ticker.of(symbol(0))).unwrap();
    assert_eq!((ticker.tick, ticker.value), (2, market(123.45)));
}

#[test]
fn a_full_server_is_reported_and_written_when_it_has_room() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    let mut configure = |value: &str| {
        let () = redis::cmd("CONFIG")
            .arg(&["SET", "maxmemory", value])
            .query(&mut connection)
            .unwrap();
    };
    configure("1");
    let mut mirror = mirror(&server.url());
    mirror.publish(&mut full(1));
    until("the refusal is noticed", || 0 < mirror.report().errors);
    assert!(!mirror.report().connected);
    configure("0");
    until("there is room again", || mirror.report().connected);
    mirror.finish();
    check_everything_is_there(&mut connection);
}

#[test]
fn an_older_run_does_not_write_over_a_newer_one() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    let mut old = mirror(&server.url());
    let mut new = mirror(&server.url());
    old.publish(&mut full(1));
    until("the older run is shown", || old.report().connected);
    let mut batch = full(9);
    batch.header.epoch += 1;
    batch.events.clear();
    new.publish(&mut batch);
    until("the newer run is shown", || new.report().connected);
    let mut batch = full(2);
    batch.markets.set(row(0, market(1.0)));
    old.publish(&mut batch);
    until("the older run noticed", || 0 < old.report().errors);
    new.publish(&mut {
        let mut batch = empty(10);
        batch.header.epoch += 1;
        batch
    });
    new.finish();
    let epoch: u64 = connection.get(GlobalKey::Epoch.key()).unwrap();
    assert_eq!(epoch, EPOCH + 1);
    assert!(!old.report().connected);
}

#[test]
fn with_many_symbols_every_key_has_its_turn() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    let mut mirror = mirror(&server.url());
    let symbols = 600;
    let mut batch = empty(1);
    for id in 0..symbols {
        fill(&mut batch, id, 1.0);
    }
    mirror.publish(&mut batch);
    until("the first batch is shown", || mirror.report().connected);
    let mut batch = empty(2);
    for id in 0..symbols {
        batch.markets.set(row(id, market(2.0)));
        batch.vpins.set(row(
            id,
            Vpin {
                vpin: Some(0.75),
                ..Vpin::default()
            },
        ));
    }
    mirror.publish(&mut batch);
    until("the prices of all symbols are shown at once", || {
        let all: Stamped<Tickers> = read(&mut connection, GlobalKey::Tickers.key()).unwrap();
        let count = all.value.tickers.len();
        let new = all
            .value
            .tickers
            .values()
            .filter(|ticker| **ticker == market(2.0));
        let new = new.count();
        assert_eq!(count, symbols as usize);
        assert_eq!(new, if all.tick == 1 { 0 } else { count });
        new == count
    });
    let mut tick = 2;
    until("every symbol shows its new values", || {
        tick += 1;
        mirror.publish(&mut empty(tick));
        (0..symbols).all(|id| {
            let vpin: Option<Stamped<Vpin>> =
                read(&mut connection, &SymbolKey::Vpin.of(symbol(id)));
            let ticker: Option<Stamped<Market>> =
                read(&mut connection, &SymbolKey::Ticker.of(symbol(id)));
            vpin.is_some_and(|shown| shown.value.vpin == Some(0.75))
                && ticker.is_some_and(|shown| shown.value == market(2.0))
        })
    });
}

#[test]
fn too_many_events_lose_the_oldest_and_the_heartbeat_says_how_many() {
    let mut server = RedisServer::start();
    let mut mirror = mirror(&server.url());
    server.kill();
    let all = 2 * EVENTS_MAX as u64 + 50;
    for tick in 1..=all {
        let mut batch = empty(tick);
        batch.events.push(event(tick as i64));
        mirror.publish(&mut batch);
    }
    server.restart();
    let mut connection = server.connection();
    until("the server is found again", || mirror.report().connected);
    mirror.finish();
    let shown = events(&mut connection);
    assert!(EVENTS_MAX <= shown.len() && shown.is_sorted_by(|a, b| a < b));
    assert_eq!(shown.last(), Some(&(all as i64)));
    let beat: Stamped<Heartbeat> = read(&mut connection, GlobalKey::Heartbeat.key()).unwrap();
    assert_eq!(beat.value.events_lost, all - shown.len() as u64);
    assert!(0 < beat.value.events_lost);
}

#[test]
fn the_end_of_a_run_does_not_wait_for_a_server_that_is_not_there() {
    let mut server = RedisServer::start();
    server.pause();
    let mut slow = mirror(&server.url());
    slow.publish(&mut full(1));
    slow.finish();
    assert!(0 < slow.report().errors);
    server.resume();
    server.kill();
    let mut gone = mirror(&server.url());
    gone.publish(&mut full(1));
    gone.finish();
    assert!(0 < gone.report().errors && !gone.report().connected);
    // What comes after the end is counted and dropped.
    gone.publish(&mut full(2));
    assert_eq!(gone.report().published, 2);
}
