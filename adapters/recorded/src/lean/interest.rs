//! Open interest of a contract.

use crate::cells::{Cells, Fault, LINE};
use crate::table::Record;

/// The clearing house's count for a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenInterestRow {
    /// When it was published, in milliseconds since midnight; before the open.
    pub millis: i64,
    /// Contracts that exist.
    pub contracts: u32,
}

impl Record for OpenInterestRow {
    const COLUMNS: usize = 2;
    const NAMES: &'static str = "time, open interest";

    fn read(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        Ok(Self {
            millis: cells.millis_of_day()?,
            contracts: cells.size(LINE)?,
        })
    }

    fn stamp(&self) -> i64 {
        self.millis
    }
}
