//! The words that come in: what a feed reports, as the journal stores it.
//!
//! With `wire` this is one of the two serialisable vocabularies. It names instruments by
//! [`SymbolId`] and [`ContractId`] only, never by a vendor's number or an `Entity`.
//!
//! [`SymbolId`]: components::market::SymbolId
//! [`ContractId`]: components::contract::ContractId

use crate::command::OperatorCommand;
use crate::report::Report;
use components::contract::{ContractId, OptionTerms};
use components::market::{Book, Side, SymbolId, Ticker};
use components::units::{Price, Timestamp};
use serde::{Deserialize, Serialize};

/// The number of a feed, in order of registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FeedId(pub u16);

impl FeedId {
    /// The engine itself: listings, and what no feed said.
    pub const ENGINE: Self = Self(u16::MAX);
}

/// The bit of [`EventKind::Trade`]'s conditions that says that no exchange executed the trade: it was
/// reported to a trade reporting facility. The bit is free in the recorded tick files, whose letter of
/// the exchange says it instead.
pub const OFF_EXCHANGE: u32 = 0x8000_0000;

/// Something that happened outside, as it reached the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When the engine could know it: the order of events within a tick.
    pub received: Timestamp,
    /// When it happened at its source.
    pub at: Timestamp,
    /// Who reported it.
    pub feed: FeedId,
    /// What happened.
    pub kind: EventKind,
}

impl Event {
    /// Whether an instrument became known.
    #[must_use]
    pub fn is_listing(&self) -> bool {
        matches!(
            self.kind,
            EventKind::SymbolListed { .. } | EventKind::ContractListed { .. }
        )
    }
}

/// Open, high, low and close of a bar that has ended, with its volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares or contracts.
    pub volume: u64,
    /// Its length in seconds.
    pub seconds: u32,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    /// An underlying became known. Made by the engine from what the feeds list.
    SymbolListed {
        /// Its number from now on.
        symbol: SymbolId,
        /// Its name.
        ticker: Ticker,
    },
    /// A contract became known. Made by the engine from what the feeds list.
    ContractListed {
        /// Its number from now on.
        contract: ContractId,
        /// Its underlying.
        symbol: SymbolId,
        /// Its terms.
        terms: OptionTerms,
    },
    /// The best bid and ask of an underlying changed; a missing side has price 0 and size 0.
    Quote {
        /// The underlying.
        symbol: SymbolId,
        /// The best bid.
        bid: Price,
        /// The best ask.
        ask: Price,
        /// Shares at the bid.
        bid_size: u32,
        /// Shares at the ask.
        ask_size: u32,
    },
    /// An underlying was traded.
    Trade {
        /// The underlying.
        symbol: SymbolId,
        /// The price.
        price: Price,
        /// Shares.
        size: u32,
        /// Sale conditions, the bits of the recorded tick files and [`OFF_EXCHANGE`]; 0 where the
        /// source has none.
        conditions: u32,
        /// Who began the trade, where the source says so.
        aggressor: Option<Side>,
    },
    /// A bar of trades of an underlying has ended.
    Bar {
        /// The underlying.
        symbol: SymbolId,
        /// The bar.
        bar: Bar,
    },
    /// The level of an index was published.
    Index {
        /// The underlying.
        symbol: SymbolId,
        /// The level.
        level: Price,
    },
    /// The order book of an underlying changed; the whole book after the change.
    Book {
        /// The underlying.
        symbol: SymbolId,
        /// The book.
        book: Box<Book>,
    },
    /// Trading in an underlying was halted.
    Halted {
        /// The underlying.
        symbol: SymbolId,
    },
    /// Trading in an underlying was resumed.
    Resumed {
        /// The underlying.
        symbol: SymbolId,
    },
    /// The best bid and ask of a contract changed; a missing side has price 0 and size 0.
    OptionQuote {
        /// The contract.
        contract: ContractId,
        /// The best bid.
        bid: Price,
        /// The best ask.
        ask: Price,
        /// Contracts at the bid.
        bid_size: u32,
        /// Contracts at the ask.
        ask_size: u32,
    },
    /// A contract was traded.
    OptionTrade {
        /// The contract.
        contract: ContractId,
        /// The price.
        price: Price,
        /// Contracts.
        size: u32,
        /// Sale conditions, 0 where the source has none.
        conditions: u32,
    },
    /// A bar of trades of a contract has ended.
    OptionBar {
        /// The contract.
        contract: ContractId,
        /// The bar.
        bar: Bar,
    },
    /// The clearing house's count for a contract was published.
    OpenInterest {
        /// The contract.
        contract: ContractId,
        /// Contracts that exist.
        contracts: u32,
    },
    /// A vendor's volatility and sensitivities of a contract; all 0 means not computed.
    VendorGreeks {
        /// The contract.
        contract: ContractId,
        /// Implied volatility, 0.20 is 20 %.
        iv: f64,
        /// Delta per $1.
        delta: f64,
        /// Gamma per $1.
        gamma: f64,
    },
    /// The feed lives though nothing changed.
    Heartbeat,
    /// The feed is lost until further notice.
    FeedLost,
    /// The feed is back.
    FeedRestored,
    /// The broker said something.
    Reported(Report),
    /// An operator wants something.
    Commanded(Box<OperatorCommand>),
}
