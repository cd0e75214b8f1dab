//! An American option over one cash dividend: the spot falls by it on the ex-date.
//!
//! Crank and Nicolson's scheme on an even grid of the logarithm of the spot, with implicit steps after
//! each kink (expiry, dividend) and the payoff as a floor after each step. Good to half a cent for
//! options of some months.

use crate::greeks::terms::Terms;
use components::contract::Right;
use engine::math::{exp, ln};

/// Steps in space; the grid has one point more.
const SPACE: usize = 800;
/// Steps in time, shared by the stretches before and after the dividend.
const TIME: usize = 800;
/// A stretch has at least so many of them.
const STEPS_MIN: usize = 20;
/// The grid reaches so many deviations to both sides.
const DEVIATIONS: f64 = 6.0;
/// Implicit steps after a kink, each half as long.
const SMOOTHING: usize = 4;

/// A dividend in cash.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CashDividend {
    /// Dollars a share.
    pub amount: f64,
    /// Years from now to the ex-date.
    pub years: f64,
}

/// The price of an American option in dollars at `volatility` a year, with `dividend` before its expiry.
/// The yield of the terms runs beside it.
#[must_use]
pub fn american_price_with_dividend(terms: &Terms, volatility: f64, dividend: CashDividend) -> f64 {
    let payoff = |spot: f64| match terms.right {
        Right::Call => (spot - terms.strike).max(0.0),
        Right::Put => (terms.strike - spot).max(0.0),
    };
    if terms.years <= 0.0 || volatility <= 0.0 {
        return payoff(terms.spot);
    }
    let deviation = volatility * terms.years.sqrt();
    let width = (DEVIATIONS * deviation).max(0.05) + dividend.amount / terms.spot;
    let grid = Grid {
        low: ln(terms.spot) - width,
        step: 2.0 * width / SPACE as f64,
        floor: Vec::new(),
    };
    let floor: Vec<f64> = (0..=SPACE).map(|place| payoff(grid.spot(place))).collect();
    let grid = Grid { floor, ..grid };
    let mut values = grid.floor.clone();
    let after = terms.years - dividend.years.clamp(0.0, terms.years);
    // The first number of steps that is no coarser than the whole.
    let share = |years: f64| {
        let enough = |steps: &usize| TIME as f64 * years <= *steps as f64 * terms.years;
        (STEPS_MIN..TIME).find(enough).unwrap_or(TIME)
    };
    if after > 0.0 {
        grid.walk_back(&mut values, terms, volatility, after, share(after));
    }
    if dividend.years < terms.years {
        let before = values.clone();
        for (place, value) in values.iter_mut().enumerate() {
            let ex = (grid.spot(place) - dividend.amount).max(1e-8);
            *value = grid.value_at(&before, ex).max(grid.floor[place]);
        }
        if dividend.years > 0.0 {
            grid.walk_back(
                &mut values,
                terms,
                volatility,
                dividend.years,
                share(dividend.years),
            );
        }
    }
    grid.value_at(&values, terms.spot)
}

/// Even points in the logarithm of the spot, and the payoff at each.
struct Grid {
    low: f64,
    step: f64,
    floor: Vec<f64>,
}

impl Grid {
    fn spot(&self, place: usize) -> f64 {
        exp(self.low + self.step * place as f64)
    }

    /// The value at any spot, by a parabola through the nearest points.
    fn value_at(&self, values: &[f64], spot: f64) -> f64 {
        let x = (ln(spot) - self.low) / self.step;
        let last = values.len() - 2;
        let middle = (1..=last)
            .find(|place| x <= *place as f64 + 0.5)
            .unwrap_or(last);
        let t = (x - middle as f64).clamp(-1.0, 1.5);
        let (left, centre, right) = (values[middle - 1], values[middle], values[middle + 1]);
        centre + 0.5 * t * (right - left) + 0.5 * t * t * (right - 2.0 * centre + left)
    }

    /// Takes `values` back by `years` in `steps`.
    fn walk_back(
        &self,
        values: &mut [f64],
        terms: &Terms,
        volatility: f64,
        years: f64,
        steps: usize,
    ) {
        let whole = years / steps as f64;
        let mut tridiagonal = Tridiagonal::new(values.len());
        for _ in 0..SMOOTHING {
            self.step_back(
                values,
                terms,
                volatility,
                0.5 * whole,
                1.0,
                &mut tridiagonal,
            );
        }
        for _ in SMOOTHING / 2..steps {
            self.step_back(values, terms, volatility, whole, 0.5, &mut tridiagonal);
        }
    }

    /// One step of `years`, `implicit` 1 for fully implicit and 0.5 for Crank and Nicolson.
    fn step_back(
        &self,
        values: &mut [f64],
        terms: &Terms,
        volatility: f64,
        years: f64,
        implicit: f64,
        system: &mut Tridiagonal,
    ) {
        let variance = volatility * volatility;
        let drift = terms.rate - terms.dividend_yield - 0.5 * variance;
        let spread = 0.5 * variance / (self.step * self.step);
        let slope = 0.5 * drift / self.step;
        let (down, up) = (spread - slope, spread + slope);
        let middle = -2.0 * spread - terms.rate;
        let last = values.len() - 1;
        let explicit = (1.0 - implicit) * years;
        for place in 1..last {
            let flow = down * values[place - 1] + middle * values[place] + up * values[place + 1];
            system.right[place] = values[place] + explicit * flow;
        }
        // Far out the payoff is all there is.
        system.right[0] = self.floor[0];
        system.right[last] = self.floor[last];
        let factor = implicit * years;
        system.solve(-factor * down, 1.0 - factor * middle, -factor * up, values);
        for (value, floor) in values.iter_mut().zip(&self.floor) {
            *value = value.max(*floor);
        }
    }
}

/// A system of equations with three constant diagonals, the first and last unknown given.
struct Tridiagonal {
    right: Vec<f64>,
    scratch: Vec<f64>,
}

impl Tridiagonal {
    fn new(size: usize) -> Self {
        Self {
            right: vec![0.0; size],
            scratch: vec![0.0; size],
        }
    }

    fn solve(&mut self, lower: f64, diagonal: f64, upper: f64, found: &mut [f64]) {
        let last = self.right.len() - 1;
        self.scratch[0] = 0.0;
        found[0] = self.right[0];
        for place in 1..last {
            let pivot = diagonal - lower * self.scratch[place - 1];
            self.scratch[place] = upper / pivot;
            found[place] = (self.right[place] - lower * found[place - 1]) / pivot;
        }
        found[last] = self.right[last];
        for place in (1..last).rev() {
            found[place] -= self.scratch[place] * found[place + 1];
        }
    }
}
