//! Rows and documents on stdout, as table, JSON, CSV or Markdown.
//!
//! Numbers are raw: the shortest text that reads back as the same number, no rounding for display.

use crate::exit::Failure;
use clap::ValueEnum;
use comfy_table::{
    Cell as TableCell, CellAlignment, ContentArrangement, Table, TableStyle, presets,
};
use std::io::{self, BufWriter, Write};

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns for people.
    Table,
    /// One JSON document.
    Json,
    /// Comma-separated values with a header line.
    Csv,
    /// A Markdown table.
    Md,
}

/// A value in a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A text.
    Text(&'a str),
    /// A text that stands to the right where columns are aligned.
    Right(&'a str),
    /// A whole number.
    Count(u64),
    /// A number; one that is not finite counts as missing.
    Number(f64),
    /// Nothing.
    Missing,
}

impl<'a> Cell<'a> {
    /// A number, or nothing.
    #[must_use]
    pub fn optional(number: Option<f64>) -> Self {
        number.map_or(Self::Missing, Self::Number)
    }

    /// The text of every format but JSON.
    fn text(self) -> String {
        match self {
            Self::Text(text) | Self::Right(text) => text.to_owned(),
            Self::Count(count) => count.to_string(),
            Self::Number(number) if number.is_finite() => shortest(number),
            Self::Number(_) | Self::Missing => String::new(),
        }
    }

    fn json(self) -> serde_json::Value {
        match self {
            Self::Text(text) | Self::Right(text) => text.into(),
            Self::Count(count) => count.into(),
            // A number that is not finite becomes null.
            Self::Number(number) => number.into(),
            Self::Missing => serde_json::Value::Null,
        }
    }

    fn alignment(self) -> CellAlignment {
        match self {
            Self::Text(_) => CellAlignment::Left,
            _ => CellAlignment::Right,
        }
    }
}

/// The shortest text that reads back as `number`: `0.1`, `3`, `1e-12`.
#[must_use]
pub fn shortest(number: f64) -> String {
    let text = format!("{number:?}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// A count with what is counted, in the singular: `1 tick`, `2 ticks`.
#[must_use]
pub fn counted(count: u64, one: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {one}{ending}")
}

/// Dollars with a word for their size: `-1.731 bn`.
#[must_use]
pub fn money(dollars: f64) -> String {
    let (scale, unit) = match dollars.abs() {
        size if size >= 1e9 => (1e9, " bn"),
        size if size >= 1e6 => (1e6, " m"),
        size if size >= 1e3 => (1e3, " k"),
        _ => (1.0, ""),
    };
    format!("{:.3}{unit}", dollars / scale)
}

/// Standard output, buffered. Flushed by whoever writes last.
#[must_use]
pub fn stdout() -> BufWriter<io::StdoutLock<'static>> {
    BufWriter::with_capacity(1 << 16, io::stdout().lock())
}

/// Writes rows of one shape in any [`Format`]. CSV and JSON are written as the rows come.
pub struct Rows<W: Write> {
    out: W,
    columns: Vec<String>,
    shape: Shape,
    written: u64,
}

enum Shape {
    Csv,
    Json,
    Table(Box<Table>),
}

impl<W: Write> Rows<W> {
    /// Begins the output of rows with `columns`.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn begin(mut out: W, format: Format, columns: &[&str]) -> Result<Self, Failure> {
        let shape = match format {
            Format::Csv => {
                writeln!(out, "{}", columns.join(","))?;
                Shape::Csv
            }
            Format::Json => {
                write!(out, "[")?;
                Shape::Json
            }
            Format::Table => Shape::Table(Box::new(table(columns, presets::NOTHING))),
            Format::Md => Shape::Table(Box::new(table(columns, presets::ASCII_MARKDOWN))),
        };
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        Ok(Self {
            out,
            columns,
            shape,
            written: 0,
        })
    }

    /// Writes a row with a cell for each column.
    ///
    /// # Errors
    /// If the output cannot be written.
    ///
    /// # Panics
    /// If there is not one cell for each column.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Failure> {
        assert_eq!(cells.len(), self.columns.len(), "one cell for each column");
        match &mut self.shape {
            Shape::Csv => {
                for (index, cell) in cells.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(self.out, "{comma}{}", csv_field(&cell.text()))?;
                }
                writeln!(self.out)?;
            }
            Shape::Json => {
                let comma = if self.written == 0 { "\n" } else { ",\n" };
                write!(self.out, "{comma}{{")?;
                for (index, (column, cell)) in self.columns.iter().zip(cells).enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    let key = serde_json::Value::from(column.as_str());
                    write!(self.out, "{comma}{key}:{}", cell.json())?;
                }
                write!(self.out, "}}")?;
            }
            Shape::Table(table) => {
                let cells = cells
                    .iter()
                    .map(|cell| TableCell::new(cell.text()).set_alignment(cell.alignment()));
                table.add_row(cells);
            }
        }
        self.written += 1;
        Ok(())
    }

    /// Ends the output.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub fn finish(mut self) -> Result<(), Failure> {
        match self.shape {
            Shape::Csv => {}
            Shape::Json => writeln!(self.out, "\n]")?,
            Shape::Table(table) => writeln!(self.out, "{}", trimmed(&table.to_string()))?,
        }
        Ok(self.out.flush()?)
    }
}

/// Writes one JSON document and a line end.
///
/// # Errors
/// If `out` cannot be written.
pub fn json_document(
    out: &mut impl Write,
    document: &impl serde::Serialize,
) -> Result<(), Failure> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

fn table(columns: &[&str], style: TableStyle) -> Table {
    let mut table = Table::new();
    table.load_style(style);
    // Lines are cut by whoever shows them, never by us: a cell is always whole.
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns);
    table
}

fn trimmed(table: &str) -> String {
    let lines: Vec<&str> = table.lines().map(str::trim_end).collect();
    lines.join("\n")
}

fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format, rows: &[&[Cell<'_>]]) -> String {
        let mut bytes = Vec::new();
        let mut output = Rows::begin(&mut bytes, format, &["id", "price"]).unwrap();
        for row in rows {
            output.row(row).unwrap();
        }
        output.finish().unwrap();
        String::from_utf8(bytes).unwrap()
    }

    const ROWS: [&[Cell<'_>]; 2] = [
        &[Cell::Text("a,\"b\""), Cell::Number(0.1)],
        &[Cell::Count(7), Cell::Missing],
    ];

    #[test]
    fn csv_quotes_what_needs_it_and_leaves_missing_empty() {
        assert_eq!(
            written(Format::Csv, &ROWS),
            "id,price\n\"a,\"\"b\"\"\",0.1\n7,\n"
        );
    }

    #[test]
    fn json_is_one_document_with_nulls() {
        let document: serde_json::Value =
            serde_json::from_str(&written(Format::Json, &ROWS)).unwrap();
        let expected = serde_json::json!([
            {"id": "a,\"b\"", "price": 0.1},
            {"id": 7, "price": null},
        ]);
        assert_eq!(document, expected);
        let none: serde_json::Value = serde_json::from_str(&written(Format::Json, &[])).unwrap();
        assert_eq!(none, serde_json::json!([]));
    }

    #[test]
    fn markdown_has_a_ruler() {
        let text = written(Format::Md, &ROWS);
        assert!(text.lines().nth(1).unwrap().starts_with("|-"), "{text}");
        assert_eq!(text.lines().count(), 4);
    }

    #[test]
    fn money_has_a_readable_size() {
        assert_eq!(money(-1_730_960_000.0), "-1.731 bn");
        assert_eq!(money(598_054.0), "598.054 k");
        assert_eq!(money(0.0), "0.000");
    }

    #[test]
    fn one_is_no_plural() {
        let found = [0, 1, 2].map(|count| counted(count, "option quote"));
        assert_eq!(
            found,
            ["0 option quotes", "1 option quote", "2 option quotes"]
        );
    }

    #[test]
    fn numbers_read_back_as_they_were() {
        for number in [0.1, 1e-300, 5e-324, 1e22, -0.0, 123_456_789.0, f64::MAX] {
            let read: f64 = shortest(number).parse().unwrap();
            assert_eq!(read.to_bits(), number.to_bits());
        }
        assert_eq!(Cell::Number(f64::NAN).text(), "");
        assert_eq!(Cell::Number(f64::INFINITY).json(), serde_json::Value::Null);
    }
}
