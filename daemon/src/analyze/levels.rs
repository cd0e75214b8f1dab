//! `analyze levels`: dealer exposure of a chain at one moment, and the strikes it points to.

/// The levels of a chain as a picture.
mod drawing;
/// The chain counted a second time.
mod recount;
/// What is written.
mod report;
/// Both counts, field by field.
mod verify;

use super::market::{Contract, Selection, Source, contracts, header_time};
use super::parse_time;
use crate::cli::General;
use crate::exit::{Exit, Failure};
use crate::input::Input;
use crate::output::{self, Format};
use crate::picture;
use components::contract::Right;
use components::exposure::ExposureWeight;
use components::units::{Price, Timestamp};
use engine::calendar::Calendar;
use engine::math::sum_ordered;
use recorded::cboe::Chain;
use recount::{Terms, recount};
use report::{AtSpot, Convention, Report, Sums};
use std::path::PathBuf;
use systems::exposure::levels::{ExposureRow, by_expiry, by_strike, levels, sort_rows};
use systems::exposure::zero_gamma::{GammaCurve, WeightedColumns, zero_gamma};
use verify::Verification;

/// The arguments of `analyze levels`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader analyze levels quotedata.csv
  alphatrader analyze levels spx.csv --greeks model --as-of 2022-03-23T09:56 --json
  alphatrader analyze levels quotedata.csv --svg levels.svg
  alphatrader analyze levels quotedata.csv --verify

The file is a Cboe \"quotedata\" chain. Dealers are assumed long the calls and short the puts; gamma
exposure is in USD of delta per 1 % move, spot is the header's Last. --greeks vendor sums every row
with enough open interest and no other filter; --greeks model implies each volatility from its own
quote and leaves out what is crossed, expired or without a price.")]
pub struct Args {
    /// The file, or - for stdin
    pub file: PathBuf,
    /// When the quotes were taken [default: the header's date minus 15 minutes]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub as_of: Option<Timestamp>,
    /// The continuously compounded rate, 0.04 is 4 % a year
    #[arg(
        long,
        value_name = "R",
        default_value_t = 0.04,
        allow_negative_numbers = true
    )]
    pub rate: f64,
    /// Open interest below which a contract is left out
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub min_oi: u32,
    /// Whose deltas and gammas are summed
    #[arg(long, value_enum, default_value = "vendor")]
    pub greeks: Source,
    /// Draws a picture of it too, in this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Counts everything a second time, row by row, and says what differs
    #[arg(long)]
    pub verify: bool,
}

/// Levels need this many contracts.
const CONTRACTS_MIN: u32 = 4;

/// Sums a chain and writes what stands out.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let rate = arguments.rate;
    if !(-0.5..=0.5).contains(&rate) {
        let message = format_args!("--rate was {rate}, must be -0.5 to 0.5");
        return Err(Failure::new(Exit::Usage, message));
    }
    let input = Input::read(&arguments.file)?.into_csv()?;
    let chain = Chain::parse(&input.name, &input.bytes).map_err(Failure::error)?;
    let calendar = Calendar::nyse();
    let as_of = match arguments.as_of {
        Some(as_of) => Ok(as_of),
        None => header_time(&chain, &calendar),
    };
    let report = analyze(arguments, &chain, &calendar, &as_of);
    if let Some(path) = &arguments.svg {
        picture::write(path, &drawing::picture_of(&report))?;
    }
    if arguments.verify {
        let terms = Terms {
            now: as_of.ok(),
            rate,
            min_oi: arguments.min_oi.into(),
            is_model: arguments.greeks == Source::Model,
        };
        let recount = recount(&input.bytes, &calendar, &terms).map_err(|trouble| {
            let name = &input.name;
            Failure::error(format_args!("{name} could not be counted again: {trouble}"))
        })?;
        return Verification::of(&report, &recount).write(general.format_or(Format::Table));
    }
    let mut out = output::stdout();
    match general.format_or(Format::Table) {
        Format::Json => output::json_document(&mut out, &report),
        Format::Table => report.for_people(&mut out),
        format @ (Format::Csv | Format::Md) => report.strikes(out, format),
    }
}

fn analyze(
    arguments: &Args,
    chain: &Chain,
    calendar: &Calendar,
    as_of: &Result<Timestamp, String>,
) -> Report {
    let mut report = Report {
        symbol: chain.symbol.to_string(),
        spot: chain.last.dollars(),
        as_of: as_of.as_ref().ok().map(|as_of| report::local(*as_of)),
        contracts: 2 * chain.rows.len(),
        convention: Convention::new(arguments.greeks.name(), arguments.min_oi, arguments.rate),
        ..Report::default()
    };
    let now = as_of.as_ref().ok().copied();
    let selection = Selection {
        greeks: arguments.greeks,
        min_oi: arguments.min_oi,
        rate: arguments.rate,
    };
    let eligible = match contracts(chain, now, calendar, &selection) {
        Ok(eligible) => eligible,
        Err(reason) => {
            report.miss_all(&reason);
            return report;
        }
    };
    report.included = eligible.contracts.len();
    let spot = report.spot;
    report.set_sums(sums(&eligible.contracts, spot, eligible.first_expiry));
    set_levels(&mut report, &eligible.contracts, chain.last);
    match as_of {
        Ok(_) => set_zero_gamma(&mut report, &eligible.contracts, arguments.rate),
        Err(reason) => report.miss("zero_gamma", reason.clone()),
    }
    report
}

fn exposure_rows(contracts: &[Contract], spot: f64) -> Vec<ExposureRow> {
    let mut rows: Vec<ExposureRow> = contracts
        .iter()
        .map(|contract| {
            let ExposureWeight(weight) = contract.weight;
            ExposureRow {
                strike: contract.terms.strike,
                expiry: contract.terms.expiry.yyyymmdd(),
                right: contract.terms.right,
                gex_usd_per_pct: contract.gamma * weight * spot * spot * 0.01,
                dex_usd: contract.delta * weight.abs() * spot,
            }
        })
        .collect();
    sort_rows(&mut rows);
    rows
}

fn sums(contracts: &[Contract], spot: f64, first_expiry: Option<u32>) -> Sums {
    let rows = exposure_rows(contracts, spot);
    let gex = |right: Right| -> f64 {
        let of_right = rows.iter().filter(|row| row.right == right);
        sum_ordered(&of_right.map(|row| row.gex_usd_per_pct).collect::<Vec<_>>())
    };
    let (mut strikes, mut expiries) = (Vec::new(), Vec::new());
    by_strike(&rows, &mut strikes);
    by_expiry(&rows, &mut expiries);
    let first = expiries
        .iter()
        .find(|(expiry, _)| Some(*expiry) == first_expiry);
    Sums {
        call_gex: gex(Right::Call),
        put_gex: gex(Right::Put),
        first_expiry_gex: first.map_or(0.0, |(_, net)| *net),
        dex: sum_ordered(&rows.iter().map(|row| row.dex_usd).collect::<Vec<_>>()),
        by_strike: strikes.iter().map(|strike| strike.gamma).collect(),
        by_expiry: expiries,
    }
}

fn set_levels(report: &mut Report, contracts: &[Contract], spot: Price) {
    let mut table = Vec::new();
    by_strike(&exposure_rows(contracts, spot.dollars()), &mut table);
    let Some(found) = levels(&table, spot, CONTRACTS_MIN) else {
        let reason = format!("fewer than {CONTRACTS_MIN} contracts are included");
        for name in ["call_wall", "put_wall", "max_abs_gamma_strike"] {
            report.miss(name, reason.clone());
        }
        return;
    };
    let dollars = |price: Option<Price>| price.map(Price::dollars);
    report.call_wall = dollars(found.call_wall);
    report.put_wall = dollars(found.put_wall);
    report.max_abs_gamma_strike = dollars(found.max_abs_gamma_strike);
    for (name, level) in [
        ("call_wall", found.call_wall),
        ("put_wall", found.put_wall),
        ("max_abs_gamma_strike", found.max_abs_gamma_strike),
    ] {
        if level.is_none() {
            report.miss(name, "no contract of its kind has gamma".to_owned());
        }
    }
}

fn set_zero_gamma(report: &mut Report, contracts: &[Contract], rate: f64) {
    let column = |value: fn(&Contract) -> f64| contracts.iter().map(value).collect::<Vec<_>>();
    let columns = WeightedColumns {
        strike: &column(|contract| contract.terms.strike.dollars()),
        years: &column(|contract| contract.years.unwrap_or(-1.0)),
        rate: &vec![rate; contracts.len()],
        dividend_yield: &column(|contract| contract.dividend_yield),
        volatility: &column(|contract| contract.volatility),
        weight: &column(|contract| contract.weight.0),
    };
    let mut curve = GammaCurve::default();
    zero_gamma(report.spot, &columns, &mut curve);
    report.zero_gamma = curve.nearest;
    report.zero_gamma_roots = curve.roots;
    let nodes = curve.spot.iter().zip(&curve.gex_usd_per_pct);
    report.profile = nodes.map(|(&spot, &net)| AtSpot { spot, net }).collect();
    if report.zero_gamma.is_some() {
        return;
    }
    let sign = curve
        .gex_usd_per_pct
        .iter()
        .copied()
        .find(|gex| *gex != 0.0);
    let reason = match sign {
        None => "no included contract has both time and volatility left".to_owned(),
        Some(gex) => format!(
            "gamma is {} at every spot within {:.0} %",
            if gex > 0.0 { "positive" } else { "negative" },
            curve.half_width * 100.0
        ),
    };
    report.miss("zero_gamma", reason);
}
