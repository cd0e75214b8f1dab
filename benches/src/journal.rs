//! What a tick waits for when it must not be lost: a record, and a whole frame, made durable.

use crate::Failure;
use crate::measure::{Durations, Settings, Span};
use crate::report::Figure;
use crate::rig::run_start;
use ::journal::{
    FileJournal, FileStorage, Identity, Journal as RawJournal, JournalReader, Opening, Options,
    segment_name,
};
use components::market::SymbolId;
use components::units::{Price, Timestamp};
use daemon::resources::Stopwatch;
use engine::event::{Event, EventKind, FeedId};
use engine::frame::{FRAME_VERSION, Frame, Header};
use engine::ports::Journal;
use engine::record::Record;
use std::path::Path;
use std::sync::Arc;

/// Bytes of a record: an intent or an execution.
const RECORD_BYTES: usize = 200;
/// Events of a tick.
const EVENTS: u32 = 200;
/// Systems of a tick.
const SYSTEMS: usize = 40;

/// Appends a record of 200 bytes and makes it durable, again and again, in a file whose space was
/// written ahead; then the same with whole frames of 200 events.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    let folder = tempfile::tempdir()?;
    let times = settings.times(2_000, 200);
    let mut figures = records(&folder.path().join("records"), times)?;
    figures.extend(frames(&folder.path().join("frames"), times)?);
    Ok(figures)
}

fn records(directory: &Path, times: usize) -> Result<Vec<Figure>, Failure> {
    let storage = Arc::new(FileStorage::create_dir(directory)?);
    let opening = Opening {
        identity: Identity {
            mode: "bench".to_owned(),
            ..Identity::default()
        },
        ..Opening::default()
    };
    let options = Options::default();
    let mut journal = RawJournal::create(storage, opening, options)?;
    let record = [0xa5; RECORD_BYTES];
    let mut commit = Durations::new()?;
    let span = Span::start();
    for _ in 0..times {
        let watch = Stopwatch::start();
        journal.append(&record, &[])?;
        journal.commit()?;
        commit.record(watch.elapsed());
    }
    let (wall_s, cpu_s) = span.end();
    let note = format!(
        "append of {RECORD_BYTES} bytes and fdatasync of a file in {}, {} KiB filled ahead",
        std::env::temp_dir().display(),
        options.fill_bytes >> 10,
    );
    let figure = Figure::new("journal/commit", "us", commit.percentiles());
    Ok(vec![figure.spent(wall_s, cpu_s).note(note)])
}

fn frames(directory: &Path, times: usize) -> Result<Vec<Figure>, Failure> {
    let header = Header {
        version: FRAME_VERSION,
        scenario: "bench".to_owned(),
        scenario_text: String::new(),
        config_text: "{}".to_owned(),
        seed: 0,
        run: run_start(),
        feeds: vec![("bench".to_owned(), 0)],
    };
    let mut journal = FileJournal::create(directory, &header)?;
    let (mut append, mut commit) = (Durations::new()?, Durations::new()?);
    let market = market();
    for tick in 1..=times as u64 {
        let frame = frame(tick);
        let watch = Stopwatch::start();
        let appended = journal.append(&frame, &market);
        append.record(watch.elapsed());
        appended.map_err(|error| error.to_string())?;
        let watch = Stopwatch::start();
        let durable = journal.commit().map_err(|error| error.to_string())?;
        commit.record(watch.elapsed());
        if durable != tick {
            return Err(format!("frame {tick} was committed as {durable}").into());
        }
    }
    drop(journal);
    let (_, bytes) = JournalReader::open(directory)?.bytes_read();
    // The first segment ends where the day begins: frames stand in the second.
    let begun = directory.join(segment_name(2)).is_file();
    let note = format!(
        "{EVENTS} events a frame; {:.1} MB of segments{}",
        bytes as f64 / 1e6,
        if begun { "" } else { ", no second one" }
    );
    Ok(vec![
        Figure::new("journal/frame_commit", "us", commit.percentiles()).note(note),
        Figure::new("journal/frame_append", "us", append.percentiles()),
    ])
}

fn market() -> Vec<Event> {
    let event = |number: u32| Event {
        received: Timestamp(0),
        at: Timestamp(0),
        feed: FeedId(0),
        kind: EventKind::Quote {
            symbol: SymbolId(number),
            bid: Price(1_000_000 + i64::from(number)),
            ask: Price(1_000_100 + i64::from(number)),
            bid_size: number,
            ask_size: number,
        },
    };
    (0..EVENTS).map(event).collect()
}

fn frame(tick: u64) -> Frame {
    let opened = || Record::DayOpened(Box::default());
    Frame {
        tick,
        now: Timestamp(i64::try_from(tick).unwrap_or(0) * 250_000_000),
        session: (20_260_302, Timestamp(0), Timestamp(i64::MAX)),
        opens_session: tick == 1,
        skipped: 0,
        jumped_ms: 0,
        reports: Vec::new(),
        records: (tick == 1).then(opened).into_iter().collect(),
        systems: vec![tick; SYSTEMS],
        digest_before: tick - 1,
    }
}
