//! What happened in the tick.

use super::Outgoing;
use super::convert::{self, millis, symbol_of};
use crate::positions::{Orders, Reports};
use crate::scoring::Signals;
use bevy_ecs::prelude::*;
use components::contract::ContractId;
use engine::directory::Directory;
use engine::engine::Sent;
use engine::event::EventKind;
use wire::event::Event;

/// Puts into the batch what happened in this tick: what the broker reported, what was approved, what
/// was sent.
pub fn show_events(
    mut outgoing: ResMut<Outgoing>,
    signals: Option<Res<Signals>>,
    directory: Res<Directory>,
    sent: Res<Sent>,
    reports: Option<Res<Reports>>,
    orders: Option<Res<Orders>>,
) {
    let events = &mut outgoing.0.events;
    let contract = |id: ContractId| {
        directory
            .listed(id)
            .map_or_else(String::new, |listed| listed.terms.osi())
    };
    for event in reports.iter().flat_map(|reports| &reports.0) {
        let at_ms = millis(event.at).unwrap_or_default();
        let mut change = |id, status: &str| {
            let order = orders.as_ref().and_then(|orders| orders.get(id));
            events.push(Event::Order {
                id: id.0,
                contract: order.map_or_else(String::new, |order| order.terms.osi()),
                status: status.to_owned(),
                at_ms,
            });
        };
        match &event.kind {
            EventKind::OrderAccepted { order } => change(*order, "working"),
            EventKind::OrderCancelled { order } => change(*order, "cancelled"),
            EventKind::OrderRejected { order, .. } => change(*order, "rejected"),
            EventKind::OrderFilled(fill) => events.push(Event::Fill {
                order: fill.order.0,
                contract: contract(fill.contract),
                side: fill.side.name().to_owned(),
                quantity: fill.quantity,
                price_usd: fill.price.dollars(),
                fees_usd: fill.fees.dollars(),
                at_ms,
            }),
            _ => {}
        }
    }
    for signal in signals.iter().flat_map(|signals| &signals.approved) {
        if let Some(symbol) = directory.ticker(signal.symbol).and_then(symbol_of) {
            events.push(convert::signal(signal, symbol));
        }
    }
    for order in &sent.0 {
        events.push(Event::Order {
            id: order.id.0,
            contract: contract(order.contract),
            status: "sent".to_owned(),
            at_ms: millis(order.at).unwrap_or_default(),
        });
    }
}
