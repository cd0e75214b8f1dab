//! The book at one moment for those who report on it: what is held, what orders in flight may make of
//! it, and what the market says of each instrument.

use super::assessment::{Market, value};
use super::book::UnitGreeks;
use super::repricing::Holding;
use super::revaluation::Inputs;
use crate::books::Books;
use crate::ledger::HoldingRange;
use components::contract::Instrument;
use components::units::Price;
use std::collections::BTreeMap;

/// An instrument that is held or may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    /// What it is.
    pub instrument: Instrument,
    /// Units held, negative is short.
    pub quantity: i64,
    /// Between what that may end up.
    pub range: HoldingRange,
    /// The price at which it could be closed.
    pub mark: Price,
    /// The Greeks of a unit and what its value rests on, where the market says so.
    pub known: Option<(UnitGreeks, Inputs)>,
}

impl Held {
    /// One unit, to be re-priced.
    #[must_use]
    pub fn unit(&self) -> Option<Holding> {
        let (_, inputs) = self.known?;
        Some(inputs.holding(&self.instrument))
    }
}

/// What is held and what that may become, in order of instruments; without what stays flat. Both, for
/// an entry that was executed and may be sold again has the range that it had in flight.
#[must_use]
pub fn quantities(books: &Books) -> BTreeMap<Instrument, (i64, HoldingRange)> {
    let ledger = books.ledger();
    let ranges = ledger.holding_ranges().into_iter();
    ranges
        .filter(|(_, range)| (range.least, range.most) != (0, 0))
        .map(|(instrument, range)| (instrument, (ledger.position(&instrument).quantity, range)))
        .collect()
}

/// The book of this moment, in order of instruments.
#[must_use]
pub fn holdings(books: &Books, market: &Market<'_, '_>) -> Vec<Held> {
    let of = |(instrument, (quantity, range))| {
        let (mark, known) = value(&instrument, market, quantity >= 0);
        Held {
            instrument,
            quantity,
            range,
            mark,
            known,
        }
    };
    quantities(books).into_iter().map(of).collect()
}
