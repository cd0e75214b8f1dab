//! The files of an archive of gamma exposure: a summary, and a profile by strike for each of its rows.

use crate::analyze::Fields;
use crate::exit::Failure;
use crate::input::{Column, Input, Record, Table};
use components::units::Price;
use std::path::Path;

/// What the archive's maker computed, in rows.
pub(super) struct Summary {
    pub(super) table: Table,
    date: Column,
    time: Column,
    numbers: [(&'static str, Column); 2],
    strikes: [(&'static str, Column); 4],
}

/// What the archive's maker computed of one snapshot.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SummaryRow {
    pub(super) line: u64,
    pub(super) date: String,
    pub(super) time: String,
    pub(super) spot: f64,
    /// Of all strikes of the day, in USD of delta per 1 % move.
    pub(super) net: f64,
    pub(super) peak: Option<Price>,
    pub(super) call_wall: Option<Price>,
    pub(super) put_wall: Option<Price>,
    pub(super) flip: Option<Price>,
}

/// Gamma exposure by strike at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Profile {
    pub(super) spot: f64,
    /// Lowest first.
    pub(super) strikes: Vec<AtStrike>,
}

/// Gamma exposure in USD of delta per 1 % move, puts negative; contracts that exist and were traded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AtStrike {
    pub(super) strike: Price,
    pub(super) call_gex: f64,
    pub(super) put_gex: f64,
    pub(super) total: f64,
    pub(super) call_interest: f64,
    pub(super) put_interest: f64,
    pub(super) call_volume: f64,
    pub(super) put_volume: f64,
}

impl Profile {
    /// Whether a strike lies within those of the profile.
    pub(super) fn reaches(&self, strike: Price) -> bool {
        let ends = self.strikes.first().zip(self.strikes.last());
        ends.is_some_and(|(first, last)| first.strike <= strike && strike <= last.strike)
    }

    /// The recorded totals, summed.
    pub(super) fn total(&self) -> f64 {
        self.strikes.iter().map(|at| at.total).sum()
    }
}

impl Summary {
    pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
        let table = Table::open(Input::read(&folder.join("summary.csv"))?)?;
        let named = |name| table.column(name).map(|column| (name, column));
        Ok(Self {
            date: table.column("date")?,
            time: table.column("time")?,
            numbers: [named("spot")?, named("net")?],
            strikes: [
                named("peak_strike")?,
                named("call_wall")?,
                named("put_wall")?,
                named("gamma_flip")?,
            ],
            table,
        })
    }

    pub(super) fn next_row(&mut self) -> Result<Option<SummaryRow>, Failure> {
        let Some(record) = self.table.next_record()? else {
            return Ok(None);
        };
        let cells = Cells {
            name: self.table.name(),
            record: &record,
        };
        let [peak, call_wall, put_wall, flip] = self.strikes;
        Ok(Some(SummaryRow {
            line: record.line(),
            date: cells.digits(("date", self.date), '-', 8)?,
            time: cells.digits(("time", self.time), ':', 4)?,
            spot: cells.within(self.numbers[0], 1e-4, 1e9, "a price above 0")?,
            net: cells.within(self.numbers[1], -1e18, 1e18, "dollars")?,
            peak: cells.optional_strike(peak)?,
            call_wall: cells.optional_strike(call_wall)?,
            put_wall: cells.optional_strike(put_wall)?,
            flip: cells.optional_strike(flip)?,
        }))
    }
}

/// Reads the profile of a row of the summary.
pub(super) fn profile(folder: &Path, row: &SummaryRow) -> Result<Profile, Failure> {
    let file = format!("{}_{}.csv", row.date, row.time.replace(':', ""));
    let mut input = Input::read(&folder.join("profile").join(file))?;
    let spot = take_spot(&mut input)?;
    let mut table = Table::open(input)?;
    let named = |name| table.column(name).map(|column| (name, column));
    let strike = named("strike")?;
    let money = [named("cg")?, named("pg")?, named("total")?];
    let counts = [named("coi")?, named("poi")?, named("cvol")?, named("pvol")?];
    let mut strikes: Vec<AtStrike> = Vec::new();
    while let Some(record) = table.next_record()? {
        let cells = Cells {
            name: table.name(),
            record: &record,
        };
        let count = |field| cells.within(field, 0.0, 1e12, "a number of contracts from 0");
        let at = AtStrike {
            strike: cells.strike(strike)?,
            call_gex: cells.within(money[0], 0.0, 1e18, "dollars from 0")?,
            put_gex: cells.within(money[1], -1e18, 0.0, "dollars up to 0")?,
            total: cells.within(money[2], -1e18, 1e18, "dollars")?,
            call_interest: count(counts[0])?,
            put_interest: count(counts[1])?,
            call_volume: count(counts[2])?,
            put_volume: count(counts[3])?,
        };
        if strikes.last().is_some_and(|last| last.strike >= at.strike) {
            return Err(cells.bad(strike, "above the strike of the line before"));
        }
        strikes.push(at);
    }
    if strikes.is_empty() {
        let name = table.name();
        return Err(Failure::error(format_args!(
            "{name} has no rows, must have one for each strike"
        )));
    }
    Ok(Profile { spot, strikes })
}

/// The spot in the first line, which is emptied, so that the lines below keep their numbers.
fn take_spot(input: &mut Input) -> Result<f64, Failure> {
    let end = input.bytes.iter().position(|byte| *byte == b'\n');
    let first: Vec<u8> = input.bytes.drain(..end.unwrap_or(0)).collect();
    let first = String::from_utf8_lossy(&first);
    let mut words = first
        .strip_prefix('#')
        .unwrap_or_default()
        .split_whitespace();
    let text = words
        .find_map(|word| word.strip_prefix("spot="))
        .unwrap_or_default();
    let spot = text.parse().ok().filter(|spot| (1e-4..1e9).contains(spot));
    spot.ok_or_else(|| {
        let found: String = text.chars().take(32).collect();
        Failure::error(format_args!(
            "{}:1: `spot` was \"{found}\" is not allowed, must be a price above 0 in a line `# spot=…`",
            input.name
        ))
    })
}

/// The cells of a line, with its place for errors.
struct Cells<'a> {
    name: &'a str,
    record: &'a Record,
}

type Field = (&'static str, Column);

impl Cells<'_> {
    fn bad(&self, (column, place): Field, allowed: &str) -> Failure {
        let found = self.record.text(place).unwrap_or_default();
        let found: String = found.chars().take(32).collect();
        Failure::error(format_args!(
            "{}:{}: `{column}` was \"{found}\" is not allowed, must be {allowed}",
            self.name,
            self.record.line()
        ))
    }

    fn within(&self, field: Field, least: f64, most: f64, allowed: &str) -> Result<f64, Failure> {
        let fields = Fields {
            record: self.record,
        };
        let number = fields.number(field).ok();
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.bad(field, allowed))
    }

    fn strike(&self, field: Field) -> Result<Price, Failure> {
        let dollars = self.within(field, 1e-4, 1e9, "a strike above 0")?;
        Price::from_dollars(dollars).ok_or_else(|| self.bad(field, "a strike above 0"))
    }

    fn optional_strike(&self, field: Field) -> Result<Option<Price>, Failure> {
        if self.record.text(field.1).is_ok_and(str::is_empty) {
            return Ok(None);
        }
        self.strike(field).map(Some)
    }

    /// A text of `count` digits with `separator` between some, which becomes part of a file's name.
    fn digits(&self, field: Field, separator: char, count: usize) -> Result<String, Failure> {
        let text = self.record.text(field.1).unwrap_or_default();
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let allowed = |one: char| one.is_ascii_digit() || one == separator;
        if digits == count && text.chars().all(allowed) {
            return Ok(text.to_owned());
        }
        Err(self.bad(
            field,
            if separator == '-' {
                "a date as 2026-08-18"
            } else {
                "a time as 10:57"
            },
        ))
    }
}
