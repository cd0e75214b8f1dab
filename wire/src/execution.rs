//! How orders were executed and how positions ended, in this run.

use serde::{Deserialize, Serialize};

/// The payload of `metrics:execution`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Every counter by its published name, ascending by name and label.
    pub counters: Vec<Counter>,
    /// Failed orders as a share of those sent; null before the first.
    pub failure_rate: Option<f64>,
    /// From sending an order to the broker's first word.
    pub acknowledged: Latency,
    /// From sending an order that opens or closes now to its first execution.
    pub filled: Latency,
    /// All strategies together.
    pub total: Executed,
    /// One entry a strategy, ascending by name.
    pub strategies: Vec<StrategyExecuted>,
    /// One entry a strategy and reason, ascending by both.
    pub exits: Vec<Exits>,
}

/// A counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Its published name.
    pub name: String,
    /// `key=value` where it has a label.
    pub label: Option<String>,
    /// Its value; of durations, how many there were.
    pub value: u64,
}

/// Durations in milliseconds of the engine's time. A quantile is the end of the step that it lies in,
/// so it never says too little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Measurements.
    pub n: u64,
    /// The mean; null without any.
    pub mean_ms: Option<f64>,
    /// Half are not longer.
    pub p50_ms: Option<i64>,
    /// 99 % are not longer.
    pub p99_ms: Option<i64>,
    /// The longest.
    pub max_ms: i64,
}

/// What became of orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Executed {
    /// Orders sent.
    pub orders: u64,
    /// Of these, refused by the broker.
    pub rejected: u64,
    /// Orders of which the first execution was not the whole.
    pub partial: u64,
    /// Executions, corrections not counted.
    pub executions: u64,
    /// Contracts executed.
    pub contracts: u64,
    /// Money that changed hands, without fees, whatever its direction.
    pub premium_usd: f64,
    /// Fees.
    pub fees_usd: f64,
    /// Fees for each contract.
    pub fees_per_contract_usd: Option<f64>,
    /// Fees as a share of the premium.
    pub fees_of_premium: Option<f64>,
    /// Worse than the midpoint at the moment of sending; negative is better.
    pub slippage_usd: f64,
    /// The same for each contract.
    pub slippage_per_contract_usd: Option<f64>,
    /// Better than the limit in force.
    pub better_than_limit_usd: f64,
}

/// What became of the orders of a strategy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StrategyExecuted {
    /// The strategy.
    pub strategy: String,
    /// What became of them.
    #[serde(flatten)]
    pub executed: Executed,
}

/// How positions of a strategy ended for one reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exits {
    /// The strategy.
    pub strategy: String,
    /// Why, such as `stop`, `locked_stop`, `target`, `time`, `expired`.
    pub reason: String,
    /// Positions that ended.
    pub positions: u64,
    /// Those that made money after fees.
    pub winners: u64,
    /// Profit after the fees known by then.
    pub profit_usd: f64,
    /// Fees known by then.
    pub fees_usd: f64,
    /// Seconds held on average.
    pub mean_held_s: Option<f64>,
    /// The most that they could have won, before fees, all together.
    pub best_excursion_usd: f64,
    /// The most that they could have lost, before fees, all together; negative is a loss.
    pub worst_excursion_usd: f64,
    /// Those whose stop had locked a profit.
    pub locked: u64,
    /// Those that ended below what was locked.
    pub locks_broken: u64,
}
