//! Time and what it was spent on.

use crate::Failure;
use crate::report::{Figure, Value};
use daemon::resources::{Stopwatch, cpu_seconds};
use engine::latency::Percentiles;
use hdrhistogram::Histogram;
use std::path::PathBuf;
use std::time::Duration;

/// The longest duration told apart: 100 s.
const NANOS_MAX: u64 = 100_000_000_000;

/// How a bench measures.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Fewer repetitions.
    pub(crate) quick: bool,
    /// The root of recorded data.
    pub(crate) data: Option<PathBuf>,
    /// Threads of the Greeks in whole ticks.
    pub(crate) threads: usize,
}

impl Settings {
    /// `all` repetitions, or `few` of them.
    pub(crate) fn times(&self, all: usize, few: usize) -> usize {
        if self.quick { few } else { all }
    }
}

/// Wall time and processor time of a stretch of work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    watch: Stopwatch,
    cpu_s: Option<f64>,
}

impl Span {
    pub(crate) fn start() -> Self {
        Self {
            cpu_s: cpu_seconds(),
            watch: Stopwatch::start(),
        }
    }

    /// Wall and processor seconds; the latter in steps of 10 ms, absent where not known.
    pub(crate) fn end(self) -> (f64, Option<f64>) {
        let wall_s = self.watch.elapsed().as_secs_f64();
        let cpu_s = cpu_seconds().zip(self.cpu_s).map(|(now, then)| now - then);
        (wall_s, cpu_s)
    }
}

/// A histogram of durations.
#[derive(Debug)]
pub(crate) struct Durations(Histogram<u64>);

impl Durations {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self(Histogram::new_with_bounds(1, NANOS_MAX, 3)?))
    }

    pub(crate) fn record(&mut self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(NANOS_MAX);
        self.0.saturating_record(nanos.max(1));
    }

    pub(crate) fn percentiles(&self) -> Percentiles {
        (&self.0).into()
    }
}

/// How many items a second `work` gets through, the median of `times` runs after one to warm up.
///
/// `work` is given the number of the run and must return something that depends on all it did.
pub(crate) fn throughput<T>(
    name: String,
    unit: &'static str,
    items: usize,
    times: usize,
    mut work: impl FnMut(usize) -> T,
) -> Figure {
    std::hint::black_box(work(0));
    let span = Span::start();
    let mut rates: Vec<f64> = (1..=times)
        .map(|run| {
            let watch = Stopwatch::start();
            std::hint::black_box(work(run));
            items as f64 / watch.elapsed().as_secs_f64().max(1e-9)
        })
        .collect();
    let (wall_s, cpu_s) = span.end();
    let value = Value::Throughput {
        threads: 1,
        n: times as u64,
        median: median(&mut rates),
    };
    Figure::new(name, unit, value).spent(wall_s, cpu_s)
}

/// The middle of `values`; of two the mean.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => values[middle],
        _ => 0.5 * (values[middle - 1] + values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_in_the_middle() {
        assert!((median(&mut [3.0, 1.0, 2.0]) - 2.0).abs() < 1e-12);
        assert!((median(&mut [4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-12);
        assert!(median(&mut []).abs() < 1e-12);
    }

    #[test]
    fn durations_become_microseconds() {
        let mut durations = Durations::new().unwrap();
        for micros in 1..=100 {
            durations.record(Duration::from_micros(micros));
        }
        let found = durations.percentiles();
        assert_eq!(found.n, 100);
        assert!((found.p50 / 50.0 - 1.0).abs() < 0.002, "{found:?}");
        assert!((found.max / 100.0 - 1.0).abs() < 0.002, "{found:?}");
    }
}
