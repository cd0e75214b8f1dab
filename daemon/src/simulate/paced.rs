//! A clock that lets each tick wait for its time, at a multiple of the market's speed.

use crate::resources::Stopwatch;
use components::units::Timestamp;
use engine::clock::Tick;
use engine::ports::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The longest sleep, so that a signal is heard soon.
const SLEEP_MAX: Duration = Duration::from_millis(50);

/// A stepped clock, slowed down.
pub(super) struct Paced<C> {
    inner: C,
    factor: u32,
    stop: Arc<AtomicBool>,
    /// When the session's first tick was handed out, by both clocks.
    began: Option<(Timestamp, Stopwatch)>,
}

impl<C: Clock> Paced<C> {
    /// The ticks of `inner`, `factor` times as fast as the market.
    pub(super) fn new(inner: C, factor: u32, stop: Arc<AtomicBool>) -> Self {
        Self {
            inner,
            factor,
            stop,
            began: None,
        }
    }
}

impl<C: Clock> Clock for Paced<C> {
    fn next(&mut self) -> Option<Tick> {
        let tick = self.inner.next()?;
        // Nights are not waited for: each session begins at once.
        if tick.opens_session {
            self.began = None;
        }
        let (first, watch) = *self
            .began
            .get_or_insert_with(|| (tick.now, Stopwatch::start()));
        let market_nanos = u64::try_from(tick.now.nanos_since(first)).unwrap_or(0);
        let due = Duration::from_nanos(market_nanos / u64::from(self.factor));
        loop {
            let left = due.saturating_sub(watch.elapsed());
            if left.is_zero() {
                return Some(tick);
            }
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            std::thread::sleep(left.min(SLEEP_MAX));
        }
    }

    fn ticks_left(&self) -> Option<u64> {
        self.inner.ticks_left()
    }
}
