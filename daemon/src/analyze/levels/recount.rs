//! The levels of a chain a second time, the plain way: row by row over the text of the file, sums
//! in the file's order, a scan and halving for the roots.
//!
//! It shares no kernel with the engine and none of its readers, so that a mistake in either shows as
//! a difference. What both take is the calendar, and the time of the quotes. Definitions: the
//! formulas page, sections 0 to 3 and 6.

/// The chain as text.
mod text;
/// Time, yield and volatility, contract by contract.
mod valued;

use components::units::Timestamp;
use engine::calendar::Calendar;
use std::collections::BTreeMap;
pub(super) use text::Trouble;
use text::{Leg, Text};
use valued::{Contract, Model};

/// What is summed and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// When the quotes were taken.
    pub(super) now: Option<Timestamp>,
    /// The rate.
    pub(super) rate: f64,
    /// Open interest below which a contract is left out.
    pub(super) min_oi: u64,
    /// Whether own Greeks are summed and not those of the file.
    pub(super) is_model: bool,
}

/// Levels need this many contracts.
const CONTRACTS_MIN: usize = 4;
/// Steps from the lowest to the highest spot that is tried.
const STEPS: u32 = 80;

/// Calls and puts at a strike in USD of delta per 1 % move.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Both {
    pub(super) call: f64,
    pub(super) put: f64,
}

impl Both {
    pub(super) fn net(self) -> f64 {
        self.call + self.put
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Recount {
    pub(super) spot: f64,
    pub(super) contracts: usize,
    pub(super) included: usize,
    pub(super) sums: Both,
    pub(super) dex: f64,
    /// The sum of |delta exposure|, what a difference of `dex` is held against.
    pub(super) gross_dex: f64,
    pub(super) first_expiry: f64,
    /// By strike in ten-thousandths of a dollar.
    pub(super) by_strike: BTreeMap<i64, Both>,
    /// By expiry as `yyyymmdd`.
    pub(super) by_expiry: BTreeMap<u32, Both>,
    /// The strikes of the largest call, put and net exposure.
    pub(super) call_wall: Option<i64>,
    pub(super) put_wall: Option<i64>,
    pub(super) max_abs_gamma_strike: Option<i64>,
    pub(super) roots: Vec<f64>,
    pub(super) zero_gamma: Option<f64>,
}

/// Counts the chain in `bytes` again.
pub(super) fn recount(
    bytes: &[u8],
    calendar: &Calendar,
    terms: &Terms,
) -> Result<Recount, Trouble> {
    let text = Text::read(bytes)?;
    let model = Model::of(&text, calendar, terms);
    let contracts = if terms.is_model {
        model.own_contracts(&text, terms)
    } else {
        model.vendor_contracts(&text, terms)
    };
    let mut found = Recount {
        spot: text.spot,
        contracts: text.legs.len(),
        included: contracts.len(),
        ..Recount::default()
    };
    if terms.is_model && terms.now.is_none() {
        return Ok(found);
    }
    for contract in &contracts {
        found.add(contract, text.spot);
    }
    let first = model.first_expiry(&text, terms);
    let of_first = first.and_then(|first| found.by_expiry.get(&first));
    found.first_expiry = of_first.map_or(0.0, |both| both.net());
    if contracts.len() >= CONTRACTS_MIN {
        found.call_wall = found.largest(|both| both.call);
        found.put_wall = found.largest(|both| -both.put);
        found.max_abs_gamma_strike = found.largest(|both| both.net().abs());
    }
    if terms.now.is_some() {
        found.roots = roots(text.spot, terms.rate, &contracts);
        for &root in &found.roots {
            let away = |root: f64| (root - text.spot).abs();
            if found.zero_gamma.is_none_or(|best| away(root) < away(best)) {
                found.zero_gamma = Some(root);
            }
        }
    }
    Ok(found)
}

impl Recount {
    fn add(&mut self, contract: &Contract, spot: f64) {
        let Leg {
            strike,
            expiry,
            is_call,
            ..
        } = contract.leg;
        let gex = contract.sign() * contract.shares() * contract.gamma * spot * spot * 0.01;
        let dex = contract.delta * contract.shares() * spot;
        let at_strike = self.by_strike.entry(strike).or_default();
        let at_expiry = self.by_expiry.entry(expiry).or_default();
        for both in [&mut self.sums, at_strike, at_expiry] {
            if is_call {
                both.call += gex;
            } else {
                both.put += gex;
            }
        }
        self.dex += dex;
        self.gross_dex += dex.abs();
    }

    /// The strike where `size` is largest and above 0; of equals the one nearest to the spot, then
    /// the lower.
    fn largest(&self, size: impl Fn(Both) -> f64) -> Option<i64> {
        let mut best: Option<(f64, f64, i64)> = None;
        for (&strike, &both) in &self.by_strike {
            let (found, away) = (size(both), (strike as f64 / 1e4 - self.spot).abs());
            let is_better = best.is_none_or(|(size, distance, _)| {
                found > size || (found.to_bits() == size.to_bits() && away < distance)
            });
            if found > 0.0 && is_better {
                best = Some((found, away, strike));
            }
        }
        best.map(|(_, _, strike)| strike)
    }
}

/// Dealer gamma exposure if spot were `spot`, in USD of delta per 1 % move.
fn exposure_at(spot: f64, rate: f64, contracts: &[Contract]) -> f64 {
    let mut total = 0.0;
    for contract in contracts {
        let Some(years) = contract.years.filter(|years| *years > 0.0) else {
            continue;
        };
        let deviation = contract.volatility * years.sqrt();
        // Too small, or not a number.
        if deviation.is_nan() || deviation < 1e-9 {
            continue;
        }
        let strike = contract.leg.strike as f64 / 1e4;
        let carried = (rate - contract.dividend_yield) * years;
        let d1 = (libm::log(spot / strike) + carried) / deviation + 0.5 * deviation;
        let density = libm::exp(-0.5 * d1 * d1) / (2.0 * core::f64::consts::PI).sqrt();
        let gamma = libm::exp(-contract.dividend_yield * years) * density / (spot * deviation);
        total += contract.sign() * contract.shares() * gamma * spot * spot * 0.01;
    }
    total
}

/// Every spot within 10 %, else within 20 %, at which the exposure changes sign.
fn roots(spot: f64, rate: f64, contracts: &[Contract]) -> Vec<f64> {
    for half in [0.10, 0.20] {
        let mut found = Vec::new();
        let mut last: Option<(f64, f64)> = None;
        for step in 0..=STEPS {
            let share = f64::from(step) / f64::from(STEPS);
            let at = spot * (1.0 - half + 2.0 * half * share);
            let exposure = exposure_at(at, rate, contracts);
            if exposure == 0.0 {
                continue;
            }
            if let Some((before, was)) = last
                && (was < 0.0) != (exposure < 0.0)
            {
                found.push(halved(before, at, was < 0.0, |spot| {
                    exposure_at(spot, rate, contracts)
                }));
            }
            last = Some((at, exposure));
        }
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// Halves `low` to `high` until nothing is left between them.
fn halved(
    mut low: f64,
    mut high: f64,
    is_negative_below: bool,
    exposure: impl Fn(f64) -> f64,
) -> f64 {
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if (exposure(middle) < 0.0) == is_negative_below {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}
