//! The broker's ledger against the journal at the end: I2, I5, I6, I7. The journal may lag: only
//! what a whole answer must have told is asked for.

use crate::figures::Unprotected;
use crate::found::Found;
use crate::model::Model;
use components::contract::Instrument;
use components::order::{Execution, Fingerprint, OrderId, OrderStatus, Role};
use components::units::Timestamp;
use simulator::{BrokerLedger, LedgerExecution, LedgerOrder, Origin};
use std::collections::{BTreeMap, BTreeSet};

/// Judges everything that both sides know.
pub(crate) fn judge(
    found: &mut Found,
    model: &Model,
    broker: &BrokerLedger,
    known_until: &[(Timestamp, Timestamp)],
) {
    i2_one_live_there(found, model, broker);
    i7_never_there(found, model, broker);
    let unsure = i5_executions(found, model, broker, known_until);
    i5_positions(found, model, broker, &unsure);
    i6_fees(found, model, broker, known_until);
}

/// I2: of a fingerprint one opening order works at the broker at a time.
fn i2_one_live_there(found: &mut Found, model: &Model, broker: &BrokerLedger) {
    found.judge(2);
    let mut last: BTreeMap<Fingerprint, (OrderId, Option<Timestamp>)> = BTreeMap::new();
    for order in broker
        .orders
        .iter()
        .filter(|order| order.role == Some(Role::Entry))
    {
        let Some(known) = order.order.and_then(|id| model.orders.get(&id)) else {
            continue;
        };
        let (id, end) = (known.terms().id, order.end.map(|(at, _)| at));
        let place = last.entry(known.intent.fingerprint).or_insert((id, end));
        let (first, until) = *place;
        if first != id && until.is_none_or(|until| until > order.at) {
            let contract = known.terms().contract;
            found.once_at(
                2,
                id.0,
                order.at,
                format!(
                    "order {id} for {contract} works beside \
                 {first} at the broker; expected one of a fingerprint"
                ),
            );
        }
        let longest = match (until, end) {
            (Some(a), Some(b)) if first == id => Some(a.max(b)),
            _ if first == id => None,
            _ => end,
        };
        *place = (id, longest);
    }
}

/// I7: what counts as never received did not work at the broker when that was decided.
fn i7_never_there(found: &mut Found, model: &Model, broker: &BrokerLedger) {
    found.judge(7);
    for order in &broker.orders {
        let Some(known) = order.order.and_then(|id| model.orders.get(&id)) else {
            continue;
        };
        let at = known.over_at;
        let works = order.at <= at && order.end.is_none_or(|(end, _)| end > at);
        if known.status == OrderStatus::NotReceived && works {
            let (id, contract) = (known.terms().id, known.terms().contract);
            found.once_at(
                7,
                id.0,
                at,
                format!(
                    "order {id} of {contract} counts as never \
                 received while it works at the broker; expected it to keep what it reserves"
                ),
            );
        }
    }
}

/// I5: executions are those of the broker. Returns the instruments of which the journal cannot know
/// all.
fn i5_executions(
    found: &mut Found,
    model: &Model,
    broker: &BrokerLedger,
    known_until: &[(Timestamp, Timestamp)],
) -> BTreeSet<Instrument> {
    found.judge(5);
    let mut unsure = BTreeSet::new();
    for (base, known) in &model.executions {
        let id = known.id;
        let there = revision(broker, known);
        if there != Some(known) {
            let expected = there.map_or_else(|| "one of the broker's".to_owned(), describe);
            let text = describe(known);
            found.once_at(
                5,
                *base,
                known.at,
                format!("execution {id} is {text} in the journal; expected {expected}"),
            );
        }
    }
    for execution in &broker.executions {
        let (Some(first), Some(last)) = (execution.revisions.first(), execution.last()) else {
            continue;
        };
        let known = model.executions.get(&first.id.base);
        if known != Some(last) {
            unsure.insert(last.instrument);
        }
        if known.is_none() && must_be_known(known_until, first.at) {
            let (id, text) = (first.id, describe(first));
            found.once_at(
                5,
                first.id.base,
                first.at,
                format!(
                    "execution {id}, {text}, is not \
                 in the journal; expected it there after the next whole answer"
                ),
            );
        }
    }
    unsure
}

/// I5: at the end both hold the same, where both know the same.
fn i5_positions(
    found: &mut Found,
    model: &Model,
    broker: &BrokerLedger,
    unsure: &BTreeSet<Instrument>,
) {
    found.judge(5);
    let settled: BTreeSet<Instrument> = broker
        .settlements
        .iter()
        .flat_map(|settled| {
            [
                settled.instrument,
                Instrument::Stock(settled.instrument.underlying()),
            ]
        })
        .collect();
    let mut there: BTreeMap<Instrument, i128> = BTreeMap::new();
    for (instrument, quantity) in &broker.positions {
        there.insert(*instrument, i128::from(*quantity));
    }
    for (instrument, _) in model.money.positions() {
        there.entry(*instrument).or_default();
    }
    for (instrument, quantity) in there {
        let held = model.held(&instrument);
        let is_sure = !unsure.contains(&instrument) && !settled.contains(&instrument);
        if is_sure && held != quantity {
            found.add(
                5,
                format!(
                    "position in {instrument} is {held} at the end; expected \
                 {quantity} as at the broker"
                ),
            );
        }
    }
}

/// I6: fees settle to the broker's numbers.
fn i6_fees(
    found: &mut Found,
    model: &Model,
    broker: &BrokerLedger,
    known_until: &[(Timestamp, Timestamp)],
) {
    found.judge(6);
    for execution in &broker.executions {
        let Some(first) = execution.revisions.first() else {
            continue;
        };
        let (id, at, fees) = (first.id, first.at, execution.fees);
        let booked = model.charges.get(&id.base).map(|(_, booked)| *booked);
        let wrong = booked.is_some_and(|booked| booked != fees);
        let lacks = booked.is_none()
            && model.executions.contains_key(&id.base)
            && must_be_known(known_until, at);
        if wrong || lacks {
            let booked = booked.map_or_else(|| "not known".to_owned(), |cash| cash.to_string());
            found.once_at(
                6,
                id.base,
                at,
                format!("fees of execution {id} are {booked}; expected {fees} as at the broker"),
            );
        }
    }
}

/// Whether the broker shows a working stop for a contract during the whole sample.
pub(crate) fn stop_was_there(broker: &BrokerLedger, sample: &Unprotected) -> bool {
    let until = sample.from.plus_millis(sample.millis);
    let covers = |order: &&LedgerOrder| {
        order.origin == Origin::Client
            && order.role == Some(Role::Stop)
            && order.instrument == Instrument::Option(sample.contract)
            && order.at <= sample.from
            && order.end.is_none_or(|(end, _)| end >= until)
    };
    let stops = broker.orders.iter().filter(covers);
    stops.map(|order| u64::from(order.quantity)).sum::<u64>() >= sample.contracts
}

fn revision<'a>(broker: &'a BrokerLedger, known: &Execution) -> Option<&'a Execution> {
    let place = usize::try_from(known.id.base.checked_sub(1)?).ok()?;
    let of = |execution: &'a LedgerExecution| {
        execution
            .revisions
            .iter()
            .find(|one| one.id.revision == known.id.revision)
    };
    broker.executions.get(place).and_then(of)
}

/// Whether a whole answer that was asked for after `at` tells of that day.
fn must_be_known(known_until: &[(Timestamp, Timestamp)], at: Timestamp) -> bool {
    let place = known_until.partition_point(|(open, _)| *open <= at);
    let open = place.checked_sub(1).map(|place| known_until[place].0);
    let of_day = known_until[..place]
        .iter()
        .rev()
        .find(|(day, _)| Some(*day) == open);
    of_day.is_some_and(|(_, asked)| *asked >= at)
}

fn describe(execution: &Execution) -> String {
    let Execution {
        side,
        quantity,
        instrument,
        price,
        ..
    } = execution;
    let order = execution
        .order
        .map_or_else(|| "no order of ours".to_owned(), |o| o.to_string());
    format!(
        "{} {quantity} {instrument} at {price} for {order}",
        side.name()
    )
}
