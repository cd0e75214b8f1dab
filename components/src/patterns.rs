//! What the trades of an underlying look like, and who seems to be behind them.

use crate::market::Side;
use crate::quality::Stamp;
use crate::units::Timestamp;
use bevy_ecs::prelude::Component;
use serde::{Deserialize, Serialize};

/// What flow is called by where its VPIN stands among the values of the last sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlowLabel {
    /// Balanced flow; that is all that a low VPIN says.
    Benign,
    /// Neither.
    #[default]
    Neutral,
    /// One-sided flow.
    Toxic,
}

impl FlowLabel {
    /// The name in files, transcripts and the mirror.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Benign => "benign",
            Self::Neutral => "neutral",
            Self::Toxic => "toxic",
        }
    }
}

/// A sweep through several price levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// Who began it.
    pub side: Side,
    /// When its first trade took place.
    pub began: Timestamp,
    /// Its trades so far.
    pub trades: u32,
}

/// The trades of the last minute by their shape.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct TradePatterns {
    /// Trades in the window.
    pub trades: u32,
    /// Share of trades of less than a round lot, 0 to 1.
    pub odd_ratio: Option<f64>,
    /// Share of trades inside sweeps.
    pub sweep_ratio: Option<f64>,
    /// Share of blocks.
    pub block_ratio: Option<f64>,
    /// The three in one number, 0 to 1.
    pub score: Option<f64>,
    /// VPIN, the score and the unrest of the book in one number, 0 to 1.
    pub toxicity: Option<f64>,
    /// Whether all three parts of the toxicity were there.
    pub is_complete: bool,
    /// What the flow is called; absent without VPIN's place among past values.
    pub label: Option<FlowLabel>,
    /// The last sweep, for as long as it is shown.
    pub sweep: Option<Sweep>,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// Who seems to trade, by the shares of the last minute. A heuristic: nobody signs a print.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct Participants {
    /// Share of the volume that looks like private investors', 0 to 1.
    pub retail_share: Option<f64>,
    /// Share of the volume that looks like institutions'.
    pub institutional_share: Option<f64>,
    /// Bought minus sold shares that look like private investors', over their volume, -1 to 1.
    pub retail_imbalance: Option<f64>,
    /// Bought minus sold shares that look like institutions', over their volume, -1 to 1.
    pub institutional_imbalance: Option<f64>,
    /// When, until when, how good.
    pub stamp: Stamp,
}
