//! The kernels on one option at a time: what their files and their output have in common.

use super::{BadField, Complaints, Fields};
use crate::cli::General;
use crate::exit::Failure;
use crate::input::{Column, Input, Table};
use crate::output::{self, Cell, Format, Rows};
use std::path::Path;
use systems::greeks::terms::{OutOfRange, Terms};

/// The columns of the terms; that of the given number comes after them.
const TERMS: [&str; 6] = ["type", "S", "K", "T", "r", "q"];

/// The status of a row that the kernel was not asked about.
const ERROR: &str = "error";

/// The name of a status, and the results if there are any.
pub(super) type Outcome<const N: usize> = (&'static str, Option<[f64; N]>);

/// A kernel that makes `N` numbers of an option's terms and one number given beside them.
pub(super) struct Kernel<const N: usize> {
    /// The column of the given number.
    pub(super) given: &'static str,
    /// The columns of the results.
    pub(super) results: [&'static str; N],
    /// Whether the kernel takes such an option.
    pub(super) check: fn(&Terms, f64) -> Result<(), OutOfRange>,
    /// What it makes of one that it takes.
    pub(super) compute: fn(&Terms, f64) -> Outcome<N>,
}

impl<const N: usize> Kernel<N> {
    /// Asks the kernel about every row of the file.
    pub(super) fn run(&self, file: &Path, general: &General) -> Result<(), Failure> {
        let mut table = Table::open(Input::read(file)?.into_csv()?)?;
        let places = table.columns(TERMS)?;
        let given = (self.given, table.column(self.given)?);
        let id = table.optional_column("id");
        let columns = [&["id", "status"], self.results.as_slice()].concat();
        let format = general.format_or(Format::Csv);
        let mut rows = Rows::begin(output::stdout(), format, &columns)?;
        let mut complaints = Complaints::about(&table);
        while let Some(record) = table.next_record()? {
            let fields = Fields { record: &record };
            let (status, values) = self.of(&fields, places, given).unwrap_or_else(|reason| {
                complaints.tell(record.line(), &reason);
                (ERROR, None)
            });
            let values = values.map_or([Cell::Missing; N], |values| values.map(Cell::Number));
            let mut cells = vec![fields.id(id), Cell::Text(status)];
            cells.extend(values);
            rows.row(&cells)?;
        }
        rows.finish()
    }

    fn of(
        &self,
        fields: &Fields<'_>,
        places: [Column; TERMS.len()],
        given: (&'static str, Column),
    ) -> Result<Outcome<N>, Refused> {
        let terms = terms(fields, places)?;
        let given = fields.number(given)?;
        (self.check)(&terms, given)?;
        Ok((self.compute)(&terms, given))
    }
}

/// Why a kernel is not asked about a row.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    BadField(#[from] BadField),
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

fn terms(fields: &Fields<'_>, places: [Column; TERMS.len()]) -> Result<Terms, BadField> {
    let column = |index: usize| (TERMS[index], places[index]);
    Ok(Terms {
        right: fields.right(column(0))?,
        spot: fields.number(column(1))?,
        strike: fields.number(column(2))?,
        years: fields.number(column(3))?,
        rate: fields.number(column(4))?,
        dividend_yield: fields.number(column(5))?,
    })
}
