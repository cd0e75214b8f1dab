//! Looking ahead to the closing auction in the running engine: when, and from what.

use crate::support::{Script, TODAY, engine, engine_on, of_underlying};
use crate::{quote, trade};
use components::closing::{ClosingProjection, ClosingSource};
use components::market::Side;
use components::quality::Quality;
use components::units::Timestamp;
use engine::event::EventKind;
use jiff::civil::{Date, date};
use systems::closing::parameters::{Parameters, Stage};

const HALF_DAY: Date = date(2026, 11, 27);
const WHOLE_DAY_S: i64 = 23_400;
const HALF_DAY_S: i64 = 12_600;

/// 500 shares bought 5,000 s before the close, 100 sold 3,700 s before it.
fn day(seconds: i64) -> Vec<(i64, EventKind)> {
    vec![
        (10, quote(100.0, 100.04)),
        ((seconds - 5_000) * 1_000, trade(1_000_400, 500)),
        ((seconds - 3_700) * 1_000, trade(1_000_000, 100)),
    ]
}

/// All projections of a session, with the milliseconds that were left of it.
fn projections(day: Date, script: Script, flags: &[(&str, &str)]) -> Vec<(i64, ClosingProjection)> {
    let mut engine = engine_on(day, script, flags);
    let mut seen = Timestamp::NEVER;
    let mut found = Vec::new();
    while let Some(tick) = engine.tick().unwrap() {
        let projection: ClosingProjection = of_underlying(&engine);
        if projection.stamp.computed_at != seen {
            seen = projection.stamp.computed_at;
            assert_eq!(seen, tick.now);
            let left = tick.session.close.nanos_since(tick.now) / 1_000_000;
            found.push((left, projection));
        } else if found.is_empty() {
            assert_eq!(projection, ClosingProjection::default());
        }
    }
    found
}

#[test]
fn the_last_hour_of_whole_and_half_days_has_a_grid_of_half_minutes() {
    let grid: Vec<i64> = (1..=120).rev().map(|step| step * 30_000).collect();
    for (date, seconds) in [(TODAY, WHOLE_DAY_S), (HALF_DAY, HALF_DAY_S)] {
        let found = projections(date, Script::new(&[], day(seconds)), &[]);
        let times: Vec<i64> = found.iter().map(|(left, _)| *left).collect();
        assert_eq!(times, grid, "{date}");
        let at = |left_s: i64| {
            let mut found = found.iter().filter(|(left, _)| *left == left_s * 1_000);
            found.next().unwrap().1
        };
        let open = Parameters::RECORDED.of(Stage::Open);
        let first = at(3_600);
        assert_eq!(first.side, Some(Side::Buy));
        assert_eq!(first.projected_shares, Some(400.0 * open.keep(5.0)));
        assert_eq!(first.confidence, Some(Parameters::RECORDED.tape_right));
        assert_eq!(first.source, ClosingSource::Tape);
        // A tape alone is nothing that a signal may rest on.
        assert_eq!(first.stamp.quality, Quality::IllConditioned);
        // The half hour that ends with 3,210 s to go is the last to hold what was bought.
        assert_eq!(at(3_210).projected_shares, first.projected_shares);
        assert_eq!(at(3_180).side, Some(Side::Sell));
        assert_eq!(at(1_920).projected_shares, Some(-100.0 * open.keep(5.0)));
        let none = at(1_890);
        assert_eq!((none.projected_shares, none.confidence), (None, None));
        assert_eq!((none.source, none.side), (ClosingSource::None, None));
        assert_eq!(none.stamp.quality, Quality::NoData);
    }
}

#[test]
fn grid_and_window_are_those_of_the_config() {
    let flags = [
        ("closing.from_s", "600"),
        ("closing.every_s", "60"),
        ("closing.window_s", "7200"),
    ];
    let found = projections(HALF_DAY, Script::new(&[], day(HALF_DAY_S)), &flags);
    let times: Vec<i64> = found.iter().map(|(left, _)| *left).collect();
    assert_eq!(
        times,
        (1..=10).rev().map(|m| m * 60_000).collect::<Vec<_>>()
    );
    let keep = Parameters::RECORDED.of(Stage::Open).keep(0.0);
    assert_eq!(found[9].1.projected_shares, Some(400.0 * keep));
}

#[test]
fn a_silent_feed_makes_a_projection_stale() {
    let mut script = Script::new(&[], day(HALF_DAY_S));
    script.silent_from_ms = (HALF_DAY_S - 3_650) * 1_000;
    let found = projections(HALF_DAY, script, &[]);
    assert!(
        found
            .iter()
            .all(|(_, projection)| projection.stamp.quality == Quality::Stale)
    );
}

#[test]
fn a_session_begins_without_a_projection() {
    let mut engine = engine(Script::new(&[], day(WHOLE_DAY_S)), &[]);
    engine.tick().unwrap();
    let found: ClosingProjection = of_underlying(&engine);
    assert_eq!(found, ClosingProjection::default());
    assert_eq!(found.stamp.quality, Quality::NoData);
}
