//! Quotes as they come in: sizes that are not set, and prices that no price can be.

use components::market::{Quote, QuoteState};
use components::units::{Price, Timestamp};

/// What vendors write for a size or a number of contracts that is not set, and all above it.
pub(super) const UNSET: u32 = i32::MAX.cast_unsigned();

/// A quote of what came in.
pub(super) fn quote_of(
    bid: Price,
    ask: Price,
    bid_size: u32,
    ask_size: u32,
    at: Timestamp,
) -> Quote {
    Quote {
        bid,
        ask,
        bid_size: known_size(bid_size),
        ask_size: known_size(ask_size),
        at,
    }
}

/// A size, or nothing where a vendor's word for "not set" came through: the largest number of 31 bits.
pub(super) fn known_size(size: u32) -> u32 {
    if size < UNSET { size } else { 0 }
}

/// The midpoint of a quote that has one. It may be that of prices which no price can be: the sum of
/// two need not fit.
pub(super) fn mid(quote: &Quote) -> Option<Price> {
    let is_priced = matches!(quote.state(), QuoteState::TwoSided | QuoteState::Locked);
    is_priced.then(|| Price(quote.bid.0 + (quote.ask.0 - quote.bid.0) / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_sentinels_fits() {
        let most = Price(i64::MAX);
        let sentinels = quote_of(most, most, 1, 1, Timestamp(0));
        assert_eq!(mid(&sentinels), Some(most));
        let crossed = quote_of(Price(2), Price(1), 1, 1, Timestamp(0));
        assert_eq!(mid(&crossed), None);
    }
}
