//! The ledger in the world: every change of it comes through here, and what was decided is kept for
//! the journal.

use crate::ledger::{Change, Ledger};
use bevy_ecs::prelude::Resource;
use components::order::{OrderId, OrderStatus};
use components::units::Timestamp;
use engine::event::EventKind;
use engine::frame::Frame;
use engine::record::Record;
use engine::report::Report;

/// The ledger, and the decisions of this tick that the journal has not got yet.
#[derive(Resource, Debug)]
pub struct Books {
    ledger: Ledger,
    records: Vec<Record>,
    left: Vec<(OrderId, Leaving)>,
}

/// A frame that no engine wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the frame of tick {tick} names report {report}, which it does not hold")]
pub struct FoldError {
    tick: u64,
    report: u32,
}

/// What became of an order at the door to the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// It was handed over.
    Sent,
    /// It never left and never will.
    Withheld,
}

impl Books {
    /// Enters a frame of a journal again: what was heard and decided, in the same order.
    ///
    /// # Errors
    /// When the frame speaks of a report that it does not hold.
    pub fn fold(ledger: &mut Ledger, frame: &Frame) -> Result<(), FoldError> {
        for record in &frame.records {
            let Record::Heard { report } = record else {
                ledger.apply(frame.now, record);
                continue;
            };
            let event = frame.reports.get(*report as usize);
            let Some(EventKind::Reported(report)) = event.map(|event| &event.kind) else {
                return Err(FoldError {
                    tick: frame.tick,
                    report: *report,
                });
            };
            ledger.apply_report(frame.now, report);
        }
        Ok(())
    }

    /// Books on a ledger: an empty one, or one that a journal was folded into.
    #[must_use]
    pub fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            records: Vec::new(),
            left: Vec::new(),
        }
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Enters a decision: it is in force at once and durable before anything leaves.
    pub(crate) fn enter(&mut self, now: Timestamp, record: Record) -> Vec<Change> {
        let changes = self.ledger.apply(now, &record);
        self.records.push(record);
        changes
    }

    /// Enters what the broker said: the report at `place` among those of this tick.
    pub(crate) fn hear(&mut self, now: Timestamp, place: usize, report: &Report) -> Vec<Change> {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        self.records.push(Record::Heard { report: place });
        self.ledger.apply_report(now, report)
    }

    /// Notes what became of an order at the door: a fact of the next tick, since this one's frame
    /// is durable already.
    pub(crate) fn note(&mut self, order: OrderId, leaving: Leaving) {
        self.left.push((order, leaving));
    }

    /// Enters what became of the orders of the tick before.
    pub(crate) fn enter_left(&mut self, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        for (order, leaving) in core::mem::take(&mut self.left) {
            let record = match leaving {
                Leaving::Sent => Record::Sent { order },
                Leaving::Withheld => Record::Resolved {
                    order,
                    status: OrderStatus::NotReceived,
                },
            };
            changes.extend(self.enter(now, record));
        }
        changes
    }

    /// The decisions since the last frame.
    pub(crate) fn take_records(&mut self) -> Vec<Record> {
        core::mem::take(&mut self.records)
    }
}
