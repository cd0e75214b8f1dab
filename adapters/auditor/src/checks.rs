//! The invariants, each a function named after its number.

/// What arrived at the broker: I1, I9, I12, I13.
pub(crate) mod arrivals;
/// The broker's ledger against the journal at the end: I2, I5, I6, I7.
pub(crate) mod broker;
/// What a session begins with: I3 to I7, I16, I18, I22, I23.
pub(crate) mod carried;
/// Restrictions: I17, I18, I22.
pub(crate) mod halts;
/// When a position may be opened: I24, I26 to I30.
pub(crate) mod hours;
/// Orders: I2 to I5, I7, I10, I11.
pub(crate) mod orders;
/// What is held: I20, I21, I31.
pub(crate) mod protection;
/// Limits: I14 to I16, I19.
pub(crate) mod risk;
/// Runs: I32, I34, I36, I37, I45 to I47.
pub(crate) mod runs;

use components::units::Timestamp;

/// Where the walk through the journal stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moment {
    pub(crate) now: Timestamp,
    pub(crate) date: u32,
    pub(crate) open: Timestamp,
    pub(crate) close: Timestamp,
}

impl Moment {
    /// Milliseconds until the close.
    pub(crate) fn left_ms(&self) -> i64 {
        crate::figures::millis(self.now, self.close)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open <= self.now && self.now < self.close
    }
}
