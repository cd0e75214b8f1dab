//! How the program ends: the exit codes that scripts rely on, and the one sentence beside them.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// The exit codes, a contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All went well.
    Ok = 0,
    /// Something went wrong that has no code of its own.
    Error = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The daemon that was asked does not run.
    NotRunning = 3,
    /// Config or a scenario is wrong.
    Config = 4,
    /// An answer did not come in time.
    TimedOut = 5,
    /// The request was refused, or trading is halted.
    Refused = 6,
    /// A broker, vendor or server cannot be reached.
    Unreachable = 7,
    /// A safety rule forbids the start: a damaged journal, the live interlock.
    StartRefused = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a verb ended early: an exit code and one sentence.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    /// An end with `exit` and a sentence.
    pub fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self {
            exit,
            message: message.to_string(),
        }
    }

    /// An end with [`Exit::Error`] and a sentence.
    pub fn error(message: impl fmt::Display) -> Self {
        Self::new(Exit::Error, message)
    }

    /// An end with [`Exit::Config`] and a sentence.
    pub fn config(message: impl fmt::Display) -> Self {
        Self::new(Exit::Config, message)
    }

    /// An end whose words have been said already, such as an interrupted run's summary.
    #[must_use]
    pub fn silent(exit: Exit) -> Self {
        Self {
            exit,
            message: String::new(),
        }
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// What writing to stdout can fail with. A reader that has gone away, such as `head`, has what it
/// wanted: no error, no words.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::silent(Exit::Ok)
        } else {
            Self::error(format_args!("stdout could not be written: {error}"))
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::from(io::Error::from(error))
    }
}
