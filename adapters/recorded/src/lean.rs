//! The equity and option files of LEAN.
//!
//! A zip holds CSVs without header line. Time is in milliseconds since midnight of the date in the
//! file's name, in New York for equities and all options and in Chicago for the SPX index: at the
//! start of a bar, at the event for a tick. Prices are integers of 1/10,000 of a dollar, those of
//! an index plain decimals. A minute with no update has no row, and an empty cell of a quote bar
//! means that the side had no quote.

mod bar;
mod interest;
mod nbbo;
mod option_file;
mod tick;

pub use bar::{BarSide, IndexBar, QuoteBar, TradeBar};
pub use interest::OpenInterestRow;
pub use nbbo::{Nbbo, NbboStates};
pub use option_file::{OptionFile, OptionFileKind};
pub use tick::{QuoteTick, Suspicious, TradeTick, TradeTicks};
