//! The faults that are planted in the shells show: who looks for them can find them.

use crate::desk::Desk;
use crate::market::{CALL_100, PUT_100, script};
use crate::paper::Done;
use components::market::SymbolId;
use engine::command::Command;
use engine::event::EventKind;
use engine::planted::{Bug, plant};

/// Runs `act` with the fault planted in this thread.
fn with(bug: u8, act: impl FnOnce()) {
    plant(Some(Bug(bug)));
    act();
    plant(None);
}

#[test]
fn what_leaves_is_not_durable() {
    let mut desk = Desk::ready(&[("journal.sync", "every_tick")]);
    desk.paper().done.clear();
    with(1, || {
        desk.buy(CALL_100, 80.0).tick();
    });
    assert_eq!(desk.submitted().len(), 1);
    assert_eq!(desk.count(|done| *done == Done::Committed), 0);
}

#[test]
fn the_same_wish_is_no_reason_to_refuse() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(2);
    with(2, || {
        desk.seconds(2).buy(CALL_100, 95.0).tick();
    });
    let sent = desk.submitted();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0][0].contract, sent[1][0].contract);
}

#[test]
fn an_order_leaves_twice() {
    let mut desk = Desk::ready(&[]);
    with(9, || {
        desk.buy(CALL_100, 80.0).tick();
    });
    let sent = desk.submitted();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
}

#[test]
fn a_halt_lets_entries_pass_and_work() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).seconds(2);
    with(17, || {
        desk.command(Command::Halt).buy(PUT_100, 80.0).ticks(2);
    });
    assert_eq!(desk.submitted().len(), 2);
    assert_eq!(desk.count(|done| matches!(done, Done::Cancelled(_))), 0);
}

#[test]
fn stale_data_is_traded_on() {
    let mut quiet = script();
    quiet.silent_from_ms = 2_000;
    let mut desk = Desk::new(&[], quiet, None);
    desk.say(crate::market::connected()).seconds(7);
    with(24, || {
        desk.buy(CALL_100, 80.0).tick();
    });
    assert_eq!(desk.submitted().len(), 1);
}

#[test]
fn the_close_comes_sooner_than_it_thinks() {
    let mut desk = Desk::ready(&[("risk.last_entry_before_close_s", "23390")]);
    desk.seconds(11);
    with(28, || {
        desk.buy(CALL_100, 80.0).tick();
    });
    assert_eq!(desk.submitted().len(), 1);
}

#[test]
fn a_halted_underlying_is_traded_on() {
    let mut desk = Desk::ready(&[]);
    let symbol = SymbolId(0);
    desk.event(EventKind::Halted { symbol });
    with(30, || {
        desk.buy(CALL_100, 80.0).tick();
    });
    assert_eq!(desk.submitted().len(), 1);
}
