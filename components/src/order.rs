//! Orders, fills and positions.

use crate::contract::ContractId;
use crate::market::Side;
use crate::units::{Cash, Price, Timestamp};
use bevy_ecs::prelude::Component;
use core::fmt;
use serde::{Deserialize, Serialize};

/// The number of an order, made by the engine and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderId(pub u64);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "o{}", self.0)
    }
}

/// How an order may be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderKind {
    /// At the price or better.
    Limit(Price),
    /// At the best price that is there.
    Market,
    /// A market order once the bid (to sell) or the ask (to buy) has reached the price.
    Stop(Price),
}

impl fmt::Display for OrderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(price) => write!(f, "limit {price}"),
            Self::Market => f.write_str("market"),
            Self::Stop(price) => write!(f, "stop {price}"),
        }
    }
}

/// An order for one contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// The contract.
    pub contract: ContractId,
    /// Buy or sell.
    pub side: Side,
    /// Contracts, more than 0.
    pub quantity: u32,
    /// How it may be executed.
    pub kind: OrderKind,
    /// When the engine sent it.
    pub at: Timestamp,
    /// When it ends if it is not filled.
    pub good_until: Timestamp,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Sent, not yet acknowledged.
    Sent,
    /// At the broker.
    Working,
    /// Filled in full.
    Filled,
    /// Cancelled or expired with what was filled by then.
    Cancelled,
    /// Refused by the broker.
    Rejected,
}

impl OrderStatus {
    /// Whether nothing more can happen to it.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Rejected)
    }
}

/// An execution of part or all of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The order.
    pub order: OrderId,
    /// The number of the execution at the broker; a fill is applied once.
    pub execution: u64,
    /// The contract.
    pub contract: ContractId,
    /// Buy or sell.
    pub side: Side,
    /// Contracts.
    pub quantity: u32,
    /// The price of each.
    pub price: Price,
    /// Commission and fees, positive is a cost.
    pub fees: Cash,
    /// When it took place.
    pub at: Timestamp,
}

/// What is held of a contract. On the contract's entity, in a sparse set, so that opening a
/// position moves no row.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[component(storage = "SparseSet")]
pub struct Position {
    /// Contracts held, negative is short.
    pub quantity: i64,
    /// What was paid for those held, without fees.
    pub cost: Cash,
    /// Profit of what was closed, without fees.
    pub realized: Cash,
    /// Fees paid so far.
    pub fees: Cash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_states_are_terminal() {
        assert!(OrderStatus::Filled.is_terminal() && !OrderStatus::Working.is_terminal());
        assert_eq!(OrderKind::Limit(Price(12_500)).to_string(), "limit 1.25");
    }
}
