//! The mirror port on a Redis server: a disposable projection that is the authority for nothing.
//!
//! [`RedisMirror::publish`](engine::ports::Mirror::publish) hands a batch to a thread and returns;
//! it never waits. The thread keeps the newest state of every symbol and writes what changed through
//! one pipelined connection. When Redis is down, slow, flushed or restarted, batches are conflated
//! and counted, the connection is made again with back-off, and the whole state is written anew.
//!
//! [`CommandStream`] is the way back: commands of operators that only reduce risk.

mod address;
mod commands;
mod entry;
mod link;
mod mirror;
mod pipeline;
mod recent;
mod state;
#[cfg(feature = "testing")]
pub mod testing;
mod worker;

pub use address::{Address, AddressError};
pub use commands::{CommandCounter, CommandCounts, CommandStream, WAITING_MAX};
pub use mirror::{RedisMirror, Settings, StartError, WriteCost};
