//! The program `alphatrader`: reads the command line, runs a verb, turns its end into an exit code.

use clap::Parser;
use daemon::cli::Cli;
use daemon::exit::{Exit, Failure};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(asked) => return usage(&asked).into(),
    };
    if cli.general.no_color {
        anstream::ColorChoice::Never.write_global();
    }
    match cli.verb.run(&cli.general) {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => {
            report(&failure);
            failure.exit().into()
        }
    }
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
