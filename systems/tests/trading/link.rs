//! The line to the broker: asked, answered, lost, and led to the wrong account.

use crate::desk::{ACCOUNT, CALL_100, Desk, Done, connected, script};
use components::order::OrderStatus;
use engine::record::{Cause, Restriction};
use engine::report::Report;
use systems::link::Link;

fn link(desk: &Desk) -> &Link {
    desk.engine.world().resource::<Link>()
}

fn queries(desk: &Desk) -> usize {
    desk.count(|done| matches!(done, Done::Queried(_)))
}

#[test]
fn a_line_is_ready_when_the_first_answer_was_worked_through() {
    let mut desk = Desk::new(&[], script(), None);
    desk.ticks(4);
    assert_eq!((link(&desk).is_connected(), queries(&desk)), (false, 0));
    desk.say(connected()).tick();
    assert!(link(&desk).is_connected() && !link(&desk).is_ready());
    assert_eq!(queries(&desk), 1, "asked at once");
    desk.tick();
    assert!(link(&desk).is_ready());
    assert_eq!(link(&desk).answers, 1);
    desk.seconds(30);
    assert_eq!(queries(&desk), 1, "not without a reason");
    desk.seconds(40);
    assert_eq!(queries(&desk), 2, "but every minute");
}

#[test]
fn what_was_lost_with_the_line_is_asked_for_again() {
    let mut desk = Desk::ready(&[]);
    desk.seconds(2);
    let before = queries(&desk);
    desk.say(Report::Disconnected { code: 1_100 }).tick();
    assert!(!link(&desk).is_connected());
    desk.say(Report::Resumed { code: 1_101 }).tick();
    assert!(!link(&desk).is_ready());
    desk.tick();
    assert!(link(&desk).is_ready());
    assert_eq!(queries(&desk), before + 1);
}

#[test]
fn another_account_is_only_observed_and_never_asked() {
    let mut desk = Desk::new(&[("broker.account", "DU2")], script(), None);
    desk.say(connected()).seconds(2);
    let latches: Vec<_> = desk.ledger().latches().collect();
    assert_eq!(latches, [(Cause::WrongAccount, Restriction::Observing)]);
    assert!(!link(&desk).is_ready());
    desk.say(Report::Resumed { code: 1_102 }).seconds(2);
    assert_eq!(queries(&desk), 0);
    let account = "DU2".to_owned();
    let next_order = desk.ledger().next_order();
    desk.say(Report::Connected {
        account,
        next_order,
    })
    .tick();
    // The broker of these tests answers for DU1 whatever it is asked.
    desk.seconds(2);
    assert_eq!(queries(&desk), 1);
    assert!(
        !link(&desk).is_ready(),
        "an answer for {ACCOUNT} is left aside"
    );
    assert_eq!(link(&desk).answers, 0);
}

#[test]
fn a_question_without_an_answer_makes_the_line_anew() {
    let mut desk = Desk::new(&[], script(), None);
    desk.paper().answers = false;
    desk.say(connected()).seconds(9);
    assert_eq!(desk.count(|done| *done == Done::Reconnected), 0);
    desk.seconds(2);
    assert_eq!(desk.count(|done| *done == Done::Reconnected), 1);
    assert!(!link(&desk).is_ready());
    assert_eq!(queries(&desk), 2, "the new line is asked again");
    desk.paper().answers = true;
    desk.seconds(12);
    assert!(link(&desk).is_ready());
}

#[test]
fn an_order_without_an_answer_is_unknown_and_never_sent_again() {
    let mut desk = Desk::ready(&[]);
    desk.paper().accepts = false;
    desk.buy(CALL_100, 80.0).tick();
    let entry = desk.submitted()[0][0].id;
    desk.seconds(9);
    assert_eq!(desk.status(entry), OrderStatus::Sent);
    desk.seconds(3);
    assert_eq!(desk.status(entry), OrderStatus::Unknown);
    assert_eq!(
        desk.ledger().reservations().count(),
        3,
        "it may still be filled"
    );
    desk.seconds(40);
    assert_eq!(
        desk.status(entry),
        OrderStatus::Unknown,
        "silence proves nothing yet"
    );
    desk.seconds(40);
    assert_eq!(
        desk.status(entry),
        OrderStatus::NotReceived,
        "at the second look after a minute"
    );
    desk.seconds(60);
    assert_eq!(desk.submitted().len(), 1);
}

#[test]
fn a_wish_to_cancel_that_was_not_heard_is_said_again() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(4);
    let entry = desk.submitted()[0][0].id;
    desk.paper().cancels = false;
    desk.command(engine::command::Command::Halt).seconds(4);
    let cancelled = Done::Cancelled(entry);
    assert_eq!(desk.count(|done| *done == cancelled), 1);
    desk.seconds(61);
    assert_eq!(
        desk.count(|done| *done == cancelled),
        2,
        "after the next answer"
    );
    assert_eq!(desk.status(entry), OrderStatus::Working);
}
