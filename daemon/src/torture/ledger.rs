//! The ledger of runs: a line of JSON for each block of seeds, so that seeds add up over months and
//! a run that was stopped goes on where it was.

use super::SeedRange;
use super::table::Table;
use crate::exit::Failure;
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

#[derive(Serialize)]
struct Line<'a> {
    date: Option<&'a str>,
    commit: &'static str,
    from: u64,
    until: u64,
    full_sessions: u64,
    #[serde(flatten)]
    table: &'a Table,
}

/// What is read of a line.
#[derive(Deserialize)]
struct Seen {
    until: u64,
}

/// Adds the line of a block.
///
/// # Errors
/// If the file cannot be written.
pub fn append(
    path: &Path,
    date: Option<&str>,
    range: SeedRange,
    full_sessions: u64,
    table: &Table,
) -> Result<(), Failure> {
    let line = Line {
        date,
        commit: env!("ALPHATRADER_VERSION"),
        from: range.from,
        until: range.until,
        full_sessions,
        table,
    };
    let mut text = serde_json::to_string(&line)?;
    text.push('\n');
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| failed(path, &format!("could not be written: {error}")))
}

/// The first seed after all that the ledger knows; `None` if there is none yet.
///
/// # Errors
/// If the file cannot be read, or a line of it is no line of a ledger.
pub fn next_seed(path: &Path) -> Result<Option<u64>, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path, &format!("could not be read: {error}"))),
    };
    let mut next = None;
    for (place, line) in text.lines().enumerate() {
        let seen: Seen = serde_json::from_str(line).map_err(|error| {
            let line = place + 1;
            failed(
                path,
                &format!("line {line} is no line of a ledger: {error}"),
            )
        })?;
        next = next.max(Some(seen.until));
    }
    Ok(next)
}

fn failed(path: &Path, what: &str) -> Failure {
    Failure::error(format_args!("ledger {} {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::torture::table::{Planted, Totals};

    #[test]
    fn a_run_goes_on_after_the_last_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        assert_eq!(next_seed(&path).unwrap(), None);
        let table = Totals::default().table(Planted::default(), 1.0);
        for (from, until) in [(0, 10), (10, 25)] {
            let range = SeedRange { from, until };
            append(&path, Some("2026-03-06"), range, 2, &table).unwrap();
        }
        assert_eq!(next_seed(&path).unwrap(), Some(25));
        let text = std::fs::read_to_string(&path).unwrap();
        let line: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!((&line["from"], &line["until"]), (&10.into(), &25.into()));
        assert_eq!(line["date"], "2026-03-06");
        assert_eq!(line["violations"], 0);
        std::fs::write(&path, "hello\n").unwrap();
        let error = next_seed(&path).unwrap_err().to_string();
        assert!(error.contains("line 1 is no line of a ledger"), "{error}");
    }
}
