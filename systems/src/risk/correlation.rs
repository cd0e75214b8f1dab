//! Which underlyings move together, and whether a new position doubles one that is held.
//!
//! Pearson on synchronous 1-minute log returns. A row with any return missing is dropped and never
//! filled in; fewer than 30 rows give nothing; a series that does not move correlates with nothing;
//! fewer than 5 rows a symbol are shrunk (Ledoit-Wolf). Eigenvalues below 1e-10 are lifted there
//! and the diagonal is made 1 again. Source: formulas.md 15.
//!
//! Two positions bet the same way if `rho x direction x direction` is positive: what is short
//! turns the sign round. A hedge is never refused.

use super::covariance::{centre, correlation, covariance, ledoit_wolf};
use super::eigen::{eigen, is_above};

/// Fewer complete rows give no matrix.
pub const ROWS_MIN: usize = 30;
/// With fewer rows a symbol the covariance is shrunk.
pub const ROWS_PER_SYMBOL_MIN: usize = 5;
/// Eigenvalues are at least this.
pub const EIGENVALUE_MIN: f64 = 1e-10;

/// The correlations of a number of symbols.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlations {
    symbols: usize,
    rho: Vec<Option<f64>>,
    /// Complete rows that they stand on.
    pub rows: usize,
    /// How far the covariance was shrunk, if it was.
    pub shrinkage: Option<f64>,
}

impl Correlations {
    /// The correlation of two symbols by their places, or `None` where one of them does not move or
    /// has no place.
    #[must_use]
    pub fn between(&self, left: usize, right: usize) -> Option<f64> {
        if left >= self.symbols || right >= self.symbols {
            return None;
        }
        self.rho[left * self.symbols + right]
    }
}

/// Too few complete rows for a correlation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} complete rows of returns, must be at least {ROWS_MIN}")]
pub struct TooFewRows {
    /// How many there are.
    pub found: usize,
}

/// The correlations of `returns`: a slice a symbol, all of the same minutes; a return that is
/// missing or not finite takes its row out.
///
/// # Errors
/// When fewer than [`ROWS_MIN`] rows are complete.
///
/// # Panics
/// When the slices differ in length.
pub fn correlations(returns: &[&[Option<f64>]]) -> Result<Correlations, TooFewRows> {
    let symbols = returns.len();
    let mut series = complete_rows(returns);
    let rows = series.first().map_or(0, Vec::len);
    if rows < ROWS_MIN {
        return Err(TooFewRows { found: rows });
    }
    let moving: Vec<usize> = (0..symbols).filter(|s| moves(&series[*s])).collect();
    let mut rho = vec![None; symbols * symbols];
    let mut place = 0;
    series.retain(|_| {
        place += 1;
        moving.contains(&(place - 1))
    });
    centre(&mut series);
    let (matrix, shrinkage) = if rows < ROWS_PER_SYMBOL_MIN * symbols {
        let shrunk = ledoit_wolf(&series);
        (shrunk.covariance, Some(shrunk.shrinkage))
    } else {
        (covariance(&series, rows as f64), None)
    };
    let size = moving.len();
    let matrix = positive_definite(correlation(&matrix, size), size);
    for (row, left) in moving.iter().enumerate() {
        for (column, right) in moving.iter().enumerate() {
            rho[left * symbols + right] = Some(matrix[row * size + column]);
        }
    }
    Ok(Correlations {
        symbols,
        rho,
        rows,
        shrinkage,
    })
}

/// A correlation matrix with every eigenvalue at [`EIGENVALUE_MIN`] or above and the diagonal
/// exactly 1. One that has them already comes back bit for bit. To be called after any edit.
#[must_use]
pub fn positive_definite(matrix: Vec<f64>, size: usize) -> Vec<f64> {
    // Nearly always so, and told without the eigenvalues; twice the least leaves room for rounding.
    if is_above(&matrix, size, 2.0 * EIGENVALUE_MIN) {
        return matrix;
    }
    let parts = eigen(&matrix, size);
    if parts.values.iter().all(|value| *value >= EIGENVALUE_MIN) {
        return matrix;
    }
    let mut lifted = vec![0.0; size * size];
    for (k, value) in parts.values.iter().enumerate() {
        let value = value.max(EIGENVALUE_MIN);
        let vector = &parts.vectors[k * size..(k + 1) * size];
        for row in 0..size {
            for column in 0..size {
                lifted[row * size + column] += value * (vector[row] * vector[column]);
            }
        }
    }
    correlation(&lifted, size)
}

/// A position for the correlation limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bet {
    /// The place of its underlying in the matrix.
    pub symbol: usize,
    /// Its delta, dollars: only the sign counts.
    pub delta_usd: f64,
}

/// What stands against a new position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Correlated {
    /// It bets the same way as one that is held or wanted.
    SameWay {
        /// The other's place among the bets.
        with: usize,
        /// The correlation of the two underlyings.
        rho: f64,
    },
    /// How it moves with one that is held or wanted is not known.
    Unknown {
        /// The other's place among the bets.
        with: usize,
    },
}

/// Finds what stands against `candidate` beside `held`: the first bet on another underlying that
/// moves with it by more than `rho_max` in the same effective direction, else the first of which
/// that is not known.
///
/// Bets on the same underlying are left to the limit on positions of one symbol, bets without a
/// direction stand against nothing. `None` for the matrix means that there is none yet.
#[must_use]
pub fn correlated_same_way(
    correlations: Option<&Correlations>,
    held: &[Bet],
    candidate: Bet,
    rho_max: f64,
) -> Option<Correlated> {
    let mut unknown = None;
    for (with, bet) in held.iter().enumerate() {
        let way = direction(bet.delta_usd) * direction(candidate.delta_usd);
        if bet.symbol == candidate.symbol || way == 0 {
            continue;
        }
        let rho = correlations.and_then(|all| all.between(bet.symbol, candidate.symbol));
        match rho {
            Some(rho) if rho * f64::from(way) > rho_max => {
                return Some(Correlated::SameWay { with, rho });
            }
            Some(_) => {}
            None => unknown = unknown.or(Some(Correlated::Unknown { with })),
        }
    }
    unknown
}

fn direction(delta_usd: f64) -> i8 {
    i8::from(delta_usd > 0.0) - i8::from(delta_usd < 0.0)
}

/// The rows in which every series has a number, a series each.
pub(crate) fn complete_rows(returns: &[&[Option<f64>]]) -> Vec<Vec<f64>> {
    let rows = returns.first().map_or(0, |first| first.len());
    let lengths = returns.iter().all(|series| series.len() == rows);
    assert!(lengths, "a return or its absence for every minute");
    let mut series = vec![Vec::with_capacity(rows); returns.len()];
    for row in 0..rows {
        let value = |place: usize| returns[place][row].filter(|value| value.is_finite());
        if (0..returns.len()).all(|place| value(place).is_some()) {
            for (place, values) in series.iter_mut().enumerate() {
                values.extend(value(place));
            }
        }
    }
    series
}

/// Whether the values differ by more than the rounding of their mean.
fn moves(values: &[f64]) -> bool {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    high - low > 1e-14 * low.abs().max(high.abs())
}

#[cfg(test)]
mod tests;
