//! Writing a journal: buffered, durable at each commit.

use crate::{Error, FILE_NAME, MAGIC, Prefix};
use engine::frame::{Frame, Header};
use engine::ports::{Journal, JournalError};
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Bytes gathered before they are handed to the operating system.
const BUFFER_BYTES: usize = 256 * 1024;

/// A journal being written.
///
/// After an error it refuses everything: what reached the disk is not known, and writing on could
/// leave a gap that looks whole.
#[derive(Debug)]
pub struct FileJournal {
    path: PathBuf,
    file: BufWriter<File>,
    scratch: Vec<u8>,
    frames: u64,
    durable: u64,
    failed: bool,
}

impl FileJournal {
    /// Begins a journal in `directory`, which is made if it does not exist.
    ///
    /// # Errors
    /// If the directory holds a journal already, or cannot be written.
    pub fn create(directory: &Path, header: &Header) -> Result<Self, Error> {
        let path = directory.join(FILE_NAME);
        let io = |path: &Path, action| {
            let path = path.to_owned();
            move |source| Error::Io {
                path,
                action,
                source,
            }
        };
        std::fs::create_dir_all(directory).map_err(io(directory, "created"))?;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|source| match source.kind() {
                io::ErrorKind::AlreadyExists => Error::Exists { path: path.clone() },
                _ => io(&path, "created")(source),
            })?;
        let mut journal = Self {
            path: path.clone(),
            file: BufWriter::with_capacity(BUFFER_BYTES, file),
            scratch: Vec::new(),
            frames: 0,
            durable: 0,
            failed: false,
        };
        journal
            .file
            .write_all(MAGIC)
            .map_err(io(&path, "written"))?;
        journal.write(header)?;
        journal.sync()?;
        // The name of a new file is durable only once its directory is.
        #[cfg(unix)]
        File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(io(directory, "made durable"))?;
        Ok(journal)
    }

    fn write<T: Serialize>(&mut self, value: &T) -> Result<(), Error> {
        if self.failed {
            return Err(Error::Failed {
                path: self.path.clone(),
            });
        }
        // Set until all is well, so that every early return leaves the journal closed.
        self.failed = true;
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let encode = |reason: String| Error::Encode {
            number: self.frames,
            reason,
        };
        self.scratch = postcard::to_extend(value, scratch).map_err(|e| encode(e.to_string()))?;
        let length = u32::try_from(self.scratch.len())
            .map_err(|_| encode(format!("{} bytes are too many", self.scratch.len())))?;
        let prefix = Prefix {
            length,
            payload_crc: crc32c::crc32c(&self.scratch),
        };
        self.file
            .write_all(&prefix.to_bytes())
            .and_then(|()| self.file.write_all(&self.scratch))
            .map_err(|source| self.io_error("written", source))?;
        self.frames += 1;
        self.failed = false;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), Error> {
        if self.failed {
            return Err(Error::Failed {
                path: self.path.clone(),
            });
        }
        if self.durable == self.frames {
            return Ok(());
        }
        self.failed = true;
        self.file
            .flush()
            .and_then(|()| self.file.get_ref().sync_data())
            .map_err(|source| self.io_error("made durable", source))?;
        self.durable = self.frames;
        self.failed = false;
        Ok(())
    }

    fn io_error(&self, action: &'static str, source: io::Error) -> Error {
        Error::Io {
            path: self.path.clone(),
            action,
            source,
        }
    }
}

impl Journal for FileJournal {
    fn append(&mut self, frame: &Frame) -> Result<(), JournalError> {
        Ok(self.write(frame)?)
    }

    /// Makes all frames durable and returns the number of the last, the header being 0.
    fn commit(&mut self) -> Result<u64, JournalError> {
        self.sync()?;
        Ok(self.durable - 1)
    }
}
