//! `analyze greeks`: price and eight Greeks of the options in a file.

use super::options::{Kernel, Outcome};
use crate::cli::General;
use crate::exit::Failure;
use std::path::PathBuf;
use systems::greeks::black_scholes::{Greeks, black_scholes};
use systems::greeks::terms::Terms;

/// The arguments of `analyze greeks`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Example:
  printf 'type,S,K,T,r,q,sigma\\nC,650,650,0.00274,0.04,0.01,0.12\\n' | alphatrader analyze greeks -

Input columns:  id (optional), type (C or P), S, K, T (years), r, q, sigma (decimals)
Output columns: id, status, price, delta, gamma, vega, theta, rho, vanna, vomma, charm
Units: vega, vanna, vomma per 1.00 of volatility; theta and charm per year; rho per 1.00.")]
pub struct Args {
    /// The file, or - for stdin
    pub file: PathBuf,
}

/// Computes the Greeks of every row.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let kernel = Kernel {
        given: "sigma",
        results: [
            "price", "delta", "gamma", "vega", "theta", "rho", "vanna", "vomma", "charm",
        ],
        check: Terms::check_volatility,
        compute,
    };
    kernel.run(&arguments.file, general)
}

fn compute(terms: &Terms, volatility: f64) -> Outcome<9> {
    let (status, greeks) = black_scholes(terms, volatility);
    let Greeks {
        price,
        delta,
        gamma,
        vega,
        theta,
        rho,
        vanna,
        vomma,
        charm,
    } = greeks;
    let values = [price, delta, gamma, vega, theta, rho, vanna, vomma, charm];
    (status.name(), status.has_values().then_some(values))
}
