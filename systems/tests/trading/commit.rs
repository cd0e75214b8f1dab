//! Nothing leaves before it is durable, and what is durable is the whole ledger.

use crate::desk::Desk;
use crate::market::{CALL_100, CALL_101, PUT_100, price};
use crate::paper::Done;
use components::market::Side;
use engine::command::Command;
use engine::digest::Digest;
use engine::engine::EngineError;
use engine::record::Record;
use systems::books::Books;
use systems::commit::{Recorder, stop};
use systems::ledger::Ledger;

#[test]
fn nothing_leaves_when_the_journal_fails() {
    let mut desk = Desk::ready(&[]);
    desk.paper().journal_fails = true;
    let before = desk.paper().done.len();
    let error = desk.buy(CALL_100, 80.0).try_tick().unwrap_err();
    assert!(matches!(&error, EngineError::Broken { .. }));
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert_eq!(
        desk.paper().done.len(),
        before,
        "no order, no cancel, no second attempt"
    );
    assert_eq!(desk.try_tick().unwrap(), None, "the run is over");
}

#[test]
fn the_frame_is_durable_before_its_orders_leave() {
    let mut desk = Desk::ready(&[]);
    desk.paper().done.clear();
    desk.buy(CALL_100, 80.0).tick();
    let done = desk.paper().done.clone();
    let [
        Done::Appended(tick),
        Done::Committed,
        Done::Submitted(orders),
    ] = &done[..]
    else {
        panic!("{done:?}");
    };
    assert_eq!(orders.len(), 3);
    let recorder = desk.engine.world().resource::<Recorder>();
    assert_eq!(recorder.durable(), *tick);
    desk.paper().done.clear();
    desk.tick();
    let appended = [Done::Appended(tick + 1)];
    assert_eq!(
        desk.paper().done,
        appended,
        "nothing leaves, nothing is forced"
    );
}

#[test]
fn every_tick_is_durable_where_the_config_says_so() {
    let mut desk = Desk::ready(&[("journal.sync", "every_tick")]);
    desk.paper().done.clear();
    desk.ticks(3);
    assert_eq!(desk.count(|done| *done == Done::Committed), 3);
}

/// I25 in the small: whatever happened, the frames alone give the same ledger.
#[test]
fn the_fold_of_the_frames_is_the_ledger_of_the_run() {
    let mut desk = Desk::ready(&[("limits.positions_per_symbol_max", "5")]);
    let start = Ledger::new(desk.ledger().account().initial);
    desk.buy(CALL_100, 80.0).ticks(2);
    let entry = desk.submitted()[0][0];
    desk.fill(&entry, price(2.03)).ticks(3);
    desk.buy(PUT_100, 80.0).ticks(2);
    desk.command(Command::Halt).seconds(2);
    desk.paper().answers = false;
    desk.command(Command::Resume).seconds(80);
    desk.paper().answers = true;
    desk.buy(CALL_101, 80.0).seconds(20);
    let stop = desk.submitted()[0][1];
    assert_eq!(stop.side, Side::Sell);
    desk.fill(&stop, price(1.0)).seconds(2);
    let mut folded = start;
    let frames = desk.paper().frames.clone();
    assert!(frames.len() > 400);
    for frame in &frames {
        Books::fold(&mut folded, frame).unwrap();
    }
    assert!(folded.positions().next().is_none(), "bought and sold");
    assert!(folded.account().realized.0 < 0);
    assert_eq!(
        format!("{:#?}", folded.orders_in_flight().collect::<Vec<_>>()),
        format!(
            "{:#?}",
            desk.ledger().orders_in_flight().collect::<Vec<_>>()
        )
    );
    // What was the best price is no part of the fold, and nothing is held any more.
    assert!(folded == *desk.ledger());
    let mut strange = frames[5].clone();
    strange.records = vec![Record::Heard { report: 7 }];
    assert!(Books::fold(&mut folded, &strange).is_err());
}

#[test]
fn a_command_is_durable_in_its_tick_though_nothing_leaves() {
    let mut desk = Desk::ready(&[]);
    desk.paper().done.clear();
    desk.command(Command::Resume).tick();
    let done = desk.paper().done.clone();
    assert!(
        matches!(done[..], [Done::Appended(_), Done::Committed]),
        "{done:?}"
    );
}

#[test]
fn a_frame_holds_what_was_reported_and_the_digests_so_far() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).tick();
    let run = desk.engine.world().resource::<Digest>().run();
    desk.tick();
    let frames = desk.paper().frames.clone();
    let [.., before, last] = &frames[..] else {
        panic!("{} frames", frames.len());
    };
    assert_eq!(last.digest_before, run);
    assert_ne!(before.digest_before, run, "each tick changes it");
    assert_eq!(last.tick, before.tick + 1);
    assert_eq!(last.reports.len(), 3, "three orders were accepted");
    let intended = |record: &&Record| matches!(record, Record::Intended(_));
    assert_eq!(before.records.iter().filter(intended).count(), 3);
    assert!(!last.systems.is_empty() && last.systems != before.systems);
}

#[test]
fn a_run_that_ends_in_order_says_so_in_a_durable_frame_of_its_own() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).tick();
    let last = desk.paper().frames.last().unwrap().tick;
    desk.paper().done.clear();
    let run = desk.engine.world().resource::<Digest>().run();
    stop(desk.engine.world_mut()).unwrap();
    let paper = desk.paper();
    assert_eq!(paper.done, [Done::Appended(last + 1), Done::Committed]);
    let frame = paper.frames.last().unwrap();
    assert_eq!((frame.tick, frame.digest_before), (last + 1, run));
    let [sent @ .., Record::Stopped] = &frame.records[..] else {
        panic!("{:?}", frame.records);
    };
    let was_sent = |record: &&Record| matches!(record, Record::Sent { .. });
    assert_eq!(sent.iter().filter(was_sent).count(), 3, "what left is told");
}
