//! The order book of a stock, message by message, with its executions as trades.

use super::STREAM_STALE_AFTER_MS;
use super::channel::Channel;
use crate::day::{NEW_YORK, midnight};
use crate::error::Error;
use crate::lobster::{Message, MessageKind, Messages, Sides};
use components::market::{Book, SymbolId, Ticker};
use components::units::Timestamp;
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use jiff::civil::Date;

/// The order book of a stock on a day.
///
/// An execution gives the trade and then the book after it. A book that did not change, as after
/// the execution of a hidden order, is not given again.
#[derive(Debug)]
pub struct Lobster {
    channel: Channel,
    messages: Messages,
    next: Option<(Message, Sides)>,
    shown: Option<Sides>,
}

impl Lobster {
    /// A feed over messages and books.
    ///
    /// # Errors
    /// When the first row of a file cannot be read.
    pub fn new(symbol: Ticker, date: Date, mut messages: Messages) -> Result<Self, Error> {
        let next = messages.next_message()?;
        Ok(Self {
            channel: Channel::new("lobster", symbol, date, midnight(date, NEW_YORK)),
            messages,
            next,
            shown: None,
        })
    }

    fn push(
        &mut self,
        at: Timestamp,
        symbol: SymbolId,
        (message, sides): &(Message, Sides),
        inbox: &mut Inbox,
    ) {
        if message.is_trade() {
            let kind = EventKind::Trade {
                symbol,
                price: message.price,
                size: message.size,
                conditions: 0,
                aggressor: message.aggressor(),
            };
            inbox.push(at, at, kind);
        }
        match message.kind {
            MessageKind::Halted => inbox.push(at, at, EventKind::Halted { symbol }),
            MessageKind::Resumed => inbox.push(at, at, EventKind::Resumed { symbol }),
            _ => {}
        }
        if self.shown.as_ref() != Some(sides) {
            self.shown = Some(*sides);
            let Sides { bids, asks } = *sides;
            let book = Box::new(Book { bids, asks, at });
            inbox.push(at, at, EventKind::Book { symbol, book });
        }
    }
}

impl Feed for Lobster {
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
        let now = self.channel.nanos(tick.now);
        if now < 0 || self.is_exhausted() {
            return Ok(());
        }
        let symbol = self.channel.number(directory)?;
        while let Some(row) = self.next.filter(|(message, _)| message.nanos <= now) {
            let at = self.channel.instant(0).plus_nanos(row.0.nanos);
            self.push(at, symbol, &row, inbox);
            self.next = self.messages.next_message()?;
        }
        if !self.is_exhausted() {
            self.channel.beat(tick, inbox);
        }
        Ok(())
    }

    fn is_exhausted(&self) -> bool {
        self.next.is_none()
    }
}
