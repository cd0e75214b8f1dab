//! Cash, positions, working orders and counts of signals.

use crate::symbol::Symbol;
use serde::{Deserialize, Serialize};

/// Money: the payload of `account:summary`. Positive is a gain, fees positive are a cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Cash.
    pub cash_usd: f64,
    /// Profit of what was closed, before fees.
    pub realized_usd: f64,
    /// Profit of what is held, at the last usable mark.
    pub unrealized_usd: Option<f64>,
    /// Fees paid.
    pub fees_usd: f64,
}

/// What is held: the payload of `positions:summary`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Positions {
    /// One entry a contract, ascending by contract; flat ones are left out.
    pub positions: Vec<Position>,
    /// Profit at the marks, without fees.
    pub unrealized_usd: f64,
    /// The sums over positions whose Greeks are known.
    pub greeks: Greeks,
    /// Positions whose Greeks are not known.
    pub without_greeks: u32,
}

/// What a position would gain or lose, all contracts together; negative for what is owed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Greeks {
    /// Delta in dollars of the underlying.
    pub delta_usd: f64,
    /// Change of that per 1 % of the underlying.
    pub gamma_usd_per_pct: f64,
    /// Per calendar day.
    pub theta_usd_per_day: f64,
    /// Per point of implied volatility.
    pub vega_usd_per_point: f64,
}

/// What is held of one contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The underlying.
    pub symbol: Symbol,
    /// The OSI symbol of the contract.
    pub contract: String,
    /// Contracts, negative is short.
    pub quantity: i64,
    /// What was paid for those held, without fees.
    pub cost_usd: f64,
    /// Profit of what was closed, without fees.
    pub realized_usd: f64,
    /// Fees paid.
    pub fees_usd: f64,
    /// The strategy that opened it; null of what others opened.
    pub strategy: Option<String>,
    /// When it was opened.
    pub opened_at_ms: Option<i64>,
    /// The bid of what is held, the ask of what is owed; null where nobody shows one.
    pub mark_usd: Option<f64>,
    /// Profit at the mark, without fees; without a mark what is held counts as worthless.
    pub unrealized_usd: f64,
    /// The stop in force.
    pub stop_usd: Option<f64>,
    /// What it would do; null without a usable volatility.
    pub greeks: Option<Greeks>,
}

/// Orders that can still change: the payload of `orders:working`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Orders {
    /// One entry an order, ascending by number.
    pub orders: Vec<Order>,
}

/// An order at the broker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Its number in the engine.
    pub id: u64,
    /// The OSI symbol of the contract.
    pub contract: String,
    /// `buy` or `sell`.
    pub side: String,
    /// Contracts ordered.
    pub quantity: u32,
    /// Contracts filled.
    pub filled: u32,
    /// The limit, if it has one.
    pub limit_usd: Option<f64>,
    /// Where it stands.
    pub status: String,
    /// When it was sent.
    pub at_ms: i64,
}

/// Counts of the run so far: the payload of `signals:summary`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalCounts {
    /// Evaluations of strategy and underlying inside a window.
    pub scored: u64,
    /// Signals emitted.
    pub emitted: u64,
    /// Signals that did not become an order.
    pub blocked: u64,
    /// Those by reason, ascending by reason.
    pub blocked_by_reason: Vec<(String, u64)>,
}
