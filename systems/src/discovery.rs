//! Parameters found in the tape of the run itself: how large a VPIN bucket is, for how long moves are
//! remembered, where volatility is high, how toxic the flow is and what moves together.
//!
//! A round begins every few minutes of the session and looks at one underlying a tick. All of it is a
//! function of what the run was told, so a replay finds the same. What a run begins with stands in its
//! config (`discovery.buckets`, which the program fills from the file that `discovery.file` names), so
//! a journal holds it and a replay needs no file.
//!
//! A bucket size that was found holds from the next session's open on: another size in the middle of a
//! session would empty the window of VPIN.

use crate::patterns::PatternsConfig;
use crate::patterns::round_lot::round_lot;
use crate::patterns::shapes::BlockSize;
use crate::volatility::bars::MINUTE_NANOS;
use crate::vpin::VpinConfig;
use crate::vpin::bulk::BulkParameters;
use bevy_ecs::prelude::*;
use components::flow::Tape;
use components::market::{Spot, SymbolId, Ticker};
use components::patterns::FlowLabel;
use components::units::Timestamp;
use engine::clock::Tick;
use engine::config::{ConfigError, Problems, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::phase::Phase;
use engine::plugin::Plugin;
use engine::transcript::Transcript;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What was found.
pub mod found;
/// The tape that is remembered.
pub mod memory;
/// When discovery is done.
pub mod rounds;
/// What discovery looks at.
pub mod seen;
/// One underlying.
pub mod symbol;
/// All of them.
pub mod together;
/// The record as a file.
pub mod yaml;

#[cfg(test)]
mod tests;

use found::{CorrelationFound, Discovered, SymbolFound, VERSION};
use memory::TapeMemory;
use rounds::{Discoveries, Turn};
use seen::Seen;
use symbol::discover_symbol;
use together::discover_correlation;

/// The `discovery` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct DiscoveryConfig {
    /// Whether anything is discovered, and bucket sizes of earlier runs hold.
    #[garde(skip)]
    pub enabled: bool,
    /// How often, minutes of the session.
    #[garde(custom(within(1, 390)))]
    pub every_min: i64,
    /// Minutes that must have been seen before the first round.
    #[garde(custom(within(1, 390)))]
    pub first_min: usize,
    /// A `discovered.yaml` whose bucket sizes a run begins with; empty for none.
    #[garde(skip)]
    pub file: String,
    /// What that file says, or rows in its place.
    #[garde(dive, length(max = 10_000))]
    pub buckets: Vec<KnownBucket>,
}

/// The bucket size of an underlying that is known before the run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct KnownBucket {
    /// The underlying.
    #[garde(skip)]
    pub symbol: Ticker,
    /// Shares.
    #[garde(custom(within(50, 1_000_000_000_000)))]
    pub shares: u64,
}

impl Section for DiscoveryConfig {
    const NAME: &'static str = "discovery";

    fn check(&self, problems: &mut Problems<'_>) {
        let mut seen = BTreeSet::new();
        for (place, row) in self.buckets.iter().enumerate() {
            if !seen.insert(row.symbol) {
                let message = format!("must be there once for {}", row.symbol);
                problems.refuse(&format!("buckets[{place}].symbol"), &message);
            }
        }
    }
}

/// What discovery goes by besides the tape: the same as VPIN and trade patterns.
#[derive(Resource, Clone, Debug)]
pub struct Rules {
    /// When a trade is a block.
    pub block: BlockSize,
    /// Round lots that are known.
    pub round_lots: BTreeMap<Ticker, u64>,
    /// Trades without which they have no shape.
    pub trades_min: usize,
    /// Buckets of VPIN's window.
    pub window_buckets: usize,
    /// How VPIN classifies bars.
    pub bulk: BulkParameters,
}

impl Rules {
    fn new(patterns: &PatternsConfig, vpin: &VpinConfig) -> Self {
        Self {
            block: BlockSize {
                shares: patterns.block_shares,
                dollars: patterns.block_usd,
            },
            round_lots: patterns.round_lots.clone(),
            trades_min: patterns.trades_min,
            window_buckets: vpin.window_buckets,
            bulk: BulkParameters {
                bar_nanos: vpin.bar_s * 1_000_000_000,
                sigma_bars: vpin.sigma_bars,
                sigma_bars_min: vpin.sigma_bars_min.min(vpin.sigma_bars),
            },
        }
    }
}

/// Everything that `seen` says at `now`: the same record whatever the order of `seen`.
#[must_use]
pub fn discover(seen: &[Seen<'_>], rules: &Rules, now: Timestamp) -> Discovered {
    let symbols = seen.iter().map(|seen| discover_symbol(seen, rules, now));
    let symbols: BTreeMap<Ticker, SymbolFound> =
        symbols.map(|found| (found.symbol, found)).collect();
    Discovered {
        version: VERSION,
        computed_at: now,
        symbols: symbols.into_values().collect(),
        correlation: discover_correlation(seen),
    }
}

/// Remembers the tape, for whoever asks at the end: see [`discover_now`].
#[derive(Debug)]
pub struct TapeMemoryPlugin;

impl Plugin for TapeMemoryPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let rules = Rules::new(&engine.section()?, &engine.section()?);
        let world = engine.world_mut();
        world.insert_resource(rules);
        world.register_required_components::<SymbolId, TapeMemory>();
        engine.add(Phase::Volatility, remember_tape);
        Ok(())
    }
}

/// Adds discovery, unless the config says that there is none.
#[derive(Debug)]
pub struct DiscoveryPlugin;

impl Plugin for DiscoveryPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<DiscoveryConfig>()?;
        if !config.enabled {
            return Ok(());
        }
        engine.plug(TapeMemoryPlugin)?;
        let world = engine.world_mut();
        world.insert_resource(Discoveries::new(&config));
        world.insert_resource(config);
        engine.add(Phase::Volatility, discover_in_turn);
        Ok(())
    }
}

/// Takes the tick's prices and prints into what is remembered.
pub fn remember_tape(tick: Res<Tick>, mut underlyings: Query<(&Spot, &Tape, &mut TapeMemory)>) {
    for (spot, tape, mut memory) in &mut underlyings {
        // The price of the session before would make a return over the night.
        let dollars = spot.get().filter(|_| spot.at >= tick.session.open);
        memory.observe(&tick, dollars, &tape.prints);
    }
}

type Remembered<'a> = (&'a Ticker, &'a Spot, &'a mut TapeMemory);

/// Does what this tick has to do of a round.
pub fn discover_in_turn(
    tick: Res<Tick>,
    config: Res<DiscoveryConfig>,
    rules: Res<Rules>,
    mut discoveries: ResMut<Discoveries>,
    mut digest: ResMut<Digest>,
    mut transcript: ResMut<Transcript>,
    mut underlyings: Query<Remembered<'_>>,
) {
    if tick.opens_session {
        discoveries.open_session();
    }
    if discoveries.is_due(&tick, &config) {
        let minutes = underlyings.iter().map(|(_, _, memory)| memory.minutes());
        if minutes.max().unwrap_or(0) >= config.first_min {
            let symbols = underlyings.iter().map(|(ticker, ..)| *ticker).collect();
            discoveries.begin(&tick, &config, symbols);
        }
    }
    match discoveries.turn(&tick) {
        None => {}
        Some(Turn::Symbol(symbol)) => {
            let row = underlyings
                .iter_mut()
                .find(|(ticker, ..)| **ticker == symbol);
            let Some(row) = row else { return };
            let found = discover_symbol(&seen_of(row, &rules, &tick), &rules, tick.now);
            fold_symbol(&mut digest, &found);
            let now = told(&found);
            let before = discoveries.take(found);
            let before = before.map_or_else(|| "nothing".to_owned(), |before| told(&before));
            if before != now {
                transcript.line(format_args!("discovery {symbol} {before} -> {now}"));
            }
        }
        Some(Turn::Together) => {
            let rows = underlyings.iter_mut();
            let seen: Vec<Seen<'_>> = rows.map(|row| seen_of(row, &rules, &tick)).collect();
            let found = discover_correlation(&seen);
            fold_correlation(&mut digest, &found);
            discoveries.end(found, tick.now);
        }
    }
}

/// Everything that the tape of `world` says now, with [`TapeMemoryPlugin`]; `None` before the first
/// tick.
#[must_use]
pub fn discover_now(world: &mut World) -> Option<Discovered> {
    let tick = *world.get_resource::<Tick>()?;
    let rules = world.get_resource::<Rules>()?.clone();
    let mut underlyings = world.query::<Remembered<'_>>();
    let rows = underlyings.iter_mut(world);
    let seen: Vec<Seen<'_>> = rows.map(|row| seen_of(row, &rules, &tick)).collect();
    Some(discover(&seen, &rules, tick.now))
}

fn seen_of<'a>(
    (ticker, spot, memory): (&Ticker, &Spot, Mut<'a, TapeMemory>),
    rules: &Rules,
    tick: &Tick,
) -> Seen<'a> {
    let dollars = spot.get().unwrap_or(0.0);
    let lot = round_lot(&rules.round_lots, *ticker, tick.session.date, dollars);
    memory.into_inner().seen(*ticker, lot)
}

/// What a transcript says of an underlying: what others go by.
fn told(found: &SymbolFound) -> String {
    let shares = found.vpin_bucket.shares;
    let shares = shares.map_or_else(|| "-".to_owned(), |shares| shares.to_string());
    format!(
        "bucket {shares} {} lookback {} {}",
        found.vpin_bucket.basis.status.name(),
        found.lookback.bars,
        found.lookback.basis.status.name()
    )
}

fn fold_symbol(digest: &mut Digest, found: &SymbolFound) {
    let label = match found.toxicity.label {
        None => 9,
        Some(FlowLabel::Benign) => 0,
        Some(FlowLabel::Neutral) => 1,
        Some(FlowLabel::Toxic) => 2,
    };
    for value in [
        found.vpin_bucket.shares.unwrap_or(0),
        found.vpin_bucket.basis.observations,
        found.lookback.bars,
        found.lookback.basis.observations,
        label,
    ] {
        digest.fold(Phase::Volatility, value);
    }
    digest.fold_floats(
        Phase::Volatility,
        &[
            found.volatility.elevated_from,
            found.volatility.percentile_20.unwrap_or(-1.0),
            found.volatility.median.unwrap_or(-1.0),
            found.volatility.percentile_80.unwrap_or(-1.0),
            found.toxicity.vpin.unwrap_or(-1.0),
            found.toxicity.score.unwrap_or(-1.0),
        ],
    );
}

fn fold_correlation(digest: &mut Digest, found: &CorrelationFound) {
    digest.fold(Phase::Volatility, found.basis.observations);
    digest.fold_floats(Phase::Volatility, &[found.shrinkage.unwrap_or(-1.0)]);
    for row in &found.matrix {
        for rho in row {
            digest.fold_floats(Phase::Volatility, &[rho.unwrap_or(-2.0)]);
        }
    }
}
