//! The figures of many seeds.

use super::fuse::Kill;
use super::pairs::Pairs;
use super::plan::Plan;
use super::targets::bound;
use super::verdict::Verdict;
use auditor::{Recovery, Violation};
use journal::Fault;
use serde::Serialize;
use simulator::{FaultCounts, GatewayFault};
use std::collections::BTreeMap;

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
    repeated_equal: u64,
    unprotected_ms: Vec<i64>,
    recovery_ms: Vec<i64>,
    active_ms: Vec<i64>,
    cancels_ms: Vec<i64>,
    days: BTreeMap<String, u64>,
    halt_openings: u64,
    halts: u64,
    few_orders: u64,
}

/// The table as one document: the contract's keys first.
#[derive(Debug, Serialize)]
pub struct Table {
    pub(super) seeds: u64,
    pub(super) simulated_hours: f64,
    pub(super) orders: u64,
    pub(super) executions: u64,
    pub(super) faults: u64,
    pub(super) least_hit: LeastHit,
    pub(super) violations: u64,
    pub(super) first_violation: Option<Found>,
    pub(super) planted: Planted,
    pub(super) lost_records: u64,
    pub(super) duplicate_orders: u64,
    pub(super) orphan_orders: u64,
    /// What the number of violations says.
    pub(super) bound: String,
    pub(super) ticks: u64,
    pub(super) processes: u64,
    pub(super) journals_damaged_by_the_disk: u64,
    pub(super) repeated_seeds: u64,
    pub(super) repeated_equal: u64,
    pub(super) seeds_below_10_orders: u64,
    pub(super) halts: u64,
    pub(super) openings_after_a_halt: u64,
    pub(super) halt_to_cancels_ms: Option<Spread>,
    pub(super) unprotected_ms: Option<Spread>,
    pub(super) recovery_ms: Option<Spread>,
    pub(super) active_ms: Option<Spread>,
    pub(super) pairs: Pairs,
    pub(super) seeds_by_day: BTreeMap<String, u64>,
    pub(super) faults_by_kind: BTreeMap<&'static str, u64>,
    pub(super) violations_by_invariant: BTreeMap<u8, u64>,
    pub(super) found: Vec<Found>,
    pub(super) wall_s: f64,
}

/// The kind of fault that happened least.
#[derive(Debug, Serialize)]
pub(super) struct LeastHit {
    pub(super) kind: String,
    pub(super) count: u64,
}

/// Planted faults caught, where that was tried.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Planted {
    /// Caught.
    pub caught: u64,
    /// Of so many.
    pub of: u64,
}

/// Times in milliseconds: 99 of 100 are not longer than the first, none than the second.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Spread {
    pub(super) p99: i64,
    pub(super) max: i64,
    pub(super) samples: usize,
}

impl Totals {
    /// Adds a seed.
    pub fn add(&mut self, verdict: Verdict, full_session: bool, repeated: bool) {
        self.seeds += 1;
        self.repeated += u64::from(repeated);
        let differs = verdict.violations.iter().any(|one| one.invariant == 35);
        self.repeated_equal += u64::from(repeated && !differs);
        if let Some((day, hours)) = verdict.day {
            let name = format!("{}, {}", day.name(), hours.name());
            *self.days.entry(name).or_default() += 1;
        }
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
        let recoveries = &figures.recoveries;
        let recovered = recoveries.iter().filter_map(Recovery::with_line_ms);
        self.recovery_ms.extend(recovered);
        let active = recoveries.iter().filter_map(|one| one.reconciled_ms);
        self.active_ms.extend(active);
        let cancels = figures.halts.iter().filter_map(|halt| halt.cancels_ms);
        self.cancels_ms.extend(cancels);
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

    /// Adds the sums of other seeds.
    pub fn absorb(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.points += other.points;
        self.ticks += other.ticks;
        self.lives += other.lives;
        self.orders += other.orders;
        self.executions += other.executions;
        self.faults.add(&other.faults);
        self.violations += other.violations;
        for (invariant, count) in other.by_invariant {
            *self.by_invariant.entry(invariant).or_default() += count;
        }
        let room = KEPT_MAX.saturating_sub(self.found.len());
        self.found.extend(other.found.into_iter().take(room));
        self.lost_records += other.lost_records;
        self.duplicate_orders += other.duplicate_orders;
        self.orphan_orders += other.orphan_orders;
        self.damaged += other.damaged;
        self.repeated += other.repeated;
        self.repeated_equal += other.repeated_equal;
        self.unprotected_ms.extend(other.unprotected_ms);
        self.recovery_ms.extend(other.recovery_ms);
        self.active_ms.extend(other.active_ms);
        self.cancels_ms.extend(other.cancels_ms);
        for (day, count) in other.days {
            *self.days.entry(day).or_default() += count;
        }
        self.halt_openings += other.halt_openings;
        self.halts += other.halts;
        self.few_orders += other.few_orders;
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
            bound: bound(self.seeds, self.violations),
            ticks: self.ticks,
            processes: self.lives,
            journals_damaged_by_the_disk: self.damaged,
            repeated_seeds: self.repeated,
            repeated_equal: self.repeated_equal,
            seeds_below_10_orders: self.few_orders,
            halts: self.halts,
            openings_after_a_halt: self.halt_openings,
            halt_to_cancels_ms: spread(&mut self.cancels_ms),
            unprotected_ms: spread(&mut self.unprotected_ms),
            recovery_ms: spread(&mut self.recovery_ms),
            active_ms: spread(&mut self.active_ms),
            pairs: Pairs::of(&self.faults.states),
            seeds_by_day: self.days,
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
