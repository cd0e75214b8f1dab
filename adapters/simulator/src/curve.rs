//! How volume and volatility run through a session: high after the open, low at noon, high before
//! the close of that day.
//!
//! `1 + a exp(-m / tau_a) + b exp(-c / tau_b)` with `m` minutes since the open and `c` minutes to
//! the close, scaled so that a session of 390 minutes has a mean of 1 (volume) or a mean square of
//! 1 (volatility). A half day keeps both of its ends and loses noon.
//! The shape: Jain and Joh, J. Financial and Quantitative Analysis 23 (1988) 269.

use engine::calendar::Session;
use engine::math;

/// Minutes of a full session.
const FULL_MINUTES: u32 = 390;

struct Shape {
    open: f64,
    open_minutes: f64,
    close: f64,
    close_minutes: f64,
}

const VOLUME: Shape = Shape {
    open: 2.5,
    open_minutes: 20.0,
    close: 2.0,
    close_minutes: 25.0,
};

const VOLATILITY: Shape = Shape {
    open: 1.4,
    open_minutes: 25.0,
    close: 0.4,
    close_minutes: 30.0,
};

/// What a minute of a session is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pace {
    /// Trades in a second over the mean of a full session.
    pub(crate) volume: f64,
    /// Standard deviation of a second's return over the root mean square of a full session.
    pub(crate) volatility: f64,
}

/// The pace of every minute of a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Curve {
    minutes: Vec<Pace>,
}

impl Curve {
    /// The curve of `session`.
    pub(crate) fn of(session: &Session) -> Self {
        let seconds = session.close.seconds_since(session.open);
        Self::over((seconds / 60.0).ceil().clamp(1.0, 1_440.0))
    }

    fn over(minutes_in_session: f64) -> Self {
        let full = f64::from(FULL_MINUTES);
        let mean = |f: &dyn Fn(f64) -> f64| {
            let sum: f64 = (0..FULL_MINUTES).map(|m| f(f64::from(m) + 0.5)).sum();
            sum / full
        };
        let volume_mean = mean(&|m| VOLUME.at(m, full));
        let volatility_mean = mean(&|m| {
            let v = VOLATILITY.at(m, full);
            v * v
        })
        .sqrt();
        let mut minutes = Vec::new();
        let mut middle = 0.5;
        while middle < minutes_in_session {
            minutes.push(Pace {
                volume: VOLUME.at(middle, minutes_in_session) / volume_mean,
                volatility: VOLATILITY.at(middle, minutes_in_session) / volatility_mean,
            });
            middle += 1.0;
        }
        Self { minutes }
    }

    /// The pace in the minute `minute` of the session; the last one after its close.
    pub(crate) fn at(&self, minute: usize) -> Pace {
        let last = self.minutes.len().saturating_sub(1);
        self.minutes.get(minute.min(last)).copied().unwrap_or(Pace {
            volume: 1.0,
            volatility: 1.0,
        })
    }
}

impl Shape {
    fn at(&self, minute: f64, minutes_in_session: f64) -> f64 {
        1.0 + self.open * math::exp(-minute / self.open_minutes)
            + self.close * math::exp((minute - minutes_in_session) / self.close_minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_session_has_the_mean_one_and_the_shape_of_a_u() {
        let curve = Curve::over(390.0);
        let volume: f64 = (0..390).map(|m| curve.at(m).volume).sum();
        assert!((volume / 390.0 - 1.0).abs() < 1e-12);
        let square = |m: usize| curve.at(m).volatility * curve.at(m).volatility;
        let squares: f64 = (0..390).map(square).sum();
        assert!((squares / 390.0 - 1.0).abs() < 1e-12);
        assert!(curve.at(0).volume > 2.0 * curve.at(195).volume);
        assert!(curve.at(389).volume > 1.5 * curve.at(195).volume);
        assert!(curve.at(0).volatility > 1.5 * curve.at(195).volatility);
    }

    #[test]
    fn a_half_day_rises_before_its_own_close() {
        let curve = Curve::over(210.0);
        assert!(curve.at(209).volume > 1.5 * curve.at(105).volume);
        assert_eq!(curve.at(209), curve.at(10_000));
    }
}
