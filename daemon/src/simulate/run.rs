//! A run: feeds and exchange of a scenario, an engine between them, and what was counted.

use super::Speed;
use super::kept::{self};
use super::operators::emergency_summary;
use super::prepare::{Prepared, prepare};
use super::record;
use super::summary::{Events, InboxPeak, Latency, Orders, ReconciliationSummary, Signals, Summary};
use super::transcript_file::TranscriptFile;
use crate::assemble::AssembleError;
use crate::discover::file as discovered;
use crate::exit::Failure;
use crate::progress::Progress;
use crate::reconcile::reconcile;
use crate::resources::{self, Stopwatch};
use crate::scenario::{Observed, Plan, Scenario};
use crate::settings::{self};
use components::units::Timestamp;
use engine::clock::TICK_MS;
use engine::config::Config;
use engine::digest::Digest;
use engine::directory::Directory;
use engine::engine::Engine;
use engine::intake::Peaks;
use engine::transcript::Transcript;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use systems::books::Books;
use systems::commit::{self, Recorder};
use systems::discovery::rounds::Discoveries;
use systems::ingest::Counts;
use systems::mirror::account::positions_of;
use systems::mirror::execution::execution_of;
use systems::positions;
use systems::reports::metrics::Counted;
use systems::reports::portfolio::Portfolio;

/// Ticks between two looks at progress and at the transcript.
const LOOK_EVERY: u64 = 256;

/// What a run is made with.
pub struct Options {
    /// The scenario.
    pub scenario: Scenario,
    /// Its text, for the journal.
    pub scenario_text: String,
    /// Its plan.
    pub plan: Plan,
    /// The merged config.
    pub config: Config,
    /// The root of recorded data.
    pub data: PathBuf,
    /// Threads of the Greeks.
    pub threads: usize,
    /// Permutes what must not matter.
    pub shuffle: Option<u64>,
    /// How fast the market runs.
    pub speed: Speed,
    /// The directory of a new journal.
    pub journal: Option<PathBuf>,
    /// The file of the transcript.
    pub transcript: Option<PathBuf>,
    /// A Redis server.
    pub redis: Option<String>,
    /// Where operators command the run, and where it is kept unless a journal is named.
    pub state_dir: Option<PathBuf>,
    /// The run ends in order with the last tick at or before this instant.
    pub until: Option<Timestamp>,
    /// Ends the run at the next tick once it is set.
    pub stop: Arc<AtomicBool>,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The counts, figures and digests.
    pub summary: Summary,
}

/// Runs a scenario to its end.
///
/// # Errors
/// If data are missing or damaged, config is wrong, an output cannot be written, or a system broke
/// an invariant.
pub fn simulate(options: Options) -> Result<Outcome, Failure> {
    let watch = Stopwatch::start();
    let cpu_before = resources::cpu_seconds();
    let mut sink = TranscriptFile::create(options.transcript.as_deref())?;
    let (scenario, stop, threads) = (
        options.scenario.clone(),
        Arc::clone(&options.stop),
        options.threads,
    );
    let until = options.until;
    let state_dir = options.state_dir.clone();
    let Prepared {
        mut engine,
        operators,
        gateway,
        journal,
        is_kept,
        run: (run, resumed_after),
    } = prepare(options)?;
    if sink.file.is_some() {
        engine.world_mut().resource_mut::<Transcript>().keep();
    }
    record::begin(&mut engine, &scenario.name, scenario.seed).map_err(settings::refused)?;
    let mut summary = Summary {
        scenario: scenario.name.clone(),
        seed: scenario.seed,
        threads,
        run,
        resumed_after,
        ..Summary::default()
    };
    let mut progress = Progress::new("ticks", engine.ticks_left());
    while let Some(tick) = engine.tick().map_err(Failure::error)? {
        summary.ticks += 1;
        summary.sessions += u64::from(tick.opens_session);
        summary.overruns += u64::from(tick.skipped > 0);
        summary.skipped_ticks += u64::from(tick.skipped);
        record::after_tick(&mut engine, summary.ticks);
        operators.answer(&engine);
        if summary.ticks.is_multiple_of(LOOK_EVERY) {
            progress.at(summary.ticks);
            sink.take_from(&mut engine)?;
        }
    }
    progress.finish();
    // What goes on some day says that it ended in order; another journal holds its ticks and no more.
    let ended = if is_kept {
        commit::stop(engine.world_mut())
    } else {
        engine.world_mut().resource_mut::<Recorder>().finish()
    };
    ended.map_err(|error| Failure::error(format_args!("journal: {error}")))?;
    if let Some(directory) = &journal {
        kept::write_ledger(directory, &gateway.ledger())?;
        summary.reconciliation = Some(reconciled(&mut engine, directory)?);
    }
    if let Some(state_dir) = state_dir {
        keep_discoveries(&engine, &state_dir)?;
    }
    record::end(&mut engine, summary.ticks);
    sink.take_from(&mut engine)?;
    sink.finish()?;
    summary.stopped = stop.load(Ordering::Relaxed);
    summary.simulated_s = (summary.ticks + summary.skipped_ticks) as f64 * TICK_MS as f64 / 1000.0;
    summary.mirror = operators.mirror_summary(&mut engine);
    read_world(&mut summary, &engine);
    drop(engine);
    drop(operators);
    // What a scenario expects is about all of it.
    summary.unmet = if summary.stopped || until.is_some() || resumed_after > 0 {
        Vec::new()
    } else {
        scenario.expect.unmet(&observed(&summary))
    };
    summary.wall_s = watch.elapsed().as_secs_f64();
    summary.cpu_s = resources::cpu_seconds()
        .zip(cpu_before)
        .map(|(now, before)| now - before);
    summary.peak_rss_bytes = resources::peak_rss_bytes();
    summary.events_per_s = all_events(&summary.events) as f64 / summary.wall_s.max(1e-9);
    Ok(Outcome { summary })
}

/// Writes what was discovered, if anything was, beside what is kept of the run.
fn keep_discoveries(engine: &Engine, state_dir: &Path) -> Result<(), Failure> {
    let discoveries = engine.world().get_resource::<Discoveries>();
    match discoveries.and_then(Discoveries::all) {
        Some(found) => discovered::write(&state_dir.join(discovered::NAME), &found),
        None => Ok(()),
    }
}

/// Compares the journal with the broker's own record; each difference is an alert in the transcript.
fn reconciled(engine: &mut Engine, directory: &Path) -> Result<ReconciliationSummary, Failure> {
    let ledger = directory.join(kept::LEDGER_NAME);
    let found = reconcile(directory, &ledger, None).map_err(Failure::error)?;
    for difference in &found.differences {
        let (instrument, what) = (&difference.instrument, &difference.what);
        let (ours, broker) = (&difference.ours, &difference.broker);
        let line =
            format!("alert reconciliation {instrument} {what}: ours {ours}, broker {broker}");
        record::transcribe(engine, &line);
        tracing::warn!("{line}");
    }
    Ok(ReconciliationSummary {
        days: found.days.len() as u64,
        matched: found.matched,
        on_their_way: found.on_their_way,
        differences: found.differences.len() as u64,
        realized_usd: found.realized_usd,
        fees_usd: found.fees_usd,
    })
}

/// Everything that came in, whether it passed the door or not.
fn all_events(events: &Events) -> u64 {
    let underlyings = events.quotes + events.trades + events.book_updates + events.index_levels;
    let options = events.option_quotes + events.option_trades + events.vendor_greeks;
    underlyings + options + events.open_interest + events.refused
}

/// The end of a verb for which no engine could be made.
pub(crate) fn not_assembled(error: AssembleError) -> Failure {
    match error {
        AssembleError::Config(error) => settings::refused(error),
        other => Failure::error(other),
    }
}
/// Takes over what the systems counted.
fn read_world(summary: &mut Summary, engine: &Engine) {
    summary.emergency = emergency_summary(engine);
    let world = engine.world();
    summary.halts = world.resource::<Counts>().halts;
    summary.events = Events::of(engine);
    summary.signals = Signals::of(engine);
    summary.orders = Orders::of(engine);
    let account = world.resource::<positions::Account>();
    summary.pnl_usd = account.profit().dollars();
    summary.fees_usd = account.fees.dollars();
    summary.restriction = world.resource::<Books>().ledger().restriction().name();
    summary.execution = execution_of(&Counted::of(world));
    summary.portfolio = positions_of(world.resource::<Portfolio>());
    let directory = world.resource::<Directory>();
    summary.underlyings = directory.symbols_len();
    summary.contracts = directory.contracts_len();
    summary.digest = format!("{:016x}", world.resource::<Digest>().run());
    summary.transcript_sha256 = world.resource::<Transcript>().sha256();
    let latency = engine.latency();
    let Peaks { market, execution } = engine.peaks();
    summary.inbox_peak = InboxPeak { market, execution };
    summary.latency_us = Latency {
        tick: latency.tick().into(),
        phases: latency
            .phases()
            .map(|(phase, found)| (phase.name().to_owned(), found.into()))
            .collect(),
        systems: latency
            .systems()
            .map(|(name, found)| (name.to_owned(), found.into()))
            .collect(),
    };
}

fn observed(summary: &Summary) -> Observed {
    Observed {
        ticks: summary.ticks,
        signals: summary.signals.emitted,
        blocked: summary.signals.blocked,
        orders: summary.orders.submitted,
        fills: summary.orders.filled,
        cancelled: summary.orders.cancelled,
        rejected: summary.orders.rejected,
        halts: summary.halts,
        refused: summary.events.refused,
        overruns: summary.overruns,
    }
}
