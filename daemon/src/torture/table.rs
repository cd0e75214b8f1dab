//! The figures of many seeds, and how they are shown.

use super::fuse::Kill;
use super::plan::Plan;
use super::verdict::Verdict;
use crate::exit::Failure;
use crate::output;
use auditor::Violation;
use journal::Fault;
use serde::Serialize;
use simulator::{FaultCounts, GatewayFault};
use std::collections::BTreeMap;
use std::io::Write;

/// Violations that are kept, the first of each invariant and seed; the rest is counted.
const KEPT_MAX: usize = 50;
/// Faults that the harness makes itself.
const OWN: [&str; 6] = [
    "kill_in_recovery",
    "second_engine",
    "tick_overrun",
    "machine_pause",
    "clock_set_ahead",
    "clock_set_back",
];
/// What the broker counts besides: what faults of two kinds came to.
const OUTCOMES: [&str; 2] = ["both_legs_filled", "filled_after_cancel"];

/// A violation and where it is found again.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// The seed.
    pub seed: u64,
    /// Whether it is a whole session.
    pub full_session: bool,
    /// What.
    #[serde(flatten)]
    pub violation: Violation,
    /// The command that shows it again.
    pub again: String,
}

/// The sums over seeds.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    seeds: u64,
    points: u64,
    ticks: u64,
    lives: u64,
    orders: u64,
    executions: u64,
    faults: FaultCounts,
    violations: u64,
    by_invariant: BTreeMap<u8, u64>,
    found: Vec<Found>,
    lost_records: u64,
    duplicate_orders: u64,
    orphan_orders: u64,
    damaged: u64,
    repeated: u64,
    unprotected_ms: Vec<i64>,
    recovery_ms: Vec<i64>,
    halt_openings: u64,
    halts: u64,
    few_orders: u64,
}

/// The table as one document: the contract's keys first.
#[derive(Debug, Serialize)]
pub struct Table {
    seeds: u64,
    simulated_hours: f64,
    orders: u64,
    executions: u64,
    faults: u64,
    least_hit: LeastHit,
    violations: u64,
    first_violation: Option<Found>,
    planted: Planted,
    lost_records: u64,
    duplicate_orders: u64,
    orphan_orders: u64,
    ticks: u64,
    processes: u64,
    journals_damaged_by_the_disk: u64,
    repeated_seeds: u64,
    seeds_below_10_orders: u64,
    halts: u64,
    openings_after_a_halt: u64,
    unprotected_ms: Option<Spread>,
    recovery_ms: Option<Spread>,
    fault_state_pairs: usize,
    faults_by_kind: BTreeMap<&'static str, u64>,
    violations_by_invariant: BTreeMap<u8, u64>,
    found: Vec<Found>,
    wall_s: f64,
}

#[derive(Debug, Serialize)]
struct LeastHit {
    kind: String,
    count: u64,
}

/// Planted faults caught, where that was tried.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Planted {
    /// Caught.
    pub caught: u64,
    /// Of so many.
    pub of: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Spread {
    p99: i64,
    max: i64,
    samples: usize,
}

impl Totals {
    /// Adds a seed.
    pub fn add(&mut self, verdict: Verdict, full_session: bool, repeated: bool) {
        self.seeds += 1;
        self.repeated += u64::from(repeated);
        self.points += verdict.points;
        self.ticks += verdict.ticks;
        self.lives += verdict.lives;
        self.faults.add(&verdict.faults);
        self.lost_records += verdict.lost_records;
        self.damaged += u64::from(verdict.damaged);
        let figures = &verdict.figures;
        self.orders += figures.orders;
        self.few_orders += u64::from(figures.orders < 10 && !verdict.damaged);
        self.executions += figures.executions;
        self.duplicate_orders += figures.duplicate_orders;
        self.orphan_orders += figures.orphan_orders;
        self.halts += figures.halts.len() as u64;
        self.halt_openings += figures.halts.iter().map(|h| h.openings_after).sum::<u64>();
        let bare = figures.unprotected.iter().filter(|one| !one.in_outage);
        self.unprotected_ms.extend(bare.map(|one| one.millis));
        let recovered = figures.recoveries.iter().filter_map(|one| one.stops_ms);
        self.recovery_ms.extend(recovered);
        self.violations += verdict.violations.len() as u64;
        for violation in verdict.violations {
            *self.by_invariant.entry(violation.invariant).or_default() += 1;
            let is_new = |found: &Found| {
                (found.seed, found.violation.invariant) != (verdict.seed, violation.invariant)
            };
            if self.found.len() < KEPT_MAX && self.found.iter().all(is_new) {
                self.found.push(Found {
                    seed: verdict.seed,
                    full_session,
                    violation,
                    again: again(verdict.seed, full_session),
                });
            }
        }
    }

    /// Violations so far.
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.violations
    }

    /// The table.
    #[must_use]
    pub fn table(mut self, planted: Planted, wall_s: f64) -> Table {
        let mut kinds: BTreeMap<&'static str, u64> = BTreeMap::new();
        let gateway = GatewayFault::ALL.iter().map(|kind| kind.name());
        let disk = Fault::ALL.iter().map(|fault| fault.name());
        let names = gateway.chain(disk).chain(Kill::NAMES).chain(OWN);
        for name in names.chain(Plan::OUTER_FAULTS).chain(OUTCOMES) {
            kinds.insert(name, self.faults.kinds.get(name).copied().unwrap_or(0));
        }
        let least = kinds.iter().min_by_key(|(_, count)| **count);
        Table {
            seeds: self.seeds,
            simulated_hours: self.points as f64 * 0.25 / 3_600.0,
            orders: self.orders,
            executions: self.executions,
            faults: kinds.values().sum(),
            least_hit: LeastHit {
                kind: least.map_or("", |(kind, _)| kind).to_owned(),
                count: least.map_or(0, |(_, count)| *count),
            },
            violations: self.violations,
            first_violation: self.found.first().cloned(),
            planted,
            lost_records: self.lost_records,
            duplicate_orders: self.duplicate_orders,
            orphan_orders: self.orphan_orders,
            ticks: self.ticks,
            processes: self.lives,
            journals_damaged_by_the_disk: self.damaged,
            repeated_seeds: self.repeated,
            seeds_below_10_orders: self.few_orders,
            halts: self.halts,
            openings_after_a_halt: self.halt_openings,
            unprotected_ms: spread(&mut self.unprotected_ms),
            recovery_ms: spread(&mut self.recovery_ms),
            fault_state_pairs: self.faults.states.len(),
            faults_by_kind: kinds,
            violations_by_invariant: self.by_invariant,
            found: self.found,
            wall_s,
        }
    }
}

fn again(seed: u64, full_session: bool) -> String {
    let full = if full_session {
        " --full-sessions 1"
    } else {
        ""
    };
    format!("alphatrader torture --seed {seed}{full}")
}

fn spread(values: &mut [i64]) -> Option<Spread> {
    values.sort_unstable();
    let place = (values.len() * 99).div_ceil(100).checked_sub(1)?;
    Some(Spread {
        p99: values[place],
        max: *values.last()?,
        samples: values.len(),
    })
}

impl Table {
    /// Writes the table for people.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn show(&self, out: &mut impl Write) -> Result<(), Failure> {
        let spread = |spread: Option<Spread>| match spread {
            Some(Spread { p99, max, samples }) => {
                format!("p99 {p99} ms, max {max} ms of {samples}")
            }
            None => "no sample".to_owned(),
        };
        let rows = [
            ("seeds", self.seeds.to_string()),
            ("simulated hours", format!("{:.1}", self.simulated_hours)),
            ("orders", self.orders.to_string()),
            ("executions", self.executions.to_string()),
            ("processes", self.processes.to_string()),
            ("faults", self.faults.to_string()),
            (
                "least-hit fault",
                format!("{} ({})", self.least_hit.kind, self.least_hit.count),
            ),
            ("fault x state pairs", self.fault_state_pairs.to_string()),
            ("violations", self.violations.to_string()),
            (
                "planted bugs caught",
                format!("{} of {}", self.planted.caught, self.planted.of),
            ),
            ("acknowledged records lost", self.lost_records.to_string()),
            ("duplicate orders", self.duplicate_orders.to_string()),
            ("orphan orders", self.orphan_orders.to_string()),
            (
                "openings after a halt",
                format!(
                    "{} in {}",
                    self.openings_after_a_halt,
                    output::counted(self.halts, "halt")
                ),
            ),
            ("unprotected outside outages", spread(self.unprotected_ms)),
            ("start to stops checked", spread(self.recovery_ms)),
            (
                "journals damaged by the disk",
                self.journals_damaged_by_the_disk.to_string(),
            ),
            ("seeds lived twice", self.repeated_seeds.to_string()),
            (
                "seeds below 10 orders",
                self.seeds_below_10_orders.to_string(),
            ),
            (
                "wall time",
                format!(
                    "{:.1} s, {:.0} ms a seed and thread",
                    self.wall_s,
                    1e3 * self.wall_s / self.seeds.max(1) as f64
                ),
            ),
        ];
        for (name, value) in rows {
            writeln!(out, "{name:<30} {value}")?;
        }
        if !self.violations_by_invariant.is_empty() {
            writeln!(out, "\nviolations by invariant")?;
            for (invariant, count) in &self.violations_by_invariant {
                writeln!(out, "  I{invariant:<28} {count}")?;
            }
            for found in &self.found {
                writeln!(
                    out,
                    "  seed {}: {}\n    {}",
                    found.seed, found.violation, found.again
                )?;
            }
        }
        writeln!(out, "\nfaults by kind")?;
        for (kind, count) in &self.faults_by_kind {
            writeln!(out, "  {kind:<28} {count}")?;
        }
        Ok(())
    }
}
