//! `journal show`: a row for each tick, decision or report.

use super::{unreadable, warn_torn};
use crate::cli::General;
use crate::exit::Failure;
use crate::output::{self, Cell, Format, Rows};
use engine::event::EventKind;
use engine::frame::Frame;
use journal::JournalReader;
use std::io::Write;
use std::path::PathBuf;

/// The arguments of `journal show`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader journal show run --json
  alphatrader journal show run --from 1200 --records")]
pub struct Args {
    /// The directory of the journal
    pub directory: PathBuf,
    /// Ticks before this one are left out
    #[arg(long, value_name = "TICK", default_value_t = 0)]
    pub from: u64,
    /// A row for each decision of the engine
    #[arg(long, conflicts_with = "reports")]
    pub records: bool,
    /// A row for each report of the broker
    #[arg(long)]
    pub reports: bool,
}

/// Shows the journal.
///
/// # Errors
/// If it cannot be read or is damaged: what stands before the damage has been shown then.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let mut reader = JournalReader::open(&arguments.directory).map_err(unreadable)?;
    let columns = match (arguments.records, arguments.reports) {
        (true, _) => &["tick", "time", "record"][..],
        (_, true) => &["tick", "time", "report"],
        _ => &[
            "tick",
            "time",
            "session",
            "reports",
            "records",
            "digest_before",
        ],
    };
    let mut rows = Rows::begin(output::stdout(), general.format_or(Format::Table), columns)?;
    let end = loop {
        match reader.next_frame() {
            Ok(Some(frame)) if frame.tick < arguments.from => {}
            Ok(Some(frame)) => show(&mut rows, &frame, arguments)?,
            Ok(None) => break Ok(()),
            Err(error) => break Err(unreadable(error)),
        }
    };
    rows.finish()?;
    if let Some(torn) = reader.torn() {
        warn_torn(torn, "are not shown");
    }
    end
}

fn show<W: Write>(rows: &mut Rows<W>, frame: &Frame, arguments: &Args) -> Result<(), Failure> {
    let time = frame.now.to_string();
    let mut row = |what: String| {
        rows.row(&[
            Cell::Count(frame.tick),
            Cell::Text(&time),
            Cell::Text(&what),
        ])
    };
    if arguments.records {
        for record in &frame.records {
            row(format!("{record:?}"))?;
        }
    } else if arguments.reports {
        for event in &frame.reports {
            row(match &event.kind {
                EventKind::Reported(report) => format!("{report:?}"),
                other => format!("{other:?}"),
            })?;
        }
    } else {
        rows.row(&[
            Cell::Count(frame.tick),
            Cell::Text(&time),
            Cell::Count(u64::from(frame.session.0)),
            Cell::Count(frame.reports.len() as u64),
            Cell::Count(frame.records.len() as u64),
            Cell::Text(&format!("{:016x}", frame.digest_before)),
        ])?;
    }
    Ok(())
}
