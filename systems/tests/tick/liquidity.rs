//! Liquidity and the matrix of correlations in the running engine: when, and from what.

use crate::support::{Script, at, engine, of_underlying, run_until};
use crate::{ALL, chain, quote, trade};
use components::liquidity::{Illiquid, Liquidity};
use components::market::{Book, Level, QuoteState, SymbolId};
use components::quality::Quality;
use components::units::{Price, Timestamp};
use engine::event::EventKind;

fn book(millis: i64, bids: &[(i64, u32)], asks: &[(i64, u32)]) -> (i64, EventKind) {
    let mut book = Book {
        at: at(millis),
        ..Book::default()
    };
    for (side, levels) in [(&mut book.bids, bids), (&mut book.asks, asks)] {
        for (place, (price, size)) in levels.iter().enumerate() {
            side[place] = Level {
                price: Price(*price),
                size: *size,
            };
        }
    }
    let kind = EventKind::Book {
        symbol: SymbolId(0),
        book: Box::new(book),
    };
    (millis, kind)
}

#[test]
fn it_is_measured_every_five_seconds_and_says_what_is_missing() {
    let mut lines = chain();
    lines.push((2_000, trade(1_000_100, 300)));
    lines.push(book(
        12_000,
        &[(999_900, 500)],
        &[(1_000_100, 200), (1_000_300, 800)],
    ));
    lines.push(book(17_000, &[], &[(1_000_100, 200)]));
    let mut engine = engine(Script::new(&ALL, lines), &[]);
    let mut seen = Vec::new();
    let mut last = Timestamp::NEVER;
    for millis in (1..=88).map(|tick| tick * 250) {
        run_until(&mut engine, millis);
        let found: Liquidity = of_underlying(&engine);
        if found.stamp.computed_at != last {
            last = found.stamp.computed_at;
            assert_eq!(last, at(millis));
            seen.push((millis, found));
        }
    }
    let times: Vec<i64> = seen.iter().map(|(millis, _)| *millis).collect();
    assert_eq!(times, [5_000, 10_000, 15_000, 20_000]);
    let near = |found: Option<f64>, wanted: f64| (found.unwrap() - wanted).abs() < 1e-9;
    let (quoted, booked, one_sided) = (seen[0].1, seen[2].1, seen[3].1);
    // A quote of 99.99 to 100.01 alone is a book of one level.
    assert!(near(quoted.spread_bps, 2.0) && near(quoted.effective_spread_bps, 2.0));
    assert_eq!((quoted.bid_depth[9], quoted.ask_depth[0]), (300, 200));
    assert!(near(quoted.slippage[0].buy_bps, 1.0));
    assert_eq!(
        quoted.slippage[1].buy_bps, None,
        "1,000 shares are not shown"
    );
    assert_eq!((quoted.chain.contracts, quoted.chain.quoted), (4, 4));
    assert!(quoted.chain.near >= 1 && quoted.chain.spread_share.unwrap() > 0.0);
    assert_eq!(quoted.stamp.quality, Quality::Ok);
    // 200 at 1 cent and 800 at 3 cents above the middle.
    assert!(near(booked.slippage[1].buy_bps, 2.6), "{booked:?}");
    assert_eq!(booked.slippage[1].sell_bps, None);
    assert_eq!(
        (one_sided.state, one_sided.reason),
        (QuoteState::OneSided, Some(Illiquid::NoBids))
    );
    assert_eq!(
        (one_sided.score, one_sided.stamp.quality),
        (None, Quality::OneSided)
    );
}

#[test]
fn a_silent_feed_makes_it_stale() {
    let mut script = Script::new(&ALL, chain());
    script.silent_from_ms = 1_000;
    let mut engine = engine(script, &[]);
    run_until(&mut engine, 10_000);
    let found: Liquidity = of_underlying(&engine);
    assert_eq!(found.stamp.quality, Quality::Stale);
}

#[test]
fn without_quotes_there_is_no_score() {
    let mut engine = engine(Script::new(&[], vec![(30_000, quote(1.0, 1.01))]), &[]);
    run_until(&mut engine, 10_000);
    let found: Liquidity = of_underlying(&engine);
    assert_eq!(
        (found.reason, found.score),
        (Some(Illiquid::EmptyBook), None)
    );
    assert_eq!(found.chain.contracts, 0);
    assert_eq!(found.stamp.quality, Quality::NoData);
}
