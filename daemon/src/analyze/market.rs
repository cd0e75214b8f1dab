//! Which contracts of a chain count, with time, forward, volatility, delta and gamma of each.
//!
//! Forwards and yields are those of [`systems::greeks::series`], as in the tick.

use clap::ValueEnum;
use components::contract::{OptionTerms, Right};
use components::exposure::ExposureWeight;
use components::greeks::IvStatus;
use components::market::{Quote, QuoteState};
use components::units::Timestamp;
use engine::calendar::Calendar;
use engine::expiry::{settlement_instant, settlement_of};
use engine::math::exp;
use recorded::cboe::{Chain, Leg, Row};
use std::collections::{BTreeMap, BTreeSet};
use systems::greeks::black_scholes::black_scholes;
use systems::greeks::forward::Series;
use systems::greeks::implied_volatility::implied_volatility;
use systems::greeks::series::{SeriesName, SeriesTable, series_of};
use systems::greeks::terms::Terms;
use systems::greeks::{YEARS_MIN, price_of};

/// How old the vendor's quotes are at the time in the header.
const DELAY_MS: i64 = 15 * 60 * 1000;

/// Whose deltas and gammas count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// Those in the file
    Vendor,
    /// Our own, at volatilities implied from the quotes in the file
    Model,
}

impl Source {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Model => "model",
        }
    }
}

/// Which contracts count, and what they are valued with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selection {
    pub(super) greeks: Source,
    /// Open interest below which a contract is left out.
    pub(super) min_oi: u32,
    /// The continuously compounded rate.
    pub(super) rate: f64,
}

/// A contract that counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contract {
    pub(super) terms: OptionTerms,
    /// What the file says of it.
    pub(super) leg: Leg,
    /// Dealer sign x open interest x multiplier.
    pub(super) weight: ExposureWeight,
    pub(super) delta: f64,
    pub(super) gamma: f64,
    /// Years to settlement; absent if nobody knows what time it is.
    pub(super) years: Option<f64>,
    pub(super) dividend_yield: f64,
    /// The spot that its series is priced at.
    pub(super) pricing_spot: f64,
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

/// When the quotes were taken, by the header.
pub(super) fn header_time(chain: &Chain, calendar: &Calendar) -> Result<Timestamp, String> {
    let text = &chain.as_of_text;
    let stamped = chain.as_of.ok_or_else(|| {
        format!("the header's date \"{text}\" cannot be read, give the time with --as-of")
    })?;
    let date = calendar.local_date(stamped);
    if calendar.session(date).is_none() {
        return Err(format!(
            "the header's date \"{text}\" is no trading day, give the time with --as-of"
        ));
    }
    Ok(stamped.plus_millis(-DELAY_MS))
}

/// The contracts of `chain` that count; the reason if they cannot be known.
pub(super) fn contracts(
    chain: &Chain,
    now: Option<Timestamp>,
    calendar: &Calendar,
    selection: &Selection,
) -> Result<Eligible, String> {
    let spot = chain.last.dollars();
    let series = all_series(chain, now, calendar, spot, selection.rate);
    match (selection.greeks, now) {
        (Source::Vendor, _) => Ok(vendor(chain, &series, selection.min_oi)),
        (Source::Model, Some(_)) => Ok(model(chain, &series, selection)),
        (Source::Model, None) => Err(
            "the time of the quotes is not known, give it with --as-of: own Greeks need it"
                .to_owned(),
        ),
    }
}

/// Years to settlement, absent if nobody knows what time it is, and what the series is priced with.
type SeriesByName = BTreeMap<SeriesName, (Option<f64>, Series)>;

fn all_series(
    chain: &Chain,
    now: Option<Timestamp>,
    calendar: &Calendar,
    spot: f64,
    rate: f64,
) -> SeriesByName {
    let years_to = |terms: &OptionTerms| {
        let settlement = settlement_of(terms.root.as_str());
        let settled = settlement_instant(calendar, settlement, terms.expiry.date()).ok()?;
        Some(now?.years_until(settled))
    };
    let at_spot = Series {
        pricing_spot: spot,
        ..Series::default()
    };
    let mut all = SeriesByName::new();
    let mut live = SeriesTable::default();
    for row in &chain.rows {
        let terms = &row.call.terms;
        let name = series_of(terms);
        let (years, _) = *all
            .entry(name)
            .or_insert_with(|| (years_to(terms), at_spot));
        let Some(years) = years.filter(|years| *years > 0.0) else {
            continue;
        };
        let pairs = live.pairs_mut(name, || years);
        if let Some((call, put)) = two_sided(&row.call).zip(two_sided(&row.put)) {
            pairs.push(spot, row.strike.dollars(), call, put);
        }
    }
    for (name, series) in live.price(spot, rate, 0.0) {
        all.insert(name, (Some(series.years), series));
    }
    all
}

/// The midpoint in dollars, where there are two sides.
fn two_sided(leg: &Leg) -> Option<f64> {
    let quote = quote_of(leg);
    (quote.state() == QuoteState::TwoSided).then(|| quote.mid_dollars())?
}

/// Every contract with enough open interest, with the numbers in the file.
fn vendor(chain: &Chain, series: &SeriesByName, min_oi: u32) -> Eligible {
    let contract = |leg: &Leg| {
        let (years, series) = series
            .get(&series_of(&leg.terms))
            .copied()
            .unwrap_or_default();
        Contract {
            terms: leg.terms,
            leg: *leg,
            pricing_spot: series.pricing_spot,
            weight: weight_of(leg),
            delta: leg.delta,
            gamma: leg.gamma,
            years,
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
fn model(chain: &Chain, series: &SeriesByName, selection: &Selection) -> Eligible {
    let mut seen = BTreeSet::new();
    let mut contracts = Vec::new();
    let mut first_expiry: Option<u32> = None;
    for row in &chain.rows {
        let name = series_of(&row.call.terms);
        let (years, series) = series.get(&name).copied().unwrap_or_default();
        // The same root, expiry and strike twice is one contract listed twice.
        let Some(years) = years.filter(|years| *years > 0.0) else {
            continue;
        };
        if !seen.insert((name, row.strike)) {
            continue;
        }
        let expiry = name.1.yyyymmdd();
        first_expiry = Some(first_expiry.map_or(expiry, |first| first.min(expiry)));
        let inputs = Terms {
            right: Right::Call,
            spot: series.pricing_spot,
            strike: row.strike.dollars(),
            years,
            rate: selection.rate,
            dividend_yield: series.dividend_yield,
        };
        let Some(volatility) = out_of_the_money_volatility(row, &inputs) else {
            continue;
        };
        for leg in [&row.call, &row.put] {
            if leg.open_interest < selection.min_oi || price_of(&quote_of(leg)).is_none() {
                continue;
            }
            let terms = Terms {
                right: leg.terms.right,
                years: years.max(YEARS_MIN),
                ..inputs
            };
            let (status, greeks) = black_scholes(&terms, volatility);
            if status.has_values() {
                contracts.push(Contract {
                    terms: leg.terms,
                    leg: *leg,
                    pricing_spot: series.pricing_spot,
                    weight: weight_of(leg),
                    delta: greeks.delta,
                    gamma: greeks.gamma,
                    years: Some(years),
                    dividend_yield: series.dividend_yield,
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

fn out_of_the_money_volatility(row: &Row, inputs: &Terms) -> Option<f64> {
    let carry = (inputs.rate - inputs.dividend_yield) * inputs.years;
    let leg = if inputs.strike >= inputs.spot * exp(carry) {
        &row.call
    } else {
        &row.put
    };
    let terms = Terms {
        right: leg.terms.right,
        ..*inputs
    };
    let (status, volatility) = implied_volatility(&terms, price_of(&quote_of(leg))?);
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
