//! What is allowed, and what the caller knows besides the journal.

use components::contract::Contract;
use components::market::Ticker;
use components::signal::StrategyName;
use components::units::{Cash, Price, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Millionths in a whole.
pub(crate) const PPM: i128 = 1_000_000;

/// What the invariants are checked against. [`AuditLimits::default`] is what the project promises.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditLimits {
    /// Instruments held or wanted at once (5).
    pub positions_max: u32,
    /// The same of one underlying (2).
    pub positions_per_symbol_max: u32,
    /// Orders in flight at once, legs included (no limit).
    pub working_orders_max: u32,
    /// Contracts of one order (no limit).
    pub order_contracts_max: u32,
    /// Premium of one opening order (no limit).
    pub order_notional_max: Cash,
    /// Premium held and wanted, in millionths of the highest equity so far (no limit).
    pub premium_share_max_ppm: i64,
    /// The most that may be lost in a session (no limit).
    pub day_loss_max: Cash,
    /// The same in millionths of the equity at the session's open (no limit).
    pub day_loss_share_max_ppm: i64,
    /// Trades lost in a row after which nothing more is opened (no limit).
    pub losing_trades_max: u32,
    /// Whether options may be sold that are not held (no).
    pub short_options: bool,
    /// Milliseconds before the close from which nothing is opened (0).
    pub last_entry_before_close_ms: i64,
    /// Milliseconds before the close of its last day from which a contract must be flat or being
    /// closed (0).
    pub expiring_flat_before_close_ms: i64,
    /// The hours of a strategy as milliseconds before the close, from and to; none means any.
    pub windows: BTreeMap<StrategyName, Vec<(i64, i64)>>,
    /// The last date as `yyyymmdd` that the calendar knows; absent means any.
    pub calendar_until: Option<u32>,
    /// Dates as `yyyymmdd` without a session; weekends never have one.
    pub closed_days: BTreeSet<u32>,
    /// Refusals within the window that pause a strategy (5).
    pub rejections_max: usize,
    /// The window of the refusals, milliseconds (60,000).
    pub rejections_window_ms: i64,
    /// The longest that a position may be unprotected, milliseconds (5,000).
    pub unprotected_max_ms: i64,
    /// The step of prices below $3 ($0.01).
    pub tick_below_3: Price,
    /// The step of prices from $3 on ($0.05).
    pub tick_from_3: Price,
    /// How far beyond the ask an opening order may pay, in millionths of the midpoint (100,000).
    pub collar_ppm: i64,
    /// The oldest quote on which a position may be opened, milliseconds (60,000).
    pub quote_age_max_ms: i64,
    /// How long nothing is opened after an underlying resumes, milliseconds (5,000).
    pub resume_wait_ms: i64,
    /// Orders in any second (5).
    pub orders_per_s: usize,
    /// Messages in any second (40).
    pub messages_per_s: usize,
    /// Orders in any minute (no limit).
    pub orders_per_min_max: usize,
    /// Orders in a session (no limit).
    pub orders_per_day_max: usize,
    /// Notional of orders in any minute (no limit).
    pub notional_per_min_max: Cash,
    /// Notional of orders in a session (no limit).
    pub notional_per_day_max: Cash,
    /// By how much times on the way may differ, milliseconds (250, a tick).
    pub transit_spread_ms: i64,
    /// Between two answers that lack an order, before the second is believed, milliseconds (5,000).
    pub second_look_ms: i64,
    /// After which an order that is nowhere is not on its way, milliseconds (60,000).
    pub settled_ms: i64,
    /// From a halt to the wish to cancel every entry, milliseconds (1,250: a second and a tick).
    pub cancel_within_ms: i64,
    /// The largest jump of the clock that blocks nothing, milliseconds (1,000).
    pub clock_jump_max_ms: i64,
    /// How long a larger one blocks at least, milliseconds (1,000).
    pub clock_block_ms: i64,
    /// After the end of all faults the engine is active, or restricted with a reason, within so many
    /// milliseconds (60,000).
    pub ready_within_ms: i64,
    /// After the end of all faults every order is settled within so many milliseconds (120,000).
    pub settle_within_ms: i64,
    /// What the caller knows besides.
    pub evidence: Evidence,
}

/// Facts from outside the journal; what is left empty is not judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// The highest number of a frame that the journal acknowledged as durable.
    pub acknowledged: Option<u64>,
    /// The number of the last frame that was recovered.
    pub recovered: Option<u64>,
    /// What readers saw of the mirror, in the order of time.
    pub mirrored: Vec<Mirrored>,
    /// Queues and how full they were.
    pub queues: Vec<QueuePeak>,
    /// When underlyings were halted and when they resumed.
    pub halts: BTreeMap<Ticker, Vec<(Timestamp, Option<Timestamp>)>>,
    /// When the prices of an underlying were off by so much that nothing confirmed them.
    pub offsets: BTreeMap<Ticker, Vec<(Timestamp, Timestamp)>>,
    /// Quotes by contract in the order in which they were received.
    pub quotes: BTreeMap<Contract, Vec<QuoteAt>>,
    /// When the last fault ended.
    pub faults_end: Option<Timestamp>,
}

/// A quote and when the engine received it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteAt {
    /// When it was received.
    pub at: Timestamp,
    /// The bid.
    pub bid: Price,
    /// The ask.
    pub ask: Price,
}

/// What a reader of the mirror saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// The epoch of the mirror.
    pub epoch: u64,
    /// The number of the frame that was shown.
    pub seq: u64,
    /// The number of the last durable frame at that moment.
    pub durable: u64,
}

/// How full a queue or map was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuePeak {
    /// Its name.
    pub name: String,
    /// The most entries that it held.
    pub peak: u64,
    /// The most that it may hold.
    pub bound: u64,
}

impl Default for AuditLimits {
    fn default() -> Self {
        Self {
            positions_max: 5,
            positions_per_symbol_max: 2,
            working_orders_max: u32::MAX,
            order_contracts_max: u32::MAX,
            order_notional_max: Cash(i64::MAX),
            premium_share_max_ppm: i64::MAX,
            day_loss_max: Cash(i64::MAX),
            day_loss_share_max_ppm: i64::MAX,
            losing_trades_max: u32::MAX,
            short_options: false,
            last_entry_before_close_ms: 0,
            expiring_flat_before_close_ms: 0,
            windows: BTreeMap::new(),
            calendar_until: None,
            closed_days: BTreeSet::new(),
            rejections_max: 5,
            rejections_window_ms: 60_000,
            unprotected_max_ms: 5_000,
            tick_below_3: Price(100),
            tick_from_3: Price(500),
            collar_ppm: 100_000,
            quote_age_max_ms: 60_000,
            resume_wait_ms: 5_000,
            orders_per_s: 5,
            messages_per_s: 40,
            orders_per_min_max: usize::MAX,
            orders_per_day_max: usize::MAX,
            notional_per_min_max: Cash(i64::MAX),
            notional_per_day_max: Cash(i64::MAX),
            transit_spread_ms: 250,
            second_look_ms: 5_000,
            settled_ms: 60_000,
            cancel_within_ms: 1_250,
            clock_jump_max_ms: 1_000,
            clock_block_ms: 1_000,
            ready_within_ms: 60_000,
            settle_within_ms: 120_000,
            evidence: Evidence::default(),
        }
    }
}

impl AuditLimits {
    /// The last quote of a contract that was received by `at`.
    pub(crate) fn quote(&self, contract: &Contract, at: Timestamp) -> Option<QuoteAt> {
        let quotes = self.evidence.quotes.get(contract)?;
        let end = quotes.partition_point(|quote| quote.at <= at);
        end.checked_sub(1).map(|place| quotes[place])
    }

    /// The step of prices at `price`.
    pub(crate) fn tick(&self, price: Price) -> Price {
        let from_3 = Price(30_000);
        let tick = if price < from_3 {
            self.tick_below_3
        } else {
            self.tick_from_3
        };
        tick.max(Price(1))
    }
}
