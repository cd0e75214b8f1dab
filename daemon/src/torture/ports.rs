//! The small ports of a seed: operators, mirrors, and a clock that goes on counting.

use super::fuse::Fuse;
use super::plan::MirrorKind;
use auditor::Mirrored;
use components::units::Timestamp;
use engine::clock::{SteppedClock, Tick};
use engine::command::{Command, CommandSource, OperatorCommand};
use engine::directory::Directory;
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Clock, Feed, FeedError, Mirror, MirrorReport};
use std::sync::{Arc, Mutex, PoisonError};

/// What operators say through the socket; what they say while nobody listens is lost.
#[derive(Debug)]
pub struct Operators {
    commands: Vec<(Timestamp, Command)>,
    heard: Option<Timestamp>,
}

impl Operators {
    /// Operators who say `commands`, in order of time, to an engine that comes now.
    #[must_use]
    pub fn new(commands: Vec<(Timestamp, Command)>) -> Self {
        Self {
            commands,
            heard: None,
        }
    }
}

impl Feed for Operators {
    fn name(&self) -> &'static str {
        "operators"
    }

    fn drain(
        &mut self,
        tick: &Tick,
        _directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        let heard = self
            .heard
            .unwrap_or(tick.now.plus_millis(-engine::clock::TICK_MS));
        for (place, (at, command)) in self.commands.iter().enumerate() {
            if *at > heard && *at <= tick.now {
                let said = OperatorCommand {
                    number: place as u64 + 1,
                    issued: *at,
                    source: CommandSource::Socket,
                    command: *command,
                    why: "torture".to_owned(),
                };
                inbox.push(*at, *at, EventKind::Commanded(Box::new(said)));
            }
        }
        self.heard = Some(tick.now);
        Ok(())
    }
}

/// Batches after which a mirror that is lost and found changes: a minute of ticks.
const FLAP_BATCHES: u64 = 240;

/// A mirror that takes all, or none and says so.
#[derive(Debug)]
pub struct Glass {
    kind: MirrorKind,
    batches: u64,
    report: MirrorReport,
    fuse: Fuse,
    seen: Arc<Mutex<Vec<Mirrored>>>,
}

impl Glass {
    /// The mirror of a kind, if there is one. What readers see of it is noted in `seen`, with what
    /// the journal of `fuse` calls durable at that moment.
    #[must_use]
    pub fn of(kind: MirrorKind, fuse: &Fuse, seen: &Arc<Mutex<Vec<Mirrored>>>) -> Option<Self> {
        (kind != MirrorKind::Gone).then(|| Self {
            kind,
            batches: 0,
            report: MirrorReport::default(),
            fuse: fuse.clone(),
            seen: Arc::clone(seen),
        })
    }
}

impl Mirror for Glass {
    fn publish(&mut self, batch: &mut wire::Batch) {
        let fails = match self.kind {
            MirrorKind::Gone | MirrorKind::Failing => true,
            MirrorKind::Well => false,
            MirrorKind::Flapping => (self.batches / FLAP_BATCHES).is_multiple_of(2),
        };
        if !fails {
            let mirrored = Mirrored {
                epoch: batch.header.epoch,
                seq: batch.header.tick,
                durable: self.fuse.durable_tick(),
            };
            self.seen
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(mirrored);
        }
        batch.clear();
        self.batches += 1;
        self.report.published += 1;
        self.report.connected = !fails;
        if fails {
            self.report.errors += 1;
            self.report.conflated += 1;
        }
    }

    fn report(&self) -> MirrorReport {
        self.report
    }
}

/// A clock whose ticks go on counting where the life before ended.
#[derive(Debug)]
pub struct Counting {
    /// The clock.
    pub inner: SteppedClock,
    /// The number of the last tick before.
    pub before: u64,
}

impl Clock for Counting {
    fn next(&mut self) -> Option<Tick> {
        let tick = self.inner.next()?;
        Some(Tick {
            number: tick.number.saturating_add(self.before),
            ..tick
        })
    }

    fn ticks_left(&self) -> Option<u64> {
        self.inner.ticks_left()
    }
}
