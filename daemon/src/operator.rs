//! `halt`, `resume`, `flatten` and the like: commands for a running engine through its socket.

use crate::cli::General;
use crate::exit::{Exit, Failure};
use crate::leaves;
use crate::output::{self, Format};
use control::Error;
use control::client::ask;
use control::request::{Answer, Obstacle, Request, Verb};
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// Where the engine that is asked runs.
#[derive(clap::Args, Clone, Debug)]
pub struct Place {
    /// The state directory of the engine
    #[arg(
        long,
        value_name = "DIR",
        env = "ALPHATRADER_STATE_DIR",
        hide_env_values = true,
        default_value = "state"
    )]
    pub state_dir: PathBuf,
}

/// The arguments of a command.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Why, for the journal
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub why: String,
    /// Which engine.
    #[command(flatten)]
    pub place: Place,
}

/// The arguments of a command about a strategy.
#[derive(clap::Args, Debug)]
pub struct StrategyArgs {
    /// The name of the strategy, such as zero_dte
    pub strategy: String,
    /// Everything else.
    #[command(flatten)]
    pub rest: Args,
}

/// The arguments of `status`.
#[derive(clap::Args, Debug)]
pub struct StatusArgs {
    /// Which engine.
    #[command(flatten)]
    pub place: Place,
}

/// What a command came to, as `--json` shows it.
#[derive(Serialize)]
struct Taken {
    command: Verb,
    number: u64,
    tick: u64,
}

/// Gives a command and says which tick took it.
///
/// # Errors
/// If no engine runs there, it refused, or did not answer in time.
pub fn command(
    verb: Verb,
    strategy: Option<&str>,
    arguments: &Args,
    general: &General,
) -> Result<(), Failure> {
    let request = Request {
        verb,
        why: arguments.why.clone(),
        strategy: strategy.map(str::to_owned),
        symbols: Vec::new(),
    };
    let answer = answered(&arguments.place, &request)?;
    let (Some(number), Some(tick)) = (answer.number, answer.tick) else {
        return Err(Failure::error("the engine did not say which tick took it"));
    };
    let taken = Taken {
        command: verb,
        number,
        tick,
    };
    let mut out = output::stdout();
    match general.format_or(Format::Table) {
        Format::Json => output::json_document(&mut out, &taken),
        Format::Table => {
            writeln!(out, "taken by tick {tick} as command {number}")?;
            Ok(out.flush()?)
        }
        format => leaves::rows(out, &taken, format),
    }
}

/// Shows how the engine fares.
///
/// # Errors
/// If no engine runs there, or it has not run a tick yet.
pub fn status(arguments: &StatusArgs, general: &General) -> Result<(), Failure> {
    let request = Request {
        verb: Verb::Status,
        why: String::new(),
        strategy: None,
        symbols: Vec::new(),
    };
    let Some(status) = answered(&arguments.place, &request)?.status else {
        let words = "the engine has not finished its first tick, ask again";
        return Err(Failure::new(Exit::TimedOut, words));
    };
    let mut out = output::stdout();
    match general.format_or(Format::Table) {
        Format::Json => output::json_document(&mut out, &status),
        format => leaves::rows(out, &status, format),
    }
}

/// An answer that is no refusal.
pub(crate) fn answered(place: &Place, request: &Request) -> Result<Answer, Failure> {
    let answer = ask(&place.state_dir, request).map_err(|error| {
        let exit = match error {
            Error::NotRunning { .. } => Exit::NotRunning,
            Error::TimedOut { .. } => Exit::TimedOut,
            _ => Exit::Error,
        };
        Failure::new(exit, error)
    })?;
    if answer.ok {
        return Ok(answer);
    }
    let exit = match answer.obstacle {
        Some(Obstacle::TimedOut) => Exit::TimedOut,
        Some(Obstacle::Stopped) => Exit::NotRunning,
        None => Exit::Refused,
    };
    let words = answer
        .error
        .unwrap_or_else(|| "the engine refused".to_owned());
    Err(Failure::new(exit, words))
}
