//! How a tick runs: phases, ports, clock, latency, digest.

pub mod config;
