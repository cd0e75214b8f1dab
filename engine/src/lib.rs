//! How a tick runs: phases, ports, clock, latency, digest. Knows no market logic.

/// Exchange sessions.
pub mod calendar;
/// When ticks happen.
pub mod clock;
/// What an operator wants.
pub mod command;
/// Layered configuration.
pub mod config;
/// A fingerprint of everything a tick changed.
pub mod digest;
/// Which number stands for which instrument.
pub mod directory;
/// World, systems and ports.
pub mod engine;
/// The words that come in.
pub mod event;
/// When contracts settle and how long that is.
pub mod expiry;
/// Which feeds there are and when each was last heard.
pub mod feeds;
/// What the journal holds of a tick.
pub mod frame;
/// What reached the engine since the last tick.
pub mod inbox;
/// Asks the feeds.
pub mod intake;
/// How long systems, phases and ticks took.
pub mod latency;
/// The only door to transcendental functions.
pub mod math;
/// What happens in a tick, in order.
pub mod phase;
/// Faults planted on purpose.
pub mod planted;
/// A capability and its table of contents.
pub mod plugin;
/// The five ports.
pub mod ports;
/// The only randomness.
pub mod random;
/// What the engine decided.
pub mod record;
/// What the broker says.
pub mod report;
/// What happened in a run, a line each.
pub mod transcript;
