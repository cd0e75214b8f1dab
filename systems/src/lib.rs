//! What happens in a tick: one file per phase.

/// Where a contract's row is, and which rows belong to which underlying.
pub mod chains;
/// Dealer exposures and the levels they point to.
pub mod exposure;
/// Implied volatility and Greeks.
pub mod greeks;
/// The day of an underlying so far.
pub mod history;
/// Imbalance and order flow of the books.
pub mod imbalance;
/// The door.
pub mod ingest;
/// What leaves for those who watch.
pub mod mirror;
/// Orders, positions and money.
pub mod positions;
/// Toxicity on the volume clock.
pub mod vpin;
/// Threads for the one kernel that needs them.
pub mod workers;
