//! Faults planted on purpose, one for each invariant: a tester that never fails proves nothing.
//!
//! Each is tried on seeds until something is found that the same seed does not find without it, or,
//! where no seed could tell, by a drill: a small piece of code that uses the real part, holds
//! without the fault and fails with it.

/// Code that a planted fault makes fail.
pub mod drills;
/// What each fault is tried on.
pub mod occasions;

use super::plan::Plan;
use super::run::{plant, quietly};
use super::verdict::{try_seed, try_twice};
use super::{Args, threads};
use crate::cli::General;
use crate::exit::Failure;
use crate::output::{self, Format};
use auditor::Violation;
use engine::planted::{BUGS, Bug};
use occasions::{Occasion, occasion};
use serde::Serialize;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Seeds after which a fault counts as not noticed.
const SEEDS_MAX: u64 = 1_000;

/// What became of a planted fault.
#[derive(Clone, Debug, Serialize)]
pub struct Caught {
    /// The invariant that it breaks.
    pub bug: u8,
    /// Whether it was noticed.
    pub noticed: bool,
    /// Seeds until it was; absent for a drill.
    pub seeds: Option<u64>,
    /// What it was tried on.
    pub on: &'static str,
    /// The invariant that was found violated; absent for a drill, which knows one only.
    pub by: Option<u8>,
    /// What was found.
    pub what: Option<String>,
}

#[derive(Debug, Serialize)]
struct Report {
    caught: usize,
    of: usize,
    median_seeds: Option<u64>,
    worst_seeds: Option<u64>,
    bugs: Vec<Caught>,
}

/// Tries every planted fault, or the one that was asked for, and writes which were noticed.
///
/// # Errors
/// If one was not.
pub(crate) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<Caught>> = Mutex::new(Vec::new());
    let until = arguments.seeds.map_or(SEEDS_MAX, |range| range.until);
    let wanted = |bug: &&Bug| arguments.plant.is_none_or(|only| only == bug.0);
    let bugs: Vec<&Bug> = BUGS.iter().filter(wanted).collect();
    std::thread::scope(|scope| {
        for _ in 0..threads(arguments) {
            scope.spawn(|| {
                while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let caught = catch(bug.0, until, arguments.drawn);
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
        caught: bugs.iter().filter(|caught| caught.noticed).count(),
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

/// Tries a planted fault until it is noticed, on seeds below `until`: on its own occasion, or on
/// seeds as they are `drawn`.
#[must_use]
pub fn catch(bug: u8, until: u64, drawn: bool) -> Caught {
    let occasion = match occasion(bug) {
        Occasion::Seeds(..) if drawn => Occasion::Seeds("seeds", Plan::short),
        occasion => occasion,
    };
    let on = occasion.name();
    let caught = |seeds, by, what| Caught {
        bug,
        noticed: true,
        seeds,
        on,
        by,
        what: Some(what),
    };
    let missed = Caught {
        bug,
        noticed: false,
        seeds: None,
        on,
        by: None,
        what: None,
    };
    if let Occasion::Drill(_, drill) = occasion {
        let drilled = |bug| planted(bug, || quietly(|| drill().err()));
        return match (drilled(None), drilled(Some(bug))) {
            (None, Some(what)) => caught(None, None, what),
            _ => missed,
        };
    }
    for seed in 0..until {
        let lived = |bug| planted(bug, || live(&occasion, seed));
        // Its own invariant speaks first, where several were violated.
        let violations = lived(Some(bug));
        let own = violations.iter().find(|one| one.invariant == bug);
        if let Some(violation) = own.or(violations.first())
            && lived(None).is_empty()
        {
            let what = violation.what.clone();
            return caught(Some(seed + 1), Some(violation.invariant), what);
        }
    }
    missed
}

/// Does something with a fault planted in this thread, or with none.
fn planted<T>(bug: Option<u8>, act: impl FnOnce() -> T) -> T {
    plant(bug);
    let done = act();
    plant(None);
    done
}

/// What an occasion finds on a seed. A panic is found like anything else; a seed that cannot be made
/// finds nothing.
fn live(occasion: &Occasion, seed: u64) -> Vec<Violation> {
    let tried = quietly(|| {
        catch_unwind(AssertUnwindSafe(|| match occasion {
            Occasion::Seeds(_, plan) => try_seed(&plan(seed)),
            Occasion::Pairs(_, invariant, plans) => {
                let (one, other): (Plan, Plan) = plans(seed);
                try_twice(&one, &other, *invariant)
            }
            Occasion::Drill(..) => Ok(super::verdict::Verdict::default()),
        }))
    });
    match tried {
        Ok(verdict) => verdict.map_or_else(|_| Vec::new(), |verdict| verdict.violations),
        Err(panic) => vec![Violation {
            invariant: 0,
            tick: 0,
            at: components::units::Timestamp(0),
            what: super::run::words(&*panic),
        }],
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
        let (number, on) = (bug.bug, bug.on);
        let what = bug.what.as_deref().unwrap_or_default();
        match (bug.seeds, bug.by) {
            (Some(seeds), Some(by)) => {
                writeln!(out, "  I{number:<2} seeds {seeds:>3}, {on}: I{by} {what}")?;
            }
            _ if bug.noticed => writeln!(out, "  I{number:<2} drill, {on}: {what}")?,
            _ => writeln!(out, "  I{number:<2} not noticed, {on}")?,
        }
    }
    Ok(())
}
