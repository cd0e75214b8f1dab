//! Parameters found in the tape, by symbol: the payloads of `discovered:*`.
//!
//! One round of discovery is shown in all of them at its end, with its instant. What was not found is
//! the default or `null`, with the reason in its basis.

use crate::flow::FlowLabel;
use crate::symbol::Symbol;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One kind of parameter for all symbols, of one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameters<T> {
    /// When the round ended.
    pub computed_at_ms: Option<i64>,
    /// By symbol.
    pub symbols: BTreeMap<Symbol, Parameter<T>>,
}

/// A parameter and what it stands on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter<T> {
    /// The values.
    #[serde(flatten)]
    pub value: T,
    /// What they stand on.
    pub basis: Basis,
}

/// Whether a value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It was.
    Ok,
    /// There is too little to find it in: the default, or nothing.
    Thin,
    /// What it would be found in does not move: the default, or nothing.
    Still,
}

/// What a value stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Whether it was found.
    pub status: Status,
    /// In how many observations.
    pub observations: u64,
    /// Why not, if it was not.
    pub reason: Option<String>,
}

/// The payload of a symbol in `discovered:vpin_bucket_size`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BucketSize {
    /// Shares of a VPIN bucket; null while nothing was traded.
    pub shares: Option<u64>,
    /// Mean volume of a session of 390 minutes, shares.
    pub day_volume_shares: Option<u64>,
    /// The median trade, shares.
    pub median_trade_shares: Option<u64>,
}

/// The payload of a symbol in `discovered:lookback_bars`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lookback {
    /// One-minute bars for which the size of a move is remembered.
    pub bars: u64,
    /// Autocorrelations beyond this are significant.
    pub bound: Option<f64>,
}

/// The payload of a symbol in `discovered:vol_regimes`: where levels of realised volatility begin, per
/// year, 0.20 is 20 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct VolatilityLevels {
    /// Below this, low.
    pub low_below: f64,
    /// From this on, elevated.
    pub elevated_from: f64,
    /// From this on, high.
    pub high_from: f64,
    /// From this on, a shock.
    pub shock_from: f64,
    /// The middle of what was seen.
    pub median: Option<f64>,
}

/// The payload of a symbol in `discovered:flow_toxicity`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Toxicity {
    /// The last VPIN in buckets of the size that was found, 0 to 1.
    pub vpin: Option<f64>,
    /// The score of the trades' shapes, 0 to 1.
    pub score: Option<f64>,
    /// Both together, 0 to 1.
    pub toxicity: Option<f64>,
    /// What the flow is called.
    pub label: Option<FlowLabel>,
}

/// How the underlyings move together: the payload of `discovered:correlation_matrix`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Matrix {
    /// When the round ended.
    pub computed_at_ms: Option<i64>,
    /// The rows and columns.
    pub symbols: Vec<Symbol>,
    /// How far the covariance was shrunk towards a scaled identity, 0 to 1.
    pub shrinkage: Option<f64>,
    /// Row by row, -1 to 1; null for an underlying that does not move, empty if nothing was found.
    pub matrix: Vec<Vec<Option<f64>>>,
    /// What it stands on.
    pub basis: Basis,
}

/// Everything that a round found.
#[derive(Clone, Debug, PartialEq)]
pub struct Discovered {
    /// Shares of VPIN buckets.
    pub buckets: Parameters<BucketSize>,
    /// For how long moves are remembered.
    pub lookbacks: Parameters<Lookback>,
    /// What volatility is called.
    pub levels: Parameters<VolatilityLevels>,
    /// How toxic the flow is.
    pub toxicities: Parameters<Toxicity>,
    /// How the underlyings move together.
    pub matrix: Matrix,
}
