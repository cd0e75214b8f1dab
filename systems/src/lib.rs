//! What happens in a tick: one file per phase.

/// Where a contract's row is, and which rows belong to which underlying.
pub mod chains;
/// Every column into the digest, once a minute.
pub mod columns;
/// Signals that repeat themselves are dropped.
pub mod dedupe;
/// Approved orders leave.
pub mod dispatch;
/// When a held option is sold.
pub mod exits;
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
/// The only maker of approved orders.
pub mod risk;
/// How strategies see the market.
pub mod scoring;
/// Toxicity on the volume clock.
pub mod vpin;
/// A part of the day.
pub mod window;
/// Threads for the one kernel that needs them.
pub mod workers;
