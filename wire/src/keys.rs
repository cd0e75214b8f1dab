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

/// One kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyDoc {
    /// The key, `{symbol}` standing for the symbol.
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
    pub const ALL: [Self; 20] = [
        Self::Epoch,
        Self::Heartbeat,
        Self::Tickers,
        Self::Account,
        Self::Positions,
        Self::Orders,
        Self::Signals,
        Self::Execution,
        Self::BucketSizes,
        Self::Lookbacks,
        Self::VolatilityLevels,
        Self::Toxicities,
        Self::Correlations,
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

/// An hour and a day, in milliseconds.
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

static SCHEMA: [KeyDoc; SymbolKey::ALL.len() + GlobalKey::ALL.len()] = [
    KeyDoc {
        pattern: "market:{symbol}:ticker",
        value: Encoding::Json,
        payload: "Stamped<market::Market>",
        ttl_ms: Some(12_000),
        refresh_ms: 4_000,
        aliases: &["market:{symbol}:spread"],
        description: "best bid and ask, spread, last trade, day volume and spot",
    },
    KeyDoc {
        pattern: "market:{symbol}:last",
        value: Encoding::Number,
        payload: "f64, USD",
        ttl_ms: Some(12_000),
        refresh_ms: 4_000,
        aliases: &[],
        description: "price of the last trade; absent before the first",
    },
    KeyDoc {
        pattern: "market:{symbol}:timestamp",
        value: Encoding::Number,
        payload: "i64, ms since 1970 UTC",
        ttl_ms: Some(12_000),
        refresh_ms: 4_000,
        aliases: &[],
        description: "when the exchange showed the newest quote, trade or spot",
    },
    KeyDoc {
        pattern: "market:{symbol}:book",
        value: Encoding::Json,
        payload: "Stamped<market::Book>",
        ttl_ms: Some(6_000),
        refresh_ms: 2_000,
        aliases: &["ibkr:depth:{symbol}"],
        description: "up to ten levels a side as [price USD, shares], best first",
    },
    KeyDoc {
        pattern: "analytics:{symbol}:vpin",
        value: Encoding::Json,
        payload: "Stamped<analytics::Vpin>",
        ttl_ms: Some(6_000),
        refresh_ms: 2_000,
        aliases: &["metrics:{symbol}:vpin", "analytics:vpin:{symbol}"],
        description: "probability of informed trading, 0 to 1; null until the window is full",
    },
    KeyDoc {
        pattern: "analytics:{symbol}:obi",
        value: Encoding::Json,
        payload: "Stamped<analytics::Imbalance>",
        ttl_ms: Some(6_000),
        refresh_ms: 2_000,
        aliases: &["metrics:{symbol}:obi", "market:{symbol}:imbalance"],
        description: "order-book imbalance, -1 to 1, positive is bid heavy",
    },
    KeyDoc {
        pattern: "analytics:{symbol}:flow",
        value: Encoding::Json,
        payload: "Stamped<flow::Flow>",
        ttl_ms: Some(6_000),
        refresh_ms: 2_000,
        aliases: &[
            "metrics:{symbol}:sweep",
            "market:{symbol}:sweep",
            "analytics:{symbol}:institutional_flow",
            "analytics:{symbol}:retail_flow",
        ],
        description: "shapes of trades, toxicity, private and institutional shares, hidden orders, \
                      kinds of flow",
    },
    KeyDoc {
        pattern: "analytics:{symbol}:volatility",
        value: Encoding::Json,
        payload: "Stamped<volatility::Volatility>",
        ttl_ms: Some(12_000),
        refresh_ms: 4_000,
        aliases: &[],
        description: "realised by several estimators, expected over a day and 30 days, skew",
    },
    KeyDoc {
        pattern: "analytics:{symbol}:regime",
        value: Encoding::Json,
        payload: "Stamped<volatility::Regime>",
        ttl_ms: Some(12_000),
        refresh_ms: 4_000,
        aliases: &["metrics:{symbol}:regime", "analytics:regime"],
        description: "how high volatility is for the time of day, and what the market does",
    },
    KeyDoc {
        pattern: "analytics:{symbol}:closing",
        value: Encoding::Json,
        payload: "Stamped<closing::Closing>",
        ttl_ms: Some(12_000),
        refresh_ms: 4_000,
        aliases: &["analytics:moc:{symbol}"],
        description: "imbalance that the closing auction is expected to end with, in shares",
    },
    KeyDoc {
        pattern: "options:{symbol}:gex",
        value: Encoding::Json,
        payload: "Stamped<analytics::Gamma>",
        ttl_ms: Some(12_000),
        refresh_ms: 4_000,
        aliases: &["analytics:{symbol}:gex", "metrics:{symbol}:gex"],
        description: "dealer gamma in USD of delta per 1 % move (call +, put -), walls, zero gamma",
    },
    KeyDoc {
        pattern: "options:{symbol}:dex",
        value: Encoding::Json,
        payload: "Stamped<analytics::Delta>",
        ttl_ms: Some(12_000),
        refresh_ms: 4_000,
        aliases: &["analytics:{symbol}:dex", "metrics:{symbol}:dex"],
        description: "delta of the open interest and of the dealers in USD, vanna, charm",
    },
    KeyDoc {
        pattern: "options:{symbol}:flow",
        value: Encoding::Json,
        payload: "Stamped<options_flow::OptionsFlow>",
        ttl_ms: Some(12_000),
        refresh_ms: 4_000,
        aliases: &["analytics:{symbol}:options_flow"],
        description: "put/call by volume and open interest, premium and delta by side, unusual volume",
    },
    KeyDoc {
        pattern: "analytics:{symbol}:liquidity",
        value: Encoding::Json,
        payload: "Stamped<cross::Liquidity>",
        ttl_ms: Some(15_000),
        refresh_ms: 5_000,
        aliases: &["analytics:liquidity:{symbol}"],
        description: "spread, depth, slippage by size, score 0 to 100, spread of the options",
    },
    KeyDoc {
        pattern: "monitoring:data:{symbol}",
        value: Encoding::Json,
        payload: "Stamped<cross::DataDrift>",
        ttl_ms: Some(180_000),
        refresh_ms: 60_000,
        aliases: &[],
        description: "quote rate, spread, trade and move sizes against their own last hour",
    },
    KeyDoc {
        pattern: "mirror:epoch",
        value: Encoding::Number,
        payload: "u64, ms since 1970 UTC",
        ttl_ms: Some(5_000),
        refresh_ms: 250,
        aliases: &[],
        description: "start of the run that writes the mirror; drop payloads of an older epoch",
    },
    KeyDoc {
        pattern: "heartbeat:engine",
        value: Encoding::Json,
        payload: "Stamped<batch::Heartbeat>",
        ttl_ms: Some(3_000),
        refresh_ms: 250,
        aliases: &["module:heartbeat:engine"],
        description: "newest tick, digest of the run, what the mirror left out; written last",
    },
    KeyDoc {
        pattern: "market:tickers",
        value: Encoding::Json,
        payload: "Stamped<market::Tickers>",
        ttl_ms: Some(1_000),
        refresh_ms: 250,
        aliases: &[],
        description: "the tickers of all symbols, by symbol; written every tick",
    },
    KeyDoc {
        pattern: "account:summary",
        value: Encoding::Json,
        payload: "Stamped<account::Account>",
        ttl_ms: None,
        refresh_ms: 1_000,
        aliases: &["global:pnl:realized", "global:pnl:unrealized"],
        description: "cash, profit before fees, and fees, in USD",
    },
    KeyDoc {
        pattern: "positions:summary",
        value: Encoding::Json,
        payload: "Stamped<account::Positions>",
        ttl_ms: None,
        refresh_ms: 1_000,
        aliases: &["positions:{symbol}:{id}", "global:positions:count"],
        description: "what is held by contract with mark, profit, stop and Greeks, and the sums",
    },
    KeyDoc {
        pattern: "orders:working",
        value: Encoding::Json,
        payload: "Stamped<account::Orders>",
        ttl_ms: None,
        refresh_ms: 1_000,
        aliases: &["orders:working:{id}", "orders:pending:{id}"],
        description: "orders that can still change",
    },
    KeyDoc {
        pattern: "signals:summary",
        value: Encoding::Json,
        payload: "Stamped<account::SignalCounts>",
        ttl_ms: Some(60_000),
        refresh_ms: 1_000,
        aliases: &["signals:global:count", "metrics:signals:blocked:{reason}"],
        description: "signals scored, emitted and blocked in this run, by reason",
    },
    KeyDoc {
        pattern: "metrics:execution",
        value: Encoding::Json,
        payload: "Stamped<execution::Execution>",
        ttl_ms: Some(60_000),
        refresh_ms: 1_000,
        aliases: &["metrics:orders"],
        description: "counters by name, latency, slippage and fees by strategy, how positions ended",
    },
    KeyDoc {
        pattern: "discovered:vpin_bucket_size",
        value: Encoding::Json,
        payload: "Stamped<discovered::Parameters<BucketSize>>",
        ttl_ms: Some(DAY_MS),
        refresh_ms: HOUR_MS,
        aliases: &[],
        description: "shares of a VPIN bucket by symbol, of the last round of discovery",
    },
    KeyDoc {
        pattern: "discovered:lookback_bars",
        value: Encoding::Json,
        payload: "Stamped<discovered::Parameters<Lookback>>",
        ttl_ms: Some(DAY_MS),
        refresh_ms: HOUR_MS,
        aliases: &[],
        description: "minutes for which moves are remembered, by symbol",
    },
    KeyDoc {
        pattern: "discovered:vol_regimes",
        value: Encoding::Json,
        payload: "Stamped<discovered::Parameters<VolatilityLevels>>",
        ttl_ms: Some(DAY_MS),
        refresh_ms: HOUR_MS,
        aliases: &[],
        description: "where levels of realised volatility begin, by symbol",
    },
    KeyDoc {
        pattern: "discovered:flow_toxicity",
        value: Encoding::Json,
        payload: "Stamped<discovered::Parameters<Toxicity>>",
        ttl_ms: Some(DAY_MS),
        refresh_ms: HOUR_MS,
        aliases: &["discovered:mm_profiles"],
        description: "how toxic the flow of the tape is, by symbol",
    },
    KeyDoc {
        pattern: "discovered:correlation_matrix",
        value: Encoding::Json,
        payload: "Stamped<discovered::Matrix>",
        ttl_ms: Some(DAY_MS),
        refresh_ms: HOUR_MS,
        aliases: &[],
        description: "how the underlyings move together",
    },
    KeyDoc {
        pattern: "engine:status",
        value: Encoding::Json,
        payload: "Stamped<status::Status>",
        ttl_ms: Some(10_000),
        refresh_ms: 1_000,
        aliases: &["system:status"],
        description: "restriction and causes, line to the broker, counts, day profit, last command",
    },
    KeyDoc {
        pattern: "global:halt",
        value: Encoding::Json,
        payload: "Stamped<status::Halt>",
        ttl_ms: Some(10_000),
        refresh_ms: 1_000,
        aliases: &[],
        description: "whether trading is halted and why; a projection, writing it halts nothing",
    },
    KeyDoc {
        pattern: "analytics:correlation",
        value: Encoding::Json,
        payload: "Stamped<cross::Correlation>",
        ttl_ms: Some(180_000),
        refresh_ms: 60_000,
        aliases: &["global:risk:correlation"],
        description: "correlations of all underlyings and their average",
    },
    KeyDoc {
        pattern: "analytics:stress",
        value: Encoding::Json,
        payload: "Stamped<cross::Stress>",
        ttl_ms: Some(2_700_000),
        refresh_ms: 900_000,
        aliases: &["analytics:stress:{scenario}"],
        description: "what the book would gain in each scenario, and the worst of them, in USD",
    },
    KeyDoc {
        pattern: "analytics:risk",
        value: Encoding::Json,
        payload: "Stamped<cross::RiskAttribution>",
        ttl_ms: Some(180_000),
        refresh_ms: 60_000,
        aliases: &["analytics:risk:{symbol}"],
        description: "the book's risk by symbol and by factor over 5 and 60 minutes, in USD a session",
    },
    KeyDoc {
        pattern: "analytics:macro",
        value: Encoding::Json,
        payload: "Stamped<cross::Macro>",
        ttl_ms: Some(180_000),
        refresh_ms: 60_000,
        aliases: &["analytics:macro:{symbol}"],
        description: "what macro series say of the session, -1 to 1, with parts and ages",
    },
    KeyDoc {
        pattern: "events:engine",
        value: Encoding::Stream,
        payload: "Stamped<event::Event>",
        ttl_ms: None,
        refresh_ms: 250,
        aliases: &[],
        description: "signals, refusals, orders, fills, halts and unusual contracts in order, the last \
                      10,000",
    },
];

#[cfg(test)]
mod tests;
