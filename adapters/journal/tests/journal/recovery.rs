//! What continuing a journal keeps, refuses and begins anew.

use crate::{ONE, SMALL, append, genuine, opening, perfect, read, resume, shared, write};
use journal::{
    Error, Extent, Identity, Journal, Opening, Options, Reader, Standing, WITNESS_NAME,
    cut_torn_tail, segment_name, verify,
};

#[test]
fn a_journal_is_never_overwritten() {
    let disk = perfect(0);
    write(&disk, ONE, 3);
    let error = Journal::create(shared(&disk), opening(), ONE).unwrap_err();
    assert!(matches!(error, Error::Exists { .. }), "{error}");
    assert_eq!(genuine(&read(shared(&disk)).unwrap().0), 3);
}

#[test]
fn another_account_or_mode_is_refused() {
    let disk = perfect(0);
    write(&disk, ONE, 3);
    let live = Opening {
        identity: Identity {
            mode: "live".to_owned(),
            ..opening().identity
        },
        ..opening()
    };
    let error = Journal::resume(shared(&disk), live, ONE)
        .unwrap_err()
        .to_string();
    assert!(error.contains("paper") && error.contains("live"), "{error}");
}

#[test]
fn another_program_begins_a_segment_of_its_own() {
    let disk = perfect(0);
    write(&disk, ONE, 3);
    let mut newer = opening();
    newer.identity.program = 99;
    newer.identity.run = 2;
    let (mut journal, _) = Journal::resume(shared(&disk), newer.clone(), ONE).unwrap();
    append(&mut journal, 4).unwrap();
    journal.commit().unwrap();
    drop(journal);
    let mut reader = Reader::open(shared(&disk), Extent::Everything).unwrap();
    let mut programs = Vec::new();
    while reader.next_entry().unwrap().is_some() {
        programs.push((reader.header().number, reader.header().identity.program));
    }
    assert_eq!(programs, [(1, 2), (1, 2), (1, 2), (2, 99)]);
    // The same one again goes on where it was.
    drop(Journal::resume(shared(&disk), newer, ONE).unwrap());
    assert!(disk.bytes(&segment_name(3)).is_none());
}

#[test]
fn a_second_writer_is_refused_until_the_first_is_gone() {
    let disk = perfect(0);
    let first = Journal::create(shared(&disk), opening(), ONE).unwrap();
    let error = resume(&disk, ONE).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    drop(first);
    drop(resume(&disk, ONE).unwrap());
    let killed = resume(&disk, ONE).unwrap();
    disk.kill();
    drop(resume(&disk, ONE).unwrap());
    drop(killed);
}

#[test]
fn a_full_buffer_is_committed_unasked() {
    let disk = perfect(0);
    let options = Options {
        buffer_bytes: 1_000,
        ..ONE
    };
    let mut journal = Journal::create(shared(&disk), opening(), options).unwrap();
    for seq in 1..=100 {
        append(&mut journal, seq).unwrap();
    }
    let durable = journal.durable();
    assert!(durable > 50 && durable < 100, "{durable}");
    disk.crash();
    assert_eq!(genuine(&read(shared(&disk)).unwrap().0), durable);
}

#[test]
fn the_last_day_is_found_and_its_heads_are_read() {
    let disk = perfect(0);
    let mut journal = Journal::create(shared(&disk), opening(), SMALL).unwrap();
    let mut seq = 0;
    for day in 0..5 {
        journal.roll(20_260_302 + day).unwrap();
        for _ in 0..100 {
            seq += 1;
            append(&mut journal, seq).unwrap();
            journal.commit().unwrap();
        }
    }
    drop(journal);
    let report = verify(shared(&disk)).unwrap();
    assert_eq!(
        report.days,
        [20_260_302, 20_260_303, 20_260_304, 20_260_305, 20_260_306]
    );
    assert_eq!((report.batches, report.entries), (500, 500));
    assert_eq!((report.first_seq, report.last_seq), (1, 500));
    assert_eq!(report.witness, Standing::Agrees { seq: 500 });
    assert!(report.segments >= 10 && report.bytes > 30_000 && report.is_whole());
    let mut reader = Reader::open_from_last_day(shared(&disk)).unwrap();
    let mut expected = 401_u64;
    while let Some(entry) = reader.next_entry().unwrap() {
        assert_eq!(
            (entry.seq, entry.head),
            (expected, &expected.to_le_bytes()[..])
        );
        expected += 1;
    }
    assert_eq!(expected, 501);
    // Days before it may be taken away; a part of it may not.
    let begins = reader.header().day_begins;
    for number in 1..begins {
        disk.take(&segment_name(number));
    }
    assert_eq!(verify(shared(&disk)).unwrap().first_seq, 401);
    // A day of 0 goes on with the day that it finds.
    let unknown = Opening {
        day: 0,
        ..opening()
    };
    let (_, recovery) = Journal::resume(shared(&disk), unknown, SMALL).unwrap();
    assert_eq!((recovery.last_seq, recovery.day), (500, 20_260_306));
    assert_eq!(recovery.witness.lost(), None);
    disk.kill();
    disk.take(&segment_name(begins));
    assert!(resume(&disk, SMALL).unwrap_err().is_damage());
    assert!(
        Reader::open_from_last_day(shared(&disk))
            .unwrap_err()
            .is_damage()
    );
}

#[test]
fn a_witness_of_another_history_is_a_loss_until_an_entry_follows() {
    let other = perfect(1);
    let mut journal = Journal::create(shared(&other), opening(), ONE).unwrap();
    for _ in 0..5 {
        journal.append(b"other", b"history").unwrap();
        journal.commit().unwrap();
    }
    for seed in 0..20 {
        let disk = perfect(seed);
        write(&disk, ONE, 5);
        disk.put(WITNESS_NAME, &other.bytes(WITNESS_NAME).unwrap());
        for _ in 0..2 {
            // As long as nothing was appended the alarm stays.
            let (_, recovery) = resume(&disk, ONE).unwrap();
            let lost = recovery.witness.lost().unwrap();
            assert_eq!((lost.witness, lost.journal), (5, 5));
        }
        let (mut journal, _) = resume(&disk, ONE).unwrap();
        append(&mut journal, 6).unwrap();
        journal.commit().unwrap();
        // What the witness said before does not come back with the power.
        disk.crash();
        let (_, recovery) = resume(&disk, ONE).unwrap();
        assert_eq!(recovery.witness, Standing::Agrees { seq: 6 }, "seed {seed}");
        // A witness that cannot be read says nothing.
        disk.kill();
        disk.put(WITNESS_NAME, b"ATRDWITN");
        assert_eq!(resume(&disk, ONE).unwrap().1.witness, Standing::Missing);
    }
}

#[test]
fn zeros_are_written_ahead_and_cut_off_when_a_segment_ends() {
    let disk = perfect(0);
    let options = Options {
        fill_bytes: 5_000,
        ..ONE
    };
    let mut journal = Journal::create(shared(&disk), opening(), options).unwrap();
    let size = || disk.bytes(&segment_name(1)).unwrap().len();
    let first = size();
    for seq in 1..=50 {
        append(&mut journal, seq).unwrap();
        journal.commit().unwrap();
        assert_eq!(size(), first, "a commit within the zeros changes no size");
    }
    journal.roll(20_260_303).unwrap();
    let bytes = disk.bytes(&segment_name(1)).unwrap();
    assert!(bytes.len() < first && bytes.last() == Some(&50));
}

#[test]
fn a_torn_tail_is_cut_unless_the_witness_knows_of_a_loss() {
    let disk = perfect(0);
    write(&disk, ONE, 5);
    let name = segment_name(1);
    let whole = disk.bytes(&name).unwrap();
    assert_eq!(cut_torn_tail(&shared(&disk)).unwrap(), None);
    disk.put(
        &name,
        &[&whole[..], b"ATRB and the start of a batch"].concat(),
    );
    let torn = cut_torn_tail(&shared(&disk)).unwrap().unwrap();
    assert_eq!((torn.segment, torn.offset), (1, whole.len() as u64));
    assert_eq!(torn.bytes, 29);
    assert_eq!(disk.bytes(&name).unwrap(), whole);
    disk.put(&name, &whole[..whole.len() - 1]);
    assert_eq!(cut_torn_tail(&shared(&disk)).unwrap(), None);
    assert_eq!(disk.bytes(&name).unwrap(), whole[..whole.len() - 1]);
}

#[test]
fn options_out_of_range_and_entries_too_large_are_named() {
    let disk = perfect(0);
    let tiny = Options {
        segment_bytes: 4095,
        ..ONE
    };
    let error = Journal::create(shared(&disk), opening(), tiny)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("segment_bytes was 4095, must be 4096 to"),
        "{error}"
    );
    let mut journal = Journal::create(shared(&disk), opening(), ONE).unwrap();
    let large = vec![0; (64 << 20) + 1];
    let error = journal.append(&large, b"").unwrap_err();
    assert!(matches!(error, Error::TooLarge { seq: 1, .. }), "{error}");
    assert!(matches!(
        journal.append(b"", b""),
        Err(Error::Failed { .. })
    ));
}

#[test]
fn an_entry_larger_than_a_segment_has_one_of_its_own() {
    let disk = perfect(0);
    let mut journal = Journal::create(shared(&disk), opening(), SMALL).unwrap();
    append(&mut journal, 1).unwrap();
    journal.commit().unwrap();
    let large = vec![7; 3 << 20];
    journal.append(b"large", &large).unwrap();
    append(&mut journal, 3).unwrap();
    journal.commit().unwrap();
    drop(journal);
    disk.crash();
    let (entries, torn) = read(shared(&disk)).unwrap();
    assert_eq!((entries.len(), torn), (3, None));
    assert_eq!(entries[1].1, large);
}
