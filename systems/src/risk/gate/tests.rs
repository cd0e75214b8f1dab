//! What was not intended, was intended once, or comes too fast does not leave; cancellations do.

use super::*;
use components::contract::{Contract, OptionTerms};
use components::market::{Side, Ticker};
use components::order::Fingerprint;
use components::signal::{Intent, SignalId, StrategyName};
use components::units::{NANOS_PER_SECOND, Price};
use proptest::prelude::*;

fn config() -> GateConfig {
    GateConfig {
        orders_per_s: 5,
        orders_reserved: 1,
        messages_per_s: 40,
        messages_reserved: 20,
        orders_per_min_max: 100,
        orders_per_day_max: 1_000,
        notional_per_s_max_usd: 1e6,
        notional_per_min_max_usd: 1e6,
        notional_per_day_max_usd: 1e6,
    }
}

/// One contract at $1.00, so $100.
fn order(id: u64, role: Role) -> Order {
    Order {
        id: OrderId(id),
        contract: Contract {
            underlying: Ticker::new("SPY").unwrap(),
            terms: OptionTerms::from_osi("SPY   250915C00650000").unwrap(),
        },
        side: if role == Role::Entry {
            Side::Buy
        } else {
            Side::Sell
        },
        quantity: 1,
        kind: OrderKind::Limit(Price(10_000)),
        role,
        parent: None,
        oca: None,
        at: Timestamp(0),
        good_until: Timestamp(i64::MAX),
    }
}

fn intent(order: Order) -> OrderIntent {
    OrderIntent {
        order,
        strategy: StrategyName::new("zero_dte"),
        signal: SignalId { tick: 1, place: 0 },
        why: Intent::Open,
        fingerprint: Fingerprint(1),
    }
}

fn gate(config: GateConfig, orders: &[Order]) -> Gate {
    let mut gate = Gate::new(config);
    for order in orders {
        gate.intend(&intent(*order));
    }
    gate
}

fn s(seconds: i64) -> Timestamp {
    Timestamp(seconds * NANOS_PER_SECOND)
}

const REFUSED: fn(Refusal) -> Result<(), Stopped> = |refusal| Err(Stopped::Refused(refusal));

#[test]
fn an_intent_is_spent_once_and_shuts_the_gate_the_second_time() {
    let entry = order(1, Role::Entry);
    let mut gate = gate(
        config(),
        &[entry, order(2, Role::Entry), order(3, Role::Exit)],
    );
    assert_eq!(gate.release(&[entry], s(0)), Ok(()));
    assert!(!gate.is_shut());
    assert_eq!(gate.release(&[entry], s(5)), REFUSED(Refusal::Spent));
    assert!(gate.is_shut());
    assert_eq!(
        gate.release(&[order(2, Role::Entry)], s(5)),
        REFUSED(Refusal::Shut)
    );
    assert_eq!(
        gate.release(&[order(3, Role::Exit)], s(5)),
        Ok(()),
        "closing goes on"
    );
    assert_eq!(gate.release_cancel(s(5)), Ok(()));
    gate.reopen();
    assert_eq!(gate.release(&[order(2, Role::Entry)], s(5)), Ok(()));
    let (intended, left) = gate.totals();
    assert_eq!(
        (left.orders, left.contracts, left.notional),
        (3, 3, Cash(3_000_000))
    );
    assert_eq!(intended, left);
}

#[test]
fn what_differs_from_its_intent_or_has_none_is_refused() {
    let entry = order(1, Role::Entry);
    let dearer = Order {
        kind: OrderKind::Limit(Price(10_100)),
        ..entry
    };
    for changed in [
        dearer,
        Order {
            quantity: 2,
            ..entry
        },
        Order {
            side: Side::Sell,
            ..entry
        },
    ] {
        let mut gate = gate(config(), &[entry]);
        assert_eq!(gate.release(&[changed], s(0)), REFUSED(Refusal::Differs));
    }
    let mut gate = gate(config(), &[entry]);
    assert_eq!(
        gate.release(&[order(9, Role::Exit)], s(0)),
        REFUSED(Refusal::NotIntended)
    );
    assert!(gate.is_shut());
}

#[test]
fn what_has_no_limit_is_refused_even_if_it_was_intended() {
    for kind in [OrderKind::Market, OrderKind::Stop(Price(10_000))] {
        let naked = Order {
            kind,
            ..order(1, Role::Exit)
        };
        assert_eq!(
            gate(config(), &[naked]).release(&[naked], s(0)),
            REFUSED(Refusal::NoLimit)
        );
    }
}

#[test]
fn a_group_leaves_whole_or_not_at_all() {
    let group = [
        order(1, Role::Entry),
        order(2, Role::Stop),
        order(3, Role::Target),
    ];
    let mut gate = gate(config(), &group[..2]);
    assert_eq!(gate.release(&group, s(0)), REFUSED(Refusal::NotIntended));
    assert_eq!(gate.totals().1, Totals::default());
    gate.reopen();
    gate.intend(&intent(group[2]));
    let doubled = [group[0], group[0]];
    assert_eq!(gate.release(&doubled, s(0)), REFUSED(Refusal::Spent));
    gate.reopen();
    assert_eq!(gate.release(&group, s(0)), Ok(()));
    assert_eq!(gate.totals().1.orders, 3);
    assert_eq!(urgency(&group), Urgency::Open);
    assert_eq!(urgency(&group[1..]), Urgency::Reduce);
    assert!(Urgency::Cancel < Urgency::Reduce && Urgency::Ask < Urgency::Open);
}

#[test]
fn five_orders_leave_in_a_second_and_the_last_of_them_only_closes() {
    let orders: Vec<Order> = (0..9).map(|id| order(id, Role::Entry)).collect();
    let exits: Vec<Order> = (10..19).map(|id| order(id, Role::Exit)).collect();
    let mut gate = gate(config(), &[orders.clone(), exits.clone()].concat());
    for entry in &orders[..4] {
        assert_eq!(gate.release(&[*entry], s(0)), Ok(()));
    }
    assert_eq!(
        gate.release(&[orders[4]], s(0)),
        Err(Stopped::Wait(s(1))),
        "reserved"
    );
    assert!(!gate.is_shut(), "waiting is no fault");
    assert_eq!(gate.release(&[exits[0]], s(0)), Ok(()));
    assert_eq!(gate.release(&[exits[1]], s(0)), Err(Stopped::Wait(s(1))));
    let almost = Timestamp(NANOS_PER_SECOND - 1);
    assert_eq!(gate.release(&[orders[4]], almost), Err(Stopped::Wait(s(1))));
    assert_eq!(gate.release(&[orders[4]], s(1)), Ok(()));
}

#[test]
fn cancellations_leave_when_everything_else_has_used_its_share() {
    let mut gate = gate(config(), &[order(1, Role::Exit)]);
    for _ in 0..20 {
        assert_eq!(gate.release_query(s(0)), Ok(()));
    }
    assert_eq!(gate.release_query(s(0)), Err(Stopped::Wait(s(1))));
    assert_eq!(
        gate.release(&[order(1, Role::Exit)], s(0)),
        Err(Stopped::Wait(s(1)))
    );
    for _ in 0..20 {
        assert_eq!(gate.release_cancel(s(0)), Ok(()));
    }
    assert_eq!(
        gate.release_cancel(s(0)),
        Err(Stopped::Wait(s(1))),
        "40 in all"
    );
}

#[test]
fn a_change_leaves_once_as_it_was_intended_last() {
    let stop = order(1, Role::Stop);
    let at = |units| Order {
        kind: OrderKind::Limit(Price(units)),
        ..stop
    };
    let mut gate = gate(config(), &[stop]);
    gate.release(&[stop], s(0)).unwrap();
    assert_eq!(gate.release_change(&stop, s(0)), REFUSED(Refusal::Spent));
    gate.intend_change(stop.id, OrderKind::Limit(Price(11_000)), 1);
    gate.intend_change(stop.id, OrderKind::Limit(Price(12_000)), 1);
    assert_eq!(
        gate.release_change(&at(11_000), s(0)),
        REFUSED(Refusal::Differs)
    );
    assert_eq!(gate.release_change(&at(12_000), s(0)), Ok(()));
    assert_eq!(
        gate.release_change(&at(12_000), s(0)),
        REFUSED(Refusal::Spent)
    );
    let (intended, left) = gate.totals();
    assert_eq!((intended, left.notional), (left, Cash(1_200_000)));
    gate.intend_change(stop.id, OrderKind::Market, 1);
    let naked = Order {
        kind: OrderKind::Market,
        ..stop
    };
    assert_eq!(gate.release_change(&naked, s(0)), REFUSED(Refusal::NoLimit));
    let other = order(7, Role::Stop);
    assert_eq!(
        gate.release_change(&other, s(0)),
        REFUSED(Refusal::NotIntended)
    );
}

#[test]
fn a_change_that_was_not_intended_shuts_the_gate_and_so_does_whoever_wants_to() {
    let stop = order(1, Role::Stop);
    let mut gate = gate(config(), &[stop, order(2, Role::Entry)]);
    assert_eq!(
        gate.release_change(&order(7, Role::Stop), s(0)),
        REFUSED(Refusal::NotIntended)
    );
    assert!(gate.is_shut());
    gate.reopen();
    gate.shut();
    assert_eq!(
        gate.release(&[order(2, Role::Entry)], s(0)),
        REFUSED(Refusal::Shut)
    );
}

#[test]
fn changes_are_messages_and_leave_cancellations_their_share() {
    let stop = order(1, Role::Stop);
    let mut gate = gate(config(), &[stop]);
    gate.restore(&intent(stop));
    let mut left = 0;
    for cents in 101..140 {
        let kind = OrderKind::Limit(Price(cents * 100));
        gate.intend_change(stop.id, kind, 1);
        left += u32::from(gate.release_change(&Order { kind, ..stop }, s(0)).is_ok());
    }
    assert_eq!(left, 20);
    assert!(!gate.is_shut() && gate.release_cancel(s(0)).is_ok());
}

#[test]
fn names_of_refusals_differ() {
    let all = [
        Refusal::NotIntended,
        Refusal::Differs,
        Refusal::Spent,
        Refusal::Ceiling,
    ];
    let names: std::collections::BTreeSet<_> = all.iter().map(|one| one.name()).collect();
    assert_eq!(names.len(), all.len());
}

#[test]
fn a_change_before_the_order_left_is_part_of_it() {
    let entry = order(1, Role::Entry);
    let mut gate = gate(config(), &[entry]);
    gate.intend_change(entry.id, entry.kind, 3);
    assert_eq!(
        gate.release(
            &[Order {
                quantity: 3,
                ..entry
            }],
            s(0)
        ),
        Ok(())
    );
    let (intended, left) = gate.totals();
    assert_eq!((intended, left.contracts), (left, 3));
}

#[test]
fn ceilings_stop_what_opens_and_at_twice_what_closes() {
    type Set = fn(&mut GateConfig);
    let sets: [(Set, [i64; 3]); 5] = [
        (|c| c.orders_per_min_max = 1, [0, 10, 59]),
        (|c| c.orders_per_day_max = 1, [0, 100, 9_000]),
        (|c| c.notional_per_s_max_usd = 100.0, [0, 0, 0]),
        (|c| c.notional_per_min_max_usd = 100.0, [0, 30, 59]),
        (|c| c.notional_per_day_max_usd = 100.0, [0, 500, 9_000]),
    ];
    for (place, (set, at)) in sets.into_iter().enumerate() {
        let mut narrow = config();
        set(&mut narrow);
        let mut gate = gate(narrow, &[1, 2, 3].map(|id| order(id, Role::Exit)));
        gate.intend(&intent(order(4, Role::Entry)));
        assert_eq!(
            gate.release(&[order(1, Role::Exit)], s(at[0])),
            Ok(()),
            "{place}"
        );
        let opening = gate.release(&[order(4, Role::Entry)], s(at[1]));
        assert_eq!(opening, REFUSED(Refusal::Ceiling), "{place}");
        assert_eq!(
            gate.release(&[order(2, Role::Exit)], s(at[1])),
            Ok(()),
            "{place}"
        );
        let closing = gate.release(&[order(3, Role::Exit)], s(at[2]));
        assert_eq!(closing, REFUSED(Refusal::Ceiling), "{place}");
        assert_eq!(gate.release_cancel(s(at[2])), Ok(()));
    }
}

#[test]
fn after_a_restart_what_left_is_spent_and_counted() {
    let entry = order(1, Role::Entry);
    let mut gate = Gate::new(config());
    gate.restore(&intent(entry));
    gate.restore(&intent(entry));
    assert_eq!(gate.totals().1.orders, 1);
    assert_eq!(gate.release(&[entry], s(0)), REFUSED(Refusal::Spent));
}

#[test]
fn a_new_day_keeps_what_is_open_and_counts_from_nothing() {
    let stop = order(1, Role::Stop);
    let mut gate = gate(config(), &[stop, order(2, Role::Entry)]);
    gate.release(&[stop], s(0)).unwrap();
    gate.begin_day(|id| id == stop.id);
    assert_eq!(gate.totals(), (Totals::default(), Totals::default()));
    assert_eq!(gate.release(&[stop], s(9)), REFUSED(Refusal::Spent));
    assert_eq!(
        gate.release(&[order(2, Role::Exit)], s(9)),
        REFUSED(Refusal::NotIntended)
    );
    gate.intend_change(stop.id, OrderKind::Limit(Price(9_000)), 1);
    let lower = Order {
        kind: OrderKind::Limit(Price(9_000)),
        ..stop
    };
    assert_eq!(gate.release_change(&lower, s(9)), Ok(()));
}

#[test]
fn shares_that_leave_no_room_for_a_bracket_are_refused_by_name() {
    let check = |config: &GateConfig| {
        let mut problems = Problems::new();
        config.check(&mut problems);
        problems.finish().map_err(|error| error.to_string())
    };
    assert_eq!(check(&config()), Ok(()));
    let broken = GateConfig {
        orders_reserved: 3,
        messages_reserved: 38,
        ..config()
    };
    let told = check(&broken).unwrap_err();
    assert!(
        told.contains("orders_reserved") && told.contains("messages_reserved"),
        "{told}"
    );
}

proptest! {
    #[test]
    fn no_second_sees_more_than_its_share_and_no_intent_leaves_twice(
        wishes in prop::collection::vec((0_u64..60, 0_u8..4, 0_i64..300), 1..300),
    ) {
        let role = |id: u64| if id.is_multiple_of(2) { Role::Entry } else { Role::Exit };
        let orders: Vec<Order> = (0..60).map(|id| order(id, role(id))).collect();
        let mut gate = gate(config(), &orders);
        let (mut now, mut sent, mut messages) = (0_i64, Vec::new(), Vec::new());
        for (id, what, later_ms) in wishes {
            now += later_ms * 1_000_000;
            let at = Timestamp(now);
            let left = match what {
                0 => gate.release_cancel(at).is_ok(),
                1 => gate.release_query(at).is_ok(),
                _ => {
                    let left = gate.release(&[order(id, role(id))], at).is_ok();
                    sent.extend(left.then_some((id, now)));
                    gate.reopen();
                    left
                }
            };
            messages.extend(left.then_some(now));
        }
        let ids: std::collections::BTreeSet<u64> = sent.iter().map(|(id, _)| *id).collect();
        prop_assert_eq!(ids.len(), sent.len());
        let most = |at: &[i64]| {
            let within = |end: &i64| {
                at.iter().filter(|t| **t <= *end && end - **t < NANOS_PER_SECOND).count()
            };
            at.iter().map(within).max().unwrap_or(0)
        };
        let times: Vec<i64> = sent.iter().map(|(_, at)| *at).collect();
        prop_assert!(most(&times) <= 5 && most(&messages) <= 40);
    }
}
