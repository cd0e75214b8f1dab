//! Two weeks to six: buys where the hour's trend and the dealers' position agree.
//!
//! Positive vanna exposure means that falling volatility makes dealers buy, negative that it makes
//! them sell; a dealer book that is long delta leans against a rally.

use crate::tally::Tally;
use crate::zero_dte::{deviations, pick_nearest};
use engine::config::{Problems, Section, within};
use serde::Deserialize;
use systems::scoring::{ChainView, Common, MarketView, Pick, Score, Strategy};

/// The `signals.swing` section of the config.
#[derive(Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct SwingConfig {
    /// What every strategy has.
    #[garde(dive)]
    pub common: Common,
    /// |delta| of the contract it wants.
    #[garde(custom(within(0.05, 0.95)))]
    pub delta: f64,
    /// Nearest expiry, calendar days.
    #[garde(custom(within(1, 400)))]
    pub days_min: i32,
    /// Farthest expiry, calendar days.
    #[garde(custom(within(1, 400)))]
    pub days_max: i32,
    /// Weight of the last hour's return in standard deviations.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_trend: f64,
    /// Weight of the distance to the volume-weighted price.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_vwap: f64,
    /// Weight of the dealers' delta, against its sign.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_dealers: f64,
    /// Weight of the dealers' vanna.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_vanna: f64,
}

impl Section for SwingConfig {
    const NAME: &'static str = "signals.swing";

    fn check(&self, problems: &mut Problems<'_>) {
        if self.days_min > self.days_max {
            problems.refuse("days_min", "must not be above days_max");
        }
    }
}

/// The strategy.
#[derive(Debug)]
pub struct Swing(SwingConfig);

impl Strategy for Swing {
    const NAME: &'static str = "swing";
    type Config = SwingConfig;

    fn new(config: SwingConfig) -> Self {
        Self(config)
    }

    fn common(&self) -> &Common {
        &self.0.common
    }

    fn score(&self, market: &MarketView<'_>) -> Option<Score> {
        let config = &self.0;
        if !market.delta.stamp.is_fresh(market.tick.now) {
            return None;
        }
        let vwap = market
            .history
            .vwap()
            .map(|vwap| 1e4 * (market.spot / vwap - 1.0));
        let share = |part: f64| {
            let whole = market.delta.open_interest_usd.abs();
            (whole > 0.0).then(|| part / whole)
        };
        let mut tally = Tally::default();
        tally.add(
            "hour_sd",
            deviations(market, 3600),
            1.5,
            config.weight_trend,
        );
        tally.add("vwap_distance_bp", vwap, 30.0, config.weight_vwap);
        tally.add(
            "dealer_delta_share",
            share(-market.delta.dealer_usd),
            1.0,
            config.weight_dealers,
        );
        tally.add(
            "dealer_vanna_share",
            share(market.delta.vanna_usd_per_point),
            0.01,
            config.weight_vanna,
        );
        tally.score(1.0)
    }

    fn pick(&self, score: &Score, chain: &ChainView<'_>) -> Option<Pick> {
        let (today, config) = (chain.today, &self.0);
        let days = |expiry: jiff::civil::Date| (expiry - today).get_days();
        pick_nearest(&config.common, config.delta, score, chain, |expiry| {
            (config.days_min..=config.days_max).contains(&days(expiry))
        })
    }
}
