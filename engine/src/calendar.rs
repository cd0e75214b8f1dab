//! Exchange sessions.

use components::units::Timestamp;
use jiff::civil::Date;

/// A regular trading session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its date in New York.
    pub date: Date,
    /// The opening instant.
    pub open: Timestamp,
    /// The closing instant.
    pub close: Timestamp,
    /// Whether it closes before 16:00.
    pub early_close: bool,
}
