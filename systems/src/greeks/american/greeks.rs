//! Delta and gamma of an American option.

use super::{Boundary, Put, payoff};
use crate::greeks::black_scholes::black_scholes;
use crate::greeks::terms::Terms;

/// The largest step of the spot for differences, as a share of it.
const SPOT_STEP_MAX: f64 = 2e-3;

/// What an American option is worth, and how that moves with the spot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AmericanGreeks {
    /// Dollars.
    pub price: f64,
    /// Per $1 of spot.
    pub delta: f64,
    /// Change of delta per $1 of spot.
    pub gamma: f64,
}

/// Price, delta and gamma of an American option at `volatility` a year: delta per $1, gamma as the change of
/// delta per $1.
///
/// The European part is exact; what early exercise adds is differentiated on three spots with one boundary, which
/// is good to some 1e-6 of delta away from the boundary. Where it should be exercised now, delta is that of
/// the payoff and gamma 0.
#[must_use]
pub fn american_greeks(terms: &Terms, volatility: f64) -> AmericanGreeks {
    let european = black_scholes(terms, volatility).1;
    let mut greeks = AmericanGreeks {
        price: european.price.max(payoff(terms)),
        delta: european.delta,
        gamma: european.gamma,
    };
    let put = Put::of(terms, volatility);
    if terms.years <= 0.0 || volatility <= 0.0 || put.rate <= 0.0 {
        return greeks;
    }
    let boundary = Boundary::of(&put, terms.years);
    let base = put.strike;
    // What the American option is worth more than the European one, at another spot.
    let more = |spot: f64| {
        let moved = Terms { spot, ..*terms };
        let put = Put::of(&moved, volatility);
        // A boundary is proportional to the strike, which for a call is the spot.
        let boundary = boundary.scaled(put.strike / base);
        let payoff = payoff(&moved);
        let european = black_scholes(&moved, volatility).1.price;
        let premium = put.premium(&boundary, terms.years);
        premium.map_or(payoff - european, |premium| premium.max(payoff - european))
    };
    let Some(premium) = put.premium(&boundary, terms.years) else {
        greeks.price = payoff(terms);
        greeks.delta = terms.right.phi();
        greeks.gamma = 0.0;
        return greeks;
    };
    greeks.price = (european.price + premium).max(payoff(terms));
    let step = terms.spot * (0.05 * volatility * terms.years.sqrt()).min(SPOT_STEP_MAX);
    let (down, here, up) = (
        more(terms.spot - step),
        more(terms.spot),
        more(terms.spot + step),
    );
    greeks.delta += 0.5 * (up - down) / step;
    greeks.gamma += (up - 2.0 * here + down) / (step * step);
    greeks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::greeks::american::american_price;
    use components::contract::Right;

    #[test]
    fn delta_and_gamma_are_the_slope_and_the_bend_of_the_price() {
        for (right, spot, years) in [
            (Right::Put, 97.0, 0.5),
            (Right::Put, 110.0, 1.5),
            (Right::Call, 104.0, 2.0),
            (Right::Call, 90.0, 0.1),
        ] {
            let terms = terms(right, spot, years);
            let at = |spot: f64| american_price(&Terms { spot, ..terms }, 0.25);
            let found = american_greeks(&terms, 0.25);
            assert!((found.price - at(spot)).abs() < 1e-12);
            let delta = (at(spot + 0.05) - at(spot - 0.05)) / 0.1;
            let gamma = (at(spot + 0.2) - 2.0 * at(spot) + at(spot - 0.2)) / 0.04;
            assert!((found.delta - delta).abs() < 1e-5, "{found:?} {delta}");
            assert!(
                (found.gamma - gamma).abs() < 1e-4 * gamma.max(0.01),
                "{found:?} {gamma}"
            );
        }
        let now = american_greeks(&terms(Right::Put, 40.0, 1.0), 0.2);
        assert_eq!((now.price, now.delta, now.gamma), (60.0, -1.0, 0.0));
    }

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
}
