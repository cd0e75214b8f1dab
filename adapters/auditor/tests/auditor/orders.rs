//! Orders: I1 to I6, each broken at least once.

use crate::desk::{Desk, contract};
use components::contract::Instrument;
use components::order::{ExecutionId, OrderId, OrderKind, OrderStatus, Role};
use components::units::{Cash, Price};
use engine::record::Record;
use engine::report::Report;
use simulator::Message;

const LIMIT: OrderKind = OrderKind::Limit(Price(20_000));

#[test]
fn i1_an_order_without_an_intent() {
    let mut desk = Desk::new();
    let mut order = desk
        .intent(Role::Entry, contract("AAA", 100), 1, LIMIT)
        .order;
    order.id = OrderId(9);
    desk.arrive(order);
    let audit = desk.audit();
    assert_eq!(audit.figures.orphan_orders, 1);
    desk.violates(1, "order o9");
}

#[test]
fn i1_an_order_that_differs_from_its_intent() {
    for (quantity, kind) in [(2, LIMIT), (1, OrderKind::Limit(Price(20_100)))] {
        let mut desk = Desk::new();
        let intent = desk.intent(Role::Entry, contract("AAA", 100), 1, LIMIT);
        let mut order = desk.intend(intent).order;
        (order.quantity, order.kind) = (quantity, kind);
        desk.arrive(order);
        desk.violates(1, "expected buy 1");
    }
}

#[test]
fn i1_an_order_before_its_intent_is_durable() {
    let mut desk = Desk::new();
    let intent = desk.intent(Role::Entry, contract("AAA", 100), 1, LIMIT);
    let mut early = intent;
    early.order.id = OrderId(desk.next_order);
    desk.arrive(early.order);
    desk.tick();
    desk.intend(intent);
    desk.violates(1, "before its intent");
}

#[test]
fn i1_a_change_that_was_not_intended() {
    let mut desk = Desk::new();
    let [_, stop, _] = desk.position(contract("AAA", 100), 1);
    let mut order = desk.intents[&stop].order;
    order.quantity = 5;
    desk.receive(Message::Modify(order), None);
    desk.violates(1, "expected a change in the journal");
}

#[test]
fn i2_the_same_wish_twice() {
    let mut desk = Desk::new();
    for _ in 0..2 {
        let intent = desk.intent(Role::Entry, contract("AAA", 100), 1, LIMIT);
        desk.place(intent);
    }
    assert_eq!(desk.audit().figures.duplicate_orders, 1);
    desk.violates(2, "repeats o1");
}

#[test]
fn i2_two_of_a_wish_work_at_the_broker() {
    let mut desk = Desk::new();
    let intent = desk.intent(Role::Entry, contract("AAA", 100), 1, LIMIT);
    let first = desk.place(intent);
    // The engine was told that it is over, and it is not.
    let perm = Some(desk.entry(first).perm);
    desk.hear(Report::Cancelled { order: first, perm });
    desk.tick();
    let intent = desk.intent(Role::Entry, contract("AAA", 100), 1, LIMIT);
    desk.place(intent);
    desk.violates(2, "works beside o1");
}

#[test]
fn i3_a_number_that_was_used() {
    let mut desk = Desk::new();
    let intent = desk.intent(Role::Entry, contract("AAA", 100), 1, LIMIT);
    desk.place(intent);
    desk.start();
    desk.reconcile();
    let mut again = desk.intent(Role::Entry, contract("BBB", 100), 1, LIMIT);
    again.order.id = OrderId(1);
    desk.record(Record::Intended(again));
    desk.receive(Message::Submit(again.order), Some(103));
    desk.violates(3, "order o1");
    let mut desk = Desk::new();
    desk.position(contract("AAA", 100), 1);
    desk.next_day(|state| state.next_order = OrderId(2));
    desk.violates(3, "goes on with order o2");
}

#[test]
fn i4_what_is_over_comes_back() {
    let mut desk = Desk::new();
    let [entry, ..] = desk.position(contract("AAA", 100), 1);
    desk.record(Record::TimedOut { order: entry });
    desk.violates(4, "from filled to unknown");
    let mut desk = Desk::new();
    let [entry, ..] = desk.position(contract("AAA", 100), 1);
    desk.tick();
    let status = OrderStatus::Filled;
    desk.record(Record::Resolved {
        order: entry,
        status,
    });
    desk.violates(4, "from filled to filled");
}

#[test]
fn i4_fills_that_fall_and_exceed() {
    for (filled, part) in [(1, "expected 2"), (3, "at most 2")] {
        let mut desk = Desk::new();
        desk.position(contract("AAA", 100), 2);
        desk.next_day(|state| state.orders[0].filled = filled);
        desk.violates(4, part);
    }
}

#[test]
fn i5_an_execution_that_was_booked_twice() {
    let mut desk = Desk::new();
    desk.position(contract("AAA", 100), 1);
    let instrument = Instrument::Option(contract("AAA", 100));
    desk.reconcile_with(|desk| {
        desk.record(Record::Adjusted {
            instrument,
            from: 2,
            to: 1,
            price: Price(19_500),
        });
    });
    desk.violates(5, "taken for 2; expected 1");
}

#[test]
fn i5_an_execution_that_was_lost_by_the_engine() {
    let mut desk = Desk::new();
    desk.position(contract("AAA", 100), 1);
    let execution = *desk.ledger.executions[0].last().unwrap();
    desk.reconcile_with(|desk| desk.record(Record::Found(Report::Executed(execution))));
    desk.violates(5, "found anew");
}

#[test]
fn i5_a_position_that_differs_after_an_answer() {
    let mut desk = Desk::new();
    let bracket = desk.bracket(contract("AAA", 100), 1);
    let _ = desk.execute(bracket[0], 1, 19_500);
    desk.tick();
    desk.reconcile();
    let audit = desk.audit();
    let numbers: Vec<u8> = audit.violations.iter().map(|v| v.invariant).collect();
    assert_eq!(
        numbers,
        [5, 5],
        "the position and the execution: {:#?}",
        audit.violations
    );
}

#[test]
fn i5_executions_and_positions_of_nobody() {
    let mut desk = Desk::new();
    desk.position(contract("AAA", 100), 1);
    let mut phantom = *desk.ledger.executions[0].last().unwrap();
    phantom.id = ExecutionId {
        base: 7,
        revision: 1,
    };
    phantom.instrument = Instrument::Option(contract("BBB", 100));
    desk.hear(Report::Executed(phantom));
    desk.violates(5, "execution 7.01");
    let mut desk = Desk::new();
    desk.position(contract("AAA", 100), 1);
    desk.next_day(|state| state.positions.clear());
    let audit = desk.audit();
    assert!(
        audit
            .violations
            .iter()
            .any(|v| v.invariant == 5 && v.what.contains("begins with 0"))
    );
}

#[test]
fn i5_the_end_differs_from_the_broker() {
    let mut desk = Desk::new();
    desk.position(contract("AAA", 100), 1);
    desk.ledger.positions[0].1 = 3;
    desk.violates(5, "is 1 at the end; expected 3");
}

#[test]
fn i6_fees_that_were_lost() {
    let mut desk = Desk::new();
    desk.position(contract("AAA", 100), 1);
    desk.reconcile_with(|desk| {
        desk.record(Record::Found(Report::Charged {
            execution: ExecutionId {
                base: 1,
                revision: 1,
            },
            fees: Cash(6_500),
        }));
    });
    desk.violates(6, "found anew");
    let mut desk = Desk::new();
    let bracket = desk.position(contract("AAA", 100), 1);
    desk.exit(bracket, 1, 21_000);
    desk.next_day(|state| {
        state.account.fees = Cash(6_500);
        state.account.cash.0 += 6_500;
        state.account.day_open_equity.0 += 6_500;
    });
    desk.violates(6, "fees are 0.65");
    let mut desk = Desk::new();
    let bracket = desk.bracket(contract("AAA", 100), 1);
    let (executed, _) = desk.execute(bracket[0], 1, 19_500);
    desk.hear(executed);
    desk.tick();
    desk.reconcile();
    desk.violates(6, "are not known; expected 0.65");
}
