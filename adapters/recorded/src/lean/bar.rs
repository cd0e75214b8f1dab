//! Bars of trades, quotes and index levels, stamped at their start.

use crate::cells::{COMMA, Cells, Fault, LINE};
use crate::table::Record;
use components::units::Price;

/// A bar of trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradeBar {
    /// When it began, in milliseconds since midnight.
    pub millis: i64,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares or contracts.
    pub volume: u64,
}

impl Record for TradeBar {
    const COLUMNS: usize = 6;
    const NAMES: &'static str = "time, open, high, low, close, volume";

    #[inline]
    fn read(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        Ok(Self {
            millis: cells.millis_of_day()?,
            open: Price(cells.integer(COMMA)?),
            high: Price(cells.integer(COMMA)?),
            low: Price(cells.integer(COMMA)?),
            close: Price(cells.integer(COMMA)?),
            volume: cells.volume(LINE)?,
        })
    }

    fn stamp(&self) -> i64 {
        self.millis
    }
}

/// A side of a quote bar; all prices are [`Price::NONE`] where the side had no quote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BarSide {
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares or contracts at the last price.
    pub last_size: u32,
}

impl BarSide {
    #[inline]
    fn read(cells: &mut Cells<'_>, end: u8) -> Result<Self, Fault> {
        let mut price = || {
            let units = cells.integer_or_empty(COMMA)?;
            Ok(units.map_or(Price::NONE, Price))
        };
        Ok(Self {
            open: price()?,
            high: price()?,
            low: price()?,
            close: price()?,
            last_size: cells.size(end)?,
        })
    }
}

/// A bar of the best bid and ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteBar {
    /// When it began, in milliseconds since midnight.
    pub millis: i64,
    /// The best bid.
    pub bid: BarSide,
    /// The best ask.
    pub ask: BarSide,
}

impl Record for QuoteBar {
    const COLUMNS: usize = 11;
    const NAMES: &'static str = "time, bid open, bid high, bid low, bid close, last bid size, \
                                 ask open, ask high, ask low, ask close, last ask size";

    #[inline]
    fn read(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        Ok(Self {
            millis: cells.millis_of_day()?,
            bid: BarSide::read(cells, COMMA)?,
            ask: BarSide::read(cells, LINE)?,
        })
    }

    fn stamp(&self) -> i64 {
        self.millis
    }
}

/// A bar of the levels of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexBar {
    /// When it began, in milliseconds since midnight of the index's own zone.
    pub millis: i64,
    /// First level.
    pub open: Price,
    /// Highest level.
    pub high: Price,
    /// Lowest level.
    pub low: Price,
    /// Last level.
    pub close: Price,
    /// How many levels were published.
    pub count: u64,
}

impl Record for IndexBar {
    const COLUMNS: usize = 6;
    const NAMES: &'static str = "time, open, high, low, close, count";

    fn read(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        Ok(Self {
            millis: cells.millis_of_day()?,
            open: cells.dollars(COMMA)?,
            high: cells.dollars(COMMA)?,
            low: cells.dollars(COMMA)?,
            close: cells.dollars(COMMA)?,
            count: cells.volume(LINE)?,
        })
    }

    fn stamp(&self) -> i64 {
        self.millis
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;
    use proptest::prelude::*;

    fn first<T: Record>(text: &str) -> Result<Option<T>, String> {
        Table::<T>::in_memory("bars.csv", text.as_bytes().to_vec())
            .next_row()
            .map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_side_has_no_price_and_no_size() {
        let bar = first::<QuoteBar>("34200000,,,,,0,21500,21500,5000,5000,19")
            .unwrap()
            .unwrap();
        assert_eq!(bar.bid, BarSide::default());
        assert_eq!((bar.ask.close, bar.ask.last_size), (Price(5_000), 19));
        let bar = first::<QuoteBar>("34200000,1,2,3,4,5,,,,,0")
            .unwrap()
            .unwrap();
        assert_eq!((bar.bid.close, bar.ask.close), (Price(4), Price::NONE));
    }

    #[test]
    fn an_index_bar_is_in_plain_decimals() {
        let bar = first::<IndexBar>("30600000,3764.61,3769.99,3764.61,3766.63,59\n");
        assert_eq!(bar.unwrap().unwrap().close, Price(37_666_300));
        assert!(first::<TradeBar>("30600000,3764.61,3769.99,3764.61,3766.63,59\n").is_err());
    }

    #[test]
    fn zero_and_negative_prices_are_passed_on() {
        let bar = first::<TradeBar>("0,0,-5,0,-1,0\n").unwrap().unwrap();
        assert_eq!((bar.close, bar.volume), (Price(-1), 0));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            crate::testing::exhaust::<TradeBar>(&bytes);
            crate::testing::exhaust::<QuoteBar>(&bytes);
            crate::testing::exhaust::<IndexBar>(&bytes);
        }

        #[test]
        fn text_like_rows_never_panics(text in "[0-9,.\\-\n\r]{0,200}") {
            crate::testing::exhaust::<TradeBar>(text.as_bytes());
            crate::testing::exhaust::<QuoteBar>(text.as_bytes());
            crate::testing::exhaust::<IndexBar>(text.as_bytes());
        }
    }
}
