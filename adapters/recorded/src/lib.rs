//! Feeds from recorded market data on disk.
//!
//!

/// Zip archives: which members there are, and their bytes.
pub mod archive;
/// Cboe's option chain downloads.
pub mod cboe;
/// Cells of comma-separated rows, parsed from bytes.
pub mod cells;
/// Dates and instants as a scenario writes them.
pub mod day;
mod error;
/// The equity and option files of LEAN.
pub mod lean;
/// LOBSTER's message and order book files.
pub mod lobster;
/// Files of rows of one kind.
pub mod table;

pub use error::{CellError, Error};

#[cfg(test)]
mod testing;
