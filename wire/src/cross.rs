//! What is computed over several underlyings or over the book: correlations, liquidity, scenarios, where
//! risk comes from, whether data are as they were.

use crate::quality::Validity;
use crate::symbol::Symbol;
use serde::{Deserialize, Serialize};

/// How all underlyings move together: the payload of `analytics:correlation`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Correlation {
    /// Those with enough returns, ascending.
    pub symbols: Vec<Symbol>,
    /// Underlyings without.
    pub left_out: u64,
    /// A row a symbol, -1 to 1; null where one of the two does not move. Empty without a matrix.
    pub matrix: Vec<Vec<Option<f64>>>,
    /// The mean of all pairs.
    pub average: Option<f64>,
    /// The length of the returns, `1m` or `5s`.
    pub step: Option<String>,
    /// Returns that all symbols have.
    pub rows: u64,
    /// How far the covariance was shrunk towards the identity, 0 to 1; null where it was not.
    pub shrinkage: Option<f64>,
    /// Why there is no matrix.
    pub reason: Option<String>,
    /// When, until when, how good: `warmup` on returns of five seconds.
    #[serde(flatten)]
    pub validity: Validity,
}

/// How much can be traded and at what cost: the payload of `analytics:{symbol}:liquidity`. Basis points
/// are of the midpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Liquidity {
    /// What is missing, where anything is.
    pub reason: Option<Illiquid>,
    /// Ask less bid.
    pub spread_bps: Option<f64>,
    /// Twice the distance of trades from the midpoint before them, by size.
    pub effective_spread_bps: Option<f64>,
    /// Shares bid up to each level.
    pub bid_depth: [u64; 10],
    /// Shares offered up to each level.
    pub ask_depth: [u64; 10],
    /// Dollars at the five best levels of both sides.
    pub depth_usd: Option<f64>,
    /// How fast sizes shrink from level to level, a share of the logarithm; negative where they grow.
    pub decay: Option<f64>,
    /// What orders of these sizes would cost.
    pub slippage: [Option<Slippage>; 4],
    /// All of it as one number, 0 to 100.
    pub score: Option<f64>,
    /// Option contracts that have not settled.
    pub contracts: u32,
    /// Of these, quoted on both sides.
    pub contracts_quoted: u32,
    /// The median spread of options with a delta of 0.25 to 0.75 as a share of their midpoint.
    pub option_spread_share: Option<f64>,
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// What an order that takes what is shown would cost against the midpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slippage {
    /// Shares.
    pub shares: u64,
    /// To buy them; null where the book does not hold that much.
    pub buy_bps: Option<f64>,
    /// To sell them.
    pub sell_bps: Option<f64>,
}

/// What a book lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Illiquid {
    /// Both sides.
    EmptyBook,
    /// Buyers.
    NoBids,
    /// Sellers.
    NoAsks,
    /// A bid below the ask.
    Crossed,
}

/// What the book would gain in each scenario: the payload of `analytics:stress`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stress {
    /// In the order of the config; empty without a book.
    pub scenarios: Vec<StressScenario>,
    /// The name of the worst, orders in flight included.
    pub worst: Option<String>,
    /// Instruments that are held.
    pub positions: u64,
    /// Instruments that are held or that orders in flight may bring.
    pub instruments: u64,
    /// Those that could not be valued: they count as lost.
    pub without_value: u64,
    /// When the book was taken, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// One scenario; losses are negative.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StressScenario {
    /// Its name.
    pub name: String,
    /// To what is held.
    pub held_usd: f64,
    /// To what may be held once orders in flight are executed, at worst.
    pub worst_usd: f64,
    /// What loses most: an OSI symbol, or a ticker.
    pub largest_loss: Option<String>,
    /// How much that is.
    pub largest_loss_usd: Option<f64>,
}

/// Where the risk of the book comes from: the payload of `analytics:risk`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RiskAttribution {
    /// Over five minutes and over an hour.
    pub windows: Vec<RiskWindow>,
    /// Positions without a delta: they are in no sum.
    pub without_delta: u64,
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// Risk over one window of returns, as dollars of standard deviation over a session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RiskWindow {
    /// Seconds that the window reaches back.
    pub seconds: i64,
    /// Returns that all symbols have.
    pub rows: u64,
    /// Of the whole book.
    pub deviation_usd: Option<f64>,
    /// By symbol, ascending.
    pub symbols: Vec<SymbolRisk>,
    /// By independent factor, the largest variance first.
    pub factors: Vec<FactorRisk>,
    /// How far the covariance was shrunk, 0 to 1; null where it was not.
    pub shrinkage: Option<f64>,
    /// Symbols that are held and have too few returns.
    pub left_out: u64,
    /// Why there is nothing.
    pub reason: Option<String>,
}

/// What one symbol adds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SymbolRisk {
    /// The symbol.
    pub symbol: Symbol,
    /// What is held of it, dollars of delta.
    pub delta_usd: f64,
    /// Risk that one more dollar of delta adds.
    pub marginal: f64,
    /// Risk that all of it adds; negative for a hedge.
    pub contribution_usd: f64,
    /// That as a share of the whole.
    pub share: Option<f64>,
}

/// What one factor adds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactorRisk {
    /// The symbol that moves most with it.
    pub lead: Symbol,
    /// Its variance over one return.
    pub variance: f64,
    /// Dollars of delta that the book has of it.
    pub exposure_usd: f64,
    /// Its share of the book's variance, 0 to 1.
    pub share: Option<f64>,
}

/// What macro series say of the session: the payload of `analytics:macro`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Macro {
    /// The mean of the parts that there are, -1, adverse, to 1, supportive.
    pub score: Option<f64>,
    /// Which way that points: `adverse`, `neutral` or `supportive`.
    pub lean: Option<String>,
    /// The parts.
    pub parts: Vec<MacroPart>,
    /// When, until when, how good: `stale` where every series is too old.
    #[serde(flatten)]
    pub validity: Validity,
}

/// One part of the macro score.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MacroPart {
    /// `policy`, `yields`, `curve`, `inflation`, `growth` or `sentiment`.
    pub name: String,
    /// What it stands on: percent points for rates and yields, shares for growth, a score for news.
    pub input: Option<f64>,
    /// What that says, -1 to 1; null where a series lacks or is too old.
    pub value: Option<f64>,
    /// Which way it points.
    pub lean: Option<String>,
    /// Days since the date of the newest row of its series, the older of two.
    pub age_days: Option<i64>,
}

/// Whether what comes in is as it was: the payload of `monitoring:data:{symbol}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataDrift {
    /// Changes of the best quote, a second.
    pub quote_rate: Watch,
    /// Spread of the best quote, basis points.
    pub spread_bps: Watch,
    /// Shares of a trade, the geometric mean.
    pub trade_size: Watch,
    /// How far prices moved in a sample, a share.
    pub return_size: Watch,
    /// Alerts of this run.
    pub alerts: u32,
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// How one input stands against its own past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// The newest value.
    pub value: Option<f64>,
    /// What was usual before it.
    pub usual: Option<f64>,
    /// Deviations between the two, on a logarithmic scale.
    pub z: Option<f64>,
    /// Since when it drifts, if it does.
    pub since_ms: Option<i64>,
}
