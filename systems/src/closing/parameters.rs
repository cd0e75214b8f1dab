//! What a projection is made with: how much of an imbalance stays, and how sure its side is.
//!
//! ```text
//! keep  = exp(-(loss + decay m))                          m: minutes left in the stage
//! eta   = sharpness exp(-blur m) sqrt(|ratio|)
//! P(the present side stays)  = L(eta - dead_zone)         L(z) = 1 / (1 + e^-z)
//! P(the other side)          = L(-eta - dead_zone)
//! P(no imbalance)            = the rest
//! ```
//!
//! The second is an ordered logit (McCullagh 1980) that knows no side of its own.

use engine::math;

/// Seconds before the close until which orders on close may be entered and taken back at Nasdaq: 15:55.
pub const ENTRY_ENDS_S: f64 = 300.0;
/// Seconds before the close until which limit orders on close may be entered: 15:58.
pub const LIMIT_ENTRY_ENDS_S: f64 = 120.0;
/// Seconds before the close of the last snapshot that the parameters were fitted against: 15:59.
pub const LAST_SNAPSHOT_S: f64 = 60.0;
/// The longest that the first stage was seen, minutes: what is earlier is taken to be as uncertain.
const SEEN_MIN: f64 = 5.0;

/// A part of the time before the close, cut where an exchange stops taking orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Orders on close come and go.
    Open,
    /// Limit orders on close still come.
    LimitsOnly,
    /// Only what offsets the imbalance comes.
    Locked,
}

impl Stage {
    /// All stages in order of time.
    pub const ALL: [Self; 3] = [Self::Open, Self::LimitsOnly, Self::Locked];

    /// The stage at so many seconds before the close, and the minutes left in it.
    #[must_use]
    pub fn at(seconds_to_close: f64) -> (Self, f64) {
        let stage = if seconds_to_close > ENTRY_ENDS_S {
            Self::Open
        } else if seconds_to_close > LIMIT_ENTRY_ENDS_S {
            Self::LimitsOnly
        } else {
            Self::Locked
        };
        (stage, stage.minutes_left(seconds_to_close))
    }

    /// The minutes from so many seconds before the close to the stage's end, 0 after it.
    #[must_use]
    pub fn minutes_left(self, seconds_to_close: f64) -> f64 {
        let end = match self {
            Self::Open => ENTRY_ENDS_S,
            Self::LimitsOnly => LIMIT_ENTRY_ENDS_S,
            Self::Locked => LAST_SNAPSHOT_S,
        };
        ((seconds_to_close - end) / 60.0).clamp(0.0, SEEN_MIN)
    }

    /// The name in errors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::LimitsOnly => "limits_only",
            Self::Locked => "locked",
        }
    }
}

/// The parameters of a stage. All from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageParameters {
    /// What is lost after the stage: minus the logarithm of the share that stays.
    pub loss: f64,
    /// What is lost in each minute of the stage.
    pub decay: f64,
    /// How fast a larger imbalance makes its side surer.
    pub sharpness: f64,
    /// How far from none an imbalance must be to count as one.
    pub dead_zone: f64,
    /// How much of the sharpness a minute of the stage costs.
    pub blur: f64,
}

/// How likely each outcome is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Odds {
    /// The present side stays.
    pub same: f64,
    /// No imbalance is left.
    pub none: f64,
    /// The other side.
    pub other: f64,
}

impl StageParameters {
    /// The share of an imbalance that stays, 0 to 1.
    #[must_use]
    pub fn keep(&self, minutes: f64) -> f64 {
        math::exp(-(self.loss + self.decay * minutes))
    }

    /// How likely each outcome is, for the root of the ratio's size.
    #[must_use]
    pub fn odds(&self, root: f64, minutes: f64) -> Odds {
        let eta = self.sharpness * math::exp(-self.blur * minutes) * root;
        let same = logistic(eta - self.dead_zone);
        let other = logistic(-eta - self.dead_zone);
        let none = (1.0 - same - other).max(0.0);
        Odds { same, none, other }
    }
}

/// The parameters of all stages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// In the order of [`Stage::ALL`].
    pub stages: [StageParameters; 3],
    /// How often the side that continuous trading leans to was the auction's: the share of snapshots of
    /// the first stage in which the heavier side of the book was that of the last imbalance. The book is
    /// all that was recorded of continuous trading together with auctions.
    pub tape_right: f64,
}

impl Parameters {
    /// Those of 200 Nasdaq stocks on two days of unknown date (`closing_auction/` in the recorded data,
    /// fitted by [`super::fit::fit`] on both days; a test repeats it). What they are worth on a day that
    /// they were not fitted on is in `docs/analytics.md`.
    pub const RECORDED: Self = Self {
        stages: [
            StageParameters {
                loss: 2.1367,
                decay: 0.5301,
                sharpness: 1.6552,
                dead_zone: 0.6012,
                blur: 0.0977,
            },
            StageParameters {
                loss: 0.6650,
                decay: 0.1273,
                sharpness: 8.6894,
                dead_zone: 0.9645,
                blur: 0.1348,
            },
            StageParameters {
                loss: 0.0,
                decay: 0.0537,
                sharpness: 37.0875,
                dead_zone: 1.9351,
                blur: 0.5078,
            },
        ],
        tape_right: 0.3673,
    };

    /// Those of `stage`.
    #[must_use]
    pub fn of(&self, stage: Stage) -> &StageParameters {
        &self.stages[stage as usize]
    }
}

fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + math::exp(-z))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Half of an imbalance stays, and its side has the odds 2/3 : 0.213 : 0.12 at a ratio of 1/4.
    pub(in crate::closing) fn halves() -> Parameters {
        let ln_2 = core::f64::consts::LN_2;
        let stage = StageParameters {
            loss: ln_2,
            decay: 0.0,
            sharpness: 4.0 * ln_2,
            dead_zone: ln_2,
            blur: 0.0,
        };
        Parameters {
            stages: [stage; 3],
            tape_right: 0.4,
        }
    }

    #[test]
    fn stages_end_with_the_exchanges_deadlines() {
        assert_eq!(Stage::at(540.0), (Stage::Open, 4.0));
        assert_eq!(Stage::at(3_600.0), (Stage::Open, 5.0));
        assert_eq!(Stage::at(300.0), (Stage::LimitsOnly, 3.0));
        assert_eq!(Stage::at(120.0), (Stage::Locked, 1.0));
        assert_eq!(Stage::at(30.0), (Stage::Locked, 0.0));
    }

    #[test]
    fn odds_are_those_of_a_pencil() {
        let ln_2 = core::f64::consts::LN_2;
        let parameters = StageParameters {
            loss: ln_2,
            decay: ln_2,
            sharpness: 4.0 * ln_2,
            dead_zone: ln_2,
            blur: ln_2,
        };
        // 2 minutes: a half lost later, a quarter until then.
        assert!((parameters.keep(2.0) - 0.125).abs() < 1e-15);
        // eta = 4 ln 2 x 1/2 x 1/2 = ln 2: L(0) = 1/2, L(-2 ln 2) = 1/5.
        let odds = parameters.odds(0.5, 1.0);
        assert!((odds.same - 0.5).abs() < 1e-15 && (odds.other - 0.2).abs() < 1e-15);
        assert!((odds.none - 0.3).abs() < 1e-15);
        // Without an imbalance neither side is likelier: L(-ln 2) = 1/3 each.
        let odds = parameters.odds(0.0, 1.0);
        assert!((odds.none - 1.0 / 3.0).abs() < 1e-15);
    }
}
