//! What projections were worth, next to guesses that need no model.
//!
//! Two such guesses: the present imbalance stays, and there is none in the end. A side is right if the
//! last imbalance has it; "none" is right if there was none. Errors are of the size of the last
//! imbalance, over the size matched in the end.

use super::fit::{FitError, fit};
use super::parameters::{Parameters, Stage};
use super::projection::project;
use super::snapshot::{Auction, Observation};
use crate::statistics::sample::correlation;
use engine::math;
use std::collections::{BTreeMap, BTreeSet};

/// Confidence is looked at in steps of a tenth.
const TENTHS: usize = 10;

/// Shares and means of some snapshots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Snapshots.
    pub rows: u64,
    /// Share whose side was right, for the projection.
    pub right: f64,
    /// The same for: the present imbalance stays.
    pub right_if_it_stays: f64,
    /// The same for: there is none.
    pub right_if_none: f64,
    /// Mean absolute error of the size, for the projection.
    pub error: f64,
    /// The same for: the present imbalance stays.
    pub error_if_it_stays: f64,
    /// The same for: there is none.
    pub error_if_none: f64,
    /// Mean confidence.
    pub confidence: f64,
    /// Correlation of the projection over the present matched size with the logarithm of the price move
    /// that was left; `None` without prices, or where either does not vary.
    pub correlation: Option<f64>,
}

/// How often the continuous book's heavier side was the auction's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TapeLine {
    /// Snapshots of the first stage with a book that leans.
    pub rows: u64,
    /// Share whose heavier side was the last imbalance's.
    pub right: f64,
    /// What was claimed.
    pub confidence: f64,
}

/// The score of parameters on auctions.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// By seconds to the last snapshot.
    pub by_time: BTreeMap<u32, Line>,
    /// By tenths of confidence.
    pub by_confidence: BTreeMap<usize, Line>,
    /// All; `None` without a snapshot.
    pub all: Option<Line>,
    /// The stand-in for auctions of which nothing is published.
    pub tape: Option<TapeLine>,
}

impl Score {
    /// The mean distance between confidence and share right over tenths of confidence, each counted as
    /// often as it occurred (expected calibration error).
    #[must_use]
    pub fn calibration_error(&self) -> Option<f64> {
        let rows: u64 = self.by_confidence.values().map(|line| line.rows).sum();
        let distance = |line: &Line| line.rows as f64 * (line.confidence - line.right).abs();
        let sum: f64 = self.by_confidence.values().map(distance).sum();
        (rows > 0).then(|| sum / rows as f64)
    }
}

/// What was fitted on all other days, scored on one.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOut {
    /// The days that were fitted on.
    pub fitted_on: Vec<i64>,
    /// The day that was scored.
    pub day: i64,
    /// What was fitted.
    pub parameters: Parameters,
    /// What it was worth.
    pub score: Score,
}

/// For each day, fits on all others and scores on it.
///
/// # Errors
/// When there is one day only, or too few snapshots on the others.
pub fn score_held_out(auctions: &[Auction]) -> Result<Vec<HeldOut>, FitError> {
    let days: BTreeSet<i64> = auctions.iter().map(|auction| auction.day).collect();
    if days.len() < 2 {
        return Err(FitError::Days(days.len()));
    }
    let held_out = |day: &i64| {
        let (own, others): (Vec<&Auction>, Vec<&Auction>) =
            auctions.iter().partition(|auction| auction.day == *day);
        let parameters = fit(&others)?;
        Ok(HeldOut {
            fitted_on: days.iter().copied().filter(|other| other != day).collect(),
            day: *day,
            score: score(&own, &parameters),
            parameters,
        })
    };
    days.iter().map(held_out).collect()
}

/// Scores `parameters` on `auctions`; those without an outcome do not count.
#[must_use]
pub fn score(auctions: &[&Auction], parameters: &Parameters) -> Score {
    let mut all = Sums::default();
    let mut by_time = BTreeMap::<u32, Sums>::new();
    let mut by_confidence = BTreeMap::<usize, Sums>::new();
    let (mut leaning, mut right) = (0_u64, 0_u64);
    for auction in auctions {
        let Some((last, before)) = auction.outcome() else {
            continue;
        };
        let last_mid = auction.observations.last().and_then(|seen| seen.mid);
        for observation in before {
            if let Some(lean) = lean_of(observation) {
                leaning += 1;
                right += u64::from(lean == last.sign());
            }
            let snapshot = &observation.snapshot;
            let Ok(projection) = project(snapshot, parameters) else {
                continue;
            };
            let sign = projection.side.map_or(0, |side| side.sign());
            let move_left = observation.mid.zip(last_mid);
            let row = Row {
                right: sign == i64::from(last.sign()),
                stays: snapshot.sign() == last.sign(),
                none: last.sign() == 0,
                error: (projection.imbalance - last.imbalance).abs() / last.matched,
                error_stays: (snapshot.imbalance - last.imbalance).abs() / last.matched,
                error_none: last.imbalance.abs() / last.matched,
                confidence: projection.confidence,
                pair: move_left
                    .filter(|(now, then)| *now > 0.0 && *then > 0.0)
                    .map(|(now, then)| {
                        let relative = projection.imbalance / snapshot.matched;
                        (relative, math::ln_ratio(then, now))
                    }),
            };
            all.add(&row);
            by_time
                .entry(whole(snapshot.seconds_to_close - last.seconds_to_close))
                .or_default()
                .add(&row);
            by_confidence
                .entry(tenth(row.confidence))
                .or_default()
                .add(&row);
        }
    }
    Score {
        by_time: lines(by_time),
        by_confidence: lines(by_confidence),
        all: all.line(),
        tape: (leaning > 0).then(|| TapeLine {
            rows: leaning,
            right: right as f64 / leaning as f64,
            confidence: parameters.tape_right,
        }),
    }
}

/// The heavier side of the book beside a snapshot of the first stage.
pub(super) fn lean_of(observation: &Observation) -> Option<i8> {
    let (stage, _) = Stage::at(observation.snapshot.seconds_to_close);
    let book = observation.book.filter(|_| stage == Stage::Open)?;
    if book > 0.0 {
        Some(1)
    } else if book < 0.0 {
        Some(-1)
    } else {
        None
    }
}

struct Row {
    right: bool,
    stays: bool,
    none: bool,
    error: f64,
    error_stays: f64,
    error_none: f64,
    confidence: f64,
    pair: Option<(f64, f64)>,
}

#[derive(Default)]
struct Sums {
    rows: u64,
    right: [u64; 3],
    errors: [f64; 3],
    confidence: f64,
    pairs: Vec<(f64, f64)>,
}

impl Sums {
    fn add(&mut self, row: &Row) {
        self.rows += 1;
        let right = [row.right, row.stays, row.none];
        let errors = [row.error, row.error_stays, row.error_none];
        for place in 0..3 {
            self.right[place] += u64::from(right[place]);
            self.errors[place] += errors[place];
        }
        self.confidence += row.confidence;
        self.pairs.extend(row.pair);
    }

    fn line(&self) -> Option<Line> {
        let rows = self.rows as f64;
        let [right, right_if_it_stays, right_if_none] = self.right.map(|n| n as f64 / rows);
        let [error, error_if_it_stays, error_if_none] = self.errors.map(|sum| sum / rows);
        (self.rows > 0).then(|| Line {
            rows: self.rows,
            right,
            right_if_it_stays,
            right_if_none,
            error,
            error_if_it_stays,
            error_if_none,
            confidence: self.confidence / rows,
            correlation: correlation(&self.pairs),
        })
    }
}

fn lines<K: Ord>(sums: BTreeMap<K, Sums>) -> BTreeMap<K, Line> {
    let line = |(key, sums): (K, Sums)| sums.line().map(|line| (key, line));
    sums.into_iter().filter_map(line).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "held within the range first"
)]
fn whole(seconds: f64) -> u32 {
    seconds.clamp(0.0, 1e6).round() as u32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share from 0 to 1"
)]
fn tenth(confidence: f64) -> usize {
    ((confidence * TENTHS as f64) as usize).min(TENTHS - 1)
}

#[cfg(test)]
mod tests {
    use super::super::parameters::tests::halves;
    use super::super::snapshot::Snapshot;
    use super::*;

    fn auction(day: i64, present: f64, last: f64, mids: [f64; 2]) -> Auction {
        let observation = |seconds_to_close, imbalance, mid| Observation {
            snapshot: Snapshot {
                seconds_to_close,
                imbalance,
                matched: 900.0,
            },
            mid: Some(mid),
            book: Some(0.1),
        };
        Auction {
            day,
            observations: vec![
                observation(540.0, present, mids[0]),
                observation(60.0, last, mids[1]),
            ],
        }
    }

    #[test]
    fn a_score_is_that_of_a_pencil() {
        let up = auction(1, 300.0, 180.0, [1.0, 1.5]);
        let over = auction(1, -300.0, 0.0, [1.0, 0.5]);
        let lone = Auction::default();
        let found = score(&[&up, &over, &lone], &halves());
        let line = found.all.unwrap();
        assert_eq!(line.rows, 2);
        let near = |one: f64, other: f64| assert!((one - other).abs() < 1e-15, "{one} {other}");
        near(line.right, 0.5);
        near(line.right_if_it_stays, 0.5);
        near(line.right_if_none, 0.5);
        // 150 instead of 180, and -150 instead of 0.
        near(line.error, (30.0 + 150.0) / 1_800.0);
        near(line.error_if_it_stays, (120.0 + 300.0) / 1_800.0);
        near(line.error_if_none, 180.0 / 1_800.0);
        near(line.confidence, 2.0 / 3.0);
        near(line.correlation.unwrap(), 1.0);
        assert_eq!(found.by_time.keys().collect::<Vec<_>>(), [&480]);
        assert_eq!(found.by_confidence.keys().collect::<Vec<_>>(), [&6]);
        near(found.calibration_error().unwrap(), 2.0 / 3.0 - 0.5);
        // The book leaned to buying twice.
        let tape = found.tape.unwrap();
        assert_eq!(tape.rows, 2);
        near(tape.right, 0.5);
    }

    #[test]
    fn nothing_has_no_score() {
        let found = score(&[], &halves());
        assert_eq!((found.all, found.tape), (None, None));
        assert_eq!(found.calibration_error(), None);
    }

    #[test]
    fn one_day_is_not_scored_on_itself() {
        let day = [auction(3, 300.0, 100.0, [1.0, 1.0])];
        assert_eq!(score_held_out(&day), Err(FitError::Days(1)));
        assert_eq!(score_held_out(&[]), Err(FitError::Days(0)));
    }
}
