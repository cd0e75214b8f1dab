//! The simulator through its ports, as the engine uses it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chain;
mod common;
mod desk;
mod exchange;
mod faults;
mod fills;
mod gateway;
mod gateway_faults;
mod gateway_runs;
mod market;
mod moves;
