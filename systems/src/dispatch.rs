//! What is durable leaves. This is the only holder of the broker, and it takes nothing but what was
//! committed.
//!
//! Cancellations, changes and whatever closes a position go first and never wait for an entry. The
//! gate counts what leaves against what was intended; what it holds back waits here, and an entry
//! that has waited too long never leaves.

use crate::books::{Books, Leaving as Left};
use crate::commit::{Committed, Leaving};
use crate::reflection::Reflection;
use crate::risk::Decision;
use crate::risk::breakers::permits;
use crate::risk::gate::{Gate, GateConfig, Stopped, Urgency, urgency};
use bevy_ecs::prelude::*;
use components::order::{Order, OrderId, OrderIntent, Role};
use components::units::{NANOS_PER_SECOND, Timestamp};
use engine::clock::Tick;
use engine::config::ConfigError;
use engine::digest::Digest;
use engine::engine::Engine;
use engine::phase::Phase;
use engine::planted::planted;
use engine::plugin::Plugin;
use engine::ports::Broker;
use engine::record::{Cause, Record, Restriction};
use engine::transcript::Transcript;

/// Decisions that wait for the gate at most; beyond that entries are given up at once.
const WAITING_MAX: usize = 1_024;
/// How long an entry may wait for the gate: after that its prices are old.
const ENTRY_WAIT_NANOS: i64 = 2 * NANOS_PER_SECOND;

/// Adds dispatch to `broker`.
pub struct DispatchPlugin {
    /// Where orders go.
    pub broker: Box<dyn Broker>,
}

impl Plugin for DispatchPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<GateConfig>()?;
        let world = engine.world_mut();
        let mut gate = Gate::new(config);
        if let Some(books) = world.get_resource::<Books>() {
            // What a restart found: it has left, or may have.
            for order in books.ledger().orders_in_flight() {
                gate.restore(&order.followed.intent);
            }
        }
        world.insert_resource(Outlet {
            broker: self.broker,
            gate,
            date: 0,
            waiting: Vec::new(),
        });
        world.init_resource::<Sent>();
        engine
            .add(Phase::Positions, heed_gate)
            .add(Phase::Dispatch, send_decisions);
        Ok(())
    }
}

/// What left in this tick, for those who watch.
#[derive(Resource, Debug, Default)]
pub struct Sent {
    /// The orders.
    pub orders: Vec<Order>,
    /// What the gate refused, and why.
    pub refused: Option<&'static str>,
}

/// The broker. Private, so that no other system can ask for it.
#[derive(Resource)]
struct Outlet {
    broker: Box<dyn Broker>,
    gate: Gate,
    date: u32,
    waiting: Vec<Waiting>,
}

struct Waiting {
    committed: Committed,
    since: Timestamp,
}

/// What the gate refused halts trading in the tick after, and a halt that was lifted opens it
/// again.
fn heed_gate(
    tick: Res<Tick>,
    mut outlet: ResMut<Outlet>,
    mut books: ResMut<Books>,
    mut sent: ResMut<Sent>,
    mut reflection: Reflection<'_>,
) {
    if let Some(refusal) = sent.refused.take() {
        reflection.note(format_args!("gate refused {refusal}"));
        reflection.count_error();
        let record = Record::Latched {
            level: Restriction::Halted,
            cause: Cause::Gate,
        };
        let changes = books.enter(tick.now, record);
        reflection.show(changes);
    } else if outlet.gate.is_shut() && books.ledger().restriction() == Restriction::Active {
        outlet.gate.reopen();
    }
    let ledger = books.ledger();
    if outlet.date != ledger.date() {
        outlet.date = ledger.date();
        let open = |id| ledger.order(id).is_some_and(|order| order.in_flight());
        outlet.gate.begin_day(open);
    }
}

/// Sends what was committed, as far as the gate lets it.
fn send_decisions(
    tick: Res<Tick>,
    mut outlet: ResMut<Outlet>,
    mut leaving: ResMut<Leaving>,
    mut books: ResMut<Books>,
    mut sent: ResMut<Sent>,
    mut digest: ResMut<Digest>,
    mut transcript: ResMut<Transcript>,
) {
    sent.orders.clear();
    let outlet = &mut *outlet;
    for committed in leaving.0.drain(..) {
        match committed.decision() {
            Decision::Submit(intents) => {
                intents.iter().for_each(|intent| outlet.gate.intend(intent));
            }
            Decision::Modify(order) => {
                outlet
                    .gate
                    .intend_change(order.id, order.kind, order.quantity);
            }
            _ => {}
        }
        outlet.waiting.push(Waiting {
            committed,
            since: tick.now,
        });
    }
    if outlet.waiting.is_empty() {
        return;
    }
    let mut waiting = core::mem::take(&mut outlet.waiting);
    let recalled = recall(&mut waiting);
    // Stable: of the same urgency what was decided first leaves first.
    waiting.sort_by_key(|one| urgency_of(one.committed.decision()));
    for one in waiting {
        let decision = one.committed.decision();
        let opens = urgency_of(decision) == Urgency::Open;
        let late = opens && tick.now.nanos_since(one.since) > ENTRY_WAIT_NANOS;
        // I17: an entry that waited while trading was halted must not leave after the halt.
        let halted = opens && !planted(17) && !permits(books.ledger().restriction(), Role::Entry);
        let wanted_back = is_wanted_back(decision, &recalled);
        let passage = if late || halted || wanted_back {
            Err(None)
        } else {
            pass(&mut outlet.gate, decision, tick.now).map_err(Some)
        };
        match passage {
            Ok(()) => {
                for order in send(decision, &tick, &mut *outlet.broker, &mut transcript) {
                    digest.fold(Phase::Dispatch, order.id.0);
                    books.note(order.id, Left::Sent);
                    sent.orders.push(order);
                }
            }
            Err(Some(Stopped::Wait(_))) if outlet.waiting.len() < WAITING_MAX => {
                outlet.waiting.push(one);
            }
            Err(stopped) => {
                if let Some(Stopped::Refused(refusal)) = stopped {
                    sent.refused = Some(refusal.name());
                }
                give_up(decision, &mut books, &mut transcript);
            }
        }
    }
}

/// The orders that still wait here and are to be cancelled. The broker does not know them yet: a
/// cancellation would leave before its order.
fn recall(waiting: &mut Vec<Waiting>) -> Vec<OrderId> {
    let here: Vec<OrderId> = waiting
        .iter()
        .filter_map(|one| match one.committed.decision() {
            Decision::Submit(intents) => Some(intents),
            _ => None,
        })
        .flat_map(|intents| intents.iter().map(|intent| intent.order.id))
        .collect();
    let mut recalled = Vec::new();
    waiting.retain(|one| match one.committed.decision() {
        Decision::Cancel(order) if here.contains(order) => {
            recalled.push(*order);
            false
        }
        _ => true,
    });
    recalled
}

fn is_wanted_back(decision: &Decision, recalled: &[OrderId]) -> bool {
    match decision {
        Decision::Submit(intents) => intents
            .iter()
            .any(|intent| recalled.contains(&intent.order.id)),
        _ => false,
    }
}

fn urgency_of(decision: &Decision) -> Urgency {
    match decision {
        Decision::Cancel(_) | Decision::Reconnect => Urgency::Cancel,
        Decision::Modify(_) => Urgency::Reduce,
        Decision::Query(_) => Urgency::Ask,
        Decision::Submit(intents) => urgency(&orders_of(intents)),
    }
}

fn orders_of(intents: &[OrderIntent]) -> Vec<Order> {
    intents.iter().map(|intent| intent.order).collect()
}

fn pass(gate: &mut Gate, decision: &Decision, now: Timestamp) -> Result<(), Stopped> {
    match decision {
        Decision::Submit(intents) => gate.release(&orders_of(intents), now),
        Decision::Modify(order) => gate.release_change(order, now),
        Decision::Cancel(_) => gate.release_cancel(now),
        Decision::Query(_) => gate.release_query(now),
        // No message: the line itself.
        Decision::Reconnect => Ok(()),
    }
}

/// What never leaves is a fact of the next tick.
fn give_up(decision: &Decision, books: &mut Books, transcript: &mut Transcript) {
    if let Decision::Submit(intents) = decision {
        for intent in intents {
            transcript.line(format_args!("order {} withheld", intent.order.id));
            books.note(intent.order.id, Left::Withheld);
        }
    }
}

/// Hands a decision to the broker and returns the orders that left.
fn send(
    decision: &Decision,
    tick: &Tick,
    broker: &mut dyn Broker,
    transcript: &mut Transcript,
) -> Vec<Order> {
    match decision {
        Decision::Submit(intents) => {
            for OrderIntent { order, signal, .. } in intents {
                transcript.line(format_args!(
                    "order {} {} {} {} {} {} for {signal}",
                    order.id,
                    order.role.name(),
                    order.side.name(),
                    order.quantity,
                    order.contract,
                    order.kind,
                ));
            }
            let orders = orders_of(intents);
            broker.submit(&orders);
            // Breaks I9: it leaves twice, and the gate's own planted fault does not notice.
            if planted(9) {
                broker.submit(&orders);
            }
            return orders;
        }
        Decision::Modify(order) => {
            transcript.line(format_args!(
                "modify {} {} {}",
                order.id, order.quantity, order.kind
            ));
            broker.modify(order, tick.now);
        }
        Decision::Cancel(order) => {
            transcript.line(format_args!("cancel {order}"));
            broker.cancel(*order, tick.now);
        }
        Decision::Query(query) => broker.query(*query, tick.now),
        Decision::Reconnect => {
            transcript.line(format_args!("reconnect"));
            broker.reconnect(tick.now);
        }
    }
    Vec::new()
}
