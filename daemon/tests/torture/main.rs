//! The fault simulator: what went wrong in the field, as scripted seeds that must come out clean,
//! and what holds for every seed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

/// R1 to R11: failures of others, from their public trackers.
mod field;
/// Planted faults are noticed.
#[cfg(feature = "planted_bugs")]
mod planted;
/// What holds for every seed.
mod seeds;
