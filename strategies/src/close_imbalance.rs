//! Into the close: positive dealer gamma pins spot to the strike with the most of it, and the book shows
//! who is left to trade.
//!
//! Scores the whole last hour, speaks only in the window that `emit` gives. The contract expires today
//! where there is one, else at the next session.

use crate::tally::Tally;
use crate::zero_dte::{deviations, pick_nearest};
use engine::config::{Section, within};
use serde::Deserialize;
use systems::scoring::{ChainView, Common, MarketView, Pick, Score, Strategy};

/// The `signals.close_imbalance` section of the config.
#[derive(Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct CloseImbalanceConfig {
    /// What every strategy has.
    #[garde(dive)]
    pub common: Common,
    /// |delta| of the contract it wants.
    #[garde(custom(within(0.05, 0.95)))]
    pub delta: f64,
    /// Weight of the pull of the strike with the most gamma.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_pin: f64,
    /// Weight of the book's imbalance.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_imbalance: f64,
    /// Weight of ten seconds of order flow.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_order_flow: f64,
    /// Weight of the last quarter of an hour's return in standard deviations.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_momentum: f64,
}

impl Section for CloseImbalanceConfig {
    const NAME: &'static str = "signals.close_imbalance";
}

/// The strategy.
#[derive(Debug)]
pub struct CloseImbalance(CloseImbalanceConfig);

impl Strategy for CloseImbalance {
    const NAME: &'static str = "close_imbalance";
    type Config = CloseImbalanceConfig;

    fn new(config: CloseImbalanceConfig) -> Self {
        Self(config)
    }

    fn common(&self) -> &Common {
        &self.0.common
    }

    fn score(&self, market: &MarketView<'_>) -> Option<Score> {
        let config = &self.0;
        if !market.gamma.stamp.is_fresh(market.tick.now) {
            return None;
        }
        let pins = market.gamma.net_usd_per_pct > 0.0;
        let strike = market.levels.max_abs_gamma_strike.filter(|_| pins);
        let pull = strike.map(|strike| 1e4 * (strike.dollars() / market.spot - 1.0));
        let book = market.imbalance.level5.or(market.imbalance.level1);
        let momentum =
            deviations(market, 900).map(|deviations| if pins { -deviations } else { deviations });
        let mut tally = Tally::default();
        tally.add(
            "pin_pull_bp",
            pull.or((!pins).then_some(0.0)),
            15.0,
            config.weight_pin,
        );
        tally.add("book_imbalance", book, 0.5, config.weight_imbalance);
        tally.add(
            "order_flow_10s",
            market.imbalance.order_flow_10s,
            2.0,
            config.weight_order_flow,
        );
        tally.add("momentum_sd", momentum, 1.5, config.weight_momentum);
        tally.note("minutes_left", Some(market.tick.seconds_to_close() / 60.0));
        tally.score(1.0)
    }

    fn pick(&self, score: &Score, chain: &ChainView<'_>) -> Option<Pick> {
        let today = chain.today;
        let config = &self.0;
        pick_nearest(&config.common, config.delta, score, chain, |expiry| {
            expiry == today
        })
        .or_else(|| {
            let next = chain.next_session?;
            pick_nearest(&config.common, config.delta, score, chain, |expiry| {
                expiry == next
            })
        })
    }
}
