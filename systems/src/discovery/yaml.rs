//! The record as a file: plain YAML, which any reader of YAML understands.
//!
//! No tag may be in it. A file that names the types of one language can be read by that language
//! alone, and reading it may run code; the reader here refuses tags.

use super::found::{Discovered, VERSION};
use engine::config::{ConfigError, parse_file};

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is no YAML, or not of this shape; all that is wrong with it, each with its line.
    #[error("{}", .0.show())]
    Shape(#[from] ConfigError),
    /// It is of another program.
    #[error("{name}: version {found} is not known, must be {VERSION}")]
    Version {
        /// The file.
        name: String,
        /// What it says.
        found: u32,
    },
}

/// A record that could not be written, which a record of plain values cannot cause.
#[derive(Debug, thiserror::Error)]
#[error("the record could not be written as YAML: {0}")]
pub struct WriteError(String);

/// The record as YAML.
///
/// # Errors
/// When the writer refuses a value.
pub fn to_yaml(found: &Discovered) -> Result<String, WriteError> {
    serde_saphyr::to_string(found).map_err(|error| WriteError(error.to_string()))
}

/// The record in `text`; `name` is how messages call the file.
///
/// # Errors
/// When it is not what [`to_yaml`] writes.
pub fn from_yaml(name: &str, text: &str) -> Result<Discovered, ReadError> {
    let found: Discovered = parse_file(name, text)?.deserialize()?;
    if found.version == VERSION {
        Ok(found)
    } else {
        Err(ReadError::Version {
            name: name.to_owned(),
            found: found.version,
        })
    }
}
