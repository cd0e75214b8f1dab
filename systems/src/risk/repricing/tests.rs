//! Values under moves, against the model and an independent sum.

use super::*;
use crate::greeks::black_scholes::black_scholes;
use crate::risk::var::value_at_risk;
use components::contract::Right;
use proptest::prelude::*;

const DAY: f64 = 1.0 / 365.0;
const IV: f64 = 0.20;

fn call(years: f64) -> Terms {
    Terms {
        right: Right::Call,
        spot: 100.0,
        strike: 100.0,
        years,
        rate: 0.0,
        dividend_yield: 0.0,
    }
}

fn held(terms: Terms, units: f64) -> Holding {
    Holding::Option {
        terms,
        volatility: IV,
        units,
    }
}

fn model(terms: &Terms, volatility: f64) -> f64 {
    let (status, greeks) = black_scholes(terms, volatility);
    assert!(status.has_values());
    greeks.price
}

fn step(underlying_return: f64, iv_change: f64) -> Move {
    Move {
        underlying_return,
        iv_change,
    }
}

fn gains<const N: usize>(holding: Holding, moves: [Move; N], horizon: f64) -> [f64; N] {
    holding.gains(&Moves::new(&moves), horizon).unwrap()
}

#[test]
fn no_move_over_no_time_gains_nothing() {
    let gained = gains(held(call(0.1), 100.0), [Move::default()], 0.0);
    assert!(gained[0].abs() < 1e-300, "{gained:?}");
}

#[test]
fn what_expires_inside_the_horizon_is_worth_its_intrinsic_value() {
    let terms = call(0.5 * DAY);
    let now = model(&terms, IV);
    let moves = [step(0.03, 0.5), step(-0.03, 0.5)];
    let found = gains(held(terms, 100.0), moves, DAY);
    assert!((found[0] - 100.0 * (3.0 - now)).abs() < 1e-8, "{found:?}");
    assert!(
        (found[1] + 100.0 * now).abs() < 1e-8,
        "the premium, not more"
    );
}

#[test]
fn the_gain_is_the_models_difference_and_not_delta() {
    let terms = call(30.0 * DAY);
    let then = Terms {
        spot: 110.0,
        years: 29.0 * DAY,
        ..terms
    };
    let expected = -200.0 * (model(&then, 0.25) - model(&terms, IV));
    let found = gains(held(terms, -200.0), [step(0.10, 0.05)], DAY);
    assert!((found[0] - expected).abs() < 1e-7 && expected < -1000.0);
}

#[test]
fn a_shock_is_the_same_value_at_another_rate_and_time() {
    let terms = call(60.0 * DAY);
    let then = Terms {
        spot: 93.0,
        years: 50.0 * DAY,
        rate: 0.02,
        ..terms
    };
    let shock = Shock {
        step: step(-0.07, 0.12),
        rate_change: 0.02,
        years: 10.0 * DAY,
    };
    let expected = 300.0 * (model(&then, IV + 0.12) - model(&terms, IV));
    let found = held(terms, 300.0).gain(&shock).unwrap();
    assert!((found - expected).abs() < 1e-7, "{found} {expected}");
    let same = Shock {
        rate_change: 0.0,
        ..shock
    };
    let [grid] = gains(held(terms, 300.0), [same.step], same.years);
    assert!((held(terms, 300.0).gain(&same).unwrap() - grid).abs() < 1e-9);
    let none = Shock {
        rate_change: f64::NAN,
        ..shock
    };
    assert_eq!(held(terms, 1.0).gain(&none), None);
}

#[test]
fn shares_move_with_the_underlying_alone() {
    let shares = Holding::Shares {
        spot: 50.0,
        units: -100.0,
    };
    let gained = gains(shares, [step(0.02, 0.3)], DAY);
    assert!((gained[0] + 100.0).abs() < 1e-12, "{gained:?}");
}

#[test]
fn a_volatility_never_falls_below_the_least() {
    let moves = [step(0.0, -0.19), step(0.0, -5.0)];
    let found = gains(held(call(0.1), 1.0), moves, 0.0);
    assert!((found[0] - found[1]).abs() < 1e-12);
}

#[test]
fn what_has_no_value_gains_nothing_that_is_known() {
    let none = |holding: Holding, moves: [Move; 1]| {
        assert!(holding.gains(&Moves::new(&moves), 0.0).is_none());
    };
    none(held(call(0.1), 1.0), [step(f64::NAN, 0.0)]);
    none(held(call(0.1), 1.0), [step(-1.5, 0.0)]);
    none(held(call(0.1), 1.0), [step(0.0, f64::NAN)]);
    none(held(call(0.1), f64::INFINITY), [step(0.01, 0.0)]);
    none(held(call(f64::NAN), 1.0), [Move::default()]);
    let spot = f64::NAN;
    none(Holding::Shares { spot, units: 1.0 }, [step(0.01, 0.0)]);
}

#[test]
fn the_stand_in_of_a_history_has_the_quantile_of_the_normal() {
    let moves = NormalDays::default().moves(0.20);
    let found = value_at_risk(&moves.log_returns, 0.95).unwrap();
    // The third of fifty days stands for 5 %: 1.644854 sigma.
    let sigma = 0.20 * TRADING_DAY_YEARS.sqrt();
    let worst = found.conservative_usd / sigma;
    assert!((worst - 1.644_854).abs() < 1e-6, "{found:?}");
    for (step, log_return) in moves.returns.iter().zip(&moves.log_returns) {
        assert!((ln_1p(*step) - log_return).abs() < 1e-13);
    }
    let mean: f64 = moves.log_returns.iter().sum();
    assert!(mean.abs() < 1e-12 && moves.log_returns.is_sorted());
}

#[test]
fn scenarios_have_every_corner() {
    let grid = scenarios(0.05, 0.10);
    for corner in [step(-0.05, -0.10), step(-0.05, 0.10), step(0.05, 0.0)] {
        assert!(grid.contains(&corner), "{corner:?}");
    }
    assert_eq!(grid[4], Move::default());
}

proptest! {
    /// The grid's form and the exact one are the same value, from the last second to years.
    #[test]
    fn values_are_those_of_the_model(
        right in prop::bool::ANY,
        moneyness in 0.3..3.0_f64,
        years in prop_oneof![1e-8..1e-3_f64, 1e-3..3.0_f64],
        volatility in 0.01..4.0_f64,
        rate in -0.02..0.10_f64,
        dividend_yield in -0.02..0.10_f64,
        by in -0.4..0.4_f64,
        change in -0.3..0.3_f64,
    ) {
        let terms = Terms {
            right: if right { Right::Call } else { Right::Put },
            spot: 100.0,
            strike: 100.0 * moneyness,
            years,
            rate,
            dividend_yield,
        };
        let holding = Holding::Option { terms, volatility, units: 1.0 };
        let [found] = gains(holding, [step(by, change)], 0.0);
        let then = Terms { spot: 100.0 * (1.0 + by), ..terms };
        let moved = (volatility + change).max(IV_MIN);
        let expected = model(&then, moved) - model(&terms, volatility);
        prop_assert!((found - expected).abs() < 1e-9, "{} {}", found, expected);
    }

    /// A move's value does not depend on what stands beside it: vectors change no bit.
    #[test]
    fn moves_are_valued_each_for_itself(
        years in 1e-4..1.0_f64,
        moves in prop::array::uniform9((-0.2..0.2_f64, -0.1..0.1_f64)),
    ) {
        let moves = moves.map(|(by, change)| step(by, change));
        let holding = held(call(years), 100.0);
        let together = gains(holding, moves, DAY);
        for (one, gain) in moves.into_iter().zip(together) {
            prop_assert_eq!(gains(holding, [one], DAY)[0].to_bits(), gain.to_bits());
        }
    }
}
