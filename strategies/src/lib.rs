//! What we trade: one file per strategy. Adding one is a file, a line here, a file in
//! `config/signals/` and a scenario.

/// Pin and imbalance into the close.
pub mod close_imbalance;
/// Overnight from the day's end.
pub mod one_dte;
/// Weeks, on trend and cheap volatility.
pub mod swing;
/// How features become a score.
pub mod tally;
/// Same-day expiry, driven by dealer gamma.
pub mod zero_dte;

use engine::config::ConfigError;
use engine::engine::Engine;
use engine::plugin::Plugin;
use systems::scoring::StrategyPlugin;

/// Adds every strategy, in the order in which they score.
#[derive(Debug)]
pub struct StrategiesPlugin;

impl Plugin for StrategiesPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        // Each plugin keeps its own problems in the config, so that all wrong sections are
        // reported together.
        let plugged = [
            engine
                .plug(StrategyPlugin::<zero_dte::ZeroDte>::default())
                .map(|_| ()),
            engine
                .plug(StrategyPlugin::<one_dte::OneDte>::default())
                .map(|_| ()),
            engine
                .plug(StrategyPlugin::<swing::Swing>::default())
                .map(|_| ()),
            engine
                .plug(StrategyPlugin::<close_imbalance::CloseImbalance>::default())
                .map(|_| ()),
        ];
        plugged.into_iter().collect()
    }
}
