//! What leaves for those who watch: one batch a tick, of what changed since the batch before.
//!
//! Nothing here is read by another system and nothing goes into the digest, so that a mirror that is
//! slow or gone cannot change a decision.

use crate::overload::Overload;
use account::{ShownAccount, show_account, show_signals};
use bevy_ecs::prelude::*;
use convert::millis;
use cross::{ShownCross, show_cross, show_liquidity};
use dealers::{ShownGroups, show_groups};
use discovered::{ShownDiscoveries, show_discoveries};
use engine::clock::Tick;
use engine::config::ConfigError;
use engine::digest::Digest;
use engine::engine::Engine;
use engine::phase::Phase;
use engine::planted::planted;
use engine::plugin::Plugin;
use engine::ports::{Mirror, MirrorReport};
use events::show_events;
use execution::{ShownExecution, show_execution};
use status::{ShownStatus, show_status};
use underlyings::{ShownUnderlyings, show_underlyings};
use wire::{Batch, Header};

/// Money, positions, working orders and counts of signals.
pub mod account;
/// Flow, volatility, regimes and closing auctions as they leave.
pub mod climate;
/// What components become when they leave.
pub mod convert;
/// What is computed over several underlyings or over the book, as it leaves.
pub mod cross;
/// Dealers as they leave.
pub mod dealers;
/// What discovery found.
pub mod discovered;
/// What happened in the tick.
pub mod events;
/// How orders were executed and how positions ended.
pub mod execution;
/// What is traded in options, as it leaves.
pub mod options_flow;
/// How the engine fares.
pub mod status;
/// What changed of the underlyings.
pub mod underlyings;

/// Adds the mirror. A run without one does not plug this in and builds no batches.
pub struct MirrorPlugin {
    /// Where state is shown.
    pub mirror: Box<dyn Mirror>,
    /// The run: milliseconds since 1970 at its start by the host's clock.
    pub epoch: u64,
}

impl Plugin for MirrorPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let world = engine.world_mut();
        world.init_resource::<Outgoing>();
        world.init_resource::<ShownUnderlyings>();
        world.init_resource::<ShownGroups>();
        world.init_resource::<ShownAccount>();
        world.init_resource::<ShownExecution>();
        world.init_resource::<ShownDiscoveries>();
        world.init_resource::<ShownStatus>();
        world.init_resource::<ShownCross>();
        world.insert_resource(Outlet {
            mirror: self.mirror,
            epoch: self.epoch,
        });
        engine
            .add(Phase::Mirror, show_underlyings)
            .add(Phase::Mirror, show_liquidity)
            .add(Phase::Mirror, show_cross)
            .add(Phase::Mirror, show_groups)
            .add(Phase::Mirror, show_account)
            .add(Phase::Mirror, show_signals)
            .add(Phase::Mirror, show_events)
            .add(Phase::Mirror, show_execution)
            .add(Phase::Mirror, show_discoveries)
            .add(Phase::Mirror, show_status);
        if planted(37) {
            // I37: what is shown is not durable yet.
            engine.add(Phase::Risk, publish_batch);
        } else {
            engine.add(Phase::Mirror, publish_batch);
        }
        if planted(38) {
            engine.add(Phase::Mirror, heed_mirror);
        }
        Ok(())
    }
}

/// I38, when planted: a mirror that is not there counts as trouble, and nothing is opened.
fn heed_mirror(outlet: Res<Outlet>, mut overload: ResMut<Overload>) {
    if !outlet.mirror.report().connected {
        overload.level = overload.level.max(2);
    }
}

/// The batch of this tick. Systems of earlier phases may add what only they know.
#[derive(Resource, Debug, Default)]
pub struct Outgoing(pub Batch);

/// The mirror.
#[derive(Resource)]
pub struct Outlet {
    mirror: Box<dyn Mirror>,
    epoch: u64,
}

impl Outlet {
    /// How the mirror fares.
    #[must_use]
    pub fn report(&self) -> MirrorReport {
        self.mirror.report()
    }

    /// Waits, at the end of a run, until what was taken has been shown or given up.
    pub fn finish(&mut self) {
        self.mirror.finish();
    }
}

/// Hands the batch of this tick to the mirror.
pub fn publish_batch(
    tick: Res<Tick>,
    digest: Res<Digest>,
    mut outgoing: ResMut<Outgoing>,
    mut outlet: ResMut<Outlet>,
) {
    outgoing.0.header = Header {
        epoch: outlet.epoch,
        tick: tick.number,
        at_ms: millis(tick.now).unwrap_or_default(),
        digest: digest.run(),
    };
    outlet.mirror.publish(&mut outgoing.0);
}

#[cfg(test)]
mod tests;
