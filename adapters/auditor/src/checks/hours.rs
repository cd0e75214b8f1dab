//! When a position may be opened: I24, I26 to I30.

use super::Moment;
use crate::figures::millis;
use crate::found::Found;
use crate::limits::AuditLimits;
use components::contract::Expiry;
use components::order::OrderIntent;
use components::units::Timestamp;
use engine::record::{Cause, Record};

/// A price that is off has shown after so many milliseconds.
const OFFSET_SHOWS_MS: i64 = 1_000;

/// The last jump of the clock that nobody has answered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    jumped: Option<(Timestamp, i64)>,
}

impl Clock {
    /// Notes what moves the clock. There is no record that anchors it anew, so that a new run, an
    /// operator who clears, or the time that the limits name counts as one.
    pub(crate) fn note(&mut self, moment: &Moment, limits: &AuditLimits, record: &Record) {
        match record {
            Record::ClockJumped { millis }
                if millis.saturating_abs() > limits.clock_jump_max_ms =>
            {
                self.jumped = Some((moment.now, *millis));
            }
            Record::RunStarted(_) | Record::Cleared { .. } => self.jumped = None,
            Record::Latched {
                cause: Cause::Clock,
                ..
            } => self.jumped = None,
            _ => {}
        }
    }

    /// I27: after a jump of the clock nothing is opened until it is anchored anew.
    pub(crate) fn i27_anchored(
        &self,
        found: &mut Found,
        limits: &AuditLimits,
        intent: &OrderIntent,
        moment: &Moment,
    ) {
        found.judge(27);
        if let Some((at, jump)) = self.jumped
            && millis(at, moment.now) < limits.clock_block_ms
        {
            let (id, contract, most) = (
                intent.order.id,
                intent.order.contract,
                limits.clock_block_ms,
            );
            found.add(
                27,
                format!(
                    "order {id} opens {contract} after a clock jump of {jump} ms; \
                     expected none for {most} ms"
                ),
            );
        }
    }
}

/// I24: no position is opened on stale data; judged where quotes are given.
pub(crate) fn i24_fresh(
    found: &mut Found,
    limits: &AuditLimits,
    intent: &OrderIntent,
    moment: &Moment,
) {
    let contract = intent.order.contract;
    if !limits.evidence.quotes.contains_key(&contract) {
        return;
    }
    found.judge(24);
    let quote = limits.quote(&contract, moment.now);
    let age = quote.map_or(i64::MAX, |quote| millis(quote.at, moment.now));
    if age > limits.quote_age_max_ms {
        let (id, most) = (intent.order.id, limits.quote_age_max_ms);
        found.add(
            24,
            format!(
                "order {id} opens {contract} on a quote {age} ms old; expected at most {most} ms"
            ),
        );
    }
}

/// I26: nothing is opened on an underlying whose price nothing confirms; judged where it is known
/// when that was so.
pub(crate) fn i26_confirmed(
    found: &mut Found,
    limits: &AuditLimits,
    intent: &OrderIntent,
    moment: &Moment,
) {
    let contract = intent.order.contract;
    let offsets = limits.evidence.offsets.get(&contract.underlying);
    // The first price that is off may come a moment later.
    let is_off = |(from, until): &&(Timestamp, Timestamp)| {
        (from.plus_millis(OFFSET_SHOWS_MS)..*until).contains(&moment.now)
    };
    if let Some((from, _)) = offsets.into_iter().flatten().find(is_off) {
        let id = intent.order.id;
        found.add(
            26,
            format!(
                "order {id} opens {contract} while its underlying's price is off since {from}; \
                 expected none until it is confirmed"
            ),
        );
    }
}

/// I28: openings lie in the session, in the hours of their strategy, before the cutoff; all hours
/// count from that day's close.
pub(crate) fn i28_window(
    found: &mut Found,
    limits: &AuditLimits,
    intent: &OrderIntent,
    moment: &Moment,
) {
    found.judge(28);
    let (id, contract, left) = (intent.order.id, intent.order.contract, moment.left_ms());
    let cutoff = limits.last_entry_before_close_ms;
    if !moment.is_open() || left <= cutoff && cutoff > 0 {
        return found.add(
            28,
            format!(
                "order {id} opens {contract} {left} ms before the close; expected the \
                 session and more than {cutoff} ms"
            ),
        );
    }
    let windows = limits.windows.get(&intent.strategy);
    let inside = |(from, to): &(i64, i64)| (*to..=*from).contains(&left);
    if windows.is_some_and(|windows| !windows.iter().any(inside)) {
        let strategy = intent.strategy;
        found.add(
            28,
            format!(
                "order {id} of {strategy} opens {contract} {left} ms before the close; \
                 expected its window"
            ),
        );
    }
}

/// I29: no trading on a day that is none, or beyond the calendar.
pub(crate) fn i29_calendar(
    found: &mut Found,
    limits: &AuditLimits,
    intent: &OrderIntent,
    moment: &Moment,
) {
    found.judge(29);
    let date = moment.date;
    let beyond = limits.calendar_until.is_some_and(|until| date > until);
    let weekend =
        Expiry::try_from(date).is_ok_and(|day| day.date().weekday().to_monday_zero_offset() >= 5);
    if beyond || weekend || limits.closed_days.contains(&date) {
        let (id, contract) = (intent.order.id, intent.order.contract);
        found.add(
            29,
            format!(
                "order {id} opens {contract} on {date}; expected a trading day of the calendar"
            ),
        );
    }
}

/// I30: nothing is opened on a halted underlying, nor in the first seconds after; judged where
/// halts are given.
pub(crate) fn i30_halted(
    found: &mut Found,
    limits: &AuditLimits,
    intent: &OrderIntent,
    moment: &Moment,
) {
    let contract = intent.order.contract;
    let halts = limits.evidence.halts.get(&contract.underlying);
    if !limits.evidence.halts.is_empty() {
        found.judge(30);
    }
    let wait = limits.resume_wait_ms;
    for (from, until) in halts.into_iter().flatten() {
        let over = until.is_some_and(|until| millis(until, moment.now) >= wait);
        if *from <= moment.now && !over {
            let id = intent.order.id;
            return found.add(
                30,
                format!(
                    "order {id} opens {contract} while its underlying is halted since \
                     {from}; expected {wait} ms after it resumes"
                ),
            );
        }
    }
}
