//! Ticks come back as they were appended: the frame and, apart from it, the market.

use components::order::{OrderId, PermId};
use components::units::Timestamp;
use engine::event::{Event, EventKind, FeedId};
use engine::frame::{FRAME_VERSION, Frame, Header};
use engine::ports::Journal;
use engine::record::{OpenState, Record, RunStart};
use engine::report::Report;
use journal::{
    Error, Extent, FileJournal, FileStorage, Identity, JournalReader, Options, RecordedTick,
    TornTail, segment_name,
};
use std::path::Path;
use std::sync::Arc;

fn header() -> Header {
    Header {
        version: FRAME_VERSION,
        scenario: "test".to_owned(),
        scenario_text: "ticks: 3\n".to_owned(),
        config_text: "vpin: { window: 50 }\n".to_owned(),
        seed: 7,
        run: RunStart {
            run: 1,
            account: "DU0000000".to_owned(),
            ..RunStart::default()
        },
        feeds: vec![("market".to_owned(), 2_000)],
    }
}

fn event(now: Timestamp, kind: EventKind) -> Event {
    Event {
        received: now,
        at: now,
        feed: FeedId(0),
        kind,
    }
}

/// A tick with 0 to 2 events of the market, as many reports and the records of either.
fn tick(number: u64) -> RecordedTick {
    let now = Timestamp(i64::try_from(number).unwrap() * 250_000_000);
    let events = usize::try_from(number % 3).unwrap();
    let accepted = Report::Accepted {
        order: OrderId(number),
        perm: PermId(number),
    };
    let mut records = vec![Record::Heard { report: 0 }; events];
    if number == 1 {
        let open = OpenState {
            date: 20_260_302,
            ..OpenState::default()
        };
        records.push(Record::DayOpened(Box::new(open)));
    }
    RecordedTick {
        frame: Frame {
            tick: number,
            now,
            session: (20_260_302, Timestamp(0), Timestamp(i64::MAX)),
            opens_session: number == 1,
            skipped: 0,
            jumped_ms: 0,
            reports: vec![event(now, EventKind::Reported(accepted)); events],
            records,
            systems: vec![u64::MAX - number, 0, number],
            digest_before: u64::MAX / (number + 1),
        },
        market: vec![event(now, EventKind::Heartbeat); events],
    }
}

fn ticks(last: u64) -> Vec<RecordedTick> {
    (1..=last).map(tick).collect()
}

fn write(directory: &Path, last: u64) {
    let mut journal = FileJournal::create(directory, &header()).unwrap();
    for number in 1..=last {
        let tick = tick(number);
        journal.append(&tick.frame, &tick.market).unwrap();
        assert_eq!(journal.commit().unwrap(), number);
    }
}

/// The ticks before the end, where it was torn, and the error at the end.
fn read(directory: &Path) -> (Vec<RecordedTick>, Option<TornTail>, Option<Error>) {
    let mut reader = match JournalReader::open(directory) {
        Ok(reader) => reader,
        Err(error) => return (Vec::new(), None, Some(error)),
    };
    let mut ticks = Vec::new();
    let mut failure = None;
    for item in reader.by_ref() {
        match item {
            Ok(tick) => ticks.push(tick),
            Err(error) => failure = Some(error),
        }
    }
    assert!(reader.next().is_none(), "an ended reader stays ended");
    (ticks, reader.torn(), failure)
}

#[test]
fn what_was_written_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new/run");
    write(&path, 5);
    assert_eq!(JournalReader::open(&path).unwrap().header(), &header());
    let (found, torn, failure) = read(&path);
    assert_eq!(found, ticks(5));
    assert!(torn.is_none() && failure.is_none());
}

#[test]
fn a_journal_is_never_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), 1);
    let error = FileJournal::create(directory.path(), &header()).unwrap_err();
    assert!(matches!(error, Error::Exists { .. }), "{error}");
    assert_eq!(read(directory.path()).0.len(), 1);
}

#[test]
fn a_cut_leaves_whole_frames_and_names_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), 3);
    let path = directory.path().join(segment_name(2));
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    file.set_len(end as u64 - 5).unwrap();
    let (found, torn, failure) = read(directory.path());
    assert!(failure.is_none(), "{failure:?}");
    assert_eq!(found, ticks(2));
    assert_eq!(torn.map(|torn| torn.segment), Some(2));
}

#[test]
fn each_session_has_segments_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), 3);
    let storage = Arc::new(FileStorage::new(directory.path()));
    let mut reader = JournalReader::open_in(storage, Extent::LastDay).unwrap();
    assert_eq!(reader.header(), &header());
    assert_eq!(
        (reader.segment().number, reader.segment().day),
        (2, 20_260_302)
    );
    assert_eq!(reader.by_ref().count(), 3);
}

#[test]
fn a_restart_reads_frames_without_their_market() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), 5);
    let mut reader = JournalReader::open(directory.path()).unwrap();
    for tick in ticks(5) {
        assert_eq!(reader.next_frame().unwrap(), Some(tick.frame));
    }
    assert_eq!(reader.next_frame().unwrap(), None);
}

#[test]
fn a_journal_is_continued_where_it_ended() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), 3);
    let storage = Arc::new(FileStorage::new(directory.path()));
    let identity = Identity {
        mode: "simulated".to_owned(),
        ..Identity::default()
    };
    let opened = FileJournal::open_in(storage, identity, &header(), Options::default());
    let (mut journal, recovery) = opened.unwrap();
    assert_eq!((recovery.last_seq, recovery.day), (3, 20_260_302));
    let fourth = tick(4);
    journal.append(&fourth.frame, &fourth.market).unwrap();
    assert_eq!(journal.commit().unwrap(), 4);
    assert_eq!(read(directory.path()).0, ticks(4));
}

#[test]
fn another_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let newer = Header {
        version: FRAME_VERSION + 1,
        ..header()
    };
    drop(FileJournal::create(directory.path(), &newer).unwrap());
    let error = JournalReader::open(directory.path()).unwrap_err();
    assert!(matches!(error, Error::Version { found, .. } if found == FRAME_VERSION + 1));
}

#[test]
fn what_is_no_journal_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let error = JournalReader::open(directory.path()).unwrap_err();
    assert!(matches!(error, Error::NotAJournal { .. }), "{error}");
    let missing = directory.path().join("missing");
    let error = JournalReader::open(&missing).unwrap_err().to_string();
    assert!(error.contains("missing could not be read"), "{error}");
    let path = directory.path().join(segment_name(1));
    std::fs::write(&path, "some text that is no journal").unwrap();
    let error = JournalReader::open(directory.path()).unwrap_err();
    assert!(matches!(error, Error::NotAJournal { .. }), "{error}");
}

#[test]
fn the_bytes_that_were_read_are_told_tick_by_tick() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), 3);
    let mut reader = JournalReader::open(directory.path()).unwrap();
    let (mut before, all) = reader.bytes_read();
    assert!(before > 0 && before < all);
    while let Some(tick) = reader.next() {
        tick.unwrap();
        let (read, total) = reader.bytes_read();
        assert!(read > before && total == all, "{read} after {before}");
        before = read;
    }
}
