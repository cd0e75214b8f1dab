//! What should be done about a position.

use components::order::{OrderId, OrderKind};
use components::signal::Intent;
use components::units::Price;

/// One thing to do. The order of a list is the order in which they should leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// From now on the whole position is being closed; this stays so until it is gone.
    Closing {
        /// Why.
        why: Intent,
    },
    /// The stop in force rises.
    Raise {
        /// The stop from now on.
        stop: Price,
        /// The best bid so far.
        best: Price,
    },
    /// An order is cancelled.
    Cancel {
        /// The order.
        order: OrderId,
    },
    /// An order is changed.
    Modify {
        /// The order.
        order: OrderId,
        /// How it may be executed from now on.
        kind: OrderKind,
        /// Contracts in all from now on, filled ones included.
        quantity: u32,
    },
    /// A stop order is sent for a position that has none.
    PlaceStop {
        /// Contracts.
        quantity: u32,
        /// How it may be executed.
        kind: OrderKind,
        /// The group that it joins: that of the target which still rests.
        oca: Option<OrderId>,
    },
    /// An order is sent that closes the position or a part of it now.
    Close {
        /// Contracts.
        quantity: u32,
        /// The lowest price.
        limit: Price,
        /// Why.
        why: Intent,
    },
}
