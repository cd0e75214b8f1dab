//! What is reserved, at its edges: sides, shares that are filled, others' orders.

use crate::ledger::trial::*;
use crate::ledger::*;
use components::order::OrderKind;
use components::units::Price;

/// With others' orders at the broker.
fn among(others: &[OpenOrder]) -> Trial {
    let mut trial = Trial::new();
    trial.reconcile(
        1,
        BrokerState {
            open: others.to_vec(),
            ..BrokerState::default()
        },
    );
    trial
}

fn range(trial: &Trial) -> (i64, i64) {
    let range = trial.ledger.holding_range(&instrument());
    let all = trial.ledger.holding_ranges();
    assert_eq!(
        all.get(&instrument())
            .copied()
            .unwrap_or(HoldingRange { least: 0, most: 0 }),
        range,
        "one and all are the same"
    );
    (range.least, range.most)
}

#[test]
fn others_orders_count_for_what_is_left_of_them() {
    let part = OpenOrder {
        filled: 2,
        ..working(None, 5, 5)
    };
    let trial = among(&[part]);
    assert_eq!(trial.premium_wanted(), Some(Cash(3_000_000)));
    assert_eq!(range(&trial), (0, 3));
    let sale = OpenOrder {
        side: Side::Sell,
        ..part
    };
    assert_eq!(range(&among(&[sale])), (-3, 0));
    // What is filled needs no price.
    let done = OpenOrder {
        filled: 5,
        limit: None,
        ..part
    };
    assert_eq!(among(&[done]).premium_wanted(), Some(Cash::ZERO));
    assert_eq!(range(&among(&[done])), (0, 0));
    let both = among(&[
        part,
        OpenOrder {
            perm: PermId(6),
            ..sale
        },
    ]);
    assert_eq!(range(&both), (-3, 3));
    assert_eq!(both.premium_wanted(), Some(Cash(3_000_000)));
}

#[test]
fn a_purchase_reserves_its_worst_price_and_a_sale_nothing() {
    let mut trial = Trial::new();
    let order = trial.entry(3);
    let reserved = |trial: &Trial| trial.ledger.reservations().next().unwrap();
    assert_eq!(reserved(&trial).premium(), Some(Cash(3_000_000)));
    let without = Reservation {
        price: None,
        ..reserved(&trial)
    };
    assert_eq!(without.premium(), None, "no worst price");
    for nothing in [
        Reservation {
            side: Side::Sell,
            ..without
        },
        Reservation {
            quantity: 0,
            ..without
        },
    ] {
        assert_eq!(nothing.premium(), Some(Cash::ZERO));
    }
    let vast = Reservation {
        quantity: u64::MAX,
        ..reserved(&trial)
    };
    assert_eq!(vast.premium(), None, "it does not fit");
    // A sale that closes reserves no money, though it has no price.
    let mut close = intent(trial.ledger.next_order(), Side::Sell, 1, Role::Exit);
    close.order.kind = OrderKind::Market;
    trial.send(close);
    assert_eq!(trial.premium_wanted(), Some(Cash(3_000_000)));
    trial.report(bought(order, 1, 1, 1));
    assert_eq!(trial.premium_wanted(), Some(Cash(2_000_000)));
}

#[test]
fn what_is_short_is_closed_by_purchases() {
    let mut trial = Trial::new();
    let entry = trial.send(intent(OrderId(1), Side::Sell, 3, Role::Entry));
    assert_eq!(range(&trial), (-3, 0));
    trial.report(sold(entry, 1, 3, 3));
    trial.send(intent(OrderId(2), Side::Buy, 2, Role::Exit));
    assert_eq!(range(&trial), (-3, -1));
    trial.send(intent(OrderId(3), Side::Sell, 1, Role::Exit));
    assert_eq!(range(&trial), (-4, -1));
}

#[test]
fn of_a_group_the_larger_leg_counts_and_groups_add_up() {
    let mut trial = Trial::new();
    let [entry, stop, target] = bracket(&mut trial, 5);
    trial.report(bought(entry, 1, 5, 5));
    let kind = trial
        .ledger
        .order(target)
        .unwrap()
        .followed
        .intent
        .order
        .kind;
    trial.accept(stop, 1_002).accept(target, 1_003);
    trial.record(Record::Modified {
        order: target,
        kind,
        quantity: 2,
    });
    let state = |trial: &Trial| {
        let shown = |leg: OrderId| {
            let order = trial.ledger.order(leg).unwrap().followed.intent.order;
            OpenOrder {
                side: Side::Sell,
                limit: order.kind.limit(),
                ..working(Some(leg), 1_000 + leg.0, order.quantity)
            }
        };
        BrokerState {
            open: vec![shown(stop), shown(target)],
            positions: vec![(instrument(), 5)],
            ..BrokerState::default()
        }
    };
    let shown = state(&trial);
    trial.wait(1).reconcile(1, shown);
    assert_eq!((trial.unfilled(stop), trial.unfilled(target)), (5, 2));
    assert_eq!(closing(&trial.ledger), 5);
    assert_eq!(range(&trial), (0, 5));
    // An exit of its own belongs to no group.
    trial.send(intent(trial.ledger.next_order(), Side::Sell, 3, Role::Exit));
    assert_eq!(closing(&trial.ledger), 8);
    assert_eq!(range(&trial), (-3, 5));
}

#[test]
fn a_stop_protects_when_the_broker_has_it_and_it_is_not_called_back() {
    let mut trial = Trial::new();
    let [entry, stop, _] = bracket(&mut trial, 4);
    trial.report(bought(entry, 1, 3, 3));
    let protection = |trial: &Trial| {
        let found = trial.ledger.protection(&contract());
        (found.working, found.pending)
    };
    assert_eq!(protection(&trial), (0, 3), "on its way");
    trial.accept(stop, 1_002);
    assert_eq!(protection(&trial), (3, 0));
    // Another one beside it adds to it.
    let mut second = intent(trial.ledger.next_order(), Side::Sell, 2, Role::Stop);
    second.order.oca = None;
    let second = trial.send(second);
    assert_eq!(protection(&trial), (3, 2));
    trial.accept(second, 1_009);
    assert_eq!(protection(&trial), (5, 0));
    trial.record(Record::CancelIntended { order: stop });
    assert_eq!(protection(&trial), (2, 3), "it may be gone");
    trial.record(Record::TimedOut { order: second });
    assert_eq!(protection(&trial), (0, 5), "nobody knows");
    // A target protects nothing, nor does a stop of something else.
    let mut other = contract();
    other.terms.multiplier += 1;
    let found = trial.ledger.protection(&other);
    assert_eq!((found.working, found.pending), (0, 0));
}

#[test]
fn open_orders_are_those_that_are_not_over_and_in_flight_those_that_may_be_filled() {
    let mut trial = Trial::new();
    let (first, second) = (trial.entry(1), trial.entry(1));
    trial.accept(first, 1).cancelled(first);
    let open: Vec<_> = trial.ledger.open_orders().map(LedgerOrder::id).collect();
    let flying: Vec<_> = trial
        .ledger
        .orders_in_flight()
        .map(LedgerOrder::id)
        .collect();
    assert_eq!((open, flying), (vec![second], vec![first, second]));
    assert_eq!(trial.premium_wanted(), Some(Cash(2_000_000)));
    trial.wait(1).reconcile(
        1,
        BrokerState {
            open: vec![working(Some(second), 2, 1)],
            ..BrokerState::default()
        },
    );
    assert_eq!(trial.ledger.orders_in_flight().count(), 1);
    assert_eq!(trial.premium_wanted(), Some(Cash(1_000_000)));
}

#[test]
fn the_worst_price_of_terms_that_were_changed_counts_on_either_side() {
    for (side, old, new, worst) in [
        (Side::Buy, 10_000, 9_000, 10_000),
        (Side::Buy, 10_000, 11_000, 11_000),
        (Side::Sell, 10_000, 9_000, 9_000),
        (Side::Sell, 10_000, 11_000, 10_000),
    ] {
        let mut trial = Trial::new();
        let mut wanted = intent(OrderId(1), side, 1, Role::Exit);
        wanted.order.kind = OrderKind::Limit(Price(old));
        let order = trial.send(wanted);
        trial.accept(order, 1_001).record(Record::Modified {
            order,
            kind: OrderKind::Limit(Price(new)),
            quantity: 1,
        });
        let reserved = trial.ledger.reservations().next().unwrap();
        assert_eq!(reserved.price, Some(Price(worst)), "{side:?} {old} {new}");
        trial.record(Record::Modified {
            order,
            kind: OrderKind::Market,
            quantity: 1,
        });
        let reserved = trial.ledger.reservations().next().unwrap();
        assert_eq!(
            reserved.price, None,
            "without a limit there is no worst price"
        );
    }
}
