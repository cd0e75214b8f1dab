//! The simulator through its ports, as the engine uses it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chain;
mod common;
mod exchange;
mod faults;
mod fills;
mod market;
mod moves;
