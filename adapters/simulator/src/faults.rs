//! Faults of a feed as a script says them: events that vanish and values that are garbage.

use crate::error::Error;
use components::market::Ticker;
use components::units::{Price, Timestamp};
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use engine::random::Stream;

/// Events damaged in a tick on average at most.
const PER_TICK_MAX: f64 = 10_000.0;
/// What a huge price is multiplied with.
const HUGE: i64 = 1_000_000;
/// A damaged stamp lies an hour ahead or a day back.
const FUTURE_MS: i64 = 3_600_000;
const STALE_MS: i64 = 86_400_000;
/// A price of -1, which says that there is none.
const MINUS_ONE: i64 = -10_000;
/// A size that was never set: 2^31 - 1.
const SIZE_UNSET: u32 = 2_147_483_647;

/// A fault and when it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// From this instant on, by the time of reception.
    pub from: Timestamp,
    /// Until just before this instant.
    pub until: Timestamp,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What is wrong with a feed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FaultKind {
    /// Events of a class vanish.
    Drop(EventClass),
    /// Quotes and trades become garbage: crossed, negative, zero or huge prices, stamps from the
    /// future or from yesterday.
    Garble {
        /// Of this underlying and its chain only.
        ticker: Option<Ticker>,
        /// Events damaged in each tick on average, 0 to 10,000.
        per_tick: f64,
    },
    /// Every quote and trade of an underlying is off by the same amount: sizes and times are right,
    /// each price looks sound by itself, and the chain is not touched. Seen in the field after a
    /// data farm came back (`docs/reliability.md`, R8).
    Offset {
        /// The underlying.
        ticker: Ticker,
        /// By how much.
        by: Price,
    },
    /// What a vendor leaves unset comes as its sentinel, and what cannot be read as zero: prices
    /// of -1 or as large as can be, sizes of 2^31 - 1 (`docs/reliability.md`, R9).
    Unset {
        /// Of this underlying and its chain only.
        ticker: Option<Ticker>,
        /// Events damaged in each tick on average, 0 to 10,000.
        per_tick: f64,
    },
}

/// A class of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventClass {
    /// Quotes and levels of underlyings.
    Quotes,
    /// Trades and bars of underlyings.
    Trades,
    /// Order books.
    Books,
    /// Quotes, trades, bars and sensitivities of contracts.
    Options,
    /// Open interest.
    OpenInterest,
    /// Everything, heartbeats as well: the line is dead.
    All,
}

impl EventClass {
    /// Whether it holds events like `kind`.
    #[must_use]
    pub fn holds(self, kind: &EventKind) -> bool {
        match self {
            Self::All => true,
            Self::Quotes => matches!(kind, EventKind::Quote { .. } | EventKind::Index { .. }),
            Self::Trades => matches!(kind, EventKind::Trade { .. } | EventKind::Bar { .. }),
            Self::Books => matches!(kind, EventKind::Book { .. }),
            Self::Options => matches!(
                kind,
                EventKind::OptionQuote { .. }
                    | EventKind::OptionTrade { .. }
                    | EventKind::OptionBar { .. }
                    | EventKind::VendorGreeks { .. }
            ),
            Self::OpenInterest => matches!(kind, EventKind::OpenInterest { .. }),
        }
    }
}

/// A feed with faults.
pub struct Faulted {
    inner: Box<dyn Feed>,
    faults: Vec<Fault>,
    scratch: Inbox,
    last: Timestamp,
    which: Stream,
    how: Stream,
}

impl core::fmt::Debug for Faulted {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Faulted")
            .field("inner", &self.inner.name())
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

impl Faulted {
    /// The feed `inner` with `faults`; which events are damaged and how is drawn from `seed`.
    ///
    /// # Errors
    /// When the events damaged per tick are not 0 to 10,000.
    pub fn new(inner: Box<dyn Feed>, seed: u64, faults: Vec<Fault>) -> Result<Self, Error> {
        for fault in &faults {
            if let FaultKind::Garble { per_tick, .. } | FaultKind::Unset { per_tick, .. } =
                fault.kind
                && !(0.0..=PER_TICK_MAX).contains(&per_tick)
            {
                return Err(Error::Fault {
                    field: "per_tick",
                    found: per_tick,
                    allowed: "0 to 10000",
                });
            }
        }
        Ok(Self {
            inner,
            faults,
            scratch: Inbox::default(),
            last: Timestamp::NEVER,
            which: Stream::new(seed, "garbled-events", 0),
            how: Stream::new(seed, "garbled-values", 0),
        })
    }

    /// Which events of the tick are damaged, by place, each once and by the last fault that is on.
    fn draw_damaged(&mut self, directory: &Directory, active: &[Fault]) -> Vec<Option<FaultKind>> {
        let events = self.scratch.events();
        let mut damaged = vec![None; events.len()];
        for fault in active {
            let (FaultKind::Garble { ticker, per_tick } | FaultKind::Unset { ticker, per_tick }) =
                fault.kind
            else {
                continue;
            };
            let mut places: Vec<usize> = (0..events.len())
                .filter(|place| fault.is_on(events[*place].received))
                .filter(|place| is_price(&events[*place].kind))
                .filter(|place| {
                    ticker.is_none() || ticker_of(&events[*place].kind, directory) == ticker
                })
                .collect();
            let whole = crate::flow::whole(per_tick);
            let part = per_tick - f64::from(whole);
            let count = usize::try_from(whole).unwrap_or(0) + usize::from(self.which.chance(part));
            self.which.shuffle(&mut places);
            for place in places.into_iter().take(count) {
                damaged[place] = Some(fault.kind);
            }
        }
        damaged
    }
}

impl Feed for Faulted {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn stale_after_ms(&self) -> i64 {
        self.inner.stale_after_ms()
    }

    fn list(&mut self, tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        self.inner.list(tick, listings)
    }

    fn drain(
        &mut self,
        tick: &Tick,
        directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        let (after, now) = (self.last, tick.now);
        self.last = now;
        let active: Vec<Fault> = self
            .faults
            .iter()
            .filter(|fault| fault.from <= now && fault.until > after)
            .copied()
            .collect();
        if active.is_empty() {
            return self.inner.drain(tick, directory, inbox);
        }
        self.scratch.clear();
        self.inner.drain(tick, directory, &mut self.scratch)?;
        let damaged = self.draw_damaged(directory, &active);
        for (event, damaged_by) in self.scratch.events().iter().zip(damaged) {
            let is_dropped = active.iter().any(|fault| {
                matches!(fault.kind, FaultKind::Drop(class) if class.holds(&event.kind))
                    && fault.is_on(event.received)
            });
            if is_dropped {
                continue;
            }
            let (mut at, mut kind) = (event.at, event.kind.clone());
            for fault in active.iter().filter(|fault| fault.is_on(event.received)) {
                if let FaultKind::Offset { ticker, by } = fault.kind {
                    offset(&mut kind, directory, ticker, by);
                }
            }
            match damaged_by {
                Some(FaultKind::Unset { .. }) => unset(&mut kind, &mut self.how),
                Some(_) => damage(&mut at, &mut kind, &mut self.how),
                None => {}
            }
            inbox.push(event.received, at, kind);
        }
        Ok(())
    }

    fn is_exhausted(&self) -> bool {
        self.inner.is_exhausted()
    }
}

impl Fault {
    fn is_on(&self, received: Timestamp) -> bool {
        (self.from..self.until).contains(&received)
    }
}

fn is_price(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Quote { .. }
            | EventKind::Trade { .. }
            | EventKind::OptionQuote { .. }
            | EventKind::OptionTrade { .. }
    )
}

fn ticker_of(kind: &EventKind, directory: &Directory) -> Option<Ticker> {
    let symbol = match kind {
        EventKind::Quote { symbol, .. } | EventKind::Trade { symbol, .. } => Some(*symbol),
        EventKind::OptionQuote { contract, .. } | EventKind::OptionTrade { contract, .. } => {
            directory.listed(*contract).map(|listed| listed.symbol)
        }
        _ => None,
    };
    directory.ticker(symbol?)
}

/// Moves the prices of an underlying's own quotes and trades.
fn offset(kind: &mut EventKind, directory: &Directory, of: Ticker, by: Price) {
    let moved = |price: Price| Price(price.0.saturating_add(by.0));
    match kind {
        EventKind::Quote {
            symbol, bid, ask, ..
        } if directory.ticker(*symbol) == Some(of) => {
            (*bid, *ask) = (moved(*bid), moved(*ask));
        }
        EventKind::Trade { symbol, price, .. } if directory.ticker(*symbol) == Some(of) => {
            *price = moved(*price);
        }
        _ => {}
    }
}

/// Damages an event in one of six ways.
fn damage(at: &mut Timestamp, kind: &mut EventKind, draws: &mut Stream) {
    let way = draws.below(6);
    match way {
        0 => *at = at.plus_millis(FUTURE_MS),
        1 => *at = at.plus_millis(-STALE_MS),
        _ => match kind {
            EventKind::Quote { bid, ask, .. } | EventKind::OptionQuote { bid, ask, .. } => {
                damage_quote(bid, ask, way);
            }
            EventKind::Trade { price, .. } | EventKind::OptionTrade { price, .. } => {
                *price = damaged_price(*price, way);
            }
            _ => {}
        },
    }
}

/// Puts a sentinel, or zero, into the place of values.
fn unset(kind: &mut EventKind, draws: &mut Stream) {
    let (wrong_price, wrong_size) = match draws.below(4) {
        0 => (Some(Price(MINUS_ONE)), None),
        1 => (Some(Price(i64::MAX)), None),
        2 => (None, Some(SIZE_UNSET)),
        _ => (Some(Price(0)), Some(0)),
    };
    match kind {
        EventKind::Quote {
            bid,
            ask,
            bid_size,
            ask_size,
            ..
        }
        | EventKind::OptionQuote {
            bid,
            ask,
            bid_size,
            ask_size,
            ..
        } => {
            (*bid, *ask) = (wrong_price.unwrap_or(*bid), wrong_price.unwrap_or(*ask));
            *bid_size = wrong_size.unwrap_or(*bid_size);
            *ask_size = wrong_size.unwrap_or(*ask_size);
        }
        EventKind::Trade { price, size, .. } | EventKind::OptionTrade { price, size, .. } => {
            *price = wrong_price.unwrap_or(*price);
            *size = wrong_size.unwrap_or(*size);
        }
        _ => {}
    }
}

fn damage_quote(bid: &mut Price, ask: &mut Price, way: u64) {
    if way == 2 {
        // Crossed by at least a cent even where the quote was locked or had no bid.
        let (low, high) = (*bid, *ask);
        *bid = Price(high.0.max(1) + 100);
        *ask = Price(low.0.max(1));
    } else {
        *bid = damaged_price(*bid, way);
        *ask = damaged_price(*ask, way);
    }
}

fn damaged_price(price: Price, way: u64) -> Price {
    match way {
        2 | 3 => Price(-price.0.max(1)),
        4 => Price(0),
        _ => Price(price.0.max(1).saturating_mul(HUGE)),
    }
}
