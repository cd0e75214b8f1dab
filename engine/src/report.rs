//! What the broker says, in the engine's words. With [`Record`] it is all that the ledger is made of.
//!
//! Reports may repeat, overtake each other, come late or not at all. None of them is trusted to say
//! that an order is over but those that say so in full: silence never does.
//!
//! [`Record`]: crate::record::Record

use components::contract::Instrument;
use components::market::Side;
use components::order::{Execution, ExecutionId, OrderId, PermId};
use components::units::{Cash, Price};
use serde::{Deserialize, Serialize};

/// Something that the broker said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report {
    /// The line to the broker is there.
    Connected {
        /// The account that it trades.
        account: String,
        /// The number that the broker would give the next order. It may be too low.
        next_order: OrderId,
    },
    /// The line is lost; what was sent last may or may not have arrived.
    Disconnected {
        /// The broker's code, 0 where the line just ended.
        code: u32,
    },
    /// The line stands again after the broker had lost it: what it said meanwhile may be lost.
    Resumed {
        /// The broker's code.
        code: u32,
    },
    /// The broker has the order, or says so again.
    Accepted {
        /// The order.
        order: OrderId,
        /// The broker's number.
        perm: PermId,
    },
    /// Part or all of an order was executed, or an earlier execution is corrected.
    Executed(Execution),
    /// What an execution cost. It may come before the execution.
    Charged {
        /// The execution.
        execution: ExecutionId,
        /// Commission and fees, positive is a cost.
        fees: Cash,
    },
    /// The order is over; what was filled stays.
    Cancelled {
        /// The order.
        order: OrderId,
        /// The broker's number, where it has one.
        perm: Option<PermId>,
    },
    /// The broker refused the order.
    Rejected {
        /// The order.
        order: OrderId,
        /// The broker's code.
        code: u32,
        /// The broker's words.
        reason: String,
    },
    /// The broker refused to cancel the order or to change it: it is over, unknown there, or the
    /// change is not allowed. What works there works on as it was.
    CancelRefused {
        /// The order.
        order: OrderId,
        /// The broker's code.
        code: u32,
    },
    /// Everything that the broker knows, as one answer: nothing is missing from it.
    State(Box<BrokerState>),
}

/// The broker's whole answer to a query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerState {
    /// The query it answers.
    pub query: u64,
    /// The account.
    pub account: String,
    /// The number that the broker would give the next order. It may be too low.
    pub next_order: OrderId,
    /// Orders that work, of all clients.
    pub open: Vec<OpenOrder>,
    /// Orders of today that are over.
    pub completed: Vec<CompletedOrder>,
    /// Executions of today, each in its last revision, with its fees where they are known.
    pub executions: Vec<(Execution, Option<Cash>)>,
    /// What the account holds; what is not named is not held.
    pub positions: Vec<(Instrument, i64)>,
}

/// An order that works at the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrder {
    /// Our order, if it carries a reference of ours.
    pub order: Option<OrderId>,
    /// The broker's number.
    pub perm: PermId,
    /// What it trades.
    pub instrument: Instrument,
    /// Buy or sell.
    pub side: Side,
    /// Contracts in all.
    pub quantity: u32,
    /// Contracts filled so far.
    pub filled: u32,
    /// Its limit, where it has one.
    pub limit: Option<Price>,
}

/// An order that is over at the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletedOrder {
    /// Our order, if it carries a reference of ours.
    pub order: Option<OrderId>,
    /// The broker's number.
    pub perm: PermId,
    /// Contracts filled.
    pub filled: u32,
    /// Whether it was refused rather than filled or cancelled.
    pub rejected: bool,
}
