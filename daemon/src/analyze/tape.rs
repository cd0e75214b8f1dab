//! Tapes of trades: a CSV with quotes in columns, or recorded LEAN ticks with quotes beside them.
//!
//! A LEAN file has no header line. Times are milliseconds since midnight in New York, prices whole
//! numbers of 1/10,000 USD. A quote row speaks of the side whose price is not 0.

use super::Complaints;
use crate::exit::Failure;
use crate::input::{BadCell, Column, Input, Record, Table};
use components::units::{NANOS_PER_MILLI, Price, Timestamp};
use engine::calendar::Calendar;
use jiff::civil::{Date, Time};
use systems::vpin::conditions::is_regular_trade;
use systems::vpin::signed::QuotedTrade;

/// Trades in columns. Quotes are there if they were asked for.
#[derive(Debug, Default)]
pub(super) struct Tape {
    /// What bars are aligned to.
    pub(super) open: Timestamp,
    pub(super) times_ns: Vec<i64>,
    pub(super) prices: Vec<i64>,
    pub(super) sizes: Vec<u32>,
    /// Sale conditions as LEAN packs them; of recorded ticks only.
    pub(super) conditions: Vec<u32>,
    /// Bid and ask before the trade; [`Price::NONE`] for a side without a quote.
    quotes: Vec<(Price, Price)>,
}

impl Tape {
    fn push(&mut self, at: Timestamp, price: Price, size: u32) {
        self.times_ns.push(at.0);
        self.prices.push(price.0);
        self.sizes.push(size);
    }

    /// The trades with their quotes.
    pub(super) fn quoted(&self) -> impl Iterator<Item = QuotedTrade> {
        let trades = self.prices.iter().zip(&self.sizes).zip(&self.quotes);
        trades.map(|((price, size), (bid, ask))| QuotedTrade {
            price: Price(*price),
            size: *size,
            bid: *bid,
            ask: *ask,
        })
    }
}

/// Reads `t_ms,price,size` and, if asked for, `bid,ask`. A row that cannot be read is left out with
/// a warning.
pub(super) fn read_csv(input: Input, with_quotes: bool) -> Result<Tape, Failure> {
    let mut table = Table::open(input)?;
    let [time, price, size] = table.columns(["t_ms", "price", "size"])?;
    let quote = if with_quotes {
        Some((table.column("bid")?, table.column("ask")?))
    } else {
        None
    };
    let mut complaints = Complaints::about(&table);
    let mut tape = Tape::default();
    while let Some(record) = table.next_record()? {
        let trade = (
            named("t_ms", time_of(&record, time)),
            named("price", price_of(&record, price)),
            named("size", size_of(&record, size)),
        );
        let (at, price, size) = match trade {
            (Ok(at), Ok(price), Ok(size)) => (at, price, size),
            (Err(reason), ..) | (_, Err(reason), _) | (.., Err(reason)) => {
                complaints.tell(
                    record.line(),
                    &format_args!("{reason}, the trade is left out"),
                );
                continue;
            }
        };
        tape.push(at, price, size);
        if let Some((bid, ask)) = quote {
            // What is no price is no quote: the tick rule decides.
            let side = |column| price_of(&record, column).unwrap_or(Price::NONE);
            tape.quotes.push((side(bid), side(ask)));
        }
    }
    Ok(tape)
}

/// Whether the file is a recorded LEAN tape: no header line, six or more fields, a whole number
/// first.
pub(super) fn is_lean(input: &Input) -> bool {
    let mut lines = input.bytes.split(|byte| *byte == b'\n');
    lines.next().is_some_and(|line| {
        let mut fields = line.split(|byte| *byte == b',');
        let first = fields.next().unwrap_or_default();
        !first.is_empty() && first.iter().all(u8::is_ascii_digit) && fields.count() >= 5
    })
}

/// Reads LEAN trade ticks: the regular prints of the regular session, each with the best bid and
/// ask of `quotes` strictly before its millisecond.
pub(super) fn read_lean(trades: &Input, quotes: Option<&Input>) -> Result<Tape, Failure> {
    let (open_ms, close_ms) = session_ms(&trades.name)?;
    let mut quotes = quotes.map(Quotes::new);
    let mut tape = Tape {
        open: Timestamp(open_ms * NANOS_PER_MILLI),
        ..Tape::default()
    };
    for line in lines(trades) {
        let (line, fields) = line?;
        let bad = |what: &str, allowed: &str| bad_field(&trades.name, line, what, allowed);
        let [time, price, size, _, conditions, suspicious] = fields[..] else {
            return Err(bad(
                "",
                "6 fields: time, price, size, exchange, condition, suspicious",
            ));
        };
        let at = whole(time).ok_or_else(|| bad(time, "milliseconds since midnight"))?;
        let price = whole(price).ok_or_else(|| bad(price, "a price in 1/10,000 USD"))?;
        let size = size.parse().map_err(|_| bad(size, "a number of shares"))?;
        let conditions = u32::from_str_radix(conditions, 16)
            .map_err(|_| bad(conditions, "sale conditions in hexadecimal"))?;
        let regular = is_regular_trade(conditions, suspicious != "0");
        if !(open_ms..close_ms).contains(&at) || !regular {
            continue;
        }
        tape.push(Timestamp(at * NANOS_PER_MILLI), Price(price), size);
        tape.conditions.push(conditions);
        if let Some(quotes) = &mut quotes {
            tape.quotes.push(quotes.before(at)?);
        }
    }
    Ok(tape)
}

/// The best bid and ask of a LEAN quote tape, moved forward through time.
struct Quotes<'a> {
    name: &'a str,
    lines: Box<dyn Iterator<Item = Result<Line<'a>, Failure>> + 'a>,
    next: Option<QuoteRow>,
    bid: Price,
    ask: Price,
}

struct QuoteRow {
    at: i64,
    bid: Price,
    ask: Price,
}

impl<'a> Quotes<'a> {
    fn new(input: &'a Input) -> Self {
        Self {
            name: &input.name,
            lines: Box::new(lines(input)),
            next: None,
            bid: Price::NONE,
            ask: Price::NONE,
        }
    }

    /// Bid and ask after all rows before `time_ms`.
    fn before(&mut self, time_ms: i64) -> Result<(Price, Price), Failure> {
        loop {
            let row = match self.next.take() {
                Some(row) => row,
                None => match self.lines.next() {
                    Some(line) => self.row(line?)?,
                    None => break,
                },
            };
            if row.at >= time_ms {
                self.next = Some(row);
                break;
            }
            if row.bid.is_some() {
                self.bid = row.bid;
            }
            if row.ask.is_some() {
                self.ask = row.ask;
            }
        }
        Ok((self.bid, self.ask))
    }

    fn row(&self, (line, fields): Line<'a>) -> Result<QuoteRow, Failure> {
        let bad = |what: &str, allowed: &str| bad_field(self.name, line, what, allowed);
        let [time, bid, _, ask, ..] = fields[..] else {
            return Err(bad("", "time, bid price, bid size, ask price, ask size, …"));
        };
        let price = |text| {
            whole(text)
                .map(Price)
                .ok_or_else(|| bad(text, "a price in 1/10,000 USD, or 0"))
        };
        Ok(QuoteRow {
            at: whole(time).ok_or_else(|| bad(time, "milliseconds since midnight"))?,
            bid: price(bid)?,
            ask: price(ask)?,
        })
    }
}

type Line<'a> = (usize, Vec<&'a str>);

/// The lines of a file with their numbers from 1, cut at commas.
fn lines(input: &Input) -> impl Iterator<Item = Result<Line<'_>, Failure>> {
    let lines = input.bytes.split(|byte| *byte == b'\n').enumerate();
    let filled = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    filled.map(|(index, line)| {
        let text = std::str::from_utf8(line.trim_ascii())
            .map_err(|_| bad_field(&input.name, index + 1, "", "text in UTF-8"))?;
        Ok((index + 1, text.split(',').collect()))
    })
}

fn bad_field(name: &str, line: usize, found: &str, allowed: &str) -> Failure {
    let found: String = found.chars().take(32).collect();
    Failure::error(format_args!(
        "{name}:{line}: \"{found}\" is not allowed, must be {allowed}"
    ))
}

/// The regular session in milliseconds since midnight; 9:30 to 16:00 if the file's name does not
/// begin with a date, or no session is known for it.
fn session_ms(name: &str) -> Result<(i64, i64), Failure> {
    const REGULAR: (i64, i64) = (34_200_000, 57_600_000);
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let date = file
        .get(..8)
        .and_then(|date| Date::strptime("%Y%m%d", date).ok());
    let calendar = Calendar::nyse();
    let Some(session) = date.and_then(|date| calendar.session(date)) else {
        return Ok(REGULAR);
    };
    let midnight = calendar
        .at(session.date, Time::midnight())
        .map_err(Failure::error)?;
    let millis = |at: Timestamp| at.nanos_since(midnight) / NANOS_PER_MILLI;
    Ok((millis(session.open), millis(session.close)))
}

fn whole(text: &str) -> Option<i64> {
    // Far from the limits, so that no sum of them overflows.
    text.parse()
        .ok()
        .filter(|n: &i64| n.unsigned_abs() < 1 << 50)
}

fn named<T>(column: &str, cell: Result<T, BadCell>) -> Result<T, String> {
    cell.map_err(|bad| format!("`{column}` was {bad}"))
}

fn time_of(record: &Record, column: Column) -> Result<Timestamp, BadCell> {
    const MILLIS_MAX: f64 = 1e12;
    let millis = record.number(column)?;
    let nanos = (millis.abs() < MILLIS_MAX).then_some(millis * NANOS_PER_MILLI as f64);
    // A price is a whole number of 1/10,000, an instant one of nanoseconds: the same rounding.
    let whole = nanos.and_then(|nanos| Price::from_dollars(nanos / 10_000.0));
    whole
        .map(|nanos| Timestamp(nanos.0))
        .ok_or_else(|| bad_cell(record, column, "milliseconds"))
}

fn price_of(record: &Record, column: Column) -> Result<Price, BadCell> {
    let price = Price::from_dollars(record.number(column)?).filter(|price| price.is_some());
    price.ok_or_else(|| bad_cell(record, column, "a positive price in USD"))
}

fn size_of(record: &Record, column: Column) -> Result<u32, BadCell> {
    let text = record.text(column)?;
    // Some tools write whole numbers as `100.0`.
    let text = text.strip_suffix(".0").unwrap_or(text);
    text.parse()
        .map_err(|_| bad_cell(record, column, "a whole number of shares"))
}

fn bad_cell(record: &Record, column: Column, allowed: &'static str) -> BadCell {
    let found = record.text(column).unwrap_or_default();
    BadCell {
        found: found.chars().take(32).collect(),
        allowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str, text: &str) -> Input {
        Input {
            name: name.to_owned(),
            bytes: text.as_bytes().to_vec(),
        }
    }

    #[test]
    fn the_quote_of_a_trade_is_strictly_before_it() {
        let trades = input(
            "20131007_x_Trade_Tick.csv",
            "34200001,1000000,100,N,1,0\n34200002,1000000,200,N,1,0\n",
        );
        let quotes = input(
            "q",
            "34200000,999900,5,0,0,N,1,0\n34200001,0,0,1000100,5,N,1,0\n\
             34200002,999800,5,0,0,N,1,0\n",
        );
        let tape = read_lean(&trades, Some(&quotes)).unwrap();
        let quotes: Vec<_> = tape
            .quoted()
            .map(|trade| (trade.bid.0, trade.ask.0))
            .collect();
        assert_eq!(quotes, [(999_900, 0), (999_900, 1_000_100)]);
    }

    #[test]
    fn only_regular_prints_of_the_session_count() {
        let text = "34199999,1,1,N,1,0\n34200000,1,2,N,1,0\n34200001,1,4,N,40,0\n\
                    34200001,1,8,N,1,1\n57599999,1,16,N,20000020,0\n57600000,1,32,N,1,0";
        let tape = read_lean(&input("20131007_x.csv", text), None).unwrap();
        assert_eq!(tape.sizes, [2, 16]);
        // The day before Christmas ends at 13:00.
        let tape = read_lean(&input("20151224_x.csv", text), None).unwrap();
        assert_eq!(tape.sizes, [2]);
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = read_lean(&input("t.csv", "34200000,1,x,N,1,0\n"), None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "t.csv:1: \"x\" is not allowed, must be a number of shares"
        );
        assert!(read_lean(&input("t.csv", "34200000,1,1,N,1\n"), None).is_err());
    }

    #[test]
    fn a_csv_row_that_is_no_trade_is_left_out() {
        let text = "size,price,t_ms\n100,10.5,0\n-1,10.5,1\n5,nan,2\n7,10.25,3.5\n";
        let tape = read_csv(input("t.csv", text), false).unwrap();
        assert_eq!(tape.sizes, [100, 7]);
        assert_eq!(tape.times_ns, [0, 3_500_000]);
    }
}
