//! What an option's value and its implied volatility are both computed from, by row and by column.
//!
//! Beside it stands the one number that the other is computed from: a volatility or a price.
//! Dollars, years of 365 days, and decimals a year, continuously compounded.

use components::contract::Right;
use engine::math::exp;

/// One European option and its market.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Call or put.
    pub right: Right,
    /// Price of the underlying in dollars.
    pub spot: f64,
    /// Strike in dollars.
    pub strike: f64,
    /// Time to expiry in years of 365 days; negative once expired.
    pub years: f64,
    /// Continuously compounded rate to expiry, 0.04 is 4 % a year.
    pub rate: f64,
    /// Continuously compounded dividend yield to expiry.
    pub dividend_yield: f64,
}

/// An input that no valuation exists for.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("`{field}` was {found}, must be {allowed}")]
pub struct OutOfRange {
    /// The field's name.
    pub field: &'static str,
    /// Its value.
    pub found: f64,
    /// What would be accepted.
    pub allowed: &'static str,
}

impl Terms {
    /// Checks every input of a valuation at `volatility`, 0.20 is 20 % a year.
    ///
    /// # Errors
    /// The first field that is out of range. A negative time is none: it means expired.
    pub fn check_volatility(&self, volatility: f64) -> Result<(), OutOfRange> {
        self.check()?;
        let from_zero = volatility >= 0.0;
        let allowed = "a finite number from 0";
        check("volatility", volatility, from_zero, allowed)
    }

    /// Checks every input of the volatility that `price` implies, in dollars.
    ///
    /// # Errors
    /// The first field that is out of range. A negative time is none: it means expired. A negative
    /// price is none: it is below its lower bound.
    pub fn check_price(&self, price: f64) -> Result<(), OutOfRange> {
        self.check()?;
        check("price", price, true, "a finite number")
    }

    fn check(&self) -> Result<(), OutOfRange> {
        let positive = "a positive finite number";
        check("spot", self.spot, self.spot > 0.0, positive)?;
        check("strike", self.strike, self.strike > 0.0, positive)?;
        let any = "a finite number";
        check("years", self.years, true, any)?;
        check("rate", self.rate, true, any)?;
        check("dividend_yield", self.dividend_yield, true, any)
    }
}

fn check(
    field: &'static str,
    found: f64,
    in_range: bool,
    allowed: &'static str,
) -> Result<(), OutOfRange> {
    if found.is_finite() && in_range {
        Ok(())
    } else {
        Err(OutOfRange {
            field,
            found,
            allowed,
        })
    }
}

/// The terms of a chain at one spot, one row a contract, all of the same length.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// Call or put.
    pub right: &'a [Right],
    /// Strikes in dollars.
    pub strike: &'a [f64],
    /// Times to expiry in years.
    pub years: &'a [f64],
    /// Rates to expiry.
    pub rate: &'a [f64],
    /// Dividend yields to expiry.
    pub dividend_yield: &'a [f64],
}

impl Columns<'_> {
    /// The number of rows.
    ///
    /// # Panics
    /// If the columns differ in length.
    #[must_use]
    pub fn rows(&self) -> usize {
        let rows = self.right.len();
        let lengths = [self.strike, self.years, self.rate, self.dividend_yield];
        assert!(
            lengths.iter().all(|column| column.len() == rows),
            "columns have equal lengths"
        );
        rows
    }

    /// One row with the spot it is valued at.
    #[must_use]
    pub fn row(&self, row: usize, spot: f64) -> Terms {
        Terms {
            right: self.right[row],
            spot,
            strike: self.strike[row],
            years: self.years[row],
            rate: self.rate[row],
            dividend_yield: self.dividend_yield[row],
        }
    }
}

/// What all contracts of an expiry share.
#[derive(Clone, Copy)]
pub(super) struct Discounts {
    years: f64,
    rate: f64,
    dividend_yield: f64,
    pub(super) sqrt_years: f64,
    /// `e^{-rT}`.
    pub(super) by_rate: f64,
    /// `e^{-qT}`.
    pub(super) by_yield: f64,
}

impl Discounts {
    pub(super) fn of(terms: &Terms) -> Self {
        Self::new(terms.years, terms.rate, terms.dividend_yield)
    }

    pub(super) fn new(years: f64, rate: f64, dividend_yield: f64) -> Self {
        Self {
            years,
            rate,
            dividend_yield,
            sqrt_years: years.sqrt(),
            by_rate: exp(-rate * years),
            by_yield: exp(-dividend_yield * years),
        }
    }

    /// Whether they were computed from these terms, compared by bits so that a zero with a sign
    /// or a not-a-number cannot make a row depend on the one before it.
    pub(super) fn fit(&self, terms: &Terms) -> bool {
        let differing = (self.years.to_bits() ^ terms.years.to_bits())
            | (self.rate.to_bits() ^ terms.rate.to_bits())
            | (self.dividend_yield.to_bits() ^ terms.dividend_yield.to_bits());
        differing == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Terms = Terms {
        right: Right::Call,
        spot: 650.0,
        strike: 655.0,
        years: 1.0 / 365.0,
        rate: 0.0433,
        dividend_yield: 0.0125,
    };

    #[test]
    fn an_error_names_the_field_its_value_and_what_is_allowed() {
        let check = |found: Result<(), OutOfRange>, expected: &str| {
            assert_eq!(found.unwrap_err().to_string(), expected);
        };
        check(
            Terms { spot: 0.0, ..CALL }.check_price(1.5),
            "`spot` was 0, must be a positive finite number",
        );
        let timeless = Terms {
            years: f64::NAN,
            ..CALL
        };
        check(
            timeless.check_volatility(0.2),
            "`years` was NaN, must be a finite number",
        );
        check(
            CALL.check_price(f64::INFINITY),
            "`price` was inf, must be a finite number",
        );
        check(
            CALL.check_volatility(-0.2),
            "`volatility` was -0.2, must be a finite number from 0",
        );
    }

    #[test]
    fn a_negative_time_and_a_negative_price_are_answers_not_errors() {
        let expired = Terms {
            years: -1.0,
            ..CALL
        };
        assert_eq!(expired.check_price(-0.01), Ok(()));
        assert_eq!(expired.check_volatility(0.0), Ok(()));
    }
}
