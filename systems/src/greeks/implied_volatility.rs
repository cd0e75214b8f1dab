//! The volatility at which Black-Scholes-Merton returns an observed price.
//!
//! ```text
//! F = S e^{(r-q)T}        sigma = LetsBeRational(price e^{rT}, F, K, T, phi)
//! ```
//!
//! Source: Jaeckel, *Let's Be Rational* (2015, revised 2024), through the crate `implied-vol`: a
//! closed first guess and two higher-order steps reach what an `f64` can hold everywhere. There is
//! no iteration count to run out of. A price without a volatility gets a status that says why and
//! never a stand-in.
//!
//! The crate calls the standard library's `exp` and `ln`, the one exception to `engine::math`: if
//! digests ever differ between machines, look here first.

use super::terms::{Columns, Discounts, Terms};
use components::contract::Right;
use components::greeks::IvStatus;
use engine::math::{ln_ratio, norm_pdf};
use implied_vol::{DefaultSpecialFn, ImpliedBlackVolatility};

/// A price this near to its lower bound, in roundings of the larger leg, holds no time value.
const NO_TIME_VALUE_ROUNDINGS: f64 = 4.0;

/// Roundings that the attainable error allows for: the quote, both legs, their difference, the
/// forward, each a few.
const ATTAINABLE_ROUNDINGS: f64 = 32.0;

/// Above this attainable error, relative to the volatility, it is flagged.
const ATTAINABLE_ERROR_MAX: f64 = 1e-4;

/// The implied volatility of one option at `price` in dollars, discounted as it trades, or why
/// there is none.
///
/// There is a value with [`IvStatus::Ok`] and [`IvStatus::IllConditioned`] and with no other.
///
/// # Examples
/// ```
/// use components::contract::Right;
/// use components::greeks::IvStatus;
/// use systems::greeks::implied_volatility::implied_volatility;
/// use systems::greeks::terms::Terms;
///
/// // Hull, section 15.11: a call at 1.875 with S = 21, K = 20, T = 0.25, r = 10 % implies 23.5 %.
/// let call = Terms {
///     right: Right::Call,
///     spot: 21.0,
///     strike: 20.0,
///     years: 0.25,
///     rate: 0.10,
///     dividend_yield: 0.0,
/// };
/// let (status, volatility) = implied_volatility(&call, 1.875);
/// assert_eq!(status, IvStatus::Ok);
/// assert!((volatility.unwrap() - 0.235).abs() < 0.0005);
///
/// // 21 - 20 e^{-0.025} = 1.494 is the least it can be worth.
/// assert_eq!(implied_volatility(&call, 1.40), (IvStatus::BelowIntrinsic, None));
/// ```
#[must_use]
pub fn implied_volatility(terms: &Terms, price: f64) -> (IvStatus, Option<f64>) {
    solve(terms, price, &Discounts::of(terms))
}

/// The implied volatilities of a chain at one spot, each row at its price, bit for bit those of
/// [`implied_volatility`].
///
/// # Panics
/// If columns and outputs differ in length.
///
/// # Examples
/// ```
/// use components::contract::Right;
/// use components::greeks::IvStatus;
/// use systems::greeks::implied_volatility::implied_volatility_rows;
/// use systems::greeks::terms::Columns;
///
/// // At the forward a call is worth about 0.4 S sigma sqrt(T): 0.4 x 100 x 0.2 x 0.5 = 4.
/// let columns = Columns {
///     right: &[Right::Call, Right::Call],
///     strike: &[100.0, 100.0],
///     years: &[0.25, 0.25],
///     rate: &[0.0, 0.0],
///     dividend_yield: &[0.0, 0.0],
/// };
/// let (mut statuses, mut volatilities) = ([IvStatus::NoQuote; 2], [None; 2]);
/// implied_volatility_rows(100.0, &columns, &[4.0, 100.0], &mut statuses, &mut volatilities);
/// assert!((volatilities[0].unwrap() - 0.2).abs() < 0.001);
/// assert_eq!((statuses[1], volatilities[1]), (IvStatus::AboveMax, None));
/// ```
pub fn implied_volatility_rows(
    spot: f64,
    columns: &Columns<'_>,
    prices: &[f64],
    statuses: &mut [IvStatus],
    volatilities: &mut [Option<f64>],
) {
    let rows = columns.rows();
    assert_eq!(prices.len(), rows, "columns have equal lengths");
    assert!(
        statuses.len() == rows && volatilities.len() == rows,
        "outputs have a row for every input"
    );
    let mut discounts = Discounts::new(0.0, 0.0, 0.0);
    for (row, (status, volatility)) in statuses.iter_mut().zip(volatilities).enumerate() {
        let terms = columns.row(row, spot);
        if !discounts.fit(&terms) {
            discounts = Discounts::of(&terms);
        }
        (*status, *volatility) = solve(&terms, prices[row], &discounts);
    }
}

fn solve(terms: &Terms, price: f64, discounts: &Discounts) -> (IvStatus, Option<f64>) {
    if terms.check_price(price).is_err() {
        return (IvStatus::Error, None);
    }
    if terms.years <= 0.0 {
        return (IvStatus::Expired, None);
    }
    let spot_leg = terms.spot * discounts.by_yield;
    let strike_leg = terms.strike * discounts.by_rate;
    let larger_leg = spot_leg.max(strike_leg);
    let forward = spot_leg / discounts.by_rate;
    let forward_price = price / discounts.by_rate;
    if !(spot_leg > 0.0 && strike_leg > 0.0 && forward.is_finite() && forward_price.is_finite()) {
        return (IvStatus::Error, None);
    }

    let intrinsic = (terms.right.phi() * (spot_leg - strike_leg)).max(0.0);
    let upper = if terms.right == Right::Call {
        spot_leg
    } else {
        strike_leg
    };
    let time_value = price - intrinsic;
    if price == 0.0 && intrinsic == 0.0 {
        return (IvStatus::ZeroPrice, None);
    }
    if time_value.abs() <= NO_TIME_VALUE_ROUNDINGS * f64::EPSILON * larger_leg {
        return (IvStatus::NoTimeValue, None);
    }
    if time_value < 0.0 {
        return (IvStatus::BelowIntrinsic, None);
    }
    if price >= upper {
        return (IvStatus::AboveMax, None);
    }

    let volatility = ImpliedBlackVolatility::builder()
        .option_price(forward_price)
        .forward(forward)
        .strike(terms.strike)
        .expiry(terms.years)
        .is_call(terms.right == Right::Call)
        .build()
        .and_then(|option| option.calculate::<DefaultSpecialFn>())
        .filter(|volatility| volatility.is_finite() && *volatility > 0.0);
    let Some(volatility) = volatility else {
        // Inside its bounds here, outside them by the solver's rounding: at the nearer one.
        let nearer_upper = upper - price < time_value;
        return (
            if nearer_upper {
                IvStatus::AboveMax
            } else {
                IvStatus::NoTimeValue
            },
            None,
        );
    };

    // In the money the time value is a difference of numbers as large as the legs, and carries
    // their rounding; out of the money it is the price itself.
    let rounded = if intrinsic > 0.0 { larger_leg } else { price };
    let total_volatility = volatility * discounts.sqrt_years;
    let d1 = ln_ratio(forward, terms.strike) / total_volatility + 0.5 * total_volatility;
    let error_times_vega = ATTAINABLE_ROUNDINGS * f64::EPSILON * rounded;
    let vega = spot_leg * norm_pdf(d1) * discounts.sqrt_years;
    let well_conditioned = error_times_vega <= ATTAINABLE_ERROR_MAX * volatility * vega;
    let status = if well_conditioned {
        IvStatus::Ok
    } else {
        IvStatus::IllConditioned
    };
    (status, Some(volatility))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::greeks::black_scholes::black_scholes;
    use proptest::prelude::*;

    const CALL: Terms = Terms {
        right: Right::Call,
        spot: 650.0,
        strike: 655.0,
        years: 1.0 / 365.0,
        rate: 0.0433,
        dividend_yield: 0.0125,
    };

    #[test]
    fn what_has_no_volatility_says_why() {
        let check = |terms: Terms, price: f64, expected| {
            let found = implied_volatility(&terms, price);
            assert_eq!(found, (expected, None), "{terms:?} at {price}");
        };
        let expired = |years: f64| Terms { years, ..CALL };
        check(expired(0.0), 1.5, IvStatus::Expired);
        check(expired(-1.0), 1.5, IvStatus::Expired);
        check(CALL, 0.0, IvStatus::ZeroPrice);
        check(CALL, -0.01, IvStatus::BelowIntrinsic);
        check(CALL, 1e-14, IvStatus::NoTimeValue);
        check(CALL, 650.0, IvStatus::AboveMax);
        check(CALL, f64::NAN, IvStatus::Error);
        check(Terms { spot: -1.0, ..CALL }, 1.5, IvStatus::Error);
        let deep = Terms {
            strike: 600.0,
            ..CALL
        };
        check(deep, 1.5, IvStatus::BelowIntrinsic);
    }

    proptest! {
        #[test]
        fn a_volatility_comes_back_from_its_price(
            call in any::<bool>(),
            spot in 5.0..7000.0_f64,
            moneyness in 0.7..1.4_f64,
            years in 1e-5..2.0_f64,
            rate in -0.02..0.1_f64,
            dividend_yield in 0.0..0.1_f64,
            volatility in 0.02..5.0_f64,
        ) {
            let right = if call { Right::Call } else { Right::Put };
            let strike = spot * moneyness;
            let terms = Terms { right, spot, strike, years, rate, dividend_yield };
            let (_, greeks) = black_scholes(&terms, volatility);
            let (status, found) = implied_volatility(&terms, greeks.price);
            let usable = matches!(status, IvStatus::Ok | IvStatus::IllConditioned);
            prop_assert_eq!(found.is_some(), usable);
            if let Some(found) = found {
                // The model price carries rounding of the legs, and vega turns it into volatility.
                let error = 16.0 * f64::EPSILON * (spot + strike) / greeks.vega;
                prop_assert!((found - volatility).abs() <= error + 1e-13 * volatility);
                let again = black_scholes(&terms, found).1.price;
                prop_assert!((again - greeks.price).abs() <= 1e-14 * (spot + strike));
            }
        }

        #[test]
        fn any_bits_at_all_give_a_positive_volatility_or_a_reason(
            bits in prop::array::uniform6(any::<u64>())
        ) {
            let [spot, strike, years, rate, dividend_yield, price] = bits.map(f64::from_bits);
            let right = Right::Call;
            let terms = Terms { right, spot, strike, years, rate, dividend_yield };
            let (status, volatility) = implied_volatility(&terms, price);
            let usable = matches!(status, IvStatus::Ok | IvStatus::IllConditioned);
            prop_assert_eq!(volatility.is_some(), usable);
            prop_assert!(volatility.is_none_or(|value| value.is_finite() && value > 0.0));
        }
    }
}
