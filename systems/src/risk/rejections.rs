//! Refusals by the broker: a strategy whose orders are refused again and again is paused (I22).
//!
//! The fifth refusal within 60 s pauses it, the edge included. A pause is a
//! `Record::StrategyPaused` and stays until an operator enables the strategy; what was counted
//! before is forgotten then. A restart gives it the refusals of the journal again.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use super::breakers::BreakersConfig;
use components::signal::StrategyName;
use components::units::{NANOS_PER_SECOND, Timestamp};
use engine::planted::planted;
use std::collections::{BTreeMap, VecDeque};

/// When orders of each strategy were refused: as many entries as there are strategies, each no
/// longer than the limit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rejections(BTreeMap<StrategyName, VecDeque<Timestamp>>);

impl Rejections {
    /// Counts a refusal, and says whether the strategy is to be paused for it.
    pub fn count(&mut self, of: StrategyName, at: Timestamp, config: &BreakersConfig) -> bool {
        // Breaks I22: refusals are not counted and a strategy goes on being refused for ever.
        if planted(22) {
            return false;
        }
        let window = config.rejections_window_s.saturating_mul(NANOS_PER_SECOND);
        let limit = config.rejections_max as usize;
        let refused = self.0.entry(of).or_default();
        refused.push_back(at);
        while refused.len() > limit {
            refused.pop_front();
        }
        let first = refused.front().copied().unwrap_or(at);
        refused.len() >= limit && at.nanos_since(first) <= window
    }

    /// Forgets what was counted: an operator enabled the strategy.
    pub fn forget(&mut self, of: StrategyName) {
        self.0.remove(&of);
    }
}

#[cfg(test)]
mod tests {
    use super::super::breakers;
    use super::*;

    const NAME: StrategyName = StrategyName::new("zero_dte");

    fn config(rejections_max: u32) -> BreakersConfig {
        BreakersConfig {
            rejections_max,
            ..breakers::tests::config()
        }
    }

    fn paused(seconds: &[i64]) -> Vec<bool> {
        let mut rejections = Rejections::default();
        let at = |second: &i64| Timestamp(second * NANOS_PER_SECOND);
        seconds
            .iter()
            .map(|s| rejections.count(NAME, at(s), &config(5)))
            .collect()
    }

    #[test]
    fn the_fifth_within_a_minute_pauses() {
        assert_eq!(
            paused(&[0, 1, 2, 3, 60]),
            [false, false, false, false, true]
        );
        assert_eq!(paused(&[0, 1, 2, 3, 61]), [false; 5]);
        assert!(paused(&[0, 1, 2, 3, 61, 61])[5], "five from 1 to 61");
    }

    #[test]
    fn strategies_do_not_count_for_each_other() {
        let mut rejections = Rejections::default();
        for _ in 0..4 {
            assert!(!rejections.count(NAME, Timestamp(0), &config(5)));
            let other = StrategyName::new("moc");
            assert!(!rejections.count(other, Timestamp(0), &config(5)));
        }
        rejections.forget(NAME);
        assert!(
            !rejections.count(NAME, Timestamp(0), &config(5)),
            "forgotten"
        );
        assert!(rejections.count(StrategyName::new("moc"), Timestamp(0), &config(5)));
    }

    #[test]
    fn what_is_kept_is_bounded_by_the_limit() {
        let mut rejections = Rejections::default();
        for _ in 0..1_000 {
            rejections.count(NAME, Timestamp(0), &config(1));
        }
        assert!(rejections.0.values().all(|refused| refused.len() == 1));
    }
}
