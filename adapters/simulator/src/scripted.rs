//! A feed of scripted events.

use components::market::Ticker;
use components::units::Timestamp;
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use std::collections::VecDeque;

/// An event at its time.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptedEvent {
    /// When it happens and is received.
    pub at: Timestamp,
    /// What happens.
    pub kind: ScriptedKind,
}

/// What a script can say.
#[derive(Clone, Debug, PartialEq)]
pub enum ScriptedKind {
    /// Trading in an underlying is halted.
    Halted(Ticker),
    /// Trading in an underlying is resumed.
    Resumed(Ticker),
    /// Any event, with the numbers that the directory will have given.
    Event(EventKind),
}

/// A feed that emits events at their times.
#[derive(Debug)]
pub struct Scripted {
    name: String,
    events: VecDeque<ScriptedEvent>,
    is_listed: bool,
}

impl Scripted {
    /// The feed `name` that emits `events`, at equal times in the order given.
    #[must_use]
    pub fn new(name: &str, mut events: Vec<ScriptedEvent>) -> Self {
        events.sort_by_key(|event| event.at);
        Self {
            name: name.to_owned(),
            events: events.into(),
            is_listed: false,
        }
    }
}

impl Feed for Scripted {
    fn name(&self) -> &str {
        &self.name
    }

    fn list(&mut self, _tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        if !self.is_listed {
            self.is_listed = true;
            for event in &self.events {
                if let ScriptedKind::Halted(ticker) | ScriptedKind::Resumed(ticker) = event.kind {
                    listings.symbol(ticker);
                }
            }
        }
        Ok(())
    }

    fn drain(
        &mut self,
        tick: &Tick,
        directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        while self
            .events
            .front()
            .is_some_and(|event| event.at <= tick.now)
        {
            let Some(event) = self.events.pop_front() else {
                break;
            };
            let symbol = |ticker: Ticker| {
                directory
                    .symbol(ticker)
                    .ok_or_else(|| format!("{ticker} has not been listed"))
            };
            let kind = match event.kind {
                ScriptedKind::Halted(ticker) => EventKind::Halted {
                    symbol: symbol(ticker)?,
                },
                ScriptedKind::Resumed(ticker) => EventKind::Resumed {
                    symbol: symbol(ticker)?,
                },
                ScriptedKind::Event(kind) => kind,
            };
            inbox.push(event.at, event.at, kind);
        }
        Ok(())
    }

    fn is_exhausted(&self) -> bool {
        self.events.is_empty()
    }
}
