//! Why a journal cannot be written or read.

use std::io;
use std::path::PathBuf;

/// Why a journal cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory holds a journal already.
    #[error("journal {path} exists and is never overwritten, name another directory")]
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// Another program writes the journal.
    #[error("journal {path} is being written by another program: two never trade one account")]
    Locked {
        /// The directory.
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
        source: io::Error,
    },
    /// A value cannot be encoded.
    #[error("entry {seq} could not be encoded: {reason}")]
    Encode {
        /// The entry's number.
        seq: u64,
        /// The reason.
        reason: String,
    },
    /// An entry is larger than any that is read back.
    #[error("entry {seq} has {bytes} bytes, must be at most {allowed}")]
    TooLarge {
        /// The entry's number.
        seq: u64,
        /// Its bytes.
        bytes: u64,
        /// The bytes that it may have.
        allowed: u64,
    },
    /// An earlier write failed; what is on the disk is not known.
    #[error("journal {path} failed before and is not written again")]
    Failed {
        /// The directory.
        path: PathBuf,
    },
    /// An option is out of its range.
    #[error("journal option {field} was {found}, must be {allowed}")]
    Option {
        /// The option.
        field: &'static str,
        /// Its value.
        found: u64,
        /// The values that it may have.
        allowed: &'static str,
    },
    /// There is no journal.
    #[error("{path} is not a journal: it holds no segment that begins with ATRDSEGM and a header")]
    NotAJournal {
        /// The directory.
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
    /// The journal belongs to another account or mode.
    #[error("journal {path} belongs to {found}, not to {asked}")]
    OtherAccount {
        /// The directory.
        path: PathBuf,
        /// The account and mode that it was written for.
        found: String,
        /// The account and mode that it was opened for.
        asked: String,
    },
    /// The journal is damaged before its end.
    #[error("journal {path} is damaged at byte {offset} (entry {seq}): {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the damage begins.
        offset: u64,
        /// The number of the entry that should stand there.
        seq: u64,
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
