//! Asks the feeds what happened, in an order that the result does not show.
//!
//! Listings come first, then what the market's feeds report in the order of its receipt, then what
//! the broker reports: its feed is asked last, so that a simulated exchange sees this tick's market
//! before it answers.

use crate::clock::Tick;
use crate::directory::{Directory, Listings};
use crate::engine::EngineError;
use crate::event::FeedId;
use crate::inbox::Inbox;
use crate::ports::{Feed, FeedError};
use crate::random::Stream;

/// The most events that a tick had, by lane: how much room a bounded lane would need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peaks {
    /// From the market's feeds, listings included.
    pub market: usize,
    /// From the broker.
    pub execution: usize,
}

/// The feeds of an engine.
pub(crate) struct Intake {
    feeds: Vec<Box<dyn Feed>>,
    /// In which order the feeds are asked.
    order: Vec<usize>,
    execution: Option<Box<dyn Feed>>,
    shuffle: Option<Stream>,
    peaks: Peaks,
}

impl Intake {
    pub(crate) fn new(shuffle: Option<u64>) -> Self {
        Self {
            feeds: Vec::new(),
            order: Vec::new(),
            execution: None,
            shuffle: shuffle.map(|seed| Stream::new(seed, "shuffle", 0)),
            peaks: Peaks::default(),
        }
    }

    pub(crate) fn add(&mut self, feed: Box<dyn Feed>) {
        self.order.push(self.feeds.len());
        self.feeds.push(feed);
    }

    pub(crate) fn set_execution(&mut self, feed: Box<dyn Feed>) {
        self.execution = Some(feed);
    }

    pub(crate) fn peaks(&self) -> Peaks {
        self.peaks
    }

    /// Replaces what is in `inbox` by the events of `tick`.
    pub(crate) fn fill(
        &mut self,
        tick: &Tick,
        directory: &mut Directory,
        inbox: &mut Inbox,
    ) -> Result<(), EngineError> {
        if let Some(stream) = &mut self.shuffle {
            stream.shuffle(&mut self.order);
        }
        let mut listings = Listings::default();
        for index in &self.order {
            let feed = &mut self.feeds[*index];
            feed.list(tick, &mut listings)
                .map_err(|source| failed(&**feed, source))?;
        }
        inbox.clear();
        if !listings.is_empty() {
            inbox.extend(directory.number(&listings, tick.now));
        }
        let first = inbox.len();
        for index in &self.order {
            drain(&mut *self.feeds[*index], *index, tick, directory, inbox)?;
        }
        inbox.sort_from(first);
        inbox.close_market();
        let market = inbox.len();
        self.peaks.market = self.peaks.market.max(market);
        if let Some(feed) = &mut self.execution {
            drain(&mut **feed, self.feeds.len(), tick, directory, inbox)?;
            inbox.sort_from(market);
            self.peaks.execution = self.peaks.execution.max(inbox.len() - market);
        }
        Ok(())
    }
}

fn drain(
    feed: &mut dyn Feed,
    index: usize,
    tick: &Tick,
    directory: &Directory,
    inbox: &mut Inbox,
) -> Result<(), EngineError> {
    let id = u16::try_from(index).expect("Invariant: fewer than 65,000 feeds");
    inbox.begin(FeedId(id));
    feed.drain(tick, directory, inbox)
        .map_err(|source| failed(feed, source))
}

fn failed(feed: &dyn Feed, source: FeedError) -> EngineError {
    EngineError::Feed {
        feed: feed.name().to_owned(),
        source,
    }
}
