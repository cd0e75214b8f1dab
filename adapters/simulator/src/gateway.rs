//! The broker's gateway with the simulated exchange behind it: what the engine's process connects
//! to and what lives on when that process dies.
//!
//! Modelled after the broker's documented behaviour: permanent numbers, brackets and groups, limits
//! on messages and orders, queries, and reports that repeat, overtake each other, come late or not
//! at all. Without faults every message arrives once, after its latency; only the order among an
//! acknowledgement, an execution and its charge of one instant is shuffled.

mod account;
mod book;
mod bracket;
mod broker;
mod checks;
mod core;
mod fills;
mod link;
mod numbering;
mod orders;
mod state;
mod trouble;

pub use broker::GatewayBroker;

use self::broker::Pace;
use self::core::Core;
use crate::broker_ledger::BrokerLedger;
use crate::config::ExchangeConfig;
use crate::error::Error;
use crate::gateway_faults::{FaultCounts, GatewayFaults};
use ::core::fmt;
use components::contract::OptionTerms;
use components::units::Timestamp;
use engine::clock::Tick;
use engine::directory::Directory;
use engine::event::Event;
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use garde::Validate;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The instant at which a contract is settled; `None` if its expiry is no trading day.
pub type SettlementOf = Box<dyn Fn(&OptionTerms) -> Option<Timestamp> + Send + Sync>;

/// What a partial fill of an entry releases of its legs. The broker's documents do not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LegRelease {
    /// The same share of each leg; when the entry ends the legs are cut to that.
    #[default]
    Proportional,
    /// Nothing before the entry is filled in full; when it ends before that, the legs end.
    AfterFull,
}

impl LegRelease {
    /// The variant that a seed stands for: even or odd.
    #[must_use]
    pub fn drawn(seed: u64) -> Self {
        if seed.is_multiple_of(2) {
            Self::Proportional
        } else {
            Self::AfterFull
        }
    }
}

/// How a gateway behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct GatewayConfig {
    /// The account (`DU0000001`).
    pub account: String,
    /// What a partial fill of an entry releases of its legs.
    pub legs: LegRelease,
    /// Whether the messages of an instant are shuffled (true).
    pub shuffles_messages: bool,
    /// Milliseconds that a new connection takes, 0 to 60,000 (500).
    pub reconnect_ms: i64,
    /// Milliseconds from the arrival of a query to the instant of its answer, 0 to 60,000 (200).
    pub query_ms: i64,
    /// Messages in a second at most, 1 or more (50).
    pub messages_per_second_max: u32,
    /// Active orders in a contract on a side at most, 1 or more (20).
    pub orders_per_side_max: usize,
    /// What goes wrong.
    pub faults: GatewayFaults,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            account: "DU0000001".to_owned(),
            legs: LegRelease::default(),
            shuffles_messages: true,
            reconnect_ms: 500,
            query_ms: 200,
            messages_per_second_max: 50,
            orders_per_side_max: 20,
            faults: GatewayFaults::default(),
        }
    }
}

/// A broker's gateway. Clones are the same gateway; it lives outside the engine.
#[derive(Clone)]
pub struct Gateway {
    core: Arc<Mutex<Core>>,
    pace: Pace,
    sessions: Arc<Mutex<u64>>,
}

/// The half that matches and reports, as one process of the engine holds it.
pub struct GatewayFeed {
    core: Arc<Mutex<Core>>,
    session: u64,
    _token: Arc<Token>,
}

/// Shared by the two halves of a process: when both are gone, the process is.
pub(crate) struct Token {
    core: Arc<Mutex<Core>>,
    session: u64,
}

impl Gateway {
    /// A gateway with its exchange; `settlement` says when contracts expire.
    ///
    /// # Errors
    /// When a field of either config lies outside what is allowed.
    pub fn new(
        exchange: &ExchangeConfig,
        config: GatewayConfig,
        seed: u64,
        settlement: SettlementOf,
    ) -> Result<Self, Error> {
        exchange.validate().map_err(Error::Config)?;
        config.check()?;
        Ok(Self {
            core: Arc::new(Mutex::new(Core::new(exchange, config, seed, settlement))),
            pace: Pace::new(exchange, seed),
            sessions: Arc::default(),
        })
    }

    /// Connects a process of the engine. While another one holds the line this one is refused with
    /// code 326; it may try again by `reconnect`. When both halves are dropped the line drops, what
    /// was sent still arrives, and orders work on.
    #[must_use]
    pub fn connect(&self) -> (GatewayBroker, GatewayFeed) {
        let session = {
            let mut sessions = lock(&self.sessions);
            *sessions += 1;
            *sessions
        };
        let line = {
            let mut core = lock(&self.core);
            if core.link.owner.is_none() {
                core.link.take_line(session);
            }
            core.line.clone()
        };
        let token = Arc::new(Token {
            core: Arc::clone(&self.core),
            session,
        });
        let feed = GatewayFeed {
            core: Arc::clone(&self.core),
            session,
            _token: Arc::clone(&token),
        };
        let broker = GatewayBroker::new(line, self.pace, session, Some(token));
        (broker, feed)
    }

    /// Lets the exchange follow the market while no process of the engine does. The numbers in
    /// `events` are those of `directory`, which must be the same one, grown or not, between two
    /// connections.
    pub fn follow(&self, events: &[Event], directory: &Directory) {
        lock(&self.core).follow_all(events, directory);
    }

    /// Lets time pass at the broker up to and including `now` while no process of the engine does.
    pub fn run_until(&self, now: Timestamp) {
        let mut core = lock(&self.core);
        core.take_commands();
        core.run_until(now);
    }

    /// All that arrived at the broker and happened there so far.
    #[must_use]
    pub fn ledger(&self) -> BrokerLedger {
        let core = lock(&self.core);
        BrokerLedger {
            positions: core.account.positions(),
            ..core.ledger.clone()
        }
    }

    /// How often each fault happened so far. Two outcomes are counted besides: `both_legs_filled`
    /// and `filled_after_cancel`.
    #[must_use]
    pub fn fault_counts(&self) -> FaultCounts {
        lock(&self.core).dice.counts.clone()
    }
}

impl GatewayConfig {
    fn check(&self) -> Result<(), Error> {
        let fail = |field, found, allowed| {
            Err(Error::Gateway {
                field,
                found,
                allowed,
            })
        };
        if self.account.is_empty() || self.account.len() > 32 {
            let found = format!("\"{}\"", self.account);
            return fail("account", found, "1 to 32 characters");
        }
        for (field, millis) in [
            ("reconnect_ms", self.reconnect_ms),
            ("query_ms", self.query_ms),
        ] {
            if !(0..=60_000).contains(&millis) {
                return fail(field, millis.to_string(), "0 to 60000");
            }
        }
        if self.messages_per_second_max == 0 {
            return fail("messages_per_second_max", "0".to_owned(), "1 or more");
        }
        if self.orders_per_side_max == 0 {
            return fail("orders_per_side_max", "0".to_owned(), "1 or more");
        }
        Ok(())
    }
}

impl Feed for GatewayFeed {
    fn name(&self) -> &str {
        "exchange"
    }

    fn drain(
        &mut self,
        tick: &Tick,
        directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        lock(&self.core).drain(self.session, tick, directory, inbox);
        Ok(())
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        lock(&self.core).drop_session(self.session);
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}

impl fmt::Debug for GatewayFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayFeed")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
