//! What the book would gain and lose in the scenarios of the config.
//!
//! The book is taken as it is at one moment, every quarter of an hour and some seconds after it changed;
//! then one scenario is re-priced in each tick. Nothing that decides reads it: the limit on scenarios is
//! another one, in the limits.

use crate::books::Books;
use crate::cadence::Cadence;
use crate::ledger::HoldingRange;
use crate::risk::RiskConfig;
use crate::risk::assessment::Market;
use crate::risk::holdings::{Held, holdings, quantities};
use bevy_ecs::prelude::*;
use components::contract::Instrument;
use components::quality::{Quality, Stamp};
use components::units::Timestamp;
use config::StressConfig;
use engine::clock::Tick;
use engine::config::ConfigError;
use engine::digest::Digest;
use engine::engine::Engine;
use engine::phase::Phase;
use engine::plugin::Plugin;
use report::{Outcome, outcome};
use std::collections::BTreeMap;

/// What the scenarios are.
pub mod config;
/// What a book gains in them.
pub mod report;

/// After the points of the grid, away from what else is heavy.
const OFFSET_MS: i64 = 4_000;
/// Ticks between two looks at whether the book changed: a second.
const LOOK_TICKS: u64 = 4;
const SECOND_NANOS: i64 = 1_000_000_000;

/// What the book gains in each scenario.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct StressReport {
    /// In the order of the config; empty without a book.
    pub outcomes: Vec<(String, Outcome)>,
    /// The place of the worst, orders in flight included.
    pub worst: Option<usize>,
    /// Instruments that are held.
    pub positions: usize,
    /// Instruments that are held or that orders in flight may bring.
    pub instruments: usize,
    /// Instruments without a usable volatility or price: taken to lose what they could be sold for.
    pub without_value: usize,
    /// When the book was taken, until when, how good.
    pub stamp: Stamp,
}

/// A report that is being made.
#[derive(Resource, Debug, Default)]
pub struct StressRun {
    /// The book that the last report is of.
    quantities: BTreeMap<Instrument, (i64, HoldingRange)>,
    book: Vec<Held>,
    /// When it was taken.
    taken: Option<Timestamp>,
    is_running: bool,
    outcomes: Vec<(String, Outcome)>,
}

/// Adds the report.
#[derive(Debug)]
pub struct StressPlugin;

impl Plugin for StressPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<StressConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.init_resource::<StressReport>();
        world.init_resource::<StressRun>();
        engine.add(Phase::Positions, stress_book);
        Ok(())
    }
}

/// Takes the book where that is due, and re-prices it in the next scenario.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn stress_book(
    tick: Res<Tick>,
    config: Res<StressConfig>,
    classes: Res<RiskConfig>,
    books: Res<Books>,
    market: Market<'_, '_>,
    mut cadence: Local<Cadence>,
    mut run: ResMut<StressRun>,
    mut report: ResMut<StressReport>,
    mut digest: ResMut<Digest>,
) {
    let is_grid = cadence.is_due(&tick, config.every_s, OFFSET_MS);
    if tick.now >= tick.session.close {
        run.is_running = false;
        return;
    }
    let run = &mut *run;
    if !run.is_running {
        let has_settled = run
            .taken
            .is_none_or(|taken| tick.now.nanos_since(taken) >= config.settle_s * SECOND_NANOS);
        let looks = tick.number.is_multiple_of(LOOK_TICKS) && has_settled;
        let is_due = is_grid || looks && run.quantities != quantities(&books);
        if !is_due {
            return;
        }
        run.quantities = quantities(&books);
        run.book = holdings(&books, &market);
        run.taken = Some(tick.now);
        run.outcomes.clear();
        run.is_running = true;
    }
    let place = run.outcomes.len();
    let next = config.scenarios.get(place).filter(|_| !run.book.is_empty());
    if let Some(scenario) = next {
        let found = outcome(&run.book, &config, &classes, place);
        digest.fold_floats(Phase::Positions, &[found.held_usd, found.worst_usd]);
        run.outcomes.push((scenario.name.clone(), found));
        if run.outcomes.len() < config.scenarios.len() {
            return;
        }
    }
    run.is_running = false;
    *report = finished(run, config.valid_ms);
    digest.fold(Phase::Positions, report.instruments as u64);
}

fn finished(run: &mut StressRun, valid_ms: i64) -> StressReport {
    let outcomes = std::mem::take(&mut run.outcomes);
    let losses = outcomes.iter().map(|(_, outcome)| outcome.worst_usd);
    let worst = losses.enumerate().min_by(|l, r| l.1.total_cmp(&r.1));
    let without_value = run.book.iter().filter(|held| held.known.is_none()).count();
    let quality = match (run.book.is_empty(), without_value) {
        (true, _) => Quality::NoData,
        (false, 0) => Quality::Ok,
        (false, _) => Quality::IllConditioned,
    };
    let taken = run.taken.unwrap_or(Timestamp::NEVER);
    StressReport {
        worst: worst.map(|(place, _)| place),
        outcomes,
        positions: run.book.iter().filter(|held| held.quantity != 0).count(),
        instruments: run.book.len(),
        without_value,
        stamp: Stamp::new(taken, valid_ms, quality),
    }
}
