//! A run: feeds and exchange of a scenario, an engine between them, and what was counted.

use super::Speed;
use super::operators::{Operators, emergency_summary};
use super::paced::Paced;
use super::record;
use super::summary::{Events, InboxPeak, Latency, Orders, Signals, Summary};
use crate::assemble::{AssembleError, Parts, assemble, settlements};
use crate::exit::Failure;
use crate::progress::Progress;
use crate::resources::{self, Stopwatch};
use crate::scenario::{Observed, Plan, Scenario};
use crate::settings::{self, ExchangeSection};
use engine::calendar::Calendar;
use engine::clock::{SteppedClock, TICK_MS};
use engine::config::Config;
use engine::digest::Digest;
use engine::directory::Directory;
use engine::engine::Engine;
use engine::frame::{FRAME_VERSION, Header};
use engine::intake::Peaks;
use engine::ports::{Clock, Feed, Journal};
use engine::record::RunStart;
use engine::transcript::Transcript;
use journal::FileJournal;
use simulator::{Faulted, Market, Scripted, exchange};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use systems::books::Books;
use systems::commit::Recorder;
use systems::ingest::Counts;
use systems::positions;

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
    /// Where operators command the run.
    pub state_dir: Option<PathBuf>,
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
    let (mut engine, operators) = prepare(options)?;
    if sink.file.is_some() {
        engine.world_mut().resource_mut::<Transcript>().keep();
    }
    record::begin(&mut engine, &scenario.name, scenario.seed).map_err(settings::refused)?;
    let mut summary = Summary {
        scenario: scenario.name.clone(),
        seed: scenario.seed,
        threads,
        ..Summary::default()
    };
    let mut progress = Progress::new("ticks", engine.ticks_left());
    while let Some(tick) = engine.tick().map_err(Failure::error)? {
        summary.ticks += 1;
        summary.sessions += u64::from(tick.opens_session);
        summary.overruns += u64::from(tick.skipped > 0);
        summary.skipped_ticks += u64::from(tick.skipped);
        record::after_tick(&mut engine, summary.ticks);
        if summary.ticks.is_multiple_of(LOOK_EVERY) {
            progress.at(summary.ticks);
            sink.take_from(&mut engine)?;
        }
    }
    progress.finish();
    engine
        .world_mut()
        .resource_mut::<Recorder>()
        .finish()
        .map_err(|error| Failure::error(format_args!("journal: {error}")))?;
    record::end(&mut engine, summary.ticks);
    sink.take_from(&mut engine)?;
    sink.finish()?;
    summary.stopped = stop.load(Ordering::Relaxed);
    summary.simulated_s = (summary.ticks + summary.skipped_ticks) as f64 * TICK_MS as f64 / 1000.0;
    summary.mirror = operators.mirror_summary(&mut engine);
    read_world(&mut summary, &engine);
    drop(engine);
    drop(operators);
    summary.unmet = if summary.stopped {
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

/// Everything that came in, whether it passed the door or not.
fn all_events(events: &Events) -> u64 {
    let underlyings = events.quotes + events.trades + events.book_updates + events.index_levels;
    let options = events.option_quotes + events.option_trades + events.vendor_greeks;
    underlyings + options + events.open_interest + events.refused
}

/// Opens everything that a run needs and makes the engine.
fn prepare(options: Options) -> Result<(Engine, Operators), Failure> {
    let Options {
        scenario,
        plan,
        mut config,
        ..
    } = options;
    let calendar = Calendar::nyse();
    let exchange_config = config
        .section::<ExchangeSection>()
        .map_err(settings::refused)?;
    let (broker, execution) = exchange(
        &exchange_config.0,
        scenario.seed,
        settlements(calendar.clone()),
    )
    .map_err(Failure::config)?;
    let redis = options.redis.as_deref();
    let mut feeds = feeds(&scenario, &plan, &options.data)?;
    let operators = Operators::open(options.state_dir.as_deref(), redis, &mut feeds)?;
    let (broker, execution) = operators.guard(Box::new(broker), Box::new(execution));
    let run = RunStart {
        run: 1,
        program: engine::digest::hash(env!("ALPHATRADER_VERSION").as_bytes()),
        config: config.hash(),
        account: "DU0000001".to_owned(),
        live: false,
    };
    let journal = match &options.journal {
        Some(directory) => {
            let all = feeds.iter().map(|feed| &**feed);
            let names = all.chain([&*execution]);
            let header = Header {
                version: FRAME_VERSION,
                scenario: scenario.name.clone(),
                scenario_text: options.scenario_text,
                config_text: settings::as_text(&config),
                seed: scenario.seed,
                run: run.clone(),
                feeds: names
                    .map(|feed| (feed.name().to_owned(), feed.stale_after_ms()))
                    .collect(),
            };
            let journal = FileJournal::create(directory, &header).map_err(Failure::error)?;
            Some(Box::new(journal) as Box<dyn Journal>)
        }
        None => None,
    };
    let mirror = operators.mirror(redis)?;
    let clock = clock(&plan, options.speed, &options.stop);
    let engine = assemble(Parts {
        config,
        calendar,
        clock,
        feeds,
        execution: Some(execution),
        broker,
        mirror,
        journal,
        run,
        ledger: None,
        opening: Vec::new(),
        threads: options.threads,
        shuffle: options.shuffle,
    })
    .map_err(not_assembled)?;
    Ok((engine, operators))
}

/// The end of a verb for which no engine could be made.
pub(crate) fn not_assembled(error: AssembleError) -> Failure {
    match error {
        AssembleError::Config(error) => settings::refused(error),
        other => Failure::error(other),
    }
}

fn clock(plan: &Plan, speed: Speed, stop: &Arc<AtomicBool>) -> Box<dyn Clock> {
    let stepped = SteppedClock::new(plan.windows.clone())
        .limited_to(plan.ticks)
        .with_overruns(plan.overruns.clone())
        .stopped_by(Arc::clone(stop));
    match speed {
        Speed::Max => Box::new(stepped),
        Speed::Real => Box::new(Paced::new(stepped, 1, Arc::clone(stop))),
        Speed::Tenfold => Box::new(Paced::new(stepped, 10, Arc::clone(stop))),
    }
}

/// The feeds of a scenario: its synthetic market, its recorded sets, its script.
fn feeds(scenario: &Scenario, plan: &Plan, data: &Path) -> Result<Vec<Box<dyn Feed>>, Failure> {
    let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
    if let Some(market) = &scenario.market {
        // Contracts expire on sessions after the run's last as well.
        let days = jiff::Span::new().days(i64::from(market.expiry_days_max));
        let known = plan.sessions();
        let sessions = match (known.first(), known.last()) {
            (Some(first), Some(last)) => {
                let until = last.date.saturating_add(days);
                Calendar::nyse().sessions(first.date, until).to_vec()
            }
            _ => known,
        };
        let market = Market::new(market, scenario.seed, &sessions)
            .and_then(|market| market.with_moves(&plan.moves))
            .map_err(Failure::config)?;
        feeds.push(Box::new(market));
    }
    for set in &scenario.recorded {
        feeds.extend(set.open(data).map_err(not_opened)?);
    }
    if !plan.faults.is_empty() {
        let damaged = feeds.into_iter().enumerate().map(|(index, feed)| {
            let seed = scenario.seed.wrapping_add(index as u64);
            let feed = Faulted::new(feed, seed, plan.faults.clone());
            feed.map(|feed| Box::new(feed) as Box<dyn Feed>)
        });
        feeds = damaged.collect::<Result<_, _>>().map_err(Failure::config)?;
    }
    if !plan.halts.is_empty() {
        feeds.push(Box::new(Scripted::new("script", plan.halts.clone())));
    }
    Ok(feeds)
}

/// A set that is not there is an error of the scenario, a damaged one is not.
fn not_opened(error: recorded::Error) -> Failure {
    match error {
        missing @ recorded::Error::Missing { .. } => Failure::config(missing),
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

/// The transcript on its way to a file, so that memory does not grow with the day.
struct TranscriptFile {
    file: Option<(PathBuf, BufWriter<File>)>,
}

impl TranscriptFile {
    fn create(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self { file: None });
        };
        match File::create(path) {
            Ok(file) => Ok(Self {
                file: Some((path.to_owned(), BufWriter::new(file))),
            }),
            Err(error) => Err(failed(path, &error)),
        }
    }

    fn take_from(&mut self, engine: &mut Engine) -> Result<(), Failure> {
        let Some((path, file)) = &mut self.file else {
            return Ok(());
        };
        let text = engine.world_mut().resource_mut::<Transcript>().take();
        file.write_all(text.as_bytes())
            .map_err(|error| failed(path, &error))
    }

    fn finish(self) -> Result<(), Failure> {
        match self.file {
            Some((path, mut file)) => file.flush().map_err(|error| failed(&path, &error)),
            None => Ok(()),
        }
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::error(format_args!(
        "transcript {} could not be written: {error}",
        path.display()
    ))
}
