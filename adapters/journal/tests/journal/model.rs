//! Any sequence of appends, commits, rolls, crashes and restarts is as the model says.

use crate::{SMALL, opening, perfect, read, shared};
use journal::{Journal, Options, Reader, SimulatedDisk, verify};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Append(usize, usize),
    Commit,
    Roll(u32),
    Restart,
    Kill,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..40_usize, 0..900_usize).prop_map(|(head, body)| Step::Append(head, body)),
        5 => Just(Step::Commit),
        1 => (0..9_u32).prop_map(|day| Step::Roll(20_260_301 + day)),
        1 => Just(Step::Restart),
        1 => Just(Step::Kill),
        2 => Just(Step::Crash),
    ]
}

/// What the journal must hold.
struct Model {
    disk: SimulatedDisk,
    options: Options,
    journal: Option<Journal>,
    /// Heads and bodies that were appended.
    entries: Vec<(Vec<u8>, Vec<u8>)>,
    /// How many of them are acknowledged.
    acknowledged: usize,
}

impl Model {
    fn open(&mut self) {
        self.journal = None;
        let opened = Journal::open(shared(&self.disk), opening(), self.options);
        let (journal, recovery) = opened.unwrap();
        let found = usize::try_from(recovery.last_seq).unwrap();
        assert!((self.acknowledged..=self.entries.len()).contains(&found));
        assert_eq!(recovery.witness.lost(), None);
        self.entries.truncate(found);
        self.acknowledged = found;
        let (entries, torn) = read(shared(&self.disk)).unwrap();
        assert_eq!((entries, torn), (self.entries.clone(), None));
        self.journal = Some(journal);
    }

    fn step(&mut self, step: &Step) {
        let journal = self.journal.as_mut().unwrap();
        match step {
            Step::Append(head, body) => {
                let number = self.entries.len();
                let fill = u8::try_from(number % 256).unwrap();
                let entry = (vec![fill; *head], vec![!fill; *body]);
                let seq = journal.append(&entry.0, &entry.1).unwrap();
                assert_eq!(seq, number as u64 + 1);
                self.entries.push(entry);
                self.acknowledged = usize::try_from(journal.durable()).unwrap();
            }
            Step::Commit => {
                self.acknowledged = usize::try_from(journal.commit().unwrap()).unwrap();
                assert_eq!(self.acknowledged, self.entries.len());
            }
            Step::Roll(day) => {
                journal.roll(*day).unwrap();
                assert_eq!(journal.day(), *day);
                self.acknowledged = usize::try_from(journal.durable()).unwrap();
            }
            Step::Restart => self.open(),
            Step::Kill => {
                self.disk.kill();
                self.open();
            }
            Step::Crash => {
                self.disk.crash();
                self.open();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_is_as_the_model_says(
        seed: u64,
        fill in prop_oneof![Just(0_u64), Just(3_000)],
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let options = Options { fill_bytes: fill, buffer_bytes: 3_000, ..SMALL };
        let disk = perfect(seed);
        let journal = None;
        let mut model = Model { disk, options, journal, entries: Vec::new(), acknowledged: 0 };
        model.open();
        for step in &steps {
            model.step(step);
        }
        model.step(&Step::Commit);
        model.step(&Step::Crash);
        let report = verify(shared(&model.disk)).unwrap();
        prop_assert!(report.is_whole());
        prop_assert_eq!(report.entries, model.entries.len() as u64);
        // The last day holds the end of it, from the start of a segment on.
        let mut reader = Reader::open_from_last_day(shared(&model.disk)).unwrap();
        let (day, mut last) = (reader.header().day, reader.header().first_seq - 1);
        while let Some(entry) = reader.next_entry().unwrap() {
            let index = usize::try_from(entry.seq - 1).unwrap();
            prop_assert_eq!(entry.head, &model.entries[index].0[..]);
            prop_assert_eq!(entry.body, &model.entries[index].1[..]);
            last = entry.seq;
        }
        prop_assert_eq!(reader.header().day, day);
        prop_assert_eq!(last, model.entries.len() as u64);
    }
}
