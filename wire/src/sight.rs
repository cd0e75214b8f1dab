//! What the engine knows of underlyings at the end of a tick, for those who ask at its socket.

use crate::account::{Order, Position};
use crate::quality::Validity;
use crate::symbol::Symbol;
use serde::{Deserialize, Serialize};

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sights {
    /// The version of the payload.
    pub v: u32,
    /// The tick that it was read after.
    pub tick: u64,
    /// The engine's time at that tick.
    pub at_ms: i64,
    /// What was asked for, in the order of the question, else all by number.
    pub symbols: Vec<Sight>,
    /// Names that the engine does not know.
    pub unknown: Vec<String>,
    /// All that it knows, where a name is unknown.
    pub known: Vec<String>,
}

/// What is known of an underlying.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    /// The underlying.
    pub symbol: Symbol,
    /// Every value, group by group.
    pub facts: Vec<Fact>,
    /// Gamma exposure by strike; empty unless details were asked for.
    pub by_strike: Vec<AtStrike>,
    /// Net gamma exposure by expiry; empty unless details were asked for.
    pub by_expiry: Vec<AtExpiry>,
    /// Net gamma exposure over hypothetical spots; empty unless the engine keeps it.
    pub profile: Vec<AtSpot>,
    /// The last thing that each strategy wanted, and what became of it; by name.
    pub last_words: Vec<LastWord>,
    /// What is held.
    pub positions: Vec<Position>,
    /// Orders that can still change.
    pub orders: Vec<Order>,
}

impl Sight {
    /// The value of that name.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.name == name)
    }
}

/// A value with what it is, what it stands on and how good it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// What it belongs to.
    pub group: String,
    /// What it is; money and prices have their unit in the name.
    pub name: String,
    /// The value; null if it is not known.
    pub value: Option<Value>,
    /// Its unit; empty for words and plain numbers.
    pub unit: String,
    /// What it was computed from.
    pub source: String,
    /// Why it is null, where its quality does not say so.
    pub reason: Option<String>,
    /// When, until when, how good.
    #[serde(flatten)]
    pub validity: Validity,
}

impl Fact {
    /// The number, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match &self.value {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }
}

/// A number or a word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A word.
    Word(String),
}

/// Gamma exposure at a strike, in USD of delta per 1 % move.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtStrike {
    /// The strike in dollars.
    pub strike: f64,
    /// The calls' part.
    pub call: f64,
    /// The puts' part, negative.
    pub put: f64,
}

/// Net gamma exposure of an expiry, in USD of delta per 1 % move.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtExpiry {
    /// `yyyymmdd`.
    pub expiry: u32,
    /// Calls and puts.
    pub net: f64,
}

/// Net gamma exposure if spot were elsewhere, in USD of delta per 1 % move.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtSpot {
    /// The hypothetical spot in dollars.
    pub spot: f64,
    /// Calls and puts.
    pub net: f64,
}

/// The last thing that a strategy wanted of an underlying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastWord {
    /// The strategy.
    pub strategy: String,
    /// When, in the engine's time.
    pub at_ms: i64,
    /// `open`, `close` and the like.
    pub intent: String,
    /// Where it expects the underlying to go.
    pub direction: String,
    /// How sure it was, 0 to 100.
    pub confidence: u8,
    /// The OSI symbol of the contract, if one was chosen.
    pub contract: Option<String>,
    /// `approved`, or what stopped it.
    pub fate: String,
}
