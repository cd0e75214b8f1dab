//! How much left within the last second or minute: what the gate slows down by.
//!
//! A window is half open: what left exactly a second ago is no longer in it. A clock that goes back
//! makes nothing leave it sooner.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use super::gate::Stopped;
use components::units::{Cash, NANOS_PER_SECOND, Timestamp};
use std::collections::VecDeque;

/// What the minute remembers.
const MINUTE_NANOS: i64 = 60 * NANOS_PER_SECOND;

/// When the last of something left: as many instants as may pass in a second.
#[derive(Clone, Debug)]
pub struct Throttle {
    capacity: usize,
    left: VecDeque<Timestamp>,
}

impl Throttle {
    /// Nothing has left; at most `per_s` are remembered.
    #[must_use]
    pub fn new(per_s: u32) -> Self {
        Self {
            capacity: per_s as usize,
            left: VecDeque::new(),
        }
    }

    /// Counts one that leaves now.
    pub fn note(&mut self, now: Timestamp) {
        if self.left.len() >= self.capacity {
            self.left.pop_front();
        }
        self.left.push_back(now);
    }

    /// How long `count` more have to wait so that no second sees more than `allowed`; `None` if
    /// they may leave now.
    #[must_use]
    pub fn wait(&self, now: Timestamp, count: usize, allowed: u32) -> Option<Stopped> {
        let within = |at: &&Timestamp| now.nanos_since(**at) < NANOS_PER_SECOND;
        let recent = self.left.iter().filter(within).count();
        let too_many = recent
            .saturating_add(count)
            .saturating_sub(allowed as usize);
        if too_many == 0 {
            return None;
        }
        let leaver = self
            .left
            .iter()
            .filter(within)
            .nth(too_many.saturating_sub(1));
        let from = leaver.copied().unwrap_or(now);
        Some(Stopped::Wait(from.plus_nanos(NANOS_PER_SECOND)))
    }
}

/// What left within a minute, with its notional: no longer than the gate's ceiling lets it grow.
#[derive(Clone, Debug, Default)]
pub struct Window(VecDeque<(Timestamp, Cash)>);

impl Window {
    /// Counts one that leaves now, and forgets what left more than a minute ago.
    pub fn note(&mut self, now: Timestamp, notional: Cash) {
        while let Some((at, _)) = self.0.front() {
            if now.nanos_since(*at) < MINUTE_NANOS {
                break;
            }
            self.0.pop_front();
        }
        self.0.push_back((now, notional));
    }

    /// How many left within the last `seconds`, at most 60, and their notional, saturating.
    #[must_use]
    pub fn over(&self, now: Timestamp, seconds: i64) -> (u64, Cash) {
        let nanos = seconds.saturating_mul(NANOS_PER_SECOND).min(MINUTE_NANOS);
        let recent = self.0.iter().filter(|(at, _)| now.nanos_since(*at) < nanos);
        recent.fold((0, Cash::ZERO), |(count, sum), (_, notional)| {
            (
                count.saturating_add(1),
                Cash(sum.0.saturating_add(notional.0)),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: i64) -> Timestamp {
        Timestamp(seconds * NANOS_PER_SECOND)
    }

    #[test]
    fn the_wait_ends_when_enough_have_left_the_second() {
        let mut throttle = Throttle::new(3);
        for nanos in [0, 10, 20] {
            assert_eq!(throttle.wait(Timestamp(nanos), 1, 3), None);
            throttle.note(Timestamp(nanos));
        }
        let wait = |count, allowed| throttle.wait(Timestamp(30), count, allowed);
        let until = |nanos| Some(Stopped::Wait(Timestamp(NANOS_PER_SECOND + nanos)));
        assert_eq!(
            (wait(1, 3), wait(2, 3), wait(1, 2)),
            (until(0), until(10), until(10))
        );
        assert_eq!(wait(1, 4), None);
        assert_eq!(wait(9, 3), until(30), "more than ever pass");
        assert_eq!(
            throttle.wait(s(1), 1, 3),
            None,
            "a second later the first is out"
        );
        assert_ne!(
            throttle.wait(Timestamp(-5), 1, 3),
            None,
            "a clock that went back"
        );
    }

    #[test]
    fn the_minute_forgets_what_is_older() {
        let mut window = Window::default();
        for second in 0..90 {
            window.note(s(second), Cash(2));
        }
        assert_eq!(window.0.len(), 60);
        assert_eq!(window.over(s(89), 60), (60, Cash(120)));
        assert_eq!(window.over(s(89), 1), (1, Cash(2)));
        assert_eq!(window.over(s(200), 60), (0, Cash::ZERO));
        window.note(s(200), Cash(i64::MAX));
        window.note(s(200), Cash(i64::MAX));
        assert_eq!(window.over(s(200), 1), (2, Cash(i64::MAX)));
    }
}
