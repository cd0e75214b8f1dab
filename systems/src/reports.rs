//! What is told of a run besides its decisions: how orders were executed, what is held and what it
//! would do, which limits were reached.
//!
//! It runs after everything that decides, nothing that decides reads it, and nothing of it goes into
//! the digest.

use crate::reports::breaches::{Breaches, watch_limits};
use crate::reports::execution::{ExecutionQuality, watch_executions};
use crate::reports::health::{AnalyticsHealth, Watched, watch_analytics};
use crate::reports::portfolio::{Portfolio, view_portfolio};
use components::market::SymbolId;
use engine::config::ConfigError;
use engine::engine::Engine;
use engine::phase::Phase;
use engine::plugin::Plugin;

/// Limits that were reached.
pub mod breaches;
/// How orders were executed.
pub mod execution;
/// What the executions of a strategy come to.
pub mod execution_sums;
/// How the analytics fare.
pub mod health;
/// Counts of durations.
pub mod histogram;
/// All counters by their published names.
pub mod metrics;
/// What is held.
pub mod portfolio;

/// Adds the reports. Plugged in after everything that decides and before the mirror.
#[derive(Debug)]
pub struct ReportsPlugin;

impl Plugin for ReportsPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let world = engine.world_mut();
        world.init_resource::<Breaches>();
        world.init_resource::<ExecutionQuality>();
        world.init_resource::<AnalyticsHealth>();
        world.register_required_components::<SymbolId, Watched>();
        world.init_resource::<Portfolio>();
        engine
            .add(Phase::Mirror, watch_limits)
            .add(Phase::Mirror, watch_executions)
            .add(Phase::Mirror, watch_analytics)
            .add(Phase::Mirror, view_portfolio);
        Ok(())
    }
}
