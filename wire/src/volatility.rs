//! Volatility that was and that is expected, and what it and the market are called.

use crate::quality::Validity;
use serde::{Deserialize, Serialize};

/// What the underlying did and what its options expect: the payload of `analytics:{symbol}:volatility`.
/// Volatilities per year, 0.20 is 20 %: realised ones of 252 sessions, expected ones of 365 days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Volatility {
    /// From returns of 5 seconds.
    pub realized_5s: Option<f64>,
    /// From returns of a minute.
    pub realized_1m: Option<f64>,
    /// From returns of 5 minutes.
    pub realized_5m: Option<f64>,
    /// From products of neighbouring returns of a minute: jumps hardly count.
    pub bipower_1m: Option<f64>,
    /// From highs and lows of minutes.
    pub parkinson_1m: Option<f64>,
    /// Share of the variance that jumps made, 0 to 1.
    pub jump_share: Option<f64>,
    /// Variance of 5-minute returns over five times that of minutes; 1 for a random walk.
    pub variance_ratio: Option<f64>,
    /// How many standard errors the ratio lies from 1.
    pub variance_ratio_z: Option<f64>,
    /// Expected over the next day, as the VIX is computed.
    pub expected_1d: Option<f64>,
    /// Expected over the next 30 days, as the VIX is computed.
    pub expected_30d: Option<f64>,
    /// Volatility at the forward of the first expiry.
    pub first_at_the_money: Option<f64>,
    /// Put of 25 delta above the call of 25 delta, first expiry.
    pub first_skew: Option<f64>,
    /// The wings above the middle, first expiry.
    pub first_butterfly: Option<f64>,
    /// Quotes that contradict each other beyond their spreads, and pairs of expiries between which
    /// total variance falls.
    pub contradictions: u32,
    /// When, until when, how good: of the realised part.
    #[serde(flatten)]
    pub validity: Validity,
    /// When the expected part was computed.
    pub expected_at_ms: Option<i64>,
}

/// What volatility and the market are called: the payload of `analytics:{symbol}:regime`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Regime {
    /// How high volatility is for this time of the day.
    pub level: Option<VolatilityLevel>,
    /// Since when.
    pub level_since_ms: Option<i64>,
    /// The one-day volatility that it stands on, 0.20 is 20 %.
    pub index: Option<f64>,
    /// That over what is usual at this time of the day.
    pub ratio: Option<f64>,
    /// What the market is doing.
    pub state: Option<MarketState>,
    /// Since when.
    pub state_since_ms: Option<i64>,
    /// Probability of the turbulent of two states, 0 to 1.
    pub turbulence: Option<f64>,
    /// What macro series say of the session, -1, adverse, to 1; no rule looks at it.
    pub macro_score: Option<f64>,
    /// How often level and state have changed in this run.
    pub transitions: u32,
    /// When, until when, how good: of the level.
    #[serde(flatten)]
    pub validity: Validity,
}

/// How high volatility is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolatilityLevel {
    /// Below three quarters of what is usual.
    Low,
    /// Usual.
    Normal,
    /// A quarter above.
    Elevated,
    /// Three quarters above.
    High,
    /// Two and a half times, or a jump.
    Shock,
}

/// What the market of an underlying is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketState {
    /// It jumps.
    Shock,
    /// It is held near a strike into the close.
    Pin,
    /// It goes one way.
    Trend,
    /// It turns back.
    Reversion,
    /// It swings more than usual, with dealers short gamma.
    Expansion,
    /// It hardly moves.
    Quiet,
    /// Nothing of that.
    Neutral,
}
