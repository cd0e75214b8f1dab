//! What leaves, in which order, and what never does.

use crate::desk::Desk;
use crate::market::{ALL, CALL_100, CALL_101, PUT_100};
use crate::paper::Done;
use components::order::OrderStatus;
use engine::command::Command;
use engine::record::{Cause, Restriction};

const ROOM: [(&str, &str); 1] = [("limits.positions_per_symbol_max", "5")];

#[test]
fn an_entry_waits_behind_cancellations() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(2);
    let first = desk.submitted()[0][0].id;
    desk.seconds(2);
    desk.paper().done.clear();
    desk.command(Command::CancelAll).buy(PUT_100, 80.0).tick();
    let done = desk.paper().done.clone();
    let place = |wanted: &dyn Fn(&Done) -> bool| done.iter().position(wanted).unwrap();
    let cancel = place(&|done| *done == Done::Cancelled(first));
    let submit = place(&|done| matches!(done, Done::Submitted(_)));
    assert!(cancel < submit, "{done:?}");
}

#[test]
fn an_entry_that_waited_too_long_never_leaves() {
    let mut desk = Desk::ready(&ROOM);
    for osi in ALL {
        desk.buy(osi, 80.0);
    }
    desk.tick();
    assert_eq!(
        desk.submitted().len(),
        1,
        "three orders and one in reserve fill a second"
    );
    let fourth = desk.intended()[9].order.id;
    assert_eq!(desk.status(fourth), OrderStatus::Intended);
    desk.seconds(3);
    assert_eq!(desk.status(fourth), OrderStatus::NotReceived);
    let last = desk.intended()[11].order.id;
    assert_eq!(
        desk.status(last),
        OrderStatus::NotReceived,
        "its legs neither"
    );
    let sent = desk.submitted();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().flatten().all(|order| order.id < fourth));
    desk.seconds(5);
    assert_eq!(desk.submitted().len(), 3);
    let reserved = desk.ledger().reservations();
    assert!(reserved.map(|one| one.order).all(|order| order < fourth));
}

#[test]
fn an_entry_that_waits_does_not_leave_after_a_halt() {
    let mut desk = Desk::ready(&ROOM);
    desk.buy(CALL_100, 80.0).buy(PUT_100, 80.0).tick();
    let second = desk.intended()[3].order.id;
    assert_eq!(desk.submitted().len(), 1);
    desk.command(Command::Halt).seconds(3);
    assert_eq!(desk.submitted().len(), 1);
    assert_eq!(desk.status(second), OrderStatus::NotReceived);
}

#[test]
fn what_is_called_back_while_it_waits_is_not_sent_and_not_cancelled() {
    let mut desk = Desk::ready(&ROOM);
    desk.buy(CALL_100, 80.0).buy(PUT_100, 80.0).tick();
    let second = desk.intended()[3].order.id;
    desk.command(Command::CancelAll).seconds(3);
    assert_eq!(desk.submitted().len(), 1);
    assert_eq!(desk.status(second), OrderStatus::NotReceived);
    assert_eq!(desk.count(|done| *done == Done::Cancelled(second)), 0);
}

#[test]
fn what_the_gate_refuses_halts_in_the_next_tick() {
    let mut desk = Desk::ready(&[("gate.notional_per_s_max_usd", "100")]);
    desk.buy(CALL_100, 80.0).tick();
    assert!(desk.submitted().is_empty());
    let entry = desk.intended()[0].order.id;
    assert_eq!(desk.ledger().restriction(), Restriction::Active);
    desk.tick();
    let latches: Vec<_> = desk.ledger().latches().collect();
    assert_eq!(latches, [(Cause::Gate, Restriction::Halted)]);
    assert_eq!(desk.status(entry), OrderStatus::NotReceived);
    desk.command(Command::Resume).tick();
    assert_eq!(desk.ledger().restriction(), Restriction::Active);
    desk.buy(CALL_101, 80.0).ticks(2);
    assert_eq!(
        desk.ledger().restriction(),
        Restriction::Halted,
        "each time"
    );
}
