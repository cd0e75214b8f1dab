//! What a holding would gain or lose under a list of moves, by full re-pricing.
//!
//! `pnl(move) = units x [V(S (1 + return), T - horizon, IV + change) - V(S, T, IV)]`, with the
//! model's value on both sides so that a stale quote is no gain. What expires inside the horizon is
//! worth its intrinsic value then. Delta and gamma alone would miss the kink of a short-dated
//! option, which is the risk. Source: formulas.md 18. Dollars, years of 365 days, decimals.
//!
//! The value is that of `greeks::black_scholes` to 1e-11 of the spot, in a form for grids: what all
//! moves share is computed once, the logarithm of a move is known before, and one exponential
//! serves both legs, as `S e^{-qT} n(d1) = K e^{-rT} n(d2)`. The loop has no branch and no call, so
//! that it becomes vector code; each value depends on its own move alone, to the last bit.

use crate::greeks::terms::Terms;
use engine::math::{exp, exp_vectorizable, ln_1p, ln_ratio, norm_cdf, norm_tail_vectorizable};

/// No move takes an implied volatility below this.
pub const IV_MIN: f64 = 0.01;

/// A trading day in years of 365 days: 1/252.
pub const TRADING_DAY_YEARS: f64 = 1.0 / 252.0;

/// Days of a history.
pub const HISTORY_DAYS: usize = 50;

/// How many moves [`scenarios`] makes.
pub const SCENARIOS: usize = 9;

/// What one day did to an underlying.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Move {
    /// Its return, 0.01 is up 1 %.
    pub underlying_return: f64,
    /// Change of its at-the-money implied volatility, 0.01 is a point.
    pub iv_change: f64,
}

/// `N` moves as columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Moves<const N: usize> {
    returns: [f64; N],
    /// `ln(1 + return)`.
    log_returns: [f64; N],
    iv_changes: [f64; N],
}

impl<const N: usize> Moves<N> {
    /// The moves of a list.
    #[must_use]
    pub fn new(moves: &[Move; N]) -> Self {
        let returns = moves.map(|step| step.underlying_return);
        Self {
            returns,
            log_returns: returns.map(ln_1p),
            iv_changes: moves.map(|step| step.iv_change),
        }
    }

    /// The moves with these logarithms of `1 + return`, without a change of volatility.
    #[must_use]
    pub fn of_log_returns(log_returns: [f64; N]) -> Self {
        Self {
            returns: log_returns.map(|step| exp_vectorizable(step) - 1.0),
            log_returns,
            iv_changes: [0.0; N],
        }
    }
}

/// One state of the world that a book is re-priced in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shock {
    /// What the underlying and its volatility do.
    pub step: Move,
    /// Change of the continuously compounded rate, 0.01 is a point.
    pub rate_change: f64,
    /// Years that pass.
    pub years: f64,
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

impl Holding {
    /// What it would gain under each of `moves`, dollars; `None` where one of its values is missing
    /// or not finite.
    #[must_use]
    pub fn gains<const N: usize>(&self, moves: &Moves<N>, horizon_years: f64) -> Option<[f64; N]> {
        let gains = match *self {
            Self::Shares { spot, units } => moves.returns.map(|step| units * spot * step),
            Self::Option {
                terms,
                volatility,
                units,
            } => {
                terms.check_volatility(volatility).ok()?;
                let now = Valuer::new(&terms, terms.years).value(0.0, 0.0, volatility);
                let valuer = Valuer::new(&terms, terms.years - horizon_years);
                let mut then = valuer.values(moves, volatility);
                for value in &mut then {
                    *value = units * (*value - now);
                }
                then
            }
        };
        gains.iter().all(|gain| gain.is_finite()).then_some(gains)
    }

    /// What it would gain in one state of the world, dollars; `None` where that is no number.
    #[must_use]
    pub fn gain(&self, shock: &Shock) -> Option<f64> {
        let Move {
            underlying_return,
            iv_change,
        } = shock.step;
        let gain = match *self {
            Self::Shares { spot, units } => units * spot * underlying_return,
            Self::Option {
                terms,
                volatility,
                units,
            } => {
                terms.check_volatility(volatility).ok()?;
                let now = Valuer::new(&terms, terms.years).value(0.0, 0.0, volatility);
                let rate = terms.rate + shock.rate_change;
                let then = Valuer::new(&Terms { rate, ..terms }, terms.years - shock.years);
                let moved = volatility + iv_change;
                let moved = if moved < IV_MIN { IV_MIN } else { moved };
                units * (then.value(underlying_return, ln_1p(underlying_return), moved) - now)
            }
        };
        gain.is_finite().then_some(gain)
    }
}

/// What the values of one option at one time share.
struct Valuer {
    /// 1 for a call, -1 for a put.
    phi: f64,
    spot: f64,
    strike: f64,
    expired: bool,
    /// `ln(S/K) + (r - q) T`.
    log_forward: f64,
    sqrt_years: f64,
    /// The spot, discounted by the yield.
    spot_leg: f64,
    /// The strike, discounted by the rate.
    strike_leg: f64,
}

impl Valuer {
    fn new(terms: &Terms, years: f64) -> Self {
        let left = years.max(0.0);
        let carry = (terms.rate - terms.dividend_yield) * left;
        Self {
            phi: terms.right.phi(),
            spot: terms.spot,
            strike: terms.strike,
            expired: years <= 0.0,
            log_forward: ln_ratio(terms.spot, terms.strike) + carry,
            sqrt_years: left.sqrt(),
            spot_leg: terms.spot * exp(-terms.dividend_yield * left),
            strike_leg: terms.strike * exp(-terms.rate * left),
        }
    }

    fn values<const N: usize>(&self, moves: &Moves<N>, volatility: f64) -> [f64; N] {
        let mut values = [0.0; N];
        if self.expired {
            for (value, step) in values.iter_mut().zip(&moves.returns) {
                *value = self.intrinsic(*step);
            }
            return values;
        }
        for (day, value) in values.iter_mut().enumerate() {
            let moved = volatility + moves.iv_changes[day];
            let volatility = if moved < IV_MIN { IV_MIN } else { moved };
            *value = self.smooth(moves.returns[day], moves.log_returns[day], volatility);
        }
        values
    }

    fn value(&self, step: f64, log_return: f64, volatility: f64) -> f64 {
        if self.expired {
            self.intrinsic(step)
        } else {
            self.smooth(step, log_return, volatility)
        }
    }

    /// Not `max`, which would take the 0 where there is no number.
    fn intrinsic(&self, step: f64) -> f64 {
        let worth = self.phi * (self.spot * (1.0 + step) - self.strike);
        if worth < 0.0 { 0.0 } else { worth }
    }

    #[inline(always)]
    fn smooth(&self, step: f64, log_return: f64, volatility: f64) -> f64 {
        let total = volatility * self.sqrt_years;
        let d1 = (self.log_forward + log_return) / total + 0.5 * total;
        let d2 = d1 - total;
        let spot_leg = self.spot_leg * (1.0 + step);
        let (size1, size2) = (d1.abs(), d2.abs());
        // The same product of leg and density from either side: the nearer one does not underflow.
        let (near, leg) = if size1 < size2 {
            (size1, spot_leg)
        } else {
            (size2, self.strike_leg)
        };
        let density = leg * exp_vectorizable(-0.5 * (near * near));
        let spot_tail = density * norm_tail_vectorizable(size1);
        let strike_tail = density * norm_tail_vectorizable(size2);
        let spot_part = if self.phi * d1 > 0.0 {
            spot_leg - spot_tail
        } else {
            spot_tail
        };
        let strike_part = if self.phi * d2 > 0.0 {
            self.strike_leg - strike_tail
        } else {
            strike_tail
        };
        let worth = self.phi * (spot_part - strike_part);
        if worth < 0.0 { 0.0 } else { worth }
    }
}

/// The stand-in for a history that is not there: equally likely days of a log-normal year, from the
/// worst to the best, without a change of volatility.
///
/// Used for several underlyings at once it takes them to move together.
#[derive(Clone, Debug, PartialEq)]
pub struct NormalDays([f64; HISTORY_DAYS]);

impl Default for NormalDays {
    fn default() -> Self {
        let middle = |place: usize| (place as f64 + 0.5) / HISTORY_DAYS as f64;
        Self(core::array::from_fn(|place| {
            TRADING_DAY_YEARS.sqrt() * normal_quantile(middle(place))
        }))
    }
}

impl NormalDays {
    /// The days of an underlying with the volatility `iv` a year: at the middles of equal shares of
    /// probability.
    #[must_use]
    pub fn moves(&self, iv: f64) -> Moves<HISTORY_DAYS> {
        Moves::of_log_returns(self.0.map(|step| iv * step))
    }
}

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
}
