//! One world, one ordered list of systems, called once a tick.
//!
//! The engine is a pure function of (state, inbox). It asks the clock for a tick, fills the inbox
//! from the feeds, runs the phases and closes the digest.

use crate::clock::Tick;
use crate::config::{Config, ConfigError, Section};
use crate::digest::Digest;
use crate::directory::Directory;
use crate::feeds::Feeds;
use crate::inbox::Inbox;
use crate::intake::{Intake, Peaks};
use crate::latency::{Latency, Outcome};
use crate::phase::Phase;
use crate::plugin::Plugin;
use crate::ports::{Clock, Feed, FeedError};
use crate::transcript::Transcript;
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{LogLevel, ScheduleBuildSettings, SingleThreadedExecutor};
use bevy_ecs::system::{IntoAdapterSystem, ScheduleSystem, SystemState};

/// What a run is made with.
pub struct Setup {
    /// The merged config.
    pub config: Config,
    /// When ticks happen.
    pub clock: Box<dyn Clock>,
    /// Permutes everything that must not matter: the order in which feeds are asked and the order
    /// of systems that the schedule leaves open.
    pub shuffle: Option<u64>,
}

/// Why a run ended before its clock did.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A feed cannot go on.
    #[error("feed \"{feed}\": {source}")]
    Feed {
        /// The feed's name.
        feed: String,
        /// What it said.
        source: FeedError,
    },
    /// The schedule cannot be built: two systems touch the same data in no stated order.
    #[error("schedule: {0}")]
    Schedule(String),
    /// An invariant was broken inside a system. The state must not be used further.
    #[error("tick {tick}: {message}")]
    Broken {
        /// The tick.
        tick: u64,
        /// What the system said.
        message: String,
    },
}

#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place(Phase, usize);

/// What a tick begins with, found once: looking each of them up anew costs more than writing it.
type Opening = (
    Option<ResMut<'static, Tick>>,
    ResMut<'static, Digest>,
    ResMut<'static, Transcript>,
    ResMut<'static, Directory>,
    ResMut<'static, Inbox>,
);

/// A world, its systems and the ports around them.
pub struct Engine {
    world: World,
    schedule: Schedule,
    places: [usize; Phase::COUNT],
    config: Config,
    clock: Box<dyn Clock>,
    intake: Intake,
    opening: SystemState<Opening>,
    latency: Latency,
    broken: bool,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine without systems and feeds.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let mut world = World::new();
        world.init_resource::<Inbox>();
        world.init_resource::<Directory>();
        world.init_resource::<Feeds>();
        world.init_resource::<Digest>();
        world.init_resource::<Transcript>();
        let mut schedule = Schedule::default();
        schedule.set_executor(SingleThreadedExecutor::new());
        schedule.set_build_settings(ScheduleBuildSettings {
            ambiguity_detection: LogLevel::Error,
            shuffle_seed: setup.shuffle,
            ..ScheduleBuildSettings::default()
        });
        for pair in Phase::ALL.windows(2) {
            schedule.configure_sets(pair[0].before(pair[1]));
        }
        let opening = SystemState::new(&mut world);
        Self {
            world,
            schedule,
            places: [0; Phase::COUNT],
            config: setup.config,
            clock: setup.clock,
            intake: Intake::new(setup.shuffle),
            opening,
            latency: Latency::default(),
            broken: false,
        }
    }

    /// Adds a capability.
    ///
    /// # Errors
    /// When its config section is missing or wrong.
    pub fn plug(&mut self, plugin: impl Plugin) -> Result<&mut Self, ConfigError> {
        plugin.build(self)?;
        Ok(self)
    }

    /// Adds a system to `phase`, after those that the phase already has, and measures it.
    pub fn add<O: Outcome + 'static, M>(
        &mut self,
        phase: Phase,
        system: impl IntoSystem<(), O, M> + 'static,
    ) -> &mut Self {
        let place = &mut self.places[phase.index()];
        let system = IntoSystem::into_system(system);
        let name = short_name(&System::name(&system).to_string());
        let turn = self.world.resource_mut::<Digest>().add_system();
        let probe = self.latency.probe(phase, name, turn);
        let timed = IntoSystem::into_system(IntoAdapterSystem::new(probe, system));
        let boxed: ScheduleSystem = Box::new(timed);
        let config = boxed.in_set(phase).in_set(Place(phase, *place));
        let config = match place.checked_sub(1) {
            Some(before) => config.after(Place(phase, before)),
            None => config,
        };
        *place += 1;
        self.schedule.add_systems(config);
        self
    }

    /// The config section of type `S`, checked.
    ///
    /// # Errors
    /// When it is missing or wrong.
    pub fn section<S: Section>(&mut self) -> Result<S, ConfigError> {
        self.config.section::<S>()
    }

    /// The merged config.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Adds a source of events. Its number is its place in the order of these calls.
    ///
    /// # Panics
    /// With more than 65,000 feeds.
    pub fn add_feed(&mut self, feed: Box<dyn Feed>) {
        self.world
            .resource_mut::<Feeds>()
            .register(feed.name(), feed.stale_after_ms());
        self.intake.add(feed);
    }

    /// Sets the source of what the broker reports. It is asked after all other feeds were merged,
    /// so that a simulated exchange sees this tick's market before it answers. Call it last.
    pub fn set_execution_feed(&mut self, feed: Box<dyn Feed>) {
        self.world
            .resource_mut::<Feeds>()
            .register(feed.name(), feed.stale_after_ms());
        self.intake.set_execution(feed);
    }

    /// Builds the schedule and shows it to a careful eye: any two systems that touch the same data
    /// in no stated order are an error.
    ///
    /// # Errors
    /// When there are such systems.
    pub fn initialize(&mut self) -> Result<(), EngineError> {
        self.schedule
            .initialize(&mut self.world)
            .map(|_| ())
            .map_err(|error| EngineError::Schedule(format!("{error:?}")))
    }

    /// Runs one tick; `None` when the clock has ended.
    ///
    /// # Errors
    /// When a feed or the journal fails or a system breaks an invariant. The engine must not be
    /// used after that.
    pub fn tick(&mut self) -> Result<Option<Tick>, EngineError> {
        if self.broken {
            return Ok(None);
        }
        let Some(tick) = self.clock.next() else {
            return Ok(None);
        };
        let result = self.run_tick(tick);
        self.broken = result.is_err();
        result.map(|()| Some(tick))
    }

    /// Ticks still to come, where the clock knows.
    #[must_use]
    pub fn ticks_left(&self) -> Option<u64> {
        self.clock.ticks_left()
    }

    /// What was measured.
    #[must_use]
    pub fn latency(&self) -> &Latency {
        &self.latency
    }

    /// The most events that a tick had so far.
    #[must_use]
    pub fn peaks(&self) -> Peaks {
        self.intake.peaks()
    }

    /// Forgets what was measured, for benches that warm up.
    pub fn reset_latency(&mut self) {
        self.latency.reset();
    }

    /// The world, to read results after a tick.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The world, for plugins that insert resources.
    pub fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    fn run_tick(&mut self, tick: Tick) -> Result<(), EngineError> {
        self.latency.lap();
        self.open(&tick)?;
        let outside_nanos = self.latency.lap();
        self.run_systems(&tick)?;
        self.latency.end(outside_nanos);
        self.close(&tick);
        Ok(())
    }

    fn open(&mut self, tick: &Tick) -> Result<(), EngineError> {
        let (current, mut digest, mut transcript, mut directory, mut inbox) = self
            .opening
            .get_mut(&mut self.world)
            .expect("Invariant: the engine's own resources are never removed");
        let is_first = current.is_none();
        if let Some(mut current) = current {
            *current = *tick;
        }
        digest.open_tick();
        transcript.set_now(tick.now);
        self.intake.fill(tick, &mut directory, &mut inbox)?;
        if is_first {
            self.world.insert_resource(*tick);
        }
        Ok(())
    }

    fn run_systems(&mut self, tick: &Tick) -> Result<(), EngineError> {
        let run = std::panic::AssertUnwindSafe(|| self.schedule.run(&mut self.world));
        std::panic::catch_unwind(run).map_err(|panic| EngineError::Broken {
            tick: tick.number,
            message: message_of(&*panic),
        })
    }

    fn close(&mut self, tick: &Tick) {
        let mut digest = self.world.resource_mut::<Digest>();
        digest.close_tick(tick.number);
    }
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a system panicked without a message")
        .to_owned()
}

/// `systems::vpin::fill_buckets` of the full path, generic arguments kept short.
fn short_name(path: &str) -> String {
    path.split_inclusive(['<', '>', ',', ' '])
        .map(|part| {
            let ends = part.rfind("::").map_or(0, |at| {
                part[..at].rfind("::").map_or(0, |before| before + 2)
            });
            &part[ends..]
        })
        .collect()
}
