//! What the closing auction of an underlying is expected to be short of.

use crate::market::Side;
use crate::quality::Stamp;
use bevy_ecs::prelude::Component;

/// What a projection rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClosingSource {
    /// Nothing: there is no projection.
    #[default]
    None,
    /// The imbalance that the exchange publishes.
    Published,
    /// The signed volume of the tape, which says little of the auction.
    Tape,
}

impl ClosingSource {
    /// The name in files, transcripts and the mirror.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Published => "published",
            Self::Tape => "tape",
        }
    }
}

/// The imbalance that an underlying's closing auction is expected to end with. Renewed every
/// `closing.every_s` in the last part of the session; a session begins without one.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct ClosingProjection {
    /// Shares that are expected to stay unmatched; positive is buying.
    pub projected_shares: Option<f64>,
    /// The side of the projection; absent without a projection and for one of no imbalance.
    pub side: Option<Side>,
    /// The probability that the auction ends with an imbalance of this side, 0 to 1.
    pub confidence: Option<f64>,
    /// The imbalance that is published now, shares; absent while no feed brings it.
    pub published_shares: Option<f64>,
    /// What the projection rests on.
    pub source: ClosingSource,
    /// When, until when, how good.
    pub stamp: Stamp,
}
