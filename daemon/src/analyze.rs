//! `analyze`: the kernels on a file.
//!
//! A row that cannot be computed keeps its id, says why in `status` and leaves its results empty.

/// American options taken for European ones.
mod american;
/// What closing auctions will be short of.
mod closing;
/// Price and Greeks of options.
mod greeks;
/// Hidden orders of a recorded book.
mod hidden;
/// What order books say.
mod imbalance;
/// Implied volatilities of option prices.
mod implied_vol;
/// Dealer exposure of a chain.
mod levels;
/// The contracts of a recorded chain, with time, forward and volatility of each.
mod market;
/// What the kernels on one option at a time share.
mod options;
/// What the days of a volatility index are called.
mod regimes;
/// Recorded gamma exposure by strike, and what its maker computed.
mod snapshots;
/// Sweeps of a tape.
mod sweeps;
/// Tapes of trades.
mod tape;
/// The vendor's delta and gamma against ours.
mod vendor;
/// Volume buckets and VPIN of a tape.
mod vpin;

use crate::cli::General;
use crate::exit::Failure;
use crate::input::{BadCell, Column, Record, Table};
use crate::output::{Cell, Format};
use clap::Subcommand;
use components::contract::Right;
use components::units::Timestamp;
use jiff::civil::DateTime;
use std::io::Write;

/// The arguments of `analyze`.
#[derive(clap::Args, Debug)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Example:
  alphatrader analyze greeks options.csv --json

Each reads a file or stdin (-): CSV, or a zip that holds one. Columns are found by name, in any
order; others are not looked at. The output is CSV unless --format or --json says otherwise."
)]
pub struct Args {
    /// The kernel.
    #[command(subcommand)]
    pub kernel: Kernel,
}

/// The kernels.
#[derive(Subcommand, Debug)]
pub enum Kernel {
    /// Price and eight Greeks by Black-Scholes-Merton
    Greeks(greeks::Args),
    /// The volatility at which a price is the model's
    ImpliedVol(implied_vol::Args),
    /// Volume buckets and VPIN of a tape of trades
    Vpin(vpin::Args),
    /// Delta and gamma that a vendor published, held against ours
    Vendor(vendor::Args),
    /// Dealer gamma and delta of a chain, walls and zero gamma
    Levels(levels::Args),
    /// What taking American options for European ones costs
    American(american::Args),
    /// What the days of a volatility index are called, and what came after
    Regimes(regimes::Args),
    /// Peak, walls and flip of recorded gamma exposure by strike, held against its maker's
    Snapshots(snapshots::Args),
    /// Sweeps of a recorded tape, held against the feed's own marks
    Sweeps(sweeps::Args),
    /// Hidden orders of a recorded book, held against the feed's own marks
    Hidden(hidden::Args),
    /// Imbalance, microprice and slopes of order books
    Imbalance(imbalance::Args),
    /// What closing auctions will be short of, and what saying so is worth
    Closing(closing::Args),
}

/// Runs a kernel on a file.
///
/// # Errors
/// If the file cannot be read or is not what the kernel needs, or stdout cannot be written.
pub fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    match &arguments.kernel {
        Kernel::Greeks(arguments) => greeks::run(arguments, general),
        Kernel::ImpliedVol(arguments) => implied_vol::run(arguments, general),
        Kernel::Vpin(arguments) => vpin::run(arguments, general),
        Kernel::Levels(arguments) => levels::run(arguments, general),
        Kernel::Vendor(arguments) => vendor::run(arguments, general),
        Kernel::American(arguments) => american::run(arguments, general),
        Kernel::Regimes(arguments) => regimes::run(arguments, general),
        Kernel::Snapshots(arguments) => snapshots::run(arguments, general),
        Kernel::Sweeps(arguments) => sweeps::run(arguments, general),
        Kernel::Hidden(arguments) => hidden::run(arguments, general),
        Kernel::Imbalance(arguments) => imbalance::run(arguments, general),
        Kernel::Closing(arguments) => closing::run(arguments, general),
    }
}

/// Words about rows that could not be computed, on stderr, so that the data stays clean.
struct Complaints {
    name: String,
    told: u32,
}

impl Complaints {
    /// After so many, the rest is not told.
    const TOLD_MAX: u32 = 10;

    fn about(table: &Table) -> Self {
        Self {
            name: table.name().to_owned(),
            told: 0,
        }
    }

    fn tell(&mut self, line: u64, what: &impl std::fmt::Display) {
        self.told += 1;
        let mut stderr = anstream::stderr();
        // What the reader of stderr does not want to hear is lost without harm: `status` says it.
        let _ = match self.told {
            told if told <= Self::TOLD_MAX => {
                writeln!(stderr, "Warning: {}:{line}: {what}", self.name)
            }
            told if told == Self::TOLD_MAX + 1 => {
                writeln!(
                    stderr,
                    "Warning: {}: more rows could not be computed",
                    self.name
                )
            }
            _ => Ok(()),
        };
    }
}

/// A cell that is not what its column must hold, with the column's name.
#[derive(Debug, thiserror::Error)]
#[error("`{column}` was {cell}")]
struct BadField {
    column: &'static str,
    cell: BadCell,
}

/// How numbers of a score are written: rounded for people, for programs as they are.
#[derive(Clone, Copy, Debug)]
struct Rounding {
    for_people: bool,
}

impl Rounding {
    fn of(format: Format) -> Self {
        Self {
            for_people: matches!(format, Format::Table | Format::Md),
        }
    }

    /// A number, for people in steps of `1 / steps`.
    fn number(self, number: f64, steps: f64) -> Cell<'static> {
        Cell::Number(if self.for_people {
            (number * steps).round() / steps
        } else {
            number
        })
    }

    /// The same, or nothing.
    fn optional(self, number: Option<f64>, steps: f64) -> Cell<'static> {
        number.map_or(Cell::Missing, |number| self.number(number, steps))
    }

    /// A number, for people with `digits` significant digits.
    fn significant(self, number: f64, digits: usize) -> Cell<'static> {
        let places = digits.saturating_sub(1);
        let text = format!("{number:.places$e}");
        let rounded = text.parse().unwrap_or(number);
        Cell::Number(if self.for_people { rounded } else { number })
    }
}

/// Columns of one record, by name.
struct Fields<'a> {
    record: &'a Record,
}

impl<'a> Fields<'a> {
    fn number(&self, (column, place): (&'static str, Column)) -> Result<f64, BadField> {
        self.record
            .number(place)
            .map_err(|cell| BadField { column, cell })
    }

    fn right(&self, (column, place): (&'static str, Column)) -> Result<Right, BadField> {
        let found = self.record.text(place);
        let bad = |cell| BadField { column, cell };
        match found.map_err(bad)? {
            "C" | "c" | "call" => Ok(Right::Call),
            "P" | "p" | "put" => Ok(Right::Put),
            other => Err(bad(BadCell {
                found: other.chars().take(32).collect(),
                allowed: "C or P",
            })),
        }
    }

    /// The row's id: its cell in the column `id`, else its number from 0.
    fn id(&self, column: Option<Column>) -> Cell<'a> {
        match column.map(|column| self.record.text(column)) {
            Some(Ok(text)) => Cell::Text(text),
            Some(Err(_)) | None => Cell::Count(self.record.number),
        }
    }
}

/// A time with an offset or a zone, else New York's.
fn parse_time(text: &str) -> Result<Timestamp, String> {
    if let Ok(zoned) = text.parse::<jiff::Zoned>() {
        return Ok(zoned.timestamp().into());
    }
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(instant.into());
    }
    let local = text.parse::<DateTime>().ok();
    let zoned = local.and_then(|local| local.in_tz("America/New_York").ok());
    zoned.map(|zoned| zoned.timestamp().into()).ok_or_else(|| {
        "must be a time such as 2022-03-23T09:56 (New York) or with an offset".into()
    })
}
