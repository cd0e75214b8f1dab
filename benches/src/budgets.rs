//! What each figure may be: `budgets.yaml`.

use crate::Failure;
use serde::Deserialize;

/// The file, so that the harness runs from any folder.
const FILE: &str = include_str!("../budgets.yaml");

/// What the figures of a name may be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    /// The name, with at most one `*` for anything.
    name: String,
    /// Half of the durations in microseconds.
    #[serde(default)]
    pub(crate) p50: Option<f64>,
    /// 99 % of the durations in microseconds.
    #[serde(default)]
    pub(crate) p99: Option<f64>,
    /// The least throughput a second.
    #[serde(default)]
    pub(crate) least: Option<f64>,
    /// The most CPU seconds.
    #[serde(default)]
    pub(crate) most: Option<f64>,
    /// Where the number comes from.
    pub(crate) why: String,
}

/// All budgets, in the order of the file.
#[derive(Clone, Debug)]
pub(crate) struct Budgets(Vec<Budget>);

/// Reads the budgets.
///
/// # Errors
/// When the file is not well-formed.
pub(crate) fn read() -> Result<Budgets, Failure> {
    let budgets =
        serde_saphyr::from_str(FILE).map_err(|error| format!("benches/budgets.yaml: {error}"))?;
    Ok(Budgets(budgets))
}

impl Budgets {
    /// The first budget that fits `name`.
    pub(crate) fn of(&self, name: &str) -> Option<&Budget> {
        self.0.iter().find(|budget| fits(&budget.name, name))
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((begin, end)) => name
            .strip_prefix(begin)
            .is_some_and(|rest| rest.len() >= end.len() && rest.ends_with(end)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_reads_and_every_budget_bounds_something() {
        let budgets = read().unwrap();
        assert!(budgets.0.len() > 10);
        for Budget {
            name,
            p50,
            p99,
            least,
            most,
            why,
        } in &budgets.0
        {
            let bounds = [p50, p99, least, most];
            let bounded = bounds
                .iter()
                .any(|bound| bound.is_some_and(|bound| bound > 0.0));
            assert!(bounded && !why.is_empty(), "{name}");
        }
        let tick = budgets.of("tick/2000_contracts").unwrap();
        assert_eq!(tick.p99.map(f64::to_bits), Some(5_000_f64.to_bits()));
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(fits("mirror/*_symbols", "mirror/100_symbols"));
        assert!(fits("kernel/greeks/*", "kernel/greeks/10000"));
        assert!(!fits("kernel/greeks/*", "kernel/book"));
        assert!(!fits("kernel/book", "kernel/book/2"));
    }
}
