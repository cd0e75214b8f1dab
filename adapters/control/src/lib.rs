//! Operator commands through a Unix socket in the state directory: they work with Redis down.
//!
//! A request is one JSON object on a line, so is its answer. A command becomes an event of the next
//! tick, hence is journaled like any other; the answer comes once that tick is over. A command that
//! forbids opening orders also sets a switch that the broker's side looks at itself, so that it
//! works while a tick hangs.
//!
//! Only the owner of the directory can reach the socket: the directory has mode 0700, the socket
//! 0600.

/// What the engine shows of itself.
pub mod board;
/// Asking a running engine.
pub mod client;
/// Commands on their way into the engine.
pub mod feed;
/// Questions about the world, answered at a tick's end.
pub mod inquiry;
/// The words on the socket.
pub mod request;
/// The listening side.
pub mod server;
/// The switch that works without a tick.
pub mod switch;

use std::path::PathBuf;

/// The name of the socket inside the state directory.
pub const SOCKET_NAME: &str = "control.sock";

/// The name of the file inside the state directory that the one engine holds locked.
pub const LOCK_NAME: &str = "lock";

/// Why the socket cannot be had or asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another engine listens there.
    #[error("{path}: another engine runs with this state directory")]
    Taken {
        /// The socket.
        path: PathBuf,
    },
    /// No engine listens there.
    #[error("{path}: no engine runs with this state directory")]
    NotRunning {
        /// The socket.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{path} could not be {action}: {source}")]
    Io {
        /// The socket or its directory.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The reason.
        source: std::io::Error,
    },
    /// No answer came in time.
    #[error("{path}: no answer within {seconds} s; the command may still be obeyed")]
    TimedOut {
        /// The socket.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// What came back is no answer.
    #[error("{path}: the answer {found:?} is not understood")]
    Answer {
        /// The socket.
        path: PathBuf,
        /// Its first characters.
        found: String,
    },
}
