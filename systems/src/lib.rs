//! What happens in a tick: one file per phase.

pub mod exposure;
pub mod greeks;
