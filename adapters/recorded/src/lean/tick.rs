//! Ticks of trades and of the national best bid and offer.

use crate::cells::{COMMA, Cells, Fault, LINE};
use crate::error::Error;
use crate::table::{Record, Table};
use components::units::Price;

/// A trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradeTick {
    /// When it took place, in milliseconds since midnight.
    pub millis: i64,
    /// The price.
    pub price: Price,
    /// Shares.
    pub size: u32,
    /// The exchange's letter, 0 where there is none.
    pub exchange: u8,
    /// Sale conditions: 0x20 is an intermarket sweep, 0x40 the opening, 0x80 the closing print.
    pub conditions: u32,
    /// Whether the tape flags it as suspicious.
    pub suspicious: bool,
}

impl Record for TradeTick {
    const COLUMNS: usize = 6;
    const NAMES: &'static str = "time, price, size, exchange, sale condition, suspicious";

    #[inline]
    fn read(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        Ok(Self {
            millis: cells.millis_of_day()?,
            price: Price(cells.integer(COMMA)?),
            size: cells.size(COMMA)?,
            exchange: cells.letter(COMMA)?,
            conditions: cells.hex(COMMA)?,
            suspicious: cells.flag(LINE)?,
        })
    }

    fn stamp(&self) -> i64 {
        self.millis
    }
}

/// A row of a quote tick file: one side of the national best bid and offer, as a rule.
///
/// A price of 0 says nothing of its side; [`crate::lean::NbboStates`] makes states of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteTick {
    /// When it was shown, in milliseconds since midnight.
    pub millis: i64,
    /// The best bid, 0 if the row is about the ask.
    pub bid: Price,
    /// Shares at the bid.
    pub bid_size: u32,
    /// The best ask, 0 if the row is about the bid.
    pub ask: Price,
    /// Shares at the ask.
    pub ask_size: u32,
    /// The letter of the exchange at that side, 0 where there is none.
    pub exchange: u8,
    /// Quote conditions.
    pub conditions: u32,
    /// Whether the tape flags it as suspicious.
    pub suspicious: bool,
}

impl Record for QuoteTick {
    const COLUMNS: usize = 8;
    const NAMES: &'static str = "time, bid price, bid size, ask price, ask size, exchange, \
                                 quote condition, suspicious";

    #[inline]
    fn read(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        Ok(Self {
            millis: cells.millis_of_day()?,
            bid: Price(cells.integer(COMMA)?),
            bid_size: cells.size(COMMA)?,
            ask: Price(cells.integer(COMMA)?),
            ask_size: cells.size(COMMA)?,
            exchange: cells.letter(COMMA)?,
            conditions: cells.hex(COMMA)?,
            suspicious: cells.flag(LINE)?,
        })
    }

    fn stamp(&self) -> i64 {
        self.millis
    }
}

/// Rows that were left out because the tape flags them as suspicious.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Suspicious {
    /// Rows of quotes.
    pub quotes: u64,
    /// Trades.
    pub trades: u64,
}

/// The trades of a file that the tape does not flag as suspicious.
#[derive(Debug)]
pub struct TradeTicks {
    rows: Table<TradeTick>,
    dropped: u64,
}

impl TradeTicks {
    /// The trades of `rows`.
    #[must_use]
    pub fn new(rows: Table<TradeTick>) -> Self {
        Self { rows, dropped: 0 }
    }

    /// The next trade, or `None` after the last.
    ///
    /// # Errors
    /// Those of [`Table::next_row`].
    #[inline]
    pub fn next_trade(&mut self) -> Result<Option<TradeTick>, Error> {
        loop {
            match self.rows.next_row()? {
                Some(tick) if tick.suspicious => self.dropped += 1,
                other => return Ok(other),
            }
        }
    }

    /// Suspicious trades left out so far.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_opening_cross_reads_as_printed_in_the_tape() {
        let text = b"34216893,1820000,138862,N,40,0".to_vec();
        let tick = Table::<TradeTick>::in_memory("ibm.csv", text).next_row();
        let expected = TradeTick {
            millis: 34_216_893,
            price: Price(1_820_000),
            size: 138_862,
            exchange: b'N',
            conditions: 0x40,
            suspicious: false,
        };
        assert_eq!(tick.unwrap(), Some(expected));
    }

    #[test]
    fn suspicious_trades_are_left_out_and_counted() {
        let text = b"1,5,1,N,1,1\n2,6,1,N,1,0\n3,7,1,N,1,1\n".to_vec();
        let mut ticks = TradeTicks::new(Table::in_memory("ibm.csv", text));
        assert_eq!(ticks.next_trade().unwrap().map(|tick| tick.millis), Some(2));
        assert_eq!(ticks.next_trade().unwrap(), None);
        assert_eq!(ticks.dropped(), 2);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            crate::testing::exhaust::<TradeTick>(&bytes);
            crate::testing::exhaust::<QuoteTick>(&bytes);
        }

        #[test]
        fn text_like_rows_never_panics(text in "[0-9a-fNQ,.\\-\n\r]{0,200}") {
            crate::testing::exhaust::<TradeTick>(text.as_bytes());
            crate::testing::exhaust::<QuoteTick>(text.as_bytes());
        }
    }
}
