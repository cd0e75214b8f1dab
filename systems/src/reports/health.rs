//! How the analytics fare: how often a result became stale or could not be computed, and how old the
//! newest input is. Looked at once a second for each underlying; nothing that decides reads it.
//!
//! A result is stale when its stamp says so or has run out, and has failed when its input has no
//! answer: nothing there, one side only, crossed, or badly determined. What was never computed yet has
//! done neither. Becoming so is counted, not being so.

use crate::cadence::{SECOND_TICKS, has_turn};
use bevy_ecs::prelude::*;
use components::dealers::DealerFlow;
use components::exposure::{DeltaExposure, GammaExposure};
use components::flow::{Imbalance, Vpin};
use components::flow_clusters::FlowClusters;
use components::hidden::HiddenLiquidity;
use components::liquidity::Liquidity;
use components::market::SymbolId;
use components::options_flow::OptionsFlow;
use components::patterns::TradePatterns;
use components::quality::{Quality, Stamp};
use components::units::{NANOS_PER_SECOND, Timestamp};
use components::volatility::{ImpliedVolatility, RealizedVolatility};
use engine::clock::Tick;
use engine::feeds::Feeds;

/// The modules that are watched, ascending by name.
pub const MODULES: [&str; 12] = [
    "dealers",
    "delta",
    "flow_clusters",
    "gamma",
    "hidden",
    "imbalance",
    "implied",
    "liquidity",
    "options_flow",
    "patterns",
    "realized",
    "vpin",
];

/// How the analytics fared in this process.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct AnalyticsHealth {
    /// Results that became stale, by module.
    pub stale: [u64; MODULES.len()],
    /// Results that could not be computed any more, by module.
    pub failed: [u64; MODULES.len()],
    /// Seconds since each feed was last heard, by number; nothing for one that was never heard.
    pub lag_s: Vec<Option<f64>>,
}

/// What a result is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Unknown,
    Fine,
    Stale,
    Failed,
}

impl State {
    fn of(stamp: &Stamp, now: Timestamp) -> Self {
        match stamp.quality {
            _ if stamp.computed_at == Timestamp::NEVER => Self::Unknown,
            Quality::Stale => Self::Stale,
            _ if now > stamp.valid_until => Self::Stale,
            Quality::NoData | Quality::OneSided | Quality::Crossed | Quality::IllConditioned => {
                Self::Failed
            }
            _ => Self::Fine,
        }
    }
}

/// What the results of an underlying were when they were last looked at.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct Watched([State; MODULES.len()]);

type Results = (
    &'static SymbolId,
    (
        &'static DealerFlow,
        &'static DeltaExposure,
        &'static FlowClusters,
        &'static GammaExposure,
        &'static HiddenLiquidity,
        &'static Imbalance,
    ),
    (
        &'static ImpliedVolatility,
        &'static Liquidity,
        &'static OptionsFlow,
        &'static TradePatterns,
        &'static RealizedVolatility,
        &'static Vpin,
    ),
    &'static mut Watched,
);

/// Counts what became stale or failed, of the underlyings whose turn it is.
pub fn watch_analytics(
    tick: Res<Tick>,
    feeds: Res<Feeds>,
    mut health: ResMut<AnalyticsHealth>,
    mut underlyings: Query<Results>,
) {
    if tick.number.is_multiple_of(SECOND_TICKS) {
        let age = |heard: Timestamp| {
            let is_known = heard != Timestamp::NEVER;
            is_known.then(|| tick.now.nanos_since(heard) as f64 / NANOS_PER_SECOND as f64)
        };
        health.lag_s.clear();
        let ages = feeds.all().iter().map(|feed| age(feed.last_received));
        health.lag_s.extend(ages);
    }
    for (symbol, first, second, mut watched) in &mut underlyings {
        if !has_turn(*symbol, &tick, SECOND_TICKS) {
            continue;
        }
        let (dealers, delta, clusters, gamma, hidden, imbalance) = first;
        let (implied, liquidity, options, patterns, realized, vpin) = second;
        let stamps = [
            &dealers.stamp,
            &delta.stamp,
            &clusters.stamp,
            &gamma.stamp,
            &hidden.stamp,
            &imbalance.stamp,
            &implied.stamp,
            &liquidity.stamp,
            &options.stamp,
            &patterns.stamp,
            &realized.stamp,
            &vpin.stamp,
        ];
        for (module, stamp) in stamps.into_iter().enumerate() {
            let state = State::of(stamp, tick.now);
            if watched.0[module] == state {
                continue;
            }
            watched.0[module] = state;
            health.stale[module] += u64::from(state == State::Stale);
            health.failed[module] += u64::from(state == State::Failed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cadence::tests::tick_at;

    fn world() -> (World, Schedule, Entity) {
        let mut world = World::new();
        world.init_resource::<AnalyticsHealth>();
        let mut feeds = Feeds::default();
        feeds.register("market", 3_000);
        feeds.register("never", 3_000);
        feeds.heard(
            engine::event::FeedId(0),
            tick_at(0, 390).now.plus_millis(500),
        );
        world.insert_resource(feeds);
        let entity = world
            .spawn((
                SymbolId(0),
                (
                    DealerFlow::default(),
                    DeltaExposure::default(),
                    FlowClusters::default(),
                    GammaExposure::default(),
                    HiddenLiquidity::default(),
                    Imbalance::default(),
                ),
                (
                    ImpliedVolatility::default(),
                    Liquidity::default(),
                    OptionsFlow::default(),
                    TradePatterns::default(),
                    RealizedVolatility::default(),
                    Vpin::default(),
                ),
                Watched::default(),
            ))
            .id();
        let mut schedule = Schedule::default();
        schedule.add_systems(watch_analytics);
        (world, schedule, entity)
    }

    fn module(name: &str) -> usize {
        MODULES.iter().position(|module| *module == name).unwrap()
    }

    #[test]
    fn becoming_stale_or_failing_counts_once_and_again_after_it_was_fine() {
        let (mut world, mut schedule, entity) = world();
        let mut at = |world: &mut World, millis: i64, stamp: Option<Stamp>| {
            if let Some(stamp) = stamp {
                world.get_mut::<Vpin>(entity).unwrap().stamp = stamp;
            }
            world.insert_resource(tick_at(millis, 390));
            schedule.run(world);
            let health = world.resource::<AnalyticsHealth>();
            let vpin = module("vpin");
            (health.stale[vpin], health.failed[vpin])
        };
        let fine = |millis| Some(Stamp::new(tick_at(millis, 390).now, 2_000, Quality::Ok));
        let bad = |millis, quality| Some(Stamp::new(tick_at(millis, 390).now, 9_000, quality));
        assert_eq!(at(&mut world, 1_000, None), (0, 0), "never computed");
        assert_eq!(at(&mut world, 2_000, fine(2_000)), (0, 0));
        assert_eq!(at(&mut world, 5_000, None), (1, 0), "it has run out");
        assert_eq!(at(&mut world, 6_000, bad(6_000, Quality::Stale)), (1, 0));
        assert_eq!(at(&mut world, 7_000, bad(7_000, Quality::OneSided)), (1, 1));
        assert_eq!(at(&mut world, 8_000, bad(8_000, Quality::Crossed)), (1, 1));
        assert_eq!(at(&mut world, 9_000, bad(9_000, Quality::Warmup)), (1, 1));
        assert_eq!(at(&mut world, 10_000, bad(10_000, Quality::NoData)), (1, 2));
        let health = world.resource::<AnalyticsHealth>();
        assert_eq!(health.stale.iter().sum::<u64>(), 1);
        assert_eq!(health.failed.iter().sum::<u64>(), 2);
        assert_eq!(health.lag_s, [Some(9.5), None]);
    }

    #[test]
    fn names_of_modules_ascend() {
        assert!(MODULES.is_sorted());
    }
}
