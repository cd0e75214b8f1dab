//! Whether the broker takes an order: its contract, prices and times, and what works already.

use super::book::Held;
use super::core::Core;
use super::numbering::instrument;
use crate::broker_ledger::Origin;
use crate::venue;
use components::contract::ContractId;
use components::order::{Order, OrderKind, PermId};
use components::units::Timestamp;

/// Orders at work at most; beyond that orders are refused.
const WORKING_MAX: usize = 65_536;
/// Why an order is refused.
pub(crate) struct Refusal {
    pub(crate) code: u32,
    pub(crate) reason: String,
}

impl Refusal {
    pub(crate) fn new(code: u32, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { code, reason }
    }
}

/// What is known of an order that may be taken.
pub(crate) struct Checked {
    pub(crate) contract: ContractId,
    pub(crate) instrument: venue::Instrument,
    pub(crate) end: Timestamp,
}

impl Core {
    /// Checks an order by itself and against what works already, but for `replaced`.
    pub(crate) fn check(
        &self,
        order: &Order,
        origin: Origin,
        replaced: Option<PermId>,
    ) -> Result<Checked, Refusal> {
        let terms = order.contract.terms;
        let contract = self.numbering.find(&order.contract);
        let contract =
            contract.ok_or_else(|| Refusal::new(200, format!("{terms} is not listed")))?;
        if order.quantity == 0 {
            return Err(Refusal::new(201, "quantity was 0, must be 1 or more"));
        }
        self.check_prices(order.kind)?;
        let settlement = (self.settlement)(&terms).ok_or_else(|| {
            let reason = format!("{} is no trading day, so {terms} is unknown", terms.expiry);
            Refusal::new(200, reason)
        })?;
        if self.now >= settlement {
            return Err(Refusal::new(201, format!("{terms} has expired")));
        }
        if self.now >= order.good_until {
            let reason = format!("it ended at {}, before it arrived", order.good_until);
            return Err(Refusal::new(201, reason));
        }
        if self.ledger.is_full() {
            return Err(Refusal::new(201, "the broker's record is full"));
        }
        if replaced.is_none() && self.book.held.len() >= WORKING_MAX {
            let reason = format!("{WORKING_MAX} orders work already");
            return Err(Refusal::new(201, reason));
        }
        let most = self.config.orders_per_side_max;
        let same_side = |held: &&Held| {
            held.contract == contract
                && held.order.side == order.side
                && !held.is_told_over
                && Some(held.perm) != replaced
        };
        let count = self.book.held.values().filter(same_side).take(most).count();
        if origin == Origin::Client && count >= most {
            let side = order.side.name();
            let reason = format!("{most} orders to {side} {terms} work already");
            return Err(Refusal::new(201, reason));
        }
        let instrument = instrument(&self.numbering, &order.contract, settlement)
            .ok_or_else(|| Refusal::new(200, format!("{terms} is not listed")))?;
        Ok(Checked {
            contract,
            instrument,
            end: order.good_until.min(settlement),
        })
    }

    fn check_prices(&self, kind: OrderKind) -> Result<(), Refusal> {
        let prices = match kind {
            OrderKind::Limit(price) | OrderKind::Stop(price) => [Some(price), None],
            OrderKind::StopLimit { stop, limit } => [Some(stop), Some(limit)],
            OrderKind::Market => [None, None],
        };
        for price in prices.into_iter().flatten() {
            if !price.is_some() {
                let reason = format!("price was {price}, must be above 0");
                return Err(Refusal::new(110, reason));
            }
            if !self.grid.holds(price) {
                let tick = self.grid.tick(price);
                let reason = format!("price was {price}, must be a multiple of {tick}");
                return Err(Refusal::new(110, reason));
            }
        }
        Ok(())
    }
}
