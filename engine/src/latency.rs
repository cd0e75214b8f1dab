//! How long each system, each phase and the whole tick took.
//!
//! [`crate::engine::Engine::add`] wraps every system, so that nobody has to think of it. One time
//! stamp is taken at the end of each system; a system is charged the time since the stamp before it,
//! which includes the executor's own work. That is one reading of the host's clock per system.

use crate::digest::Turn;
use crate::phase::Phase;
use bevy_ecs::error::BevyError;
use bevy_ecs::system::{Adapt, RunSystemError, System, SystemIn, SystemInput};
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The longest duration a histogram tells apart: 10 s. Longer ones count as 10 s.
const NANOS_MAX: u64 = 10_000_000_000;

/// Percentiles of a duration in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Percentiles {
    /// Measurements.
    pub n: u64,
    /// Half of them are not longer.
    pub p50: f64,
    /// 99 % are not longer.
    pub p99: f64,
    /// 99.9 % are not longer.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl From<&Histogram<u64>> for Percentiles {
    fn from(histogram: &Histogram<u64>) -> Self {
        let micros = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
        Self {
            n: histogram.len(),
            p50: micros(0.50),
            p99: micros(0.99),
            p999: micros(0.999),
            max: histogram.max() as f64 / 1e3,
        }
    }
}

/// The histograms of an engine.
#[derive(Debug)]
pub struct Latency {
    stamps: Stamps,
    systems: Vec<Gauge>,
    /// Of phases with several systems; those with one take as long as it.
    phases: Vec<(Phase, Histogram<u64>)>,
    tick: Histogram<u64>,
}

#[derive(Debug)]
struct Gauge {
    name: String,
    phase: Phase,
    last_nanos: Arc<AtomicU64>,
    histogram: Histogram<u64>,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            stamps: Stamps::new(),
            systems: Vec::new(),
            phases: Vec::new(),
            tick: histogram(),
        }
    }
}

impl Latency {
    /// A probe for the next system of `phase`, which also says when its `turn` to fold begins.
    pub(crate) fn probe(&mut self, phase: Phase, name: String, turn: Turn) -> Probe {
        if self.systems_of(phase).count() == 1 {
            self.phases.push((phase, histogram()));
        }
        let last_nanos = Arc::new(AtomicU64::new(0));
        self.systems.push(Gauge {
            name,
            phase,
            last_nanos: Arc::clone(&last_nanos),
            histogram: histogram(),
        });
        Probe {
            stamps: self.stamps.clone(),
            last_nanos,
            turn,
        }
    }

    /// Takes a stamp and returns the nanoseconds since the one before: once to begin a tick, once
    /// more when its inbox is full.
    pub(crate) fn lap(&self) -> u64 {
        self.stamps.lap()
    }

    /// Ends a tick that spent `outside_nanos` on its feeds before the first system ran.
    pub(crate) fn end(&mut self, outside_nanos: u64) {
        let mut phases = [0_u64; Phase::COUNT];
        let mut tick = outside_nanos;
        for gauge in &mut self.systems {
            let nanos = gauge.last_nanos.load(Ordering::Relaxed);
            count(&mut gauge.histogram, nanos);
            phases[gauge.phase.index()] += nanos;
            tick += nanos;
        }
        for (phase, histogram) in &mut self.phases {
            count(histogram, phases[phase.index()]);
        }
        count(&mut self.tick, tick);
    }

    /// Forgets everything measured so far, for benches that warm up.
    pub fn reset(&mut self) {
        for histogram in self.histograms_mut() {
            histogram.reset();
        }
    }

    /// The whole tick, feeds included.
    #[must_use]
    pub fn tick(&self) -> Percentiles {
        (&self.tick).into()
    }

    /// Each phase that has a system, in order.
    pub fn phases(&self) -> impl Iterator<Item = (Phase, Percentiles)> {
        Phase::ALL.into_iter().filter_map(|phase| {
            let several = self.phases.iter().find(|(found, _)| *found == phase);
            let only = self.systems.iter().find(|gauge| gauge.phase == phase)?;
            let histogram = several.map_or(&only.histogram, |(_, histogram)| histogram);
            Some((phase, histogram.into()))
        })
    }

    /// Each system in order of registration.
    pub fn systems(&self) -> impl Iterator<Item = (&str, Percentiles)> {
        self.systems
            .iter()
            .map(|gauge| (gauge.name.as_str(), (&gauge.histogram).into()))
    }

    /// The systems of `phase` in the order in which they run: each one's place in the order of
    /// registration, and its name.
    pub fn systems_of(&self, phase: Phase) -> impl Iterator<Item = (usize, &str)> {
        let gauges = self.systems.iter().enumerate();
        gauges
            .filter(move |(_, gauge)| gauge.phase == phase)
            .map(|(index, gauge)| (index, gauge.name.as_str()))
    }

    fn histograms_mut(&mut self) -> impl Iterator<Item = &mut Histogram<u64>> {
        let systems = self.systems.iter_mut().map(|gauge| &mut gauge.histogram);
        systems
            .chain(self.phases.iter_mut().map(|(_, histogram)| histogram))
            .chain(std::iter::once(&mut self.tick))
    }
}

/// Measures one system from inside the schedule.
#[derive(Debug)]
pub(crate) struct Probe {
    stamps: Stamps,
    last_nanos: Arc<AtomicU64>,
    turn: Turn,
}

/// What a system returns: nothing, or an error that stops the run.
pub trait Outcome {
    /// The error, if there is one.
    ///
    /// # Errors
    /// The system's own.
    fn into_result(self) -> Result<(), BevyError>;
}

impl Outcome for () {
    fn into_result(self) -> Result<(), BevyError> {
        Ok(())
    }
}

impl<E: Into<BevyError>> Outcome for Result<(), E> {
    fn into_result(self) -> Result<(), BevyError> {
        self.map_err(Into::into)
    }
}

impl<S: System<Out: Outcome>> Adapt<S> for Probe {
    type In = S::In;
    type Out = ();

    fn adapt(
        &mut self,
        input: <Self::In as SystemInput>::Inner<'_>,
        run_system: impl FnOnce(SystemIn<'_, S>) -> Result<S::Out, RunSystemError>,
    ) -> Result<Self::Out, RunSystemError> {
        self.turn.begin();
        let outcome = run_system(input)?.into_result();
        self.last_nanos.store(self.stamps.lap(), Ordering::Relaxed);
        outcome.map_err(RunSystemError::Failed)
    }
}

/// The time of the last stamp, shared by the probes of a schedule that runs on one thread.
#[derive(Clone, Debug)]
struct Stamps {
    base: Instant,
    last_nanos: Arc<AtomicU64>,
}

impl Stamps {
    #[expect(
        clippy::disallowed_methods,
        reason = "durations are measured, never decided upon"
    )]
    fn new() -> Self {
        Self {
            base: Instant::now(),
            last_nanos: Arc::new(AtomicU64::new(0)),
        }
    }

    /// Takes a stamp and returns the nanoseconds since the one before.
    fn lap(&self) -> u64 {
        let now = u64::try_from(self.base.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let last = self.last_nanos.load(Ordering::Relaxed);
        self.last_nanos.store(now, Ordering::Relaxed);
        now.saturating_sub(last)
    }
}

/// A histogram that grows with the longest duration: one for all durations takes 200 kB, and there is
/// one for each system.
fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("Invariant: a histogram can tell three digits apart")
}

/// Counts a duration, in a histogram that grows as far as it must.
fn count(histogram: &mut Histogram<u64>, nanos: u64) {
    // It can grow to hold every duration up to the longest.
    let _ = histogram.record(nanos.min(NANOS_MAX));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    #[test]
    fn a_tick_is_the_sum_of_its_systems_and_its_feeds() {
        let (mut latency, mut digest) = (Latency::default(), Digest::default());
        let probes = [
            latency.probe(Phase::Ingest, "a".into(), digest.add_system()),
            latency.probe(Phase::Ingest, "b".into(), digest.add_system()),
            latency.probe(Phase::Mirror, "c".into(), digest.add_system()),
        ];
        for (probe, nanos) in probes.iter().zip([1_000, 2_000, 4_000]) {
            probe.last_nanos.store(nanos, Ordering::Relaxed);
        }
        latency.end(8_000);
        let close = |found: f64, expected: f64| (found / expected - 1.0).abs() < 0.002;
        assert!(close(latency.tick().p50, 15.0), "{:?}", latency.tick());
        let phases: Vec<_> = latency.phases().collect();
        assert_eq!(phases.len(), 2);
        assert!(close(phases[0].1.max, 3.0));
        assert_eq!(phases[1].0, Phase::Mirror);
        assert!(close(phases[1].1.max, 4.0));
        let ingest: Vec<_> = latency.systems_of(Phase::Ingest).collect();
        assert_eq!(ingest, [(0, "a"), (1, "b")]);
        latency.reset();
        assert_eq!(latency.tick().n, 0);
    }

    #[test]
    fn a_very_long_tick_counts_as_the_longest() {
        let mut latency = Latency::default();
        latency.end(u64::MAX / 2);
        assert!(latency.tick().max >= 1e7);
    }
}
