//! A fingerprint of everything that a tick changed, phase by phase.
//!
//! Each phase folds what it wrote into its own slot, so that a replay can name where it first
//! differs. The slots of a tick are chained into the digest of the run.

use crate::phase::Phase;
use bevy_ecs::prelude::Resource;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The digest of the tick being run and of the run so far.
#[derive(Resource, Clone, Debug, Default)]
pub struct Digest {
    phases: [u64; Phase::COUNT],
    run: u64,
}

impl Digest {
    /// Folds a number into the digest of `phase`.
    pub fn fold(&mut self, phase: Phase, value: u64) {
        let slot = &mut self.phases[phase.index()];
        *slot = xxh3_64_with_seed(&value.to_le_bytes(), *slot);
    }

    /// Folds bytes into the digest of `phase`.
    pub fn fold_bytes(&mut self, phase: Phase, bytes: &[u8]) {
        let slot = &mut self.phases[phase.index()];
        *slot = xxh3_64_with_seed(bytes, *slot);
    }

    /// Folds the exact bits of numbers into the digest of `phase`.
    pub fn fold_floats(&mut self, phase: Phase, values: &[f64]) {
        for value in values {
            self.fold(phase, value.to_bits());
        }
    }

    /// The digests of the phases in this tick.
    #[must_use]
    pub fn phases(&self) -> [u64; Phase::COUNT] {
        self.phases
    }

    /// The digest of the run up to the last finished tick.
    #[must_use]
    pub fn run(&self) -> u64 {
        self.run
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
}
