//! `analyze greeks`: price and eight Greeks of the options in a file.

use super::{BadField, Complaints, Fields};
use crate::cli::General;
use crate::exit::Failure;
use crate::input::{Column, Input, Table};
use crate::output::{self, Cell, Format, Rows};
use std::path::PathBuf;
use systems::greeks::black_scholes::{Greeks, Status, black_scholes};
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

const INPUT: [&str; 7] = ["type", "S", "K", "T", "r", "q", "sigma"];

const OUTPUT: [&str; 11] = [
    "id", "status", "price", "delta", "gamma", "vega", "theta", "rho", "vanna", "vomma", "charm",
];

/// Computes the Greeks of every row.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let mut table = Table::open(Input::read(&arguments.file)?.into_csv()?)?;
    let places = table.columns(INPUT)?;
    let id = table.optional_column("id");
    let format = general.format_or(Format::Csv);
    let mut rows = Rows::begin(output::stdout(), format, &OUTPUT)?;
    let mut complaints = Complaints::about(&table);
    while let Some(record) = table.next_record()? {
        let fields = Fields { record: &record };
        let (status, greeks) = match terms(&fields, places) {
            Ok((terms, volatility)) => {
                let (status, greeks) = black_scholes(&terms, volatility);
                if let (Status::Error, Err(reason)) = (status, terms.check_volatility(volatility)) {
                    complaints.tell(record.line(), &reason);
                }
                (status, greeks)
            }
            Err(reason) => {
                complaints.tell(record.line(), &reason);
                (Status::Error, Greeks::default())
            }
        };
        let mut cells = [Cell::Missing; OUTPUT.len()];
        cells[0] = fields.id(id);
        cells[1] = Cell::Text(status.name());
        if status.has_values() {
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
            for (cell, value) in cells[2..].iter_mut().zip(values) {
                *cell = Cell::Number(value);
            }
        }
        rows.row(&cells)?;
    }
    rows.finish()
}

fn terms(fields: &Fields<'_>, places: [Column; INPUT.len()]) -> Result<(Terms, f64), BadField> {
    let column = |index: usize| (INPUT[index], places[index]);
    let terms = Terms {
        right: fields.right(column(0))?,
        spot: fields.number(column(1))?,
        strike: fields.number(column(2))?,
        years: fields.number(column(3))?,
        rate: fields.number(column(4))?,
        dividend_yield: fields.number(column(5))?,
    };
    Ok((terms, fields.number(column(6))?))
}
