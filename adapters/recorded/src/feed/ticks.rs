//! The trades and the national best bid and offer of a stock, tick by tick.
//!
//! At equal milliseconds trades come before quotes: a trade is to be judged against the quote that
//! stood before it.

use super::STREAM_STALE_AFTER_MS;
use super::channel::Channel;
use crate::day::{NEW_YORK, midnight};
use crate::error::Error;
use crate::lean::{NbboStates, QuoteTick, Suspicious, TradeTick, TradeTicks};
use crate::table::Table;
use components::market::{SymbolId, Ticker};
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::{EventKind, OFF_EXCHANGE};
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use jiff::civil::Date;

/// The time of what does not come any more.
const NEVER: i64 = i64::MAX;

/// The ticks of a stock on a day.
///
/// Rows that the tape flags as suspicious are left out and counted. Trades carry their condition
/// bits; who wants regular trades only filters by them.
#[derive(Debug)]
pub struct LeanTicks {
    channel: Channel,
    quotes: Option<NbboStates>,
    trades: Option<TradeTicks>,
    /// When the state that `quotes` stands at is due; [`NEVER`] after the last.
    quote_millis: i64,
    next_trade: Option<TradeTick>,
    /// When that trade is due.
    trade_millis: i64,
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
            quote_millis: NEVER,
            next_trade: None,
            trade_millis: NEVER,
        };
        feed.read_quote()?;
        feed.read_trade()?;
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
    fn read_quote(&mut self) -> Result<(), Error> {
        self.quote_millis = NEVER;
        if let Some(quotes) = &mut self.quotes
            && quotes.advance()?
        {
            self.quote_millis = quotes.state().millis;
        }
        Ok(())
    }

    #[inline]
    fn read_trade(&mut self) -> Result<(), Error> {
        let trades = self.trades.as_mut();
        self.next_trade = trades.map_or(Ok(None), TradeTicks::next_trade)?;
        self.trade_millis = self.next_trade.map_or(NEVER, |trade| trade.millis);
        Ok(())
    }

    #[inline]
    fn push_quote(&self, symbol: SymbolId, inbox: &mut Inbox) {
        let Some(quote) = self.quotes.as_ref().map(NbboStates::state) else {
            return;
        };
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
    fn push_trade(&self, symbol: SymbolId, inbox: &mut Inbox) {
        let Some(trade) = &self.next_trade else {
            return;
        };
        let at = self.channel.instant(trade.millis);
        inbox.push(
            at,
            at,
            EventKind::Trade {
                symbol,
                price: trade.price,
                size: trade.size,
                conditions: trade.conditions | off_exchange(trade.exchange),
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
            if self.trade_millis <= now.min(self.quote_millis) {
                self.push_trade(symbol, inbox);
                self.read_trade()?;
            } else if self.quote_millis <= now {
                self.push_quote(symbol, inbox);
                self.read_quote()?;
            } else {
                break;
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
        self.quote_millis == NEVER && self.trade_millis == NEVER
    }
}

/// The bit of trades that carry the letter of the reporting facilities of FINRA.
fn off_exchange(exchange: u8) -> u32 {
    if exchange == b'D' { OFF_EXCHANGE } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::testing::{Bench, Scratch, recorded_root, session, zip_of};
    use jiff::civil::date;
    use std::path::Path;

    const QUOTES: &str = "14400000,0,0,95,6,P,1,0\n\
        34200100,90,5,0,0,Q,1,0\n34200100,0,0,91,6,P,1,0\n\
        34200100,89,5,0,0,Q,1,0\n34200100,0,0,91,7,P,1,0\n\
        34200900,1,1,0,0,Q,1,1\n57700000,0,0,99,1,P,1,0";
    const TRADES: &str = "34200100,91,100,N,20,0\n34200100,91,50,N,0,0\n34200250,7,1,N,0,1\n\
        34200251,92,30,N,0,0\n";

    fn feed() -> LeanTicks {
        let (quotes, trades) = (QUOTES.as_bytes().to_vec(), TRADES.as_bytes().to_vec());
        let symbol = Ticker::new("IBM").unwrap();
        LeanTicks::in_memory(symbol, date(2013, 10, 7), Some(quotes), Some(trades)).unwrap()
    }

    fn kinds(events: &[engine::event::Event]) -> Vec<(i64, i64)> {
        let midnight = midnight(date(2013, 10, 7), NEW_YORK);
        let mut found = Vec::new();
        for event in events {
            assert_eq!(event.received, event.at);
            let millis = event.at.nanos_since(midnight) / 1_000_000;
            match &event.kind {
                EventKind::Quote { bid, ask, .. } => found.push((millis, bid.0 * 1000 + ask.0)),
                EventKind::Trade { size, .. } => found.push((millis, -i64::from(*size))),
                EventKind::Heartbeat => found.push((millis, 0)),
                other => panic!("{other:?}"),
            }
        }
        found
    }

    #[test]
    fn ticks_come_at_their_time_with_trades_before_the_quotes_of_their_millisecond() {
        let mut bench = Bench::new(session(date(2013, 10, 7), 16));
        let mut feed = feed();
        assert_eq!(feed.name(), "lean_ticks IBM 2013-10-07");
        let open = bench.session.open;
        let before = bench
            .tick(&mut feed, open.plus_millis(-20_000_000))
            .unwrap();
        assert!(before.is_empty(), "the day before");
        let first = bench.tick(&mut feed, open.plus_millis(250)).unwrap();
        let expected = [
            (14_400_000, 95),
            (34_200_100, -100),
            (34_200_100, -50),
            (34_200_100, 90_091),
            (34_200_100, 89_091),
            (34_200_250, 0),
        ];
        assert_eq!(kinds(&first), expected);
        let second = bench.tick(&mut feed, open.plus_millis(500)).unwrap();
        assert_eq!(kinds(&second), [(34_200_251, -30)]);
        let suspicious = Suspicious {
            quotes: 1,
            trades: 1,
        };
        assert_eq!(feed.suspicious(), suspicious);
        assert!(!feed.is_exhausted());
        let rest = bench.tick(&mut feed, open.plus_millis(24_000_000)).unwrap();
        assert_eq!(kinds(&rest), [(57_700_000, 89_099)]);
        assert!(feed.is_exhausted());
    }

    #[test]
    fn trades_of_the_reporting_facilities_are_marked_as_off_exchange() {
        let trades = "34200100,91,100,D,20,0\n34200100,91,50,N,20,0\n";
        let symbol = Ticker::new("IBM").unwrap();
        let day = date(2013, 10, 7);
        let mut feed = LeanTicks::in_memory(symbol, day, None, Some(trades.into())).unwrap();
        let mut bench = Bench::new(session(day, 16));
        let open = bench.session.open;
        let events = bench.tick(&mut feed, open.plus_millis(250)).unwrap();
        let conditions: Vec<u32> = events
            .iter()
            .filter_map(|event| match event.kind {
                EventKind::Trade { conditions, .. } => Some(conditions),
                _ => None,
            })
            .collect();
        assert_eq!(conditions, [0x20 | OFF_EXCHANGE, 0x20]);
    }

    #[test]
    fn a_quiet_feed_beats_each_second_of_its_own_session() {
        let mut bench = Bench::new(session(date(2013, 10, 7), 16));
        let mut quiet = feed();
        let open = bench.session.open;
        let beats = |events: Vec<engine::event::Event>| {
            events
                .iter()
                .filter(|event| event.kind == EventKind::Heartbeat)
                .count()
        };
        let mut count = 0;
        for step in 1..=40 {
            count += beats(
                bench
                    .tick(&mut quiet, open.plus_millis(step * 250))
                    .unwrap(),
            );
        }
        assert_eq!(count, 10);
        let after = bench.session.close.plus_millis(250);
        assert_eq!(beats(bench.tick(&mut quiet, after).unwrap()), 0);
        let mut other_day = Bench::new(session(date(2013, 10, 8), 16));
        other_day.directory = bench.directory;
        let tomorrow = other_day.session.open.plus_millis(250);
        assert_eq!(beats(other_day.tick(&mut feed(), tomorrow).unwrap()), 0);
    }

    #[test]
    fn a_bad_row_is_an_error_when_it_is_reached() {
        let scratch = Scratch::new();
        let text = "34200000,1,1,N,0,0\n34201000,one,1,N,0,0\n";
        scratch.write("20131007_trade.zip", &zip_of(&[("t.csv", text)]));
        let set = format!(
            r#"{{"lean_ticks": {{"dir": {:?}, "symbol": "IBM", "date": "2013-10-07"}}}}"#,
            scratch.path()
        );
        let source: Source = serde_json::from_str(&set).unwrap();
        let mut feeds = source.open(Path::new("unused")).unwrap();
        let mut bench = Bench::new(session(date(2013, 10, 7), 16));
        let error = bench
            .whole_session(feeds[0].as_mut(), 250)
            .unwrap_err()
            .to_string();
        let place = "20131007_trade.zip#t.csv, line 2, column 2: found \"one\"";
        assert!(error.contains(place), "{error}");
    }

    #[test]
    fn recorded_quotes_make_the_states_of_the_readme() {
        let Some(root) = recorded_root() else { return };
        for (symbol, expected) in [
            ("IBM", [53_999, 320, 42]),
            ("AIG", [539_683, 13_880, 95]),
            ("BAC", [236_126, 4_244, 0]),
        ] {
            let bench = Bench::new(session(date(2013, 10, 7), 16));
            let mut counts = [0, 0, 0];
            for event in regular_events(&root, symbol, bench) {
                if let EventKind::Quote { bid, ask, .. } = event.kind {
                    counts[0] += 1;
                    counts[1] += usize::from(bid == ask);
                    counts[2] += usize::from(bid > ask);
                }
            }
            assert_eq!(counts, expected, "{symbol}");
        }
    }

    /// What the regular session 09:30 <= t < 16:00 brings.
    fn regular_events(root: &Path, symbol: &str, mut bench: Bench) -> Vec<engine::event::Event> {
        let set = crate::source::TickFiles {
            dir: format!("equity_tape/tick/{}", symbol.to_lowercase()).into(),
            symbol: Ticker::new(symbol).unwrap(),
            date: crate::day::Day(bench.session.date),
        };
        let mut feed = set.open(root).unwrap();
        let session = bench.session;
        let mut events = bench.whole_session(&mut feed, 60_000).unwrap();
        let in_order = events.is_sorted_by_key(|event| event.received);
        assert!(in_order, "a feed's own order is that of time");
        events.retain(|event| event.at >= session.open && event.at < session.close);
        events
    }

    #[test]
    fn recorded_trades_of_spy_have_the_sums_of_the_readme() {
        let Some(root) = recorded_root() else { return };
        let path = root.join("equity_tape/tick/spy/20131007_trade.zip");
        let mut table = Table::<TradeTick>::open(&path).unwrap();
        let (mut count, mut shares, mut sweeps) = (0, 0, 0);
        while let Some(tick) = table.next_row().unwrap() {
            count += 1;
            shares += u64::from(tick.size);
            sweeps += u32::from(tick.conditions & 0x20 != 0);
        }
        assert_eq!((count, shares, sweeps), (250_601, 97_062_721, 121_436));
    }

    #[test]
    fn recorded_tick_files_have_the_rows_of_the_readme() {
        let Some(root) = recorded_root() else { return };
        let days = ["20131007", "20131008", "20131009"];
        for (symbol, quotes, trades) in [
            (
                "aig",
                [1_079_935, 1_118_140, 1_424_012],
                [25_351, 43_342, 52_008],
            ),
            (
                "bac",
                [476_855, 576_096, 644_880],
                [88_172, 125_872, 122_832],
            ),
            ("ibm", [109_067, 125_750, 135_492], [24_293, 33_381, 27_042]),
        ] {
            for (index, day) in days.iter().enumerate() {
                let path = |kind| root.join(format!("equity_tape/tick/{symbol}/{day}_{kind}.zip"));
                assert_eq!(
                    rows::<QuoteTick>(&path("quote")),
                    quotes[index],
                    "{symbol} {day}"
                );
                assert_eq!(
                    rows::<TradeTick>(&path("trade")),
                    trades[index],
                    "{symbol} {day}"
                );
            }
        }
    }

    fn rows<T: crate::table::Record>(path: &Path) -> usize {
        let mut table = Table::<T>::open(path).unwrap();
        std::iter::from_fn(|| table.next_row().unwrap()).count()
    }
}
