//! The line to the broker: asked, answered, lost, and led to the wrong account.

use crate::desk::Desk;
use crate::market::{ACCOUNT, CALL_100, connected, price, quote, script, terms, ticker};
use crate::paper::Done;
use crate::support::TODAY;
use components::contract::{Contract, Instrument};
use components::order::OrderStatus;
use components::units::Cash;
use engine::calendar::Calendar;
use engine::clock::{SteppedClock, Window};
use engine::record::{Cause, Record, Restriction};
use engine::report::Report;
use systems::books::Books;
use systems::ledger::Ledger;
use systems::link::Link;

fn link(desk: &Desk) -> &Link {
    desk.engine.world().resource::<Link>()
}

fn queries(desk: &Desk) -> usize {
    desk.count(|done| matches!(done, Done::Queried(_)))
}

fn asked(done: &Done) -> Option<u64> {
    match done {
        Done::Queried(query) => Some(*query),
        _ => None,
    }
}

fn records(desk: &Desk) -> impl Iterator<Item = Record> {
    let frames = desk.paper().frames.clone();
    frames.into_iter().flat_map(|frame| frame.records)
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
    desk.seconds(1);
    assert_eq!(queries(&desk), 2, "asked again: it was not answered");
    assert!(
        !link(&desk).is_ready(),
        "an answer for {ACCOUNT} is left aside"
    );
    assert_eq!(link(&desk).answers, 0);
}

#[test]
fn another_account_is_not_taken_for_the_end_of_the_line() {
    let mut desk = Desk::new(&[("broker.account", "DU2")], script(), None);
    let reconnected = |desk: &Desk| desk.count(|done| *done == Done::Reconnected);
    desk.say(connected()).ticks(4);
    assert_eq!(reconnected(&desk), 0, "not at once");
    desk.ticks(2);
    assert_eq!(reconnected(&desk), 1, "after a second");
    desk.seconds(8);
    assert_eq!(reconnected(&desk), 4, "and after one, two and four more");
}

#[test]
fn a_question_without_an_answer_makes_the_line_anew() {
    let mut desk = Desk::ready(&[]);
    desk.paper().answers = false;
    let before = queries(&desk);
    let asked_at = |desk: &Desk| desk.paper().done.iter().filter_map(asked).next_back();
    desk.seconds(50);
    while queries(&desk) == before {
        desk.tick();
    }
    let query = asked_at(&desk).unwrap();
    desk.ticks(39);
    assert_eq!(desk.count(|done| *done == Done::Reconnected), 0);
    desk.ticks(1);
    assert_eq!(desk.count(|done| *done == Done::Reconnected), 1);
    assert!(!link(&desk).is_ready());
    // After 0, 0.75, 1.5, 2.25, 3.25, 5.25 and 9.25 seconds: the same question until the line is
    // given up.
    let done = desk.paper().done.clone();
    let said = done.iter().filter_map(asked).filter(|said| *said == query);
    assert_eq!(said.count(), 7);
    let given_up = Record::Unanswered { query };
    assert_eq!(records(&desk).filter(|one| *one == given_up).count(), 1);
    desk.paper().answers = true;
    desk.seconds(12);
    assert!(link(&desk).is_ready());
}

#[test]
fn a_new_line_that_brings_nothing_is_made_anew_sooner() {
    let mut desk = Desk::new(&[], script(), None);
    desk.paper().answers = false;
    desk.say(connected()).ticks(19);
    assert_eq!(desk.count(|done| *done == Done::Reconnected), 0);
    desk.ticks(3);
    assert_eq!(desk.count(|done| *done == Done::Reconnected), 1);
    // After 0, 0.75, 1.5, 2.25 and 3.25 seconds over the old line, at once over the new one.
    let asked: Vec<_> = desk.paper().done.iter().filter_map(asked).collect();
    assert_eq!(asked, [1, 1, 1, 1, 1, 2]);
    desk.paper().answers = true;
    desk.seconds(6);
    assert!(link(&desk).is_ready());
}

#[test]
fn an_answer_to_a_question_that_was_asked_again_is_an_answer() {
    let mut desk = Desk::new(&[], script(), None);
    desk.paper().answers = false;
    desk.say(connected()).tick();
    desk.paper().answers = true;
    desk.seconds(2);
    assert!(link(&desk).is_ready());
    assert_eq!(queries(&desk), 2);
    assert_eq!(desk.count(|done| *done == Done::Reconnected), 0);
}

#[test]
fn a_line_that_dropped_is_made_anew_at_once_and_until_it_stands() {
    let mut desk = Desk::ready(&[]);
    desk.paper().connects = false;
    desk.say(Report::Disconnected { code: 1_300 }).tick();
    let reconnected = |desk: &Desk| desk.count(|done| *done == Done::Reconnected);
    assert_eq!(reconnected(&desk), 1, "in the same tick");
    desk.seconds(8);
    assert_eq!(
        reconnected(&desk),
        4,
        "after one, two and four seconds more"
    );
    desk.paper().connects = true;
    desk.seconds(8);
    assert!(link(&desk).is_ready());
    assert_eq!(reconnected(&desk), 5);
    desk.seconds(70);
    assert_eq!(reconnected(&desk), 5);
}

#[test]
fn a_gateway_without_its_broker_is_given_a_minute() {
    let mut desk = Desk::ready(&[]);
    let reconnected = |desk: &Desk| desk.count(|done| *done == Done::Reconnected);
    desk.say(Report::Disconnected { code: 1_100 }).seconds(59);
    assert_eq!(reconnected(&desk), 0);
    desk.seconds(2);
    assert_eq!(reconnected(&desk), 1, "its own line may be lost as well");
    assert!(link(&desk).is_ready());
}

#[test]
fn a_stop_that_is_not_acknowledged_is_asked_about_before_its_position_is_given_up() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0);
    desk.paper().accepts = false;
    desk.tick();
    let legs = desk.submitted()[0].clone();
    // The broker has all three, and has told of none.
    desk.paper().open.extend(&legs);
    desk.fill(&legs[0], price(2.04)).seconds(4);
    assert_eq!(desk.status(legs[1].id), OrderStatus::Working);
    assert_eq!(desk.count(|done| matches!(done, Done::Cancelled(_))), 0);
    assert_eq!(desk.submitted().len(), 1, "nothing is closed");
}

#[test]
fn a_change_that_did_not_arrive_is_said_again() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(2);
    let legs = desk.submitted()[0].clone();
    desk.fill(&legs[0], price(2.04)).ticks(4);
    let stop = legs[1].id;
    let changes = |desk: &Desk| {
        let paper = desk.paper();
        let all = paper.done.iter().filter_map(|done| match done {
            Done::Modified(order) if order.id == stop => Some(*order),
            _ => None,
        });
        all.collect::<Vec<_>>()
    };
    // The bid rises, the stop is to follow, and the broker goes on with the old terms.
    let id = desk.id(CALL_100);
    desk.event(quote(id, 3.40, 3.44)).seconds(1);
    let first = changes(&desk);
    assert_eq!(first.len(), 1);
    desk.seconds(2);
    let again = changes(&desk);
    assert!(again.len() > 1, "{again:?}");
    assert!(again.iter().all(|change| change.kind == first[0].kind));
    // Once the broker shows it, that is all.
    let taken = again[0];
    desk.paper()
        .open
        .iter_mut()
        .filter(|open| open.id == stop)
        .for_each(|open| *open = taken);
    desk.seconds(3);
    let said = changes(&desk).len();
    desk.seconds(10);
    assert_eq!(changes(&desk).len(), said);
}

/// I21: what was adopted is held on the same terms after a restart, and by the same records.
#[test]
fn an_adopted_position_keeps_its_stop_over_a_restart() {
    let held = Instrument::Option(Contract {
        underlying: ticker(),
        terms: terms(CALL_100),
    });
    let mut desk = Desk::new(&[], script(), None);
    desk.paper().positions.push((held, 2));
    desk.say(connected()).ticks(24);
    let id = desk.id(CALL_100);
    desk.event(quote(id, 3.40, 3.44)).seconds(3);
    desk.event(quote(id, 3.00, 3.04)).seconds(3);
    let before = *desk.ledger().holding(&held).expect("it was adopted");
    assert_eq!(before.strategy, systems::exits::ADOPTED);
    assert_eq!(before.best, price(3.40));
    assert_eq!(before.entry_price, price(2.02), "its cost, not the bid");
    let mut folded = Ledger::new(Cash(1_000_000_000));
    for frame in &desk.paper().frames {
        Books::fold(&mut folded, frame).unwrap();
    }
    assert_eq!(folded.holding(&held), Some(&before));
    // The next process goes on from there, though the market never saw 3.40 again and its first stop
    // is gone from the broker.
    let mut next = Desk::new(&[], script(), Some(folded));
    next.paper().positions.push((held, 2));
    next.say(connected()).ticks(24);
    let id = next.id(CALL_100);
    next.event(quote(id, 3.00, 3.04)).seconds(8);
    let after = *next.ledger().holding(&held).expect("it is held");
    assert!(
        after.stop >= before.stop,
        "{} after {}",
        after.stop,
        before.stop
    );
    assert_eq!(after.entry_price, before.entry_price);
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

#[test]
fn an_answer_to_a_question_of_the_day_before_opens_nothing() {
    let calendar = Calendar::nyse();
    let evening = calendar.session(TODAY).unwrap();
    let morning = calendar.next_session(TODAY).unwrap();
    let windows = vec![
        Window {
            start: evening.close.plus_millis(-2_000),
            ..Window::whole(evening)
        },
        Window::whole(morning),
    ];
    let clock = Box::new(SteppedClock::new(windows));
    let mut desk = Desk::on_clock(clock, &[], script(), None);
    desk.paper().answers = false;
    desk.say(connected()).ticks(8);
    let query = desk.paper().done.iter().find_map(asked).unwrap();
    let answer = desk.paper().state(query);
    // The first tick of the next session hears it.
    desk.say(Report::State(Box::new(answer))).tick();
    assert!(link(&desk).is_connected() && !link(&desk).is_ready());
    assert_eq!(link(&desk).answers, 1);
    desk.paper().answers = true;
    desk.seconds(2);
    assert!(link(&desk).is_ready(), "asked again, and answered");
    let worked = records(&desk).filter(|record| matches!(record, Record::Reconciled { .. }));
    assert_eq!(worked.count(), 1);
}

#[test]
fn a_cancellation_in_the_way_of_a_closing_is_asked_about_when_it_goes_unanswered() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(2);
    let legs = desk.submitted()[0].clone();
    desk.fill(&legs[0], price(2.04)).ticks(8);
    let before = queries(&desk);
    desk.paper().cancels = false;
    desk.command(engine::command::Command::Flatten).ticks(3);
    assert!(desk.count(|done| matches!(done, Done::Cancelled(_))) > 0);
    assert_eq!(queries(&desk), before, "it may be on its way");
    desk.ticks(6);
    assert!(queries(&desk) > before, "not half a minute later");
}
