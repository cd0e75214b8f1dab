//! `replay`: runs a journal again and compares every decision and digest with what it recorded.

/// The ports of a replay: everything comes from the journal.
mod ports;

use crate::assemble::{Parts, assemble};
use crate::check::NoBroker;
use crate::cli::General;
use crate::exit::{Exit, Failure};
use crate::output::{self, Cell, Format, Rows};
use crate::progress::Progress;
use crate::settings;
use crate::simulate::{not_assembled, record};
use engine::calendar::Calendar;
use engine::digest::Digest;
use engine::engine::Engine;
use engine::frame::Frame;
use engine::phase::Phase;
use engine::record::Record;
use engine::transcript::Transcript;
use journal::{Error, JournalReader};
pub use ports::Recording;
pub(crate) use ports::tick_of;
use ports::{ReplayClock, ReplayFeed};
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;
use systems::commit::Recorder;

/// The arguments of `replay`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Example:
  alphatrader simulate --journal run && alphatrader replay run --threads 2

Ends with 1 at the first difference, naming tick, phase and system;
with 78 if the journal is damaged.")]
pub struct Args {
    /// The directory of the journal
    pub journal: PathBuf,
    /// Threads of the Greeks; the result is the same for any number
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u16).range(1..=256)
    )]
    pub threads: u16,
}

/// Ticks between two looks at progress.
const LOOK_EVERY: u64 = 256;

/// What a replay found.
#[derive(Debug, Default, Serialize)]
struct Report {
    scenario: String,
    seed: u64,
    /// Processes that wrote it.
    runs: u64,
    ticks: u64,
    events: u64,
    orders: u64,
    digest: String,
    transcript_sha256: String,
    equal: bool,
    first_difference: Option<Difference>,
    torn_bytes: Option<u64>,
}

/// Where a replay first came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Difference {
    tick: u64,
    /// Null where no system shows it, but the digest of the run.
    phase: Option<&'static str>,
    /// The first system that left another digest than was recorded.
    system: Option<String>,
    what: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tick {}", self.tick)?;
        if let (Some(phase), Some(system)) = (self.phase, &self.system) {
            write!(f, ", phase {phase}, system {system}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Runs the journal again.
///
/// # Errors
/// If the journal cannot be read or is damaged, or the run comes out otherwise.
pub fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let reader = JournalReader::open(&arguments.journal).map_err(unreadable)?;
    let header = reader.header().clone();
    let mut report = Report {
        scenario: header.scenario,
        seed: header.seed,
        ..Report::default()
    };
    let recording = Recording::new(reader);
    let threads = usize::from(arguments.threads);
    let mut progress = Progress::new("ticks", None);
    while report.first_difference.is_none()
        && let Some(mut engine) = next_engine(&recording, threads)?
    {
        record::begin(&mut engine, &report.scenario, report.seed).map_err(settings::refused)?;
        compare(&mut engine, &recording, &mut report, &mut progress)?;
        report.runs += 1;
    }
    progress.finish();
    finish(&recording, &mut report)?;
    show(&report, general)?;
    match &report.first_difference {
        None => Ok(()),
        Some(difference) => Err(Failure::error(format_args!(
            "the replay differs first in {difference}"
        ))),
    }
}

/// An engine on the config and the inboxes of a journal's first run, and the recording that it runs
/// on.
///
/// # Errors
/// If the recorded config does not fit this program, or there is no tick.
pub fn engine_of(reader: JournalReader, threads: usize) -> Result<(Engine, Recording), Failure> {
    let recording = Recording::new(reader);
    let engine = next_engine(&recording, threads)?;
    let engine = engine.ok_or_else(|| Failure::error("the journal holds no tick"))?;
    Ok((engine, recording))
}

/// An engine for the next run of the recording, with what the runs before it left; `None` after the
/// last.
fn next_engine(recording: &Recording, threads: usize) -> Result<Option<Engine>, Failure> {
    let Some(next) = recording.next_run().map_err(unreadable)? else {
        return Ok(None);
    };
    let header = next.header;
    let config = settings::from_text(&header.config_text).map_err(settings::refused)?;
    let last = header.feeds.len().saturating_sub(1);
    let mut feeds: Vec<_> = header
        .feeds
        .iter()
        .enumerate()
        .map(|(index, (name, stale_after_ms))| {
            Box::new(ReplayFeed::new(
                recording,
                name,
                *stale_after_ms,
                index == 0,
                index == last,
            )) as Box<dyn engine::ports::Feed>
        })
        .collect();
    let execution = feeds.pop();
    let engine = assemble(Parts {
        config,
        calendar: Calendar::nyse(),
        clock: Box::new(ReplayClock::new(recording)),
        feeds,
        execution,
        broker: Box::new(NoBroker),
        mirror: None,
        journal: None,
        run: next.run,
        ledger: next.ledger,
        opening: next.opening,
        threads,
        shuffle: None,
    })
    .map_err(not_assembled)?;
    Ok(Some(engine))
}

/// Runs to the end of the run or to the first difference.
fn compare(
    engine: &mut Engine,
    recording: &Recording,
    report: &mut Report,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let (mut before, mut ticks) = (0, 0);
    while engine.tick().map_err(Failure::error)?.is_some() {
        ticks += 1;
        report.ticks += 1;
        record::after_tick(engine, ticks);
        recording.with_tick(|tick| {
            let frame = &tick.frame;
            report.events += (tick.market.len() + frame.reports.len()) as u64;
            let intended = |record: &&Record| matches!(record, Record::Intended(_));
            report.orders += frame.records.iter().filter(intended).count() as u64;
            report.first_difference = difference(engine, frame, before);
        });
        before = engine.world().resource::<Digest>().run();
        if report.first_difference.is_some() {
            break;
        }
        if report.ticks.is_multiple_of(LOOK_EVERY) {
            progress.at(report.ticks);
        }
    }
    record::end(engine, ticks);
    report.transcript_sha256 = engine.world().resource::<Transcript>().sha256();
    report.digest = format!("{:016x}", engine.world().resource::<Digest>().run());
    Ok(())
}

/// What only shows once the recording is at its end.
fn finish(recording: &Recording, report: &mut Report) -> Result<(), Failure> {
    if let Some(error) = recording.failure() {
        return Err(unreadable(error));
    }
    report.equal = report.first_difference.is_none();
    report.torn_bytes = recording.torn().map(|torn| torn.bytes);
    if let Some(torn) = recording.torn() {
        let _ = writeln!(
            anstream::stderr(),
            "Warning: the journal's tail is torn: {} bytes after byte {} of segment {} were cut",
            torn.bytes,
            torn.offset,
            torn.segment
        );
    }
    Ok(())
}

/// The first thing in this tick that is not as the journal has it. A frame is written before
/// anything leaves: what the phases after it did shows in the run's digest of the next.
fn difference(engine: &Engine, frame: &Frame, before: u64) -> Option<Difference> {
    if before != frame.digest_before {
        let recorded = frame.digest_before;
        return Some(Difference {
            tick: frame.tick.saturating_sub(1),
            phase: None,
            system: None,
            what: format!("the run's digest was {before:016x}, recorded {recorded:016x}"),
        });
    }
    let digest = engine.world().resource::<Digest>();
    let latency = engine.latency();
    for phase in Phase::ALL {
        if phase >= Phase::Commit {
            break;
        }
        for (index, system) in latency.systems_of(phase) {
            let found = digest.systems()[index];
            let what = match frame.systems.get(index) {
                Some(recorded) if *recorded == found => continue,
                Some(recorded) => format!("the digest was {found:016x}, recorded {recorded:016x}"),
                None => "the run that was recorded had no such system".to_owned(),
            };
            return Some(Difference {
                tick: frame.tick,
                phase: Some(phase.name()),
                system: Some(system.to_owned()),
                what,
            });
        }
    }
    let decided = engine.world().resource::<Recorder>().records();
    let differs = decided.iter().zip(&frame.records).position(|(a, b)| a != b);
    let first = differs.or_else(|| {
        let (found, recorded) = (decided.len(), frame.records.len());
        (found != recorded).then(|| found.min(recorded))
    })?;
    let text = |record: Option<&Record>| {
        record.map_or_else(|| "nothing".to_owned(), |record| format!("{record:?}"))
    };
    Some(Difference {
        tick: frame.tick,
        phase: Some(Phase::Commit.name()),
        system: None,
        what: format!(
            "decision {first} was {}, recorded {}",
            text(decided.get(first)),
            text(frame.records.get(first))
        ),
    })
}

fn show(report: &Report, general: &General) -> Result<(), Failure> {
    let mut out = output::stdout();
    match general.format_or(Format::Table) {
        Format::Json => output::json_document(&mut out, report),
        format => {
            let columns = [
                "scenario", "seed", "runs", "ticks", "events", "orders", "digest", "equal",
            ];
            let mut rows = Rows::begin(out, format, &columns)?;
            rows.row(&[
                Cell::Text(&report.scenario),
                Cell::Count(report.seed),
                Cell::Count(report.runs),
                Cell::Count(report.ticks),
                Cell::Count(report.events),
                Cell::Count(report.orders),
                Cell::Text(&report.digest),
                Cell::Text(if report.equal { "yes" } else { "no" }),
            ])?;
            rows.finish()
        }
    }
}

fn unreadable(error: Error) -> Failure {
    let exit = if error.is_damage() {
        Exit::StartRefused
    } else {
        Exit::Error
    };
    Failure::new(exit, error)
}
