//! Writing a journal: entries are gathered, a commit makes them durable as one batch.

use crate::batch::{BatchHeader, ENTRY_BYTES_MAX, HEADER_BYTES, hash, push_entry};
use crate::error::Error;
use crate::scan::Extent;
use crate::segment::{Identity, SegmentHeader, segment_name};
use crate::storage::{Lock, Storage, StorageFile};
use crate::witness::{WITNESS_NAME, Witness, open_or_create};
use engine::planted::planted;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Segments lie between these sizes; what a batch knows of its place is 32 bits.
const SEGMENT_BYTES: (u64, u64) = (4 << 10, 1 << 30);

/// Zeros are written in pieces of at most this.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// How a journal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes after which a new segment begins: 4 KiB to 1 GiB.
    pub segment_bytes: u64,
    /// Bytes of zeros that are written ahead each time that the last have been used up, so that a
    /// commit changes no file size; 0 for none.
    pub fill_bytes: u64,
    /// Buffered bytes that are committed without being asked for.
    pub buffer_bytes: usize,
    /// How much of a journal is looked at before it is continued.
    pub extent: Extent,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            fill_bytes: 1 << 20,
            buffer_bytes: 1 << 20,
            extent: Extent::Everything,
        }
    }
}

/// What a writer puts into the headers of its segments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Who writes.
    pub identity: Identity,
    /// The day as `yyyymmdd`; 0 if it is not known yet, or is the day of the journal's end.
    pub day: u32,
    /// What a reader of the entries needs.
    pub meta: Vec<u8>,
}

/// The segment that is written to.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) file: Box<dyn StorageFile>,
    pub(crate) header: SegmentHeader,
    /// Where the next batch begins.
    pub(crate) offset: u64,
    /// Up to where the file is filled, with batches or zeros.
    pub(crate) filled: u64,
    pub(crate) batches: u64,
}

/// A journal being written.
///
/// After an error it refuses everything: what reached the disk is not known, and a sync that failed
/// once may succeed the next time without having written anything.
#[derive(Debug)]
pub struct Journal {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) options: Options,
    pub(crate) identity: Identity,
    pub(crate) meta: Vec<u8>,
    pub(crate) segment: Segment,
    /// The batch in the making, its header left blank.
    pub(crate) buffer: Vec<u8>,
    pub(crate) buffered: u32,
    /// The last durable entry.
    pub(crate) durable: u64,
    /// The hash that the next batch is chained to.
    pub(crate) link: u64,
    pub(crate) witness: Box<dyn StorageFile>,
    /// Whether the witness must be synced once, so that what it said before does not come back.
    pub(crate) witness_is_wrong: bool,
    pub(crate) last_sync: Duration,
    pub(crate) failed: bool,
    pub(crate) _lock: Option<Lock>,
}

impl Journal {
    /// Adds an entry to the batch in the making and returns its number, the first being 1. Nothing
    /// is durable before [`Self::commit`] has said so.
    ///
    /// # Errors
    /// If the entry is too large, the journal has failed before, or the buffer was full and could
    /// not be made durable.
    pub fn append(&mut self, head: &[u8], body: &[u8]) -> Result<u64, Error> {
        self.alone(|journal| {
            let seq = journal.durable + u64::from(journal.buffered) + 1;
            let bytes = head.len() as u64 + body.len() as u64;
            if bytes > ENTRY_BYTES_MAX {
                return Err(Error::TooLarge {
                    seq,
                    bytes,
                    allowed: ENTRY_BYTES_MAX,
                });
            }
            if journal.buffer.is_empty() {
                journal.buffer.resize(HEADER_BYTES, 0);
            }
            push_entry(&mut journal.buffer, head, body);
            journal.buffered += 1;
            if journal.buffer.len() > journal.options.buffer_bytes {
                journal.write_batch()?;
            }
            Ok(seq)
        })
    }

    /// Makes everything appended durable and returns the number of the last entry.
    ///
    /// # Errors
    /// When it is not durable; the journal takes nothing more.
    pub fn commit(&mut self) -> Result<u64, Error> {
        self.alone(|journal| {
            journal.write_batch()?;
            Ok(journal.durable)
        })
    }

    /// Commits and begins a new segment for `day`, written `yyyymmdd`; nothing if it is that day.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub fn roll(&mut self, day: u32) -> Result<(), Error> {
        self.alone(|journal| {
            if journal.segment.header.day == day {
                return Ok(());
            }
            journal.write_batch()?;
            journal.begin_segment(day)
        })
    }

    /// The last durable entry.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.durable
    }

    /// The day of the segment that is written to.
    #[must_use]
    pub fn day(&self) -> u32 {
        self.segment.header.day
    }

    /// How long the disk took to make the last batch durable.
    #[must_use]
    pub fn last_sync(&self) -> Duration {
        self.last_sync
    }

    /// Where the journal is stored.
    #[must_use]
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// Does something that leaves the journal closed if it fails.
    fn alone<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.failed {
            return Err(Error::Failed {
                path: self.storage.path(""),
            });
        }
        self.failed = true;
        let done = act(self)?;
        self.failed = false;
        Ok(done)
    }

    fn write_batch(&mut self) -> Result<(), Error> {
        if self.buffered == 0 {
            return Ok(());
        }
        let length = self.buffer.len() as u64;
        if self.segment.batches > 0 && self.segment.offset + length > self.options.segment_bytes {
            self.begin_segment(self.segment.header.day)?;
        }
        let seq = self.durable + 1;
        let too_far = |reason: &str| Error::Encode {
            seq,
            reason: reason.to_owned(),
        };
        let header = BatchHeader {
            length: u32::try_from(self.buffer.len() - HEADER_BYTES)
                .map_err(|_| too_far("the batch is too long"))?,
            first_seq: seq,
            entries: self.buffered,
            position: u32::try_from(self.segment.offset)
                .map_err(|_| too_far("the segment is too long"))?,
            previous: self.link,
            payload_crc: crc32c::crc32c(&self.buffer[HEADER_BYTES..]),
        };
        self.buffer[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
        let refused = refusal(&*self.storage, &segment_name(self.segment.header.number));
        let fill = self.options.fill_bytes;
        self.segment
            .write(&self.buffer, fill)
            .map_err(|source| refused("written", source))?;
        // I32: nothing is acknowledged before it is durable. Planted: nobody waits for that.
        if !planted(32) {
            self.last_sync = self
                .segment
                .file
                .sync_data()
                .map_err(|source| refused("made durable", source))?;
        }
        self.link = hash(&self.buffer);
        self.durable += u64::from(self.buffered);
        self.buffer.clear();
        self.buffered = 0;
        self.tell_witness()
    }

    fn tell_witness(&mut self) -> Result<(), Error> {
        let witness = Witness {
            seq: self.durable,
            hash: self.link,
        };
        let refused = refusal(&*self.storage, WITNESS_NAME);
        witness
            .write(&mut *self.witness)
            .map_err(|source| refused("written", source))?;
        if self.witness_is_wrong {
            self.witness
                .sync_data()
                .map_err(|source| refused("made durable", source))?;
            self.witness_is_wrong = false;
        }
        Ok(())
    }

    /// Begins a new segment. What stands in the one before is durable.
    pub(crate) fn begin_segment(&mut self, day: u32) -> Result<(), Error> {
        let before = &mut self.segment;
        if before.filled > before.offset {
            let refused = refusal(&*self.storage, &segment_name(before.header.number));
            before
                .file
                .truncate(before.offset)
                .and_then(|()| before.file.sync_data())
                .map_err(|source| refused("cut to its length", source))?;
            before.filled = before.offset;
        }
        let number = before.header.number + 1;
        let header = SegmentHeader {
            number,
            first_seq: self.durable + 1,
            previous: self.link,
            day,
            day_begins: if day == before.header.day {
                before.header.day_begins
            } else {
                number
            },
            identity: self.identity.clone(),
            meta: self.meta.clone(),
        };
        (self.segment, self.link) = Segment::create(&*self.storage, header, &self.options)?;
        Ok(())
    }
}

impl Segment {
    /// Makes a segment, durably, and returns the hash that its first batch is chained to.
    pub(crate) fn create(
        storage: &dyn Storage,
        header: SegmentHeader,
        options: &Options,
    ) -> Result<(Self, u64), Error> {
        let name = segment_name(header.number);
        let refused = refusal(storage, &name);
        let bytes = header.to_bytes()?;
        let file = storage
            .create(&name)
            .map_err(|source| refused("created", source))?;
        let mut segment = Self {
            file,
            header,
            offset: 0,
            filled: 0,
            batches: 0,
        };
        segment
            .write(&bytes, options.fill_bytes)
            .and_then(|()| segment.file.sync_data())
            .map_err(|source| refused("written", source))?;
        segment.batches = 0;
        // The name of a new file is durable only once its directory is.
        storage
            .sync_dir()
            .map_err(|source| refused("made durable", source))?;
        Ok((segment, hash(&bytes)))
    }

    /// Writes at the end, and zeros ahead of it where the last have been used up.
    fn write(&mut self, bytes: &[u8], fill_bytes: u64) -> io::Result<()> {
        let end = self.offset + bytes.len() as u64;
        if fill_bytes > 0 && end > self.filled {
            let mut at = end;
            while at < end + fill_bytes {
                let left = usize::try_from(end + fill_bytes - at).unwrap_or(usize::MAX);
                let zeros = &ZEROS[..left.min(ZEROS.len())];
                self.file.write_at(at, zeros)?;
                at += zeros.len() as u64;
            }
            self.filled = at;
        }
        self.file.write_at(self.offset, bytes)?;
        self.offset = end;
        self.filled = self.filled.max(end);
        self.batches += 1;
        Ok(())
    }
}

/// Whether the options can be used.
pub(crate) fn check(options: &Options) -> Result<(), Error> {
    let (least, most) = SEGMENT_BYTES;
    let wrong = |field, found, allowed| {
        Err(Error::Option {
            field,
            found,
            allowed,
        })
    };
    if !(least..=most).contains(&options.segment_bytes) {
        return wrong("segment_bytes", options.segment_bytes, "4096 to 1073741824");
    }
    if options.fill_bytes > most {
        return wrong("fill_bytes", options.fill_bytes, "0 to 1073741824");
    }
    if options.buffer_bytes as u64 > most {
        return wrong(
            "buffer_bytes",
            options.buffer_bytes as u64,
            "0 to 1073741824",
        );
    }
    Ok(())
}

/// Keeps other writers out.
pub(crate) fn take_lock(storage: &dyn Storage) -> Result<Option<Lock>, Error> {
    match storage.lock() {
        Ok(lock) => Ok(Some(lock)),
        // I36: a second writer is refused. Planted: it writes on.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock && planted(36) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(Error::Locked {
            path: storage.path(""),
        }),
        Err(source) => Err(refusal(storage, "")("locked", source)),
    }
}

/// Opens the witness for writing.
pub(crate) fn open_witness(storage: &dyn Storage) -> Result<Box<dyn StorageFile>, Error> {
    open_or_create(storage).map_err(|source| refusal(storage, WITNESS_NAME)("opened", source))
}

/// Turns what the operating system said of the file `name` into an error.
pub(crate) fn refusal(
    storage: &dyn Storage,
    name: &str,
) -> impl Fn(&'static str, io::Error) -> Error + use<> {
    let path = storage.path(name);
    move |action, source| Error::Io {
        path: path.clone(),
        action,
        source,
    }
}
