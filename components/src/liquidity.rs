//! How much can be traded of an underlying and its options, and at what cost.

use crate::market::{BOOK_LEVELS, QuoteState};
use crate::quality::Stamp;
use bevy_ecs::prelude::Component;

/// Order sizes whose slippage is estimated, at most.
pub const SLIPPAGE_SIZES: usize = 4;

/// The liquidity of an underlying. Basis points are of the midpoint.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct Liquidity {
    /// What the best levels say together.
    pub state: QuoteState,
    /// What is missing, where anything is.
    pub reason: Option<Illiquid>,
    /// Best ask less best bid, basis points.
    pub spread_bps: Option<f64>,
    /// Twice the distance of trades from the midpoint before them, basis points, by size.
    pub effective_spread_bps: Option<f64>,
    /// Shares bid up to each level, the best first.
    pub bid_depth: [u64; BOOK_LEVELS],
    /// Shares offered up to each level.
    pub ask_depth: [u64; BOOK_LEVELS],
    /// Dollars at the five best levels of both sides.
    pub depth_usd: Option<f64>,
    /// How fast sizes shrink from level to level: `q` of level `i` is about `e^(-decay i)`; negative
    /// where they grow.
    pub decay: Option<f64>,
    /// What orders of the configured sizes would cost.
    pub slippage: [Slippage; SLIPPAGE_SIZES],
    /// All of it as one number, 0 to 100.
    pub score: Option<f64>,
    /// The options.
    pub chain: ChainLiquidity,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// What an order that takes what is shown would cost against the midpoint, basis points; absent
/// where the book does not hold that much.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slippage {
    /// Shares; 0 where no size is configured.
    pub shares: u64,
    /// To buy them.
    pub buy_bps: Option<f64>,
    /// To sell them.
    pub sell_bps: Option<f64>,
}

/// What a book lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Illiquid {
    /// Neither side.
    EmptyBook,
    /// Buyers.
    NoBids,
    /// Sellers.
    NoAsks,
    /// A bid below the ask.
    Crossed,
}

impl Illiquid {
    /// The name in the mirror.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EmptyBook => "empty_book",
            Self::NoBids => "no_bids",
            Self::NoAsks => "no_asks",
            Self::Crossed => "crossed",
        }
    }
}

/// The liquidity of the options of an underlying.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChainLiquidity {
    /// Contracts that have not settled.
    pub contracts: u32,
    /// Of these, quoted on both sides.
    pub quoted: u32,
    /// The median of spread over midpoint where delta is 0.25 to 0.75 either way.
    pub spread_share: Option<f64>,
    /// Contracts that this is the median of.
    pub near: u32,
}
