//! What an option's value and its implied volatility are computed from, by row and by column.
//!
//! Dollars, years of 365 days, and decimals a year, continuously compounded.

use components::contract::Right;
use engine::math::exp;

/// What decides the value of one European option.
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
    /// Volatility a year, 0.20 is 20 %.
    pub volatility: f64,
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
    /// Checks every input.
    ///
    /// # Errors
    /// The first field that is out of range. A negative time is none: it means expired.
    pub fn check(&self) -> Result<(), OutOfRange> {
        let positive = "a positive finite number";
        check("spot", self.spot, self.spot > 0.0, positive)?;
        check("strike", self.strike, self.strike > 0.0, positive)?;
        let any = "a finite number";
        check("years", self.years, true, any)?;
        check("rate", self.rate, true, any)?;
        check("dividend_yield", self.dividend_yield, true, any)?;
        let from_zero = self.volatility >= 0.0;
        check(
            "volatility",
            self.volatility,
            from_zero,
            "a finite number from 0",
        )
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

/// The inputs of a chain, one row a contract, all of the same length.
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
    /// Volatilities a year.
    pub volatility: &'a [f64],
}

impl Columns<'_> {
    /// The number of rows.
    ///
    /// # Panics
    /// If the columns differ in length.
    #[must_use]
    pub fn rows(&self) -> usize {
        let rows = self.right.len();
        let lengths = [
            self.strike,
            self.years,
            self.rate,
            self.dividend_yield,
            self.volatility,
        ];
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
            volatility: self.volatility[row],
        }
    }
}

/// One European option and what it trades at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PricedTerms {
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
    /// Observed price in dollars, discounted as it trades.
    pub price: f64,
}

impl PricedTerms {
    /// The same option with a volatility (0.20 is 20 %) in place of its price.
    #[must_use]
    pub fn at_volatility(&self, volatility: f64) -> Terms {
        let Self {
            right,
            spot,
            strike,
            years,
            rate,
            dividend_yield,
            ..
        } = *self;
        Terms {
            right,
            spot,
            strike,
            years,
            rate,
            dividend_yield,
            volatility,
        }
    }

    /// Checks every input.
    ///
    /// # Errors
    /// The first field that is out of range. A negative time is none: it means expired. A negative
    /// price is none: it is below its lower bound.
    pub fn check(&self) -> Result<(), OutOfRange> {
        self.at_volatility(0.0).check()?;
        check("price", self.price, true, "a finite number")
    }
}

/// The inputs of a chain, one row a contract, all of the same length.
#[derive(Clone, Copy, Debug)]
pub struct PricedColumns<'a> {
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
    /// Observed prices in dollars.
    pub price: &'a [f64],
}

impl PricedColumns<'_> {
    /// The number of rows.
    ///
    /// # Panics
    /// If the columns differ in length.
    #[must_use]
    pub fn rows(&self) -> usize {
        let rows = self.right.len();
        let lengths = [
            self.strike,
            self.years,
            self.rate,
            self.dividend_yield,
            self.price,
        ];
        assert!(
            lengths.iter().all(|column| column.len() == rows),
            "columns have equal lengths"
        );
        rows
    }

    /// One row with the spot it is valued at.
    #[must_use]
    pub fn row(&self, row: usize, spot: f64) -> PricedTerms {
        PricedTerms {
            right: self.right[row],
            spot,
            strike: self.strike[row],
            years: self.years[row],
            rate: self.rate[row],
            dividend_yield: self.dividend_yield[row],
            price: self.price[row],
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

    const PRICED: PricedTerms = PricedTerms {
        right: Right::Call,
        spot: 650.0,
        strike: 655.0,
        years: 1.0 / 365.0,
        rate: 0.0433,
        dividend_yield: 0.0125,
        price: 1.5,
    };

    #[test]
    fn an_error_names_the_field_its_value_and_what_is_allowed() {
        let check = |terms: PricedTerms, expected: &str| {
            assert_eq!(terms.check().unwrap_err().to_string(), expected);
        };
        check(
            PricedTerms {
                spot: 0.0,
                ..PRICED
            },
            "`spot` was 0, must be a positive finite number",
        );
        check(
            PricedTerms {
                years: f64::NAN,
                ..PRICED
            },
            "`years` was NaN, must be a finite number",
        );
        check(
            PricedTerms {
                price: f64::INFINITY,
                ..PRICED
            },
            "`price` was inf, must be a finite number",
        );
        assert_eq!(
            PRICED.at_volatility(-0.2).check().unwrap_err().to_string(),
            "`volatility` was -0.2, must be a finite number from 0"
        );
    }

    #[test]
    fn a_negative_time_and_a_negative_price_are_answers_not_errors() {
        assert_eq!(
            PricedTerms {
                years: -1.0,
                price: -0.01,
                ..PRICED
            }
            .check(),
            Ok(())
        );
    }
}
