//! `journal`: what a journal holds, and whether it is whole.

/// Against the broker's statement.
mod reconcile;
/// What a journal holds.
mod show;
/// Whether it is whole.
mod verify;

use crate::cli::General;
use crate::exit::{Exit, Failure};
use clap::Subcommand;
use journal::{Error, TornTail};
use std::io::Write;

/// The arguments of `journal`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader journal verify run
  alphatrader journal show run --from 100 --records
  alphatrader journal reconcile run")]
pub struct Args {
    /// What is wanted.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What can be done with a journal.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Show its ticks, decisions or reports
    Show(show::Args),
    /// Tell whether it is whole; a torn tail is named and cut
    Verify(verify::Args),
    /// Compare it with the broker's statement
    Reconcile(reconcile::Args),
}

/// Does what was asked.
///
/// # Errors
/// If the journal cannot be read or is damaged.
pub fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    match &arguments.verb {
        Verb::Show(arguments) => show::run(arguments, general),
        Verb::Verify(arguments) => verify::run(arguments, general),
        Verb::Reconcile(arguments) => reconcile::run(arguments, general),
    }
}

/// A journal that cannot be read; damage is told apart.
fn unreadable(error: Error) -> Failure {
    let exit = if error.is_damage() {
        Exit::StartRefused
    } else {
        Exit::Error
    };
    Failure::new(exit, error)
}

/// Says on stderr what is torn.
fn warn_torn(torn: TornTail, what: &str) {
    let _ = writeln!(
        anstream::stderr(),
        "Warning: the journal's tail is torn: {} bytes after byte {} of segment {} {what}",
        torn.bytes,
        torn.offset,
        torn.segment
    );
}
