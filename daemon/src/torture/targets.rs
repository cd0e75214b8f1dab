//! What each figure of a run is held against, and the table for people.
//!
//! The targets are those of a submission, 5,000 short seeds and 64 whole sessions, whatever the run.

use super::table::{Spread, Table};
use crate::exit::Failure;
use crate::output;
use serde::Serialize;
use std::io::Write;

/// Seeds of a submission.
const SEEDS: u64 = 5_064;
/// Simulated hours.
const HOURS: f64 = 800.0;
/// Orders, and executions.
const ORDERS: u64 = 50_000;
/// Faults in all, and of the kind that was met least.
const FAULTS: u64 = 100_000;
const LEAST: u64 = 100;
/// Percent of the pairs of fault and state.
const PAIRS: f64 = 90.0;
/// Milliseconds without protection outside outages, 99 of 100 and all.
const BARE_P99_MS: i64 = 2_000;
const BARE_MAX_MS: i64 = 5_000;
/// Milliseconds from a start until stops are checked, and until positions may be opened, 99 of 100.
const STOPS_P99_MS: i64 = 5_000;
const ACTIVE_P99_MS: i64 = 15_000;
/// Milliseconds from a halt until every entry is to be cancelled: a second and a tick.
const CANCELS_MAX_MS: i64 = 1_250;

/// A figure beside its target.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What.
    pub figure: &'static str,
    /// What was found.
    pub found: String,
    /// What is wanted; empty where nothing is.
    pub target: String,
    /// Whether it is; absent where nothing is wanted, or nothing was found to be held against it.
    pub met: Option<bool>,
}

fn row(
    figure: &'static str,
    found: impl ToString,
    target: impl Into<String>,
    met: Option<bool>,
) -> Row {
    Row {
        figure,
        found: found.to_string(),
        target: target.into(),
        met,
    }
}

/// A figure that nothing is wanted of.
fn bare(figure: &'static str, found: impl ToString) -> Row {
    row(figure, found, "", None)
}

fn at_least(figure: &'static str, found: u64, least: u64) -> Row {
    row(figure, found, format!(">= {least}"), Some(found >= least))
}

fn none(figure: &'static str, found: u64) -> Row {
    row(figure, found, "0", Some(found == 0))
}

fn spread(figure: &'static str, found: Option<Spread>, p99: i64, max: Option<i64>) -> Row {
    let mut target = format!("p99 <= {p99} ms");
    if let Some(max) = max {
        target += &format!(", max <= {max} ms");
    }
    let Some(Spread {
        p99: there,
        max: most,
        samples,
    }) = found
    else {
        return row(figure, "no sample", target, None);
    };
    let words = format!("p99 {there} ms, max {most} ms of {samples}");
    let met = there <= p99 && max.is_none_or(|max| most <= max);
    row(figure, words, target, Some(met))
}

impl Table {
    /// Every figure beside its target.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let least = &self.least_hit;
        let pairs = &self.pairs;
        let planted = if self.planted.of == 0 {
            row("planted bugs caught", "not tried", "all", None)
        } else {
            let words = format!("{} of {}", self.planted.caught, self.planted.of);
            let met = self.planted.caught == self.planted.of;
            row("planted bugs caught", words, "all", Some(met))
        };
        let cancels = self.halt_to_cancels_ms.map_or_else(
            || row("halt to cancels intended", "no sample", "", None),
            |found| {
                let words = format!("max {} ms of {}", found.max, found.samples);
                let target = format!("max <= {CANCELS_MAX_MS} ms");
                let met = found.max <= CANCELS_MAX_MS;
                row("halt to cancels intended", words, target, Some(met))
            },
        );
        let again = self.repeated_equal == self.repeated_seeds;
        let again = (self.repeated_seeds > 0).then_some(again);
        vec![
            at_least("seeds", self.seeds, SEEDS),
            row(
                "simulated hours",
                format!("{:.1}", self.simulated_hours),
                format!(">= {HOURS}"),
                Some(self.simulated_hours >= HOURS),
            ),
            at_least("orders", self.orders, ORDERS),
            at_least("executions", self.executions, ORDERS),
            at_least("faults", self.faults, FAULTS),
            row(
                "least-hit fault",
                format!("{} ({})", least.kind, least.count),
                format!(">= {LEAST}"),
                Some(least.count >= LEAST),
            ),
            row(
                "fault x state pairs",
                format!(
                    "{} of {}, {:.0} %",
                    pairs.reached,
                    pairs.feasible,
                    pairs.percent()
                ),
                format!(">= {PAIRS} %"),
                Some(pairs.percent() >= PAIRS),
            ),
            none("violations", self.violations),
            planted,
            none("acknowledged records lost", self.lost_records),
            none("duplicate orders", self.duplicate_orders),
            none("orphan orders", self.orphan_orders),
            spread(
                "unprotected outside outages",
                self.unprotected_ms,
                BARE_P99_MS,
                Some(BARE_MAX_MS),
            ),
            spread(
                "start to stops, with a line",
                self.recovery_ms,
                STOPS_P99_MS,
                None,
            ),
            spread("start to active", self.active_ms, ACTIVE_P99_MS, None),
            row(
                "orders opened after a halt",
                format!(
                    "{} in {}",
                    self.openings_after_a_halt,
                    output::counted(self.halts, "halt")
                ),
                "0",
                Some(self.openings_after_a_halt == 0),
            ),
            cancels,
            row(
                "same seed, same journal",
                format!("{} of {}", self.repeated_equal, self.repeated_seeds),
                "all",
                again,
            ),
            bare("processes", self.processes),
            bare(
                "journals hurt by the disk",
                self.journals_damaged_by_the_disk,
            ),
            bare("seeds below 10 orders", self.seeds_below_10_orders),
            bare(
                "wall time",
                format!(
                    "{:.1} s, {:.0} ms a seed",
                    self.wall_s,
                    1e3 * self.wall_s / self.seeds.max(1) as f64
                ),
            ),
        ]
    }

    /// Writes the table for people.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn show(&self, out: &mut impl Write) -> Result<(), Failure> {
        for row in self.rows() {
            let met = match row.met {
                Some(true) => "met",
                Some(false) => "missed",
                None => "",
            };
            let (figure, found, target) = (row.figure, row.found, row.target);
            let line = format!("{figure:<28} {found:<34} {target:<30} {met}");
            writeln!(out, "{}", line.trim_end())?;
        }
        writeln!(out, "\n{}", self.bound)?;
        if !self.violations_by_invariant.is_empty() {
            writeln!(out, "\nviolations by invariant")?;
            for (invariant, count) in &self.violations_by_invariant {
                writeln!(out, "  I{invariant:<28} {count}")?;
            }
            for found in &self.found {
                let (seed, violation, again) = (found.seed, &found.violation, &found.again);
                writeln!(out, "  seed {seed}: {violation}\n    {again}")?;
            }
        }
        writeln!(out, "\nseeds by day and hours")?;
        for (day, count) in &self.seeds_by_day {
            writeln!(out, "  {day:<30} {count}")?;
        }
        writeln!(out, "\nfaults by kind, the least-hit first")?;
        let mut kinds: Vec<_> = self.faults_by_kind.iter().collect();
        kinds.sort_by_key(|(kind, count)| (**count, **kind));
        for (kind, count) in kinds {
            writeln!(out, "  {kind:<30} {count}")?;
        }
        writeln!(out, "\npairs of fault and state not met")?;
        for pair in &self.pairs.missing {
            writeln!(out, "  {pair}")?;
        }
        for pair in &self.pairs.beyond {
            writeln!(out, "  {pair} was met and counts for nothing")?;
        }
        Ok(())
    }
}

/// What the number of violations says and what it does not.
#[must_use]
pub fn bound(seeds: u64, violations: u64) -> String {
    if violations == 0 {
        let rate = 3.0 / seeds.max(1) as f64;
        format!(
            "Zero violations in {seeds} seeds bounds the per-seed rate by 3/N = {rate:.1e} at 95 %; \
             it bounds the modelled faults only."
        )
    } else {
        let found = output::counted(violations, "violation");
        format!("{found} in {seeds} seeds: nothing is bounded before they are understood.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_met_or_missed() {
        let met = |row: Row| (row.found, row.met);
        assert_eq!(met(at_least("a", 99, 100)), ("99".to_owned(), Some(false)));
        assert_eq!(met(none("a", 0)), ("0".to_owned(), Some(true)));
        let found = Some(Spread {
            p99: 1_500,
            max: 6_000,
            samples: 7,
        });
        let words = "p99 1500 ms, max 6000 ms of 7".to_owned();
        let missed = met(spread("a", found, 2_000, Some(5_000)));
        assert_eq!(missed, (words.clone(), Some(false)));
        assert_eq!(met(spread("a", found, 2_000, None)), (words, Some(true)));
        assert_eq!(met(spread("a", None, 1, None)).1, None);
    }

    #[test]
    fn no_violation_bounds_a_rate() {
        let words = bound(5_064, 0);
        assert!(
            words.contains("5064 seeds bounds the per-seed rate by 3/N = 5.9e-4"),
            "{words}"
        );
        assert!(bound(10, 1).starts_with("1 violation in 10 seeds"));
    }
}
