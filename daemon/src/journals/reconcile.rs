//! `journal reconcile`: the journal against the broker's statement.

use super::unreadable;
use crate::cli::General;
use crate::exit::{Exit, Failure};
use crate::output::{self, Cell, Format, Rows};
use crate::reconcile::{ReconcileError, Reconciliation, reconcile};
use crate::simulate::kept::LEDGER_NAME;
use components::contract::Expiry;
use std::io::Write;
use std::path::PathBuf;

/// The arguments of `journal reconcile`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader journal reconcile run
  alphatrader journal reconcile run --day 2026-03-02 --statement broker.csv --format csv

Ends with 1 on any difference; with 78 if the journal is damaged.")]
pub struct Args {
    /// The directory of the journal
    pub directory: PathBuf,
    /// The session, such as 2026-03-02 [default: all]
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub day: Option<u32>,
    /// The broker's statement, .json or .csv [default: broker_ledger.json beside the journal]
    #[arg(long, value_name = "FILE")]
    pub statement: Option<PathBuf>,
}

fn day(text: &str) -> Result<u32, String> {
    let date: Result<jiff::civil::Date, _> = text.parse();
    date.map(|date| Expiry::on(date).yyyymmdd())
        .map_err(|_| "must be a date such as 2026-03-02".to_owned())
}

/// Compares and shows.
///
/// # Errors
/// When something differs or cannot be read.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let beside = || arguments.directory.join(LEDGER_NAME);
    let statement = arguments.statement.clone().unwrap_or_else(beside);
    let found = reconcile(&arguments.directory, &statement, arguments.day).map_err(failed)?;
    let mut out = output::stdout();
    match general.format_or(Format::Table) {
        Format::Json => output::json_document(&mut out, &found)?,
        format => rows(out, format, &found)?,
    }
    tell(&found);
    if found.equal {
        return Ok(());
    }
    let count = found.differences.len() as u64;
    Err(Failure::error(format_args!(
        "the journal and {} differ in {}",
        statement.display(),
        output::counted(count, "place")
    )))
}

/// Says each difference on stderr, where stdout has rows.
fn tell(found: &Reconciliation) {
    let mut err = anstream::stderr();
    for difference in &found.differences {
        let (instrument, what) = (&difference.instrument, &difference.what);
        let (ours, broker) = (&difference.ours, &difference.broker);
        let _ = writeln!(
            err,
            "Difference: {instrument} {what}: ours {ours}, broker {broker}"
        );
    }
    if found.on_their_way > 0 {
        let count = output::counted(found.on_their_way, "execution");
        let _ = writeln!(
            err,
            "{count} came too late to be reported before the journal ends"
        );
    }
}

fn rows(out: impl Write, format: Format, found: &Reconciliation) -> Result<(), Failure> {
    let columns = [
        "day",
        "strategy",
        "instrument",
        "executions",
        "broker_executions",
        "bought",
        "broker_bought",
        "sold",
        "broker_sold",
        "fees_usd",
        "broker_fees_usd",
        "realized_usd",
        "broker_realized_usd",
        "position",
        "broker_position",
        "equal",
    ];
    let mut rows = Rows::begin(out, format, &columns)?;
    for row in &found.rows {
        let (ours, broker) = (&row.ours, &row.broker);
        rows.row(&[
            Cell::Count(u64::from(row.day)),
            Cell::Text(&row.strategy),
            Cell::Text(&row.instrument),
            Cell::Count(ours.executions),
            Cell::Count(broker.executions),
            Cell::Count(ours.bought),
            Cell::Count(broker.bought),
            Cell::Count(ours.sold),
            Cell::Count(broker.sold),
            Cell::Number(ours.fees_usd),
            Cell::Number(broker.fees_usd),
            Cell::Number(ours.realized_usd),
            Cell::Number(broker.realized_usd),
            Cell::Number(ours.position as f64),
            Cell::Number(broker.position as f64),
            Cell::Text(if row.equal { "yes" } else { "NO" }),
        ])?;
    }
    rows.finish()
}

fn failed(error: ReconcileError) -> Failure {
    match error {
        ReconcileError::Journal(error) => unreadable(error),
        day @ ReconcileError::NoSuchDay { .. } => Failure::new(Exit::Usage, day),
        statement @ ReconcileError::Statement(_) => Failure::error(statement),
    }
}
