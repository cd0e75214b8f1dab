//! Signals: what a strategy wants, why, and how sure it is.

use crate::contract::{ContractId, OptionTerms};
use crate::market::{Side, SymbolId};
use crate::units::{Price, Timestamp};
use core::fmt;
use serde::{Deserialize, Serialize};

/// The most characters that the name of a strategy has.
pub const STRATEGY_NAME_LENGTH_MAX: usize = 24;

/// The name of a strategy, held in place so that it is copied as a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct StrategyName([u8; STRATEGY_NAME_LENGTH_MAX]);

impl StrategyName {
    /// The name `text`, cut after 24 bytes.
    #[must_use]
    pub const fn new(text: &str) -> Self {
        let mut bytes = [0; STRATEGY_NAME_LENGTH_MAX];
        let text = text.as_bytes();
        let mut place = 0;
        while place < text.len() && place < STRATEGY_NAME_LENGTH_MAX && text[place].is_ascii() {
            bytes[place] = text[place];
            place += 1;
        }
        Self(bytes)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0);
        let length = end.unwrap_or(STRATEGY_NAME_LENGTH_MAX);
        core::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }
}

impl fmt::Debug for StrategyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StrategyName({})", self.as_str())
    }
}

impl fmt::Display for StrategyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<String> for StrategyName {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<StrategyName> for String {
    fn from(name: StrategyName) -> Self {
        name.as_str().to_owned()
    }
}

/// How sure a strategy is, 0 to 100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Confidence(u8);

impl Confidence {
    /// The nearest whole confidence, held inside 0 to 100.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "held inside 0 to 100 on the same line; not a number becomes 0"
    )]
    pub fn from_points(points: f64) -> Self {
        Self(points.clamp(0.0, 100.0).round() as u8)
    }

    /// 0 to 100.
    #[must_use]
    pub fn points(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which way a strategy expects the underlying to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Up: calls.
    Up,
    /// Down: puts.
    Down,
}

impl Direction {
    /// +1 up, -1 down.
    #[must_use]
    pub fn sign(self) -> f64 {
        match self {
            Self::Up => 1.0,
            Self::Down => -1.0,
        }
    }

    /// The word in transcripts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// Why an order is wanted. Entries and exits take the same road.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Intent {
    /// Open a position.
    Open,
    /// Close a position: the stop was reached.
    Stop,
    /// Close a position: the target was reached.
    Target,
    /// Close a position: its time is over.
    TimeExit,
    /// Close a part of a position: a step of its targets was reached.
    ScaleOut,
    /// Protect a position that has too little protection at the broker.
    Protect,
    /// Close everything: an operator or a limit wants it.
    Flatten,
}

impl Intent {
    /// Whether the order can only make the position smaller.
    #[must_use]
    pub fn reduces_risk(self) -> bool {
        !matches!(self, Self::Open)
    }

    /// The word in transcripts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Stop => "stop",
            Self::Target => "target",
            Self::TimeExit => "time_exit",
            Self::ScaleOut => "scale_out",
            Self::Protect => "protect",
            Self::Flatten => "flatten",
        }
    }
}

/// One named input of a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feature {
    /// Its name.
    pub name: &'static str,
    /// Its value, in the unit that its name says.
    pub value: f64,
    /// Points it gave, positive for the direction of the signal.
    pub points: f64,
}

/// The number of a signal: tick and place in the tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SignalId {
    /// The tick that made it.
    pub tick: u64,
    /// Its place among the signals of the tick.
    pub place: u32,
}

impl fmt::Display for SignalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}-{}", self.tick, self.place)
    }
}

/// What a strategy wants done with one contract.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// Its number.
    pub id: SignalId,
    /// The name of the strategy.
    pub strategy: StrategyName,
    /// The underlying.
    pub symbol: SymbolId,
    /// The contract.
    pub contract: ContractId,
    /// The contract's terms.
    pub terms: OptionTerms,
    /// Why.
    pub intent: Intent,
    /// Where the underlying is expected to go.
    pub direction: Direction,
    /// Buy to open, sell to close.
    pub side: Side,
    /// Contracts.
    pub quantity: u32,
    /// The limit price.
    pub limit: Price,
    /// How sure.
    pub confidence: Confidence,
    /// What it rests on.
    pub features: Vec<Feature>,
    /// When it was made.
    pub at: Timestamp,
}
