//! What may be risked: the `limits` section of the config, and the same as whole numbers.
//!
//! Dollars and shares become units and millionths once; from then on money is compared with money.
//! Greeks and re-priced losses are `f64`, as the model gives them.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use super::money::{cash, ppm, share_of};
use components::units::Cash;
use engine::config::{Section, within};
use serde::Deserialize;

/// The `limits` section of the config. Everything holds for the book as it would be if every order
/// in flight and the new one were filled at their worst prices.
#[derive(Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Instruments held or wanted at once.
    #[garde(custom(within(0, 100_000)))]
    pub positions_max: u32,
    /// Instruments held or wanted at once on one underlying.
    #[garde(custom(within(0, 100_000)))]
    pub positions_per_symbol_max: u32,
    /// Orders that may work at once, with the legs of brackets.
    #[garde(custom(within(0, 100_000)))]
    pub working_orders_max: u32,
    /// Contracts of one order.
    #[garde(custom(within(0, 100_000)))]
    pub order_contracts_max: u32,
    /// Premium of one order, dollars.
    #[garde(custom(within(0.0, 1e9)))]
    pub order_notional_max_usd: f64,
    /// Premium held and wanted, as a share of equity: buying power.
    #[garde(custom(within(0.0, 1.0)))]
    pub premium_share_max: f64,
    /// The same of one underlying.
    #[garde(custom(within(0.0, 1.0)))]
    pub underlying_premium_share_max: f64,
    /// The same of one class of assets: indices, funds, stocks.
    #[garde(custom(within(0.0, 1.0)))]
    pub class_premium_share_max: f64,
    /// The most that may be lost in a session, dollars. The stricter of this and the share holds.
    #[garde(custom(within(0.0, 1e9)))]
    pub day_loss_max_usd: f64,
    /// The most that may be lost in a session, as a share of the equity at its open.
    #[garde(custom(within(0.0, 1.0)))]
    pub day_loss_share_max: f64,
    /// Greeks of the whole book, either way.
    #[garde(dive)]
    pub portfolio: GreekCaps,
    /// Greeks of one underlying, either way.
    #[garde(dive)]
    pub underlying: GreekCaps,
    /// Gamma of what expires today, dollars of delta per 1 % of the underlying.
    #[garde(custom(within(0.0, 1e12)))]
    pub expiry_gamma_max_usd: f64,
    /// How far the underlying moves in the scenarios, 0.05 is 5 % either way.
    #[garde(custom(within(0.0, 0.9)))]
    pub scenario_spot_share: f64,
    /// How far implied volatility moves in the scenarios, 0.05 is 5 points either way.
    #[garde(custom(within(0.0, 5.0)))]
    pub scenario_iv_change: f64,
    /// The most that the worst scenario may cost, dollars.
    #[garde(custom(within(0.0, 1e9)))]
    pub scenario_loss_max_usd: f64,
    /// The confidence of value at risk and shortfall.
    #[garde(custom(within(0.5, 0.999)))]
    pub var_confidence: f64,
    /// The most that value at risk over a day may be, dollars.
    #[garde(custom(within(0.0, 1e9)))]
    pub var_max_usd: f64,
    /// The most that the expected shortfall over a day may be, dollars.
    #[garde(custom(within(0.0, 1e9)))]
    pub shortfall_max_usd: f64,
    /// Two underlyings that move together by more than this are one bet.
    #[garde(custom(within(0.0, 1.0)))]
    pub correlation_max: f64,
    /// Whether a position is refused while its correlation with one that is held is not known.
    #[garde(skip)]
    pub correlation_required: bool,
    /// Contracts of an order, as a share of the larger of open interest and the day's volume.
    #[garde(custom(within(0.0, 1.0)))]
    pub liquidity_share_max: f64,
    /// The widest spread, as a share of the midpoint.
    #[garde(custom(within(0.0, 2.0)))]
    pub spread_share_max: f64,
    /// A spread up to this is never too wide, dollars: cheap options cannot be quoted closer.
    #[garde(custom(within(0.0, 1e3)))]
    pub spread_always_usd: f64,
    /// Whether options may be sold that are not held.
    #[garde(skip)]
    pub short_options: bool,
}

impl Section for LimitsConfig {
    const NAME: &'static str = "limits";
}

/// The most of each Greek, in dollars and either way.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct GreekCaps {
    /// Delta: dollars of the underlying.
    #[garde(custom(within(0.0, 1e12)))]
    pub delta_max_usd: f64,
    /// Gamma: change of the dollar delta per 1 % of the underlying.
    #[garde(custom(within(0.0, 1e12)))]
    pub gamma_max_usd: f64,
    /// Vega: dollars per point of volatility.
    #[garde(custom(within(0.0, 1e12)))]
    pub vega_max_usd: f64,
    /// Theta: dollars lost per calendar day; what earns by waiting is not limited.
    #[garde(custom(within(0.0, 1e12)))]
    pub theta_max_usd: f64,
}

/// The limits with money in whole units.
#[derive(Clone, Debug)]
pub struct Limits {
    /// As configured: counts, Greeks, scenarios.
    pub config: LimitsConfig,
    /// Premium of one order.
    pub order_notional_max: Cash,
    /// Premium held and wanted, in millionths of equity.
    pub premium_max_ppm: i64,
    /// The same of one underlying.
    pub underlying_premium_max_ppm: i64,
    /// The same of one class of assets.
    pub class_premium_max_ppm: i64,
    /// The most that may be lost in a session.
    pub day_loss_max: Cash,
    /// The same in millionths of the equity at its open.
    pub day_loss_max_ppm: i64,
    /// Contracts of an order in millionths of those that are there.
    pub liquidity_max_ppm: i64,
    /// The widest spread in millionths of the midpoint.
    pub spread_max_ppm: i64,
    /// A spread that is never too wide.
    pub spread_always: Cash,
}

impl Limits {
    /// The limits of a config that was checked.
    #[must_use]
    pub fn new(config: LimitsConfig) -> Self {
        Self {
            order_notional_max: cash(config.order_notional_max_usd),
            premium_max_ppm: ppm(config.premium_share_max),
            underlying_premium_max_ppm: ppm(config.underlying_premium_share_max),
            class_premium_max_ppm: ppm(config.class_premium_share_max),
            day_loss_max: cash(config.day_loss_max_usd),
            day_loss_max_ppm: ppm(config.day_loss_share_max),
            liquidity_max_ppm: ppm(config.liquidity_share_max),
            spread_max_ppm: ppm(config.spread_share_max),
            spread_always: cash(config.spread_always_usd),
            config,
        }
    }

    /// The most that may be lost in a session that began with `day_open_equity`: the stricter of
    /// the dollars and the share.
    #[must_use]
    pub fn day_loss(&self, day_open_equity: Cash) -> Cash {
        let share = share_of(day_open_equity, self.day_loss_max_ppm);
        self.day_loss_max.min(share)
    }
}

/// A limit that a new order would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// The contract is already held or wanted.
    AlreadyHeld,
    /// `limits.positions_max`.
    Positions,
    /// `limits.positions_per_symbol_max`.
    PositionsPerSymbol,
    /// `limits.working_orders_max`.
    WorkingOrders,
    /// `limits.order_contracts_max`, or no contracts at all.
    OrderContracts,
    /// `limits.order_notional_max_usd`.
    OrderNotional,
    /// `limits.premium_share_max`.
    Premium,
    /// The money is not there.
    Cash,
    /// `limits.underlying_premium_share_max`.
    UnderlyingPremium,
    /// `limits.class_premium_share_max`.
    ClassPremium,
    /// `limits.day_loss_max_usd` and `limits.day_loss_share_max`.
    DayLoss,
    /// `limits.portfolio.delta_max_usd` or `limits.underlying.delta_max_usd`.
    Delta,
    /// The same of gamma.
    Gamma,
    /// The same of vega.
    Vega,
    /// The same of theta.
    Theta,
    /// `limits.expiry_gamma_max_usd`.
    ExpiryGamma,
    /// `limits.scenario_loss_max_usd`.
    Scenario,
    /// `limits.var_max_usd`.
    ValueAtRisk,
    /// `limits.shortfall_max_usd`.
    Shortfall,
    /// `limits.correlation_max`.
    Correlation,
    /// `limits.liquidity_share_max`.
    Liquidity,
    /// `limits.spread_share_max`.
    Spread,
    /// `limits.short_options`.
    Short,
    /// Nothing to close, or less than asked for once the closing orders that work are filled.
    NotHeld,
    /// A number is missing, not finite or does not fit: the book cannot be judged.
    Unknown,
}

impl Limit {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AlreadyHeld => "risk_already_held",
            Self::Positions => "risk_positions",
            Self::PositionsPerSymbol => "risk_positions_per_symbol",
            Self::WorkingOrders => "risk_working_orders",
            Self::OrderContracts => "risk_order_contracts",
            Self::OrderNotional => "risk_order_notional",
            Self::Premium => "risk_premium",
            Self::Cash => "risk_cash",
            Self::UnderlyingPremium => "risk_underlying_premium",
            Self::ClassPremium => "risk_class_premium",
            Self::DayLoss => "risk_day_loss",
            Self::Delta => "risk_delta",
            Self::Gamma => "risk_gamma",
            Self::Vega => "risk_vega",
            Self::Theta => "risk_theta",
            Self::ExpiryGamma => "risk_expiry_gamma",
            Self::Scenario => "risk_scenario",
            Self::ValueAtRisk => "risk_var",
            Self::Shortfall => "risk_shortfall",
            Self::Correlation => "risk_correlation",
            Self::Liquidity => "risk_liquidity",
            Self::Spread => "risk_spread",
            Self::Short => "risk_short",
            Self::NotHeld => "risk_not_held",
            Self::Unknown => "risk_unknown",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Limits so wide that none is reached; a test narrows the one it is about.
    pub(crate) fn wide() -> LimitsConfig {
        let caps = GreekCaps {
            delta_max_usd: 1e9,
            gamma_max_usd: 1e9,
            vega_max_usd: 1e9,
            theta_max_usd: 1e9,
        };
        LimitsConfig {
            positions_max: 1000,
            positions_per_symbol_max: 1000,
            working_orders_max: 1000,
            order_contracts_max: 1000,
            order_notional_max_usd: 1e8,
            premium_share_max: 1.0,
            underlying_premium_share_max: 1.0,
            class_premium_share_max: 1.0,
            day_loss_max_usd: 1e8,
            day_loss_share_max: 1.0,
            portfolio: caps,
            underlying: caps,
            expiry_gamma_max_usd: 1e9,
            scenario_spot_share: 0.05,
            scenario_iv_change: 0.05,
            scenario_loss_max_usd: 1e8,
            var_confidence: 0.95,
            var_max_usd: 1e8,
            shortfall_max_usd: 1e8,
            correlation_max: 0.7,
            correlation_required: true,
            liquidity_share_max: 1.0,
            spread_share_max: 2.0,
            spread_always_usd: 0.05,
            short_options: false,
        }
    }

    #[test]
    fn the_stricter_day_loss_holds() {
        let limits = Limits::new(LimitsConfig {
            day_loss_max_usd: 2_000.0,
            day_loss_share_max: 0.02,
            ..wide()
        });
        let of = |dollars: f64| limits.day_loss(cash(dollars)).dollars();
        assert_eq!((of(100_000.0), of(99_950.0)), (2_000.0, 1_999.0));
        assert_eq!((of(1e6), of(0.0), of(-5.0)), (2_000.0, 0.0, 0.0));
    }

    #[test]
    fn names_tell_limits_apart() {
        let all = [
            Limit::Cash,
            Limit::DayLoss,
            Limit::Short,
            Limit::ValueAtRisk,
        ];
        let names: std::collections::BTreeSet<_> = all.iter().map(|limit| limit.name()).collect();
        assert_eq!(names.len(), all.len());
    }

    #[test]
    fn a_share_beyond_the_whole_is_refused_by_name() {
        use garde::Validate;
        let broken = LimitsConfig {
            premium_share_max: 1.5,
            ..wide()
        };
        let report = broken.validate().unwrap_err().to_string();
        assert!(report.contains("premium_share_max"), "{report}");
        assert!(wide().validate().is_ok());
    }
}
