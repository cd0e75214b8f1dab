//! The thread that writes: it keeps the state, the connection and the back-off.

use crate::address::Address;
use crate::link::{Found, Link, LinkError, connection_error, now};
use crate::mirror::{QUEUE_BATCHES, Settings, Stats};
use crate::pipeline::Pipeline;
use crate::state::{Extent, State, global_key};
use crossbeam::channel::{Receiver, Sender, TryRecvError};
use redis::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::time::{Duration, Instant};
use wire::Batch;
use wire::keys::GlobalKey;

/// Between two looks for messages.
const LOOK: Duration = Duration::from_millis(1);

/// What the thread is told.
pub(crate) enum Message {
    /// To take over a batch.
    Batch(Box<Batch>),
    /// To show what it has, say so and end.
    Finish(Sender<()>),
}

/// Everything the thread holds.
pub(crate) struct Worker {
    address: Address,
    settings: Settings,
    stats: Arc<Stats>,
    messages: Receiver<Message>,
    empties: Sender<Box<Batch>>,
    state: State,
    link: Option<Link>,
    bytes: Vec<u8>,
    started: Instant,
    /// Batches taken over since the last one that was shown.
    unshown: u64,
    /// No write before this instant.
    due: Instant,
    /// How long the next failure keeps it quiet.
    retry_ms: u64,
    is_failing: bool,
}

impl Worker {
    /// A worker without a connection.
    pub(crate) fn new(
        address: Address,
        settings: Settings,
        stats: Arc<Stats>,
        messages: Receiver<Message>,
        empties: Sender<Box<Batch>>,
    ) -> Self {
        Self {
            address,
            settings,
            stats,
            messages,
            empties,
            state: State::default(),
            link: None,
            bytes: Vec::new(),
            started: now(),
            unshown: 0,
            due: now(),
            retry_ms: settings.retry_ms_min,
            is_failing: false,
        }
    }

    /// Runs until it is told to finish or the mirror is gone.
    ///
    /// It looks for messages instead of waiting to be woken: to wake a thread costs the engine's tick
    /// 50 us, and all of a write when the host runs the woken thread in its place.
    pub(crate) fn run(mut self) {
        loop {
            // What waits behind the first is newer: one write shows all of it.
            for _ in 0..=QUEUE_BATCHES {
                match self.messages.try_recv() {
                    Ok(Message::Batch(batch)) => self.take(batch),
                    Ok(Message::Finish(done)) => {
                        self.show();
                        // Nobody listens any more when the wait was given up.
                        let _ = done.send(());
                        return;
                    }
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            if self.due <= now() {
                self.show();
            }
            std::thread::sleep(LOOK);
        }
    }

    fn take(&mut self, mut batch: Box<Batch>) {
        self.state.apply(&mut batch);
        self.unshown += 1;
        // A full channel of empties means that there are enough of them.
        let _ = self.empties.try_send(batch);
    }

    /// Writes what is unshown, or notes why that failed and when to try again.
    fn show(&mut self) {
        if self.unshown == 0 {
            return;
        }
        let begun = now();
        match self.try_show(begun) {
            Ok(()) => {
                self.stats.conflated.fetch_add(self.unshown - 1, Relaxed);
                self.stats.connected.store(true, Relaxed);
                self.unshown = 0;
                self.retry_ms = self.settings.retry_ms_min;
                self.due = begun + Duration::from_millis(self.settings.write_interval_ms_min);
                if std::mem::take(&mut self.is_failing) {
                    tracing::info!(address = %self.address, "the Redis mirror is up to date again");
                }
            }
            Err(error) => {
                self.stats.errors.fetch_add(1, Relaxed);
                self.stats.connected.store(false, Relaxed);
                self.link = None;
                self.due = now() + Duration::from_millis(self.retry_ms);
                self.retry_ms = (self.retry_ms * 2).min(self.settings.retry_ms_max);
                if !std::mem::replace(&mut self.is_failing, true) {
                    tracing::warn!(%error, "the Redis mirror shows nothing; trading goes on");
                }
            }
        }
    }

    fn try_show(&mut self, begun: Instant) -> Result<(), LinkError> {
        if self.link.is_some() {
            let answer = self.write(begun, Extent::Due)?;
            if self.owns(answer.as_ref())? {
                self.state.written();
                return Ok(());
            }
            self.stats.errors.fetch_add(1, Relaxed);
            tracing::warn!(address = %self.address, "Redis lost the mirrored state; writing it anew");
        }
        let link = match &mut self.link {
            Some(link) => link,
            None => self.link.insert(Link::open(&self.address, &self.settings)?),
        };
        let found = link.find(&self.address)?;
        self.check_epoch(found.epoch)?;
        let event = self.stream_end(&found);
        self.write(begun, Extent::Whole { event })?;
        self.state.written();
        Ok(())
    }

    /// Sends what `extent` covers and returns the first answer.
    fn write(&mut self, begun: Instant, extent: Extent) -> Result<Option<Value>, LinkError> {
        let Some(link) = &mut self.link else {
            return Ok(None);
        };
        let millis = begun.duration_since(self.started).as_millis();
        let now_ms = u64::try_from(millis).unwrap_or(u64::MAX);
        let conflated = self.stats.conflated.load(Relaxed) + self.unshown - 1;
        let key = GlobalKey::Epoch;
        let mut pipeline = Pipeline::new(&mut link.connection, &mut self.bytes);
        // The epoch is asked for first and written only with the whole state, before it: whenever
        // keys were lost since, the epoch was lost with them, and the next write sees that.
        let sent = match extent {
            Extent::Due => pipeline
                .command(&[b"GET", key.key().as_bytes()])
                .and_then(|()| {
                    let ttl = key.doc().ttl_ms.unwrap_or(WITHOUT_TTL_MS).to_string();
                    pipeline.command(&[b"PEXPIRE", key.key().as_bytes(), ttl.as_bytes()])
                }),
            Extent::Whole { .. } => {
                let epoch = self.state.epoch().to_string();
                pipeline.set(&global_key(key), epoch.as_bytes())
            }
        }
        .and_then(|()| self.state.write(&mut pipeline, now_ms, extent, conflated))
        .and_then(|()| pipeline.send());
        let commands = sent.map_err(|error| connection_error(&self.address, &error))?;
        let answer = link.answers(&self.address, commands)?;
        self.stats.last_commands.store(commands as u64, Relaxed);
        let nanos = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.stats.last_nanos.store(nanos, Relaxed);
        self.stats.writes.fetch_add(1, Release);
        Ok(answer)
    }

    /// Whether the epoch that the server answered with is this run's.
    fn owns(&self, answer: Option<&Value>) -> Result<bool, LinkError> {
        let found = match answer {
            Some(Value::BulkString(text)) => {
                str::from_utf8(text).ok().and_then(|text| text.parse().ok())
            }
            _ => None,
        };
        self.check_epoch(found)?;
        Ok(found == Some(self.state.epoch()))
    }

    fn check_epoch(&self, found: Option<u64>) -> Result<(), LinkError> {
        match found {
            Some(found) if self.state.epoch() < found => Err(LinkError::NewerRun {
                found,
                ours: self.state.epoch(),
            }),
            _ => Ok(()),
        }
    }

    /// The number of this run's last event that the stream holds.
    fn stream_end(&self, found: &Found) -> u64 {
        match found.event {
            Some((epoch, number)) if epoch == self.state.epoch() => number,
            _ => 0,
        }
    }
}

/// A day, for a key that the schema gives no life time.
const WITHOUT_TTL_MS: u64 = 86_400_000;
