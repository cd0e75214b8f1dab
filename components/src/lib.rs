//! What exists: symbols, option contracts and their data. Data only, no clock and no I/O.

pub mod greeks;
pub mod units;
