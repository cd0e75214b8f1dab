//! Runs and what the caller knows of them: I32, I34, I36, I37, I45 to I47.

use super::Moment;
use crate::figures::{Figures, Recovery, millis};
use crate::found::Found;
use crate::limits::AuditLimits;
use crate::model::Model;
use components::order::{OrderIntent, OrderStatus};
use components::units::{NANOS_PER_SECOND, Timestamp};
use engine::record::{Record, Restriction, RunStart};
use engine::report::Report;

/// The rates at which things arrive are not judged so long after a line broke: the broker's side
/// may have kept what was sent meanwhile.
const BACKLOG_S: i64 = 61;

/// What is known of the runs so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    pub(crate) recoveries: Vec<Recovery>,
    /// When the line was broken, and a while around it.
    pub(crate) outages: Vec<(Timestamp, Timestamp)>,
    /// The tick of the last frame of this run.
    last: Option<(u64, Timestamp)>,
    is_first_order: bool,
    /// Since when the line has been down, if it is.
    down_since: Option<Timestamp>,
    /// Whole answers that were worked through: of which account, when its session opened, and when
    /// they were asked for.
    pub(crate) answers: Vec<(String, Timestamp, Timestamp)>,
}

impl Runs {
    /// I36: frames of one run follow each other; only a new run may begin anew.
    pub(crate) fn i36_one_writer(
        &mut self,
        found: &mut Found,
        (tick, now): (u64, Timestamp),
        records: &[Record],
    ) {
        found.judge(36);
        let is_new = records
            .iter()
            .any(|record| matches!(record, Record::RunStarted(_)));
        if let Some((last, _)) = self.last.filter(|(last, _)| !is_new && tick <= *last) {
            found.add(
                36,
                format!(
                    "tick {tick} follows tick {last} in one run; expected ticks to rise: one writer"
                ),
            );
        }
        self.last = Some((tick, now));
    }

    /// Follows a record, with the model as it was before.
    pub(crate) fn note(
        &mut self,
        found: &mut Found,
        model: &Model,
        moment: &Moment,
        record: &Record,
    ) {
        match record {
            Record::RunStarted(start) => {
                i36_runs_follow(found, model, start);
                i45_interlock(found, start);
                if model.run.is_some() {
                    self.break_line(moment.now, BACKLOG_S);
                }
                self.is_first_order = true;
                self.recoveries.push(Recovery {
                    run: start.run,
                    at: moment.now,
                    reconciled_ms: None,
                    stops_ms: None,
                    down_ms: 0,
                });
                self.down_since = Some(moment.now);
            }
            Record::Reconciled { .. } => {
                if let Some(answer) = &model.answer {
                    let account = answer.state.account.clone();
                    self.answers.push((account, moment.open, answer.asked));
                }
                if let Some(recovery) = self.recoveries.last_mut() {
                    recovery
                        .reconciled_ms
                        .get_or_insert(millis(recovery.at, moment.now));
                }
            }
            Record::Found(report) => self.note_report(moment, report),
            Record::Unanswered { .. } => {
                self.break_line(moment.now, BACKLOG_S);
                self.down_since.get_or_insert(moment.now);
            }
            _ => {}
        }
    }

    /// Follows what the broker said.
    pub(crate) fn note_report(&mut self, moment: &Moment, report: &Report) {
        match report {
            Report::Disconnected { .. } => {
                self.break_line(moment.now, BACKLOG_S);
                self.down_since.get_or_insert(moment.now);
            }
            Report::Connected { .. } => self.stand(moment),
            Report::Resumed { .. } => {
                self.stand(moment);
                if let Some((_, until)) = self.outages.last_mut() {
                    *until = moment.now.plus_nanos(NANOS_PER_SECOND);
                }
            }
            _ => {}
        }
    }

    fn break_line(&mut self, now: Timestamp, seconds: i64) {
        let from = now.plus_nanos(-NANOS_PER_SECOND);
        self.outages
            .push((from, now.plus_nanos(seconds * NANOS_PER_SECOND)));
    }

    /// The line stands: until now nobody could recover.
    fn stand(&mut self, moment: &Moment) {
        if let Some(since) = self.down_since.take()
            && let Some(recovery) = self.recoveries.last_mut()
            && recovery.stops_ms.is_none()
        {
            recovery.down_ms += millis(since, moment.now);
        }
    }

    /// Notes whether the stops were looked after, at the end of a frame.
    pub(crate) fn stops_checked(&mut self, moment: &Moment, is_covered: bool) {
        if let Some(recovery) = self.recoveries.last_mut()
            && recovery.reconciled_ms.is_some()
            && recovery.stops_ms.is_none()
            && is_covered
        {
            recovery.stops_ms = Some(millis(recovery.at, moment.now));
        }
    }

    /// I34: a restart opens nothing before it knows where it stands, and leaves no trace in the
    /// numbers of orders.
    pub(crate) fn i34_no_trace(&mut self, found: &mut Found, model: &Model, intent: &OrderIntent) {
        found.judge(34);
        let id = intent.order.id;
        let is_first = std::mem::take(&mut self.is_first_order);
        if is_first && model.next_order > 0 && id.0 > model.next_order {
            let next = model.next_order;
            found.add(
                34,
                format!(
                    "order {id} is the first after a restart; expected o{next}, the next number"
                ),
            );
        }
    }

    /// I34: see above.
    pub(crate) fn i34_reconciled_first(
        &self,
        found: &mut Found,
        model: &Model,
        intent: &OrderIntent,
    ) {
        found.judge(34);
        let recovery = self.recoveries.last();
        if recovery.is_some_and(|recovery| recovery.reconciled_ms.is_none()) && !model.reconciled {
            let (id, contract) = (intent.order.id, intent.order.contract);
            found.add(
                34,
                format!(
                    "order {id} opens {contract} after a restart; expected an \
                 answer of the broker before"
                ),
            );
        }
    }
}

/// I36: each run has the number after the one before.
fn i36_runs_follow(found: &mut Found, model: &Model, start: &RunStart) {
    found.judge(36);
    let Some(before) = model.run.as_ref().map(|run| run.run) else {
        return;
    };
    let (run, next) = (start.run, before.saturating_add(1));
    if run != next {
        let what = format!("run {run} follows run {before}; expected {next}: one engine at a time");
        found.add(36, what);
    }
}

/// I45: money is at stake only where the account is none of paper, and the other way round.
fn i45_interlock(found: &mut Found, start: &RunStart) {
    found.judge(45);
    let (run, account) = (start.run, &start.account);
    let is_paper = account.starts_with("DU");
    let digits = account.strip_prefix('U').unwrap_or_default();
    let is_real = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if start.live && is_paper {
        found.add(
            45,
            format!("run {run} is live on {account}; expected an account that is none of paper"),
        );
    } else if !start.live && is_real {
        found.add(
            45,
            format!("run {run} is not live and trades {account}; expected a paper account"),
        );
    }
}

/// I45: nothing is opened while the line leads to another account.
pub(crate) fn i45_right_account(found: &mut Found, model: &Model, intent: &OrderIntent) {
    found.judge(45);
    let wanted = model
        .run
        .as_ref()
        .map(|run| run.account.as_str())
        .filter(|a| !a.is_empty());
    if let (Some(wanted), Some(there)) = (wanted, model.connected.as_deref())
        && wanted != there
    {
        let (id, contract) = (intent.order.id, intent.order.contract);
        found.add(
            45,
            format!("order {id} opens {contract} while connected to {there}; expected {wanted}"),
        );
    }
}

/// I32: nothing acknowledged is lost. Returns how many frames are.
pub(crate) fn i32_nothing_lost(found: &mut Found, limits: &AuditLimits, figures: &mut Figures) {
    let evidence = &limits.evidence;
    let (Some(acknowledged), Some(recovered)) = (evidence.acknowledged, evidence.recovered) else {
        return;
    };
    found.judge(32);
    figures.lost_records = Some(acknowledged.saturating_sub(recovered));
    if recovered < acknowledged {
        found.add(
            32,
            format!(
                "frame {recovered} is the last that was recovered; expected at \
             least {acknowledged}, which was acknowledged"
            ),
        );
    }
}

/// I37: the mirror shows nothing that is not durable, and its epochs rise.
pub(crate) fn i37_mirror_follows(found: &mut Found, limits: &AuditLimits) {
    let mut highest = 0;
    for seen in &limits.evidence.mirrored {
        found.judge(37);
        let (epoch, seq, durable) = (seen.epoch, seen.seq, seen.durable);
        if seq > durable {
            found.add(
                37,
                format!(
                    "the mirror shows frame {seq}; expected at most {durable}, the last durable one"
                ),
            );
        }
        if epoch < highest {
            found.add(
                37,
                format!(
                    "the mirror's epoch fell from {highest} to {epoch}; expected it to rise only"
                ),
            );
        }
        highest = highest.max(epoch);
    }
}

/// I46: every queue keeps to its bound.
pub(crate) fn i46_bounded(found: &mut Found, limits: &AuditLimits) {
    for queue in &limits.evidence.queues {
        found.judge(46);
        if queue.peak <= queue.bound {
            continue;
        }
        let (name, peak, bound) = (&queue.name, queue.peak, queue.bound);
        found.add(
            46,
            format!("queue {name} held {peak}; expected at most {bound}"),
        );
    }
}

/// I47: some time after the last fault the engine is active, or restricted with a reason, and every
/// order stands somewhere. Judged where the end of the faults is given and the journal goes on.
pub(crate) fn i47_settled(found: &mut Found, model: &Model, limits: &AuditLimits, moment: &Moment) {
    let Some(end) = limits.evidence.faults_end else {
        return;
    };
    let passed = millis(end, moment.now);
    let patience = limits.ready_within_ms;
    if passed >= patience {
        found.judge(47);
    }
    if passed >= patience && !model.reconciled && model.restriction() == Restriction::Active {
        found.add(
            47,
            format!(
                "the broker was not asked for everything by {patience} ms after \
             the last fault; expected the line to be in order, or a latched reason"
            ),
        );
    }
    let patience = limits.settle_within_ms;
    if passed < patience {
        return;
    }
    for order in model.in_flight() {
        let is_open_end = matches!(
            order.status,
            OrderStatus::Intended | OrderStatus::Sent | OrderStatus::Unknown
        );
        let since = order.changed_at.max(end);
        let cancelling = order.cancel_at.map(|at| at.max(end));
        let is_stuck = is_open_end && millis(since, moment.now) > patience
            || cancelling.is_some_and(|at| millis(at, moment.now) > patience);
        if is_stuck {
            let (id, contract) = (order.terms().id, order.terms().contract);
            let state = order.status.name();
            found.add(
                47,
                format!(
                    "order {id} of {contract} is {state} since {since}; \
                 expected it resolved within {patience} ms"
                ),
            );
        }
    }
}
