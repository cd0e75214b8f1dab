//! What a closing auction is expected to be short of.

use crate::quality::Validity;
use serde::{Deserialize, Serialize};

/// The payload of `analytics:{symbol}:closing`; a session begins without a projection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Closing {
    /// Shares that are expected to stay unmatched; positive is buying.
    pub projected_shares: Option<f64>,
    /// The probability that the auction ends with an imbalance of this side, 0 to 1.
    pub confidence: Option<f64>,
    /// The imbalance that is published now, shares.
    pub published_shares: Option<f64>,
    /// What the projection rests on.
    pub source: ClosingSource,
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// What a projection rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosingSource {
    /// Nothing: there is no projection.
    #[default]
    None,
    /// The imbalance that the exchange publishes.
    Published,
    /// The signed volume of the tape, which says little of the auction.
    Tape,
}
