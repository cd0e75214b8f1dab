//! Files of rows of one kind, read in blocks of whole lines.
//!
//! A block of 256 KiB is filled, rows are parsed out of it in place, and what remains of the last
//! line moves to the front of the next block. Nothing is allocated per row, and memory does not
//! grow with the file.

use crate::archive::Archive;
use crate::cells::{Cells, Fault, Wrong};
use crate::error::{CellError, Error, shorten};
use std::fs::File;
use std::io::Read;
use std::marker::PhantomData;
use std::path::Path;

/// Bytes of a block, and so the longest line that can be read.
pub const BLOCK_BYTES: usize = 256 * 1024;

/// A kind of row.
pub trait Record: Copy {
    /// How many cells a row has.
    const COLUMNS: usize;
    /// The name of the columns in errors.
    const NAMES: &'static str;

    /// Reads a row and steps over its line break.
    ///
    /// # Errors
    /// At the first byte that does not belong.
    fn read(cells: &mut Cells<'_>) -> Result<Self, Fault>;

    /// The time of the row in the unit of the file: rows must be sorted by it.
    fn stamp(&self) -> i64;
}

/// The rows of a file, in its order.
pub struct Table<T> {
    label: String,
    input: Box<dyn Read + Send + Sync>,
    block: Vec<u8>,
    /// Where the next row begins.
    at: usize,
    /// The end of the whole lines in the block.
    whole: usize,
    /// The end of the bytes in the block.
    end: usize,
    line: u64,
    stamp: i64,
    ended: bool,
    record: PhantomData<fn() -> T>,
}

impl<T> std::fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({}, line {})", self.label, self.line)
    }
}

impl<T: Record> Table<T> {
    /// The rows of whatever `input` yields; errors call it `label`.
    #[must_use]
    pub fn new(label: String, input: Box<dyn Read + Send + Sync>) -> Self {
        Self {
            label,
            input,
            block: Vec::new(),
            at: 0,
            whole: 0,
            end: 0,
            line: 0,
            stamp: i64::MIN,
            ended: false,
            record: PhantomData,
        }
    }

    /// The rows of bytes in memory; errors call them `label`.
    #[must_use]
    pub fn in_memory(label: &str, mut bytes: Vec<u8>) -> Self {
        if bytes.last().is_some_and(|last| *last != b'\n') {
            bytes.push(b'\n');
        }
        Self {
            whole: bytes.len(),
            end: bytes.len(),
            block: bytes,
            ended: true,
            ..Self::new(label.to_owned(), Box::new(std::io::empty()))
        }
    }

    /// The rows of a CSV file, or of the only CSV in a zip archive.
    ///
    /// # Errors
    /// When the file cannot be opened, or is an archive that is damaged or holds another number of
    /// CSVs than one.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if path.extension().is_some_and(|ending| ending == "zip") {
            let mut archive = Archive::open(path)?;
            let index = archive.only_csv("")?;
            Self::of_member(&mut archive, index)
        } else {
            let file = File::open(path).map_err(|source| Error::io(path, source))?;
            Ok(Self::new(path.display().to_string(), Box::new(file)))
        }
    }

    /// The rows of member `index` of an archive, streamed.
    ///
    /// # Errors
    /// When the member is packed in an unknown way.
    pub fn of_member(archive: &mut Archive, index: usize) -> Result<Self, Error> {
        let member = archive.stream(index)?;
        Ok(Self::new(archive.label(index), Box::new(member)))
    }

    /// The next row, or `None` after the last.
    ///
    /// # Errors
    /// When the file cannot be read on, or a row cannot be read or stands before one that it
    /// should follow. Nothing more comes after an error.
    #[inline]
    pub fn next_row(&mut self) -> Result<Option<T>, Error> {
        loop {
            if self.at == self.whole && !self.fill()? {
                return Ok(None);
            }
            let mut cells = Cells::new(&self.block[..self.whole], self.at);
            match T::read(&mut cells) {
                Ok(row) if row.stamp() >= self.stamp => {
                    self.at = cells.at();
                    self.line += 1;
                    self.stamp = row.stamp();
                    return Ok(Some(row));
                }
                Ok(_) => return Err(self.unsorted()),
                Err(_) => {
                    let wrong = cells.wrong();
                    self.skip_blank_line(wrong)?;
                }
            }
        }
    }

    /// Errors call the file this.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Moves the rest to the front and reads on until there is a whole line, or nothing.
    fn fill(&mut self) -> Result<bool, Error> {
        if self.ended {
            return Ok(false);
        }
        // One byte more than a block: the line break that the last line may lack.
        self.block.resize(BLOCK_BYTES + 1, 0);
        self.block.copy_within(self.whole..self.end, 0);
        self.end -= self.whole;
        (self.at, self.whole) = (0, 0);
        loop {
            if self.end == BLOCK_BYTES {
                return Err(self.too_long());
            }
            let count = self.read_some()?;
            let fresh = &self.block[self.end..self.end + count];
            if let Some(last) = memchr::memrchr(b'\n', fresh) {
                self.whole = self.end + last + 1;
            }
            self.end += count;
            self.ended = count == 0;
            if self.ended && self.end > 0 {
                self.block[self.end] = b'\n';
                self.end += 1;
                self.whole = self.end;
            }
            if self.whole > 0 || self.ended {
                return Ok(self.whole > 0);
            }
        }
    }

    fn read_some(&mut self) -> Result<usize, Error> {
        loop {
            match self.input.read(&mut self.block[self.end..BLOCK_BYTES]) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.close();
                    return Err(Error::archive(
                        self.label.clone(),
                        format_args!("cannot be read after line {}: {error}", self.line),
                    ));
                }
            }
        }
    }

    fn skip_blank_line(&mut self, wrong: Wrong) -> Result<(), Error> {
        let rest = &self.block[self.at..self.whole];
        let blank = if rest.starts_with(b"\r\n") { 2 } else { 1 };
        if blank == 2 || rest.starts_with(b"\n") {
            self.at += blank;
            self.line += 1;
            return Ok(());
        }
        Err(self.explain(wrong))
    }

    #[cold]
    fn explain(&mut self, wrong: Wrong) -> Error {
        let row = self.current_row();
        let columns = row.split(|byte| *byte == b',').count();
        let error = if columns == T::COLUMNS {
            let before = wrong.at.saturating_sub(self.at).min(row.len());
            let column = row[..before].iter().filter(|byte| **byte == b',').count();
            let cell = row.split(|byte| *byte == b',').nth(column);
            self.cell_error(column + 1, cell.unwrap_or_default(), wrong.allowed)
        } else {
            let allowed = format!("{} columns ({})", T::COLUMNS, T::NAMES);
            CellError {
                found: format!("{columns} columns"),
                ..self.cell_error(columns.min(T::COLUMNS), row, &allowed)
            }
        };
        self.close();
        error.into()
    }

    #[cold]
    fn unsorted(&mut self) -> Error {
        let row = self.current_row();
        let cell = row.split(|byte| *byte == b',').next().unwrap_or_default();
        let allowed = "not before the time of the row above it";
        let error = self.cell_error(1, cell, allowed);
        self.close();
        error.into()
    }

    #[cold]
    fn too_long(&mut self) -> Error {
        let head = &self.block[..BLOCK_BYTES];
        let error = self.cell_error(1, head, "a line of at most 262144 bytes");
        self.close();
        error.into()
    }

    fn cell_error(&self, column: usize, found: &[u8], allowed: &str) -> CellError {
        CellError {
            file: self.label.clone(),
            line: self.line + 1,
            column,
            found: shorten(found),
            allowed: allowed.to_owned(),
        }
    }

    fn current_row(&self) -> &[u8] {
        let rest = &self.block[self.at..self.whole];
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let row = &rest[..end];
        row.strip_suffix(b"\r").unwrap_or(row)
    }

    /// Makes sure that nothing comes after an error.
    fn close(&mut self) {
        self.ended = true;
        self.at = self.whole;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lean::TradeBar;
    use crate::testing::{Scratch, zip_of};
    use std::io::Cursor;

    fn rows(text: &str) -> Result<Vec<i64>, String> {
        let streamed = Cursor::new(text.as_bytes().to_vec());
        let streamed = drain(Table::new("bars.csv".to_owned(), Box::new(streamed)));
        if text.len() < BLOCK_BYTES {
            let table = Table::in_memory("bars.csv", text.as_bytes().to_vec());
            assert_eq!(drain(table), streamed, "in memory");
        }
        streamed
    }

    fn drain(mut table: Table<TradeBar>) -> Result<Vec<i64>, String> {
        let mut stamps = Vec::new();
        loop {
            match table.next_row() {
                Ok(Some(row)) => stamps.push(row.millis),
                Ok(None) => return Ok(stamps),
                Err(error) => {
                    assert!(table.next_row().unwrap().is_none(), "rows after an error");
                    return Err(error.to_string());
                }
            }
        }
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(rows(text), Err(expected.to_owned()));
    }

    #[test]
    fn line_breaks_may_be_missing_at_the_end_doubled_or_from_windows() {
        assert_eq!(rows(""), Ok(vec![]));
        assert_eq!(rows("1,1,1,1,1,1\n2,1,1,1,1,1"), Ok(vec![1, 2]));
        assert_eq!(rows("1,1,1,1,1,1\r\n\r\n\n1,1,1,1,1,1\r\n"), Ok(vec![1, 1]));
    }

    #[test]
    fn an_error_names_line_column_and_what_stands_there() {
        check(
            "1,1,1,1,1,1\n2,1,1,1x,1,1\n",
            "bars.csv, line 2, column 4: found \"1x\", must be a whole number",
        );
        check(
            "1,1,1,1,1,-3\n",
            "bars.csv, line 1, column 6: found \"-3\", must be a whole number not below 0",
        );
        check(
            "86400001,1,1,1,1,1\n",
            "bars.csv, line 1, column 1: found \"86400001\", must be a time of day, \
             0 to 86400000 ms",
        );
    }

    #[test]
    fn a_wrong_number_of_columns_is_said_as_such() {
        let names = "(time, open, high, low, close, volume)";
        check(
            "1,1,1,1,1\n",
            &format!("bars.csv, line 1, column 5: found \"5 columns\", must be 6 columns {names}"),
        );
        check(
            "1,1,1,1,1,1,\n",
            &format!("bars.csv, line 1, column 6: found \"7 columns\", must be 6 columns {names}"),
        );
    }

    #[test]
    fn rows_that_run_backwards_are_refused() {
        check(
            "2,1,1,1,1,1\n1,1,1,1,1,1\n",
            "bars.csv, line 2, column 1: found \"1\", must be not before the time of the row \
             above it",
        );
    }

    #[test]
    fn rows_across_block_boundaries_are_whole() {
        let mut text = String::new();
        for millis in 0..60_000 {
            text.push_str(&format!("{millis},1000,1000,1000,1000,{millis}\n"));
        }
        assert!(text.len() > 4 * BLOCK_BYTES);
        let expected: Vec<i64> = (0..60_000).collect();
        assert_eq!(rows(&text).as_ref(), Ok(&expected));
        let scratch = Scratch::new();
        let path = scratch.write("bars.zip", &zip_of(&[("bars.csv", &text)]));
        let mut table = Table::<TradeBar>::open(&path).unwrap();
        for millis in expected {
            assert_eq!(
                table.next_row().unwrap().map(|bar| bar.millis),
                Some(millis)
            );
        }
        assert!(table.next_row().unwrap().is_none());
    }

    #[test]
    fn a_line_without_end_is_an_error_and_not_a_growing_buffer() {
        let error = rows(&"1".repeat(BLOCK_BYTES + 10)).unwrap_err();
        assert!(error.contains("a line of at most 262144 bytes"), "{error}");
    }
}
