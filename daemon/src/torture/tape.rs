//! The market of a seed, lived through once and kept: every engine of the seed sees the same one,
//! whenever it comes and however often it dies.
//!
//! An engine that comes late is first told what stands: the last quotes and open interest, as a
//! broker does when a client subscribes.

use components::contract::OptionTerms;
use components::market::Ticker;
use components::units::Timestamp;
use engine::calendar::Session;
use engine::clock::{TICK_MS, Tick};
use engine::directory::{Directory, Listings};
use engine::event::{Event, EventKind};
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use simulator::{Market, MarketConfig, MarketMove};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The stale time of the market's feed.
const STALE_AFTER_MS: i64 = 3_000;

/// What a seed's market is made of.
#[derive(Clone, Debug)]
pub struct TapeConfig {
    /// The market.
    pub market: MarketConfig,
    /// The session that it is lived through in, and those after it that contracts expire on.
    pub sessions: Vec<Session>,
    /// Where the grid begins.
    pub start: Timestamp,
    /// Grid points.
    pub points: usize,
    /// What happens to the underlyings.
    pub moves: Vec<MarketMove>,
}

/// The market of a seed.
#[derive(Debug)]
pub struct Tape {
    session: Session,
    start: Timestamp,
    /// The events of grid point `n` at place `n - 1`.
    points: Vec<Vec<Event>>,
    directory: Directory,
    symbols: Vec<Ticker>,
    contracts: Vec<(Ticker, OptionTerms)>,
}

impl Tape {
    /// Lives through the market of `seed`.
    ///
    /// # Errors
    /// When the market cannot be made.
    pub fn record(config: &TapeConfig, seed: u64) -> Result<Self, FeedError> {
        let mut market =
            Market::new(&config.market, seed, &config.sessions)?.with_moves(&config.moves)?;
        let session = *config.sessions.first().ok_or("a tape needs a session")?;
        let mut tape = Self {
            session,
            start: config.start,
            points: Vec::with_capacity(config.points),
            directory: Directory::default(),
            symbols: Vec::new(),
            contracts: Vec::new(),
        };
        for point in 1..=config.points {
            let tick = tape.tick(point);
            let mut listings = Listings::default();
            market.list(&tick, &mut listings)?;
            for listed in tape.directory.number(&listings, tick.now) {
                match listed.kind {
                    EventKind::SymbolListed { ticker, .. } => tape.symbols.push(ticker),
                    EventKind::ContractListed { symbol, terms, .. } => {
                        let ticker = tape.directory.ticker(symbol).ok_or("a nameless symbol")?;
                        tape.contracts.push((ticker, terms));
                    }
                    _ => {}
                }
            }
            let mut inbox = Inbox::default();
            market.drain(&tick, &tape.directory, &mut inbox)?;
            let mut events = inbox.events().to_vec();
            events.sort_by_key(|event| event.received);
            tape.points.push(events);
        }
        Ok(tape)
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> Session {
        self.session
    }

    /// Grid points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is no grid point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The numbers that every engine of the seed gives.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The instant of a grid point.
    #[must_use]
    pub fn at(&self, point: usize) -> Timestamp {
        let millis = i64::try_from(point)
            .unwrap_or(i64::MAX)
            .saturating_mul(TICK_MS);
        self.start.plus_millis(millis)
    }

    /// The last grid point at or before `now`.
    #[must_use]
    pub fn point(&self, now: Timestamp) -> usize {
        let passed = now.nanos_since(self.start) / (TICK_MS * 1_000_000);
        usize::try_from(passed).unwrap_or(0).min(self.points.len())
    }

    /// What happened after grid point `after` up to and including `until`.
    pub fn between(&self, after: usize, until: usize) -> impl Iterator<Item = &Event> {
        let until = until.min(self.points.len());
        self.points[after.min(until)..until].iter().flatten()
    }

    fn tick(&self, point: usize) -> Tick {
        Tick {
            number: point as u64,
            now: self.at(point),
            session: self.session,
            opens_session: point == 1,
            skipped: 0,
            jumped_ms: 0,
        }
    }

    /// What stands at grid point `until`: the last event of each kind and instrument.
    fn standing(&self, until: usize) -> Vec<&Event> {
        let mut last: BTreeMap<(u8, u32), &Event> = BTreeMap::new();
        for event in self.between(0, until) {
            if let Some(key) = standing_key(&event.kind) {
                last.insert(key, event);
            }
        }
        last.into_values().collect()
    }
}

/// What a later event of the same kind and instrument replaces; `None` for what just happens.
fn standing_key(kind: &EventKind) -> Option<(u8, u32)> {
    Some(match kind {
        EventKind::Quote { symbol, .. } => (1, symbol.0),
        EventKind::Trade { symbol, .. } => (2, symbol.0),
        EventKind::Book { symbol, .. } => (3, symbol.0),
        EventKind::Halted { symbol } | EventKind::Resumed { symbol } => (4, symbol.0),
        EventKind::OptionQuote { contract, .. } => (5, contract.0),
        EventKind::OpenInterest { contract, .. } => (6, contract.0),
        _ => return None,
    })
}

/// The tape as the feed of one engine.
#[derive(Debug)]
pub struct TapeFeed {
    tape: Arc<Tape>,
    from: Option<usize>,
    listed: bool,
    silences: Vec<(Timestamp, Timestamp)>,
}

impl TapeFeed {
    /// The feed of an engine that comes now.
    #[must_use]
    pub fn new(tape: Arc<Tape>) -> Self {
        Self {
            tape,
            from: None,
            listed: false,
            silences: Vec::new(),
        }
    }

    /// Says nothing in these periods; after one it is told anew what stands, as after a new
    /// subscription.
    #[must_use]
    pub fn silent_in(mut self, silences: Vec<(Timestamp, Timestamp)>) -> Self {
        self.silences = silences;
        self
    }

    fn is_silent(&self, now: Timestamp) -> bool {
        let mut silences = self.silences.iter();
        silences.any(|(from, until)| (*from..*until).contains(&now))
    }
}

impl Feed for TapeFeed {
    fn name(&self) -> &'static str {
        "market"
    }

    fn stale_after_ms(&self) -> i64 {
        STALE_AFTER_MS
    }

    fn list(&mut self, _tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        if !self.listed {
            self.listed = true;
            for ticker in &self.tape.symbols {
                listings.symbol(*ticker);
            }
            for (ticker, terms) in &self.tape.contracts {
                listings.contract(*ticker, *terms);
            }
        }
        Ok(())
    }

    fn drain(
        &mut self,
        tick: &Tick,
        _directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        if self.is_silent(tick.now) {
            self.from = None;
            return Ok(());
        }
        let until = self.tape.point(tick.now);
        let after = match self.from {
            Some(after) => after,
            None => {
                let after = until.saturating_sub(1);
                let since = self.tape.at(after);
                for event in self.tape.standing(after) {
                    inbox.push(since, since, event.kind.clone());
                }
                after
            }
        };
        for event in self.tape.between(after, until) {
            inbox.push(event.received, event.at, event.kind.clone());
        }
        self.from = Some(until.max(after));
        Ok(())
    }
}

/// The broker's side of the tape: the exchange lives through the true market, each grid point once,
/// whatever becomes of the engine's own feed.
#[derive(Debug)]
pub struct TrueMarket<F> {
    inner: F,
    tape: Arc<Tape>,
    seen: Arc<AtomicUsize>,
    scratch: Inbox,
}

impl<F> TrueMarket<F> {
    /// The exchange `inner`, which has seen `seen` grid points.
    #[must_use]
    pub fn new(inner: F, tape: Arc<Tape>, seen: Arc<AtomicUsize>) -> Self {
        Self {
            inner,
            tape,
            seen,
            scratch: Inbox::default(),
        }
    }
}

impl<F: Feed> Feed for TrueMarket<F> {
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
        _directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        let until = self.tape.point(tick.now);
        let after = self.seen.swap(until, Ordering::Relaxed);
        self.scratch.clear();
        self.scratch
            .extend(self.tape.between(after, until).cloned());
        let market = self.scratch.len();
        self.inner
            .drain(tick, &self.tape.directory, &mut self.scratch)?;
        for event in &self.scratch.events()[market..] {
            inbox.push(event.received, event.at, event.kind.clone());
        }
        Ok(())
    }
}
