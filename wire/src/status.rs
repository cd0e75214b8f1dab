//! How the engine fares, for an operator in a hurry.

use crate::account::Positions;
use crate::execution::Execution;
use serde::{Deserialize, Serialize};

/// What an operator asks first: the payload of `engine:status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The engine's time at the tick, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// How far trading is restricted, from `active` to `flattening`.
    pub restriction: String,
    /// Whether positions may be opened as far as restrictions go.
    pub halted: bool,
    /// Every restriction that an operator has to lift.
    pub latches: Vec<Latch>,
    /// Strategies that open nothing.
    pub paused: Vec<Paused>,
    /// The line to the broker.
    pub broker: Line,
    /// Instruments with a position.
    pub positions: u64,
    /// Orders that can still change.
    pub open_orders: u64,
    /// Profit after fees since the session began, at the marks of the moment.
    pub day_pnl_usd: f64,
    /// Profit after fees since the account began.
    pub pnl_usd: f64,
    /// What the account is worth.
    pub equity_usd: f64,
    /// Profit of what was closed, without fees.
    pub realized_usd: f64,
    /// Profit of what is held at the prices at which it could be closed, without fees.
    pub unrealized_usd: f64,
    /// Fees paid.
    pub fees_usd: f64,
    /// What is held, with marks and Greeks, and the sums.
    pub portfolio: Positions,
    /// How orders were executed and how positions ended in this run.
    pub execution: Execution,
    /// The last command that was obeyed in this run.
    pub last_command: Option<Commanded>,
    /// How fast halts were carried out.
    pub emergency: Emergency,
}

/// A restriction and its cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latch {
    /// Why, such as `operator` or `daily_loss`.
    pub cause: String,
    /// How far it goes.
    pub restriction: String,
}

/// A strategy that opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Its name.
    pub strategy: String,
    /// Why.
    pub cause: String,
}

/// The line to the broker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Whether it stands.
    pub connected: bool,
    /// Whether positions may be opened: it stands and what the broker knows was worked through.
    pub ready: bool,
}

/// A command that was obeyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commanded {
    /// Its word, such as `halt`.
    pub command: String,
    /// `socket` or `mirror`.
    pub source: String,
    /// Its number at its source.
    pub number: u64,
    /// The tick that obeyed it.
    pub tick: u64,
    /// Why, in the operator's words.
    pub why: String,
}

/// How fast halts were carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emergency {
    /// Halts after which the last opening order was gone.
    pub halts: u64,
    /// From the tick of the halt until then, the longest, in milliseconds of the market's time.
    pub longest_ms: i64,
}

/// Whether trading is halted, a projection: the payload of `global:halt`. Writing it halts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    /// Whether no position is opened.
    pub halted: bool,
    /// How far trading is restricted.
    pub restriction: String,
    /// Why.
    pub causes: Vec<String>,
}

impl Status {
    /// The projection of it that is shown as `global:halt`.
    #[must_use]
    pub fn halt(&self) -> Halt {
        Halt {
            halted: self.halted,
            restriction: self.restriction.clone(),
            causes: self
                .latches
                .iter()
                .map(|latch| latch.cause.clone())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_halt_is_that_of_the_status() {
        let status = Status {
            halted: true,
            restriction: "halted".to_owned(),
            latches: vec![Latch {
                cause: "operator".to_owned(),
                restriction: "halted".to_owned(),
            }],
            ..Status::default()
        };
        let json = serde_json::to_string(&status.halt()).unwrap();
        assert_eq!(
            json,
            r#"{"halted":true,"restriction":"halted","causes":["operator"]}"#
        );
        assert!(!Status::default().halt().halted);
    }
}
