//! The signals of the tick on their way from phase to phase, and what became of them.

use bevy_ecs::prelude::Resource;
use components::signal::{Signal, SignalId};
use engine::clock::Tick;
use std::collections::BTreeMap;

/// The signals of the tick on their way, and what became of them.
#[derive(Resource, Debug, Default)]
pub struct Signals {
    /// What strategies and exits want.
    pub candidates: Vec<Signal>,
    /// What Dedupe let through.
    pub survivors: Vec<Signal>,
    /// What Risk let through, for those who watch.
    pub approved: Vec<Signal>,
    /// Evaluations of an underlying by a strategy inside its window.
    pub scored: u64,
    /// Signals that passed Dedupe and Risk.
    pub emitted: u64,
    /// Signals that did not, by reason.
    pub blocked: BTreeMap<&'static str, u64>,
    place: u32,
}

impl Signals {
    /// Empties the lists of the tick before.
    pub(super) fn clear(&mut self) {
        self.candidates.clear();
        self.survivors.clear();
        self.approved.clear();
        self.place = 0;
    }

    /// Adds a candidate with the next number of the tick.
    pub fn propose(&mut self, tick: &Tick, mut signal: Signal) {
        signal.id = SignalId {
            tick: tick.number,
            place: self.place,
        };
        self.place += 1;
        self.candidates.push(signal);
    }

    /// Counts a signal that was stopped.
    pub fn block(&mut self, reason: &'static str) {
        *self.blocked.entry(reason).or_default() += 1;
    }

    /// How many were stopped.
    #[must_use]
    pub fn blocked_total(&self) -> u64 {
        self.blocked.values().sum()
    }
}
