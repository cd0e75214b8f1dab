//! The rules of a strategy's exits in integers: what the config says, converted once.

use super::config::ExitConfig;
use super::scale_out::ScaleStep;
use super::trailing::ProfitLock;
use bevy_ecs::prelude::Resource;
use components::signal::StrategyName;
use components::units::{NANOS_PER_MILLI, NANOS_PER_SECOND, Price};
use std::collections::BTreeMap;

const PARTS: i128 = 1_000_000;

/// A share or a multiple in millionths, so that prices stay integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(i64);

impl Share {
    /// The whole.
    pub const ONE: Self = Self(1_000_000);

    /// The nearest share to `fraction`; what is not finite or negative counts as 0.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "clamped to 0 to 1e12 on the same line; not a number becomes 0"
    )]
    pub fn new(fraction: f64) -> Self {
        Self((fraction * 1e6).round().clamp(0.0, 1e12) as i64)
    }

    /// It as a whole number of millionths.
    #[must_use]
    pub fn millionths(self) -> i64 {
        self.0
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// What is left of the whole, at least nothing.
    #[must_use]
    pub fn rest(self) -> Self {
        Self((Self::ONE.0 - self.0).max(0))
    }

    /// This and the whole: a gain becomes the multiple of the cost.
    #[must_use]
    pub fn and_one(self) -> Self {
        Self(self.0.saturating_add(Self::ONE.0))
    }

    /// So many times this; saturates.
    #[must_use]
    pub fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count.max(0)))
    }

    /// This share of `price` in whole units, rounded down.
    #[must_use]
    pub fn of(self, price: Price) -> Price {
        Price(i64::try_from(i128::from(price.0) * i128::from(self.0) / PARTS).unwrap_or(i64::MAX))
    }

    /// This share of `price` in whole units, rounded up.
    #[must_use]
    pub fn of_up(self, price: Price) -> Price {
        let units = (i128::from(price.0) * i128::from(self.0) + PARTS - 1).div_euclid(PARTS);
        Price(i64::try_from(units).unwrap_or(i64::MAX))
    }

    /// This share of `quantity`, rounded down, at most all of it.
    #[must_use]
    pub fn of_quantity(self, quantity: u32) -> u32 {
        let units = i128::from(quantity) * i128::from(self.0) / PARTS;
        u32::try_from(units).unwrap_or(u32::MAX).min(quantity)
    }
}

/// A profit lock in integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Once the bid was this multiple of the cost,
    pub reached: Share,
    /// the stop is at least this multiple of the cost.
    pub kept: Share,
}

/// The exits of one strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// The first stop, as a multiple of the cost.
    pub stop: Share,
    /// The limit of a stop order, as a share of its stop.
    pub stop_limit: Share,
    /// The target, as a multiple of the cost.
    pub target: Share,
    /// Parts sold on the way: the multiple of the cost, and how much.
    pub scale_out: Vec<(Share, super::scale_out::Portion)>,
    /// Profit locks, lowest first.
    pub locks: Vec<Lock>,
    /// Trailing begins at this multiple of the cost.
    pub trail_from: Share,
    /// Where a stop that trails by percent stands, as a share of the best bid.
    pub trail: Option<Share>,
    /// By how many premium ranges the stop trails.
    pub trail_atr: Option<Share>,
    /// Sold below this share of the entry's delta.
    pub trail_delta: Option<Share>,
    /// A trailing stop moves by at least this share of itself.
    pub stop_step: Share,
    /// What expires is sold this long before the close, nanoseconds.
    pub expiring_before_close_ns: i64,
    /// The end-of-day rule holds from this long before the close on, nanoseconds.
    pub day_end_before_close_ns: i64,
    /// What may be held overnight.
    pub overnight: Share,
    /// See the config; nanoseconds.
    pub protect_within_ns: i64,
    /// See the config; nanoseconds.
    pub stop_grace_ns: i64,
    /// See the config; nanoseconds.
    pub reprice_ns: i64,
    /// How far below the midpoint a closing order begins, and further each time.
    pub close_collar: Share,
}

impl From<&ExitConfig> for Rules {
    fn from(config: &ExitConfig) -> Self {
        let wanted = |fraction: f64| Some(Share::new(fraction)).filter(|share| !share.is_zero());
        let lock = |lock: &ProfitLock| Lock {
            reached: Share::new(lock.gain).and_one(),
            kept: Share::new(lock.keep).and_one(),
        };
        let step = |step: &ScaleStep| (Share::new(step.gain).and_one(), step.sell);
        Self {
            stop: Share::new(config.stop_share).rest(),
            stop_limit: Share::new(config.stop_limit_share).rest(),
            target: Share::new(config.target_share).and_one(),
            scale_out: config.scale_out.iter().map(step).collect(),
            locks: config.locks.iter().map(lock).collect(),
            trail_from: Share::new(config.trail_from_share).and_one(),
            trail: wanted(config.trail_share).map(Share::rest),
            trail_atr: wanted(config.trail_atr),
            trail_delta: wanted(config.trail_delta_share),
            stop_step: Share::new(config.stop_step_share),
            expiring_before_close_ns: config.before_close_s * NANOS_PER_SECOND,
            day_end_before_close_ns: config.day_end_before_close_s * NANOS_PER_SECOND,
            overnight: Share::new(config.overnight_share),
            protect_within_ns: config.protect_within_ms * NANOS_PER_MILLI,
            stop_grace_ns: config.stop_grace_ms * NANOS_PER_MILLI,
            reprice_ns: config.reprice_ms * NANOS_PER_MILLI,
            close_collar: Share::new(config.close_collar_share),
        }
    }
}

/// The rules of all strategies. A map of the config's names, so bounded by the config.
#[derive(Resource, Clone, Debug, PartialEq)]
pub struct ExitRules {
    common: Rules,
    strategies: BTreeMap<StrategyName, Rules>,
}

impl From<&ExitConfig> for ExitRules {
    fn from(config: &ExitConfig) -> Self {
        let strategies = config.strategies.iter().map(|(name, overrides)| {
            (
                StrategyName::new(name),
                Rules::from(&config.overlaid(overrides)),
            )
        });
        Self {
            common: Rules::from(config),
            strategies: strategies.collect(),
        }
    }
}

impl ExitRules {
    /// The rules of `strategy`.
    #[must_use]
    pub fn of(&self, strategy: StrategyName) -> &Rules {
        self.strategies.get(&strategy).unwrap_or(&self.common)
    }

    /// Whether any of them needs the range of an underlying.
    #[must_use]
    pub fn trails_by_range(&self) -> bool {
        let mut all = self.strategies.values().chain([&self.common]);
        all.any(|rules| rules.trail_atr.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::tests::section;
    use super::*;

    #[test]
    fn shares_of_prices_round_as_named() {
        let share = Share::new(0.15);
        assert_eq!(
            (share.of(Price(250)), share.of_up(Price(250))),
            (Price(37), Price(38))
        );
        assert_eq!(share.rest().of_quantity(10), 8);
        assert_eq!(
            Share::new(1.0).and_one().of(Price(i64::MAX)),
            Price(i64::MAX)
        );
        assert!(Share::new(f64::NAN).is_zero() && Share::new(-1.0).is_zero());
        assert_eq!(Share::new(0.3), Share(300_000), "nearest, not next below");
    }

    #[test]
    fn a_strategy_has_its_own_rules() {
        let rules = ExitRules::from(&section("{}").unwrap());
        let zero_dte = rules.of(StrategyName::new("zero_dte"));
        assert!(zero_dte.overnight.is_zero());
        assert_eq!(rules.of(StrategyName::new("swing")).overnight, Share::ONE);
        assert_eq!(zero_dte.trail_atr, None);
        assert_eq!(zero_dte.trail, Some(Share(600_000)));
    }
}
