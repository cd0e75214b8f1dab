//! Daily reconciliation: what the journal says was traded, paid, earned and held, against the
//! broker's own statement, by strategy and contract.
//!
//! The two sides are computed apart: ours by folding the journal into the ledger, theirs by plain
//! average-cost arithmetic over the executions of the statement. What they differ in is told, never
//! corrected.

/// Our side: the journal.
mod ours;
/// The comparison.
mod report;
/// The broker's side: a statement.
mod statement;

pub(crate) use report::{ReconcileError, Reconciliation, reconcile};

use components::market::Side;
use components::order::OrderId;
use components::units::{Cash, Price, Timestamp};
use std::collections::BTreeMap;

/// What one side says of all days.
#[derive(Clone, Debug, Default)]
struct Account {
    /// Executions by the broker's number, in their last revision.
    executions: BTreeMap<u64, Trade>,
    /// Contracts that came to their end while they were held.
    settlements: Vec<Settled>,
    /// Profit without fees by day and instrument, where this side says it itself.
    realized: BTreeMap<(u32, String), Cash>,
    /// What is held at the end, by instrument.
    positions: BTreeMap<String, i64>,
}

/// An execution.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Trade {
    /// The day as `yyyymmdd`.
    day: u32,
    at: Timestamp,
    order: Option<OrderId>,
    instrument: String,
    multiplier: u32,
    side: Side,
    quantity: u32,
    price: Price,
    fees: Cash,
}

/// A contract that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Settled {
    day: u32,
    instrument: String,
    quantity: i64,
    /// What all of it was worth.
    worth: Cash,
}

/// The day of an instant in New York, as `yyyymmdd`.
fn day_of(at: Timestamp) -> u32 {
    let instant = jiff::Timestamp::from_nanosecond(i128::from(at.0));
    let local = instant.map(|instant| {
        let zone = jiff::tz::TimeZone::get("America/New_York");
        instant
            .to_zoned(zone.unwrap_or(jiff::tz::TimeZone::UTC))
            .date()
    });
    local.map_or(0, |date| components::contract::Expiry::on(date).yyyymmdd())
}
