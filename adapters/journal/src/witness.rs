//! The witness: a small file beside the segments that knows the last durable entry.
//!
//! A batch that was cut off or damaged at the very end of the journal looks like one that was never
//! finished. The witness tells them apart: it is written after each commit, without a sync of its
//! own, so it never runs ahead of the journal and after a power cut may be behind it.

use crate::batch::{long, word};
use crate::error::Error;
use crate::storage::{Access, Storage, StorageFile};
use std::io;

/// The name of the file.
pub const WITNESS_NAME: &str = "witness";

/// What the file begins with.
const MAGIC: &[u8; 8] = b"ATRDWITN";

/// The file's bytes: one sector holds them, so they are written whole or not at all.
const BYTES: usize = 28;

/// The last durable entry, as the witness knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The entry's number.
    pub seq: u64,
    /// The hash of its batch, or of the segment's header if it is the first.
    pub hash: u64,
}

/// How the witness stands to the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// There is none, or it cannot be read: it is never synced, so that is no fault.
    #[default]
    Missing,
    /// The journal holds what the witness saw, and perhaps more.
    Agrees {
        /// The last entry that it saw.
        seq: u64,
    },
    /// The journal does not hold what the witness saw.
    Lost(Lost),
}

/// Entries that were acknowledged are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The last entry that the witness saw.
    pub witness: u64,
    /// The last entry of the journal. Where it is not below the witness, the journal holds other
    /// entries than the witness saw.
    pub journal: u64,
}

impl Standing {
    /// What was lost, if the witness saw more than the journal holds.
    #[must_use]
    pub fn lost(self) -> Option<Lost> {
        match self {
            Self::Lost(lost) => Some(lost),
            Self::Missing | Self::Agrees { .. } => None,
        }
    }
}

impl Witness {
    fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&self.seq.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.hash.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..24]);
        bytes[24..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; BYTES]) -> Option<Self> {
        let is_whole = bytes[..8] == *MAGIC && word(bytes, 24) == crc32c::crc32c(&bytes[..24]);
        is_whole.then(|| Self {
            seq: long(bytes, 8),
            hash: long(bytes, 16),
        })
    }

    /// Writes it, without making it durable.
    pub(crate) fn write(self, file: &mut dyn StorageFile) -> io::Result<()> {
        file.write_at(0, &self.to_bytes())
    }

    /// Reads it; `None` if there is none that can be read.
    pub(crate) fn read(storage: &dyn Storage) -> Result<Option<Self>, Error> {
        let refused = |source: io::Error| Error::Io {
            path: storage.path(WITNESS_NAME),
            action: "read",
            source,
        };
        let mut file = match storage.open(WITNESS_NAME, Access::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused(error)),
        };
        let mut bytes = [0; BYTES];
        let read = file.read_at(0, &mut bytes).map_err(refused)?;
        Ok((read == BYTES).then(|| Self::from_bytes(&bytes)).flatten())
    }
}

/// Opens the witness for writing, or makes it.
pub(crate) fn open_or_create(storage: &dyn Storage) -> io::Result<Box<dyn StorageFile>> {
    match storage.open(WITNESS_NAME, Access::Write) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => storage.create(WITNESS_NAME),
        opened => opened,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_witness_comes_back_and_every_flipped_bit_is_seen() {
        let witness = Witness { seq: 7, hash: 9 };
        let bytes = witness.to_bytes();
        assert_eq!(Witness::from_bytes(&bytes), Some(witness));
        for bit in 0..BYTES * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Witness::from_bytes(&flipped), None, "bit {bit}");
        }
    }
}
