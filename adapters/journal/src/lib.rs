//! The journal port on a file: one frame a tick, length-prefixed and protected by CRC32C.
//!
//! ```text
//! file  = magic (8 bytes) frame*          the first frame holds the header
//! frame = length (u32) crc of length (u32) crc of payload (u32) payload     little endian
//! ```
//!
//! The payload is [`engine::frame::Header`] or [`engine::frame::Frame`] in postcard. The length has
//! its own checksum, so that a damaged length is told apart from a file that ends too early.

/// Reading a journal back.
mod reader;
/// Writing a journal.
mod writer;

pub use reader::{JournalReader, TornTail};
pub use writer::FileJournal;

use std::path::PathBuf;

/// The name of the file inside a journal's directory.
pub const FILE_NAME: &str = "inbox.journal";

/// What every journal begins with.
const MAGIC: &[u8; 8] = b"ATRDJRNL";

/// Bytes of a frame before its payload.
const PREFIX_BYTES: usize = 12;

/// The checksums and the length in front of a payload.
struct Prefix {
    length: u32,
    payload_crc: u32,
}

impl Prefix {
    fn to_bytes(&self) -> [u8; PREFIX_BYTES] {
        let length = self.length.to_le_bytes();
        let mut bytes = [0; PREFIX_BYTES];
        bytes[..4].copy_from_slice(&length);
        bytes[4..8].copy_from_slice(&length_crc(length).to_le_bytes());
        bytes[8..].copy_from_slice(&self.payload_crc.to_le_bytes());
        bytes
    }

    /// The prefix, or `None` if its length is not the one that was written.
    fn from_bytes(bytes: [u8; PREFIX_BYTES]) -> Option<Self> {
        let word = |start: usize| {
            let mut word = [0; 4];
            word.copy_from_slice(&bytes[start..start + 4]);
            word
        };
        (u32::from_le_bytes(word(4)) == length_crc(word(0))).then(|| Self {
            length: u32::from_le_bytes(word(0)),
            payload_crc: u32::from_le_bytes(word(8)),
        })
    }
}

/// The checksum of a length; inverted, so that a prefix of zeros is not a valid one.
fn length_crc(length: [u8; 4]) -> u32 {
    !crc32c::crc32c(&length)
}

/// Why a journal cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory holds a journal already.
    #[error("journal {path} exists and is never overwritten, name another directory")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("journal {path} could not be {action}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The reason.
        source: std::io::Error,
    },
    /// A frame cannot be encoded.
    #[error("frame {number} could not be encoded: {reason}")]
    Encode {
        /// The frame's number, the header being 0.
        number: u64,
        /// The reason.
        reason: String,
    },
    /// An earlier write failed; what is on the disk is not known.
    #[error("journal {path} failed before and is not written again")]
    Failed {
        /// The file.
        path: PathBuf,
    },
    /// The file is no journal.
    #[error("{path} is not a journal: it does not begin with ATRDJRNL and a header")]
    NotAJournal {
        /// The file.
        path: PathBuf,
    },
    /// The journal was written by another version.
    #[error("journal {path} has version {found}, must be {allowed}")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u16,
        /// The version that can be read.
        allowed: u16,
    },
    /// The journal is damaged before its end.
    #[error("journal {path} is damaged at byte {offset} (frame {number}): {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the damaged frame begins.
        offset: u64,
        /// Its number, the header being 0.
        number: u64,
        /// What is wrong with it.
        what: String,
    },
}

impl Error {
    /// Whether the journal's content, not its path or the system, is at fault.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::NotAJournal { .. } | Self::Damaged { .. })
    }
}
