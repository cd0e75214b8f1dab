//! What a portfolio would gain or lose under a list of moves, by full re-pricing.
//!
//! `pnl(move) = sum of units x [V(S (1 + return), T - horizon, IV + change) - V(S, T, IV)]`, with
//! the model's value on both sides so that a stale quote is no gain. What expires inside the
//! horizon is worth its intrinsic value then. Delta and gamma alone would miss the kink of a
//! short-dated option, which is the risk. Source: formulas.md 18. Dollars, years of 365 days,
//! decimals.

use crate::greeks::terms::Terms;
use engine::math::norm_cdf;
use std::sync::LazyLock;

/// No move takes an implied volatility below this.
pub const IV_MIN: f64 = 0.01;

/// A trading day in years of 365 days, for the stand-in of a history: 1/252.
pub const TRADING_DAY_YEARS: f64 = 1.0 / 252.0;

/// What one day did to an underlying.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Move {
    /// Its return, 0.01 is up 1 %.
    pub underlying_return: f64,
    /// Change of its at-the-money implied volatility, 0.01 is a point.
    pub iv_change: f64,
}

impl Move {
    /// The stand-in for an underlying without a history: the index's move times its beta.
    #[must_use]
    pub fn scaled(self, beta: f64) -> Self {
        Self {
            underlying_return: self.underlying_return * beta,
            iv_change: self.iv_change,
        }
    }
}

/// What is held of one instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Holding {
    /// An option.
    Option {
        /// What its value depends on now, but for the volatility.
        terms: Terms,
        /// The implied volatility now.
        volatility: f64,
        /// Contracts times multiplier, negative is short.
        units: f64,
    },
    /// Shares.
    Shares {
        /// The price now, dollars.
        spot: f64,
        /// Shares, negative is short.
        units: f64,
    },
}

/// A holding that has no value under a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("holding {holding} has no value under move {day}, must have finite inputs above zero")]
pub struct NoValue {
    /// Its place in the list.
    pub holding: usize,
    /// The move's place, or `usize::MAX` for the value now.
    pub day: usize,
}

/// Adds to `pnl_usd`, one entry a move, what `holding` would gain under each of `moves`.
///
/// `price` is the model: the value of a unit in dollars, `None` where there is none. It is not
/// asked for what has expired.
///
/// # Errors
/// When a value is missing or not finite; `pnl_usd` then holds part of a sum and means nothing.
///
/// # Panics
/// When `moves` and `pnl_usd` differ in length.
pub fn reprice(
    holding: &Holding,
    moves: &[Move],
    horizon_years: f64,
    price: impl Fn(&Terms, f64) -> Option<f64>,
    pnl_usd: &mut [f64],
) -> Result<(), NoValue> {
    assert_eq!(moves.len(), pnl_usd.len(), "a P&L for every move");
    let missing = |day| NoValue { holding: 0, day };
    let finite = |value: f64| value.is_finite().then_some(value);
    match *holding {
        Holding::Shares { spot, units } => {
            for (day, (step, pnl)) in moves.iter().zip(pnl_usd).enumerate() {
                let gain = finite(units * spot * step.underlying_return);
                *pnl += gain.ok_or(missing(day))?;
            }
        }
        Holding::Option {
            terms,
            volatility,
            units,
        } => {
            let now = value(&terms, volatility, &price).ok_or(missing(usize::MAX))?;
            for (day, (step, pnl)) in moves.iter().zip(pnl_usd).enumerate() {
                let (terms, volatility) = moved(&terms, volatility, *step, horizon_years);
                let then = value(&terms, volatility, &price);
                let gain = then.and_then(|then| finite(units * (then - now)));
                *pnl += gain.ok_or(missing(day))?;
            }
        }
    }
    Ok(())
}

/// The P&L vector of a portfolio. `moves_of` names the moves of each holding's underlying; all
/// lists are of the same days and of the length `days`.
///
/// # Errors
/// The first holding without a value.
///
/// # Panics
/// When a list of moves is not `days` long.
pub fn reprice_portfolio<'a>(
    holdings: &[Holding],
    days: usize,
    moves_of: impl Fn(usize) -> &'a [Move],
    horizon_years: f64,
    price: impl Fn(&Terms, f64) -> Option<f64>,
) -> Result<Vec<f64>, NoValue> {
    let mut pnl_usd = vec![0.0; days];
    for (place, holding) in holdings.iter().enumerate() {
        let moves = moves_of(place);
        reprice(holding, moves, horizon_years, &price, &mut pnl_usd).map_err(|found| NoValue {
            holding: place,
            ..found
        })?;
    }
    Ok(pnl_usd)
}

/// The stand-in for a missing history: `count` moves of a normal day at the volatility `iv`, from
/// the worst to the best, at the middles of equal shares of probability, without a change of
/// volatility.
///
/// Used for several underlyings at once it takes them to move together.
#[must_use]
pub fn normal_moves(iv: f64, count: usize) -> Vec<Move> {
    /// They are the same every time; the assessment of a book asks for fifty.
    static FIFTY: LazyLock<Vec<f64>> = LazyLock::new(|| (0..50).map(|n| middle(n, 50)).collect());
    let day = iv * TRADING_DAY_YEARS.sqrt();
    let of = |place: usize| Move {
        underlying_return: day
            * if count == FIFTY.len() {
                FIFTY[place]
            } else {
                middle(place, count)
            },
        iv_change: 0.0,
    };
    (0..count).map(of).collect()
}

/// The middle of share `place` of `count` equal shares of a standard normal.
fn middle(place: usize, count: usize) -> f64 {
    normal_quantile((place as f64 + 0.5) / count as f64)
}

/// How many moves [`scenarios`] makes.
pub const SCENARIOS: usize = 9;

/// The scenarios of the stress limit: the underlying by `-spot_share`, 0 and `+spot_share`, each
/// with the volatility by `-iv_change`, 0 and `+iv_change`. The one in the middle is no move at
/// all.
#[must_use]
pub fn scenarios(spot_share: f64, iv_change: f64) -> [Move; SCENARIOS] {
    const STEPS: [f64; 3] = [-1.0, 0.0, 1.0];
    core::array::from_fn(|place| Move {
        underlying_return: STEPS[place / 3] * spot_share,
        iv_change: STEPS[place % 3] * iv_change,
    })
}

fn moved(terms: &Terms, volatility: f64, step: Move, horizon_years: f64) -> (Terms, f64) {
    let terms = Terms {
        spot: terms.spot * (1.0 + step.underlying_return),
        years: terms.years - horizon_years,
        ..*terms
    };
    (terms, (volatility + step.iv_change).max(IV_MIN))
}

fn value(
    terms: &Terms,
    volatility: f64,
    price: impl Fn(&Terms, f64) -> Option<f64>,
) -> Option<f64> {
    if terms.years > 0.0 {
        return price(terms, volatility).filter(|value| value.is_finite());
    }
    let intrinsic = terms.right.phi() * (terms.spot - terms.strike);
    intrinsic.is_finite().then(|| intrinsic.max(0.0))
}

/// The point below which a standard normal lies with `probability`, by halving: exact enough for a
/// stand-in and the same bits everywhere.
fn normal_quantile(probability: f64) -> f64 {
    let (mut low, mut high) = (-10.0, 10.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if norm_cdf(middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::greeks::black_scholes::black_scholes;
    use crate::risk::var::value_at_risk;
    use components::contract::Right;

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

    fn model(terms: &Terms, volatility: f64) -> Option<f64> {
        let (status, greeks) = black_scholes(terms, volatility);
        status.has_values().then_some(greeks.price)
    }

    fn pnl(holding: Holding, moves: &[Move], horizon: f64) -> Vec<f64> {
        reprice_portfolio(&[holding], moves.len(), |_| moves, horizon, model).unwrap()
    }

    fn step(underlying_return: f64, iv_change: f64) -> Move {
        Move {
            underlying_return,
            iv_change,
        }
    }

    #[test]
    fn no_move_over_no_time_gains_nothing() {
        let held = Holding::Option {
            terms: call(0.1),
            volatility: IV,
            units: 100.0,
        };
        assert_eq!(pnl(held, &[Move::default()], 0.0), [0.0]);
    }

    #[test]
    fn what_expires_inside_the_horizon_is_worth_its_intrinsic_value() {
        let terms = call(0.5 * DAY);
        let now = model(&terms, IV).unwrap();
        let held = Holding::Option {
            terms,
            volatility: IV,
            units: 100.0,
        };
        let found = pnl(held, &[step(0.03, 0.5), step(-0.03, 0.5)], DAY);
        assert!((found[0] - 100.0 * (3.0 - now)).abs() < 1e-9, "{found:?}");
        assert!(
            (found[1] + 100.0 * now).abs() < 1e-9,
            "the premium, not more"
        );
    }

    #[test]
    fn the_gain_is_the_models_difference_and_not_delta() {
        let terms = call(30.0 * DAY);
        let held = Holding::Option {
            terms,
            volatility: IV,
            units: -200.0,
        };
        let then = Terms {
            spot: 110.0,
            years: 29.0 * DAY,
            ..terms
        };
        let expected = -200.0 * (model(&then, 0.25).unwrap() - model(&terms, IV).unwrap());
        let found = pnl(held, &[step(0.10, 0.05)], DAY);
        assert!((found[0] - expected).abs() < 1e-9 && expected < -1000.0);
    }

    #[test]
    fn shares_move_with_the_underlying_alone() {
        let held = Holding::Shares {
            spot: 50.0,
            units: -100.0,
        };
        assert_eq!(pnl(held, &[step(0.02, 0.3)], DAY), [-100.0]);
    }

    #[test]
    fn a_volatility_never_falls_below_the_least() {
        let held = Holding::Option {
            terms: call(0.1),
            volatility: IV,
            units: 1.0,
        };
        let found = pnl(held, &[step(0.0, -0.19), step(0.0, -5.0)], 0.0);
        assert!((found[0] - found[1]).abs() < 1e-12);
    }

    #[test]
    fn what_has_no_value_is_named() {
        let held = Holding::Option {
            terms: call(0.1),
            volatility: IV,
            units: 1.0,
        };
        let moves = [Move::default(), step(f64::NAN, 0.0)];
        let found = reprice_portfolio(&[held, held], 2, |_| &moves, 0.0, model);
        assert_eq!(found, Err(NoValue { holding: 0, day: 1 }));
        let found = reprice_portfolio(&[held], 2, |_| &moves, 0.0, |_, _| None);
        assert_eq!(found.map_err(|found| found.day), Err(usize::MAX));
    }

    #[test]
    fn the_stand_in_of_a_history_has_the_quantile_of_the_normal() {
        let moves = normal_moves(0.20, 2_000);
        let shares = Holding::Shares {
            spot: 100.0,
            units: 1.0,
        };
        let found = value_at_risk(&pnl(shares, &moves, DAY), 0.95).unwrap();
        // 1.644854 sigma and, beyond it, n(1.644854) / 0.05 = 2.062713 sigma.
        let sigma = 100.0 * 0.20 * TRADING_DAY_YEARS.sqrt();
        assert!((found.linear_usd / sigma - 1.644_854).abs() < 3e-3);
        assert!((found.shortfall_usd / sigma - 2.062_713).abs() < 5e-3);
    }

    #[test]
    fn scenarios_have_every_corner() {
        let grid = scenarios(0.05, 0.10);
        for corner in [step(-0.05, -0.10), step(-0.05, 0.10), step(0.05, 0.0)] {
            assert!(grid.contains(&corner), "{corner:?}");
        }
        assert_eq!(grid[4], Move::default());
        assert_eq!(step(0.02, 0.01).scaled(1.5), step(0.03, 0.01));
    }
}
