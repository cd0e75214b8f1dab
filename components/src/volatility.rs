//! Volatility of an underlying: what it did, what its options expect, and what that is called.

use crate::quality::Stamp;
use crate::units::Timestamp;
use bevy_ecs::prelude::Component;

/// What the underlying did of late. Volatilities per year of 252 sessions, 0.20 is 20 %.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct RealizedVolatility {
    /// From the last 30 returns of 5 seconds.
    pub five_seconds: Option<f64>,
    /// From the last 30 returns of a minute.
    pub one_minute: Option<f64>,
    /// From the last 30 returns of 5 minutes.
    pub five_minutes: Option<f64>,
    /// From products of neighbouring returns of a minute: jumps hardly count.
    pub bipower: Option<f64>,
    /// From highs and lows of minutes.
    pub parkinson: Option<f64>,
    /// Share of the variance of minutes that jumps made, 0 to 1.
    pub jump_share: Option<f64>,
    /// The variance of 5-minute returns over five times that of minutes; 1 for a random walk.
    pub variance_ratio: Option<f64>,
    /// How many standard errors the ratio lies from 1.
    pub variance_ratio_z: Option<f64>,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// What the options of one expiry expect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpiryVolatility {
    /// The expiry, `yyyymmdd`.
    pub expiry: u32,
    /// Time to it, years of 365 days.
    pub years: f64,
    /// The forward, dollars.
    pub forward: f64,
    /// Volatility of the whole strip, as the VIX is computed.
    pub strip: Option<f64>,
    /// Volatility at the forward.
    pub at_the_money: Option<f64>,
    /// Put of 25 delta above the call of 25 delta.
    pub skew: Option<f64>,
    /// The wings above the middle.
    pub butterfly: Option<f64>,
    /// Quotes that contradict each other beyond their spreads.
    pub contradictions: u32,
}

/// What the options of an underlying expect.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct ImpliedVolatility {
    /// Over the next 30 days, between the two expiries about them.
    pub thirty_days: Option<f64>,
    /// Over the next day.
    pub one_day: Option<f64>,
    /// By expiry, ascending.
    pub by_expiry: Vec<ExpiryVolatility>,
    /// Pairs of expiries between which total variance falls.
    pub calendar_contradictions: u32,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// How high volatility is for this time of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

impl VolatilityLevel {
    /// All levels, the lowest first.
    pub const ALL: [Self; 5] = [
        Self::Low,
        Self::Normal,
        Self::Elevated,
        Self::High,
        Self::Shock,
    ];

    /// The name in files, transcripts and the mirror.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::Elevated => "elevated",
            Self::High => "high",
            Self::Shock => "shock",
        }
    }
}

/// The regime of an underlying's volatility.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct VolatilityRegime {
    /// The level in force.
    pub level: Option<VolatilityLevel>,
    /// Since when.
    pub since: Timestamp,
    /// How often it has changed in this run.
    pub transitions: u32,
    /// The one-day volatility that it stands on, 0.20 is 20 %.
    pub index: Option<f64>,
    /// That over the median of the last sessions at this time of the day; absent before there are enough.
    pub ratio: Option<f64>,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// What the market is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

impl MarketState {
    /// All states, the first that holds counts.
    pub const ALL: [Self; 7] = [
        Self::Shock,
        Self::Pin,
        Self::Trend,
        Self::Reversion,
        Self::Expansion,
        Self::Quiet,
        Self::Neutral,
    ];

    /// The name in files, transcripts and the mirror.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shock => "shock",
            Self::Pin => "pin",
            Self::Trend => "trend",
            Self::Reversion => "reversion",
            Self::Expansion => "expansion",
            Self::Quiet => "quiet",
            Self::Neutral => "neutral",
        }
    }
}

/// The state of the market of an underlying.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct MarketRegime {
    /// The state in force.
    pub state: Option<MarketState>,
    /// Since when.
    pub since: Timestamp,
    /// How near each state is to holding, in the order of [`MarketState::ALL`], 0 to 1; 1 holds.
    pub scores: [f64; 7],
    /// Probability of the turbulent of two states, by a Markov chain over returns, 0 to 1.
    pub turbulence: Option<f64>,
    /// What macro series say of the session, -1 to 1: information, no rule looks at it.
    pub macro_score: Option<f64>,
    /// How often the state has changed in this run.
    pub transitions: u32,
    /// When, until when, how good.
    pub stamp: Stamp,
}
