//! Approved orders leave. This is the only holder of the broker, and it takes nothing but what Risk
//! approved.

use crate::positions::Orders;
use crate::risk::Decisions;
use bevy_ecs::prelude::*;
use engine::clock::Tick;
use engine::config::ConfigError;
use engine::digest::Digest;
use engine::engine::{Engine, Sent};
use engine::phase::Phase;
use engine::plugin::Plugin;
use engine::ports::Broker;
use engine::transcript::Transcript;

/// Adds dispatch to `broker`.
pub struct DispatchPlugin {
    /// Where orders go.
    pub broker: Box<dyn Broker>,
}

impl Plugin for DispatchPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        engine.world_mut().insert_resource(Outlet(self.broker));
        engine.add(Phase::Dispatch, send_orders);
        Ok(())
    }
}

/// The broker. Private, so that no other system can ask for it.
#[derive(Resource)]
struct Outlet(Box<dyn Broker>);

/// Sends what was approved and withdraws what is wanted back.
fn send_orders(
    tick: Res<Tick>,
    mut outlet: ResMut<Outlet>,
    mut decisions: ResMut<Decisions>,
    mut orders: ResMut<Orders>,
    mut sent: ResMut<Sent>,
    mut digest: ResMut<Digest>,
    mut transcript: ResMut<Transcript>,
) {
    for id in decisions.withdraw.drain(..) {
        digest.fold(Phase::Dispatch, id.0);
        transcript.line(format_args!("withdraw {id}"));
        outlet.0.cancel(id, tick.now);
    }
    for approved in decisions.approved.drain(..) {
        let followed = approved.into_followed();
        let order = followed.order;
        digest.fold(Phase::Dispatch, order.id.0);
        digest.fold(Phase::Dispatch, u64::from(order.contract.0));
        transcript.line(format_args!(
            "order {} {} {} {} {} for {}",
            order.id,
            order.side.name(),
            order.quantity,
            followed.terms,
            order.kind,
            followed.signal
        ));
        outlet.0.submit(&order, &followed.terms);
        sent.0.push(order);
        orders.follow(followed);
    }
}
