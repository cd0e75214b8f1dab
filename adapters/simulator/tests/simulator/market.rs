//! The synthetic market looks like one, and its stream does not depend on how it is drained.

use crate::common::{market, mids, points, sessions, small, tick, trades};
use components::market::{Book, Quote, Ticker};
use components::units::Timestamp;
use engine::event::{Event, EventKind};
use proptest::prelude::*;
use simulator::{Market, MarketConfig, MarketMove, MoveKind};
use std::collections::BTreeMap;

/// One underlying without options: cheap enough for whole days.
fn single() -> MarketConfig {
    MarketConfig {
        underlyings: 1,
        contracts_per_chain: 0,
        book_levels: 0,
        ..MarketConfig::default()
    }
}

fn day(config: &MarketConfig, seed: u64, place: usize) -> Vec<Event> {
    let session = sessions()[place];
    market(config, seed).run(session, 1, points(&session))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn skipped_ticks_change_nothing_but_who_is_told_when(
        seed in 0_u64..1_000,
        strides in prop::collection::vec(1_i64..20, 1..20),
    ) {
        let session = sessions()[0];
        let mut coarse = market(&small(), seed);
        let mut point = 1;
        let mut skipping: Vec<Event> = coarse.at(tick(session, point)).to_vec();
        for stride in strides {
            point += stride;
            skipping.extend_from_slice(coarse.at(tick(session, point)));
        }
        let every = market(&small(), seed).run(session, 1, point);
        prop_assert_eq!(every, skipping);
    }

    #[test]
    fn every_event_is_received_within_its_tick_in_order(seed in 0_u64..1_000) {
        let session = sessions()[0];
        let mut market = market(&small(), seed);
        let mut before = session.open;
        for point in 1..=100 {
            let now = tick(session, point).now;
            let mut last = before.plus_nanos(1);
            for event in market.at(tick(session, point)) {
                prop_assert!(event.received >= last && event.received <= now);
                prop_assert!(event.at <= event.received);
                last = event.received;
            }
            before = now;
        }
    }
}

#[test]
fn seeds_differ_and_underlyings_do_not_disturb_each_other() {
    let of_first = |underlyings, seed| -> Vec<Event> {
        let config = MarketConfig {
            underlyings,
            ..single()
        };
        let mut events = market(&config, seed).run(sessions()[0], 1, 200);
        events.retain(|event| match event.kind {
            EventKind::Quote { symbol, .. } | EventKind::Trade { symbol, .. } => symbol.0 == 0,
            _ => false,
        });
        events
    };
    assert_eq!(of_first(1, 7), of_first(5, 7));
    assert_ne!(of_first(1, 7), of_first(1, 8));
    assert!(of_first(1, 7).len() > 100);
}

#[test]
fn quotes_trades_and_books_agree() {
    let mut quotes: BTreeMap<u32, Quote> = BTreeMap::new();
    let (mut traded, mut booked) = (0, 0);
    for event in market(&small(), 3).run(sessions()[0], 1, 2_000) {
        match event.kind {
            EventKind::Quote {
                symbol,
                bid,
                ask,
                bid_size,
                ask_size,
            } => {
                assert!(bid < ask && bid.is_some() && bid_size > 0 && ask_size > 0);
                assert_eq!((bid.0 % 100, ask.0 % 100), (0, 0));
                let at = event.at;
                quotes.insert(
                    symbol.0,
                    Quote {
                        bid,
                        ask,
                        bid_size,
                        ask_size,
                        at,
                    },
                );
            }
            EventKind::Trade {
                symbol,
                price,
                size,
                ..
            } => {
                let quote = quotes[&symbol.0];
                assert!(quote.bid <= price && price <= quote.ask && size > 0);
                traded += 1;
            }
            EventKind::Book { symbol, book } => {
                assert_eq!(book.best(), quotes[&symbol.0]);
                assert!(is_ordered(&book));
                booked += 1;
            }
            _ => {}
        }
    }
    assert!(traded > 500 && booked > 500, "{traded} {booked}");
}

fn is_ordered(book: &Book) -> bool {
    book.bids.is_sorted_by(|a, b| a.price > b.price)
        && book.asks.is_sorted_by(|a, b| a.price < b.price)
        && book.bids.iter().chain(&book.asks).all(|l| l.size > 0)
}

#[test]
fn volume_and_volatility_run_through_the_day_in_a_u() {
    let session = sessions()[0];
    let events = day(&single(), 7, 0);
    let trades = trades(&events);
    assert!(
        (36_000..44_000).contains(&trades.len()),
        "{} trades",
        trades.len()
    );
    let shares = |from: i64, to: i64| -> f64 {
        let minute = |at: Timestamp| at.nanos_since(session.open) / 60_000_000_000;
        let inside = trades
            .iter()
            .filter(|trade| (from..to).contains(&minute(trade.0)));
        inside.map(|trade| f64::from(trade.2)).sum()
    };
    let total = shares(0, 390);
    assert!((4.0e6..1.2e7).contains(&total), "{total} shares");
    assert!(shares(0, 30) > 1.7 * shares(180, 210));
    assert!(shares(360, 390) > 1.4 * shares(180, 210));
    let squares = |from: i64, to: i64| -> f64 {
        let mids = mids(&events);
        let open_s = session.open.0 / 1_000_000_000;
        let minutes: Vec<f64> = (from..=to)
            .filter_map(|minute| mids.range(..=open_s + minute * 60).next_back())
            .map(|(_, mid)| *mid)
            .collect();
        minutes
            .windows(2)
            .map(|w| (w[1] / w[0] - 1.0) * (w[1] / w[0] - 1.0))
            .sum()
    };
    assert!(squares(0, 45) > 1.3 * squares(170, 215));
}

#[test]
fn a_half_day_ends_with_its_own_rush() {
    let session = sessions()[2];
    let events = day(&single(), 7, 2);
    let before_close = |from: i64, to: i64| {
        let minutes = |at: Timestamp| session.close.nanos_since(at) / 60_000_000_000;
        let trades = trades(&events);
        let inside = trades.iter().filter(|t| (from..to).contains(&minutes(t.0)));
        inside.count()
    };
    assert!(before_close(0, 20) * 2 > before_close(90, 110) * 3);
    assert!(events.iter().all(|event| event.received <= session.close));
}

#[test]
fn realized_volatility_is_near_the_configured_one() {
    let config = MarketConfig {
        jumps_per_day: 0.0,
        vol_of_vol: 0.0,
        overnight_share: 0.0,
        ..single()
    };
    let mut squares = 0.0;
    for seed in 0..4 {
        let mids: Vec<f64> = mids(&day(&config, seed, 0)).into_values().collect();
        let minutes: Vec<f64> = mids.into_iter().step_by(60).collect();
        squares += minutes
            .windows(2)
            .map(|w| (w[1] / w[0] - 1.0) * (w[1] / w[0] - 1.0))
            .sum::<f64>();
    }
    let annual = (squares / 4.0 * 252.0).sqrt();
    assert!((0.16..0.26).contains(&annual), "{annual}");
}

#[test]
fn order_flow_persists_and_moves_the_price() {
    let trades = trades(&day(&single(), 11, 0));
    let signs: Vec<f64> = trades.iter().map(|trade| trade.3).collect();
    let lag = |k: usize| {
        let pairs = signs.len() - k;
        (0..pairs).map(|i| signs[i] * signs[i + k]).sum::<f64>() / pairs as f64
    };
    assert!(lag(1) > 0.2, "{}", lag(1));
    assert!(lag(50) > 0.02, "{}", lag(50));
    // Blocks of 200 trades: signed volume and price change go together.
    let blocks: Vec<(f64, f64)> = trades
        .chunks_exact(200)
        .map(|block| {
            let flow = block.iter().map(|t| t.3 * f64::from(t.2)).sum();
            (flow, block[199].1 / block[0].1 - 1.0)
        })
        .collect();
    let product: f64 = blocks.iter().map(|(x, y)| x * y).sum();
    let sizes = blocks.iter().map(|(x, _)| x * x).sum::<f64>()
        * blocks.iter().map(|(_, y)| y * y).sum::<f64>();
    let correlation = product / sizes.sqrt();
    assert!(correlation > 0.2, "{correlation}");
}

#[test]
fn a_run_may_begin_in_the_middle_of_a_session() {
    let session = sessions()[0];
    let mut late = market(&small(), 7);
    let now = tick(session, 80_000).now;
    let events = late.at(tick(session, 80_000));
    assert!(events.len() > 160);
    assert!(
        events
            .iter()
            .all(|event| { event.received > now.plus_millis(-250) && event.received <= now })
    );
}

#[test]
fn a_long_gap_is_made_up_for_ten_minutes_at_most() {
    let session = sessions()[0];
    let mut market = market(&small(), 7);
    market.at(tick(session, 1));
    let now = tick(session, 40_000).now;
    let events = market.at(tick(session, 40_000)).to_vec();
    let first = events.first().unwrap().received;
    assert!(first > now.plus_millis(-600_000) && first < now.plus_millis(-599_000));
    assert!(events.last().unwrap().received > now.plus_millis(-1_000));
}

#[test]
fn bad_arguments_are_refused_in_words() {
    let fail = |result: Result<Market, simulator::Error>| result.unwrap_err().to_string();
    let odd = MarketConfig {
        contracts_per_chain: 7,
        ..small()
    };
    assert!(fail(Market::new(&odd, 1, &sessions())).contains("contracts_per_chain: was 7"));
    assert!(fail(Market::new(&small(), 1, &[])).contains("no session"));
    let mut reversed = sessions();
    reversed.reverse();
    assert!(fail(Market::new(&small(), 1, &reversed)).contains("must ascend"));
    let elsewhere = MarketMove {
        at: sessions()[0].open,
        ticker: Ticker::new("SPY").unwrap(),
        kind: MoveKind::SpotJump { percent: 1.0 },
    };
    let market = Market::new(&small(), 1, &sessions()).unwrap();
    assert_eq!(
        fail(market.with_moves(&[elsewhere])),
        "a move names SPY, but the market has AAA to BBB"
    );
}
