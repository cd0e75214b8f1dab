//! Which underlyings move together over the last two hours of trading.

use super::found::{Basis, CorrelationFound, rounded};
use super::seen::Seen;
use crate::risk::correlation::{ROWS_MIN, correlations};
use components::market::Ticker;
use components::units::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Minutes that are looked at.
const MINUTES: usize = 120;

/// The correlations of all that was `seen`, in order of the symbols whatever the order of `seen`.
///
/// Minutes that not all have are left out and never filled; with fewer than five a symbol the
/// covariance is shrunk. Source: formulas.md 15.
#[must_use]
pub fn discover_correlation(seen: &[Seen<'_>]) -> CorrelationFound {
    let by_symbol: BTreeMap<Ticker, BTreeMap<(Timestamp, i64), f64>> = seen
        .iter()
        .map(|seen| {
            let moves: Vec<_> = seen.returns().collect();
            let last = moves[moves.len().saturating_sub(MINUTES)..].iter();
            let named = last.map(|(minute, step)| ((minute.session, minute.place), *step));
            (seen.symbol, named.collect())
        })
        .collect();
    let symbols: Vec<Ticker> = by_symbol.keys().copied().collect();
    if symbols.len() < 2 {
        let basis = Basis::thin(symbols.len(), 2, "symbols");
        return CorrelationFound::nothing(symbols, basis);
    }
    let all: BTreeSet<(Timestamp, i64)> = by_symbol
        .values()
        .flat_map(|moves| moves.keys().copied())
        .collect();
    let minutes: Vec<_> = all.into_iter().rev().take(MINUTES).collect();
    let columns: Vec<Vec<Option<f64>>> = by_symbol
        .values()
        .map(|moves| {
            let oldest_first = minutes.iter().rev();
            oldest_first
                .map(|minute| moves.get(minute).copied())
                .collect()
        })
        .collect();
    let slices: Vec<&[Option<f64>]> = columns.iter().map(Vec::as_slice).collect();
    let found = match correlations(&slices) {
        Ok(found) => found,
        Err(few) => {
            let basis = Basis::thin(few.found, ROWS_MIN, "minutes that all symbols have");
            return CorrelationFound::nothing(symbols, basis);
        }
    };
    let places = 0..symbols.len();
    let matrix: Vec<Vec<Option<f64>>> = places
        .clone()
        .map(|row| {
            let row = places.clone().map(|column| found.between(row, column));
            row.map(|rho| rho.map(rounded)).collect()
        })
        .collect();
    let moving = matrix.iter().flatten().flatten().count();
    let basis = if moving == 0 {
        Basis::still(found.rows, "the symbols")
    } else {
        Basis::ok(found.rows)
    };
    CorrelationFound {
        symbols,
        shrinkage: found
            .shrinkage
            .filter(|share| share.is_finite())
            .map(rounded),
        matrix,
        basis,
    }
}
