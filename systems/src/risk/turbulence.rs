//! The volatility breaker: an underlying, or the index that stands for all, moved too much at once.
//!
//! Set off when the latest 5-minute log return is larger, either way, than `sigmas` standard
//! deviations of the 5-minute returns before it: `|r| > k s`, `s` the sample deviation (n - 1, mean
//! removed) of the last `volatility_returns` that do not overlap it or each other, none with fewer
//! than `volatility_returns_min`. The latest is not part of `s`, or a shock would hide itself.
//! Overnight returns are no 5-minute returns and are left out by whoever feeds it.
//!
//! Nothing is opened on that underlying for `volatility_pause_s` afterwards; if it is the index, on
//! none. A restart feeds it the returns of the journal again.

use super::breakers::BreakersConfig;
use components::units::Timestamp;
use std::collections::VecDeque;

/// The 5-minute returns of one underlying and when the last of them was too large.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turbulence {
    returns: VecDeque<f64>,
    pause_until: Option<Timestamp>,
}

impl Turbulence {
    /// Takes the log return of the 5 minutes that end at `at`, and says whether it sets the breaker
    /// off. What is not finite is left out. It keeps `volatility_returns` of them and no more.
    pub fn observe(&mut self, log_return: f64, at: Timestamp, config: &BreakersConfig) -> bool {
        if !log_return.is_finite() {
            return false;
        }
        let (first, second) = self.returns.as_slices();
        let deviation = (self.returns.len() >= config.volatility_returns_min)
            .then(|| deviation(first, second))
            .flatten();
        while self.returns.len() >= config.volatility_returns {
            self.returns.pop_front();
        }
        self.returns.push_back(log_return);
        let limit = deviation.map(|deviation| config.volatility_sigmas * deviation);
        let shock = limit.is_some_and(|limit| log_return.abs() > limit);
        if shock {
            let pause_ms = config.volatility_pause_s.saturating_mul(1_000);
            self.pause_until = Some(at.plus_millis(pause_ms));
        }
        shock
    }

    /// Until when nothing is opened, if that is later than `now`.
    #[must_use]
    pub fn pause(&self, now: Timestamp) -> Option<Timestamp> {
        self.pause_until.filter(|until| *until > now)
    }
}

/// The sample deviation of the values of both slices, or `None` for fewer than two.
fn deviation(first: &[f64], second: &[f64]) -> Option<f64> {
    let count = first.len() + second.len();
    let all = || first.iter().chain(second);
    let mean = all().sum::<f64>() / count as f64;
    let squares: f64 = all().map(|value| (value - mean) * (value - mean)).sum();
    (count >= 2).then(|| (squares / (count - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::breakers;
    use super::*;

    fn config() -> BreakersConfig {
        BreakersConfig {
            volatility_returns: 40,
            ..breakers::tests::config()
        }
    }

    /// `count` returns of +-1: with an even count the deviation is sqrt(n / (n - 1)).
    fn after(count: i32) -> Turbulence {
        let mut turbulence = Turbulence::default();
        for place in 0..count {
            let swing = if place % 2 == 0 { 1.0 } else { -1.0 };
            assert!(!turbulence.observe(swing, Timestamp(0), &config()));
        }
        turbulence
    }

    #[test]
    fn beyond_three_deviations_it_is_set_off_and_at_three_it_is_not() {
        let edge = 3.0 * (30.0_f64 / 29.0).sqrt();
        for sign in [1.0, -1.0] {
            let mut calm = after(30);
            assert!(!calm.observe(sign * (edge - 1e-9), Timestamp(0), &config()));
            assert_eq!(calm.pause(Timestamp(0)), None);
            let mut wild = after(30);
            assert!(wild.observe(sign * (edge + 1e-9), Timestamp(5), &config()));
            let end = Timestamp(5).plus_millis(900_000);
            assert_eq!(wild.pause(Timestamp(5)), Some(end));
            assert_eq!(wild.pause(end), None, "over");
        }
    }

    #[test]
    fn three_deviations_exactly_are_still_allowed() {
        let config = BreakersConfig {
            volatility_returns_min: 3,
            ..config()
        };
        let mut turbulence = Turbulence::default();
        for calm in [-1.0, 0.0, 1.0] {
            assert!(!turbulence.observe(calm, Timestamp(0), &config));
        }
        let mut beyond = turbulence.clone();
        assert!(
            !turbulence.observe(3.0, Timestamp(0), &config),
            "a deviation of 1"
        );
        assert!(beyond.observe(3.0_f64.next_up(), Timestamp(0), &config));
    }

    #[test]
    fn with_too_few_returns_it_is_silent() {
        assert!(!after(29).observe(1e9, Timestamp(0), &config()));
    }

    #[test]
    fn the_oldest_returns_are_forgotten_and_gaps_left_out() {
        let mut turbulence = after(1_000);
        assert_eq!(turbulence.returns.len(), 40);
        let before = turbulence.clone();
        assert!(!turbulence.observe(f64::NAN, Timestamp(0), &config()));
        assert_eq!(turbulence, before);
    }

    #[test]
    fn a_market_that_stood_still_is_shocked_by_anything() {
        let mut still = Turbulence::default();
        for _ in 0..30 {
            assert!(!still.observe(0.0, Timestamp(0), &config()));
        }
        assert!(still.observe(1e-6, Timestamp(0), &config()));
    }
}
