//! Bars of a stock or an index by the second or the minute.

use super::channel::Channel;
use crate::day::{CHICAGO, NEW_YORK, midnight};
use crate::error::Error;
use crate::lean::{IndexBar, QuoteBar, TradeBar};
use crate::table::{Record, Table};
use components::market::{SymbolId, Ticker};
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::{Bar, EventKind};
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use jiff::civil::Date;

/// The files of a day of bars.
#[derive(Debug)]
pub enum BarTables {
    /// Bars of quotes, of trades, or both, in New York time.
    Stock {
        /// Bars of quotes.
        quotes: Option<Table<QuoteBar>>,
        /// Bars of trades.
        trades: Option<Table<TradeBar>>,
    },
    /// Bars of the levels of an index, in Chicago time.
    Index(Table<IndexBar>),
}

/// The bars of a stock or an index on a day; each is visible at its end, as its close.
#[derive(Debug)]
pub struct LeanBars {
    channel: Channel,
    seconds: u32,
    quotes: Option<Pending<QuoteBar>>,
    trades: Option<Pending<TradeBar>>,
    levels: Option<Pending<IndexBar>>,
}

impl LeanBars {
    /// A feed over bars of `seconds` seconds.
    ///
    /// # Errors
    /// When the first row of a file cannot be read.
    pub fn new(symbol: Ticker, date: Date, seconds: u32, tables: BarTables) -> Result<Self, Error> {
        let zone = match tables {
            BarTables::Stock { .. } => NEW_YORK,
            BarTables::Index(_) => CHICAGO,
        };
        let mut feed = Self {
            channel: Channel::new("lean_bars", symbol, date, midnight(date, zone)),
            seconds,
            quotes: None,
            trades: None,
            levels: None,
        };
        match tables {
            BarTables::Stock { quotes, trades } => {
                feed.quotes = quotes.map(Pending::new).transpose()?;
                feed.trades = trades.map(Pending::new).transpose()?;
            }
            BarTables::Index(levels) => feed.levels = Some(Pending::new(levels)?),
        }
        Ok(feed)
    }

    /// Hands over the bars that began at `start`: trades first, then quotes.
    fn push(&mut self, start: i64, symbol: SymbolId, inbox: &mut Inbox) -> Result<(), Error> {
        let end = self
            .channel
            .instant(start + i64::from(self.seconds) * 1_000);
        if let Some(bar) = take_at(&mut self.trades, start)? {
            let bar = bar_of(&bar, self.seconds);
            inbox.push(end, end, EventKind::Bar { symbol, bar });
        } else if let Some(bar) = take_at(&mut self.levels, start)? {
            let level = bar.close;
            inbox.push(end, end, EventKind::Index { symbol, level });
        } else if let Some(bar) = take_at(&mut self.quotes, start)? {
            let kind = EventKind::Quote {
                symbol,
                bid: bar.bid.close,
                ask: bar.ask.close,
                bid_size: bar.bid.last_size,
                ask_size: bar.ask.last_size,
            };
            inbox.push(end, end, kind);
        }
        Ok(())
    }

    /// The start of the earliest bar not handed over yet.
    fn next_start(&self) -> Option<i64> {
        let quote = self.quotes.as_ref().and_then(Pending::start);
        let trade = self.trades.as_ref().and_then(Pending::start);
        let level = self.levels.as_ref().and_then(Pending::start);
        [quote, trade, level].into_iter().flatten().min()
    }
}

/// The bar as the engine knows it.
pub(super) fn bar_of(bar: &TradeBar, seconds: u32) -> Bar {
    Bar {
        open: bar.open,
        high: bar.high,
        low: bar.low,
        close: bar.close,
        volume: bar.volume,
        seconds,
    }
}

impl Feed for LeanBars {
    fn name(&self) -> &str {
        &self.channel.name
    }

    /// Three bars.
    fn stale_after_ms(&self) -> i64 {
        3 * i64::from(self.seconds) * 1_000
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
        let last_start = now - i64::from(self.seconds) * 1_000;
        while let Some(start) = self.next_start().filter(|start| *start <= last_start) {
            self.push(start, symbol, inbox)?;
        }
        if !self.is_exhausted() {
            self.channel.beat(tick, inbox);
        }
        Ok(())
    }

    fn is_exhausted(&self) -> bool {
        self.next_start().is_none()
    }
}

/// A table with its next row in hand.
#[derive(Debug)]
struct Pending<T> {
    table: Table<T>,
    next: Option<T>,
}

impl<T: Record> Pending<T> {
    fn new(mut table: Table<T>) -> Result<Self, Error> {
        let next = table.next_row()?;
        Ok(Self { table, next })
    }

    fn start(&self) -> Option<i64> {
        self.next.as_ref().map(Record::stamp)
    }
}

/// Takes the next row if it began at `start`.
fn take_at<T: Record>(pending: &mut Option<Pending<T>>, start: i64) -> Result<Option<T>, Error> {
    match pending {
        Some(pending) if pending.start() == Some(start) => {
            let after = pending.table.next_row()?;
            Ok(std::mem::replace(&mut pending.next, after))
        }
        _ => Ok(None),
    }
}
