//! What a script makes the market do.

use crate::error::Error;
use components::market::Ticker;
use components::units::Timestamp;

/// Beyond this many seconds no drift is taken: a week.
const SECONDS_MAX: f64 = 604_800.0;

/// A scripted move of an underlying.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarketMove {
    /// When it happens or begins. Nothing of it can be seen before.
    pub at: Timestamp,
    /// The underlying.
    pub ticker: Ticker,
    /// What happens.
    pub kind: MoveKind,
}

/// What happens to an underlying.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MoveKind {
    /// The value jumps.
    SpotJump {
        /// By how many percent, above -95 and at most 400.
        percent: f64,
    },
    /// The value drifts, with the order flow behind it, on top of its own movement.
    SpotDrift {
        /// By how many percent in all, above -95 and at most 400.
        percent: f64,
        /// Over how many seconds, 0.25 to 604,800.
        seconds: f64,
    },
    /// Trading is halted: no quote, trade or book until it resumes.
    Halt {
        /// For how many seconds, 0.25 to 604,800.
        seconds: f64,
    },
}

impl MarketMove {
    /// Checks the numbers.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let (percent, seconds) = match self.kind {
            MoveKind::SpotJump { percent } => (Some(percent), None),
            MoveKind::SpotDrift { percent, seconds } => (Some(percent), Some(seconds)),
            MoveKind::Halt { seconds } => (None, Some(seconds)),
        };
        let fail = |field, found, allowed| Error::Move {
            ticker: self.ticker,
            field,
            found,
            allowed,
        };
        match (percent, seconds) {
            (Some(found), _) if !(found > -95.0 && found <= 400.0) => {
                Err(fail("percent", found, "above -95 and at most 400"))
            }
            (_, Some(found)) if !(0.25..=SECONDS_MAX).contains(&found) => {
                Err(fail("seconds", found, "0.25 to 604800"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_moves_are_refused_with_what_is_allowed() {
        let check = |kind, expected: &str| {
            let found = MarketMove {
                at: Timestamp(0),
                ticker: Ticker::new("AAA").unwrap(),
                kind,
            }
            .check();
            assert_eq!(found.unwrap_err().to_string(), expected);
        };
        check(
            MoveKind::SpotJump { percent: -100.0 },
            "a move of AAA has percent -100, must be above -95 and at most 400",
        );
        check(
            MoveKind::Halt { seconds: f64::NAN },
            "a move of AAA has seconds NaN, must be 0.25 to 604800",
        );
        check(
            MoveKind::SpotDrift {
                percent: 1.0,
                seconds: 0.0,
            },
            "a move of AAA has seconds 0, must be 0.25 to 604800",
        );
    }
}
