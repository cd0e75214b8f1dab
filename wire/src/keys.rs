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
    Correlations,
    /// How the engine fares.
    Status,
    /// Whether trading is halted.
    Halt,
    /// What happened.
    Events,
}

impl SymbolKey {
    /// All kinds, in the order of [`schema`].
    pub const ALL: [Self; 15] = [
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
    pub const ALL: [Self; 17] = [
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
        Self::Correlations,
        Self::Status,
        Self::Halt,
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
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn matches(key: &str, pattern: &str, symbol: &str) -> bool {
        let (start, end) = pattern.split_once("{symbol}").unwrap();
        key.strip_prefix(start)
            .and_then(|rest| rest.strip_suffix(end))
            == Some(symbol)
    }

    #[test]
    fn every_key_matches_the_pattern_of_its_own_row() {
        let expected = [
            "market:BRK.B:ticker",
            "market:BRK.B:last",
            "market:BRK.B:timestamp",
            "market:BRK.B:book",
            "analytics:BRK.B:vpin",
            "analytics:BRK.B:obi",
            "analytics:BRK.B:flow",
            "analytics:BRK.B:volatility",
            "analytics:BRK.B:regime",
            "analytics:BRK.B:closing",
            "options:BRK.B:gex",
            "options:BRK.B:dex",
            "analytics:BRK.B:dealer_flow",
            "options:BRK.B:gamma_profile",
            "options:BRK.B:gex_by_strike",
        ];
        let symbol = Symbol::new("BRK.B").unwrap();
        for (kind, expected) in SymbolKey::ALL.into_iter().zip(expected) {
            assert_eq!(kind.of(symbol), expected);
            assert!(matches(&kind.of(symbol), kind.doc().pattern, "BRK.B"));
        }
        let global = GlobalKey::ALL.map(GlobalKey::key);
        assert_eq!(
            global,
            [
                "mirror:epoch",
                "heartbeat:engine",
                "market:tickers",
                "account:summary",
                "positions:summary",
                "orders:working",
                "signals:summary",
                "analytics:portfolio",
                "metrics:execution",
                "discovered:vpin_bucket_size",
                "discovered:lookback_bars",
                "discovered:vol_regimes",
                "discovered:flow_toxicity",
                "discovered:correlation_matrix",
                "engine:status",
                "global:halt",
                "events:engine",
            ]
        );
    }

    #[test]
    fn a_key_outlives_three_refreshes() {
        for doc in schema() {
            assert!(doc.refresh_ms > 0, "{}", doc.pattern);
            assert!(
                doc.ttl_ms.is_none_or(|ttl| ttl >= 3 * doc.refresh_ms),
                "{}",
                doc.pattern
            );
        }
    }

    #[test]
    fn no_name_stands_for_two_things_and_every_row_is_reached() {
        let mut names = BTreeSet::new();
        for doc in schema().iter().chain([&COMMANDS]) {
            assert!(!doc.description.is_empty());
            for name in doc.aliases.iter().chain([&doc.pattern]) {
                assert!(names.insert(name), "{name} stands twice");
            }
        }
        let reached: BTreeSet<_> = SymbolKey::ALL
            .map(|kind| kind.doc().pattern)
            .into_iter()
            .chain(GlobalKey::ALL.map(GlobalKey::key))
            .chain([sector_doc().pattern])
            .collect();
        assert_eq!(reached.len(), schema().len());
    }
}
