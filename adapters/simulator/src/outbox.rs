//! What the market does in a step, gathered per underlying and handed over in order of time.

use components::units::Timestamp;
use engine::event::EventKind;
use engine::inbox::Inbox;

/// The events of a step.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    events: Vec<(Timestamp, EventKind)>,
    delay_ms: i64,
}

impl Outbox {
    /// An outbox whose events reach the engine `delay_ms` after they happened.
    pub(crate) fn new(delay_ms: i64) -> Self {
        Self {
            events: Vec::new(),
            delay_ms,
        }
    }

    /// Adds what reaches the engine at `received`.
    pub(crate) fn push(&mut self, received: Timestamp, kind: EventKind) {
        self.events.push((received, kind));
    }

    /// Hands everything over, by time and at equal times as it was added.
    pub(crate) fn hand_over(&mut self, inbox: &mut Inbox) {
        self.events.sort_by_key(|(received, _)| *received);
        for (received, kind) in self.events.drain(..) {
            inbox.push(received, received.plus_millis(-self.delay_ms), kind);
        }
    }
}
