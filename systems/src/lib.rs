//! What happens in a tick: one file per phase.

/// The ledger in the world.
pub mod books;
/// Where a contract's row is, and which rows belong to which underlying.
pub mod chains;
/// What closing auctions will be short of.
pub mod closing;
/// Every column into the digest, once a minute.
pub mod columns;
/// What an operator wants.
pub mod commands;
/// What came in and was decided becomes durable.
pub mod commit;
/// Signals that repeat themselves are dropped.
pub mod dedupe;
/// Parameters found in the tape.
pub mod discovery;
/// What is durable leaves.
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
/// Orders, executions, positions and money as one value.
pub mod ledger;
/// The line to the broker.
pub mod link;
/// What leaves for those who watch.
pub mod mirror;
/// What happens when time is lost.
pub mod overload;
/// What trades look like.
pub mod patterns;
/// Orders, positions and money.
pub mod positions;
/// Prices that nobody else confirms.
pub mod quarantine;
/// What changes in the ledger, shown.
pub mod reflection;
/// What is told of a run besides its decisions.
pub mod reports;
/// The only maker of approved orders.
pub mod risk;
/// How strategies see the market.
pub mod scoring;
/// What is known of an underlying, for those who ask.
pub mod sight;
/// General statistics.
pub mod statistics;
/// Volatility that was and that is expected.
pub mod volatility;
/// Toxicity on the volume clock.
pub mod vpin;
/// A part of the day.
pub mod window;
/// What is wanted done about orders that exist.
pub mod wishes;
/// Threads for the one kernel that needs them.
pub mod workers;
