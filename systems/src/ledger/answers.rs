//! The broker's whole answer at its edges: each comparison on both sides and on the line.

use crate::ledger::reconciliation::{SECOND_LOOK_NANOS, SETTLED_NANOS};
use crate::ledger::trial::*;
use crate::ledger::*;
use components::units::{NANOS_PER_SECOND, Price};

const DAY_NANOS: i64 = 86_400 * NANOS_PER_SECOND;

fn open(orders: Vec<OpenOrder>) -> BrokerState {
    BrokerState {
        open: orders,
        ..BrokerState::default()
    }
}

/// The answer to a query asked at `nanos` after the start, which comes at once.
fn asked_at(trial: &mut Trial, nanos: i64, state: BrokerState) -> Reconciliation {
    trial.now = START.plus_nanos(nanos);
    trial.reconcile(0, state)
}

#[test]
fn more_filled_there_than_booked_here_is_told_and_nothing_less() {
    for filled in 0..=2 {
        let mut trial = Trial::new();
        let order = trial.entry(3);
        trial
            .accept(order, 1_001)
            .report(bought(order, 1, 1, 1))
            .wait(1);
        let mut state = open(vec![OpenOrder {
            filled,
            ..working(Some(order), 1_001, 3)
        }]);
        state.positions = vec![(instrument(), 1)];
        let told = Difference::Filled {
            order,
            ours: 1,
            broker: 2,
        };
        let expected = if filled == 2 { vec![told] } else { vec![] };
        assert_eq!(trial.reconcile(1, state).differences, expected);
    }
}

#[test]
fn what_is_over_there_ends_here_by_what_was_filled() {
    use OrderStatus::{Cancelled, Filled, Rejected};
    for (filled, rejected, status) in [
        (0, false, Cancelled),
        (0, true, Rejected),
        (1, false, Cancelled),
        (1, true, Cancelled),
        (2, false, Filled),
        (3, false, Filled),
    ] {
        let mut trial = Trial::new();
        let order = trial.entry(2);
        trial.accept(order, 1_001).wait(1);
        let mut ended = over(order, 1_001, filled);
        ended.rejected = rejected;
        let plan = trial.reconcile(
            1,
            BrokerState {
                completed: vec![ended],
                ..BrokerState::default()
            },
        );
        assert_eq!(trial.status(order), status, "{filled} {rejected}");
        let differs = Difference::Filled {
            order,
            ours: 0,
            broker: u64::from(filled),
        };
        assert_eq!(plan.differences.contains(&differs), filled > 0);
        assert!(plan.missing.orders().next().is_none());
    }
}

#[test]
fn an_execution_is_news_from_the_horizon_on_and_a_correction_always() {
    let mut trial = Trial::new();
    let order = trial.entry(9);
    trial.report(Report::Executed(execution(order, Side::Buy, (1, 2), 1, 1)));
    let horizon = trial.ledger.horizon();
    let shown = |base, revision, at| {
        let mut shown = execution(order, Side::Buy, (base, revision), 1, 1);
        shown.at = at;
        (shown, None)
    };
    let long_ago = horizon.plus_nanos(-1);
    let plan = trial.reconcile(
        1,
        BrokerState {
            executions: vec![
                shown(2, 1, horizon),
                shown(3, 1, long_ago),
                shown(1, 1, START),
                shown(1, 2, START),
                shown(1, 3, long_ago),
            ],
            ..BrokerState::default()
        },
    );
    let found: Vec<_> = plan
        .reports
        .iter()
        .filter_map(|report| match report {
            Report::Executed(execution) => Some((execution.id.base, execution.id.revision)),
            _ => None,
        })
        .collect();
    assert_eq!(found, [(1, 3), (2, 1)], "in the order of their times");
}

#[test]
fn fees_are_taken_over_where_they_differ() {
    let mut trial = Trial::new();
    let order = trial.entry(1);
    trial.report(bought(order, 1, 1, 1));
    let shown = execution(order, Side::Buy, (1, 1), 1, 1);
    let state = |fees: Option<i64>| BrokerState {
        executions: vec![(shown, fees.map(Cash))],
        positions: vec![(instrument(), 1)],
        ..BrokerState::default()
    };
    for (fees, reports, booked) in [
        (None, 0, None),
        (Some(7), 1, Some(7)),
        (Some(7), 0, Some(7)),
        (Some(8), 1, Some(8)),
    ] {
        assert_eq!(trial.reconcile(1, state(fees)).reports.len(), reports);
        assert_eq!(trial.ledger.fees_of(shown.id), booked.map(Cash));
    }
}

#[test]
fn an_answer_tells_of_what_left_when_it_was_asked_for() {
    let mut trial = Trial::new();
    let order = trial.entry(1);
    asked_at(&mut trial, -1, BrokerState::default());
    assert_eq!(trial.status(order), OrderStatus::Sent);
    asked_at(&mut trial, 0, BrokerState::default());
    assert_eq!(trial.status(order), OrderStatus::Unknown);
    assert_eq!(trial.missing.orders().collect::<Vec<_>>(), [order]);
}

#[test]
fn absence_is_believed_after_a_minute_and_at_a_second_look_five_seconds_on() {
    let first = SETTLED_NANOS - SECOND_LOOK_NANOS;
    for (first, second, status) in [
        (first, SETTLED_NANOS, OrderStatus::NotReceived),
        (first + 1, SETTLED_NANOS, OrderStatus::Unknown),
        (first - 9, SETTLED_NANOS - 1, OrderStatus::Unknown),
    ] {
        let mut trial = Trial::new();
        let order = trial.entry(1);
        asked_at(&mut trial, first, BrokerState::default());
        asked_at(&mut trial, second, BrokerState::default());
        assert_eq!(trial.status(order), status, "{first} {second}");
    }
}

#[test]
fn an_intent_that_was_never_sent_is_on_its_way_until_the_minute_is_full() {
    for (nanos, status) in [
        (SETTLED_NANOS - 1, OrderStatus::Intended),
        (SETTLED_NANOS, OrderStatus::NotReceived),
    ] {
        let mut trial = Trial::new();
        let id = trial.ledger.next_order();
        trial.record(Record::Intended(intent(id, Side::Buy, 1, Role::Entry)));
        let plan = asked_at(&mut trial, nanos, BrokerState::default());
        assert_eq!(trial.status(id), status);
        assert!(plan.missing.orders().next().is_none());
    }
}

#[test]
fn an_order_that_was_executed_and_is_nowhere_is_over_unless_there_were_two() {
    for (perms, status) in [(1, OrderStatus::Cancelled), (2, OrderStatus::Unknown)] {
        let mut trial = Trial::new();
        let order = trial.entry(3);
        for perm in 0..perms {
            trial.accept(order, 1_000 + order.0 + perm);
        }
        trial.report(bought(order, 1, 1, 1));
        let state = BrokerState {
            positions: vec![(instrument(), 1)],
            ..BrokerState::default()
        };
        asked_at(&mut trial, NANOS_PER_SECOND, state);
        assert_eq!(trial.status(order), status);
    }
}

#[test]
fn an_entry_is_called_back_from_the_end_of_its_time_on() {
    for (nanos, called_back) in [(DAY_NANOS - 1, false), (DAY_NANOS, true)] {
        let mut trial = Trial::new();
        let order = trial.entry(1);
        trial.accept(order, 1_001);
        let state = open(vec![working(Some(order), 1_001, 1)]);
        let plan = asked_at(&mut trial, nanos, state);
        assert_eq!(plan.cancels == [order], called_back, "{nanos}");
        assert_eq!(plan.cancels.is_empty(), !called_back);
    }
}

#[test]
fn what_works_after_its_end_is_called_back_by_an_answer_that_can_know() {
    for (ended, told) in [(0, true), (1, false)] {
        let mut trial = Trial::new();
        let order = trial.entry(1);
        trial.accept(order, 1_001);
        let query = trial.ledger.next_query();
        trial.record(Record::Queried { query });
        trial.now = START.plus_nanos(ended);
        trial.cancelled(order);
        let mut state = open(vec![working(Some(order), 1_001, 1)]);
        state.query = query;
        // Planned alone: the report of an answer revives what it shows.
        let plan = plan(&trial.ledger, &state, trial.now, &trial.missing, |_| None);
        let works = Difference::WorksAfterEnd(order);
        assert_eq!(plan.differences.contains(&works), told);
        assert_eq!(plan.cancels.contains(&order), told);
    }
}

#[test]
fn an_order_is_adopted_under_a_number_that_was_not_known_and_only_then() {
    let mut trial = Trial::new();
    let order = trial.entry(1);
    let accepted = |perm| Report::Accepted {
        order,
        perm: PermId(perm),
    };
    let shown = |perm| open(vec![working(Some(order), perm, 1)]);
    let plan = trial.wait(1).reconcile(1, shown(7));
    assert_eq!(plan.reports, [accepted(7)]);
    assert_eq!(plan.differences.len(), 1);
    let plan = trial.wait(1).reconcile(1, shown(7));
    assert!(plan.reports.is_empty() && plan.differences.is_empty());
    let plan = trial.wait(1).reconcile(1, shown(8));
    assert_eq!(plan.reports, [accepted(8)]);
    assert!(plan.differences.is_empty(), "it works as before");
    // Known under its number, and thought of as lost.
    trial.record(Record::TimedOut { order });
    let plan = trial.wait(1).reconcile(1, shown(7));
    assert_eq!(plan.reports, [accepted(7)]);
}

#[test]
fn one_order_told_twice_is_one_and_two_numbers_are_two() {
    let mut trial = Trial::new();
    let order = trial.entry(1);
    trial.accept(order, 5).wait(1);
    let once = working(Some(order), 5, 1);
    let plan = trial.reconcile(1, open(vec![once, once]));
    assert_eq!((plan.latch, plan.cancels.len()), (None, 0));
    let twice = working(Some(order), 6, 1);
    let plan = trial.reconcile(1, open(vec![once, twice]));
    let latch = (Restriction::Halted, Cause::DuplicateOrder);
    assert_eq!((plan.latch, plan.cancels), (Some(latch), vec![order]));
}

#[test]
fn a_lost_change_is_said_again_but_not_to_two_orders_at_once() {
    let mut trial = Trial::new();
    let order = trial.entry(3);
    trial.accept(order, 5).wait(1);
    trial.record(Record::Modified {
        order,
        kind: trial
            .ledger
            .order(order)
            .unwrap()
            .followed
            .intent
            .order
            .kind,
        quantity: 2,
    });
    let shown = |perm| working(Some(order), perm, 3);
    trial.wait(30);
    let plan = trial.reconcile(1, open(vec![shown(5), shown(6)]));
    assert_eq!(plan.changes, [], "it is called back first");
    let plan = trial.wait(30).reconcile(1, open(vec![shown(5)]));
    assert_eq!(plan.changes, [(order, 2)]);
}

#[test]
fn whoever_names_a_reference_that_nobody_intended_halts() {
    let stranger = OrderId(40);
    let executed = execution(stranger, Side::Buy, (1, 1), 1, 1);
    for state in [
        open(vec![working(Some(stranger), 5, 3)]),
        BrokerState {
            completed: vec![over(stranger, 5, 0)],
            ..BrokerState::default()
        },
        BrokerState {
            executions: vec![(executed, None)],
            positions: vec![(instrument(), 1)],
            ..BrokerState::default()
        },
    ] {
        let mut trial = Trial::new();
        let plan = trial.reconcile(1, state.clone());
        let unknown = Difference::UnknownOrder(stranger);
        assert!(plan.differences.contains(&unknown), "{plan:?}");
        let latch = (Restriction::Halted, Cause::UnknownOrder);
        assert_eq!(plan.latch, Some(latch));
        let latched = Record::Latched {
            level: latch.0,
            cause: latch.1,
        };
        assert_eq!(plan.records.iter().filter(|r| **r == latched).count(), 1);
        assert_eq!(trial.ledger.next_order(), OrderId(41));
        // It is latched already, and still told.
        let plan = trial.reconcile(1, state);
        assert!(!plan.records.contains(&latched) && plan.latch == Some(latch));
    }
}

#[test]
fn what_was_forgotten_is_a_stranger_only_while_it_works() {
    let mut trial = Trial::new();
    let order = trial.entry(1);
    trial.accept(order, 5).cancelled(order);
    trial.wait(1).reconcile(1, BrokerState::default());
    let cash = trial.ledger.account().cash;
    trial.wait(40 * 86_400).open_day(20_240_212, cash);
    assert!(trial.ledger.order(order).is_none());
    let plan = trial.reconcile(
        1,
        BrokerState {
            completed: vec![over(order, 5, 0)],
            ..BrokerState::default()
        },
    );
    assert_eq!((plan.latch, plan.differences.len()), (None, 0));
    let plan = trial.reconcile(1, open(vec![working(Some(order), 5, 1)]));
    let latch = (Restriction::Halted, Cause::UnknownOrder);
    assert_eq!(plan.latch, Some(latch));
}

#[test]
fn a_difference_in_a_position_is_booked_at_its_mark_or_its_cost() {
    let mut trial = Trial::new();
    let order = trial.entry(4);
    let mut dear = execution(order, Side::Buy, (1, 1), 4, 4);
    dear.price = Price(30_000);
    trial.report(Report::Executed(dear));
    let query = trial.ledger.next_query();
    trial.wait(1).record(Record::Queried { query });
    let stock = Instrument::Stock(contract().underlying);
    let state = BrokerState {
        query,
        // One account may hold it in parts; the sum counts.
        positions: vec![(instrument(), 1), (instrument(), 2), (stock, 5)],
        ..BrokerState::default()
    };
    let prices = |mark: Option<i64>| {
        let mark = mark.map(Price);
        let plan = plan(&trial.ledger, &state, trial.now, &trial.missing, |_| mark);
        plan.records
            .iter()
            .filter_map(|record| match record {
                Record::Adjusted {
                    instrument,
                    from,
                    to,
                    price,
                } => Some((*instrument, *from, *to, *price)),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    let (option, shares) = ((instrument(), 4, 3), (stock, 0, 5));
    let both = |at: Price, shares_at: Price| {
        let mut both = vec![
            (option.0, option.1, option.2, at),
            (shares.0, shares.1, shares.2, shares_at),
        ];
        both.sort_by_key(|entry| entry.0);
        both
    };
    assert_eq!(prices(Some(9)), both(Price(9), Price(9)));
    assert_eq!(prices(None), both(Price(30_000), Price::NONE));
}

#[test]
fn the_strictest_of_several_causes_is_told() {
    let mut trial = Trial::new();
    let mut state = open(vec![working(Some(OrderId(40)), 5, 3)]);
    state.positions = vec![(instrument(), 2)];
    let plan = trial.reconcile(1, state);
    assert_eq!(
        plan.latch,
        Some((Restriction::Halted, Cause::UnknownOrder)),
        "not the difference in the position"
    );
    let latches: Vec<_> = trial.ledger.latches().map(|(cause, _)| cause).collect();
    assert!(latches.contains(&Cause::PositionDiffers) && latches.len() == 2);
    let told = Record::Reconciled {
        query: 1,
        differences: 2,
    };
    assert_eq!(plan.records.last(), Some(&told));
}

#[test]
fn refusals_are_those_of_the_session_in_the_order_of_their_times() {
    let mut trial = Trial::new();
    let orders = [(); 4].map(|()| trial.entry(1));
    let [first, second, works, cancelled] = orders;
    trial.accept(works, 5).cancelled(cancelled);
    let mut at = Vec::new();
    for order in [second, first] {
        trial.wait(1).report(Report::Rejected {
            order,
            code: 201,
            reason: String::new(),
        });
        at.push((StrategyName::new("gamma"), trial.now));
    }
    assert_eq!(trial.ledger.rejections(), at);
    let cash = trial.ledger.account().cash;
    trial.wait(86_400).open_day(20_240_104, cash);
    assert_eq!(trial.ledger.rejections(), []);
}
