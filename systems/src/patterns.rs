//! What trades look like: odd lots, sweeps, blocks, who seems to be behind them, and how toxic that is
//! together with VPIN and the book.
//!
//! Looked at anew in each tick in which trades came or left the window.

use crate::ingest::Sources;
use bevy_ecs::prelude::*;
use components::flow::{Imbalance, Tape, Vpin};
use components::market::{Spot, SymbolId, Ticker};
use components::patterns::{Participants, Sweep, TradePatterns};
use components::quality::{Quality, Stamp};
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::feeds::Feeds;
use engine::phase::Phase;
use engine::plugin::Plugin;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Who seems to trade.
pub mod participants;
/// Shares of a round lot.
pub mod round_lot;
/// Small, large and sweeping trades of a window.
pub mod shapes;
/// The score of a window, and toxicity.
pub mod toxicity;
/// The trades of the last minute.
pub mod window;

use participants::Volumes;
use round_lot::round_lot;
use shapes::{BlockSize, Shapes, SweepDetector};
use toxicity::{label, pattern_score, toxicity};
use window::TradeWindow;

/// The `patterns` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct PatternsConfig {
    /// Seconds that the window reaches back.
    #[garde(custom(within(1, 3600)))]
    pub window_s: i64,
    /// Trades without which there are no ratios.
    #[garde(custom(within(1, 10_000)))]
    pub trades_min: usize,
    /// From so many shares on a trade is a block.
    #[garde(custom(within(1, 1_000_000_000)))]
    pub block_shares: u64,
    /// From so many dollars on a trade is a block.
    #[garde(custom(within(1, 1_000_000_000)))]
    pub block_usd: u64,
    /// Seconds for which a sweep is shown.
    #[garde(custom(within(1, 3600)))]
    pub sweep_visible_s: i64,
    /// Round lots that are known, shares by symbol.
    #[garde(skip)]
    pub round_lots: BTreeMap<Ticker, u64>,
    /// How long a value holds, milliseconds.
    #[garde(custom(within(250, 3_600_000)))]
    pub valid_ms: i64,
}

impl Section for PatternsConfig {
    const NAME: &'static str = "patterns";
}

/// The trades of an underlying and the run that may become a sweep.
#[derive(Component, Debug, Default)]
pub struct TradeMemory {
    window: TradeWindow,
    sweeps: SweepDetector,
}

/// Adds trade patterns.
#[derive(Debug)]
pub struct PatternsPlugin;

impl Plugin for PatternsPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<PatternsConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.register_required_components::<SymbolId, TradeMemory>();
        world.register_required_components::<SymbolId, TradePatterns>();
        world.register_required_components::<SymbolId, Participants>();
        engine.add(Phase::Patterns, watch_trades);
        Ok(())
    }
}

type Watched<'a> = (
    &'a Ticker,
    &'a Spot,
    &'a Tape,
    &'a Sources,
    &'a Vpin,
    &'a Imbalance,
    &'a mut TradeMemory,
    &'a mut TradePatterns,
    &'a mut Participants,
);

/// Looks at the trades of every underlying that has any.
pub fn watch_trades(
    tick: Res<Tick>,
    config: Res<PatternsConfig>,
    feeds: Res<Feeds>,
    mut digest: ResMut<Digest>,
    mut underlyings: Query<Watched<'_>>,
) {
    let block = BlockSize {
        shares: config.block_shares,
        dollars: config.block_usd,
    };
    for (ticker, spot, tape, sources, vpin, imbalance, mut memory, mut patterns, mut who) in
        &mut underlyings
    {
        let TradeMemory { window, sweeps } = &mut *memory;
        if tick.opens_session {
            window.clear();
            *sweeps = SweepDetector::default();
        }
        let mut changed = window.forget(tick.now, config.window_s * 1_000_000_000);
        for print in tape.prints.iter().filter(|p| p.at >= tick.session.open) {
            if let Some(trade) = window.push(print) {
                let ended = sweeps.push(&trade);
                patterns.sweep = sweeps.running().or(ended).or(patterns.sweep);
                changed = true;
            }
        }
        patterns.sweep = patterns
            .sweep
            .filter(|sweep| is_shown(sweep, &tick, &config));
        let fresh = feeds.is_fresh(sources.spot, tick.now);
        if !changed {
            if !fresh && patterns.stamp.quality == Quality::Ok {
                patterns.stamp.quality = Quality::Stale;
                who.stamp.quality = Quality::Stale;
            }
            continue;
        }
        let trades = window.trades();
        let dollars = spot.get().unwrap_or(0.0);
        let lot = round_lot(&config.round_lots, *ticker, tick.session.date, dollars);
        let shapes = Shapes::of(trades, lot, block);
        let enough = trades.len() >= config.trades_min;
        let quality = match trades.len() {
            0 => Quality::NoData,
            _ if !fresh => Quality::Stale,
            _ if !enough => Quality::Warmup,
            _ => Quality::Ok,
        };
        let stamp = Stamp::new(tick.now, config.valid_ms, quality);
        let score = pattern_score(&shapes).filter(|_| enough);
        let poison = toxicity(vpin.value, score, imbalance.volatility);
        *patterns = TradePatterns {
            trades: u32::try_from(trades.len()).unwrap_or(u32::MAX),
            odd_ratio: shapes.odd_ratio().filter(|_| enough),
            sweep_ratio: shapes.sweep_ratio().filter(|_| enough),
            block_ratio: shapes.block_ratio().filter(|_| enough),
            score,
            toxicity: poison.map(|poison| poison.value),
            is_complete: poison.is_some_and(|poison| poison.complete),
            label: vpin.cdf.map(label),
            sweep: patterns.sweep,
            stamp,
        };
        let volumes = Volumes::of(trades, block);
        *who = Participants {
            retail_share: volumes.share(volumes.retail).filter(|_| enough),
            institutional_share: volumes.share(volumes.institutional).filter(|_| enough),
            retail_imbalance: volumes.retail.imbalance().filter(|_| enough),
            institutional_imbalance: volumes.institutional.imbalance().filter(|_| enough),
            stamp,
        };
        digest.fold(Phase::Patterns, u64::from(patterns.trades));
        digest.fold_floats(
            Phase::Patterns,
            &[
                patterns.toxicity.unwrap_or(-1.0),
                patterns.score.unwrap_or(-1.0),
                who.retail_share.unwrap_or(-1.0),
            ],
        );
    }
}

fn is_shown(sweep: &Sweep, tick: &Tick, config: &PatternsConfig) -> bool {
    tick.now.nanos_since(sweep.began) <= config.sweep_visible_s * 1_000_000_000
}
