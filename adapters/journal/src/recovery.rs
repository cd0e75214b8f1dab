//! Beginning a journal, and continuing one that was left in whatever state.
//!
//! What is read back after a failed sync may stand in memory only, and the next sync would say that
//! all is well. So the last batch, the only one that can be in doubt, is written again before
//! anything follows it.

use crate::error::Error;
use crate::scan::{Batch, Extent, Scanner, TornTail};
use crate::segment::{SegmentHeader, numbers, read_range, segment_name};
use crate::storage::{Access, Storage};
use crate::witness::{Lost, Standing, WITNESS_NAME, Witness};
use crate::writer::{Journal, Opening, Options, Segment, check, open_witness, refusal, take_lock};
use std::sync::Arc;
use std::time::Duration;

/// What was found when a journal was continued.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The last entry; 0 if there is none.
    pub last_seq: u64,
    /// The day of the last segment, written `yyyymmdd`.
    pub day: u32,
    /// What was cut off the end: the caller records it.
    pub torn: Option<TornTail>,
    /// How the witness stands to it. If entries were [lost](Standing::lost), nothing may be opened
    /// until an operator has looked.
    pub witness: Standing,
}

impl Journal {
    /// Begins a journal.
    ///
    /// # Errors
    /// If there is one already, another program holds it, or it cannot be written.
    pub fn create(
        storage: Arc<dyn Storage>,
        opening: Opening,
        options: Options,
    ) -> Result<Self, Error> {
        check(&options)?;
        let lock = take_lock(&*storage)?;
        if is_begun(&storage)? {
            let path = storage.path("");
            return Err(Error::Exists { path });
        }
        if let Some(witness) = Witness::read(&*storage)? {
            return Err(witnessed_nothing(&*storage, witness));
        }
        let refused = refusal(&*storage, "");
        for number in numbers(&*storage).map_err(|source| refused("read", source))? {
            // A journal whose beginning was cut off.
            storage
                .remove(&segment_name(number))
                .and_then(|()| storage.sync_dir())
                .map_err(|source| refused("begun anew", source))?;
        }
        let witness = open_witness(&*storage)?;
        let header = SegmentHeader {
            number: 1,
            first_seq: 1,
            previous: 0,
            day: opening.day,
            day_begins: 1,
            identity: opening.identity.clone(),
            meta: opening.meta.clone(),
        };
        let (segment, link) = Segment::create(&*storage, header, &options)?;
        Ok(Self {
            storage,
            options,
            identity: opening.identity,
            meta: opening.meta,
            segment,
            buffer: Vec::new(),
            buffered: 0,
            durable: 0,
            link,
            witness,
            witness_is_wrong: false,
            last_sync: Duration::ZERO,
            failed: false,
            _lock: lock,
        })
    }

    /// Continues a journal: looks through it, cuts a torn tail, asks the witness.
    ///
    /// # Errors
    /// If there is none, another program holds it, it is damaged or belongs to another account or
    /// mode, or it cannot be written. Nothing has been changed where it is damaged.
    pub fn resume(
        storage: Arc<dyn Storage>,
        opening: Opening,
        options: Options,
    ) -> Result<(Self, Recovery), Error> {
        check(&options)?;
        let lock = take_lock(&*storage)?;
        let saw = Witness::read(&*storage)?;
        let (scanner, last, witness) = look_through(&storage, options.extent, saw)?;
        same_account(&*storage, &scanner.current.header, &opening)?;
        let segment = repair(&*storage, &scanner, last)?;
        let recovery = Recovery {
            last_seq: scanner.next_seq - 1,
            day: segment.header.day,
            torn: scanner.torn,
            witness,
        };
        let mut journal = Self {
            options,
            identity: opening.identity,
            meta: opening.meta,
            segment,
            buffer: Vec::new(),
            buffered: 0,
            durable: recovery.last_seq,
            link: scanner.link,
            witness: open_witness(&*storage)?,
            witness_is_wrong: witness.lost().is_some(),
            last_sync: Duration::ZERO,
            failed: false,
            _lock: lock,
            storage,
        };
        let found = &journal.segment.header;
        let day = if opening.day == 0 {
            found.day
        } else {
            opening.day
        };
        let is_same = found.identity.program == journal.identity.program
            && found.identity.config == journal.identity.config
            && found.meta == journal.meta
            && found.day == day;
        if !is_same {
            journal.begin_segment(day)?;
        }
        Ok((journal, recovery))
    }

    /// Continues the journal if it has begun, and begins it otherwise.
    ///
    /// # Errors
    /// As [`Self::resume`] and [`Self::create`].
    pub fn open(
        storage: Arc<dyn Storage>,
        opening: Opening,
        options: Options,
    ) -> Result<(Self, Recovery), Error> {
        if is_begun(&storage)? {
            return Self::resume(storage, opening, options);
        }
        let day = opening.day;
        let journal = Self::create(storage, opening, options)?;
        let recovery = Recovery {
            day,
            ..Recovery::default()
        };
        Ok((journal, recovery))
    }
}

/// Cuts a torn tail off a journal that nobody writes, and returns what was cut. Where the witness saw
/// more than the journal holds nothing is cut: an operator has to look at it first.
///
/// # Errors
/// If another program holds it, it is damaged, or it cannot be written.
pub fn cut_torn_tail(storage: &Arc<dyn Storage>) -> Result<Option<TornTail>, Error> {
    let _lock = take_lock(&**storage)?;
    let saw = Witness::read(&**storage)?;
    let (scanner, last, witness) = look_through(storage, Extent::Everything, saw)?;
    if scanner.torn.is_none() || witness.lost().is_some() {
        return Ok(None);
    }
    repair(&**storage, &scanner, last)?;
    Ok(scanner.torn)
}

/// Whether there is anything to continue: a first segment that was never finished is nothing.
fn is_begun(storage: &Arc<dyn Storage>) -> Result<bool, Error> {
    let found = numbers(&**storage).map_err(|source| refusal(&**storage, "")("read", source))?;
    if found != [1] {
        return Ok(!found.is_empty());
    }
    match Scanner::open(Arc::clone(storage), Extent::Everything) {
        Err(Error::NotAJournal { .. }) => Ok(Witness::read(&**storage)?.is_some()),
        // Whatever else is wrong with it, it is there.
        _ => Ok(true),
    }
}

/// Goes to the end of the journal: the scanner there, the last batch of the last segment, and what
/// the witness says.
fn look_through(
    storage: &Arc<dyn Storage>,
    extent: Extent,
    saw: Option<Witness>,
) -> Result<(Scanner, Option<Batch>, Standing), Error> {
    let mut scanner = match (Scanner::open(Arc::clone(storage), extent), saw) {
        (Err(Error::NotAJournal { .. }), Some(saw)) => {
            return Err(witnessed_nothing(&**storage, saw));
        }
        (scanner, _) => scanner?,
    };
    let mut last = None;
    let mut judge = Judge::new(saw, scanner.next_seq);
    while let Some(batch) = scanner.next()? {
        judge.hear(&batch);
        last = Some(batch);
    }
    if scanner.current.batches == 0 {
        last = None;
    }
    let standing = judge.verdict(scanner.next_seq - 1);
    Ok((scanner, last, standing))
}

/// Compares the witness with the batches of the journal.
pub(crate) struct Judge {
    saw: Option<Witness>,
    agrees: bool,
}

impl Judge {
    /// Batches from `first_seq` on will be heard.
    pub(crate) fn new(saw: Option<Witness>, first_seq: u64) -> Self {
        Self {
            saw,
            agrees: saw.is_some_and(|saw| saw.seq < first_seq),
        }
    }

    pub(crate) fn hear(&mut self, batch: &Batch) {
        if let Some(saw) = self.saw
            && saw.seq == batch.last_seq()
        {
            self.agrees = saw.hash == batch.hash;
        }
    }

    pub(crate) fn verdict(&self, journal: u64) -> Standing {
        match self.saw {
            None => Standing::Missing,
            Some(saw) if self.agrees => Standing::Agrees { seq: saw.seq },
            Some(saw) => Standing::Lost(Lost {
                witness: saw.seq,
                journal,
            }),
        }
    }
}

fn same_account(
    storage: &dyn Storage,
    found: &SegmentHeader,
    opening: &Opening,
) -> Result<(), Error> {
    let (found, asked) = (&found.identity, &opening.identity);
    if found.account == asked.account && found.mode == asked.mode {
        return Ok(());
    }
    Err(Error::OtherAccount {
        path: storage.path(""),
        found: format!("account {:?} in mode {:?}", found.account, found.mode),
        asked: format!("account {:?} in mode {:?}", asked.account, asked.mode),
    })
}

/// Cuts the torn tail and makes the end of the journal durable beyond doubt.
fn repair(storage: &dyn Storage, scanner: &Scanner, last: Option<Batch>) -> Result<Segment, Error> {
    let current = &scanner.current;
    let number = current.header.number;
    let refused = refusal(storage, &segment_name(number));
    if let Some(torn) = scanner.torn.filter(|torn| torn.segment != number) {
        let refused = refusal(storage, &segment_name(torn.segment));
        storage
            .remove(&segment_name(torn.segment))
            .map_err(|source| refused("cut", source))?;
    }
    // What is seen may be here only because nothing was flushed since.
    storage
        .sync_dir()
        .map_err(|source| refused("made durable", source))?;
    let mut file = storage
        .open(&segment_name(number), Access::Write)
        .map_err(|source| refused("opened", source))?;
    let mut filled = current.size;
    if scanner.torn.is_some_and(|torn| torn.segment == number) {
        file.truncate(current.offset)
            .map_err(|source| refused("cut", source))?;
        filled = current.offset;
    }
    let start = last.map_or(0, |batch| batch.offset);
    let length = usize::try_from(current.offset - start).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    read_range(&mut *file, start, length, &mut bytes)
        .and_then(|_| file.write_at(start, &bytes))
        .and_then(|()| file.sync_data())
        .map_err(|source| refused("made durable", source))?;
    Ok(Segment {
        file,
        header: current.header.clone(),
        offset: current.offset,
        filled,
        batches: current.batches,
    })
}

fn witnessed_nothing(storage: &dyn Storage, witness: Witness) -> Error {
    Error::Damaged {
        path: storage.path(WITNESS_NAME),
        offset: 0,
        seq: witness.seq,
        what: "the witness saw this entry, but no segment is left".to_owned(),
    }
}
