//! The two config sections and their defaults.

use components::contract::ExerciseStyle;
use garde::Validate;
use serde::{Deserialize, Serialize};

/// A synthetic market. Every field has a default; `underlyings` and `contracts_per_chain` are the
/// two that a scenario usually names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct MarketConfig {
    /// Underlyings, 1 to 20,000 (4): AAA, BBB, CCC and so on.
    #[garde(custom(between(1, 20_000)))]
    pub underlyings: u32,
    /// Contracts of each underlying, calls and puts together, 0 to 20,000 and even (400).
    #[garde(custom(between(0, 20_000)), custom(even))]
    pub contracts_per_chain: u32,
    /// Prices in dollars before the first session, dealt out in turn (100, 250, 50, 500).
    #[garde(length(min = 1, max = 20_000), inner(custom(between(5.0, 10_000.0))))]
    pub spots_usd: Vec<f64>,
    /// Annual volatilities, dealt out in turn, 0.20 is 20 % (0.20, 0.35, 0.45, 0.16).
    #[garde(length(min = 1, max = 20_000), inner(custom(between(0.01, 3.0))))]
    pub annual_vols: Vec<f64>,
    /// Jumps of an underlying in a full session, on average (0.5).
    #[garde(custom(between(0.0, 100.0)))]
    pub jumps_per_day: f64,
    /// Standard deviation of a jump in percent (0.5).
    #[garde(custom(between(0.0, 20.0)))]
    pub jump_percent: f64,
    /// Standard deviation of the logarithm of the variance about its mean (0.5).
    #[garde(custom(between(0.0, 2.0)))]
    pub vol_of_vol: f64,
    /// Minutes in which the variance loses half of its distance from the mean (60).
    #[garde(custom(between(1.0, 10_000.0)))]
    pub variance_half_life_minutes: f64,
    /// Share of a day's variance that falls between close and open (0.25).
    #[garde(custom(between(0.0, 0.9)))]
    pub overnight_share: f64,
    /// Tick size of the underlyings in dollars, a multiple of 0.0001 (0.01).
    #[garde(custom(between(0.0001, 1.0)), custom(whole_units))]
    pub tick_usd: f64,
    /// Bid-ask spread of the underlyings in hundredths of a percent in calm trading (0.6).
    #[garde(custom(between(0.0, 100.0)))]
    pub spread_bps: f64,
    /// Trades of an underlying in a full session, on average (40,000).
    #[garde(custom(between(0.0, 5_000_000.0)))]
    pub trades_per_day: f64,
    /// Share of trades below 100 shares (0.4).
    #[garde(custom(between(0.0, 1.0)))]
    pub odd_lot_share: f64,
    /// Seconds in which the imbalance of the order flow loses half of itself (90).
    #[garde(custom(between(1.0, 10_000.0)))]
    pub flow_half_life_s: f64,
    /// Standard deviation of the imbalance between buyers and sellers, 1 is all buyers (0.35).
    #[garde(custom(between(0.0, 1.0)))]
    pub flow_imbalance: f64,
    /// Share of the intraday variance that trades cause (0.4).
    #[garde(custom(between(0.0, 0.9)))]
    pub flow_variance_share: f64,
    /// Levels on each side of the order book, 0 for no book, at most 10 (10).
    #[garde(custom(between(0, 10)))]
    pub book_levels: u32,
    /// Expiries lie at most so many days ahead (45).
    #[garde(custom(between(0, 400)))]
    pub expiry_days_max: u32,
    /// Continuously compounded rate that the chains are priced with (0.04).
    #[garde(custom(between(-0.1, 0.5)))]
    pub rate: f64,
    /// Relative change of implied volatility per standard deviation of strike (-0.05).
    #[garde(custom(between(-0.2, 0.2)))]
    pub skew: f64,
    /// Relative change of implied volatility per squared standard deviation of strike (0.01).
    #[garde(custom(between(0.0, 0.05)))]
    pub curvature: f64,
    /// When the contracts may be exercised (european: they are priced so).
    #[garde(skip)]
    pub exercise: ExerciseStyle,
    /// A chain whose spot moved is re-quoted every so many ticks, chains in turn (4).
    #[garde(custom(between(1, 240)))]
    pub requote_every_ticks: u32,
    /// Share of each chain that is re-quoted every tick whether it changed or not, in turn. For
    /// benches; 0 re-quotes what changed (0).
    #[garde(custom(between(0.0, 1.0)))]
    pub requote_share: f64,
    /// Tick size of options below $3, a multiple of 0.0001 (0.01).
    #[garde(custom(between(0.0001, 1.0)), custom(whole_units))]
    pub option_tick_below_3_usd: f64,
    /// Tick size of options from $3 on, a multiple of 0.0001 (0.05).
    #[garde(custom(between(0.0001, 1.0)), custom(whole_units))]
    pub option_tick_from_3_usd: f64,
    /// Trades in a chain in a full session, on average (3,000).
    #[garde(custom(between(0.0, 5_000_000.0)))]
    pub option_trades_per_day: f64,
    /// Milliseconds from an event to its reception (2).
    #[garde(custom(between(0, 200)))]
    pub feed_delay_ms: i64,
}

impl Default for MarketConfig {
    fn default() -> Self {
        Self {
            underlyings: 4,
            contracts_per_chain: 400,
            spots_usd: vec![100.0, 250.0, 50.0, 500.0],
            annual_vols: vec![0.20, 0.35, 0.45, 0.16],
            jumps_per_day: 0.5,
            jump_percent: 0.5,
            vol_of_vol: 0.5,
            variance_half_life_minutes: 60.0,
            overnight_share: 0.25,
            tick_usd: 0.01,
            spread_bps: 0.6,
            trades_per_day: 40_000.0,
            odd_lot_share: 0.4,
            flow_half_life_s: 90.0,
            flow_imbalance: 0.35,
            flow_variance_share: 0.4,
            book_levels: 10,
            expiry_days_max: 45,
            rate: 0.04,
            skew: -0.05,
            curvature: 0.01,
            exercise: ExerciseStyle::European,
            requote_every_ticks: 4,
            requote_share: 0.0,
            option_tick_below_3_usd: 0.01,
            option_tick_from_3_usd: 0.05,
            option_trades_per_day: 3_000.0,
            feed_delay_ms: 2,
        }
    }
}

/// A simulated exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct ExchangeConfig {
    /// Milliseconds from sending an order or a cancellation to its arrival (80).
    #[garde(custom(between(0, 60_000)))]
    pub latency_ms: i64,
    /// Up to so many milliseconds come on top, drawn for each order (20).
    #[garde(custom(between(0, 60_000)))]
    pub latency_jitter_ms: i64,
    /// Milliseconds from an outcome to the reception of its report (40).
    #[garde(custom(between(0, 60_000)))]
    pub report_latency_ms: i64,
    /// Fee for each contract filled, in dollars, a multiple of 0.0001 (0.65).
    #[garde(custom(between(0.0, 100.0)), custom(whole_units))]
    pub fee_per_contract_usd: f64,
    /// Least fee of an order of which anything is filled, in dollars (1.00).
    #[garde(custom(between(0.0, 1_000.0)), custom(whole_units))]
    pub fee_minimum_usd: f64,
    /// Tick size of orders below $3 in dollars, a multiple of 0.0001 (0.01).
    #[garde(custom(between(0.0001, 1.0)), custom(whole_units))]
    pub tick_below_3_usd: f64,
    /// Tick size of orders from $3 on in dollars, a multiple of 0.0001 (0.05).
    #[garde(custom(between(0.0001, 1.0)), custom(whole_units))]
    pub tick_from_3_usd: f64,
}

impl engine::config::Section for ExchangeConfig {
    const NAME: &'static str = "exchange";
}

impl Default for ExchangeConfig {
    fn default() -> Self {
        Self {
            latency_ms: 80,
            latency_jitter_ms: 20,
            report_latency_ms: 40,
            fee_per_contract_usd: 0.65,
            fee_minimum_usd: 1.0,
            tick_below_3_usd: 0.01,
            tick_from_3_usd: 0.05,
        }
    }
}

/// A rule that names what was found and what is allowed, and refuses what is not a number.
fn between<T: PartialOrd + core::fmt::Display + Copy>(
    least: T,
    most: T,
) -> impl FnOnce(&T, &()) -> garde::Result {
    move |value, ()| {
        if *value >= least && *value <= most {
            Ok(())
        } else {
            Err(garde::Error::new(format!(
                "was {value}, must be {least} to {most}"
            )))
        }
    }
}

fn even(value: &u32, _: &()) -> garde::Result {
    if value.is_multiple_of(2) {
        Ok(())
    } else {
        Err(garde::Error::new(format!(
            "was {value}, must be even: a call and a put for every strike"
        )))
    }
}

fn whole_units(dollars: &f64, _: &()) -> garde::Result {
    let units = dollars * components::units::PRICE_UNITS_PER_DOLLAR as f64;
    if (units - units.round()).abs() < 1e-6 {
        Ok(())
    } else {
        Err(garde::Error::new(format!(
            "was {dollars}, must be a multiple of 0.0001"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_allowed() {
        MarketConfig::default().validate().unwrap();
        ExchangeConfig::default().validate().unwrap();
    }

    #[test]
    fn a_bad_value_is_named_with_what_is_allowed() {
        let check = |config: MarketConfig, expected: &str| {
            let report = config.validate().unwrap_err().to_string();
            assert!(report.contains(expected), "{report}");
        };
        let sound = MarketConfig::default;
        check(
            MarketConfig {
                contracts_per_chain: 3,
                ..sound()
            },
            "contracts_per_chain: was 3, must be even",
        );
        check(
            MarketConfig {
                rate: f64::NAN,
                ..sound()
            },
            "rate: was NaN, must be -0.1 to 0.5",
        );
        check(
            MarketConfig {
                spots_usd: vec![100.0, -1.0],
                ..sound()
            },
            "spots_usd[1]: was -1, must be 5 to 10000",
        );
        check(
            MarketConfig {
                tick_usd: 0.00015,
                ..sound()
            },
            "tick_usd: was 0.00015, must be a multiple of 0.0001",
        );
        let report = ExchangeConfig {
            fee_per_contract_usd: f64::INFINITY,
            ..ExchangeConfig::default()
        }
        .validate()
        .unwrap_err()
        .to_string();
        assert!(
            report.contains("fee_per_contract_usd: was inf, must be 0 to 100"),
            "{report}"
        );
    }
}
