//! What leaves: keys and payloads of the mirror. Plain data, no engine types.
//!
//! A reader needs this crate and a JSON parser, nothing else. Units stand in the field names, money
//! is in US dollars, instants are milliseconds since 1970-01-01T00:00:00 UTC (they fit the 53 bits
//! that a browser has). What is not known is `null`, never a stand-in.

/// Cash, positions, orders, counts of signals.
pub mod account;
/// What is computed from the market: flow and exposures.
pub mod analytics;
/// Everything that one tick shows.
pub mod batch;
/// What a closing auction is expected to be short of.
pub mod closing;
/// What is computed over several underlyings or over the book.
pub mod cross;
/// What dealers must trade, and their exposures together.
pub mod dealers;
/// Parameters found in the tape.
pub mod discovered;
/// What happened and must not be replaced by something newer.
pub mod event;
/// How orders were executed and how positions ended.
pub mod execution;
/// What trades look like.
pub mod flow;
/// Redis keys: the only place that spells them.
pub mod keys;
/// The newest value of each symbol.
pub mod lane;
/// Quotes, trades, books.
pub mod market;
/// What is traded in options.
pub mod options_flow;
/// Until when a value may be used, and how good it is.
pub mod quality;
/// What the engine knows of underlyings, for those who ask.
pub mod sight;
/// How the engine fares.
pub mod status;
/// Gamma exposure strike by strike.
pub mod strikes;
/// The name of an underlying.
pub mod symbol;
/// Whose turn it is to be shown.
pub mod turn;
/// Volatility and what it and the market are called.
pub mod volatility;

pub use batch::{Batch, Header, Stamped};
pub use symbol::Symbol;

/// The version of the payloads; a reader refuses one that it does not know.
pub const VERSION: u32 = 1;
