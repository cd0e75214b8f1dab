//! Executions and what they cost: each is booked once, whatever order they come in.
//!
//! An execution is known by the base of its number; a higher revision replaces a lower one. Fees
//! are kept by execution whether it is known yet or not, and the last charge of the highest
//! revision counts. Memory: the executions of the session and of the days before that may be
//! reported again.

use components::order::{Execution, ExecutionId};
use components::units::Cash;
use std::collections::{BTreeMap, BTreeSet};

/// Charges that may wait for their executions.
pub const WAITING_CHARGES_MAX: usize = 4_096;

/// Executions and charges, by the base of the execution's number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Executions {
    known: BTreeMap<u64, Execution>,
    charges: BTreeMap<u64, (u16, Cash)>,
    waiting: BTreeSet<u64>,
}

/// What an execution is to what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Nothing is known of it.
    New,
    /// It replaces this one.
    Corrects(Execution),
    /// It is known, or an older revision of what is known.
    Known,
}

/// What became of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charge {
    /// It costs so much more than before for a known execution.
    Booked(Cash),
    /// It waits for its execution.
    Waits,
    /// It is known, or replaced by a newer one.
    Known,
    /// Too many wait.
    Dropped,
}

impl Executions {
    pub(crate) fn get(&self, base: u64) -> Option<&Execution> {
        self.known.get(&base)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Execution> {
        self.known.values()
    }

    pub(crate) fn charges(&self) -> impl Iterator<Item = (ExecutionId, Cash)> {
        self.charges.iter().map(|(base, (revision, fees))| {
            let id = ExecutionId {
                base: *base,
                revision: *revision,
            };
            (id, *fees)
        })
    }

    pub(crate) fn charge_of(&self, base: u64) -> Option<Cash> {
        self.charges.get(&base).map(|(_, fees)| *fees)
    }

    pub(crate) fn news(&self, execution: &Execution) -> News {
        match self.known.get(&execution.id.base) {
            None => News::New,
            Some(known) if known.id.revision < execution.id.revision => News::Corrects(*known),
            Some(_) => News::Known,
        }
    }

    /// Keeps an execution, and returns the fees that waited for it.
    pub(crate) fn keep(&mut self, execution: Execution) -> Option<Cash> {
        let base = execution.id.base;
        self.known.insert(base, execution);
        self.waiting
            .remove(&base)
            .then(|| self.charge_of(base))
            .flatten()
    }

    pub(crate) fn charge(&mut self, id: ExecutionId, fees: Cash) -> Charge {
        let before = self.charges.get(&id.base).copied();
        if before.is_some_and(|(revision, known)| {
            revision > id.revision || (revision == id.revision && known == fees)
        }) {
            return Charge::Known;
        }
        if self.known.contains_key(&id.base) {
            let paid = before.map_or(Cash::ZERO, |(_, fees)| fees);
            let Some(more) = fees.checked_sub(paid) else {
                return Charge::Dropped;
            };
            self.charges.insert(id.base, (id.revision, fees));
            return Charge::Booked(more);
        }
        if engine::planted::planted(6) {
            // I6: a charge that comes before its execution is lost.
            return Charge::Waits;
        }
        // I46: what waits is kept, however much it is.
        let is_full = self.waiting.len() >= WAITING_CHARGES_MAX && !engine::planted::planted(46);
        if before.is_none() && is_full {
            return Charge::Dropped;
        }
        self.charges.insert(id.base, (id.revision, fees));
        self.waiting.insert(id.base);
        Charge::Waits
    }

    /// Takes over what the session before left: its charges are booked already.
    pub(crate) fn carry(executions: &[Execution], charges: &[(ExecutionId, Cash)]) -> Self {
        let mut carried = Self::default();
        for execution in executions {
            carried.known.insert(execution.id.base, *execution);
        }
        for (id, fees) in charges {
            carried.charges.insert(id.base, (id.revision, *fees));
            if !carried.known.contains_key(&id.base) {
                carried.waiting.insert(id.base);
            }
        }
        carried
    }
}
