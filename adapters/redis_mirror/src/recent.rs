//! The last events, kept so that a flushed or lost stream gets them again, each once.

use std::collections::VecDeque;
use wire::Header;
use wire::Stamped;
use wire::event::{EVENTS_MAX, Event};

/// Numbered events with their payload, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    entries: VecDeque<Entry>,
    last: u64,
    shown: u64,
    lost: u64,
}

/// An event of this run.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its number in the run, from 1.
    pub(crate) number: u64,
    /// Its payload.
    pub(crate) json: Vec<u8>,
}

impl Recent {
    /// Numbers an event and keeps it.
    pub(crate) fn push(&mut self, header: &Header, event: Event) {
        self.last += 1;
        let Ok(json) = serde_json::to_vec(&Stamped::new(header, event)) else {
            self.lost += 1;
            return;
        };
        if self.entries.len() == EVENTS_MAX {
            let oldest = self.entries.pop_front();
            self.lost += u64::from(oldest.is_some_and(|entry| self.shown < entry.number));
        }
        self.entries.push_back(Entry {
            number: self.last,
            json,
        });
    }

    /// Counts events that were dropped before they came here.
    pub(crate) fn count_dropped(&mut self, dropped: u64) {
        self.lost += dropped;
    }

    /// The events above `number`, oldest first.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |entry| number < entry.number)
    }

    /// The number of the last event that the stream is known to hold.
    pub(crate) fn shown(&self) -> u64 {
        self.shown
    }

    /// Takes note that the stream holds everything up to now.
    pub(crate) fn all_shown(&mut self) {
        self.shown = self.last;
    }

    /// Events that no reader will ever see.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halt() -> Event {
        Event::Halt {
            halted: true,
            reason: String::new(),
            at_ms: 0,
        }
    }

    #[test]
    fn only_what_was_never_shown_counts_as_lost() {
        let mut recent = Recent::default();
        for _ in 0..EVENTS_MAX {
            recent.push(&Header::default(), halt());
        }
        recent.all_shown();
        for _ in 0..EVENTS_MAX {
            recent.push(&Header::default(), halt());
        }
        assert_eq!(recent.lost(), 0);
        recent.push(&Header::default(), halt());
        assert_eq!(recent.lost(), 1);
        assert_eq!(recent.after(recent.shown()).count(), EVENTS_MAX);
        assert_eq!(recent.after(0).count(), EVENTS_MAX);
    }
}
