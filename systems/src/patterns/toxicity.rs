//! How toxic order flow is: VPIN, the shape of trades and the unrest of the book in one number.
//!
//! ```text
//! score    = clamp(0.7 odd_ratio + 0.9 sweep_ratio - 0.5 block_ratio, 0, 1)
//! toxicity = 0.70 vpin + 0.25 score + 0.05 obi_vol
//! ```
//!
//! The weights are the house's choice and were fitted to nothing. A part that is missing leaves its
//! weight to the others; without VPIN there is no toxicity. Source: formulas.md 9.

use super::shapes::Shapes;

/// Weights of the three parts of toxicity.
const WEIGHTS: [f64; 3] = [0.70, 0.25, 0.05];
/// From this share of the past VPIN values on, flow is toxic.
const TOXIC_CDF: f64 = 0.90;
/// Up to this share, it is benign.
const BENIGN_CDF: f64 = 0.30;

/// The score of a window's shapes, 0 to 1; `None` without trades.
#[must_use]
pub fn pattern_score(shapes: &Shapes) -> Option<f64> {
    let score =
        0.7 * shapes.odd_ratio()? + 0.9 * shapes.sweep_ratio()? - 0.5 * shapes.block_ratio()?;
    Some(score.clamp(0.0, 1.0))
}

/// Toxicity and what it stands on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Toxicity {
    /// 0 to 1.
    pub value: f64,
    /// Whether all three parts were there.
    pub complete: bool,
}

/// Toxicity of its parts, each 0 to 1; `None` without VPIN.
#[must_use]
pub fn toxicity(
    vpin: Option<f64>,
    score: Option<f64>,
    obi_volatility: Option<f64>,
) -> Option<Toxicity> {
    vpin?;
    let (mut sum, mut weights, mut complete) = (0.0, 0.0, true);
    for (part, weight) in [vpin, score, obi_volatility].into_iter().zip(WEIGHTS) {
        match part {
            Some(part) => {
                sum += weight * part;
                weights += weight;
            }
            None => complete = false,
        }
    }
    let value = if complete { sum } else { sum / weights };
    Some(Toxicity {
        value: value.clamp(0.0, 1.0),
        complete,
    })
}

/// What flow is called by where its VPIN stands among the values of the last sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// The label of a place among past values, 0 to 1.
    #[must_use]
    pub fn of(vpin_cdf: f64) -> Self {
        if vpin_cdf >= TOXIC_CDF {
            Self::Toxic
        } else if vpin_cdf <= BENIGN_CDF {
            Self::Benign
        } else {
            Self::Neutral
        }
    }

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
