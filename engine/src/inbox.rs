//! Everything that reached the engine since the last tick, in canonical order.

use crate::event::{Event, EventKind, FeedId};
use bevy_ecs::prelude::Resource;
use components::units::Timestamp;

/// The events of one tick. The journal stores exactly this.
#[derive(Resource, Debug, Default)]
pub struct Inbox {
    events: Vec<Event>,
    /// How many of them are the market's: the broker's reports come after.
    market: usize,
    feed: Option<FeedId>,
}

impl Inbox {
    /// Adds what the feed being drained reports.
    ///
    /// `received` is when the engine could know it, `at` when it happened at its source.
    #[inline]
    pub fn push(&mut self, received: Timestamp, at: Timestamp, kind: EventKind) {
        let feed = self.feed.unwrap_or(FeedId::ENGINE);
        self.events.push(Event {
            received,
            at,
            feed,
            kind,
        });
    }

    /// The events so far: for a simulated exchange, the market of this tick in its order.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// What the market's feeds reported, listings first.
    #[must_use]
    pub fn market(&self) -> &[Event] {
        &self.events[..self.market.min(self.events.len())]
    }

    /// What the broker reported.
    #[must_use]
    pub fn reports(&self) -> &[Event] {
        &self.events[self.market.min(self.events.len())..]
    }

    /// What comes from now on, the broker reports.
    pub fn close_market(&mut self) {
        self.market = self.events.len();
    }

    /// What was listed in this tick: the events that the inbox begins with.
    #[must_use]
    pub fn listings(&self) -> &[Event] {
        let others = self.events.iter().position(|event| !event.is_listing());
        &self.events[..others.unwrap_or(self.events.len())]
    }

    /// Empties the inbox and keeps its memory.
    pub fn clear(&mut self) {
        self.events.clear();
        self.market = 0;
    }

    /// Replaces the events by those of a journal.
    pub fn restore(&mut self, events: Vec<Event>) {
        self.events = events;
    }

    /// Adds finished events, listings above all.
    pub fn extend(&mut self, events: impl IntoIterator<Item = Event>) {
        self.events.extend(events);
    }

    /// What is pushed from now on comes from `feed`.
    pub(crate) fn begin(&mut self, feed: FeedId) {
        self.feed = Some(feed);
    }

    /// Puts the events from index `start` into canonical order: by the time they were received, at
    /// equal times by feed number, within a feed as the feed gave them.
    ///
    /// Independent feeds may be drained in any order; after this nobody can tell which.
    pub(crate) fn sort_from(&mut self, start: usize) {
        let events = &mut self.events[start..];
        let sorted = events.is_sorted_by(|a, b| (a.received, a.feed) <= (b.received, b.feed));
        if !sorted {
            events.sort_by_key(|event| (event.received, event.feed));
        }
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drain_order_of_feeds_cannot_be_told() {
        let drain = |order: [u16; 2]| {
            let mut inbox = Inbox::default();
            for feed in order {
                inbox.begin(FeedId(feed));
                for time in [3, 5, 5, 9] {
                    let at = Timestamp(time - i64::from(feed));
                    inbox.push(Timestamp(time), at, EventKind::Heartbeat);
                }
            }
            inbox.sort_from(0);
            inbox.events
        };
        assert_eq!(drain([0, 1]), drain([1, 0]));
    }
}
