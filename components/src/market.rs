//! What the market shows of an instrument: quotes, trades, books, spot.

use crate::units::{Price, Timestamp};
use bevy_ecs::prelude::Component;
use core::fmt;
use serde::{Deserialize, Serialize};

/// The number of an underlying: dense, in order of first appearance in the journal.
#[derive(
    Component, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SymbolId(pub u32);

/// The most characters a ticker has.
pub const TICKER_LENGTH_MAX: usize = 8;

/// A ticker symbol of up to 8 characters, held in place so that it is copied and compared as a number.
#[derive(Component, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ticker([u8; TICKER_LENGTH_MAX]);

impl Ticker {
    /// The ticker written as `text`.
    ///
    /// # Errors
    /// When it is empty, longer than 8, or holds anything but `A-Z`, `0-9`, `.`, `-`, `/`, `^`.
    pub fn new(text: &str) -> Result<Self, TickerError> {
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b".-/^".contains(&b);
        if text.is_empty() || text.len() > TICKER_LENGTH_MAX || !text.bytes().all(allowed) {
            return Err(TickerError {
                found: text.chars().take(32).collect(),
            });
        }
        let mut bytes = [0; TICKER_LENGTH_MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self(bytes))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let length = self
            .0
            .iter()
            .position(|b| *b == 0)
            .unwrap_or(TICKER_LENGTH_MAX);
        core::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }
}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticker({})", self.as_str())
    }
}

impl fmt::Display for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl TryFrom<String> for Ticker {
    type Error = TickerError;

    fn try_from(text: String) -> Result<Self, TickerError> {
        Self::new(&text)
    }
}

impl From<Ticker> for String {
    fn from(ticker: Ticker) -> Self {
        ticker.as_str().to_owned()
    }
}

/// A text that is no ticker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickerError {
    /// The text, cut to 32 characters.
    pub found: String,
}

impl fmt::Display for TickerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ticker \"{}\" must be 1 to {TICKER_LENGTH_MAX} of A-Z, 0-9, '.', '-', '/', '^'",
            self.found
        )
    }
}

impl core::error::Error for TickerError {}

/// Who a book level or an order belongs to, or who began a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The buyer.
    Buy,
    /// The seller.
    Sell,
}

impl Side {
    /// +1 for a buy, -1 for a sell.
    #[must_use]
    pub fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }

    /// The other side.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// The word in files and transcripts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

/// The best bid and ask. A side without a quote has the price [`Price::NONE`] and size 0.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[component(summary_tick)]
pub struct Quote {
    /// The best bid.
    pub bid: Price,
    /// The best ask.
    pub ask: Price,
    /// Shares or contracts at the bid.
    pub bid_size: u32,
    /// Shares or contracts at the ask.
    pub ask_size: u32,
    /// When the exchange showed it; [`Timestamp::NEVER`] before the first.
    pub at: Timestamp,
}

impl Default for Quote {
    fn default() -> Self {
        Self {
            bid: Price::NONE,
            ask: Price::NONE,
            bid_size: 0,
            ask_size: 0,
            at: Timestamp::NEVER,
        }
    }
}

/// What can be read off a quote or the top of a book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum QuoteState {
    /// Neither side has a quote.
    #[default]
    NoData,
    /// One side has a quote.
    OneSided,
    /// The bid is above the ask: values derived from it are refused.
    Crossed,
    /// The bid equals the ask.
    Locked,
    /// The bid is below the ask.
    TwoSided,
}

impl QuoteState {
    /// The name in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoData => "no_data",
            Self::OneSided => "one_sided",
            Self::Crossed => "crossed",
            Self::Locked => "locked",
            Self::TwoSided => "ok",
        }
    }
}

impl Quote {
    /// What the two sides say together.
    #[must_use]
    pub fn state(&self) -> QuoteState {
        match (self.bid.is_some(), self.ask.is_some()) {
            (false, false) => QuoteState::NoData,
            (true, true) if self.bid > self.ask => QuoteState::Crossed,
            (true, true) if self.bid == self.ask => QuoteState::Locked,
            (true, true) => QuoteState::TwoSided,
            _ => QuoteState::OneSided,
        }
    }

    /// The midpoint in dollars, or `None` unless the quote is two-sided or locked.
    #[must_use]
    pub fn mid_dollars(&self) -> Option<f64> {
        matches!(self.state(), QuoteState::TwoSided | QuoteState::Locked)
            .then(|| (self.bid.0 + self.ask.0) as f64 / 20_000.0)
    }

    /// Ask minus bid, or `None` unless both are there.
    #[must_use]
    pub fn spread(&self) -> Option<Price> {
        (self.bid.is_some() && self.ask.is_some()).then(|| Price(self.ask.0 - self.bid.0))
    }
}

/// The last trade of an instrument and what it has traded today.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastTrade {
    /// The last price; [`Price::NONE`] before the first trade.
    pub price: Price,
    /// Shares or contracts of the last trade.
    pub size: u32,
    /// When it took place.
    pub at: Timestamp,
    /// Shares or contracts traded since the session began.
    pub day_volume: u64,
}

impl Default for LastTrade {
    fn default() -> Self {
        Self {
            price: Price::NONE,
            size: 0,
            at: Timestamp::NEVER,
            day_volume: 0,
        }
    }
}

/// A price level of a book. Size 0 is an empty level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// The price.
    pub price: Price,
    /// Shares at the price.
    pub size: u32,
}

/// Levels a side of a book keeps.
pub const BOOK_LEVELS: usize = 10;

/// An order book, best levels first.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// Bids, highest first.
    pub bids: [Level; BOOK_LEVELS],
    /// Asks, lowest first.
    pub asks: [Level; BOOK_LEVELS],
    /// When the exchange showed it; [`Timestamp::NEVER`] before the first.
    pub at: Timestamp,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            bids: [Level::default(); BOOK_LEVELS],
            asks: [Level::default(); BOOK_LEVELS],
            at: Timestamp::NEVER,
        }
    }
}

impl Book {
    /// The best bid and ask as a quote.
    #[must_use]
    pub fn best(&self) -> Quote {
        Quote {
            bid: self.bids[0].price,
            ask: self.asks[0].price,
            bid_size: self.bids[0].size,
            ask_size: self.asks[0].size,
            at: self.at,
        }
    }
}

/// The price of an underlying that analytics use.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(summary_tick)]
pub struct Spot {
    /// Dollars; 0 before the first price.
    pub dollars: f64,
    /// Where it came from.
    pub source: SpotSource,
    /// When its input was stamped.
    pub at: Timestamp,
}

impl Default for Spot {
    fn default() -> Self {
        Self {
            dollars: 0.0,
            source: SpotSource::None,
            at: Timestamp::NEVER,
        }
    }
}

impl Spot {
    /// The price in dollars, or `None` before the first.
    #[must_use]
    pub fn get(&self) -> Option<f64> {
        (self.dollars > 0.0).then_some(self.dollars)
    }
}

/// What a spot price was taken from, the better source last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpotSource {
    /// Nothing yet.
    #[default]
    None,
    /// The last trade or the close of the last bar.
    Trade,
    /// The top of the order book.
    Book,
    /// The midpoint of the best bid and ask.
    Quote,
    /// The published level of an index.
    Index,
}

/// Whether trading in an underlying is halted.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradingHalt {
    /// Halted now.
    pub halted: bool,
    /// When that last changed.
    pub since: Timestamp,
}

impl Default for TradingHalt {
    fn default() -> Self {
        Self {
            halted: false,
            since: Timestamp::NEVER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(bid: i64, ask: i64) -> Quote {
        Quote {
            bid: Price(bid),
            ask: Price(ask),
            ..Quote::default()
        }
    }

    #[test]
    fn a_quote_is_a_state_before_it_is_a_price() {
        assert_eq!(quote(0, 0).state(), QuoteState::NoData);
        assert_eq!(quote(0, 500).state(), QuoteState::OneSided);
        assert_eq!(quote(600, 500).state(), QuoteState::Crossed);
        assert_eq!(quote(500, 500).state(), QuoteState::Locked);
        assert_eq!(quote(400, 500).mid_dollars(), Some(0.045));
        assert_eq!(quote(600, 500).mid_dollars(), None);
    }

    #[test]
    fn tickers_keep_their_text_and_refuse_the_rest() {
        assert_eq!(
            Ticker::new("BRK.B").map(|t| t.to_string()),
            Ok("BRK.B".to_owned())
        );
        assert!(Ticker::new("").is_err());
        assert!(Ticker::new("TOOLONGNAME").is_err());
        assert!(Ticker::new("spy").is_err());
        assert_eq!(format!("{:<6}|", Ticker::new("SPY").unwrap()), "SPY   |");
    }
}
