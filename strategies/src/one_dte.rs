//! Overnight: buys tomorrow's expiry late in the day when the day ends strongly one way.
//!
//! A day that closes near its high on rising volume-weighted price tends to be followed overnight by
//! those who were late; positive dealer gamma damps it.

use crate::tally::Tally;
use crate::zero_dte::pick_nearest;
use engine::config::{Section, within};
use engine::math;
use serde::Deserialize;
use systems::scoring::{ChainView, Common, MarketView, Pick, Score, Strategy};

/// The `signals.one_dte` section of the config.
#[derive(Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct OneDteConfig {
    /// What every strategy has.
    #[garde(dive)]
    pub common: Common,
    /// |delta| of the contract it wants.
    #[garde(custom(within(0.05, 0.95)))]
    pub delta: f64,
    /// Weight of the day's return.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_day: f64,
    /// Weight of the place of spot in the day's range.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_range: f64,
    /// Weight of the last half hour's return.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_half_hour: f64,
    /// Weight of the distance to the volume-weighted price.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_vwap: f64,
    /// Factor on confidence while dealer gamma is positive.
    #[garde(custom(within(0.0, 1.0)))]
    pub damping: f64,
}

impl Section for OneDteConfig {
    const NAME: &'static str = "signals.one_dte";
}

/// The strategy.
#[derive(Debug)]
pub struct OneDte(OneDteConfig);

impl Strategy for OneDte {
    const NAME: &'static str = "one_dte";
    type Config = OneDteConfig;

    fn new(config: OneDteConfig) -> Self {
        Self(config)
    }

    fn common(&self) -> &Common {
        &self.0.common
    }

    fn score(&self, market: &MarketView<'_>) -> Option<Score> {
        let config = &self.0;
        let history = market.history;
        if !market.gamma.stamp.is_fresh(market.tick.now) {
            return None;
        }
        let basis_points = |from: f64| 1e4 * math::ln(market.spot / from);
        let range = history.high - history.low;
        let place = (range > 0.0).then(|| 2.0 * (market.spot - history.low) / range - 1.0);
        let half_hour = history.log_return(1800).map(|change| 1e4 * change);
        let mut tally = Tally::default();
        tally.add(
            "day_return_bp",
            history.open.map(basis_points),
            40.0,
            config.weight_day,
        );
        tally.add("range_place", place, 0.6, config.weight_range);
        tally.add("half_hour_bp", half_hour, 20.0, config.weight_half_hour);
        tally.add(
            "vwap_distance_bp",
            history.vwap().map(basis_points),
            20.0,
            config.weight_vwap,
        );
        tally.note("gamma_usd_per_pct", Some(market.gamma.net_usd_per_pct));
        let damped = market.gamma.net_usd_per_pct > 0.0;
        tally.score(if damped { config.damping } else { 1.0 })
    }

    fn pick(&self, score: &Score, chain: &ChainView<'_>) -> Option<Pick> {
        let next = chain.next_session?;
        pick_nearest(&self.0.common, self.0.delta, score, chain, |expiry| {
            expiry == next
        })
    }
}
