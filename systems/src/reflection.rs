//! What changes in the ledger becomes lines of the transcript, parts of the digest and counts.

use crate::ledger::{Change, Closing, Doubt, Odd};
use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use components::order::OrderStatus;
use engine::digest::Digest;
use engine::phase::Phase;
use engine::record::Cause;
use engine::transcript::Transcript;

/// How many orders ended how, and what else was seen.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderCounts {
    /// Orders intended.
    pub intended: u64,
    /// Orders handed to the broker.
    pub submitted: u64,
    /// Orders filled in full.
    pub filled: u64,
    /// Orders cancelled or expired, in part or unfilled.
    pub cancelled: u64,
    /// Orders that the broker refused.
    pub rejected: u64,
    /// Orders that did not answer in time.
    pub unknown: u64,
    /// Orders that are proven never to have reached the broker.
    pub not_received: u64,
    /// Executions booked.
    pub executions: u64,
    /// Reports that repeat, contradict or name what is not ours.
    pub odd_reports: u64,
    /// Critical errors: what is odd in a way that [`Odd::is_critical`], refusals of the gate, and
    /// orders that the broker refused as malformed.
    pub critical_errors: u64,
}

/// Where changes of the ledger go.
#[derive(SystemParam)]
pub struct Reflection<'w> {
    digest: ResMut<'w, Digest>,
    transcript: ResMut<'w, Transcript>,
    counts: ResMut<'w, OrderCounts>,
    seen: ResMut<'w, Seen>,
}

/// What other systems want to know of the tick's changes.
#[derive(Resource, Debug, Default)]
pub struct Seen {
    /// Whether any position changed.
    pub positions: bool,
    /// Why the broker is to be asked.
    pub doubts: Vec<Doubt>,
    /// Positions that were closed.
    pub closings: Vec<Closing>,
    /// What must not happen and did: reasons to halt that are not latched yet.
    causes: Vec<Cause>,
}

impl Reflection<'_> {
    /// Forgets what was seen in the tick before. What was not placed or latched yet stays.
    pub(crate) fn begin(&mut self) {
        self.seen.doubts.clear();
        self.seen.closings.clear();
    }

    /// Why the broker is to be asked.
    pub(crate) fn doubts(&self) -> &[Doubt] {
        &self.seen.doubts
    }

    /// Why trading is to be halted, by what was seen since the last call.
    pub(crate) fn take_causes(&mut self) -> Vec<Cause> {
        core::mem::take(&mut self.seen.causes)
    }

    /// Counts a critical error that is no change of the ledger.
    pub(crate) fn count_error(&mut self) {
        self.counts.critical_errors += 1;
    }

    /// Critical errors so far, over all sessions.
    pub(crate) fn critical_errors(&self) -> u64 {
        self.counts.critical_errors
    }

    /// Writes a line of its own.
    pub(crate) fn note(&mut self, words: std::fmt::Arguments<'_>) {
        self.line(words);
    }

    /// Reflects changes.
    pub fn show(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.show_one(&change);
        }
    }

    fn show_one(&mut self, change: &Change) {
        match change {
            Change::Order { order, from, to } => {
                self.count(*to, *from);
                self.fold(&[order.0, *to as u64]);
                self.line(format_args!("order {order} {}", to.name()));
            }
            Change::Executed {
                execution,
                realized,
                position,
                corrected,
                ..
            } => {
                self.counts.executions += u64::from(!corrected);
                self.seen.positions = true;
                self.fold(&[
                    execution.id.base,
                    u64::from(execution.id.revision),
                    position.cost.0.cast_unsigned(),
                ]);
                let whose = match execution.order {
                    Some(order) => order.to_string(),
                    None => "foreign".to_owned(),
                };
                self.line(format_args!(
                    "fill {whose} {} {} {} at {} realized {realized}{}",
                    execution.side.name(),
                    execution.quantity,
                    execution.instrument,
                    execution.price,
                    if *corrected { " corrected" } else { "" },
                ));
            }
            Change::Charged {
                execution, fees, ..
            } => {
                self.seen.positions = true;
                self.fold(&[execution.base, fees.0.cast_unsigned()]);
            }
            Change::Closed(closing) => {
                self.seen.positions = true;
                self.line(format_args!(
                    "closed {} profit {} before fees for {}",
                    closing.instrument,
                    closing.profit,
                    closing.reason.name(),
                ));
                self.seen.closings.push(*closing);
            }
            Change::Opened { .. } => self.seen.positions = true,
            Change::Adjusted {
                instrument,
                from,
                position,
            } => {
                self.seen.positions = true;
                self.fold(&[from.cast_unsigned(), position.quantity.cast_unsigned()]);
                self.line(format_args!(
                    "position {instrument} adjusted from {from} to {}",
                    position.quantity
                ));
            }
            Change::Settled {
                instrument,
                quantity,
                how,
                realized,
            } => {
                self.seen.positions = true;
                self.fold(&[quantity.cast_unsigned(), realized.0.cast_unsigned()]);
                self.line(format_args!(
                    "position settled {instrument} {quantity} {how:?} realized {realized}"
                ));
            }
            Change::Latched { level, cause } => {
                self.fold(&[*level as u64, *cause as u64]);
                self.line(format_args!("{} for {}", level.name(), cause.name()));
            }
            Change::Cleared => self.line(format_args!("restrictions cleared")),
            Change::Paused { strategy, cause } => {
                self.line(format_args!("{strategy} paused for {}", cause.name()));
            }
            Change::Enabled { strategy } => self.line(format_args!("{strategy} enabled")),
            Change::QueryWanted(doubt) => self.seen.doubts.push(*doubt),
            Change::Odd(odd) => self.show_odd(odd),
            Change::DayOpened { .. }
            | Change::Modified { .. }
            | Change::CancelPending { .. }
            | Change::Released { .. } => {}
        }
    }

    fn show_odd(&mut self, odd: &Odd) {
        self.counts.odd_reports += 1;
        self.counts.critical_errors += u64::from(odd.is_critical());
        self.line(format_args!("odd {odd}"));
        if let Some(cause) = odd.halts() {
            self.seen.causes.push(cause);
        }
    }

    fn count(&mut self, to: OrderStatus, from: Option<OrderStatus>) {
        if from == Some(to) {
            return;
        }
        let counts = &mut *self.counts;
        match to {
            OrderStatus::Intended => counts.intended += 1,
            OrderStatus::Sent => counts.submitted += 1,
            OrderStatus::Filled => counts.filled += 1,
            OrderStatus::Cancelled => counts.cancelled += 1,
            OrderStatus::Rejected => counts.rejected += 1,
            OrderStatus::Unknown => counts.unknown += 1,
            OrderStatus::NotReceived => counts.not_received += 1,
            OrderStatus::Working => {}
        }
    }

    fn fold(&mut self, words: &[u64]) {
        for word in words {
            self.digest.fold(Phase::Positions, *word);
        }
    }

    fn line(&mut self, words: std::fmt::Arguments<'_>) {
        self.transcript.line(words);
    }
}
