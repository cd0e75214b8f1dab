//! What happened in the tick.

use super::Outgoing;
use super::convert::{self, millis, symbol_of};
use crate::books::Books;
use crate::dealers::drift::Drifts;
use crate::dispatch::Sent;
use crate::options_flow::NewlyUnusual;
use crate::reports::execution::ExecutionQuality;
use crate::scoring::Signals;
use bevy_ecs::prelude::*;
use components::order::{Execution, OrderId};
use engine::clock::Tick;
use engine::directory::Directory;
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::report::Report;
use wire::event::Event;

/// Puts into the batch what happened in this tick: what the broker reported, what was approved,
/// what was sent, and what became unusual.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn show_events(
    mut outgoing: ResMut<Outgoing>,
    signals: Option<Res<Signals>>,
    directory: Res<Directory>,
    sent: Option<Res<Sent>>,
    inbox: Res<Inbox>,
    books: Option<Res<Books>>,
    drifts: Option<Res<Drifts>>,
    mut quality: Option<ResMut<ExecutionQuality>>,
    tick: Res<Tick>,
    unusual: Option<Res<NewlyUnusual>>,
) {
    let events = &mut outgoing.0.events;
    let books = books.as_deref();
    for event in inbox.reports() {
        let EventKind::Reported(report) = &event.kind else {
            continue;
        };
        let at_ms = millis(event.at).unwrap_or_default();
        let change = |id, status| order_event(books, id, status, at_ms);
        match report {
            Report::Accepted { order, .. } => events.push(change(*order, "working")),
            Report::Cancelled { order, .. } => events.push(change(*order, "cancelled")),
            Report::Rejected { order, .. } => events.push(change(*order, "rejected")),
            Report::Executed(execution) => {
                events.push(fill_event(books, execution, at_ms));
                if let Some(quality) = &mut quality {
                    quality.count_dispatched();
                }
            }
            _ => {}
        }
    }
    for (symbol, one) in unusual.iter().flat_map(|unusual| &unusual.0) {
        if let Some(symbol) = directory.ticker(*symbol).and_then(symbol_of) {
            events.push(Event::Unusual {
                symbol,
                contract: one.terms.osi(),
                reason: one.reason.name().to_owned(),
                volume: one.volume.contracts,
                interest: one.interest,
                at_ms: millis(tick.now).unwrap_or_default(),
            });
        }
    }
    for signal in signals.iter().flat_map(|signals| &signals.approved) {
        if let Some(symbol) = directory.ticker(signal.symbol).and_then(symbol_of) {
            events.push(convert::signal(signal, symbol));
        }
    }
    for order in sent.iter().flat_map(|sent| &sent.orders) {
        let at_ms = millis(order.at).unwrap_or_default();
        events.push(order_event(books, order.id, "sent", at_ms));
    }
    for (symbol, drift) in drifts.iter().flat_map(|drifts| &drifts.0) {
        if let Some(symbol) = directory.ticker(*symbol).and_then(symbol_of) {
            events.push(Event::ExposureDrift {
                symbol,
                measure: drift.measure.name().to_owned(),
                value_usd: drift.value,
                z: drift.z,
                at_ms: millis(drift.at).unwrap_or_default(),
            });
        }
    }
}

fn order_event(books: Option<&Books>, id: OrderId, status: &str, at_ms: i64) -> Event {
    let order = books.and_then(|books| books.ledger().order(id));
    Event::Order {
        id: id.0,
        contract: order.map_or_else(String::new, |order| order.contract().terms.osi()),
        status: status.to_owned(),
        at_ms,
    }
}

fn fill_event(books: Option<&Books>, execution: &Execution, at_ms: i64) -> Event {
    let fees = books.and_then(|books| books.ledger().fees_of(execution.id));
    Event::Fill {
        order: execution.order.map_or(0, |order| order.0),
        contract: convert::name_of(&execution.instrument),
        side: execution.side.name().to_owned(),
        quantity: execution.quantity,
        price_usd: execution.price.dollars(),
        fees_usd: fees.map(components::units::Cash::dollars),
        at_ms,
    }
}
