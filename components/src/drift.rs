//! Whether what comes in of an underlying is still as it was.

use crate::quality::Stamp;
use crate::units::Timestamp;
use bevy_ecs::prelude::Component;

/// What is watched of the data of an underlying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// Changes of the best quote, a second.
    QuoteRate,
    /// The spread of the best quote, basis points.
    Spread,
    /// Shares of a trade.
    TradeSize,
    /// The size of moves over the sample, as a share of the price.
    ReturnSize,
}

impl Input {
    /// All of them, in the order of [`DataDrift::watches`].
    pub const ALL: [Self; 4] = [
        Self::QuoteRate,
        Self::Spread,
        Self::TradeSize,
        Self::ReturnSize,
    ];

    /// The name in files, transcripts and the mirror.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::QuoteRate => "quote_rate",
            Self::Spread => "spread",
            Self::TradeSize => "trade_size",
            Self::ReturnSize => "return_size",
        }
    }
}

/// How one input stands against its own past.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Watch {
    /// The newest value.
    pub value: Option<f64>,
    /// What was usual before it.
    pub usual: Option<f64>,
    /// How many deviations the newest lies from that, on a logarithmic scale.
    pub z: Option<f64>,
    /// Since when it drifts, if it does.
    pub since: Option<Timestamp>,
}

/// Whether what comes in of an underlying is still as it was.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct DataDrift {
    /// One for each of [`Input::ALL`].
    pub watches: [Watch; 4],
    /// Alerts of this run.
    pub alerts: u32,
    /// When, until when, how good.
    pub stamp: Stamp,
}
