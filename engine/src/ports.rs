//! The five ports. Live, paper, simulation, replay and bench differ only in what is plugged in.
//!
//! | port | live | simulate | replay |
//! |---|---|---|---|
//! | [`Clock`] | wall clock on a 250 ms grid | stepped | stepped, from the journal |
//! | [`Feed`] | broker, vendors | recorded files, synthetic market | the journal |
//! | [`Broker`] | broker | simulated exchange | none: orders are compared |
//! | [`Mirror`] | Redis | nothing, or Redis | nothing |
//! | [`Journal`] | file | nothing, or file | nothing |
//!
//! [`Clock`]: crate::ports::Clock
//! [`Feed`]: crate::ports::Feed
//! [`Broker`]: crate::ports::Broker
//! [`Mirror`]: crate::ports::Mirror
//! [`Journal`]: crate::ports::Journal

use crate::clock::Tick;
use crate::directory::{Directory, Listings};
use crate::event::Event;
use crate::frame::Frame;
use crate::inbox::Inbox;
use components::order::{Order, OrderId};
use components::units::Timestamp;

/// Decides when ticks happen.
pub trait Clock: Send + Sync {
    /// Waits for the next tick and returns it; `None` ends the run.
    fn next(&mut self) -> Option<Tick>;

    /// How many ticks there will be, where that is known: for progress.
    fn ticks_left(&self) -> Option<u64> {
        None
    }
}

/// Where events come from.
pub trait Feed: Send + Sync {
    /// Its name in transcripts and reports.
    fn name(&self) -> &str;

    /// After how many milliseconds of silence its values are stale; 0 if silence means nothing.
    fn stale_after_ms(&self) -> i64 {
        0
    }

    /// Announces the instruments that [`Feed::drain`] may speak of in this tick for the first time.
    ///
    /// # Errors
    /// When the source is broken and no further event can be had from it.
    fn list(&mut self, _tick: &Tick, _listings: &mut Listings) -> Result<(), FeedError> {
        Ok(())
    }

    /// Hands over what has become known by `tick.now`. Never waits.
    ///
    /// # Errors
    /// When the source is broken and no further event can be had from it. A source that may come
    /// back reports [`crate::event::EventKind::FeedLost`] instead.
    fn drain(
        &mut self,
        tick: &Tick,
        directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError>;

    /// Whether nothing more will come, ever.
    fn is_exhausted(&self) -> bool {
        false
    }
}

/// Why a feed cannot go on: one sentence that names the file, line or field.
pub type FeedError = Box<dyn std::error::Error + Send + Sync>;

/// Where orders go. Held by Dispatch alone; outcomes come back as [`Report`]s.
///
/// [`Report`]: crate::report::Report
pub trait Broker: Send + Sync {
    /// Sends orders that belong together, an entry and its legs: the broker releases none before the
    /// last has arrived. Never waits.
    fn submit(&mut self, orders: &[Order]);

    /// Changes an order at the broker to what `order` says now. Never waits.
    fn modify(&mut self, order: &Order, at: Timestamp);

    /// Asks for an order to be cancelled. Never waits.
    fn cancel(&mut self, order: OrderId, at: Timestamp);

    /// Asks for everything that the broker knows; the answer names `query`. Never waits.
    fn query(&mut self, query: u64, at: Timestamp);

    /// Drops the line and makes it anew: what hangs on it is given up. Never waits.
    fn reconnect(&mut self, at: Timestamp);
}

/// Where state is shown. Bounded; never waits; may lose batches but counts them.
pub trait Mirror: Send + Sync {
    /// Takes the batch of a tick. The batch is left empty, its memory kept where possible.
    fn publish(&mut self, batch: &mut wire::Batch);

    /// How the mirror fares.
    fn report(&self) -> MirrorReport;

    /// Waits, at the end of a run, until what was taken has been shown or given up.
    fn finish(&mut self) {}
}

/// How a mirror fares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MirrorReport {
    /// Batches taken.
    pub published: u64,
    /// Batches replaced by a newer one before they were shown.
    pub conflated: u64,
    /// Attempts that failed.
    pub errors: u64,
    /// Whether the other side answered last time.
    pub connected: bool,
}

/// Where the run is recorded.
pub trait Journal: Send + Sync {
    /// Adds a tick: its frame, and what its market's feeds reported.
    ///
    /// # Errors
    /// When it cannot be stored; the engine stops.
    fn append(&mut self, frame: &Frame, market: &[Event]) -> Result<(), JournalError>;

    /// Makes everything appended durable and returns the number of the last frame.
    ///
    /// # Errors
    /// When it is not durable; the engine stops and the call is never tried again.
    fn commit(&mut self) -> Result<u64, JournalError>;
}

/// Why a journal cannot be written or read.
pub type JournalError = Box<dyn std::error::Error + Send + Sync>;

/// A mirror that shows nothing.
#[derive(Debug, Default)]
pub struct NoMirror(MirrorReport);

impl Mirror for NoMirror {
    fn publish(&mut self, batch: &mut wire::Batch) {
        self.0.published += 1;
        batch.clear();
    }

    fn report(&self) -> MirrorReport {
        self.0
    }
}
