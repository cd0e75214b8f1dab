//! The planted bugs are seen by the same tests that the journal passes without them.
#![cfg(feature = "planted_bugs")]

use crate::{ONE, append, genuine, opening, perfect, read, resume, shared, write};
use engine::planted::{Bug, plant};
use journal::{Error, Journal, segment_name};

/// Runs `act` with the bug that breaks invariant `number`.
fn with_bug<T>(number: u8, act: impl FnOnce() -> T) -> T {
    plant(Some(Bug(number)));
    let outcome = act();
    plant(None);
    outcome
}

/// How many seeds of 100 lose what was acknowledged.
fn losses() -> u64 {
    let lost = |seed: &u64| {
        let disk = perfect(*seed);
        write(&disk, ONE, 5);
        disk.crash();
        resume(&disk, ONE).map_or(0, |(_, recovery)| recovery.last_seq) < 5
    };
    (0..100).filter(lost).count() as u64
}

#[test]
fn acknowledging_before_the_sync_loses_entries() {
    assert_eq!(losses(), 0);
    let found = with_bug(32, losses);
    println!("planted 32: caught by {found} seeds of 100");
    assert!(found > 25);
}

#[test]
fn stepping_over_damage_skips_entries_in_silence() {
    let read_damaged = || {
        let disk = perfect(0);
        write(&disk, ONE, 10);
        let bytes = disk.bytes(&segment_name(1)).unwrap();
        let start = bytes
            .windows(4)
            .position(|window| window == b"ATRB")
            .unwrap();
        disk.flip(&segment_name(1), start + 50, 1);
        let mut reader = journal::Reader::open(shared(&disk), journal::Extent::Everything).unwrap();
        let mut found = 0;
        while reader.next_entry()?.is_some() {
            found += 1;
        }
        Ok::<u64, Error>(found)
    };
    assert!(read_damaged().unwrap_err().is_damage());
    assert_eq!(with_bug(33, read_damaged).unwrap(), 9);
}

#[test]
fn ignoring_the_lock_lets_two_write() {
    let two = || {
        let disk = perfect(0);
        let mut first = Journal::create(shared(&disk), opening(), ONE).unwrap();
        append(&mut first, 1).unwrap();
        first.commit().unwrap();
        resume(&disk, ONE).map(|(mut second, _)| {
            append(&mut second, 2).unwrap();
            second.commit().unwrap();
            genuine(&read(shared(&disk)).unwrap().0)
        })
    };
    assert!(matches!(two(), Err(Error::Locked { .. })));
    assert_eq!(with_bug(36, two).unwrap(), 2);
}
