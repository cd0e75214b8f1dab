//! Power cuts at every point, with any subset of sectors left: never a false refusal, never a loss.

use crate::{ONE, SMALL, append, entry, genuine, opening, perfect, read, shared};
use engine::random::Stream;
use journal::{Error, Fault, Journal, Occasion, Options, SimulatedDisk};

/// What a series of lives on one disk has seen.
struct Lives {
    disk: SimulatedDisk,
    options: Options,
    /// Entries that were acknowledged.
    acknowledged: u64,
    /// Entries that were appended.
    appended: u64,
    /// Batches that were found though nobody had acknowledged them.
    adopted: u64,
    /// Tails that were cut.
    cut: u64,
}

impl Lives {
    fn new(disk: SimulatedDisk, options: Options) -> Self {
        Self {
            disk,
            options,
            acknowledged: 0,
            appended: 0,
            adopted: 0,
            cut: 0,
        }
    }

    /// Opens the journal and appends `batches` batches, until something fails.
    fn live(&mut self, stream: &mut Stream, batches: u64) -> Result<(), Error> {
        let (mut journal, recovery) = Journal::open(shared(&self.disk), opening(), self.options)?;
        assert_eq!(recovery.witness.lost(), None, "{recovery:?}");
        assert!(recovery.last_seq >= self.acknowledged, "{recovery:?}");
        assert!(recovery.last_seq <= self.appended, "{recovery:?}");
        self.cut += u64::from(recovery.torn.is_some());
        self.adopted += u64::from(recovery.last_seq > self.acknowledged);
        // What was found is durable from now on, and what was not never comes.
        self.acknowledged = recovery.last_seq;
        self.appended = recovery.last_seq;
        for _ in 0..batches {
            // Up to some sectors.
            for _ in 0..=stream.below(150) {
                self.appended += 1;
                append(&mut journal, self.appended)?;
            }
            if stream.chance(0.1) {
                let day = 20_260_302 + u32::try_from(self.appended % 20).unwrap();
                let is_new = journal.day() != day;
                journal.roll(day)?;
                assert!(!is_new || journal.durable() == self.appended);
            }
            self.acknowledged = journal.commit()?;
            assert_eq!(self.acknowledged, self.appended);
        }
        Ok(())
    }

    fn check(&self, what: &str) {
        if self.appended == 0 {
            return;
        }
        match read(shared(&self.disk)) {
            Ok((entries, _)) => {
                let found = genuine(&entries);
                assert!(
                    (self.acknowledged..=self.appended).contains(&found),
                    "{what}: {found} found, {} acknowledged",
                    self.acknowledged
                );
            }
            // A journal that was never wholly begun.
            Err(Error::NotAJournal { .. }) => assert_eq!(self.acknowledged, 0, "{what}"),
            Err(error) => panic!("{what}: {error}"),
        }
    }
}

/// One seed: lives that each end with the power, at a write or a sync drawn at random.
fn power_cuts(seed: u64, options: Options) -> Lives {
    let mut stream = Stream::new(seed, "lives", 0);
    let mut lives = Lives::new(perfect(seed), options);
    for life in 0..3 {
        let (writes, syncs) = lives.disk.operations();
        let occasion = if stream.chance(0.2) {
            Occasion::Write(writes + 1 + stream.below(8))
        } else {
            Occasion::Sync(syncs + 1 + stream.below(8))
        };
        lives.disk.script(occasion, Fault::PowerCut);
        let opened = lives.live(&mut stream, 6);
        if let Err(error) = &opened {
            let text = error.to_string();
            assert!(
                text.contains("the power is off"),
                "seed {seed} life {life}: {text}"
            );
        }
        lives.disk.crash();
        lives.check(&format!("seed {seed} life {life}"));
    }
    lives.disk.clear_script();
    lives.live(&mut stream, 1).unwrap();
    lives.check(&format!("seed {seed} at the end"));
    lives
}

#[test]
fn power_cuts_of_20000_seeds_lose_nothing_and_refuse_nothing() {
    let (mut entries, mut cut, mut adopted, mut torn, mut names) = (0, 0, 0, 0, 0);
    for seed in 0..20_000 {
        let options = match seed % 3 {
            0 => ONE,
            1 => SMALL,
            _ => Options {
                fill_bytes: 8 << 10,
                segment_bytes: 16 << 10,
                ..SMALL
            },
        };
        let lives = power_cuts(seed, options);
        entries += lives.acknowledged;
        cut += lives.cut;
        adopted += lives.adopted;
        let faults = lives.disk.faults();
        torn += faults[&Fault::TornWrite];
        names += faults[&Fault::LostName];
    }
    println!(
        "20000 seeds: {entries} entries acknowledged, 0 lost; {torn} torn writes, \
         {names} lost names, {cut} tails cut, {adopted} batches adopted"
    );
    assert!(torn > 8_000 && names > 100 && cut > 5_000 && adopted > 1_000);
}

#[test]
fn torn_commits_of_20000_seeds_are_never_refused() {
    // Each tears one commit of several sectors in any way but wholly or not at all.
    let (mut torn, mut seed, mut cut, mut adopted) = (0, 0, 0, 0);
    while torn < 20_000 {
        seed += 1;
        let disk = perfect(seed);
        let (mut journal, _) = Journal::open(shared(&disk), opening(), ONE).unwrap();
        let entries = 30 + seed % 200;
        for seq in 1..=entries {
            append(&mut journal, seq).unwrap();
            if seq <= 3 {
                journal.commit().unwrap();
            }
        }
        let (writes, _) = disk.operations();
        disk.script(Occasion::Write(writes + 1), Fault::PowerCut);
        assert!(journal.commit().is_err());
        drop(journal);
        disk.crash();
        torn += disk.faults()[&Fault::TornWrite].min(1);
        let (_, recovery) = Journal::resume(shared(&disk), opening(), ONE).unwrap();
        assert_eq!(recovery.witness.lost(), None, "seed {seed}");
        assert!(
            [3, entries].contains(&recovery.last_seq),
            "seed {seed}: {recovery:?}"
        );
        cut += u64::from(recovery.torn.is_some());
        adopted += u64::from(recovery.last_seq == entries);
    }
    println!("20000 torn commits in {seed}: {cut} tails cut, {adopted} whole, 0 refused");
    assert!(cut > 19_000 && adopted > 1_000);
}

#[test]
fn a_power_cut_at_every_single_operation_loses_nothing() {
    // From the first write of the first segment to the last sync, and again inside the recovery.
    let mut stops = 0;
    for seed in 0..20 {
        for at in 0..60 {
            for nested in 0..4 {
                let mut stream = Stream::new(seed, "every", at);
                let mut lives = Lives::new(perfect(seed * 1000 + at), SMALL);
                let occasion = |operations: (u64, u64), after: u64| match after % 2 {
                    0 => Occasion::Write(operations.0 + 1 + after / 2),
                    _ => Occasion::Sync(operations.1 + 1 + after / 2),
                };
                lives.disk.script(occasion((0, 0), at), Fault::PowerCut);
                stops += u64::from(lives.live(&mut stream, 12).is_err());
                lives.disk.crash();
                lives.check("after the first cut");
                let next = occasion(lives.disk.operations(), nested);
                lives.disk.script(next, Fault::PowerCut);
                stops += u64::from(lives.live(&mut stream, 1).is_err());
                lives.disk.crash();
                lives.disk.clear_script();
                lives.check("after a cut in the recovery");
                lives.live(&mut stream, 1).unwrap();
                lives.check("at the end");
            }
        }
    }
    println!("power cuts at single operations: {stops}");
    assert!(stops > 5_000);
}

#[test]
fn a_restart_is_idempotent() {
    // Killed in its recovery again and again, the journal holds the same bytes in the end (I34).
    for seed in 0..200 {
        let mut stream = Stream::new(seed, "idempotent", 0);
        let mut lives = Lives::new(perfect(seed), SMALL);
        let at = Occasion::Sync(4 + stream.below(6));
        lives.disk.script(at, Fault::PowerCut);
        let _ = lives.live(&mut stream, 10);
        lives.disk.crash();
        let (once, _) = Journal::open(shared(&lives.disk), opening(), SMALL).unwrap();
        drop(once);
        let first = read(shared(&lives.disk)).unwrap();
        for _ in 0..3 {
            let (again, recovery) = Journal::open(shared(&lives.disk), opening(), SMALL).unwrap();
            assert_eq!(recovery.torn, None, "seed {seed}");
            drop(again);
            lives.disk.kill();
            assert_eq!(read(shared(&lives.disk)).unwrap(), first, "seed {seed}");
        }
    }
}

#[test]
fn the_same_seed_leaves_the_same_bytes() {
    for seed in 0..50 {
        let bytes = || {
            let disk = power_cuts(seed, SMALL).disk;
            (1..9)
                .map(|number| disk.bytes(&journal::segment_name(number)))
                .collect::<Vec<_>>()
        };
        assert_eq!(bytes(), bytes(), "seed {seed}");
    }
    // The heads alone would do to tell entries apart.
    assert_ne!(entry(1), entry(2));
}
