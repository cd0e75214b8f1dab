//! A strategy that signals often and at random, so that a short seed has many orders. Its draws are
//! a function of seed, underlying and instant alone, hence the same in every run of a seed.

use components::contract::Right;
use components::signal::{Confidence, Direction, Feature};
use engine::config::{Section, within};
use engine::random::Stream;
use serde::Deserialize;
use systems::scoring::{
    ChainView, Common, MarketView, Pick, Score, Strategy, StrategyPlugin, is_tradable,
};

/// The plugin of the strategy.
pub type RandomPlugin = StrategyPlugin<AtRandom>;

/// The `signals.torture` section of the config.
#[derive(Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct AtRandomConfig {
    /// What every strategy has.
    #[garde(dive)]
    pub common: Common,
    /// The seed of its draws.
    #[garde(skip)]
    pub seed: u64,
    /// Probability of a signal for an underlying in a tick.
    #[garde(custom(within(0.0, 1.0)))]
    pub chance: f64,
    /// Share of the signals that bid instead of taking the ask.
    #[garde(custom(within(0.0, 1.0)))]
    pub patient_share: f64,
    /// Contracts of an order at most; the number is drawn.
    #[garde(custom(within(1, 100)))]
    pub contracts_max: u32,
}

impl Section for AtRandomConfig {
    const NAME: &'static str = "signals.torture";
}

/// The strategy.
#[derive(Debug)]
pub struct AtRandom(AtRandomConfig);

impl Strategy for AtRandom {
    const NAME: &'static str = "torture";
    type Config = AtRandomConfig;

    fn new(config: AtRandomConfig) -> Self {
        Self(config)
    }

    fn common(&self) -> &Common {
        &self.0.common
    }

    fn score(&self, market: &MarketView<'_>) -> Option<Score> {
        let instant = market.tick.now.0.unsigned_abs();
        let mut draws = Stream::new(self.0.seed, market.ticker.as_str(), instant);
        if !draws.chance(self.0.chance) {
            return None;
        }
        let direction = if draws.chance(0.5) {
            Direction::Up
        } else {
            Direction::Down
        };
        let drawn = |name, value| Feature {
            name,
            value,
            points: 0.0,
        };
        Some(Score {
            direction,
            confidence: Confidence::from_points(60.0 + 40.0 * draws.uniform()),
            features: vec![
                drawn("which", draws.uniform()),
                drawn("how", draws.uniform()),
                drawn("many", draws.uniform()),
            ],
        })
    }

    fn pick(&self, score: &Score, chain: &ChainView<'_>) -> Option<Pick> {
        let right = match score.direction {
            Direction::Up => Right::Call,
            Direction::Down => Right::Put,
        };
        let common = &self.0.common;
        let contracts: Vec<_> = chain
            .contracts()
            .filter(|contract| {
                contract.terms.right == right
                    && contract.volatility.status.is_usable()
                    && is_tradable(contract.quote, common.spread_max)
            })
            .collect();
        let [which, how, many] = [0, 1, 2].map(|place| score.features[place].value);
        let contract = contracts.get(place_of(which, contracts.len()))?;
        let is_patient = how < self.0.patient_share;
        Some(Pick {
            contract: contract.id,
            terms: *contract.terms,
            limit: if is_patient {
                contract.quote.bid
            } else {
                contract.quote.ask
            },
            quantity: 1 + u32::try_from(place_of(many, self.0.contracts_max as usize)).ok()?,
        })
    }
}

/// The place that a draw from [0, 1) stands for among `length`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a draw from [0, 1) times a length lies below it"
)]
fn place_of(draw: f64, length: usize) -> usize {
    (draw * length as f64) as usize
}
