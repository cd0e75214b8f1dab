//! What leaves, its shape and its speed: I9 to I13.

use crate::desk::{Desk, contract, dated};
use auditor::QuoteAt;
use components::contract::Instrument;
use components::order::{OrderId, OrderKind, Role};
use components::units::{Cash, Price};
use engine::record::Record;
use engine::report::{OpenOrder, Report};
use simulator::Message;

const LIMIT: OrderKind = OrderKind::Limit(Price(20_000));

#[test]
fn i9_an_order_that_leaves_twice() {
    let mut desk = Desk::new();
    let intent = desk.intent(Role::Entry, contract("AAA", 100), 1, LIMIT);
    let order = desk.intend(intent).order;
    desk.arrive(order);
    desk.receive(Message::Submit(order), Some(103));
    assert_eq!(desk.audit().figures.duplicate_orders, 1);
    desk.violates(9, "arrived 2 times");
}

#[test]
fn i9_a_change_that_leaves_twice_and_a_ceiling() {
    let mut desk = Desk::new();
    let [_, stop, _] = desk.position(contract("AAA", 100), 2);
    let order = desk.intents[&stop].order;
    let (kind, quantity) = (order.kind, 2);
    desk.record(Record::Modified {
        order: stop,
        kind,
        quantity,
    });
    desk.receive(Message::Modify(order), None);
    desk.receive(Message::Modify(order), None);
    desk.violates(9, "changed 2 times");
    let mut desk = Desk::new();
    desk.limits.orders_per_day_max = 2;
    desk.position(contract("AAA", 100), 1);
    desk.violates(9, "orders in a session");
    let mut desk = Desk::new();
    desk.limits.notional_per_min_max = Cash(2_000_000);
    desk.position(contract("AAA", 100), 1);
    desk.violates(9, "notional in a minute");
}

#[test]
fn i10_outside_the_collar() {
    let quote = |desk: &mut Desk, bid, ask| {
        let at = desk.now().plus_millis(-1_000);
        let (bid, ask) = (Price(bid), Price(ask));
        let quotes = vec![QuoteAt { at, bid, ask }];
        desk.limits
            .evidence
            .quotes
            .insert(contract("AAA", 100), quotes);
    };
    let mut desk = Desk::new();
    quote(&mut desk, 16_000, 17_000);
    desk.position(contract("AAA", 100), 1);
    desk.violates(10, "pays 2.00 at an ask of 1.70");
    let mut desk = Desk::new();
    quote(&mut desk, 19_900, 19_800);
    desk.position(contract("AAA", 100), 1);
    desk.violates(10, "two-sided");
    let mut desk = Desk::new();
    quote(&mut desk, 18_500, 19_000);
    desk.position(contract("AAA", 100), 1);
    desk.is_clean();
}

#[test]
fn i10_an_exit_at_any_price() {
    let mut desk = Desk::new();
    let bracket = desk.position(contract("AAA", 100), 1);
    desk.cancel(bracket[1]);
    desk.cancel(bracket[2]);
    let exit = desk.intent(Role::Exit, contract("AAA", 100), 1, OrderKind::Market);
    desk.place(exit);
    desk.violates(10, "is market; expected a limit");
}

#[test]
fn i11_grid_quantity_and_expiry() {
    for (date, quantity, price, part) in [
        (260_320, 1, 20_050, "multiple of 0.01"),
        (260_320, 1, 30_100, "multiple of 0.05"),
        (260_320, 0, 20_000, "is for 0 contracts"),
        (260_227, 1, 20_000, "no later than 20260227"),
    ] {
        let mut desk = Desk::new();
        let kind = OrderKind::Limit(Price(price));
        let intent = desk.intent(Role::Entry, dated("AAA", date, 100), quantity, kind);
        desk.place(intent);
        desk.violates(11, part);
    }
}

#[test]
fn i12_too_many_in_a_second() {
    let mut desk = Desk::new();
    desk.wait(2_000);
    desk.bracket(contract("AAA", 100), 1);
    desk.bracket(contract("BBB", 100), 1);
    desk.violates(12, "6 orders arrived");
    let mut desk = Desk::new();
    desk.wait(2_000);
    for query in 10..51 {
        desk.receive(Message::Query(query), None);
    }
    desk.violates(12, "41 messages");
}

#[test]
fn i12_a_cancellation_behind_an_entry() {
    let mut desk = Desk::new();
    let [entry, ..] = desk.bracket(contract("AAA", 100), 1);
    desk.wait(2_000);
    desk.record(Record::CancelIntended { order: entry });
    let intent = desk.intent(Role::Entry, contract("BBB", 100), 1, LIMIT);
    desk.place(intent);
    desk.receive(Message::Cancel(entry), None);
    desk.violates(12, "arrived after entry");
}

#[test]
fn i13_others_orders_touched_or_not_counted() {
    let mut desk = Desk::new();
    desk.receive(Message::Cancel(OrderId(77)), Some(10_147));
    desk.violates(13, "order o77 was cancelled");
    let mut desk = Desk::new();
    let mut order = desk
        .intent(Role::Entry, contract("AAA", 100), 1, LIMIT)
        .order;
    order.id = OrderId(77);
    desk.receive(Message::Modify(order), None);
    desk.violates(13, "order o77");
    let mut desk = Desk::new();
    desk.limits.positions_max = 1;
    let query = desk.ask();
    let mut state = desk.answer(query);
    state.open.push(OpenOrder {
        order: None,
        perm: components::order::PermId(99),
        instrument: Instrument::Option(contract("CCC", 100)),
        side: components::market::Side::Buy,
        quantity: 1,
        filled: 0,
        limit: Some(Price(10_000)),
    });
    desk.hear(Report::State(Box::new(state)));
    desk.record(Record::Reconciled {
        query,
        differences: 0,
    });
    let intent = desk.intent(Role::Entry, contract("AAA", 100), 1, LIMIT);
    desk.place(intent);
    desk.violates(13, "others' orders");
}
