//! What is computed from the market, with units, sign conventions, source and validity.

use crate::quality::Validity;
use serde::{Deserialize, Serialize};

/// Volume-synchronised probability of informed trading: the payload of `analytics:{symbol}:vpin`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vpin {
    /// Bulk volume classification, 0 to 1.
    pub vpin: Option<f64>,
    /// Sides by Lee and Ready, 0 to 1.
    pub lee_ready: Option<f64>,
    /// Sides by the tick rule, 0 to 1.
    pub tick_rule: Option<f64>,
    /// Share of the remembered values that are not above the current one, 0 to 1.
    pub cdf: Option<f64>,
    /// Shares of a bucket; 0 while it is unknown.
    pub bucket_volume: u64,
    /// Buckets filled so far.
    pub buckets: u64,
    /// What it was computed from.
    pub source: Source,
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// The imbalance of the order book: the payload of `analytics:{symbol}:obi`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Imbalance {
    /// Best level, -1 to 1, positive is bid heavy.
    pub obi_l1: Option<f64>,
    /// Five weighted levels, -1 to 1, positive is bid heavy.
    pub obi_l5: Option<f64>,
    /// Five levels of equal weight, -1 to 1, positive is bid heavy.
    pub obi_l5_unweighted: Option<f64>,
    /// The bid sizes over the ask sizes, five levels, 0.1 to 10.
    pub pressure_ratio: Option<f64>,
    /// Its natural logarithm.
    pub log_pressure: Option<f64>,
    /// Size-weighted mid.
    pub microprice_usd: Option<f64>,
    /// How fast bid sizes add up away from the mid, shares per dollar.
    pub slope_bid: Option<f64>,
    /// How fast ask sizes add up away from the mid, shares per dollar.
    pub slope_ask: Option<f64>,
    /// Imbalance of the slopes, -1 to 1.
    pub slope_imbalance: Option<f64>,
    /// Order-flow imbalance of the last second over mean depth.
    pub order_flow_1s: Option<f64>,
    /// Order-flow imbalance of the last 10 s over mean depth.
    pub order_flow_10s: Option<f64>,
    /// Order-flow imbalance of the last 60 s over mean depth.
    pub order_flow_60s: Option<f64>,
    /// Change of `obi_l5` per second.
    pub velocity_per_s: Option<f64>,
    /// Standard deviation of `obi_l5` over the last minute.
    pub volatility: Option<f64>,
    /// What it was computed from.
    pub source: Source,
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// Dealer gamma exposure and its levels: the payload of `options:{symbol}:gex`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gamma {
    /// Calls and puts together, in dollars of delta per 1 % move.
    pub net_usd_per_pct: Option<f64>,
    /// The calls' part, positive.
    pub call_usd_per_pct: Option<f64>,
    /// The puts' part, negative.
    pub put_usd_per_pct: Option<f64>,
    /// The part of the nearest expiry.
    pub first_expiry_usd_per_pct: Option<f64>,
    /// Strike of the largest call gamma exposure.
    pub call_wall_usd: Option<f64>,
    /// Strike of the most negative put gamma exposure.
    pub put_wall_usd: Option<f64>,
    /// Strike of the largest absolute net gamma exposure.
    pub max_abs_gamma_strike_usd: Option<f64>,
    /// The spot nearest to the current one at which the sign changes.
    pub zero_gamma_usd: Option<f64>,
    /// Contracts in the sums.
    pub included: u32,
    /// Contracts of the chain.
    pub contracts: u32,
    /// Share of it that rests on quotes that hold, 0 to 1.
    pub coverage: Option<f64>,
    /// As `net_usd_per_pct`, with the day's volume in place of the open interest; so the next three.
    pub net_by_volume_usd_per_pct: Option<f64>,
    /// Strike of the largest call gamma exposure by volume.
    pub call_wall_by_volume_usd: Option<f64>,
    /// Strike of the most negative put gamma exposure by volume.
    pub put_wall_by_volume_usd: Option<f64>,
    /// Strike of the largest absolute net gamma exposure by volume.
    pub max_abs_gamma_strike_by_volume_usd: Option<f64>,
    /// When what is by volume was computed.
    pub by_volume_at_ms: Option<i64>,
    /// Whose side the dealers are assumed to be on.
    pub sign_model: SignModel,
    /// What it was computed from.
    pub source: Source,
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// Delta exposure: the payload of `options:{symbol}:dex`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Delta {
    /// Delta of the open interest, with delta's own sign and no dealer sign.
    pub open_interest_usd: Option<f64>,
    /// The dealers' delta.
    pub dealer_usd: Option<f64>,
    /// Change of the dealers' delta per +1 volatility point.
    pub vanna_usd_per_point: Option<f64>,
    /// Change of the dealers' delta per calendar day.
    pub charm_usd_per_day: Option<f64>,
    /// Share of the gamma exposure of the same contracts that rests on quotes that hold, 0 to 1.
    pub coverage: Option<f64>,
    /// Whose side the dealers are assumed to be on.
    pub sign_model: SignModel,
    /// What it was computed from.
    pub source: Source,
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// The dealer assumption behind a signed sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignModel {
    /// Dealers are long the calls and short the puts that customers sold and bought.
    #[default]
    #[serde(rename = "call +, put -")]
    LongCallsShortPuts,
}

/// What a value was computed from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Trades, sides by bulk volume classification.
    #[default]
    TradesBulkVolume,
    /// The order book.
    Book,
    /// Model Greeks and last night's open interest.
    ModelGreeks,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_says_its_sign_and_validity_at_the_top_level() {
        let gamma = Gamma {
            net_usd_per_pct: Some(-1.5e9),
            source: Source::ModelGreeks,
            ..Gamma::default()
        };
        let json: serde_json::Value = serde_json::to_value(gamma).unwrap();
        assert_eq!(json["sign_model"], "call +, put -");
        assert_eq!(json["quality"], "no_data");
        assert_eq!(json["source"], "model_greeks");
        assert!(json["computed_at_ms"].is_null());
        assert_eq!(serde_json::from_value::<Gamma>(json).unwrap(), gamma);
    }

    #[test]
    fn what_is_not_a_number_becomes_null() {
        let vpin = Vpin {
            vpin: Some(f64::NAN),
            ..Vpin::default()
        };
        let json = serde_json::to_string(&vpin).unwrap();
        assert!(json.contains(r#""vpin":null"#), "{json}");
    }
}
