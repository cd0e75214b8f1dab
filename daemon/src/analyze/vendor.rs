//! `analyze vendor`: delta and gamma that a vendor published beside its quotes, held against ours.
//!
//! Ours are those of the engine: volatility of the out-of-the-money side, forwards from parity. With
//! `--volatility vendor` they stand at the vendor's own volatility, so that what is left is formula,
//! time, rate and rounding.

use super::market::{Contract, Selection, Source, contracts, header_time};
use super::{Rounding, parse_time};
use crate::cli::General;
use crate::exit::{Exit, Failure};
use crate::input::Input;
use crate::output::{self, Cell, Format, Rows};
use clap::ValueEnum;
use components::units::Timestamp;
use engine::calendar::Calendar;
use engine::math::ln_ratio;
use jiff::civil::Date;
use recorded::cboe::Chain;
use std::collections::BTreeMap;
use std::path::PathBuf;
use systems::greeks::YEARS_MIN;
use systems::greeks::black_scholes::black_scholes;
use systems::greeks::terms::Terms;
use systems::statistics::sample::quantile;

/// The arguments of `analyze vendor`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader analyze vendor spx.csv --rate 0.0533 | head
  alphatrader analyze vendor spx.csv spy.csv --as-of 2023-09-14T16:16 --rate 0.0533 --score

Input:          Cboe \"quotedata\" chains; a delta and gamma of 0 means that the vendor computed none
Output columns: file, contract, days, deviations, volatility, vendor_volatility, delta,
                vendor_delta, gamma, vendor_gamma
With --score:   expiry, moneyness, contracts, and of delta and of gamma mean_error, median_pct,
                p95_pct, rounding_pct

deviations are |ln(strike / forward)| over volatility x root of the years. A mean error is that of the
absolute difference; median_pct and p95_pct are of it over the vendor's value; rounding_pct is the
share of contracts whose difference is no more than half of the vendor's last digit, 0.0001.")]
pub struct Args {
    /// The files, or - for stdin
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// When the quotes were taken, one for all files or one for each [default: the header's date
    /// minus 15 minutes]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub as_of: Vec<Timestamp>,
    /// The continuously compounded rate, one for all files or one for each [default: 0.04]
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    pub rate: Vec<f64>,
    /// At whose volatility ours stand
    #[arg(long, value_enum, default_value = "own")]
    pub volatility: Whose,
    /// Prints the differences by expiry and moneyness, instead of the contracts
    #[arg(long)]
    pub score: bool,
}

/// At whose volatility ours stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Whose {
    /// Implied from the quotes of the strike's out-of-the-money side
    Own,
    /// The one beside the vendor's delta and gamma
    Vendor,
}

/// Half of the last digit of what the vendor publishes.
const ROUNDING: f64 = 0.000_05;

/// The longest expiries of the bands in days of the calendar, and their names; what is longer comes after
/// them.
const EXPIRIES: [(f64, &str); 4] = [
    (0.0, "0DTE"),
    (7.0, "1-7 days"),
    (30.0, "8-30 days"),
    (90.0, "31-90 days"),
];
const LONGER: &str = "over 90 days";

/// The farthest deviations of the bands; what is farther comes after them.
const MONEYNESS: [(f64, &str); 4] = [(0.5, "0-0.5"), (1.0, "0.5-1"), (2.0, "1-2"), (3.0, "2-3")];
const FARTHER: &str = "over 3";

/// A contract of which both sides say something.
struct Pair {
    file: usize,
    contract: String,
    /// Of the calendar.
    days: f64,
    deviations: f64,
    volatility: f64,
    delta: f64,
    gamma: f64,
    vendor_volatility: f64,
    vendor_delta: f64,
    vendor_gamma: f64,
}

/// Compares the contracts of every file.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let rates = one_each("--rate", &arguments.rate, arguments.files.len())?;
    let times = one_each("--as-of", &arguments.as_of, arguments.files.len())?;
    if let Some(rate) = arguments.rate.iter().find(|r| !(-0.5..=0.5).contains(*r)) {
        let message = format_args!("--rate was {rate}, must be -0.5 to 0.5");
        return Err(Failure::new(Exit::Usage, message));
    }
    let calendar = Calendar::nyse();
    let mut names = Vec::new();
    let mut pairs = Vec::new();
    for (file, path) in arguments.files.iter().enumerate() {
        let input = Input::read(path)?.into_csv()?;
        let chain = Chain::parse(&input.name, &input.bytes).map_err(Failure::error)?;
        let now = match times(file) {
            Some(now) => now,
            None => header_time(&chain, &calendar)
                .map_err(|reason| Failure::error(format_args!("{}: {reason}", input.name)))?,
        };
        let selection = Selection {
            greeks: Source::Model,
            min_oi: 0,
            rate: rates(file).unwrap_or(0.04),
        };
        let found = contracts(&chain, Some(now), &calendar, &selection)
            .map_err(|reason| Failure::error(format_args!("{}: {reason}", input.name)))?;
        let today = calendar.local_date(now);
        let kept = found.contracts.iter().filter_map(|contract| {
            let mut pair = pair(contract, today, selection.rate, arguments.volatility)?;
            pair.file = file;
            Some(pair)
        });
        pairs.extend(kept);
        names.push(input.name);
    }
    if arguments.score {
        return print_score(&pairs, general.format_or(Format::Table));
    }
    print_pairs(&names, &pairs, general.format_or(Format::Csv))
}

/// The value of a flag for each file: none, one for all, or one for each.
fn one_each<T: Copy>(
    flag: &str,
    given: &[T],
    files: usize,
) -> Result<impl Fn(usize) -> Option<T>, Failure> {
    if given.len() > 1 && given.len() != files {
        return Err(Failure::new(
            Exit::Usage,
            format_args!(
                "{flag} was given {} times, must be once or {files} times, once for each file",
                given.len()
            ),
        ));
    }
    let given = given.to_vec();
    Ok(move |file: usize| given.get(file).or(given.first()).copied())
}

/// What both sides say of a contract; `None` where the vendor computed nothing.
fn pair(contract: &Contract, today: Date, rate: f64, whose: Whose) -> Option<Pair> {
    let leg = &contract.leg;
    let years = contract.years.filter(|years| *years > 0.0)?;
    if leg.iv <= 0.0 || leg.gamma <= 0.0 || leg.delta == 0.0 {
        return None;
    }
    let terms = Terms {
        right: leg.terms.right,
        spot: contract.pricing_spot,
        strike: leg.terms.strike.dollars(),
        years: years.max(YEARS_MIN),
        rate,
        dividend_yield: contract.dividend_yield,
    };
    let (volatility, delta, gamma) = match whose {
        Whose::Own => (contract.volatility, contract.delta, contract.gamma),
        Whose::Vendor => {
            let (status, greeks) = black_scholes(&terms, leg.iv);
            if !status.has_values() {
                return None;
            }
            (leg.iv, greeks.delta, greeks.gamma)
        }
    };
    let forward_moneyness =
        ln_ratio(terms.strike, terms.spot) - (rate - terms.dividend_yield) * years;
    Some(Pair {
        file: 0,
        contract: leg.terms.to_string(),
        days: f64::from((leg.terms.expiry.date() - today).get_days()),
        deviations: forward_moneyness.abs() / (contract.volatility * years.sqrt()),
        volatility,
        delta,
        gamma,
        vendor_volatility: leg.iv,
        vendor_delta: leg.delta,
        vendor_gamma: leg.gamma,
    })
}

fn print_pairs(names: &[String], pairs: &[Pair], format: Format) -> Result<(), Failure> {
    let columns = [
        "file",
        "contract",
        "days",
        "deviations",
        "volatility",
        "vendor_volatility",
        "delta",
        "vendor_delta",
        "gamma",
        "vendor_gamma",
    ];
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    for pair in pairs {
        rows.row(&[
            Cell::Text(&names[pair.file]),
            Cell::Text(&pair.contract),
            Cell::Number(pair.days),
            Cell::Number(pair.deviations),
            Cell::Number(pair.volatility),
            Cell::Number(pair.vendor_volatility),
            Cell::Number(pair.delta),
            Cell::Number(pair.vendor_delta),
            Cell::Number(pair.gamma),
            Cell::Number(pair.vendor_gamma),
        ])?;
    }
    rows.finish()
}

/// The differences of one Greek over the contracts of a band.
#[derive(Debug, Default)]
struct Differences {
    absolute: Vec<f64>,
    relative: Vec<f64>,
}

impl Differences {
    fn push(&mut self, ours: f64, theirs: f64) {
        let absolute = (ours - theirs).abs();
        self.absolute.push(absolute);
        self.relative.push(absolute / theirs.abs());
    }

    fn cells(&mut self, rounding: Rounding) -> [Cell<'static>; 4] {
        self.relative.sort_by(f64::total_cmp);
        let n = self.absolute.len().max(1) as f64;
        let mean = self.absolute.iter().sum::<f64>() / n;
        // A difference of exactly half a digit is not seen as such in binary.
        let rounded = |difference: &&f64| **difference <= ROUNDING * (1.0 + 1e-9);
        let explained = self.absolute.iter().filter(rounded).count() as f64 / n;
        let percent = |p| quantile(&self.relative, p).map(|found| 100.0 * found);
        [
            rounding.significant(mean, 3),
            rounding.optional(percent(0.5), 100.0),
            rounding.optional(percent(0.95), 100.0),
            rounding.number(100.0 * explained, 10.0),
        ]
    }
}

fn print_score(pairs: &[Pair], format: Format) -> Result<(), Failure> {
    let mut bands = BTreeMap::<(usize, usize), (Differences, Differences)>::new();
    for pair in pairs {
        let band =
            |bands: &[(f64, &str)], value: f64| bands.partition_point(|(most, _)| *most < value);
        let key = (
            band(&EXPIRIES, pair.days),
            band(&MONEYNESS, pair.deviations),
        );
        let (delta, gamma) = bands.entry(key).or_default();
        delta.push(pair.delta, pair.vendor_delta);
        gamma.push(pair.gamma, pair.vendor_gamma);
    }
    let columns = [
        "expiry",
        "moneyness",
        "contracts",
        "delta_mean_error",
        "delta_median_pct",
        "delta_p95_pct",
        "delta_rounding_pct",
        "gamma_mean_error",
        "gamma_median_pct",
        "gamma_p95_pct",
        "gamma_rounding_pct",
    ];
    let rounding = Rounding::of(format);
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    for ((expiry, moneyness), (delta, gamma)) in &mut bands {
        let count = delta.absolute.len() as u64;
        let mut cells = vec![
            Cell::Text(EXPIRIES.get(*expiry).map_or(LONGER, |band| band.1)),
            Cell::Text(MONEYNESS.get(*moneyness).map_or(FARTHER, |band| band.1)),
            Cell::Count(count),
        ];
        cells.extend(delta.cells(rounding));
        cells.extend(gamma.cells(rounding));
        rows.row(&cells)?;
    }
    rows.finish()
}
