//! What a scenario expects of its run: counts that are exact or lie in a range.

use garde::Validate;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// A count that is expected: a number, or `{ min: …, max: … }` with one or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The least count that is allowed.
    pub min: u64,
    /// The largest count that is allowed.
    pub max: u64,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (min, max) if min == max => write!(f, "{min}"),
            (min, u64::MAX) => write!(f, "at least {min}"),
            (0, max) => write!(f, "at most {max}"),
            (min, max) => write!(f, "{min} to {max}"),
        }
    }
}

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExpectedVisitor)
    }
}

struct ExpectedVisitor;

impl<'de> Visitor<'de> for ExpectedVisitor {
    type Value = Expected;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count, or { min: count, max: count }")
    }

    fn visit_u64<E: de::Error>(self, count: u64) -> Result<Expected, E> {
        Ok(Expected {
            min: count,
            max: count,
        })
    }

    fn visit_i64<E: de::Error>(self, count: i64) -> Result<Expected, E> {
        let count = u64::try_from(count)
            .map_err(|_| E::invalid_value(de::Unexpected::Signed(count), &self))?;
        self.visit_u64(count)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Expected, A::Error> {
        const KEYS: &[&str] = &["min", "max"];
        let (mut min, mut max) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "min" => min = Some(map.next_value()?),
                "max" => max = Some(map.next_value()?),
                other => return Err(de::Error::unknown_field(other, KEYS)),
            }
        }
        match (min.unwrap_or(0), max.unwrap_or(u64::MAX)) {
            _ if min.is_none() && max.is_none() => Err(de::Error::missing_field("min")),
            (min, max) if min > max => Err(de::Error::custom(format_args!(
                "`min` was {min}, must be at most `max`, which is {max}"
            ))),
            (min, max) => Ok(Expected { min, max }),
        }
    }
}

/// Declares [`Expect`] and [`Observed`] together: a name, and what it counts.
macro_rules! counts {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// What is expected of a run; what is not named is not looked at.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Validate)]
        #[serde(deny_unknown_fields, default)]
        pub struct Expect {
            $($(#[doc = $doc])+ #[garde(skip)] pub $name: Option<Expected>,)+
        }

        /// What a run counted.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Observed {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Expect {
            /// A sentence for everything that came out otherwise.
            #[must_use]
            pub fn unmet(&self, observed: &Observed) -> Vec<String> {
                let all = [$((stringify!($name), self.$name, observed.$name),)+];
                all.into_iter().filter_map(|(name, expected, found)| {
                    let expected = expected?;
                    (!(expected.min..=expected.max).contains(&found))
                        .then(|| format!("`{name}` was {found}, expected {expected}"))
                }).collect()
            }
        }
    };
}

counts! {
    /// Ticks that ran.
    ticks,
    /// Signals that left Dedupe.
    signals,
    /// Signals and orders that were blocked, for any reason.
    blocked,
    /// Orders that were sent.
    orders,
    /// Orders that were filled in part or whole.
    fills,
    /// Orders that were cancelled.
    cancelled,
    /// Orders that the broker refused.
    rejected,
    /// Trading halts that began.
    halts,
    /// Events that were refused at the door, for any reason.
    refused,
    /// Ticks that overran.
    overruns,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(text: &str) -> Result<Expected, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_count_is_exact_or_a_range() {
        let range = |min, max| Ok(Expected { min, max });
        assert_eq!(expected("3"), range(3, 3));
        assert_eq!(expected("{\"min\": 3}"), range(3, u64::MAX));
        assert_eq!(expected("{\"max\": 3}"), range(0, 3));
        assert!(expected("{}").is_err());
        assert!(expected("-1").is_err());
        assert!(
            expected("{\"min\": 3, \"max\": 2}")
                .unwrap_err()
                .contains("`min` was 3")
        );
        assert!(expected("{\"most\": 3}").unwrap_err().contains("most"));
    }

    #[test]
    fn what_came_out_otherwise_is_told() {
        let expect = Expect {
            orders: expected("2").ok(),
            halts: expected("{\"min\": 1}").ok(),
            refused: expected("0").ok(),
            ..Expect::default()
        };
        let observed = Observed {
            orders: 3,
            ..Observed::default()
        };
        assert_eq!(
            expect.unmet(&observed),
            [
                "`orders` was 3, expected 2",
                "`halts` was 0, expected at least 1"
            ]
        );
    }
}
