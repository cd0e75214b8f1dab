//! The figures of a run that are worth reporting.

use components::contract::Contract;
use components::units::{NANOS_PER_MILLI, Timestamp};
use engine::record::{Cause, Restriction};
use serde::Serialize;

/// Counts and times of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Frames read.
    pub frames: u64,
    /// Processes that wrote the journal.
    pub runs: u64,
    /// Orders intended.
    pub orders: u64,
    /// Executions, corrections not counted.
    pub executions: u64,
    /// Frames that were acknowledged and are not there; absent where nobody counted.
    pub lost_records: Option<u64>,
    /// Orders that left twice, or for a wish that was still live.
    pub duplicate_orders: u64,
    /// Orders that arrived at the broker without an intent.
    pub orphan_orders: u64,
    /// How long positions were unprotected, a sample for each time that one grew or lost its stop.
    pub unprotected: Vec<Unprotected>,
    /// Halts, and what left after them.
    pub halts: Vec<Halt>,
    /// How long each run took to know where it stands.
    pub recoveries: Vec<Recovery>,
}

/// A position that stops at the broker did not cover for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Unprotected {
    /// The contract.
    pub contract: Contract,
    /// Contracts that were not covered, the most at a time.
    pub contracts: u64,
    /// From which instant on.
    pub from: Timestamp,
    /// For how long, milliseconds; 0 if it was covered at once.
    pub millis: i64,
    /// Whether the line was broken, or the market closed, for any of it.
    pub in_outage: bool,
}

/// A restriction that was latched while none was, or a stricter one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Halt {
    /// When.
    pub at: Timestamp,
    /// How far.
    pub level: Restriction,
    /// Why.
    pub cause: Cause,
    /// Opening orders that arrived at the broker after it and before it was lifted.
    pub openings_after: u64,
    /// Milliseconds from the halt, or from the instant since which an entry was known to work and the
    /// line to stand, until it was called back, the longest of all entries; absent if there was none.
    pub cancels_ms: Option<i64>,
    /// When it was lifted, if it was.
    pub lifted: Option<Timestamp>,
}

/// How a run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Recovery {
    /// The number of the run.
    pub run: u64,
    /// When it began.
    pub at: Timestamp,
    /// Milliseconds until the first answer of the broker was worked through.
    pub reconciled_ms: Option<i64>,
    /// Milliseconds until every position was protected or being closed after that.
    pub stops_ms: Option<i64>,
    /// Milliseconds of those in which there was no line to the broker, as far as the journal tells.
    pub down_ms: i64,
}

impl Recovery {
    /// Milliseconds from the start of the run until its stops were checked in which the line stood:
    /// a line that only seems to stand counts.
    #[must_use]
    pub fn with_line_ms(&self) -> Option<i64> {
        self.stops_ms.map(|stops| stops - self.down_ms)
    }
}

impl Figures {
    /// Contract-seconds unprotected outside an outage, in milliseconds: the 99th percentile and the
    /// largest; `None` without a sample.
    #[must_use]
    pub fn unprotected_ms(&self) -> Option<(i64, i64)> {
        percentile(
            self.unprotected.iter().filter(|one| !one.in_outage),
            |one| one.millis,
        )
    }

    /// Milliseconds from the start of a run until its stops were checked: the 99th percentile and
    /// the largest; `None` if no run came so far.
    #[must_use]
    pub fn recovery_ms(&self) -> Option<(i64, i64)> {
        percentile(
            self.recoveries.iter().filter(|one| one.stops_ms.is_some()),
            |one| one.stops_ms.unwrap_or_default(),
        )
    }
}

/// Milliseconds from `from` to `to`.
pub(crate) fn millis(from: Timestamp, to: Timestamp) -> i64 {
    to.nanos_since(from) / NANOS_PER_MILLI
}

fn percentile<'a, T: 'a>(
    samples: impl Iterator<Item = &'a T>,
    value: impl Fn(&T) -> i64,
) -> Option<(i64, i64)> {
    let mut values: Vec<i64> = samples.map(value).collect();
    values.sort_unstable();
    let place = (values.len() * 99).div_ceil(100).checked_sub(1)?;
    Some((*values.get(place)?, *values.last()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_is_the_nearest_rank() {
        let values: Vec<i64> = (1..=200).collect();
        assert_eq!(percentile(values.iter(), |v| *v), Some((198, 200)));
        assert_eq!(percentile([7].iter(), |v| *v), Some((7, 7)));
        assert_eq!(percentile(Vec::<i64>::new().iter(), |v| *v), None);
    }
}
