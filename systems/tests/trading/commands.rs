//! What an operator wants is obeyed, once.

use crate::desk::Desk;
use crate::market::{CALL_100, script};
use crate::paper::Done;
use components::order::{OrderStatus, Role};
use components::units::{Cash, Timestamp};
use engine::command::{Command, CommandSource};
use engine::record::{Cause, Record, Restriction};
use engine::report::Report;
use systems::commands::Emergency;
use systems::ledger::Ledger;

fn restriction(desk: &Desk) -> Restriction {
    desk.ledger().restriction()
}

#[test]
fn a_halt_is_latched_and_calls_entries_back() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(3);
    let entry = desk.submitted()[0][0].id;
    assert_eq!(desk.status(entry), OrderStatus::Working);
    desk.command(Command::Halt).tick();
    assert_eq!(restriction(&desk), Restriction::Halted);
    assert_eq!(
        desk.count(|done| *done == Done::Cancelled(entry)),
        1,
        "in the same tick"
    );
    desk.ticks(4);
    assert_eq!(desk.status(entry), OrderStatus::Cancelled);
    let open = desk.ledger().open_orders();
    assert_eq!(open.filter(|order| order.role() == Role::Entry).count(), 0);
    let emergency = desk.engine.world().resource::<Emergency>();
    assert_eq!((emergency.halts, emergency.longest_ms), (1, 250));
    desk.seconds(100);
    assert_eq!(
        restriction(&desk),
        Restriction::Halted,
        "until an operator lifts it"
    );
}

/// I17: what the broker did not answer for may work there.
#[test]
fn a_halt_calls_an_entry_back_that_was_not_answered() {
    let mut desk = Desk::ready(&[]);
    desk.paper().accepts = false;
    desk.buy(CALL_100, 80.0).tick();
    let entry = desk.submitted()[0][0].id;
    desk.seconds(12);
    assert_eq!(desk.status(entry), OrderStatus::Unknown);
    let cancelled = |desk: &Desk| desk.count(|done| *done == Done::Cancelled(entry));
    assert_eq!(cancelled(&desk), 0);
    desk.command(Command::Halt).tick();
    assert_eq!(cancelled(&desk), 1, "in the same tick");
    desk.seconds(2);
    assert_eq!(cancelled(&desk), 1, "once");
}

#[test]
fn a_repeated_number_is_obeyed_once() {
    let mut desk = Desk::ready(&[]);
    desk.command(Command::Halt).command(Command::Resume).tick();
    assert_eq!(restriction(&desk), Restriction::Active);
    for number in [1, 2] {
        let socket = CommandSource::Socket;
        desk.order(number, Timestamp(0), socket, Command::Halt)
            .tick();
        assert_eq!(restriction(&desk), Restriction::Active);
    }
    desk.order(3, Timestamp(0), CommandSource::Socket, Command::Halt);
    assert_eq!(restriction(desk.tick()), Restriction::Halted);
}

#[test]
fn the_mirror_may_only_reduce_risk_and_only_in_time() {
    let mut desk = Desk::ready(&[]);
    let now = crate::support::at(750);
    let mirror = CommandSource::Mirror;
    desk.order(1, now.plus_millis(-31_000), mirror, Command::Halt)
        .tick();
    assert_eq!(restriction(&desk), Restriction::Active, "too old");
    desk.order(2, now, mirror, Command::Halt).tick();
    assert_eq!(restriction(&desk), Restriction::Halted);
    desk.order(3, now, mirror, Command::Resume).tick();
    assert_eq!(restriction(&desk), Restriction::Halted);
    desk.command(Command::Resume).tick();
    assert_eq!(restriction(&desk), Restriction::Active);
}

#[test]
fn a_resume_clears_every_latch() {
    let mut desk = Desk::ready(&[]);
    desk.command(Command::ReduceOnly)
        .command(Command::Observe)
        .tick();
    assert_eq!(restriction(&desk), Restriction::Observing);
    desk.command(Command::Resume).tick();
    assert_eq!(desk.ledger().latches().count(), 0);
}

#[test]
fn what_must_not_happen_halts_once_for_each_cause() {
    let mut desk = Desk::ready(&[]);
    desk.engine
        .world_mut()
        .resource_mut::<engine::transcript::Transcript>()
        .keep();
    let unknown = |perm| Report::Accepted {
        order: components::order::OrderId(999),
        perm: components::order::PermId(perm),
    };
    desk.say(unknown(1)).say(unknown(2)).tick();
    desk.say(unknown(3)).tick();
    let latches: Vec<_> = desk.ledger().latches().collect();
    assert_eq!(latches, [(Cause::UnknownOrder, Restriction::Halted)]);
    let mut transcript = desk
        .engine
        .world_mut()
        .resource_mut::<engine::transcript::Transcript>();
    let text = transcript.take();
    assert_eq!(
        text.matches("halted for unknown_order").count(),
        1,
        "{text}"
    );
    assert_eq!(
        text.matches("odd order o999 was never intended").count(),
        3,
        "{text}"
    );
    // What is seen in the tick of a resume is not lifted by it.
    desk.command(Command::Resume).say(unknown(4)).tick();
    assert_eq!(restriction(&desk), Restriction::Halted);
}

#[test]
fn two_numbers_of_the_broker_for_one_order_halt() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(3);
    let order = desk.submitted()[0][0].id;
    let perm = components::order::PermId(77);
    desk.say(Report::Accepted { order, perm }).tick();
    let latches: Vec<_> = desk.ledger().latches().collect();
    assert_eq!(latches, [(Cause::DuplicateOrder, Restriction::Halted)]);
}

#[test]
fn a_second_cause_is_latched_beside_the_first() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(3);
    let order = desk.submitted()[0][0].id;
    let perm = components::order::PermId(77);
    let unknown = Report::Accepted {
        order: components::order::OrderId(999),
        perm,
    };
    desk.say(unknown).tick();
    desk.say(Report::Accepted { order, perm }).tick();
    let latches: Vec<_> = desk.ledger().latches().collect();
    let halted = |cause| (cause, Restriction::Halted);
    assert_eq!(latches.len(), 2, "{latches:?}");
    assert!(latches.contains(&halted(Cause::UnknownOrder)));
    assert!(latches.contains(&halted(Cause::DuplicateOrder)));
}

#[test]
fn the_peak_is_set_anew_when_a_drawdown_is_lifted_and_at_no_other_time() {
    for (cause, command, reset) in [
        (Cause::Drawdown, Command::Resume, true),
        (Cause::Drawdown, Command::Halt, false),
        (Cause::Errors, Command::Resume, false),
    ] {
        let mut ledger = Ledger::new(Cash(1_000_000_000));
        let level = Restriction::Halted;
        ledger.apply(Timestamp(0), &Record::Latched { level, cause });
        let mut desk = Desk::new(&[], script(), Some(ledger));
        desk.ticks(2);
        assert_eq!(restriction(&desk), Restriction::Halted);
        desk.command(command).tick();
        let paper = desk.paper();
        let records = paper.frames.iter().flat_map(|frame| &frame.records);
        let resets = records.filter(|record| matches!(record, Record::PeakReset { .. }));
        assert_eq!(resets.count(), usize::from(reset), "{cause:?} {command:?}");
    }
}
