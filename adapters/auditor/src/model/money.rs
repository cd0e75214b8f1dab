//! Positions and money in 128-bit integers: cash is what it began with, less what was bought, plus
//! what was sold, less fees. It does not matter in which order things happened.

use super::signed;
use components::contract::{Contract, Instrument, Right};
use components::order::Execution;
use components::units::Price;
use engine::record::Settling;
use std::collections::BTreeMap;

/// No amount counts as more than this: sums of what a journal can hold stay far below 128 bits.
const AMOUNT_MAX: i128 = 1_000_000_000_000_000_000_000_000_000;

/// What `units` cost at `price`; an amount that no account could hold counts as the largest.
pub(crate) fn cost(price: Price, units: i128, multiplier: u32) -> i128 {
    let each = i128::from(price.0).saturating_mul(i128::from(multiplier));
    each.saturating_mul(units).clamp(-AMOUNT_MAX, AMOUNT_MAX)
}

/// Positions and money, in 1/10,000 of a dollar.
#[derive(Clone, Debug, Default)]
pub(crate) struct Money {
    pub(crate) cash: i128,
    pub(crate) fees: i128,
    positions: BTreeMap<Instrument, Held>,
    /// Trades closed at a loss in a row today.
    pub(crate) losing_trades: u32,
    /// Whether that can be told: a correction may have changed what a closed trade was worth.
    pub(crate) is_streak_known: bool,
}

/// What is held of an instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Units, negative is short.
    pub(crate) quantity: i128,
    /// Units that orders of ours bought, less those that they sold.
    pub(crate) ours: i128,
    /// What was paid, less what came in, since nothing was held.
    pub(crate) paid: i128,
    /// What those held cost at their average, as far as that is known.
    pub(crate) cost: i128,
    /// Whether an execution was corrected since nothing was held: then the cost is not known.
    pub(crate) is_corrected: bool,
    /// The highest stop since nothing was held.
    pub(crate) stop: Option<Price>,
}

impl Money {
    pub(crate) fn held(&self, instrument: &Instrument) -> i128 {
        self.positions
            .get(instrument)
            .map_or(0, |held| held.quantity)
    }

    /// What is held, instruments of which nothing is held left out.
    pub(crate) fn positions(&self) -> impl Iterator<Item = (&Instrument, &Held)> {
        self.positions.iter().filter(|(_, held)| held.quantity != 0)
    }

    pub(crate) fn position(&mut self, contract: Contract) -> &mut Held {
        self.positions
            .entry(Instrument::Option(contract))
            .or_default()
    }

    /// Puts positions in the place of all that are known.
    pub(crate) fn carry(&mut self, positions: impl Iterator<Item = (Instrument, Held)>) {
        self.positions = positions.collect();
    }

    /// Books an execution, or takes it back where `times` is -1.
    pub(crate) fn book(&mut self, execution: &Execution, times: i128) {
        let units = signed(execution.side, execution.quantity) * times;
        if times < 0 {
            self.is_streak_known = false;
            let held = self.positions.entry(execution.instrument).or_default();
            held.is_corrected = true;
        }
        if execution.order.is_some() {
            let held = self.positions.entry(execution.instrument).or_default();
            held.ours += units;
        }
        self.trade(execution.instrument, units, execution.price);
    }

    pub(crate) fn pay(&mut self, fees: i128) {
        self.fees += fees;
        self.cash -= fees;
    }

    /// Sets a position to what the broker holds; the difference is booked at `price`.
    pub(crate) fn set(&mut self, instrument: Instrument, to: i128, price: Price) {
        let streak = (self.losing_trades, self.is_streak_known);
        self.trade(instrument, to - self.held(&instrument), price);
        (self.losing_trades, self.is_streak_known) = streak;
        if let Some(held) = self.positions.get_mut(&instrument) {
            held.ours = held.ours.min(to.max(0));
        }
    }

    /// Notes the stop that counts for what is held.
    pub(crate) fn note_terms(&mut self, instrument: Instrument, stop: Price) {
        if let Some(held) = self.positions.get_mut(&instrument)
            && held.quantity > 0
            && stop.is_some()
        {
            held.stop = held.stop.max(Some(stop));
        }
    }

    /// Settles what is held of a contract.
    pub(crate) fn settle(&mut self, instrument: Instrument, price: Price, how: Settling) {
        let quantity = self.held(&instrument);
        if let (Settling::Delivered, Instrument::Option(contract)) = (how, instrument) {
            // The worth of what is delivered lies in the shares.
            self.is_streak_known = false;
            self.trade(instrument, -quantity, Price::NONE);
            let sign = match contract.terms.right {
                Right::Call => 1,
                Right::Put => -1,
            };
            let shares = quantity * i128::from(contract.terms.multiplier) * sign;
            let stock = Instrument::Stock(contract.underlying);
            self.trade(stock, shares, contract.terms.strike);
        } else {
            let price = if how == Settling::Cash {
                price
            } else {
                Price::NONE
            };
            self.trade(instrument, -quantity, price);
        }
    }

    fn trade(&mut self, instrument: Instrument, units: i128, price: Price) {
        if units == 0 {
            return;
        }
        let paid = cost(price, units, instrument.multiplier());
        self.cash -= paid;
        let held = self.positions.entry(instrument).or_default();
        let before = held.quantity;
        held.quantity += units;
        held.paid += paid;
        if before.signum() * units.signum() >= 0 {
            held.cost += paid;
        } else if before != 0 {
            held.cost += held.cost.saturating_mul(units.abs().min(before.abs())) / -before.abs();
        }
        let turned = before.signum() * held.quantity.signum() < 0;
        if turned {
            self.is_streak_known = false;
            // What is held from here on is another position.
            held.stop = None;
        }
        if held.quantity == 0 {
            // What came in is more than what was paid: a trade that was won.
            self.losing_trades = if held.paid < 0 {
                0
            } else {
                self.losing_trades.saturating_add(1)
            };
            *held = Held::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::market::Ticker;

    #[test]
    fn a_position_that_is_turned_round_has_no_stop_any_more() {
        let stock = Instrument::Stock(Ticker::new("AAA").unwrap());
        let mut money = Money::default();
        let mut trade = |units| {
            money.trade(stock, units, Price(10_000));
            money.note_terms(stock, Price(9_000));
            money.positions[&stock].stop
        };
        assert_eq!(trade(2), Some(Price(9_000)));
        assert_eq!(trade(-1), Some(Price(9_000)));
        // A short position has none.
        assert_eq!(trade(-3), None);
        assert_eq!(trade(4), Some(Price(9_000)));
    }
}
