//! What discovery found, as it leaves: all of a round at its end.

use super::Outgoing;
use super::climate::flow_label;
use super::convert::{millis, symbol_of};
use crate::discovery::found::{self, Discovered, SymbolFound};
use crate::discovery::rounds::Discoveries;
use bevy_ecs::prelude::*;
use wire::discovered::{
    Basis, BucketSize, Lookback, Matrix, Parameter, Parameters, Status, Toxicity, VolatilityLevels,
};

/// The rounds that were shown.
#[derive(Resource, Default)]
pub struct ShownDiscoveries {
    rounds: u64,
}

/// Puts into the batch what the round found that ended.
pub fn show_discoveries(
    mut outgoing: ResMut<Outgoing>,
    mut shown: ResMut<ShownDiscoveries>,
    discoveries: Option<Res<Discoveries>>,
) {
    let Some(discoveries) = discoveries.filter(|found| found.rounds != shown.rounds) else {
        return;
    };
    shown.rounds = discoveries.rounds;
    outgoing.0.discovered = discoveries.all().map(|found| discovered(&found));
}

/// What a round found.
#[must_use]
pub fn discovered(found: &Discovered) -> wire::discovered::Discovered {
    wire::discovered::Discovered {
        buckets: parameters(found, |one| {
            let value = BucketSize {
                shares: one.vpin_bucket.shares,
                day_volume_shares: one.vpin_bucket.day_volume,
                median_trade_shares: one.vpin_bucket.median_trade,
            };
            (value, &one.vpin_bucket.basis)
        }),
        lookbacks: parameters(found, |one| {
            let value = Lookback {
                bars: one.lookback.bars,
                bound: one.lookback.bound,
            };
            (value, &one.lookback.basis)
        }),
        levels: parameters(found, |one| {
            let value = VolatilityLevels {
                low_below: one.volatility.low_below,
                elevated_from: one.volatility.elevated_from,
                high_from: one.volatility.high_from,
                shock_from: one.volatility.shock_from,
                median: one.volatility.median,
            };
            (value, &one.volatility.basis)
        }),
        toxicities: parameters(found, |one| {
            let value = Toxicity {
                vpin: one.toxicity.vpin,
                score: one.toxicity.score,
                toxicity: one.toxicity.toxicity,
                label: one.toxicity.label.map(flow_label),
            };
            (value, &one.toxicity.basis)
        }),
        matrix: Matrix {
            computed_at_ms: millis(found.computed_at),
            symbols: found
                .correlation
                .symbols
                .iter()
                .filter_map(|ticker| symbol_of(*ticker))
                .collect(),
            shrinkage: found.correlation.shrinkage,
            matrix: found.correlation.matrix.clone(),
            basis: basis(&found.correlation.basis),
        },
    }
}

fn parameters<T>(
    found: &Discovered,
    part: impl Fn(&SymbolFound) -> (T, &found::Basis),
) -> Parameters<T> {
    let symbols = found.symbols.iter().filter_map(|one| {
        let (value, stands_on) = part(one);
        let basis = basis(stands_on);
        Some((symbol_of(one.symbol)?, Parameter { value, basis }))
    });
    Parameters {
        computed_at_ms: millis(found.computed_at),
        symbols: symbols.collect(),
    }
}

fn basis(basis: &found::Basis) -> Basis {
    Basis {
        status: match basis.status {
            found::Status::Ok => Status::Ok,
            found::Status::Thin => Status::Thin,
            found::Status::Still => Status::Still,
        },
        observations: basis.observations,
        reason: basis.reason.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::found::CorrelationFound;
    use crate::discovery::yaml;
    use components::market::Ticker;

    const FILE: &str = "\
version: 1
computed_at: 2026-03-02T21:00:00Z
symbols:
- symbol: SPY
  computed_at: 2026-03-02T20:59:00Z
  vpin_bucket: {shares: 12000, day_volume: 600000, median_trade: 100, basis: {status: ok, observations: 400}}
  lookback: {bars: 30, bound: null, basis: {status: thin, observations: 7, reason: 'returns: 7, must be at least 300'}}
  volatility: {low_below: 0.1, elevated_from: 0.18, high_from: 0.27, shock_from: 0.4, percentile_20: null, median: 0.15, percentile_80: null, basis: {status: ok, observations: 31}}
  toxicity: {vpin: 0.3, score: 0.2, toxicity: 0.27, label: toxic, basis: {status: ok, observations: 900}}
correlation: {symbols: [SPY], shrinkage: null, matrix: [], basis: {status: thin, observations: 0, reason: none}}
";

    #[test]
    fn a_round_leaves_with_what_it_stands_on() {
        let found = yaml::from_yaml("test", FILE).unwrap();
        let shown = discovered(&found);
        let spy = symbol_of(Ticker::new("SPY").unwrap()).unwrap();
        assert_eq!(shown.buckets.computed_at_ms, Some(1_772_485_200_000));
        let bucket = &shown.buckets.symbols[&spy];
        assert_eq!(
            (bucket.value.shares, bucket.basis.observations),
            (Some(12_000), 400)
        );
        let lookback = &shown.lookbacks.symbols[&spy];
        assert_eq!(lookback.basis.status, Status::Thin);
        assert!(
            lookback
                .basis
                .reason
                .as_deref()
                .unwrap()
                .contains("at least 300")
        );
        assert_eq!(shown.levels.symbols[&spy].value.median, Some(0.15));
        let label = shown.toxicities.symbols[&spy].value.label;
        assert_eq!(label, Some(wire::flow::FlowLabel::Toxic));
        assert_eq!(shown.matrix.symbols, [spy]);
    }

    #[test]
    fn a_round_is_shown_once() {
        let mut world = World::new();
        world.init_resource::<Outgoing>();
        world.init_resource::<ShownDiscoveries>();
        let mut schedule = Schedule::default();
        schedule.add_systems(show_discoveries);
        schedule.run(&mut world);
        assert!(
            world.resource::<Outgoing>().0.discovered.is_none(),
            "nothing discovers"
        );
        let config = crate::discovery::DiscoveryConfig {
            enabled: true,
            every_min: 15,
            first_min: 30,
            file: String::new(),
            buckets: Vec::new(),
        };
        world.insert_resource(Discoveries::new(&config));
        schedule.run(&mut world);
        assert!(
            world.resource::<Outgoing>().0.discovered.is_none(),
            "no round has ended"
        );
        let nothing = CorrelationFound::nothing(Vec::new(), found::Basis::thin(0, 2, "symbols"));
        let now = components::units::Timestamp(1);
        world.resource_mut::<Discoveries>().end(nothing, now);
        schedule.run(&mut world);
        assert!(
            world
                .resource_mut::<Outgoing>()
                .0
                .discovered
                .take()
                .is_some()
        );
        schedule.run(&mut world);
        assert!(
            world.resource::<Outgoing>().0.discovered.is_none(),
            "shown once"
        );
    }
}
