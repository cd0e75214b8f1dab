//! What is usual at this time of the day: the values of the last sessions, minute by minute.
//!
//! One-day volatility climbs through the session and drops overnight by construction (Albers and Kestner
//! 2024), so that a level says little without the hour.

use std::collections::VecDeque;

/// Minutes of a whole session.
const MINUTES: usize = 390;
/// Sessions that are remembered.
pub const SESSIONS: usize = 20;
/// Fewer sessions with a value at this time say nothing of what is usual.
pub const SESSIONS_MIN: usize = 5;

/// The values of the last sessions by minute since the open. A shorter session fills its own minutes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Climate {
    today: Vec<Option<f64>>,
    sessions: VecDeque<Vec<Option<f64>>>,
}

impl Climate {
    /// Ends a session, if there was one: its minutes become part of what is usual.
    pub fn open_session(&mut self) {
        let ended = std::mem::take(&mut self.today);
        if ended.iter().any(Option::is_some) {
            if self.sessions.len() == SESSIONS {
                self.sessions.pop_front();
            }
            self.sessions.push_back(ended);
        }
    }

    /// Takes the value of `minute` since the open; the last one of a minute counts.
    pub fn note(&mut self, minute: usize, value: f64) {
        if minute < MINUTES && value.is_finite() {
            self.today.resize(self.today.len().max(minute + 1), None);
            self.today[minute] = Some(value);
        }
    }

    /// The median of the last sessions at `minute`; `None` with fewer than [`SESSIONS_MIN`] of them.
    #[must_use]
    pub fn median(&self, minute: usize) -> Option<f64> {
        let mut values = self.at(minute);
        if values.len() < SESSIONS_MIN {
            return None;
        }
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        Some(if values.len() % 2 == 1 {
            values[middle]
        } else {
            0.5 * (values[middle - 1] + values[middle])
        })
    }

    /// The share of the last sessions that were not above `value` at `minute`, 0 to 1; `None` with
    /// fewer than [`SESSIONS_MIN`] of them.
    #[must_use]
    pub fn percentile(&self, minute: usize, value: f64) -> Option<f64> {
        let values = self.at(minute);
        let below = values.iter().filter(|past| **past <= value).count();
        (values.len() >= SESSIONS_MIN).then(|| below as f64 / values.len() as f64)
    }

    fn at(&self, minute: usize) -> Vec<f64> {
        let of = |session: &Vec<Option<f64>>| session.get(minute).copied().flatten();
        self.sessions.iter().filter_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn climate(sessions: usize) -> Climate {
        let mut climate = Climate::default();
        for session in 0..sessions {
            climate.note(7, session as f64);
            climate.open_session();
        }
        climate
    }

    #[test]
    fn the_usual_is_the_median_of_the_same_minute() {
        assert_eq!(climate(SESSIONS_MIN - 1).median(7), None);
        assert_eq!(climate(5).median(7), Some(2.0));
        assert_eq!(climate(6).median(7), Some(2.5));
        assert_eq!(climate(5).median(8), None);
        // Only the last sessions count, and an empty one is none.
        let mut long = climate(SESSIONS + 1);
        long.open_session();
        assert_eq!(long.median(7), Some(10.5));
    }

    #[test]
    fn a_percentile_counts_what_is_not_above() {
        assert_eq!(climate(5).percentile(7, 1.0), Some(0.4));
        assert_eq!(climate(5).percentile(7, -1.0), Some(0.0));
        assert_eq!(climate(4).percentile(7, 1.0), None);
    }

    #[test]
    fn what_lies_outside_a_session_is_left_aside() {
        let mut climate = Climate::default();
        climate.note(MINUTES, 1.0);
        climate.note(3, f64::NAN);
        climate.open_session();
        assert!(climate.sessions.is_empty());
    }
}
