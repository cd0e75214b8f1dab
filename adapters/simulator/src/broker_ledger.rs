//! The broker's own record of all that arrived there and happened there.
//!
//! It is kept by the gateway, not by the engine, and survives the engine's process: an auditor
//! holds it against the engine's journal. Only what really arrived and really happened is in it, whatever
//! the engine was told.
//!
//! It is bounded: once [`RECORDS_MAX`] orders, messages or executions are recorded, orders are
//! refused; what works then may still be filled.

use components::contract::Instrument;
use components::market::Side;
use components::order::{Execution, Order, OrderId, OrderKind, PermId, Role};
use components::units::{Cash, Price, Timestamp};
use serde::{Deserialize, Serialize};

/// Orders, messages and executions recorded at most; then orders are refused with code 201.
pub const RECORDS_MAX: usize = 1_000_000;

/// All that arrived at the broker and happened there, in order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerLedger {
    /// The account.
    pub account: String,
    /// What arrived.
    pub received: Vec<Received>,
    /// Messages that arrived after the record was full.
    pub left_out: u64,
    /// Orders that were taken, in order of their permanent numbers.
    pub orders: Vec<LedgerOrder>,
    /// Executions: the one with base `n` is at place `n - 1`.
    pub executions: Vec<LedgerExecution>,
    /// Contracts that were settled while they were held.
    pub settlements: Vec<LedgerSettlement>,
    /// What the account holds, zeros left out, in order of instruments.
    pub positions: Vec<(Instrument, i64)>,
    /// When a client was connected.
    pub links: Vec<LinkPeriod>,
}

/// A message that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// When it arrived.
    pub at: Timestamp,
    /// The connected client: the count of calls of `connect`.
    pub session: u64,
    /// What it was.
    pub message: Message,
    /// With which code it was refused, if it was.
    pub refused: Option<u32>,
}

/// What a client can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A new order.
    Submit(Order),
    /// New terms of an order.
    Modify(Order),
    /// A wish to cancel.
    Cancel(OrderId),
    /// A query, with its number.
    Query(u64),
}

/// Who gave an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Origin {
    /// The engine.
    Client,
    /// A person, past the engine.
    Manual,
    /// The broker, to close a position by force.
    Liquidation,
}

/// An order that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerOrder {
    /// The broker's number.
    pub perm: PermId,
    /// The client's number, if it is the engine's.
    pub order: Option<OrderId>,
    /// Who gave it.
    pub origin: Origin,
    /// What it trades.
    pub instrument: Instrument,
    /// Buy or sell.
    pub side: Side,
    /// Contracts as they are now: a modification or a sibling's fill may have changed them.
    pub quantity: u32,
    /// How it may be executed, as it is now.
    pub kind: OrderKind,
    /// What it is for, if it is the engine's.
    pub role: Option<Role>,
    /// The entry that it waits for.
    pub parent: Option<OrderId>,
    /// Its group.
    pub oca: Option<OrderId>,
    /// When it was taken.
    pub at: Timestamp,
    /// Contracts filled, corrections included.
    pub filled: u32,
    /// How and when it ended; absent while it works.
    pub end: Option<(Timestamp, FinalState)>,
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FinalState {
    /// Filled in full.
    Filled,
    /// Cancelled or expired with what was filled by then.
    Cancelled,
    /// Forgotten by a gateway that restarted: it never reached the exchange.
    Lost,
}

impl FinalState {
    /// The word in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}

/// An execution with all that became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerExecution {
    /// The execution and its corrections, the last one holds.
    pub revisions: Vec<Execution>,
    /// What it cost. A correction does not change it.
    pub fees: Cash,
}

impl LedgerExecution {
    /// The revision that holds.
    #[must_use]
    pub fn last(&self) -> Option<&Execution> {
        self.revisions.last()
    }
}

/// A contract that was settled while it was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerSettlement {
    /// When.
    pub at: Timestamp,
    /// The contract.
    pub instrument: Instrument,
    /// Contracts held, negative was short.
    pub quantity: i64,
    /// The price of the underlying that decided; `None` if it was never quoted: worth nothing.
    pub underlying: Option<Price>,
    /// Shares that came of it, negative were sold; 0 where it was settled in cash or worthless.
    pub shares: i64,
    /// What the contracts were worth in cash in all; 0 where shares were delivered or worthless.
    pub cash: Cash,
}

/// A period in which a client was connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkPeriod {
    /// The client: the count of calls of `connect`.
    pub session: u64,
    /// When the line was there.
    pub from: Timestamp,
    /// When it ended; `None` while it lasts.
    pub until: Option<Timestamp>,
}

impl BrokerLedger {
    /// The order with the broker's number `perm`.
    #[must_use]
    pub fn order(&self, perm: PermId) -> Option<&LedgerOrder> {
        let place = self.orders.partition_point(|order| order.perm < perm);
        self.orders.get(place).filter(|order| order.perm == perm)
    }

    /// Notes a message and returns its place, to note a refusal there.
    pub(crate) fn receive(&mut self, at: Timestamp, session: u64, message: Message) -> usize {
        if self.received.len() >= RECORDS_MAX {
            self.left_out += 1;
            return usize::MAX;
        }
        self.received.push(Received {
            at,
            session,
            message,
            refused: None,
        });
        self.received.len() - 1
    }

    pub(crate) fn refuse(&mut self, place: usize, code: u32) {
        if let Some(received) = self.received.get_mut(place) {
            received.refused = Some(code);
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        let most = self.received.len().max(self.orders.len());
        most.max(self.executions.len()) >= RECORDS_MAX
    }

    pub(crate) fn link_up(&mut self, session: u64, from: Timestamp) {
        // A line that comes and goes for ever must not fill the memory.
        if self.links.len() < RECORDS_MAX {
            self.links.push(LinkPeriod {
                session,
                from,
                until: None,
            });
        }
    }

    pub(crate) fn link_down(&mut self, at: Timestamp) {
        if let Some(link) = self.links.last_mut()
            && link.until.is_none()
        {
            link.until = Some(at);
        }
    }
}
