//! `analyze american`: what taking American options for European ones costs in price, delta and gamma.
//!
//! Both sides take the volatility of a strike from its out-of-the-money quote, the engine by the European
//! formula, the other by the American kernel, and value call and put with it.

/// The chain and its underlying.
mod quotes;

use super::{Rounding, parse_time};
use crate::cli::General;
use crate::exit::{Exit, Failure};
use crate::output::{self, Cell, Format, Rows};
use crate::progress::Progress;
use components::contract::Right;
use components::greeks::IvStatus;
use components::units::{Price, Timestamp};
use engine::calendar::Calendar;
use engine::expiry::{settlement_instant, settlement_of};
use engine::math::ln_ratio;
use quotes::{Moment, Quoted, chain, underlying};
use std::collections::BTreeMap;
use std::path::PathBuf;
use systems::greeks::YEARS_MIN;
use systems::greeks::american::american_implied_volatility;
use systems::greeks::american::greeks::{AmericanGreeks, american_greeks};
use systems::greeks::black_scholes::black_scholes;
use systems::greeks::implied_volatility::implied_volatility;
use systems::greeks::series::{SeriesName, SeriesTable, series_of};
use systems::greeks::terms::Terms;
use systems::statistics::sample::quantile;

/// The arguments of `analyze american`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader analyze american goog_2015_quote_american.zip --underlying 20151224_quote.zip \\
      --at 2015-12-24T11:00 --rate 0.004 | head
  alphatrader analyze american goog_2015_quote_american.zip --underlying 20151224_quote.zip \\
      --at 2015-12-24T11:00 --rate 0.004 --score

Input:          a LEAN zip of quote bars of American options, by the hour or the minute, and one of
                their underlying by the minute
Output columns: contract, days, deviations, half_spread, american_volatility,
                european_volatility, american_price, european_price, american_delta,
                european_delta, american_gamma, european_gamma
With --score:   right, expiry, moneyness, contracts; price_mean_usd, price_p95_usd, beside
                half_spread_usd, its median, and within_half_spread_pct; delta_mean, delta_p95;
                gamma_p95_pct of the American gamma; volatility_p95_points

deviations are ln(strike / forward) over volatility x root of the years, positive out of the money;
at the money is within 0.5 of them. Contracts without two sides or a volatility are left out.")]
pub struct Args {
    /// The option quotes
    pub file: PathBuf,
    /// The quotes of the underlying
    #[arg(long, value_name = "FILE")]
    pub underlying: PathBuf,
    /// The moment: bars that ended by then are known
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub at: Timestamp,
    /// The continuously compounded rate of the day
    #[arg(
        long,
        value_name = "R",
        default_value_t = 0.04,
        allow_negative_numbers = true
    )]
    pub rate: f64,
    /// Values both at this rate instead, with American volatilities and yields as quoted: what the same
    /// chain would show when rates are other ones
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    pub at_rate: Option<f64>,
    /// Prints the differences by expiry and moneyness, instead of the contracts
    #[arg(long)]
    pub score: bool,
}

/// The longest expiries of the bands in days of the calendar, and their names; what is longer comes after
/// them.
const EXPIRIES: [(i32, &str); 4] = [
    (0, "0DTE"),
    (7, "1-7 days"),
    (30, "8-30 days"),
    (90, "31-90 days"),
];
const LONGER: &str = "over 90 days";
/// What is at the money, in deviations.
const AT_THE_MONEY: f64 = 0.5;
const MONEYNESS: [&str; 3] = ["in", "at", "out"];
/// A gamma below this says nothing of a relative error, per $1.
const GAMMA_MIN: f64 = 1e-6;

/// A contract valued both ways.
struct Both {
    quoted: Quoted,
    days: i32,
    deviations: f64,
    volatilities: [f64; 2],
    american: AmericanGreeks,
    european: AmericanGreeks,
}

/// Values every contract both ways.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let rates = [Some(arguments.rate), arguments.at_rate];
    for (flag, rate) in ["--rate", "--at-rate"].iter().zip(rates) {
        if let Some(rate) = rate.filter(|rate| !(-0.5..=0.5).contains(rate)) {
            let message = format_args!("{flag} was {rate}, must be -0.5 to 0.5");
            return Err(Failure::new(Exit::Usage, message));
        }
    }
    let calendar = Calendar::nyse();
    let at = Moment::of(arguments.at, &calendar)?;
    let spot = underlying(&arguments.underlying, &at)?;
    let chain = chain(&arguments.file, &at)?;
    let both = value(&chain, spot, &at, arguments, &calendar);
    if arguments.score {
        return print_score(&both, general.format_or(Format::Table));
    }
    print_contracts(&both, general.format_or(Format::Csv))
}

/// A strike's call and put.
type Strikes = BTreeMap<(SeriesName, Price), [Option<Quoted>; 2]>;

fn value(
    chain: &[Quoted],
    spot: f64,
    at: &Moment,
    arguments: &Args,
    calendar: &Calendar,
) -> Vec<Both> {
    let mut strikes = Strikes::new();
    for quoted in chain {
        let key = (series_of(&quoted.terms), quoted.terms.strike);
        strikes.entry(key).or_default()[quoted.terms.right as usize] = Some(*quoted);
    }
    let mut table = SeriesTable::default();
    for ((name, strike), [call, put]) in &strikes {
        let settlement = settlement_of(name.0.as_str());
        let settled = settlement_instant(calendar, settlement, name.1.date());
        let Some(years) = settled.ok().map(|settled| at.now.years_until(settled)) else {
            continue;
        };
        let pairs = table.pairs_mut(*name, || years);
        let mid = |quoted: &Option<Quoted>| quoted.as_ref().and_then(Quoted::mid);
        if let Some((call, put)) = mid(call).zip(mid(put)) {
            pairs.push(spot, strike.dollars(), call, put);
        }
    }
    let series: BTreeMap<_, _> = table.price(spot, arguments.rate, 0.0).into_iter().collect();
    let today = calendar.local_date(at.now);
    let mut progress = Progress::new("strikes", Some(strikes.len() as u64));
    let mut found = Vec::new();
    for (done, ((name, strike), quotes)) in strikes.iter().enumerate() {
        progress.at(done as u64);
        let Some(series) = series.get(name).filter(|series| series.years > 0.0) else {
            continue;
        };
        let terms = Terms {
            right: Right::Call,
            spot: series.pricing_spot,
            strike: strike.dollars(),
            years: series.years.max(YEARS_MIN),
            rate: arguments.rate,
            dividend_yield: series.dividend_yield,
        };
        let days = (name.1.date() - today).get_days();
        found.extend(both_of_strike(&terms, quotes, days, arguments.at_rate));
    }
    progress.finish();
    found
}

/// Call and put of a strike, valued with the volatility of the one that is out of the money.
fn both_of_strike(
    terms: &Terms,
    quotes: &[Option<Quoted>; 2],
    days: i32,
    at_rate: Option<f64>,
) -> Vec<Both> {
    let carry = (terms.rate - terms.dividend_yield) * terms.years;
    let moneyness = ln_ratio(terms.strike, terms.spot) - carry;
    let right = if moneyness >= 0.0 {
        Right::Call
    } else {
        Right::Put
    };
    let own = Terms { right, ..*terms };
    let Some(price) = quotes[right as usize].as_ref().and_then(Quoted::mid) else {
        return Vec::new();
    };
    let (IvStatus::Ok, Some(european)) = implied_volatility(&own, price) else {
        return Vec::new();
    };
    let Some(american) = american_implied_volatility(&own, price) else {
        return Vec::new();
    };
    let deviations = moneyness / (american * terms.years.sqrt());
    let of_right = |quoted: &Quoted| {
        quoted.mid()?;
        let right = quoted.terms.right;
        let valued = Terms {
            right,
            rate: at_rate.unwrap_or(terms.rate),
            ..*terms
        };
        let volatilities = [
            american,
            if at_rate.is_some() {
                american
            } else {
                european
            },
        ];
        let (_, formula) = black_scholes(&valued, volatilities[1]);
        Some(Both {
            quoted: *quoted,
            days,
            deviations: right.phi() * deviations,
            volatilities,
            american: american_greeks(&valued, american),
            european: AmericanGreeks {
                price: formula.price,
                delta: formula.delta,
                gamma: formula.gamma,
            },
        })
    };
    quotes.iter().flatten().filter_map(of_right).collect()
}

fn print_contracts(both: &[Both], format: Format) -> Result<(), Failure> {
    let columns = [
        "contract",
        "days",
        "deviations",
        "half_spread",
        "american_volatility",
        "european_volatility",
        "american_price",
        "european_price",
        "american_delta",
        "european_delta",
        "american_gamma",
        "european_gamma",
    ];
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    for one in both {
        let (american, european) = (&one.american, &one.european);
        let mut cells = vec![];
        let contract = one.quoted.terms.to_string();
        cells.push(Cell::Text(&contract));
        let numbers = [
            f64::from(one.days),
            one.deviations,
            one.quoted.half_spread(),
            one.volatilities[0],
            one.volatilities[1],
            american.price,
            european.price,
            american.delta,
            european.delta,
            american.gamma,
            european.gamma,
        ];
        cells.extend(numbers.map(Cell::Number));
        rows.row(&cells)?;
    }
    rows.finish()
}

/// The differences of a band.
#[derive(Default)]
struct Band {
    price: Vec<f64>,
    half_spread: Vec<f64>,
    within: u64,
    delta: Vec<f64>,
    gamma: Vec<f64>,
    volatility: Vec<f64>,
}

impl Band {
    fn push(&mut self, one: &Both) {
        let (american, european) = (&one.american, &one.european);
        let price = (american.price - european.price).abs();
        let half_spread = one.quoted.half_spread();
        self.price.push(price);
        self.half_spread.push(half_spread);
        self.within += u64::from(price <= half_spread);
        self.delta.push((american.delta - european.delta).abs());
        if american.gamma > GAMMA_MIN {
            self.gamma
                .push(100.0 * (european.gamma / american.gamma - 1.0).abs());
        }
        let [american, european] = one.volatilities;
        self.volatility.push(100.0 * (american - european).abs());
    }
}

fn print_score(both: &[Both], format: Format) -> Result<(), Failure> {
    let mut bands = BTreeMap::<(Right, usize, usize), Band>::new();
    for one in both {
        let expiry = EXPIRIES.partition_point(|(most, _)| *most < one.days);
        let moneyness = if one.deviations < -AT_THE_MONEY {
            0
        } else {
            1 + usize::from(one.deviations > AT_THE_MONEY)
        };
        let key = (one.quoted.terms.right, expiry, moneyness);
        bands.entry(key).or_default().push(one);
    }
    let columns = [
        "right",
        "expiry",
        "moneyness",
        "contracts",
        "price_mean_usd",
        "price_p95_usd",
        "half_spread_usd",
        "within_half_spread_pct",
        "delta_mean",
        "delta_p95",
        "gamma_p95_pct",
        "volatility_p95_points",
    ];
    let rounding = Rounding::of(format);
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    for ((right, expiry, moneyness), band) in &bands {
        let count = band.price.len() as f64;
        let mean = |values: &[f64]| Some(values.iter().sum::<f64>() / count);
        let at = |values: &[f64], p: f64| {
            let mut sorted = values.to_vec();
            sorted.sort_by(f64::total_cmp);
            quantile(&sorted, p)
        };
        let within = 100.0 * band.within as f64 / count;
        rows.row(&[
            Cell::Text(match right {
                Right::Call => "call",
                Right::Put => "put",
            }),
            Cell::Text(EXPIRIES.get(*expiry).map_or(LONGER, |band| band.1)),
            Cell::Text(MONEYNESS[*moneyness]),
            Cell::Count(band.price.len() as u64),
            rounding.optional(mean(&band.price), 1e4),
            rounding.optional(at(&band.price, 0.95), 1e4),
            rounding.optional(at(&band.half_spread, 0.5), 1e4),
            rounding.number(within, 10.0),
            rounding.optional(mean(&band.delta), 1e5),
            rounding.optional(at(&band.delta, 0.95), 1e5),
            rounding.optional(at(&band.gamma, 0.95), 100.0),
            rounding.optional(at(&band.volatility, 0.95), 1e3),
        ])?;
    }
    rows.finish()
}
