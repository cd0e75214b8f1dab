//! Recorded ticks through the door: read, parsed, made into states, validated and counted.
//!
//! Throughput counts rows of the files, as other engines do; two rows, a bid and an ask, make one
//! state of the best quote, and it is states that pass the door. Both are given. The figure without
//! a further name comes from the zips, where there are any.

use crate::Failure;
use crate::measure::{Rates, Settings, Span};
use crate::report::Figure;
use components::market::Ticker;
use daemon::assemble::DEFAULT_CONFIG;
use engine::calendar::Calendar;
use engine::clock::{SteppedClock, Tick, Window};
use engine::config::Layers;
use engine::engine::{Engine, Setup};
use engine::ports::Clock;
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
/// Points of the grid in a tick of ten seconds, as many rows to a tick as a busy tape has.
const SPARSE: u32 = 40;
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
    let measured = |name: &str, every| Measured {
        name: format!("ingest/recorded_ticks{name}"),
        rows,
        times: settings.times(7, 3),
        every,
    };
    let copy = || (tape.quotes.clone(), tape.trades.clone());
    let in_memory = |(quotes, trades)| {
        Ok(LeanTicks::in_memory(
            symbol,
            DATE,
            Some(quotes),
            Some(trades),
        )?)
    };
    let mut figures = Vec::new();
    let what = match recorded {
        Some(root) => {
            let files = TickFiles {
                dir: PathBuf::from(FOLDER),
                symbol,
                date: Day(DATE),
            };
            let from_zip = |()| Ok(files.open(root)?);
            figures.push(measured("", 1).run(|| (), from_zip)?);
            figures.push(measured("/zip_10s_ticks", SPARSE).run(|| (), from_zip)?);
            let bytes = tape.quotes.len() + tape.trades.len();
            format!("{SYMBOL} {DATE}, {:.1} MB unpacked", bytes as f64 / 1e6)
        }
        None => {
            figures.push(measured("", 1).run(copy, in_memory)?);
            "a synthetic tape in memory, since no recorded data are there".to_owned()
        }
    };
    figures.push(measured("/memory", 1).run(copy, in_memory)?);
    figures.push(measured("/memory_10s_ticks", SPARSE).run(copy, in_memory)?);
    Ok(figures
        .into_iter()
        .map(|(figure, states, ticks)| {
            let counts = format!("{rows} rows, {states} events in {ticks} ticks");
            figure.note(format!("{what}; {counts}"))
        })
        .collect())
}

/// How a day is run through the door.
struct Measured {
    name: String,
    rows: usize,
    times: usize,
    every: u32,
}

impl Measured {
    /// Runs the day from its open to its close; what `prepare` does is not measured, what `open`
    /// does is. Returns events and ticks of a run beside the figure.
    fn run<P>(
        &self,
        prepare: impl Fn() -> P,
        open: impl Fn(P) -> Result<LeanTicks, Failure>,
    ) -> Result<(Figure, u64, u64), Failure> {
        let (mut rates, mut states, mut ticks) = (Rates::default(), 0, 0);
        let span = Span::start();
        for run in 0..=self.times {
            let mut engine = door(self.every)?;
            let prepared = prepare();
            let mut warm_up = Rates::default();
            let measured = if run == 0 { &mut warm_up } else { &mut rates };
            ticks = measured.measure(self.rows, || {
                engine.add_feed(Box::new(open(prepared)?));
                let mut ticks = 0;
                while engine.tick()?.is_some() {
                    ticks += 1;
                }
                Ok::<u64, Failure>(ticks)
            })?;
            let passed = engine.world().resource::<Counts>().total();
            states = passed + engine.world().resource::<Refusals>().total();
        }
        let (wall_s, cpu_s) = span.end();
        let figure = Figure::new(&self.name, "rows_per_s", rates.value()).spent(wall_s, cpu_s);
        Ok((figure, states, ticks))
    }
}

/// A clock with one tick for so many points of the grid.
struct Sparse {
    inner: SteppedClock,
    every: u32,
}

impl Clock for Sparse {
    fn next(&mut self) -> Option<Tick> {
        let first = self.inner.next()?;
        let mut tick = first;
        for _ in 1..self.every {
            tick = self.inner.next().unwrap_or(tick);
        }
        tick.opens_session |= first.opens_session;
        Some(tick)
    }
}

/// An engine with the door, and what empties each tick's tape of trades and quotes as in a whole
/// run: without it the tape of the day would grow in memory. What was recorded before the open comes
/// with the first tick.
fn door(every: u32) -> Result<Engine, Failure> {
    let calendar = Calendar::nyse();
    let session = calendar
        .session(DATE)
        .ok_or("the recorded day has no session")?;
    let mut engine = Engine::new(Setup {
        config: Layers::new(DEFAULT_CONFIG).load()?,
        clock: Box::new(Sparse {
            inner: SteppedClock::new(vec![Window::whole(session)]),
            every,
        }),
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
        let mut engine = door(1).unwrap();
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
