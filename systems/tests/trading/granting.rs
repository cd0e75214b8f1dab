//! What is wanted of orders that exist leaves once, and never for more than is held.

use crate::desk::Desk;
use crate::market::{CALL_100, perm, price};
use crate::paper::Done;
use components::market::Side;
use components::order::{Order, OrderId, OrderKind, OrderStatus, Role};
use engine::report::Report;
use systems::wishes::{Change, Protect, Wishes};

/// A desk that holds one contract behind its stop and its target.
fn holding() -> (Desk, [Order; 3]) {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(3);
    let group = desk.submitted()[0].clone();
    let [entry, stop, target] = group[..] else {
        panic!("{group:?}");
    };
    desk.fill(&entry, price(2.04)).ticks(3);
    assert_eq!(desk.ledger().protection(&entry.contract).working, 1);
    (desk, [entry, stop, target])
}

fn wish(desk: &mut Desk, wish: impl FnOnce(&mut Wishes)) {
    wish(&mut desk.engine.world_mut().resource_mut::<Wishes>());
}

/// The broker says that an order of ours is gone.
fn lose(desk: &mut Desk, order: OrderId) {
    desk.paper().open.retain(|open| open.id != order);
    let perm = Some(perm(order));
    desk.say(Report::Cancelled { order, perm });
}

fn stop_at(stop: f64, limit: f64) -> OrderKind {
    OrderKind::StopLimit {
        stop: price(stop),
        limit: price(limit),
    }
}

fn protect(of: &Order, quantity: u32, kind: OrderKind, oca: Option<OrderId>) -> Protect {
    Protect {
        contract: of.contract,
        strategy: crate::market::strategy(),
        quantity,
        kind,
        oca,
    }
}

#[test]
fn a_position_that_lost_its_stop_gets_another_and_only_one() {
    let (mut desk, [entry, stop, _]) = holding();
    lose(&mut desk, stop.id);
    desk.seconds(2);
    let groups = desk.submitted();
    assert_eq!(groups.len(), 2, "{groups:?}");
    let [again] = groups[1][..] else {
        panic!("{groups:?}");
    };
    assert_eq!(
        (again.role, again.side, again.quantity, again.contract),
        (Role::Stop, Side::Sell, 1, entry.contract)
    );
    assert_eq!((again.oca, again.parent), (Some(entry.id), None));
    assert!(again.id > stop.id && again.kind.limit().is_some());
    desk.seconds(10);
    assert_eq!(desk.submitted().len(), 2);
    assert_eq!(desk.ledger().protection(&entry.contract).working, 1);
}

#[test]
fn a_stop_is_granted_for_what_is_held_and_not_covered() {
    let (mut desk, [entry, stop, _]) = holding();
    let group = Some(entry.id);
    let kind = stop_at(1.50, 1.00);
    wish(&mut desk, |wishes| {
        wishes.protects.push(protect(&entry, 1, kind, group));
    });
    desk.tick();
    assert_eq!(desk.submitted().len(), 1, "the first one stands");

    let mine = |desk: &Desk| {
        let groups = desk.submitted();
        let mine = groups.iter().flatten().filter(|order| order.kind == kind);
        mine.map(|order| (order.quantity, order.oca))
            .collect::<Vec<_>>()
    };
    lose(&mut desk, stop.id);
    wish(&mut desk, |wishes| {
        // Beside the group the target may sell the contract already.
        wishes.protects.push(protect(&entry, 1, kind, None));
        wishes
            .protects
            .push(protect(&entry, 1, kind, Some(stop.id)));
        // No exchange takes this price.
        wishes
            .protects
            .push(protect(&entry, 1, stop_at(1.50, 1.005), group));
        wishes.protects.push(protect(&entry, 0, kind, group));
    });
    wish(&mut desk, |wishes| {
        wishes.protects.push(protect(&entry, 9, kind, group));
        wishes.protects.push(protect(&entry, 9, kind, group));
    });
    desk.tick();
    assert_eq!(mine(&desk), [(1, group)], "what is held, and once");
    assert_eq!(desk.submitted().len(), 2);
}

#[test]
fn what_is_not_held_is_not_protected() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(3);
    let entry = desk.submitted()[0][0];
    lose(&mut desk, OrderId(entry.id.0 + 1));
    wish(&mut desk, |wishes| {
        let kind = stop_at(1.50, 1.00);
        wishes
            .protects
            .push(protect(&entry, 1, kind, Some(entry.id)));
    });
    desk.tick();
    assert_eq!(desk.submitted().len(), 1);
}

#[test]
fn a_change_leaves_as_it_was_wished_and_not_for_what_is_over() {
    let (mut desk, [_, stop, target]) = holding();
    let kind = stop_at(1.90, 1.50);
    let change = |order: OrderId| Change {
        order,
        kind,
        quantity: 1,
    };
    lose(&mut desk, target.id);
    wish(&mut desk, |wishes| {
        wishes.changes = vec![change(target.id), change(stop.id), change(OrderId(999))];
    });
    desk.tick();
    let changed = Order { kind, ..stop };
    let modified = |desk: &Desk| desk.count(|done| matches!(done, Done::Modified(_)));
    assert_eq!(desk.count(|done| *done == Done::Modified(changed)), 1);
    assert_eq!(modified(&desk), 1);
    assert_eq!(desk.status(target.id), OrderStatus::Cancelled);
}

#[test]
fn a_cancellation_is_said_once_and_again_after_five_seconds() {
    let (mut desk, [_, _, target]) = holding();
    desk.paper().cancels = false;
    let told = |desk: &Desk| desk.count(|done| *done == Done::Cancelled(target.id));
    let mut at = Vec::new();
    for tick in 0..22 {
        let before = told(&desk);
        wish(&mut desk, |wishes| {
            wishes.cancels.extend([target.id, target.id]);
        });
        desk.tick();
        if told(&desk) > before {
            assert_eq!(told(&desk), before + 1);
            at.push(tick);
        }
    }
    assert_eq!(at, [0, 20]);
}

#[test]
fn a_line_that_stands_is_not_made_anew() {
    let mut desk = Desk::ready(&[]);
    wish(&mut desk, |wishes| wishes.reconnect = true);
    desk.tick();
    assert_eq!(desk.count(|done| *done == Done::Reconnected), 0);
}
