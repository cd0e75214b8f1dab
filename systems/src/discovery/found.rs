//! What was found: a record of plain values that a file holds and a digest can be made of.
//!
//! Floats are rounded to six significant digits where they are made, so that a file and the engine
//! hold the same numbers. What could not be found is the default or absent, with the reason.

use components::market::Ticker;
use components::patterns::FlowLabel;
use components::units::Timestamp;
use serde::{Deserialize, Serialize};

/// The shape of the record; a file of another one is refused.
pub const VERSION: u32 = 1;

/// Everything that was found, symbols in order of their names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discovered {
    /// [`VERSION`].
    pub version: u32,
    /// When the last value was computed.
    #[serde(with = "instant")]
    pub computed_at: Timestamp,
    /// What was found for each underlying.
    pub symbols: Vec<SymbolFound>,
    /// How they move together.
    pub correlation: CorrelationFound,
}

/// What was found for one underlying.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SymbolFound {
    /// The underlying.
    pub symbol: Ticker,
    /// When.
    #[serde(with = "instant")]
    pub computed_at: Timestamp,
    /// Shares of a VPIN bucket.
    pub vpin_bucket: BucketFound,
    /// For how long moves are remembered.
    pub lookback: LookbackFound,
    /// What volatility is called.
    pub volatility: VolatilityFound,
    /// How toxic the flow is.
    pub toxicity: ToxicityFound,
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

impl Status {
    /// Its name in files and transcripts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Thin => "thin",
            Self::Still => "still",
        }
    }
}

/// What a value stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Whether it was found.
    pub status: Status,
    /// In how many observations.
    pub observations: u64,
    /// Why not, if it was not.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Basis {
    /// Found in `observations`.
    #[must_use]
    pub fn ok(observations: usize) -> Self {
        Self {
            status: Status::Ok,
            observations: observations as u64,
            reason: None,
        }
    }

    /// Not found: `observations` of `what` are fewer than `least`.
    #[must_use]
    pub fn thin(observations: usize, least: usize, what: &str) -> Self {
        Self {
            status: Status::Thin,
            observations: observations as u64,
            reason: Some(format!("{what}: {observations}, must be at least {least}")),
        }
    }

    /// Not found: the `observations` do not move.
    #[must_use]
    pub fn still(observations: usize, what: &str) -> Self {
        Self {
            status: Status::Still,
            observations: observations as u64,
            reason: Some(format!("{what} do not move")),
        }
    }

    /// Whether it was found.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.status == Status::Ok
    }
}

/// Shares of a VPIN bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BucketFound {
    /// Shares; absent while nothing was traded.
    pub shares: Option<u64>,
    /// Mean volume of a session of 390 minutes, shares.
    pub day_volume: Option<u64>,
    /// The median trade, shares.
    pub median_trade: Option<u64>,
    /// One-minute bars with volume.
    pub basis: Basis,
}

/// For how long the size of a move is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookbackFound {
    /// One-minute bars.
    pub bars: u64,
    /// Autocorrelations beyond this are significant.
    pub bound: Option<f64>,
    /// One-minute returns.
    pub basis: Basis,
}

/// Where the levels of realised volatility begin, decimals a year (0.20 = 20 %).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolatilityFound {
    /// Below this, low.
    pub low_below: f64,
    /// From this on, elevated.
    pub elevated_from: f64,
    /// From this on, high.
    pub high_from: f64,
    /// From this on, a shock.
    pub shock_from: f64,
    /// A fifth of the windows are below.
    pub percentile_20: Option<f64>,
    /// The middle of the windows.
    pub median: Option<f64>,
    /// A fifth of the windows are above.
    pub percentile_80: Option<f64>,
    /// Windows of 30 one-minute returns.
    pub basis: Basis,
}

/// How toxic the flow of the tape is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToxicityFound {
    /// The last VPIN in buckets of the size that was found, 0 to 1.
    pub vpin: Option<f64>,
    /// The score of the trades' shapes, 0 to 1.
    pub score: Option<f64>,
    /// Both together, 0 to 1.
    pub toxicity: Option<f64>,
    /// By where the VPIN stands among those of earlier sessions; absent in the first.
    pub label: Option<FlowLabel>,
    /// Trades.
    pub basis: Basis,
}

/// How the underlyings move together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrelationFound {
    /// The rows and columns.
    pub symbols: Vec<Ticker>,
    /// How far the covariance was shrunk towards a scaled identity, if it was.
    pub shrinkage: Option<f64>,
    /// Row by row, -1 to 1; nothing for an underlying that does not move, empty if nothing was
    /// found.
    pub matrix: Vec<Vec<Option<f64>>>,
    /// Minutes that all symbols have.
    pub basis: Basis,
}

impl CorrelationFound {
    /// Nothing, because of `basis`.
    #[must_use]
    pub fn nothing(symbols: Vec<Ticker>, basis: Basis) -> Self {
        Self {
            symbols,
            shrinkage: None,
            matrix: Vec::new(),
            basis,
        }
    }
}

/// `value` with six significant digits.
#[must_use]
pub fn rounded(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// Instants as people write them.
mod instant {
    use components::units::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        let read: Result<jiff::Timestamp, _> = text.parse();
        read.map(Timestamp::from).map_err(|_| {
            Error::custom(format_args!(
                "must be a time such as 2026-03-02T21:00:00Z, found {text:?}"
            ))
        })
    }
}
