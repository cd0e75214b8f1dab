//! Prices, quantities, cash and time as integers with named units.
//!
//! Money and time never pass through `f64` on their way to an order or a ledger. Analytics read
//! them as `f64` through the methods that name the unit ([`Price::dollars`], [`Timestamp::seconds_since`]).
//!
//! [`Price::dollars`]: crate::units::Price::dollars
//! [`Timestamp::seconds_since`]: crate::units::Timestamp::seconds_since

use core::fmt;
use serde::{Deserialize, Serialize};

/// How many [`Price`] units make one dollar.
pub const PRICE_UNITS_PER_DOLLAR: i64 = 10_000;
/// How many [`Cash`] units make one dollar.
pub const CASH_UNITS_PER_DOLLAR: i64 = 10_000;
/// Nanoseconds in a second.
pub const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// Nanoseconds in a millisecond.
pub const NANOS_PER_MILLI: i64 = 1_000_000;
/// Seconds in a year of 365 days, the day count of every time to expiry (ACT/365 fixed).
pub const SECONDS_PER_YEAR: f64 = 365.0 * 24.0 * 3600.0;

/// A price per share or per unit of premium, in 1/10,000 of a dollar.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Price(pub i64);

impl Price {
    /// No price: the side that carries it has no quote.
    pub const NONE: Self = Self(0);

    /// The price in dollars.
    #[must_use]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / PRICE_UNITS_PER_DOLLAR as f64
    }

    /// The price nearest to `dollars`, or `None` if that is not finite or does not fit.
    ///
    /// # Examples
    /// ```
    /// use components::units::Price;
    /// assert_eq!(Price::from_dollars(12.34567), Some(Price(123_457)));
    /// assert_eq!(Price::from_dollars(f64::NAN), None);
    /// ```
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked on the line before"
    )]
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        let units = (dollars * PRICE_UNITS_PER_DOLLAR as f64).round();
        (units.is_finite() && units.abs() < 9.0e15).then_some(Self(units as i64))
    }

    /// Whether there is a price (it is positive).
    #[must_use]
    pub fn is_some(self) -> bool {
        self.0 > 0
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ten_thousandths(f, self.0)
    }
}

/// An amount of money in 1/10,000 of a dollar; negative is a cost or a loss.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Cash(pub i64);

impl Cash {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// The amount in dollars, for display and analytics.
    #[must_use]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / CASH_UNITS_PER_DOLLAR as f64
    }

    /// The amount nearest to `dollars`, or `None` if that is not finite or does not fit.
    #[must_use]
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        Price::from_dollars(dollars).map(|price| Self(price.0))
    }

    /// What `quantity` units at `price` cost when one unit stands for `multiplier` shares,
    /// or `None` on overflow.
    #[must_use]
    pub fn of(price: Price, quantity: i64, multiplier: u32) -> Option<Self> {
        price
            .0
            .checked_mul(quantity)?
            .checked_mul(i64::from(multiplier))
            .map(Self)
    }

    /// The sum, or `None` on overflow.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` on overflow.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl fmt::Display for Cash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ten_thousandths(f, self.0)
    }
}

/// An instant: nanoseconds since 1970-01-01T00:00:00 UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Before everything: the stamp of a value that was never set.
    pub const NEVER: Self = Self(i64::MIN);

    /// The instant `nanos` later.
    #[must_use]
    pub fn plus_nanos(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// The instant `millis` later.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        self.plus_nanos(millis.saturating_mul(NANOS_PER_MILLI))
    }

    /// Nanoseconds from `earlier` to this instant; saturates.
    #[must_use]
    pub fn nanos_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Seconds from `earlier` to this instant.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> f64 {
        self.nanos_since(earlier) as f64 / NANOS_PER_SECOND as f64
    }

    /// Years of 365 days from this instant to `later`, negative if `later` has passed.
    #[must_use]
    pub fn years_until(self, later: Self) -> f64 {
        later.seconds_since(self) / SECONDS_PER_YEAR
    }
}

impl From<jiff::Timestamp> for Timestamp {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "64-bit nanoseconds reach from 1677 to 2262; a calendar refuses dates beyond it"
    )]
    fn from(instant: jiff::Timestamp) -> Self {
        Self(
            instant
                .as_nanosecond()
                .clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64,
        )
    }
}

impl From<Timestamp> for jiff::Timestamp {
    fn from(instant: Timestamp) -> Self {
        Self::from_nanosecond(i128::from(instant.0)).unwrap_or(Self::MIN)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", jiff::Timestamp::from(*self))
    }
}

fn write_ten_thousandths(f: &mut fmt::Formatter<'_>, units: i64) -> fmt::Result {
    let sign = if units < 0 { "-" } else { "" };
    let magnitude = units.unsigned_abs();
    let (whole, rest) = (magnitude / 10_000, magnitude % 10_000);
    if rest % 100 == 0 {
        write!(f, "{sign}{whole}.{:02}", rest / 100)
    } else {
        write!(f, "{sign}{whole}.{rest:04}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_prints_cents_and_keeps_finer_digits() {
        assert_eq!(Price(1_234_500).to_string(), "123.45");
        assert_eq!(Price(1_234_501).to_string(), "123.4501");
        assert_eq!(Cash(-50).to_string(), "-0.0050");
    }

    #[test]
    fn cash_of_an_option_counts_the_multiplier() {
        assert_eq!(Cash::of(Price(12_500), 3, 100), Some(Cash(3_750_000)));
        assert_eq!(Cash::of(Price(i64::MAX), 2, 1), None);
    }

    #[test]
    fn a_timestamp_survives_the_way_through_the_calendar_library() {
        let instant = Timestamp(1_450_963_800_123_456_789);
        assert_eq!(Timestamp::from(jiff::Timestamp::from(instant)), instant);
        assert_eq!(instant.to_string(), "2015-12-24T13:30:00.123456789Z");
    }
}
