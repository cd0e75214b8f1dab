//! `analyze implied-vol`: the implied volatilities of the option prices in a file.

use super::{BadField, Complaints, Fields};
use crate::cli::General;
use crate::exit::Failure;
use crate::input::{Column, Input, Table};
use crate::output::{self, Cell, Format, Rows};
use components::greeks::IvStatus;
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

const INPUT: [&str; 7] = ["type", "S", "K", "T", "r", "q", "price"];

/// Inverts the price of every row.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let mut table = Table::open(Input::read(&arguments.file)?.into_csv()?)?;
    let places = table.columns(INPUT)?;
    let id = table.optional_column("id");
    let format = general.format_or(Format::Csv);
    let mut rows = Rows::begin(output::stdout(), format, &["id", "status", "sigma"])?;
    let mut complaints = Complaints::about(&table);
    while let Some(record) = table.next_record()? {
        let fields = Fields { record: &record };
        let (status, sigma) = match terms(&fields, places) {
            Ok((terms, price)) => {
                let (status, sigma) = implied_volatility(&terms, price);
                if let (IvStatus::Error, Err(reason)) = (status, terms.check_price(price)) {
                    complaints.tell(record.line(), &reason);
                }
                (status, sigma)
            }
            Err(reason) => {
                complaints.tell(record.line(), &reason);
                (IvStatus::Error, None)
            }
        };
        rows.row(&[
            fields.id(id),
            Cell::Text(status.name()),
            Cell::optional(sigma),
        ])?;
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
