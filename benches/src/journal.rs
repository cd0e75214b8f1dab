//! Frames made durable: what a tick waits for when it must not be lost.

use crate::Failure;
use crate::measure::{Durations, Settings, Span};
use crate::report::Figure;
use ::journal::FileJournal;
use components::market::SymbolId;
use components::units::{Price, Timestamp};
use daemon::resources::Stopwatch;
use engine::event::{Event, EventKind, FeedId};
use engine::frame::{FRAME_VERSION, Frame, Header};
use engine::ports::Journal;

/// Events of a tick.
const EVENTS: u32 = 200;
/// Systems of a tick.
const SYSTEMS: usize = 28;

/// Appends a frame of 200 events and commits it, again and again.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    let folder = tempfile::tempdir()?;
    let header = Header {
        version: FRAME_VERSION,
        scenario: "bench".to_owned(),
        scenario_text: String::new(),
        config_text: "{}".to_owned(),
        seed: 0,
        feeds: vec![("bench".to_owned(), 0)],
    };
    let mut journal = FileJournal::create(&folder.path().join("journal"), &header)?;
    let (mut append, mut commit) = (Durations::new()?, Durations::new()?);
    let span = Span::start();
    for tick in 1..=settings.times(1_000, 200) as u64 {
        let frame = frame(tick);
        let watch = Stopwatch::start();
        journal.append(&frame).map_err(|error| error.to_string())?;
        append.record(watch.elapsed());
        let watch = Stopwatch::start();
        journal.commit().map_err(|error| error.to_string())?;
        commit.record(watch.elapsed());
    }
    let (wall_s, cpu_s) = span.end();
    let place = std::env::temp_dir();
    let note = format!(
        "fdatasync of a file in {}; 200 events a frame",
        place.display()
    );
    Ok(vec![
        Figure::new("journal/commit", "us", commit.percentiles())
            .spent(wall_s, cpu_s)
            .note(note),
        Figure::new("journal/append", "us", append.percentiles()),
    ])
}

fn frame(tick: u64) -> Frame {
    let now = Timestamp(i64::try_from(tick).unwrap_or(0) * 250_000_000);
    let event = |number: u32| Event {
        received: now,
        at: now,
        feed: FeedId(0),
        kind: EventKind::Quote {
            symbol: SymbolId(number),
            bid: Price(1_000_000 + i64::from(number)),
            ask: Price(1_000_100 + i64::from(number)),
            bid_size: number,
            ask_size: number,
        },
    };
    Frame {
        tick,
        now,
        session: (20_260_302, Timestamp(0), Timestamp(i64::MAX)),
        opens_session: tick == 1,
        skipped: 0,
        events: (0..EVENTS).map(event).collect(),
        orders: Vec::new(),
        systems: vec![tick; SYSTEMS],
        digest: tick,
    }
}
