//! `completions`: what a shell needs to complete verbs and flags.

use crate::cli::Cli;
use crate::exit::Failure;
use crate::output;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::Write;

/// The arguments of `completions`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Example:
  alphatrader completions bash > ~/.local/share/bash-completion/completions/alphatrader")]
pub struct Args {
    /// The shell.
    pub shell: Shell,
}

/// Writes the completions of a shell.
///
/// # Errors
/// If stdout cannot be written.
pub fn run(arguments: &Args) -> Result<(), Failure> {
    // The generator panics when it cannot write, so it writes to memory.
    let mut text = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Cli::command(),
        "alphatrader",
        &mut text,
    );
    let mut out = output::stdout();
    out.write_all(&text)?;
    Ok(out.flush()?)
}
