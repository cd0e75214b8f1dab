//! Which contracts of a chain count, with time, forward, volatility, delta and gamma of each.
//!
//! The forward of an expiry comes from put-call parity at the three strikes nearest the money with
//! valid two-sided quotes, `F = K + e^{rT} (C - P)`, the median. The yield is what carries the spot
//! there: `q = r - ln(F/S)/T`.

use super::{Args, Source};
use components::contract::{OptionTerms, Right};
use components::exposure::ExposureWeight;
use components::greeks::IvStatus;
use components::market::{Quote, QuoteState, Ticker};
use components::units::{Price, SECONDS_PER_YEAR, Timestamp};
use engine::calendar::Calendar;
use engine::expiry::{settlement_instant, settlement_of};
use engine::math::{exp, ln_ratio};
use recorded::cboe::{Chain, Leg, Row};
use std::collections::{BTreeMap, BTreeSet};
use systems::greeks::black_scholes::black_scholes;
use systems::greeks::implied_volatility::implied_volatility;
use systems::greeks::terms::PricedTerms;

/// Strikes that the forward is the median of.
const FORWARD_STRIKES: usize = 3;

/// How far a forward may lie from the spot, beyond 25 % a year: quotes and spot are not of the same
/// instant.
const FORWARD_DISTANCE_MAX: f64 = 0.03;
const YIELD_MAX: f64 = 0.25;

/// Gamma within the last minute is that of a minute before.
const YEARS_MIN: f64 = 60.0 / SECONDS_PER_YEAR;

/// An ask up to this is a price though nobody bids.
const NO_BID_ASK_MAX: Price = Price(1_000);

/// A contract in the sums.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contract {
    pub(super) terms: OptionTerms,
    /// Dealer sign x open interest x multiplier.
    pub(super) weight: ExposureWeight,
    pub(super) delta: f64,
    pub(super) gamma: f64,
    /// Years to settlement; absent if nobody knows what time it is.
    pub(super) years: Option<f64>,
    pub(super) dividend_yield: f64,
    /// 0 if the vendor did not compute it.
    pub(super) volatility: f64,
}

/// The contracts that count.
#[derive(Debug)]
pub(super) struct Eligible {
    pub(super) contracts: Vec<Contract>,
    /// The nearest expiry that could count, as `yyyymmdd`.
    pub(super) first_expiry: Option<u32>,
}

/// Time and yield that the contracts of a root and an expiry share.
#[derive(Clone, Copy, Debug, Default)]
struct Series {
    years: Option<f64>,
    dividend_yield: f64,
}

/// The contracts of `chain` that count; the reason if they cannot be known.
pub(super) fn contracts(
    chain: &Chain,
    now: Option<Timestamp>,
    calendar: &Calendar,
    arguments: &Args,
) -> Result<Eligible, String> {
    let spot = chain.last.dollars();
    let series = all_series(chain, now, calendar, spot, arguments.rate);
    match (arguments.greeks, now) {
        (Source::Vendor, _) => Ok(vendor(chain, &series, arguments.min_oi)),
        (Source::Model, Some(_)) => Ok(model(chain, &series, spot, arguments)),
        (Source::Model, None) => Err(
            "the time of the quotes is not known, give it with --as-of: own Greeks need it"
                .to_owned(),
        ),
    }
}

type SeriesOf = BTreeMap<(Ticker, u32), Series>;

fn series_of(terms: &OptionTerms) -> (Ticker, u32) {
    (terms.root, terms.expiry.yyyymmdd())
}

fn all_series(
    chain: &Chain,
    now: Option<Timestamp>,
    calendar: &Calendar,
    spot: f64,
    rate: f64,
) -> SeriesOf {
    let mut rows_of: BTreeMap<(Ticker, u32), Vec<&Row>> = BTreeMap::new();
    for row in &chain.rows {
        rows_of
            .entry(series_of(&row.call.terms))
            .or_default()
            .push(row);
    }
    let series = |(key, rows): ((Ticker, u32), Vec<&Row>)| {
        let terms = &rows[0].call.terms;
        let settlement = settlement_of(terms.root.as_str());
        let settled = settlement_instant(calendar, settlement, terms.expiry.date()).ok();
        let years = now
            .zip(settled)
            .map(|(now, settled)| now.years_until(settled));
        let dividend_yield = match years {
            Some(years) if years > 0.0 => yield_of(&rows, spot, rate, years),
            _ => None,
        };
        let series = Series {
            years,
            dividend_yield: dividend_yield.unwrap_or(0.0),
        };
        (key, series)
    };
    rows_of.into_iter().map(series).collect()
}

/// The yield that carries the spot to the parity forward, if quotes show one.
fn yield_of(rows: &[&Row], spot: f64, rate: f64, years: f64) -> Option<f64> {
    let two_sided = |leg: &Leg| {
        let quote = quote_of(leg);
        (quote.state() == QuoteState::TwoSided).then(|| quote.mid_dollars())?
    };
    let mut pairs: Vec<(f64, f64)> = rows
        .iter()
        .filter_map(|row| {
            let strike = row.strike.dollars();
            Some((strike, two_sided(&row.call)? - two_sided(&row.put)?))
        })
        .collect();
    pairs.sort_by(|a, b| (a.0 - spot).abs().total_cmp(&(b.0 - spot).abs()));
    pairs.truncate(FORWARD_STRIKES);
    let growth = exp(rate * years);
    let mut forwards: Vec<f64> = pairs
        .iter()
        .map(|(strike, difference)| strike + growth * difference)
        .collect();
    forwards.sort_by(f64::total_cmp);
    let forward = *forwards
        .get(forwards.len() / 2)
        .filter(|forward| **forward > 0.0)?;
    let distance = ln_ratio(forward, spot);
    (distance.abs() <= FORWARD_DISTANCE_MAX + YIELD_MAX * years).then(|| rate - distance / years)
}

/// Every contract with enough open interest, with the numbers in the file.
fn vendor(chain: &Chain, series: &SeriesOf, min_oi: u32) -> Eligible {
    let contract = |leg: &Leg| {
        let series = series
            .get(&series_of(&leg.terms))
            .copied()
            .unwrap_or_default();
        Contract {
            terms: leg.terms,
            weight: weight_of(leg),
            delta: leg.delta,
            gamma: leg.gamma,
            years: series.years,
            dividend_yield: series.dividend_yield,
            volatility: leg.iv,
        }
    };
    let legs = chain.rows.iter().flat_map(|row| [&row.call, &row.put]);
    let counted = legs.filter(|leg| leg.open_interest >= min_oi);
    Eligible {
        contracts: counted.map(contract).collect(),
        first_expiry: chain.rows.iter().map(|row| row.expiry.yyyymmdd()).min(),
    }
}

/// The contracts that are eligible by the definitions, valued at the volatility of their strike's
/// out-of-the-money side.
fn model(chain: &Chain, series: &SeriesOf, spot: f64, arguments: &Args) -> Eligible {
    let mut seen = BTreeSet::new();
    let mut contracts = Vec::new();
    let mut first_expiry: Option<u32> = None;
    for row in &chain.rows {
        let key = series_of(&row.call.terms);
        let Series {
            years,
            dividend_yield,
        } = series.get(&key).copied().unwrap_or_default();
        // The same root, expiry and strike twice is one contract listed twice.
        let Some(years) = years.filter(|years| *years > 0.0) else {
            continue;
        };
        if !seen.insert((key, row.strike)) {
            continue;
        }
        first_expiry = Some(first_expiry.map_or(key.1, |first| first.min(key.1)));
        let inputs = PricedTerms {
            right: Right::Call,
            spot,
            strike: row.strike.dollars(),
            years,
            rate: arguments.rate,
            dividend_yield,
            price: 0.0,
        };
        let Some(volatility) = out_of_the_money_volatility(row, &inputs) else {
            continue;
        };
        for leg in [&row.call, &row.put] {
            if leg.open_interest < arguments.min_oi || price_of(&quote_of(leg)).is_none() {
                continue;
            }
            let terms = PricedTerms {
                right: leg.terms.right,
                years: years.max(YEARS_MIN),
                ..inputs
            };
            let (status, greeks) = black_scholes(&terms.at_volatility(volatility));
            if status.has_values() {
                contracts.push(Contract {
                    terms: leg.terms,
                    weight: weight_of(leg),
                    delta: greeks.delta,
                    gamma: greeks.gamma,
                    years: Some(years),
                    dividend_yield,
                    volatility,
                });
            }
        }
    }
    Eligible {
        contracts,
        first_expiry,
    }
}

fn out_of_the_money_volatility(row: &Row, inputs: &PricedTerms) -> Option<f64> {
    let carry = (inputs.rate - inputs.dividend_yield) * inputs.years;
    let leg = if inputs.strike >= inputs.spot * exp(carry) {
        &row.call
    } else {
        &row.put
    };
    let (status, volatility) = implied_volatility(&PricedTerms {
        right: leg.terms.right,
        price: price_of(&quote_of(leg))?,
        ..*inputs
    });
    volatility.filter(|_| status == IvStatus::Ok)
}

fn weight_of(leg: &Leg) -> ExposureWeight {
    let shares = f64::from(leg.open_interest) * f64::from(leg.terms.multiplier);
    ExposureWeight(leg.terms.right.phi() * shares)
}

fn quote_of(leg: &Leg) -> Quote {
    Quote {
        bid: leg.bid,
        ask: leg.ask,
        ..Quote::default()
    }
}

/// What a quote is worth in dollars: its midpoint, half the ask if only a small ask is there, else
/// nothing.
fn price_of(quote: &Quote) -> Option<f64> {
    if !quote.bid.is_some() {
        let small = quote.ask.is_some() && quote.ask <= NO_BID_ASK_MAX;
        return small.then(|| quote.ask.dollars() / 2.0);
    }
    quote.mid_dollars()
}
