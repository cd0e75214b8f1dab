//! What happened and must not be replaced by something newer.

use crate::symbol::Symbol;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Something that happened in a tick: an entry of the stream `events:engine`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A strategy wants something.
    Signal {
        /// Its number.
        id: String,
        /// The strategy.
        strategy: String,
        /// The underlying.
        symbol: Symbol,
        /// The OSI symbol of the contract.
        contract: String,
        /// `open`, `stop`, `target` or `time_exit`.
        intent: String,
        /// `up` or `down`.
        direction: String,
        /// `buy` or `sell`.
        side: String,
        /// Contracts.
        quantity: u32,
        /// The limit.
        limit_usd: f64,
        /// 0 to 100.
        confidence: u8,
        /// When.
        at_ms: i64,
    },
    /// A signal did not become an order.
    Refusal {
        /// The number of the signal.
        signal: String,
        /// The underlying.
        symbol: Symbol,
        /// Why.
        reason: String,
        /// When.
        at_ms: i64,
    },
    /// An order left or changed its status.
    Order {
        /// Its number.
        id: u64,
        /// The OSI symbol of the contract.
        contract: String,
        /// Where it stands.
        status: String,
        /// When.
        at_ms: i64,
    },
    /// An execution.
    Fill {
        /// The number of the order, 0 for one that is not ours.
        order: u64,
        /// The OSI symbol of the contract, or the ticker of shares.
        contract: String,
        /// `buy` or `sell`.
        side: String,
        /// Contracts.
        quantity: u32,
        /// The price of each.
        price_usd: f64,
        /// Fees, positive is a cost; `null` until the broker has said them.
        fees_usd: Option<f64>,
        /// When.
        at_ms: i64,
    },
    /// A contract became unusual: it trades far more than is open in it. Once a session.
    Unusual {
        /// The underlying.
        symbol: Symbol,
        /// The OSI symbol of the contract.
        contract: String,
        /// `over_interest` or `no_interest`.
        reason: String,
        /// Contracts traded since the open.
        volume: u64,
        /// Open interest.
        interest: u32,
        /// When.
        at_ms: i64,
    },
    /// What comes in of an underlying is not as it was.
    DataDrift {
        /// The underlying.
        symbol: Symbol,
        /// `quote_rate`, `spread`, `trade_size` or `return_size`.
        input: String,
        /// Its value.
        value: f64,
        /// What was usual.
        usual: f64,
        /// Deviations between the two, on a logarithmic scale.
        z: f64,
        /// When.
        at_ms: i64,
    },
    /// An exposure of dealers has become unusual; told once until it has come back.
    ExposureDrift {
        /// The underlying.
        symbol: Symbol,
        /// `vanna` or `charm`.
        measure: String,
        /// Its value: dollars per volatility point, dollars per calendar day.
        value_usd: f64,
        /// Standard deviations above the mean of its samples.
        z: f64,
        /// When.
        at_ms: i64,
    },
    /// Trading stopped or went on.
    Halt {
        /// Whether it stopped.
        halted: bool,
        /// Why.
        reason: String,
        /// When.
        at_ms: i64,
    },
}

/// The most events that wait to be shown.
pub const EVENTS_MAX: usize = 1_024;

/// Events in order; beyond [`EVENTS_MAX`] the oldest are dropped and counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Events {
    waiting: VecDeque<Event>,
    dropped: u64,
}

impl Events {
    /// Adds an event.
    pub fn push(&mut self, event: Event) {
        if self.waiting.len() == EVENTS_MAX {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        self.waiting.push_back(event);
    }

    /// Adds those of `newer` behind these and empties `newer`.
    pub fn append(&mut self, newer: &mut Self) {
        self.dropped += newer.dropped;
        newer.dropped = 0;
        for event in newer.waiting.drain(..) {
            self.push(event);
        }
    }

    /// Takes the events out, oldest first.
    pub fn drain(&mut self) -> impl Iterator<Item = Event> + '_ {
        self.waiting.drain(..)
    }

    /// The events, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Event> {
        self.waiting.iter()
    }

    /// Events dropped for want of room.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Empties the list and its count, keeps its memory.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.dropped = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halt(at_ms: i64) -> Event {
        Event::Halt {
            halted: true,
            reason: "operator".to_owned(),
            at_ms,
        }
    }

    #[test]
    fn overflow_drops_the_oldest_and_counts_it() {
        let mut events = Events::default();
        for at_ms in 0..EVENTS_MAX as i64 + 3 {
            events.push(halt(at_ms));
        }
        assert_eq!((events.len(), events.dropped()), (EVENTS_MAX, 3));
        assert_eq!(events.iter().next(), Some(&halt(3)));
    }

    #[test]
    fn appending_keeps_order_and_counts() {
        let mut older = Events::default();
        let mut newer = Events::default();
        older.push(halt(1));
        newer.push(halt(2));
        newer.dropped = 5;
        older.append(&mut newer);
        assert_eq!(
            older.iter().cloned().collect::<Vec<_>>(),
            [halt(1), halt(2)]
        );
        assert_eq!((older.dropped(), newer.dropped(), newer.len()), (5, 0, 0));
    }

    #[test]
    fn the_kind_stands_in_the_payload() {
        let json = serde_json::to_string(&halt(7)).unwrap();
        assert_eq!(
            json,
            r#"{"kind":"halt","halted":true,"reason":"operator","at_ms":7}"#
        );
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), halt(7));
    }
}
