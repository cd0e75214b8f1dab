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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{BarFiles, BarsOf, Every};
    use crate::testing::{Bench, recorded_root, session};
    use components::units::{Price, Timestamp};
    use jiff::civil::date;

    const QUOTES: &[u8] = b"34140000,1,2,3,4,5,6,7,8,9,10\n34200000,,,,,0,50,51,49,52,7\n\
        34320000,40,41,39,42,6,,,,,0";
    const TRADES: &[u8] = b"34200000,10,12,9,11,100\n34260000,11,11,11,11,5\n\
        34380000,13,13,13,13,1\n";

    fn minutes() -> LeanBars {
        let tables = BarTables::Stock {
            quotes: Some(Table::in_memory("quotes", QUOTES.to_vec())),
            trades: Some(Table::in_memory("trades", TRADES.to_vec())),
        };
        let symbol = Ticker::new("SPY").unwrap();
        LeanBars::new(symbol, date(2013, 10, 7), 60, tables).unwrap()
    }

    #[test]
    fn nothing_of_a_bar_is_seen_before_its_end() {
        let mut bench = Bench::new(session(date(2013, 10, 7), 16));
        let mut feed = minutes();
        assert_eq!(
            (feed.name(), feed.stale_after_ms()),
            ("lean_bars SPY 2013-10-07", 180_000)
        );
        // The end of each bar in seconds from the open, and its close.
        let ends = [(0, 4), (60, 11), (60, -52), (120, 11), (180, 42), (240, 13)];
        let mut seen = 0;
        for step in 1..=1_000 {
            let now = bench.session.open.plus_millis(step * 250);
            for event in bench.tick(&mut feed, now).unwrap() {
                let close = match event.kind {
                    EventKind::Bar { bar, .. } => bar.close.0,
                    EventKind::Quote { bid, .. } if bid.is_some() => bid.0,
                    EventKind::Quote { ask, .. } => -ask.0,
                    _ => continue,
                };
                let end = bench.session.open.plus_millis(ends[seen].0 * 1_000);
                assert_eq!((event.received, event.at, close), (end, end, ends[seen].1));
                assert!(end <= now && now.nanos_since(end.max(bench.session.open)) <= 250_000_000);
                seen += 1;
            }
            let ended = ends
                .iter()
                .filter(|(end, _)| end * 1_000 <= step * 250)
                .count();
            assert_eq!(seen, ended, "{step}");
        }
        assert!(feed.is_exhausted());
    }

    #[test]
    fn an_empty_side_is_a_quote_without_price_and_size() {
        let mut bench = Bench::new(session(date(2013, 10, 7), 16));
        let close = bench.session.close;
        let events = bench.tick(&mut minutes(), close).unwrap();
        let sides: Vec<_> = events
            .iter()
            .filter_map(|event| match event.kind {
                EventKind::Quote {
                    bid,
                    ask,
                    bid_size,
                    ask_size,
                    ..
                } => Some((bid.0, bid_size, ask.0, ask_size)),
                _ => None,
            })
            .collect();
        assert_eq!(sides, [(4, 5, 9, 10), (0, 0, 52, 7), (42, 6, 0, 0)]);
    }

    #[test]
    fn an_index_counts_from_midnight_in_chicago() {
        let text = b"30600000,3764.61,3769.99,3764.61,3766.63,59\n".to_vec();
        let tables = BarTables::Index(Table::in_memory("spx", text));
        let symbol = Ticker::new("SPX").unwrap();
        let mut feed = LeanBars::new(symbol, date(2021, 1, 4), 60, tables).unwrap();
        let mut bench = Bench::new(session(date(2021, 1, 4), 16));
        let open = bench.session.open;
        let before = bench.tick(&mut feed, open.plus_millis(59_750)).unwrap();
        assert!(
            before
                .iter()
                .all(|event| event.kind == EventKind::Heartbeat)
        );
        let events = bench.tick(&mut feed, open.plus_millis(60_000)).unwrap();
        // 08:30 in Chicago is 09:30 in New York; the bar ends a minute later.
        assert_eq!(events[0].at, open.plus_millis(60_000));
        let symbol = bench.directory.symbol(symbol).unwrap();
        let level = Price(37_666_300);
        assert_eq!(events[0].kind, EventKind::Index { symbol, level });
    }

    fn recorded(dir: &str, symbol: &str, day: Date, of: BarsOf) -> BarFiles {
        BarFiles {
            dir: dir.into(),
            symbol: Ticker::new(symbol).unwrap(),
            date: crate::day::Day(day),
            every: if dir.contains("second") {
                Every::Second
            } else {
                Every::Minute
            },
            of,
        }
    }

    #[test]
    fn recorded_seconds_of_spy_are_never_seen_early() {
        let Some(root) = recorded_root() else { return };
        let set = recorded(
            "equity_tape/second/spy",
            "SPY",
            date(2013, 10, 7),
            BarsOf::Stock,
        );
        let mut feed = set.open(&root).unwrap();
        let mut bench = Bench::new(session(date(2013, 10, 7), 16));
        let events = bench.whole_session(&mut feed, 250).unwrap();
        let count = |wanted: fn(&EventKind) -> bool| {
            events.iter().filter(|event| wanted(&event.kind)).count()
        };
        // Rows that began before 16:00, counted with awk over the files.
        assert_eq!(
            count(|kind| matches!(kind, EventKind::Quote { .. })),
            QUOTE_SECONDS
        );
        assert_eq!(
            count(|kind| matches!(kind, EventKind::Bar { .. })),
            TRADE_SECONDS
        );
        assert!(events.iter().all(|event| event.at == event.received));
        let whole = |at: Timestamp| at.0 % 1_000_000_000 == 0;
        let bars = events
            .iter()
            .filter(|event| event.kind != EventKind::Heartbeat);
        assert!(bars.into_iter().all(|event| whole(event.at)));
    }

    const QUOTE_SECONDS: usize = 25181;
    const TRADE_SECONDS: usize = 15536;

    #[test]
    fn recorded_index_of_spx_begins_at_the_open_in_new_york() {
        let Some(root) = recorded_root() else { return };
        let dir = "options_intraday/spxw/index_minute";
        let set = recorded(dir, "SPX", date(2021, 1, 4), BarsOf::Index);
        let mut feed = set.open(&root).unwrap();
        let mut bench = Bench::new(session(date(2021, 1, 4), 16));
        let events = bench.whole_session(&mut feed, 60_000).unwrap();
        let first = events
            .iter()
            .find(|event| event.kind != EventKind::Heartbeat)
            .unwrap();
        assert_eq!(first.at, bench.session.open.plus_millis(60_000));
        assert!(matches!(first.kind, EventKind::Index { level, .. } if level == Price(37_666_300)));
    }
}
