//! The trades and the national best bid and offer of a stock, tick by tick.
//!
//! At equal milliseconds trades come before quotes: a trade is to be judged against the quote that
//! stood before it.

use super::STREAM_STALE_AFTER_MS;
use super::channel::Channel;
use crate::day::{NEW_YORK, midnight};
use crate::error::Error;
use crate::lean::{Nbbo, NbboStates, QuoteTick, Suspicious, TradeTick, TradeTicks};
use crate::table::Table;
use components::market::{SymbolId, Ticker};
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use jiff::civil::Date;

/// The ticks of a stock on a day.
///
/// Rows that the tape flags as suspicious are left out and counted. Trades carry their condition
/// bits; who wants regular trades only filters by them.
#[derive(Debug)]
pub struct LeanTicks {
    channel: Channel,
    quotes: Option<NbboStates>,
    trades: Option<TradeTicks>,
    next_quote: Option<Nbbo>,
    next_trade: Option<TradeTick>,
}

impl LeanTicks {
    /// A feed over the rows of a quote file, a trade file, or both.
    ///
    /// # Errors
    /// When the first row of a file cannot be read.
    pub fn new(
        symbol: Ticker,
        date: Date,
        quotes: Option<Table<QuoteTick>>,
        trades: Option<Table<TradeTick>>,
    ) -> Result<Self, Error> {
        let mut feed = Self {
            channel: Channel::new("lean_ticks", symbol, date, midnight(date, NEW_YORK)),
            quotes: quotes.map(NbboStates::new),
            trades: trades.map(TradeTicks::new),
            next_quote: None,
            next_trade: None,
        };
        feed.next_quote = feed.read_quote()?;
        feed.next_trade = feed.read_trade()?;
        Ok(feed)
    }

    /// A feed over unpacked files in memory.
    ///
    /// # Errors
    /// When the first row of a file cannot be read.
    pub fn in_memory(
        symbol: Ticker,
        date: Date,
        quotes: Option<Vec<u8>>,
        trades: Option<Vec<u8>>,
    ) -> Result<Self, Error> {
        let quotes = quotes.map(|bytes| Table::in_memory("quotes in memory", bytes));
        let trades = trades.map(|bytes| Table::in_memory("trades in memory", bytes));
        Self::new(symbol, date, quotes, trades)
    }

    /// Rows left out so far because the tape flags them as suspicious.
    #[must_use]
    pub fn suspicious(&self) -> Suspicious {
        Suspicious {
            quotes: self.quotes.as_ref().map_or(0, NbboStates::dropped),
            trades: self.trades.as_ref().map_or(0, TradeTicks::dropped),
        }
    }

    #[inline]
    fn read_quote(&mut self) -> Result<Option<Nbbo>, Error> {
        self.quotes
            .as_mut()
            .map_or(Ok(None), NbboStates::next_state)
    }

    #[inline]
    fn read_trade(&mut self) -> Result<Option<TradeTick>, Error> {
        self.trades
            .as_mut()
            .map_or(Ok(None), TradeTicks::next_trade)
    }

    #[inline]
    fn push_quote(&self, symbol: SymbolId, quote: &Nbbo, inbox: &mut Inbox) {
        let at = self.channel.instant(quote.millis);
        inbox.push(
            at,
            at,
            EventKind::Quote {
                symbol,
                bid: quote.bid,
                ask: quote.ask,
                bid_size: quote.bid_size,
                ask_size: quote.ask_size,
            },
        );
    }

    #[inline]
    fn push_trade(&self, symbol: SymbolId, trade: &TradeTick, inbox: &mut Inbox) {
        let at = self.channel.instant(trade.millis);
        inbox.push(
            at,
            at,
            EventKind::Trade {
                symbol,
                price: trade.price,
                size: trade.size,
                conditions: trade.conditions,
                aggressor: None,
            },
        );
    }

    fn report_end(&self) {
        let Suspicious { quotes, trades } = self.suspicious();
        if quotes + trades > 0 {
            let feed = self.channel.name.as_str();
            tracing::info!(feed, quotes, trades, "left out ticks flagged as suspicious");
        }
    }
}

impl Feed for LeanTicks {
    fn name(&self) -> &str {
        &self.channel.name
    }

    fn stale_after_ms(&self) -> i64 {
        STREAM_STALE_AFTER_MS
    }

    fn list(&mut self, tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        self.channel.list(tick, listings);
        Ok(())
    }

    fn drain(
        &mut self,
        tick: &Tick,
        directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        let now = self.channel.millis(tick.now);
        if now < 0 || self.is_exhausted() {
            return Ok(());
        }
        let symbol = self.channel.number(directory)?;
        loop {
            let quote_millis = self.next_quote.map_or(i64::MAX, |quote| quote.millis);
            match self.next_trade {
                Some(trade) if trade.millis <= now && trade.millis <= quote_millis => {
                    self.push_trade(symbol, &trade, inbox);
                    self.next_trade = self.read_trade()?;
                }
                _ => match self.next_quote {
                    Some(quote) if quote.millis <= now => {
                        self.push_quote(symbol, &quote, inbox);
                        self.next_quote = self.read_quote()?;
                    }
                    _ => break,
                },
            }
        }
        if self.is_exhausted() {
            self.report_end();
        } else {
            self.channel.beat(tick, inbox);
        }
        Ok(())
    }

    fn is_exhausted(&self) -> bool {
        self.next_quote.is_none() && self.next_trade.is_none()
    }
}
