//! What every feed on a day's files needs: a name, the day's origin, a number, a heartbeat.

use crate::error::Error;
use components::contract::{ContractId, OptionTerms};
use components::market::{SymbolId, Ticker};
use components::units::{NANOS_PER_MILLI, Timestamp};
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::EventKind;
use engine::inbox::Inbox;
use jiff::civil::Date;

/// Milliseconds between heartbeats.
const HEARTBEAT_MS: i64 = 1_000;

/// The identity of a feed and where it stands.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) name: String,
    pub(super) symbol: Ticker,
    date: Date,
    /// The instant that times in the files count from.
    origin: Timestamp,
    listed: bool,
    number: Option<SymbolId>,
    next_beat: Timestamp,
}

impl Channel {
    pub(super) fn new(kind: &str, symbol: Ticker, date: Date, origin: Timestamp) -> Self {
        Self {
            name: format!("{kind} {symbol} {date}"),
            symbol,
            date,
            origin,
            listed: false,
            number: None,
            next_beat: Timestamp::NEVER,
        }
    }

    /// Lists the underlying on the first tick of the day; true when it did.
    pub(super) fn list(&mut self, tick: &Tick, listings: &mut Listings) -> bool {
        let now = !self.listed && tick.now >= self.origin;
        if now {
            self.listed = true;
            listings.symbol(self.symbol);
        }
        now
    }

    /// The number of the underlying.
    pub(super) fn number(&mut self, directory: &Directory) -> Result<SymbolId, Error> {
        if self.number.is_none() {
            self.number = directory.symbol(self.symbol);
        }
        self.number.ok_or_else(|| Error::Unlisted {
            feed: self.name.clone(),
            instrument: self.symbol.to_string(),
        })
    }

    /// The number of a contract on the underlying.
    pub(super) fn contract(
        &self,
        directory: &Directory,
        terms: OptionTerms,
    ) -> Result<ContractId, Error> {
        let number = directory.contract(self.symbol, terms);
        number.ok_or_else(|| Error::Unlisted {
            feed: self.name.clone(),
            instrument: terms.to_string(),
        })
    }

    /// The instant `millis` after the origin.
    #[inline]
    pub(super) fn instant(&self, millis: i64) -> Timestamp {
        self.origin.plus_millis(millis)
    }

    /// Nanoseconds from the origin to `now`.
    pub(super) fn nanos(&self, now: Timestamp) -> i64 {
        now.nanos_since(self.origin)
    }

    /// Whole milliseconds from the origin to `now`.
    pub(super) fn millis(&self, now: Timestamp) -> i64 {
        self.nanos(now).div_euclid(NANOS_PER_MILLI)
    }

    /// Gives a heartbeat if one is due.
    pub(super) fn beat(&mut self, tick: &Tick, inbox: &mut Inbox) {
        let session = &tick.session;
        let inside =
            session.date == self.date && (session.open..=session.close).contains(&tick.now);
        if inside && tick.now >= self.next_beat {
            self.next_beat = tick.now.plus_millis(HEARTBEAT_MS);
            inbox.push(tick.now, tick.now, EventKind::Heartbeat);
        }
    }
}
