//! Kernels of order flow on one thread: clusters, hidden orders, option trades.

use crate::Failure;
use crate::measure::{Durations, Settings, Span, throughput};
use crate::report::Figure;
use components::contract::{ContractId, OptionTerms};
use components::flow::OptionPrint;
use components::market::{Quote, Side};
use components::options_flow::ContractVolume;
use components::units::{Price, Timestamp};
use daemon::resources::Stopwatch;
use engine::random::Stream;
use systems::flow_clusters::fit::{Features, fit};
use systems::hidden::detector::{Execution, HiddenDetector};
use systems::options_flow::counters::OptionSums;

/// A fit of a window from the centres before, with its silhouette.
pub(crate) fn clusters(settings: &Settings, trades: usize) -> Result<Vec<Figure>, Failure> {
    let mut draws = Stream::new(7, "bench-flow", 0);
    let window: Vec<Features> = (0..trades)
        .map(|place| {
            let kind = (place % 3) as f64 - 1.0;
            [
                5.0 + draws.normal(),
                2.0 * kind + draws.normal(),
                3.0 - kind + draws.normal(),
                draws.uniform(),
            ]
        })
        .collect();
    let first = fit(&window, None, &mut draws).ok_or("too few trades")?.0;
    let start = first.centres();
    let mut durations = Durations::new()?;
    let span = Span::start();
    for _ in 0..settings.times(500, 100) {
        let watch = Stopwatch::start();
        let found = fit(std::hint::black_box(&window), Some(&start), &mut draws);
        durations.record(watch.elapsed());
        std::hint::black_box(found);
    }
    let (wall_s, cpu_s) = span.end();
    let name = format!("kernel/flow_clusters/{trades}");
    let figure = Figure::new(name, "us", durations.percentiles()).spent(wall_s, cpu_s);
    Ok(vec![figure])
}

/// Quotes and executions in turn.
pub(crate) fn hidden(settings: &Settings, executions: usize) -> Result<Vec<Figure>, Failure> {
    let mut draws = Stream::new(7, "bench-hidden", 0);
    let mut lines = Vec::with_capacity(executions);
    for place in 0..executions {
        let at = Timestamp(i64::try_from(place)? * 1_000_000);
        let size = u32::try_from(1 + draws.below(900))?;
        let quote = Quote {
            bid: Price(1_000_000),
            ask: Price(1_000_200),
            bid_size: size,
            ask_size: 500,
            at,
        };
        let execution = Execution {
            at,
            price: Price(1_000_000 + 100 * i64::try_from(draws.below(3))?),
            size: 1 + draws.below(300),
            aggressor: Some(Side::Sell),
        };
        lines.push((quote, execution));
    }
    let work = |_| {
        let mut detector = HiddenDetector::default();
        let mut shares = 0;
        for (quote, execution) in &lines {
            detector.quote(quote, &mut |one| shares += one.shares);
            detector.execution(execution, true, &mut |one| shares += one.shares);
        }
        shares
    };
    let name = format!("kernel/hidden/{executions}");
    let unit = "executions_per_s";
    Ok(vec![throughput(
        name,
        unit,
        executions,
        settings.times(15, 5),
        work,
    )])
}

/// Option trades by right and side.
pub(crate) fn options(settings: &Settings, trades: usize) -> Result<Vec<Figure>, Failure> {
    let mut draws = Stream::new(7, "bench-options", 0);
    let terms = OptionTerms::from_osi("SPY   250915C00657500")?;
    let prints: Vec<OptionPrint> = (0..trades)
        .map(|_| OptionPrint {
            contract: ContractId(0),
            at: Timestamp(0),
            price: Price(10_000 + 100 * i64::try_from(draws.below(5)).unwrap_or(0)),
            size: 1 + draws.below(50),
            bid: Price(10_000),
            ask: Price(10_400),
            is_bar: false,
        })
        .collect();
    let work = |_| {
        let mut sums = OptionSums::default();
        let mut volume = ContractVolume::default();
        for print in std::hint::black_box(&prints) {
            sums.take(print, &terms, Some(0.5), true, &mut volume);
        }
        sums.sided()
    };
    let name = format!("kernel/options_flow/{trades}");
    let unit = "trades_per_s";
    Ok(vec![throughput(
        name,
        unit,
        trades,
        settings.times(15, 5),
        work,
    )])
}
