//! What an option's price depends on, split by who reads it together.
//!
//! Natural units throughout: per 1.00 of volatility or rate, per year of calendar time. Conversions
//! to the published units (per point, per day) happen where a value leaves the program.

use crate::units::Timestamp;
use bevy_ecs::prelude::Component;

/// First and second derivative by spot: what exposure sums read, 16 bytes a contract.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
#[component(summary_tick)]
pub struct Sensitivity {
    /// Change of the premium per $1 of spot; negative for puts.
    pub delta: f64,
    /// Change of delta per $1 of spot.
    pub gamma: f64,
}

/// The implied volatility and the premium's slope in it.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct Volatility {
    /// Implied volatility, 0.20 is 20 %; not a number is never stored, absent is [`IvStatus`].
    pub iv: f64,
    /// Change of the premium per 1.00 of volatility.
    pub vega: f64,
    /// Whether `iv` is there, and why not.
    pub status: IvStatus,
}

/// What time and the rate do to the premium.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct Carry {
    /// Change of the premium per year of calendar time.
    pub theta: f64,
    /// Change of the premium per 1.00 of the rate.
    pub rho: f64,
}

/// Second derivatives that involve volatility or time.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct Cross {
    /// Change of delta per 1.00 of volatility.
    pub vanna: f64,
    /// Change of vega per 1.00 of volatility.
    pub vomma: f64,
    /// Change of delta per year of calendar time.
    pub charm: f64,
}

/// The inputs that the Greeks of a contract were last computed from.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct Valuation {
    /// The model price in dollars.
    pub price: f64,
    /// Spot in dollars.
    pub spot: f64,
    /// Time to expiry in years.
    pub years: f64,
    /// The dividend yield.
    pub dividend_yield: f64,
    /// When they were computed; [`Timestamp::NEVER`] before the first time.
    pub computed_at: Timestamp,
}

impl Default for Valuation {
    fn default() -> Self {
        Self {
            price: 0.0,
            spot: 0.0,
            years: 0.0,
            dividend_yield: 0.0,
            computed_at: Timestamp::NEVER,
        }
    }
}

/// What a vendor says of a contract: only a stand-in where the own volatility is missing.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct VendorGreeks {
    /// Implied volatility; 0 means that the vendor computed none.
    pub iv: f64,
    /// Delta per $1.
    pub delta: f64,
    /// Gamma per $1.
    pub gamma: f64,
    /// When it was published; [`Timestamp::NEVER`] before the first.
    pub at: Timestamp,
}

impl Default for VendorGreeks {
    fn default() -> Self {
        Self {
            iv: 0.0,
            delta: 0.0,
            gamma: 0.0,
            at: Timestamp::NEVER,
        }
    }
}

/// Whether a price has an implied volatility, and why not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IvStatus {
    /// Never tried: no valid quote yet.
    #[default]
    NoQuote,
    /// There is one.
    Ok,
    /// There is one, but the price hardly depends on it.
    IllConditioned,
    /// The contract has expired.
    Expired,
    /// The price is below its lower bound.
    BelowIntrinsic,
    /// The price is its lower bound within rounding.
    NoTimeValue,
    /// The price is at or above its upper bound.
    AboveMax,
    /// The price of an out-of-the-money option is zero.
    ZeroPrice,
    /// An input is not a number, not finite or out of range.
    Error,
}

impl IvStatus {
    /// Whether the volatility may be used.
    #[must_use]
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Ok)
    }

    /// The name in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoQuote => "no_quote",
            Self::Ok => "ok",
            Self::IllConditioned => "ill_conditioned",
            Self::Expired => "expired",
            Self::BelowIntrinsic => "below_intrinsic",
            Self::NoTimeValue => "no_time_value",
            Self::AboveMax => "above_max",
            Self::ZeroPrice => "zero_price",
            Self::Error => "error",
        }
    }
}
