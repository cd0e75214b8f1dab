//! When discovery is done, and what stands of it.
//!
//! A round begins on a grid of minutes from the session's open. It looks at one underlying a tick, in
//! order of their names, and at how they move together in the tick after the last: no tick pays for
//! all of it. A round that the close cuts short is forgotten.

use super::DiscoveryConfig;
use super::found::{Basis, CorrelationFound, Discovered, SymbolFound, VERSION};
use bevy_ecs::prelude::Resource;
use components::market::Ticker;
use components::units::Timestamp;
use engine::clock::Tick;
use std::collections::BTreeMap;

/// What was discovered so far, and the round that runs.
#[derive(Resource, Clone, Debug)]
pub struct Discoveries {
    symbols: BTreeMap<Ticker, SymbolFound>,
    correlation: CorrelationFound,
    buckets: BTreeMap<Ticker, u64>,
    computed_at: Timestamp,
    /// Rounds that were finished.
    pub rounds: u64,
    round: Option<Round>,
    /// The point of the grid at which the last round of this session began.
    begun: i64,
}

/// A round that runs.
#[derive(Clone, Debug)]
struct Round {
    symbols: Vec<Ticker>,
    next: usize,
}

/// What a tick has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Look at one underlying.
    Symbol(Ticker),
    /// Look at how all move together: the round's end.
    Together,
}

impl Discoveries {
    /// Nothing but the bucket sizes that a run begins with.
    #[must_use]
    pub fn new(config: &DiscoveryConfig) -> Self {
        let known = config.buckets.iter();
        Self {
            symbols: BTreeMap::new(),
            correlation: CorrelationFound::nothing(Vec::new(), Basis::thin(0, 2, "symbols")),
            buckets: known.map(|row| (row.symbol, row.shares)).collect(),
            computed_at: Timestamp::NEVER,
            rounds: 0,
            round: None,
            begun: 0,
        }
    }

    /// Shares of a VPIN bucket for `symbol`, for the session that opens.
    #[must_use]
    pub fn bucket(&self, symbol: Ticker) -> Option<u64> {
        self.buckets.get(&symbol).copied()
    }

    /// What was found for `symbol`.
    #[must_use]
    pub fn of(&self, symbol: Ticker) -> Option<&SymbolFound> {
        self.symbols.get(&symbol)
    }

    /// Everything that was found; `None` before the first round's end.
    #[must_use]
    pub fn all(&self) -> Option<Discovered> {
        (self.rounds > 0).then(|| Discovered {
            version: VERSION,
            computed_at: self.computed_at,
            symbols: self.symbols.values().cloned().collect(),
            correlation: self.correlation.clone(),
        })
    }

    /// Whether a round begins now, if enough was seen.
    #[must_use]
    pub fn is_due(&self, tick: &Tick, config: &DiscoveryConfig) -> bool {
        let point = grid_point(tick, config);
        self.round.is_none() && point > self.begun && tick.now < tick.session.close
    }

    /// Begins a round over `symbols`.
    pub fn begin(&mut self, tick: &Tick, config: &DiscoveryConfig, mut symbols: Vec<Ticker>) {
        symbols.sort_unstable();
        self.begun = grid_point(tick, config);
        self.round = Some(Round { symbols, next: 0 });
    }

    /// Forgets the grid of the session before, and a round that its close cut short.
    pub fn open_session(&mut self) {
        self.round = None;
        self.begun = 0;
    }

    /// What this tick has to do; `None` between rounds and outside the session.
    pub fn turn(&mut self, tick: &Tick) -> Option<Turn> {
        if tick.now >= tick.session.close {
            self.round = None;
        }
        let round = self.round.as_mut()?;
        let turn = round.symbols.get(round.next).copied();
        round.next += 1;
        if turn.is_none() {
            self.round = None;
        }
        Some(turn.map_or(Turn::Together, Turn::Symbol))
    }

    /// Takes what was found for an underlying; gives what it takes the place of. A bucket that was
    /// found holds from the next open on.
    pub fn take(&mut self, found: SymbolFound) -> Option<SymbolFound> {
        if let Some(shares) = found.vpin_bucket.shares
            && found.vpin_bucket.basis.is_ok()
        {
            self.buckets.insert(found.symbol, shares);
        }
        self.computed_at = found.computed_at;
        self.symbols.insert(found.symbol, found)
    }

    /// Takes how all move together, which ends the round.
    pub fn end(&mut self, correlation: CorrelationFound, now: Timestamp) {
        self.correlation = correlation;
        self.computed_at = now;
        self.rounds += 1;
    }
}

/// How many lengths of the grid have passed since the open.
fn grid_point(tick: &Tick, config: &DiscoveryConfig) -> i64 {
    let nanos = config.every_min * super::MINUTE_NANOS;
    tick.now.nanos_since(tick.session.open).div_euclid(nanos)
}
