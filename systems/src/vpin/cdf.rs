//! Where a VPIN stands among those of the last sessions.
//!
//! A level means nothing across symbols or bar lengths; its rank among a symbol's own values does.
//! The paper's alarm is a rank above 0.9.

use std::collections::VecDeque;

/// How many past sessions are remembered.
pub const SESSIONS_MAX: usize = 5;
/// How many values of a session are remembered; a day has about 50 buckets.
pub const VALUES_PER_SESSION_MAX: usize = 10_000;

/// The values of the running session and, sorted, of the sessions before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PastValues {
    today: Vec<f64>,
    sessions: VecDeque<Vec<f64>>,
}

impl PastValues {
    /// Remembers a value of the running session.
    pub fn push(&mut self, value: f64) {
        if self.today.len() < VALUES_PER_SESSION_MAX {
            self.today.push(value);
        }
    }

    /// Remembers a value if there is one.
    pub fn note(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.push(value);
        }
    }

    /// Ends the running session: from now on its values count. A session without values is none.
    pub fn end_session(&mut self) {
        if self.today.is_empty() {
            return;
        }
        let mut values = std::mem::take(&mut self.today);
        values.sort_by(f64::total_cmp);
        if self.sessions.len() == SESSIONS_MAX {
            self.sessions.pop_front();
        }
        self.sessions.push_back(values);
    }

    /// How many past sessions there are values of.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// The share of the past sessions' values that are not above `value`, 0 to 1; absent in the
    /// first session.
    #[must_use]
    pub fn share_up_to(&self, value: f64) -> Option<f64> {
        let total: usize = self.sessions.iter().map(Vec::len).sum();
        let up_to = |values: &Vec<f64>| values.partition_point(|past| *past <= value);
        let not_above: usize = self.sessions.iter().map(up_to).sum();
        (0 < total).then(|| not_above as f64 / total as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(past: &mut PastValues, values: &[f64]) {
        values.iter().for_each(|value| past.push(*value));
        past.end_session();
    }

    #[test]
    fn the_running_session_does_not_count_against_itself() {
        let mut past = PastValues::default();
        past.push(0.3);
        assert_eq!(past.share_up_to(0.3), None);
        past.end_session();
        assert_eq!(past.share_up_to(0.3), Some(1.0));
        assert_eq!(past.share_up_to(0.29), Some(0.0));
    }

    #[test]
    fn values_of_several_sessions_are_ranked_together() {
        let mut past = PastValues::default();
        session(&mut past, &[0.4, 0.1]);
        session(&mut past, &[0.3, 0.2]);
        assert_eq!(past.share_up_to(0.2), Some(0.5));
        assert_eq!(past.share_up_to(0.35), Some(0.75));
    }

    #[test]
    fn the_sixth_session_pushes_out_the_first_and_an_empty_one_nothing() {
        let mut past = PastValues::default();
        session(&mut past, &[0.9]);
        for _ in 0..SESSIONS_MAX {
            session(&mut past, &[0.1]);
            session(&mut past, &[]);
        }
        assert_eq!(past.sessions(), SESSIONS_MAX);
        assert_eq!(past.share_up_to(0.5), Some(1.0));
    }
}
