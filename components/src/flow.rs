//! Order flow: toxicity on the volume clock and the imbalance of the order book.

use crate::contract::ContractId;
use crate::market::{Quote, Side};
use crate::quality::Stamp;
use crate::units::{Price, Timestamp};
use bevy_ecs::prelude::Component;

/// Volume-synchronised probability of informed trading (Easley, Lopez de Prado, O'Hara 2012).
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct Vpin {
    /// Bulk volume classification, 0 to 1; `None` until the window of buckets is full.
    pub value: Option<f64>,
    /// Sides by Lee and Ready (1991).
    pub lee_ready: Option<f64>,
    /// Sides by the tick rule.
    pub tick_rule: Option<f64>,
    /// Share of the remembered values that are not above the current one.
    pub cdf: Option<f64>,
    /// Shares of a bucket; 0 while it is unknown.
    pub bucket_volume: u64,
    /// Buckets filled so far.
    pub buckets: u64,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// The imbalance of the order book.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct Imbalance {
    /// Best level, -1 to 1, positive is bid heavy.
    pub level1: Option<f64>,
    /// Five levels with weights 1.0, 0.8, 0.6, 0.4, 0.2.
    pub level5: Option<f64>,
    /// Five levels with equal weights.
    pub level5_unweighted: Option<f64>,
    /// The five bid sizes over the five ask sizes, 0.1 to 10.
    pub pressure: Option<f64>,
    /// Its natural logarithm.
    pub log_pressure: Option<f64>,
    /// Size-weighted mid in dollars.
    pub microprice_dollars: Option<f64>,
    /// How fast bid sizes add up away from the mid, shares per dollar.
    pub slope_bid: Option<f64>,
    /// How fast ask sizes add up away from the mid, shares per dollar.
    pub slope_ask: Option<f64>,
    /// Imbalance of the slopes, -1 to 1.
    pub slope: Option<f64>,
    /// Order-flow imbalance (Cont, Kukanov, Stoikov 2014) of the last second over mean depth.
    pub order_flow_1s: Option<f64>,
    /// The same of the last 10 s.
    pub order_flow_10s: Option<f64>,
    /// The same of the last 60 s.
    pub order_flow_60s: Option<f64>,
    /// Change of `level5` per second over the last 4 ticks.
    pub velocity_per_s: Option<f64>,
    /// Population standard deviation of `level5` over the last 240 ticks.
    pub volatility: Option<f64>,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// One print on the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    /// When it took place.
    pub at: Timestamp,
    /// The price.
    pub price: Price,
    /// Shares.
    pub size: u64,
    /// The best bid just before it, 0 without one.
    pub bid: Price,
    /// The best ask just before it, 0 without one.
    pub ask: Price,
    /// Sale conditions, 0 where the source has none.
    pub conditions: u32,
    /// Who began it, where the source says so.
    pub aggressor: Option<Side>,
    /// How many quotes of the tape came before it: the order of the two.
    pub quotes_before: u32,
    /// Whether it is a bar of trades, whose price is that of the last.
    pub is_bar: bool,
}

/// One print of an option contract on the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionPrint {
    /// The contract.
    pub contract: ContractId,
    /// When it took place.
    pub at: Timestamp,
    /// The price of a share's premium.
    pub price: Price,
    /// Contracts.
    pub size: u64,
    /// The contract's best bid just before it, 0 without one.
    pub bid: Price,
    /// The contract's best ask just before it, 0 without one.
    pub ask: Price,
    /// Whether it is a bar of trades: its volume counts, its price says nothing of a side.
    pub is_bar: bool,
}

/// What was printed and quoted since the last tick, in order. Emptied each tick, memory kept.
#[derive(Component, Clone, Debug, Default, PartialEq)]
pub struct Tape {
    /// Trades and bars.
    pub prints: Vec<Print>,
    /// Every change of the best bid and ask.
    pub quotes: Vec<Quote>,
    /// Trades and bars of the underlying's contracts.
    pub options: Vec<OptionPrint>,
}
