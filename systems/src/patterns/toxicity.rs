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
use components::patterns::FlowLabel;

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

/// The label of a place among past VPIN values, 0 to 1.
#[must_use]
pub fn label(vpin_cdf: f64) -> FlowLabel {
    if vpin_cdf >= TOXIC_CDF {
        FlowLabel::Toxic
    } else if vpin_cdf <= BENIGN_CDF {
        FlowLabel::Benign
    } else {
        FlowLabel::Neutral
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_part_leaves_its_weight_to_the_others() {
        let whole = toxicity(Some(0.4), Some(0.6), Some(0.2)).unwrap();
        assert!((whole.value - (0.28 + 0.15 + 0.01)).abs() < 1e-15 && whole.complete);
        let without_book = toxicity(Some(0.4), Some(0.6), None).unwrap();
        assert!((without_book.value - (0.28 + 0.15) / 0.95).abs() < 1e-15);
        assert!(!without_book.complete);
        let alone = toxicity(Some(0.4), None, None).unwrap();
        assert!((alone.value - 0.4).abs() < 1e-15);
        assert_eq!(toxicity(None, Some(1.0), Some(1.0)), None);
    }

    #[test]
    fn labels_follow_the_place_and_not_the_level() {
        assert_eq!(label(0.95), FlowLabel::Toxic);
        assert_eq!(label(0.30), FlowLabel::Benign);
        assert_eq!(label(0.5), FlowLabel::Neutral);
    }

    #[test]
    fn blocks_speak_against_and_nothing_leaves_the_range() {
        let shapes = |odd_lots, sweep_trades, blocks| Shapes {
            trades: 10,
            odd_lots,
            sweeps: 0,
            sweep_trades,
            blocks,
        };
        assert_eq!(pattern_score(&shapes(0, 0, 10)), Some(0.0));
        assert_eq!(pattern_score(&shapes(10, 10, 0)), Some(1.0));
        assert_eq!(pattern_score(&Shapes::default()), None);
    }
}
