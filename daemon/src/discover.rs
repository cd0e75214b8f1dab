//! `discover`: what the tape of a scenario says about its underlyings, without an order.
//!
//! The scenario's feeds pass the door of the engine and are remembered as in a run; nothing else of the
//! engine is there. At the end all that is remembered is looked at once.

/// `discovered.yaml`, written and read.
pub mod file;

use crate::check;
use crate::cli::General;
use crate::exit::Failure;
use crate::operator::Place;
use crate::output::{self, Cell, Format, Rows};
use crate::progress::Progress;
use crate::scenario::{Plan, Staged};
use crate::settings::{self, ConfigFiles};
use crate::simulate::{feeds, instant};
use crate::{interrupt, resources};
use components::patterns::FlowLabel;
use components::units::Timestamp;
use engine::calendar::Calendar;
use engine::clock::SteppedClock;
use engine::config::Config;
use engine::engine::{Engine, Setup};
use engine::ports::Feed;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use systems::discovery::found::{Discovered, SymbolFound};
use systems::discovery::{TapeMemoryPlugin, discover_now};
use systems::ingest::IngestPlugin;

/// The arguments of `discover`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader discover
  alphatrader discover ticks_2013_10 --data /data --out discovered.yaml --json

A run begins with the bucket sizes of the file that `discovery.file` in its config names.")]
pub struct Args {
    /// A scenario file, or the name of one in scenarios/ [default: the built-in full_day]
    pub scenario: Option<String>,
    /// Where the record is written [default: discovered.yaml in the state directory]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Looks at the tape up to this time, such as 2026-03-02T12:00:00-05:00
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub until: Option<Timestamp>,
    /// Whose state directory.
    #[command(flatten)]
    pub place: Place,
    /// Which config.
    #[command(flatten)]
    pub config: ConfigFiles,
}

/// Ticks between two looks at progress.
const LOOK_EVERY: u64 = 256;

/// Reads the tape, and writes what it says to the file and to stdout.
///
/// # Errors
/// If scenario or config are wrong, data are missing or damaged, the run was stopped, or the file
/// cannot be written.
pub fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let Staged {
        scenario,
        file,
        mut plan,
        config,
        ..
    } = Staged::named(arguments.scenario.as_deref(), &arguments.config)?;
    // All that is wrong with the config is told, not only the sections that are needed here.
    check::plugs_in(config.clone())?;
    let feeds = feeds(&scenario, &plan, &general.data)?;
    if let Some(until) = arguments.until {
        plan = plan.until(until);
        if plan.windows.is_empty() {
            return Err(Failure::error(format_args!(
                "--until {until} is before the first tick of {file}"
            )));
        }
    }
    let found = look(config, &plan, feeds)?;
    let path = match &arguments.out {
        Some(path) => path.clone(),
        None => arguments.place.state_dir.join(file::NAME),
    };
    file::write(&path, &found)?;
    show(&found, general)?;
    // Whoever does not read stderr finds the file where it was asked for.
    let _ = writeln!(anstream::stderr(), "written to {}", path.display());
    Ok(())
}

/// Runs the tape through the door, and looks at what is remembered of it.
fn look(config: Config, plan: &Plan, feeds: Vec<Box<dyn Feed>>) -> Result<Discovered, Failure> {
    let stop = interrupt::stop_flag();
    let clock = SteppedClock::new(plan.windows.clone())
        .limited_to(plan.ticks)
        .with_overruns(plan.overruns.clone())
        .stopped_by(std::sync::Arc::clone(&stop));
    let mut engine = Engine::new(Setup {
        config,
        clock: Box::new(clock),
        shuffle: None,
    });
    let calendar = Calendar::nyse();
    engine
        .plug(IngestPlugin { calendar })
        .and_then(|engine| engine.plug(TapeMemoryPlugin))
        .map_err(settings::refused)?;
    for feed in feeds {
        engine.add_feed(feed);
    }
    engine.initialize().map_err(Failure::error)?;
    let watch = resources::Stopwatch::start();
    let mut progress = Progress::new("ticks", engine.ticks_left());
    let mut ticks = 0_u64;
    while engine.tick().map_err(Failure::error)?.is_some() {
        ticks += 1;
        if ticks.is_multiple_of(LOOK_EVERY) {
            progress.at(ticks);
        }
    }
    progress.finish();
    if stop.load(Ordering::Relaxed) {
        let ticks = output::counted(ticks, "tick");
        return Err(Failure::error(format_args!(
            "stopped after {ticks}; nothing was written"
        )));
    }
    tracing::debug!("{ticks} ticks in {:.1} s", watch.elapsed().as_secs_f64());
    discover_now(engine.world_mut())
        .ok_or_else(|| Failure::error("there was no tick, hence no tape to look at"))
}

/// The columns of a table.
const COLUMNS: [&str; 15] = [
    "symbol",
    "bucket",
    "day_volume",
    "lookback",
    "volatility",
    "elevated_from",
    "shock_from",
    "vpin",
    "score",
    "toxicity",
    "label",
    "bucket_status",
    "lookback_status",
    "volatility_status",
    "toxicity_status",
];

fn show(found: &Discovered, general: &General) -> Result<(), Failure> {
    let mut out = output::stdout();
    let format = general.format_or(Format::Table);
    if format == Format::Json {
        return output::json_document(&mut out, found);
    }
    let mut rows = Rows::begin(&mut out, format, &COLUMNS)?;
    for symbol in &found.symbols {
        rows.row(&cells(symbol))?;
    }
    rows.finish()?;
    // A CSV has one table.
    if format == Format::Csv {
        return Ok(());
    }
    writeln!(out)?;
    correlations(&mut out, found, format)
}

fn cells(found: &SymbolFound) -> [Cell<'_>; COLUMNS.len()] {
    let count = |count: Option<u64>| count.map_or(Cell::Missing, Cell::Count);
    let (bucket, lookback) = (&found.vpin_bucket, &found.lookback);
    let (volatility, toxicity) = (&found.volatility, &found.toxicity);
    [
        Cell::Text(found.symbol.as_str()),
        count(bucket.shares),
        count(bucket.day_volume),
        Cell::Count(lookback.bars),
        Cell::optional(volatility.median),
        Cell::Number(volatility.elevated_from),
        Cell::Number(volatility.shock_from),
        Cell::optional(toxicity.vpin),
        Cell::optional(toxicity.score),
        Cell::optional(toxicity.toxicity),
        Cell::Text(toxicity.label.map_or("", FlowLabel::name)),
        Cell::Text(bucket.basis.status.name()),
        Cell::Text(lookback.basis.status.name()),
        Cell::Text(volatility.basis.status.name()),
        Cell::Text(toxicity.basis.status.name()),
    ]
}

fn correlations(out: &mut impl Write, found: &Discovered, format: Format) -> Result<(), Failure> {
    let correlation = &found.correlation;
    if correlation.matrix.is_empty() {
        let reason = correlation
            .basis
            .reason
            .as_deref()
            .unwrap_or("nothing was found");
        writeln!(out, "no correlation: {reason}")?;
        return Ok(out.flush()?);
    }
    let names = correlation.symbols.iter().map(|symbol| symbol.as_str());
    let columns: Vec<&str> = std::iter::once("correlation").chain(names).collect();
    let mut rows = Rows::begin(out, format, &columns)?;
    for (symbol, row) in correlation.symbols.iter().zip(&correlation.matrix) {
        let values = row.iter().map(|rho| Cell::optional(*rho));
        let cells: Vec<Cell<'_>> = std::iter::once(Cell::Text(symbol.as_str()))
            .chain(values)
            .collect();
        rows.row(&cells)?;
    }
    rows.finish()
}
