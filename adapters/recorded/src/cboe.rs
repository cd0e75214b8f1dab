//! Cboe's option chain downloads ("quotedata").
//!
//! A few free lines name the underlying, its last price and the date; then each row has a call and
//! a put of the same expiry and strike. Column names repeat, so cells go by position. Prices are
//! plain decimals, volatility a fraction (0.18 is 18 %), gamma per $1. A volatility, delta and
//! gamma of 0 means "not computed", not zero. The quotes are 15 minutes old at the file's time.

mod as_of;
mod chain;
mod root;

pub use chain::{Chain, Leg, Row};
pub use root::{index_of_root, is_index};
