//! What arrived at the broker against what the journal intended: I1, I9, I12, I13, and the openings
//! that came after a halt.

use crate::figures::{Figures, Halt, millis};
use crate::found::Found;
use crate::limits::AuditLimits;
use crate::model::Model;
use crate::model::money::cost;
use components::order::{Order, OrderId, Role};
use components::units::{Cash, NANOS_PER_MILLI, Timestamp};
use simulator::{BrokerLedger, Message, Received};
use std::collections::{BTreeMap, VecDeque};

/// Judges all messages, in the order in which they arrived.
pub(crate) fn judge(
    found: &mut Found,
    model: &Model,
    limits: &AuditLimits,
    broker: &BrokerLedger,
    outages: &[(Timestamp, Timestamp)],
    figures: &mut Figures,
) {
    let mut submitted: BTreeMap<OrderId, usize> = BTreeMap::new();
    let mut changed: BTreeMap<OrderId, usize> = BTreeMap::new();
    for received in &broker.received {
        match &received.message {
            Message::Submit(order) => {
                let times = submitted.entry(order.id).or_default();
                *times += 1;
                if !i1_intended(found, model, order, received.at) {
                    figures.orphan_orders += 1;
                } else if *times > intents(model, order.id) {
                    figures.duplicate_orders += 1;
                    i9_once(found, order, received.at, *times);
                }
            }
            Message::Modify(order) => {
                let times = changed.entry(order.id).or_default();
                *times += 1;
                i1_i13_change(found, model, order, (received.at, *times));
            }
            Message::Cancel(order) => i13_cancel(found, model, *order, received.at),
            Message::Query(_) => {}
        }
    }
    i9_ceilings(found, limits, broker);
    i12_rates(found, limits, broker, outages);
    i12_cancels_first(found, model, broker, outages);
    i36_one_client(found, broker);
    openings_after(&mut figures.halts, broker);
}

/// I1: what arrives was intended, is what was intended, and was durable before. Says whether it was
/// intended at all.
fn i1_intended(found: &mut Found, model: &Model, order: &Order, at: Timestamp) -> bool {
    found.judge(1);
    let (id, contract) = (order.id, order.contract);
    let Some(known) = model.orders.get(&id) else {
        found.once_at(
            1,
            id.0,
            at,
            format!(
                "order {id} for {contract} arrived at the broker; expected an intent in the journal"
            ),
        );
        return false;
    };
    let shape = |o: &Order| (o.contract, o.side, o.quantity, o.kind);
    let is_same = known
        .firsts
        .iter()
        .any(|first| shape(first) == shape(order));
    if let Some(intended) = known.firsts.first().filter(|_| !is_same) {
        let (side, quantity, kind) = (order.side.name(), order.quantity, order.kind);
        let expected = (intended.side.name(), intended.quantity, intended.kind);
        found.once_at(
            1,
            id.0,
            at,
            format!(
                "order {id} arrived as {side} {quantity} {contract} {kind}; expected {} {} {} {}",
                expected.0, expected.1, intended.contract, expected.2
            ),
        );
    } else if known.intended_at > at {
        let since = known.intended_at;
        found.once_at(
            1,
            id.0,
            at,
            format!(
                "order {id} for {contract} arrived before its \
             intent of {since}; expected it durable first"
            ),
        );
    }
    true
}

/// I9: an order leaves once; each has an intent of its own, so that count, contracts and notional
/// that leave never exceed what was intended by then, over any stretch of time.
fn i9_once(found: &mut Found, order: &Order, at: Timestamp, times: usize) {
    found.judge(9);
    let (id, contract) = (order.id, order.contract);
    found.once_at(
        9,
        id.0,
        at,
        format!("order {id} for {contract} arrived {times} times; expected once, as intended"),
    );
}

/// I13: only orders of ours are changed; I1: to what was intended; I9: as often as intended.
fn i1_i13_change(found: &mut Found, model: &Model, order: &Order, (at, times): (Timestamp, usize)) {
    found.judge(1);
    found.judge(13);
    let (id, contract) = (order.id, order.contract);
    let Some(known) = model.orders.get(&id) else {
        return found.once_at(
            13,
            id.0,
            at,
            format!("order {id} for {contract} was changed; expected only orders of the journal"),
        );
    };
    let (kind, quantity) = (order.kind, order.quantity);
    let same =
        |(since, to, many): &(Timestamp, _, u32)| *since <= at && *to == kind && *many == quantity;
    if !known.changes.iter().any(same) {
        found.once_at(
            1,
            id.0,
            at,
            format!(
                "order {id} for {contract} was changed to \
             {quantity} {kind}; expected a change in the journal"
            ),
        );
    } else if times > known.changes.len() {
        let most = known.changes.len();
        found.once_at(
            9,
            id.0,
            at,
            format!(
                "order {id} for {contract} was changed {times} times; expected {most}, as intended"
            ),
        );
    }
}

/// I13: only orders of ours are cancelled.
fn i13_cancel(found: &mut Found, model: &Model, id: OrderId, at: Timestamp) {
    found.judge(13);
    if !model.orders.contains_key(&id) {
        found.once_at(
            13,
            id.0,
            at,
            format!("order {id} was cancelled; expected only orders of the journal"),
        );
    }
}

/// I9: no more orders and notional in a minute and a session than the ceilings; what closes or
/// protects may reach twice of them, so that opening never keeps it from leaving.
fn i9_ceilings(found: &mut Found, limits: &AuditLimits, broker: &BrokerLedger) {
    found.judge(9);
    let mut minute: VecDeque<(Timestamp, i128)> = VecDeque::new();
    let mut day = (0_i64, 0_usize, 0_i128);
    for (received, order) in submits(broker) {
        let amount = notional(order);
        minute.push_back((received.at, amount));
        while minute
            .front()
            .is_some_and(|(at, _)| millis(*at, received.at) >= 60_000)
        {
            minute.pop_front();
        }
        // A session lies inside a day of UTC.
        let date = received.at.0.div_euclid(86_400_000 * NANOS_PER_MILLI);
        if date != day.0 {
            day = (date, 0, 0);
        }
        day = (date, day.1 + 1, day.2 + amount);
        let in_minute: i128 = minute.iter().map(|(_, amount)| *amount).sum();
        let opens = order.role == Role::Entry || order.parent.is_some();
        let factor: u8 = if opens { 1 } else { 2 };
        let count = |most: usize| most.saturating_mul(usize::from(factor));
        let cash = |most: Cash| i128::from(most.0) * i128::from(factor);
        let over = [
            (
                minute.len() > count(limits.orders_per_min_max),
                "orders in a minute",
            ),
            (
                in_minute > cash(limits.notional_per_min_max),
                "notional in a minute",
            ),
            (
                day.1 > count(limits.orders_per_day_max),
                "orders in a session",
            ),
            (
                day.2 > cash(limits.notional_per_day_max),
                "notional in a session",
            ),
        ];
        if let Some((_, what)) = over.into_iter().find(|(is_over, _)| *is_over) {
            let id = order.id;
            found.once_at(
                9,
                id.0,
                received.at,
                format!("order {id} makes too many {what}; expected the ceiling to stop it"),
            );
        }
    }
}

/// I12: no second sees more orders or messages than allowed, as far as times on the way can tell.
/// Around a broken line nothing is judged: what was kept meanwhile arrives at once.
fn i12_rates(
    found: &mut Found,
    limits: &AuditLimits,
    broker: &BrokerLedger,
    outages: &[(Timestamp, Timestamp)],
) {
    found.judge(12);
    let window = 1_000 - limits.transit_spread_ms;
    let mut orders = VecDeque::new();
    let mut messages = VecDeque::new();
    for received in broker.received.iter().filter(|r| !is_inside(outages, r.at)) {
        let is_order = matches!(received.message, Message::Submit(_));
        let is_over = |recent: &mut VecDeque<Timestamp>, most: usize| {
            recent.push_back(received.at);
            while recent
                .front()
                .is_some_and(|at| millis(*at, received.at) >= window)
            {
                recent.pop_front();
            }
            (recent.len() > most).then_some(recent.len())
        };
        let many_orders = is_order
            .then(|| is_over(&mut orders, limits.orders_per_s))
            .flatten();
        let many = is_over(&mut messages, limits.messages_per_s);
        let key = received
            .at
            .0
            .div_euclid(1_000 * NANOS_PER_MILLI)
            .cast_unsigned();
        if let Some(count) = many_orders {
            let most = limits.orders_per_s;
            found.once_at(
                12,
                key,
                received.at,
                format!(
                    "{count} orders arrived within {window} ms; expected at most {most} in a second"
                ),
            );
        } else if let Some(count) = many {
            let most = limits.messages_per_s;
            found.once_at(
                12,
                key,
                received.at,
                format!(
                    "{count} messages arrived within \
                 {window} ms; expected at most {most} in a second"
                ),
            );
        }
    }
}

/// I12: a cancellation arrives before every entry that was decided with it or after it.
fn i12_cancels_first(
    found: &mut Found,
    model: &Model,
    broker: &BrokerLedger,
    outages: &[(Timestamp, Timestamp)],
) {
    found.judge(12);
    let mut youngest: Option<(Timestamp, OrderId)> = None;
    let mut seen: BTreeMap<OrderId, usize> = BTreeMap::new();
    for received in &broker.received {
        match &received.message {
            Message::Submit(order) if order.role == Role::Entry => {
                youngest = youngest.max(Some((order.at, order.id)));
            }
            Message::Cancel(id) => {
                let place = seen.entry(*id).or_default();
                let wished = model
                    .orders
                    .get(id)
                    .and_then(|o| o.cancels.get(*place))
                    .copied();
                *place += 1;
                let Some(wished) = wished.filter(|at| !is_between(outages, *at, received.at))
                else {
                    continue;
                };
                if let Some((at, entry)) = youngest.filter(|(at, _)| *at >= wished) {
                    let key = id.0 | 1 << 63;
                    found.once_at(
                        12,
                        key,
                        received.at,
                        format!(
                            "the cancellation of order \
                         {id}, wanted at {wished}, arrived after entry {entry} of {at}; \
                         expected it before"
                        ),
                    );
                }
            }
            _ => {}
        }
    }
}

/// I36: once a new client speaks the one before is silent.
fn i36_one_client(found: &mut Found, broker: &BrokerLedger) {
    found.judge(36);
    let mut latest = 0;
    for received in broker
        .received
        .iter()
        .filter(|received| received.session > 0)
    {
        let session = received.session;
        if session < latest {
            found.once_at(
                36,
                session,
                received.at,
                format!(
                    "client {session} speaks after client {latest}; expected one engine at a time"
                ),
            );
        }
        latest = latest.max(session);
    }
}

/// Counts opening orders that arrived while trading was restricted.
fn openings_after(halts: &mut [Halt], broker: &BrokerLedger) {
    for (received, _) in submits(broker).filter(|(_, order)| order.role == Role::Entry) {
        for halt in halts.iter_mut() {
            let is_over = halt.lifted.is_some_and(|lifted| lifted <= received.at);
            if halt.at < received.at && !is_over {
                halt.openings_after += 1;
            }
        }
    }
}

/// Intents under a number: one, if all is well.
fn intents(model: &Model, id: OrderId) -> usize {
    model.orders.get(&id).map_or(0, |order| order.firsts.len())
}

fn submits(broker: &BrokerLedger) -> impl Iterator<Item = (&Received, &Order)> {
    broker
        .received
        .iter()
        .filter_map(|received| match &received.message {
            Message::Submit(order) => Some((received, order)),
            _ => None,
        })
}

fn notional(order: &Order) -> i128 {
    let limit = order.kind.limit().unwrap_or_default();
    cost(
        limit,
        i128::from(order.quantity),
        order.contract.terms.multiplier,
    )
}

fn is_inside(outages: &[(Timestamp, Timestamp)], at: Timestamp) -> bool {
    is_between(outages, at, at)
}

fn is_between(outages: &[(Timestamp, Timestamp)], from: Timestamp, to: Timestamp) -> bool {
    let end = outages.partition_point(|(begin, _)| *begin <= to);
    outages[..end]
        .iter()
        .rev()
        .take(16)
        .any(|(_, until)| *until >= from)
}
