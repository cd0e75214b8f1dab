//! A seeded synthetic market and a simulated exchange.
//!
//! Both stand behind the engine's ports: [`Market`] is a feed, [`exchange`] makes a broker and the
//! feed that reports what became of its orders, [`Faulted`] damages any feed as a script says.
//! Nothing here reads a clock; all randomness comes from named streams of the run's seed.

mod book;
mod chain;
mod config;
mod curve;
mod error;
mod flow;
mod grid;
mod interest;
mod listing;
mod market;
mod moves;
mod outbox;
mod path;
mod smile;
mod stock;

pub use config::{ExchangeConfig, MarketConfig};
pub use error::Error;
pub use grid::PriceGrid;
pub use listing::ticker_of;
pub use market::Market;
pub use moves::{MarketMove, MoveKind};
