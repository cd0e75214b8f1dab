//! What each planted fault is tried on. Most show on the seeds as they are drawn; some need an
//! occasion that those have too seldom: a seed on which what the invariant is about happens all the
//! time. The same seed without the fault must find nothing, else it counts for nothing.

use super::drills;
use crate::torture::fuse::Kill;
use crate::torture::grid::Grid;
use crate::torture::plan::{Death, MirrorKind, Plan};
use components::units::{Price, Timestamp};
use engine::calendar::Calendar;
use engine::clock::{Jump, TICK_MS, Window};
use engine::command::Command;
use jiff::civil::{Date, date};
use simulator::{Fault, FaultKind, GatewayFault, GatewayFaults, MarketMove, MoveKind, ticker_of};
use std::fmt::Display;

/// What a fault is tried on.
#[derive(Clone, Copy, Debug)]
pub enum Occasion {
    /// Seeds, by their numbers.
    Seeds(&'static str, fn(u64) -> Plan),
    /// Two lives of a seed that must be the same, by this invariant.
    Pairs(&'static str, u8, fn(u64) -> (Plan, Plan)),
    /// Code that holds without the fault.
    Drill(&'static str, fn() -> Result<(), String>),
}

impl Occasion {
    /// What it is called in reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Seeds(name, _) | Self::Pairs(name, ..) | Self::Drill(name, _) => name,
        }
    }
}

/// What the fault that breaks an invariant is tried on.
#[must_use]
pub fn occasion(bug: u8) -> Occasion {
    use Occasion::{Drill, Pairs, Seeds};
    match bug {
        2 => Seeds("one wish again and again", repeated_wishes),
        3 => Seeds("gateways that restart", restarted_gateways),
        4 => Seeds("acknowledgements that come late", late_acknowledgements),
        5 => Seeds("reports that come again", repeated_reports),
        7 => Seeds("orders that never arrive", lost_orders),
        8 => Seeds("entries called back all the time", slow_cancels),
        10 | 11 | 12 | 14 | 15 | 23 => Seeds("signals all the time", eager),
        13 => Seeds("others trade on the account", foreign_orders),
        16 => Seeds("three losing trades and restarts", losing_restarts),
        17 => Seeds("halts all the time", halts),
        18 => Seeds("halts and restarts", halted_restarts),
        20 => Seeds("stops that are refused", refused_stops),
        22 => Seeds("a broker that refuses all", refused),
        24 => Seeds("a market that falls silent", silences),
        25 => Drill("garbage at the door", drills::garbage_at_the_door),
        26 => Seeds("a price that is off", offset_price),
        27 => Seeds("a wall clock that jumps", jumping_clock),
        28 => Seeds("the last minutes of a half day", half_day),
        29 => Drill("days beyond the calendar", drills::days_beyond_the_calendar),
        30 => Seeds("underlyings that are halted", halted_underlyings),
        31 => Seeds("the end of an expiry Friday", expiry_friday),
        32 => Seeds("power that fails", power_cuts),
        33 => Drill("every byte of a journal damaged", drills::damaged_journal),
        34 => Seeds("restarts", |seed| restarting(eager(seed))),
        35 => Pairs("seeds lived twice", 35, |seed| (eager(seed), eager(seed))),
        36 => Seeds("a second engine", second_engine),
        37 => Seeds("a mirror beside every commit", mirrored),
        38 => Pairs("a mirror that fails against none", 38, two_mirrors),
        45 => Drill(
            "truth table of the interlock",
            drills::interlock_truth_table,
        ),
        46 => Drill("fees of executions that never come", drills::burst_of_fees),
        47 => Seeds("lines that break", broken_lines),
        _ => Seeds("seeds", Plan::short),
    }
}

/// A seed in which nothing goes wrong and the strategy signals all the time.
fn eager(seed: u64) -> Plan {
    let mut plan = Plan::calm(seed);
    set(&mut plan, "chance", 0.2);
    plan
}

/// An eager seed whose entries bid and wait.
fn patient(seed: u64) -> Plan {
    let mut plan = eager(seed);
    set(&mut plan, "patient_share", 1.0);
    plan
}

fn repeated_wishes(seed: u64) -> Plan {
    let mut plan = patient(seed);
    set(&mut plan, "cooldown_s", 1);
    set(&mut plan, "good_for_s", 60);
    plan
}

fn restarted_gateways(seed: u64) -> Plan {
    faulty(eager(seed), &[(GatewayFault::GatewayRestart, 100.0)])
}

fn late_acknowledgements(seed: u64) -> Plan {
    faulty(eager(seed), &[(GatewayFault::ExecutionFirst, 0.3)])
}

fn repeated_reports(seed: u64) -> Plan {
    faulty(eager(seed), &[(GatewayFault::Duplicate, 0.2)])
}

fn refused_stops(seed: u64) -> Plan {
    faulty(eager(seed), &[(GatewayFault::StopLegRejected, 0.3)])
}

fn lost_orders(seed: u64) -> Plan {
    faulty(eager(seed), &[(GatewayFault::DropBeforeArrival, 0.2)])
}

fn slow_cancels(seed: u64) -> Plan {
    let mut plan = faulty(patient(seed), &[(GatewayFault::Delay, 0.3)]);
    set(&mut plan, "good_for_s", 60);
    plan.commands = every(&plan, 12, Command::CancelAll);
    plan
}

fn foreign_orders(seed: u64) -> Plan {
    let mut plan = faulty(eager(seed), &[(GatewayFault::ForeignOrder, 150.0)]);
    set(&mut plan, "reconcile_s", 5);
    plan.commands = every(&plan, 20, Command::Resume);
    plan
}

fn losing_restarts(seed: u64) -> Plan {
    let mut plan = restarting(eager(seed));
    set(&mut plan, "losing_trades_max", 3);
    plan.losing_trades_max = 3;
    plan
}

fn halts(seed: u64) -> Plan {
    let mut plan = eager(seed);
    for place in 0..8 {
        let at = |point: usize| plan.instant(100 * place + point);
        let (halt, resume) = ((at(50), Command::Halt), (at(100), Command::Resume));
        plan.commands.extend([halt, resume]);
    }
    plan
}

fn halted_underlyings(seed: u64) -> Plan {
    let mut plan = eager(seed);
    plan.tape.moves = (0..6)
        .map(|place| MarketMove {
            at: plan.instant(100 + 120 * place),
            ticker: ticker_of(place % 2),
            kind: MoveKind::Halt { seconds: 15.0 },
        })
        .collect();
    plan
}

fn power_cuts(seed: u64) -> Plan {
    let mut plan = restarting(eager(seed));
    for death in &mut plan.deaths {
        death.kill = Kill::AfterSync(3);
        death.power = true;
    }
    plan
}

fn second_engine(seed: u64) -> Plan {
    Plan {
        second_at: Some(100),
        ..eager(seed)
    }
}

fn halted_restarts(seed: u64) -> Plan {
    let mut plan = restarting(eager(seed));
    plan.commands = (1..5)
        .map(|n| (plan.instant(n * 150), Command::Halt))
        .collect();
    plan
}

fn refused(seed: u64) -> Plan {
    faulty(eager(seed), &[(GatewayFault::Reject201, 1.0)])
}

fn silences(seed: u64) -> Plan {
    let mut plan = eager(seed);
    let silence = |from, until| (plan.instant(from), plan.instant(until));
    plan.silences = vec![silence(100, 220), silence(400, 520), silence(700, 820)];
    plan
}

fn offset_price(seed: u64) -> Plan {
    let mut plan = eager(seed);
    // A quarter of each price.
    for (place, dollars) in [(0, 25), (1, 62)] {
        plan.feed.push(Fault {
            from: plan.instant(100 + 300 * place),
            until: plan.instant(300 + 300 * place),
            kind: FaultKind::Offset {
                ticker: ticker_of(place),
                by: Price(dollars * 10_000),
            },
        });
    }
    plan
}

fn jumping_clock(seed: u64) -> Plan {
    let mut plan = eager(seed);
    let jump = |(point, millis)| Jump {
        at: plan.instant(point),
        millis,
    };
    let millis = [3_600_000, -5_000, -3_600_000, 2_000];
    plan.jumps = [200, 400, 600, 800]
        .into_iter()
        .zip(millis)
        .map(jump)
        .collect();
    plan.commands = [300, 500, 700]
        .map(|point| (plan.instant(point), Command::Resume))
        .to_vec();
    plan
}

/// From eleven minutes before the close at 13:00 on.
fn half_day(seed: u64) -> Plan {
    ending(eager(seed), date(2026, 11, 27), 11, 1_200)
}

/// From nineteen minutes before the close on, beyond the last minute to be flat.
fn expiry_friday(seed: u64) -> Plan {
    let mut plan = ending(eager(seed), date(2026, 3, 6), 19, 2_640);
    // Held until the clock wants it sold.
    set(&mut plan, "stop_share", 0.9);
    set(&mut plan, "target_share", 4.0);
    plan
}

/// The seed on another day, from `minutes` before its close on.
fn ending(mut plan: Plan, day: Date, minutes: i64, points: usize) -> Plan {
    let until = day.saturating_add(jiff::Span::new().days(5));
    plan.tape.sessions = Calendar::nyse().sessions(day, until).to_vec();
    if let Some(session) = plan.tape.sessions.first() {
        let start = session.close.plus_millis(-minutes * 60_000);
        let length = i64::try_from(points).unwrap_or(0) * TICK_MS;
        plan.tape.grid = Grid::new(vec![Window {
            session: *session,
            start,
            end: start.plus_millis(length),
        }]);
    }
    plan.calm_from = points;
    plan
}

fn mirrored(seed: u64) -> Plan {
    let mut plan = Plan::calm(seed);
    plan.mirror = MirrorKind::Well;
    set(&mut plan, "sync", "every_tick");
    plan
}

fn two_mirrors(seed: u64) -> (Plan, Plan) {
    let without = Plan::calm(seed);
    let failing = Plan {
        mirror: MirrorKind::Failing,
        ..without.clone()
    };
    (without, failing)
}

fn broken_lines(seed: u64) -> Plan {
    faulty(eager(seed), &[(GatewayFault::LinkDrop, 60.0)])
}

/// The seed with these faults of the broker until faults end.
fn faulty(mut plan: Plan, rates: &[(GatewayFault, f64)]) -> Plan {
    let mut faults = GatewayFaults::default();
    for (fault, rate) in rates {
        // A rate beyond its bounds leaves the fault out, and the planted one unnoticed.
        if let Ok(more) = faults.clone().with_rate(*fault, *rate) {
            faults = more;
        }
    }
    plan.gateway.faults = faults.until(plan.faults_end());
    plan
}

/// A command every so many ticks until faults end.
fn every(plan: &Plan, ticks: usize, command: Command) -> Vec<(Timestamp, Command)> {
    (ticks..plan.calm_from)
        .step_by(ticks)
        .map(|point| (plan.instant(point), command))
        .collect()
}

/// The seed as many processes of ten seconds each.
fn restarting(mut plan: Plan) -> Plan {
    let death = Death {
        kill: Kill::AfterAppend(40),
        power: false,
        nested: 0,
        down_ticks: 2,
    };
    plan.deaths = vec![death; 20];
    plan
}

/// Sets a value in the config of the seed. A key that is not there becomes a section of its own,
/// which the config refuses by its name.
fn set(plan: &mut Plan, key: &str, value: impl Display) {
    let text = &plan.config_text;
    let Some(at) = text.find(&format!("{key}: ")) else {
        plan.config_text = format!("{text}\n{key}: {value}\n");
        return;
    };
    let from = at + key.len() + 2;
    let length = text[from..]
        .find([',', '}', '\n'])
        .unwrap_or(text.len() - from);
    let after = &text[from + length..];
    plan.config_text = format!("{}{value} {after}", &text[..from]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::planted::BUGS;

    #[test]
    fn every_occasion_has_a_config_that_is_read() {
        for bug in BUGS {
            let plan = match occasion(bug.0) {
                Occasion::Seeds(_, plan) => plan(3),
                Occasion::Pairs(_, _, plans) => plans(3).1,
                Occasion::Drill(..) => continue,
            };
            assert!(plan.config().is_ok(), "I{}: {}", bug.0, plan.config_text);
        }
    }

    #[test]
    fn a_key_is_set_where_it_stands() {
        let mut plan = Plan::calm(1);
        set(&mut plan, "losing_trades_max", 3);
        set(&mut plan, "sync", "every_tick");
        assert!(
            plan.config_text.contains("{ losing_trades_max: 3 }"),
            "{}",
            plan.config_text
        );
        assert!(
            plan.config_text.contains("{ sync: every_tick }"),
            "{}",
            plan.config_text
        );
    }
}
