//! Operators of a run: the socket in the state directory and the stream on Redis.

use super::summary::{EmergencySummary, MirrorSummary};
use crate::exit::{Exit, Failure};
use crate::resources;
use control::board::Boarded;
use control::server::{Claim, Server};
use control::switch;
use engine::engine::Engine;
use engine::ports::{Broker, Feed, Mirror, NoMirror};
use redis_mirror::{CommandCounter, CommandStream, RedisMirror, Settings};
use std::path::Path;
use systems::commands::Emergency;
use systems::mirror::Outlet;
use systems::sight::look;

/// What a simulated run hears of the time before it: nothing, its market has a time of its own.
const LOOK_BACK_MS: u64 = 0;

/// A mirror, and the number of the run there.
type NumberedMirror = (Box<dyn Mirror>, u64);

/// Who can command a run. Dropped after the engine, so that whoever waits hears of its end.
#[derive(Debug, Default)]
pub(super) struct Operators {
    server: Option<Server>,
    counter: Option<CommandCounter>,
}

impl Operators {
    /// Opens the socket and the stream, and adds what they say to `feeds`. Commands at the socket are
    /// numbered after `last_command`.
    pub(super) fn open(
        claim: Option<Claim>,
        last_command: u64,
        redis: Option<&str>,
        feeds: &mut Vec<Box<dyn Feed>>,
    ) -> Result<Self, Failure> {
        let strategies = strategies();
        let mut operators = Self::default();
        if let Some(claim) = claim {
            let first = last_command.saturating_add(1);
            let (server, feed) = claim.listen(first, &strategies).map_err(not_bound)?;
            feeds.push(Box::new(feed));
            operators.server = Some(server);
        }
        if let Some(url) = redis {
            let stream = CommandStream::new(url, Settings::default(), LOOK_BACK_MS, &strategies)
                .map_err(Failure::error)?;
            operators.counter = Some(stream.counter());
            feeds.push(Box::new(stream));
        }
        Ok(operators)
    }

    /// Puts the switch of the socket between an engine and its broker.
    pub(super) fn guard(
        &self,
        broker: Box<dyn Broker>,
        reports: Box<dyn Feed>,
    ) -> (Box<dyn Broker>, Box<dyn Feed>) {
        match &self.server {
            Some(server) => {
                let (broker, reports) = switch::guard(server.switch(), broker, reports);
                (Box::new(broker), Box::new(reports))
            }
            None => (broker, reports),
        }
    }

    /// The mirror on `redis`, with the board of the socket in front of it.
    pub(super) fn mirror(&self, redis: Option<&str>) -> Result<Option<NumberedMirror>, Failure> {
        let mirror: Option<Box<dyn Mirror>> = match redis {
            Some(url) => {
                let mirror = RedisMirror::new(url, Settings::default()).map_err(Failure::error)?;
                Some(Box::new(mirror))
            }
            None => None,
        };
        let shown: Option<Box<dyn Mirror>> = match &self.server {
            Some(server) => {
                let behind = mirror.unwrap_or_else(|| Box::<NoMirror>::default());
                Some(Box::new(Boarded::new(server.board(), behind)))
            }
            None => mirror,
        };
        Ok(shown.map(|mirror| (mirror, resources::host_millis())))
    }

    /// Answers who asked at the socket what `engine` knows; between two ticks, and only if somebody
    /// did.
    pub(super) fn answer(&self, engine: &Engine) {
        if let Some(server) = &self.server {
            let world = engine.world();
            let inquiries = server.inquiries();
            inquiries.answer(|asked| look(world, &asked.symbols, asked.with_details));
        }
    }

    /// How the mirror fared; nothing without a server.
    pub(super) fn mirror_summary(&self, engine: &mut Engine) -> Option<MirrorSummary> {
        let mut outlet = engine.world_mut().get_resource_mut::<Outlet>()?;
        outlet.finish();
        let report = outlet.report();
        let commands = self.counter.as_ref()?.counts();
        Some(MirrorSummary {
            published: report.published,
            conflated: report.conflated,
            errors: report.errors,
            connected: report.connected,
            commands_taken: commands.taken,
            commands_ignored: commands.ignored,
        })
    }
}

/// Claims the state directory for this process alone.
pub(super) fn claim(state_dir: Option<&Path>) -> Result<Option<Claim>, Failure> {
    state_dir.map(Claim::take).transpose().map_err(not_bound)
}

/// How fast halts were carried out.
pub(super) fn emergency_summary(engine: &Engine) -> EmergencySummary {
    let found = engine.world().resource::<Emergency>();
    EmergencySummary {
        halts: found.halts,
        longest_ms: found.longest_ms,
    }
}

/// The strategies by name: those of `config/signals/`.
fn strategies() -> Vec<&'static str> {
    let files = crate::assemble::DEFAULT_SIGNALS.iter();
    let stems = files.map(|(file, _)| Path::new(file).file_stem());
    stems.filter_map(|stem| stem?.to_str()).collect()
}

fn not_bound(error: control::Error) -> Failure {
    let exit = match error {
        control::Error::Taken { .. } => Exit::StartRefused,
        _ => Exit::Error,
    };
    Failure::new(exit, error)
}
