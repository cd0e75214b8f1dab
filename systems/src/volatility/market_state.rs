//! What the market is doing: the first of seven states whose rule holds.
//!
//! | state | rule |
//! |---|---|
//! | shock | volatility in shock, or a 5-minute return of 4 deviations |
//! | pin | last two hours, gamma above 0, spot within 0.15 % of the strike with most gamma |
//! | trend | 30-minute return of 1.5 deviations, and returns that go on or a spot below zero gamma |
//! | reversion | gamma above 0, returns that turn, no trend |
//! | expansion | volatility above its 80th percentile for this time of the day, gamma below 0 |
//! | quiet | volatility below its 20th percentile for this time of the day |
//! | neutral | else |
//!
//! A new state must hold for 15 s, a shock counts at once; a state in force is left when less than 80 % of
//! its threshold is reached. House rules, fitted to nothing. Source: formulas.md 14.

use components::units::Timestamp;
use components::volatility::MarketState;

/// A new state must hold so long, nanoseconds.
const PERSIST_NANOS: i64 = 15_000_000_000;
/// A state in force keeps holding down to this share of its threshold.
const LEAVE_SHARE: f64 = 0.8;

/// What the rules look at. What is not known makes no rule hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Signs {
    /// Whether the regime of volatility is a shock.
    pub volatility_shock: bool,
    /// The 5-minute return in its own deviations, without sign.
    pub five_minutes: Option<f64>,
    /// Minutes to the close.
    pub minutes_left: f64,
    /// The sign of the dealers' gamma: of spot less zero gamma, else of the total.
    pub gamma: Option<f64>,
    /// Distance of the spot from the strike with most gamma, as a share of the spot, without sign.
    pub pin_distance: Option<f64>,
    /// The 30-minute return in its own deviations, without sign.
    pub thirty_minutes: Option<f64>,
    /// The robust z-score of the variance ratio.
    pub variance_ratio_z: Option<f64>,
    /// Whether the spot is below zero gamma.
    pub below_zero_gamma: bool,
    /// Where volatility stands among the last sessions at this time, 0 to 1.
    pub percentile: Option<f64>,
}

/// How far each rule is fulfilled, in the order of [`MarketState::ALL`]: 1 holds, `LEAVE_SHARE` keeps.
#[must_use]
pub fn scores(signs: &Signs) -> [f64; 7] {
    let share = |value: Option<f64>, threshold: f64| {
        value.map_or(0.0, |value| (value / threshold).clamp(0.0, 1.0))
    };
    let long = signs.gamma.is_some_and(|gamma| gamma > 0.0);
    let short = signs.gamma.is_some_and(|gamma| gamma < 0.0);
    let when = |condition: bool, score: f64| if condition { score } else { 0.0 };
    let shock = when(signs.volatility_shock, 1.0).max(share(signs.five_minutes, 4.0));
    // Nearer is more: the threshold over the distance.
    let near = signs.pin_distance.map_or(0.0, |distance| {
        (0.0015 / distance.max(1e-12)).clamp(0.0, 1.0)
    });
    let pin = when(signs.minutes_left <= 120.0 && long, near);
    let goes_on = when(signs.below_zero_gamma, 1.0).max(share(signs.variance_ratio_z, 1.0));
    let trend = share(signs.thirty_minutes, 1.5).min(goes_on);
    let turns = share(signs.variance_ratio_z.map(|z| -z), 1.0);
    let reversion = when(long && signs.thirty_minutes.is_some_and(|t| t < 1.0), turns);
    let expansion = when(short, share(signs.percentile, 0.8));
    // The lowest fifth, measured from above.
    let quiet = share(signs.percentile.map(|p| 1.0 - p), 0.8);
    [shock, pin, trend, reversion, expansion, quiet, 1.0]
}

/// The state in force, and the one that may follow.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StateInForce {
    /// The state, once there was one.
    pub state: Option<MarketState>,
    /// Since when.
    pub since: Timestamp,
    candidate: Option<(MarketState, Timestamp)>,
}

impl StateInForce {
    /// Takes what is seen at `now`; whether the state changed.
    pub fn observe(&mut self, scores: &[f64; 7], now: Timestamp) -> bool {
        let holds = |state: MarketState| {
            let needed = if Some(state) == self.state {
                LEAVE_SHARE
            } else {
                1.0
            };
            scores[state as usize] >= needed
        };
        let found = MarketState::ALL
            .into_iter()
            .find(|state| holds(*state))
            .unwrap_or(MarketState::Neutral);
        if Some(found) == self.state {
            self.candidate = None;
            return false;
        }
        let waited = match self.candidate {
            Some((candidate, since)) if candidate == found => now.nanos_since(since),
            _ => {
                self.candidate = Some((found, now));
                0
            }
        };
        let at_once = self.state.is_none() || found == MarketState::Shock;
        if !at_once && waited < PERSIST_NANOS {
            return false;
        }
        self.state = Some(found);
        self.since = now;
        self.candidate = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MarketState::{Neutral, Pin, Reversion, Shock, Trend};

    fn at(seconds: i64) -> Timestamp {
        Timestamp(0).plus_millis(seconds * 1_000)
    }

    fn first(signs: &Signs) -> MarketState {
        let mut state = StateInForce::default();
        state.observe(&scores(signs), at(0));
        state.state.unwrap()
    }

    #[test]
    fn each_rule_names_its_state_and_the_first_counts() {
        let long = Signs {
            minutes_left: 200.0,
            gamma: Some(1.0),
            thirty_minutes: Some(0.5),
            ..Signs::default()
        };
        assert_eq!(first(&Signs::default()), Neutral);
        let pinned = Signs {
            minutes_left: 100.0,
            pin_distance: Some(0.0015),
            ..long
        };
        assert_eq!(first(&pinned), Pin);
        let turning = Signs {
            variance_ratio_z: Some(-1.0),
            ..long
        };
        assert_eq!(first(&turning), Reversion);
        let going = Signs {
            thirty_minutes: Some(1.5),
            variance_ratio_z: Some(1.0),
            ..long
        };
        assert_eq!(first(&going), Trend);
        let shocked = Signs {
            five_minutes: Some(4.0),
            ..pinned
        };
        assert_eq!(first(&shocked), Shock);
        let wild = Signs {
            gamma: Some(-1.0),
            percentile: Some(0.8),
            ..Signs::default()
        };
        assert_eq!(first(&wild), MarketState::Expansion);
        let still = Signs {
            percentile: Some(0.2),
            ..long
        };
        assert_eq!(first(&still), MarketState::Quiet);
    }

    #[test]
    fn a_state_comes_after_fifteen_seconds_and_goes_below_four_fifths() {
        let trend = |t: f64| {
            scores(&Signs {
                thirty_minutes: Some(t),
                below_zero_gamma: true,
                ..Signs::default()
            })
        };
        let mut state = StateInForce::default();
        assert!(state.observe(&trend(0.0), at(0)));
        assert!(!state.observe(&trend(1.6), at(10)));
        assert!(!state.observe(&trend(1.6), at(24)));
        assert!(state.observe(&trend(1.6), at(25)));
        assert_eq!((state.state, state.since), (Some(Trend), at(25)));
        // Down to four fifths of the threshold it stays.
        assert!(!state.observe(&trend(1.21), at(100)));
        assert!(!state.observe(&trend(1.1), at(101)));
        assert!(!state.observe(&trend(1.3), at(110)));
        assert!(!state.observe(&trend(1.1), at(120)));
        assert!(state.observe(&trend(1.1), at(135)));
        assert_eq!(state.state, Some(Neutral));
    }
}
