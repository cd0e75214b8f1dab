//! What happened before this process: market and broker of a scenario lived through again, without an
//! engine.
//!
//! The market is a pure function of the scenario, the exchange one of the market and of what it was
//! told. The journal says which ticks there were, the broker's log what was said in each. What the
//! engine itself knew comes from the journal alone, as in any restart; of the market it is told
//! what stands, as a broker does when a client subscribes.

use super::broker_log::Line;
use super::relay::Relay;
use crate::replay::tick_of;
use components::units::Timestamp;
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::engine::EngineError;
use engine::event::{Event, EventKind, FeedId};
use engine::frame::Frame;
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use engine::record::Record;
use simulator::{Gateway, GatewayBroker, GatewayFeed};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

/// What stands of a feed: the last event of each kind and instrument.
pub(super) type Standing = BTreeMap<(u8, u32), Event>;

/// Market and broker, lived through up to some tick.
pub(super) struct Past {
    feeds: Vec<(Box<dyn Feed>, Standing)>,
    directory: Directory,
    gateway: Gateway,
    said: VecDeque<Line>,
    /// The line of the run that is lived through, and its number.
    line: Option<(GatewayBroker, GatewayFeed)>,
    run: u64,
    /// The last tick; none before the first.
    last: Option<Tick>,
    ticks: u64,
}

impl Past {
    /// A market of `feeds` and a broker, before the first tick; `said` is what runs will say.
    pub(super) fn new(feeds: Vec<Box<dyn Feed>>, gateway: Gateway, said: Vec<Line>) -> Self {
        Self {
            feeds: feeds
                .into_iter()
                .map(|feed| (feed, Standing::new()))
                .collect(),
            directory: Directory::default(),
            gateway,
            said: said.into(),
            line: None,
            run: 0,
            last: None,
            ticks: 0,
        }
    }

    /// Lives through a tick of the journal.
    ///
    /// # Errors
    /// When a feed cannot go on, or the frame is of no session.
    pub(super) fn live_through(&mut self, frame: &Frame) -> Result<(), EngineError> {
        let started = frame.records.iter().find_map(|record| match record {
            Record::RunStarted(start) => Some(start.run),
            _ => None,
        });
        if let Some(run) = started {
            // The line of the process before is gone before the next one comes.
            self.line = None;
            self.line = Some(self.gateway.connect());
            self.run = run;
        }
        if frame.records.last() == Some(&Record::Stopped) {
            return Ok(());
        }
        let tick = tick_of(frame).ok_or_else(|| EngineError::Broken {
            tick: frame.tick,
            message: format!("the session {} is no date", frame.session.0),
        })?;
        let mut inbox = self.market(&tick)?;
        if let Some((broker, reports)) = &mut self.line {
            reports
                .drain(&tick, &self.directory, &mut inbox)
                .map_err(|source| failed("exchange", source))?;
            let (run, now) = (self.run, tick.now);
            let is_past = |line: &Line| (line.run, line.at) <= (run, now);
            while let Some(line) = self.said.pop_front_if(|line| is_past(line)) {
                if (line.run, line.at) == (run, now) {
                    line.say(broker);
                }
            }
        }
        self.last = Some(tick);
        self.ticks += 1;
        Ok(())
    }

    /// The last tick that was lived through.
    pub(super) fn last(&self) -> Option<&Tick> {
        self.last.as_ref()
    }

    /// How many ticks were lived through.
    pub(super) fn ticks(&self) -> u64 {
        self.ticks
    }

    /// The market's feeds from here on. With them comes, once, what stands.
    pub(super) fn into_feeds(self) -> Vec<Box<dyn Feed>> {
        let since = self.last.map_or(Timestamp::NEVER, |tick| tick.now);
        let known = Arc::new(Mutex::new(self.directory));
        let feeds = self.feeds.into_iter().enumerate();
        feeds
            .map(|(place, (feed, standing))| -> Box<dyn Feed> {
                let standing = standing.into_values().collect();
                let known = Arc::clone(&known);
                Box::new(Relay::new(feed, known, place == 0, standing, since))
            })
            .collect()
    }

    /// What the market's feeds say in a tick, in canonical order.
    fn market(&mut self, tick: &Tick) -> Result<Inbox, EngineError> {
        let mut listings = Listings::default();
        for (feed, _) in &mut self.feeds {
            let listed = feed.list(tick, &mut listings);
            listed.map_err(|source| failed(feed.name(), source))?;
        }
        self.directory.number(&listings, tick.now);
        let mut events = Vec::new();
        let mut scratch = Inbox::default();
        for (place, (feed, standing)) in self.feeds.iter_mut().enumerate() {
            scratch.clear();
            feed.drain(tick, &self.directory, &mut scratch)
                .map_err(|source| failed(feed.name(), source))?;
            for event in scratch.events() {
                if let Some(key) = standing_key(&event.kind) {
                    standing.insert(key, event.clone());
                }
                events.push(Event {
                    feed: FeedId(u16::try_from(place).unwrap_or(u16::MAX)),
                    ..event.clone()
                });
            }
        }
        events.sort_by_key(|event| (event.received, event.feed));
        let mut inbox = Inbox::default();
        inbox.extend(events);
        Ok(inbox)
    }
}

fn failed(feed: &str, source: FeedError) -> EngineError {
    EngineError::Feed {
        feed: feed.to_owned(),
        source,
    }
}

/// What a later event of the same kind and instrument replaces; `None` for what just happens.
fn standing_key(kind: &EventKind) -> Option<(u8, u32)> {
    Some(match kind {
        EventKind::Quote { symbol, .. } => (1, symbol.0),
        EventKind::Trade { symbol, .. } | EventKind::Bar { symbol, .. } => (2, symbol.0),
        EventKind::Book { symbol, .. } => (3, symbol.0),
        EventKind::Halted { symbol } | EventKind::Resumed { symbol } => (4, symbol.0),
        EventKind::OptionQuote { contract, .. } => (5, contract.0),
        EventKind::OpenInterest { contract, .. } => (6, contract.0),
        EventKind::VendorGreeks { contract, .. } => (7, contract.0),
        EventKind::Index { symbol, .. } => (8, symbol.0),
        EventKind::OptionTrade { contract, .. } | EventKind::OptionBar { contract, .. } => {
            (9, contract.0)
        }
        EventKind::FeedLost | EventKind::FeedRestored => (10, 0),
        EventKind::SymbolListed { .. }
        | EventKind::ContractListed { .. }
        | EventKind::Heartbeat
        | EventKind::Reported(_)
        | EventKind::Commanded(_) => return None,
    })
}
