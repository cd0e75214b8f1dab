//! Restrictions: I17, I18, and I22 for strategies.

use super::Moment;
use crate::figures::{Halt, millis};
use crate::found::Found;
use crate::limits::AuditLimits;
use crate::model::Model;
use components::order::{OrderId, OrderIntent, OrderStatus, Role};
use components::signal::StrategyName;
use components::units::Timestamp;
use engine::record::{Cause, Record, Restriction};
use engine::report::Report;
use std::collections::{BTreeMap, VecDeque};

/// What was restricted and refused so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Halts {
    pub(crate) halts: Vec<Halt>,
    refusals: BTreeMap<StrategyName, VecDeque<Timestamp>>,
    /// Strategies that are due to be paused, and since when.
    due: BTreeMap<StrategyName, Timestamp>,
    reconciled_at: Option<Timestamp>,
    /// When the line was last made, or came back.
    stood_at: Option<Timestamp>,
}

impl Halts {
    /// Follows a record, with the model as it was before.
    pub(crate) fn note(
        &mut self,
        found: &mut Found,
        model: &Model,
        limits: &AuditLimits,
        moment: &Moment,
        record: &Record,
    ) {
        match record {
            Record::Latched { level, cause } if *level > model.restriction() => {
                self.halts.push(Halt {
                    at: moment.now,
                    level: *level,
                    cause: *cause,
                    openings_after: 0,
                    cancels_ms: None,
                    lifted: None,
                });
            }
            Record::Cleared { command } => {
                i18_lifted_by_command(found, model, *command);
                for halt in self.halts.iter_mut().filter(|halt| halt.lifted.is_none()) {
                    halt.lifted = Some(moment.now);
                }
            }
            Record::CancelIntended { order } => self.note_cancel(model, moment, *order),
            Record::Sent { order } => i17_nothing_leaves(found, model, moment, *order),
            Record::StrategyPaused { strategy, .. } => {
                self.refusals.remove(strategy);
                self.due.remove(strategy);
            }
            Record::StrategyEnabled { strategy, command } => {
                self.refusals.remove(strategy);
                self.due.remove(strategy);
                if !model.liftings.contains(command) {
                    found.add(
                        22,
                        format!(
                            "strategy {strategy} was enabled by command {command}; \
                             expected a command from the host in the journal"
                        ),
                    );
                }
            }
            Record::Reconciled { .. } => self.reconciled_at = Some(moment.now),
            Record::Found(report) => self.note_report(model, limits, moment, report),
            _ => {}
        }
    }

    /// Counts a refusal and notes when the line stands, with the model as it was before.
    pub(crate) fn note_report(
        &mut self,
        model: &Model,
        limits: &AuditLimits,
        moment: &Moment,
        report: &Report,
    ) {
        let order = match report {
            Report::Rejected { order, .. } => order,
            Report::Connected { .. } | Report::Resumed { .. } => {
                self.stood_at = Some(moment.now);
                return;
            }
            _ => return,
        };
        let Some(order) = model.orders.get(order).filter(|order| !order.is_over()) else {
            return;
        };
        let strategy = order.intent.strategy;
        let refusals = self.refusals.entry(strategy).or_default();
        refusals.push_back(moment.now);
        while refusals.len() > limits.rejections_max {
            refusals.pop_front();
        }
        let since = refusals.front().copied().unwrap_or(moment.now);
        let is_full = refusals.len() >= limits.rejections_max;
        let is_near = millis(since, moment.now) <= limits.rejections_window_ms;
        if is_full && is_near && !model.paused.contains_key(&strategy) {
            self.due.entry(strategy).or_insert(moment.now);
        }
    }

    /// How long after a halt, or after it was known to work over a line that stands, an entry was
    /// first called back.
    fn note_cancel(&mut self, model: &Model, moment: &Moment, order: OrderId) {
        let Some(order) = model.orders.get(&order) else {
            return;
        };
        let is_first = order.terms().role == Role::Entry && !order.cancel_pending();
        let known_at = self.reconciled_at.max(self.stood_at).unwrap_or(moment.now);
        let halt = self.halts.last_mut().filter(|halt| halt.lifted.is_none());
        let halt = halt.filter(|halt| is_first && halt.level >= Restriction::Halted);
        if let Some(halt) = halt {
            let since = halt.at.max(order.changed_at).max(known_at);
            let took = millis(since, moment.now);
            halt.cancels_ms = halt.cancels_ms.max(Some(took));
        }
    }

    /// I17: while halted, entries that work are called back at once.
    pub(crate) fn i17_entries_called_back(
        &self,
        found: &mut Found,
        model: &Model,
        limits: &AuditLimits,
        moment: &Moment,
    ) {
        found.judge(17);
        let halted = model
            .latches
            .values()
            .filter(|(level, _)| *level >= Restriction::Halted);
        let Some(halted_at) = halted.map(|(_, at)| *at).min() else {
            return;
        };
        let Some(known_at) = self.reconciled_at.filter(|_| model.reconciled) else {
            return;
        };
        for order in model.in_flight() {
            let works = matches!(
                order.status,
                OrderStatus::Working | OrderStatus::Sent | OrderStatus::Unknown
            );
            let is_entry = order.terms().role == Role::Entry;
            let since = halted_at.max(order.changed_at).max(known_at);
            let is_late = millis(since, moment.now) > limits.cancel_within_ms;
            if is_entry && works && !order.cancel_pending() && is_late {
                let (id, contract) = (order.terms().id, order.terms().contract);
                let most = limits.cancel_within_ms;
                found.once(
                    17,
                    id.0,
                    format!(
                        "order {id} opens {contract} and works on under a halt; expected \
                         its cancellation within {most} ms"
                    ),
                );
            }
        }
    }

    /// I22: five refusals within a minute pause a strategy; paused, it opens nothing.
    pub(crate) fn i22_paused(
        &self,
        found: &mut Found,
        model: &Model,
        intent: &OrderIntent,
        moment: &Moment,
    ) {
        found.judge(22);
        let (id, contract, strategy) = (intent.order.id, intent.order.contract, intent.strategy);
        if model.paused.contains_key(&strategy) {
            found.add(
                22,
                format!("order {id} opens {contract} though {strategy} is paused; expected none"),
            );
        } else if self
            .due
            .get(&strategy)
            .is_some_and(|since| *since < moment.now)
        {
            found.add(
                22,
                format!(
                    "order {id} opens {contract} after {strategy} was refused \
                 too often; expected a pause"
                ),
            );
        }
    }

    /// I22: the pause comes within a second.
    pub(crate) fn i22_pause_comes(&mut self, found: &mut Found, moment: &Moment) {
        found.judge(22);
        let is_late = |_: &StrategyName, since: &mut Timestamp| millis(*since, moment.now) > 1_000;
        for (strategy, since) in self.due.extract_if(.., is_late) {
            found.add(
                22,
                format!(
                    "strategy {strategy} was refused too often at {since}; expected a pause by now"
                ),
            );
        }
    }
}

/// I17: nothing is opened from a restriction on until it is lifted.
pub(crate) fn i17_nothing_opens(found: &mut Found, model: &Model, intent: &OrderIntent) {
    found.judge(17);
    let level = model.restriction();
    if level >= Restriction::Reducing {
        let (id, contract, level) = (intent.order.id, intent.order.contract, level.name());
        found.once(
            17,
            id.0,
            format!("order {id} opens {contract} while {level}; expected none until it is lifted"),
        );
    }
}

/// I17: what was decided before a restriction and waited does not leave after it.
fn i17_nothing_leaves(found: &mut Found, model: &Model, moment: &Moment, order: OrderId) {
    found.judge(17);
    let Some(order) = model
        .orders
        .get(&order)
        .filter(|o| o.terms().role == Role::Entry)
    else {
        return;
    };
    // It left in the tick before this one.
    let restricts = |(level, at): &&(Restriction, Timestamp)| {
        *level >= Restriction::Reducing && order.intended_at < *at && *at < moment.now
    };
    if let Some((level, at)) = model.latches.values().find(restricts) {
        let (id, contract, level) = (order.terms().id, order.terms().contract, level.name());
        found.once(
            17,
            id.0,
            format!(
                "order {id} for {contract} left after trading was \
             {level} at {at}; expected it withheld"
            ),
        );
    }
}

/// I18: only an operator's command from the host that is in the journal lifts a restriction.
fn i18_lifted_by_command(found: &mut Found, model: &Model, command: u64) {
    found.judge(18);
    if !model.liftings.contains(&command) {
        let causes: Vec<&str> = model
            .latches
            .keys()
            .map(|cause: &Cause| cause.name())
            .collect();
        let causes = causes.join(", ");
        found.add(
            18,
            format!(
                "restrictions ({causes}) were lifted by command {command}; expected a \
                 command from the host in the journal, used once"
            ),
        );
    }
}
