//! How a tick runs: phases, ports, clock, latency, digest. Knows no market logic.

/// Exchange sessions.
pub mod calendar;
/// When ticks happen.
pub mod clock;
/// A fingerprint of everything a tick changed.
pub mod digest;
/// Which number stands for which instrument.
pub mod directory;
/// The words that come in.
pub mod event;
/// What the journal holds of a tick.
pub mod frame;
/// What reached the engine since the last tick.
pub mod inbox;
/// The only door to transcendental functions.
pub mod math;
/// What happens in a tick, in order.
pub mod phase;
/// The five ports.
pub mod ports;
/// The only randomness.
pub mod random;
