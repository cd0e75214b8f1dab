//! Executions against orders that nobody saw: inside the spread, beyond what was displayed, and at
//! levels that fill up again.

use crate::market::Side;
use crate::quality::Stamp;
use crate::units::{Price, Timestamp};
use bevy_ecs::prelude::Component;

/// Iceberg levels that are shown.
pub const ICEBERGS_MAX: usize = 4;

/// A price at which displayed size came back after it was taken, again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Iceberg {
    /// The side that rests there.
    pub side: Side,
    /// The price.
    pub price: Price,
    /// How often size came back within the time that counts.
    pub refills: u32,
    /// When it last came back.
    pub at: Timestamp,
}

/// An estimate of hidden volume among the executions of the last minute. The feed's own marks of
/// hidden executions are not looked at.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct HiddenLiquidity {
    /// Executions on exchanges in the window.
    pub prints: u32,
    /// Their shares.
    pub exchange_shares: u64,
    /// Shares executed between bid and ask.
    pub inside_shares: u64,
    /// Shares executed at the best price beyond what its displayed size lost.
    pub beyond_shares: u64,
    /// Shares that came back at iceberg levels.
    pub refilled_shares: u64,
    /// Hidden over all exchange shares, 0 to 1; absent with too few executions.
    pub ratio: Option<f64>,
    /// Hidden bid less ask shares over both, -1 to 1; absent where no side is known.
    pub imbalance: Option<f64>,
    /// The side that hides more, if either does.
    pub side: Option<Side>,
    /// Iceberg levels of the window, the newest first.
    pub icebergs: [Option<Iceberg>; ICEBERGS_MAX],
    /// When, until when, how good.
    pub stamp: Stamp,
}
