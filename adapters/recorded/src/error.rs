//! Why recorded data cannot be used: one sentence that names the file and the place in it.

use components::market::Ticker;
use std::fmt;
use std::path::{Path, PathBuf};

/// The most characters of a file that an error repeats.
const FOUND_CHARS_MAX: usize = 40;

/// Why recorded data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The files of a set are not there.
    #[error(
        "no recorded data in {}: looked for {wanted}; `--data DIR` or ALPHATRADER_DATA sets the \
         root, which is {}", folder.display(), root.display()
    )]
    Missing {
        /// The folder that should hold them.
        folder: PathBuf,
        /// The files that were looked for.
        wanted: String,
        /// The root that the folder is relative to.
        root: PathBuf,
    },
    /// A file cannot be opened or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A zip archive is damaged, or does not hold what it should.
    #[error("{file}: {what}")]
    Archive {
        /// The file, and the member where it is about one.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// A cell or a row cannot be read.
    #[error(transparent)]
    Cell(Box<CellError>),
    /// A field of a scenario, or what stands for it, is not allowed.
    #[error("`{field}` was \"{found}\", must be {allowed}")]
    Field {
        /// The field.
        field: &'static str,
        /// The value.
        found: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A chain is that of another underlying than a scenario says.
    #[error("`underlying` was \"{found}\", must be {held}, whose chain the file holds ({name})")]
    Underlying {
        /// The underlying that the scenario names.
        found: Ticker,
        /// The underlying of the chain.
        held: Ticker,
        /// What the file calls it.
        name: String,
    },
    /// The engine drained a feed that it had not asked for its listings.
    #[error("{feed}: {instrument} was drained before it was listed")]
    Unlisted {
        /// The feed.
        feed: String,
        /// The instrument.
        instrument: String,
    },
}

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn archive(file: impl Into<String>, what: impl fmt::Display) -> Self {
        Self::Archive {
            file: file.into(),
            what: what.to_string(),
        }
    }

    pub(crate) fn field(field: &'static str, found: &str, allowed: &'static str) -> Self {
        Self::Field {
            field,
            found: shorten(found.as_bytes()),
            allowed,
        }
    }
}

impl From<CellError> for Error {
    fn from(error: CellError) -> Self {
        Self::Cell(Box::new(error))
    }
}

/// A cell or a row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellError {
    /// The file, and the member of it where it is an archive.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1, counted in cells.
    pub column: usize,
    /// What stands there, cut to 40 characters.
    pub found: String,
    /// What may stand there.
    pub allowed: String,
}

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, line {}, column {}: found \"{}\", must be {}",
            self.file, self.line, self.column, self.found, self.allowed
        )
    }
}

impl std::error::Error for CellError {}

/// Bytes of a file as text, cut so that an error stays one sentence.
pub(crate) fn shorten(bytes: &[u8]) -> String {
    let head = &bytes[..bytes.len().min(4 * FOUND_CHARS_MAX)];
    String::from_utf8_lossy(head)
        .chars()
        .take(FOUND_CHARS_MAX)
        .flat_map(char::escape_debug)
        .collect()
}
