//! Order-flow toxicity on the volume clock, per underlying.
//!
//! Three classifications of the same tape run side by side: bulk volume (the headline), Lee-Ready and
//! the tick rule. The bucket size comes from the config, else from what discovery found before the
//! session's open, else from the mean volume of the run's earlier sessions; until one of them is known
//! the value is absent with quality `Warmup`.

use crate::discovery::rounds::Discoveries;
use crate::ingest::Sources;
use bevy_ecs::prelude::*;
use components::flow::{Print, Tape, Vpin};
use components::market::{SymbolId, Ticker};
use components::quality::{Quality, Stamp};
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::feeds::Feeds;
use engine::phase::Phase;
use engine::plugin::Plugin;
use serde::Deserialize;
use std::collections::VecDeque;

/// Clock bars of a tape.
pub mod bars;
/// Bulk volume classification.
pub mod bulk;
/// Where a value stands among those before it.
pub mod cdf;
/// Which prints count.
pub mod conditions;
/// Classification trade by trade.
pub mod signed;
/// Buckets of equal volume.
pub mod volume_clock;

use bulk::{BulkParameters, BulkVpin};
use cdf::PastValues;
use conditions::is_regular_trade;
use signed::{LeeReadyVpin, QuotedTrade, TickVpin};
use volume_clock::VolumeClock;

/// Sessions over which the average daily volume is taken.
const SESSIONS_MAX: usize = 20;

/// A new average restarts the window only if it differs from the old by more than this share.
const BUCKET_CHANGE_MIN: f64 = 0.25;

/// The `vpin` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct VpinConfig {
    /// Shares of a bucket; 0 takes them from discovery, else from the average daily volume.
    #[garde(custom(within(0, 1_000_000_000)))]
    pub bucket_volume: u64,
    /// Buckets that an average day fills.
    #[garde(custom(within(1, 1000)))]
    pub buckets_per_day: u64,
    /// Buckets of the window.
    #[garde(custom(within(1, 500)))]
    pub window_buckets: usize,
    /// Length of a clock bar, seconds.
    #[garde(custom(within(1, 3600)))]
    pub bar_s: i64,
    /// Bars behind the standard deviation.
    #[garde(custom(within(2, 10_000)))]
    pub sigma_bars: usize,
    /// Bars without which every bar counts half bought.
    #[garde(custom(within(2, 10_000)))]
    pub sigma_bars_min: usize,
    /// How long a value holds, milliseconds.
    #[garde(custom(within(250, 3_600_000)))]
    pub valid_ms: i64,
}

impl Section for VpinConfig {
    const NAME: &'static str = "vpin";
}

/// The estimators of one underlying.
#[derive(Component, Debug, Default)]
pub struct Toxicity {
    estimators: Option<Estimators>,
    past: PastValues,
    session_volume: u64,
    volumes: VecDeque<u64>,
}

#[derive(Debug)]
struct Estimators {
    bulk: BulkVpin,
    lee_ready: LeeReadyVpin,
    tick_rule: TickVpin,
}

/// Adds VPIN.
#[derive(Debug)]
pub struct VpinPlugin;

impl Plugin for VpinPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<VpinConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.register_required_components::<SymbolId, Toxicity>();
        engine
            .add(Phase::Vpin, open_volume_session)
            .add(Phase::Vpin, fill_buckets);
        Ok(())
    }
}

/// At a session's first tick: closes the day's volume and fixes the bucket size.
pub fn open_volume_session(
    tick: Res<Tick>,
    config: Res<VpinConfig>,
    discoveries: Option<Res<Discoveries>>,
    mut underlyings: Query<(&Ticker, &mut Toxicity)>,
) {
    if !tick.opens_session {
        return;
    }
    for (ticker, mut toxicity) in &mut underlyings {
        let found = discoveries.as_ref().and_then(|all| all.bucket(*ticker));
        toxicity.open_session(&tick, &config, found);
    }
}

/// Fills buckets with the tick's prints.
pub fn fill_buckets(
    tick: Res<Tick>,
    config: Res<VpinConfig>,
    feeds: Res<Feeds>,
    mut digest: ResMut<Digest>,
    mut underlyings: Query<(&Tape, &Sources, &mut Toxicity, &mut Vpin)>,
) {
    for (tape, sources, mut toxicity, mut vpin) in &mut underlyings {
        let before = vpin.buckets;
        toxicity.take(&tape.prints, &tick);
        toxicity.publish(&mut vpin);
        let quality = match &toxicity.estimators {
            None if toxicity.session_volume == 0 => Quality::NoData,
            None => Quality::Warmup,
            Some(_) if !feeds.is_fresh(sources.spot, tick.now) => Quality::Stale,
            Some(estimators) => estimators.bulk.quality(),
        };
        if vpin.buckets != before {
            vpin.stamp = Stamp::new(tick.now, config.valid_ms, quality);
            digest.fold_floats(Phase::Vpin, &[vpin.value.unwrap_or(-1.0)]);
        }
        vpin.stamp.quality = quality;
    }
}

impl Toxicity {
    fn open_session(&mut self, tick: &Tick, config: &VpinConfig, found: Option<u64>) {
        if self.session_volume > 0 {
            self.volumes
                .push_back(std::mem::take(&mut self.session_volume));
            if self.volumes.len() > SESSIONS_MAX {
                self.volumes.pop_front();
            }
            self.past.end_session();
        }
        if let Some(bucket) = self.bucket_volume(config, found) {
            let current = self
                .estimators
                .as_ref()
                .map(|e| e.bulk.clock().bucket_volume());
            let keep = current.is_some_and(|current| {
                (bucket as f64 - current as f64).abs() <= BUCKET_CHANGE_MIN * current as f64
            });
            if !keep {
                self.estimators = Estimators::new(bucket, config);
            }
        }
        if let Some(estimators) = &mut self.estimators {
            let past = &mut self.past;
            estimators
                .bulk
                .start_session(tick.session.open, &mut |bucket| {
                    past.note(bucket.vpin);
                });
        }
    }

    fn bucket_volume(&self, config: &VpinConfig, found: Option<u64>) -> Option<u64> {
        if config.bucket_volume > 0 {
            return Some(config.bucket_volume);
        }
        if found.is_some() {
            return found;
        }
        let average = self.average_daily_volume()?;
        Some((average / config.buckets_per_day).max(1))
    }

    /// The mean volume in shares of the run's earlier sessions, twenty at most; `None` before the
    /// second one.
    #[must_use]
    pub fn average_daily_volume(&self) -> Option<u64> {
        let sessions = u64::try_from(self.volumes.len()).ok().filter(|n| *n > 0)?;
        Some(self.volumes.iter().sum::<u64>() / sessions)
    }

    fn take(&mut self, prints: &[Print], tick: &Tick) {
        let past = &mut self.past;
        let mut volume = 0;
        let counts = |print: &&Print| {
            print.at >= tick.session.open && is_regular_trade(print.conditions, false)
        };
        for print in prints.iter().filter(counts) {
            volume += print.size;
            if let Some(estimators) = &mut self.estimators {
                estimators.take(print, past);
            }
        }
        self.session_volume += volume;
        if let Some(estimators) = &mut self.estimators {
            estimators
                .bulk
                .advance(tick.now, &mut |bucket| past.note(bucket.vpin));
        }
    }

    fn publish(&self, vpin: &mut Vpin) {
        let Some(estimators) = &self.estimators else {
            return;
        };
        let clock = estimators.bulk.clock();
        vpin.value = clock.vpin();
        vpin.lee_ready = estimators.lee_ready.clock().vpin();
        vpin.tick_rule = estimators.tick_rule.clock().vpin();
        vpin.bucket_volume = clock.bucket_volume();
        if vpin.buckets != clock.buckets() {
            vpin.buckets = clock.buckets();
            vpin.cdf = vpin.value.and_then(|value| self.past.share_up_to(value));
        }
    }
}

impl Estimators {
    /// Estimators with buckets of `bucket` shares; `None` if that is out of range, which a
    /// checked config and a real volume cannot cause.
    fn new(bucket: u64, config: &VpinConfig) -> Option<Self> {
        let clock = VolumeClock::new(bucket, config.window_buckets).ok()?;
        let parameters = BulkParameters {
            bar_nanos: config.bar_s * 1_000_000_000,
            sigma_bars: config.sigma_bars,
            sigma_bars_min: config.sigma_bars_min.min(config.sigma_bars),
        };
        Some(Self {
            bulk: BulkVpin::new(clock.clone(), parameters).ok()?,
            lee_ready: LeeReadyVpin::new(clock.clone()),
            tick_rule: TickVpin::new(clock),
        })
    }

    fn take(&mut self, print: &Print, past: &mut PastValues) {
        // A bar of more than 2^32 shares is counted in pieces at one price.
        let mut left = print.size;
        while left > 0 {
            let size = u32::try_from(left).unwrap_or(u32::MAX);
            left -= u64::from(size);
            let Print {
                at,
                price,
                bid,
                ask,
                ..
            } = *print;
            self.bulk
                .push(at, price, size, &mut |bucket| past.note(bucket.vpin));
            self.lee_ready.push(
                QuotedTrade {
                    price,
                    size,
                    bid,
                    ask,
                },
                &mut |_| {},
            );
            self.tick_rule.push(price, size, &mut |_| {});
        }
    }
}
