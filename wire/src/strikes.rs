//! Gamma exposure strike by strike.

use crate::analytics::SignModel;
use crate::quality::Validity;
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Dealer gamma exposure of every strike and expiry: the payload of `options:{symbol}:gex_by_strike`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GexByStrike {
    /// A map from the strike in dollars (`"657.5"`), in ascending order.
    pub by_strike: Strikes,
    /// A map from the expiry (`"20260302"`), nearest first: net, in dollars of delta per 1 % move.
    pub by_expiry: Expiries,
    /// Whose side the dealers are assumed to be on.
    pub sign_model: SignModel,
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

/// The gamma exposure at a strike, in dollars of delta per 1 % move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StrikeGex {
    /// Calls, positive.
    pub call_usd_per_pct: f64,
    /// Puts, negative.
    pub put_usd_per_pct: f64,
    /// Both.
    pub net_usd_per_pct: f64,
}

/// Strikes in dollars with their exposures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strikes(pub Vec<(f64, StrikeGex)>);

/// Expiries as `yyyymmdd` with their net exposures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expiries(pub Vec<(u32, f64)>);

impl Serialize for Strikes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (strike, gex) in &self.0 {
            map.serialize_entry(&strike.to_string(), gex)?;
        }
        map.end()
    }
}

impl Serialize for Expiries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (expiry, gex) in &self.0 {
            map.serialize_entry(&expiry.to_string(), gex)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Strikes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_map(Pairs("strikes", core::marker::PhantomData))
            .map(Self)
    }
}

impl<'de> Deserialize<'de> for Expiries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_map(Pairs("expiries", core::marker::PhantomData))
            .map(Self)
    }
}

/// Reads a map whose keys are numbers written as text.
struct Pairs<K, V>(&'static str, core::marker::PhantomData<(K, V)>);

impl<'de, K, V> Visitor<'de> for Pairs<K, V>
where
    K: core::str::FromStr,
    V: Deserialize<'de>,
{
    type Value = Vec<(K, V)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a map of {}", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, V>()? {
            let number = key.parse().map_err(|_| {
                A::Error::custom(format_args!(
                    "key {key:?} is no number, must be one of {}",
                    self.0
                ))
            })?;
            pairs.push((number, value));
        }
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes_and_expiries_are_maps_and_come_back_in_order() {
        let gex = |call, put| StrikeGex {
            call_usd_per_pct: call,
            put_usd_per_pct: put,
            net_usd_per_pct: call + put,
        };
        let shown = GexByStrike {
            by_strike: Strikes(vec![(95.0, gex(1.0, -3.0)), (657.5, gex(2.0, 0.0))]),
            by_expiry: Expiries(vec![(20_260_302, -2.0), (20_260_306, 2.0)]),
            ..GexByStrike::default()
        };
        let json = serde_json::to_string(&shown).unwrap();
        assert!(
            json.starts_with(r#"{"by_strike":{"95":{"call_usd_per_pct":1.0,"#),
            "{json}"
        );
        assert!(json.contains(r#""657.5":{"#), "{json}");
        assert!(json.contains(r#""by_expiry":{"20260302":-2.0,"#), "{json}");
        assert_eq!(serde_json::from_str::<GexByStrike>(&json).unwrap(), shown);
        let wrong = json.replace("657.5", "much");
        let words = serde_json::from_str::<GexByStrike>(&wrong).unwrap_err();
        assert!(words.to_string().contains("\"much\""), "{words}");
    }
}
