//! One scenario for each invariant of `docs/reliability.md` that the ledger upholds. With its fault
//! planted, each of them fails.

use crate::ledger::trial::*;
use crate::ledger::*;
use components::units::Price;

/// R2, I3: after a restart of the gateway its next number went back.
fn r2_numbers_are_never_used_again() {
    let mut trial = Trial::new();
    let order = trial.entry(1);
    let connected = |next| Report::Connected {
        account: "DU1".to_owned(),
        next_order: OrderId(next),
    };
    trial.report(connected(500));
    assert_eq!(trial.ledger.next_order(), OrderId(500));
    trial.report(connected(1));
    assert_eq!(trial.ledger.next_order(), OrderId(500));
    trial.accept(OrderId(800), 1);
    assert_eq!(
        trial.ledger.next_order(),
        OrderId(801),
        "seen at the broker"
    );
    trial.record(Record::Intended(intent(order, Side::Buy, 9, Role::Entry)));
    assert_eq!(trial.odd(Odd::NumberReused(order)), 1);
    assert_eq!(trial.unfilled(order), 1, "the first intent stands");
}

/// R7: a line drops in the middle: silence says nothing, evidence does.
fn r7_what_is_unknown_keeps_its_reservation() {
    let mut trial = Trial::new();
    let order = trial.entry(2);
    let premium = trial.premium_wanted();
    assert_eq!(premium, Some(Cash(2_000_000)));
    trial.record(Record::TimedOut { order });
    assert_eq!(trial.status(order), OrderStatus::Unknown);
    assert_eq!(
        (trial.unfilled(order), trial.premium_wanted()),
        (2, premium)
    );
    let fingerprint = trial
        .ledger
        .order(order)
        .unwrap()
        .followed
        .intent
        .fingerprint;
    assert_eq!(trial.ledger.live_opening(fingerprint), Some(order));
    trial.wait(90);
    let nowhere = BrokerState::default;
    trial.reconcile(1, nowhere());
    assert_eq!(
        (trial.status(order), trial.unfilled(order)),
        (OrderStatus::Unknown, 2)
    );
    // The second answer was asked for less than 5 s after the first.
    trial.wait(1).reconcile(1, nowhere());
    assert_eq!(
        (trial.status(order), trial.unfilled(order)),
        (OrderStatus::Unknown, 2)
    );
    trial.wait(5).reconcile(1, nowhere());
    assert_eq!(
        (trial.status(order), trial.unfilled(order)),
        (OrderStatus::NotReceived, 0)
    );
    assert_eq!(trial.ledger.live_opening(fingerprint), None);
}

/// I4: reports that overtake each other.
fn overtaken_executions_never_lower_what_is_filled() {
    let mut trial = Trial::new();
    let order = trial.entry(3);
    let filled = |trial: &Trial| trial.ledger.order(order).unwrap().followed.filled;
    trial.report(bought(order, 2, 1, 3));
    assert_eq!(
        (filled(&trial), trial.status(order)),
        (3, OrderStatus::Filled)
    );
    assert_eq!(
        trial.unfilled(order),
        2,
        "two contracts were not heard of yet"
    );
    trial.report(bought(order, 1, 2, 2));
    assert_eq!(
        (filled(&trial), trial.held(), trial.unfilled(order)),
        (3, 3, 0)
    );
    trial.accept(order, 1_001).cancelled(order);
    assert_eq!(trial.status(order), OrderStatus::Filled);
    let followed = &trial.ledger.order(order).unwrap().followed;
    assert!(!followed.late && !followed.held);
}

/// I4, I8: a fill races a cancellation, and what is over keeps its reservation until the broker was
/// asked for executions once more.
fn a_cancellation_frees_nothing_before_executions_were_asked_for() {
    let mut trial = Trial::new();
    let order = trial.entry(3);
    trial.accept(order, 1_001);
    trial.record(Record::CancelIntended { order });
    assert_eq!(trial.unfilled(order), 3, "asked for is not done");
    // Asked before the end: says nothing about executions after it.
    let query = trial.ledger.next_query();
    trial.record(Record::Queried { query });
    trial.wait(1).cancelled(order);
    assert_eq!(
        (trial.status(order), trial.unfilled(order)),
        (OrderStatus::Cancelled, 3)
    );
    let mut state = BrokerState {
        query,
        open: vec![working(Some(order), 1_001, 3)],
        ..BrokerState::default()
    };
    let plan = trial.answer(state.clone());
    assert!(plan.cancels.is_empty(), "the answer is older than the end");
    assert_eq!(trial.unfilled(order), 3);
    trial.report(bought(order, 1, 1, 1));
    let followed = trial.ledger.order(order).unwrap().followed.clone();
    assert_eq!(
        (followed.status, followed.filled),
        (OrderStatus::Cancelled, 1)
    );
    assert!(followed.late && trial.odd(Odd::Late(order)) == 1);
    assert_eq!((trial.held(), trial.unfilled(order)), (1, 2));
    state.open.clear();
    state.positions = vec![(instrument(), 1)];
    trial.wait(1).reconcile(1, state);
    assert_eq!((trial.held(), trial.unfilled(order)), (1, 0));
}

/// I5: duplicates.
fn an_execution_is_booked_once() {
    let mut trial = Trial::new();
    let order = trial.entry(5);
    for _ in 0..4 {
        trial.report(bought(order, 1, 2, 2));
    }
    assert_eq!(trial.held(), 2);
    assert_eq!(
        trial.odd(Odd::Repeated(ExecutionId {
            base: 1,
            revision: 1
        })),
        3
    );
}

/// I6: a charge before its execution.
fn a_charge_may_come_first() {
    let charge = |revision, fees| Report::Charged {
        execution: ExecutionId { base: 1, revision },
        fees: Cash(fees),
    };
    let mut trial = Trial::new();
    let order = trial.entry(5);
    trial
        .report(charge(1, 6_500))
        .report(bought(order, 1, 2, 2));
    assert_eq!(trial.ledger.account().fees, Cash(6_500));
    trial.report(charge(1, 6_500));
    assert_eq!(trial.ledger.account().fees, Cash(6_500));
    trial.report(charge(2, 7_000)).report(charge(1, 6_500));
    assert_eq!(
        trial.ledger.account().fees,
        Cash(7_000),
        "the last revision counts"
    );
    assert_eq!(trial.ledger.position(&instrument()).fees, Cash(7_000));
    let account = trial.ledger.account();
    assert_eq!(account.cash, Cash(1_000_000_000 - 2_000_000 - 7_000));
}

/// I13: orders of others are left alone and count.
fn foreign_orders_are_left_alone_and_count() {
    let mut trial = Trial::new();
    let state = BrokerState {
        open: vec![working(None, 77, 4)],
        ..BrokerState::default()
    };
    let plan = trial.reconcile(1, state);
    assert!(plan.cancels.is_empty() && plan.latch.is_none(), "{plan:?}");
    assert_eq!(trial.ledger.holding_range(&instrument()).most, 4);
    assert_eq!(trial.premium_wanted(), Some(Cash(4_000_000)));
    let mut theirs = execution(OrderId(0), Side::Buy, (1, 1), 4, 4);
    (theirs.order, theirs.perm) = (None, PermId(77));
    trial.report(Report::Executed(theirs));
    assert_eq!((trial.held(), trial.odd(Odd::Foreign(theirs.id))), (4, 1));
    assert_eq!(trial.ledger.holding(&instrument()), None, "none of ours");
    assert_eq!(trial.ledger.foreign_orders().count(), 0);
}

/// I16, I18, I34: what a session, a restart and a second restart leave.
fn counters_and_restrictions_outlive_the_session() {
    let mut trial = Trial::new();
    trial.record(Record::Latched {
        level: Restriction::Halted,
        cause: Cause::DayLoss,
    });
    trial.record(Record::Latched {
        level: Restriction::Reducing,
        cause: Cause::DayLoss,
    });
    let [entry, ..] = bracket(&mut trial, 1);
    trial.report(bought(entry, 1, 1, 1));
    let mut loss = execution(OrderId(3), Side::Sell, (2, 1), 1, 1);
    loss.price = Price(4_000);
    trial.report(Report::Executed(loss));
    assert_eq!(trial.ledger.account().losing_trades, 1);
    let equity = Cash(1_000_000_000 - 600_000);
    assert_eq!(trial.ledger.account().cash, equity);
    // A restart on the same day resets nothing.
    let again = Ledger::from(trial.ledger.open_state(DATE, Cash(5)));
    assert_eq!(again.account(), trial.ledger.account());
    trial.wait(86_400).open_day(20_240_104, equity);
    let account = trial.ledger.account();
    assert_eq!((account.losing_days, account.losing_trades), (1, 0));
    assert_eq!(
        (account.day_open_equity, account.high_water.0),
        (equity, 1_000_000_000)
    );
    assert_eq!(trial.ledger.restriction(), Restriction::Halted);
    let digest = |ledger: &Ledger| {
        let mut sum = 0_u64;
        ledger.digest(&mut |value| sum = sum.rotate_left(5) ^ value.wrapping_mul(0x9e37_79b9));
        sum
    };
    let before = digest(&trial.ledger);
    trial.record(Record::RunStarted(engine::record::RunStart {
        run: 2,
        program: 0,
        config: 0,
        account: String::new(),
        live: false,
    }));
    assert_eq!(digest(&trial.ledger), before, "starting leaves no trace");
    trial.record(Record::Cleared { command: 1 });
    assert_eq!(trial.ledger.restriction(), Restriction::Active);
}

#[test]
fn r2() {
    r2_numbers_are_never_used_again();
}

#[test]
fn r7() {
    r7_what_is_unknown_keeps_its_reservation();
}

#[test]
fn i4() {
    overtaken_executions_never_lower_what_is_filled();
}

#[test]
fn i5() {
    an_execution_is_booked_once();
}

#[test]
fn i6() {
    a_charge_may_come_first();
}

#[test]
fn i8() {
    a_cancellation_frees_nothing_before_executions_were_asked_for();
}

#[test]
fn i13() {
    foreign_orders_are_left_alone_and_count();
}

#[test]
fn i16_and_i18() {
    counters_and_restrictions_outlive_the_session();
}

/// Each planted fault makes the scenario fail that its invariant belongs to.
#[cfg(feature = "planted_bugs")]
#[test]
fn planted_faults_are_caught() {
    use engine::planted::{Bug, plant};
    let scenarios: [(u8, fn()); 10] = [
        (3, r2_numbers_are_never_used_again),
        (4, overtaken_executions_never_lower_what_is_filled),
        (5, an_execution_is_booked_once),
        (6, a_charge_may_come_first),
        (7, r7_what_is_unknown_keeps_its_reservation),
        (
            8,
            a_cancellation_frees_nothing_before_executions_were_asked_for,
        ),
        (13, foreign_orders_are_left_alone_and_count),
        (16, counters_and_restrictions_outlive_the_session),
        (18, counters_and_restrictions_outlive_the_session),
        (34, counters_and_restrictions_outlive_the_session),
    ];
    for (number, scenario) in scenarios {
        plant(Some(Bug(number)));
        let result = std::panic::catch_unwind(scenario);
        plant(None);
        assert!(
            result.is_err(),
            "the fault that breaks I{number} was not caught"
        );
        scenario();
    }
}

#[test]
fn what_does_not_fit_is_said_and_not_booked() {
    let mut trial = Trial::new();
    let order = trial.entry(2);
    let before = trial.ledger.account().cash;
    let mut huge = execution(order, Side::Buy, (1, 1), 2, 2);
    huge.price = Price(i64::MAX / 2);
    trial.report(Report::Executed(huge));
    let overflow = Odd::Overflow(Amount::Execution(huge.id));
    assert_eq!((trial.odd(overflow), trial.held()), (1, 0));
    assert_eq!(trial.ledger.account().cash, before);
    trial.report(bought(order, 1, 2, 2));
    assert_eq!(trial.held(), 2, "the right one is still new");
}
