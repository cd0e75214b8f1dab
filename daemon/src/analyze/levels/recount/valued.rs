//! Time, yield and volatility, contract by contract, by the definitions as they are written.

use super::Terms;
use super::text::{Leg, Text};
use components::units::Timestamp;
use engine::calendar::Calendar;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

const SHARES_PER_CONTRACT: f64 = 100.0;
const NANOS_PER_YEAR: f64 = 365.0 * 86_400.0 * 1e9;
const MINUTE_YEARS: f64 = 60.0 / (365.0 * 86_400.0);
/// Roots that settle on the opening prices.
const OPENING_ROOTS: [&str; 3] = ["SPX", "NDX", "RUT"];

/// A contract in the sums.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contract {
    pub(super) leg: Leg,
    pub(super) delta: f64,
    pub(super) gamma: f64,
    pub(super) years: Option<f64>,
    pub(super) dividend_yield: f64,
    pub(super) volatility: f64,
}

impl Contract {
    /// Dealers are long the calls and short the puts.
    pub(super) fn sign(&self) -> f64 {
        if self.leg.is_call { 1.0 } else { -1.0 }
    }

    pub(super) fn shares(&self) -> f64 {
        self.leg.open_interest as f64 * SHARES_PER_CONTRACT
    }
}

/// A root and an expiry: what its contracts are priced with.
#[derive(Clone, Copy, Debug)]
struct Priced {
    years: Option<f64>,
    dividend_yield: f64,
    spot: f64,
}

/// All roots and expiries of a chain.
#[derive(Debug)]
pub(super) struct Model(BTreeMap<(usize, u32), Priced>);

impl Model {
    pub(super) fn of(text: &Text, calendar: &Calendar, terms: &Terms) -> Self {
        let mut all = BTreeMap::new();
        for (root, name) in text.roots.iter().enumerate() {
            let of_root = text.legs.iter().filter(|leg| leg.root == root);
            let expiries: BTreeSet<u32> = of_root.map(|leg| leg.expiry).collect();
            // From the longest down: a short one takes the yield of the next longer.
            let mut longer = None;
            for &expiry in expiries.iter().rev() {
                let years = terms.now.and_then(|now| {
                    Some(nanos_until(now, settled(calendar, name, expiry)?) / NANOS_PER_YEAR)
                });
                let mut priced = Priced {
                    years,
                    dividend_yield: 0.0,
                    spot: text.spot,
                };
                if let Some(years) = years.filter(|years| *years > 0.0) {
                    let pairs = pairs(text, root, expiry);
                    let forward = forward(pairs, text.spot, terms.rate, years);
                    if years >= 5.0 / 365.0 {
                        let shown =
                            |forward: f64| terms.rate - libm::log(forward / text.spot) / years;
                        let found = forward.map(shown).or(longer).unwrap_or(0.0);
                        priced.dividend_yield = found.clamp(-0.25, 0.25);
                        longer = Some(priced.dividend_yield);
                    } else {
                        priced.dividend_yield = longer.unwrap_or(0.0);
                        if let Some(forward) = forward {
                            let carry = (terms.rate - priced.dividend_yield) * years;
                            priced.spot = forward / libm::exp(carry);
                        }
                    }
                }
                all.insert((root, expiry), priced);
            }
        }
        Self(all)
    }

    /// The nearest expiry that could count.
    pub(super) fn first_expiry(&self, text: &Text, terms: &Terms) -> Option<u32> {
        let is_live = |leg: &&Leg| !terms.is_model || self.live(leg).is_some();
        let live = text.legs.iter().filter(is_live);
        live.map(|leg| leg.expiry).min()
    }

    /// What a contract that has not expired is priced with, and its years.
    fn live(&self, leg: &Leg) -> Option<(Priced, f64)> {
        let priced = *self.0.get(&(leg.root, leg.expiry))?;
        let years = priced.years.filter(|years| *years > 0.0)?;
        Some((priced, years))
    }

    /// Every contract with enough open interest, with the numbers in the file.
    pub(super) fn vendor_contracts(&self, text: &Text, terms: &Terms) -> Vec<Contract> {
        let counted = |leg: &&Leg| leg.open_interest >= terms.min_oi;
        let contract = |leg: &Leg| {
            let priced = self.0.get(&(leg.root, leg.expiry));
            Contract {
                leg: *leg,
                delta: leg.delta,
                gamma: leg.gamma,
                years: priced.and_then(|priced| priced.years),
                dividend_yield: priced.map_or(0.0, |priced| priced.dividend_yield),
                volatility: leg.volatility,
            }
        };
        text.legs.iter().filter(counted).map(contract).collect()
    }

    /// Every contract that is eligible, at the volatility of its strike's out-of-the-money side.
    pub(super) fn own_contracts(&self, text: &Text, terms: &Terms) -> Vec<Contract> {
        let mut seen = BTreeSet::new();
        let mut contracts = Vec::new();
        for pair in text.legs.chunks_exact(2) {
            let Some((priced, years)) = self.live(&pair[0]) else {
                continue;
            };
            if !seen.insert((pair[0].root, pair[0].expiry, pair[0].strike)) {
                continue;
            }
            let at = Valuation {
                spot: priced.spot,
                strike: pair[0].strike as f64 / 1e4,
                years,
                rate: terms.rate,
                dividend_yield: priced.dividend_yield,
            };
            let outside = &pair[usize::from(at.strike < at.forward())];
            let Some(volatility) =
                price(outside).and_then(|price| at.implied(outside.is_call, price))
            else {
                continue;
            };
            for leg in pair {
                if leg.open_interest < terms.min_oi || price(leg).is_none() {
                    continue;
                }
                let at = Valuation {
                    years: years.max(MINUTE_YEARS),
                    ..at
                };
                contracts.push(Contract {
                    leg: *leg,
                    delta: at.delta(leg.is_call, volatility),
                    gamma: at.gamma(volatility),
                    years: Some(years),
                    dividend_yield: priced.dividend_yield,
                    volatility,
                });
            }
        }
        contracts
    }
}

/// When a contract settles: the open or the close of its last day, or of the session before.
fn settled(calendar: &Calendar, root: &str, expiry: u32) -> Option<jiff::Timestamp> {
    let part = |divisor: u32, modulus: u32| i8::try_from(expiry / divisor % modulus).ok();
    let year = i16::try_from(expiry / 10_000).ok()?;
    let mut date = Date::new(year, part(100, 100)?, part(1, 100)?).ok()?;
    let session = loop {
        match calendar.session(date) {
            Some(session) => break session,
            None => date = date.yesterday().ok().filter(|date| date.year() > 2009)?,
        }
    };
    let (hour, minute) = match (OPENING_ROOTS.contains(&root), session.early_close) {
        (true, _) => (9, 30),
        (false, true) => (13, 0),
        (false, false) => (16, 0),
    };
    let zoned = date.at(hour, minute, 0, 0).in_tz("America/New_York").ok()?;
    Some(zoned.timestamp())
}

fn nanos_until(now: Timestamp, then: jiff::Timestamp) -> f64 {
    (then.as_nanosecond() - i128::from(now.0)) as f64
}

/// Strike, and call minus put, of every row whose two quotes have two sides.
fn pairs(text: &Text, root: usize, expiry: u32) -> Vec<(f64, f64)> {
    let is_two_sided = |leg: &Leg| leg.bid > 0.0 && leg.ask > leg.bid;
    let middle = |leg: &Leg| (leg.bid + leg.ask) / 2.0;
    let rows = text.legs.chunks_exact(2);
    rows.filter(|pair| pair[0].root == root && pair[0].expiry == expiry)
        .filter(|pair| pair.iter().all(is_two_sided))
        .map(|pair| {
            (
                pair[0].strike as f64 / 1e4,
                middle(&pair[0]) - middle(&pair[1]),
            )
        })
        .collect()
}

/// The median of what the three strikes nearest the money say.
fn forward(mut pairs: Vec<(f64, f64)>, spot: f64, rate: f64, years: f64) -> Option<f64> {
    pairs.sort_by(|a, b| {
        let away = |pair: &(f64, f64)| (pair.0 - spot).abs();
        away(a).total_cmp(&away(b)).then(a.0.total_cmp(&b.0))
    });
    pairs.truncate(3);
    let grown = |pair: &(f64, f64)| pair.0 + libm::exp(rate * years) * pair.1;
    let mut forwards: Vec<f64> = pairs.iter().map(grown).collect();
    forwards.sort_by(f64::total_cmp);
    let forward = match forwards.as_slice() {
        [] => return None,
        [a, b] => (a + b) / 2.0,
        more => more[more.len() / 2],
    };
    let is_plausible = forward > 0.0 && libm::log(forward / spot).abs() <= 0.03 + 0.25 * years;
    is_plausible.then_some(forward)
}

/// What a quote says the contract is worth: nothing if it is crossed or has no sides.
fn price(leg: &Leg) -> Option<f64> {
    if leg.bid <= 0.0 && leg.ask > 0.0 && leg.ask <= 0.10 {
        return Some(leg.ask / 2.0);
    }
    (leg.bid > 0.0 && leg.ask >= leg.bid).then(|| (leg.bid + leg.ask) / 2.0)
}

/// Black-Scholes-Merton at a strike.
#[derive(Clone, Copy, Debug)]
struct Valuation {
    spot: f64,
    strike: f64,
    years: f64,
    rate: f64,
    dividend_yield: f64,
}

impl Valuation {
    fn forward(&self) -> f64 {
        self.spot * libm::exp((self.rate - self.dividend_yield) * self.years)
    }

    fn d1(&self, volatility: f64) -> f64 {
        let deviation = volatility * self.years.sqrt();
        let carried = (self.rate - self.dividend_yield) * self.years;
        (libm::log(self.spot / self.strike) + carried) / deviation + 0.5 * deviation
    }

    fn legs(&self) -> (f64, f64) {
        let discount = |rate: f64| libm::exp(-rate * self.years);
        (
            self.spot * discount(self.dividend_yield),
            self.strike * discount(self.rate),
        )
    }

    fn price(&self, is_call: bool, volatility: f64) -> f64 {
        let d1 = self.d1(volatility);
        let d2 = d1 - volatility * self.years.sqrt();
        let (spot, strike) = self.legs();
        if is_call {
            spot * normal(d1) - strike * normal(d2)
        } else {
            strike * normal(-d2) - spot * normal(-d1)
        }
    }

    fn delta(&self, is_call: bool, volatility: f64) -> f64 {
        let d1 = self.d1(volatility);
        let share = libm::exp(-self.dividend_yield * self.years);
        share * if is_call { normal(d1) } else { -normal(-d1) }
    }

    fn gamma(&self, volatility: f64) -> f64 {
        let share = libm::exp(-self.dividend_yield * self.years);
        share * density(self.d1(volatility)) / (self.spot * volatility * self.years.sqrt())
    }

    /// The volatility at which the contract is worth `price`, by halving; none where no volatility
    /// is, or where rounding alone moves it by a ten-thousandth.
    fn implied(&self, is_call: bool, price: f64) -> Option<f64> {
        let (spot, strike) = self.legs();
        let least = if is_call {
            spot - strike
        } else {
            strike - spot
        }
        .max(0.0);
        let most = if is_call { spot } else { strike };
        let rounding = 4.0 * f64::EPSILON * spot.max(strike);
        if price - least <= rounding || price >= most {
            return None;
        }
        let (mut low, mut high): (f64, f64) = (1e-6, 64.0);
        for _ in 0..120 {
            let middle = 0.5 * (low + high);
            if self.price(is_call, middle) < price {
                low = middle;
            } else {
                high = middle;
            }
        }
        let volatility = 0.5 * (low + high);
        let rounded = if least > 0.0 { spot.max(strike) } else { price };
        let vega = spot * density(self.d1(volatility)) * self.years.sqrt();
        let is_determined = 32.0 * f64::EPSILON * rounded <= 1e-4 * volatility * vega;
        is_determined.then_some(volatility)
    }
}

fn density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / (2.0 * core::f64::consts::PI).sqrt()
}

fn normal(x: f64) -> f64 {
    0.5 * libm::erfc(-x / core::f64::consts::SQRT_2)
}
