//! Redis keys: the only place that spells them.
//!
//! Each kind stands once in [`schema`]; the `keys` verb prints it. A key lives at least three times
//! as long as the longest time between two writes while the engine runs, so that a key that is gone
//! means an engine that is gone. What changed is written in the same tick for up to 64 symbols; with
//! more, the keys of a symbol wait for their turn, up to `refresh_ms`. The prices of all symbols are
//! also packed into one value, written every tick however many symbols there are. Older names of a
//! value are aliases: documented, not written.
//!
//! [`schema`]: crate::keys::schema

use crate::symbol::Symbol;
use table::SCHEMA;

mod table;

/// One kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyDoc {
    /// The key, `{symbol}` standing for the symbol and `{sector}` for the sector.
    pub pattern: &'static str,
    /// The Redis type and how the value is encoded.
    pub value: Encoding,
    /// The type in this crate that the value decodes to.
    pub payload: &'static str,
    /// How long it lives without a write, in milliseconds; `None`: until it is replaced.
    pub ttl_ms: Option<u64>,
    /// The longest time between two writes while the engine runs, in milliseconds.
    pub refresh_ms: u64,
    /// Names that the value has elsewhere; nothing is written under them.
    pub aliases: &'static [&'static str],
    /// What it holds.
    pub description: &'static str,
}

/// How the value of a key is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// A string that holds one JSON object with `v`, `epoch` and `tick`.
    Json,
    /// A string that holds one decimal number.
    Number,
    /// A stream; the field `json` of an entry holds one JSON object with `v`, `epoch` and `tick`.
    Stream,
}

impl Encoding {
    /// How it is shown in the schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "string (JSON)",
            Self::Number => "string (number)",
            Self::Stream => "stream (JSON)",
        }
    }
}

/// A kind of key that every symbol has. The discriminant is its place in [`schema`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKey {
    /// Quote, last trade, spot.
    Ticker,
    /// The last price.
    Last,
    /// The time of the newest market data.
    Timestamp,
    /// The order book.
    Book,
    /// VPIN.
    Vpin,
    /// Order-book imbalance.
    Obi,
    /// What trades look like, and who seems to be behind them.
    Flow,
    /// Volatility that was and that is expected.
    Volatility,
    /// What volatility and the market are called.
    Regime,
    /// What the closing auction is expected to be short of.
    Closing,
    /// Gamma exposure.
    Gex,
    /// Delta exposure.
    Dex,
    /// What dealers must trade.
    DealerFlow,
    /// Dealer gamma over a range of spots.
    GammaProfile,
    /// Gamma exposure strike by strike.
    GexByStrike,
    /// What is traded in options.
    OptionsFlow,
    /// How much can be traded and at what cost.
    Liquidity,
    /// Whether data are as they were.
    Drift,
}

/// A kind of key that exists once. The discriminant is its place behind the symbol kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GlobalKey {
    /// Which run owns the mirror.
    Epoch,
    /// How engine and mirror fare.
    Heartbeat,
    /// Quote, last trade and spot of every symbol.
    Tickers,
    /// Money.
    Account,
    /// What is held.
    Positions,
    /// Working orders.
    Orders,
    /// Counts of signals.
    Signals,
    /// Dealer exposures of all underlyings together.
    Portfolio,
    /// How orders were executed and positions ended.
    Execution,
    /// Shares of VPIN buckets that were found.
    BucketSizes,
    /// For how long moves are remembered.
    Lookbacks,
    /// Where levels of volatility begin.
    VolatilityLevels,
    /// How toxic the flow was found to be.
    Toxicities,
    /// How the underlyings move together.
    FoundCorrelations,
    /// How the engine fares.
    Status,
    /// Whether trading is halted.
    Halt,
    /// How all underlyings move together.
    Correlation,
    /// What the book would gain in scenarios.
    Stress,
    /// Where the risk of the book comes from.
    Risk,
    /// What macro series say.
    Macro,
    /// What happened.
    Events,
}

impl SymbolKey {
    /// All kinds, in the order of [`schema`].
    pub const ALL: [Self; 18] = [
        Self::Ticker,
        Self::Last,
        Self::Timestamp,
        Self::Book,
        Self::Vpin,
        Self::Obi,
        Self::Flow,
        Self::Volatility,
        Self::Regime,
        Self::Closing,
        Self::Gex,
        Self::Dex,
        Self::DealerFlow,
        Self::GammaProfile,
        Self::GexByStrike,
        Self::OptionsFlow,
        Self::Liquidity,
        Self::Drift,
    ];

    /// Its row in [`schema`].
    #[must_use]
    pub fn doc(self) -> &'static KeyDoc {
        &SCHEMA[self as usize]
    }

    /// The key of `symbol`.
    ///
    /// # Examples
    /// ```
    /// use wire::{Symbol, keys::SymbolKey};
    /// let spy = Symbol::new("SPY").unwrap();
    /// assert_eq!(SymbolKey::Vpin.of(spy), "analytics:SPY:vpin");
    /// ```
    #[must_use]
    pub fn of(self, symbol: Symbol) -> String {
        self.doc().pattern.replace("{symbol}", symbol.as_str())
    }
}

impl GlobalKey {
    /// All kinds, in the order of [`schema`].
    pub const ALL: [Self; 21] = [
        Self::Epoch,
        Self::Heartbeat,
        Self::Tickers,
        Self::Account,
        Self::Positions,
        Self::Orders,
        Self::Signals,
        Self::Portfolio,
        Self::Execution,
        Self::BucketSizes,
        Self::Lookbacks,
        Self::VolatilityLevels,
        Self::Toxicities,
        Self::FoundCorrelations,
        Self::Status,
        Self::Halt,
        Self::Correlation,
        Self::Stress,
        Self::Risk,
        Self::Macro,
        Self::Events,
    ];

    /// Its row in [`schema`].
    #[must_use]
    pub fn doc(self) -> &'static KeyDoc {
        &SCHEMA[SymbolKey::ALL.len() + self as usize]
    }

    /// The key.
    #[must_use]
    pub fn key(self) -> &'static str {
        self.doc().pattern
    }
}

/// The kind of key that every sector has.
#[must_use]
pub fn sector_doc() -> &'static KeyDoc {
    &SCHEMA[SymbolKey::ALL.len() + GlobalKey::ALL.len()]
}

/// The key of a sector.
///
/// # Examples
/// ```
/// assert_eq!(wire::keys::of_sector("technology"), "analytics:sector:technology");
/// ```
#[must_use]
pub fn of_sector(sector: &str) -> String {
    sector_doc().pattern.replace("{sector}", sector)
}

/// Every kind of key that the mirror writes; [`COMMANDS`] is the one that it reads.
#[must_use]
pub fn schema() -> &'static [KeyDoc] {
    &SCHEMA
}

/// The stream that the mirror reads and never writes: commands of operators.
pub static COMMANDS: KeyDoc = KeyDoc {
    pattern: "control:commands",
    value: Encoding::Stream,
    payload: "fields verb, why, strategy",
    ttl_ms: None,
    refresh_ms: 100,
    aliases: &[],
    description: "read, not written: halt, reduce_only, observe, flatten, cancel_all, pause",
};

/// Entries that the stream of events keeps, nearly.
pub const EVENTS_KEPT: u64 = 10_000;

#[cfg(test)]
mod tests;
