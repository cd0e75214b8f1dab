//! Orders, executions and positions.

use crate::contract::{Contract, Instrument};
use crate::market::Side;
use crate::signal::{Intent, SignalId, StrategyName};
use crate::units::{Cash, Price, Timestamp};
use bevy_ecs::prelude::Component;
use core::fmt;
use serde::{Deserialize, Serialize};

/// The number of an order, made by the engine: it only rises and is never used twice, across
/// restarts and whatever number the broker offers.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct OrderId(pub u64);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "o{}", self.0)
    }
}

/// The broker's own number of an order. One of our orders should have one; two live ones are a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PermId(pub u64);

/// How an order may be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderKind {
    /// At the price or better.
    Limit(Price),
    /// At the best price that is there. The engine never sends one; the simulated exchange knows it.
    Market,
    /// A market order once the bid (to sell) or the ask (to buy) has reached the price. As above.
    Stop(Price),
    /// A limit order once the bid (to sell) or the ask (to buy) has reached the stop.
    StopLimit {
        /// The price that sets it off.
        stop: Price,
        /// The limit from then on.
        limit: Price,
    },
}

impl OrderKind {
    /// The worst price at which it can be executed, if it has one.
    #[must_use]
    pub fn limit(self) -> Option<Price> {
        match self {
            Self::Limit(price) | Self::StopLimit { limit: price, .. } => Some(price),
            Self::Market | Self::Stop(_) => None,
        }
    }
}

impl fmt::Display for OrderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(price) => write!(f, "limit {price}"),
            Self::Market => f.write_str("market"),
            Self::Stop(price) => write!(f, "stop {price}"),
            Self::StopLimit { stop, limit } => write!(f, "stop {stop} limit {limit}"),
        }
    }
}

/// What an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Opens a position.
    Entry,
    /// Protects a position: rests at the broker until its price is reached.
    Stop,
    /// Takes the profit of a position: rests at the broker.
    Target,
    /// Closes a position or a part of it now.
    Exit,
}

impl Role {
    /// Whether it can only make a position smaller.
    #[must_use]
    pub fn reduces_risk(self) -> bool {
        self != Self::Entry
    }

    /// The word in transcripts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Stop => "stop",
            Self::Target => "target",
            Self::Exit => "exit",
        }
    }
}

/// An order for one contract, as the broker gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// The contract.
    pub contract: Contract,
    /// Buy or sell.
    pub side: Side,
    /// Contracts, more than 0.
    pub quantity: u32,
    /// How it may be executed.
    pub kind: OrderKind,
    /// What it is for.
    pub role: Role,
    /// The entry that must be filled before it works at all: the legs of a bracket.
    pub parent: Option<OrderId>,
    /// Of the orders of a group, what one fills is taken off the others. Named after an order.
    pub oca: Option<OrderId>,
    /// When the engine decided on it.
    pub at: Timestamp,
    /// When it ends if it is not filled.
    pub good_until: Timestamp,
}

/// What makes two wishes the same: a hash of underlying, strategy, side and contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint(pub u64);

/// An order and where it comes from: what is durable before the order leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderIntent {
    /// What will be sent.
    pub order: Order,
    /// The strategy that wanted it.
    pub strategy: StrategyName,
    /// The signal that became it.
    pub signal: SignalId,
    /// Why it was wanted.
    pub why: Intent,
    /// What it repeats, if it does.
    pub fingerprint: Fingerprint,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OrderStatus {
    /// Durable, not known to have left.
    Intended,
    /// Handed to the broker, not yet acknowledged.
    Sent,
    /// At the broker.
    Working,
    /// No answer in time. It may be anywhere: it keeps what it reserves and is never sent again.
    Unknown,
    /// Filled in full.
    Filled,
    /// Cancelled or expired with what was filled by then.
    Cancelled,
    /// Refused by the broker.
    Rejected,
    /// Proven never to have reached the broker.
    NotReceived,
}

impl OrderStatus {
    /// Whether nothing more can happen to it, but for an execution that comes late.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Filled | Self::Cancelled | Self::Rejected | Self::NotReceived
        )
    }

    /// The word in transcripts and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Sent => "sent",
            Self::Working => "working",
            Self::Unknown => "unknown",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::NotReceived => "not_received",
        }
    }
}

/// The number of an execution at the broker. A correction has the base of what it replaces and a
/// higher revision: the digits after the last dot of the broker's identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExecutionId {
    /// The same for an execution and all its corrections.
    pub base: u64,
    /// From 1 on.
    pub revision: u16,
}

impl fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.base, self.revision)
    }
}

/// An execution of part or all of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// Its number at the broker; it is applied once.
    pub id: ExecutionId,
    /// Our order, if it is one of ours: other people's and the broker's own have none.
    pub order: Option<OrderId>,
    /// The broker's number of the order.
    pub perm: PermId,
    /// What was traded.
    pub instrument: Instrument,
    /// Buy or sell.
    pub side: Side,
    /// Contracts or shares; a correction may say 0.
    pub quantity: u32,
    /// The price of each.
    pub price: Price,
    /// What the order had been filled by then, this included.
    pub cumulative: u32,
    /// When it took place.
    pub at: Timestamp,
}

/// What is held of an instrument. On a contract's entity it lies in a sparse set, so that opening a
/// position moves no row.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
        assert!(!OrderStatus::Unknown.is_terminal(), "silence is no answer");
        assert_eq!(OrderKind::Limit(Price(12_500)).to_string(), "limit 1.25");
    }
}
