//! Commands on their way into the engine: a feed like any other.

use crate::request::Obstacle;
use crate::switch::HaltSwitch;
use components::units::Timestamp;
use crossbeam::channel::Receiver;
use engine::clock::Tick;
use engine::command::{Command, OperatorCommand};
use engine::directory::Directory;
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Commands that wait for their tick at most; more are refused, loudly.
pub const COMMANDS_MAX: usize = 256;

/// The feed of operator commands.
#[derive(Debug)]
pub struct ControlFeed {
    commands: Receiver<OperatorCommand>,
    switch: HaltSwitch,
    progress: Progress,
    taken: Option<(u64, u64)>,
}

impl ControlFeed {
    pub(crate) fn new(
        commands: Receiver<OperatorCommand>,
        switch: HaltSwitch,
        progress: Progress,
    ) -> Self {
        Self {
            commands,
            switch,
            progress,
            taken: None,
        }
    }
}

impl Feed for ControlFeed {
    fn name(&self) -> &str {
        "control"
    }

    fn drain(
        &mut self,
        tick: &Tick,
        _directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        // The tick before is over and durable, and with it what it took.
        if let Some((number, taken_in)) = self.taken.take() {
            self.progress.done(number, taken_in);
        }
        for command in self.commands.try_iter() {
            self.taken = Some((command.number, tick.number));
            // In the order of the commands: a halt behind a resume stands.
            if command.command == Command::Resume {
                self.switch.set(false);
            } else if command.command.forbids_opening() {
                self.switch.set(true);
            }
            // Ordered by the engine's time: the host's clock has no place in a simulated market.
            let stamped = OperatorCommand {
                issued: tick.now,
                ..command
            };
            inbox.push(tick.now, tick.now, EventKind::Commanded(Box::new(stamped)));
        }
        Ok(())
    }
}

impl Drop for ControlFeed {
    fn drop(&mut self) {
        if let Some((number, tick)) = self.taken.take() {
            self.progress.done(number, tick);
        }
        self.progress.close();
    }
}

/// How far the engine has come with its commands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Arc<(Mutex<Come>, Condvar)>);

#[derive(Debug, Default)]
struct Come {
    number: u64,
    tick: u64,
    closed: bool,
}

impl Progress {
    fn done(&self, number: u64, tick: u64) {
        let mut come = self.lock();
        come.number = number;
        come.tick = tick;
        self.0.1.notify_all();
    }

    fn close(&self) {
        self.lock().closed = true;
        self.0.1.notify_all();
    }

    /// Waits until the command `number` was taken, and returns the tick that took it or a later one.
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a person waits is the host's time"
    )]
    pub(crate) fn wait(&self, number: u64, patience: Duration) -> Result<u64, Obstacle> {
        let deadline = Instant::now() + patience;
        let mut come = self.lock();
        loop {
            if come.number >= number {
                return Ok(come.tick);
            }
            if come.closed {
                return Err(Obstacle::Stopped);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Obstacle::TimedOut);
            }
            let waited = self.0.1.wait_timeout(come, left);
            come = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Come> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The instant of a command before its tick stamps it.
pub(crate) const UNSTAMPED: Timestamp = Timestamp(0);
