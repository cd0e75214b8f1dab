//! `keys`: the Redis schema reference, from the code that writes the keys.

use crate::cli::General;
use crate::exit::Failure;
use crate::output::{self, Cell, Format, Rows};
use wire::keys::{COMMANDS, schema};

/// The arguments of `keys`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Example:
  alphatrader keys --format md > docs/redis_keys.md")]
pub struct Args {}

/// Writes every kind of key that the mirror writes, and the one that it reads.
///
/// # Errors
/// If stdout cannot be written.
pub fn run(general: &General) -> Result<(), Failure> {
    let columns = [
        "key",
        "type",
        "payload",
        "ttl_ms",
        "refresh_ms",
        "aliases",
        "description",
    ];
    let format = general.format_or(Format::Table);
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    for key in schema().iter().chain([&COMMANDS]) {
        rows.row(&[
            Cell::Text(key.pattern),
            Cell::Text(key.value.name()),
            Cell::Text(key.payload),
            key.ttl_ms.map_or(Cell::Missing, Cell::Count),
            Cell::Count(key.refresh_ms),
            Cell::Text(&key.aliases.join(" ")),
            Cell::Text(key.description),
        ])?;
    }
    rows.finish()
}
