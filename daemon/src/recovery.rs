//! Starting over a journal: what the runs before left is read back, and what is wrong with it
//! restricts trading until an operator has looked.
//!
//! The journal is opened for writing (a torn tail is cut, anything else is refused), the heads of
//! its last day are folded into a ledger, and the witness says whether anything that was
//! acknowledged is gone. The broker is not asked here: the line does that in the first ticks, and
//! nothing is opened before it has.

use crate::settings;
use components::units::Cash;
use engine::frame::Header;
use engine::record::{Cause, Record, Restriction, RunStart};
use journal::{
    Error, Extent, FileJournal, Identity, JournalReader, Lost, Options, Storage, TornTail,
};
use std::sync::Arc;
use systems::books::{Books, FoldError};
use systems::ledger::Ledger;
use systems::positions::AccountConfig;

/// What a run starts with.
#[derive(Clone, Debug)]
pub struct Start {
    /// Where the journal is.
    pub storage: Arc<dyn Storage>,
    /// What the journal would begin with; the number of the run is found here.
    pub header: Header,
    /// Live, paper or simulated.
    pub mode: String,
    /// How the journal is written.
    pub options: Options,
    /// Money of an account without a history.
    pub cash: Cash,
}

/// What a start found.
#[derive(Debug)]
pub struct Recovered {
    /// The journal, open for writing.
    pub journal: FileJournal,
    /// What it says; absent where it had no frame.
    pub ledger: Option<Ledger>,
    /// The run that begins.
    pub run: RunStart,
    /// What the first tick has to enter: restrictions.
    pub opening: Vec<Record>,
    /// The number of the last frame; 0 if there is none.
    pub last_seq: u64,
    /// The number of the last tick; 0 if there was none.
    pub last_tick: u64,
    /// What was cut off the end.
    pub torn: Option<TornTail>,
    /// What the witness saw and the journal does not hold.
    pub lost: Option<Lost>,
    /// Whether the run before ended in order, or there was none.
    pub clean: bool,
}

/// Why a run must not start.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The journal cannot be read or written, or is damaged.
    #[error("{0}")]
    Journal(#[from] Error),
    /// A frame contradicts itself.
    #[error("{0}")]
    Frame(#[from] FoldError),
    /// Something was written between reading and opening.
    #[error(
        "the journal ended with frame {read} and now ends with frame {found}: another program writes it"
    )]
    Moved {
        /// The last frame that was read.
        read: u64,
        /// The last frame that is there.
        found: u64,
    },
}

impl RecoveryError {
    /// Whether the journal is damaged: what no try mends, and exit code 78 stands for.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Journal(error) => !matches!(error, Error::Io { .. } | Error::Locked { .. }),
            Self::Frame(_) => true,
            Self::Moved { .. } => false,
        }
    }
}

/// Reads the journal of `start` and opens it for the run that begins.
///
/// # Errors
/// When it is damaged, of another account or mode, or cannot be read or written. It may be tried
/// again then: nothing but a torn tail was changed.
pub fn recover(start: Start) -> Result<Recovered, RecoveryError> {
    let Start {
        storage,
        mut header,
        mode,
        options,
        cash,
    } = start;
    // A journal that does not exist cannot be read; whether there is one says the opening.
    let read = History::read(&storage, cash);
    header.run.run = read.as_ref().map_or(0, |history| history.run) + 1;
    let run = header.run.clone();
    let identity = Identity {
        run: run.run,
        account: run.account.clone(),
        mode,
        program: run.program,
        config: run.config,
    };
    let (journal, found) = FileJournal::open_in(storage, identity, &header, options)?;
    let history = match read {
        Ok(history) => history,
        Err(_) if found.last_seq == 0 => History::new(cash, 0),
        Err(error) => return Err(error),
    };
    if history.last_seq != found.last_seq {
        return Err(RecoveryError::Moved {
            read: history.last_seq,
            found: found.last_seq,
        });
    }
    let lost = found.witness.lost();
    let clean = history.ended || history.frames == 0;
    Ok(Recovered {
        journal,
        opening: restrictions(lost, clean, run.live),
        run,
        ledger: (history.frames > 0).then_some(history.ledger),
        last_seq: found.last_seq,
        last_tick: history.last_tick,
        torn: found.torn,
        lost,
        clean,
    })
}

/// The ledger before the first run of a journal: money by its config, and nothing else.
#[must_use]
pub fn initial_ledger(header: &Header) -> Ledger {
    let config = settings::from_text(&header.config_text).ok();
    let account = config.and_then(|mut config| config.section::<AccountConfig>().ok());
    let cash = account.and_then(|account| Cash::from_dollars(account.cash_usd));
    Ledger::new(cash.unwrap_or_default())
}

/// What must hold from the first tick on, until an operator lifts it.
fn restrictions(lost: Option<Lost>, clean: bool, live: bool) -> Vec<Record> {
    let mut records = Vec::new();
    if lost.is_some() {
        records.push(Record::Latched {
            level: Restriction::Halted,
            cause: Cause::JournalLoss,
        });
    }
    if live && !clean {
        records.push(Record::Latched {
            level: Restriction::Reducing,
            cause: Cause::UncleanExit,
        });
    }
    records
}

/// What the heads of the last day say.
struct History {
    ledger: Ledger,
    run: u64,
    frames: u64,
    last_seq: u64,
    last_tick: u64,
    ended: bool,
}

impl History {
    fn new(cash: Cash, before: u64) -> Self {
        Self {
            ledger: Ledger::new(cash),
            run: 0,
            frames: 0,
            last_seq: before,
            last_tick: 0,
            ended: false,
        }
    }

    fn read(storage: &Arc<dyn Storage>, cash: Cash) -> Result<Self, RecoveryError> {
        let history = Self::read_from(storage, cash, Extent::LastDay)?;
        if history.frames == 0 && history.last_seq > 0 {
            // A run was killed when it had begun a day's segment and none of its frames was durable:
            // that day says nothing, those before it say everything.
            return Self::read_from(storage, cash, Extent::Everything);
        }
        Ok(history)
    }

    fn read_from(
        storage: &Arc<dyn Storage>,
        cash: Cash,
        extent: Extent,
    ) -> Result<Self, RecoveryError> {
        let mut reader = JournalReader::open_in(Arc::clone(storage), extent)?;
        let mut history = Self::new(cash, reader.segment().first_seq.saturating_sub(1));
        while let Some(frame) = reader.next_frame()? {
            Books::fold(&mut history.ledger, &frame)?;
            history.frames += 1;
            history.last_seq += 1;
            history.last_tick = frame.tick;
            history.ended = frame.records.last() == Some(&Record::Stopped);
            // A run that was killed before its first frame was durable has sent nothing, and its
            // number is free: it has begun a segment at most.
            history.run = history.run.max(reader.segment().identity.run);
        }
        Ok(history)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::units::Timestamp;
    use engine::frame::{FRAME_VERSION, Frame};
    use engine::ports::Journal;
    use journal::{Rates, SimulatedDisk, segment_name};

    fn start(disk: &SimulatedDisk, live: bool) -> Start {
        Start {
            storage: Arc::new(disk.clone()),
            header: Header {
                version: FRAME_VERSION,
                scenario: String::new(),
                scenario_text: String::new(),
                config_text: String::new(),
                seed: 0,
                run: RunStart {
                    account: "DU1".to_owned(),
                    live,
                    ..RunStart::default()
                },
                feeds: Vec::new(),
            },
            mode: "simulated".to_owned(),
            options: Options::default(),
            cash: Cash(5),
        }
    }

    fn frame(tick: u64, records: Vec<Record>) -> Frame {
        Frame {
            tick,
            now: Timestamp(i64::try_from(tick).unwrap()),
            session: (20_260_302, Timestamp(0), Timestamp(9)),
            opens_session: false,
            skipped: 0,
            jumped_ms: 0,
            reports: Vec::new(),
            records,
            systems: Vec::new(),
            digest_before: 0,
        }
    }

    fn write(recovered: &mut Recovered, tick: u64, records: Vec<Record>) {
        recovered
            .journal
            .append(&frame(tick, records), &[])
            .unwrap();
        recovered.journal.commit().unwrap();
    }

    #[test]
    fn runs_are_numbered_and_an_end_in_order_is_told_from_a_kill() {
        let disk = SimulatedDisk::new(1, Rates::default());
        let mut first = recover(start(&disk, true)).unwrap();
        assert_eq!(
            (first.run.run, first.clean, first.ledger.is_none()),
            (1, true, true)
        );
        let started = Record::RunStarted(first.run.clone());
        write(&mut first, 1, vec![started]);
        drop(first);
        disk.kill();
        let mut second = recover(start(&disk, true)).unwrap();
        assert_eq!(
            (second.run.run, second.last_seq, second.last_tick),
            (2, 1, 1)
        );
        assert!(!second.clean && second.ledger.is_some());
        let reducing = Record::Latched {
            level: Restriction::Reducing,
            cause: Cause::UncleanExit,
        };
        assert_eq!(second.opening, [reducing]);
        write(&mut second, 2, vec![Record::Stopped]);
        drop(second);
        let third = recover(start(&disk, true)).unwrap();
        assert!(third.clean && third.opening.is_empty());
        assert_eq!((third.run.run, third.last_seq), (3, 2));
    }

    #[test]
    fn what_the_witness_saw_and_is_gone_halts() {
        let disk = SimulatedDisk::new(1, Rates::default());
        let mut first = recover(start(&disk, false)).unwrap();
        write(&mut first, 1, Vec::new());
        let bytes = disk.bytes(&segment_name(1)).unwrap();
        write(&mut first, 2, Vec::new());
        drop(first);
        disk.kill();
        disk.put(&segment_name(1), &bytes);
        let second = recover(start(&disk, false)).unwrap();
        assert_eq!(
            second.lost.map(|lost| (lost.witness, lost.journal)),
            Some((2, 1))
        );
        let halted = Record::Latched {
            level: Restriction::Halted,
            cause: Cause::JournalLoss,
        };
        assert_eq!(second.opening, [halted]);
    }

    #[test]
    fn a_day_without_a_frame_forgets_nothing() {
        let disk = SimulatedDisk::new(1, Rates::default());
        let mut first = recover(start(&disk, false)).unwrap();
        let started = Record::RunStarted(first.run.clone());
        write(&mut first, 1, vec![started]);
        // The next day's segment is begun, and the process is killed before a frame is durable.
        let tomorrow = Frame {
            session: (20_260_303, Timestamp(0), Timestamp(9)),
            ..frame(2, vec![Record::DayOpened(Box::default())])
        };
        first.journal.append(&tomorrow, &[]).unwrap();
        drop(first);
        disk.kill();
        assert!(disk.bytes(&segment_name(2)).is_some());
        let second = recover(start(&disk, false)).unwrap();
        assert_eq!(
            (second.run.run, second.last_seq, second.last_tick),
            (2, 1, 1)
        );
        assert!(second.ledger.is_some());
    }

    #[test]
    fn two_cannot_write_one_journal() {
        let disk = SimulatedDisk::new(1, Rates::default());
        let _first = recover(start(&disk, false)).unwrap();
        let second = recover(start(&disk, false)).unwrap_err();
        assert!(
            matches!(second, RecoveryError::Journal(Error::Locked { .. })),
            "{second}"
        );
        assert!(!second.is_damage());
    }
}
