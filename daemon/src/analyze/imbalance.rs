//! `analyze imbalance`: what order books say, one row a book.

use super::{Complaints, Fields};
use crate::cli::General;
use crate::exit::Failure;
use crate::input::{BadCell, Column, Input, Record, Table};
use crate::output::{self, Cell, Format, Rows};
use components::market::{Level, QuoteState};
use components::units::Price;
use std::io::Write;
use std::path::PathBuf;
use systems::imbalance::book::{BookView, LEVELS, view_book};

/// The arguments of `analyze imbalance`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader analyze imbalance book.csv
  alphatrader analyze imbalance LOBSTER_SampleFile_AMZN_2012-06-21_5.zip --format csv | head

Input columns:  id (optional), bid_px1, bid_sz1, … bid_px5, bid_sz5, ask_px1, … ask_sz5 (a level
                that is empty has empty cells; levels past the first may be missing altogether);
                or a LOBSTER zip, of which the order book file is read
Output columns: id, state, obi_l1, obi_l5, obi_l5_unweighted, pressure_ratio, log_pressure,
                microprice, slope_bid, slope_ask, slope_imbalance
State: ok, locked (have values); crossed, one_sided, empty, error (have none).")]
pub struct Args {
    /// The file, or - for stdin
    pub file: PathBuf,
}

const OUTPUT: [&str; 11] = [
    "id",
    "state",
    "obi_l1",
    "obi_l5",
    "obi_l5_unweighted",
    "pressure_ratio",
    "log_pressure",
    "microprice",
    "slope_bid",
    "slope_ask",
    "slope_imbalance",
];

/// A side of a book.
type Side = [Level; LEVELS];

/// Reads every book.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let input = Input::read(&arguments.file)?;
    let format = general.format_or(Format::Csv);
    let rows = Rows::begin(output::stdout(), format, &OUTPUT)?;
    if input.is_zip() && is_lobster(&input)? {
        lobster(&input.unzip("orderbook")?, rows)
    } else {
        columns(input.into_csv()?, rows)
    }
}

fn is_lobster(input: &Input) -> Result<bool, Failure> {
    let names = input.zip_names()?;
    Ok(names.iter().any(|name| name.contains("orderbook")))
}

/// Books in named columns.
fn columns<W: Write>(input: Input, mut rows: Rows<W>) -> Result<(), Failure> {
    let mut table = Table::open(input)?;
    let id = table.optional_column("id");
    let places = [side_places(&table, "bid")?, side_places(&table, "ask")?];
    let mut complaints = Complaints::about(&table);
    while let Some(record) = table.next_record()? {
        let fields = Fields { record: &record };
        let id = fields.id(id);
        match (side(&record, &places[0]), side(&record, &places[1])) {
            (Ok(bids), Ok(asks)) => row(&mut rows, id, &view_book(&bids, &asks))?,
            (Err(reason), _) | (_, Err(reason)) => {
                complaints.tell(record.line(), &reason);
                error_row(&mut rows, id)?;
            }
        }
    }
    rows.finish()
}

/// Places of price and size of the levels that the file has; the first level it must have.
fn side_places(table: &Table, side: &str) -> Result<Vec<(Column, Column)>, Failure> {
    let mut places = Vec::with_capacity(LEVELS);
    for level in 1..=LEVELS {
        let (price, size) = (format!("{side}_px{level}"), format!("{side}_sz{level}"));
        if level > 1 && table.optional_column(&price).is_none() {
            break;
        }
        places.push((table.column(&price)?, table.column(&size)?));
    }
    Ok(places)
}

fn side(record: &Record, places: &[(Column, Column)]) -> Result<Side, String> {
    let mut levels = [Level::default(); LEVELS];
    for (level, (price, size)) in levels.iter_mut().zip(places) {
        let (price_text, size_text) = (record.text(*price), record.text(*size));
        if price_text == Ok("") && size_text.as_ref().is_ok_and(|t| matches!(*t, "" | "0")) {
            continue;
        }
        let bad = |what: &str, bad: &dyn std::fmt::Display| format!("{what} was {bad}");
        let dollars = record.number(*price).map_err(|e| bad("price", &e))?;
        let price = Price::from_dollars(dollars)
            .filter(|price| price.0 >= 0)
            .ok_or_else(|| bad("price", &format_args!("{dollars}, must be a price from 0")))?;
        let size = size_text.map_err(|e| bad("size", &e))?;
        let whole = size.strip_suffix(".0").unwrap_or(size).parse();
        let size = whole.map_err(|_| {
            let found = size.chars().take(32).collect();
            let allowed = "a whole number of shares";
            bad("size", &BadCell { found, allowed })
        })?;
        *level = Level { price, size };
    }
    Ok(levels)
}

/// Books of a LOBSTER file: ask price, ask size, bid price, bid size of each level, no header line,
/// prices in 1/10,000 USD. An empty level has the price 9999999999 or -9999999999 and size 0.
fn lobster<W: Write>(input: &Input, mut rows: Rows<W>) -> Result<(), Failure> {
    for (number, line) in input.bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let (asks, bids) = lobster_book(line).ok_or_else(|| {
            Failure::error(format_args!(
                "{}:{}: is no LOBSTER order book, must be whole numbers in groups of ask price, \
                 ask size, bid price, bid size",
                input.name,
                number + 1
            ))
        })?;
        row(
            &mut rows,
            Cell::Count(number as u64),
            &view_book(&bids, &asks),
        )?;
    }
    rows.finish()
}

fn lobster_book(line: &[u8]) -> Option<(Side, Side)> {
    let text = std::str::from_utf8(line).ok()?;
    let mut numbers = text.split(',').map(|field| field.trim().parse::<i64>());
    let (mut asks, mut bids) = (Side::default(), Side::default());
    let mut groups = 0;
    while let Some(first) = numbers.next() {
        let (ask, ask_size) = (first.ok()?, numbers.next()?.ok()?);
        let (bid, bid_size) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        if groups < LEVELS {
            asks[groups] = lobster_level(ask, ask_size)?;
            bids[groups] = lobster_level(bid, bid_size)?;
        }
        groups += 1;
    }
    (groups > 0).then_some((asks, bids))
}

fn lobster_level(price: i64, size: i64) -> Option<Level> {
    const EMPTY: i64 = 9_999_999_999;
    if price.abs() == EMPTY {
        return Some(Level::default());
    }
    Some(Level {
        price: Price(price),
        size: u32::try_from(size).ok()?,
    })
}

fn row<W: Write>(rows: &mut Rows<W>, id: Cell<'_>, view: &BookView) -> Result<(), Failure> {
    let mut cells = [Cell::Missing; OUTPUT.len()];
    cells[0] = id;
    cells[1] = Cell::Text(match view.state {
        QuoteState::NoData => "empty",
        state => state.name(),
    });
    if let Some(values) = &view.values {
        let slopes = values.slopes;
        let numbers = [
            Some(values.obi_l1),
            Some(values.obi_l5),
            Some(values.obi_l5_unweighted),
            Some(values.pressure_ratio),
            Some(values.log_pressure),
            Some(values.microprice_dollars),
            slopes.map(|slopes| slopes.bid),
            slopes.map(|slopes| slopes.ask),
            slopes.map(|slopes| slopes.imbalance),
        ];
        for (cell, number) in cells[2..].iter_mut().zip(numbers) {
            *cell = Cell::optional(number);
        }
    }
    rows.row(&cells)
}

fn error_row<W: Write>(rows: &mut Rows<W>, id: Cell<'_>) -> Result<(), Failure> {
    let mut cells = [Cell::Missing; OUTPUT.len()];
    cells[0] = id;
    cells[1] = Cell::Text("error");
    rows.row(&cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lobster_levels_are_empty() {
        let (asks, bids) =
            lobster_book(b"5859400,200,5853300,18,9999999999,0,-9999999999,0").unwrap();
        assert_eq!(asks[0].price, Price(5_859_400));
        assert_eq!((bids[0].size, bids[1]), (18, Level::default()));
        assert!(lobster_book(b"1,2,3").is_none());
        assert!(lobster_book(b"1,2,3,x").is_none());
    }
}
