//! What was traded, as the door sees it.

use components::market::{LastTrade, Side};
use components::units::{Price, Timestamp};
use engine::event::Bar;

/// A print, or a bar that counts as one.
pub(super) struct Traded {
    pub(super) price: Price,
    pub(super) size: u64,
    pub(super) conditions: u32,
    pub(super) aggressor: Option<Side>,
    pub(super) is_bar: bool,
}

impl Traded {
    /// A bar, at its last price.
    pub(super) fn bar(bar: &Bar) -> Self {
        Self {
            price: bar.close,
            size: bar.volume,
            conditions: 0,
            aggressor: None,
            is_bar: true,
        }
    }
}

/// Takes note of what was traded last, and adds it to the day's volume.
pub(super) fn note_trade(trade: &mut LastTrade, traded: &Traded, at: Timestamp) {
    trade.price = traded.price;
    trade.size = u32::try_from(traded.size).unwrap_or(u32::MAX);
    trade.at = at;
    trade.day_volume += traded.size;
}
