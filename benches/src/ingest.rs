//! Recorded ticks through the door: read, parsed, made into states, validated and counted.
//!
//! Throughput counts rows of the files, as other engines do; two rows, a bid and an ask, make one
//! state of the best quote, and it is states that pass the door. Both are given.

use crate::Failure;
use crate::measure::{Settings, Span, median};
use crate::report::{Figure, Value};
use components::market::Ticker;
use daemon::assemble::DEFAULT_CONFIG;
use daemon::resources::Stopwatch;
use engine::calendar::Calendar;
use engine::clock::{SteppedClock, Window};
use engine::config::Layers;
use engine::engine::{Engine, Setup};
use engine::random::Stream;
use jiff::civil::{Date, date};
use recorded::archive::Archive;
use recorded::day::Day;
use recorded::feed::LeanTicks;
use recorded::source::TickFiles;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use systems::ingest::refusal::Refusals;
use systems::ingest::{Counts, IngestPlugin};

/// The recorded day.
const DATE: Date = date(2013, 10, 7);
/// Its folder below the root of recorded data.
const FOLDER: &str = "equity_tape/tick/aig";
/// Its stock.
const SYMBOL: &str = "AIG";
/// Rows of the synthetic tape, of quotes.
const SYNTHETIC_ROWS: usize = 1_000_000;

/// The two files of a day, unpacked.
struct Tape {
    quotes: Vec<u8>,
    trades: Vec<u8>,
}

impl Tape {
    fn rows(&self) -> usize {
        let rows = |bytes: &[u8]| {
            let lines = bytes.split(|byte| *byte == b'\n');
            lines.filter(|line| !line.is_empty()).count()
        };
        rows(&self.quotes) + rows(&self.trades)
    }
}

/// Measures the recorded day from its zips and from memory; without data a synthetic one.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    let symbol = Ticker::new(SYMBOL)?;
    let recorded = settings
        .data
        .as_deref()
        .filter(|root| root.join(FOLDER).is_dir());
    let tape = match recorded {
        Some(root) => Tape {
            quotes: unpacked(&root.join(FOLDER), "quote")?,
            trades: unpacked(&root.join(FOLDER), "trade")?,
        },
        None => synthetic()?,
    };
    let rows = tape.rows();
    let times = settings.times(7, 3);
    let mut figures = Vec::new();
    let what = match recorded {
        Some(root) => {
            let files = TickFiles {
                dir: PathBuf::from(FOLDER),
                symbol,
                date: Day(DATE),
            };
            let open = || Ok(files.open(root)?);
            figures.push(measure("ingest/recorded_ticks/zip", rows, times, open)?);
            format!(
                "{SYMBOL} {DATE}, {} bytes",
                tape.quotes.len() + tape.trades.len()
            )
        }
        None => "a synthetic tape, since no recorded data are there; no zip".to_owned(),
    };
    let open = || {
        let (quotes, trades) = (tape.quotes.clone(), tape.trades.clone());
        Ok(LeanTicks::in_memory(
            symbol,
            DATE,
            Some(quotes),
            Some(trades),
        )?)
    };
    figures.push(measure("ingest/recorded_ticks/memory", rows, times, open)?);
    Ok(figures
        .into_iter()
        .map(|(figure, states)| figure.note(format!("{what}; {rows} rows, {states} events")))
        .collect())
}

/// Runs the day from its open to its close, with the door as the only system.
fn measure(
    name: &str,
    rows: usize,
    times: usize,
    open: impl Fn() -> Result<LeanTicks, Failure>,
) -> Result<(Figure, u64), Failure> {
    let (mut rates, mut states) = (Vec::new(), 0);
    let span = Span::start();
    for run in 0..=times {
        let mut engine = door()?;
        let mut from_memory = Some(open()?);
        let watch = Stopwatch::start();
        // The zip is opened inside the measured time, the copy in memory is not made in it.
        let feed = if name.ends_with("zip") {
            drop(from_memory.take());
            open()?
        } else {
            from_memory.take().ok_or("the tape is gone")?
        };
        engine.add_feed(Box::new(feed));
        while engine.tick()?.is_some() {}
        let seconds = watch.elapsed().as_secs_f64();
        let passed = engine.world().resource::<Counts>().total();
        let refused = engine.world().resource::<Refusals>().total();
        states = passed + refused;
        // The first run warms up.
        if run > 0 {
            rates.push(rows as f64 / seconds.max(1e-9));
        }
    }
    let (wall_s, cpu_s) = span.end();
    let value = Value::Throughput {
        threads: 1,
        n: rates.len() as u64,
        median: median(&mut rates),
    };
    let figure = Figure::new(name, "rows_per_s", value).spent(wall_s, cpu_s);
    Ok((figure, states))
}

fn door() -> Result<Engine, Failure> {
    let calendar = Calendar::nyse();
    let session = calendar
        .session(DATE)
        .ok_or("the recorded day has no session")?;
    // From the open on; what the tape has before it comes with the first tick.
    let mut engine = Engine::new(Setup {
        config: Layers::new(DEFAULT_CONFIG).load()?,
        clock: Box::new(SteppedClock::new(vec![Window::whole(session)])),
        shuffle: None,
    });
    engine.plug(IngestPlugin { calendar })?;
    engine.initialize()?;
    Ok(engine)
}

fn unpacked(folder: &Path, kind: &str) -> Result<Vec<u8>, Failure> {
    let mut archive = Archive::open(&folder.join(format!("{}_{kind}.zip", Day(DATE).compact())))?;
    let index = archive.only_csv("")?;
    let mut bytes = Vec::new();
    archive.read_whole(index, &mut bytes)?;
    Ok(bytes)
}

/// A tape in the format of the recorded one: pairs of a bid and an ask row, some trades.
fn synthetic() -> Result<Tape, Failure> {
    let mut draws = Stream::new(7, "bench-ticks", 0);
    let (mut quotes, mut trades) = (String::new(), String::new());
    let (open_ms, session_ms) = (34_200_000_u64, 23_399_000_u64);
    let mut bid = 491_000_i64;
    for pair in 0..SYNTHETIC_ROWS / 2 {
        let millis = open_ms + session_ms * pair as u64 / (SYNTHETIC_ROWS as u64 / 2);
        bid += if draws.chance(0.5) { 100 } else { -100 };
        bid = bid.max(100_000);
        let (bid_size, ask_size) = (100 * (1 + draws.below(9)), 100 * (1 + draws.below(9)));
        writeln!(quotes, "{millis},{bid},{bid_size},0,0,P,1,0")?;
        writeln!(quotes, "{millis},0,0,{},{ask_size},P,1,0", bid + 100)?;
        if draws.chance(0.05) {
            writeln!(trades, "{millis},{bid},{},P,0,0", 1 + draws.below(500))?;
        }
    }
    Ok(Tape {
        quotes: quotes.into_bytes(),
        trades: trades.into_bytes(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_synthetic_tape_passes_the_door_whole() {
        let tape = synthetic().unwrap();
        let rows = tape.rows();
        assert!(rows > SYNTHETIC_ROWS);
        let mut engine = door().unwrap();
        let trades = tape.trades.split(|byte| *byte == b'\n').count() as u64 - 1;
        let symbol = Ticker::new(SYMBOL).unwrap();
        let feed = LeanTicks::in_memory(symbol, DATE, Some(tape.quotes), Some(tape.trades));
        engine.add_feed(Box::new(feed.unwrap()));
        while engine.tick().unwrap().is_some() {}
        let counts = engine.world().resource::<Counts>();
        assert_eq!(counts.quotes, SYNTHETIC_ROWS as u64 / 2);
        assert_eq!(counts.trades, trades);
        assert_eq!(engine.world().resource::<Refusals>().total(), 0);
    }
}
