//! What came in and what was decided becomes durable, and only then may anything leave.
//!
//! This is the only place where a decision becomes [`Committed`]: its field is private and Dispatch
//! takes nothing else. A journal that fails ends the run in this very tick, before anything leaves;
//! a failed write is never tried again.
//!
//! [`Committed`]: crate::commit::Committed

use crate::books::Books;
use crate::risk::{Approved, Decision, Decisions};
use bevy_ecs::prelude::*;
use engine::clock::Tick;
use engine::config::{ConfigError, Section};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::frame::Frame;
use engine::inbox::Inbox;
use engine::phase::Phase;
use engine::planted::planted;
use engine::plugin::Plugin;
use engine::ports::{Journal, JournalError};
use engine::record::Record;
use serde::Deserialize;

/// The `journal` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct JournalConfig {
    /// When what was written is forced to the disk.
    #[garde(skip)]
    pub sync: Sync,
}

/// When what was written is forced to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sync {
    /// Before anything leaves: enough where the market can be played again.
    BeforeSending,
    /// In every tick: what the broker reported is durable before it is acted on.
    EveryTick,
}

impl Section for JournalConfig {
    const NAME: &'static str = "journal";
}

/// Adds the commit. A run without a journal has nothing to lose and passes everything on.
pub struct CommitPlugin {
    /// Where the run is recorded.
    pub journal: Option<Box<dyn Journal>>,
}

impl Plugin for CommitPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<JournalConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.insert_resource(Recorder {
            journal: self.journal,
            durable_ticks: 0,
            records: Vec::new(),
        });
        world.init_resource::<Leaving>();
        engine.add(Phase::Commit, commit_tick);
        Ok(())
    }
}

/// The journal. Private, so that no other system can write to it.
#[derive(Resource)]
pub struct Recorder {
    journal: Option<Box<dyn Journal>>,
    durable_ticks: u64,
    records: Vec<Record>,
}

impl Recorder {
    /// Makes what was recorded durable: at the end of a run.
    ///
    /// # Errors
    /// When that fails.
    pub fn finish(&mut self) -> Result<(), JournalError> {
        match &mut self.journal {
            Some(journal) => journal.commit().map(|_| ()),
            None => Ok(()),
        }
    }

    /// What was decided in this tick, where there is no journal to hand it to.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The number of the last frame that is known to be durable.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.durable_ticks
    }
}

/// Ends a run in order: what left in its last tick and that the process stopped become durable. A
/// start that finds no such end takes the run before for killed.
///
/// # Errors
/// When the journal fails.
pub fn stop(world: &mut World) -> Result<(), JournalError> {
    let Some(tick) = world.get_resource::<Tick>().copied() else {
        return world.resource_mut::<Recorder>().finish();
    };
    let mut books = world.resource_mut::<Books>();
    books.enter_left(tick.now);
    books.enter(tick.now, Record::Stopped);
    let frame = Frame {
        records: books.take_records(),
        digest_before: world.resource::<Digest>().run(),
        // A frame of its own after that of the last tick: numbers rise.
        tick: tick.number.saturating_add(1),
        ..Frame::of(&tick)
    };
    let mut recorder = world.resource_mut::<Recorder>();
    if let Some(journal) = &mut recorder.journal {
        journal.append(&frame, &[])?;
    }
    recorder.finish()
}

/// A decision that is durable. Only this module can make one.
#[derive(Debug)]
pub struct Committed(Approved);

impl Committed {
    /// What was decided.
    #[must_use]
    pub fn decision(&self) -> &Decision {
        self.0.decision()
    }
}

/// What may leave.
#[derive(Resource, Debug, Default)]
pub struct Leaving(pub Vec<Committed>);

/// Writes the frame of this tick and lets what was approved go on.
///
/// # Errors
/// When the journal fails. Nothing of this tick leaves then.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
fn commit_tick(
    tick: Res<Tick>,
    config: Res<JournalConfig>,
    inbox: Res<Inbox>,
    digest: Res<Digest>,
    mut books: ResMut<Books>,
    mut decisions: ResMut<Decisions>,
    mut recorder: ResMut<Recorder>,
    mut leaving: ResMut<Leaving>,
) -> Result<(), JournalFailure> {
    let records = books.take_records();
    let leaves = !decisions.0.is_empty();
    // An operator is told that a command was taken: a restart must know it too.
    let commanded = |record: &Record| matches!(record, Record::Commanded { .. });
    let promised = records.iter().any(commanded);
    let recorder = &mut *recorder;
    if let Some(journal) = &mut recorder.journal {
        let frame = Frame {
            reports: inbox.reports().to_vec(),
            records,
            systems: digest.systems().to_vec(),
            digest_before: digest.run(),
            ..Frame::of(&tick)
        };
        journal
            .append(&frame, inbox.market())
            .map_err(JournalFailure)?;
        let wanted = leaves || promised || config.sync == Sync::EveryTick;
        // Breaks I1: what leaves is durable some time later, or never.
        if wanted && !planted(1) {
            recorder.durable_ticks = journal.commit().map_err(JournalFailure)?;
        }
    } else {
        recorder.records = records;
    }
    leaving.0.extend(decisions.0.drain(..).map(Committed));
    Ok(())
}

/// The journal failed.
#[derive(Debug, thiserror::Error)]
#[error("journal: {0}")]
pub struct JournalFailure(#[source] JournalError);
