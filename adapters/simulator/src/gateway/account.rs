//! What the account holds, and what becomes of it at expiry.
//!
//! An option in the money by any amount at settlement is exercised where it is held and assigned
//! where it is owed. European contracts pay their intrinsic value, American ones deliver shares at
//! the strike. Shares are held on: nothing here sells them.

use crate::broker_ledger::LedgerSettlement;
use components::contract::{Contract, ExerciseStyle, Instrument, Right};
use components::market::{Side, SymbolId};
use components::units::{Cash, Price, Timestamp};
use std::collections::BTreeMap;

/// Levels of an underlying whose median settles its options: one bad quote decides nothing.
const LEVELS: usize = 5;

/// Positions by instrument; bounded by what was traded and is not settled.
#[derive(Debug, Default)]
pub(crate) struct Account {
    positions: BTreeMap<Instrument, i64>,
}

/// The last levels of the underlyings, by the exchange's numbers.
#[derive(Debug, Default)]
pub(crate) struct Levels(Vec<[Price; LEVELS]>);

impl Account {
    /// Adds units, negative takes them away.
    pub(crate) fn add(&mut self, instrument: Instrument, units: i64) {
        let held = self.positions.entry(instrument).or_default();
        *held = held.saturating_add(units);
        if *held == 0 {
            self.positions.remove(&instrument);
        }
    }

    /// All positions in order of instruments.
    pub(crate) fn positions(&self) -> Vec<(Instrument, i64)> {
        self.positions.iter().map(|(i, held)| (*i, *held)).collect()
    }

    /// Settles what is held of a contract with its underlying at `underlying`.
    pub(crate) fn settle(
        &mut self,
        contract: Contract,
        underlying: Option<Price>,
        at: Timestamp,
    ) -> Option<LedgerSettlement> {
        let instrument = Instrument::Option(contract);
        let quantity = self.positions.remove(&instrument)?;
        let terms = contract.terms;
        let intrinsic = underlying.map_or(0, |level| match terms.right {
            Right::Call => level.0 - terms.strike.0,
            Right::Put => terms.strike.0 - level.0,
        });
        let mut settled = LedgerSettlement {
            at,
            instrument,
            quantity,
            underlying,
            shares: 0,
            cash: Cash::ZERO,
        };
        if intrinsic > 0 {
            match terms.style {
                ExerciseStyle::European => {
                    settled.cash =
                        Cash::of(Price(intrinsic), quantity, terms.multiplier).unwrap_or_default();
                }
                ExerciseStyle::American => {
                    let sign = if terms.right == Right::Call { 1 } else { -1 };
                    let shares = quantity.saturating_mul(i64::from(terms.multiplier));
                    settled.shares = shares.saturating_mul(sign);
                    self.add(Instrument::Stock(contract.underlying), settled.shares);
                }
            }
        }
        Some(settled)
    }
}

impl Levels {
    /// Notes the level of an underlying, if it is one.
    pub(crate) fn note(&mut self, symbol: SymbolId, level: Price) {
        if !level.is_some() {
            return;
        }
        let place = symbol.0 as usize;
        if place >= self.0.len() {
            self.0.resize(place + 1, [Price::NONE; LEVELS]);
        }
        self.0[place].rotate_left(1);
        self.0[place][LEVELS - 1] = level;
    }

    /// Notes the middle of a quote, if it has one.
    pub(crate) fn quote(&mut self, symbol: SymbolId, bid: Price, ask: Price) {
        if bid.is_some() && bid <= ask {
            self.note(symbol, Price(bid.0 + (ask.0 - bid.0) / 2));
        }
    }

    /// The median of the last levels.
    pub(crate) fn of(&self, symbol: SymbolId) -> Option<Price> {
        let mut levels: Vec<Price> = self
            .0
            .get(symbol.0 as usize)?
            .iter()
            .copied()
            .filter(|level| level.is_some())
            .collect();
        levels.sort_unstable();
        levels.get(levels.len() / 2).copied()
    }
}

/// Units with the sign of the side.
pub(crate) fn signed(side: Side, quantity: u32) -> i64 {
    match side {
        Side::Buy => i64::from(quantity),
        Side::Sell => -i64::from(quantity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::contract::OptionTerms;
    use components::market::Ticker;

    fn check(osi: &str, style: ExerciseStyle, held: i64, level: i64, expected: (i64, i64)) {
        let underlying = Ticker::new("AAA").unwrap();
        let terms = OptionTerms {
            style,
            ..OptionTerms::from_osi(osi).unwrap()
        };
        let contract = Contract { underlying, terms };
        let mut account = Account::default();
        account.add(Instrument::Option(contract), held);
        let settled = account
            .settle(contract, Some(Price(level)), Timestamp(9))
            .unwrap();
        assert_eq!((settled.shares, settled.cash.0), expected);
        let shares = (Instrument::Stock(underlying), expected.0);
        let left = if expected.0 == 0 {
            vec![]
        } else {
            vec![shares]
        };
        assert_eq!(account.positions(), left);
        assert!(account.settle(contract, None, Timestamp(9)).is_none());
    }

    #[test]
    fn what_is_in_the_money_becomes_shares_or_cash() {
        let (call, put) = ("AAA   260302C00100000", "AAA   260302P00100000");
        let (american, european) = (ExerciseStyle::American, ExerciseStyle::European);
        check(call, american, 3, 1_010_000, (300, 0));
        check(call, american, -2, 1_010_000, (-200, 0));
        check(put, american, 3, 990_000, (-300, 0));
        check(put, american, -1, 990_000, (100, 0));
        check(put, american, 5, 1_000_000, (0, 0));
        check(call, european, 2, 1_015_000, (0, 3_000_000));
        check(put, european, -2, 985_000, (0, -3_000_000));
        check(call, european, 2, 999_900, (0, 0));
    }

    #[test]
    fn one_bad_quote_does_not_settle_anything() {
        let mut levels = Levels::default();
        for level in [100, 101, 102, 1_000_000, -5] {
            levels.note(SymbolId(1), Price(level));
        }
        assert_eq!(levels.of(SymbolId(1)), Some(Price(102)));
        assert_eq!(levels.of(SymbolId(0)), None);
        levels.quote(SymbolId(2), Price(12), Price(10));
        assert_eq!(levels.of(SymbolId(2)), None);
    }
}
