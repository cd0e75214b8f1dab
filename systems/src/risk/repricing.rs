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
mod tests;
