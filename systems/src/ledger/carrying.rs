//! What one session hands to the next: all of it, and a difference is noticed wherever it is.

use crate::ledger::trial::*;
use crate::ledger::*;
use engine::record::OpenState;

const NEXT: u32 = 20_240_104;
const EQUITY: Cash = Cash(1_000_000_000);

/// A ledger with something of everything.
fn rich() -> Trial {
    let mut trial = Trial::new();
    let [entry, stop, target] = bracket(&mut trial, 3);
    trial.accept(stop, 1_002).accept(target, 1_003);
    trial.report(bought(entry, 1, 2, 2));
    let charged = |base, fees| Report::Charged {
        execution: ExecutionId { base, revision: 1 },
        fees: Cash(fees),
    };
    // The second comes before its execution.
    trial.report(charged(1, 7)).report(charged(9, 8));
    trial.report(sold(target, 2, 1, 1));
    trial.report(Report::State(Box::new(BrokerState {
        open: vec![working(None, 77, 2)],
        ..BrokerState::default()
    })));
    let strategy = StrategyName::new("gamma");
    for record in [
        Record::Latched {
            level: Restriction::Reducing,
            cause: Cause::Clock,
        },
        Record::StrategyPaused {
            strategy,
            cause: Cause::Rejections,
        },
        Record::Commanded {
            source: CommandSource::Socket,
            number: 4,
        },
        Record::Queried { query: 6 },
    ] {
        trial.record(record);
    }
    trial.wait(86_400);
    trial
}

/// Whether the ledger takes this for what it left.
fn agrees(change: impl FnOnce(&mut OpenState)) -> bool {
    let mut trial = rich();
    let mut state = trial.ledger.open_state(NEXT, EQUITY);
    change(&mut state);
    trial.record(Record::DayOpened(Box::new(state.clone())));
    // It is taken over in any case: what the journal says happened.
    assert_eq!(trial.ledger.date(), state.date);
    trial.odd(Odd::CarriedOver) == 0
}

#[test]
fn a_session_that_begins_with_something_else_is_told() {
    assert!(agrees(|_| ()));
    let changes: [fn(&mut OpenState); 12] = [
        |state| state.account.cash.0 += 1,
        |state| state.account.realized.0 += 1,
        |state| state.account.fees.0 += 1,
        |state| state.account.losing_days += 1,
        |state| state.positions[0].1.quantity += 1,
        |state| state.positions.clear(),
        |state| state.latches.clear(),
        |state| state.paused.clear(),
        |state| state.orders[1].filled += 1,
        |state| state.executions.truncate(1),
        |state| state.charges.truncate(1),
        |state| state.next_order.0 -= 1,
    ];
    for (place, change) in changes.into_iter().enumerate() {
        assert!(!agrees(change), "change {place}");
    }
    assert!(
        agrees(|state| state.next_order.0 += 5),
        "a number may be left out"
    );
}

#[test]
fn a_session_hands_on_all_that_there_is() {
    let mut trial = rich();
    let state = trial.ledger.open_state(NEXT, EQUITY);
    assert_eq!(state.orders.len(), 3);
    assert_eq!((state.executions.len(), state.charges.len()), (2, 2));
    assert_eq!((state.foreign.len(), state.positions.len()), (1, 1));
    assert_eq!((state.latches.len(), state.paused.len()), (1, 1));
    assert_eq!((state.commands.len(), state.next_query), (1, 7));
    trial.record(Record::DayOpened(Box::new(state.clone())));
    let ledger = &trial.ledger;
    assert_eq!(ledger.open_state(NEXT, EQUITY), state, "and again");
    assert_eq!((ledger.date(), ledger.next_query()), (NEXT, 7));
    assert_eq!(ledger.next_order(), OrderId(4));
    assert_eq!(ledger.foreign_orders().count(), 1);
    assert_eq!(ledger.last_command(CommandSource::Socket), 4);
    assert_eq!(ledger.restriction(), Restriction::Reducing);
    assert!(ledger.paused(StrategyName::new("gamma")).is_some());
    assert_eq!(ledger.position(&instrument()).quantity, 1);
    assert_eq!(closing(ledger), 1);
    assert!(ledger.holding(&instrument()).is_some());
    // A charge that waits is still waited for: its execution comes with its fees.
    let fees = trial.ledger.position(&instrument()).fees;
    trial.report(bought(OrderId(1), 9, 1, 3));
    let more = trial.ledger.position(&instrument()).fees;
    assert_eq!(more, Cash(fees.0 + 8));
}

#[test]
fn the_same_day_opened_again_counts_nothing_anew() {
    let mut trial = rich();
    trial.record(Record::Breached {
        cause: Cause::DayLoss,
    });
    let account = *trial.ledger.account();
    assert!(account.day_loss_reached);
    let lower = Cash(EQUITY.0 - 5);
    let today = trial.ledger.open_state(DATE, lower);
    assert_eq!((today.date, today.account), (DATE, account));
    let earlier = trial.ledger.open_state(DATE - 1, lower);
    assert_eq!(
        (earlier.date, earlier.account),
        (DATE, account),
        "time goes on"
    );
    let next = trial.ledger.open_state(NEXT, lower);
    assert_eq!((next.date, next.account.losing_days), (NEXT, 1));
    assert!(!next.account.day_loss_reached);
}

#[test]
fn what_is_new_begins_at_a_days_first_instant_weeks_ago() {
    let mut trial = Trial::new();
    let horizon = trial.ledger.horizon();
    let days = START.nanos_since(horizon) / (86_400 * 1_000_000_000);
    assert_eq!(days, i64::from(REMEMBERED_DAYS));
    // 15:00 in UTC.
    assert_eq!(
        START.nanos_since(horizon) % (86_400 * 1_000_000_000),
        54_000 * 1_000_000_000
    );
    // An order of then is remembered, one of a moment before is not.
    let mut ids = Vec::new();
    for at in [horizon, horizon.plus_nanos(-1)] {
        let mut old = intent(trial.ledger.next_order(), Side::Buy, 1, Role::Entry);
        old.order.at = at;
        ids.push(trial.send(old));
    }
    for id in &ids {
        trial.record(Record::Resolved {
            order: *id,
            status: OrderStatus::Cancelled,
        });
    }
    let carried: Vec<_> = trial.ledger.open_state(DATE, EQUITY).orders;
    let carried: Vec<_> = carried.iter().map(|order| order.intent.order.id).collect();
    assert_eq!(carried, ids[..1]);
    // A date that is none has no horizon.
    trial.open_day(20_241_399, EQUITY);
    assert_eq!(trial.ledger.horizon(), Timestamp::NEVER);
}
