//! What becomes of a position without an order: expiry, exercise, assignment, and adjustment to
//! what the broker holds.

use crate::ledger::booking::Closer;
use crate::ledger::position::Booking;
use crate::ledger::*;
use components::contract::{Contract, Right};
use components::units::Price;
use engine::record::Settling;

impl Ledger {
    /// Applies a settlement or an adjustment.
    pub(super) fn set_position(
        &mut self,
        now: Timestamp,
        record: &Record,
        changes: &mut Vec<Change>,
    ) {
        let (instrument, result) = match *record {
            Record::Settled {
                instrument,
                quantity,
                price,
                how,
            } => {
                let result = self.settle(now, instrument, (quantity, price, how), changes);
                (instrument, result)
            }
            Record::Adjusted {
                instrument,
                from,
                to,
                price,
            } => {
                let result = self.adjust(now, instrument, (from, to, price), changes);
                (instrument, result)
            }
            _ => return,
        };
        if result.is_err() {
            changes.push(Change::Odd(Odd::Overflow(Amount::Position(instrument))));
        }
    }

    /// Closes what is held. Delivered contracts are worth nothing any more: their worth lies in the
    /// shares, which appear at the strike.
    fn settle(
        &mut self,
        now: Timestamp,
        instrument: Instrument,
        (quantity, price, how): (i64, Price, Settling),
        changes: &mut Vec<Change>,
    ) -> Result<(), Overflow> {
        let held = self.positions.quantity(&instrument);
        if held != quantity {
            changes.push(Change::Odd(Odd::QuantityDiffers(instrument)));
        }
        if held == 0 {
            return Ok(());
        }
        let worth = match how {
            Settling::Expired => Price::NONE,
            Settling::Cash | Settling::Delivered => price,
        };
        let inside = Cash::of(worth, held, instrument.multiplier()).ok_or(Overflow)?;
        let (at_price, besides) = match how {
            Settling::Delivered => (Price::NONE, inside),
            Settling::Expired | Settling::Cash => (worth, Cash::ZERO),
        };
        let closer = Closer {
            reason: ExitReason::Settled(how),
            at: now,
            besides,
        };
        let realized = self.trade(instrument, -held, at_price, closer, changes)?;
        changes.push(Change::Settled {
            instrument,
            quantity: held,
            how,
            realized,
        });
        if let (Settling::Delivered, Instrument::Option(contract)) = (how, instrument) {
            let shares = shares_of(&contract, held).ok_or(Overflow)?;
            let stock = Instrument::Stock(contract.underlying);
            self.trade(stock, shares, contract.terms.strike, closer, changes)?;
        }
        Ok(())
    }

    fn adjust(
        &mut self,
        now: Timestamp,
        instrument: Instrument,
        (from, to, price): (i64, i64, Price),
        changes: &mut Vec<Change>,
    ) -> Result<(), Overflow> {
        let held = self.positions.quantity(&instrument);
        if held != from {
            changes.push(Change::Odd(Odd::QuantityDiffers(instrument)));
        }
        let by = to.checked_sub(held).ok_or(Overflow)?;
        let closer = Closer {
            reason: ExitReason::Adjusted,
            at: now,
            besides: Cash::ZERO,
        };
        self.trade(instrument, by, price, closer, changes)?;
        changes.push(Change::Adjusted {
            instrument,
            from: held,
            position: self.position(&instrument),
        });
        Ok(())
    }

    fn trade(
        &mut self,
        instrument: Instrument,
        signed: i64,
        price: Price,
        closer: Closer,
        changes: &mut Vec<Change>,
    ) -> Result<Cash, Overflow> {
        if signed == 0 {
            return Ok(Cash::ZERO);
        }
        let booking = Booking {
            execution: None,
            side: if signed > 0 { Side::Buy } else { Side::Sell },
            quantity: signed.unsigned_abs(),
            price,
        };
        let booked = self
            .positions
            .book(&mut self.account, instrument, booking)?;
        self.hold(instrument, &booked, closer, None, changes);
        Ok(booked.traded.realized)
    }
}

/// Shares that come of `quantity` contracts: bought by the holder of a call, sold by that of a put.
fn shares_of(contract: &Contract, quantity: i64) -> Option<i64> {
    let shares = quantity.checked_mul(i64::from(contract.terms.multiplier))?;
    match contract.terms.right {
        Right::Call => Some(shares),
        Right::Put => shares.checked_neg(),
    }
}
