//! Reading a journal back: frame by frame, until its end, a torn tail or damage.

use crate::{Error, FILE_NAME, MAGIC, PREFIX_BYTES, Prefix};
use engine::frame::{FRAME_VERSION, Frame, Header};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Disks write whole sectors: what was not written of a file that had grown reads as zeros from a
/// multiple of this.
const SECTOR_BYTES: u64 = 512;

/// Frames are read in pieces of at most this, so that a length cannot ask for memory in vain.
const PIECE_BYTES: u64 = 1 << 20;

/// A journal being read: an iterator of its frames.
#[derive(Debug)]
pub struct JournalReader {
    path: PathBuf,
    file: BufReader<File>,
    size: u64,
    offset: u64,
    number: u64,
    payload: Vec<u8>,
    header: Header,
    torn: Option<TornTail>,
    ended: bool,
}

/// The end of a journal whose last write was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// Where the last whole frame ends.
    pub offset: u64,
    /// Bytes after it, which hold no whole frame.
    pub bytes: u64,
}

impl JournalReader {
    /// Opens the journal in `directory`, or the file itself, and reads its header.
    ///
    /// # Errors
    /// If it cannot be read, is no journal, or is of another version.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        let path = if directory.is_dir() {
            directory.join(FILE_NAME)
        } else {
            directory.to_owned()
        };
        let io = |source| Error::Io {
            path: path.clone(),
            action: "read",
            source,
        };
        let file = File::open(&path).map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        let mut file = BufReader::with_capacity(1 << 18, file);
        let mut magic = [0; MAGIC.len()];
        let is_journal = file.read_exact(&mut magic).is_ok() && magic == *MAGIC;
        if !is_journal {
            return Err(Error::NotAJournal { path });
        }
        let mut reader = Self {
            path,
            file,
            size,
            offset: MAGIC.len() as u64,
            number: 0,
            payload: Vec::new(),
            header: no_header(),
            torn: None,
            ended: false,
        };
        reader.header = reader.read_header()?;
        Ok(reader)
    }

    /// What the journal begins with.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The torn tail, once the iteration has come to it.
    #[must_use]
    pub fn torn(&self) -> Option<TornTail> {
        self.torn
    }

    /// How many of the file's bytes have been read and how many there are: for progress.
    #[must_use]
    pub fn bytes_read(&self) -> (u64, u64) {
        (self.offset, self.size)
    }

    fn read_header(&mut self) -> Result<Header, Error> {
        if !self.read_payload()? {
            return Err(Error::NotAJournal {
                path: self.path.clone(),
            });
        }
        // The version comes first in every layout, so that it can be read when the rest cannot.
        let (version, _) = postcard::take_from_bytes::<u16>(&self.payload)
            .map_err(|error| self.damaged(error.to_string()))?;
        if version != FRAME_VERSION {
            return Err(Error::Version {
                path: self.path.clone(),
                found: version,
                allowed: FRAME_VERSION,
            });
        }
        let header =
            postcard::from_bytes(&self.payload).map_err(|error| self.damaged(error.to_string()))?;
        self.advance();
        Ok(header)
    }

    fn read_frame(&mut self) -> Result<Option<Frame>, Error> {
        if !self.read_payload()? {
            return Ok(None);
        }
        let (frame, rest) = postcard::take_from_bytes::<Frame>(&self.payload)
            .map_err(|error| self.damaged(error.to_string()))?;
        if !rest.is_empty() {
            return Err(self.damaged(format!("{} bytes too many in the frame", rest.len())));
        }
        self.advance();
        Ok(Some(frame))
    }

    fn advance(&mut self) {
        self.offset += (PREFIX_BYTES + self.payload.len()) as u64;
        self.number += 1;
    }

    /// Reads the next payload; `false` at the end, whole or torn.
    fn read_payload(&mut self) -> Result<bool, Error> {
        let left = self.size - self.offset;
        if left == 0 {
            return Ok(false);
        }
        if left < PREFIX_BYTES as u64 {
            return Ok(self.tear());
        }
        let mut prefix = [0; PREFIX_BYTES];
        self.file
            .read_exact(&mut prefix)
            .map_err(|source| self.io_error(source))?;
        let Some(prefix) = Prefix::from_bytes(prefix) else {
            return self.tear_or_damage("its length does not match its checksum");
        };
        if left - (PREFIX_BYTES as u64) < u64::from(prefix.length) {
            return Ok(self.tear());
        }
        self.payload.clear();
        let mut missing = u64::from(prefix.length);
        while missing > 0 {
            let piece = missing.min(PIECE_BYTES);
            let read = (&mut self.file)
                .take(piece)
                .read_to_end(&mut self.payload)
                .map_err(|source| self.io_error(source))?;
            if read == 0 {
                // The file became shorter while it was read.
                return Ok(self.tear());
            }
            missing -= read as u64;
        }
        if crc32c::crc32c(&self.payload) != prefix.payload_crc {
            return self.tear_or_damage("its content does not match its checksum");
        }
        Ok(true)
    }

    fn tear(&mut self) -> bool {
        self.torn = Some(TornTail {
            offset: self.offset,
            bytes: self.size - self.offset,
        });
        false
    }

    /// A bad frame is a torn tail if the last sector of the file was never written.
    fn tear_or_damage(&mut self, what: &str) -> Result<bool, Error> {
        let last_sector = (self.size - 1) / SECTOR_BYTES * SECTOR_BYTES;
        let start = last_sector.max(self.offset);
        let mut tail = Vec::new();
        self.file
            .seek(SeekFrom::Start(start))
            .and_then(|_| self.file.read_to_end(&mut tail))
            .map_err(|source| self.io_error(source))?;
        let lost_sector = tail.iter().all(|byte| *byte == 0) && start == last_sector;
        let zeros_only = start == self.offset && tail.iter().all(|byte| *byte == 0);
        if lost_sector || zeros_only {
            return Ok(self.tear());
        }
        Err(self.damaged(what.to_owned()))
    }

    fn damaged(&self, what: String) -> Error {
        Error::Damaged {
            path: self.path.clone(),
            offset: self.offset,
            number: self.number,
            what,
        }
    }

    fn io_error(&self, source: io::Error) -> Error {
        Error::Io {
            path: self.path.clone(),
            action: "read",
            source,
        }
    }
}

impl Iterator for JournalReader {
    type Item = Result<Frame, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let frame = self.read_frame();
        self.ended = !matches!(frame, Ok(Some(_)));
        frame.transpose()
    }
}

/// What stands in for the header until it has been read.
fn no_header() -> Header {
    Header {
        version: FRAME_VERSION,
        scenario: String::new(),
        scenario_text: String::new(),
        config_text: String::new(),
        seed: 0,
        feeds: Vec::new(),
    }
}
