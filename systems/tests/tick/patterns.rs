//! The shapes of trades in the running engine: what they are called, and for how long.

use crate::support::{Script, engine, of_underlying, run_until};
use crate::{quote, trade};
use components::flow::Tape;
use components::market::Side;
use components::patterns::{Participants, TradePatterns};
use components::quality::Quality;
use engine::event::EventKind;

/// Twenty quiet round lots a second apart, then a sweep of three odd ones through three prices.
fn day() -> Vec<(i64, EventKind)> {
    let mut lines = vec![(10, quote(100.0, 100.04))];
    lines.extend((1..=20).map(|second| (second * 1_000, trade(1_000_100, 100))));
    lines.push((21_000, trade(1_000_300, 7)));
    lines.push((21_050, trade(1_000_400, 8)));
    lines.push((21_100, trade(1_000_500, 9)));
    lines
}

#[test]
fn ratios_wait_for_enough_trades() {
    let mut engine = engine(Script::new(&[], day()), &[]);
    run_until(&mut engine, 15_000);
    let patterns: TradePatterns = of_underlying(&engine);
    assert_eq!((patterns.trades, patterns.odd_ratio), (15, None));
    assert_eq!(patterns.stamp.quality, Quality::Warmup);
    run_until(&mut engine, 20_250);
    let patterns: TradePatterns = of_underlying(&engine);
    assert_eq!((patterns.trades, patterns.odd_ratio), (20, Some(0.0)));
    assert_eq!(patterns.stamp.quality, Quality::Ok);
    // Without VPIN there is no toxicity, however plain the trades are.
    assert_eq!((patterns.toxicity, patterns.sweep), (None, None));
}

#[test]
fn a_sweep_is_shown_for_thirty_seconds_and_counts_in_the_window_for_sixty() {
    let mut engine = engine(Script::new(&[], day()), &[]);
    run_until(&mut engine, 21_250);
    let patterns: TradePatterns = of_underlying(&engine);
    let sweep = patterns.sweep.unwrap();
    assert_eq!((sweep.side, sweep.trades), (Side::Buy, 3));
    assert_eq!(patterns.sweep_ratio, Some(3.0 / 23.0));
    assert_eq!(patterns.odd_ratio, Some(3.0 / 23.0));
    run_until(&mut engine, 51_000);
    let patterns: TradePatterns = of_underlying(&engine);
    assert!(patterns.sweep.is_some());
    run_until(&mut engine, 51_250);
    let patterns: TradePatterns = of_underlying(&engine);
    assert_eq!(patterns.sweep, None);
    assert_eq!(patterns.sweep_ratio, Some(3.0 / 23.0));
    run_until(&mut engine, 90_000);
    let patterns: TradePatterns = of_underlying(&engine);
    assert_eq!((patterns.trades, patterns.sweep_ratio), (0, None));
    assert_eq!(patterns.stamp.quality, Quality::NoData);
}

#[test]
fn fractions_of_a_cent_are_private_investors() {
    let mut lines = vec![(10, quote(100.0, 100.04))];
    lines.extend((1..=15).map(|second| (second * 500, trade(1_000_200, 100))));
    lines.extend((16..=20).map(|second| (second * 500, trade(1_000_390, 300))));
    let mut engine = engine(Script::new(&[], lines), &[]);
    run_until(&mut engine, 10_250);
    let who: Participants = of_underlying(&engine);
    assert_eq!(who.retail_share, Some(0.5));
    assert_eq!(who.retail_imbalance, Some(1.0));
    assert_eq!(who.institutional_share, Some(0.0));
    // A tick's prints are there until the next one begins.
    let tape: Tape = of_underlying(&engine);
    assert!(tape.prints.is_empty());
}
