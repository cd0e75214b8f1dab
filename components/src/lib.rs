//! What exists: symbols, option contracts and their data. Data only, no clock and no I/O.

/// What a closing auction is expected to be short of.
pub mod closing;
/// Contract identity, terms, OSI symbols, the tie to the underlying.
pub mod contract;
/// What dealers must trade, and sums over sectors.
pub mod dealers;
/// Whether what comes in is still as it was.
pub mod drift;
/// Dealer exposures of a contract and an underlying.
pub mod exposure;
/// Order flow: VPIN and book imbalance.
pub mod flow;
/// Kinds of flow among the last trades.
pub mod flow_clusters;
/// What a premium depends on.
pub mod greeks;
/// Executions against orders that nobody saw.
pub mod hidden;
/// Open interest.
pub mod interest;
/// How much can be traded, and at what cost.
pub mod liquidity;
/// Quotes, trades, books, spot.
pub mod market;
/// What is traded in an underlying's options.
pub mod options_flow;
/// Orders, fills, positions.
pub mod order;
/// What trades look like.
pub mod patterns;
/// The prices that orders and quotes may carry.
pub mod price_grid;
/// Whether a value may be used, and until when.
pub mod quality;
/// Signals and their confidence.
pub mod signal;
/// Integers with named units.
pub mod units;
/// Volatility that was and that is expected.
pub mod volatility;
