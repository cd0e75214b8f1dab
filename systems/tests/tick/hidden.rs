//! Hidden orders in the running engine: what counts, what the quality says, and that marks are not
//! needed.

use crate::quote;
use crate::support::{Script, engine, of_underlying, run_until};
use components::flow::Imbalance;
use components::hidden::HiddenLiquidity;
use components::market::{Book, Level, Side, SymbolId};
use components::quality::Quality;
use components::units::{Price, Timestamp};
use engine::event::{EventKind, OFF_EXCHANGE};

fn book(bid_size: u32) -> EventKind {
    let mut book = Book::default();
    for (place, size) in [(0, bid_size), (1, 700)] {
        book.bids[place] = Level {
            price: Price(1_000_000 - 100 * i64::try_from(place).unwrap()),
            size,
        };
    }
    book.asks[0] = Level {
        price: Price(1_000_400),
        size: 500,
    };
    book.at = Timestamp(1);
    EventKind::Book {
        symbol: SymbolId(0),
        book: Box::new(book),
    }
}

fn sale(price: i64, size: u32, conditions: u32) -> EventKind {
    EventKind::Trade {
        symbol: SymbolId(0),
        price: Price(price),
        size,
        conditions,
        aggressor: Some(Side::Sell),
    }
}

/// Eight sales that the book shows, two that it does not, one off exchange and one in an auction.
fn day() -> Vec<(i64, EventKind)> {
    let mut lines = vec![(10, book(10_000))];
    for place in 0..8_u32 {
        let at = i64::from(place) * 1_000 + 300;
        lines.push((at, sale(1_000_000, 100, 0)));
        lines.push((at, book(10_000 - 100 * (place + 1))));
    }
    lines.push((8_300, sale(1_000_200, 150, 0)));
    lines.push((9_300, sale(1_000_000, 50, 0)));
    lines.push((9_400, sale(1_000_200, 9_999, OFF_EXCHANGE)));
    lines.push((9_400, sale(1_000_200, 9_999, 0x40)));
    lines
}

#[test]
fn what_the_book_did_not_show_is_hidden() {
    let mut engine = engine(Script::new(&[], day()), &[]);
    run_until(&mut engine, 8_250);
    let hidden: HiddenLiquidity = of_underlying(&engine);
    assert_eq!((hidden.prints, hidden.ratio), (8, None));
    assert_eq!(hidden.stamp.quality, Quality::NoData);
    // The sale at 9,300 is judged 50 ms later: within the tick at 9,500.
    run_until(&mut engine, 9_500);
    let hidden: HiddenLiquidity = of_underlying(&engine);
    assert_eq!((hidden.prints, hidden.exchange_shares), (10, 1_000));
    assert_eq!((hidden.inside_shares, hidden.beyond_shares), (150, 50));
    assert_eq!(hidden.ratio, Some(0.2));
    assert_eq!(
        (hidden.side, hidden.imbalance),
        (Some(Side::Buy), Some(1.0))
    );
    assert_eq!(hidden.stamp.quality, Quality::Ok);
    run_until(&mut engine, 71_000);
    let hidden: HiddenLiquidity = of_underlying(&engine);
    assert_eq!((hidden.prints, hidden.ratio), (0, None));
    assert_eq!(hidden.stamp.quality, Quality::NoData);
}

#[test]
fn beside_a_consolidated_quote_only_the_inside_counts() {
    let mut lines = vec![(5, quote(100.0, 100.04))];
    lines.extend(day());
    let mut engine = engine(Script::new(&[], lines), &[]);
    run_until(&mut engine, 9_500);
    let hidden: HiddenLiquidity = of_underlying(&engine);
    assert_eq!((hidden.inside_shares, hidden.beyond_shares), (150, 0));
    assert_eq!(hidden.stamp.quality, Quality::IllConditioned);
}

#[test]
fn a_book_without_a_side_gives_no_evidence() {
    let empty = EventKind::Book {
        symbol: SymbolId(0),
        book: Box::default(),
    };
    let mut lines = vec![(10, empty)];
    let sales = (1..=12).map(|second| (second * 500, sale(1_000_000, 10, 0)));
    lines.extend(sales);
    let mut engine = engine(Script::new(&[], lines), &[]);
    run_until(&mut engine, 7_000);
    let hidden: HiddenLiquidity = of_underlying(&engine);
    assert_eq!((hidden.prints, hidden.ratio), (12, Some(0.0)));
    assert_eq!((hidden.side, hidden.imbalance), (None, None));
}

#[test]
fn the_book_gives_every_named_measure_of_pressure() {
    let mut engine = engine(Script::new(&[], day()), &[]);
    run_until(&mut engine, 62_000);
    let found: Imbalance = of_underlying(&engine);
    // 9,200 and 700 against 500: the ratio is kept within 10.
    assert_eq!(found.pressure, Some(10.0));
    assert_eq!(found.level5_unweighted, Some(9_400.0 / 10_400.0));
    // At 2 and 3 cents from the middle.
    let slope = (0.02 * 9_200.0 + 0.03 * 9_900.0) / (0.02 * 0.02 + 0.03 * 0.03);
    assert!((found.slope_bid.unwrap() - slope).abs() < 1e-6 * slope);
    assert!((found.slope_ask.unwrap() - 25_000.0).abs() < 1e-6);
    let micro = (9_200.0 * 100.04 + 500.0 * 100.0) / 9_700.0;
    assert!((found.microprice_dollars.unwrap() - micro).abs() < 1e-9);
    // The bid lost 800 shares in the last minute, none in the last seconds.
    assert_eq!(
        (found.order_flow_1s, found.order_flow_10s),
        (Some(0.0), Some(0.0))
    );
    assert!(found.order_flow_60s.unwrap() < -0.1, "{found:?}");
}
