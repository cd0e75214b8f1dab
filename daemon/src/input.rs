//! Files given to a verb: a path or `-` for stdin, plain or inside a zip, and tables in them.

use crate::exit::Failure;
use std::fmt::Write as _;
use std::io::{Cursor, Read};
use std::path::Path;
use zip::ZipArchive;

/// The most bytes that one file inside a zip may unpack to.
const UNPACKED_BYTES_MAX: u64 = 4 << 30;

/// What every zip with at least one file begins with.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

/// The bytes of a file and what to call it in errors.
#[derive(Debug)]
pub struct Input {
    /// The path, or `stdin`.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Input {
    /// Reads the file at `path`, or stdin if that is `-`.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let is_stdin = path.as_os_str() == "-";
        let name = if is_stdin {
            "stdin".to_owned()
        } else {
            path.display().to_string()
        };
        let mut bytes = Vec::new();
        let read = if is_stdin {
            std::io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map(|_| bytes)
        } else {
            std::fs::read(path)
        };
        match read {
            Ok(bytes) => Ok(Self { name, bytes }),
            Err(error) => Err(Failure::error(format_args!(
                "{name} could not be read: {error}"
            ))),
        }
    }

    /// Whether it is a zip.
    #[must_use]
    pub fn is_zip(&self) -> bool {
        self.bytes.starts_with(ZIP_MAGIC)
    }

    /// The names of the files in the zip.
    ///
    /// # Errors
    /// If the zip is damaged.
    pub fn zip_names(&self) -> Result<Vec<String>, Failure> {
        let zip = self.zip()?;
        let mut names = Vec::new();
        for name in zip.file_names() {
            let name = name.map_err(|error| self.damaged(&error))?;
            if !name.ends_with('/') {
                names.push(name.into_owned());
            }
        }
        Ok(names)
    }

    /// The file in the zip whose name contains `part`, which must be one.
    ///
    /// # Errors
    /// If there is none or more than one, or the zip is damaged.
    pub fn unzip(&self, part: &str) -> Result<Self, Failure> {
        let names = self.zip_names()?;
        let mut fitting = names.iter().filter(|name| name.contains(part));
        let (Some(inner), None) = (fitting.next(), fitting.next()) else {
            let what = if part.is_empty() { "CSV" } else { part };
            return Err(Failure::error(format_args!(
                "{} holds {}, must hold one {what} file",
                self.name,
                list(&names)
            )));
        };
        let name = format!("{}/{inner}", self.name);
        let damaged = |error: &dyn std::fmt::Display| {
            Failure::error(format_args!("{name} could not be unpacked: {error}"))
        };
        let mut zip = self.zip()?;
        let file = zip.by_name(inner).map_err(|error| damaged(&error))?;
        let mut bytes = Vec::new();
        file.take(UNPACKED_BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| damaged(&error))?;
        if bytes.len() as u64 > UNPACKED_BYTES_MAX {
            return Err(damaged(&"it is larger than 4 GiB"));
        }
        Ok(Self { name, bytes })
    }

    /// The CSV: the file itself, or the one file in the zip.
    ///
    /// # Errors
    /// If it is a zip that does not hold exactly one file, or a damaged one.
    pub fn into_csv(self) -> Result<Self, Failure> {
        if self.is_zip() {
            self.unzip("")
        } else {
            Ok(self)
        }
    }

    fn zip(&self) -> Result<ZipArchive<Cursor<&[u8]>>, Failure> {
        ZipArchive::new(Cursor::new(self.bytes.as_slice())).map_err(|error| self.damaged(&error))
    }

    fn damaged(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::error(format_args!("{} could not be unpacked: {error}", self.name))
    }
}

/// A CSV with a header line. Columns are found by name; others are not looked at.
pub struct Table {
    name: String,
    columns: Vec<String>,
    records: csv::ByteRecordsIntoIter<Cursor<Vec<u8>>>,
}

/// The place of a column in a [`Table`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column(usize);

/// One line of a [`Table`].
#[derive(Debug)]
pub struct Record {
    /// Its number from 0, the header not counted.
    pub number: u64,
    cells: csv::ByteRecord,
}

impl Table {
    /// Reads the header line.
    ///
    /// # Errors
    /// If there is none, or it is no CSV.
    pub fn open(input: Input) -> Result<Self, Failure> {
        let Input { name, mut bytes } = input;
        // Spreadsheets like to begin with a byte order mark.
        if bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        // The reader takes the two characters of a Windows line end for two places.
        if bytes.windows(2).any(|pair| pair == b"\r\n") {
            bytes.retain(|byte| *byte != b'\r');
        }
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(Cursor::new(bytes));
        let header = reader
            .headers()
            .map_err(|error| Failure::error(format_args!("{name}: header line: {error}")))?;
        let columns: Vec<String> = header.iter().map(str::to_owned).collect();
        if columns.iter().all(String::is_empty) {
            return Err(Failure::error(format_args!(
                "{name} is empty, must begin with a header line"
            )));
        }
        Ok(Self {
            name,
            columns,
            records: reader.into_byte_records(),
        })
    }

    /// The place of the column `wanted`.
    ///
    /// # Errors
    /// If it is missing, with the columns found.
    pub fn column(&self, wanted: &str) -> Result<Column, Failure> {
        self.optional_column(wanted).ok_or_else(|| {
            Failure::error(format_args!(
                "{}:1: column `{wanted}` is missing, found {}",
                self.name,
                list(&self.columns)
            ))
        })
    }

    /// The places of the columns `wanted`, in that order.
    ///
    /// # Errors
    /// If one is missing, with the columns found.
    pub fn columns<const N: usize>(&self, wanted: [&str; N]) -> Result<[Column; N], Failure> {
        let mut places = [Column(0); N];
        for (place, wanted) in places.iter_mut().zip(wanted) {
            *place = self.column(wanted)?;
        }
        Ok(places)
    }

    /// The place of the column `wanted`, if there is one.
    #[must_use]
    pub fn optional_column(&self, wanted: &str) -> Option<Column> {
        self.columns
            .iter()
            .position(|column| column == wanted)
            .map(Column)
    }

    /// What to call the file in errors.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// If the file is no CSV from here on.
    pub fn next_record(&mut self) -> Result<Option<Record>, Failure> {
        let number = self.records.reader().position().record().saturating_sub(1);
        match self.records.next().transpose() {
            Ok(cells) => Ok(cells.map(|cells| Record { number, cells })),
            Err(error) => Err(Failure::error(format_args!("{}: {error}", self.name))),
        }
    }
}

impl Record {
    /// The text of a cell; empty where the line is too short.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn text(&self, column: Column) -> Result<&str, BadCell> {
        let bytes = self.cells.get(column.0).unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|_| BadCell {
            found: String::from_utf8_lossy(bytes).chars().take(32).collect(),
            allowed: "text in UTF-8",
        })
    }

    /// The number in a cell. `NaN` and `inf` are numbers here: kernels say what they think of it.
    ///
    /// # Errors
    /// If it is no number.
    pub fn number(&self, column: Column) -> Result<f64, BadCell> {
        let text = self.text(column)?;
        text.parse().map_err(|_| BadCell {
            found: text.chars().take(32).collect(),
            allowed: "a number",
        })
    }

    /// The line in the file, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.cells
            .position()
            .map_or(self.number + 2, csv::Position::line)
    }
}

/// A cell that is not what its column must hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{found}\" is not allowed, must be {allowed}")]
pub struct BadCell {
    /// The text found, cut to 32 characters.
    pub found: String,
    /// What is allowed.
    pub allowed: &'static str,
}

/// The names as a list for an error; a long one is cut.
#[must_use]
pub fn list(names: &[String]) -> String {
    const SHOWN_MAX: usize = 24;
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let shown = names.len().min(SHOWN_MAX);
    let mut text = names[..shown].join(", ");
    if shown < names.len() {
        let _ = write!(text, " and {} more", names.len() - shown);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<Table, Failure> {
        Table::open(Input {
            name: "x.csv".to_owned(),
            bytes: text.as_bytes().to_vec(),
        })
    }

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let mut table = table("\u{feff}b, extra ,a\r\n1,x, 2 \r\n3,y\r\n").unwrap();
        let [a, b] = table.columns(["a", "b"]).unwrap();
        let first = table.next_record().unwrap().unwrap();
        assert_eq!((first.number(a), first.number(b)), (Ok(2.0), Ok(1.0)));
        assert_eq!((first.number, first.line()), (0, 2));
        let second = table.next_record().unwrap().unwrap();
        assert_eq!((second.text(a), second.number), (Ok(""), 1));
        assert!(second.number(a).unwrap_err().to_string().contains("\"\""));
        assert!(table.next_record().unwrap().is_none());
    }

    #[test]
    fn a_missing_column_is_named_with_those_found() {
        let error = table("a,b\n").unwrap().column("c").err().unwrap();
        assert_eq!(
            error.to_string(),
            "x.csv:1: column `c` is missing, found a, b"
        );
        assert!(table("").is_err());
    }
}
