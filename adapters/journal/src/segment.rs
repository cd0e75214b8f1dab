//! A segment: the file that batches stand in, behind a header that says what it belongs to.
//!
//! ```text
//! segment = magic (8) version (u16) zero (u16) header length (u32) header crc (u32) crc (u32)
//!           header batch* zeros
//! ```
//!
//! The first five fields and their checksum are the same in every version. The header is
//! [`SegmentHeader`] in postcard. Files are named by a number that rises by one.

use crate::batch::{hash, word};
use crate::error::Error;
use crate::storage::{Storage, StorageFile};
use serde::{Deserialize, Serialize};
use std::io;

/// The version of the layout of segments and batches.
pub const SEGMENT_VERSION: u16 = 1;

/// What every segment begins with.
const MAGIC: &[u8; 8] = b"ATRDSEGM";

/// What a segment's name ends with.
const SUFFIX: &str = ".segment";

/// Bytes in front of the header.
const PREFIX_BYTES: usize = 24;

/// Files are read in pieces of at most this, so that a length cannot ask for memory in vain.
pub(crate) const PIECE_BYTES: usize = 1 << 20;

/// Who writes a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The number of the run that began the segment.
    pub run: u64,
    /// The account.
    pub account: String,
    /// Live, paper or simulated.
    pub mode: String,
    /// A hash of the program.
    pub program: u64,
    /// A hash of the config.
    pub config: u64,
}

/// What a segment begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentHeader {
    /// Its number, from 1.
    pub number: u64,
    /// The number of its first entry.
    pub first_seq: u64,
    /// The hash of the last batch or header of the segment before it; 0 in the first.
    pub previous: u64,
    /// The day as `yyyymmdd`; 0 until one is known.
    pub day: u32,
    /// The number of the segment with which the day begins.
    pub day_begins: u64,
    /// Who began it.
    pub identity: Identity,
    /// What a reader of the entries needs; not looked into here.
    pub meta: Vec<u8>,
}

impl SegmentHeader {
    /// As it stands at the start of a file.
    ///
    /// # Errors
    /// If it is too long.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let encode = |reason: String| Error::Encode {
            seq: self.first_seq,
            reason,
        };
        let header = postcard::to_stdvec(self).map_err(|error| encode(error.to_string()))?;
        let length = u32::try_from(header.len())
            .map_err(|_| encode(format!("{} bytes of header are too many", header.len())))?;
        let mut bytes = Vec::with_capacity(PREFIX_BYTES + header.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&SEGMENT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(&header).to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        bytes.extend_from_slice(&header);
        Ok(bytes)
    }
}

/// A segment's header as it was read.
pub(crate) struct Opened {
    pub(crate) header: SegmentHeader,
    /// Where the first batch begins.
    pub(crate) end: u64,
    /// The hash that the first batch is chained to.
    pub(crate) hash: u64,
}

/// Why a segment's header cannot be used.
pub(crate) enum BadHeader {
    /// It was never wholly written, or damaged.
    Unreadable(&'static str),
    /// It is of another version.
    Version(u16),
    /// The operating system refused.
    Io(io::Error),
}

/// The name of segment `number`.
#[must_use]
pub fn segment_name(number: u64) -> String {
    format!("{number:08}{SUFFIX}")
}

/// The numbers of the segments among the files of `storage`, rising.
pub(crate) fn numbers(storage: &dyn Storage) -> io::Result<Vec<u64>> {
    let mut numbers: Vec<u64> = storage
        .list()?
        .iter()
        .filter_map(|name| {
            let number = name.strip_suffix(SUFFIX)?.parse().ok()?;
            (*name == segment_name(number)).then_some(number)
        })
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Reads the header of a segment of `size` bytes.
pub(crate) fn read_header(file: &mut dyn StorageFile, size: u64) -> Result<Opened, BadHeader> {
    let mut bytes = Vec::new();
    if !read_range(file, 0, PREFIX_BYTES, &mut bytes).map_err(BadHeader::Io)? {
        return Err(BadHeader::Unreadable("it is too short for a header"));
    }
    if bytes[..8] != *MAGIC {
        return Err(BadHeader::Unreadable("it does not begin with ATRDSEGM"));
    }
    if word(&bytes, 20) != crc32c::crc32c(&bytes[..20]) {
        return Err(BadHeader::Unreadable(
            "its start does not match its checksum",
        ));
    }
    let version = u16::from_le_bytes([bytes[8], bytes[9]]);
    if version != SEGMENT_VERSION {
        return Err(BadHeader::Version(version));
    }
    let (length, crc) = (word(&bytes, 12), word(&bytes, 16));
    let end = PREFIX_BYTES as u64 + u64::from(length);
    if end > size {
        return Err(BadHeader::Unreadable("it ends inside its header"));
    }
    if !read_range(file, PREFIX_BYTES as u64, length as usize, &mut bytes).map_err(BadHeader::Io)? {
        return Err(BadHeader::Unreadable("it ends inside its header"));
    }
    if crc32c::crc32c(&bytes[PREFIX_BYTES..]) != crc {
        return Err(BadHeader::Unreadable(
            "its header does not match its checksum",
        ));
    }
    let header = postcard::from_bytes(&bytes[PREFIX_BYTES..])
        .map_err(|_| BadHeader::Unreadable("its header cannot be decoded"))?;
    Ok(Opened {
        header,
        end,
        hash: hash(&bytes),
    })
}

/// Appends `length` bytes from `offset` on to `bytes`; `false` if the file ends before.
pub(crate) fn read_range(
    file: &mut dyn StorageFile,
    offset: u64,
    length: usize,
    bytes: &mut Vec<u8>,
) -> io::Result<bool> {
    let start = bytes.len();
    while bytes.len() - start < length {
        let have = bytes.len();
        let piece = (length - (have - start)).min(PIECE_BYTES);
        bytes.resize(have + piece, 0);
        let read = file.read_at(offset + (have - start) as u64, &mut bytes[have..])?;
        bytes.truncate(have + read);
        if read == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}
