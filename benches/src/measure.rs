//! Time and what it was spent on.

use crate::Failure;
use crate::report::{Figure, Value};
use daemon::resources::Stopwatch;
use engine::latency::Percentiles;
use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};
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

/// Processor time of all threads so far.
pub(crate) fn process_cpu() -> Duration {
    read(ClockId::ProcessCPUTime)
}

/// Processor time of this thread so far: what work costs whoever else is on the machine.
pub(crate) fn thread_cpu() -> Duration {
    read(ClockId::ThreadCPUTime)
}

fn read(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// Wall time and processor time of a stretch of work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    cpu: Duration,
    watch: Stopwatch,
}

impl Span {
    pub(crate) fn start() -> Self {
        Self {
            cpu: process_cpu(),
            watch: Stopwatch::start(),
        }
    }

    /// Wall seconds, and processor seconds of all threads.
    pub(crate) fn end(self) -> (f64, f64) {
        let wall_s = self.watch.elapsed().as_secs_f64();
        (wall_s, (process_cpu() - self.cpu).as_secs_f64())
    }
}

/// Rates of one-threaded work, by processor time and by wall time.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    cpu: Vec<f64>,
    wall: Vec<f64>,
}

impl Rates {
    /// Measures `work`, which gets through `items`.
    pub(crate) fn measure<T>(&mut self, items: usize, work: impl FnOnce() -> T) -> T {
        let (cpu, watch) = (thread_cpu(), Stopwatch::start());
        let made = std::hint::black_box(work());
        let (wall, cpu) = (watch.elapsed(), thread_cpu() - cpu);
        let rate = |took: Duration| items as f64 / took.as_secs_f64().max(1e-9);
        self.cpu.push(rate(cpu));
        self.wall.push(rate(wall));
        made
    }

    /// The medians.
    pub(crate) fn value(mut self) -> Value {
        Value::Throughput {
            threads: 1,
            n: self.cpu.len() as u64,
            median: median(&mut self.cpu),
            median_wall: median(&mut self.wall),
        }
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

/// How many items `work` gets through in a second of processor time, the median of `times` runs
/// after one to warm up.
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
    let mut rates = Rates::default();
    for run in 1..=times {
        rates.measure(items, || work(run));
    }
    let (wall_s, cpu_s) = span.end();
    Figure::new(name, unit, rates.value()).spent(wall_s, cpu_s)
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
