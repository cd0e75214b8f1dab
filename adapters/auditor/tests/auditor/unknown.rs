//! Orders that did not answer, or are being cancelled: I7 and I8.

use crate::desk::{Desk, contract};
use components::order::{OrderId, OrderKind, OrderStatus, Role};
use components::units::Price;
use engine::record::Record;
use engine::report::Report;
use simulator::FinalState;

const LIMIT: OrderKind = OrderKind::Limit(Price(20_000));

fn silent(desk: &mut Desk, taken: bool) -> OrderId {
    let intent = desk.intent(Role::Entry, contract("AAA", 100), 1, LIMIT);
    let order = desk.intend(intent).order;
    if taken {
        desk.arrive(order);
    }
    desk.tick();
    desk.sent(order.id);
    desk.wait(10_250);
    desk.record(Record::TimedOut { order: order.id });
    order.id
}

#[test]
fn i7_a_release_without_evidence() {
    let released = |waits: &[i64], part: &str| {
        let mut desk = Desk::new();
        let order = silent(&mut desk, false);
        let status = OrderStatus::NotReceived;
        for wait in waits {
            desk.wait(*wait);
            desk.reconcile();
        }
        desk.record(Record::Resolved { order, status });
        desk.violates(7, part);
    };
    released(&[1_000], "a minute after it left");
    released(&[70_000], "a second answer");
    let mut desk = Desk::new();
    let order = silent(&mut desk, true);
    for wait in [70_000, 6_000] {
        desk.wait(wait);
        desk.reconcile();
    }
    let status = OrderStatus::Rejected;
    desk.record(Record::Resolved { order, status });
    desk.violates(7, "in which it does not work");
}

#[test]
fn i7_a_second_wish_while_the_first_is_unknown() {
    let mut desk = Desk::new();
    silent(&mut desk, false);
    let intent = desk.intent(Role::Entry, contract("AAA", 100), 1, LIMIT);
    desk.place(intent);
    desk.violates(7, "while the first is unknown");
}

#[test]
fn i7_an_order_that_is_withheld_and_works() {
    let mut desk = Desk::new();
    let intent = desk.intent(Role::Entry, contract("AAA", 100), 1, LIMIT);
    let order = desk.intend(intent).order;
    desk.arrive(order);
    desk.tick();
    desk.record(Record::Resolved {
        order: order.id,
        status: OrderStatus::NotReceived,
    });
    desk.violates(7, "works at the broker");
}

#[test]
fn i7_and_i8_limits_that_forget_orders() {
    for (invariant, part) in [
        (7, "unknown orders"),
        (8, "being cancelled"),
        (14, "2 positions"),
    ] {
        let mut desk = Desk::new();
        desk.limits.positions_max = 1;
        let order = if invariant == 7 {
            silent(&mut desk, true)
        } else {
            let intent = desk.intent(Role::Entry, contract("AAA", 100), 1, LIMIT);
            desk.place(intent)
        };
        if invariant == 8 {
            desk.record(Record::CancelIntended { order });
        }
        let intent = desk.intent(Role::Entry, contract("BBB", 100), 1, LIMIT);
        desk.place(intent);
        desk.violates(invariant, part);
    }
    // Over is not enough: the broker has to be asked once more for what was executed.
    let mut desk = Desk::new();
    desk.limits.positions_max = 1;
    let intent = desk.intent(Role::Entry, contract("AAA", 100), 1, LIMIT);
    let order = desk.place(intent);
    desk.cancel(order);
    let intent = desk.intent(Role::Entry, contract("BBB", 100), 1, LIMIT);
    desk.place(intent);
    desk.violates(8, "being cancelled");
}

#[test]
fn i7_and_i8_orders_that_a_session_forgets() {
    let mut desk = Desk::new();
    silent(&mut desk, true);
    desk.status.insert(OrderId(1), OrderStatus::Unknown);
    desk.next_day(|state| state.orders.clear());
    desk.violates(7, "not carried over");
    let mut desk = Desk::new();
    desk.bracket(contract("AAA", 100), 1);
    desk.next_day(|state| state.orders.clear());
    desk.violates(8, "is working and not carried over");
}

#[test]
fn an_order_that_the_gateway_lost_is_let_go() {
    let mut desk = Desk::new();
    let order = silent(&mut desk, true);
    let lost = desk.now().plus_millis(-5_000);
    desk.entry(order).end = Some((lost, FinalState::Lost));
    desk.ledger.orders[0].order = Some(order);
    for wait in [61_000, 6_000] {
        desk.wait(wait);
        let query = desk.ask();
        let mut state = desk.answer(query);
        state.completed.clear();
        desk.hear(Report::State(Box::new(state)));
        if wait == 6_000 {
            let status = OrderStatus::NotReceived;
            desk.record(Record::Resolved { order, status });
        }
        desk.record(Record::Reconciled {
            query,
            differences: 1,
        });
    }
    desk.is_clean();
}
