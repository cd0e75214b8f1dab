//! Price and the eight Greeks of a European option (Black-Scholes-Merton).
//!
//! ```text
//! d1 = [ln(S/K) + (r-q) T] / (sigma sqrt T) + sigma sqrt(T)/2        d2 = d1 - sigma sqrt T
//! price = phi [ S e^{-qT} N(phi d1) - K e^{-rT} N(phi d2) ]
//! ```
//!
//! Source: Hull, *Options, Futures and Other Derivatives*, ch. 15 and 19; Haug, *The Complete Guide
//! to Option Pricing Formulas*, ch. 2. Natural units: vega, vanna, vomma per 1.00 of volatility,
//! rho per 1.00 of the rate, theta and charm per year of calendar time (so theta is usually
//! negative). Rates, yields and volatilities are decimals, continuously compounded.
//!
//! Three things decide whether twelve digits are met: `ln(S/K)` from the exact difference near the
//! money, `N` from `erfc` so that the tails keep their digits, and puts from their own formula
//! instead of parity.

use super::terms::{Columns, Discounts, Terms};
use components::greeks::{Carry, Cross, Sensitivity};
use engine::math::{erfc, ln_ratio, norm_pdf};

/// Below this `sigma sqrt T` (or time in years) a price is a step function of the spot to the last
/// digit of an `f64`, and the limits of zero apply.
const STEP_FUNCTION_BELOW: f64 = 1e-30;

/// How a valuation came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// All values are there.
    Ok,
    /// No time or no volatility is left, and the option is worth its discounted intrinsic value.
    InTheMoney,
    /// No time or no volatility is left, and the option is worth nothing.
    OutOfTheMoney,
    /// No time or no volatility is left and the forward is the strike exactly: delta is the middle
    /// of its jump and gamma, truly infinite, is 0.
    AtForward,
    /// The time to expiry is negative: no values.
    Expired,
    /// An input is out of range, or a result does not fit an `f64`: no values.
    #[default]
    Error,
}

impl Status {
    /// Whether the Greeks beside it mean anything; they are zeros if not.
    #[must_use]
    pub fn has_values(self) -> bool {
        !matches!(self, Self::Expired | Self::Error)
    }

    /// The name in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::InTheMoney => "in_the_money",
            Self::OutOfTheMoney => "out_of_the_money",
            Self::AtForward => "at_forward",
            Self::Expired => "expired",
            Self::Error => "error",
        }
    }
}

/// A model price and its eight derivatives, in natural units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Greeks {
    /// Model price in dollars.
    pub price: f64,
    /// Change of the price per $1 of spot.
    pub delta: f64,
    /// Change of delta per $1 of spot.
    pub gamma: f64,
    /// Change of the price per 1.00 of volatility.
    pub vega: f64,
    /// Change of the price per year of calendar time.
    pub theta: f64,
    /// Change of the price per 1.00 of the rate.
    pub rho: f64,
    /// Change of delta per 1.00 of volatility.
    pub vanna: f64,
    /// Change of vega per 1.00 of volatility.
    pub vomma: f64,
    /// Change of delta per year of calendar time.
    pub charm: f64,
}

impl Greeks {
    /// The part that exposure sums read.
    #[must_use]
    pub fn sensitivity(&self) -> Sensitivity {
        Sensitivity {
            delta: self.delta,
            gamma: self.gamma,
        }
    }

    /// The part that time and the rate move.
    #[must_use]
    pub fn carry(&self) -> Carry {
        Carry {
            theta: self.theta,
            rho: self.rho,
        }
    }

    /// The second derivatives that involve volatility or time.
    #[must_use]
    pub fn cross(&self) -> Cross {
        Cross {
            vanna: self.vanna,
            vomma: self.vomma,
            charm: self.charm,
        }
    }

    /// Whether every value fits an `f64`.
    fn is_finite(&self) -> bool {
        let Self {
            price,
            delta,
            gamma,
            vega,
            theta,
            rho,
            vanna,
            vomma,
            charm,
        } = self;
        // One sum instead of nine tests: an infinity or a not-a-number survives every addition.
        (((price + delta) + (gamma + vega)) + ((theta + rho) + (vanna + vomma)) + charm).is_finite()
    }
}

/// Values one option at `volatility`, 0.20 is 20 % a year.
///
/// # Examples
/// ```
/// use components::contract::Right;
/// use systems::greeks::black_scholes::{Status, black_scholes};
/// use systems::greeks::terms::Terms;
///
/// // Hull, example 15.6: S = 42, K = 40, T = 0.5, r = 10 %, sigma = 20 %: the call is worth 4.76.
/// let call = Terms {
///     right: Right::Call,
///     spot: 42.0,
///     strike: 40.0,
///     years: 0.5,
///     rate: 0.10,
///     dividend_yield: 0.0,
/// };
/// let (status, greeks) = black_scholes(&call, 0.20);
/// assert_eq!(status, Status::Ok);
/// assert!((greeks.price - 4.76).abs() < 0.005);
/// // d1 = 0.7693, so delta = N(0.7693) = 0.7791.
/// assert!((greeks.delta - 0.7791).abs() < 0.0001);
///
/// let expired = Terms { years: -0.1, ..call };
/// assert_eq!(black_scholes(&expired, 0.20).0, Status::Expired);
/// ```
#[must_use]
pub fn black_scholes(terms: &Terms, volatility: f64) -> (Status, Greeks) {
    value(terms, volatility, &Discounts::of(terms))
}

/// Values the rows of a chain at one spot, each at its volatility, bit for bit as
/// [`black_scholes`] values each alone.
///
/// Discount factors are computed once for rows of the same time, rate and yield that follow each
/// other, so a chain in expiry order costs two exponentials an expiry.
///
/// # Panics
/// If columns and outputs differ in length.
///
/// # Examples
/// ```
/// use components::contract::Right;
/// use systems::greeks::black_scholes::{Greeks, Status, black_scholes_rows};
/// use systems::greeks::terms::Columns;
///
/// // A call and a put at the forward are worth the same, and their deltas differ by 1.
/// let columns = Columns {
///     right: &[Right::Call, Right::Put],
///     strike: &[100.0, 100.0],
///     years: &[0.25, 0.25],
///     rate: &[0.0, 0.0],
///     dividend_yield: &[0.0, 0.0],
/// };
/// let (mut statuses, mut greeks) = ([Status::Error; 2], [Greeks::default(); 2]);
/// black_scholes_rows(100.0, &columns, &[0.2, 0.2], &mut statuses, &mut greeks);
/// assert!((greeks[0].price - greeks[1].price).abs() < 1e-13);
/// assert!((greeks[0].delta - greeks[1].delta - 1.0).abs() < 1e-15);
/// ```
pub fn black_scholes_rows(
    spot: f64,
    columns: &Columns<'_>,
    volatilities: &[f64],
    statuses: &mut [Status],
    greeks: &mut [Greeks],
) {
    let rows = columns.rows();
    assert_eq!(volatilities.len(), rows, "columns have equal lengths");
    assert!(
        statuses.len() == rows && greeks.len() == rows,
        "outputs have a row for every input"
    );
    let mut discounts = Discounts::new(0.0, 0.0, 0.0);
    for (row, (status, values)) in statuses.iter_mut().zip(greeks).enumerate() {
        let terms = columns.row(row, spot);
        if !discounts.fit(&terms) {
            discounts = Discounts::of(&terms);
        }
        (*status, *values) = value(&terms, volatilities[row], &discounts);
    }
}

fn value(terms: &Terms, volatility: f64, discounts: &Discounts) -> (Status, Greeks) {
    if terms.check_volatility(volatility).is_err() {
        return (Status::Error, Greeks::default());
    }
    if terms.years < 0.0 {
        return (Status::Expired, Greeks::default());
    }
    let total_volatility = volatility * discounts.sqrt_years;
    let (status, greeks) =
        if total_volatility < STEP_FUNCTION_BELOW || terms.years < STEP_FUNCTION_BELOW {
            step_function(terms, discounts)
        } else {
            (Status::Ok, smooth(terms, volatility, discounts))
        };
    if greeks.is_finite() {
        (status, greeks)
    } else {
        (Status::Error, Greeks::default())
    }
}

/// The formulas proper, for positive time and volatility.
#[inline]
fn smooth(terms: &Terms, volatility: f64, discounts: &Discounts) -> Greeks {
    let Terms {
        spot,
        strike,
        years,
        rate,
        dividend_yield,
        ..
    } = *terms;
    let total_volatility = volatility * discounts.sqrt_years;
    let phi = terms.right.phi();
    let carry = (rate - dividend_yield) * years;
    let d1 = (ln_ratio(spot, strike) + carry) / total_volatility + 0.5 * total_volatility;
    let d2 = d1 - total_volatility;

    let spot_leg = spot * discounts.by_yield;
    let strike_leg = strike * discounts.by_rate;
    let spot_probability = 0.5 * erfc(-phi * d1 * core::f64::consts::FRAC_1_SQRT_2);
    let strike_probability = 0.5 * erfc(-phi * d2 * core::f64::consts::FRAC_1_SQRT_2);
    let density = discounts.by_yield * norm_pdf(d1);

    let delta = phi * discounts.by_yield * spot_probability;
    let spot_value = phi * spot_leg * spot_probability;
    let strike_value = phi * strike_leg * strike_probability;
    let vega = spot * density * discounts.sqrt_years;
    let per_volatility = 1.0 / volatility;
    let vanna = -density * d2 * per_volatility;
    let decay = spot * density * volatility / (2.0 * discounts.sqrt_years);
    Greeks {
        // Far out of the money two near-equal legs cancel, and rounding may leave less than zero.
        price: (spot_value - strike_value).max(0.0),
        delta,
        gamma: density / (spot * total_volatility),
        vega,
        theta: dividend_yield * spot_value - rate * strike_value - decay,
        rho: years * strike_value,
        vanna,
        vomma: vega * d1 * d2 * per_volatility,
        charm: dividend_yield * delta
            - density * (2.0 * carry - d2 * total_volatility) / (2.0 * years * total_volatility),
    }
}

/// The limits without time or volatility: the discounted intrinsic value of the forward.
fn step_function(terms: &Terms, discounts: &Discounts) -> (Status, Greeks) {
    let phi = terms.right.phi();
    let spot_leg = terms.spot * discounts.by_yield;
    let strike_leg = terms.strike * discounts.by_rate;
    let intrinsic = phi * (spot_leg - strike_leg);
    if intrinsic < 0.0 {
        return (Status::OutOfTheMoney, Greeks::default());
    }
    let delta = phi * discounts.by_yield;
    if intrinsic == 0.0 {
        return (
            Status::AtForward,
            Greeks {
                delta: 0.5 * delta,
                ..Greeks::default()
            },
        );
    }
    // The carry of the two legs is certain and stays as long as there is time.
    let years_left = if terms.years > 0.0 { 1.0 } else { 0.0 };
    let greeks = Greeks {
        price: intrinsic,
        delta,
        theta: years_left * phi * (terms.dividend_yield * spot_leg - terms.rate * strike_leg),
        rho: phi * terms.years * strike_leg,
        charm: years_left * terms.dividend_yield * delta,
        ..Greeks::default()
    };
    (Status::InTheMoney, greeks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::contract::Right;
    use engine::math::exp;
    use proptest::prelude::*;

    /// Terms and a volatility.
    fn any_option() -> impl Strategy<Value = (Terms, f64)> {
        (
            prop::bool::ANY,
            1.0..7000.0_f64,
            0.5..2.0_f64,
            1e-5..2.0_f64,
            -0.02..0.1_f64,
            0.0..0.1_f64,
            0.01..3.0_f64,
        )
            .prop_map(
                |(call, spot, moneyness, years, rate, dividend_yield, volatility)| {
                    let terms = Terms {
                        right: if call { Right::Call } else { Right::Put },
                        spot,
                        strike: spot * moneyness,
                        years,
                        rate,
                        dividend_yield,
                    };
                    (terms, volatility)
                },
            )
    }

    const AT_THE_MONEY: Terms = Terms {
        right: Right::Call,
        spot: 650.0,
        strike: 650.0,
        years: 5.0 / 525_600.0,
        rate: 0.0,
        dividend_yield: 0.0,
    };

    #[test]
    fn gamma_at_the_money_passes_one_minutes_before_the_close() {
        let (_, greeks) = black_scholes(&AT_THE_MONEY, 0.12);
        assert!(
            (greeks.gamma - 1.65).abs() < 0.01,
            "gamma was {}",
            greeks.gamma
        );
    }

    #[test]
    fn extreme_but_finite_input_gives_finite_values_or_none() {
        let extremes = [1e-320, 1e-200, 1e-30, 1e-9, 1.0, 1e9, 1e200, 1e308];
        for spot in extremes {
            for strike in extremes {
                for years in extremes {
                    for volatility in extremes {
                        let terms = Terms {
                            spot,
                            strike,
                            years,
                            ..AT_THE_MONEY
                        };
                        let (status, greeks) = black_scholes(&terms, volatility);
                        assert!(greeks.is_finite(), "{terms:?} at {volatility}");
                        assert!(status.has_values() || greeks == Greeks::default());
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_call_less_its_put_is_the_forward((terms, volatility) in any_option()) {
            let (_, call) = black_scholes(&Terms { right: Right::Call, ..terms }, volatility);
            let (_, put) = black_scholes(&Terms { right: Right::Put, ..terms }, volatility);
            let by_yield = exp(-terms.dividend_yield * terms.years);
            let spot_leg = terms.spot * by_yield;
            let strike_leg = terms.strike * exp(-terms.rate * terms.years);
            let scale = spot_leg + strike_leg;
            let close = |found: f64, expected: f64, scale: f64| {
                (found - expected).abs() <= 1e-14 * scale.max(1e-300)
            };
            prop_assert!(close(call.price - put.price, spot_leg - strike_leg, scale));
            prop_assert!(close(call.delta - put.delta, by_yield, 1.0));
            prop_assert!(close(call.rho - put.rho, terms.years * strike_leg, scale));
            let carry = terms.dividend_yield * spot_leg - terms.rate * strike_leg;
            prop_assert!(close(call.theta - put.theta, carry, scale + call.theta.abs()));
            let charm = terms.dividend_yield * by_yield;
            prop_assert!(close(call.charm - put.charm, charm, 1.0 + call.charm.abs()));
            // What does not know the right is the same number.
            prop_assert_eq!(
                (call.gamma, call.vega, call.vanna, call.vomma),
                (put.gamma, put.vega, put.vanna, put.vomma)
            );
        }

        #[test]
        fn values_stay_in_their_ranges((terms, volatility) in any_option()) {
            let (status, greeks) = black_scholes(&terms, volatility);
            prop_assert_eq!(status, Status::Ok);
            prop_assert!(greeks.delta.abs() <= 1.0);
            prop_assert!(greeks.price >= 0.0 && greeks.gamma >= 0.0 && greeks.vega >= 0.0);
            let peak = engine::math::INV_SQRT_TAU
                / (terms.spot * volatility * terms.years.sqrt())
                * exp(-terms.dividend_yield * terms.years);
            prop_assert!(greeks.gamma <= peak * (1.0 + 1e-15));
        }

        #[test]
        fn any_bits_at_all_give_finite_values_and_an_error_if_a_check_fails(
            bits in prop::array::uniform6(any::<u64>())
        ) {
            let [spot, strike, years, rate, dividend_yield, volatility] = bits.map(f64::from_bits);
            let right = Right::Put;
            let terms = Terms { right, spot, strike, years, rate, dividend_yield };
            let (status, greeks) = black_scholes(&terms, volatility);
            prop_assert!(greeks.is_finite());
            prop_assert!(terms.check_volatility(volatility).is_ok() || status == Status::Error);
        }
    }
}
