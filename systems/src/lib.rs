//! What happens in a tick: one file per phase.

/// Where the risk of the book comes from.
pub mod attribution;
/// The ledger in the world.
pub mod books;
/// When something that is done now and then is done.
pub mod cadence;
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
/// How all underlyings move together.
pub mod comovement;
/// What dealers must trade, how unusual that is, and by sector.
pub mod dealers;
/// Signals that repeat themselves are dropped.
pub mod dedupe;
/// Parameters found in the tape.
pub mod discovery;
/// What is durable leaves.
pub mod dispatch;
/// Whether what comes in is still as it was.
pub mod drift;
/// When a held option is sold.
pub mod exits;
/// Dealer exposures and the levels they point to.
pub mod exposure;
/// Kinds of flow among the last trades.
pub mod flow_clusters;
/// Implied volatility and Greeks.
pub mod greeks;
/// Executions against orders that nobody saw.
pub mod hidden;
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
/// How much can be traded, and at what cost.
pub mod liquidity;
/// What macro series say.
pub mod macro_overlay;
/// What leaves for those who watch.
pub mod mirror;
/// What is traded in an underlying's options.
pub mod options_flow;
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
/// What the book would gain in scenarios.
pub mod stress;
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
