//! The line between the engine and the broker: who holds it, whether it carries, what is on it.
//!
//! Reports wait on the line until they are received; when the line goes, they go with it. At most
//! [`REPORTS_MAX`] wait: a client that does not read is cut off, as the real gateway does.

use super::broker::Command;
use super::core::{Core, Due};
use crate::gateway_faults::GatewayFault;
use components::order::OrderId;
use components::units::Timestamp;
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::report::Report;
use std::collections::{BTreeMap, BTreeSet};

/// Reports on the line at most.
const REPORTS_MAX: usize = 262_144;
/// A report that is overtaken comes up to so much later.
const REORDER_MS: u64 = 2_000;
const DELAY_MS: u64 = 60_000;
const EXECUTION_FIRST_MS: u64 = 5_000;
/// The number of a line that nobody holds.
const NO_LINE: u64 = u64::MAX;

/// The line.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// The client that holds it: the count of calls of `connect`.
    pub(crate) owner: Option<u64>,
    /// The number of the line; it rises with every connection.
    pub(crate) number: u64,
    pub(crate) state: LinkState,
    pub(crate) outage: Option<Outage>,
    /// From this instant on the gateway can be connected to.
    pub(crate) reachable: Timestamp,
    pub(crate) wrong_account: bool,
    /// A line that its client closed in order: what was sent over it still arrives.
    closed: u64,
    waiting: BTreeMap<(Timestamp, u64), (Timestamp, Report)>,
    sequence: u64,
    /// Clients that were told that another holds the line.
    refused: BTreeSet<u64>,
}

/// Whether the line carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LinkState {
    /// Nobody is connected.
    #[default]
    Down,
    /// A client came and has not been seen yet.
    Fresh,
    /// A client connects.
    Opening,
    /// It carries.
    Up,
    /// It seems to be there and carries nothing.
    Silent,
    /// It is over and the client must connect anew.
    Cut,
}

/// The gateway has lost the broker.
#[derive(Debug)]
pub(crate) struct Outage {
    pub(crate) until: Timestamp,
    /// Whether what is said meanwhile is said afterwards.
    pub(crate) keeps: bool,
    pub(crate) held: Vec<(u64, Command)>,
}

impl Link {
    pub(crate) fn is_free_for(&self, session: u64) -> bool {
        self.owner.is_none_or(|owner| owner == session)
    }

    pub(crate) fn line_of(&self, session: u64) -> u64 {
        if self.owner == Some(session) {
            self.number
        } else {
            NO_LINE
        }
    }

    /// Whether what was sent over `line` arrives.
    pub(crate) fn passes(&self, line: u64) -> bool {
        (line == self.number && self.state == LinkState::Up) || (line > 0 && line == self.closed)
    }

    /// Puts a report on the line.
    pub(crate) fn put(&mut self, received: Timestamp, at: Timestamp, report: Report) {
        self.sequence += 1;
        self.waiting.insert((received, self.sequence), (at, report));
    }

    /// Loses what the client has not received by `now`.
    fn lose_after(&mut self, now: Timestamp) {
        self.waiting.retain(|(received, _), _| *received <= now);
    }

    pub(crate) fn take_line(&mut self, session: u64) {
        self.owner = Some(session);
        self.number += 1;
        self.state = LinkState::Fresh;
        self.refused.remove(&session);
    }
}

impl Core {
    /// Tells a client once that another one holds the line.
    pub(crate) fn refuse_session(&mut self, session: u64, now: Timestamp, inbox: &mut Inbox) {
        if self.link.refused.insert(session) {
            let report = Report::Disconnected { code: 326 };
            inbox.push(now, now, EventKind::Reported(report));
        }
    }

    /// A client's process is gone: what it sent arrives, what it was to be told is lost.
    pub(crate) fn drop_session(&mut self, session: u64) {
        self.take_commands();
        self.link.refused.remove(&session);
        if self.link.owner == Some(session) {
            self.close_line();
            self.link.owner = None;
            self.link.state = LinkState::Down;
            self.ledger.link_down(self.now);
        }
    }

    /// The client drops the line and makes it anew.
    pub(crate) fn reconnect(&mut self, session: u64, at: Timestamp) {
        if !self.link.is_free_for(session) {
            self.link.refused.remove(&session);
            return;
        }
        self.close_line();
        self.ledger.link_down(at.max(self.now));
        self.link.take_line(session);
        self.link.state = LinkState::Opening;
        let line = self.link.number;
        let from = at.max(self.link.reachable);
        let connected = from.plus_millis(self.config.reconnect_ms);
        self.schedule(connected, Due::Connect { line });
    }

    fn close_line(&mut self) {
        if self.link.state == LinkState::Up {
            self.link.closed = self.link.number;
        }
        self.link.waiting.clear();
        if let Some(outage) = self.link.outage.take() {
            // The gateway lives on without its client: it still has what was sent to it, and has
            // not found the broker again.
            self.link.reachable = self.link.reachable.max(outage.until);
            for (line, command) in outage.held {
                self.schedule(outage.until, Due::Arrival { line, command });
            }
        }
    }

    /// Opens the line to a client that is seen for the first time.
    pub(crate) fn open_line(&mut self, now: Timestamp) {
        if self.link.state != LinkState::Fresh {
            return;
        }
        if now >= self.link.reachable {
            self.now = self.now.max(now.plus_nanos(-1));
            return self.establish(now);
        }
        self.link.state = LinkState::Opening;
        let line = self.link.number;
        self.schedule(self.link.reachable, Due::Connect { line });
    }

    pub(crate) fn connect(&mut self, line: u64) {
        if line == self.link.number && self.link.state == LinkState::Opening {
            self.establish(self.now);
        }
    }

    fn establish(&mut self, at: Timestamp) {
        self.link.state = LinkState::Up;
        self.ledger.link_up(self.link.owner.unwrap_or(0), at);
        self.link.wrong_account = self.dice.hits(GatewayFault::WrongAccount, "idle");
        let connected = Report::Connected {
            account: self.account_name(),
            next_order: self.book.offered(),
        };
        self.link.put(at, at, connected);
        if self.dice.hits(GatewayFault::ReplayExecutions, "idle") {
            for execution in &self.ledger.executions[self.first_execution..] {
                if let Some(last) = execution.last() {
                    self.batch.push(Report::Executed(*last));
                }
            }
        }
    }

    /// The account that the client is told of.
    pub(crate) fn account_name(&self) -> String {
        if self.link.wrong_account {
            format!("{}X", self.config.account)
        } else {
            self.config.account.clone()
        }
    }

    /// The line drops with everything on it; the client is told `code`.
    pub(crate) fn cut(&mut self, code: u32) {
        if !matches!(self.link.state, LinkState::Up | LinkState::Silent) {
            return;
        }
        self.link.lose_after(self.now);
        self.batch.clear();
        self.link.outage = None;
        self.link.state = LinkState::Cut;
        self.ledger.link_down(self.now);
        let received = self.now.plus_millis(self.report_latency_ms);
        self.link
            .put(received, self.now, Report::Disconnected { code });
    }

    /// The line carries nothing any more, and nobody says so.
    pub(crate) fn close_silently(&mut self) {
        self.link.lose_after(self.now);
        self.batch.clear();
        self.link.outage = None;
        self.link.state = LinkState::Silent;
        self.ledger.link_down(self.now);
    }

    pub(crate) fn cut_line(&mut self, line: u64) {
        if line == self.link.number {
            self.cut(0);
        }
    }

    /// The gateway has the broker again.
    pub(crate) fn resume(&mut self) {
        let Some(outage) = self.link.outage.take_if(|outage| outage.until <= self.now) else {
            return;
        };
        let code = if outage.keeps { 1102 } else { 1101 };
        let received = self.now.plus_millis(self.report_latency_ms);
        self.link.put(received, self.now, Report::Resumed { code });
        for (line, command) in outage.held {
            self.obey(line, command);
        }
    }

    /// Sends what was said at this instant. Nobody may rely on an order among acknowledgement,
    /// executions and charges: they are shuffled.
    pub(crate) fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let mut batch = core::mem::take(&mut self.batch);
        if self.config.shuffles_messages && batch.len() > 1 {
            let is_loose = |report: &Report| {
                matches!(
                    report,
                    Report::Accepted { .. } | Report::Executed(_) | Report::Charged { .. }
                )
            };
            for run in batch.chunk_by_mut(|a, b| is_loose(a) && is_loose(b)) {
                self.shuffle.shuffle(run);
            }
        }
        for report in batch.drain(..) {
            self.send(report);
        }
        self.batch = batch;
        if self.link.waiting.len() > REPORTS_MAX {
            self.cut(0);
        }
    }

    fn send(&mut self, report: Report) {
        if self.link.state != LinkState::Up || self.link.wrong_account && is_of_account(&report) {
            return;
        }
        let mut received = self.now.plus_millis(self.report_latency_ms);
        if let Some(outage) = &self.link.outage {
            if !outage.keeps {
                return;
            }
            // After the word that the broker is there again.
            received = outage.until.plus_millis(self.report_latency_ms);
            received = received.plus_nanos(1);
        }
        if self.dice.is_quiet() || !is_about_order(&report) {
            return self.link.put(received, self.now, report);
        }
        let state = self.state_of_report(&report);
        if matches!(report, Report::Accepted { .. }) {
            if self.dice.hits(GatewayFault::LostAck, state) {
                return;
            }
            received = self.late(
                received,
                GatewayFault::ExecutionFirst,
                EXECUTION_FIRST_MS,
                state,
            );
        }
        if matches!(report, Report::Cancelled { .. })
            && self.dice.hits(GatewayFault::LostStatus, state)
        {
            return;
        }
        received = self.late(received, GatewayFault::Reorder, REORDER_MS, state);
        received = self.late(received, GatewayFault::Delay, DELAY_MS, state);
        if self.dice.hits(GatewayFault::Duplicate, state) {
            for _ in 0..=self.dice.below(GatewayFault::Duplicate, 4) {
                let later = self.dice.millis(GatewayFault::Duplicate, REORDER_MS);
                let again = received.plus_millis(later);
                self.link.put(again, self.now, report.clone());
            }
        }
        self.link.put(received, self.now, report);
    }

    fn late(
        &mut self,
        received: Timestamp,
        kind: GatewayFault,
        most_ms: u64,
        state: &'static str,
    ) -> Timestamp {
        if self.dice.hits(kind, state) {
            received.plus_millis(1 + self.dice.millis(kind, most_ms - 1))
        } else {
            received
        }
    }

    /// Hands over what the client receives by `now`.
    pub(crate) fn deliver(&mut self, session: u64, now: Timestamp, inbox: &mut Inbox) {
        if self.link.owner != Some(session) {
            return;
        }
        while let Some(entry) = self.link.waiting.first_entry() {
            if entry.key().0 > now {
                return;
            }
            let ((received, _), (at, report)) = entry.remove_entry();
            inbox.push(received, at, EventKind::Reported(report));
        }
    }

    /// Brings forward what was held back, once faults have ended.
    pub(crate) fn hurry(&mut self) {
        let latest = self.now.plus_millis(self.report_latency_ms);
        for ((received, _), (at, report)) in core::mem::take(&mut self.link.waiting) {
            self.link.put(received.min(latest), at, report);
        }
    }

    fn state_of_report(&self, report: &Report) -> &'static str {
        match report {
            Report::Accepted { order, .. }
            | Report::Cancelled { order, .. }
            | Report::CancelRefused { order, .. } => self.state_of(*order),
            Report::Rejected { .. } => "rejected",
            Report::Executed(execution) => self.state_of_execution(execution.id.base),
            Report::Charged { execution, .. } => self.state_of_execution(execution.base),
            _ => "idle",
        }
    }

    fn state_of_execution(&self, base: u64) -> &'static str {
        let place = usize::try_from(base.saturating_sub(1)).unwrap_or(usize::MAX);
        let execution = self.ledger.executions.get(place).and_then(|e| e.last());
        execution
            .and_then(|e| e.order)
            .map_or("foreign", |order: OrderId| self.state_of(order))
    }
}

fn is_about_order(report: &Report) -> bool {
    matches!(
        report,
        Report::Accepted { .. }
            | Report::Executed(_)
            | Report::Charged { .. }
            | Report::Cancelled { .. }
            | Report::Rejected { .. }
            | Report::CancelRefused { .. }
    )
}

/// Whether a client that is connected to another account does not hear of it.
fn is_of_account(report: &Report) -> bool {
    matches!(
        report,
        Report::Accepted { .. }
            | Report::Executed(_)
            | Report::Charged { .. }
            | Report::Cancelled { .. }
    )
}
