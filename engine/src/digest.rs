//! A fingerprint of everything that a tick changed, phase by phase.
//!
//! Each phase folds what it wrote into its own slot; the slots of a tick are chained into the digest
//! of the run. What a slot holds after a system's last fold is kept as that system's, so that a
//! replay can name the first system that differs.

use crate::phase::Phase;
use bevy_ecs::prelude::Resource;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The digest of the tick being run and of the run so far.
#[derive(Resource, Clone, Debug, Default)]
pub struct Digest {
    phases: [u64; Phase::COUNT],
    systems: Vec<u64>,
    /// The system that runs.
    current: Arc<AtomicUsize>,
    run: u64,
}

/// A fingerprint of bytes that is the same in every run and on every machine.
#[must_use]
pub fn hash(bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, 0)
}

/// A system's turn to fold.
#[derive(Debug)]
pub(crate) struct Turn {
    system: usize,
    current: Arc<AtomicUsize>,
}

impl Turn {
    /// What is folded from now on, the system folds. Systems run one after the other.
    pub(crate) fn begin(&self) {
        self.current.store(self.system, Ordering::Relaxed);
    }
}

impl Digest {
    /// Folds a number into the digest of `phase`.
    pub fn fold(&mut self, phase: Phase, value: u64) {
        self.fold_bytes(phase, &value.to_le_bytes());
    }

    /// Folds bytes into the digest of `phase`.
    pub fn fold_bytes(&mut self, phase: Phase, bytes: &[u8]) {
        let slot = &mut self.phases[phase.index()];
        *slot = xxh3_64_with_seed(bytes, *slot);
        if let Some(system) = self.systems.get_mut(self.current.load(Ordering::Relaxed)) {
            *system = *slot;
        }
    }

    /// Folds the exact bits of numbers into the digest of `phase`.
    pub fn fold_floats(&mut self, phase: Phase, values: &[f64]) {
        for value in values {
            self.fold(phase, value.to_bits());
        }
    }

    /// What each system of this tick left as the digest of its phase, in the order of
    /// registration; 0 for a system that folded nothing.
    #[must_use]
    pub fn systems(&self) -> &[u64] {
        &self.systems
    }

    /// The digest of the run up to the last finished tick.
    #[must_use]
    pub fn run(&self) -> u64 {
        self.run
    }

    /// Makes room for the next system.
    pub(crate) fn add_system(&mut self) -> Turn {
        self.systems.push(0);
        Turn {
            system: self.systems.len() - 1,
            current: Arc::clone(&self.current),
        }
    }

    /// Ends the tick `number`: chains its phases into the run and returns the run's digest.
    pub(crate) fn close_tick(&mut self, number: u64) -> u64 {
        self.run = xxh3_64_with_seed(&number.to_le_bytes(), self.run);
        for phase in self.phases {
            self.run = xxh3_64_with_seed(&phase.to_le_bytes(), self.run);
        }
        self.run
    }

    /// Begins the next tick.
    pub(crate) fn open_tick(&mut self) {
        self.phases = [0; Phase::COUNT];
        self.systems.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_phase_and_value_all_count() {
        let digest = |steps: &[(Phase, u64)]| {
            let mut digest = Digest::default();
            for (phase, value) in steps {
                digest.fold(*phase, *value);
            }
            digest.close_tick(1)
        };
        let base = digest(&[(Phase::Vpin, 1), (Phase::Vpin, 2)]);
        assert_eq!(base, digest(&[(Phase::Vpin, 1), (Phase::Vpin, 2)]));
        assert_ne!(base, digest(&[(Phase::Vpin, 2), (Phase::Vpin, 1)]));
        assert_ne!(base, digest(&[(Phase::Greeks, 1), (Phase::Vpin, 2)]));
    }

    #[test]
    fn a_system_keeps_what_its_phase_had_come_to_in_its_turn() {
        let digest = |values: [u64; 3]| {
            let mut digest = Digest::default();
            let turns = [
                digest.add_system(),
                digest.add_system(),
                digest.add_system(),
            ];
            digest.open_tick();
            turns[0].begin();
            digest.fold(Phase::Vpin, values[0]);
            digest.fold(Phase::Vpin, values[1]);
            turns[1].begin();
            turns[2].begin();
            digest.fold(Phase::Vpin, values[2]);
            digest.systems().to_vec()
        };
        let base = digest([1, 2, 3]);
        assert_eq!(base[1], 0, "it folded nothing");
        let last = digest([1, 2, 4]);
        assert_eq!((last[0], last[1]), (base[0], base[1]));
        assert_ne!(last[2], base[2]);
        assert_ne!(digest([1, 1, 3])[0], base[0]);
    }
}
