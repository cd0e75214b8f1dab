//! An option chain by the minute, with its open interest and its underlying.
//!
//! Nothing streams here: a day is loaded whole and merged ([`super::day_rows`]).

use super::channel::Channel;
use super::day_rows::{DayRows, MINUTE_MS, Row, What};
use crate::day::{Day, NEW_YORK, midnight};
use crate::error::Error;
use components::contract::{ContractId, OptionTerms};
use components::market::{SymbolId, Ticker};
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use std::path::Path;

/// The day of a chain; bars are visible at their end, as their close.
#[derive(Debug)]
pub struct LeanOptionDay {
    channel: Channel,
    day: DayRows,
    /// The numbers of the contracts, by their place in the chain; empty before the first drain.
    numbers: Vec<ContractId>,
    next: usize,
}

impl LeanOptionDay {
    /// Loads the day `date` of the chain on `underlying` from the folder `dir`.
    ///
    /// Of `options_minute/{date}_{kind}_{style}.zip` quotes or trades must be there; open interest,
    /// `underlying_minute/{date}_{kind}.zip` and `index_minute/{date}_trade.zip` may be missing.
    ///
    /// # Errors
    /// When there are neither quotes nor trades, an archive is damaged, or a file's name or a row
    /// cannot be read. `root` is only named in errors.
    pub fn open(root: &Path, dir: &Path, underlying: Ticker, date: Day) -> Result<Self, Error> {
        let origin = midnight(date.0, NEW_YORK);
        Ok(Self {
            channel: Channel::new("lean_option_day", underlying, date.0, origin),
            day: DayRows::load(root, dir, date)?,
            numbers: Vec::new(),
            next: 0,
        })
    }

    /// The contracts of the day, in canonical order.
    #[must_use]
    pub fn contracts(&self) -> &[OptionTerms] {
        &self.day.contracts
    }

    fn number_contracts(&mut self, directory: &Directory) -> Result<(), Error> {
        let contracts = &self.day.contracts;
        for terms in &contracts[self.numbers.len()..] {
            self.numbers.push(self.channel.contract(directory, *terms)?);
        }
        Ok(())
    }

    fn push(&self, row: &Row, symbol: SymbolId, inbox: &mut Inbox) {
        let at = self.channel.instant(row.millis);
        let contract = |place: u32| self.numbers[place as usize];
        let kind = match row.what {
            What::Bar(bar) => EventKind::Bar { symbol, bar },
            What::Index(level) => EventKind::Index { symbol, level },
            What::Quote(sides) => EventKind::Quote {
                symbol,
                bid: sides.bid,
                ask: sides.ask,
                bid_size: sides.bid_size,
                ask_size: sides.ask_size,
            },
            What::Interest(place, contracts) => EventKind::OpenInterest {
                contract: contract(place),
                contracts,
            },
            What::OptionBar(place, bar) => EventKind::OptionBar {
                contract: contract(place),
                bar,
            },
            What::OptionQuote(place, sides) => EventKind::OptionQuote {
                contract: contract(place),
                bid: sides.bid,
                ask: sides.ask,
                bid_size: sides.bid_size,
                ask_size: sides.ask_size,
            },
        };
        inbox.push(at, at, kind);
    }
}

impl Feed for LeanOptionDay {
    fn name(&self) -> &str {
        &self.channel.name
    }

    /// Three bars.
    fn stale_after_ms(&self) -> i64 {
        3 * MINUTE_MS
    }

    fn list(&mut self, tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        if self.channel.list(tick, listings) {
            for terms in &self.day.contracts {
                listings.contract(self.channel.symbol, *terms);
            }
        }
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
        self.number_contracts(directory)?;
        let rest = &self.day.rows[self.next..];
        let visible = rest.partition_point(|row| row.millis <= now);
        for row in &rest[..visible] {
            self.push(row, symbol, inbox);
        }
        self.next += visible;
        if !self.is_exhausted() {
            self.channel.beat(tick, inbox);
        }
        Ok(())
    }

    fn is_exhausted(&self) -> bool {
        self.next == self.day.rows.len()
    }
}

#[cfg(test)]
#[path = "option_day_tests.rs"]
mod tests;
