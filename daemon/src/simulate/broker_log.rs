//! What a run said to the simulated broker, line by line, so that the broker can be brought back.
//!
//! A broker outlives the engine's process; a simulated one lives in it. Its memory is this file beside
//! the journal: the exchange is a pure function of its seed, the market and what it was told, so a
//! later process tells it everything again. Each line is written before the message is handed over
//! and is not synced: it survives the process, and after a power cut the broker may not know what
//! the journal intended, as if the message had been lost on its way.

use components::order::{Order, OrderId};
use components::units::Timestamp;
use engine::clock::Tick;
use engine::directory::Directory;
use engine::event::Event;
use engine::inbox::Inbox;
use engine::ports::{Broker, Feed, FeedError};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The file in the journal's directory.
pub(crate) const LOG_NAME: &str = "broker.jsonl";

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Said {
    /// Orders that belong together.
    Submit(Vec<Order>),
    /// New terms of an order.
    Modify(Order),
    /// A wish to cancel.
    Cancel(OrderId),
    /// A query, with its number.
    Query(u64),
    /// The line was dropped and made anew.
    Reconnect,
}

/// A line: who said what in which tick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// The run.
    pub(crate) run: u64,
    /// The tick's instant.
    pub(crate) at: Timestamp,
    /// What was said.
    pub(crate) said: Said,
}

impl Line {
    /// Says it to `broker`.
    pub(crate) fn say(&self, broker: &mut dyn Broker) {
        match &self.said {
            Said::Submit(orders) => broker.submit(orders),
            Said::Modify(order) => broker.modify(order, self.at),
            Said::Cancel(order) => broker.cancel(*order, self.at),
            Said::Query(query) => broker.query(*query, self.at),
            Said::Reconnect => broker.reconnect(self.at),
        }
    }
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    /// The operating system refused.
    #[error("{} could not be {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// A line is none.
    #[error("{}, line {line}: {reason}, must be what a run said to the broker", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

/// Reads the log in `directory` and cuts a last line that was never finished; without a file nothing
/// was said.
///
/// # Errors
/// When it cannot be read or cut, or a whole line is none.
pub(crate) fn read(directory: &Path) -> Result<Vec<Line>, LogError> {
    let path = directory.join(LOG_NAME);
    let io = |action| {
        let path = path.clone();
        move |source| LogError::Io {
            path,
            action,
            source,
        }
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io("read")(error)),
    };
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    if whole < text.len() {
        let file = OpenOptions::new().write(true).open(&path);
        file.and_then(|file| file.set_len(whole as u64))
            .map_err(io("cut"))?;
    }
    let lines = text[..whole].lines().enumerate();
    lines
        .map(|(place, line)| {
            serde_json::from_str(line).map_err(|error| LogError::Damaged {
                path: path.clone(),
                line: place + 1,
                reason: error.to_string(),
            })
        })
        .collect()
}

/// The log being written, shared by the two halves of the broker.
#[derive(Clone, Debug)]
pub(crate) struct BrokerLog(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    file: File,
    path: PathBuf,
    run: u64,
    now: Timestamp,
    failure: Option<std::io::Error>,
}

impl BrokerLog {
    /// Goes on with the log in `directory` for the run `run`.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn open(directory: &Path, run: u64) -> Result<Self, LogError> {
        let path = directory.join(LOG_NAME);
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.map_err(|source| LogError::Io {
            path: path.clone(),
            action: "opened",
            source,
        })?;
        Ok(Self(Arc::new(Mutex::new(State {
            file,
            path,
            run,
            now: Timestamp::NEVER,
            failure: None,
        }))))
    }

    fn note(&self, said: Said) {
        let mut state = self.lock();
        let line = Line {
            run: state.run,
            at: state.now,
            said,
        };
        let written = serde_json::to_string(&line)
            .map_err(std::io::Error::from)
            .and_then(|text| writeln!(state.file, "{text}"));
        if let Err(error) = written {
            state.failure.get_or_insert(error);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A broker whose messages are noted first.
#[derive(Debug)]
pub(crate) struct NotedBroker<B> {
    inner: B,
    log: BrokerLog,
}

impl<B> NotedBroker<B> {
    /// `inner`, with `log` before it.
    pub(crate) fn new(inner: B, log: BrokerLog) -> Self {
        Self { inner, log }
    }
}

impl<B: Broker> Broker for NotedBroker<B> {
    fn submit(&mut self, orders: &[Order]) {
        self.log.note(Said::Submit(orders.to_vec()));
        self.inner.submit(orders);
    }

    fn modify(&mut self, order: &Order, at: Timestamp) {
        self.log.note(Said::Modify(*order));
        self.inner.modify(order, at);
    }

    fn cancel(&mut self, order: OrderId, at: Timestamp) {
        self.log.note(Said::Cancel(order));
        self.inner.cancel(order, at);
    }

    fn query(&mut self, query: u64, at: Timestamp) {
        self.log.note(Said::Query(query));
        self.inner.query(query, at);
    }

    fn reconnect(&mut self, at: Timestamp) {
        self.log.note(Said::Reconnect);
        self.inner.reconnect(at);
    }
}

/// The reports of a broker whose messages are noted: tells the log the time, ends the run when it
/// cannot be written, and keeps from an exchange that was brought back what it has seen already.
#[derive(Debug)]
pub(crate) struct NotedReports<F> {
    inner: F,
    log: BrokerLog,
    /// The market up to here was lived through by the exchange.
    seen: Option<Timestamp>,
    scratch: Inbox,
}

impl<F> NotedReports<F> {
    /// `inner`, which has seen the market up to `seen`.
    pub(crate) fn new(inner: F, log: BrokerLog, seen: Option<Timestamp>) -> Self {
        Self {
            inner,
            log,
            seen,
            scratch: Inbox::default(),
        }
    }
}

impl<F: Feed> Feed for NotedReports<F> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn stale_after_ms(&self) -> i64 {
        self.inner.stale_after_ms()
    }

    fn drain(
        &mut self,
        tick: &Tick,
        directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        {
            let mut state = self.log.lock();
            state.now = tick.now;
            if let Some(source) = state.failure.take() {
                let path = state.path.clone();
                return Err(Box::new(LogError::Io {
                    path,
                    action: "written",
                    source,
                }));
            }
        }
        let Some(seen) = self.seen.take() else {
            return self.inner.drain(tick, directory, inbox);
        };
        let fresh: Vec<Event> = inbox
            .events()
            .iter()
            .filter(|event| event.received > seen)
            .cloned()
            .collect();
        self.scratch.clear();
        self.scratch.extend(fresh);
        let market = self.scratch.len();
        self.inner.drain(tick, directory, &mut self.scratch)?;
        for event in &self.scratch.events()[market..] {
            inbox.push(event.received, event.at, event.kind.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes everything and says nothing.
    #[derive(Debug, Default)]
    struct Deaf;

    impl Broker for Deaf {
        fn submit(&mut self, _orders: &[Order]) {}
        fn modify(&mut self, _order: &Order, _at: Timestamp) {}
        fn cancel(&mut self, _order: OrderId, _at: Timestamp) {}
        fn query(&mut self, _query: u64, _at: Timestamp) {}
        fn reconnect(&mut self, _at: Timestamp) {}
    }

    #[test]
    fn what_was_said_is_read_back_and_a_torn_line_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), []);
        let log = BrokerLog::open(folder.path(), 3).unwrap();
        let mut broker = NotedBroker::new(Deaf, log.clone());
        log.lock().now = Timestamp(7);
        broker.query(4, Timestamp(7));
        broker.cancel(OrderId(9), Timestamp(7));
        let path = folder.path().join(LOG_NAME);
        let whole = std::fs::read(&path).unwrap();
        let torn = [&whole[..], b"{\"run\":3,\"at"].concat();
        std::fs::write(&path, torn).unwrap();
        let line = |said| Line {
            run: 3,
            at: Timestamp(7),
            said,
        };
        let expected = [line(Said::Query(4)), line(Said::Cancel(OrderId(9)))];
        assert_eq!(read(folder.path()).unwrap(), expected);
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        std::fs::write(&path, "{}\n").unwrap();
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
    }
}
