//! What dealers must trade to stay hedged, how unusual that is, and its sums over sectors.

use crate::quality::{Quality, Stamp};
use crate::units::Timestamp;
use bevy_ecs::prelude::Component;
use core::fmt;
use serde::{Deserialize, Serialize};

/// What the dealers of an underlying must trade to stay hedged, from contracts that expire within the
/// horizon. Positive is buying; signs of what dealers hold are those of the exposures.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct DealerFlow {
    /// Shares after +1 % of spot, because of gamma: negative with long gamma, which sells into strength.
    pub gamma_shares: f64,
    /// Shares after +1 % of spot, because of the move of volatility that comes with it.
    pub vanna_shares: f64,
    /// Shares per calendar day, because time passes.
    pub charm_shares_per_day: f64,
    /// The spot that turns shares into dollars.
    pub spot_dollars: f64,
    /// Volatility points that come with +1 % of spot.
    pub volatility_beta: f64,
    /// Contracts in the sums.
    pub included: u32,
    /// The trade after +1 % over the dollar volume of a day.
    pub elasticity: Option<f64>,
    /// Why there is an elasticity, or none: `NoData` without a volume.
    pub elasticity_quality: Quality,
    /// The volume that the elasticity stands on.
    pub day_volume: Option<DayVolume>,
    /// The wings of the nearest expiry that has some.
    pub wings: Option<Wings>,
    /// When, until when, how good.
    pub stamp: Stamp,
}

impl DealerFlow {
    /// Shares that dealers must trade after +1 % of spot.
    #[must_use]
    pub fn rise_shares(&self) -> f64 {
        self.gamma_shares + self.vanna_shares
    }

    /// Shares that dealers must trade after -1 % of spot: to first order the opposite.
    #[must_use]
    pub fn fall_shares(&self) -> f64 {
        -self.rise_shares()
    }

    /// What they must trade after +1 % of spot, USD.
    #[must_use]
    pub fn rise_usd(&self) -> f64 {
        self.rise_shares() * self.spot_dollars
    }

    /// What they must trade after -1 % of spot, USD.
    #[must_use]
    pub fn fall_usd(&self) -> f64 {
        self.fall_shares() * self.spot_dollars
    }

    /// What they must trade per calendar day because time passes, USD.
    #[must_use]
    pub fn charm_usd_per_day(&self) -> f64 {
        self.charm_shares_per_day * self.spot_dollars
    }
}

/// The dollar volume of a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayVolume {
    /// USD, more than 0.
    pub usd: f64,
    /// Where it is from.
    pub basis: VolumeBasis,
}

/// What a day's volume was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeBasis {
    /// The mean of the run's earlier sessions.
    EarlierSessions,
    /// What this session has traded so far, while there is no earlier one.
    SessionSoFar,
}

/// The wings of an expiry, as its surface measured them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wings {
    /// The expiry, `yyyymmdd`.
    pub expiry: u32,
    /// Volatility of the call of 25 delta less that of the put: the negative of the skew.
    pub risk_reversal: f64,
    /// The mean of the two less the volatility at the forward.
    pub butterfly: Option<f64>,
    /// When the surface was measured, until when, how good.
    pub stamp: Stamp,
}

/// An exposure whose history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DealerMeasure {
    /// Net gamma exposure.
    Gamma,
    /// Delta of the open interest.
    Delta,
    /// The dealers' vanna.
    Vanna,
    /// The dealers' charm.
    Charm,
}

impl DealerMeasure {
    /// All of them, in the order of [`DealerStandings::of`].
    pub const ALL: [Self; 4] = [Self::Gamma, Self::Delta, Self::Vanna, Self::Charm];

    /// The name in transcripts and the mirror.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gamma => "gex",
            Self::Delta => "dex",
            Self::Vanna => "vanna",
            Self::Charm => "charm",
        }
    }

    /// Whether an unusual value of it is told: what moves the hedge though the spot does not.
    #[must_use]
    pub fn is_watched(self) -> bool {
        matches!(self, Self::Vanna | Self::Charm)
    }
}

/// Where the newest sample of an exposure stands among the last ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeasureStanding {
    /// The newest sample, in the unit of its exposure.
    pub value: f64,
    /// The mean of the samples, the newest among them.
    pub mean: f64,
    /// Standard deviations above the mean.
    pub z: Option<f64>,
    /// Why there is a `z`, or none: `NoData` without a sample, `Warmup` with too few,
    /// `IllConditioned` where all are the same.
    pub quality: Quality,
}

/// Where the exposures of an underlying stand among those of the session so far.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct DealerStandings {
    /// By exposure, in the order of [`DealerMeasure::ALL`].
    pub of: [MeasureStanding; 4],
    /// Samples so far, up to the length of the window.
    pub samples: u32,
    /// Which exposures are told to be unusual and have not come back.
    pub drifting: [bool; 4],
    /// When the newest samples were taken, until when, how good.
    pub stamp: Stamp,
}

/// An exposure that has become unusual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// Which exposure.
    pub measure: DealerMeasure,
    /// Its newest sample, in its unit.
    pub value: f64,
    /// Standard deviations above the mean of its samples.
    pub z: f64,
    /// When.
    pub at: Timestamp,
}

/// The most characters the name of a sector has.
pub const SECTOR_LENGTH_MAX: usize = 24;

/// The name of a sector: what symbols are summed under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sector(String);

impl Sector {
    /// The sector written as `text`.
    ///
    /// # Errors
    /// When it is empty, longer than 24, does not begin with a letter or holds anything but `a-z`,
    /// `0-9` and `_`: it becomes part of a key.
    pub fn new(text: &str) -> Result<Self, SectorError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let begins = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if !begins || text.len() > SECTOR_LENGTH_MAX || !text.bytes().all(allowed) {
            return Err(SectorError {
                found: text.chars().take(32).collect(),
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for Sector {
    type Error = SectorError;

    fn try_from(text: String) -> Result<Self, SectorError> {
        Self::new(&text)
    }
}

impl From<Sector> for String {
    fn from(sector: Sector) -> Self {
        sector.0
    }
}

/// A text that names no sector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectorError {
    /// The text, cut to 32 characters.
    pub found: String,
}

impl fmt::Display for SectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "sector \"{}\" must be a letter and up to 23 more of a-z, 0-9, '_'",
            self.found
        )
    }
}

impl core::error::Error for SectorError {}

/// Dealer exposures of several underlyings together. The sums hold what is known, stale values too.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GroupExposure {
    /// Net gamma exposure, USD of delta per 1 % move of all of them.
    pub gex_usd_per_pct: f64,
    /// Delta of the open interest, USD.
    pub dex_usd: f64,
    /// Change of the dealers' delta in USD per +1 volatility point.
    pub vanna_usd_per_point: f64,
    /// Change of the dealers' delta in USD per calendar day.
    pub charm_usd_per_day: f64,
    /// What dealers must trade after +1 % of all of them, USD; positive is buying.
    pub rise_usd: f64,
    /// Underlyings of the group that are listed.
    pub symbols: u32,
    /// Those of them with exposures, which are summed.
    pub known: u32,
    /// Those of them whose exposures are good and hold.
    pub fresh: u32,
    /// When; until when: the earliest end of what is in the sums; `Stale` where not all of it is fresh.
    pub stamp: Stamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sector_is_a_word_that_fits_into_a_key() {
        for good in ["tech", "a", "broad_market", "us_500"] {
            assert_eq!(Sector::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "Tech", "1st", "_x", "a b", "a:b", &"x".repeat(25)] {
            let error = Sector::new(bad).unwrap_err().to_string();
            assert!(error.contains("a-z, 0-9, '_'"), "{error}");
        }
    }

    #[test]
    fn after_a_fall_dealers_trade_the_opposite() {
        let flow = DealerFlow {
            gamma_shares: -300.0,
            vanna_shares: 100.0,
            charm_shares_per_day: 7.0,
            spot_dollars: 50.0,
            ..DealerFlow::default()
        };
        assert!((flow.rise_usd() + 10_000.0).abs() < 1e-9);
        assert!((flow.fall_shares() - 200.0).abs() < 1e-12);
        assert!((flow.fall_usd() - 10_000.0).abs() < 1e-9);
        assert!((flow.charm_usd_per_day() - 350.0).abs() < 1e-9);
    }
}
