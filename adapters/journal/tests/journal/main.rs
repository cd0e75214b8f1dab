//! Nothing acknowledged is lost, and nothing damaged is used, whatever happens to disk and process.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it set it up"
)]

mod crashes;
mod damage;
mod faults;
mod model;
mod planted;
mod process;
mod progress;
mod recovery;
mod typed;

use journal::{
    Error, Extent, Identity, Journal, Opening, Options, Rates, Reader, Recovery, SimulatedDisk,
    Storage, TornTail,
};
use std::sync::Arc;

/// Small segments, nothing filled ahead: many seams in few bytes.
const SMALL: Options = Options {
    segment_bytes: 4096,
    fill_bytes: 0,
    buffer_bytes: 1 << 20,
    extent: Extent::Everything,
};

/// One segment for everything.
const ONE: Options = Options {
    segment_bytes: 1 << 20,
    ..SMALL
};

fn opening() -> Opening {
    Opening {
        identity: Identity {
            run: 1,
            account: "DU1".to_owned(),
            mode: "paper".to_owned(),
            program: 2,
            config: 3,
        },
        day: 20_260_302,
        meta: b"meta".to_vec(),
    }
}

fn shared(disk: &SimulatedDisk) -> Arc<dyn Storage> {
    Arc::new(disk.clone())
}

fn perfect(seed: u64) -> SimulatedDisk {
    SimulatedDisk::new(seed, Rates::default())
}

/// Head and body of entry `seq`: its number and bytes that follow from it.
fn entry(seq: u64) -> (Vec<u8>, Vec<u8>) {
    let body = vec![u8::try_from(seq % 251).unwrap(); usize::try_from(seq * 7 % 40).unwrap()];
    (seq.to_le_bytes().to_vec(), body)
}

fn append(journal: &mut Journal, seq: u64) -> Result<(), Error> {
    let (head, body) = entry(seq);
    assert_eq!(journal.append(&head, &body)?, seq);
    Ok(())
}

/// A journal of `batches` batches of one entry.
fn write(disk: &SimulatedDisk, options: Options, batches: u64) {
    let mut journal = Journal::create(shared(disk), opening(), options).unwrap();
    for seq in 1..=batches {
        append(&mut journal, seq).unwrap();
        assert_eq!(journal.commit().unwrap(), seq);
    }
}

/// Heads and bodies from the start.
type Entries = Vec<(Vec<u8>, Vec<u8>)>;

/// The entries before the end, which are numbered from 1, and where it was torn.
fn read(storage: Arc<dyn Storage>) -> Result<(Entries, Option<TornTail>), Error> {
    let mut reader = Reader::open(storage, Extent::Everything)?;
    let mut entries = Entries::new();
    while let Some(entry) = reader.next_entry()? {
        assert_eq!(entry.seq, entries.len() as u64 + 1);
        entries.push((entry.head.to_vec(), entry.body.to_vec()));
    }
    assert!(
        reader.next_entry()?.is_none(),
        "an ended reader stays ended"
    );
    Ok((entries, reader.torn()))
}

fn resume(disk: &SimulatedDisk, options: Options) -> Result<(Journal, Recovery), Error> {
    Journal::resume(shared(disk), opening(), options)
}

/// Whether these are entries 1 to n as they were written, n being returned.
fn genuine(entries: &Entries) -> u64 {
    for (index, found) in entries.iter().enumerate() {
        assert_eq!(*found, entry(index as u64 + 1), "entry {}", index + 1);
    }
    entries.len() as u64
}
