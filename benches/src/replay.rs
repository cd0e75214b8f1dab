//! A recorded run, decided again: a journal of a million events through the whole engine.

use crate::Failure;
use crate::measure::{Settings, Span};
use crate::report::{Figure, Value};
use crate::rig::{Extras, NoBroker, Rig, SEED};
use ::journal::{FileJournal, JournalReader};
use components::contract::Expiry;
use daemon::assemble::{Parts, assemble};
use daemon::settings;
use engine::calendar::{Calendar, Session};
use engine::clock::Tick;
use engine::digest::Digest;
use engine::directory::{Directory, Listings};
use engine::event::{EventKind, FeedId};
use engine::frame::{FRAME_VERSION, Frame, Header};
use engine::inbox::Inbox;
use engine::ports::{Clock, Feed, FeedError};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Events that are recorded, to the end of a tick.
const EVENTS: usize = 1_000_000;
/// The market that is recorded: a tenth of each chain is quoted anew in every tick.
const MARKET: &str = "{ underlyings: 4, contracts_per_chain: 400, requote_share: 0.1 }";
/// The number of the feed that the broker reports through: after the market's.
const EXECUTION: FeedId = FeedId(1);

/// Records a run and replays it; every digest must come out as recorded.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    let folder = tempfile::tempdir()?;
    let directory = folder.path().join("journal");
    let (events, ticks) = record(&directory)?;
    let bytes = std::fs::metadata(directory.join(::journal::FILE_NAME))?.len();
    let reader = JournalReader::open(&directory)?;
    let config = settings::from_text(&reader.header().config_text)?;
    let feeds = reader.header().feeds.clone();
    let span = Span::start();
    let current = Arc::<Mutex<Option<Frame>>>::default();
    let feed = |index: usize, is_execution: bool| {
        Box::new(Recorded {
            name: feeds[index].0.clone(),
            stale_after_ms: feeds[index].1,
            is_execution,
            tickers: Vec::new(),
            current: Arc::clone(&current),
        }) as Box<dyn Feed>
    };
    let clock = Frames {
        reader,
        current: Arc::clone(&current),
    };
    let mut engine = assemble(Parts {
        config,
        calendar: Calendar::nyse(),
        clock: Box::new(clock),
        feeds: vec![feed(0, false)],
        execution: Some(feed(1, true)),
        broker: Box::new(NoBroker),
        mirror: None,
        journal: None,
        threads: settings.threads,
        shuffle: None,
    })?;
    let mut replayed = 0_u64;
    while let Some(tick) = engine.tick()? {
        replayed += 1;
        let found = engine.world().resource::<Digest>().run();
        let frame = current.lock().unwrap_or_else(PoisonError::into_inner);
        if frame.as_ref().map(|frame| frame.digest) != Some(found) {
            return Err(format!("tick {} came out otherwise than recorded", tick.number).into());
        }
    }
    let (wall_s, cpu_s) = span.end();
    if replayed != ticks {
        return Err(format!("{replayed} of {ticks} ticks were replayed").into());
    }
    let rate = events as f64 / wall_s.max(1e-9);
    let value = Value::Throughput {
        threads: settings.threads,
        n: 1,
        median: rate,
        median_wall: rate,
    };
    let note = format!(
        "{events} events in {ticks} ticks, {:.1} MB of journal read, every digest as recorded",
        bytes as f64 / 1e6
    );
    let figure = Figure::new("replay/1000000_events", "events_per_s", value);
    Ok(vec![figure.spent(wall_s, cpu_s).note(note)])
}

/// Records a run until a million events are in the journal.
fn record(directory: &Path) -> Result<(usize, u64), Failure> {
    let rig = Rig::new("replay/1000000_events", MARKET)?;
    let header = Header {
        version: FRAME_VERSION,
        scenario: "bench".to_owned(),
        scenario_text: rig.text.clone(),
        config_text: settings::as_text(&rig.config),
        seed: SEED,
        feeds: vec![("market".to_owned(), 3_000), ("exchange".to_owned(), 0)],
    };
    let journal = FileJournal::create(directory, &header)?;
    let (mut engine, _) = rig.engine(Extras {
        threads: 1,
        mirror: None,
        journal: Some(Box::new(journal)),
    })?;
    let (mut events, mut ticks) = (0, 0);
    while events < EVENTS {
        engine.tick()?.ok_or("the session is too short to record")?;
        events += engine.world().resource::<Inbox>().len();
        ticks += 1;
    }
    engine.finish()?;
    Ok((events, ticks))
}

/// The ticks of the journal.
struct Frames {
    reader: JournalReader,
    current: Arc<Mutex<Option<Frame>>>,
}

impl Clock for Frames {
    fn next(&mut self) -> Option<Tick> {
        let frame = self.reader.next()?.ok()?;
        let (date, open, close) = frame.session;
        let tick = Tick {
            number: frame.tick,
            now: frame.now,
            session: Session {
                date: Expiry::try_from(date).ok()?.date(),
                open,
                close,
                early_close: false,
            },
            opens_session: frame.opens_session,
            skipped: frame.skipped,
        };
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(frame);
        Some(tick)
    }
}

/// One of the two feeds of the journal.
struct Recorded {
    name: String,
    stale_after_ms: i64,
    is_execution: bool,
    tickers: Vec<components::market::Ticker>,
    current: Arc<Mutex<Option<Frame>>>,
}

impl Feed for Recorded {
    fn name(&self) -> &str {
        &self.name
    }

    fn stale_after_ms(&self) -> i64 {
        self.stale_after_ms
    }

    fn list(&mut self, _tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        if self.is_execution {
            return Ok(());
        }
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        for event in current.iter().flat_map(|frame| &frame.events) {
            match &event.kind {
                EventKind::SymbolListed { ticker, .. } => {
                    self.tickers.push(*ticker);
                    listings.symbol(*ticker);
                }
                EventKind::ContractListed { symbol, terms, .. } => {
                    if let Some(ticker) = self.tickers.get(symbol.0 as usize) {
                        listings.contract(*ticker, *terms);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn drain(
        &mut self,
        _tick: &Tick,
        _directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let events = current.iter().flat_map(|frame| &frame.events);
        let wanted = events.filter(|event| {
            event.feed != FeedId::ENGINE && (event.feed == EXECUTION) == self.is_execution
        });
        inbox.extend(wanted.cloned());
        Ok(())
    }
}
