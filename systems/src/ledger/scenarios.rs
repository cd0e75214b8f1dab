//! What happened to others, as tests: the numbers are those of `docs/reliability.md`, section 1.

use crate::ledger::trial::*;
use crate::ledger::*;
use components::order::OrderKind;
use components::signal::Intent;
use components::units::Price;
use engine::record::{ExitState, Settling};

/// R3: a change during an outage leaves two live orders under one reference.
#[test]
fn r3_an_order_that_works_twice_is_not_over_with_one_of_them() {
    let mut trial = Trial::new();
    let order = trial.entry(3);
    trial.accept(order, 1).accept(order, 2);
    assert_eq!(trial.odd(Odd::DuplicatePerm(order)), 1);
    assert_eq!(trial.unfilled(order), 6, "both may be filled");
    trial.record(Record::CancelIntended { order });
    let perm = Some(PermId(1));
    trial.report(Report::Cancelled { order, perm });
    assert_eq!(trial.status(order), OrderStatus::Unknown);
    let pending = trial
        .ledger
        .order(order)
        .is_some_and(LedgerOrder::cancel_pending);
    assert!(!pending, "the other one is to be called back, at once");
    assert_eq!(trial.unfilled(order), 6);

    let mut state = BrokerState {
        open: vec![working(Some(order), 1, 3), working(Some(order), 2, 3)],
        ..BrokerState::default()
    };
    let plan = trial.reconcile(1, state.clone());
    assert_eq!(
        plan.latch,
        Some((Restriction::Halted, Cause::DuplicateOrder))
    );
    assert_eq!(plan.cancels, [order]);
    assert_eq!(trial.ledger.restriction(), Restriction::Halted);
    assert_eq!(trial.status(order), OrderStatus::Working);

    state.open.clear();
    state.completed = vec![over(order, 1, 0)];
    trial.reconcile(1, state.clone());
    assert_eq!(
        trial.status(order),
        OrderStatus::Unknown,
        "the other is nowhere"
    );
    state.completed.push(over(order, 2, 0));
    trial.reconcile(1, state);
    assert_eq!(
        (trial.status(order), trial.unfilled(order)),
        (OrderStatus::Cancelled, 0)
    );
}

/// R5: orders of the process before can be managed after a restart.
#[test]
fn r5_orders_of_the_process_before_are_adopted() {
    let mut trial = Trial::new();
    let order = trial.entry(2);
    let state = BrokerState {
        open: vec![working(Some(order), 7, 2)],
        ..BrokerState::default()
    };
    let plan = trial.reconcile(1, state);
    assert_eq!(trial.status(order), OrderStatus::Working);
    assert_eq!(
        trial.ledger.order(order).unwrap().followed.perms,
        [PermId(7)]
    );
    assert!(plan.cancels.is_empty() && plan.latch.is_none(), "{plan:?}");
    assert_eq!(
        plan.differences[0].to_string(),
        "order o1 was sent and is working"
    );
    trial
        .record(Record::CancelIntended { order })
        .cancelled(order);
    assert_eq!(trial.status(order), OrderStatus::Cancelled);
}

#[test]
fn an_order_that_is_nowhere_may_still_be_on_its_way_for_a_minute() {
    let mut trial = Trial::new();
    let order = trial.entry(2);
    for _ in 0..9 {
        trial.wait(5).reconcile(1, BrokerState::default());
        assert_eq!(trial.status(order), OrderStatus::Unknown);
    }
    trial.wait(6).reconcile(1, BrokerState::default());
    assert_eq!(trial.status(order), OrderStatus::NotReceived);
    // It shows up after all: what it may do counts again, but it stays what it was declared.
    trial.accept(order, 9);
    assert_eq!(
        (trial.status(order), trial.unfilled(order)),
        (OrderStatus::NotReceived, 2)
    );
    assert_eq!(trial.odd(Odd::Revived(order)), 1);
    let state = BrokerState {
        open: vec![working(Some(order), 9, 2)],
        ..BrokerState::default()
    };
    let plan = trial.wait(1).reconcile(1, state);
    assert_eq!(plan.cancels, [order]);
    assert_eq!(trial.unfilled(order), 2, "it works at the broker");
    trial.wait(1).reconcile(1, BrokerState::default());
    assert_eq!(trial.unfilled(order), 0);
}

#[test]
fn an_intent_that_was_never_sent_is_given_up_after_a_minute() {
    let mut trial = Trial::new();
    let id = trial.ledger.next_order();
    trial.record(Record::Intended(intent(id, Side::Buy, 1, Role::Entry)));
    trial.wait(10).reconcile(1, BrokerState::default());
    assert_eq!(
        (trial.status(id), trial.unfilled(id)),
        (OrderStatus::Intended, 1)
    );
    trial.wait(50).reconcile(1, BrokerState::default());
    assert_eq!(
        (trial.status(id), trial.unfilled(id)),
        (OrderStatus::NotReceived, 0)
    );
}

/// R10: executions of the day before, reported once more when a session begins, are not new.
#[test]
fn r10_executions_of_the_day_before_are_not_booked_again() {
    let mut trial = Trial::new();
    let order = trial.entry(2);
    trial.report(bought(order, 1, 2, 2));
    let charge = Report::Charged {
        execution: ExecutionId {
            base: 1,
            revision: 1,
        },
        fees: Cash(13_000),
    };
    trial.report(charge.clone());
    let cash = trial.ledger.account().cash;
    trial.wait(86_400).open_day(20_240_104, cash);
    trial.report(bought(order, 1, 2, 2)).report(charge);
    assert_eq!((trial.held(), trial.ledger.account().cash), (2, cash));
    assert_eq!(
        trial.odd(Odd::Repeated(ExecutionId {
            base: 1,
            revision: 1
        })),
        1
    );
    // A month on it is forgotten, and still not believed to be new.
    trial.wait(30 * 86_400).open_day(20_240_205, cash);
    trial.report(bought(order, 1, 2, 2)).accept(order, 1_001);
    assert_eq!((trial.held(), trial.ledger.account().cash), (2, cash));
    assert_eq!(trial.odd(Odd::Forgotten(order)), 1);
    assert!(trial.ledger.order(order).is_none(), "bounded");
}

/// R11, I19: both legs of a group are filled.
#[test]
fn r11_both_legs_of_a_bracket_are_filled() {
    let mut trial = Trial::new();
    let [entry, stop, target] = bracket(&mut trial, 2);
    trial.report(bought(entry, 1, 2, 2));
    trial.report(sold(target, 2, 2, 2));
    assert_eq!((trial.held(), trial.unfilled(stop)), (0, 0));
    trial.report(sold(stop, 3, 2, 2));
    assert_eq!(trial.held(), -2, "the broker is the authority for fills");
    assert_eq!(trial.odd(Odd::Oversold(stop)), 1);
    assert_eq!(trial.ledger.order(stop).unwrap().followed.filled, 2);
}

#[test]
fn legs_close_what_their_entry_was_filled_and_once() {
    let mut trial = Trial::new();
    let [entry, stop, target] = bracket(&mut trial, 5);
    for (order, perm) in [(entry, 1_001), (stop, 1_002), (target, 1_003)] {
        trial.accept(order, perm);
    }
    let closing = |trial: &Trial| closing(&trial.ledger);
    assert_eq!(closing(&trial), 0, "nothing to close");
    trial.report(bought(entry, 1, 3, 3));
    assert_eq!(closing(&trial), 3);
    assert_eq!(trial.ledger.protection(&contract()).working, 3);
    let range = trial.ledger.holding_range(&instrument());
    assert_eq!((range.least, range.most), (0, 5));
    trial.report(sold(target, 2, 1, 1));
    assert_eq!((trial.held(), closing(&trial)), (2, 2));
    assert_eq!(trial.ledger.protection(&contract()).working, 2);
    // The stop is set to four in all, and then trails; a looser one moves nothing.
    for (stop_price, holds) in [(9_000, 9_000), (8_500, 9_000)] {
        let kind = OrderKind::StopLimit {
            stop: Price(stop_price),
            limit: Price(7_000),
        };
        let (order, quantity) = (stop, 4);
        trial.record(Record::Modified {
            order,
            kind,
            quantity,
        });
        let holding = trial.ledger.holding(&instrument()).unwrap();
        assert_eq!(holding.stop, Price(holds));
    }
    assert_eq!((closing(&trial), trial.unfilled(stop)), (2, 4));
}

#[test]
fn positions_that_differ_are_adopted_and_nothing_is_traded() {
    let mut trial = Trial::new();
    let order = trial.entry(2);
    trial.report(bought(order, 1, 2, 2));
    let execution = execution(order, Side::Buy, (1, 1), 2, 2);
    let mut state = BrokerState {
        executions: vec![(execution, Some(Cash(5)))],
        positions: vec![(instrument(), 5)],
        ..BrokerState::default()
    };
    let plan = trial.reconcile(1, state.clone());
    assert_eq!(
        plan.latch,
        Some((Restriction::Reducing, Cause::PositionDiffers))
    );
    assert!(plan.cancels.is_empty() && trial.ledger.open_orders().count() == 0);
    assert_eq!((trial.held(), trial.ledger.account().fees), (5, Cash(5)));
    let printed: Vec<String> = plan.differences.iter().map(ToString::to_string).collect();
    assert_eq!(
        printed,
        ["position SPY 2024-01-19 470.00C is 2 here and 5 there"]
    );
    // The second look finds nothing to do.
    let plan = trial.reconcile(1, state.clone());
    assert!(plan.differences.is_empty() && plan.reports.is_empty() && plan.records.len() == 1);
    // An execution that took place after the broker was asked is no difference.
    let next = trial.entry(1);
    let query = trial.ledger.next_query();
    trial.record(Record::Queried { query });
    trial.report(bought(next, 2, 1, 1));
    state.query = query;
    let plan = trial.answer(state.clone());
    assert_eq!((plan.differences.len(), trial.held()), (0, 6));
    // An answer to a query before the last is good for its executions alone.
    state.query = 1;
    state
        .executions
        .push((trial::execution(OrderId(0), Side::Buy, (3, 1), 1, 1), None));
    state.executions[1].0.order = None;
    let plan = trial.answer(state);
    assert_eq!((plan.reports.len(), trial.held()), (1, 7));
    assert_eq!(plan.differences[1], Difference::OldAnswer { query: 1 });
}

#[test]
fn a_reference_without_an_intent_halts() {
    let mut trial = Trial::new();
    let state = BrokerState {
        open: vec![working(Some(OrderId(40)), 5, 3)],
        ..BrokerState::default()
    };
    let plan = trial.reconcile(1, state);
    assert_eq!(plan.latch, Some((Restriction::Halted, Cause::UnknownOrder)));
    assert!(plan.cancels.is_empty());
    assert_eq!(trial.ledger.next_order(), OrderId(41));
    assert_eq!(
        trial.ledger.holding_range(&instrument()).most,
        3,
        "it counts"
    );
    trial.report(bought(OrderId(41), 1, 1, 1));
    assert_eq!(
        (trial.odd(Odd::UnknownOrder(OrderId(41))), trial.held()),
        (1, 1)
    );
}

#[test]
fn changed_terms_count_at_their_worst_until_the_broker_shows_them() {
    let mut trial = Trial::new();
    let order = trial.entry(4);
    trial.accept(order, 1_001);
    let kind = OrderKind::Limit(Price(5_000));
    let quantity = 2;
    trial.record(Record::Modified {
        order,
        kind,
        quantity,
    });
    let reserved = |trial: &Trial| trial.premium_wanted().unwrap();
    assert_eq!(reserved(&trial), Cash(4_000_000));
    let mut open = working(Some(order), 1_001, 4);
    let state = |open| BrokerState {
        open: vec![open],
        ..BrokerState::default()
    };
    trial.reconcile(1, state(open));
    assert_eq!(
        reserved(&trial),
        Cash(4_000_000),
        "the broker shows the old ones"
    );
    (open.quantity, open.limit) = (2, Some(Price(5_000)));
    trial.reconcile(1, state(open));
    assert_eq!(reserved(&trial), Cash(1_000_000));
}

#[test]
fn delivered_contracts_become_shares_at_the_strike() {
    let mut trial = Trial::new();
    let order = trial.entry(2);
    trial.report(bought(order, 1, 2, 2));
    trial.record(Record::Settled {
        instrument: instrument(),
        quantity: 2,
        price: Price(50_000),
        how: Settling::Delivered,
    });
    let stock = Instrument::Stock(contract().underlying);
    let shares = trial.ledger.position(&stock);
    assert_eq!((trial.held(), shares.quantity), (0, 200));
    assert_eq!(shares.cost, Cash(200 * 4_700_000));
    let account = *trial.ledger.account();
    assert_eq!(
        account.realized,
        Cash(-2_000_000),
        "the premium; the worth is in the shares"
    );
    assert_eq!(
        (account.won_today, account.lost_today),
        (1, 0),
        "worth 5 for 1"
    );
    // Twice changes nothing.
    trial.record(Record::Settled {
        instrument: instrument(),
        quantity: 2,
        price: Price(50_000),
        how: Settling::Delivered,
    });
    assert_eq!(*trial.ledger.account(), account);
}

#[test]
fn a_closed_position_says_why_and_what_it_gained() {
    let mut trial = Trial::new();
    let [entry, stop, _] = bracket(&mut trial, 1);
    trial.report(bought(entry, 1, 1, 1));
    assert_eq!(
        trial.ledger.holding(&instrument()).unwrap().stop,
        Price(8_000)
    );
    let mut exit = execution(stop, Side::Sell, (2, 1), 1, 1);
    exit.price = Price(7_500);
    exit.at = START.plus_nanos(60);
    trial.report(Report::Executed(exit));
    let closing = trial.changes.iter().find_map(|change| match change {
        Change::Closed(closing) => Some(*closing),
        _ => None,
    });
    let closing = closing.unwrap();
    assert_eq!(closing.reason, ExitReason::Order(Intent::Stop));
    assert_eq!(
        (closing.profit, closing.nanos()),
        (Cash(-250_000), Some(60))
    );
    assert_eq!(trial.ledger.holding(&instrument()), None);
}

#[test]
fn a_refused_order_that_worked_is_held_on_to() {
    let mut trial = Trial::new();
    let refused = |order| Report::Rejected {
        order,
        code: 201,
        reason: String::new(),
    };
    let (fresh, known) = (trial.entry(1), trial.entry(1));
    trial
        .accept(known, 5)
        .report(refused(fresh))
        .report(refused(known));
    assert_eq!((trial.unfilled(fresh), trial.unfilled(known)), (0, 1));
    trial.reconcile(1, BrokerState::default());
    assert_eq!(trial.unfilled(known), 0);
    let code = 161;
    let order = trial.entry(1);
    trial.record(Record::CancelIntended { order });
    assert!(trial.ledger.order(order).unwrap().cancel_pending());
    trial.report(Report::CancelRefused { order, code });
    assert!(!trial.ledger.order(order).unwrap().cancel_pending());
    assert!(
        trial
            .changes
            .contains(&Change::QueryWanted(Doubt::CancelRefused(order)))
    );
}

#[test]
fn what_exits_learnt_outlives_a_restart_and_no_stop_loosens() {
    let mut trial = Trial::new();
    let order = trial.entry(6);
    trial.report(bought(order, 1, 2, 2));
    let before = *trial.ledger.holding(&instrument()).unwrap();
    let exit = ExitState {
        exposed_since: Some(Timestamp(5)),
        stop_reached_at: Some(Timestamp(6)),
        stop_rejected_at: Some(Timestamp(7)),
        closing: Some(Intent::TimeExit),
        entry_delta: Some(-412_345),
    };
    let learnt = |stop, best| Record::Held {
        instrument: instrument(),
        terms: HoldingState {
            stop: Price(stop),
            best: Price(best),
            exit,
            ..before
        },
    };
    trial.record(learnt(9_000, 30_000));
    trial.record(learnt(8_000, 20_000));
    let terms = *trial.ledger.holding(&instrument()).unwrap();
    assert_eq!((terms.stop, terms.best), (Price(9_000), Price(30_000)));
    assert_eq!(terms.exit, exit);
    let state = trial.ledger.open_state(20_260_310, Cash(0));
    let carried = Ledger::from(state);
    assert_eq!(
        carried.holding(&instrument()),
        Some(&terms),
        "a session later"
    );
    // A position that was closed has no terms, whatever exits still believe.
    let sale = intent(trial.ledger.next_order(), Side::Sell, 2, Role::Exit);
    let sale = trial.send(sale);
    trial
        .report(sold(sale, 3, 2, 2))
        .record(learnt(9_000, 30_000));
    assert_eq!(trial.ledger.holding(&instrument()), None);
}

/// A change that the broker refused, or that an answer of later does not show, never arrived.
#[test]
fn a_change_that_is_lost_is_to_be_said_again() {
    let mut trial = Trial::new();
    let order = trial.entry(3);
    trial.accept(order, 1);
    let shows = |quantity: u32, limit: i64| BrokerState {
        open: vec![OpenOrder {
            limit: Some(Price(limit)),
            ..working(Some(order), 1, quantity)
        }],
        ..BrokerState::default()
    };
    let change = Record::Modified {
        order,
        kind: OrderKind::Limit(Price(11_000)),
        quantity: 4,
    };
    trial.record(change.clone());
    let plan = trial.reconcile(1, shows(3, 10_000));
    assert_eq!(plan.changes, [], "it may be on its way");
    trial.report(Report::CancelRefused { order, code: 100 });
    let plan = trial.reconcile(1, shows(3, 10_000));
    assert_eq!(plan.changes, [(order, 4)], "it is not");
    trial.record(change).wait(2);
    let plan = trial.reconcile(1, shows(3, 10_000));
    assert_eq!(plan.changes, [(order, 4)], "it would have arrived");
    let plan = trial.reconcile(1, shows(4, 11_000));
    assert_eq!(plan.changes, []);
    let plan = trial.reconcile(5, shows(4, 11_000));
    assert_eq!(plan.changes, [], "and that is all");
}
