//! What happens in a tick: one file per phase.

pub mod greeks;
pub mod imbalance;
pub mod vpin;
