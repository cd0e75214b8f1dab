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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, Scratch, recorded_root, session, zip_of};
    use components::market::{Level, Side};
    use components::units::Price;
    use jiff::civil::date;
    use std::path::Path;

    fn open(path: &Path, levels: u32) -> Lobster {
        let messages = Messages::open(path, levels).unwrap();
        Lobster::new(Ticker::new("AMZN").unwrap(), date(2012, 6, 21), messages).unwrap()
    }

    #[test]
    fn executions_are_trades_before_the_book_and_halts_are_halts() {
        let scratch = Scratch::new();
        let messages = "34200.1,1,7,5,90,1\n34200.1,4,7,2,90,1\n34200.2,5,0,1,95,-1\n\
            34200.2500001,7,0,0,-1,-1\n34200.3,7,0,0,0,-1\n34200.4,7,0,0,1,-1\n";
        let books = "99,1,90,5\n99,1,90,3\n99,1,90,3\n99,1,90,3\n99,1,90,3\n99,1,90,3\n";
        let zip = zip_of(&[("A_message_1.csv", messages), ("A_orderbook_1.csv", books)]);
        let mut feed = open(&scratch.write("a.zip", &zip), 1);
        let mut bench = Bench::new(session(date(2012, 6, 21), 16));
        let open = bench.session.open;
        let mut tick = |millis| {
            let events = bench.tick(&mut feed, open.plus_millis(millis)).unwrap();
            let events = events
                .into_iter()
                .filter(|event| event.kind != EventKind::Heartbeat);
            events.collect::<Vec<_>>()
        };
        let first = tick(250);
        assert_eq!(first.len(), 4);
        assert_eq!(first[0].at, open.plus_millis(100));
        let EventKind::Book { book, symbol } = &first[0].kind else {
            panic!()
        };
        let bid = Level {
            price: Price(90),
            size: 5,
        };
        assert_eq!(
            (book.bids[0], book.bids[1], book.at),
            (bid, Level::default(), first[0].at)
        );
        let trade = |price, size, aggressor| EventKind::Trade {
            symbol: *symbol,
            price: Price(price),
            size,
            conditions: 0,
            aggressor: Some(aggressor),
        };
        assert_eq!(first[1].kind, trade(90, 2, Side::Sell));
        assert!(matches!(&first[2].kind, EventKind::Book { book, .. } if book.bids[0].size == 3));
        assert_eq!(first[3].kind, trade(95, 1, Side::Buy));
        let second = tick(500);
        let symbol = *symbol;
        let kinds: Vec<_> = second.iter().map(|event| event.kind.clone()).collect();
        assert_eq!(
            kinds,
            [EventKind::Halted { symbol }, EventKind::Resumed { symbol }]
        );
        assert_eq!(second[0].at, open.plus_nanos(250_000_100));
    }

    #[test]
    fn recorded_executions_hit_the_side_that_their_aggressor_left() {
        let Some(root) = recorded_root() else { return };
        let path = root.join("order_book/LOBSTER_SampleFile_AMZN_2012-06-21_5.zip");
        let mut feed = open(&path, 5);
        let mut bench = Bench::new(session(date(2012, 6, 21), 16));
        let events = bench.whole_session(&mut feed, 250).unwrap();
        assert!(feed.is_exhausted());
        let (mut trades, mut visible, mut books) = (0, 0, 0);
        let mut before: Option<Book> = None;
        for event in &events {
            match &event.kind {
                EventKind::Trade {
                    price, aggressor, ..
                } => {
                    trades += 1;
                    let best = before.map(|book| book.best()).unwrap_or_default();
                    visible += usize::from(match aggressor {
                        Some(Side::Buy) => *price == best.ask,
                        Some(Side::Sell) => *price == best.bid,
                        None => false,
                    });
                }
                EventKind::Book { book, .. } => {
                    books += 1;
                    before = Some(**book);
                }
                _ => {}
            }
        }
        assert_eq!(trades, 8_974 + 2_445);
        // Every visible execution is at the best price of the side it took; hidden ones need not.
        assert!(visible >= 8_974, "{visible}");
        assert!(books > 140_000 && books <= 155_935, "{books}");
    }
}
