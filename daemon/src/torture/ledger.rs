//! The ledger of runs: a line of JSON for each, so that seeds add up over months.

use super::Args;
use super::table::Table;
use crate::exit::Failure;
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

#[derive(Serialize)]
struct Line<'a> {
    date: Option<&'a str>,
    commit: &'static str,
    from: Option<u64>,
    until: Option<u64>,
    full_sessions: u64,
    #[serde(flatten)]
    table: &'a Table,
}

/// Adds a line.
///
/// # Errors
/// If the file cannot be written.
pub fn append(path: &Path, arguments: &Args, table: &Table) -> Result<(), Failure> {
    let line = Line {
        date: arguments.date.as_deref(),
        commit: env!("ALPHATRADER_VERSION"),
        from: arguments.seeds.map(|range| range.from),
        until: arguments.seeds.map(|range| range.until),
        full_sessions: arguments.full_sessions,
        table,
    };
    let failed = |error: std::io::Error| {
        Failure::error(format_args!(
            "ledger {} could not be written: {error}",
            path.display()
        ))
    };
    let mut text = serde_json::to_string(&line)?;
    text.push('\n');
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(failed)
}
