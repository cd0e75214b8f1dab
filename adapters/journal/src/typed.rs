//! The journal port: an entry is a tick, its head the frame, its body what the market's feeds said.
//! A restart reads heads alone.

use crate::error::Error;
use crate::reader::Reader;
use crate::recovery::Recovery;
use crate::scan::{Extent, TornTail};
use crate::segment::{Identity, SegmentHeader};
use crate::storage::{FileStorage, Storage};
use crate::writer::{Journal, Opening, Options};
use engine::event::Event;
use engine::frame::{FRAME_VERSION, Frame, Header};
use engine::ports::JournalError;
use engine::record::Record;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;

/// A journal of frames being written.
#[derive(Debug)]
pub struct FileJournal {
    journal: Journal,
    head: Vec<u8>,
    body: Vec<u8>,
}

impl FileJournal {
    /// Begins a journal in `directory`, which is made if it does not exist.
    ///
    /// # Errors
    /// If the directory holds a journal already, or cannot be written.
    pub fn create(directory: &Path, header: &Header) -> Result<Self, Error> {
        let storage = FileStorage::create_dir(directory).map_err(|source| Error::Io {
            path: directory.to_owned(),
            action: "created",
            source,
        })?;
        let identity = Identity {
            mode: "simulated".to_owned(),
            ..Identity::default()
        };
        Self::create_in(Arc::new(storage), identity, header, Options::default())
    }

    /// Begins a journal in `storage`.
    ///
    /// # Errors
    /// As [`Journal::create`].
    pub fn create_in(
        storage: Arc<dyn Storage>,
        identity: Identity,
        header: &Header,
        options: Options,
    ) -> Result<Self, Error> {
        let opening = opening(identity, header)?;
        Ok(Self::of(Journal::create(storage, opening, options)?))
    }

    /// Continues the journal in `storage` if it has begun, and begins it otherwise.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_in(
        storage: Arc<dyn Storage>,
        identity: Identity,
        header: &Header,
        options: Options,
    ) -> Result<(Self, Recovery), Error> {
        let opening = opening(identity, header)?;
        let (journal, recovery) = Journal::open(storage, opening, options)?;
        Ok((Self::of(journal), recovery))
    }

    /// The journal as bytes.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    fn of(journal: Journal) -> Self {
        Self {
            journal,
            head: Vec::new(),
            body: Vec::new(),
        }
    }
}

impl engine::ports::Journal for FileJournal {
    fn append(&mut self, frame: &Frame, market: &[Event]) -> Result<(), JournalError> {
        let opens_day = |record: &Record| matches!(record, Record::DayOpened(_));
        if frame.records.iter().any(opens_day) {
            self.journal.roll(frame.session.0)?;
        }
        encode(frame, &mut self.head, self.journal.durable())?;
        encode(&market, &mut self.body, self.journal.durable())?;
        self.journal.append(&self.head, &self.body)?;
        Ok(())
    }

    /// Makes all frames durable and returns the number of the last.
    fn commit(&mut self) -> Result<u64, JournalError> {
        Ok(self.journal.commit()?)
    }
}

/// A journal of frames being read: an iterator of them.
#[derive(Debug)]
pub struct JournalReader {
    reader: Reader,
    header: Header,
    storage: Arc<dyn Storage>,
    ended: bool,
}

impl JournalReader {
    /// Opens the journal in `directory` and reads its header.
    ///
    /// # Errors
    /// If it cannot be read, is no journal, or is of another version.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        Self::open_in(Arc::new(FileStorage::new(directory)), Extent::Everything)
    }

    /// Opens the journal in `storage` and reads the header of the first segment of `extent`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in(storage: Arc<dyn Storage>, extent: Extent) -> Result<Self, Error> {
        let reader = Reader::open(Arc::clone(&storage), extent)?;
        let header = header_of(&*storage, reader.header())?;
        Ok(Self {
            reader,
            header,
            storage,
            ended: false,
        })
    }

    /// What the journal begins with.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What the segment of the last frame begins with: the header of the run that wrote it.
    ///
    /// # Errors
    /// If it is damaged or of another version.
    pub fn header_here(&self) -> Result<Header, Error> {
        header_of(&*self.storage, self.reader.header())
    }

    /// The header of the segment that the last frame stands in.
    #[must_use]
    pub fn segment(&self) -> &SegmentHeader {
        self.reader.header()
    }

    /// The torn tail, once the iteration has come to it.
    #[must_use]
    pub fn torn(&self) -> Option<TornTail> {
        self.reader.torn()
    }

    /// How many of the journal's bytes have been read and how many there are: for progress.
    #[must_use]
    pub fn bytes_read(&self) -> (u64, u64) {
        self.reader.bytes_read()
    }

    /// The next frame without its market: all that a restart needs.
    ///
    /// # Errors
    /// If the journal is damaged there.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let storage = Arc::clone(&self.storage);
        let Some(entry) = self.reader.next_entry()? else {
            return Ok(None);
        };
        decode(entry.head)
            .map(Some)
            .map_err(|what| damaged(&*storage, entry.seq, what))
    }

    fn read_tick(&mut self) -> Result<Option<RecordedTick>, Error> {
        let storage = Arc::clone(&self.storage);
        let Some(entry) = self.reader.next_entry()? else {
            return Ok(None);
        };
        let wrong = |what| damaged(&*storage, entry.seq, what);
        Ok(Some(RecordedTick {
            frame: decode(entry.head).map_err(wrong)?,
            market: decode(entry.body).map_err(wrong)?,
        }))
    }
}

/// A tick as the journal has it.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedTick {
    /// The frame.
    pub frame: Frame,
    /// What the market's feeds said.
    pub market: Vec<Event>,
}

impl Iterator for JournalReader {
    type Item = Result<RecordedTick, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let tick = self.read_tick();
        self.ended = !matches!(tick, Ok(Some(_)));
        tick.transpose()
    }
}

fn damaged(storage: &dyn Storage, seq: u64, what: String) -> Error {
    Error::Damaged {
        path: storage.path(""),
        offset: 0,
        seq,
        what,
    }
}

fn opening(identity: Identity, header: &Header) -> Result<Opening, Error> {
    let mut meta = Vec::new();
    encode(header, &mut meta, 0)?;
    Ok(Opening {
        identity,
        day: 0,
        meta,
    })
}

fn header_of(storage: &dyn Storage, segment: &SegmentHeader) -> Result<Header, Error> {
    let wrong = |what| damaged(storage, 0, what);
    // The version comes first in every layout, so that it can be read when the rest cannot.
    let (version, _) = postcard::take_from_bytes::<u16>(&segment.meta)
        .map_err(|error| wrong(error.to_string()))?;
    if version != FRAME_VERSION {
        return Err(Error::Version {
            path: storage.path(""),
            found: version,
            allowed: FRAME_VERSION,
        });
    }
    decode(&segment.meta).map_err(wrong)
}

/// Encodes into `bytes`, whose memory is used again.
fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>, durable: u64) -> Result<(), Error> {
    let mut empty = std::mem::take(bytes);
    empty.clear();
    *bytes = postcard::to_extend(value, empty).map_err(|error| Error::Encode {
        seq: durable + 1,
        reason: error.to_string(),
    })?;
    Ok(())
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(|error| error.to_string())?;
    if !rest.is_empty() {
        return Err(format!("{} bytes too many in the entry", rest.len()));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value that cannot be written.
    struct Broken;

    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("broken"))
        }
    }

    #[test]
    fn what_cannot_be_encoded_names_the_entry_after_the_last_durable_one() {
        let error = encode(&Broken, &mut Vec::new(), 4).unwrap_err();
        assert!(matches!(error, Error::Encode { seq: 5, .. }), "{error}");
    }

    #[test]
    fn what_is_encoded_replaces_what_was_and_must_be_read_to_its_end() {
        let mut bytes = vec![9; 20];
        encode(&(1_u8, 2_u8), &mut bytes, 0).unwrap();
        assert_eq!(bytes, [1, 2]);
        assert_eq!(decode::<(u8, u8)>(&bytes), Ok((1, 2)));
        let error = decode::<u8>(&bytes).unwrap_err();
        assert!(error.contains("1 bytes too many"), "{error}");
    }
}
