//! A seeded synthetic market and a simulated exchange.
//!
//! Both stand behind the engine's ports: [`Market`] is a feed, [`exchange`] makes a broker and the
//! feed that reports what became of its orders, [`Faulted`] damages any feed as a script says.
//! Nothing here reads a clock; all randomness comes from named streams of the run's seed.

mod book;
mod broker;
mod chain;
mod config;
mod curve;
mod error;
mod exchange;
mod faults;
mod flow;
mod grid;
mod interest;
mod listing;
mod market;
mod moves;
mod outbox;
mod pair;
mod path;
mod scripted;
mod smile;
mod stock;
mod variance;
mod venue;

pub use broker::ExchangeBroker;
pub use config::{ExchangeConfig, MarketConfig};
pub use error::Error;
pub use exchange::{ExchangeFeed, SettlementOf, exchange, settled_at_close};
pub use faults::{EventClass, Fault, FaultKind, Faulted};
pub use grid::PriceGrid;
pub use listing::ticker_of;
pub use market::Market;
pub use moves::{MarketMove, MoveKind};
pub use scripted::{Scripted, ScriptedEvent, ScriptedKind};
