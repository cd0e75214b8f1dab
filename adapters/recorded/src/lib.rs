//! Feeds from recorded market data on disk.
//!
//! Readers come first: [`archive`] and [`table`] turn files into typed rows, [`lean`], [`lobster`]
//! and [`cboe`] know the formats. They stream, name file, member, line and column of what they
//! cannot read, and know nothing of the engine. The feeds of [`feed`] are built on them: they
//! decide when a row could be known, and hand it over then and never earlier. [`source`] is what a
//! scenario says about them.
//!
//! What a feed hands over is what the file says: a crossed quote, a size of zero or a negative
//! price passes through, and the engine refuses and counts it. Only what cannot be read is an
//! error. The exception are ticks that the tape itself flags as suspicious: they are left out and
//! counted ([`lean::Suspicious`]).

/// Zip archives: which members there are, and their bytes.
pub mod archive;
/// Cboe's option chain downloads.
pub mod cboe;
/// Cells of comma-separated rows, parsed from bytes.
pub mod cells;
/// Dates and instants as a scenario writes them.
pub mod day;
mod error;
/// What the engine drains.
pub mod feed;
/// The equity and option files of LEAN.
pub mod lean;
/// LOBSTER's message and order book files.
pub mod lobster;
/// What a scenario says about recorded data.
pub mod source;
/// Files of rows of one kind.
pub mod table;

pub use error::{CellError, Error};
pub use source::Source;

#[cfg(test)]
mod testing;
