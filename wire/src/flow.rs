//! What trades look like and who seems to be behind them.

use crate::quality::Validity;
use serde::{Deserialize, Serialize};

/// Shapes of the trades of the last minute: the payload of `analytics:{symbol}:flow`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Trades of the last minute.
    pub trades: u32,
    /// Share of trades of less than a round lot, 0 to 1.
    pub odd_ratio: Option<f64>,
    /// Share of trades inside sweeps, 0 to 1.
    pub sweep_ratio: Option<f64>,
    /// Share of blocks, 0 to 1.
    pub block_ratio: Option<f64>,
    /// VPIN, shapes and the unrest of the book in one number, 0 to 1.
    pub toxicity: Option<f64>,
    /// Whether all three parts of the toxicity were there.
    pub toxicity_is_complete: bool,
    /// What the flow is called.
    pub label: Option<FlowLabel>,
    /// The side of the last sweep, for 30 s.
    pub sweep: Option<SweepSide>,
    /// When that sweep began.
    pub sweep_at_ms: Option<i64>,
    /// Share of the volume that looks like private investors', 0 to 1; a heuristic.
    pub retail_share: Option<f64>,
    /// Bought minus sold over their volume, -1 to 1.
    pub retail_imbalance: Option<f64>,
    /// Share of the volume that looks like institutions', 0 to 1; a heuristic.
    pub institutional_share: Option<f64>,
    /// Bought minus sold over their volume, -1 to 1.
    pub institutional_imbalance: Option<f64>,
    /// Hidden orders of the last minute.
    pub hidden: Hidden,
    /// Kinds of flow among the last trades.
    pub clusters: Clusters,
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// Iceberg levels that are shown.
pub const ICEBERGS_MAX: usize = 4;

/// An estimate of what rested in orders that nobody saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hidden {
    /// Executions on exchanges in the last minute.
    pub trades: u32,
    /// Their shares.
    pub exchange_shares: u64,
    /// Shares executed between bid and ask.
    pub inside_shares: u64,
    /// Shares executed at the best price beyond what was displayed.
    pub beyond_shares: u64,
    /// Shares that came back at iceberg levels.
    pub refilled_shares: u64,
    /// Hidden over exchange shares, 0 to 1.
    pub ratio: Option<f64>,
    /// Hidden bid less ask shares over both, -1 to 1.
    pub imbalance: Option<f64>,
    /// Iceberg levels, the newest first.
    pub icebergs: [Option<Iceberg>; ICEBERGS_MAX],
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// A price at which displayed size came back again and again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Iceberg {
    /// Whether buyers or sellers rest there.
    pub side: SweepSide,
    /// The price.
    pub price_usd: f64,
    /// How often size came back within ten seconds.
    pub refills: u32,
    /// When it last did.
    pub at_ms: Option<i64>,
}

/// Kinds of flow; a heuristic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Clusters {
    /// Trades in the window.
    pub trades: u32,
    /// Trades with the move before them; `null` where the kinds cannot be told apart.
    pub momentum: Option<Cluster>,
    /// Neither.
    pub hedging: Option<Cluster>,
    /// Trades against the move.
    pub reversion: Option<Cluster>,
    /// How well trades lie in their clusters, -1 to 1.
    pub silhouette: Option<f64>,
    /// With which kind dealers' hedging goes by the sign of their gamma.
    pub hedging_goes_with: Option<FlowKind>,
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// A kind of flow and a usual trade of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Share of the window's shares, 0 to 1; the three add up to 1.
    pub share: f64,
    /// Trades.
    pub trades: u32,
    /// Shares of a trade.
    pub size: f64,
    /// Side times the move of the 30 s before, in standard deviations, -5 to 5.
    pub alignment: f64,
    /// Milliseconds since the trade before.
    pub pause_ms: f64,
    /// Share of the last 250 ms's volume on the same side, 0 to 1.
    pub one_sided: f64,
}

/// A kind of flow that hedging may go with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowKind {
    /// With the move.
    Momentum,
    /// Neither.
    Hedging,
    /// Against the move.
    Reversion,
}

/// What flow is called by where its VPIN stands among past values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowLabel {
    /// Balanced.
    Benign,
    /// Neither.
    Neutral,
    /// One-sided.
    Toxic,
}

/// Who began a sweep, or rests at a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepSide {
    /// A buyer, up through the offers.
    Buy,
    /// A seller, down through the bids.
    Sell,
}
