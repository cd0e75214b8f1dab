//! The market of a seed, lived through once and kept: every engine of the seed sees the same one,
//! whenever it comes and however often it dies.
//!
//! An engine that comes late is first told what stands: the last quotes and open interest of the
//! session, as a broker does when a client subscribes.
//!
//! At the close the market falls silent, and the exchange fills nothing before the next open.

use super::grid::Grid;
use components::contract::{ContractId, OptionTerms};
use components::market::{SymbolId, Ticker};
use components::units::Timestamp;
use engine::calendar::Session;
use engine::clock::{TICK_MS, Tick, Window};
use engine::directory::{Directory, Listings};
use engine::event::{Event, EventKind, FeedId};
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use simulator::{Market, MarketConfig, MarketMove};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The stale time of the market's feed.
const STALE_AFTER_MS: i64 = 3_000;

/// What a seed's market is made of.
#[derive(Clone, Debug)]
pub struct TapeConfig {
    /// The market.
    pub market: MarketConfig,
    /// The sessions that it is lived through in, and those after them that contracts expire on.
    pub sessions: Vec<Session>,
    /// Its grid.
    pub grid: Grid,
    /// What happens to the underlyings.
    pub moves: Vec<MarketMove>,
}

/// The market of a seed.
#[derive(Debug)]
pub struct Tape {
    grid: Grid,
    /// The events of grid point `n` at place `n - 1`.
    points: Vec<Vec<Event>>,
    directory: Directory,
    symbols: Vec<Ticker>,
    contracts: Vec<(Ticker, OptionTerms)>,
    standing: Mutex<Standing>,
}

impl Tape {
    /// Lives through the market of `seed`.
    ///
    /// # Errors
    /// When the market cannot be made.
    pub fn record(config: &TapeConfig, seed: u64) -> Result<Self, FeedError> {
        let mut market =
            Market::new(&config.market, seed, &config.sessions)?.with_moves(&config.moves)?;
        let grid = config.grid.clone();
        let mut tape = Self {
            points: Vec::with_capacity(grid.len()),
            grid,
            directory: Directory::default(),
            symbols: Vec::new(),
            contracts: Vec::new(),
            standing: Mutex::default(),
        };
        for point in 1..=tape.grid.len() {
            let tick = tape.tick(point)?;
            let mut inbox = Inbox::default();
            if tick.now <= tick.session.close {
                let mut listings = Listings::default();
                market.list(&tick, &mut listings)?;
                tape.learn(&listings, tick.now)?;
                market.drain(&tick, &tape.directory, &mut inbox)?;
            }
            let mut events = inbox.events().to_vec();
            events.sort_by_key(|event| event.received);
            tape.points.push(events);
        }
        tape.renumber();
        Ok(tape)
    }

    fn learn(&mut self, listings: &Listings, now: Timestamp) -> Result<(), FeedError> {
        for listed in self.directory.number(listings, now) {
            match listed.kind {
                EventKind::SymbolListed { ticker, .. } => self.symbols.push(ticker),
                EventKind::ContractListed { symbol, terms, .. } => {
                    let ticker = self.directory.ticker(symbol).ok_or("a nameless symbol")?;
                    self.contracts.push((ticker, terms));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Gives contracts the numbers that they have where the lists of all sessions are one: so does
    /// an engine number them, whenever it comes.
    fn renumber(&mut self) {
        let (mut directory, mut listings) = (Directory::default(), Listings::default());
        self.list(&mut listings);
        directory.number(&listings, Timestamp(0));
        let number = |old: ContractId| {
            let listed = self.directory.listed(old)?;
            let ticker = self.directory.ticker(listed.symbol)?;
            directory.contract(ticker, listed.terms)
        };
        let count = u32::try_from(self.contracts.len()).unwrap_or(u32::MAX);
        let numbers: Vec<ContractId> = (0..count).map(ContractId).filter_map(number).collect();
        for event in self.points.iter_mut().flatten() {
            if let EventKind::OptionQuote { contract, .. }
            | EventKind::OptionTrade { contract, .. }
            | EventKind::OptionBar { contract, .. }
            | EventKind::OpenInterest { contract, .. }
            | EventKind::VendorGreeks { contract, .. } = &mut event.kind
                && let Some(new) = numbers.get(contract.0 as usize)
            {
                *contract = *new;
            }
        }
        self.directory = directory;
    }

    /// Lists all that is listed in any session.
    fn list(&self, listings: &mut Listings) {
        for ticker in &self.symbols {
            listings.symbol(*ticker);
        }
        for (ticker, terms) in &self.contracts {
            listings.contract(*ticker, *terms);
        }
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
        self.grid.at(point)
    }

    /// The last grid point at or before `now`.
    #[must_use]
    pub fn point(&self, now: Timestamp) -> usize {
        self.grid.point(now)
    }

    /// What is left of the windows after a grid point.
    #[must_use]
    pub fn windows_after(&self, point: usize) -> Vec<Window> {
        self.grid.after(point)
    }

    /// What the exchange sees after grid point `after` up to and including `until`: the market, and
    /// that nothing is traded between a close and the next open.
    #[must_use]
    pub fn at_exchange(&self, after: usize, until: usize) -> Vec<Event> {
        let until = until.min(self.points.len());
        let mut seen = Vec::new();
        for point in after + 1..=until {
            if point > 1 && point == self.grid.before(point) + 1 {
                let opened = |symbol| EventKind::Resumed { symbol };
                self.tell_all(&mut seen, self.at(point).plus_millis(-TICK_MS), opened);
            }
            seen.extend(self.points[point - 1].iter().cloned());
            let close = self.grid.session(point).map(|session| session.close);
            if close == Some(self.at(point)) {
                let closed = |symbol| EventKind::Halted { symbol };
                self.tell_all(&mut seen, self.at(point), closed);
            }
        }
        seen
    }

    fn tell_all(
        &self,
        events: &mut Vec<Event>,
        at: Timestamp,
        kind: impl Fn(SymbolId) -> EventKind,
    ) {
        for ticker in &self.symbols {
            if let Some(symbol) = self.directory.symbol(*ticker) {
                events.push(Event {
                    received: at,
                    at,
                    feed: FeedId::ENGINE,
                    kind: kind(symbol),
                });
            }
        }
    }

    /// What happened after grid point `after` up to and including `until`.
    pub fn between(&self, after: usize, until: usize) -> impl Iterator<Item = &Event> {
        let until = until.min(self.points.len());
        self.points[after.min(until)..until].iter().flatten()
    }

    fn tick(&self, point: usize) -> Result<Tick, FeedError> {
        Ok(Tick {
            number: point as u64,
            now: self.at(point),
            session: self.grid.session(point).ok_or("a tape needs a session")?,
            opens_session: point == self.grid.before(point) + 1,
            skipped: 0,
            jumped_ms: 0,
        })
    }

    /// What stands at grid point `until` of the session that `now` lies in: the last event of each
    /// kind and instrument.
    fn standing(&self, until: usize, now: usize) -> Vec<Event> {
        let before = self.grid.before(now);
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if standing.before != before || until < standing.until {
            *standing = Standing {
                before,
                until: before,
                last: BTreeMap::new(),
            };
        }
        // One process after the other asks: only what came since the last one is looked at.
        for event in self.between(standing.until, until) {
            if let Some(key) = standing_key(&event.kind) {
                standing.last.insert(key, event.clone());
            }
        }
        standing.until = until.max(standing.until);
        standing.last.values().cloned().collect()
    }
}

/// What stood when it was last asked for.
#[derive(Debug, Default)]
struct Standing {
    /// The points before the session.
    before: usize,
    /// The last point that was looked at.
    until: usize,
    last: BTreeMap<(u8, u32), Event>,
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
            self.tape.list(listings);
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
                for event in self.tape.standing(after, until) {
                    inbox.push(since, since, event.kind);
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
        self.scratch.extend(self.tape.at_exchange(after, until));
        let market = self.scratch.len();
        self.inner
            .drain(tick, &self.tape.directory, &mut self.scratch)?;
        for event in &self.scratch.events()[market..] {
            inbox.push(event.received, event.at, event.kind.clone());
        }
        Ok(())
    }
}
