//! Figures of a run and how they are shown.

use crate::Failure;
use crate::budgets::{Budget, Budgets};
use crate::machine::Machine;
use comfy_table::{CellAlignment, Table, presets};
use engine::latency::Percentiles;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;

/// What was measured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    /// Durations in microseconds.
    Latency {
        /// Measurements.
        n: u64,
        /// Half of them are not longer.
        p50: f64,
        /// 99 % are not longer.
        p99: f64,
        /// 99.9 % are not longer.
        p999: f64,
        /// The longest.
        max: f64,
    },
    /// What is done in a second.
    Throughput {
        /// Threads that worked.
        threads: usize,
        /// Runs.
        n: u64,
        /// The middle one, in processor time where one thread works and wall time where several do.
        median: f64,
        /// The middle one in wall time.
        median_wall: f64,
    },
    /// CPU seconds of a whole run.
    Whole {
        /// Threads that worked.
        threads: usize,
        /// CPU seconds.
        median: f64,
    },
}

impl From<Percentiles> for Value {
    fn from(found: Percentiles) -> Self {
        let Percentiles {
            n,
            p50,
            p99,
            p999,
            max,
        } = found;
        Self::Latency {
            n,
            p50,
            p99,
            p999,
            max,
        }
    }
}

/// A figure, its budget and what it took to find it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// The bench, or a part of it.
    pub(crate) name: String,
    unit: String,
    #[serde(flatten)]
    value: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget_p50: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget_p99: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget_least: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget_most: Option<f64>,
    #[serde(default)]
    over: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    why: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wall_s: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cpu_s: Option<f64>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    baseline: Option<Ratios>,
}

/// How a figure compares with that of an earlier run: now over then.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Ratios {
    /// Of the medians.
    median: f64,
    /// Of the 99th percentiles, for durations.
    #[serde(skip_serializing_if = "Option::is_none")]
    p99: Option<f64>,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, unit: &str, value: impl Into<Value>) -> Self {
        Self {
            name: name.into(),
            unit: unit.to_owned(),
            value: value.into(),
            budget_p50: None,
            budget_p99: None,
            budget_least: None,
            budget_most: None,
            over: false,
            why: String::new(),
            wall_s: None,
            cpu_s: None,
            note: String::new(),
            baseline: None,
        }
    }

    /// The figure with what the measurement took.
    pub(crate) fn spent(mut self, wall_s: f64, cpu_s: f64) -> Self {
        self.wall_s = Some(wall_s);
        self.cpu_s = Some(cpu_s);
        self
    }

    /// The figure with a word to people.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    fn judge(&mut self, budget: &Budget) {
        self.why.clone_from(&budget.why);
        let over = |found: f64, most: Option<f64>| most.is_some_and(|most| found > most);
        match self.value {
            Value::Latency { p50, p99, .. } => {
                (self.budget_p50, self.budget_p99) = (budget.p50, budget.p99);
                self.over = over(p50, budget.p50) || over(p99, budget.p99);
            }
            Value::Throughput { median, .. } => {
                self.budget_least = budget.least;
                self.over = budget.least.is_some_and(|least| median < least);
            }
            Value::Whole { median, .. } => {
                self.budget_most = budget.most;
                self.over = over(median, budget.most);
            }
        }
    }

    fn compare(&mut self, earlier: &Self) {
        let ratio = |now: f64, then: f64| if then > 0.0 { now / then } else { 1.0 };
        let (now, now_p99) = self.value.summary();
        let (then, then_p99) = earlier.value.summary();
        self.baseline = Some(Ratios {
            median: ratio(now, then),
            p99: now_p99.zip(then_p99).map(|(now, then)| ratio(now, then)),
        });
    }

    fn cells(&self) -> [String; 8] {
        let spent = |seconds: Option<f64>| {
            seconds.map_or_else(String::new, |seconds| format!("{seconds:.2}"))
        };
        let bounds = [
            self.budget_p50.map(|most| format!("p50 ≤ {}", short(most))),
            self.budget_p99.map(|most| format!("p99 ≤ {}", short(most))),
            self.budget_least.map(|least| format!("≥ {}", short(least))),
            self.budget_most.map(|most| format!("≤ {}", short(most))),
        ];
        let budget: Vec<String> = bounds.into_iter().flatten().collect();
        let [middle, tail] = match self.value {
            Value::Latency {
                p50,
                p99,
                p999,
                max,
                ..
            } => [
                short(p50),
                format!("{} / {} / {}", short(p99), short(p999), short(max)),
            ],
            Value::Throughput {
                median,
                median_wall,
                ..
            } => [short(median), format!("{} by wall", short(median_wall))],
            Value::Whole { median, .. } => [short(median), String::new()],
        };
        let verdict = match (budget.is_empty(), self.over) {
            (true, _) => String::new(),
            (false, true) => format!("OVER {}", budget.join(", ")),
            (false, false) => format!("ok {}", budget.join(", ")),
        };
        let compared = self.baseline.map_or_else(String::new, |ratios| {
            let p99 = ratios
                .p99
                .map_or_else(String::new, |p99| format!(" / {p99:.2}"));
            format!("{:.2}{p99}", ratios.median)
        });
        [
            self.name.clone(),
            self.unit.clone(),
            middle,
            tail,
            verdict,
            spent(self.wall_s),
            spent(self.cpu_s),
            compared,
        ]
    }
}

impl Value {
    /// What baselines are compared by: the median, and the 99th percentile of durations.
    fn summary(&self) -> (f64, Option<f64>) {
        match *self {
            Self::Latency { p50, p99, .. } => (p50, Some(p99)),
            Self::Throughput { median, .. } | Self::Whole { median, .. } => (median, None),
        }
    }
}

/// All figures of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    machine: Machine,
    results: Vec<Figure>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<Skipped>,
}

/// A bench that was not run.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Skipped {
    name: String,
    why: String,
}

impl Report {
    pub(crate) fn new(machine: Machine) -> Self {
        Self {
            machine,
            results: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// Reads what `--json` wrote.
    ///
    /// # Errors
    /// When the file cannot be read or is something else.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("--baseline {name} could not be read: {error}"))?;
        let report = serde_json::from_str(&text)
            .map_err(|error| format!("--baseline {name} is not what --json wrote: {error}"))?;
        Ok(report)
    }

    pub(crate) fn extend(&mut self, figures: Vec<Figure>, budgets: &Budgets) {
        for mut figure in figures {
            if let Some(budget) = budgets.of(&figure.name) {
                figure.judge(budget);
            }
            self.results.push(figure);
        }
    }

    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        self.skipped.push(Skipped {
            name: name.to_owned(),
            why: why.to_owned(),
        });
    }

    /// Compares every figure with that of the same name and unit in `earlier`.
    pub(crate) fn compare(&mut self, earlier: &Self) {
        for figure in &mut self.results {
            let same = |then: &&Figure| then.name == figure.name && then.unit == figure.unit;
            if let Some(then) = earlier.results.iter().find(same) {
                figure.compare(then);
            }
        }
    }

    /// Whether a figure is over its budget.
    pub(crate) fn is_over(&self) -> bool {
        self.results.iter().any(|figure| figure.over)
    }

    pub(crate) fn write_json(&self, out: &mut impl Write) -> Result<(), Failure> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        Ok(writeln!(out)?)
    }

    pub(crate) fn write_table(&self, out: &mut impl Write) -> Result<(), Failure> {
        let Machine {
            cpu,
            cores,
            rustc,
            commit,
        } = &self.machine;
        writeln!(out, "{cpu}, {cores} cores, {rustc}, commit {commit}\n")?;
        let compares = self.results.iter().any(|figure| figure.baseline.is_some());
        let shown = if compares { 8 } else { 7 };
        let columns = [
            "name",
            "unit",
            "p50 or median",
            "p99 / p99.9 / max",
            "budget",
            "wall s",
            "cpu s",
            "now / then",
        ];
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_header(&columns[..shown]);
        for figure in &self.results {
            table.add_row(&figure.cells()[..shown]);
        }
        for column in [2, 3, 5, 6, 7] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        writeln!(out, "{}", table.trim_fmt())?;
        for figure in self.results.iter().filter(|figure| !figure.note.is_empty()) {
            writeln!(out, "{}: {}", figure.name, figure.note)?;
        }
        for Skipped { name, why } in &self.skipped {
            writeln!(out, "{name}: {why}")?;
        }
        let mut is_within = true;
        for figure in self.results.iter().filter(|figure| figure.over) {
            is_within = false;
            writeln!(out, "OVER BUDGET {} ({})", figure.name, figure.why)?;
        }
        if is_within {
            writeln!(out, "Everything with a budget is within it.")?;
        }
        Ok(())
    }
}

/// A number with the digits that matter.
fn short(value: f64) -> String {
    match value {
        v if v >= 1e9 => format!("{:.2} G", v / 1e9),
        v if v >= 1e6 => format!("{:.2} M", v / 1e6),
        v if v >= 1e5 => format!("{:.0} k", v / 1e3),
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budgets;

    fn latency(name: &str, p50: f64, p99: f64) -> Figure {
        let max = p99;
        Figure::new(
            name,
            "us",
            Value::Latency {
                n: 9,
                p50,
                p99,
                p999: p99,
                max,
            },
        )
    }

    fn report(figures: Vec<Figure>) -> Report {
        let mut report = Report::new(Machine::look());
        report.extend(figures, &budgets::read().unwrap());
        report
    }

    #[test]
    fn a_figure_over_its_budget_is_found() {
        assert!(!report(vec![latency("tick/2000_contracts", 1.0, 5_000.0)]).is_over());
        assert!(report(vec![latency("tick/2000_contracts", 1.0, 5_000.1)]).is_over());
        let value = |median| Value::Throughput {
            threads: 1,
            n: 1,
            median,
            median_wall: median,
        };
        let vpin = |median| Figure::new("kernel/vpin/10000000", "trades_per_s", value(median));
        assert!(!report(vec![vpin(150e6)]).is_over());
        assert!(report(vec![vpin(149e6)]).is_over());
    }

    #[test]
    fn what_is_written_reads_back_and_compares() {
        let mut bytes = Vec::new();
        report(vec![latency("tick/2000_contracts", 100.0, 300.0)])
            .write_json(&mut bytes)
            .unwrap();
        let text = String::from_utf8(bytes).unwrap();
        for key in [
            "\"cpu\"",
            "\"p999\"",
            "\"budget_p99\": 5000.0",
            "\"over\": false",
        ] {
            assert!(text.contains(key), "{key} in {text}");
        }
        let earlier: Report = serde_json::from_str(&text).unwrap();
        let mut now = report(vec![latency("tick/2000_contracts", 150.0, 600.0)]);
        now.compare(&earlier);
        let expected = Ratios {
            median: 1.5,
            p99: Some(2.0),
        };
        assert_eq!(now.results[0].baseline, Some(expected));
        let mut shown = Vec::new();
        now.write_table(&mut shown).unwrap();
        let shown = String::from_utf8(shown).unwrap();
        assert!(
            shown.contains("1.50 / 2.00") && shown.contains("p99 ≤ 5000"),
            "{shown}"
        );
    }
}
