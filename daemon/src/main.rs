//! The program `alphatrader`: reads the command line, runs a verb, turns its end into an exit code.

use clap::Parser;
use daemon::cli::Cli;
use daemon::exit::{Exit, Failure};
use std::io::Write;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(asked) => return usage(&asked).into(),
    };
    if cli.general.no_color {
        anstream::ColorChoice::Never.write_global();
    }
    log();
    match cli.verb.run(&cli.general) {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => {
            report(&failure);
            failure.exit().into()
        }
    }
}

/// Logs go to stderr: warnings, or what `ALPHATRADER_LOG` says (`info`, `redis_mirror=debug`).
fn log() {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::WARN.into())
        .with_env_var("ALPHATRADER_LOG")
        .from_env_lossy();
    let colour = anstream::AutoStream::choice(&std::io::stderr());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour != anstream::ColorChoice::Never)
        .init();
}

/// Shows help, the version or what is wrong with the command line.
fn usage(asked: &clap::Error) -> Exit {
    // Whoever closed the stream has no use for an error about it.
    let _ = asked.print();
    if asked.use_stderr() {
        Exit::Usage
    } else {
        Exit::Ok
    }
}

fn report(failure: &Failure) {
    let message = failure.to_string();
    if !message.is_empty() {
        let red = anstyle::AnsiColor::Red.on_default().bold();
        let _ = writeln!(anstream::stderr(), "{red}Error:{red:#} {message}");
    }
}
