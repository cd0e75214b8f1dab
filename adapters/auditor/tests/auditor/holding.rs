//! What is held: I20, I21, I31.

use crate::desk::{Desk, contract, dated};
use components::order::{OrderId, OrderKind, Role};
use components::units::{Price, Timestamp};
use engine::record::Record;
use engine::report::Report;
use simulator::Message;

fn stop_limit(stop: i64) -> OrderKind {
    OrderKind::StopLimit {
        stop: Price(stop),
        limit: Price(stop - 1_000),
    }
}

fn unprotected() -> Desk {
    let mut desk = Desk::new();
    let [entry, stop, target] = desk.bracket(contract("AAA", 100), 2);
    desk.ended(stop);
    desk.ended(target);
    desk.tick();
    desk.fill(entry, 2, 19_500);
    desk
}

fn ticks(desk: &mut Desk, count: u32) {
    for _ in 0..count {
        desk.tick();
    }
}

#[test]
fn i20_a_position_that_nothing_protects() {
    let mut desk = unprotected();
    ticks(&mut desk, 20);
    desk.is_clean();
    ticks(&mut desk, 2);
    desk.violates(20, "2 of AAA");
    // A stop in time, and the figures tell how long it took.
    let mut desk = unprotected();
    ticks(&mut desk, 6);
    let stop = desk.intent(Role::Stop, contract("AAA", 100), 2, stop_limit(10_000));
    desk.place(stop);
    ticks(&mut desk, 30);
    let figures = desk.is_clean().figures;
    assert_eq!(figures.unprotected_ms(), Some((1_750, 1_750)));
    // Too little of a stop is none for the rest.
    let mut desk = unprotected();
    let stop = desk.intent(Role::Stop, contract("AAA", 100), 1, stop_limit(10_000));
    desk.place(stop);
    ticks(&mut desk, 30);
    desk.violates(20, "1 protected");
    // An exit on its way is enough.
    let mut desk = unprotected();
    let kind = OrderKind::Limit(Price(10_000));
    let exit = desk.intent(Role::Exit, contract("AAA", 100), 2, kind);
    desk.place(exit);
    ticks(&mut desk, 30);
    desk.is_clean();
}

#[test]
fn i20_an_outage_is_counted_apart() {
    let mut desk = unprotected();
    desk.hear(Report::Disconnected { code: 1_100 });
    ticks(&mut desk, 40);
    desk.hear(Report::Resumed { code: 1_102 });
    desk.reconcile();
    let stop = desk.intent(Role::Stop, contract("AAA", 100), 2, stop_limit(10_000));
    desk.place(stop);
    let figures = desk.is_clean().figures;
    let sample = figures.unprotected[0];
    assert!(sample.in_outage && sample.millis > 10_000);
    assert_eq!(figures.unprotected_ms(), None);
}

#[test]
fn i20_a_stop_that_was_there_and_not_acknowledged_counts_at_the_broker() {
    let mut desk = Desk::new();
    let orders = desk.bracket_intents(contract("AAA", 100), 1);
    for order in orders {
        desk.arrive(order);
    }
    desk.tick();
    for order in orders {
        desk.sent(order.id);
    }
    desk.accept(orders[0].id);
    desk.fill(orders[0].id, 1, 19_500);
    ticks(&mut desk, 30);
    let alone = auditor::audit(desk.frames.clone(), None, &desk.limits);
    assert_eq!(alone.figures.unprotected.len(), 1);
    assert!(desk.is_clean().figures.unprotected.is_empty());
}

fn change(desk: &mut Desk, order: OrderId, kind: OrderKind) {
    let quantity = desk.intents[&order].order.quantity;
    desk.record(Record::Modified {
        order,
        kind,
        quantity,
    });
    let mut changed = desk.intents[&order].order;
    changed.kind = kind;
    desk.receive(Message::Modify(changed), None);
    desk.entry(order).kind = kind;
    desk.tick();
}

#[test]
fn i21_a_stop_that_falls() {
    let mut desk = Desk::new();
    let [_, stop, _] = desk.position(contract("AAA", 100), 1);
    change(&mut desk, stop, stop_limit(15_000));
    change(&mut desk, stop, stop_limit(15_000));
    desk.is_clean();
    change(&mut desk, stop, stop_limit(14_900));
    desk.violates(21, "from 1.50 to 1.49");
    // One that takes its place stands no lower.
    let mut desk = Desk::new();
    let [_, stop, _] = desk.position(contract("AAA", 100), 1);
    change(&mut desk, stop, stop_limit(15_000));
    desk.cancel(stop);
    let mut lower = desk.intent(Role::Stop, contract("AAA", 100), 1, stop_limit(12_000));
    lower.order.oca = Some(OrderId(1));
    desk.place(lower);
    desk.violates(21, "from 1.50 to 1.20");
}

#[test]
fn i31_a_contract_on_its_last_day() {
    let held = || {
        let mut desk = Desk::new();
        desk.limits.expiring_flat_before_close_ms = 900_000;
        let bracket = desk.position(dated("AAA", 260_302, 100), 1);
        let (now, close) = (desk.now(), desk.frame.session.2);
        desk.wait(close.nanos_since(now) / 1_000_000 - 900_000);
        (desk, bracket)
    };
    let (mut desk, _) = held();
    ticks(&mut desk, 40);
    desk.violates(31, "expires on 20260302");
    let (mut desk, bracket) = held();
    desk.exit(bracket, 1, 21_000);
    ticks(&mut desk, 40);
    desk.is_clean();
    // Nothing can be sold while its underlying is halted.
    let (mut desk, _) = held();
    let aaa = contract("AAA", 100).underlying;
    let halts = &mut desk.limits.evidence.halts;
    halts.entry(aaa).or_default().push((Timestamp(0), None));
    ticks(&mut desk, 40);
    let found = desk.audit().violations;
    assert!(found.iter().all(|one| one.invariant != 31), "{found:?}");
    // The day after it should long be settled.
    let mut desk = Desk::new();
    desk.position(dated("AAA", 260_302, 100), 1);
    desk.next_day(|_| {});
    ticks(&mut desk, 40);
    desk.violates(31, "which expires on 20260302");
}
