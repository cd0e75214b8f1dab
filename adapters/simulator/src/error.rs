//! Why a simulated market or exchange cannot be made, or a market cannot go on.

use components::contract::OptionTerms;
use components::market::Ticker;
use thiserror::Error as ThisError;

/// What was wrong with the arguments of a simulation.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// A field of a config lies outside what is allowed.
    #[error("{0}")]
    Config(garde::Report),
    /// A market without a single session.
    #[error("the market has no session: it needs those of the run and of the 45 days after it")]
    NoSessions,
    /// The sessions are not in order.
    #[error("the market's sessions must ascend, but {later} is followed by {earlier}")]
    SessionOrder {
        /// The date that comes first.
        later: jiff::civil::Date,
        /// The date after it, which is not later.
        earlier: jiff::civil::Date,
    },
    /// A tick belongs to a session that the market was not told of.
    #[error("the market does not know the session of {date}")]
    UnknownSession {
        /// The session's date.
        date: jiff::civil::Date,
    },
    /// A scripted move names an underlying that the market does not have.
    #[error("a move names {ticker}, but the market has {first} to {last}")]
    UnknownTicker {
        /// What was named.
        ticker: Ticker,
        /// The market's first underlying.
        first: Ticker,
        /// The market's last underlying.
        last: Ticker,
    },
    /// A scripted move is beyond what a price can do.
    #[error("a move of {ticker} has {field} {found}, must be {allowed}")]
    Move {
        /// The underlying.
        ticker: Ticker,
        /// The field.
        field: &'static str,
        /// Its value.
        found: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A fault is beyond what can be drawn.
    #[error("a fault has {field} {found}, must be {allowed}")]
    Fault {
        /// The field.
        field: &'static str,
        /// Its value.
        found: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A field of a gateway's config lies outside what is allowed.
    #[error("{field} was {found}, must be {allowed}")]
    Gateway {
        /// The field.
        field: &'static str,
        /// Its value.
        found: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// The engine drains the market without having numbered what it lists.
    #[error("{ticker} has not been listed")]
    SymbolNotListed {
        /// The underlying.
        ticker: Ticker,
    },
    /// The engine drains the market without having numbered what it lists.
    #[error("{terms} has not been listed")]
    ContractNotListed {
        /// The contract.
        terms: OptionTerms,
    },
}
