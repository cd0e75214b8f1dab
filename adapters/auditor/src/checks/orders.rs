//! Orders as the journal intends and follows them: I2 to I5, I7, I10, I11.

use super::Moment;
use crate::found::Found;
use crate::limits::{AuditLimits, PPM};
use crate::model::Model;
use components::contract::Instrument;
use components::market::Side;
use components::order::{OrderId, OrderIntent, OrderKind, OrderStatus, Role};
use components::units::{Price, Timestamp};
use engine::record::Record;
use engine::report::Report;
use std::collections::BTreeMap;

/// I2: one live opening order of a fingerprint at most; and I7 where the other one is unknown.
pub(crate) fn i2_one_live_opening(found: &mut Found, model: &Model, intent: &OrderIntent) {
    found.judge(2);
    let other = model.openings.get(&intent.fingerprint);
    let Some(other) = other
        .and_then(|id| model.orders.get(id))
        .filter(|o| !o.is_over())
    else {
        return;
    };
    let (id, first) = (intent.order.id, other.terms().id);
    let (invariant, expected) = if other.status == OrderStatus::Unknown {
        (7, "no second one while the first is unknown")
    } else {
        (2, "one live opening order of a fingerprint")
    };
    let contract = intent.order.contract;
    let state = other.status.name();
    found.once(
        invariant,
        id.0,
        format!("order {id} for {contract} repeats {first}, which is {state}; expected {expected}"),
    );
}

/// I3: numbers rise strictly and never come again, over runs.
pub(crate) fn i3_numbers_rise(found: &mut Found, model: &Model, intent: &OrderIntent) {
    found.judge(3);
    let id = intent.order.id;
    let highest = model.orders.last_key_value().map(|(id, _)| *id);
    if highest.is_some_and(|highest| id <= highest) {
        let highest = highest.unwrap_or_default();
        found.add(
            3,
            format!("order {id} was intended after {highest}; expected a higher number"),
        );
    }
}

/// I4: what is over stays over, and is not resolved once more.
pub(crate) fn i4_over_is_over(found: &mut Found, model: &Model, now: Timestamp, record: &Record) {
    found.judge(4);
    let (order, to) = match record {
        Record::TimedOut { order } => (*order, OrderStatus::Unknown),
        Record::Resolved { order, status } => (*order, *status),
        _ => return,
    };
    // What was over before this frame needs no resolving: the engine took it for alive.
    let known = model
        .orders
        .get(&order)
        .filter(|o| o.is_over() && (o.status != to || o.over_at < now));
    if let Some(known) = known {
        let (contract, from) = (known.terms().contract, known.status.name());
        found.add(
            4,
            format!(
                "order {order} of {contract} went from {from} to {}; expected it to stay over",
                to.name()
            ),
        );
    }
}

/// I5: an execution is applied once, and the position is the sum of those that are distinct. What
/// the engine held shows where it names it.
pub(crate) fn i5_positions_are_sums(found: &mut Found, model: &Model, record: &Record) {
    found.judge(5);
    let (instrument, claimed) = match record {
        Record::Adjusted {
            instrument, from, ..
        } => (instrument, *from),
        Record::Settled {
            instrument,
            quantity,
            ..
        } => (instrument, *quantity),
        Record::Found(Report::Executed(execution)) => {
            let known = model.executions.get(&execution.id.base);
            if known.is_some_and(|known| known.id.revision >= execution.id.revision) {
                let id = execution.id;
                found.add(
                    5,
                    format!("execution {id} was found anew; expected it to be known already"),
                );
            }
            return;
        }
        _ => return,
    };
    let held = model.held(instrument);
    if held != i128::from(claimed) {
        found.add(
            5,
            format!(
                "position in {instrument} was taken for {claimed}; expected {held}, the \
                 sum of its executions"
            ),
        );
    }
}

/// I5: after a whole answer positions are what the broker said, but for what was executed since.
pub(crate) fn i5_reconciled(found: &mut Found, model: &Model, query: u64) {
    found.judge(5);
    let Some(answer) = model.answer.as_ref().filter(|a| a.state.query == query) else {
        return found.add(
            5,
            format!("query {query} counts as worked through; expected a whole answer to it before"),
        );
    };
    let mut sums = BTreeMap::new();
    for (instrument, quantity) in &answer.state.positions {
        *sums.entry(*instrument).or_insert(0_i128) += i128::from(*quantity);
    }
    for (instrument, _) in model.money.positions() {
        sums.entry(*instrument).or_insert(0);
    }
    let told: std::collections::BTreeSet<u64> = answer
        .state
        .executions
        .iter()
        .map(|(e, _)| e.id.base)
        .collect();
    for (instrument, there) in sums {
        let held = model.held(&instrument);
        let is_newer = |(base, on): (&u64, &Instrument)| *on == instrument && !told.contains(base);
        if held != there && !model.since_asked.iter().any(is_newer) {
            found.add(
                5,
                format!(
                    "position in {instrument} is {held} after query {query}; expected \
                     {there} as at the broker"
                ),
            );
        }
    }
}

/// I6: a charge that was heard is not found anew: the engine had lost it.
pub(crate) fn i6_charges_are_kept(found: &mut Found, model: &Model, record: &Record) {
    found.judge(6);
    if let Record::Found(Report::Charged { execution, fees }) = record
        && model
            .charges
            .get(&execution.base)
            .is_some_and(|(_, known)| known == fees)
    {
        found.add(
            6,
            format!(
                "fees {fees} of execution {execution} were found anew; expected them to be booked"
            ),
        );
    }
}

/// I7: an order that did not answer is let go on evidence alone: a whole answer that shows it over,
/// or two that lack it, asked for five seconds apart and a minute after it left.
pub(crate) fn i7_evidence(
    found: &mut Found,
    model: &Model,
    limits: &AuditLimits,
    (id, to): (OrderId, OrderStatus),
) {
    found.judge(7);
    let Some(order) = model
        .orders
        .get(&id)
        .filter(|o| !o.is_over() && to.is_terminal())
    else {
        return;
    };
    // What never left needs no evidence; that it did not arrive is held against the broker.
    if order.status == OrderStatus::Intended && to == OrderStatus::NotReceived {
        return;
    }
    let missing = match &model.answer {
        None => Some("a whole answer of the broker"),
        Some(answer) => {
            let is = |other: Option<OrderId>| other == Some(id);
            let is_open = answer.state.open.iter().any(|o| is(o.order));
            let is_over = answer.state.completed.iter().any(|o| is(o.order));
            let waited = |from, ms| crate::figures::millis(from, answer.asked) >= ms;
            if is_open {
                Some("an answer in which it does not work")
            } else if is_over || order.executed > 0 && to == OrderStatus::Cancelled {
                None
            } else if !waited(order.left_at(), limits.settled_ms) {
                Some("an answer asked for a minute after it left")
            } else if order
                .absent_since
                .is_none_or(|at| !waited(at, limits.second_look_ms))
            {
                Some("a second answer that lacks it, five seconds after the first")
            } else {
                None
            }
        }
    };
    if let Some(missing) = missing {
        let (contract, from) = (order.terms().contract, order.status.name());
        found.add(
            7,
            format!(
                "order {id} of {contract} went from {from} to {}; expected {missing}",
                to.name()
            ),
        );
    }
}

/// I10: every order has a limit, and one that opens stays inside the collar around a two-sided
/// quote, where quotes are given.
pub(crate) fn i10_limit(
    found: &mut Found,
    limits: &AuditLimits,
    intent: &OrderIntent,
    moment: &Moment,
) {
    found.judge(10);
    let order = &intent.order;
    let (id, contract, kind) = (order.id, order.contract, order.kind);
    let Some(limit) = kind.limit().filter(|limit| limit.is_some()) else {
        return found.add(
            10,
            format!("order {id} of {contract} is {kind}; expected a limit"),
        );
    };
    let Some(quote) = limits.quote(&contract, moment.now) else {
        return;
    };
    if order.role != Role::Entry || order.side != Side::Buy {
        return;
    }
    if !quote.bid.is_some() || quote.ask < quote.bid {
        let (bid, ask) = (quote.bid, quote.ask);
        return found.add(
            10,
            format!("order {id} opens {contract} at {bid} to {ask}; expected a two-sided quote"),
        );
    }
    let twice_middle = i128::from(quote.bid.0) + i128::from(quote.ask.0);
    let collar = twice_middle.saturating_mul(i128::from(limits.collar_ppm)) / (2 * PPM);
    let most = i128::from(quote.ask.0) + collar + i128::from(limits.tick(limit).0);
    if i128::from(limit.0) > most {
        let ask = quote.ask;
        found.add(
            10,
            format!(
                "order {id} of {contract} pays {limit} at an ask of {ask}; expected less \
                 than the collar"
            ),
        );
    }
}

/// I11: prices on the grid, a quantity, a contract that lives.
pub(crate) fn i11_shape(
    found: &mut Found,
    limits: &AuditLimits,
    (id, kind, quantity): (OrderId, OrderKind, u32),
) {
    found.judge(11);
    let prices = match kind {
        OrderKind::Market => [None, None],
        OrderKind::Limit(price) | OrderKind::Stop(price) => [Some(price), None],
        OrderKind::StopLimit { stop, limit } => [Some(stop), Some(limit)],
    };
    for price in prices.into_iter().flatten().filter(|price| price.is_some()) {
        let tick = limits.tick(price);
        if price.0 % tick.0 != 0 {
            found.add(
                11,
                format!("order {id} has price {price}; expected a multiple of {tick}"),
            );
        }
    }
    if quantity == 0 {
        found.add(
            11,
            format!("order {id} is for 0 contracts; expected 1 or more"),
        );
    }
    if kind.limit().is_some_and(|limit| limit < Price::NONE) {
        found.add(11, format!("order {id} is {kind}; expected prices above 0"));
    }
}

/// I11: the contract has not expired.
pub(crate) fn i11_contract_lives(found: &mut Found, intent: &OrderIntent, moment: &Moment) {
    found.judge(11);
    let (id, contract) = (intent.order.id, intent.order.contract);
    let expiry = contract.terms.expiry.yyyymmdd();
    if expiry < moment.date {
        let date = moment.date;
        found.add(
            11,
            format!(
                "order {id} of {contract} was intended on {date}; expected no later than {expiry}"
            ),
        );
    }
}
