//! Where a contract's row is, and which rows belong to which underlying.
//!
//! Contracts are entities of one table, each chain spawned as one stretch of rows, so that a sum over
//! a chain is a walk over slices. The index below is derived from the table: correctness never
//! depends on the order of rows, only speed does.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryNotDenseError;
use components::contract::{ContractId, ContractOf, Instrument, OptionTerms, Right};
use components::market::SymbolId;
use engine::directory::Directory;
use std::collections::HashMap;
use std::ops::Range;

/// No row: never listed, refused at the door, or gone.
pub const NO_ROW: u32 = u32::MAX;

/// A stretch of rows with contracts of one underlying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// The underlying.
    pub symbol: SymbolId,
    /// Its first row.
    pub start: u32,
    /// One past its last row.
    pub end: u32,
}

impl Run {
    /// The rows as a range for slices.
    #[must_use]
    pub fn rows(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The index of all chains.
#[derive(Resource, Debug, Default)]
pub struct Chains {
    row_of: Vec<u32>,
    entities: Vec<Entity>,
    partners: Vec<u32>,
    owners: Vec<SymbolId>,
    runs: Vec<Run>,
    runs_of: Vec<Range<u32>>,
    symbol_rows: Vec<u32>,
    symbols: Vec<Entity>,
    /// By row: whether the quote changed since the Greeks were last computed.
    pub(crate) quote_changed: Vec<bool>,
    /// By underlying: whether any of its contracts changed in a way that the Greeks must see.
    pub(crate) touched: Vec<bool>,
    /// By underlying: whether Greeks or open interest changed since the exposures were computed.
    pub(crate) revalued: Vec<bool>,
    /// By underlying: whether the market moved since gamma was last re-priced, not time alone.
    pub(crate) moved: Vec<bool>,
    /// By underlying: whether any of its contracts traded since the sums by volume were taken.
    pub(crate) traded: Vec<bool>,
    dirty: bool,
}

impl Chains {
    /// The row of a contract, if it is in the world.
    #[must_use]
    pub fn row(&self, contract: ContractId) -> Option<usize> {
        self.row_of
            .get(contract.0 as usize)
            .filter(|row| **row != NO_ROW)
            .map(|row| *row as usize)
    }

    /// The entity of a contract, if it is in the world.
    #[must_use]
    pub fn entity(&self, contract: ContractId) -> Option<Entity> {
        self.row(contract).map(|row| self.entities[row])
    }

    /// The entity of an underlying, if it is in the world.
    #[must_use]
    pub fn underlying(&self, symbol: SymbolId) -> Option<Entity> {
        self.symbols.get(symbol.0 as usize).copied()
    }

    /// The entity of what an account can hold, if it is in the world.
    #[must_use]
    pub fn entity_of(&self, directory: &Directory, instrument: &Instrument) -> Option<Entity> {
        match instrument {
            Instrument::Option(contract) => {
                self.entity(directory.contract(contract.underlying, contract.terms)?)
            }
            Instrument::Stock(ticker) => self.underlying(directory.symbol(*ticker)?),
        }
    }

    /// The row of an underlying in the underlyings' table.
    #[must_use]
    pub fn symbol_row(&self, symbol: SymbolId) -> Option<usize> {
        self.symbol_rows
            .get(symbol.0 as usize)
            .map(|row| *row as usize)
    }

    /// How many underlyings are in the world.
    #[must_use]
    pub fn symbols_len(&self) -> usize {
        self.symbols.len()
    }

    /// How many contracts are in the world.
    #[must_use]
    pub fn contracts_len(&self) -> usize {
        self.entities.len()
    }

    /// The row of the other right at the same root, expiry and strike.
    #[must_use]
    pub fn partner(&self, row: usize) -> Option<usize> {
        self.partners
            .get(row)
            .filter(|partner| **partner != NO_ROW)
            .map(|row| *row as usize)
    }

    /// The underlying of the contract in `row`.
    #[must_use]
    pub fn owner(&self, row: usize) -> SymbolId {
        self.owners[row]
    }

    /// All runs, ordered by underlying and row.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The runs of one underlying.
    #[must_use]
    pub fn runs_of(&self, symbol: SymbolId) -> &[Run] {
        match self.runs_of.get(symbol.0 as usize) {
            Some(range) => &self.runs[range.start as usize..range.end as usize],
            None => &[],
        }
    }

    /// Says that rows were added or removed.
    pub(crate) fn invalidate(&mut self) {
        self.dirty = true;
    }

    /// Takes in a new underlying; its number is the next.
    pub(crate) fn add_symbol(&mut self, entity: Entity) {
        self.symbols.push(entity);
        self.touched.push(false);
        self.revalued.push(false);
        self.moved.push(false);
        self.traded.push(false);
    }
}

/// Rebuilds the index after contracts were listed or retired.
///
/// # Errors
/// When contracts do not lie in dense tables, which no plugin may cause.
pub fn index_chains(world: &mut World) -> Result<(), QueryNotDenseError> {
    if !world.resource::<Chains>().dirty {
        return Ok(());
    }
    let mut contracts = world.query::<Contract>();
    let mut underlyings = world.query::<(Entity, &SymbolId)>();
    world.resource_scope(|world, mut chains: Mut<Chains>| {
        let (contracts, underlyings) = (contracts.query(world), underlyings.query(world));
        rebuild(&mut chains, &contracts, &underlyings)
    })
}

type Contract = (
    Entity,
    &'static ContractId,
    &'static ContractOf,
    &'static OptionTerms,
);

fn rebuild(
    chains: &mut Chains,
    contracts: &Query<Contract>,
    underlyings: &Query<(Entity, &SymbolId)>,
) -> Result<(), QueryNotDenseError> {
    chains.dirty = false;
    chains.symbol_rows = vec![NO_ROW; chains.symbols.len()];
    let mut slot_of = HashMap::new();
    for (row, (entity, symbol)) in underlyings.iter().enumerate() {
        slot_of.insert(entity, *symbol);
        chains.symbol_rows[symbol.0 as usize] = row_number(row);
    }
    chains.row_of.clear();
    chains.entities.clear();
    chains.owners.clear();
    chains.runs.clear();
    let mut twins: HashMap<(SymbolId, OptionTerms), u32> = HashMap::new();
    for (entities, ids, owners, terms) in contracts.contiguous_iter()? {
        for index in 0..ids.len() {
            let row = row_number(chains.entities.len());
            let symbol = slot_of[&owners[index].0];
            let id = ids[index].0 as usize;
            if chains.row_of.len() <= id {
                chains.row_of.resize(id + 1, NO_ROW);
            }
            chains.row_of[id] = row;
            chains.entities.push(entities[index]);
            chains.owners.push(symbol);
            twins.insert((symbol, terms[index]), row);
            match chains.runs.last_mut() {
                Some(run) if run.symbol == symbol && run.end == row => run.end += 1,
                _ => chains.runs.push(Run {
                    symbol,
                    start: row,
                    end: row + 1,
                }),
            }
        }
    }
    chains.partners = vec![NO_ROW; chains.entities.len()];
    for (_, _, owners, terms) in contracts.contiguous_iter()? {
        for (owner, own) in owners.iter().zip(terms) {
            let symbol = slot_of[&owner.0];
            let other = OptionTerms {
                right: own.right.other(),
                ..*own
            };
            if own.right == Right::Call
                && let Some(put) = twins.get(&(symbol, other))
            {
                let call = twins[&(symbol, *own)];
                chains.partners[call as usize] = *put;
                chains.partners[*put as usize] = call;
            }
        }
    }
    chains.runs.sort_unstable();
    chains.runs_of = vec![0..0; chains.symbols.len()];
    for (index, run) in chains.runs.iter().enumerate() {
        let range = &mut chains.runs_of[run.symbol.0 as usize];
        let index = row_number(index);
        if range.end == 0 {
            range.start = index;
        }
        range.end = index + 1;
    }
    // Rows have moved: everything is looked at again.
    chains.quote_changed = vec![true; chains.entities.len()];
    chains.touched.fill(true);
    Ok(())
}

fn row_number(row: usize) -> u32 {
    u32::try_from(row).expect("Invariant: fewer than 2^32 rows")
}
