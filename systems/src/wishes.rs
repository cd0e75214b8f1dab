//! What systems want done about orders that exist: a cancellation, a change, a question to the
//! broker. Risk grants them; they leave by the same road as every order.

use bevy_ecs::prelude::Resource;
use components::contract::Contract;
use components::order::{OrderId, OrderKind};
use components::signal::StrategyName;

/// The wishes of a tick.
#[derive(Resource, Debug, Default)]
pub struct Wishes {
    /// Orders to cancel.
    pub cancels: Vec<OrderId>,
    /// Orders to change.
    pub changes: Vec<Change>,
    /// Stops to send for positions that have none.
    pub protects: Vec<Protect>,
    /// Numbers of questions for everything that the broker knows.
    pub queries: Vec<u64>,
    /// Whether the line is to be dropped and made anew.
    pub reconnect: bool,
}

/// Other terms for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The order.
    pub order: OrderId,
    /// How it may be executed.
    pub kind: OrderKind,
    /// Contracts in all.
    pub quantity: u32,
}

/// A stop for a position that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protect {
    /// The contract.
    pub contract: Contract,
    /// The strategy that holds it.
    pub strategy: StrategyName,
    /// Contracts.
    pub quantity: u32,
    /// How it may be executed.
    pub kind: OrderKind,
    /// The group that it joins.
    pub oca: Option<OrderId>,
}
