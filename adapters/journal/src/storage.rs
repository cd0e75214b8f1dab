//! What the journal asks of a disk, and the answer of a real one.
//!
//! A directory of files; whatever was written is safe only once the file was synced, a new name only
//! once the directory was.

use std::any::Any;
use std::fmt::Debug;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file that a writer holds locked.
const LOCK_NAME: &str = "lock";

/// A directory that holds one journal.
pub trait Storage: Debug + Send + Sync {
    /// Where the file `name` is, or the directory itself if `name` is empty: for messages.
    fn path(&self, name: &str) -> PathBuf;

    /// Keeps every other writer out until the lock is dropped or the process ends.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another writer holds it, or if it cannot be had.
    fn lock(&self) -> io::Result<Lock>;

    /// The names of all files, sorted.
    ///
    /// # Errors
    /// If the directory cannot be read.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes a new empty file and opens it for writing.
    ///
    /// # Errors
    /// If it exists or cannot be made.
    fn create(&self, name: &str) -> io::Result<Box<dyn StorageFile>>;

    /// Opens a file that exists.
    ///
    /// # Errors
    /// If it cannot be opened.
    fn open(&self, name: &str, access: Access) -> io::Result<Box<dyn StorageFile>>;

    /// Removes a file.
    ///
    /// # Errors
    /// If it cannot be removed.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes the names of the files durable.
    ///
    /// # Errors
    /// If they are not durable.
    fn sync_dir(&self) -> io::Result<()>;
}

/// A file of a [`Storage`].
pub trait StorageFile: Debug + Send + Sync {
    /// Its bytes.
    ///
    /// # Errors
    /// If they cannot be had.
    fn size(&mut self) -> io::Result<u64>;

    /// Reads at most as many bytes as fit; 0 at the end.
    ///
    /// # Errors
    /// If they cannot be read.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes all bytes; the file grows where needed.
    ///
    /// # Errors
    /// If they cannot be written; some may have been.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file to `size` bytes.
    ///
    /// # Errors
    /// If it cannot be cut.
    fn truncate(&mut self, size: u64) -> io::Result<()>;

    /// Makes what was written durable and says how long that took.
    ///
    /// # Errors
    /// If it is not durable. A later success says nothing about what was written before.
    fn sync_data(&mut self) -> io::Result<Duration>;
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To be read.
    Read,
    /// To be read and written.
    Write,
}

/// Keeps other writers out while it lives.
#[derive(Debug)]
pub struct Lock {
    _holder: Box<dyn Holder>,
}

/// Whatever a storage must keep alive for its lock.
trait Holder: Any + Debug + Send + Sync {}

impl<T: Any + Debug + Send + Sync> Holder for T {}

impl Lock {
    /// A lock that is held while `holder` lives.
    #[must_use]
    pub fn new<T: Any + Debug + Send + Sync>(holder: T) -> Self {
        Self {
            _holder: Box::new(holder),
        }
    }
}

/// A real directory.
#[derive(Clone, Debug)]
pub struct FileStorage {
    directory: PathBuf,
}

impl FileStorage {
    /// The directory as it is; nothing is made or locked.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    /// The directory, which is made durably if it does not exist.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create_dir(directory: &Path) -> io::Result<Self> {
        let mut missing = Vec::new();
        let mut place = directory;
        while !place.exists() {
            missing.push(place);
            let Some(parent) = place.parent() else { break };
            place = parent;
        }
        std::fs::create_dir_all(directory)?;
        for made in missing {
            // A relative path of one part has the empty path as its parent.
            let parent = made.parent().filter(|path| !path.as_os_str().is_empty());
            sync_directory(parent.unwrap_or(Path::new(".")))?;
        }
        Ok(Self::new(directory))
    }
}

impl Storage for FileStorage {
    fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() {
            self.directory.clone()
        } else {
            self.directory.join(name)
        }
    }

    fn lock(&self) -> io::Result<Lock> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path(LOCK_NAME))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock::new(file)),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(source)) => Err(source),
        }
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            // Names that are no text are none of ours.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(self.path(name))?;
        Ok(Box::new(RealFile(file)))
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Box<dyn StorageFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(access == Access::Write)
            .open(self.path(name))?;
        Ok(Box::new(RealFile(file)))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        sync_directory(&self.directory)
    }
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// A file of a real directory.
#[derive(Debug)]
struct RealFile(File);

impl StorageFile for RealFile {
    fn size(&mut self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.seek(SeekFrom::Start(offset))?;
        let mut filled = 0;
        while filled < buffer.len() {
            match self.0.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(offset))?;
        self.0.write_all(bytes)
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        self.0.set_len(size)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "how long a disk takes decides whether positions are opened; an adapter sees time"
    )]
    fn sync_data(&mut self) -> io::Result<Duration> {
        let start = std::time::Instant::now();
        self.0.sync_data()?;
        Ok(start.elapsed())
    }
}
