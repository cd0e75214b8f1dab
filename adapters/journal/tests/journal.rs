//! A journal comes back as it was written, whatever happens to its tail, and damage is named.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it set it up"
)]
use components::units::Timestamp;
use engine::event::{Event, EventKind, FeedId};
use engine::frame::{FRAME_VERSION, Frame, Header};
use engine::ports::Journal;
use journal::{Error, FILE_NAME, FileJournal, JournalReader, TornTail};
use std::path::Path;

fn header() -> Header {
    Header {
        version: FRAME_VERSION,
        scenario: "test".to_owned(),
        scenario_text: "ticks: 3\n".to_owned(),
        config_text: "vpin: { window: 50 }\n".to_owned(),
        seed: 7,
        feeds: vec![("market".to_owned(), 2_000)],
    }
}

fn frame(tick: u64) -> Frame {
    let now = Timestamp(i64::try_from(tick).unwrap() * 250_000_000);
    Frame {
        tick,
        now,
        session: (20_260_302, Timestamp(0), Timestamp(i64::MAX)),
        opens_session: tick == 1,
        skipped: 0,
        events: vec![
            Event {
                received: now,
                at: now,
                feed: FeedId(0),
                kind: EventKind::Heartbeat,
            };
            usize::try_from(tick % 3).unwrap()
        ],
        orders: Vec::new(),
        systems: vec![u64::MAX - tick, 0, tick],
        digest: u64::MAX / (tick + 1),
    }
}

fn write(directory: &Path, ticks: u64) {
    let mut journal = FileJournal::create(directory, &header()).unwrap();
    for tick in 1..=ticks {
        journal.append(&frame(tick)).unwrap();
        assert_eq!(journal.commit().unwrap(), tick);
    }
}

/// The frames before the end, where it was torn, and the error at the end.
fn read(directory: &Path) -> (Vec<Frame>, Option<TornTail>, Option<Error>) {
    let mut reader = match JournalReader::open(directory) {
        Ok(reader) => reader,
        Err(error) => return (Vec::new(), None, Some(error)),
    };
    let mut frames = Vec::new();
    let mut failure = None;
    for item in reader.by_ref() {
        match item {
            Ok(frame) => frames.push(frame),
            Err(error) => failure = Some(error),
        }
    }
    assert!(reader.next().is_none(), "an ended reader stays ended");
    (frames, reader.torn(), failure)
}

#[test]
fn what_was_written_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new/run");
    write(&path, 5);
    assert_eq!(JournalReader::open(&path).unwrap().header(), &header());
    let (frames, torn, failure) = read(&path);
    assert_eq!(frames, (1..=5).map(frame).collect::<Vec<_>>());
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
fn a_cut_anywhere_leaves_whole_frames_and_names_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), 3);
    let path = directory.path().join(FILE_NAME);
    let whole = std::fs::read(&path).unwrap();
    let (mut ends, mut sizes) = (Vec::new(), Vec::new());
    {
        let mut reader = JournalReader::open(&path).unwrap();
        loop {
            ends.push(reader.bytes_read().0);
            if reader.next().is_none() {
                break;
            }
        }
    }
    for size in usize::try_from(ends[0]).unwrap()..=whole.len() {
        std::fs::write(&path, &whole[..size]).unwrap();
        let (frames, torn, failure) = read(&path);
        assert!(failure.is_none(), "cut at {size}: {failure:?}");
        let end = *ends.iter().rfind(|end| **end <= size as u64).unwrap();
        let expected = (end < size as u64).then_some(TornTail {
            offset: end,
            bytes: size as u64 - end,
        });
        assert_eq!(torn, expected, "cut at {size}");
        assert_eq!(frames.len(), ends.iter().position(|e| *e == end).unwrap());
        sizes.push(frames.len());
    }
    assert_eq!((sizes.first(), sizes.last()), (Some(&0), Some(&3)));
}

#[test]
fn sectors_that_were_never_written_are_a_torn_tail() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), 60);
    let path = directory.path().join(FILE_NAME);
    let whole = std::fs::read(&path).unwrap();
    let last_sector = (whole.len() - 1) / 512 * 512;
    let mut lost = whole.clone();
    lost[last_sector..].fill(0);
    std::fs::write(&path, &lost).unwrap();
    let (frames, torn, failure) = read(&path);
    assert!(failure.is_none() && torn.is_some(), "{failure:?}");
    assert!((1..60).contains(&frames.len()));
    // A file that was made longer in advance ends in zeros after a whole frame.
    let mut longer = whole;
    longer.extend([0; 4096]);
    std::fs::write(&path, &longer).unwrap();
    let (frames, torn, failure) = read(&path);
    assert!(failure.is_none());
    assert_eq!(
        (frames.len(), torn.map(|torn| torn.bytes)),
        (60, Some(4096))
    );
}

#[test]
fn a_flipped_bit_anywhere_is_damage_at_its_frame() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), 3);
    let path = directory.path().join(FILE_NAME);
    let whole = std::fs::read(&path).unwrap();
    for place in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        std::fs::write(&path, &flipped).unwrap();
        let (_, torn, failure) = read(&path);
        let failure = failure.unwrap_or_else(|| panic!("byte {place} went unnoticed: {torn:?}"));
        assert!(failure.is_damage(), "byte {place}: {failure}");
        if let Error::Damaged { offset, .. } = failure {
            assert!(offset <= place as u64 && place as u64 - offset < 400);
        }
    }
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
    let missing = JournalReader::open(directory.path())
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains(FILE_NAME) && missing.contains("read"),
        "{missing}"
    );
    let path = directory.path().join("text");
    std::fs::write(&path, "some text that is no journal").unwrap();
    let error = JournalReader::open(&path).unwrap_err();
    assert!(matches!(error, Error::NotAJournal { .. }), "{error}");
}
