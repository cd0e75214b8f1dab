//! The port: takes batches on the engine's thread and never waits.

use crate::address::{Address, AddressError};
use crate::link::now;
use crate::worker::{Message, Worker};
use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};
use engine::ports::{Mirror, MirrorReport};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;
use wire::Batch;

/// Batches on their way to the thread.
pub(crate) const QUEUE_BATCHES: usize = 4;

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// To connect and log in.
    pub connect_timeout_ms: u64,
    /// To answer; a whole write may take eight times as long.
    pub response_timeout_ms: u64,
    /// To show the last state when the run ends.
    pub finish_timeout_ms: u64,
    /// Quiet after the first failure; doubles with each further one.
    pub retry_ms_min: u64,
    /// The longest quiet after a failure.
    pub retry_ms_max: u64,
    /// Between the beginnings of two writes; only a simulation ticks faster.
    pub write_interval_ms_min: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 250,
            response_timeout_ms: 250,
            finish_timeout_ms: 2_000,
            retry_ms_min: 100,
            retry_ms_max: 5_000,
            write_interval_ms_min: 25,
        }
    }
}

/// Why a mirror cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be read.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The thread cannot be started.
    #[error("the Redis mirror's thread cannot be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// Shows batches on a Redis server, from a thread of its own.
#[derive(Debug)]
pub struct RedisMirror {
    settings: Settings,
    stats: Arc<Stats>,
    messages: Sender<Message>,
    empties: Receiver<Box<Batch>>,
    /// What did not fit into the queue, newest state of all.
    waiting: Option<Box<Batch>>,
}

/// Counts that both threads see.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) published: AtomicU64,
    pub(crate) conflated: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) connected: AtomicBool,
}

impl RedisMirror {
    /// A mirror on the server at `url`, as [`Address::new`] reads it. The server need not be there
    /// yet.
    ///
    /// # Errors
    /// When the address cannot be read or no thread can be started.
    pub fn new(url: &str, settings: Settings) -> Result<Self, StartError> {
        let address = Address::new(url)?;
        let stats = Arc::<Stats>::default();
        let (messages, inbox) = bounded(QUEUE_BATCHES);
        let (outbox, empties) = bounded(QUEUE_BATCHES);
        let worker = Worker::new(address, settings, Arc::clone(&stats), inbox, outbox);
        std::thread::Builder::new()
            .name("redis-mirror".to_owned())
            .spawn(move || worker.run())?;
        Ok(Self {
            settings,
            stats,
            messages,
            empties,
            waiting: None,
        })
    }

    /// Takes `batch` out and leaves an empty one, with the memory of one that was shown.
    fn take(&self, batch: &mut Batch) -> Box<Batch> {
        let mut taken = self.empties.try_recv().unwrap_or_default();
        std::mem::swap(&mut *taken, batch);
        taken
    }
}

impl Mirror for RedisMirror {
    fn publish(&mut self, batch: &mut Batch) {
        self.stats.published.fetch_add(1, Relaxed);
        let newest = match self.waiting.take() {
            Some(mut waiting) => {
                waiting.merge_newer(batch);
                self.stats.conflated.fetch_add(1, Relaxed);
                waiting
            }
            None => self.take(batch),
        };
        match self.messages.try_send(Message::Batch(newest)) {
            Ok(()) => {}
            Err(TrySendError::Full(Message::Batch(newest))) => self.waiting = Some(newest),
            Err(_) => {
                self.stats.errors.fetch_add(1, Relaxed);
                self.stats.connected.store(false, Relaxed);
            }
        }
    }

    fn report(&self) -> MirrorReport {
        MirrorReport {
            published: self.stats.published.load(Relaxed),
            conflated: self.stats.conflated.load(Relaxed),
            errors: self.stats.errors.load(Relaxed),
            connected: self.stats.connected.load(Relaxed),
        }
    }

    fn finish(&mut self) {
        let deadline = now() + Duration::from_millis(self.settings.finish_timeout_ms);
        let (done, finished) = bounded(1);
        let waiting = self.waiting.take().map(Message::Batch);
        let told = waiting
            .into_iter()
            .chain([Message::Finish(done)])
            .all(|message| self.messages.send_deadline(message, deadline).is_ok());
        if !told || finished.recv_deadline(deadline).is_err() {
            self.stats.errors.fetch_add(1, Relaxed);
            self.stats.connected.store(false, Relaxed);
            tracing::warn!("the Redis mirror did not show its last state in time");
        }
    }
}
