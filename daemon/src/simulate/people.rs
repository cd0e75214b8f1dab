//! The summary of a run for people, and what to try next.

use super::summary::{Quantiles, Summary};
use crate::exit::Failure;
use crate::output::{Cell, Format, Rows, counted};
use engine::record::Restriction;
use std::collections::BTreeMap;
use std::io::Write;
use wire::account::Positions;
use wire::execution::{Execution, Latency};

/// Systems shown, those with the longest 99th percentile.
const SYSTEMS_SHOWN: usize = 8;

/// Writes the summary, the slowest systems, and the next three commands to try.
pub(super) fn show(out: &mut impl Write, summary: &Summary, scenario: &str) -> Result<(), Failure> {
    let bold = anstyle::Style::new().bold();
    let stopped = if summary.stopped {
        ", stopped early"
    } else {
        ""
    };
    let colour = anstream::AutoStream::choice(&std::io::stdout());
    let (on, off) = match colour {
        anstream::ColorChoice::Never => (String::new(), String::new()),
        _ => (format!("{bold}"), format!("{bold:#}")),
    };
    writeln!(
        out,
        "{on}{}{off} with seed {}{stopped}",
        summary.scenario, summary.seed
    )?;
    writeln!(out)?;
    for (label, text) in lines(summary) {
        writeln!(out, "  {label:<11} {text}")?;
    }
    writeln!(out)?;
    latency(&mut *out, summary)?;
    for unmet in &summary.unmet {
        writeln!(out, "  unmet: {unmet}")?;
    }
    // As it was called: after `make run` the program is not on the path.
    let program = std::env::args()
        .next()
        .unwrap_or_else(|| "alphatrader".to_owned());
    writeln!(out, "\nNext:")?;
    writeln!(
        out,
        "  {program} simulate {scenario} --transcript run.txt   every signal, order and fill"
    )?;
    writeln!(
        out,
        "  {program} simulate {scenario} --journal run && {program} replay run   bit for bit"
    )?;
    writeln!(
        out,
        "  {program} simulate {scenario} --threads 2 --json     the same digest, for scripts"
    )?;
    Ok(out.flush()?)
}

fn lines(summary: &Summary) -> Vec<(&'static str, String)> {
    let Summary {
        events,
        signals,
        orders,
        ..
    } = summary;
    let cpu = summary
        .cpu_s
        .map_or(String::new(), |cpu| format!(", {cpu:.2} s of processor"));
    let memory = summary.peak_rss_bytes.map_or(String::new(), |bytes| {
        format!(", {:.0} MB at most", bytes as f64 / 1e6)
    });
    let mut lines = vec![
        (
            "time",
            format!(
                "{} in {}, {:.0} s of market in {:.2} s{cpu}{memory}",
                counted(summary.ticks, "tick"),
                counted(summary.sessions, "session"),
                summary.simulated_s,
                summary.wall_s
            ),
        ),
        (
            "market",
            format!(
                "{}, {}",
                counted(summary.underlyings as u64, "underlying"),
                counted(summary.contracts as u64, "contract")
            ),
        ),
        (
            "events",
            format!(
                "{}, {}, {}, {}, {} open interest; {} refused{}",
                counted(events.quotes, "quote"),
                counted(events.trades, "trade"),
                counted(events.book_updates, "book"),
                counted(events.option_quotes, "option quote"),
                events.open_interest,
                events.refused,
                reasons(&events.refused_by_reason)
            ),
        ),
        (
            "signals",
            format!(
                "{} scored, {} emitted, {} blocked{}",
                signals.scored,
                signals.emitted,
                signals.blocked,
                reasons(&signals.blocked_by_reason)
            ),
        ),
        (
            "orders",
            format!(
                "{} sent, {} filled, {} cancelled, {} rejected",
                orders.submitted, orders.filled, orders.cancelled, orders.rejected
            ),
        ),
        (
            "result",
            format!(
                "{:.2} USD after {:.2} USD of fees",
                summary.pnl_usd, summary.fees_usd
            ),
        ),
        ("execution", execution(&summary.execution)),
        (
            "overruns",
            format!(
                "{}, {} skipped",
                summary.overruns,
                counted(summary.skipped_ticks, "tick")
            ),
        ),
        (
            "emergency",
            format!(
                "{} carried out, {} ms of market at most",
                counted(summary.emergency.halts, "halt"),
                summary.emergency.longest_ms
            ),
        ),
        ("digest", summary.digest.clone()),
    ];
    if summary.resumed_after > 0 {
        let words = format!("{} after tick {}", summary.run, summary.resumed_after);
        lines.insert(0, ("run", words));
    }
    let exits = exits(&summary.execution);
    if !exits.is_empty() {
        lines.push(("exits", exits));
    }
    if !summary.portfolio.positions.is_empty() {
        lines.push(("held", held(&summary.portfolio)));
    }
    if let Some(found) = &summary.reconciliation {
        let words = format!(
            "{} matched with the broker's, {}",
            counted(found.matched, "execution"),
            counted(found.differences, "difference")
        );
        lines.push(("reconciled", words));
    }
    if summary.restriction != Restriction::Active.name() {
        let words = format!("{} at the end", summary.restriction);
        lines.push(("restriction", words));
    }
    lines
}

/// How orders were executed, in a line.
fn execution(found: &Execution) -> String {
    let within = |latency: &Latency| {
        latency.p50_ms.map_or("never".to_owned(), |p50| {
            format!(
                "within {p50} ms half the time, {} ms at most",
                latency.max_ms
            )
        })
    };
    let total = &found.total;
    let slippage = total
        .slippage_per_contract_usd
        .map_or(String::new(), |each| {
            format!("; {each:.2} USD a contract worse than the midpoint")
        });
    let fees = total.fees_per_contract_usd.map_or(String::new(), |each| {
        let share = total.fees_of_premium.unwrap_or_default() * 100.0;
        format!("; {each:.2} USD of fees a contract, {share:.1} % of the premium")
    });
    format!(
        "answered {}, filled {}{slippage}{fees}",
        within(&found.acknowledged),
        within(&found.filled)
    )
}

/// How positions ended, in a line.
fn exits(found: &Execution) -> String {
    let each = found.exits.iter().map(|exits| {
        format!(
            "{} {} {} {:.2} USD",
            exits.positions, exits.strategy, exits.reason, exits.profit_usd
        )
    });
    each.collect::<Vec<_>>().join(", ")
}

/// What is held at the end, in a line.
fn held(found: &Positions) -> String {
    let greeks = &found.greeks;
    format!(
        "{}, {:.2} USD unrealized, delta {:.0} USD, gamma {:.0} USD per 1 %, theta {:.2} USD a day, \
         vega {:.2} USD a point",
        counted(found.positions.len() as u64, "position"),
        found.unrealized_usd,
        greeks.delta_usd,
        greeks.gamma_usd_per_pct,
        greeks.theta_usd_per_day,
        greeks.vega_usd_per_point
    )
}

fn reasons(counts: &BTreeMap<String, u64>) -> String {
    let listed: Vec<String> = counts
        .iter()
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    if listed.is_empty() {
        String::new()
    } else {
        format!(" ({})", listed.join(", "))
    }
}

fn latency(out: &mut impl Write, summary: &Summary) -> Result<(), Failure> {
    let mut systems: Vec<&(String, Quantiles)> = summary.latency_us.systems.iter().collect();
    systems.sort_by(|a, b| b.1.p99.total_cmp(&a.1.p99));
    systems.truncate(SYSTEMS_SHOWN);
    let columns = ["microseconds", "p50", "p99", "p99.9", "max"];
    let mut rows = Rows::begin(out, Format::Table, &columns)?;
    let whole = ("whole tick".to_owned(), summary.latency_us.tick);
    for (name, quantiles) in std::iter::once(&whole).chain(systems) {
        let texts = [quantiles.p50, quantiles.p99, quantiles.p999, quantiles.max]
            .map(|micros| format!("{micros:.1}"));
        let [p50, p99, p999, max] = &texts;
        rows.row(&[
            Cell::Text(name),
            Cell::Right(p50),
            Cell::Right(p99),
            Cell::Right(p999),
            Cell::Right(max),
        ])?;
    }
    rows.finish()
}
