//! Positions: average cost, exact to the unit, and on what terms something is held.
//!
//! A position is the fold of its bookings since the session began, in the order in which they were
//! first heard of. A correction replaces its booking and folds again, so that the result is the one
//! that would have come of the right execution at once; nothing is undone by an opposite trade.
//! Memory: one booking for each execution of the session.

use crate::ledger::account;
use components::contract::Instrument;
use components::market::Side;
use components::order::Position;
use components::units::{Cash, Price};
use engine::record::{AccountState, HoldingState};
use std::collections::BTreeMap;

/// A number that would not fit 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

/// What a trade did to cash and profit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traded {
    /// Money received, negative is paid; without fees.
    pub cash: Cash,
    /// Profit of what was closed, without fees.
    pub realized: Cash,
}

/// Arithmetic of a position.
pub trait PositionTrade {
    /// Books a trade: average cost, exact to the unit; what is closed takes its share of the cost.
    ///
    /// # Errors
    /// When a number would not fit; nothing is booked then.
    fn trade(
        &mut self,
        side: Side,
        quantity: u64,
        price: Price,
        multiplier: u32,
    ) -> Result<Traded, Overflow>;
}

impl PositionTrade for Position {
    fn trade(
        &mut self,
        side: Side,
        quantity: u64,
        price: Price,
        multiplier: u32,
    ) -> Result<Traded, Overflow> {
        let magnitude = i64::try_from(quantity).map_err(|_| Overflow)?;
        let signed = side.sign() * magnitude;
        let value = |quantity| Cash::of(price, quantity, multiplier).ok_or(Overflow);
        let held = self.quantity.checked_abs().ok_or(Overflow)?;
        let closes = if self.quantity.signum() == -signed.signum() {
            magnitude.min(held)
        } else {
            0
        };
        let closed = -closes * signed.signum();
        let cost = if closes == 0 {
            0
        } else {
            let share = i128::from(self.cost.0) * i128::from(closes) / i128::from(held);
            i64::try_from(share).map_err(|_| Overflow)?
        };
        let realized = value(closed)?.checked_sub(Cash(cost)).ok_or(Overflow)?;
        let next = Self {
            quantity: self.quantity.checked_add(signed).ok_or(Overflow)?,
            cost: self
                .cost
                .checked_sub(Cash(cost))
                .and_then(|rest| rest.checked_add(value(signed + closed).ok()?))
                .ok_or(Overflow)?,
            realized: self.realized.checked_add(realized).ok_or(Overflow)?,
            fees: self.fees,
        };
        let cash = Cash::ZERO.checked_sub(value(signed)?).ok_or(Overflow)?;
        *self = next;
        Ok(Traded { cash, realized })
    }
}

/// One line of a position's day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Booking {
    /// The execution it came from; settlements and adjustments have none.
    pub(crate) execution: Option<u64>,
    pub(crate) side: Side,
    pub(crate) quantity: u64,
    pub(crate) price: Price,
}

/// What a booking did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Booked {
    pub(crate) traded: Traded,
    pub(crate) was: i64,
    pub(crate) position: Position,
    /// Profit and fees of what was held, if it is held no more.
    pub(crate) closed: Option<(Cash, Cash)>,
}

impl Booked {
    /// Whether something is held now that was not, or the other way round.
    pub(crate) fn opened(&self) -> bool {
        self.position.quantity != 0 && self.was.signum() != self.position.quantity.signum()
    }
}

/// What is held of one instrument.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// When the session began.
    opening: Running,
    bookings: Vec<Booking>,
    now: Running,
    /// Fees that had been paid when it was opened.
    fees_at_open: Cash,
    pub(crate) holding: Option<HoldingState>,
}

impl Held {
    pub(crate) fn position(&self) -> Position {
        self.now.position
    }

    /// The position as the next session begins with it: profit and fees since it was opened.
    pub(crate) fn carried(&self) -> Position {
        let position = self.now.position;
        Position {
            realized: Cash(
                position
                    .realized
                    .0
                    .saturating_sub(self.now.realized_at_open.0),
            ),
            fees: Cash(position.fees.0.saturating_sub(self.fees_at_open.0)),
            ..position
        }
    }
}

/// A position while its bookings are folded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Running {
    position: Position,
    /// Money received so far.
    cash: Cash,
    /// Profit that had been realized when it was opened.
    realized_at_open: Cash,
}

/// All positions, also those closed today.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Positions(BTreeMap<Instrument, Held>);

impl Positions {
    pub(crate) fn get(&self, instrument: &Instrument) -> Option<&Held> {
        self.0.get(instrument)
    }

    pub(crate) fn get_mut(&mut self, instrument: &Instrument) -> Option<&mut Held> {
        self.0.get_mut(instrument)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Instrument, &Held)> {
        self.0.iter()
    }

    pub(crate) fn quantity(&self, instrument: &Instrument) -> i64 {
        self.get(instrument)
            .map_or(0, |held| held.now.position.quantity)
    }

    /// Takes over what the session before left.
    pub(crate) fn carry(
        &mut self,
        instrument: Instrument,
        position: Position,
        holding: Option<HoldingState>,
    ) {
        let opening = Running {
            position,
            ..Running::default()
        };
        let held = Held {
            opening,
            now: opening,
            holding,
            ..Held::default()
        };
        self.0.insert(instrument, held);
    }

    /// Adds a booking, to the account as well; to neither if one of them cannot take it.
    pub(crate) fn book(
        &mut self,
        account: &mut AccountState,
        instrument: Instrument,
        booking: Booking,
    ) -> Result<Booked, Overflow> {
        let held = self.0.entry(instrument).or_default();
        let now = step(held.now, &booking, instrument.multiplier())?;
        let booked = held.turn(account, now)?;
        held.bookings.push(booking);
        Ok(booked)
    }

    /// Puts `right` in the place of the booking of the same execution. One of an earlier session is
    /// taken back at its own price: its place in that session's fold is gone.
    pub(crate) fn correct(
        &mut self,
        account: &mut AccountState,
        instrument: Instrument,
        wrong: Booking,
        right: Booking,
    ) -> Result<Booked, Overflow> {
        let held = self.0.entry(instrument).or_default();
        let before = held.now;
        let multiplier = instrument.multiplier();
        let place = held
            .bookings
            .iter()
            .position(|booking| booking.execution == wrong.execution);
        let Some(place) = place else {
            let back = Booking {
                execution: None,
                side: wrong.side.opposite(),
                ..wrong
            };
            let between = step(before, &back, multiplier)?;
            let now = step(between, &right, multiplier)?;
            let booked = held.turn(account, now)?;
            held.bookings.extend([back, right]);
            return Ok(booked);
        };
        held.bookings[place] = right;
        let now = held
            .bookings
            .iter()
            .try_fold(held.opening, |running, booking| {
                step(running, booking, multiplier)
            })
            .and_then(|mut now| {
                now.position.fees = before.position.fees;
                held.turn(account, now)
            });
        if now.is_err() {
            held.bookings[place] = wrong;
        }
        now
    }

    /// Books fees; those of what is long forgotten count for the account alone.
    pub(crate) fn charge(&mut self, instrument: &Instrument, fees: Cash) -> Result<(), Overflow> {
        if let Some(held) = self.0.get_mut(instrument) {
            let paid = &mut held.now.position.fees;
            *paid = paid.checked_add(fees).ok_or(Overflow)?;
        }
        Ok(())
    }
}

impl Held {
    /// Puts `now` in the place of what is held, and the difference on the account.
    fn turn(&mut self, account: &mut AccountState, now: Running) -> Result<Booked, Overflow> {
        let before = self.now;
        let traded = Traded {
            cash: now.cash.checked_sub(before.cash).ok_or(Overflow)?,
            realized: now
                .position
                .realized
                .checked_sub(before.position.realized)
                .ok_or(Overflow)?,
        };
        account::book(account, traded)?;
        self.now = now;
        let (was, position) = (before.position.quantity, now.position);
        let opened = position.quantity != 0 && was.signum() != position.quantity.signum();
        let closed = (was != 0 && (position.quantity == 0 || opened)).then(|| {
            let profit = position
                .realized
                .0
                .saturating_sub(before.realized_at_open.0);
            let fees = position.fees.0.saturating_sub(self.fees_at_open.0);
            (Cash(profit), Cash(fees))
        });
        if opened {
            self.fees_at_open = position.fees;
        }
        Ok(Booked {
            traded,
            was,
            position,
            closed,
        })
    }
}

fn step(mut running: Running, booking: &Booking, multiplier: u32) -> Result<Running, Overflow> {
    let before = running.position;
    let traded =
        running
            .position
            .trade(booking.side, booking.quantity, booking.price, multiplier)?;
    running.cash = running.cash.checked_add(traded.cash).ok_or(Overflow)?;
    if before.quantity == 0 {
        running.realized_at_open = before.realized;
    } else if running.position.quantity.signum() == -before.quantity.signum() {
        running.realized_at_open = running.position.realized;
    }
    Ok(running)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_round_trip_realizes_the_difference() {
        let mut position = Position::default();
        let bought = position.trade(Side::Buy, 3, Price(20_000), 100).unwrap();
        assert_eq!((bought.cash, bought.realized), (Cash(-6_000_000), Cash(0)));
        let sold = position.trade(Side::Sell, 1, Price(25_000), 100).unwrap();
        assert_eq!((sold.cash, sold.realized), (Cash(2_500_000), Cash(500_000)));
        assert_eq!((position.quantity, position.cost), (2, Cash(4_000_000)));
        // Selling more than is held closes it and opens a short at the same price.
        let turned = position.trade(Side::Sell, 3, Price(10_000), 100).unwrap();
        assert_eq!(turned.realized, Cash(-2_000_000));
        assert_eq!((position.quantity, position.cost), (-1, Cash(-1_000_000)));
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut position = Position::default();
        position.trade(Side::Buy, 3, Price(20_000), 100).unwrap();
        let before = position;
        for (quantity, price) in [(u64::MAX, 1), (2, i64::MAX), (i64::MAX as u64, 1)] {
            for side in [Side::Buy, Side::Sell] {
                let result = position.trade(side, quantity, Price(price), 100);
                assert_eq!(result, Err(Overflow), "{quantity} at {price}");
                assert_eq!(position, before);
            }
        }
    }

    proptest! {
        #[test]
        fn money_is_conserved(
            trades in proptest::collection::vec((any::<bool>(), 1_u64..50, 1_i64..90_000), 1..40)
        ) {
            let mut position = Position::default();
            let (mut cash, mut realized) = (0, 0);
            for (buys, quantity, price) in trades {
                let side = if buys { Side::Buy } else { Side::Sell };
                let traded = position.trade(side, quantity, Price(price), 100).unwrap();
                cash += traded.cash.0;
                realized += traded.realized.0;
                prop_assert_eq!(cash + position.cost.0, realized);
            }
            prop_assert_eq!(position.realized.0, realized);
        }

        /// A correction leaves what the right execution would have left at once.
        #[test]
        fn a_correction_leaves_no_trace(
            trades in proptest::collection::vec((any::<bool>(), 1_u64..9, 1_i64..900), 1..12),
            place in any::<proptest::sample::Index>(),
            right in (any::<bool>(), 0_u64..9, 1_i64..900),
        ) {
            let booking = |execution: usize, (buys, quantity, price): (bool, u64, i64)| Booking {
                execution: Some(execution as u64),
                side: if buys { Side::Buy } else { Side::Sell },
                quantity,
                price: Price(price),
            };
            let instrument = Instrument::Stock(components::market::Ticker::new("SPY").unwrap());
            let place = place.index(trades.len());
            let (mut corrected, mut direct) = (Positions::default(), Positions::default());
            let (mut cash, mut accounts) = ([0, 0], [AccountState::default(); 2]);
            for (execution, trade) in trades.iter().enumerate() {
                let wrong = booking(execution, *trade);
                let booked = corrected.book(&mut accounts[0], instrument, wrong).unwrap();
                cash[0] += booked.traded.cash.0;
                let right = if execution == place { right } else { *trade };
                let right = booking(execution, right);
                cash[1] += direct.book(&mut accounts[1], instrument, right).unwrap().traded.cash.0;
            }
            let wrong = booking(place, trades[place]);
            let right = booking(place, right);
            let all = corrected.correct(&mut accounts[0], instrument, wrong, right).unwrap();
            cash[0] += all.traded.cash.0;
            prop_assert_eq!(cash[0], cash[1]);
            prop_assert_eq!(accounts[0], accounts[1]);
            prop_assert_eq!(
                corrected.get(&instrument).unwrap().position(),
                direct.get(&instrument).unwrap().position()
            );
        }
    }
}
