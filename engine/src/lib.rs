//! How a tick runs: phases, ports, clock, latency, digest.

pub mod calendar;
pub mod expiry;
pub mod math;
