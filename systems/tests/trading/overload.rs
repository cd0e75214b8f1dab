//! Time that was lost and a wall clock that jumps stop trading.

use crate::desk::Desk;
use crate::market::CALL_100;
use engine::clock::{Jump, Overrun};
use engine::record::{Cause, Record, Restriction};
use systems::overload::Overload;

/// A moment after a desk is ready, in milliseconds of its session.
const LATER_MS: i64 = 10_000;

fn latches(desk: &Desk) -> Vec<(Cause, Restriction)> {
    desk.ledger().latches().collect()
}

fn jumped(millis: i64) -> Desk {
    let at = crate::support::at(LATER_MS);
    let mut desk = Desk::ready_on(|clock| clock.with_jumps(vec![Jump { at, millis }]));
    desk.seconds(10);
    desk
}

#[test]
fn a_jump_of_more_than_a_second_reduces_until_an_operator_lifts_it() {
    let reducing = [(Cause::Clock, Restriction::Reducing)];
    for (millis, latched) in [
        (1_000, false),
        (-1_000, false),
        (1_001, true),
        (-1_001, true),
    ] {
        let desk = jumped(millis);
        let expected = if latched { &reducing[..] } else { &[] };
        assert_eq!(latches(&desk), expected, "{millis}");
        let paper = desk.paper();
        let records = paper.frames.iter().flat_map(|frame| &frame.records);
        let told = records.filter(|record| **record == Record::ClockJumped { millis });
        assert_eq!(told.count(), 1, "it is written down in any case");
    }
    let mut desk = jumped(5_000);
    desk.buy(CALL_100, 80.0).ticks(2);
    assert_eq!(desk.blocked("risk_reducing"), 1);
    assert!(desk.submitted().is_empty());
}

fn overran(lost: &[u32]) -> Desk {
    let overruns = lost.iter().zip(0_i64..).map(|(lost, place)| Overrun {
        at: crate::support::at(LATER_MS + 5_000 * place),
        lost: *lost,
    });
    let overruns = overruns.collect();
    let mut desk = Desk::ready_on(|clock| clock.with_overruns(overruns));
    desk.seconds(10);
    desk
}

#[test]
fn a_tick_that_lost_a_second_halts_once_and_one_that_lost_less_does_not() {
    let level = |desk: &Desk| desk.engine.world().resource::<Overload>().level;
    let desk = overran(&[3]);
    assert_eq!((latches(&desk), level(&desk)), (vec![], 0));
    let desk = overran(&[4, 4]);
    let halted = [(Cause::Overload, Restriction::Halted)];
    assert_eq!((&latches(&desk)[..], level(&desk)), (&halted[..], 3));
    let paper = desk.paper();
    let records = paper.frames.iter().flat_map(|frame| &frame.records);
    let latched = records.filter(|record| matches!(record, Record::Latched { .. }));
    assert_eq!(latched.count(), 1, "the level was reached once");
}
