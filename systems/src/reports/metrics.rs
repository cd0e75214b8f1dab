//! All counters by their published names, in one place: what a collector of metrics is to read.
//!
//! Nothing is counted here. A registry is made of what the systems have counted, when somebody asks,
//! so that there is no second truth.

use crate::exits::statistics::ExitStatistics;
use crate::reflection::OrderCounts;
use crate::reports::breaches::Breaches;
use crate::reports::execution::ExecutionQuality;
use crate::reports::health::{AnalyticsHealth, MODULES};
use crate::reports::histogram::Histogram;
use crate::scoring::Signals;
use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use engine::feeds::Feeds;

/// How a signal begins that a limit refused.
const LIMIT_PREFIX: &str = "risk_";

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// It only rises.
    Counter,
    /// Durations in steps.
    Histogram,
    /// It rises and falls.
    Gauge,
}

/// The value of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MetricValue {
    /// Of a counter.
    Count(u64),
    /// Of a histogram.
    Durations(Histogram),
    /// Of a gauge, in the unit that its name ends with.
    Level(f64),
}

/// A value with what tells it from others of its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The name and the value of a label, if it has one.
    pub label: Option<(&'static str, String)>,
    /// The value.
    pub value: MetricValue,
}

/// A metric with all its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name, as it is published.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub help: &'static str,
    /// What kind it is.
    pub kind: MetricKind,
    /// Its samples, in order of their labels.
    pub samples: Vec<Sample>,
}

impl Metric {
    /// The sum of the counts of all samples; 0 for a gauge.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.samples
            .iter()
            .map(|sample| match &sample.value {
                MetricValue::Count(count) => *count,
                MetricValue::Durations(durations) => durations.count(),
                MetricValue::Level(_) => 0,
            })
            .sum()
    }
}

/// All metrics, in order of their names.
#[derive(Clone, Debug, PartialEq)]
pub struct Registry {
    metrics: Vec<Metric>,
}

/// What the systems have counted in this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted<'a> {
    /// How orders were executed.
    pub quality: Option<&'a ExecutionQuality>,
    /// How orders ended.
    pub orders: Option<&'a OrderCounts>,
    /// How positions ended.
    pub exits: Option<&'a ExitStatistics>,
    /// Limits that were reached.
    pub breaches: Option<&'a Breaches>,
    /// Signals, and what blocked them.
    pub signals: Option<&'a Signals>,
    /// How the analytics fare.
    pub health: Option<&'a AnalyticsHealth>,
    /// The feeds, for their names.
    pub feeds: Option<&'a Feeds>,
}

impl<'a> Counted<'a> {
    /// What `world` has counted.
    #[must_use]
    pub fn of(world: &'a World) -> Self {
        Self {
            quality: world.get_resource(),
            orders: world.get_resource(),
            exits: world.get_resource(),
            breaches: world.get_resource(),
            signals: world.get_resource(),
            health: world.get_resource(),
            feeds: world.get_resource(),
        }
    }
}

/// The same for a system.
#[derive(SystemParam)]
pub struct Sources<'w> {
    quality: Option<Res<'w, ExecutionQuality>>,
    orders: Option<Res<'w, OrderCounts>>,
    exits: Option<Res<'w, ExitStatistics>>,
    breaches: Option<Res<'w, Breaches>>,
    signals: Option<Res<'w, Signals>>,
    health: Option<Res<'w, AnalyticsHealth>>,
    feeds: Option<Res<'w, Feeds>>,
}

impl Sources<'_> {
    /// What was counted.
    #[must_use]
    pub fn counted(&self) -> Counted<'_> {
        Counted {
            quality: self.quality.as_deref(),
            orders: self.orders.as_deref(),
            exits: self.exits.as_deref(),
            breaches: self.breaches.as_deref(),
            signals: self.signals.as_deref(),
            health: self.health.as_deref(),
            feeds: self.feeds.as_deref(),
        }
    }
}

impl Registry {
    /// What was counted in this process.
    #[must_use]
    pub fn of(counted: &Counted<'_>) -> Self {
        let orders = counted.orders.cloned().unwrap_or_default();
        let none = ExecutionQuality::default();
        let quality = counted.quality.unwrap_or(&none);
        let durations = |name: &str, durations: &Histogram| Sample {
            label: Some(("stage", name.to_owned())),
            value: MetricValue::Durations(*durations),
        };
        let raises = counted.exits.into_iter().flat_map(ExitStatistics::raises);
        let metrics = vec![
            Metric {
                name: "analytics_failure_total",
                help: "Results that could not be computed any more",
                kind: MetricKind::Counter,
                samples: by_module(counted, |health| &health.failed),
            },
            Metric {
                name: "analytics_input_lag_seconds",
                help: "Seconds since each feed was last heard",
                kind: MetricKind::Gauge,
                samples: lags(counted),
            },
            Metric {
                name: "analytics_stale_results_total",
                help: "Results that became stale",
                kind: MetricKind::Counter,
                samples: by_module(counted, |health| &health.stale),
            },
            Metric {
                name: "execution_latency_ms",
                help: "Milliseconds from sending an order to the broker's first word (ack) and to \
                       the first execution (fill) of orders that open or close now",
                kind: MetricKind::Histogram,
                samples: vec![
                    durations("ack", quality.acknowledged()),
                    durations("fill", quality.filled()),
                ],
            },
            Metric {
                name: "fill_dispatch_events_total",
                help: "Executions shown to those who watch",
                kind: MetricKind::Counter,
                samples: vec![plain(quality.dispatched())],
            },
            Metric {
                name: "order_failures_total",
                help: "Orders that the broker refused, did not answer in time or never got",
                kind: MetricKind::Counter,
                samples: vec![
                    labelled("reason", "not_received", orders.not_received),
                    labelled("reason", "rejected", orders.rejected),
                    labelled("reason", "unknown", orders.unknown),
                ],
            },
            Metric {
                name: "orders_submitted_total",
                help: "Orders handed to the broker",
                kind: MetricKind::Counter,
                samples: vec![plain(orders.submitted)],
            },
            Metric {
                name: "risk_limit_breaches_total",
                help: "Limits that stopped trading, and orders that a limit refused",
                kind: MetricKind::Counter,
                samples: breaches(counted),
            },
            Metric {
                name: "trailing_stop_adjustments_total",
                help: "Stops that were raised",
                kind: MetricKind::Counter,
                samples: raises
                    .map(|(strategy, count)| labelled("strategy", strategy.as_str(), count))
                    .collect(),
            },
        ];
        Self { metrics }
    }

    /// All of them.
    #[must_use]
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// The one with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }
}

fn breaches(counted: &Counted<'_>) -> Vec<Sample> {
    let latched = counted.breaches.into_iter().flat_map(Breaches::counts);
    let refused = counted
        .signals
        .into_iter()
        .flat_map(|signals| &signals.blocked);
    let refused = refused.filter_map(|(reason, count)| {
        let limit = reason.strip_prefix(LIMIT_PREFIX)?;
        (*count > 0).then(|| labelled("limit", limit, *count))
    });
    let mut samples: Vec<Sample> = latched
        .map(|(cause, count)| labelled("limit", cause.name(), count))
        .chain(refused)
        .collect();
    samples.sort_by(|a, b| a.label.cmp(&b.label));
    samples
}

fn by_module(
    counted: &Counted<'_>,
    counts: impl Fn(&AnalyticsHealth) -> &[u64; MODULES.len()],
) -> Vec<Sample> {
    let health = counted.health.into_iter();
    health
        .flat_map(|health| MODULES.iter().zip(counts(health)))
        .map(|(module, count)| labelled("module", module, *count))
        .collect()
}

fn lags(counted: &Counted<'_>) -> Vec<Sample> {
    let (Some(health), Some(feeds)) = (counted.health, counted.feeds) else {
        return Vec::new();
    };
    let known = feeds.all().iter().zip(&health.lag_s);
    known
        .filter_map(|(feed, lag)| {
            Some(Sample {
                label: Some(("feed", feed.name.clone())),
                value: MetricValue::Level((*lag)?),
            })
        })
        .collect()
}

fn plain(count: u64) -> Sample {
    Sample {
        label: None,
        value: MetricValue::Count(count),
    }
}

fn labelled(name: &'static str, value: &str, count: u64) -> Sample {
    Sample {
        label: Some((name, value.to_owned())),
        value: MetricValue::Count(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::signal::StrategyName;

    #[test]
    fn every_counter_is_what_its_system_counted() {
        let mut world = World::new();
        let collect = |world: &World| Registry::of(&Counted::of(world));
        assert!(collect(&world).metrics.iter().all(|m| m.total() == 0));
        world.insert_resource(OrderCounts {
            submitted: 9,
            rejected: 2,
            unknown: 1,
            not_received: 1,
            ..OrderCounts::default()
        });
        let mut statistics = ExitStatistics::default();
        statistics.count_raise(StrategyName::new("swing"));
        statistics.count_raise(StrategyName::new("zero_dte"));
        world.insert_resource(statistics);
        let mut signals = Signals::default();
        signals.block("risk_positions");
        signals.block("duplicate");
        world.insert_resource(signals);
        let mut health = AnalyticsHealth::default();
        health.stale[0] = 3;
        health.lag_s = vec![Some(1.5)];
        world.insert_resource(health);
        let mut feeds = Feeds::default();
        feeds.register("market", 3_000);
        world.insert_resource(feeds);
        let found = collect(&world);
        let total = |name: &str| found.get(name).map(Metric::total);
        assert_eq!(total("orders_submitted_total"), Some(9));
        assert_eq!(total("order_failures_total"), Some(4));
        assert_eq!(total("trailing_stop_adjustments_total"), Some(2));
        assert_eq!(total("risk_limit_breaches_total"), Some(1));
        assert_eq!(total("fill_dispatch_events_total"), Some(0));
        assert_eq!(total("execution_latency_ms"), Some(0));
        assert_eq!(total("analytics_stale_results_total"), Some(3));
        assert_eq!(total("analytics_failure_total"), Some(0));
        let lag = &found.get("analytics_input_lag_seconds").unwrap().samples;
        assert_eq!(lag[0].label, Some(("feed", "market".to_owned())));
        assert_eq!(lag[0].value, MetricValue::Level(1.5));
        let names: Vec<_> = found.metrics().iter().map(|m| m.name).collect();
        assert!(names.is_sorted(), "{names:?}");
    }
}
