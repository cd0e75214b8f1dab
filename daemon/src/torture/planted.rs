//! Faults planted on purpose, one for each invariant: a tester that never fails proves nothing.
//!
//! Each is tried seed after seed until something is noticed; without it the same seeds are clean, or
//! what they found is not counted.

use super::run::{plant, quietly, run_seed};
use super::{Args, threads};
use crate::cli::General;
use crate::exit::Failure;
use crate::output::{self, Format};
use engine::planted::{BUGS, Bug};
use serde::Serialize;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Seeds after which a fault counts as not noticed.
const SEEDS_MAX: u64 = 1_000;

#[derive(Clone, Debug, Serialize)]
struct Caught {
    bug: u8,
    /// Seeds until it was noticed; absent if it was not.
    seeds: Option<u64>,
    /// The invariant that was found violated.
    by: Option<u8>,
    what: Option<String>,
}

#[derive(Debug, Serialize)]
struct Report {
    caught: usize,
    of: usize,
    median_seeds: Option<u64>,
    worst_seeds: Option<u64>,
    bugs: Vec<Caught>,
}

/// Tries every planted fault and writes which were noticed.
///
/// # Errors
/// If one was not, or a seed cannot be made.
pub(crate) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<Caught>> = Mutex::new(Vec::new());
    let until = arguments.seeds.map_or(SEEDS_MAX, |range| range.until);
    std::thread::scope(|scope| {
        for _ in 0..threads(arguments) {
            scope.spawn(|| {
                while let Some(bug) = BUGS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let caught = catch(*bug, until);
                    found
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(caught);
                }
            });
        }
    });
    let mut bugs = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    bugs.sort_by_key(|caught| caught.bug);
    let mut seeds: Vec<u64> = bugs.iter().filter_map(|caught| caught.seeds).collect();
    seeds.sort_unstable();
    let report = Report {
        caught: seeds.len(),
        of: bugs.len(),
        median_seeds: seeds.get(seeds.len() / 2).copied(),
        worst_seeds: seeds.last().copied(),
        bugs,
    };
    let mut out = output::stdout();
    match general.format_or(Format::Table) {
        Format::Json => output::json_document(&mut out, &report)?,
        _ => show(&report, &mut out)?,
    }
    if report.caught < report.of {
        let (caught, of) = (report.caught, report.of);
        return Err(Failure::error(format_args!(
            "{caught} of {of} planted faults were noticed"
        )));
    }
    Ok(())
}

/// Runs seeds with a planted fault until something is found that is not found without it.
fn catch(bug: Bug, until: u64) -> Caught {
    for seed in 0..until {
        // Some invariants are about two runs of a seed: its repetition, or another mirror.
        let repeats = seed % 4 == 0;
        plant(Some(bug.0));
        let with = quietly(|| run_seed(seed, false, repeats));
        plant(None);
        let Some(violation) = with
            .ok()
            .and_then(|verdict| verdict.violations.into_iter().next())
        else {
            continue;
        };
        let without = quietly(|| run_seed(seed, false, repeats));
        if without.is_ok_and(|verdict| verdict.violations.is_empty()) {
            return Caught {
                bug: bug.0,
                seeds: Some(seed + 1),
                by: Some(violation.invariant),
                what: Some(violation.what),
            };
        }
    }
    Caught {
        bug: bug.0,
        seeds: None,
        by: None,
        what: None,
    }
}

fn show(report: &Report, out: &mut impl Write) -> Result<(), Failure> {
    let (caught, of) = (report.caught, report.of);
    let number = |seeds: Option<u64>| seeds.map_or("-".to_owned(), |seeds| seeds.to_string());
    let (median, worst) = (number(report.median_seeds), number(report.worst_seeds));
    writeln!(
        out,
        "planted faults noticed {caught} of {of}, median {median} seeds, worst {worst}"
    )?;
    for bug in &report.bugs {
        let number = bug.bug;
        match (bug.seeds, bug.by) {
            (Some(seeds), Some(by)) => {
                let what = bug.what.as_deref().unwrap_or_default();
                writeln!(out, "  {number:>2} after {seeds} seeds by I{by}: {what}")?;
            }
            _ => writeln!(out, "  {number:>2} not noticed")?,
        }
    }
    Ok(())
}
