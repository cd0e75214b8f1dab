//! What happens in a tick: one file per phase.

/// Where a contract's row is, and which rows belong to which underlying.
pub mod chains;
/// Implied volatility and Greeks.
pub mod greeks;
/// The door.
pub mod ingest;
