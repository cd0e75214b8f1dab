//! Which contract of the engine's is which at the exchange.
//!
//! The engine numbers contracts anew in every process; the exchange outlives processes and has
//! numbers of its own. Both grow with the universe and nothing else.

use crate::venue::Instrument;
use components::contract::{Contract, ContractId};
use components::market::{SymbolId, Ticker};
use engine::directory::Directory;
use std::collections::{BTreeMap, HashMap};

/// The exchange's numbers, and those of whoever speaks to it now.
#[derive(Debug, Default)]
pub(crate) struct Numbering {
    contracts: Vec<Contract>,
    contract_of: HashMap<Contract, ContractId>,
    symbol_of: BTreeMap<Ticker, SymbolId>,
    /// The exchange's number for each number of the speaker.
    spoken_contracts: Vec<ContractId>,
    spoken_symbols: Vec<SymbolId>,
    speaker: u64,
}

impl Numbering {
    /// Takes over what `directory` lists; another `speaker` has other numbers.
    pub(crate) fn learn(&mut self, speaker: u64, directory: &Directory) {
        if speaker != self.speaker {
            self.speaker = speaker;
            self.spoken_contracts.clear();
            self.spoken_symbols.clear();
        }
        for place in self.spoken_symbols.len()..directory.symbols_len() {
            let Some(ticker) = number(place).and_then(|n| directory.ticker(SymbolId(n))) else {
                return;
            };
            let next = SymbolId(number(self.symbol_of.len()).unwrap_or(u32::MAX));
            let symbol = *self.symbol_of.entry(ticker).or_insert(next);
            self.spoken_symbols.push(symbol);
        }
        for place in self.spoken_contracts.len()..directory.contracts_len() {
            let Some(contract) = number(place).and_then(|n| named(directory, ContractId(n))) else {
                return;
            };
            let next = ContractId(number(self.contracts.len()).unwrap_or(u32::MAX));
            let known = *self.contract_of.entry(contract).or_insert(next);
            if known == next {
                self.contracts.push(contract);
            }
            self.spoken_contracts.push(known);
        }
    }

    /// The exchange's number of the speaker's contract.
    pub(crate) fn contract(&self, spoken: ContractId) -> Option<ContractId> {
        self.spoken_contracts.get(spoken.0 as usize).copied()
    }

    /// The exchange's number of the speaker's underlying.
    pub(crate) fn symbol(&self, spoken: SymbolId) -> Option<SymbolId> {
        self.spoken_symbols.get(spoken.0 as usize).copied()
    }

    /// The exchange's number of an underlying.
    pub(crate) fn symbol_named(&self, ticker: Ticker) -> Option<SymbolId> {
        self.symbol_of.get(&ticker).copied()
    }

    /// The exchange's number of a contract, if it was ever listed.
    pub(crate) fn find(&self, contract: &Contract) -> Option<ContractId> {
        self.contract_of.get(contract).copied()
    }

    /// The contract behind a number of the exchange.
    pub(crate) fn named(&self, contract: ContractId) -> Option<Contract> {
        self.contracts.get(contract.0 as usize).copied()
    }

    /// Contracts numbered so far.
    pub(crate) fn contracts_len(&self) -> usize {
        self.contracts.len()
    }
}

/// What the venue must know of a contract.
pub(crate) fn instrument(
    numbering: &Numbering,
    contract: &Contract,
    settlement: components::units::Timestamp,
) -> Option<Instrument> {
    let symbol = numbering.symbol_named(contract.underlying)?;
    Some(Instrument::new(symbol, &contract.terms, settlement))
}

fn named(directory: &Directory, contract: ContractId) -> Option<Contract> {
    let listed = directory.listed(contract)?;
    Some(Contract {
        underlying: directory.ticker(listed.symbol)?,
        terms: listed.terms,
    })
}

fn number(place: usize) -> Option<u32> {
    u32::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::contract::OptionTerms;
    use components::units::Timestamp;
    use engine::directory::Listings;

    #[test]
    fn another_process_numbers_differently_and_means_the_same() {
        let ticker = |name: &str| Ticker::new(name).unwrap();
        let terms = |osi: &str| OptionTerms::from_osi(osi).unwrap();
        let list = |names: &[(&str, &str)]| {
            let mut directory = Directory::default();
            for (name, osi) in names {
                let mut listings = Listings::default();
                listings.contract(ticker(name), terms(osi));
                directory.number(&listings, Timestamp(0));
            }
            directory
        };
        let (a, b) = (
            ("AAA", "AAA   260302C00100000"),
            ("BBB", "BBB   260302C00100000"),
        );
        let mut numbering = Numbering::default();
        numbering.learn(1, &list(&[a, b]));
        let first = numbering.contract(ContractId(0)).unwrap();
        numbering.learn(2, &list(&[b, a]));
        assert_eq!(numbering.contract(ContractId(1)), Some(first));
        assert_eq!(numbering.symbol(SymbolId(1)), Some(SymbolId(0)));
        assert_eq!(numbering.contracts_len(), 2);
        assert_eq!(numbering.contract(ContractId(2)), None);
    }
}
