//! Parameters from recorded auctions.
//!
//! What stays is fitted by least absolute errors, each measured by the size that was matched in the end,
//! because a few auctions with half of their size unmatched would make squares theirs alone. What each
//! outcome is worth is fitted by maximum likelihood. Both by a compass search: the best neighbour is
//! taken until none is better, then steps are halved. Nothing is random.

use super::parameters::{Parameters, Stage, StageParameters};
use super::snapshot::Auction;
use engine::math;

/// Snapshots of a stage without which nothing is fitted.
const ROWS_MIN: usize = 100;
/// The last step of the search.
const STEP_MIN: f64 = 1.0 / 1_024.0;
/// Exponents beyond this make no difference that a market could show.
const EXPONENT_MAX: f64 = 10.0;
/// What no outcome's odds fall below in a likelihood: one surprise must not decide.
const ODDS_MIN: f64 = 1e-9;

/// Why nothing was fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// Too few snapshots of a stage.
    #[error("{rows} snapshots of the stage `{stage}`, must be at least 100")]
    Rows {
        /// The stage's name.
        stage: &'static str,
        /// Its snapshots.
        rows: usize,
    },
    /// Too few snapshots with a book that leans.
    #[error("{rows} snapshots before 15:55 with sizes of bid and ask, must be at least 100")]
    Books {
        /// Snapshots with one.
        rows: usize,
    },
    /// What is fitted on a day may not be scored on it.
    #[error(
        "{0} days of auctions, must be at least 2: nothing is scored on the day it was fitted on"
    )]
    Days(usize),
}

struct Row {
    /// The root of the ratio's size.
    root: f64,
    minutes: f64,
    /// Whether the present side was the last one: 1; none was left: 0; the other: -1.
    outcome: i8,
    has_side: bool,
    /// Present and last imbalance over the size matched at last.
    present: f64,
    last: f64,
}

/// Fits parameters on `auctions`; those without an outcome do not count.
///
/// # Errors
/// When a stage has too few snapshots.
pub fn fit(auctions: &[&Auction]) -> Result<Parameters, FitError> {
    let mut parameters = Parameters {
        tape_right: tape_right(auctions)?,
        ..Parameters::RECORDED
    };
    for stage in Stage::ALL {
        let rows = rows_of(stage, auctions);
        if rows.len() < ROWS_MIN {
            let (stage, rows) = (stage.name(), rows.len());
            return Err(FitError::Rows { stage, rows });
        }
        parameters.stages[stage as usize] = fit_stage(&rows);
    }
    Ok(parameters)
}

fn rows_of(wanted: Stage, auctions: &[&Auction]) -> Vec<Row> {
    let mut rows = Vec::new();
    for auction in auctions {
        let Some((last, before)) = auction.outcome() else {
            continue;
        };
        for observation in before {
            let snapshot = &observation.snapshot;
            let Ok(ratio) = snapshot.ratio() else {
                continue;
            };
            let (stage, minutes) = Stage::at(snapshot.seconds_to_close);
            if stage != wanted {
                continue;
            }
            let sign = snapshot.sign();
            rows.push(Row {
                root: ratio.abs().sqrt(),
                minutes,
                outcome: if sign == 0 {
                    last.sign()
                } else {
                    sign * last.sign()
                },
                has_side: sign != 0,
                present: snapshot.imbalance / last.matched,
                last: last.imbalance / last.matched,
            });
        }
    }
    rows
}

fn fit_stage(rows: &[Row]) -> StageParameters {
    let longest = rows.iter().map(|row| row.minutes).fold(0.0, f64::max);
    // In terms of what is left at the stage's end and start, the two hardly depend on each other.
    let losses = |at: &[f64; 2]| {
        let [loss, over_stage] = *at;
        (
            loss,
            if longest > 0.0 {
                over_stage / longest
            } else {
                0.0
            },
        )
    };
    let odds = |at: &[f64; 3]| StageParameters {
        loss: 0.0,
        decay: 0.0,
        sharpness: math::exp(at[0]),
        dead_zone: math::exp(at[1]),
        blur: at[2],
    };
    let error = |at: &[f64; 2]| {
        let (loss, decay) = losses(at);
        let keep = |row: &Row| math::exp(-(loss + decay * row.minutes));
        let rest = |row: &Row| (row.present * keep(row) - row.last).abs();
        rows.iter().map(rest).sum::<f64>()
    };
    let surprise = |at: &[f64; 3]| {
        let stage = odds(at);
        let of = |row: &Row| {
            let odds = stage.odds(row.root, row.minutes);
            let found = match (row.outcome, row.has_side) {
                (0, _) => odds.none,
                (1, _) | (_, false) => odds.same,
                _ => odds.other,
            };
            -math::ln(found.max(ODDS_MIN))
        };
        rows.iter().map(of).sum::<f64>()
    };
    let (loss, decay) = losses(&descend([1.0, 0.5], [0.0, 0.0], error));
    let likely = odds(&descend(
        [1.0, 0.0, 0.0],
        [-EXPONENT_MAX, -EXPONENT_MAX, 0.0],
        surprise,
    ));
    StageParameters {
        loss,
        decay,
        ..likely
    }
}

/// How often the heavier side of the book was the auction's in the first stage.
fn tape_right(auctions: &[&Auction]) -> Result<f64, FitError> {
    let (mut rows, mut right) = (0_usize, 0_usize);
    for auction in auctions {
        let Some((last, before)) = auction.outcome() else {
            continue;
        };
        for observation in before {
            if let Some(lean) = super::score::lean_of(observation) {
                rows += 1;
                right += usize::from(lean == last.sign());
            }
        }
    }
    if rows < ROWS_MIN {
        return Err(FitError::Books { rows });
    }
    Ok(right as f64 / rows as f64)
}

/// The place with the least cost that single and joint steps find from `start`, none of its values below
/// `floor` or above [`EXPONENT_MAX`].
fn descend<const N: usize>(
    start: [f64; N],
    floor: [f64; N],
    cost: impl Fn(&[f64; N]) -> f64,
) -> [f64; N] {
    let (mut best, mut least) = (start, cost(&start));
    let mut step = 0.5;
    let neighbours = 3_usize.pow(u32::try_from(N).unwrap_or(0));
    while step >= STEP_MIN {
        let from = best;
        let mut has_moved = false;
        for number in 0..neighbours {
            let mut place = from;
            let mut digits = number;
            for (value, floor) in place.iter_mut().zip(&floor) {
                *value += step * ((digits % 3) as f64 - 1.0);
                *value = value.clamp(*floor, EXPONENT_MAX);
                digits /= 3;
            }
            let found = cost(&place);
            if found < least {
                (best, least, has_moved) = (place, found, true);
            }
        }
        if !has_moved {
            step /= 2.0;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::{Observation, Snapshot};
    use super::*;

    #[test]
    fn a_valley_is_found_along_no_axis() {
        let cost = |at: &[f64; 2]| {
            let (along, across) = (at[0] + at[1] - 3.0, at[0] - at[1] - 0.25);
            along * along + 50.0 * across * across
        };
        let found = descend([0.0, 0.0], [-10.0, -10.0], cost);
        assert!((found[0] - 1.625).abs() < 2e-3 && (found[1] - 1.375).abs() < 2e-3);
    }

    #[test]
    fn a_floor_is_left_again() {
        // While x is below 1.5, y would rather be negative; in the end both are 3 and 1.5.
        let cost = |at: &[f64; 2]| {
            let (x, y) = (at[0] - 3.0, at[1] - at[0] + 1.5);
            x * x + y * y
        };
        let found = descend([-4.0, 0.0], [-10.0, 0.0], cost);
        assert!((found[0] - 3.0).abs() < 2e-3 && (found[1] - 1.5).abs() < 2e-3);
        let found = descend([-4.0, 2.0], [-10.0, 2.0], cost);
        assert!((found[0] - 3.25).abs() < 2e-3 && (found[1] - 2.0).abs() < 1e-15);
    }

    /// Auctions of which a quarter of the imbalance stays from each of the first two stages, and all from
    /// the last.
    fn auctions() -> Vec<Auction> {
        let auction = |number: i32| {
            let sign = if number % 2 == 0 { 1.0 } else { -1.0 };
            let size = 100.0 + f64::from(number);
            let observation = |seconds_to_close: f64, imbalance: f64| Observation {
                snapshot: Snapshot {
                    seconds_to_close,
                    imbalance,
                    matched: 1_000.0,
                },
                mid: None,
                book: Some(sign * 0.5),
            };
            Auction {
                day: 1,
                observations: vec![
                    observation(540.0, sign * size * 4.0),
                    observation(480.0, sign * size * 4.0),
                    observation(240.0, sign * size * 4.0),
                    observation(120.0, sign * size),
                    observation(60.0, sign * size),
                ],
            }
        };
        (0..120).map(auction).collect()
    }

    #[test]
    fn what_auctions_were_made_with_is_found() {
        let auctions = auctions();
        let whole: Vec<&Auction> = auctions.iter().collect();
        let found = fit(&whole).unwrap();
        for (stage, minutes, keep) in [
            (Stage::Open, 4.0, 0.25),
            (Stage::Open, 3.0, 0.25),
            (Stage::LimitsOnly, 2.0, 0.25),
            (Stage::Locked, 1.0, 1.0),
        ] {
            let kept = found.of(stage).keep(minutes);
            assert!((kept - keep).abs() < 2e-3, "{stage:?} {kept}");
        }
        // No side ever changed.
        assert!(found.of(Stage::LimitsOnly).odds(0.5, 2.0).same > 0.99);
        assert!((found.tape_right - 1.0).abs() < 1e-15);
    }

    #[test]
    fn too_little_is_refused_with_its_place() {
        let auctions = auctions();
        let few: Vec<&Auction> = auctions.iter().take(60).collect();
        let error = fit(&few).unwrap_err();
        assert_eq!(
            error.to_string(),
            "60 snapshots of the stage `limits_only`, must be at least 100"
        );
        let none = fit(&[]).unwrap_err();
        assert_eq!(none, FitError::Books { rows: 0 });
    }
}
