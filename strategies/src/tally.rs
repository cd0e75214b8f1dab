//! How features become a score: each gives points for up or down, and what is missing gives none.

use components::signal::{Confidence, Direction, Feature};
use engine::math;
use systems::scoring::Score;

/// The share of all weights that must be present for a score.
const PRESENT_MIN: f64 = 0.5;

/// Features on their way to a score.
#[derive(Debug, Default)]
pub struct Tally {
    features: Vec<Feature>,
    points: f64,
    present: f64,
    weights: f64,
}

impl Tally {
    /// Adds a feature: `weight x tanh(value / scale)` points, positive for up.
    ///
    /// A value that is absent counts against the share that must be present.
    pub fn add(&mut self, name: &'static str, value: Option<f64>, scale: f64, weight: f64) {
        self.weights += weight;
        let Some(value) = value else { return };
        let points = weight * math::tanh(value / scale);
        self.features.push(Feature {
            name,
            value,
            points,
        });
        self.points += points;
        self.present += weight;
    }

    /// The points so far, positive for up.
    #[must_use]
    pub fn points(&self) -> f64 {
        self.points
    }

    /// Notes a value that gives no points itself.
    pub fn note(&mut self, name: &'static str, value: Option<f64>) {
        if let Some(value) = value {
            self.features.push(Feature {
                name,
                value,
                points: 0.0,
            });
        }
    }

    /// The score: direction from the sign, confidence from the share of the points that the present
    /// features could give at most, times `conviction` (1 leaves it). `None` if too much is missing
    /// or the points cancel.
    #[must_use]
    pub fn score(self, conviction: f64) -> Option<Score> {
        let enough = self.weights > 0.0 && self.present >= PRESENT_MIN * self.weights;
        if !enough || self.points == 0.0 {
            return None;
        }
        let direction = if self.points > 0.0 {
            Direction::Up
        } else {
            Direction::Down
        };
        let share = self.points.abs() / self.present;
        let confidence = Confidence::from_points(100.0 * share * conviction);
        Some(Score {
            direction,
            confidence,
            features: self.features,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_is_confidence_and_contradiction_is_none() {
        let mut tally = Tally::default();
        tally.add("a", Some(10.0), 1.0, 50.0);
        tally.add("b", Some(10.0), 1.0, 50.0);
        let score = tally.score(1.0).unwrap();
        assert_eq!(
            (score.direction, score.confidence.points()),
            (Direction::Up, 100)
        );
        let mut tally = Tally::default();
        tally.add("a", Some(10.0), 1.0, 50.0);
        tally.add("b", Some(-10.0), 1.0, 50.0);
        assert_eq!(tally.score(1.0), None);
    }

    #[test]
    fn half_of_the_weight_must_be_there() {
        let mut tally = Tally::default();
        tally.add("a", Some(10.0), 1.0, 40.0);
        tally.add("b", None, 1.0, 60.0);
        assert_eq!(tally.score(1.0), None);
    }
}
