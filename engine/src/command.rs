//! What an operator wants: halt, resume, flatten. It arrives as an event and is journaled like one.

use components::signal::StrategyName;
use components::units::Timestamp;
use serde::{Deserialize, Serialize};

/// A command and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorCommand {
    /// Its number at its source; a number is obeyed once.
    pub number: u64,
    /// When it was given: an old one changes nothing.
    pub issued: Timestamp,
    /// How it came.
    pub source: CommandSource,
    /// What is wanted.
    pub command: Command,
    /// Why, in the operator's words.
    pub why: String,
}

/// How a command came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CommandSource {
    /// Through the control socket on the host.
    Socket,
    /// Through the mirror: it may only reduce risk.
    Mirror,
}

/// What an operator can want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// No opening order leaves, those that work are cancelled; protection stays.
    Halt,
    /// No opening order leaves; positions are closed as usual.
    ReduceOnly,
    /// Nothing leaves but what protects or cancels; analytics and signals go on.
    Observe,
    /// As [`Command::Halt`], and every position is closed.
    Flatten,
    /// Every working order of ours is cancelled that does not protect a position.
    CancelAll,
    /// Ends halts. Only from the host.
    Resume,
    /// A strategy opens nothing more.
    Pause(StrategyName),
    /// A strategy may open again. Only from the host.
    Unpause(StrategyName),
}

impl Command {
    /// Whether it can only make risk smaller, so that it may come from anywhere.
    #[must_use]
    pub fn reduces_risk(self) -> bool {
        !matches!(self, Self::Resume | Self::Unpause(_))
    }

    /// Whether no opening order leaves after it.
    #[must_use]
    pub fn forbids_opening(self) -> bool {
        matches!(
            self,
            Self::Halt | Self::ReduceOnly | Self::Observe | Self::Flatten
        )
    }

    /// The command with this word, and the strategy that it is about where it is about one.
    #[must_use]
    pub fn from_name(name: &str, strategy: Option<StrategyName>) -> Option<Self> {
        Some(match (name, strategy) {
            ("halt", None) => Self::Halt,
            ("reduce_only", None) => Self::ReduceOnly,
            ("observe", None) => Self::Observe,
            ("flatten", None) => Self::Flatten,
            ("cancel_all", None) => Self::CancelAll,
            ("resume", None) => Self::Resume,
            ("pause", Some(strategy)) => Self::Pause(strategy),
            ("unpause", Some(strategy)) => Self::Unpause(strategy),
            _ => return None,
        })
    }

    /// The word in transcripts and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Halt => "halt",
            Self::ReduceOnly => "reduce_only",
            Self::Observe => "observe",
            Self::Flatten => "flatten",
            Self::CancelAll => "cancel_all",
            Self::Resume => "resume",
            Self::Pause(_) => "pause",
            Self::Unpause(_) => "unpause",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_word() {
        let name = StrategyName::new("zero_dte");
        let plain = [
            Command::Halt,
            Command::ReduceOnly,
            Command::Observe,
            Command::Flatten,
            Command::CancelAll,
            Command::Resume,
        ];
        for command in plain {
            assert_eq!(Command::from_name(command.name(), None), Some(command));
            assert_eq!(Command::from_name(command.name(), Some(name)), None);
        }
        for command in [Command::Pause(name), Command::Unpause(name)] {
            assert_eq!(
                Command::from_name(command.name(), Some(name)),
                Some(command)
            );
            assert_eq!(Command::from_name(command.name(), None), None);
        }
        assert_eq!(Command::from_name("HALT", None), None);
    }
}
