//! What is easily got wrong by one: counters, holdings, corrections, and what an answer can know.

use crate::ledger::trial::*;
use crate::ledger::*;
use components::contract::{OptionTerms, Right};
use components::order::OrderKind;
use components::signal::Intent;
use components::units::Price;
use engine::record::Settling;

const EQUITY: Cash = Cash(1_000_000_000);

fn at_price(report: Report, price: i64) -> Report {
    let Report::Executed(mut execution) = report else {
        return report;
    };
    execution.price = Price(price);
    Report::Executed(execution)
}

fn charge(base: u64, fees: i64) -> Report {
    Report::Charged {
        execution: ExecutionId { base, revision: 1 },
        fees: Cash(fees),
    }
}

fn exit(trial: &mut Trial, quantity: u32, why: Intent) -> OrderId {
    let mut wanted = intent(trial.ledger.next_order(), Side::Sell, quantity, Role::Exit);
    wanted.why = why;
    trial.send(wanted)
}

fn closings(trial: &Trial) -> Vec<(i64, i64)> {
    let closed = trial.changes.iter().filter_map(|change| match change {
        Change::Closed(closing) => Some((closing.profit.0, closing.fees.0)),
        _ => None,
    });
    closed.collect()
}

fn streak(trial: &Trial) -> (u32, u32, u32) {
    let account = trial.ledger.account();
    (account.won_today, account.lost_today, account.losing_trades)
}

#[test]
fn each_trade_counts_for_itself() {
    let mut trial = Trial::new();
    let order = trial.entry(9);
    trial.report(bought(order, 1, 1, 1)).report(charge(1, 7));
    let out = exit(&mut trial, 9, Intent::TimeExit);
    trial.report(at_price(sold(out, 2, 1, 1), 9_000));
    trial.report(charge(2, 8));
    assert_eq!(streak(&trial), (0, 1, 1));
    trial.report(bought(order, 3, 1, 2)).report(charge(3, 9));
    trial.report(sold(out, 4, 1, 2));
    assert_eq!(streak(&trial), (0, 2, 2), "nothing gained is lost");
    trial.report(bought(order, 5, 1, 3));
    trial.report(at_price(sold(out, 6, 2, 4), 12_000));
    assert_eq!(streak(&trial), (1, 2, 0));
    assert_eq!(trial.odd(Odd::Oversold(out)), 1);
    assert_eq!(
        trial.ledger.holding(&instrument()),
        None,
        "no entry opened it"
    );
    // Bought back with profit, and turned: an entry may do that.
    trial.report(bought(order, 7, 2, 5));
    assert_eq!(trial.odd(Odd::Oversold(order)), 0);
    assert_eq!(
        closings(&trial),
        [(-100_000, 7), (0, 9), (200_000, 0), (200_000, 0)]
    );
    // The open one begins the next session with its own profit and fees alone.
    trial.report(charge(7, 5));
    let carried = trial.ledger.open_state(20_240_104, EQUITY).positions[0].1;
    assert_eq!(
        (carried.quantity, carried.realized, carried.fees),
        (1, Cash(0), Cash(5))
    );
}

#[test]
fn a_position_that_is_adjusted_away_is_no_lost_trade() {
    let mut trial = Trial::new();
    let order = trial.entry(3);
    trial.report(bought(order, 1, 2, 2));
    let adjusted = |from, to| Record::Adjusted {
        instrument: instrument(),
        from,
        to,
        price: Price(1),
    };
    trial.record(adjusted(2, 0));
    assert_eq!((streak(&trial), trial.held()), ((0, 0, 0), 0));
    assert_eq!(trial.odd(Odd::QuantityDiffers(instrument())), 0);
    trial.record(adjusted(2, 1));
    assert_eq!(
        (trial.held(), trial.odd(Odd::QuantityDiffers(instrument()))),
        (1, 1)
    );
}

#[test]
fn a_holding_grows_and_scales_out_step_by_step() {
    let mut trial = Trial::new();
    let order = trial.entry(6);
    trial.report(bought(order, 1, 2, 2));
    trial.report(at_price(bought(order, 2, 2, 4), 20_000));
    let holding = |trial: &Trial| *trial.ledger.holding(&instrument()).unwrap();
    assert_eq!(
        (holding(&trial).largest, holding(&trial).entry_price),
        (4, Price(15_000))
    );
    let plain = exit(&mut trial, 1, Intent::TimeExit);
    trial.report(sold(plain, 3, 1, 1));
    assert_eq!(holding(&trial).steps, 0);
    let scale = exit(&mut trial, 2, Intent::ScaleOut);
    trial.report(sold(scale, 4, 1, 1));
    assert_eq!(holding(&trial).steps, 0, "half a step");
    trial.report(sold(scale, 5, 1, 2));
    assert_eq!((holding(&trial).steps, holding(&trial).largest), (1, 4));
}

#[test]
fn a_correction_keeps_fees_and_leaves_another_contract() {
    let mut trial = Trial::new();
    let order = trial.entry(3);
    trial.report(bought(order, 1, 2, 2)).report(charge(1, 11));
    let mut right = execution(order, Side::Buy, (1, 2), 2, 2);
    right.price = Price(11_000);
    trial.report(Report::Executed(right));
    assert_eq!(trial.ledger.position(&instrument()).fees, Cash(11));
    // One that does not fit leaves what was.
    let before = trial.ledger.position(&instrument());
    (right.id.revision, right.price) = (3, Price(i64::MAX / 2));
    trial.report(Report::Executed(right));
    trial.report(bought(order, 2, 1, 3));
    assert_eq!(
        trial.ledger.position(&instrument()).cost,
        Cash(before.cost.0 + 1_000_000)
    );
    let again = execution(order, Side::Buy, (2, 2), 1, 3);
    trial.report(Report::Executed(again));
    assert_eq!(trial.odd(Odd::Overflow(Amount::Execution(again.id))), 0);
    let stock = Instrument::Stock(contract().underlying);
    (right.instrument, right.price) = (stock, Price(10));
    trial.report(Report::Executed(right));
    assert_eq!(
        (trial.held(), trial.ledger.position(&stock).quantity),
        (1, 2)
    );
}

#[test]
fn what_an_open_bracket_hangs_on_is_never_forgotten() {
    let mut trial = Trial::new();
    let [entry, stop, target] = bracket(&mut trial, 5);
    trial.accept(stop, 1_002).accept(target, 1_003);
    trial.report(bought(entry, 1, 4, 4)).cancelled(entry);
    trial.reconcile(
        1,
        BrokerState {
            open: [stop, target]
                .map(|leg| {
                    let mut open = working(Some(leg), 1_000 + leg.0, 5);
                    open.limit = trial
                        .ledger
                        .order(leg)
                        .unwrap()
                        .followed
                        .intent
                        .order
                        .kind
                        .limit();
                    open
                })
                .to_vec(),
            positions: vec![(instrument(), 4)],
            ..BrokerState::default()
        },
    );
    trial.report(sold(target, 2, 1, 1));
    for date in [20_240_201, 20_240_301] {
        trial.wait(28 * 86_400).open_day(date, EQUITY);
        assert_eq!(closing(&trial.ledger), 3);
        assert_eq!((trial.unfilled(stop), trial.unfilled(target)), (4, 4));
        assert!(trial.odd(Odd::CarriedOver) == 0);
    }
    // Its executions are as old, and can still be corrected.
    let right = execution(entry, Side::Buy, (1, 2), 3, 3);
    trial.report(Report::Executed(right));
    assert_eq!(trial.held(), 2);
    let mut state = trial.ledger.open_state(20_240_302, EQUITY);
    state.account.cash.0 += 1;
    trial.record(Record::DayOpened(Box::new(state)));
    assert_eq!(trial.odd(Odd::CarriedOver), 1);
}

#[test]
fn the_day_roll_counts_losing_days_in_a_row() {
    let mut trial = Trial::new();
    let days = |trial: &Trial| {
        let account = trial.ledger.account();
        (account.losing_days, account.high_water.0 - EQUITY.0)
    };
    trial.open_day(20_240_104, Cash(EQUITY.0 - 5));
    trial.open_day(20_240_105, Cash(EQUITY.0 - 6));
    assert_eq!(days(&trial), (2, 0));
    trial.open_day(20_240_108, Cash(EQUITY.0 + 9));
    assert_eq!(days(&trial), (0, 9));
}

#[test]
fn fingerprints_are_those_of_the_day_and_of_what_is_live() {
    let mut trial = Trial::new();
    let print = components::order::Fingerprint(77);
    let mut ids = Vec::new();
    for _ in 0..2 {
        let mut wanted = intent(trial.ledger.next_order(), Side::Buy, 1, Role::Entry);
        wanted.fingerprint = print;
        ids.push(trial.send(wanted));
    }
    assert_eq!(trial.odd(Odd::FingerprintReused(ids[1])), 1);
    assert_eq!(trial.ledger.live_opening(print), Some(ids[1]));
    trial.wait(86_400).open_day(20_240_104, EQUITY);
    assert_eq!(trial.ledger.live_opening(print), Some(ids[1]));
    for id in ids {
        trial.record(Record::Resolved {
            order: id,
            status: OrderStatus::Cancelled,
        });
    }
    assert_eq!(trial.ledger.live_opening(print), None);
}

#[test]
fn puts_deliver_shares_the_other_way_and_what_expires_is_worth_nothing() {
    let mut trial = Trial::new();
    let order = trial.entry(2);
    let mut put = contract();
    put.terms = OptionTerms {
        right: Right::Put,
        ..put.terms
    };
    let put = Instrument::Option(put);
    let mut bought = execution(order, Side::Buy, (1, 1), 2, 2);
    bought.instrument = put;
    trial.report(Report::Executed(bought));
    let settled = |quantity, how| Record::Settled {
        instrument: put,
        quantity,
        price: Price(30_000),
        how,
    };
    trial.record(settled(2, Settling::Delivered));
    let stock = Instrument::Stock(contract().underlying);
    assert_eq!(trial.ledger.position(&stock).quantity, -200);
    (bought.id.base, bought.cumulative) = (2, 4);
    trial.report(Report::Executed(bought));
    let realized = trial.ledger.account().realized;
    trial.record(settled(3, Settling::Expired));
    assert_eq!(
        trial.ledger.account().realized,
        Cash(realized.0 - 2_000_000)
    );
    assert_eq!(trial.odd(Odd::QuantityDiffers(put)), 1);
}

#[test]
fn an_answer_knows_nothing_of_what_came_after_it_was_asked_for() {
    let mut trial = Trial::new();
    let heard = trial.entry(1);
    let query = trial.ledger.next_query();
    trial.record(Record::Queried { query });
    trial.wait(70).accept(heard, 5);
    let sent = trial.entry(1);
    let state = BrokerState {
        query,
        ..BrokerState::default()
    };
    let plan = trial.answer(state);
    assert!(plan.differences.is_empty(), "{:?}", plan.differences);
    assert_eq!(
        (trial.status(heard), trial.status(sent)),
        (OrderStatus::Working, OrderStatus::Sent)
    );
    // Missing once, then heard of after the next was asked for: still missing since the first.
    let mut refused = over(sent, 9, 0);
    refused.rejected = true;
    trial.wait(70).reconcile(
        1,
        BrokerState {
            completed: vec![refused],
            ..BrokerState::default()
        },
    );
    assert_eq!(trial.status(sent), OrderStatus::Rejected);
    assert_eq!(trial.missing.orders().collect::<Vec<_>>(), [heard]);
    trial.wait(9);
    let old = BrokerState {
        query: 1,
        ..BrokerState::default()
    };
    trial.answer(old);
    let query = trial.ledger.next_query();
    trial.record(Record::Queried { query });
    trial.wait(1).report(Report::CancelRefused {
        order: heard,
        code: 1,
    });
    trial.answer(BrokerState {
        query,
        ..BrokerState::default()
    });
    assert_eq!(trial.status(heard), OrderStatus::Unknown);
    trial.reconcile(1, BrokerState::default());
    assert_eq!(
        trial.status(heard),
        OrderStatus::Cancelled,
        "it had been there"
    );
}

#[test]
fn a_wish_to_cancel_that_was_not_heard_is_said_again() {
    let mut trial = Trial::new();
    let [entry, stop, _] = bracket(&mut trial, 1);
    trial.accept(entry, 1_001).accept(stop, 1_002);
    let mut open = working(Some(stop), 1_002, 1);
    open.limit = Some(Price(7_000));
    let state = BrokerState {
        open: vec![working(Some(entry), 1_001, 1), open],
        ..BrokerState::default()
    };
    trial.record(Record::CancelIntended { order: stop });
    assert!(trial.wait(4).reconcile(0, state.clone()).cancels.is_empty());
    assert_eq!(trial.wait(1).reconcile(0, state.clone()).cancels, [stop]);
    assert_eq!(
        trial.ledger.protection(&contract()).working,
        0,
        "it is to go"
    );
    trial.wait(86_400);
    assert_eq!(
        trial.reconcile(0, state).cancels,
        [entry, stop],
        "its time is over"
    );
}

#[test]
fn a_second_number_after_the_end_is_held_on_to() {
    let mut trial = Trial::new();
    let order = trial.entry(2);
    trial.report(bought(order, 1, 2, 2)).accept(order, 5);
    assert_eq!(
        (trial.status(order), trial.unfilled(order)),
        (OrderStatus::Filled, 2)
    );
    assert!(
        trial
            .changes
            .contains(&Change::QueryWanted(Doubt::Odd(order)))
    );
}

#[test]
fn doubt_asks_the_broker() {
    let mut trial = Trial::new();
    let (gap, ended) = (trial.entry(3), trial.entry(1));
    assert_eq!(
        trial.ledger.order(gap).unwrap().followed.sent_at,
        Some(START)
    );
    trial.report(bought(gap, 1, 1, 2)).cancelled(ended);
    for doubt in [Doubt::Gap(gap), Doubt::Ended(ended)] {
        assert!(
            trial.changes.contains(&Change::QueryWanted(doubt)),
            "{doubt:?}"
        );
    }
    // Changed to less than is filled: what is filled stays below what was ordered.
    let kind = OrderKind::Limit(Price(10_000));
    trial.record(Record::Modified {
        order: gap,
        kind,
        quantity: 1,
    });
    let followed = &trial.ledger.order(gap).unwrap().followed;
    assert_eq!((followed.filled, followed.intent.order.quantity), (2, 2));
}

#[test]
fn others_sales_reserve_no_money_and_old_answers_take_nothing_away() {
    let mut trial = Trial::new();
    let mut sale = working(None, 6, 3);
    (sale.side, sale.limit) = (Side::Sell, None);
    trial.reconcile(
        1,
        BrokerState {
            open: vec![sale],
            ..BrokerState::default()
        },
    );
    assert_eq!(trial.premium_wanted(), Some(Cash::ZERO));
    assert_eq!(trial.ledger.holding_range(&instrument()).least, -3);
    let unpriced = OpenOrder {
        side: Side::Buy,
        ..sale
    };
    trial.answer(BrokerState {
        query: 9,
        ..BrokerState::default()
    });
    assert_eq!(trial.ledger.foreign_orders().count(), 1);
    trial.reconcile(
        1,
        BrokerState {
            open: vec![unpriced],
            next_order: OrderId(90),
            ..BrokerState::default()
        },
    );
    assert_eq!(trial.premium_wanted(), None, "nothing may be opened");
    assert_eq!(trial.ledger.next_order(), OrderId(90));
}

#[test]
fn charges_that_wait_are_bounded() {
    let mut trial = Trial::new();
    let most = execution::WAITING_CHARGES_MAX as u64;
    trial.changes.clear();
    for base in 0..=most {
        trial.report(charge(base, 1));
    }
    let id = ExecutionId {
        base: most,
        revision: 1,
    };
    assert_eq!(trial.odd(Odd::ChargeDropped(id)), 1);
    assert_eq!(trial.changes.len(), 1);
}

#[test]
fn strategies_pause_and_commands_count_up() {
    let mut trial = Trial::new();
    let strategy = StrategyName::new("gamma");
    let cause = Cause::Rejections;
    trial.record(Record::StrategyPaused { strategy, cause });
    assert_eq!(trial.ledger.paused(strategy), Some(cause));
    trial.record(Record::StrategyEnabled {
        strategy,
        command: 1,
    });
    assert_eq!(trial.ledger.paused(strategy), None);
    let source = CommandSource::Socket;
    for number in [4, 3] {
        trial.record(Record::Commanded { source, number });
    }
    assert_eq!(trial.ledger.last_command(source), 4);
    trial.record(Record::HighWater {
        equity: Cash(EQUITY.0 * 2),
    });
    assert_eq!(trial.ledger.account().high_water, Cash(EQUITY.0 * 2));
}
