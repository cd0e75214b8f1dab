//! Going through a journal batch by batch: what is whole, where it ends, what is damaged.
//!
//! One batch is written at a time and the next only after the one before is durable. So of a batch
//! that was cut off nothing can stand behind: a bad batch is a torn tail if no header of a later
//! batch is found after it, in the last segment, and damage otherwise.

use crate::batch::{BatchHeader, HEADER_BYTES, hash, holds_entries};
use crate::error::Error;
use crate::rest::{Rest, rest};
use crate::segment::{
    BadHeader, Opened, SEGMENT_VERSION, SegmentHeader, numbers, read_header, read_range,
    segment_name,
};
use crate::storage::{Access, Storage, StorageFile};
use engine::planted::planted;
use std::io;
use std::sync::Arc;

/// How much of a journal is gone through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    #[default]
    Everything,
    /// From the first segment of the last day on.
    LastDay,
}

/// The end of a journal whose last write was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The segment's number.
    pub segment: u64,
    /// Where in it the last whole batch ends; 0 if the segment itself was never finished.
    pub offset: u64,
    /// Bytes after it, up to the last that is not zero, which hold no whole batch.
    pub bytes: u64,
}

/// A whole batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    pub(crate) offset: u64,
    pub(crate) first_seq: u64,
    pub(crate) entries: u32,
    pub(crate) hash: u64,
}

impl Batch {
    pub(crate) fn last_seq(&self) -> u64 {
        self.first_seq + u64::from(self.entries) - 1
    }
}

/// The segment that is being gone through.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) file: Box<dyn StorageFile>,
    pub(crate) size: u64,
    /// Where the next batch begins.
    pub(crate) offset: u64,
    pub(crate) header: SegmentHeader,
    /// Batches so far.
    pub(crate) batches: u64,
}

/// Goes through a journal.
#[derive(Debug)]
pub(crate) struct Scanner {
    storage: Arc<dyn Storage>,
    numbers: Vec<u64>,
    /// Which of `numbers` is the current segment.
    place: usize,
    pub(crate) current: Current,
    /// The number that the next entry must have.
    pub(crate) next_seq: u64,
    /// The hash that the next batch or header must name.
    pub(crate) link: u64,
    pub(crate) torn: Option<TornTail>,
    /// The payload of the batch that was found last.
    pub(crate) payload: Vec<u8>,
    bytes_before: u64,
    bytes_total: u64,
    ended: bool,
}

impl Scanner {
    pub(crate) fn open(storage: Arc<dyn Storage>, extent: Extent) -> Result<Self, Error> {
        let mut numbers = numbers(&*storage).map_err(|source| Error::Io {
            path: storage.path(""),
            action: "read",
            source,
        })?;
        if extent == Extent::LastDay {
            numbers.drain(..first_of_last_day(&*storage, &numbers)?);
        }
        let Some(&first) = numbers.first() else {
            let path = storage.path("");
            return Err(Error::NotAJournal { path });
        };
        let mut bytes_total = 0;
        for number in &numbers {
            bytes_total += open_file(&*storage, *number)?.1;
        }
        let (mut file, size) = open_file(&*storage, first)?;
        let opened = match read_header(&mut *file, size) {
            Err(BadHeader::Unreadable(_)) if numbers.len() == 1 => {
                return Err(unreadable_alone(&*storage, first, &mut *file, size)?);
            }
            opened => opened.map_err(|bad| bad_header(&*storage, first, 0, bad))?,
        };
        let scanner = Self {
            numbers,
            place: 0,
            next_seq: opened.header.first_seq,
            link: opened.hash,
            current: Current {
                file,
                size,
                offset: opened.end,
                header: opened.header,
                batches: 0,
            },
            torn: None,
            payload: Vec::new(),
            bytes_before: 0,
            bytes_total,
            ended: false,
            storage,
        };
        if scanner.current.header.number != first || scanner.current.header.day_begins != first {
            let what = "it is not the first of its day, and those before it are missing";
            return Err(scanner.damaged(0, what.to_owned()));
        }
        Ok(scanner)
    }

    /// Bytes gone through and bytes in all.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        (self.bytes_before + self.current.offset, self.bytes_total)
    }

    /// The next whole batch, its payload in `payload`; `None` at the end, whole or torn.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>, Error> {
        if self.ended {
            return Ok(None);
        }
        // Set until all is well, so that an error ends it too.
        self.ended = true;
        loop {
            if let Some(batch) = self.next_in_segment()? {
                self.ended = false;
                return Ok(Some(batch));
            }
            if self.torn.is_some() || !self.next_segment()? {
                return Ok(None);
            }
        }
    }

    fn next_in_segment(&mut self) -> Result<Option<Batch>, Error> {
        let offset = self.current.offset;
        if let Some((header, hash)) = self.read_batch(offset)? {
            return self.accept(&header, hash).map(Some);
        }
        let rest = self.rest(offset)?;
        if let Some(batch) = rest.batch {
            // I33: what is damaged before the end is refused. Planted: it is stepped over.
            if planted(33)
                && let Some((header, hash)) = self.read_batch(batch)?
            {
                self.current.offset = batch;
                (self.next_seq, self.link) = (header.first_seq, header.previous);
                return self.accept(&header, hash).map(Some);
            }
            let what = format!("no whole batch stands here, but one begins at byte {batch}");
            return Err(self.damaged(offset, what));
        }
        if let Some(end) = rest.end {
            if self.place + 1 < self.numbers.len() {
                let what = "no whole batch stands here, and a later segment exists";
                return Err(self.damaged(offset, what.to_owned()));
            }
            self.torn = Some(TornTail {
                segment: self.current.header.number,
                offset,
                bytes: end - offset,
            });
        }
        Ok(None)
    }

    /// The batch at `offset` if it is whole, its payload in `payload`.
    fn read_batch(&mut self, offset: u64) -> Result<Option<(BatchHeader, u64)>, Error> {
        let Current { file, size, .. } = &mut self.current;
        let refused = read_error(&*self.storage, self.numbers[self.place]);
        self.payload.clear();
        if !read_range(&mut **file, offset, HEADER_BYTES, &mut self.payload).map_err(&refused)? {
            return Ok(None);
        }
        let mut bytes = [0; HEADER_BYTES];
        bytes.copy_from_slice(&self.payload);
        let Some(header) = BatchHeader::from_bytes(&bytes, offset) else {
            return Ok(None);
        };
        let start = offset + HEADER_BYTES as u64;
        if start + u64::from(header.length) > *size {
            return Ok(None);
        }
        let length = header.length as usize;
        if !read_range(&mut **file, start, length, &mut self.payload).map_err(&refused)? {
            return Ok(None);
        }
        let hash = hash(&self.payload);
        self.payload.drain(..HEADER_BYTES);
        Ok((crc32c::crc32c(&self.payload) == header.payload_crc).then_some((header, hash)))
    }

    /// Takes a batch whose checksums are right: it must follow what stands before it.
    fn accept(&mut self, header: &BatchHeader, hash: u64) -> Result<Batch, Error> {
        let offset = self.current.offset;
        if header.first_seq != self.next_seq {
            let what = format!("a batch begins with entry {} here", header.first_seq);
            return Err(self.damaged(offset, what));
        }
        if header.previous != self.link {
            let what = "the batch does not continue what stands before it";
            return Err(self.damaged(offset, what.to_owned()));
        }
        if header.entries == 0 || !holds_entries(&self.payload, header.entries) {
            let what = format!("the batch does not hold {} entries", header.entries);
            return Err(self.damaged(offset, what));
        }
        self.next_seq += u64::from(header.entries);
        self.link = hash;
        self.current.offset += (HEADER_BYTES + self.payload.len()) as u64;
        self.current.batches += 1;
        Ok(Batch {
            offset,
            first_seq: header.first_seq,
            entries: header.entries,
            hash,
        })
    }

    /// Goes on to the next segment; `false` if there is none, or only one that was never finished.
    fn next_segment(&mut self) -> Result<bool, Error> {
        let Some(&number) = self.numbers.get(self.place + 1) else {
            return Ok(false);
        };
        let expected = self.current.header.number + 1;
        if number != expected {
            let what = format!("segment {} is missing after it", segment_name(expected));
            return Err(self.damaged(self.current.offset, what));
        }
        let (mut file, size) = open_file(&*self.storage, number)?;
        let is_last = self.place + 2 == self.numbers.len();
        let opened = match read_header(&mut *file, size) {
            Err(BadHeader::Unreadable(what)) if is_last => {
                let refused = read_error(&*self.storage, number);
                let rest = rest(&mut *file, 0, size).map_err(refused)?;
                if rest.batch.is_some() {
                    let bad = BadHeader::Unreadable(what);
                    return Err(bad_header(&*self.storage, number, self.next_seq, bad));
                }
                self.torn = Some(TornTail {
                    segment: number,
                    offset: 0,
                    bytes: rest.end.unwrap_or(0),
                });
                return Ok(false);
            }
            opened => {
                opened.map_err(|bad| bad_header(&*self.storage, number, self.next_seq, bad))?
            }
        };
        self.bytes_before += self.current.size;
        self.place += 1;
        self.enter(file, size, opened)?;
        Ok(true)
    }

    /// Makes a segment the current one: it must follow the one before.
    fn enter(
        &mut self,
        file: Box<dyn StorageFile>,
        size: u64,
        opened: Opened,
    ) -> Result<(), Error> {
        let header = &opened.header;
        let follows = header.number == self.numbers[self.place]
            && header.first_seq == self.next_seq
            && header.previous == self.link;
        let day_begins = if header.day == self.current.header.day {
            self.current.header.day_begins
        } else {
            header.number
        };
        let keeps_day = header.day_begins == day_begins;
        self.link = opened.hash;
        self.current = Current {
            file,
            size,
            offset: opened.end,
            header: opened.header,
            batches: 0,
        };
        if follows && keeps_day {
            Ok(())
        } else {
            let what = "it does not continue the segment before it";
            Err(self.damaged(0, what.to_owned()))
        }
    }

    fn rest(&mut self, offset: u64) -> Result<Rest, Error> {
        let refused = read_error(&*self.storage, self.numbers[self.place]);
        let Current { file, size, .. } = &mut self.current;
        rest(&mut **file, offset, *size).map_err(refused)
    }

    fn damaged(&self, offset: u64, what: String) -> Error {
        Error::Damaged {
            path: self.storage.path(&segment_name(self.numbers[self.place])),
            offset,
            seq: self.next_seq,
            what,
        }
    }
}

/// Where in `numbers` the last day begins.
fn first_of_last_day(storage: &dyn Storage, numbers: &[u64]) -> Result<usize, Error> {
    // The last segment may never have been finished; then the one before it knows the day.
    for number in numbers.iter().rev().take(2) {
        let (mut file, size) = open_file(storage, *number)?;
        if let Ok(opened) = read_header(&mut *file, size) {
            let begins = opened.header.day_begins;
            return numbers.binary_search(&begins).map_err(|_| Error::Damaged {
                path: storage.path(&segment_name(begins)),
                offset: 0,
                seq: 0,
                what: format!("it is missing, and segment {number} needs it"),
            });
        }
    }
    Ok(0)
}

/// What to say of the only segment, whose header cannot be read.
fn unreadable_alone(
    storage: &dyn Storage,
    number: u64,
    file: &mut dyn StorageFile,
    size: u64,
) -> Result<Error, Error> {
    let rest = rest(file, 0, size).map_err(read_error(storage, number))?;
    Ok(match rest.batch {
        Some(_) => {
            let bad = BadHeader::Unreadable("its header is damaged, but batches stand after it");
            bad_header(storage, number, 0, bad)
        }
        None => Error::NotAJournal {
            path: storage.path(""),
        },
    })
}

fn bad_header(storage: &dyn Storage, number: u64, seq: u64, bad: BadHeader) -> Error {
    let path = storage.path(&segment_name(number));
    match bad {
        BadHeader::Unreadable(what) => Error::Damaged {
            path,
            offset: 0,
            seq,
            what: what.to_owned(),
        },
        BadHeader::Version(found) => Error::Version {
            path,
            found,
            allowed: SEGMENT_VERSION,
        },
        BadHeader::Io(source) => read_error(storage, number)(source),
    }
}

fn open_file(storage: &dyn Storage, number: u64) -> Result<(Box<dyn StorageFile>, u64), Error> {
    let refused = read_error(storage, number);
    let mut file = storage
        .open(&segment_name(number), Access::Read)
        .map_err(&refused)?;
    let size = file.size().map_err(&refused)?;
    Ok((file, size))
}

fn read_error(storage: &dyn Storage, number: u64) -> impl Fn(io::Error) -> Error + use<> {
    let path = storage.path(&segment_name(number));
    move |source| Error::Io {
        path: path.clone(),
        action: "read",
        source,
    }
}
