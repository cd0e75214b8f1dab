//! `torture`: the fault simulator. Engines trade a synthetic market at a simulated broker and on a
//! simulated disk while everything around them goes wrong; a second program judges what is left.

use crate::cli::General;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::progress::Progress;
use crate::resources::Stopwatch;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

/// Which day a seed lives through.
pub mod day;
/// Where the process is killed.
pub mod fuse;
/// The grid points of a seed.
pub mod grid;
/// A seed's journal as files.
pub mod keep;
/// What a run of seeds adds to its ledger.
pub mod ledger;
/// Which fault can meet an order in which state.
pub mod pairs;
/// What a seed is.
pub mod plan;
/// Faults planted on purpose.
#[cfg(feature = "planted_bugs")]
pub mod planted;
/// The small ports.
pub mod ports;
/// How often the broker fails.
pub mod rates;
/// Many seeds on many threads.
pub mod run;
/// A seed lived through.
pub mod seed;
/// The strategy of all seeds.
pub mod strategy;
/// The figures of many seeds.
pub mod table;
/// The market of a seed.
pub mod tape;
/// What the figures are held against.
pub mod targets;
/// What the market and its feed do.
pub mod turmoil;
/// What a seed came to.
pub mod verdict;

use plan::Plan;
use run::{Seeds, run_seeds};
use table::{Planted, Totals};

/// Without one of these there must be seeds.
#[cfg(feature = "planted_bugs")]
const REQUIRED_UNLESS: [&str; 2] = ["seed", "planted"];
#[cfg(not(feature = "planted_bugs"))]
const REQUIRED_UNLESS: [&str; 1] = ["seed"];

/// The arguments of `torture`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader torture --seeds 0..200
  alphatrader torture --seed 17
  alphatrader torture --seeds 0..1000000 --ledger seeds.jsonl --resume
  alphatrader torture --seed 17 --keep seed17 && alphatrader-audit seed17

Exit code 1 when anything happened that must never happen.")]
pub struct Args {
    /// Seeds from A up to but not with B
    #[arg(long, value_name = "A..B", required_unless_present_any = REQUIRED_UNLESS)]
    pub seeds: Option<SeedRange>,
    /// One seed, with everything that its engines wrote to their transcript
    #[arg(long, value_name = "N", conflicts_with = "seeds")]
    pub seed: Option<u64>,
    /// Leaves the journal and the broker's ledger of the seed in this new folder
    #[arg(long, value_name = "DIR", requires = "seed")]
    pub keep: Option<PathBuf>,
    /// Whole sessions besides, with the seeds from A on
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub full_sessions: u64,
    /// Threads; a seed runs on one
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Every N-th seed is lived through twice and must be the same to the bit
    #[arg(long, value_name = "N", default_value = "16")]
    pub repeat_every: NonZeroUsize,
    /// A file to which a line of JSON is added for each block of seeds
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// The date in those lines
    #[arg(long, value_name = "DATE", requires = "ledger")]
    pub date: Option<String>,
    /// Goes on after the last seed in the ledger
    #[arg(long, requires = "ledger")]
    pub resume: bool,
    /// Seeds of a block
    #[arg(long, value_name = "N", default_value = "10000", requires = "ledger")]
    pub block: NonZeroUsize,
    /// Plants a fault for each invariant, or that of --plant, and counts how many are noticed;
    /// --seeds A..B says how many seeds each is tried on at most
    #[cfg(feature = "planted_bugs")]
    #[arg(long)]
    pub planted: bool,
    /// With --planted: seeds as they are drawn, without an occasion for each fault
    #[cfg(feature = "planted_bugs")]
    #[arg(long, requires = "planted")]
    pub drawn: bool,
    /// Plants the fault of one invariant
    #[cfg(feature = "planted_bugs")]
    #[arg(long, value_name = "NUMBER")]
    pub plant: Option<u8>,
}

/// Seeds from the first up to but not with the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedRange {
    /// The first.
    pub from: u64,
    /// The one after the last.
    pub until: u64,
}

impl FromStr for SeedRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("\"{text}\" must be two numbers such as 0..200, the second larger");
        let (from, until) = text.split_once("..").ok_or_else(wrong)?;
        let from = from.parse().map_err(|_| wrong())?;
        let until = until.parse().map_err(|_| wrong())?;
        if from < until {
            Ok(Self { from, until })
        } else {
            Err(wrong())
        }
    }
}

/// Runs the seeds and writes the table.
///
/// # Errors
/// If anything happened that must never happen, or a seed cannot be made.
pub fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let watch = Stopwatch::start();
    run::hush();
    #[cfg(feature = "planted_bugs")]
    if arguments.planted {
        return planted::run(arguments, general);
    }
    if let Some(seed) = arguments.seed {
        return run_one(seed, arguments);
    }
    let Some(range) = arguments.seeds else {
        return Err(Failure::new(
            Exit::Usage,
            "--seeds A..B or --seed N is missing",
        ));
    };
    let totals = run_blocks(range, arguments)?;
    let violations = totals.violations();
    let table = totals.table(Planted::default(), watch.elapsed().as_secs_f64());
    let mut out = output::stdout();
    match general.format_or(Format::Table) {
        Format::Json => {
            let rows = table.rows();
            output::json_document(
                &mut out,
                &Document {
                    table: &table,
                    rows,
                },
            )?;
        }
        _ => table.show(&mut out)?,
    }
    match violations {
        0 => Ok(()),
        _ => Err(Failure::error(output::counted(violations, "violation"))),
    }
}

/// The table with every figure beside its target.
#[derive(serde::Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    table: &'a table::Table,
    rows: Vec<targets::Row>,
}

/// Runs the seeds, with a ledger block by block.
fn run_blocks(range: SeedRange, arguments: &Args) -> Result<Totals, Failure> {
    let first = match &arguments.ledger {
        Some(path) if arguments.resume => ledger::next_seed(path)?,
        _ => None,
    };
    let (mut from, until) = (first.unwrap_or(0).max(range.from), range.until);
    let whole = usize::try_from(until.saturating_sub(from)).unwrap_or(usize::MAX);
    let block = match &arguments.ledger {
        Some(_) => arguments.block.get().min(whole),
        None => whole,
    };
    let mut totals = Totals::default();
    while from < until {
        let watch = Stopwatch::start();
        let range = SeedRange {
            from,
            until: until.min(from.saturating_add(block as u64)),
        };
        // Whole sessions belong to the first block.
        let full_sessions = if from == arguments.seeds.map_or(0, |all| all.from) {
            arguments.full_sessions
        } else {
            0
        };
        let seeds = Seeds {
            range,
            full_sessions,
            repeat_every: arguments.repeat_every.get() as u64,
            threads: threads(arguments),
        };
        let mut progress = Progress::new("seeds", Some(seeds.len()));
        let sums = run_seeds(&seeds, bug(arguments), |done| progress.at(done))?;
        progress.finish();
        if let Some(path) = &arguments.ledger {
            let table = sums
                .clone()
                .table(Planted::default(), watch.elapsed().as_secs_f64());
            let date = arguments.date.as_deref();
            ledger::append(path, date, range, full_sessions, &table)?;
        }
        totals.absorb(sums);
        from = range.until;
    }
    Ok(totals)
}

/// The fault that is planted in every seed, if one is.
fn bug(arguments: &Args) -> Option<u8> {
    #[cfg(feature = "planted_bugs")]
    return arguments.plant;
    #[cfg(not(feature = "planted_bugs"))]
    {
        let _ = arguments;
        None
    }
}

pub(crate) fn threads(arguments: &Args) -> usize {
    let all = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    arguments.threads.map_or(all, NonZeroUsize::get)
}

/// One seed with all its words.
fn run_one(seed: u64, arguments: &Args) -> Result<(), Failure> {
    use std::io::Write;
    let plan = if arguments.full_sessions > 0 {
        Plan::full_session(seed)
    } else {
        Plan::short(seed)
    };
    run::plant(bug(arguments));
    let remains = run::quietly(|| seed::live(&plan, true))
        .map_err(|error| Failure::error(format_args!("seed {seed}: {error}")))?;
    let verdict = verdict::judge(&plan, &remains);
    if let Some(directory) = &arguments.keep {
        keep::keep(directory, &remains)?;
    }
    let mut out = output::stdout();
    writeln!(out, "{plan:#?}\n{}", remains.transcript)?;
    if let Ok(frames) = verdict::frames(&remains) {
        for frame in frames.iter().filter(|frame| !frame.records.is_empty()) {
            writeln!(out, "tick {} {} {:?}", frame.tick, frame.now, frame.records)?;
            for report in &frame.reports {
                writeln!(out, "    {report:?}")?;
            }
        }
    }
    writeln!(out, "{:#?}", remains.gateway.ledger())?;
    writeln!(
        out,
        "seed {seed}: {} orders, {} executions, {} processes, faults {:?}",
        verdict.figures.orders, verdict.figures.executions, verdict.lives, verdict.faults.kinds
    )?;
    for violation in &verdict.violations {
        writeln!(out, "violation: {violation}")?;
    }
    match verdict.violations.len() as u64 {
        0 => Ok(()),
        count => Err(Failure::error(output::counted(count, "violation"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_seeds_is_two_rising_numbers() {
        let range = |text: &str| text.parse::<SeedRange>();
        assert_eq!(
            range("0..200"),
            Ok(SeedRange {
                from: 0,
                until: 200
            })
        );
        for wrong in ["", "5", "5..5", "6..5", "a..b", "1..=2", "-1..3"] {
            assert!(range(wrong).unwrap_err().contains("0..200"), "{wrong}");
        }
    }
}
