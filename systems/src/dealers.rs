//! Dealers: what they must trade to stay hedged, how unusual their exposures are, and what those are by
//! sector.
//!
//! Underlyings have their turn once a second. A chain is summed again only if its exposures were, with a
//! horizon on its contracts; samples for the histories are taken every `dealers.sample_s` of the session;
//! groups are summed once a second over the underlyings, never over contracts.

use bevy_ecs::prelude::*;
use components::dealers::{DealerFlow, DealerStandings};
use components::market::{SymbolId, Ticker};
use engine::config::{ConfigError, Problems, Section, within};
use engine::engine::Engine;
use engine::phase::Phase;
use engine::plugin::Plugin;
use serde::Deserialize;
use std::collections::BTreeMap;

/// When something unusual begins and is over.
pub mod drift;
/// What dealers must trade.
pub mod flow;
/// Sums over sectors and over everything.
pub mod groups;
/// How unusual exposures are.
pub mod history;

use drift::Drifts;
use flow::measure_flow;
use groups::{DealerGroups, WatchlistsConfig, sum_groups};
use history::{ExposureHistory, take_samples};

/// The `dealers` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct DealersConfig {
    /// Contracts that expire later than this count in no flow, days of 24 hours.
    #[garde(custom(within(1, 3_650)))]
    pub horizon_days: u32,
    /// Volatility points that come with +1 % of spot.
    #[garde(custom(within(-5.0, 5.0)))]
    pub volatility_beta: f64,
    /// The same of single underlyings.
    #[garde(skip)]
    pub volatility_beta_of: BTreeMap<Ticker, f64>,
    /// Between two samples of an exposure, seconds of the session.
    #[garde(custom(within(1, 3_600)))]
    pub sample_s: u32,
    /// Samples that a window keeps.
    #[garde(custom(within(2, 10_000)))]
    pub samples: usize,
    /// Samples without which nothing is called unusual.
    #[garde(custom(within(2, 10_000)))]
    pub samples_min: usize,
    /// Standard deviations from which on vanna or charm is unusual.
    #[garde(custom(within(0.5, 100.0)))]
    pub drift_z: f64,
    /// Standard deviations below which it is usual again.
    #[garde(custom(within(0.0, 100.0)))]
    pub drift_over_z: f64,
    /// What is unusual lies at least this share of their mean from the mean of its samples: a small
    /// step of what stood still is no news.
    #[garde(custom(within(0.0, 100.0)))]
    pub drift_share_min: f64,
    /// How long a flow or a group holds, milliseconds.
    #[garde(custom(within(250, 3_600_000)))]
    pub valid_ms: i64,
}

impl Section for DealersConfig {
    const NAME: &'static str = "dealers";

    fn check(&self, problems: &mut Problems<'_>) {
        if self.samples_min > self.samples {
            problems.refuse("samples_min", "must not exceed samples");
        }
        if self.drift_over_z > self.drift_z {
            problems.refuse("drift_over_z", "must not exceed drift_z");
        }
        for (ticker, beta) in &self.volatility_beta_of {
            if !(-5.0..=5.0).contains(beta) {
                let path = format!("volatility_beta_of.{ticker}");
                problems.refuse(&path, "must be -5 to 5");
            }
        }
    }
}

impl DealersConfig {
    /// Volatility points that come with +1 % of spot of an underlying.
    #[must_use]
    pub fn beta(&self, ticker: Ticker) -> f64 {
        let own = self.volatility_beta_of.get(&ticker);
        own.copied().unwrap_or(self.volatility_beta)
    }
}

/// Adds dealers. Stands behind volatility, whose wings it shows.
#[derive(Debug)]
pub struct DealersPlugin;

impl Plugin for DealersPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<DealersConfig>();
        let watchlists = engine.section::<WatchlistsConfig>();
        let (config, watchlists) = (config?, watchlists?);
        let world = engine.world_mut();
        world.insert_resource(config);
        world.insert_resource(DealerGroups::of(&watchlists));
        world.insert_resource(watchlists);
        world.init_resource::<flow::Scratch>();
        world.init_resource::<Drifts>();
        world.register_required_components::<SymbolId, DealerFlow>();
        world.register_required_components::<SymbolId, DealerStandings>();
        world.register_required_components::<SymbolId, ExposureHistory>();
        engine
            .add(Phase::Volatility, measure_flow)
            .add(Phase::Volatility, take_samples)
            .add(Phase::Volatility, sum_groups);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::config::Layers;

    fn refused(change: &str) -> String {
        let default = include_str!("../../config/config.yaml");
        let mut config = Layers::new(default).file("my.yaml", change).load().unwrap();
        let error = config.section::<DealersConfig>().unwrap_err();
        error.to_string()
    }

    #[test]
    fn what_contradicts_itself_is_refused_by_name() {
        let words = refused("dealers: {samples: 10, samples_min: 11}");
        assert!(words.contains("dealers.samples_min"), "{words}");
        let words = refused("dealers: {drift_z: 2, drift_over_z: 2.5}");
        assert!(words.contains("dealers.drift_over_z"), "{words}");
        let words = refused("dealers: {volatility_beta_of: {SPX: 7}}");
        assert!(words.contains("volatility_beta_of.SPX"), "{words}");
        let words = refused("dealers: {volatility_beta: .nan}");
        assert!(words.contains("volatility_beta"), "{words}");
    }

    #[test]
    fn an_underlying_may_have_a_beta_of_its_own() {
        let default = include_str!("../../config/config.yaml");
        let change = "dealers: {volatility_beta_of: {SPX: -0.4}}";
        let mut config = Layers::new(default).file("my.yaml", change).load().unwrap();
        let config = config.section::<DealersConfig>().unwrap();
        let beta = |ticker| config.beta(Ticker::new(ticker).unwrap()).to_bits();
        assert_eq!(beta("SPX"), (-0.4_f64).to_bits());
        assert_eq!(beta("SPY"), config.volatility_beta.to_bits());
    }
}
