//! How the underlying moves with the others.

use super::{Facts, Seen, was_computed};
use crate::comovement::returns::Step;
use crate::comovement::{CorrelationMatrix, Missing};

const RHO: &str = "-1 to 1";

pub(super) fn show(seen: &Seen<'_>, facts: &mut Facts) {
    let Some(matrix) = seen.world.get_resource::<CorrelationMatrix>() else {
        return;
    };
    let source = match matrix.step {
        Some(Step::Minute) => "returns of a minute",
        Some(Step::FiveSeconds) => "returns of five seconds, for lack of minutes",
        None => "returns of all underlyings",
    };
    facts.begin("comovement", source, matrix.stamp);
    let row = matrix.symbols.binary_search(&seen.ticker).ok();
    let size = matrix.symbols.len();
    let of_row = row.and_then(|row| matrix.rho.get(row * size..(row + 1) * size));
    let others = of_row.unwrap_or_default().iter().zip(&matrix.symbols);
    let others: Vec<_> = others
        .filter(|(_, ticker)| **ticker != seen.ticker)
        .filter_map(|(rho, ticker)| rho.map(|rho| (rho, ticker)))
        .collect();
    let count = others.len();
    let sum: f64 = others.iter().map(|(rho, _)| rho).sum();
    let why = match (matrix.missing, of_row) {
        (Some(Missing::Symbols), _) => "fewer than two underlyings have enough returns",
        (Some(Missing::Rows), _) => "too few moments at which all have a return",
        (None, None) => "it has too few returns",
        (None, Some(_)) => "it does not move, or no other does",
    };
    let mut tell = |name: &str, unit: &str, value: Option<f64>| {
        facts.number(name, unit, value);
        if was_computed(&matrix.stamp) {
            facts.whatever(why);
        }
    };
    let mean = (count > 0).then(|| sum / count as f64);
    tell("correlation_mean", RHO, mean);
    tell("correlation_all_pairs", RHO, matrix.average);
    let most = others.iter().max_by(|a, b| a.0.total_cmp(&b.0));
    let least = others.iter().min_by(|a, b| a.0.total_cmp(&b.0));
    tell("correlation_most", RHO, most.map(|most| most.0));
    tell("correlation_least", RHO, least.map(|least| least.0));
    let rows = matrix.step.map(|_| matrix.rows as f64);
    tell("correlation_rows", "returns", rows);
    for (name, other) in [("moves_most_with", most), ("moves_least_with", least)] {
        facts.word(name, other.map(|(_, ticker)| ticker.as_str()));
        if was_computed(&matrix.stamp) {
            facts.whatever(why);
        }
    }
}
