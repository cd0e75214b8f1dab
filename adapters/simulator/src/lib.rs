//! A seeded synthetic market and a simulated exchange.
//!
//! Both stand behind the engine's ports: [`Market`] is a feed, [`exchange`] makes a broker and the
//! feed that reports what became of its orders, [`Faulted`] damages any feed as a script says.
//! [`Gateway`] is the broker as it outlives the engine's process: with faults of its own, and with a
//! [`BrokerLedger`] of what really happened.
//! Nothing here reads a clock; all randomness comes from named streams of the run's seed.

mod book;
mod broker_ledger;
mod chain;
mod config;
mod curve;
mod error;
mod exchange;
mod faults;
mod flow;
mod gateway;
mod gateway_faults;
mod interest;
mod listing;
mod market;
mod moves;
mod outbox;
mod pair;
mod path;
mod resting;
mod scripted;
mod smile;
mod stock;
mod variance;
mod venue;

pub use broker_ledger::{
    BrokerLedger, FinalState, LedgerExecution, LedgerOrder, LedgerSettlement, LinkPeriod, Message,
    Origin, RECORDS_MAX, Received,
};
pub use config::{ExchangeConfig, MarketConfig};
pub use error::Error;
pub use exchange::{exchange, settled_at_close};
pub use faults::{EventClass, Fault, FaultKind, Faulted};
pub use gateway::{Gateway, GatewayBroker, GatewayConfig, GatewayFeed, LegRelease, SettlementOf};
pub use gateway_faults::{Basis, FaultCounts, GatewayFault, GatewayFaults};
pub use listing::ticker_of;
pub use market::Market;
pub use moves::{MarketMove, MoveKind};
pub use scripted::{Scripted, ScriptedEvent, ScriptedKind};
