//! Option contracts: identity, terms and their tie to the underlying.
//!
//! The OSI (OCC) symbol has fixed fields: the last 15 characters are date, right and strike, what
//! stands before them is the root, so the `P` in `SPY` is never taken for a put.

use crate::market::{Ticker, TickerError};
use crate::units::{Price, Timestamp};
use bevy_ecs::prelude::*;
use core::fmt;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The number of a contract: dense, in order of first appearance in the journal.
#[derive(
    Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[component(summary_tick)]
pub struct ContractId(pub u32);

/// Shares of the underlying that a standard contract stands for.
pub const STANDARD_MULTIPLIER: u32 = 100;

/// The right that the holder has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// To buy the underlying at the strike.
    Call,
    /// To sell the underlying at the strike.
    Put,
}

impl Right {
    /// +1 for a call, -1 for a put: phi of the pricing formulas and the dealer sign of exposures.
    #[must_use]
    pub fn phi(self) -> f64 {
        match self {
            Self::Call => 1.0,
            Self::Put => -1.0,
        }
    }

    /// The letter of the OSI symbol.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Call => 'C',
            Self::Put => 'P',
        }
    }

    /// The other right.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Call => Self::Put,
            Self::Put => Self::Call,
        }
    }
}

/// When the holder may exercise.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum ExerciseStyle {
    /// On any day until expiry: stocks and funds.
    #[default]
    American,
    /// At expiry only: indices.
    European,
}

/// An expiry date, as the number `yyyymmdd`: sorts like the date and fits four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Expiry(u32);

impl Expiry {
    /// The expiry on `date`.
    #[must_use]
    pub fn on(date: Date) -> Self {
        Self(
            u32::from(date.year().unsigned_abs()) * 10_000
                + u32::from(date.month().unsigned_abs()) * 100
                + u32::from(date.day().unsigned_abs()),
        )
    }

    /// The date.
    ///
    /// # Panics
    /// Never: every constructor checks the date.
    #[must_use]
    pub fn date(self) -> Date {
        date_of(self.0).expect("Invariant: an expiry holds a date that exists")
    }

    /// The number `yyyymmdd`.
    #[must_use]
    pub fn yyyymmdd(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Expiry {
    type Error = ContractError;

    /// # Errors
    /// When `yyyymmdd` is no date, such as the 20999999 of artificial vendor answers.
    fn try_from(yyyymmdd: u32) -> Result<Self, ContractError> {
        date_of(yyyymmdd)
            .map(|_| Self(yyyymmdd))
            .ok_or_else(|| ContractError::Date {
                found: yyyymmdd.to_string(),
            })
    }
}

impl From<Expiry> for u32 {
    fn from(expiry: Expiry) -> Self {
        expiry.0
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}-{:02}",
            self.0 / 10_000,
            self.0 / 100 % 100,
            self.0 % 100
        )
    }
}

/// The terms of a contract: what identifies it everywhere.
///
/// The order is the canonical order of a chain: root, expiry, strike, right.
#[derive(
    Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct OptionTerms {
    /// The OSI root: `SPXW` for the PM-settled options on `SPX`.
    pub root: Ticker,
    /// The expiry date.
    pub expiry: Expiry,
    /// The strike in 1/10,000 of a dollar.
    pub strike: Price,
    /// Call or put.
    pub right: Right,
    /// When it may be exercised.
    pub style: ExerciseStyle,
    /// Shares of the underlying a contract stands for.
    pub multiplier: u32,
}

impl OptionTerms {
    /// Reads an OSI symbol such as `SPXW230914C01200000` or `SPY   250915P00657500`.
    ///
    /// The result is American with a multiplier of 100: the symbol says neither.
    ///
    /// # Errors
    /// When the root is not `[A-Z][A-Z0-9]{0,5}`, the date does not exist, the right is not `C` or
    /// `P`, or the strike is not eight digits above zero.
    ///
    /// # Examples
    /// ```
    /// use components::contract::{OptionTerms, Right};
    /// let terms = OptionTerms::from_osi("SPY   250915C00657500").unwrap();
    /// assert_eq!((terms.root.as_str(), terms.right), ("SPY", Right::Call));
    /// assert_eq!(terms.strike.dollars(), 657.5);
    /// ```
    pub fn from_osi(symbol: &str) -> Result<Self, ContractError> {
        let fail = |what| ContractError::Osi {
            symbol: shorten(symbol),
            what,
        };
        let split = symbol
            .len()
            .checked_sub(15)
            .ok_or_else(|| fail("is shorter than 16"))?;
        if !symbol.is_ascii() {
            return Err(fail("holds a character that is not ASCII"));
        }
        let (root, fields) = symbol.split_at(split);
        let root = root.trim_end_matches(' ');
        if !is_osi_root(root) {
            return Err(fail(
                "has a root that is not a letter and up to 5 letters or digits",
            ));
        }
        let digits = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| text.parse::<u32>().ok())
                .flatten()
        };
        let date = digits(&fields[..6]).ok_or_else(|| fail("has a date that is not 6 digits"))?;
        let expiry = Expiry::try_from(20_000_000 + date)
            .map_err(|_| fail("has a date that does not exist"))?;
        let right = match &fields[6..7] {
            "C" => Right::Call,
            "P" => Right::Put,
            _ => return Err(fail("has a right that is not C or P")),
        };
        let thousandths =
            digits(&fields[7..]).ok_or_else(|| fail("has a strike that is not 8 digits"))?;
        if thousandths == 0 {
            return Err(fail("has a strike of zero"));
        }
        Ok(Self {
            root: Ticker::new(root)?,
            expiry,
            strike: Price(i64::from(thousandths) * 10),
            right,
            style: ExerciseStyle::American,
            multiplier: STANDARD_MULTIPLIER,
        })
    }

    /// The OSI symbol, the root padded to six characters.
    #[must_use]
    pub fn osi(&self) -> String {
        format!(
            "{:<6}{:06}{}{:08}",
            self.root.as_str(),
            self.expiry.yyyymmdd() % 1_000_000,
            self.right.letter(),
            self.strike.0 / 10
        )
    }
}

impl fmt::Display for OptionTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {}{}",
            self.root,
            self.expiry,
            self.strike,
            self.right.letter()
        )
    }
}

/// A contract as it is known everywhere and for ever: its underlying and its terms.
///
/// A [`ContractId`] holds for one run; what outlives a run (orders, executions, positions) names
/// contracts by this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Contract {
    /// The underlying.
    pub underlying: Ticker,
    /// The terms.
    pub terms: OptionTerms,
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.terms.fmt(f)
    }
}

/// What an account can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Instrument {
    /// An option contract.
    Option(Contract),
    /// Shares, from exercise or assignment: the engine never orders them but to flatten.
    Stock(Ticker),
}

impl Instrument {
    /// The underlying.
    #[must_use]
    pub fn underlying(&self) -> Ticker {
        match self {
            Self::Option(contract) => contract.underlying,
            Self::Stock(ticker) => *ticker,
        }
    }

    /// Shares that one unit stands for.
    #[must_use]
    pub fn multiplier(&self) -> u32 {
        match self {
            Self::Option(contract) => contract.terms.multiplier,
            Self::Stock(_) => 1,
        }
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(contract) => contract.fmt(f),
            Self::Stock(ticker) => ticker.fmt(f),
        }
    }
}

/// When a contract settles and stops existing.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement(pub Timestamp);

/// The underlying of a contract; the relationship's source side.
///
/// It never changes, so that the cached runs of a chain depend on the contracts' rows alone.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[component(immutable, summary_tick)]
#[relationship(relationship_target = Chain)]
pub struct ContractOf(pub Entity);

/// The contracts of an underlying; the relationship's target side.
#[derive(Component, Debug, Default)]
#[relationship_target(relationship = ContractOf, linked_spawn)]
pub struct Chain(Vec<Entity>);

/// Why a contract's terms were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContractError {
    /// The OSI symbol cannot be read.
    Osi {
        /// The symbol, cut to 32 characters.
        symbol: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The date does not exist.
    Date {
        /// The date as found.
        found: String,
    },
    /// The root is no ticker.
    Root(TickerError),
}

impl From<TickerError> for ContractError {
    fn from(error: TickerError) -> Self {
        Self::Root(error)
    }
}

impl fmt::Display for ContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Osi { symbol, what } => write!(f, "option symbol \"{symbol}\" {what}"),
            Self::Date { found } => write!(f, "expiry {found} is not a date that exists"),
            Self::Root(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ContractError {}

fn is_osi_root(root: &str) -> bool {
    let mut bytes = root.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_uppercase())
        && root.len() <= 6
        && bytes.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn date_of(yyyymmdd: u32) -> Option<Date> {
    let year = i16::try_from(yyyymmdd / 10_000)
        .ok()
        .filter(|year| (1990..2100).contains(year))?;
    let month = i8::try_from(yyyymmdd / 100 % 100).ok()?;
    let day = i8::try_from(yyyymmdd % 100).ok()?;
    Date::new(year, month, day).ok()
}

fn shorten(text: &str) -> String {
    text.chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(symbol: &str, expected: Result<(&str, u32, Right, i64), &str>) {
        let found = OptionTerms::from_osi(symbol)
            .map(|t| {
                (
                    t.root.as_str().to_owned(),
                    t.expiry.yyyymmdd(),
                    t.right,
                    t.strike.0,
                )
            })
            .map_err(|error| error.to_string());
        match expected {
            Ok((root, expiry, right, strike)) => {
                assert_eq!(found, Ok((root.to_owned(), expiry, right, strike)));
            }
            Err(part) => {
                let error = found.expect_err(symbol);
                assert!(error.contains(part), "{error}");
            }
        }
    }

    #[test]
    fn the_p_in_spy_is_not_a_put() {
        check(
            "SPY   250915C00657500",
            Ok(("SPY", 20_250_915, Right::Call, 6_575_000)),
        );
        check(
            "SPY250915C00657500",
            Ok(("SPY", 20_250_915, Right::Call, 6_575_000)),
        );
        check(
            "SPXW230914P01200000",
            Ok(("SPXW", 20_230_914, Right::Put, 12_000_000)),
        );
    }

    #[test]
    fn adjusted_roots_hold_digits() {
        check(
            "AAPL7 140607C00640000",
            Ok(("AAPL7", 20_140_607, Right::Call, 6_400_000)),
        );
    }

    #[test]
    fn what_is_no_contract_is_named() {
        check("SPY", Err("shorter than 16"));
        check("250915C00657500", Err("root"));
        check("spy   250915C00657500", Err("root"));
        check("SPY   259999C00657500", Err("date that does not exist"));
        check("SPY   250915X00657500", Err("not C or P"));
        check("SPY   250915C00000000", Err("strike of zero"));
        check("SPY   250915C0065750x", Err("8 digits"));
        check("SPÝ   250915C00657500", Err("ASCII"));
    }

    #[test]
    fn artificial_vendor_expiries_are_no_dates() {
        assert!(Expiry::try_from(20_999_999).is_err());
        assert!(Expiry::try_from(0).is_err());
        assert_eq!(
            Expiry::try_from(20_151_224).unwrap().to_string(),
            "2015-12-24"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = OptionTerms::from_osi(&text);
        }

        #[test]
        fn a_symbol_comes_back_as_it_was(
            root in "[A-Z][A-Z0-9]{0,5}",
            (year, month, day) in (0_u32..80, 1_u32..=12, 1_u32..=28),
            call in any::<bool>(),
            strike in 1_u32..100_000_000,
        ) {
            let right = if call { 'C' } else { 'P' };
            let symbol = format!("{root:<6}{year:02}{month:02}{day:02}{right}{strike:08}");
            let terms = OptionTerms::from_osi(&symbol).unwrap();
            prop_assert_eq!(terms.root.as_str(), root);
            prop_assert_eq!(terms.osi(), symbol);
        }
    }
}
