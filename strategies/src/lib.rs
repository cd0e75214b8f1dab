//! What we trade: one file per strategy. Adding one is a file, its two lines here, a file of the
//! same name in `config/signals/` and a scenario.

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

/// Makes of a list of strategies the plugins and the files of the config that belong to them.
macro_rules! strategies {
    ($($module:ident :: $strategy:ident),+ $(,)?) => {
        /// The files of `config/signals/` in the program, by name, so that an installed one runs
        /// anywhere.
        pub const CONFIGS: [(&str, &str); [$(stringify!($module)),+].len()] = [$((
            concat!("config/signals/", stringify!($module), ".yaml"),
            include_str!(concat!("../../config/signals/", stringify!($module), ".yaml")),
        )),+];

        fn plug(engine: &mut Engine) -> Result<(), ConfigError> {
            // Each plugin keeps its own problems in the config, so that all wrong sections are
            // reported together.
            let plugged = [$(
                engine
                    .plug(StrategyPlugin::<$module::$strategy>::default())
                    .map(|_| ()),
            )+];
            plugged.into_iter().collect()
        }
    };
}

// In the order in which they score.
strategies! {
    zero_dte::ZeroDte,
    one_dte::OneDte,
    swing::Swing,
    close_imbalance::CloseImbalance,
}

/// Adds every strategy, in the order in which they score.
#[derive(Debug)]
pub struct StrategiesPlugin;

impl Plugin for StrategiesPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        plug(engine)
    }
}
