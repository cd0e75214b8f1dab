//! The levels of a chain as JSON, as a table by strike, and for people.

use crate::exit::Failure;
use crate::output::{Cell, Format, Rows, counted, money, shortest};
use components::contract::Expiry;
use components::exposure::StrikeExposure;
use components::units::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// Strikes shown to people, those with the most gamma.
const STRIKES_SHOWN: usize = 15;

/// Everything that `analyze levels --json` writes; the first keys are a contract.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    pub(super) symbol: String,
    pub(super) spot: f64,
    pub(super) as_of: Option<String>,
    pub(super) contracts: usize,
    pub(super) included: usize,
    pub(super) convention: Convention,
    pub(super) call_gex_usd_per_pct: Option<f64>,
    pub(super) put_gex_usd_per_pct: Option<f64>,
    pub(super) net_gex_usd_per_pct: Option<f64>,
    pub(super) net_gex_first_expiry_usd_per_pct: Option<f64>,
    pub(super) dex_usd: Option<f64>,
    pub(super) zero_gamma: Option<f64>,
    pub(super) call_wall: Option<f64>,
    pub(super) put_wall: Option<f64>,
    pub(super) max_abs_gamma_strike: Option<f64>,
    pub(super) by_strike: Vec<AtStrike>,
    pub(super) by_expiry: Vec<AtExpiry>,
    pub(super) zero_gamma_roots: Vec<f64>,
    pub(super) profile: Vec<AtSpot>,
    /// Why a value is null, by its name.
    pub(super) reasons: BTreeMap<&'static str, String>,
}

/// What the numbers rest on.
#[derive(Debug, Default, Serialize)]
pub(super) struct Convention {
    pub(super) dealer_sign: &'static str,
    pub(super) gex_unit: &'static str,
    pub(super) greeks: &'static str,
    pub(super) min_oi: u32,
    pub(super) rate: f64,
}

impl Convention {
    pub(super) fn new(greeks: &'static str, min_oi: u32, rate: f64) -> Self {
        Self {
            dealer_sign: "call +, put -",
            gex_unit: "USD per 1% move",
            greeks,
            min_oi,
            rate,
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct AtStrike {
    pub(super) strike: f64,
    pub(super) call: f64,
    pub(super) put: f64,
    pub(super) net: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct AtExpiry {
    pub(super) expiry: String,
    pub(super) net: f64,
}

/// Net gamma exposure if spot were elsewhere.
#[derive(Debug, Serialize)]
pub(super) struct AtSpot {
    pub(super) spot: f64,
    pub(super) net: f64,
}

/// The sums of a chain in USD; gamma exposure per 1 % move.
#[derive(Debug)]
pub(super) struct Sums {
    pub(super) call_gex: f64,
    pub(super) put_gex: f64,
    pub(super) first_expiry_gex: f64,
    pub(super) dex: f64,
    pub(super) by_strike: Vec<StrikeExposure>,
    /// `yyyymmdd` and net gamma exposure.
    pub(super) by_expiry: Vec<(u32, f64)>,
}

impl Report {
    pub(super) fn set_sums(&mut self, sums: Sums) {
        self.call_gex_usd_per_pct = Some(sums.call_gex);
        self.put_gex_usd_per_pct = Some(sums.put_gex);
        self.net_gex_usd_per_pct = Some(sums.call_gex + sums.put_gex);
        self.net_gex_first_expiry_usd_per_pct = Some(sums.first_expiry_gex);
        self.dex_usd = Some(sums.dex);
        let at_strike = |strike: StrikeExposure| AtStrike {
            strike: strike.strike.dollars(),
            call: strike.call_usd_per_pct,
            put: strike.put_usd_per_pct,
            net: strike.net_usd_per_pct(),
        };
        self.by_strike = sums.by_strike.into_iter().map(at_strike).collect();
        let at_expiry = |(expiry, net): (u32, f64)| AtExpiry {
            expiry: Expiry::try_from(expiry).map_or_else(|_| String::new(), |e| e.to_string()),
            net,
        };
        self.by_expiry = sums.by_expiry.into_iter().map(at_expiry).collect();
    }

    /// Says why a value is null.
    pub(super) fn miss(&mut self, name: &'static str, reason: String) {
        self.reasons.insert(name, reason);
    }

    /// Says why every value is null.
    pub(super) fn miss_all(&mut self, reason: &str) {
        for name in [
            "call_gex_usd_per_pct",
            "put_gex_usd_per_pct",
            "net_gex_usd_per_pct",
            "net_gex_first_expiry_usd_per_pct",
            "dex_usd",
            "zero_gamma",
            "call_wall",
            "put_wall",
            "max_abs_gamma_strike",
        ] {
            self.miss(name, reason.to_owned());
        }
    }

    /// Writes gamma exposure by strike.
    pub(super) fn strikes(&self, out: impl Write, format: Format) -> Result<(), Failure> {
        let mut rows = Rows::begin(out, format, &["strike", "call", "put", "net"])?;
        for at in &self.by_strike {
            rows.row(&[at.strike, at.call, at.put, at.net].map(Cell::Number))?;
        }
        rows.finish()
    }

    /// Writes the key figures, and the strikes with the most gamma.
    pub(super) fn for_people(&self, out: &mut impl Write) -> Result<(), Failure> {
        let as_of = self.as_of.as_deref().unwrap_or("unknown time");
        writeln!(out, "{} at {} on {as_of}", self.symbol, shortest(self.spot))?;
        writeln!(
            out,
            "{} of {}, {} Greeks, open interest from {}, dealers {}",
            self.included,
            counted(self.contracts as u64, "contract"),
            self.convention.greeks,
            self.convention.min_oi,
            self.convention.dealer_sign
        )?;
        writeln!(out)?;
        let money = |value: Option<f64>| value.map(money);
        let price = |value: Option<f64>| value.map(|value| format!("{value:.2}"));
        for (label, name, value) in [
            (
                "call GEX per 1 %",
                "call_gex_usd_per_pct",
                money(self.call_gex_usd_per_pct),
            ),
            (
                "put GEX per 1 %",
                "put_gex_usd_per_pct",
                money(self.put_gex_usd_per_pct),
            ),
            (
                "net GEX per 1 %",
                "net_gex_usd_per_pct",
                money(self.net_gex_usd_per_pct),
            ),
            (
                "  of the first expiry",
                "net_gex_first_expiry_usd_per_pct",
                money(self.net_gex_first_expiry_usd_per_pct),
            ),
            ("delta exposure", "dex_usd", money(self.dex_usd)),
            ("zero gamma", "zero_gamma", price(self.zero_gamma)),
            ("call wall", "call_wall", price(self.call_wall)),
            ("put wall", "put_wall", price(self.put_wall)),
            (
                "largest gamma strike",
                "max_abs_gamma_strike",
                price(self.max_abs_gamma_strike),
            ),
        ] {
            let reason = || self.reasons.get(name).map_or("", String::as_str);
            let value = value.unwrap_or_else(|| format!("none: {}", reason()));
            writeln!(out, "{label:<22} {value:>12}")?;
        }
        writeln!(out)?;
        self.largest_strikes(out)
    }

    fn largest_strikes(&self, out: &mut impl Write) -> Result<(), Failure> {
        let mut shown: Vec<&AtStrike> = self.by_strike.iter().collect();
        shown.sort_by(|a, b| b.net.abs().total_cmp(&a.net.abs()));
        shown.truncate(STRIKES_SHOWN);
        shown.sort_by(|a, b| a.strike.total_cmp(&b.strike));
        let columns = ["strike", "call", "put", "net"];
        let mut rows = Rows::begin(out, Format::Table, &columns)?;
        for at in shown {
            let texts = [
                shortest(at.strike),
                money(at.call),
                money(at.put),
                money(at.net),
            ];
            let [strike, call, put, net] = &texts;
            rows.row(&[strike, call, put, net].map(|text| Cell::Right(text)))?;
        }
        rows.finish()
    }
}

/// An instant in New York with its offset.
pub(super) fn local(instant: Timestamp) -> String {
    let utc = jiff::Timestamp::from(instant);
    match utc.in_tz("America/New_York") {
        Ok(zoned) => zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        Err(_) => utc.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_in_new_york() {
        let instant: Timestamp = "2022-03-23T13:56:00Z"
            .parse::<jiff::Timestamp>()
            .unwrap()
            .into();
        assert_eq!(local(instant), "2022-03-23T09:56:00-04:00");
    }
}
