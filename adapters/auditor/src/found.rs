//! What was found so far.

use crate::Violation;
use components::units::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What was found so far, and where the walk through the journal stands.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) violations: Vec<Violation>,
    pub(crate) tick: u64,
    pub(crate) now: Timestamp,
    /// How often each invariant was checked.
    pub(crate) judged: BTreeMap<u8, u64>,
    said: BTreeSet<(u8, u64)>,
    ticks: Vec<(Timestamp, u64)>,
}

impl Found {
    /// Goes on to a frame.
    pub(crate) fn step(&mut self, tick: u64, now: Timestamp) {
        self.tick = tick;
        self.now = now;
        self.ticks.push((now, tick));
    }

    /// Counts a check of an invariant.
    pub(crate) fn judge(&mut self, invariant: u8) {
        *self.judged.entry(invariant).or_default() += 1;
    }

    /// Notes a violation in this frame.
    pub(crate) fn add(&mut self, invariant: u8, what: String) {
        self.violations.push(Violation {
            invariant,
            tick: self.tick,
            at: self.now,
            what,
        });
    }

    /// Notes a violation in this frame, once for each `key`: the number of an order, a query.
    pub(crate) fn once(&mut self, invariant: u8, key: u64, what: String) {
        if self.said.insert((invariant, key)) {
            self.add(invariant, what);
        }
    }

    /// Notes a violation at `at`, in the frame before, once for each `key`.
    pub(crate) fn once_at(&mut self, invariant: u8, key: u64, at: Timestamp, what: String) {
        if self.said.insert((invariant, key)) {
            let end = self.ticks.partition_point(|(now, _)| *now <= at);
            let tick = end.checked_sub(1).map_or(0, |place| self.ticks[place].1);
            self.violations.push(Violation {
                invariant,
                tick,
                at,
                what,
            });
        }
    }
}
