//! What closing auctions will be short of.
//!
//! In the last hour of a session every underlying's auction is looked ahead to, on a grid of 30 seconds
//! that ends with the close. No feed brings published imbalances yet, so what is projected rests on the
//! tape; its quality says that the tape determines it badly.

use crate::ingest::Sources;
use crate::patterns::window::sided;
use crate::vpin::signed::TickRule;
use bevy_ecs::prelude::*;
use components::closing::{ClosingProjection, ClosingSource};
use components::flow::Tape;
use components::market::SymbolId;
use components::quality::{Quality, Stamp};
use engine::clock::Tick;
use engine::config::{ConfigError, Problems, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::feeds::Feeds;
use engine::phase::Phase;
use engine::plugin::Plugin;
use serde::Deserialize;

/// Parameters from recorded auctions.
pub mod fit;
/// Bought and sold volume of the last minutes.
pub mod flow;
/// What a projection is made with.
pub mod parameters;
/// What an auction is expected to end with.
pub mod projection;
/// What projections were worth.
pub mod score;
/// What is published of an auction.
pub mod snapshot;

use flow::FlowWindow;
use parameters::Parameters;
use projection::project_flow;

const SECOND_NANOS: i64 = 1_000_000_000;

/// The `closing` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct ClosingConfig {
    /// How long before the close projections begin, seconds.
    #[garde(custom(within(60, 10_800)))]
    pub from_s: i64,
    /// How often there is a new one, seconds.
    #[garde(custom(within(1, 600)))]
    pub every_s: i64,
    /// How far back the tape's flow reaches, seconds.
    #[garde(custom(within(60, 7200)))]
    pub window_s: i64,
    /// How long a value holds, milliseconds.
    #[garde(custom(within(1000, 3_600_000)))]
    pub valid_ms: i64,
}

impl Section for ClosingConfig {
    const NAME: &'static str = "closing";

    fn check(&self, problems: &mut Problems<'_>) {
        if self.window_s < self.every_s {
            let message = format!(
                "{} is not allowed, must be at least `every_s`, {}",
                self.window_s, self.every_s
            );
            problems.refuse("window_s", &message);
        }
    }
}

/// The tape of an underlying in steps of the grid.
#[derive(Component, Debug, Default)]
pub struct ClosingMemory {
    window: FlowWindow,
    rule: TickRule,
    /// Whole steps until the close that have begun.
    steps_left: Option<i64>,
}

/// Adds projections of closing auctions.
#[derive(Debug)]
pub struct ClosingPlugin;

impl Plugin for ClosingPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<ClosingConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.register_required_components::<SymbolId, ClosingMemory>();
        world.register_required_components::<SymbolId, ClosingProjection>();
        engine.add(Phase::Patterns, look_ahead_to_the_close);
        Ok(())
    }
}

type Closing<'a> = (
    &'a Tape,
    &'a Sources,
    &'a mut ClosingMemory,
    &'a mut ClosingProjection,
);

/// Sums what was traded; on the grid, projects the auction of every underlying.
pub fn look_ahead_to_the_close(
    tick: Res<Tick>,
    config: Res<ClosingConfig>,
    feeds: Res<Feeds>,
    mut digest: ResMut<Digest>,
    mut underlyings: Query<Closing<'_>>,
) {
    let every = config.every_s * SECOND_NANOS;
    let left = tick.session.close.nanos_since(tick.now);
    // A grid point begins its step: with 60 s left and steps of 30 s there are two.
    let steps_left = left.saturating_add(every - 1).div_euclid(every);
    let is_time = left > 0 && left <= config.from_s * SECOND_NANOS;
    let kept = usize::try_from(config.window_s / config.every_s).unwrap_or(1);
    for (tape, sources, mut memory, mut projection) in &mut underlyings {
        if tick.opens_session {
            *memory = ClosingMemory::default();
            *projection = ClosingProjection::default();
        }
        let memory = &mut *memory;
        for print in tape.prints.iter().filter(|p| p.at >= tick.session.open) {
            if let Some(trade) = sided(print, &mut memory.rule) {
                memory.window.add(trade.side, trade.size);
            }
        }
        let before = memory.steps_left.replace(steps_left);
        if before == Some(steps_left) {
            continue;
        }
        let passed = before.map_or(1, |before| before.saturating_sub(steps_left));
        memory
            .window
            .end_steps(usize::try_from(passed).unwrap_or(0), kept);
        if !is_time {
            continue;
        }
        let found = project_flow(
            memory.window.sum(),
            tick.seconds_to_close(),
            &Parameters::RECORDED,
        );
        let quality = match found {
            _ if !feeds.is_fresh(sources.spot, tick.now) => Quality::Stale,
            Ok(_) => Quality::IllConditioned,
            Err(_) => Quality::NoData,
        };
        let found = found.ok();
        *projection = ClosingProjection {
            projected_shares: found.map(|found| found.imbalance),
            side: found.and_then(|found| found.side),
            confidence: found.map(|found| found.confidence),
            published_shares: None,
            source: found.map_or(ClosingSource::None, |_| ClosingSource::Tape),
            stamp: Stamp::new(tick.now, config.valid_ms, quality),
        };
        digest.fold_floats(
            Phase::Patterns,
            &[
                projection.projected_shares.unwrap_or(0.0),
                projection.confidence.unwrap_or(-1.0),
            ],
        );
        digest.fold(Phase::Patterns, quality as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::config::Layers;

    fn refusal(section: &'static str) -> Option<String> {
        let mut config = Layers::new(section).load().unwrap();
        let found = config.section::<ClosingConfig>();
        found.err().map(|error| error.show())
    }

    #[test]
    fn a_window_shorter_than_its_step_is_refused() {
        let good = "closing: { from_s: 3600, every_s: 60, window_s: 60, valid_ms: 45000 }";
        assert_eq!(refusal(good), None);
        let short = "closing: { from_s: 3600, every_s: 61, window_s: 60, valid_ms: 45000 }";
        let found = refusal(short).unwrap();
        assert!(found.contains("closing.window_s"), "{found}");
        assert!(found.contains("at least `every_s`, 61"), "{found}");
        let wrong = "closing: { from_s: 3600, every_s: 0, window_s: 60, valid_ms: 45000 }";
        let found = refusal(wrong).unwrap();
        assert!(found.contains("closing.every_s"), "{found}");
        assert!(found.contains("must be 1 to 600"), "{found}");
    }
}
