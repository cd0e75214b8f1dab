//! Evidence by hand, and what holds for any stream.

use super::*;
use proptest::prelude::*;

const BID: i64 = 1_000_000;
const ASK: i64 = 1_000_400;

fn ms(millis: i64) -> Timestamp {
    Timestamp(0).plus_millis(millis)
}

fn shown(at: i64, bid: i64, bid_size: u32, ask: i64, ask_size: u32) -> Quote {
    Quote {
        bid: Price(bid),
        ask: Price(ask),
        bid_size,
        ask_size,
        at: ms(at),
    }
}

fn execution(at: i64, price: i64, size: u64, aggressor: Side) -> Execution {
    Execution {
        at: ms(at),
        price: Price(price),
        size,
        aggressor: Some(aggressor),
    }
}

enum Line {
    Show(Quote),
    Execute(Execution),
    Wait(i64),
}
use Line::{Execute, Show, Wait};

/// Print, kind, side and shares of what `lines` give.
fn evidence_of(lines: &[Line]) -> Vec<(u64, Kind, Option<Side>, u64)> {
    let mut detector = HiddenDetector::default();
    let mut found = Vec::new();
    let mut emit = |one: Evidence| found.push((one.print, one.kind, one.side, one.shares));
    for line in lines {
        match line {
            Show(quote) => detector.quote(quote, &mut emit),
            Execute(execution) => detector.execution(execution, true, &mut emit),
            Wait(now) => detector.advance(ms(*now), &mut emit),
        }
    }
    found
}

fn book(at: i64, bid_size: u32) -> Line {
    Show(shown(at, BID, bid_size, ASK, 500))
}

fn sale(at: i64, size: u64) -> Line {
    Execute(execution(at, BID, size, Side::Sell))
}

#[test]
fn the_inside_of_the_spread_is_hidden_and_the_outside_is_late() {
    let found = evidence_of(&[
        book(0, 300),
        Execute(execution(1, BID + 200, 70, Side::Sell)),
        Execute(execution(2, ASK + 1, 80, Side::Buy)),
        Execute(execution(2, BID - 1, 90, Side::Sell)),
        Execute(Execution {
            aggressor: None,
            ..execution(3, BID + 1, 5, Side::Buy)
        }),
        Wait(1_000),
    ]);
    let expected = [
        (0, Kind::Inside, Some(Side::Buy), 70),
        (3, Kind::Inside, None, 5),
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_the_display_lost_was_seen_and_the_rest_was_not() {
    assert_eq!(evidence_of(&[book(0, 300), sale(1, 100), book(1, 200)]), []);
    let beyond = |print, shares| (print, Kind::Beyond, Some(Side::Buy), shares);
    let found = evidence_of(&[book(0, 300), sale(1, 100), book(40, 260)]);
    assert_eq!(found, [beyond(0, 60)]);
    // The size grew: nothing of it was taken.
    let found = evidence_of(&[book(0, 300), sale(1, 100), book(2, 301)]);
    assert_eq!(found, [beyond(0, 100)]);
    // The level went altogether, with more than it showed.
    let gone = Show(shown(2, BID - 100, 900, ASK, 500));
    let found = evidence_of(&[book(0, 300), sale(1, 450), gone]);
    assert_eq!(found, [beyond(0, 150)]);
}

#[test]
fn a_level_that_is_not_shown_again_in_time_lost_nothing() {
    let beyond = (0, Kind::Beyond, Some(Side::Buy), 100);
    let lines = |at| [book(0, 300), sale(1, 100), book(at, 200)];
    assert_eq!(evidence_of(&lines(51)), [], "50 ms later is in time");
    assert_eq!(evidence_of(&lines(52)), [beyond]);
    assert_eq!(evidence_of(&[book(0, 300), sale(1, 100), Wait(51)]), []);
    assert_eq!(
        evidence_of(&[book(0, 300), sale(1, 100), Wait(52)]),
        [beyond]
    );
}

#[test]
fn of_several_executions_the_newest_explain_what_was_lost() {
    let found = evidence_of(&[book(0, 300), sale(1, 100), sale(5, 80), book(5, 220)]);
    assert_eq!(found, [(0, Kind::Beyond, Some(Side::Buy), 100)]);
}

#[test]
fn what_a_better_price_hides_is_not_judged() {
    let better = Show(shown(2, BID + 100, 10, ASK, 500));
    assert_eq!(
        evidence_of(&[book(0, 300), sale(1, 100), better, Wait(500)]),
        []
    );
    let better = Show(shown(2, BID + 100, 10, ASK, 500));
    let next = Execute(execution(3, BID + 100, 10, Side::Sell));
    let found = evidence_of(&[book(0, 300), sale(1, 100), better, next, book(3, 200)]);
    assert_eq!(found, [], "the first is given up, the second was seen");
}

#[test]
fn without_two_sides_or_one_book_nothing_is_said_of_the_best_price() {
    for quote in [
        shown(0, 0, 0, 0, 0),
        shown(0, BID, 300, 0, 0),
        shown(0, BID, 300, BID, 300),
        shown(0, BID + 1, 300, BID, 300),
    ] {
        assert_eq!(evidence_of(&[Show(quote), sale(1, 9), Wait(99)]), []);
    }
    let mut detector = HiddenDetector::default();
    let mut found = 0;
    detector.quote(&shown(0, BID, 300, ASK, 300), &mut |_| found += 1);
    for price in [BID, ASK, BID + 1] {
        let one = execution(1, price, 10, Side::Sell);
        detector.execution(&one, false, &mut |_| found += 1);
    }
    detector.advance(ms(900), &mut |_| found += 1);
    assert_eq!((found, detector.executions()), (1, 3));
}

#[test]
fn a_level_that_fills_up_three_times_is_an_iceberg() {
    let mut lines = vec![book(0, 300)];
    for cycle in 0..3 {
        let at = 100 + 1_000 * cycle;
        lines.extend([sale(at, 200), book(at, 100), book(at + 20, 300)]);
    }
    let found = evidence_of(&lines);
    assert_eq!(found, [(3, Kind::Refilled(3), Some(Side::Buy), 600)]);
    // What came back before the loss was shown is counted as beyond, and not again.
    let mut lines = vec![book(0, 300)];
    for cycle in 0..3 {
        let at = 100 + 1_000 * cycle;
        lines.extend([sale(at, 200), book(at + 20, 300)]);
    }
    let found = evidence_of(&lines);
    assert!(found.iter().all(|one| one.1 == Kind::Beyond), "{found:?}");
    assert_eq!(found.iter().map(|one| one.3).sum::<u64>(), 600);
}

proptest! {
    /// No execution hides more than its size, and nothing is hidden that was not executed.
    #[test]
    fn hidden_shares_never_exceed_what_was_executed(
        lines in prop::collection::vec(
            (0_u8..3, 0_i64..80, -2_i64..7, 1_u32..500, 1_u32..500), 1..120,
        ),
    ) {
        let mut detector = HiddenDetector::default();
        let mut at = 0;
        let (mut sizes, mut hidden) = (Vec::new(), Vec::<Evidence>::new());
        let mut emit = |one| hidden.push(one);
        for (what, pause, step, size, other) in lines {
            at += pause;
            if what == 0 {
                let bid = BID + 100 * (step % 2);
                detector.quote(&shown(at, bid, size, ASK, other), &mut emit);
            } else {
                let side = if what == 1 { Side::Buy } else { Side::Sell };
                let one = execution(at, BID + 100 * step, u64::from(size), side);
                sizes.push(u64::from(size));
                detector.execution(&one, true, &mut emit);
            }
        }
        detector.advance(ms(at + 1_000), &mut emit);
        let mut by_print = vec![0; sizes.len()];
        let mut refilled = 0;
        for one in &hidden {
            match one.kind {
                Kind::Refilled(_) => refilled += one.shares,
                _ => by_print[usize::try_from(one.print).unwrap()] += one.shares,
            }
        }
        for (hidden, size) in by_print.iter().zip(&sizes) {
            prop_assert!(hidden <= size);
        }
        let all: u64 = by_print.iter().sum();
        prop_assert!(all + refilled <= sizes.iter().sum());
    }
}
