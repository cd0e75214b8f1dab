//! The result, for people and programs.

use crate::Judged;
use auditor::{Figures, INVARIANTS, Violation};
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The document of `--json`; its keys are a contract.
#[derive(Serialize)]
struct Document<'a> {
    journal: String,
    scenario: &'a str,
    /// The broker's record that was joined; null by the journal alone.
    broker_ledger: Option<String>,
    clean: bool,
    invariants: Vec<Row>,
    violations: &'a [Violation],
    figures: &'a Figures,
    /// The first run with another config: all were held against that of the first.
    config_changed_with_run: Option<u64>,
    /// Bytes at the end that no batch holds.
    torn_bytes: Option<u64>,
}

#[derive(Serialize)]
struct Row {
    invariant: u8,
    name: &'static str,
    /// How often it was checked; 0: nothing here shows whether it holds.
    checked: u64,
    violations: usize,
}

/// Writes what was found to stdout.
pub(crate) fn show(journal: &Path, judged: &Judged, json: bool) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let audit = &judged.audit;
    let document = Document {
        journal: journal.display().to_string(),
        scenario: &judged.header.scenario,
        broker_ledger: judged
            .broker
            .as_ref()
            .map(|path| path.display().to_string()),
        clean: audit.violations.is_empty(),
        invariants: rows(judged),
        violations: &audit.violations,
        figures: &audit.figures,
        config_changed_with_run: judged.config_changed,
        torn_bytes: judged.torn.map(|torn| torn.bytes),
    };
    if json {
        serde_json::to_writer_pretty(&mut out, &document)?;
        writeln!(out)?;
    } else {
        table(&mut out, &document)?;
    }
    out.flush()
}

fn rows(judged: &Judged) -> Vec<Row> {
    let audit = &judged.audit;
    let row = |(invariant, name): (u8, &'static str)| Row {
        invariant,
        name,
        checked: audit.judged.get(&invariant).copied().unwrap_or_default(),
        violations: audit
            .violations
            .iter()
            .filter(|violation| violation.invariant == invariant)
            .count(),
    };
    INVARIANTS.map(row).into()
}

fn table(out: &mut impl Write, document: &Document<'_>) -> io::Result<()> {
    let figures = document.figures;
    writeln!(
        out,
        "{}: {} frames, {} runs, {} orders, {} executions",
        document.journal, figures.frames, figures.runs, figures.orders, figures.executions
    )?;
    match &document.broker_ledger {
        Some(path) => writeln!(out, "joined with {path}")?,
        None => writeln!(out, "by the journal alone")?,
    }
    if let Some(run) = document.config_changed_with_run {
        writeln!(
            out,
            "the config changed with run {run}; all is held against that of the first"
        )?;
    }
    if let Some(bytes) = document.torn_bytes {
        writeln!(out, "the tail is torn: {bytes} bytes are not judged")?;
    }
    writeln!(out)?;
    for row in &document.invariants {
        let verdict = match (row.checked, row.violations) {
            (_, 1..) => format!("{} VIOLATED", row.violations),
            (0, _) => "not judged".to_owned(),
            _ => "ok".to_owned(),
        };
        let number = format!("I{}", row.invariant);
        writeln!(
            out,
            "  {number:<4} {:<26} {:>9} checks  {verdict}",
            row.name, row.checked
        )?;
    }
    if !document.violations.is_empty() {
        writeln!(out)?;
    }
    for violation in document.violations {
        writeln!(out, "  {violation}")?;
    }
    Ok(())
}
