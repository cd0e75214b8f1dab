//! Dealer exposures. Units and signs are those of the formulas page, section 6: calls count
//! positive, puts negative, because dealers are assumed long the calls and short the puts.

use crate::quality::Stamp;
use crate::units::Price;
use bevy_ecs::prelude::Component;

/// What a contract weighs in the sums: dealer sign x open interest x multiplier, in shares.
///
/// 0 takes a contract out of every sum: too little open interest, no usable volatility, a crossed
/// quote, or expired.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct ExposureWeight(pub f64);

/// The exposure of one contract.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct ContractExposure {
    /// Dealer gamma exposure in USD of delta per 1 % move.
    pub gex_usd_per_pct: f64,
    /// Delta of the open interest in USD, with delta's own sign.
    pub dex_usd: f64,
}

/// The gamma exposure of an underlying.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct GammaExposure {
    /// Sum over calls and puts in USD of delta per 1 % move; the headline number.
    pub net_usd_per_pct: f64,
    /// The calls' part, positive.
    pub call_usd_per_pct: f64,
    /// The puts' part, negative.
    pub put_usd_per_pct: f64,
    /// The part of the nearest expiry.
    pub first_expiry_usd_per_pct: f64,
    /// Contracts in the sums.
    pub included: u32,
    /// Contracts of the chain.
    pub contracts: u32,
    /// How much of it rests on quotes that hold, 0 to 1: the absolute gamma exposure of contracts with
    /// a price whose quote is young enough, over that of all contracts that could be valued. `None`
    /// where none could be.
    pub coverage: Option<f64>,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// The delta exposure of an underlying.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct DeltaExposure {
    /// Delta of the open interest in USD, no dealer sign.
    pub open_interest_usd: f64,
    /// The dealers' delta in USD.
    pub dealer_usd: f64,
    /// Change of the dealers' delta in USD per +1 volatility point.
    pub vanna_usd_per_point: f64,
    /// Change of the dealers' delta in USD per calendar day.
    pub charm_usd_per_day: f64,
    /// As [`GammaExposure::coverage`]: the sums are over the same contracts.
    pub coverage: Option<f64>,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// The strikes and prices that exposures point to. Absent is `None`.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct ExposureLevels {
    /// Strike of the largest call gamma exposure.
    pub call_wall: Option<Price>,
    /// Strike of the most negative put gamma exposure.
    pub put_wall: Option<Price>,
    /// Strike of the largest absolute net gamma exposure.
    pub max_abs_gamma_strike: Option<Price>,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// Gamma exposure and its strikes with the day's volume of each contract in place of its open interest,
/// which is last night's: what was traded today, as if dealers had taken the other side of all of it and
/// kept it.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct VolumeExposure {
    /// Sum over calls and puts in USD of delta per 1 % move.
    pub net_usd_per_pct: f64,
    /// The calls' part, positive.
    pub call_usd_per_pct: f64,
    /// The puts' part, negative.
    pub put_usd_per_pct: f64,
    /// Strike of the largest call gamma exposure.
    pub call_wall: Option<Price>,
    /// Strike of the most negative put gamma exposure.
    pub put_wall: Option<Price>,
    /// Strike of the largest absolute net gamma exposure.
    pub max_abs_gamma_strike: Option<Price>,
    /// Contracts in the sums.
    pub included: u32,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// The spot at which the dealers' gamma changes sign, found by re-pricing the chain.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct ZeroGamma {
    /// The root nearest to spot in dollars, if there is one.
    pub nearest_dollars: Option<f64>,
    /// Roots inside the searched range.
    pub roots: u32,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// The dealers' gamma over a range of spots about the current one, as it was when [`ZeroGamma`] was last
/// looked for: the curve that crosses zero there. Both lists are empty where no contract counted.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct GammaProfile {
    /// Spots in dollars, equally far apart and ascending, the middle one the current spot.
    pub spot_dollars: Vec<f64>,
    /// Dealer gamma exposure at each, USD of delta per 1 % move.
    pub gex_usd_per_pct: Vec<f64>,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// Net gamma exposure at one strike.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StrikeExposure {
    /// The strike.
    pub strike: Price,
    /// Calls in USD of delta per 1 % move.
    pub call_usd_per_pct: f64,
    /// Puts in USD of delta per 1 % move, negative.
    pub put_usd_per_pct: f64,
}

impl StrikeExposure {
    /// Calls and puts together.
    #[must_use]
    pub fn net_usd_per_pct(&self) -> f64 {
        self.call_usd_per_pct + self.put_usd_per_pct
    }
}

/// Gamma exposure by strike and by expiry, both ascending.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct ExposureProfile {
    /// By strike.
    pub by_strike: Vec<StrikeExposure>,
    /// By expiry: `yyyymmdd` and net USD of delta per 1 % move.
    pub by_expiry: Vec<(u32, f64)>,
}
