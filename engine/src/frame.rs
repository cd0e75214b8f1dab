//! What the journal holds of a tick: its inbox and what came of it.

use crate::clock::Tick;
use crate::event::Event;
use crate::record::{Record, RunStart};
use components::contract::Expiry;
use components::units::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the frame's layout; a reader refuses another.
pub const FRAME_VERSION: u16 = 4;

/// What a journal begins with: everything but the inboxes that a replay needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FRAME_VERSION`] of the writer.
    pub version: u16,
    /// The scenario's name.
    pub scenario: String,
    /// The scenario's whole text, or empty where there was none.
    pub scenario_text: String,
    /// The merged config that the run used, as YAML, secrets redacted.
    pub config_text: String,
    /// The seed.
    pub seed: u64,
    /// The run as its first frame says it.
    pub run: RunStart,
    /// The names of the feeds and after how many milliseconds each is stale, in order.
    pub feeds: Vec<(String, i64)>,
}

/// One tick without its market: all that a restart needs, and the digests to compare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The tick's number.
    pub tick: u64,
    /// The tick's instant.
    pub now: Timestamp,
    /// The session's date as `yyyymmdd`, its open and its close.
    pub session: (u32, Timestamp, Timestamp),
    /// Whether the tick was the first of its session.
    pub opens_session: bool,
    /// Grid points skipped before it.
    pub skipped: u32,
    /// By how much the wall clock jumped, milliseconds.
    pub jumped_ms: i64,
    /// What the broker reported.
    pub reports: Vec<Event>,
    /// What the engine decided.
    pub records: Vec<Record>,
    /// What each system up to the commit left as the digest of its phase, in the order of
    /// [`Engine::add`](crate::engine::Engine::add); 0 for a system that folded nothing.
    pub systems: Vec<u64>,
    /// The digest of the run up to the tick before.
    pub digest_before: u64,
}

impl Frame {
    /// A frame of `tick` with nothing in it.
    #[must_use]
    pub fn of(tick: &Tick) -> Self {
        Self {
            tick: tick.number,
            now: tick.now,
            session: (
                Expiry::on(tick.session.date).yyyymmdd(),
                tick.session.open,
                tick.session.close,
            ),
            opens_session: tick.opens_session,
            skipped: tick.skipped,
            jumped_ms: tick.jumped_ms,
            reports: Vec::new(),
            records: Vec::new(),
            systems: Vec::new(),
            digest_before: 0,
        }
    }
}
