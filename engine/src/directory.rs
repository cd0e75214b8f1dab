//! Which number stands for which instrument.
//!
//! Feeds list what they will speak of before they speak of it. The engine merges the listings of
//! all feeds, sorts them canonically and only then gives out numbers, so that the order in which
//! independent feeds are asked cannot leak into a number, a row or a digest.

use crate::event::{Event, EventKind, FeedId};
use bevy_ecs::prelude::Resource;
use components::contract::{ContractId, OptionTerms};
use components::market::{SymbolId, Ticker};
use components::units::Timestamp;
use std::collections::{BTreeSet, HashMap};

/// What the feeds want numbered in this tick.
#[derive(Debug, Default)]
pub struct Listings {
    symbols: BTreeSet<Ticker>,
    contracts: BTreeSet<(Ticker, OptionTerms)>,
}

impl Listings {
    /// Announces an underlying.
    pub fn symbol(&mut self, ticker: Ticker) {
        self.symbols.insert(ticker);
    }

    /// Announces a contract on the underlying `ticker`, and with it the underlying.
    pub fn contract(&mut self, ticker: Ticker, terms: OptionTerms) {
        self.symbols.insert(ticker);
        self.contracts.insert((ticker, terms));
    }

    /// Whether nothing was announced.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty() && self.contracts.is_empty()
    }
}

/// A numbered contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its underlying.
    pub symbol: SymbolId,
    /// Its terms.
    pub terms: OptionTerms,
}

/// The numbers given so far.
#[derive(Resource, Debug, Default)]
pub struct Directory {
    tickers: Vec<Ticker>,
    contracts: Vec<Listed>,
    symbol_of: HashMap<Ticker, SymbolId>,
    contract_of: HashMap<(Ticker, OptionTerms), ContractId>,
}

impl Directory {
    /// The number of an underlying, if it has been listed.
    #[must_use]
    pub fn symbol(&self, ticker: Ticker) -> Option<SymbolId> {
        self.symbol_of.get(&ticker).copied()
    }

    /// The number of a contract on `ticker`, if it has been listed.
    #[must_use]
    pub fn contract(&self, ticker: Ticker, terms: OptionTerms) -> Option<ContractId> {
        self.contract_of.get(&(ticker, terms)).copied()
    }

    /// The name of an underlying.
    #[must_use]
    pub fn ticker(&self, symbol: SymbolId) -> Option<Ticker> {
        self.tickers.get(symbol.0 as usize).copied()
    }

    /// The terms behind a contract's number.
    #[must_use]
    pub fn listed(&self, contract: ContractId) -> Option<Listed> {
        self.contracts.get(contract.0 as usize).copied()
    }

    /// Underlyings numbered so far.
    #[must_use]
    pub fn symbols_len(&self) -> usize {
        self.tickers.len()
    }

    /// Contracts numbered so far.
    #[must_use]
    pub fn contracts_len(&self) -> usize {
        self.contracts.len()
    }

    /// Numbers what is new in `listings` and returns the events that say so, in canonical order.
    ///
    /// # Panics
    /// When more than 2^32 instruments are listed.
    pub fn number(&mut self, listings: &Listings, now: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        let event = |kind| Event {
            received: now,
            at: now,
            feed: FeedId::ENGINE,
            kind,
        };
        for ticker in &listings.symbols {
            if self.symbol(*ticker).is_none() {
                let kind = EventKind::SymbolListed {
                    symbol: SymbolId(number_of(self.tickers.len())),
                    ticker: *ticker,
                };
                self.learn(&kind);
                events.push(event(kind));
            }
        }
        for (ticker, terms) in &listings.contracts {
            if self.contract(*ticker, *terms).is_none() {
                let symbol = self
                    .symbol(*ticker)
                    .expect("Invariant: a contract lists its symbol");
                let kind = EventKind::ContractListed {
                    contract: ContractId(number_of(self.contracts.len())),
                    symbol,
                    terms: *terms,
                };
                self.learn(&kind);
                events.push(event(kind));
            }
        }
        events
    }

    /// Takes over a listing, whether just made or read back from a journal. Others change nothing.
    pub fn learn(&mut self, kind: &EventKind) {
        match kind {
            EventKind::SymbolListed { symbol, ticker }
                if symbol.0 as usize == self.tickers.len() =>
            {
                self.tickers.push(*ticker);
                self.symbol_of.insert(*ticker, *symbol);
            }
            EventKind::ContractListed {
                contract,
                symbol,
                terms,
            } if contract.0 as usize == self.contracts.len() => {
                if let Some(ticker) = self.ticker(*symbol) {
                    self.contracts.push(Listed {
                        symbol: *symbol,
                        terms: *terms,
                    });
                    self.contract_of.insert((ticker, *terms), *contract);
                }
            }
            _ => {}
        }
    }
}

fn number_of(length: usize) -> u32 {
    u32::try_from(length).expect("Invariant: fewer than 2^32 instruments")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(osi: &str) -> OptionTerms {
        OptionTerms::from_osi(osi).unwrap()
    }

    #[test]
    fn numbers_do_not_depend_on_the_order_of_announcement() {
        let spy = Ticker::new("SPY").unwrap();
        let ibm = Ticker::new("IBM").unwrap();
        let call = terms("SPY   250915C00657500");
        let put = terms("SPY   250915P00657500");
        let numbers = |order: &[usize]| {
            let mut listings = Listings::default();
            for step in order {
                match step {
                    0 => listings.symbol(ibm),
                    1 => listings.contract(spy, put),
                    _ => listings.contract(spy, call),
                }
            }
            Directory::default().number(&listings, Timestamp(0))
        };
        assert_eq!(numbers(&[0, 1, 2]), numbers(&[2, 1, 0]));
        assert_eq!(numbers(&[0, 1, 2]).len(), 4);
    }

    #[test]
    fn what_is_known_is_not_numbered_again() {
        let mut directory = Directory::default();
        let mut listings = Listings::default();
        listings.symbol(Ticker::new("SPY").unwrap());
        assert_eq!(directory.number(&listings, Timestamp(0)).len(), 1);
        assert!(directory.number(&listings, Timestamp(1)).is_empty());
    }
}
