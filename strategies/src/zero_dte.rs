//! Same-day expiry, driven by dealer gamma.
//!
//! Below the spot where dealer gamma changes sign, dealers trade with the move: momentum is followed.
//! Above it they trade against the move: the strike with the most gamma pulls, momentum is faded.
//! Book imbalance, order flow and the distance to the day's volume-weighted price vote; toxic flow
//! raises conviction.

use crate::tally::Tally;
use components::contract::Right;
use components::signal::Direction;
use engine::config::{Section, within};
use serde::Deserialize;
use systems::scoring::{ChainView, Common, MarketView, Pick, Score, Strategy};

/// The `signals.zero_dte` section of the config.
#[derive(Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct ZeroDteConfig {
    /// What every strategy has.
    #[garde(dive)]
    pub common: Common,
    /// |delta| of the contract it wants.
    #[garde(custom(within(0.05, 0.95)))]
    pub delta: f64,
    /// Weight of the five-minute move in standard deviations.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_momentum: f64,
    /// Weight of the pull of the strike with the most gamma.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_pin: f64,
    /// Weight of the book's imbalance.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_imbalance: f64,
    /// Weight of ten seconds of order flow.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_order_flow: f64,
    /// Weight of the distance to the volume-weighted price.
    #[garde(custom(within(0.0, 100.0)))]
    pub weight_vwap: f64,
}

impl Section for ZeroDteConfig {
    const NAME: &'static str = "signals.zero_dte";
}

/// The strategy.
#[derive(Debug)]
pub struct ZeroDte(ZeroDteConfig);

impl Strategy for ZeroDte {
    const NAME: &'static str = "zero_dte";
    type Config = ZeroDteConfig;

    fn new(config: ZeroDteConfig) -> Self {
        Self(config)
    }

    fn common(&self) -> &Common {
        &self.0.common
    }

    fn score(&self, market: &MarketView<'_>) -> Option<Score> {
        let config = &self.0;
        let now = market.tick.now;
        if !market.gamma.stamp.is_fresh(now) {
            return None;
        }
        let amplifies = match market.zero_gamma.nearest_dollars {
            Some(level) => market.spot < level,
            None => market.gamma.net_usd_per_pct < 0.0,
        };
        let momentum = deviations(market, 300).map(|deviations| {
            if amplifies {
                deviations
            } else {
                -0.5 * deviations
            }
        });
        let strike = market.levels.max_abs_gamma_strike.filter(|_| !amplifies);
        let pull = strike.map(|strike| 1e4 * (strike.dollars() / market.spot - 1.0));
        let book = market.imbalance.level5.or(market.imbalance.level1);
        let vwap = market
            .history
            .vwap()
            .map(|vwap| 1e4 * (market.spot / vwap - 1.0));
        let mut tally = Tally::default();
        tally.add("momentum_sd", momentum, 1.5, config.weight_momentum);
        tally.add(
            "pin_pull_bp",
            pull.or(amplifies.then_some(0.0)),
            20.0,
            config.weight_pin,
        );
        tally.add("book_imbalance", book, 0.5, config.weight_imbalance);
        tally.add(
            "order_flow_10s",
            market.imbalance.order_flow_10s,
            2.0,
            config.weight_order_flow,
        );
        tally.add("vwap_distance_bp", vwap, 20.0, config.weight_vwap);
        tally.note("gamma_usd_per_pct", Some(market.gamma.net_usd_per_pct));
        tally.note("vpin", market.vpin.value);
        let toxicity = market.vpin.cdf.unwrap_or(0.5);
        tally.score(0.9 + 0.3 * toxicity)
    }

    fn pick(&self, score: &Score, chain: &ChainView<'_>) -> Option<Pick> {
        let today = chain.today;
        pick_nearest(&self.0.common, self.0.delta, score, chain, |expiry| {
            expiry == today
        })
    }
}

/// The return over `seconds` in standard deviations of the last half hour's volatility.
pub(crate) fn deviations(market: &MarketView<'_>, seconds: i64) -> Option<f64> {
    let volatility = market
        .history
        .realized_volatility(30)
        .filter(|v| *v > 0.0)?;
    let years = seconds as f64 / (252.0 * 390.0 * 60.0);
    Some(market.history.log_return(seconds)? / (volatility * years.sqrt()))
}

/// Buys the contract whose |delta| is nearest, at the ask.
pub(crate) fn pick_nearest(
    common: &Common,
    delta: f64,
    score: &Score,
    chain: &ChainView<'_>,
    wanted: impl Fn(jiff::civil::Date) -> bool,
) -> Option<Pick> {
    let right = match score.direction {
        Direction::Up => Right::Call,
        Direction::Down => Right::Put,
    };
    let contract = chain.nearest_delta(right, delta, common, wanted)?;
    Some(Pick {
        contract: contract.id,
        terms: *contract.terms,
        limit: contract.quote.ask,
        quantity: common.quantity,
    })
}
