//! A feed in the middle of its day, for an engine that has just come: it speaks in numbers that
//! another process gave, and has said things that nobody here has heard.

use components::contract::{ContractId, Expiry};
use components::market::SymbolId;
use components::units::Timestamp;
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::{Event, EventKind};
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A feed whose listings and events are told again in the numbers of the engine that asks.
pub(super) struct Relay {
    inner: Box<dyn Feed>,
    /// The numbers that the feeds speak in, shared by all of them.
    known: Arc<Mutex<Directory>>,
    /// Whether this one lists what was listed before, for all of them.
    lists_all: bool,
    /// What stands, until it was told.
    standing: Vec<Event>,
    /// When that counts as received: at the last tick before this process.
    since: Timestamp,
    symbols: Vec<Option<SymbolId>>,
    contracts: Vec<Option<ContractId>>,
    scratch: Inbox,
}

impl Relay {
    /// `inner`, which speaks in the numbers of `known` and of which `standing` is to be told.
    pub(super) fn new(
        inner: Box<dyn Feed>,
        known: Arc<Mutex<Directory>>,
        lists_all: bool,
        standing: Vec<Event>,
        since: Timestamp,
    ) -> Self {
        Self {
            inner,
            known,
            lists_all,
            standing,
            since,
            symbols: Vec::new(),
            contracts: Vec::new(),
            scratch: Inbox::default(),
        }
    }

    /// Takes over the numbers that `engine` has given by now.
    fn learn(&mut self, known: &Directory, engine: &Directory) {
        for place in self.symbols.len()..known.symbols_len() {
            let ticker = number(place).and_then(|n| known.ticker(SymbolId(n)));
            let symbol = ticker.and_then(|ticker| engine.symbol(ticker));
            self.symbols.push(symbol);
        }
        for place in self.contracts.len()..known.contracts_len() {
            let listed = number(place).and_then(|n| known.listed(ContractId(n)));
            let contract = listed.and_then(|listed| {
                let ticker = known.ticker(listed.symbol)?;
                engine.contract(ticker, listed.terms)
            });
            self.contracts.push(contract);
        }
    }

    /// An event in the numbers of the engine; `None` if it is about something that is not listed
    /// any more.
    fn renumbered(&self, kind: &EventKind) -> Option<EventKind> {
        let mut kind = kind.clone();
        match &mut kind {
            EventKind::Quote { symbol, .. }
            | EventKind::Trade { symbol, .. }
            | EventKind::Bar { symbol, .. }
            | EventKind::Index { symbol, .. }
            | EventKind::Book { symbol, .. }
            | EventKind::Halted { symbol }
            | EventKind::Resumed { symbol } => {
                *symbol = *self.symbols.get(symbol.0 as usize)?.as_ref()?;
            }
            EventKind::OptionQuote { contract, .. }
            | EventKind::OptionTrade { contract, .. }
            | EventKind::OptionBar { contract, .. }
            | EventKind::OpenInterest { contract, .. }
            | EventKind::VendorGreeks { contract, .. } => {
                *contract = *self.contracts.get(contract.0 as usize)?.as_ref()?;
            }
            // Listings are told as listings.
            EventKind::SymbolListed { .. } | EventKind::ContractListed { .. } => return None,
            EventKind::Heartbeat
            | EventKind::FeedLost
            | EventKind::FeedRestored
            | EventKind::Reported(_)
            | EventKind::Commanded(_) => {}
        }
        Some(kind)
    }
}

impl Feed for Relay {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn stale_after_ms(&self) -> i64 {
        self.inner.stale_after_ms()
    }

    fn list(&mut self, tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        let mut own = Listings::default();
        self.inner.list(tick, &mut own)?;
        let mut known = lock(&self.known);
        let today = Expiry::on(tick.session.date);
        if std::mem::take(&mut self.lists_all) {
            for ticker in
                (0..known.symbols_len()).filter_map(|n| known.ticker(SymbolId(number(n)?)))
            {
                listings.symbol(ticker);
            }
            for listed in
                (0..known.contracts_len()).filter_map(|n| known.listed(ContractId(number(n)?)))
            {
                if let Some(ticker) = known.ticker(listed.symbol)
                    && today <= listed.terms.expiry
                {
                    listings.contract(ticker, listed.terms);
                }
            }
        }
        for event in known.number(&own, tick.now) {
            match event.kind {
                EventKind::SymbolListed { ticker, .. } => listings.symbol(ticker),
                EventKind::ContractListed { symbol, terms, .. } => {
                    if let Some(ticker) = known.ticker(symbol) {
                        listings.contract(ticker, terms);
                    }
                }
                _ => {}
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
        let shared = Arc::clone(&self.known);
        let known = lock(&shared);
        self.learn(&known, directory);
        for event in std::mem::take(&mut self.standing) {
            if let Some(kind) = self.renumbered(&event.kind) {
                // What is told on a subscription is of now, whenever it came to be.
                inbox.push(self.since, self.since, kind);
            }
        }
        self.scratch.clear();
        self.inner.drain(tick, &known, &mut self.scratch)?;
        for event in self.scratch.events() {
            if let Some(kind) = self.renumbered(&event.kind) {
                inbox.push(event.received, event.at, kind);
            }
        }
        Ok(())
    }
}

fn lock(known: &Mutex<Directory>) -> MutexGuard<'_, Directory> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

fn number(place: usize) -> Option<u32> {
    u32::try_from(place).ok()
}
