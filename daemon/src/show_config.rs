//! `show-config`: the merged config with the origin of every value, secrets redacted.

use crate::cli::General;
use crate::exit::Failure;
use crate::output::{self, Cell, Format, Rows};
use crate::settings::{self, ConfigFiles};

/// The arguments of `show-config`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Example:
  ALPHATRADER__RISK__POSITIONS_MAX=2 alphatrader show-config --config my.yaml

Later origins win: default, files in their order, environment (ALPHATRADER__SECTION__KEY).")]
pub struct Args {
    /// Which config.
    #[command(flatten)]
    pub config: ConfigFiles,
}

/// Writes every value with where it comes from.
///
/// # Errors
/// If the config is not well-formed, or stdout cannot be written.
pub fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let config = settings::load(&arguments.config, None)?;
    let format = general.format_or(Format::Table);
    let columns = ["key", "value", "origin", "place"];
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    for leaf in config.leaves() {
        let place = leaf.origin.to_string();
        let kind = leaf.origin.layer().kind();
        rows.row(&[&leaf.path, &leaf.value, kind, &place].map(Cell::Text))?;
    }
    rows.finish()
}
