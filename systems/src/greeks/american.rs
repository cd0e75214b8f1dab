//! American options: what the right to exercise early is worth.
//!
//! With a continuous yield the price is the European one plus the gain from exercising below a
//! boundary `B(u)`, u years before expiry:
//!
//! ```text
//! put = european + integral over u of r K e^{-r(T-u)} N(-d-) - q S e^{-q(T-u)} N(-d+)
//!       d+- at (T - u, S / B(u))
//! ```
//!
//! The boundary is found by iterating the condition that the price meets its payoff smoothly
//! (fixed point A of Andersen, Lake and Offengenden 2016, "High-performance American option
//! pricing") on Chebyshev points of the root of time. A call is the put with spot and strike, and rate
//! and yield, exchanged (McDonald and Schroder 1998). A cash dividend before the expiry is priced on a
//! grid in [`dividend`].
//!
//! Not for the tick: a price takes some tenths of a millisecond.
//!
//! [`dividend`]: crate::greeks::american::dividend

use super::black_scholes::black_scholes;
use super::implied_volatility::implied_volatility;
use super::terms::Terms;
use components::contract::Right;
use core::f64::consts::{FRAC_PI_4, PI};
use engine::math::{cos, exp, ln, norm_cdf, norm_pdf, sin};

/// A price by finite differences over a cash dividend.
pub mod dividend;
/// Delta and gamma.
pub mod greeks;

/// Points of the boundary beside the one at expiry.
const BOUNDARY_POINTS: usize = 20;
/// Points of the integrals behind the boundary, and of the one behind the price.
const BOUNDARY_QUADRATURE: usize = 40;
const PRICE_QUADRATURE: usize = 96;
/// Iterations at most, and the relative change at which they end.
const ITERATIONS_MAX: usize = 40;
const CONVERGED: f64 = 1e-12;

/// Steps towards a volatility before it is searched for between bounds.
const NEWTON_STEPS: usize = 12;

/// The price of an American option in dollars at `volatility` a year.
///
/// Without a gain from exercising early (a call without yield, a put without interest) and where
/// nothing is left to decide (no time, no volatility) it is the European price or the payoff,
/// whichever is more.
#[must_use]
pub fn american_price(terms: &Terms, volatility: f64) -> f64 {
    let european = black_scholes(terms, volatility).1.price;
    let payoff = payoff(terms);
    if terms.years <= 0.0 || volatility <= 0.0 {
        return european.max(payoff);
    }
    let put = Put::of(terms, volatility);
    if put.rate <= 0.0 {
        return european.max(payoff);
    }
    let boundary = Boundary::of(&put, terms.years);
    let premium = put.premium(&boundary, terms.years);
    premium.map_or(payoff, |premium| (european + premium).max(payoff))
}

/// What exercising now brings; negative out of the money.
fn payoff(terms: &Terms) -> f64 {
    terms.right.phi() * (terms.spot - terms.strike)
}

/// The volatility at which an American option is worth `price` dollars, to 1e-9; `None` if none between
/// 0.001 and 10 a year is.
#[must_use]
pub fn american_implied_volatility(terms: &Terms, price: f64) -> Option<f64> {
    let gap = |volatility: f64| american_price(terms, volatility) - price;
    // Early exercise adds little where a price says anything about the volatility, so that Newton's steps with the
    // European slope from the European volatility mostly end at once.
    let mut guess = implied_volatility(terms, price).1;
    for _ in 0..NEWTON_STEPS {
        let Some(at) = guess.filter(|at| (1e-3..10.0).contains(at)) else {
            break;
        };
        let off = gap(at);
        if off.abs() < 1e-12 * terms.spot {
            return Some(at);
        }
        let slope = black_scholes(terms, at).1.vega;
        guess = (slope > 1e-3 * terms.spot).then(|| at - off / slope);
    }
    let (mut low, mut high) = (1e-3, 10.0);
    if !(price.is_finite() && gap(low) < 0.0 && gap(high) > 0.0) {
        return None;
    }
    // The false position with Illinois' halving, safe and fast on a rising function.
    let (mut at_low, mut at_high) = (gap(low), gap(high));
    for _ in 0..200 {
        let guess = (low * at_high - high * at_low) / (at_high - at_low);
        let guess = guess.clamp(low, high);
        let found = gap(guess);
        if found.abs() < 1e-12 * terms.spot || high - low < 1e-10 {
            return Some(guess);
        }
        if found < 0.0 {
            (low, at_low) = (guess, found);
            at_high *= 0.5;
        } else {
            (high, at_high) = (guess, found);
            at_low *= 0.5;
        }
    }
    Some(0.5 * (low + high))
}

/// An American put, to which every option comes down.
#[derive(Clone, Copy, Debug)]
struct Put {
    spot: f64,
    strike: f64,
    rate: f64,
    dividend_yield: f64,
    volatility: f64,
}

impl Put {
    /// The put that an option comes down to.
    fn of(terms: &Terms, volatility: f64) -> Self {
        match terms.right {
            Right::Put => Self {
                spot: terms.spot,
                strike: terms.strike,
                rate: terms.rate,
                dividend_yield: terms.dividend_yield,
                volatility,
            },
            Right::Call => Self {
                spot: terms.strike,
                strike: terms.spot,
                rate: terms.dividend_yield,
                dividend_yield: terms.rate,
                volatility,
            },
        }
    }

    /// The gain from exercising early over `years`; `None` if it should be exercised now.
    fn premium(&self, boundary: &Boundary, years: f64) -> Option<f64> {
        if self.spot <= boundary.at(years) {
            return None;
        }
        let mut sum = 0.0;
        for knot in &knots(PRICE_QUADRATURE) {
            let left = years * knot.sine * knot.sine;
            let passed = years * knot.cosine * knot.cosine;
            let (minus, plus) = self.distances(left, self.spot / boundary.at(passed));
            let interest = self.rate * self.strike * exp(-self.rate * left) * norm_cdf(-minus);
            let yielded = self.dividend_yield * self.spot;
            let yielded = yielded * exp(-self.dividend_yield * left) * norm_cdf(-plus);
            sum += knot.weight * knot.sine * knot.cosine * (interest - yielded);
        }
        Some((2.0 * years * sum).max(0.0))
    }

    /// The spot below which it is exercised an instant before expiry.
    fn boundary_at_expiry(&self) -> f64 {
        if self.dividend_yield > self.rate {
            self.strike * self.rate / self.dividend_yield
        } else {
            self.strike
        }
    }

    /// The spot below which it is exercised with all time left.
    fn boundary_for_ever(&self) -> f64 {
        let variance = self.volatility * self.volatility;
        let half = (self.rate - self.dividend_yield) / variance - 0.5;
        let root = (half * half + 2.0 * self.rate / variance).sqrt();
        let exponent = -half - root;
        self.strike * exponent / (exponent - 1.0)
    }

    /// `d-` and `d+` with `years` left and `ratio` of spot to the price compared with.
    fn distances(&self, years: f64, ratio: f64) -> (f64, f64) {
        let deviation = self.volatility * years.sqrt();
        if deviation <= 0.0 {
            let far = if ratio > 1.0 {
                f64::INFINITY
            } else if ratio < 1.0 {
                f64::NEG_INFINITY
            } else {
                0.0
            };
            return (far, far);
        }
        let drift = (self.rate - self.dividend_yield) * years;
        let middle = (ln(ratio) + drift) / deviation;
        (middle - 0.5 * deviation, middle + 0.5 * deviation)
    }

    /// The boundary that follows from `boundary` with `years` left.
    fn improved(&self, boundary: &Boundary, years: f64, knots: &[Knot]) -> f64 {
        let here = boundary.at(years);
        let deviation = self.volatility * years.sqrt();
        let (minus, plus) = self.distances(years, here / self.strike);
        let mut top = norm_pdf(minus) / deviation;
        let mut bottom = norm_pdf(plus) / deviation + norm_cdf(plus);
        for knot in knots {
            let left = years * knot.sine * knot.sine;
            let passed = years * knot.cosine * knot.cosine;
            let (minus, plus) = self.distances(left, here / boundary.at(passed));
            let scale = 2.0 * years * knot.weight * knot.sine * knot.cosine;
            let density = 1.0 / (deviation * knot.sine);
            top += scale * self.rate * exp(self.rate * passed) * norm_pdf(minus) * density;
            let yielded = norm_cdf(plus) + norm_pdf(plus) * density;
            bottom += scale * self.dividend_yield * exp(self.dividend_yield * passed) * yielded;
        }
        let carry = exp(-(self.rate - self.dividend_yield) * years);
        let found = self.strike * carry * top / bottom;
        if found.is_finite() { found } else { here }
    }
}

/// The boundary of exercise as a polynomial in the root of the time left.
#[derive(Clone, Debug)]
struct Boundary {
    expiry: f64,
    years: f64,
    /// `ln(B / B(0))^2` at the Chebyshev points, from the whole time left down to none.
    heights: Vec<f64>,
    coefficients: Vec<f64>,
}

impl Boundary {
    fn of(put: &Put, years: f64) -> Self {
        let expiry = put.boundary_at_expiry();
        let forever = put.boundary_for_ever().min(expiry);
        let mut boundary = Self {
            expiry,
            years,
            heights: vec![0.0; BOUNDARY_POINTS + 1],
            coefficients: vec![0.0; BOUNDARY_POINTS + 1],
        };
        for place in 0..BOUNDARY_POINTS {
            // Falls from the boundary at expiry to the one for ever within some deviations.
            let fall = exp(-2.0 * put.volatility * boundary.time(place).sqrt());
            let guess = forever + (expiry - forever) * fall;
            boundary.set(place, guess);
        }
        boundary.refit();
        let knots = knots(BOUNDARY_QUADRATURE);
        for _ in 0..ITERATIONS_MAX {
            let better: Vec<f64> = (0..BOUNDARY_POINTS)
                .map(|place| put.improved(&boundary, boundary.time(place), &knots))
                .collect();
            let mut change = 0.0_f64;
            for (place, found) in better.into_iter().enumerate() {
                let found = found.clamp(1e-3 * forever, expiry);
                change = change.max((found / boundary.node(place) - 1.0).abs());
                boundary.set(place, found);
            }
            boundary.refit();
            if change < CONVERGED {
                break;
            }
        }
        boundary
    }

    /// The time left at a point.
    fn time(&self, place: usize) -> f64 {
        let angle = PI * place as f64 / BOUNDARY_POINTS as f64;
        let root = 0.5 * self.years.sqrt() * (1.0 + cos(angle));
        root * root
    }

    /// The boundary of a put with `ratio` times the strike.
    fn scaled(&self, ratio: f64) -> Self {
        Self {
            expiry: self.expiry * ratio,
            ..self.clone()
        }
    }

    fn node(&self, place: usize) -> f64 {
        self.expiry * exp(-self.heights[place].sqrt())
    }

    fn set(&mut self, place: usize, boundary: f64) {
        let height = ln(boundary / self.expiry);
        self.heights[place] = height * height;
    }

    fn refit(&mut self) {
        let n = BOUNDARY_POINTS;
        for k in 0..=n {
            let mut sum = 0.0;
            for (place, height) in self.heights.iter().enumerate() {
                let end = if place == 0 || place == n { 0.5 } else { 1.0 };
                let angle = PI * (k * place) as f64 / n as f64;
                sum += end * height * cos(angle);
            }
            let end = if k == 0 || k == n { 0.5 } else { 1.0 };
            self.coefficients[k] = 2.0 * end * sum / n as f64;
        }
    }

    /// The boundary with `years` left (Clenshaw's recurrence).
    fn at(&self, years: f64) -> f64 {
        let z = (2.0 * (years.max(0.0) / self.years).sqrt() - 1.0).clamp(-1.0, 1.0);
        let (mut one, mut two) = (0.0, 0.0);
        for coefficient in self.coefficients.iter().skip(1).rev() {
            (one, two) = (coefficient + 2.0 * z * one - two, one);
        }
        let height = self.coefficients[0] + z * one - two;
        self.expiry * exp(-height.max(0.0).sqrt())
    }
}

/// A point of an integral over the time left: `left = years sin^2`, `passed = years cos^2`.
///
/// The boundary is smooth in the root of the time passed and the density in that of the time left;
/// both are smooth in the angle.
#[derive(Clone, Copy, Debug)]
struct Knot {
    /// Of the angle's integral from 0 to a right angle.
    weight: f64,
    sine: f64,
    cosine: f64,
}

/// The points of the Gauss-Legendre rule over a right angle.
fn knots(count: usize) -> Vec<Knot> {
    let n = count as f64;
    let knot = |place: usize| {
        let mut x = cos(PI * (place as f64 + 0.75) / (n + 0.5));
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut low, mut high) = (1.0, x);
            for k in 2..=count {
                let k = k as f64;
                (low, high) = (high, ((2.0 * k - 1.0) * x * high - (k - 1.0) * low) / k);
            }
            slope = n * (x * high - low) / (x * x - 1.0);
            let step = high / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        let angle = FRAC_PI_4 * (1.0 + x);
        Knot {
            weight: FRAC_PI_4 * 2.0 / ((1.0 - x * x) * slope * slope),
            sine: sin(angle),
            cosine: cos(angle),
        }
    };
    (0..count).map(knot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(right: Right, spot: f64, years: f64) -> Terms {
        Terms {
            right,
            spot,
            strike: 100.0,
            years,
            rate: 0.05,
            dividend_yield: 0.02,
        }
    }

    #[test]
    fn without_interest_a_put_and_without_yield_a_call_is_european() {
        for right in [Right::Call, Right::Put] {
            let terms = Terms {
                rate: if right == Right::Put { 0.0 } else { 0.05 },
                dividend_yield: 0.0,
                ..terms(right, 98.0, 0.5)
            };
            let european = black_scholes(&terms, 0.3).1.price;
            assert_eq!(american_price(&terms, 0.3).to_bits(), european.to_bits());
        }
    }

    #[test]
    fn deep_in_the_money_it_is_exercised_now() {
        let found = american_price(&terms(Right::Put, 40.0, 1.0), 0.2);
        assert_eq!(found.to_bits(), 60.0_f64.to_bits());
        let over = american_price(&terms(Right::Put, 99.0, 0.0), 0.2);
        assert_eq!(over.to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn no_volatility_gives_less_than_the_payoff() {
        let put = terms(Right::Put, 90.0, 0.5);
        assert_eq!(american_implied_volatility(&put, 9.0), None);
        assert_eq!(american_implied_volatility(&put, f64::NAN), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn it_is_worth_more_than_its_payoff_and_the_european_one(
            spot in 60.0_f64..150.0, years in 0.01_f64..2.0, volatility in 0.05_f64..1.0, is_call: bool,
        ) {
            let right = if is_call { Right::Call } else { Right::Put };
            let terms = terms(right, spot, years);
            let price = american_price(&terms, volatility);
            let payoff = if is_call { spot - 100.0 } else { 100.0 - spot };
            prop_assert!(price >= payoff && price >= black_scholes(&terms, volatility).1.price - 1e-9);
            let more = american_price(&terms, volatility + 0.01);
            prop_assert!(more >= price - 1e-7);
        }
    }
}
