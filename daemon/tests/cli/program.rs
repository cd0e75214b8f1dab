//! Runs the real program and reads what it wrote.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a run of the program left.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program with `arguments` and `stdin`.
pub(crate) fn alphatrader(
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    stdin: &[u8],
) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_alphatrader"))
        .args(arguments)
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.to_owned();
    let writer = std::thread::spawn(move || {
        // A program that needs no input may end before it has been written.
        let _ = pipe.write_all(&stdin);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Cells of a row by column name.
pub(crate) type Row = BTreeMap<String, String>;

/// The rows of a CSV text.
pub(crate) fn rows(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().unwrap().clone();
    let cells = |record: csv::StringRecord| {
        let pairs = columns.iter().zip(record.iter());
        pairs.map(|(c, v)| (c.to_owned(), v.to_owned())).collect()
    };
    reader
        .records()
        .map(|record| cells(record.unwrap()))
        .collect()
}

impl Run {
    /// The rows on stdout of a run that went well.
    pub(crate) fn rows(&self) -> Vec<Row> {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        rows(&self.stdout)
    }

    /// The document on stdout of a run that went well.
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// The golden file `name`: in `$ALPHATRADER_GOLDEN` if set, else the project's copy, here or beside
/// the kernels.
pub(crate) fn golden(name: &str) -> PathBuf {
    if let Some(folder) = std::env::var_os("ALPHATRADER_GOLDEN") {
        return PathBuf::from(folder).join(name);
    }
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let own = here.join("tests/golden").join(name);
    if own.exists() {
        own
    } else {
        here.join("../systems/tests/golden").join(name)
    }
}

/// The rows of the golden file `name`, at least one.
pub(crate) fn golden_rows(name: &str) -> Vec<Row> {
    let path = golden(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} could not be read: {error}", path.display()));
    let rows = rows(&text);
    assert!(!rows.is_empty(), "{name} held no rows");
    rows
}

/// The number in a cell; `None` if it is empty.
pub(crate) fn number(row: &Row, column: &str) -> Option<f64> {
    let text = row
        .get(column)
        .unwrap_or_else(|| panic!("no column `{column}` in {row:?}"));
    (!text.is_empty()).then(|| text.parse().unwrap())
}

/// Compares a cell with its reference, within an absolute tolerance.
pub(crate) fn assert_near(found: &Row, expected: &Row, column: &str, tolerance: f64) {
    let (a, b) = (number(found, column), number(expected, column));
    let agree = match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= tolerance,
        (None, None) => true,
        _ => false,
    };
    assert!(agree, "`{column}`: {a:?} instead of {b:?} in {expected:?}");
}
