//! Reading a journal back: entry by entry, until its end, a torn tail or damage.

use crate::batch::entry_at;
use crate::error::Error;
use crate::scan::{Extent, Scanner, TornTail};
use crate::segment::SegmentHeader;
use crate::storage::Storage;
use std::sync::Arc;

/// A journal being read, without a lock: it may be written meanwhile.
#[derive(Debug)]
pub struct Reader {
    scanner: Scanner,
    /// Where in the payload the next entry begins.
    start: usize,
    /// The number of the next entry.
    seq: u64,
    /// Entries of the batch that are still to be handed out.
    left: u32,
}

/// An entry as it was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its number, from 1.
    pub seq: u64,
    /// What a restart needs.
    pub head: &'a [u8],
    /// What only a replay needs.
    pub body: &'a [u8],
}

impl Reader {
    /// Opens the journal in `storage` and reads the header of the first segment.
    ///
    /// # Errors
    /// If it cannot be read, is no journal, is of another version, or is damaged there.
    pub fn open(storage: Arc<dyn Storage>, extent: Extent) -> Result<Self, Error> {
        Ok(Self {
            scanner: Scanner::open(storage, extent)?,
            start: 0,
            seq: 0,
            left: 0,
        })
    }

    /// Opens the journal where its last day begins: what a restart needs.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_from_last_day(storage: Arc<dyn Storage>) -> Result<Self, Error> {
        Self::open(storage, Extent::LastDay)
    }

    /// The header of the segment that the last entry stands in.
    #[must_use]
    pub fn header(&self) -> &SegmentHeader {
        &self.scanner.current.header
    }

    /// The torn tail, once the reader has come to it.
    #[must_use]
    pub fn torn(&self) -> Option<TornTail> {
        self.scanner.torn
    }

    /// How many of the journal's bytes have been read and how many there are: for progress.
    #[must_use]
    pub fn bytes_read(&self) -> (u64, u64) {
        self.scanner.bytes()
    }

    /// The next entry; `None` at the end, whole or torn, and after an error.
    ///
    /// # Errors
    /// If the journal is damaged here or cannot be read.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>, Error> {
        if self.left == 0 {
            let Some(batch) = self.scanner.next()? else {
                return Ok(None);
            };
            (self.start, self.seq, self.left) = (0, batch.first_seq, batch.entries);
        }
        let payload = &self.scanner.payload;
        let Some((head_end, body_end)) = entry_at(payload, self.start) else {
            // The scanner has counted the entries, so there is one.
            return Ok(None);
        };
        let head_start = self.start + crate::batch::ENTRY_HEADER_BYTES;
        let entry = Entry {
            seq: self.seq,
            head: &payload[head_start..head_end],
            body: &payload[head_end..body_end],
        };
        self.start = body_end;
        self.seq += 1;
        self.left -= 1;
        Ok(Some(entry))
    }
}
