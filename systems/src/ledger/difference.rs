//! What the broker sees in another way than the ledger, in words for the daily report.

use components::contract::Instrument;
use components::order::{ExecutionId, OrderId, OrderStatus};
use core::fmt;

/// Something that the broker sees in another way than the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The answer is not to the last query: only its executions were used.
    OldAnswer {
        /// The query that it answers.
        query: u64,
    },
    /// An execution that was never reported, or was reported in an older revision.
    Execution(ExecutionId),
    /// An order works, or is filled further, than was reported.
    Order {
        /// The order.
        order: OrderId,
        /// Where it stood here.
        from: OrderStatus,
        /// Where it stands.
        to: OrderStatus,
    },
    /// More of an order is filled at the broker than its executions say.
    Filled {
        /// The order.
        order: OrderId,
        /// Contracts by executions.
        ours: u64,
        /// Contracts at the broker.
        broker: u64,
    },
    /// An order that is over here works there.
    WorksAfterEnd(OrderId),
    /// An order carries our reference and no intent of ours.
    UnknownOrder(OrderId),
    /// Two orders that work carry one reference of ours.
    DuplicateOrder(OrderId),
    /// A position.
    Position {
        /// Of what.
        instrument: Instrument,
        /// Units here.
        ours: i64,
        /// Units there.
        broker: i64,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OldAnswer { query } => write!(f, "answer to query {query} is not the last"),
            Self::Execution(id) => write!(f, "execution {id} was not reported"),
            Self::Order { order, from, to } => {
                write!(f, "order {order} was {} and is {}", from.name(), to.name())
            }
            Self::Filled {
                order,
                ours,
                broker,
            } => write!(f, "order {order} filled {ours} here and {broker} there"),
            Self::WorksAfterEnd(order) => write!(f, "order {order} is over here and works there"),
            Self::UnknownOrder(order) => write!(f, "order {order} has no intent"),
            Self::DuplicateOrder(order) => write!(f, "order {order} works twice"),
            Self::Position {
                instrument,
                ours,
                broker,
            } => write!(f, "position {instrument} is {ours} here and {broker} there"),
        }
    }
}
