//! Where the process is killed: at an append, a sync or a send, counted from the start of its life.

use components::order::{Order, OrderId};
use components::units::Timestamp;
use engine::event::Event;
use engine::frame::Frame;
use engine::ports::{Broker, Journal, JournalError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where the process ends; occasions are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kill {
    /// Before this frame is appended.
    BeforeAppend(u64),
    /// After this frame was appended and before it is durable.
    AfterAppend(u64),
    /// After this commit is durable and before anything of it is sent.
    AfterSync(u64),
    /// Before this message to the broker.
    BeforeSend(u64),
    /// After this message to the broker.
    AfterSend(u64),
    /// In this write to the disk.
    AtWrite(u64),
    /// In this sync of the disk.
    AtSync(u64),
}

impl Kill {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeAppend(_) => "kill_before_append",
            Self::AfterAppend(_) => "kill_after_append",
            Self::AfterSync(_) => "kill_after_sync",
            Self::BeforeSend(_) => "kill_before_send",
            Self::AfterSend(_) => "kill_after_send",
            Self::AtWrite(_) => "kill_at_write",
            Self::AtSync(_) => "kill_at_sync",
        }
    }

    /// The names of all.
    pub const NAMES: [&'static str; 7] = [
        "kill_before_append",
        "kill_after_append",
        "kill_after_sync",
        "kill_before_send",
        "kill_after_send",
        "kill_at_write",
        "kill_at_sync",
    ];
}

/// What is counted of a life. Clones are the same fuse.
#[derive(Clone, Debug, Default)]
pub struct Fuse(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    kill: Option<Kill>,
    appends: u64,
    commits: u64,
    sends: u64,
    blown: bool,
    acknowledged: u64,
    /// The ticks of the last frame that was appended, and of the last one that is durable.
    appended_tick: u64,
    durable_tick: u64,
}

impl Fuse {
    /// The fuse of a life that ends at `kill`.
    #[must_use]
    pub fn new(kill: Option<Kill>) -> Self {
        Self(Arc::new(Mutex::new(State {
            kill,
            ..State::default()
        })))
    }

    /// Whether the process has been killed.
    #[must_use]
    pub fn is_blown(&self) -> bool {
        self.state().blown
    }

    /// Lets the process live.
    pub fn disarm(&self) {
        self.state().kill = None;
    }

    /// The last frame that the journal called durable.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.state().acknowledged
    }

    /// The tick of the last frame that the journal called durable in this life.
    #[must_use]
    pub fn durable_tick(&self) -> u64 {
        self.state().durable_tick
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn check(&mut self, now: Kill) -> bool {
        self.blown |= self.kill == Some(now);
        self.blown
    }
}

/// What a killed process gets instead of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the process was killed")]
struct Killed;

/// A journal whose process can be killed.
pub struct FusedJournal<J> {
    /// The journal.
    pub inner: J,
    /// The fuse.
    pub fuse: Fuse,
}

impl<J: Journal> Journal for FusedJournal<J> {
    fn append(&mut self, frame: &Frame, market: &[Event]) -> Result<(), JournalError> {
        let count = {
            let mut state = self.fuse.state();
            state.appends += 1;
            let count = state.appends;
            if state.check(Kill::BeforeAppend(count)) {
                return Err(Box::new(Killed));
            }
            count
        };
        self.inner.append(frame, market)?;
        self.fuse.state().appended_tick = frame.tick;
        if self.fuse.state().check(Kill::AfterAppend(count)) {
            return Err(Box::new(Killed));
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<u64, JournalError> {
        if self.fuse.is_blown() {
            return Err(Box::new(Killed));
        }
        let seq = self.inner.commit()?;
        let mut state = self.fuse.state();
        state.acknowledged = seq;
        state.durable_tick = state.appended_tick;
        state.commits += 1;
        let count = state.commits;
        if state.check(Kill::AfterSync(count)) {
            return Err(Box::new(Killed));
        }
        Ok(seq)
    }
}

/// A broker whose client can be killed: nothing is sent after that.
pub struct FusedBroker<B> {
    /// The broker.
    pub inner: B,
    /// The fuse.
    pub fuse: Fuse,
}

impl<B: Broker> FusedBroker<B> {
    fn send(&mut self, send: impl FnOnce(&mut B)) {
        let count = {
            let mut state = self.fuse.state();
            state.sends += 1;
            let count = state.sends;
            if state.check(Kill::BeforeSend(count)) {
                return;
            }
            count
        };
        send(&mut self.inner);
        self.fuse.state().check(Kill::AfterSend(count));
    }
}

impl<B: Broker> Broker for FusedBroker<B> {
    fn submit(&mut self, orders: &[Order]) {
        self.send(|broker| broker.submit(orders));
    }

    fn modify(&mut self, order: &Order, at: Timestamp) {
        self.send(|broker| broker.modify(order, at));
    }

    fn cancel(&mut self, order: OrderId, at: Timestamp) {
        self.send(|broker| broker.cancel(order, at));
    }

    fn query(&mut self, query: u64, at: Timestamp) {
        self.send(|broker| broker.query(query, at));
    }

    fn reconnect(&mut self, at: Timestamp) {
        self.send(|broker| broker.reconnect(at));
    }
}
