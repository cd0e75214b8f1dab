//! What is traded in an underlying's options in a session.

use crate::quality::Validity;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Unusual contracts that are shown.
pub const UNUSUAL_MAX: usize = 5;
/// The characters of an OSI symbol whose root is padded.
pub const OSI_LENGTH: usize = 21;

/// The day's flow of options: the payload of `options:{symbol}:flow`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OptionsFlow {
    /// Calls traded since the open.
    pub call_volume: u64,
    /// Puts traded since the open.
    pub put_volume: u64,
    /// Puts over calls by volume.
    pub put_call_volume: Option<f64>,
    /// Open calls.
    pub call_interest: u64,
    /// Open puts.
    pub put_interest: u64,
    /// Puts over calls by open interest.
    pub put_call_interest: Option<f64>,
    /// Share of the volume that expires today, 0 to 1.
    pub zero_day_share: Option<f64>,
    /// Premium of trades above the midpoint of the quote before.
    pub bought_usd: Option<f64>,
    /// Premium of trades below it.
    pub sold_usd: Option<f64>,
    /// The first less the second.
    pub net_premium_usd: Option<f64>,
    /// Shares that the deltas of sided trades stand for, bought less sold.
    pub delta_shares: Option<f64>,
    /// Share of the volume whose side is known, 0 to 1.
    pub sided_share: Option<f64>,
    /// Share of the sided volume that had a delta, 0 to 1.
    pub delta_covered: Option<f64>,
    /// Contracts that became unusual today.
    pub unusual_count: u32,
    /// The most unusual, best first.
    pub unusual: [Option<Unusual>; UNUSUAL_MAX],
    /// When, until when, how good premium and delta are: `no_data` where a feed tells volumes and no
    /// trades.
    pub sided: Validity,
    /// The same of volumes, open interest and what is unusual.
    #[serde(flatten)]
    pub validity: Validity,
}

/// A contract with unusual volume.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unusual {
    /// Its OSI symbol.
    pub contract: Osi,
    /// Contracts traded since the open.
    pub volume: u64,
    /// Of these, above the midpoint of the quote before.
    pub bought: u64,
    /// Of these, below it.
    pub sold: u64,
    /// Open interest.
    pub interest: u32,
    /// Volume over open interest; `null` where nothing was open.
    pub ratio: Option<f64>,
    /// Why it is here.
    pub reason: UnusualReason,
}

/// Why volume is unusual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnusualReason {
    /// A multiple of the open interest.
    OverInterest,
    /// Nothing was open the night before.
    NoInterest,
}

/// An OSI symbol, held in place.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Osi {
    bytes: [u8; OSI_LENGTH],
}

impl Osi {
    /// The symbol written as `text`.
    ///
    /// # Errors
    /// When it is empty, longer than 21 or holds anything but letters, digits and spaces.
    ///
    /// # Examples
    /// ```
    /// use wire::options_flow::Osi;
    /// let osi = Osi::new("SPY   250915C00657500").unwrap();
    /// assert_eq!(osi.as_str(), "SPY   250915C00657500");
    /// assert!(Osi::new("spy:*").is_err());
    /// ```
    pub fn new(text: &str) -> Result<Self, OsiError> {
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ';
        if text.is_empty() || text.len() > OSI_LENGTH || !text.bytes().all(allowed) {
            let found = text.chars().take(32).collect();
            return Err(OsiError { found });
        }
        let mut bytes = [0; OSI_LENGTH];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { bytes })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let length = self.bytes.iter().position(|b| *b == 0);
        let text = &self.bytes[..length.unwrap_or(OSI_LENGTH)];
        core::str::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Debug for Osi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Osi({})", self.as_str())
    }
}

impl TryFrom<String> for Osi {
    type Error = OsiError;

    fn try_from(text: String) -> Result<Self, OsiError> {
        Self::new(&text)
    }
}

impl From<Osi> for String {
    fn from(osi: Osi) -> Self {
        osi.as_str().to_owned()
    }
}

/// A text that is no OSI symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsiError {
    /// The text, cut to 32 characters.
    pub found: String,
}

impl fmt::Display for OsiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "contract \"{}\" must be 1 to {OSI_LENGTH} of A-Z, 0-9 and spaces",
            self.found.escape_debug()
        )
    }
}

impl core::error::Error for OsiError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_is_a_text_in_json_and_what_is_not_known_is_null() {
        let flow = OptionsFlow {
            unusual: [
                Some(Unusual {
                    contract: Osi::new("SPXW  230914C01200000").unwrap(),
                    volume: 900,
                    bought: 500,
                    sold: 300,
                    interest: 0,
                    ratio: None,
                    reason: UnusualReason::NoInterest,
                }),
                None,
                None,
                None,
                None,
            ],
            ..OptionsFlow::default()
        };
        let json = serde_json::to_string(&flow).unwrap();
        assert!(
            json.contains(r#""contract":"SPXW  230914C01200000""#),
            "{json}"
        );
        assert!(
            json.contains(r#""ratio":null,"reason":"no_interest""#),
            "{json}"
        );
        assert!(json.contains(r#""put_call_volume":null"#), "{json}");
        assert_eq!(serde_json::from_str::<OptionsFlow>(&json).unwrap(), flow);
        assert!(serde_json::from_str::<Osi>("\"a\"").is_err());
        assert!(Osi::new("").is_err() && Osi::new(&"A".repeat(22)).is_err());
    }
}
