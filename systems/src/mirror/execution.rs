//! How orders were executed and how positions ended: shown when it changes, at most every second.

use super::Outgoing;
use super::convert::millis;
use crate::exits::statistics::{ExitStatistics, ExitSums};
use crate::reports::execution::ExecutionQuality;
use crate::reports::execution_sums::ExecutionSums;
use crate::reports::histogram::Histogram;
use crate::reports::metrics::{Counted, MetricValue, Registry, Sources};
use bevy_ecs::prelude::*;
use components::units::NANOS_PER_SECOND;
use engine::clock::Tick;
use wire::execution::{Counter, Executed, Execution, Exits, Latency, StrategyExecuted};

/// The shortest time between two batches that show it.
const EVERY_MS: i64 = 1_000;

/// What the batches so far showed, and the newest.
#[derive(Resource, Default)]
pub struct ShownExecution {
    shown: Option<Execution>,
    at_ms: i64,
}

impl ShownExecution {
    /// What was shown last.
    pub(super) fn shown(&self) -> Option<&Execution> {
        self.shown.as_ref()
    }
}

/// Puts into the batch how orders were executed.
pub fn show_execution(
    tick: Res<Tick>,
    mut outgoing: ResMut<Outgoing>,
    mut shown: ResMut<ShownExecution>,
    sources: Sources<'_>,
) {
    let at_ms = millis(tick.now).unwrap_or_default();
    if shown.shown.is_some() && at_ms - shown.at_ms < EVERY_MS {
        return;
    }
    let now = execution_of(&sources.counted());
    shown.at_ms = at_ms;
    if shown.shown.as_ref() != Some(&now) {
        shown.shown = Some(now.clone());
        outgoing.0.execution = Some(now);
    }
}

/// How orders were executed and positions ended, by what was counted.
#[must_use]
pub fn execution_of(counted: &Counted<'_>) -> Execution {
    let registry = Registry::of(counted);
    let total = |name: &str| registry.get(name).map_or(0, |metric| metric.total());
    let submitted = total("orders_submitted_total");
    let failed = total("order_failures_total");
    let counters = registry.metrics().iter().flat_map(|metric| {
        metric.samples.iter().filter_map(|sample| {
            let value = match &sample.value {
                MetricValue::Count(count) => *count,
                MetricValue::Durations(durations) => durations.count(),
                // It changes every second, and is no counter.
                MetricValue::Level(_) => return None,
            };
            let label = sample.label.as_ref();
            Some(Counter {
                name: metric.name.to_owned(),
                label: label.map(|(key, value)| format!("{key}={value}")),
                value,
            })
        })
    });
    let none = ExecutionQuality::default();
    let quality = counted.quality.unwrap_or(&none);
    let exits = counted
        .exits
        .into_iter()
        .flat_map(ExitStatistics::by_reason);
    Execution {
        counters: counters.collect(),
        failure_rate: (submitted > 0).then(|| failed as f64 / submitted as f64),
        acknowledged: latency(quality.acknowledged()),
        filled: latency(quality.filled()),
        total: executed(&quality.total()),
        strategies: quality
            .by_strategy()
            .map(|(strategy, sums)| StrategyExecuted {
                strategy: strategy.as_str().to_owned(),
                executed: executed(sums),
            })
            .collect(),
        exits: exits
            .map(|(strategy, reason, sums)| exits_of(strategy.as_str(), reason.name(), sums))
            .collect(),
    }
}

fn latency(found: &Histogram) -> Latency {
    Latency {
        n: found.count(),
        mean_ms: found.mean_ms(),
        p50_ms: found.quantile_ms(0.50),
        p99_ms: found.quantile_ms(0.99),
        max_ms: found.max_ms(),
    }
}

fn executed(sums: &ExecutionSums) -> Executed {
    Executed {
        orders: sums.sent,
        rejected: sums.rejected,
        partial: sums.partial,
        executions: sums.executions,
        contracts: sums.contracts,
        premium_usd: sums.premium.dollars(),
        fees_usd: sums.fees.dollars(),
        fees_per_contract_usd: sums.fees_per_contract(),
        fees_of_premium: sums.fees_of_premium(),
        slippage_usd: sums.slippage_mid.dollars(),
        slippage_per_contract_usd: sums.slippage_per_contract(),
        better_than_limit_usd: sums.better_than_limit.dollars(),
    }
}

fn exits_of(strategy: &str, reason: &str, sums: &ExitSums) -> Exits {
    let held = sums.mean_held_ns();
    Exits {
        strategy: strategy.to_owned(),
        reason: reason.to_owned(),
        positions: sums.positions,
        winners: sums.winners,
        profit_usd: sums.profit.dollars(),
        fees_usd: sums.fees.dollars(),
        mean_held_s: held.map(|nanos| nanos as f64 / NANOS_PER_SECOND as f64),
        best_excursion_usd: sums.best_excursion.dollars(),
        worst_excursion_usd: sums.worst_excursion.dollars(),
        locked: sums.locked,
        locks_broken: sums.locks_broken,
    }
}
