//! Reads the golden files: `$ALPHATRADER_GOLDEN` if set, else the project's copy in this folder.

use std::path::PathBuf;

/// A golden file as text cells, with its column names.
pub(crate) struct Table {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// One row of a [`Table`].
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    table: &'a Table,
    index: usize,
}

impl Table {
    /// Reads the file, which must hold at least one row.
    pub(crate) fn read(name: &str) -> Self {
        let folder = std::env::var_os("ALPHATRADER_GOLDEN").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden"),
            PathBuf::from,
        );
        let path = folder.join(name);
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{} could not be read: {error}", path.display()));
        let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let mut lines = text.lines();
        let columns = cells(lines.next().expect("a header line"));
        let rows: Vec<_> = lines.filter(|line| !line.is_empty()).map(cells).collect();
        assert!(!rows.is_empty(), "{name} held no rows");
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(row.len(), columns.len(), "{name}, line {}", index + 2);
        }
        Self {
            name: name.to_owned(),
            columns,
            rows,
        }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.rows.len()).map(|index| Row { table: self, index })
    }
}

impl<'a> Row<'a> {
    pub(crate) fn text(self, column: &str) -> &'a str {
        let Table {
            name,
            columns,
            rows,
        } = self.table;
        let position = columns
            .iter()
            .position(|found| found == column)
            .unwrap_or_else(|| panic!("{name} has no column `{column}`"));
        &rows[self.index][position]
    }

    /// The number in a cell, or `None` if it is empty.
    pub(crate) fn optional(self, column: &str) -> Option<f64> {
        let text = self.text(column);
        (!text.is_empty()).then(|| {
            text.parse()
                .unwrap_or_else(|_| panic!("{}: `{column}` was `{text}`", self.place()))
        })
    }

    pub(crate) fn number(self, column: &str) -> f64 {
        self.optional(column)
            .unwrap_or_else(|| panic!("{}: `{column}` was empty", self.place()))
    }

    /// File and line, for messages.
    pub(crate) fn place(self) -> String {
        format!("{}:{}", self.table.name, self.index + 2)
    }
}
