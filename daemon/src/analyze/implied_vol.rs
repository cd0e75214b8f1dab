//! `analyze implied-vol`: the implied volatilities of the option prices in a file.

use super::options::Kernel;
use crate::cli::General;
use crate::exit::Failure;
use std::path::PathBuf;
use systems::greeks::implied_volatility::implied_volatility;
use systems::greeks::terms::Terms;

/// The arguments of `analyze implied-vol`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Example:
  printf 'type,S,K,T,r,q,price\\nC,21,20,0.25,0.1,0,1.875\\n' | alphatrader analyze implied-vol -

Input columns:  id (optional), type (C or P), S, K, T (years), r, q (decimals), price
Output columns: id, status, sigma
Status: ok, expired, below_intrinsic, no_time_value, above_max, zero_price, ill_conditioned (has a
value, but the price hardly depends on it), error.")]
pub struct Args {
    /// The file, or - for stdin
    pub file: PathBuf,
}

/// Inverts the price of every row.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let kernel = Kernel {
        given: "price",
        results: ["sigma"],
        check: Terms::check_price,
        compute: |terms, price| {
            let (status, sigma) = implied_volatility(terms, price);
            (status.name(), sigma.map(|sigma| [sigma]))
        },
    };
    kernel.run(&arguments.file, general)
}
