//! Each fault of a disk on its own: the writer closes, and what was acknowledged is found again.

use crate::{ONE, SMALL, append, genuine, opening, perfect, read, resume, shared, write};
use journal::{Error, Fault, Journal, Occasion, Options, Rates, STALL_MS, SimulatedDisk};
use std::time::Duration;

/// Commits single entries from `from` until one fails: the last acknowledged and why.
fn until_failure(journal: &mut Journal, from: u64) -> (u64, Error) {
    for seq in from..from + 10_000 {
        let done = append(journal, seq).and_then(|()| journal.commit());
        if let Err(error) = done {
            assert!(
                matches!(journal.commit(), Err(Error::Failed { .. })),
                "a failed journal commits nothing more"
            );
            assert!(matches!(
                journal.append(b"", b""),
                Err(Error::Failed { .. })
            ));
            assert!(matches!(
                journal.roll(20_260_303),
                Err(Error::Failed { .. })
            ));
            return (seq - 1, error);
        }
    }
    panic!("nothing failed");
}

#[test]
fn a_failed_sync_closes_the_writer_and_loses_only_what_was_not_acknowledged() {
    let (mut adopted, mut dropped) = (0, 0);
    for seed in 0..2_000 {
        let disk = perfect(seed);
        // The first two syncs make the segment.
        disk.script(Occasion::Sync(3 + seed % 10), Fault::SyncFailure);
        let mut journal = Journal::create(shared(&disk), opening(), ONE).unwrap();
        let (acknowledged, error) = until_failure(&mut journal, 1);
        assert!(
            matches!(
                error,
                Error::Io {
                    action: "made durable",
                    ..
                }
            ),
            "{error}"
        );
        drop(journal);
        if seed % 2 == 0 {
            disk.crash();
        } else {
            // The machine goes on: what was dropped may still be seen, and must not be believed.
            disk.kill();
        }
        let (mut journal, recovery) = resume(&disk, ONE).unwrap();
        let found = recovery.last_seq;
        assert!(
            found == acknowledged || found == acknowledged + 1,
            "seed {seed}"
        );
        assert_eq!(recovery.witness.lost(), None);
        adopted += u64::from(found > acknowledged);
        dropped += u64::from(found == acknowledged);
        append(&mut journal, found + 1).unwrap();
        journal.commit().unwrap();
        disk.crash();
        let (entries, torn) = read(shared(&disk)).unwrap();
        assert_eq!((genuine(&entries), torn), (found + 1, None), "seed {seed}");
    }
    println!("failed syncs: {dropped} batches dropped, {adopted} found and made durable");
    assert!(adopted > 300 && dropped > 300);
}

#[test]
fn a_sync_that_fails_while_a_segment_begins_loses_nothing() {
    for seed in 0..600 {
        let disk = perfect(seed);
        write(&disk, SMALL, 5);
        let (_, syncs) = disk.operations();
        let (mut journal, _) = resume(&disk, SMALL).unwrap();
        let (_, now) = disk.operations();
        assert!(now > syncs);
        disk.script(Occasion::Sync(now + 1 + seed % 2), Fault::SyncFailure);
        assert!(journal.roll(20_260_303).is_err());
        drop(journal);
        if seed % 3 == 0 {
            disk.crash();
        } else {
            disk.kill();
        }
        let (mut journal, recovery) = resume(&disk, SMALL).unwrap();
        assert_eq!(recovery.last_seq, 5, "seed {seed}");
        append(&mut journal, 6).unwrap();
        journal.commit().unwrap();
        disk.crash();
        let (entries, torn) = read(shared(&disk)).unwrap();
        assert_eq!((genuine(&entries), torn), (6, None), "seed {seed}");
    }
}

#[test]
fn a_failed_write_closes_the_writer() {
    for seed in 0..500 {
        let disk = perfect(seed);
        // The first writes make witness and segment; then two for each commit.
        disk.script(Occasion::Write(4 + seed % 12), Fault::WriteError);
        let mut journal = Journal::create(shared(&disk), opening(), ONE).unwrap();
        let (acknowledged, error) = until_failure(&mut journal, 1);
        assert!(error.to_string().contains("input/output error"), "{error}");
        drop(journal);
        disk.kill();
        let (_, recovery) = resume(&disk, ONE).unwrap();
        assert!((acknowledged..=acknowledged + 1).contains(&recovery.last_seq));
        assert_eq!(recovery.witness.lost(), None);
    }
}

#[test]
fn a_full_disk_is_an_error_and_everything_acknowledged_is_kept() {
    for capacity in (700..3_000).step_by(7) {
        let rates = Rates {
            capacity_bytes: Some(capacity),
            ..Rates::default()
        };
        let disk = SimulatedDisk::new(capacity, rates);
        let mut journal = Journal::create(shared(&disk), opening(), ONE).unwrap();
        let (acknowledged, error) = until_failure(&mut journal, 1);
        assert!(
            error.to_string().contains("could not be written"),
            "{error}"
        );
        assert_eq!(disk.faults()[&Fault::DiskFull], 1);
        drop(journal);
        disk.set_rates(Rates::default());
        disk.crash();
        let (_, recovery) = resume(&disk, ONE).unwrap();
        assert_eq!(recovery.last_seq, acknowledged);
    }
}

#[test]
fn a_disk_that_takes_nothing_more_is_an_error() {
    let disk = perfect(1);
    disk.script(Occasion::Write(12), Fault::ReadOnly);
    let mut journal = Journal::create(shared(&disk), opening(), ONE).unwrap();
    let (acknowledged, _) = until_failure(&mut journal, 1);
    drop(journal);
    let error = resume(&disk, ONE).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    // It can still be read.
    let entries = read(shared(&disk)).unwrap().0;
    assert!(genuine(&entries) >= acknowledged && acknowledged > 0);
    disk.crash();
    assert!(resume(&disk, ONE).unwrap().1.last_seq >= acknowledged);
}

#[test]
fn a_stalled_sync_is_told() {
    let disk = perfect(1);
    let mut journal = Journal::create(shared(&disk), opening(), ONE).unwrap();
    append(&mut journal, 1).unwrap();
    journal.commit().unwrap();
    assert!(journal.last_sync() < Duration::from_millis(1));
    let (_, syncs) = disk.operations();
    disk.script(Occasion::Sync(syncs + 1), Fault::SyncStall);
    append(&mut journal, 2).unwrap();
    assert_eq!(journal.commit().unwrap(), 2);
    assert_eq!(journal.last_sync(), Duration::from_millis(STALL_MS));
    assert_eq!(disk.faults()[&Fault::SyncStall], 1);
}

#[test]
fn a_flipped_bit_under_a_running_writer_is_found_at_the_next_start() {
    let (mut refused, mut lost, mut harmless) = (0, 0, 0);
    for seed in 0..1_000 {
        let disk = perfect(seed);
        disk.script(Occasion::Sync(3 + seed % 10), Fault::BitFlip);
        write(&disk, ONE, 10);
        disk.kill();
        match resume(&disk, ONE) {
            Err(error) => {
                assert!(error.is_damage(), "{error}");
                refused += 1;
            }
            Ok((_, recovery)) if recovery.witness.lost().is_some() => lost += 1,
            Ok((_, recovery)) => {
                panic!("seed {seed}: a flipped bit went unnoticed: {recovery:?}");
            }
        }
        harmless += 1 - disk.faults()[&Fault::BitFlip];
    }
    println!("bit flips: {refused} refused, {lost} known to the witness");
    assert!(refused > 800 && lost > 5 && harmless == 0);
}

#[test]
fn all_faults_at_once_lose_nothing_that_was_acknowledged() {
    let rates = Rates {
        write_error: 0.01,
        sync_failure: 0.01,
        sync_stall: 0.02,
        bit_flip: 0.0,
        read_only: 0.003,
        power_cut: 0.02,
        capacity_bytes: None,
    };
    let options = Options {
        fill_bytes: 2048,
        ..SMALL
    };
    let (mut total, mut acknowledged_in_all) = (0, 0);
    for seed in 0..2_500 {
        let disk = SimulatedDisk::new(seed, rates);
        let (mut acknowledged, mut appended) = (0, 0);
        for life in 0..8 {
            match Journal::open(shared(&disk), opening(), options) {
                Ok((mut journal, recovery)) => {
                    let found = recovery.last_seq;
                    assert!(
                        (acknowledged..=appended).contains(&found),
                        "seed {seed} life {life}: {found} not in {acknowledged}..={appended}"
                    );
                    assert_eq!(recovery.witness.lost(), None, "seed {seed} life {life}");
                    (acknowledged, appended) = (found, found);
                    for seq in found + 1..found + 40 {
                        appended = seq;
                        if append(&mut journal, seq).is_err() {
                            break;
                        }
                        match journal.commit() {
                            Ok(durable) => acknowledged = durable,
                            Err(_) => break,
                        }
                    }
                }
                Err(error) => assert!(!error.is_damage(), "seed {seed} life {life}: {error}"),
            }
            if life % 2 == 0 {
                disk.crash();
            } else {
                disk.kill();
            }
        }
        acknowledged_in_all += acknowledged;
        total += disk.faults().values().sum::<u64>();
    }
    println!("all faults: {total} injected, {acknowledged_in_all} entries acknowledged, 0 lost");
    assert!(total > 20_000 && acknowledged_in_all > 20_000);
}
