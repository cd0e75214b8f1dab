//! A chain at one moment.

use super::{as_of, root};
use crate::error::{CellError, Error, shorten};
use components::contract::{ExerciseStyle, Expiry, OptionTerms, Right};
use components::market::Ticker;
use components::units::{Price, Timestamp};
use csv::ByteRecord;
use jiff::civil::Date;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Cells of a row.
const COLUMNS: usize = 22;
/// The most bytes of a file: the largest chain in the market takes about 5 MB.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A chain at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The underlying: the index of the roots, else the root.
    pub symbol: Ticker,
    /// What the file calls the underlying.
    pub name: String,
    /// The last price of the underlying.
    pub last: Price,
    /// The time of the file, if its date line can be read; the quotes are 15 minutes older.
    pub as_of: Option<Timestamp>,
    /// The date line as it stands.
    pub as_of_text: String,
    /// The rows, in the file's order.
    pub rows: Vec<Row>,
}

/// A call and a put of the same expiry and strike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The expiry date.
    pub expiry: Expiry,
    /// The strike.
    pub strike: Price,
    /// The call.
    pub call: Leg,
    /// The put.
    pub put: Leg,
}

/// What the file says of a contract.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leg {
    /// Its terms: those of its OSI symbol, European for an index.
    pub terms: OptionTerms,
    /// The last price paid, 0 if there was no trade.
    pub last_sale: Price,
    /// The best bid, 0 if there is none.
    pub bid: Price,
    /// The best ask, 0 if there is none.
    pub ask: Price,
    /// Contracts traded on the day.
    pub volume: u64,
    /// Implied volatility, 0.18 is 18 %.
    pub iv: f64,
    /// Delta per $1, negative for puts.
    pub delta: f64,
    /// Gamma per $1.
    pub gamma: f64,
    /// Contracts that exist.
    pub open_interest: u32,
}

impl Leg {
    /// Whether the vendor computed volatility and Greeks: all 0 means it did not.
    #[must_use]
    pub fn is_computed(&self) -> bool {
        self.iv != 0.0 || self.delta != 0.0 || self.gamma != 0.0
    }
}

impl Chain {
    /// Reads the chain in the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, or is not what [`Chain::parse`] takes.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
            .map_err(|source| Error::io(path, source))?;
        let label = path.display().to_string();
        if bytes.len() as u64 > FILE_BYTES_MAX {
            let what = format_args!("holds more than {FILE_BYTES_MAX} bytes");
            return Err(Error::archive(label, what));
        }
        Self::parse(&label, &bytes)
    }

    /// Reads the chain in `bytes`; errors call them `label`.
    ///
    /// # Errors
    /// When there is no header or no row, a row has another number of cells than 22, or a cell
    /// cannot be read or contradicts the symbol in its row.
    pub fn parse(label: &str, bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes);
        let mut record = ByteRecord::new();
        let mut head = Head::default();
        let mut rows = Vec::new();
        loop {
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(Error::archive(label, error)),
            }
            let line = record.position().map_or(0, |at| line_of(bytes, at));
            let cells = RowCells {
                label,
                line,
                record: &record,
            };
            if !head.ended {
                head.take(&cells)?;
            } else {
                rows.push(cells.row()?);
            }
        }
        let missing = |what: &str| Error::archive(label, what);
        if !head.ended {
            return Err(missing(
                "has no header line that begins with \"Expiration Date\"",
            ));
        }
        let last = head
            .last
            .ok_or_else(|| missing("has no \"Last: price\" above the header line"))?;
        let symbol = symbol_of(&rows).ok_or_else(|| missing("has no rows below its header"))?;
        Ok(Self {
            symbol,
            name: head.name,
            last,
            as_of: as_of::read(&head.date),
            as_of_text: head.date,
            rows,
        })
    }
}

/// The line of a record: its position is that of the empty lines skipped before it.
fn line_of(bytes: &[u8], at: &csv::Position) -> u64 {
    let start = usize::try_from(at.byte()).unwrap_or(usize::MAX);
    let skipped = bytes.get(start..).unwrap_or_default();
    let skipped = skipped.iter().take_while(|byte| b"\r\n".contains(byte));
    at.line() + skipped.filter(|byte| **byte == b'\n').count() as u64
}

/// The index of the roots, else the shortest root: adjusted series have a digit more.
fn symbol_of(rows: &[Row]) -> Option<Ticker> {
    let root = rows
        .iter()
        .map(|row| row.call.terms.root)
        .min_by_key(|root| (root.as_str().len(), *root))?;
    Some(root::index_of_root(root).unwrap_or(root))
}

/// What stands above the table.
#[derive(Default)]
struct Head {
    name: String,
    last: Option<Price>,
    date: String,
    ended: bool,
}

impl Head {
    fn take(&mut self, cells: &RowCells<'_>) -> Result<(), Error> {
        let text = |cell: &[u8]| String::from_utf8_lossy(cell).trim().to_owned();
        let mut in_date = false;
        for (column, cell) in cells.record.iter().enumerate() {
            let cell = text(cell);
            if column == 0 && cell == "Expiration Date" {
                self.ended = true;
                return match cells.record.len() {
                    COLUMNS => Ok(()),
                    _ => Err(cells.wrong_columns()),
                };
            }
            if let Some(last) = cell.strip_prefix("Last:") {
                let price = last.trim().parse().ok().and_then(Price::from_dollars);
                let price = price.filter(|price| price.is_some());
                self.last = Some(price.ok_or_else(|| cells.error(column, "Last: a price"))?);
            } else if let Some(date) = cell.strip_prefix("Date:") {
                self.date = date.trim().to_owned();
                in_date = true;
            } else if cell.starts_with("Bid:") {
                in_date = false;
            } else if in_date {
                // A date without quotes is cut by its own commas.
                self.date = format!("{}, {cell}", self.date);
            } else if column == 0 && self.name.is_empty() {
                self.name = cell;
            }
        }
        Ok(())
    }
}

/// The cells of a row with what an error needs.
struct RowCells<'a> {
    label: &'a str,
    line: u64,
    record: &'a ByteRecord,
}

impl RowCells<'_> {
    fn row(&self) -> Result<Row, Error> {
        if self.record.len() != COLUMNS {
            return Err(self.wrong_columns());
        }
        let row = Row {
            expiry: self.expiry(0)?,
            strike: self.price(11)?,
            call: self.leg(1)?,
            put: self.leg(12)?,
        };
        self.check(&row, 1, &row.call, Right::Call)?;
        self.check(&row, 12, &row.put, Right::Put)?;
        Ok(row)
    }

    /// A contract whose symbol stands in `column`, the net change left out.
    fn leg(&self, column: usize) -> Result<Leg, Error> {
        let mut terms = OptionTerms::from_osi(self.text(column))
            .map_err(|error| self.error(column, &format!("an OSI symbol: {error}")))?;
        if root::index_of_root(terms.root).is_some() {
            terms.style = ExerciseStyle::European;
        }
        let open_interest = u32::try_from(self.count(column + 9)?)
            .map_err(|_| self.error(column + 9, "0 to 4294967295"))?;
        Ok(Leg {
            terms,
            last_sale: self.price(column + 1)?,
            bid: self.price(column + 3)?,
            ask: self.price(column + 4)?,
            volume: self.count(column + 5)?,
            iv: self.number(column + 6)?,
            delta: self.number(column + 7)?,
            gamma: self.number(column + 8)?,
            open_interest,
        })
    }

    /// The symbol says the same as the row.
    fn check(&self, row: &Row, column: usize, leg: &Leg, right: Right) -> Result<(), Error> {
        let terms = &leg.terms;
        if (terms.expiry, terms.strike, terms.right) == (row.expiry, row.strike, right) {
            return Ok(());
        }
        let allowed = format!(
            "of expiry {}, strike {} and a {right:?}",
            row.expiry, row.strike
        );
        Err(self.error(column, &allowed))
    }

    /// A date such as `Thu Sep 14 2023`.
    fn expiry(&self, column: usize) -> Result<Expiry, Error> {
        let date = Date::strptime("%a %b %d %Y", self.text(column)).ok();
        date.filter(|date| (1990..2100).contains(&date.year()))
            .map(Expiry::on)
            .ok_or_else(|| self.error(column, "a date such as Thu Sep 14 2023"))
    }

    fn price(&self, column: usize) -> Result<Price, Error> {
        let price = self.text(column).parse().ok().and_then(Price::from_dollars);
        price.ok_or_else(|| self.error(column, "a price in dollars"))
    }

    fn number(&self, column: usize) -> Result<f64, Error> {
        let number = self
            .text(column)
            .parse()
            .ok()
            .filter(|n: &f64| n.is_finite());
        number.ok_or_else(|| self.error(column, "a number"))
    }

    fn count(&self, column: usize) -> Result<u64, Error> {
        let number = self.text(column).parse().ok();
        number.ok_or_else(|| self.error(column, "a whole number not below 0"))
    }

    fn text(&self, column: usize) -> &str {
        let cell = self.record.get(column).unwrap_or_default();
        std::str::from_utf8(cell).unwrap_or("\u{fffd}").trim()
    }

    fn wrong_columns(&self) -> Error {
        let count = self.record.len();
        CellError {
            file: self.label.to_owned(),
            line: self.line,
            column: count.min(COLUMNS),
            found: format!("{count} columns"),
            allowed: format!("{COLUMNS} columns (expiry, 10 of a call, strike, 10 of a put)"),
        }
        .into()
    }

    fn error(&self, column: usize, allowed: &str) -> Error {
        CellError {
            file: self.label.to_owned(),
            line: self.line,
            column: column + 1,
            found: shorten(self.record.get(column).unwrap_or_default()),
            allowed: allowed.to_owned(),
        }
        .into()
    }
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
