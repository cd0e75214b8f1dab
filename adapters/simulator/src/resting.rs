//! A working order against one side of a quote: what it takes and when its stop is triggered.

use components::contract::ContractId;
use components::market::Side;
use components::order::{OrderKind, PermId};
use components::units::Price;

/// A working order, or the part of it that may be filled now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resting {
    /// The broker's number.
    pub(crate) perm: PermId,
    /// The contract.
    pub(crate) contract: ContractId,
    /// Buy or sell.
    pub(crate) side: Side,
    /// As it was sent; a stop becomes a market or limit order when it is triggered.
    pub(crate) kind: OrderKind,
    /// Contracts not filled.
    pub(crate) left: u32,
}

/// Contracts that changed hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// The order.
    pub(crate) perm: PermId,
    /// How it may be executed by now.
    pub(crate) kind: OrderKind,
    /// Contracts.
    pub(crate) quantity: u32,
    /// The price of each.
    pub(crate) price: Price,
}

/// One side of a quote: what was said and what is left of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Displayed {
    pub(crate) price: Price,
    quoted: u32,
    pub(crate) left: u32,
}

impl Resting {
    /// Takes what it may of the displayed side, and triggers it if it is a stop.
    pub(crate) fn take_from(&mut self, displayed: &mut Displayed) -> Option<Match> {
        if !displayed.is_there() {
            return None;
        }
        let (side, price) = (self.side, displayed.price);
        let reaches = |limit: Price| match side {
            Side::Buy => price <= limit,
            Side::Sell => price >= limit,
        };
        match self.kind {
            // A stop waits for the market to run away from it: the other way round.
            OrderKind::Stop(stop) | OrderKind::StopLimit { stop, .. }
                if reaches(stop) && price != stop =>
            {
                return None;
            }
            OrderKind::Stop(_) => self.kind = OrderKind::Market,
            OrderKind::StopLimit { limit, .. } => self.kind = OrderKind::Limit(limit),
            OrderKind::Limit(_) | OrderKind::Market => {}
        }
        if let OrderKind::Limit(limit) = self.kind
            && !reaches(limit)
        {
            return None;
        }
        let quantity = self.left.min(displayed.left);
        if quantity == 0 {
            return None;
        }
        self.left -= quantity;
        displayed.left -= quantity;
        Some(Match {
            perm: self.perm,
            kind: self.kind,
            quantity,
            price,
        })
    }
}

impl Displayed {
    /// Displays a quote; the same one again brings back nothing that was taken.
    pub(crate) fn quote(&mut self, price: Price, size: u32) {
        if (price, size) != (self.price, self.quoted) {
            *self = Self {
                price,
                quoted: size,
                left: size,
            };
        }
    }

    pub(crate) fn is_there(&self) -> bool {
        self.price.is_some() && self.quoted > 0
    }
}
