//! Until when a value may be used, and how good it is. Every published number carries this.

use serde::{Deserialize, Serialize};

/// The state of a published value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Computed from complete and fresh input.
    Ok,
    /// Not enough history yet.
    Warmup,
    /// No input.
    #[default]
    NoData,
    /// The input is older than its limit: no signal may rest on the value.
    Stale,
    /// A side of the market is missing.
    OneSided,
    /// The bid is above the ask.
    Crossed,
    /// The bid equals the ask.
    Locked,
    /// An input was moved to the edge of its range.
    Clamped,
    /// The input determines the value badly.
    IllConditioned,
    /// The contract has expired.
    Expired,
}

/// When a value was computed, until when it holds, and how good it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    /// When it was computed.
    pub computed_at_ms: Option<i64>,
    /// Until when it may be used.
    pub valid_until_ms: Option<i64>,
    /// How good it is.
    pub quality: Quality,
}
