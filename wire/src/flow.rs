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
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
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

/// Who began a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepSide {
    /// A buyer, up through the offers.
    Buy,
    /// A seller, down through the bids.
    Sell,
}
