//! What is in flight counts at its worst.

use super::*;

#[test]
fn what_is_in_flight_counts_as_filled_and_as_not_filled() {
    let mut wanted = line("QQQ", 500, 0);
    (wanted.buys, wanted.in_flight) = (5, Cash(5_000_000));
    let config = LimitsConfig {
        positions_max: 1,
        ..wide()
    };
    assert_eq!(
        judge(&[wanted], &candidate("SPY", 655), config),
        Err(Limit::Positions)
    );
    // A short hedge that works does not make room: it may never be filled.
    let mut hedge = line("SPY", 640, 0);
    (hedge.buys, hedge.risk.greeks.delta_usd) = (5, -30_000.0);
    let config = LimitsConfig {
        portfolio: GreekCaps {
            delta_max_usd: 149e3,
            ..wide().portfolio
        },
        ..wide()
    };
    let lines = [line("SPY", 650, 3), hedge];
    assert_eq!(
        judge(&lines, &candidate("SPY", 655), config),
        Err(Limit::Delta)
    );
}

#[test]
fn every_sum_is_at_its_own_worst() {
    let mut held = line("SPY", 650, 4);
    (held.buys, held.sells, held.in_flight, held.fees) = (2, 3, Cash(2_000_000), Cash(5));
    held.cost = Cash(4_000_000);
    let all = exposure(&[held]).unwrap();
    let one = unit().greeks;
    assert_eq!(
        (all.greeks.delta.low, all.greeks.delta.high),
        (one.delta_usd, 6.0 * one.delta_usd)
    );
    assert_eq!(
        (all.greeks.theta.low, all.greeks.theta.high),
        (-300.0, -50.0)
    );
    // Losses with all that buys, gains with all that sells.
    assert_eq!(
        (all.scenarios_usd[0], all.scenarios_usd[8]),
        (-600.0, 600.0)
    );
    assert!(all.history_usd.iter().all(|day| (day + 600.0).abs() < 1e-9));
    assert_eq!(
        (all.premium, all.wanted),
        (Cash(6_000_000), Cash(2_000_005))
    );
    assert_eq!((all.day_loss, all.positions), (Cash(2_000_005), 1));
    assert_eq!(
        all.expiry_gamma.size().total_cmp(&(6.0 * one.gamma_usd)),
        Ordering::Equal
    );
    assert!(all.underlyings.values().all(|sums| sums.up && !sums.down));
    held.held = 0;
    let short = exposure(&[held]).unwrap();
    assert!(
        short.underlyings.values().all(|sums| sums.up && sums.down),
        "it may go either way"
    );
    held.expires_today = false;
    assert!(exposure(&[held]).unwrap().expiry_gamma.size() <= 0.0);
}

#[test]
fn a_line_without_anything_is_no_position() {
    let all = exposure(&[line("SPY", 650, 0), line("SPY", 655, 1)]).unwrap();
    assert_eq!((all.positions, all.underlyings.len()), (1, 1));
}

#[test]
fn an_order_on_what_is_held_is_the_same_position() {
    let mut all = exposure(&[line("SPY", 655, 1)]).unwrap();
    all.add(&candidate("SPY", 655)).unwrap();
    assert_eq!((all.positions, all.underlyings.len()), (1, 1));
    let tally = all.tally(&Instrument::Option(contract("SPY", 655)));
    assert_eq!((tally.held, tally.buys, tally.sells), (1, 2, 0));
    let mut sale = candidate("SPY", 655);
    sale.side = Side::Sell;
    all.add(&sale).unwrap();
    let tally = all.tally(&Instrument::Option(contract("SPY", 655)));
    assert_eq!((tally.sells, all.working_orders), (2, 6));
}

#[test]
fn closing_orders_that_work_are_taken_off_what_may_be_closed() {
    let mut held = line("SPY", 655, 5);
    held.sells = 3;
    let all = exposure(&[held]).unwrap();
    let close = |side, quantity| admit_closing(&all, &contract("SPY", 655), side, quantity);
    assert_eq!(
        (close(Side::Sell, 2), close(Side::Sell, 3)),
        (Ok(()), Err(Limit::NotHeld))
    );
    assert_eq!(
        close(Side::Buy, 1),
        Err(Limit::NotHeld),
        "long is not closed by buying"
    );
    assert_eq!(close(Side::Sell, 0), Err(Limit::OrderContracts));
    let mut short = line("SPY", 655, -5);
    short.buys = 4;
    let all = exposure(&[short]).unwrap();
    let close = |quantity| admit_closing(&all, &contract("SPY", 655), Side::Buy, quantity);
    assert_eq!((close(1), close(2)), (Ok(()), Err(Limit::NotHeld)));
}

#[test]
fn of_a_group_that_cancels_one_another_the_largest_counts() {
    let group = Some(OrderId(7));
    assert_eq!(
        working([(group, 5), (group, 3), (Some(OrderId(8)), 1), (None, 2)]),
        8
    );
    assert_eq!(working([]), 0);
}
