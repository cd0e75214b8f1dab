//! The words on the socket.

use components::signal::StrategyName;
use engine::command::Command;
use serde::{Deserialize, Serialize};
use wire::Stamped;
use wire::sight::Sights;
use wire::status::Status;

/// What is asked: one JSON object on a line, such as `{"verb":"halt","why":"news"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What is wanted.
    pub verb: Verb,
    /// Why, for the journal.
    #[serde(default)]
    pub why: String,
    /// The strategy, for `pause` and `unpause`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// The underlyings, for `levels` and `explain`; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<String>,
}

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// No opening order leaves, those that work are cancelled.
    Halt,
    /// No opening order leaves.
    ReduceOnly,
    /// Nothing leaves but what protects or cancels.
    Observe,
    /// As halt, and every position is closed.
    Flatten,
    /// Every working order that does not protect a position is cancelled.
    CancelAll,
    /// Ends all of these.
    Resume,
    /// A strategy opens nothing more.
    Pause,
    /// A strategy may open again.
    Unpause,
    /// How the engine fares.
    Status,
    /// What it knows of underlyings.
    Levels,
    /// The same with all details.
    Explain,
}

impl Request {
    /// The command that is asked for; none if it only wants to know something.
    ///
    /// # Errors
    /// If a strategy is missing, or one or an underlying is named where none belongs.
    pub fn command(&self) -> Result<Option<Command>, String> {
        let strategy = |make: fn(StrategyName) -> Command| match self.strategy.as_deref() {
            Some(name) if !name.is_empty() => Ok(Some(make(StrategyName::new(name)))),
            _ => Err("strategy is missing, must be the name of a strategy".to_owned()),
        };
        let command = match self.verb {
            Verb::Pause => return strategy(Command::Pause),
            Verb::Unpause => return strategy(Command::Unpause),
            Verb::Halt => Some(Command::Halt),
            Verb::ReduceOnly => Some(Command::ReduceOnly),
            Verb::Observe => Some(Command::Observe),
            Verb::Flatten => Some(Command::Flatten),
            Verb::CancelAll => Some(Command::CancelAll),
            Verb::Resume => Some(Command::Resume),
            Verb::Status | Verb::Levels | Verb::Explain => None,
        };
        let is_about_symbols = matches!(self.verb, Verb::Levels | Verb::Explain);
        if !(is_about_symbols || self.symbols.is_empty()) {
            return Err("symbols are not allowed with this verb".to_owned());
        }
        match &self.strategy {
            Some(name) => Err(format!("strategy {name:?} is not allowed with this verb")),
            None => Ok(command),
        }
    }
}

/// What comes back: one JSON object on a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Whether the engine took it.
    pub ok: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why it is not known whether it was taken; none if it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<Obstacle>,
    /// The number of the command, as the journal has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The tick that took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tick: Option<u64>,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Stamped<Status>>,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sights: Option<Sights>,
}

/// Why it is not known whether a command was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// No tick took it in time; it may still be obeyed.
    TimedOut,
    /// The engine has stopped.
    Stopped,
}

impl Answer {
    /// A refusal with its reason.
    #[must_use]
    pub fn refused(error: impl Into<String>) -> Self {
        Self {
            ok: false,
            error: Some(error.into()),
            obstacle: None,
            number: None,
            tick: None,
            status: None,
            sights: None,
        }
    }

    /// A command of which nobody knows whether it was taken.
    #[must_use]
    pub fn hindered(obstacle: Obstacle) -> Self {
        let words = match obstacle {
            Obstacle::TimedOut => "no tick took it in time; it may still be obeyed",
            Obstacle::Stopped => "the engine has stopped",
        };
        Self {
            obstacle: Some(obstacle),
            ..Self::refused(words)
        }
    }

    /// What was asked for, and nothing was changed.
    #[must_use]
    pub fn told(status: Option<Stamped<Status>>, sights: Option<Sights>) -> Self {
        Self {
            ok: true,
            error: None,
            obstacle: None,
            number: None,
            tick: None,
            status,
            sights,
        }
    }

    /// A question that no tick answered.
    #[must_use]
    pub fn unanswered(obstacle: Obstacle) -> Self {
        let words = match obstacle {
            Obstacle::TimedOut => "no tick ended in time to answer",
            Obstacle::Stopped => "the engine has stopped",
        };
        Self {
            obstacle: Some(obstacle),
            ..Self::refused(words)
        }
    }

    /// A command that a tick took.
    #[must_use]
    pub fn taken(number: u64, tick: u64) -> Self {
        Self {
            ok: true,
            error: None,
            obstacle: None,
            number: Some(number),
            tick: Some(tick),
            status: None,
            sights: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(json: &str) -> Request {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_request_names_its_command() {
        let halt = request(r#"{"verb":"halt","why":"news"}"#);
        assert_eq!(halt.command(), Ok(Some(Command::Halt)));
        assert_eq!(request(r#"{"verb":"status"}"#).command(), Ok(None));
        let pause = request(r#"{"verb":"pause","strategy":"zero_dte"}"#);
        let name = StrategyName::new("zero_dte");
        assert_eq!(pause.command(), Ok(Some(Command::Pause(name))));
        assert!(request(r#"{"verb":"unpause"}"#).command().is_err());
        let levels = request(r#"{"verb":"levels","symbols":["SPY"]}"#);
        assert_eq!(levels.command(), Ok(None));
        let odd = request(r#"{"verb":"status","symbols":["SPY"]}"#);
        assert!(odd.command().is_err());
        let odd = request(r#"{"verb":"halt","strategy":"zero_dte"}"#);
        assert!(odd.command().is_err());
        assert!(serde_json::from_str::<Request>(r#"{"verb":"sell"}"#).is_err());
    }
}
