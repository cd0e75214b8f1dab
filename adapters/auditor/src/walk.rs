//! The walk through a journal: what is checked before, with and after each record.

use crate::checks::halts::Halts;
use crate::checks::hours::Clock;
use crate::checks::protection::{self, Protection};
use crate::checks::runs::{self, Runs};
use crate::checks::{Moment, arrivals, broker, carried, halts, hours, orders, risk};
use crate::figures::Figures;
use crate::found::Found;
use crate::limits::AuditLimits;
use crate::model::Model;
use crate::{Audit, Violation};
use components::order::{OrderIntent, Role};
use components::units::Timestamp;
use engine::event::EventKind;
use engine::frame::Frame;
use engine::record::Record;
use engine::report::Report;
use simulator::BrokerLedger;

/// A walk through a journal.
pub(crate) struct Walk<'a> {
    limits: &'a AuditLimits,
    model: Model,
    found: Found,
    moment: Moment,
    clock: Clock,
    halts: Halts,
    protection: Protection,
    runs: Runs,
    figures: Figures,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(limits: &'a AuditLimits) -> Self {
        Self {
            limits,
            model: Model::default(),
            found: Found::default(),
            moment: Moment::default(),
            clock: Clock::default(),
            halts: Halts::default(),
            protection: Protection::default(),
            runs: Runs::default(),
            figures: Figures::default(),
        }
    }

    /// Goes through a frame.
    pub(crate) fn step(&mut self, frame: &Frame) {
        self.figures.frames += 1;
        self.found.step(frame.tick, frame.now);
        let (date, open, close) = frame.session;
        self.moment = Moment {
            now: frame.now,
            date,
            open,
            close,
        };
        let stamp = (frame.tick, frame.now);
        self.runs
            .i36_one_writer(&mut self.found, stamp, &frame.records);
        for record in &frame.records {
            if let Record::Heard { report } = record {
                let event = usize::try_from(*report)
                    .ok()
                    .and_then(|p| frame.reports.get(p));
                if let Some(EventKind::Reported(report)) = event.map(|event| &event.kind) {
                    self.hear(report);
                }
                continue;
            }
            self.decide(record);
        }
        let (found, model, limits) = (&mut self.found, &self.model, self.limits);
        self.halts
            .i17_entries_called_back(found, model, limits, &self.moment);
        self.halts.i22_pause_comes(found, &self.moment);
        self.protection.look(found, model, limits, &self.moment);
        self.runs
            .stops_checked(&self.moment, self.protection.is_covered());
    }

    /// Checks what only shows at the end.
    pub(crate) fn finish(mut self, ledger: Option<&BrokerLedger>) -> Audit {
        let (found, model, limits) = (&mut self.found, &self.model, self.limits);
        runs::i32_nothing_lost(found, limits, &mut self.figures);
        runs::i37_mirror_follows(found, limits);
        runs::i46_bounded(found, limits);
        runs::i47_settled(found, model, limits, &self.moment);
        self.protection.finish(&self.moment);
        self.figures.halts = self.halts.halts;
        self.figures.unprotected = self.protection.samples;
        self.figures.runs = (self.runs.recoveries.len() as u64).max(self.figures.frames.min(1));
        self.figures.orders += model.orders.len() as u64;
        self.figures.executions = model.executions.len() as u64;
        let twice = |v: &&Violation| v.invariant == 2;
        if let Some(ledger) = ledger {
            let outages = &self.runs.outages;
            arrivals::judge(found, model, limits, ledger, outages, &mut self.figures);
            let of_account = |(account, ..): &&(String, _, _)| *account == ledger.account;
            let answers = self.runs.answers.iter().filter(of_account);
            let known: Vec<(Timestamp, Timestamp)> =
                answers.map(|(_, open, asked)| (*open, *asked)).collect();
            broker::judge(found, model, ledger, &known);
            let was_there = |sample: &_| broker::stop_was_there(ledger, sample);
            self.figures
                .unprotected
                .retain(|one| one.millis == 0 || !was_there(one));
        }
        self.figures.recoveries = self.runs.recoveries;
        let violations = self.found.violations;
        self.figures.duplicate_orders += violations.iter().filter(twice).count() as u64;
        Audit {
            violations,
            judged: self.found.judged,
            figures: self.figures,
        }
    }

    fn hear(&mut self, report: &Report) {
        self.halts
            .note_report(&self.model, self.limits, &self.moment, report);
        self.runs.note_report(&self.moment, report);
        self.model.hear(self.moment.now, report);
    }

    fn decide(&mut self, record: &Record) {
        let (found, model, limits) = (&mut self.found, &self.model, self.limits);
        self.clock.note(&self.moment, limits, record);
        self.halts.note(found, model, limits, &self.moment, record);
        self.runs.note(found, model, &self.moment, record);
        orders::i4_over_is_over(found, model, self.moment.now, record);
        orders::i5_positions_are_sums(found, model, record);
        orders::i6_charges_are_kept(found, model, record);
        match record {
            Record::DayOpened(state) => carried::compare(found, model, state),
            Record::Intended(intent) => self.intend(intent),
            Record::Modified {
                order,
                kind,
                quantity,
            } => {
                orders::i11_shape(found, limits, (*order, *kind, *quantity));
                protection::i21_change_rises(found, model, *order, *kind);
            }
            Record::Resolved { order, status } => {
                orders::i7_evidence(found, model, limits, (*order, *status));
            }
            Record::Reconciled { query, .. } => orders::i5_reconciled(found, model, *query),
            Record::Held { instrument, terms } => {
                protection::i21_terms_rise(found, model, instrument, terms.stop);
            }
            _ => {}
        }
        self.model.decide(self.moment.now, record);
        if let Record::Intended(OrderIntent { order, .. }) = record {
            self.model.note_stop(order.id);
        } else if let Record::Modified { order, .. } = record {
            self.model.note_stop(*order);
        }
    }

    fn intend(&mut self, intent: &OrderIntent) {
        let (found, model, limits) = (&mut self.found, &self.model, self.limits);
        let moment = &self.moment;
        let order = &intent.order;
        orders::i3_numbers_rise(found, model, intent);
        orders::i10_limit(found, limits, intent, moment);
        orders::i11_shape(found, limits, (order.id, order.kind, order.quantity));
        orders::i11_contract_lives(found, intent, moment);
        risk::i19_covered(found, model, limits, intent);
        protection::i21_stop_rises(found, model, intent);
        self.runs.i34_no_trace(found, model, intent);
        if order.role != Role::Entry {
            return;
        }
        orders::i2_one_live_opening(found, model, intent);
        risk::i14_worst_case(found, model, limits, intent);
        risk::i15_day_loss(found, model, limits, intent, moment);
        risk::i16_losing_trades(found, model, limits, intent);
        halts::i17_nothing_opens(found, model, intent);
        self.halts.i22_paused(found, model, intent, moment);
        hours::i24_fresh(found, limits, intent, moment);
        hours::i26_confirmed(found, limits, intent, moment);
        self.clock.i27_anchored(found, limits, intent, moment);
        hours::i28_window(found, limits, intent, moment);
        hours::i29_calendar(found, limits, intent, moment);
        hours::i30_halted(found, limits, intent, moment);
        self.runs.i34_reconciled_first(found, model, intent);
        runs::i45_right_account(found, model, intent);
    }
}
