//! `simulate`: runs a scenario to its end on the stepped clock.

/// What a run said to the simulated broker.
mod broker_log;
/// The feeds of a scenario.
mod feeds;
/// A run whose state outlives its process.
pub(crate) mod kept;
/// Operators of a run.
mod operators;
/// A clock that waits, for runs at the speed of the market.
mod paced;
/// What happened before this process.
mod past;
/// For people.
mod people;
/// Everything that a run needs, opened.
mod prepare;
/// What the program itself writes into a transcript.
pub(crate) mod record;
/// A feed in the middle of its day.
mod relay;
/// The run itself.
mod run;
/// What a run is told and what it tells.
mod summary;
/// The transcript on its way to a file.
mod transcript_file;

pub(crate) use feeds::feeds;
pub(crate) use run::not_assembled;
pub use run::{Options, Outcome, simulate};
pub use summary::{
    EmergencySummary, Events, Latency, MirrorSummary, Orders, Quantiles, ReconciliationSummary,
    Signals, Summary,
};

use crate::cli::General;
use crate::exit::{Exit, Failure};
use crate::interlock::refuse_live;
use crate::output::{self, Format};
use crate::scenario::{DEFAULT, Staged};
use crate::settings::ConfigFiles;
use crate::{interrupt, leaves};
use clap::ValueEnum;
use components::units::Timestamp;
use std::path::PathBuf;

/// The arguments of `simulate`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader simulate
  alphatrader simulate goog_2015_12 --data /data --threads 2 --json
  alphatrader simulate scenarios/halt.yaml --journal /tmp/run && alphatrader replay /tmp/run
  alphatrader simulate --speed 10x --state-dir state    and elsewhere: alphatrader halt
  alphatrader simulate --state-dir state                goes on where it was stopped or killed")]
pub struct Args {
    /// A scenario file, or the name of one in scenarios/ [default: the built-in full_day]
    pub scenario: Option<String>,
    /// Threads of the Greeks; the result is the same for any number
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u16).range(1..=256)
    )]
    pub threads: u16,
    /// Permutes everything that must not matter; the result stays the same
    #[arg(long, value_name = "SEED")]
    pub shuffle: Option<u64>,
    /// How fast the market runs
    #[arg(long, value_enum, default_value = "max")]
    pub speed: Speed,
    /// Records the run in a new journal in this directory
    #[arg(long, value_name = "DIR")]
    pub journal: Option<PathBuf>,
    /// Writes the transcript to this file
    #[arg(long, value_name = "FILE")]
    pub transcript: Option<PathBuf>,
    /// Shows the run on a Redis server too, such as redis://localhost:6379
    #[arg(long, value_name = "URL")]
    pub redis: Option<String>,
    /// Keeps the run in this directory and goes on with what it holds; operators command it there
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Ends the run in order at this time, such as 2026-03-02T12:00:00-05:00
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub until: Option<Timestamp>,
    /// Which config.
    #[command(flatten)]
    pub config: ConfigFiles,
}

/// An instant, RFC 3339 with its offset, a zone in brackets allowed.
pub(crate) fn instant(text: &str) -> Result<Timestamp, String> {
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    let nanos = parsed
        .ok()
        .and_then(|at| i64::try_from(at.as_nanosecond()).ok());
    nanos.map(Timestamp).ok_or_else(|| {
        "must be a time with its offset, such as 2026-03-02T12:00:00-05:00".to_owned()
    })
}

/// How fast the market runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Speed {
    /// As fast as the machine can
    #[default]
    Max,
    /// As fast as the market
    #[value(name = "1x")]
    Real,
    /// Ten times as fast as the market
    #[value(name = "10x")]
    Tenfold,
}

/// Runs the scenario and writes its summary.
///
/// # Errors
/// If scenario or config are wrong, data are missing, something broke, the run was stopped, or it
/// did not come out as the scenario expects.
pub fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let name = arguments.scenario.as_deref().unwrap_or(DEFAULT);
    let Staged {
        scenario,
        file,
        text: scenario_text,
        plan,
        mut config,
    } = Staged::named(arguments.scenario.as_deref(), &arguments.config)?;
    refuse_live(&mut config, arguments.state_dir.as_deref())?;
    let outcome = simulate(Options {
        scenario,
        scenario_text,
        plan,
        config,
        data: general.data.clone(),
        threads: usize::from(arguments.threads),
        shuffle: arguments.shuffle,
        speed: arguments.speed,
        journal: arguments.journal.clone(),
        transcript: arguments.transcript.clone(),
        redis: arguments.redis.clone(),
        state_dir: arguments.state_dir.clone(),
        until: arguments.until,
        stop: interrupt::stop_flag(),
    })?;
    let mut out = output::stdout();
    let summary = &outcome.summary;
    match general.format_or(Format::Table) {
        Format::Json => output::json_document(&mut out, summary)?,
        Format::Table => people::show(&mut out, summary, name)?,
        format @ (Format::Csv | Format::Md) => leaves::rows(out, summary, format)?,
    }
    if summary.stopped {
        return Err(Failure::error(format_args!(
            "the run was stopped after {}",
            output::counted(summary.ticks, "tick")
        )));
    }
    if let Some(found) = summary.reconciliation.filter(|found| found.differences > 0) {
        return Err(Failure::error(format_args!(
            "the journal and the broker's record differ in {}; alphatrader journal reconcile shows them",
            output::counted(found.differences, "place")
        )));
    }
    if !summary.unmet.is_empty() {
        let unmet = summary.unmet.join("; ");
        return Err(Failure::new(
            Exit::Error,
            format_args!("the run did not come out as {} expects: {unmet}", file),
        ));
    }
    Ok(())
}
