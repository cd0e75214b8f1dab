//! What dealers must trade, how unusual their exposures are, and what those are together.

use crate::analytics::{SignModel, Source};
use crate::quality::{Quality, Validity};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// What the dealers of an underlying must trade to stay hedged, from contracts that expire within the
/// horizon: the payload of `analytics:{symbol}:dealer_flow`. Positive is buying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DealerFlow {
    /// Shares after +1 % of spot: gamma and vanna together.
    pub rise_shares: Option<f64>,
    /// The same in dollars.
    pub rise_usd: Option<f64>,
    /// Shares after -1 % of spot.
    pub fall_shares: Option<f64>,
    /// The same in dollars.
    pub fall_usd: Option<f64>,
    /// The part of `rise_shares` from gamma.
    pub gamma_shares: Option<f64>,
    /// The part of `rise_shares` from the move of volatility that comes with the spot's.
    pub vanna_shares: Option<f64>,
    /// Shares per calendar day because time passes.
    pub charm_shares_per_day: Option<f64>,
    /// The same in dollars.
    pub charm_usd_per_day: Option<f64>,
    /// Volatility points that come with +1 % of spot.
    pub volatility_beta: f64,
    /// Contracts in the sums.
    pub included: u32,
    /// `rise_usd` over the dollar volume of a day.
    pub elasticity: Option<f64>,
    /// Why there is an elasticity, or none.
    pub elasticity_quality: Quality,
    /// The dollar volume that the elasticity stands on.
    pub day_volume_usd: Option<f64>,
    /// Where that is from.
    pub day_volume_basis: Option<VolumeBasis>,
    /// The nearest expiry that has wings, `yyyymmdd`.
    pub wings_expiry: Option<u32>,
    /// Its volatility at the call of 25 delta less that at the put.
    pub risk_reversal_25d: Option<f64>,
    /// The mean of the two less the volatility at the forward.
    pub butterfly_25d: Option<f64>,
    /// When its surface was measured.
    pub wings_at_ms: Option<i64>,
    /// Where net gamma exposure stands among the samples of the session.
    pub gex: Standing,
    /// The same of the delta of the open interest.
    pub dex: Standing,
    /// The same of the dealers' vanna; `drifts` may be told of it.
    pub vanna: Standing,
    /// The same of the dealers' charm; `drifts` may be told of it.
    pub charm: Standing,
    /// Samples that the standings rest on.
    pub samples: u32,
    /// When the newest samples were taken.
    pub sampled_at_ms: Option<i64>,
    /// Whose side the dealers are assumed to be on.
    pub sign_model: SignModel,
    /// What it was computed from.
    pub source: Source,
    /// When, until when, how good: of the flow.
    #[serde(flatten)]
    pub validity: Validity,
}

/// Where the newest sample of an exposure stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The newest sample, in the unit of the exposure.
    pub value: Option<f64>,
    /// Standard deviations above the mean of the samples.
    pub z: Option<f64>,
    /// Why there is a score, or none: `warmup` with too few samples, `ill_conditioned` where all are
    /// the same.
    pub quality: Quality,
    /// Whether it was told to be unusual and has not come back.
    pub drifts: bool,
}

/// What a day's volume was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolumeBasis {
    /// The mean of the run's earlier sessions.
    EarlierSessions,
    /// What this session has traded so far.
    SessionSoFar,
}

/// Dealer exposures of several underlyings together: the payload of `analytics:portfolio` and
/// `analytics:sector:{sector}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Net gamma exposure in dollars of delta per 1 % move of all of them.
    pub gex_usd_per_pct: Option<f64>,
    /// Delta of the open interest in dollars.
    pub dex_usd: Option<f64>,
    /// Change of the dealers' delta in dollars per +1 volatility point.
    pub vanna_usd_per_point: Option<f64>,
    /// Change of the dealers' delta in dollars per calendar day.
    pub charm_usd_per_day: Option<f64>,
    /// What dealers must trade after +1 % of all of them, in dollars; positive is buying.
    pub rise_usd: Option<f64>,
    /// Underlyings of the group that are listed.
    pub symbols: u32,
    /// Those of them with exposures, which are summed.
    pub known: u32,
    /// Those of them whose exposures are good and hold.
    pub fresh: u32,
    /// Whose side the dealers are assumed to be on.
    pub sign_model: SignModel,
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// A sector and its exposures.
#[derive(Clone, Debug, PartialEq)]
pub struct SectorGroup {
    /// The name of the sector, a part of its key.
    pub sector: String,
    /// Its exposures.
    pub group: Group,
}

/// Spots at which a profile holds the dealers' gamma, at most.
pub const PROFILE_SPOTS: usize = 81;

/// The dealers' gamma over a range of spots: the payload of `options:{symbol}:gamma_profile`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GammaProfile {
    /// The lowest spot; the last is at `from_usd + step_usd * (number of values - 1)`.
    pub from_usd: Option<f64>,
    /// From one spot to the next.
    pub step_usd: Option<f64>,
    /// Gamma exposure at each spot in dollars of delta per 1 % move.
    pub gex_usd_per_pct: Profile,
    /// Whose side the dealers are assumed to be on.
    pub sign_model: SignModel,
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// Up to [`PROFILE_SPOTS`] values in place.
#[derive(Clone, Copy)]
pub struct Profile {
    values: [f64; PROFILE_SPOTS],
    length: usize,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            values: [0.0; PROFILE_SPOTS],
            length: 0,
        }
    }
}

impl Profile {
    /// Adds a value; beyond the last place it is left out.
    #[inline]
    pub fn push(&mut self, value: f64) {
        if let Some(place) = self.values.get_mut(self.length) {
            *place = value;
            self.length += 1;
        }
    }

    /// The values, that of the lowest spot first.
    #[must_use]
    pub fn as_slice(&self) -> &[f64] {
        &self.values[..self.length]
    }
}

impl PartialEq for Profile {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_slice().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Profile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ProfileVisitor)
    }
}

struct ProfileVisitor;

impl<'de> Visitor<'de> for ProfileVisitor {
    type Value = Profile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "up to {PROFILE_SPOTS} numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Profile, A::Error> {
        let mut profile = Profile::default();
        while let Some(value) = values.next_element()? {
            if profile.length == PROFILE_SPOTS {
                return Err(serde::de::Error::invalid_length(PROFILE_SPOTS + 1, &self));
            }
            profile.push(value);
        }
        Ok(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_says_its_sign_model_and_why_there_is_no_score() {
        let flow = DealerFlow {
            rise_usd: Some(-2e8),
            vanna: Standing {
                value: Some(5.0),
                quality: Quality::Warmup,
                ..Standing::default()
            },
            ..DealerFlow::default()
        };
        let json = serde_json::to_value(flow).unwrap();
        assert_eq!(json["sign_model"], "call +, put -");
        assert_eq!(json["vanna"]["quality"], "warmup");
        assert!(json["vanna"]["z"].is_null() && json["elasticity"].is_null());
        assert_eq!(json["elasticity_quality"], "no_data");
        assert_eq!(serde_json::from_value::<DealerFlow>(json).unwrap(), flow);
    }

    #[test]
    fn a_profile_is_bounded_and_comes_back_as_it_was() {
        let mut shown = GammaProfile {
            from_usd: Some(90.0),
            step_usd: Some(0.25),
            ..GammaProfile::default()
        };
        for spot in 0..90_i32 {
            shown.gex_usd_per_pct.push(f64::from(spot));
        }
        assert_eq!(shown.gex_usd_per_pct.as_slice().len(), PROFILE_SPOTS);
        let json = serde_json::to_string(&shown).unwrap();
        assert_eq!(serde_json::from_str::<GammaProfile>(&json).unwrap(), shown);
        let long = serde_json::to_string(&vec![1.0; PROFILE_SPOTS + 1]).unwrap();
        assert!(serde_json::from_str::<Profile>(&long).is_err());
        assert_eq!(serde_json::to_string(&Profile::default()).unwrap(), "[]");
    }
}
