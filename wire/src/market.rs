//! Quotes, trades and books as they leave.

use crate::symbol::Symbol;
use core::fmt;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// What an underlying trades at: the payload of `market:{symbol}:ticker`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Market {
    /// The best bid.
    pub bid_usd: Option<f64>,
    /// The best ask.
    pub ask_usd: Option<f64>,
    /// Shares at the bid.
    pub bid_size: u32,
    /// Shares at the ask.
    pub ask_size: u32,
    /// What the two sides say together.
    pub quote: QuoteState,
    /// Ask minus bid, negative when crossed.
    pub spread_usd: Option<f64>,
    /// The price of the last trade.
    pub last_usd: Option<f64>,
    /// Shares of the last trade.
    pub last_size: u32,
    /// Shares traded since the session began.
    pub day_volume: u64,
    /// The price that analytics use.
    pub spot_usd: Option<f64>,
    /// What the spot was taken from.
    pub spot_source: SpotSource,
    /// The newest of the times at which the exchange showed quote, trade or spot.
    pub at_ms: Option<i64>,
}

/// What all underlyings trade at: the payload of `market:tickers`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tickers {
    /// The ticker of each symbol that has one.
    pub tickers: BTreeMap<Symbol, Market>,
}

/// What can be read off a quote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuoteState {
    /// Neither side has a quote.
    #[default]
    NoData,
    /// One side has a quote.
    OneSided,
    /// The bid is above the ask.
    Crossed,
    /// The bid equals the ask.
    Locked,
    /// The bid is below the ask.
    Ok,
}

/// What a spot price was taken from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// An order book: the payload of `market:{symbol}:book`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Book {
    /// Bids, highest first.
    pub bids: Levels,
    /// Asks, lowest first.
    pub asks: Levels,
    /// When the exchange showed it.
    pub at_ms: Option<i64>,
}

/// The most levels a side of a book shows.
pub const BOOK_LEVELS: usize = 10;

/// The levels of one side, best first; in JSON pairs of price in dollars and size in shares.
#[derive(Clone, Copy, Default)]
pub struct Levels {
    levels: [(f64, u32); BOOK_LEVELS],
    length: usize,
}

impl Levels {
    /// Adds the next worse level; beyond the tenth it is left out.
    #[inline]
    pub fn push(&mut self, price_usd: f64, size: u32) {
        if let Some(level) = self.levels.get_mut(self.length) {
            *level = (price_usd, size);
            self.length += 1;
        }
    }

    /// Price in dollars and size in shares of each level, best first.
    #[must_use]
    pub fn as_slice(&self) -> &[(f64, u32)] {
        &self.levels[..self.length]
    }
}

impl PartialEq for Levels {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl Serialize for Levels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_slice().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Levels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(LevelsVisitor)
    }
}

struct LevelsVisitor;

impl<'de> Visitor<'de> for LevelsVisitor {
    type Value = Levels;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "up to {BOOK_LEVELS} pairs of price and size")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pairs: A) -> Result<Levels, A::Error> {
        let mut levels = Levels::default();
        while let Some((price_usd, size)) = pairs.next_element()? {
            if levels.length == BOOK_LEVELS {
                return Err(serde::de::Error::invalid_length(BOOK_LEVELS + 1, &self));
            }
            levels.push(price_usd, size);
        }
        Ok(levels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_is_pairs_and_comes_back_as_it_was() {
        let mut book = Book {
            at_ms: Some(5),
            ..Book::default()
        };
        book.bids.push(10.01, 300);
        book.bids.push(10.0, 1);
        let json = serde_json::to_string(&book).unwrap();
        assert_eq!(
            json,
            r#"{"bids":[[10.01,300],[10.0,1]],"asks":[],"at_ms":5}"#
        );
        assert_eq!(serde_json::from_str::<Book>(&json).unwrap(), book);
    }

    #[test]
    fn levels_are_bounded_both_ways() {
        let mut levels = Levels::default();
        for size in 0..12 {
            levels.push(1.0, size);
        }
        assert_eq!(levels.as_slice().len(), BOOK_LEVELS);
        let long = serde_json::to_string(&vec![(1.0, 1); 11]).unwrap();
        assert!(serde_json::from_str::<Levels>(&long).is_err());
    }

    #[test]
    fn what_is_not_known_is_null() {
        let json = serde_json::to_string(&Market::default()).unwrap();
        assert!(json.contains(r#""bid_usd":null"#) && json.contains(r#""quote":"no_data""#));
    }
}
