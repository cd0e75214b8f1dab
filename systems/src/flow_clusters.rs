//! Kinds of flow among the last trades of each underlying: with the move before them, against it, and
//! neither. A heuristic: nobody signs a print, and no trade is known to be a dealer's hedge.
//!
//! Clusters are fitted every few seconds, the longest waiting first and no more than `FITS_PER_TICK`
//! underlyings a tick; in between each trade joins the nearest. Centres outlive the session and begin
//! the first fit of the next one.

use crate::ingest::Sources;
use crate::patterns::window::sided;
use crate::vpin::signed::TickRule;
use bevy_ecs::prelude::*;
use components::exposure::GammaExposure;
use components::flow::Tape;
use components::flow_clusters::{FlowClusters, FlowKind};
use components::market::{Spot, SymbolId};
use components::quality::{Quality, Stamp};
use components::units::{NANOS_PER_SECOND, Timestamp};
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::feeds::Feeds;
use engine::phase::Phase;
use engine::plugin::Plugin;
use engine::random::Stream;
use serde::Deserialize;

/// Clusters of a window and their names.
pub mod fit;
/// The trades of an underlying.
pub mod memory;

use memory::FlowMemory;

/// Fits of a tick, at most: each takes a millisecond or two.
pub const FITS_PER_TICK: usize = 4;
/// Clusters whose trades lie less well in them than this are badly determined.
pub const SILHOUETTE_MIN: f64 = 0.15;
/// Starts are drawn with this seed in every run: the same window gives the same clusters.
const SEED: u64 = 12;

/// The `flow_clusters` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct FlowClustersConfig {
    /// Trades of the window.
    #[garde(custom(within(30, 1_000)))]
    pub trades: usize,
    /// Trades without which nothing is fitted.
    #[garde(custom(within(30, 1_000)))]
    pub trades_min: usize,
    /// Seconds between two fits of an underlying, at least.
    #[garde(custom(within(1, 3600)))]
    pub refit_s: i64,
    /// How long a value holds, milliseconds.
    #[garde(custom(within(250, 3_600_000)))]
    pub valid_ms: i64,
}

impl Section for FlowClustersConfig {
    const NAME: &'static str = "flow_clusters";
}

/// The trades of an underlying; made when the first is seen.
#[derive(Component, Debug, Default)]
pub struct FlowTrades {
    memory: Option<FlowMemory>,
    rule: TickRule,
}

/// Whose fit is due, kept between ticks for its memory.
#[derive(Resource, Debug, Default)]
pub struct DueFits(Vec<(Timestamp, SymbolId, Entity)>);

/// Adds flow clusters.
#[derive(Debug)]
pub struct FlowClustersPlugin;

impl Plugin for FlowClustersPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<FlowClustersConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.init_resource::<DueFits>();
        world.register_required_components::<SymbolId, FlowTrades>();
        world.register_required_components::<SymbolId, FlowClusters>();
        engine
            .add(Phase::Patterns, take_trades)
            .add(Phase::Patterns, fit_clusters)
            .add(Phase::Patterns, publish_clusters);
        Ok(())
    }
}

/// Takes the trades of every underlying, and then the price that they left.
pub fn take_trades(
    tick: Res<Tick>,
    config: Res<FlowClustersConfig>,
    mut underlyings: Query<(&Tape, &Spot, &mut FlowTrades)>,
) {
    let ticks = 1 + tick.skipped as usize;
    for (tape, spot, mut trades) in &mut underlyings {
        let FlowTrades { memory, rule } = &mut *trades;
        if tick.opens_session {
            *rule = TickRule::default();
            if let Some(memory) = memory {
                memory.open_session();
            }
        }
        let has_prints = tape.prints.iter().any(|print| !print.is_bar);
        if memory.is_none() && !has_prints {
            continue;
        }
        let most = config.trades.max(config.trades_min);
        let memory = memory.get_or_insert_with(|| FlowMemory::new(most));
        for print in tape.prints.iter().filter(|print| !print.is_bar) {
            if tick.session.open <= print.at
                && let Some(trade) = sided(print, rule)
            {
                memory.push(&trade);
            }
        }
        memory.end_tick(spot.get(), ticks);
    }
}

/// Fits the clusters of the underlyings that wait for longest.
pub fn fit_clusters(
    tick: Res<Tick>,
    config: Res<FlowClustersConfig>,
    mut due: ResMut<DueFits>,
    mut digest: ResMut<Digest>,
    mut underlyings: Query<(Entity, &SymbolId, &mut FlowTrades)>,
) {
    let nanos = config.refit_s * NANOS_PER_SECOND;
    due.0.clear();
    for (entity, symbol, trades) in &underlyings {
        let waiting = trades
            .memory
            .as_ref()
            .filter(|memory| memory.is_due(tick.now, config.trades_min, nanos));
        if let Some(memory) = waiting {
            due.0.push((memory.fitted_at(), *symbol, entity));
        }
    }
    due.0
        .sort_unstable_by_key(|(fitted_at, symbol, _)| (*fitted_at, *symbol));
    due.0.truncate(FITS_PER_TICK);
    for (_, symbol, entity) in &due.0 {
        let Ok((_, _, mut trades)) = underlyings.get_mut(*entity) else {
            continue;
        };
        if let Some(memory) = &mut trades.memory {
            let mut draws = Stream::new(SEED, "flow-clusters", u64::from(symbol.0));
            memory.refit(tick.now, &mut draws);
            let model = memory.model();
            let centres = model.map(fit::FlowModel::centres).unwrap_or_default();
            digest.fold_floats(Phase::Patterns, centres.as_flattened());
        }
    }
}

type Published<'a> = (
    &'a Sources,
    &'a GammaExposure,
    &'a FlowTrades,
    &'a mut FlowClusters,
);

/// Publishes the kinds of every underlying whose trades or whose stamp changed.
pub fn publish_clusters(
    tick: Res<Tick>,
    config: Res<FlowClustersConfig>,
    feeds: Res<Feeds>,
    mut digest: ResMut<Digest>,
    mut underlyings: Query<(&Tape, Published<'_>)>,
) {
    for (tape, (sources, gamma, trades, mut published)) in &mut underlyings {
        let Some(memory) = &trades.memory else {
            continue;
        };
        let fresh = feeds.is_fresh(sources.spot, tick.now);
        let changed =
            tick.opens_session || !tape.prints.is_empty() || memory.fits() != published.fits;
        if !changed {
            if !fresh && published.stamp.quality == Quality::Ok {
                published.stamp.quality = Quality::Stale;
            }
            continue;
        }
        let clusters = memory.clusters();
        let silhouette = memory.model().and_then(|model| model.silhouette);
        let distinct = silhouette.is_some_and(|found| SILHOUETTE_MIN <= found);
        let quality = match clusters {
            _ if memory.trades() == 0 => Quality::NoData,
            None if memory.model().is_none() => Quality::Warmup,
            _ if !fresh => Quality::Stale,
            Some(_) if distinct => Quality::Ok,
            _ => Quality::IllConditioned,
        };
        *published = FlowClusters {
            trades: u32::try_from(memory.trades()).unwrap_or(u32::MAX),
            clusters,
            silhouette,
            hedging_goes_with: hedging_goes_with(gamma),
            fits: memory.fits(),
            stamp: Stamp::new(tick.now, config.valid_ms, quality),
        };
        let share = |place: usize| clusters.map_or(-1.0, |kinds| kinds[place].share);
        digest.fold_floats(Phase::Patterns, &[share(0), share(1), share(2)]);
    }
}

/// With which kind of flow dealers' hedging goes: they buy what rises when they are short gamma, and
/// sell it when long.
fn hedging_goes_with(gamma: &GammaExposure) -> Option<FlowKind> {
    let known = gamma.stamp.quality == Quality::Ok && gamma.included > 0;
    let net = Some(gamma.net_usd_per_pct).filter(|_| known)?;
    match net.partial_cmp(&0.0)? {
        std::cmp::Ordering::Less => Some(FlowKind::Momentum),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(FlowKind::Reversion),
    }
}
