//! Kinds of flow among the last trades, by clustering.

use crate::quality::Stamp;
use bevy_ecs::prelude::Component;

/// Kinds of flow.
pub const FLOW_KINDS: usize = 3;

/// What a cluster of trades is called, by how its trades stand to the move before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlowKind {
    /// Trades with the move.
    Momentum,
    /// Neither: where dealers who hedge would be. No trade is known to be a dealer's.
    Hedging,
    /// Trades against the move.
    Reversion,
}

impl FlowKind {
    /// All kinds, in the order in which they are published.
    pub const ALL: [Self; FLOW_KINDS] = [Self::Momentum, Self::Hedging, Self::Reversion];

    /// The name in files, transcripts and the mirror.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Momentum => "momentum",
            Self::Hedging => "hedging",
            Self::Reversion => "reversion",
        }
    }
}

/// A cluster: its share and what a trade at its centre looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlowCluster {
    /// Share of the window's shares, 0 to 1; the three add up to 1.
    pub share: f64,
    /// Trades of the window.
    pub trades: u32,
    /// Shares of a trade, the geometric mean.
    pub size: f64,
    /// Alignment with the move of the 30 s before, in its standard deviations, -5 to 5.
    pub alignment: f64,
    /// Milliseconds since the trade before, the geometric mean about 1 ms.
    pub pause_ms: f64,
    /// Share of the last 250 ms's volume on the trade's side, 0 to 1.
    pub one_sided: f64,
}

/// The kinds of flow among the last trades whose side is known.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct FlowClusters {
    /// Trades in the window.
    pub trades: u32,
    /// The three kinds in the order of [`FlowKind::ALL`]; absent with too few trades, or where the
    /// clusters do not differ in their alignment enough to be named.
    pub clusters: Option<[FlowCluster; FLOW_KINDS]>,
    /// How well trades lie in their clusters at the last fit, -1 to 1.
    pub silhouette: Option<f64>,
    /// With which kind dealers' hedging goes: [`FlowKind::Momentum`] when they are short gamma,
    /// [`FlowKind::Reversion`] when long; absent without a gamma exposure.
    pub hedging_goes_with: Option<FlowKind>,
    /// Fits so far.
    pub fits: u32,
    /// When, until when, how good.
    pub stamp: Stamp,
}
