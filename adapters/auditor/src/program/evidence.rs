//! What the journal says of the market: halts, and the quotes of contracts that were ordered.

use auditor::{Evidence, QuoteAt};
use components::contract::{Contract, ContractId};
use components::market::{SymbolId, Ticker};
use engine::event::{Event, EventKind};
use engine::frame::Frame;
use engine::record::Record;
use journal::{Error, JournalReader, RecordedTick};
use std::collections::{BTreeMap, BTreeSet};

/// What was read.
pub(crate) struct Found {
    pub(crate) facts: Evidence,
    /// The first run whose config is another than that of the first.
    pub(crate) config_changed: Option<u64>,
}

/// Reads a journal to its end. A torn tail ends it, as it does for a restart.
///
/// Memory: the quotes of every contract of which a quote was ever an answer to "at which price".
///
/// # Errors
/// When it is damaged.
pub(crate) fn of(reader: &mut JournalReader) -> Result<Found, Error> {
    let first = reader.header().run.config;
    let mut names = Names::default();
    let mut collected = Collected::default();
    let mut config_changed = None;
    for tick in reader {
        let RecordedTick { frame, market } = tick?;
        if let Some(run) = begun(&frame) {
            names = Names::default();
            if run.1 != first {
                config_changed = config_changed.or(Some(run.0));
            }
        }
        for event in &market {
            names.learn(&event.kind);
            collected.note(&names, event);
        }
        collected.note_orders(&frame);
    }
    Ok(Found {
        facts: collected.facts(),
        config_changed,
    })
}

/// The number and the config of the run that a frame begins.
fn begun(frame: &Frame) -> Option<(u64, u64)> {
    frame.records.iter().find_map(|record| match record {
        Record::RunStarted(start) => Some((start.run, start.config)),
        _ => None,
    })
}

/// The numbers that a run gave.
#[derive(Default)]
struct Names {
    symbols: Vec<Ticker>,
    contracts: Vec<Contract>,
}

impl Names {
    fn learn(&mut self, kind: &EventKind) {
        match kind {
            EventKind::SymbolListed { ticker, .. } => self.symbols.push(*ticker),
            EventKind::ContractListed { symbol, terms, .. } => {
                if let Some(underlying) = self.ticker(*symbol) {
                    self.contracts.push(Contract {
                        underlying,
                        terms: *terms,
                    });
                }
            }
            _ => {}
        }
    }

    fn ticker(&self, symbol: SymbolId) -> Option<Ticker> {
        self.symbols.get(symbol.0 as usize).copied()
    }

    fn contract(&self, contract: ContractId) -> Option<Contract> {
        self.contracts.get(contract.0 as usize).copied()
    }
}

/// Of each contract the last quote, until it is ordered; from then on all of them.
#[derive(Default)]
struct Collected {
    last: BTreeMap<Contract, QuoteAt>,
    ordered: BTreeSet<Contract>,
    facts: Evidence,
}

impl Collected {
    fn note(&mut self, names: &Names, event: &Event) {
        match event.kind {
            EventKind::OptionQuote {
                contract, bid, ask, ..
            } => {
                let Some(contract) = names.contract(contract) else {
                    return;
                };
                let quote = QuoteAt {
                    at: event.received,
                    bid,
                    ask,
                };
                if self.ordered.contains(&contract) {
                    self.facts.quotes.entry(contract).or_default().push(quote);
                }
                self.last.insert(contract, quote);
            }
            EventKind::Halted { symbol } => {
                if let Some(ticker) = names.ticker(symbol) {
                    let halts = self.facts.halts.entry(ticker).or_default();
                    halts.push((event.received, None));
                }
            }
            EventKind::Resumed { symbol } => {
                let halts = names
                    .ticker(symbol)
                    .and_then(|t| self.facts.halts.get_mut(&t));
                if let Some((_, until)) = halts.and_then(|halts| halts.last_mut()) {
                    *until = Some(event.received);
                }
            }
            _ => {}
        }
    }

    /// The quotes of this tick are known before its orders.
    fn note_orders(&mut self, frame: &Frame) {
        for record in &frame.records {
            if let Record::Intended(intent) = record
                && self.ordered.insert(intent.order.contract)
            {
                let contract = intent.order.contract;
                let last = self.last.get(&contract).copied();
                self.facts.quotes.entry(contract).or_default().extend(last);
            }
        }
    }

    /// A contract without any quote is one that nothing can be said of.
    fn facts(mut self) -> Evidence {
        self.facts.quotes.retain(|_, quotes| !quotes.is_empty());
        self.facts
    }
}
