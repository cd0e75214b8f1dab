//! What the engine drains.
//!
//! A row becomes visible when it could be known: a tick, a book or a snapshot at its own time, a
//! bar at its start plus its length, open interest at its stamp. What was visible before a run
//! begins comes with its first drain, what becomes visible after its end is never drained.
//!
//! Between its first and last row, and inside the session of its day, a feed gives a heartbeat each
//! second, so that a market in which nothing changes is not taken for a feed that has died.

mod bars;
mod channel;
mod day_rows;
mod lobster;
mod option_day;
mod snapshot;
mod ticks;

pub use bars::{BarTables, LeanBars};
pub use lobster::Lobster;
pub use option_day::LeanOptionDay;
pub use snapshot::CboeChain;
pub use ticks::LeanTicks;

/// After how many milliseconds of silence a stream of ticks or books is stale.
pub const STREAM_STALE_AFTER_MS: i64 = 3_000;
