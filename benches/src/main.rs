//! The bench harness: every system and phase of a tick, the kernels, ingest, journal, mirror,
//! replay, measured against `budgets.yaml`.
//!
//! ```text
//! cargo run --release -p benches -- [NAME…] [--json] [--quick] [--baseline FILE] [--enforce]
//! ```

/// The analytics beside Greeks, exposure and VPIN.
mod analytics;
/// What each figure may be.
mod budgets;
/// What is computed over all underlyings or over the book.
mod cross;
/// Discovery over a number of tapes.
mod discovery;
/// An engine with nothing to do.
mod empty;
/// Order flow.
mod flow;
/// Recorded ticks through the door.
mod ingest;
/// Frames made durable.
mod journal;
/// Pure functions over slices.
mod kernels;
/// Where it was measured.
mod machine;
/// Time and what it was spent on.
mod measure;
/// State on its way to Redis.
mod mirror;
/// A recorded run, decided again.
mod replay;
/// Figures of a run and how they are shown.
mod report;
/// Engines for benches.
mod rig;
/// Orders against limits.
mod risk;
/// Whole days.
mod scenario;
/// Whole ticks.
mod tick;

use clap::Parser;
use measure::Settings;
use report::{Figure, Report};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Why a bench could not be measured.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// A bench: its name, whether `--quick` leaves it out, and what measures it.
struct Bench {
    name: &'static str,
    is_long: bool,
    run: fn(&Settings) -> Result<Vec<Figure>, Failure>,
}

const fn bench(name: &'static str, run: fn(&Settings) -> Result<Vec<Figure>, Failure>) -> Bench {
    Bench {
        name,
        is_long: false,
        run,
    }
}

const fn long(name: &'static str, run: fn(&Settings) -> Result<Vec<Figure>, Failure>) -> Bench {
    Bench {
        name,
        is_long: true,
        run,
    }
}

/// Everything that can be measured, in the order of measuring.
const BENCHES: [Bench; 44] = [
    bench("kernel/greeks/10000", |s| kernels::greeks(s, 10_000)),
    bench("kernel/greeks/1000000", |s| kernels::greeks(s, 1_000_000)),
    bench("kernel/implied_vol/10000", |s| {
        kernels::implied_vol(s, 10_000)
    }),
    bench("kernel/implied_vol/1000000", |s| {
        kernels::implied_vol(s, 1_000_000)
    }),
    bench("kernel/exposure/10000", |s| kernels::exposure(s, 10_000)),
    bench("kernel/exposure/1600000", |s| {
        kernels::exposure(s, 1_600_000)
    }),
    bench("kernel/zero_gamma/400", |s| {
        kernels::zero_gamma_curve(s, 400)
    }),
    bench("kernel/zero_gamma/10000", |s| {
        kernels::zero_gamma_curve(s, 10_000)
    }),
    bench("kernel/vpin/10000000", |s| kernels::vpin(s, 10_000_000)),
    bench("kernel/book", kernels::book),
    bench("kernel/flow_clusters/300", |s| flow::clusters(s, 300)),
    bench("kernel/hidden/1000000", |s| flow::hidden(s, 1_000_000)),
    bench("kernel/options_flow/1000000", |s| {
        flow::options(s, 1_000_000)
    }),
    bench("kernel/correlation/100", |s| cross::correlation(s, 100)),
    bench("kernel/stress/50", |s| cross::stress(s, 50)),
    bench("kernel/liquidity", cross::liquidity),
    bench("kernel/discovery/12", |s| discovery::discovery(s, 12)),
    bench("kernel/patterns/1000", |s| analytics::patterns(s, 1_000)),
    bench("kernel/surface/200", |s| analytics::surface(s, 200)),
    bench("kernel/hedging/10000", |s| analytics::hedging(s, 10_000)),
    bench("kernel/order_flow", analytics::order_flow),
    bench("kernel/markov", analytics::markov),
    bench("kernel/moves", analytics::moves),
    bench("kernel/clusters/300", |s| analytics::clusters(s, 300)),
    bench("kernel/closing", analytics::closing),
    bench("kernel/american", analytics::american),
    bench("tick/empty_12_systems", empty::run),
    bench("tick/2000_contracts", |s| tick::run(s, &tick::SMALL)),
    bench("tick/20000_contracts", |s| tick::run(s, &tick::MEDIUM)),
    bench("tick/19_symbols_20000_contracts", |s| {
        tick::run(s, &tick::WATCHLIST)
    }),
    bench("tick/100000_contracts", |s| tick::run(s, &tick::LARGE)),
    long("tick/1600000_contracts", |s| {
        tick::run(s, &tick::WHOLE_MARKET)
    }),
    bench("ingest/recorded_ticks", ingest::run),
    bench("risk/orders_100", |s| risk::run(s, 100)),
    bench("risk/orders_1000", |s| risk::run(s, 1_000)),
    bench("risk/orders_10000", |s| risk::run(s, 10_000)),
    bench("replay/1000000_events", replay::run),
    bench("journal/commit", journal::run),
    bench("mirror/1_symbols", |s| mirror::run(s, 1)),
    bench("mirror/100_symbols", |s| mirror::run(s, 100)),
    bench("mirror/1000_symbols", |s| mirror::run(s, 1_000)),
    long("scenario/full_day", scenario::full_day),
    long("scenario/goog", scenario::goog),
    bench("machine/clock", kernels::clock),
];

/// What can be asked of the harness.
#[derive(Parser)]
#[command(
    name = "benches",
    about = "Measures the engine against benches/budgets.yaml"
)]
struct Arguments {
    /// Which benches: names or what names begin with [default: all]
    names: Vec<String>,
    /// Writes JSON
    #[arg(long)]
    json: bool,
    /// Fewer repetitions and no long bench: about a minute in all
    #[arg(long)]
    quick: bool,
    /// Compares with the JSON of an earlier run
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Ends with 1 when a figure is over its budget
    #[arg(long)]
    enforce: bool,
    /// The root of recorded data
    #[arg(
        long,
        value_name = "DIR",
        env = "ALPHATRADER_DATA",
        hide_env_values = true
    )]
    data: Option<PathBuf>,
    /// Threads of the Greeks in whole ticks [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

fn main() -> ExitCode {
    match measure_all(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "Error: {error}");
            ExitCode::from(2)
        }
    }
}

fn measure_all(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let chosen = choose(&arguments.names)?;
    let budgets = budgets::read()?;
    let baseline = arguments
        .baseline
        .as_deref()
        .map(Report::read)
        .transpose()?;
    let machine = machine::Machine::look();
    let settings = Settings {
        quick: arguments.quick,
        data: arguments.data.clone(),
        threads: arguments.threads.map_or(machine.cores, usize::from),
    };
    let mut report = Report::new(machine);
    for bench in chosen {
        if arguments.quick && bench.is_long {
            report.skip(bench.name, "left out by --quick");
            continue;
        }
        let _ = writeln!(std::io::stderr(), "measuring {} …", bench.name);
        let figures = (bench.run)(&settings).map_err(|error| format!("{}: {error}", bench.name))?;
        if figures.is_empty() {
            report.skip(
                bench.name,
                "needs recorded data: --data DIR or ALPHATRADER_DATA",
            );
        }
        report.extend(figures, &budgets);
    }
    if let Some(baseline) = &baseline {
        report.compare(baseline);
    }
    let mut out = std::io::stdout().lock();
    if arguments.json {
        report.write_json(&mut out)?;
    } else {
        report.write_table(&mut out)?;
    }
    let failed = arguments.enforce && report.is_over();
    Ok(ExitCode::from(u8::from(failed)))
}

/// The benches that are asked for; all without a name.
fn choose(names: &[String]) -> Result<Vec<&'static Bench>, Failure> {
    for name in names {
        if !BENCHES
            .iter()
            .any(|bench| bench.name.starts_with(name.as_str()))
        {
            let all: Vec<&str> = BENCHES.iter().map(|bench| bench.name).collect();
            return Err(format!(
                "no bench is named \"{name}\" or begins so; there are {}",
                all.join(", ")
            )
            .into());
        }
    }
    let is_chosen = |bench: &&Bench| {
        names.is_empty()
            || names
                .iter()
                .any(|name| bench.name.starts_with(name.as_str()))
    };
    Ok(BENCHES.iter().filter(is_chosen).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_choose_by_their_beginning() {
        let named = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            choose(&names).map(|found| found.iter().map(|bench| bench.name).collect::<Vec<_>>())
        };
        assert_eq!(named(&[]).unwrap().len(), BENCHES.len());
        let two = ["kernel/greeks/10000", "kernel/greeks/1000000"];
        assert_eq!(named(&["kernel/greeks"]).unwrap(), two);
        assert_eq!(
            named(&["kernel/book", "kernel/b"]).unwrap(),
            ["kernel/book"]
        );
        let error = named(&["kernel/grecks"]).unwrap_err().to_string();
        assert!(
            error.contains("kernel/grecks") && error.contains("mirror/1_symbols"),
            "{error}"
        );
    }
}
