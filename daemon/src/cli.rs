//! What can be asked on the command line: one verb, one file of this crate.

use crate::exit::Failure;
use crate::output::Format;
use crate::{
    analyze, check, completions, discover, journals, keys, man, operator, replay, show_config,
    sights, simulate, torture,
};
use clap::{Parser, Subcommand};
use control::request::Verb as Asked;
use std::path::PathBuf;

/// An options-trading engine: a fixed 250 ms tick, deterministic to the last bit.
#[derive(Parser, Debug)]
#[command(
    name = "alphatrader",
    version = env!("ALPHATRADER_VERSION"),
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = EXAMPLES
)]
pub struct Cli {
    /// What every verb understands.
    #[command(flatten)]
    pub general: General,
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
}

const EXAMPLES: &str = "\
Examples:
  alphatrader simulate
  alphatrader simulate scenarios/halt.yaml --journal run && alphatrader replay run
  alphatrader analyze greeks options.csv --json

Exit codes: 0 ok, 1 error, 2 usage, 3 not running, 4 config or scenario error, 5 time-out,
6 refused or halted, 7 upstream unreachable, 78 start refused by a safety rule.";

/// What every verb understands.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct General {
    /// How results are written
    #[arg(long, global = true, value_enum, help_heading = "General")]
    pub format: Option<Format>,
    /// Short for --format json
    #[arg(
        long,
        global = true,
        conflicts_with = "format",
        help_heading = "General"
    )]
    pub json: bool,
    /// No colour, as with NO_COLOR or a pipe
    #[arg(long, global = true, help_heading = "General")]
    pub no_color: bool,
    /// The root of recorded data
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "ALPHATRADER_DATA",
        hide_env_values = true,
        default_value = "data",
        help_heading = "General"
    )]
    pub data: PathBuf,
}

impl General {
    /// The format asked for, else `default`.
    #[must_use]
    pub fn format_or(&self, default: Format) -> Format {
        if self.json {
            Format::Json
        } else {
            self.format.unwrap_or(default)
        }
    }
}

/// The verbs.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Run a scenario to its end
    Simulate(simulate::Args),
    /// Run a journal again and compare every decision and digest
    Replay(replay::Args),
    /// Validate config, strategies and scenarios
    Check(check::Args),
    /// Show the merged config with the origin of every value
    ShowConfig(show_config::Args),
    /// Compute Greeks, implied volatility, VPIN, levels or imbalance from a file
    Analyze(analyze::Args),
    /// Find parameters in the tape of a scenario: bucket sizes, lookbacks, levels, correlations
    Discover(discover::Args),
    /// Show a journal, or tell whether it is whole
    Journal(journals::Args),
    /// Ask a running engine how it fares
    #[command(after_help = "Example:\n  alphatrader status --state-dir state --json")]
    Status(operator::StatusArgs),
    /// Ask a running engine for spot, gamma levels, flow and regime of its underlyings
    #[command(
        after_help = "Examples:\n  alphatrader levels\n  alphatrader levels SPY QQQ --json\n  \
                      alphatrader levels SPY --svg spy.svg"
    )]
    Levels(sights::LevelsArgs),
    /// Ask a running engine for everything that it knows of an underlying
    #[command(after_help = "Example:\n  alphatrader explain SPY")]
    Explain(sights::ExplainArgs),
    /// No opening order leaves, and those that work are cancelled; protection stays
    #[command(after_help = "Example:\n  alphatrader halt --why 'bad fills'")]
    Halt(operator::Args),
    /// No opening order leaves; positions are closed as usual
    #[command(after_help = "Example:\n  alphatrader reduce-only --why 'end of day'")]
    ReduceOnly(operator::Args),
    /// Nothing leaves but what protects or cancels; signals go on
    #[command(after_help = "Example:\n  alphatrader observe")]
    Observe(operator::Args),
    /// As halt, and every position is closed
    #[command(after_help = "Example:\n  alphatrader flatten --why 'broker in trouble'")]
    Flatten(operator::Args),
    /// Cancel every working order that does not protect a position
    #[command(after_help = "Example:\n  alphatrader cancel-all")]
    CancelAll(operator::Args),
    /// End halt, reduce-only, observe and flatten
    #[command(after_help = "Example:\n  alphatrader resume --why 'looked at it'")]
    Resume(operator::Args),
    /// Let a strategy open nothing more
    #[command(after_help = "Example:\n  alphatrader pause zero_dte")]
    Pause(operator::StrategyArgs),
    /// Let a strategy open again
    #[command(after_help = "Example:\n  alphatrader unpause zero_dte")]
    Unpause(operator::StrategyArgs),
    /// Trade while everything goes wrong, and judge what is left
    Torture(torture::Args),
    /// Show the reference of the Redis keys
    Keys(keys::Args),
    /// Write shell completions
    Completions(completions::Args),
    /// Write the manual page
    Man(man::Args),
}

impl Verb {
    /// Does what was asked.
    ///
    /// # Errors
    /// What went wrong, with the exit code for it.
    pub fn run(&self, general: &General) -> Result<(), Failure> {
        let command = |verb, arguments| operator::command(verb, None, arguments, general);
        let about = |verb, arguments: &operator::StrategyArgs| {
            let strategy = Some(arguments.strategy.as_str());
            operator::command(verb, strategy, &arguments.rest, general)
        };
        match self {
            Self::Simulate(arguments) => simulate::run(arguments, general),
            Self::Replay(arguments) => replay::run(arguments, general),
            Self::Check(arguments) => check::run(arguments, general),
            Self::ShowConfig(arguments) => show_config::run(arguments, general),
            Self::Journal(arguments) => journals::run(arguments, general),
            Self::Status(arguments) => operator::status(arguments, general),
            Self::Levels(arguments) => sights::levels(arguments, general),
            Self::Explain(arguments) => sights::explain(arguments, general),
            Self::Halt(arguments) => command(Asked::Halt, arguments),
            Self::ReduceOnly(arguments) => command(Asked::ReduceOnly, arguments),
            Self::Observe(arguments) => command(Asked::Observe, arguments),
            Self::Flatten(arguments) => command(Asked::Flatten, arguments),
            Self::CancelAll(arguments) => command(Asked::CancelAll, arguments),
            Self::Resume(arguments) => command(Asked::Resume, arguments),
            Self::Pause(arguments) => about(Asked::Pause, arguments),
            Self::Unpause(arguments) => about(Asked::Unpause, arguments),
            Self::Torture(arguments) => torture::run(arguments, general),
            Self::Keys(_) => keys::run(general),
            Self::Analyze(arguments) => analyze::run(arguments, general),
            Self::Discover(arguments) => discover::run(arguments, general),
            Self::Completions(arguments) => completions::run(arguments),
            Self::Man(arguments) => man::run(arguments),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command, CommandFactory};

    #[test]
    fn the_definitions_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_verb_shows_an_example() {
        fn check(command: &Command, seen: &mut usize) {
            *seen += 1;
            let help = command.get_after_help().map(ToString::to_string);
            assert!(
                help.is_some_and(|help| help.contains("alphatrader ")),
                "`{}` has no example",
                command.get_name()
            );
            command
                .get_subcommands()
                .for_each(|command| check(command, seen));
        }
        let mut seen = 0;
        check(&Cli::command(), &mut seen);
        assert!(seen > 5);
    }
}
