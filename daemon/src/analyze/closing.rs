//! `analyze closing`: what closing auctions will be short of, and what saying so is worth.

use super::{Complaints, Fields, Rounding};
use crate::cli::General;
use crate::exit::Failure;
use crate::input::{BadCell, Column, Input, Record, Table};
use crate::output::{self, Cell, Format, Rows};
use std::collections::BTreeMap;
use std::path::PathBuf;
use systems::closing::parameters::Parameters;
use systems::closing::projection::project;
use systems::closing::score::{HeldOut, Line, score_held_out};
use systems::closing::snapshot::{Auction, Observation, Snapshot};

/// The arguments of `analyze closing`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader analyze closing nasdaq_closing_auction_d478_d479.csv | head
  alphatrader analyze closing nasdaq_closing_auction_d478_d479.csv --score

Input columns:  stock_id, date_id, seconds_in_bucket (after 15:50), imbalance_size,
                imbalance_buy_sell_flag (1 buy, -1 sell, 0 none), matched_size; with --score also
                bid_price, ask_price, bid_size, ask_size, which may be empty
Output columns: id (stock_date_seconds), status, seconds_to_close, side, imbalance, projected,
                confidence
Status: ok (has values); nothing_matched, negative_size, not_a_number, over, error (have none).

With --score each day is scored with what was fitted on the other days. Shares are in percent; errors
are of the size of the last imbalance, in percent of the size matched in the end; `stays` and `none`
are the guesses that the present imbalance stays and that there is none.")]
pub struct Args {
    /// The file, or - for stdin
    pub file: PathBuf,
    /// Fit on all days but one, score on that one, for each day
    #[arg(long)]
    pub score: bool,
}

const OUTPUT: [&str; 7] = [
    "id",
    "status",
    "seconds_to_close",
    "side",
    "imbalance",
    "projected",
    "confidence",
];

const SCORE_OUTPUT: [&str; 13] = [
    "fitted_on",
    "scored_on",
    "group",
    "rows",
    "right_pct",
    "right_stays_pct",
    "right_none_pct",
    "error_pct",
    "error_stays_pct",
    "error_none_pct",
    "confidence_pct",
    "calibration_error_pct",
    "move_correlation",
];

/// Seconds from 15:50 to the close.
const SECONDS_MAX: f64 = 600.0;
/// Times to go are shown in steps of a minute, below it all.
const SHOWN_STEP_S: u32 = 60;

/// Projects every snapshot, or scores.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let mut table = Table::open(Input::read(&arguments.file)?.into_csv()?)?;
    let columns = Columns::of(&table)?;
    if arguments.score {
        let book = Book::of(&table)?;
        let format = general.format_or(Format::Table);
        return score(&mut table, &columns, &book, format);
    }
    let format = general.format_or(Format::Csv);
    let mut rows = Rows::begin(output::stdout(), format, &OUTPUT)?;
    let mut complaints = Complaints::about(&table);
    while let Some(record) = table.next_record()? {
        let id = columns.id(&record);
        let mut cells = [Cell::Missing; OUTPUT.len()];
        cells[0] = Cell::Text(&id);
        match columns.snapshot(&record) {
            Err(reason) => {
                complaints.tell(record.line(), &reason);
                cells[1] = Cell::Text("error");
            }
            Ok(snapshot) => {
                cells[2] = Cell::Number(snapshot.seconds_to_close);
                cells[4] = Cell::Number(snapshot.imbalance);
                match project(&snapshot, &Parameters::RECORDED) {
                    Err(reason) => {
                        complaints.tell(record.line(), &reason);
                        cells[1] = Cell::Text(reason.name());
                    }
                    Ok(found) => {
                        cells[1] = Cell::Text("ok");
                        cells[3] = Cell::Text(found.side.map_or("none", |side| side.name()));
                        cells[5] = Cell::Number(found.imbalance);
                        cells[6] = Cell::Number(found.confidence);
                    }
                }
            }
        }
        rows.row(&cells)?;
    }
    rows.finish()
}

/// The columns that every row needs, with their names.
struct Columns {
    stock: (&'static str, Column),
    date: (&'static str, Column),
    seconds: (&'static str, Column),
    size: (&'static str, Column),
    flag: (&'static str, Column),
    matched: (&'static str, Column),
}

impl Columns {
    fn of(table: &Table) -> Result<Self, Failure> {
        let named = |name| table.column(name).map(|column| (name, column));
        Ok(Self {
            stock: named("stock_id")?,
            date: named("date_id")?,
            seconds: named("seconds_in_bucket")?,
            size: named("imbalance_size")?,
            flag: named("imbalance_buy_sell_flag")?,
            matched: named("matched_size")?,
        })
    }

    fn id(&self, record: &Record) -> String {
        let text = |column: Column| record.text(column).unwrap_or_default();
        let [stock, date, seconds] = [self.stock.1, self.date.1, self.seconds.1].map(text);
        format!("{stock}_{date}_{seconds}")
    }

    /// The stock and the day of a row, which are whole numbers.
    fn auction(&self, record: &Record) -> Result<(i64, i64), String> {
        let whole = |(name, column): (&str, Column)| {
            let text = record
                .text(column)
                .map_err(|bad| format!("`{name}` was {bad}"))?;
            text.parse::<i64>().map_err(|_| {
                let found = text.chars().take(32).collect();
                let allowed = "a whole number";
                format!("`{name}` was {}", BadCell { found, allowed })
            })
        };
        Ok((whole(self.stock)?, whole(self.date)?))
    }

    fn snapshot(&self, record: &Record) -> Result<Snapshot, String> {
        let fields = Fields { record };
        let number = |field: (&'static str, Column)| {
            let found = fields.number(field).map_err(|bad| bad.to_string())?;
            if found.is_finite() {
                Ok(found)
            } else {
                let name = field.0;
                Err(format!("`{name}` was {found}, must be a finite number"))
            }
        };
        let (seconds, size) = (number(self.seconds)?, number(self.size)?);
        if !(0.0..=SECONDS_MAX).contains(&seconds) {
            let name = self.seconds.0;
            return Err(format!("`{name}` was {seconds}, must be 0 to 600"));
        }
        if size < 0.0 {
            let name = self.size.0;
            return Err(format!("`{name}` was {size}, must be from 0"));
        }
        let flag = record.text(self.flag.1).map_err(|bad| bad.to_string())?;
        let sign = match flag.strip_suffix(".0").unwrap_or(flag) {
            "1" => 1.0,
            "-1" => -1.0,
            "0" if size > 0.0 => {
                return Err(format!(
                    "`{}` was {size} with the flag 0, must be 0",
                    self.size.0
                ));
            }
            "0" => 0.0,
            other => {
                let found = other.chars().take(32).collect();
                let allowed = "1, -1 or 0";
                return Err(format!(
                    "`{}` was {}",
                    self.flag.0,
                    BadCell { found, allowed }
                ));
            }
        };
        Ok(Snapshot {
            seconds_to_close: SECONDS_MAX - seconds,
            imbalance: sign * size,
            matched: number(self.matched)?,
        })
    }
}

/// The columns of the continuous market.
struct Book([Column; 4]);

impl Book {
    fn of(table: &Table) -> Result<Self, Failure> {
        let names = ["bid_price", "ask_price", "bid_size", "ask_size"];
        table.columns(names).map(Self)
    }

    /// The midpoint, and bid size minus ask size over both.
    fn view(&self, record: &Record) -> (Option<f64>, Option<f64>) {
        let [bid, ask, bid_size, ask_size] = self.0.map(|column| {
            let number = record.number(column).ok();
            number.filter(|number| number.is_finite() && *number > 0.0)
        });
        let mid = bid.zip(ask).map(|(bid, ask)| (bid + ask) / 2.0);
        let lean = bid_size.zip(ask_size).map(|(b, a)| (b - a) / (b + a));
        (mid, lean)
    }
}

fn score(table: &mut Table, columns: &Columns, book: &Book, format: Format) -> Result<(), Failure> {
    let mut auctions = BTreeMap::<(i64, i64), Vec<Observation>>::new();
    let mut complaints = Complaints::about(table);
    while let Some(record) = table.next_record()? {
        let found = columns
            .auction(&record)
            .and_then(|auction| Ok((auction, columns.snapshot(&record)?)));
        match found {
            Err(reason) => complaints.tell(record.line(), &reason),
            Ok((auction, snapshot)) => {
                let (mid, lean) = book.view(&record);
                auctions.entry(auction).or_default().push(Observation {
                    snapshot,
                    mid,
                    book: lean,
                });
            }
        }
    }
    let auctions: Vec<Auction> = auctions
        .into_iter()
        .map(|((_, day), mut observations)| {
            let to_close = |one: &Observation| one.snapshot.seconds_to_close;
            observations.sort_by(|one, other| to_close(other).total_cmp(&to_close(one)));
            Auction { day, observations }
        })
        .collect();
    let days = score_held_out(&auctions)
        .map_err(|error| Failure::error(format_args!("{}: {error}", table.name())))?;
    let mut sheet = Sheet {
        rows: Rows::begin(output::stdout(), format, &SCORE_OUTPUT)?,
        rounding: Rounding::of(format),
    };
    for day in &days {
        sheet.day(day)?;
    }
    sheet.rows.finish()
}

/// The table of scores.
struct Sheet<W: std::io::Write> {
    rows: Rows<W>,
    rounding: Rounding,
}

impl<W: std::io::Write> Sheet<W> {
    fn day(&mut self, day: &HeldOut) -> Result<(), Failure> {
        let shown = |to_go: u32| to_go < SHOWN_STEP_S || to_go.is_multiple_of(SHOWN_STEP_S);
        for (to_go, line) in day.score.by_time.iter().rev() {
            if shown(*to_go) {
                self.line(day, &format!("{to_go} s to go"), line, None)?;
            }
        }
        if let Some(line) = &day.score.all {
            self.line(day, "all", line, day.score.calibration_error())?;
        }
        for (tenth, line) in &day.score.by_confidence {
            let group = format!("confidence {}-{} %", tenth * 10, tenth * 10 + 10);
            let distance = (line.confidence - line.right).abs();
            self.line(day, &group, line, Some(distance))?;
        }
        if let Some(tape) = &day.score.tape {
            let (fitted_on, scored_on) = names(day);
            let mut cells = [Cell::Missing; SCORE_OUTPUT.len()];
            cells[0] = Cell::Text(&fitted_on);
            cells[1] = Cell::Text(&scored_on);
            cells[2] = Cell::Text("book before 15:55");
            cells[3] = Cell::Count(tape.rows);
            cells[4] = self.percent(tape.right);
            cells[10] = self.percent(tape.confidence);
            cells[11] = self.percent((tape.confidence - tape.right).abs());
            self.rows.row(&cells)?;
        }
        Ok(())
    }

    fn line(
        &mut self,
        day: &HeldOut,
        group: &str,
        line: &Line,
        calibration: Option<f64>,
    ) -> Result<(), Failure> {
        let (fitted_on, scored_on) = names(day);
        let missing = Cell::Missing;
        let cells = [
            Cell::Text(&fitted_on),
            Cell::Text(&scored_on),
            Cell::Text(group),
            Cell::Count(line.rows),
            self.percent(line.right),
            self.percent(line.right_if_it_stays),
            self.percent(line.right_if_none),
            self.percent(line.error),
            self.percent(line.error_if_it_stays),
            self.percent(line.error_if_none),
            self.percent(line.confidence),
            calibration.map_or(missing, |found| self.percent(found)),
            line.correlation
                .map_or(missing, |found| self.rounding.number(found, 1e3)),
        ];
        self.rows.row(&cells)
    }

    fn percent(&self, share: f64) -> Cell<'static> {
        self.rounding.number(share * 100.0, 100.0)
    }
}

fn names(day: &HeldOut) -> (String, String) {
    let fitted: Vec<String> = day.fitted_on.iter().map(i64::to_string).collect();
    (fitted.join(" "), day.day.to_string())
}
