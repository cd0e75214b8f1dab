//! What systems want done about orders that exist becomes decisions: cancellations first, then
//! changes, stops that are missing, questions, and a new line.

use super::*;

/// Grants what systems want done about orders that exist. Each leaves once.
pub(super) fn grant_wishes(
    tick: Res<Tick>,
    link: Res<Link>,
    collar: Res<CollarConfig>,
    mut wishes: ResMut<Wishes>,
    mut books: ResMut<Books>,
    mut decisions: ResMut<Decisions>,
    mut reflection: Reflection<'_>,
) {
    let wishes = &mut *wishes;
    wishes.cancels.sort_unstable();
    wishes.cancels.dedup();
    for order in wishes.cancels.drain(..) {
        let known = books.ledger().order(order);
        let asked = known.filter(|order| order.cancel_pending());
        let asked = asked.and_then(|order| order.followed.cancel_at);
        // A wish that was not heard is said again, but not at once.
        if asked.is_some_and(|at| tick.now.nanos_since(at) < SECOND_LOOK_NANOS) {
            continue;
        }
        let changes = books.enter(tick.now, Record::CancelIntended { order });
        reflection.show(changes);
        decisions.0.push(Approved(Decision::Cancel(order)));
    }
    for change in wishes.changes.drain(..) {
        let known = books.ledger().order(change.order);
        let Some(known) = known.filter(|order| !order.status().is_terminal()) else {
            continue;
        };
        let order = Order {
            kind: change.kind,
            quantity: change.quantity,
            ..known.followed.intent.order
        };
        let record = Record::Modified {
            order: change.order,
            kind: change.kind,
            quantity: change.quantity,
        };
        let changes = books.enter(tick.now, record);
        reflection.show(changes);
        decisions.0.push(Approved(Decision::Modify(order)));
    }
    for protect in wishes.protects.drain(..) {
        if let Some(intent) = protecting(&protect, &tick, &books, &collar) {
            let changes = books.enter(tick.now, Record::Intended(intent));
            reflection.show(changes);
            decisions.0.push(Approved(Decision::Submit(vec![intent])));
        }
    }
    for query in wishes.queries.drain(..) {
        decisions.0.push(Approved(Decision::Query(query)));
    }
    if std::mem::take(&mut wishes.reconnect) && !link.is_connected() {
        decisions.0.push(Approved(Decision::Reconnect));
    }
}

/// A stop for what is held and has none: never for more than is held.
fn protecting(
    wish: &Protect,
    tick: &Tick,
    books: &Books,
    collar: &CollarConfig,
) -> Option<OrderIntent> {
    let ledger = books.ledger();
    let instrument = components::contract::Instrument::Option(wish.contract);
    let held = u32::try_from(ledger.position(&instrument).quantity).ok()?;
    let stops = ledger.protection(&wish.contract);
    let covered = u32::try_from(stops.working.saturating_add(stops.pending)).ok()?;
    // I19: what orders in flight may sell is not sold again; in a group only what exceeds its largest.
    let range = ledger.holding_range(&instrument);
    let room = u32::try_from(range.least.max(0)).ok()?;
    let in_group = ledger
        .orders_in_flight()
        .filter(|order| wish.oca.is_some() && order.followed.intent.order.oca == wish.oca)
        .map(|order| u32::try_from(order.unfilled()).unwrap_or(u32::MAX))
        .max()
        .unwrap_or(0);
    let quantity = wish
        .quantity
        .min(held.saturating_sub(covered))
        .min(room.saturating_add(in_group));
    let grid = collar.grid(wish.contract.underlying);
    let on_grid = wish.kind.limit().is_some_and(|limit| grid.holds(limit));
    if quantity == 0 || !on_grid {
        return None;
    }
    Some(OrderIntent {
        order: Order {
            id: ledger.next_order(),
            contract: wish.contract,
            side: Side::Sell,
            quantity,
            kind: wish.kind,
            role: Role::Stop,
            parent: None,
            oca: wish.oca,
            at: tick.now,
            good_until: Timestamp(i64::MAX),
        },
        strategy: wish.strategy,
        signal: SignalId {
            tick: tick.number,
            place: u32::MAX,
        },
        why: Intent::Protect,
        fingerprint: Fingerprint(0),
    })
}
