//! `man`: the manual page of the program and of each verb, in one page.

use crate::cli::Cli;
use crate::exit::Failure;
use crate::output;
use clap::CommandFactory;
use clap_mangen::Man;
use std::io::Write;

/// The arguments of `man`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Example:
  alphatrader man > ~/.local/share/man/man1/alphatrader.1
  alphatrader man simulate | man -l -")]
pub struct Args {
    /// The verb, with its own verb if it has one; without it the program's page.
    pub verb: Vec<String>,
}

/// Writes a manual page.
///
/// # Errors
/// If there is no such verb, or stdout cannot be written.
pub fn run(arguments: &Args) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    let mut page = command;
    for verb in &arguments.verb {
        let known: Vec<String> = page
            .get_subcommands()
            .map(|command| command.get_name().to_owned())
            .collect();
        page = page.find_subcommand(verb).cloned().ok_or_else(|| {
            Failure::new(
                crate::exit::Exit::Usage,
                format_args!(
                    "verb `{verb}` is not known, must be one of {}",
                    crate::input::list(&known)
                ),
            )
        })?;
    }
    let mut text = Vec::new();
    Man::new(page).render(&mut text)?;
    let mut out = output::stdout();
    out.write_all(&text)?;
    Ok(out.flush()?)
}
