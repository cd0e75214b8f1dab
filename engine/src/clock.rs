//! When ticks happen: an absolute grid of 250 ms from the session's open.
//!
//! A tick that overruns makes the clock skip grid points; skipped points are counted and never run
//! back to back. Tick `n` of a session stands at `open + n x 250 ms`, `n` from 1, and sees what was
//! received up to and including that instant, so the last tick of a session stands at its close.

use crate::calendar::Session;
use crate::ports::Clock;
use bevy_ecs::prelude::Resource;
use components::units::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The length of a tick in milliseconds.
pub const TICK_MS: i64 = 250;

/// The tick being run: the only clock that a system may read.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Its number, from 1, over all sessions of the run; skipped grid points are not counted.
    pub number: u64,
    /// Its instant.
    pub now: Timestamp,
    /// The session it belongs to.
    pub session: Session,
    /// Whether it is the first of its session.
    pub opens_session: bool,
    /// Grid points skipped just before it because the tick before overran.
    pub skipped: u32,
}

impl Tick {
    /// Seconds until the session's close, negative after it.
    #[must_use]
    pub fn seconds_to_close(&self) -> f64 {
        self.session.close.seconds_since(self.now)
    }

    /// Seconds since the session's open, negative before it.
    #[must_use]
    pub fn seconds_since_open(&self) -> f64 {
        self.now.seconds_since(self.session.open)
    }
}

/// The part of a session that a run covers, ends included on the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The session.
    pub session: Session,
    /// Where the grid begins; the first tick stands 250 ms later.
    pub start: Timestamp,
    /// The last instant of the grid that may have a tick.
    pub end: Timestamp,
}

impl Window {
    /// The whole of `session`.
    #[must_use]
    pub fn whole(session: Session) -> Self {
        Self {
            session,
            start: session.open,
            end: session.close,
        }
    }

    /// Grid points in the window.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        u64::try_from(self.end.nanos_since(self.start) / (TICK_MS * 1_000_000)).unwrap_or(0)
    }
}

/// A stretch of time that a simulated tick takes too long, to show what an overrun does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overrun {
    /// The first tick at or after this instant overruns.
    pub at: Timestamp,
    /// Grid points lost to it.
    pub lost: u32,
}

/// A clock for simulations and benches: the next grid point comes when it is asked for.
#[derive(Debug)]
pub struct SteppedClock {
    windows: Vec<Window>,
    overruns: Vec<Overrun>,
    limit: Option<u64>,
    window: usize,
    point: u64,
    number: u64,
    stop: Arc<AtomicBool>,
}

impl SteppedClock {
    /// A clock over `windows`, one after the other.
    #[must_use]
    pub fn new(windows: Vec<Window>) -> Self {
        Self {
            windows,
            overruns: Vec::new(),
            limit: None,
            window: 0,
            point: 0,
            number: 0,
            stop: Arc::default(),
        }
    }

    /// Ends the run after `ticks` ticks.
    #[must_use]
    pub fn limited_to(mut self, ticks: Option<u64>) -> Self {
        self.limit = ticks;
        self
    }

    /// Makes ticks overrun as a scenario says.
    #[must_use]
    pub fn with_overruns(mut self, mut overruns: Vec<Overrun>) -> Self {
        overruns.sort_by_key(|overrun| overrun.at);
        overruns.reverse();
        self.overruns = overruns;
        self
    }

    /// Ends the run at the next tick once the flag is set.
    #[must_use]
    pub fn stopped_by(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    fn lost_before(&mut self, instant: Timestamp) -> u32 {
        match self.overruns.last() {
            Some(overrun) if overrun.at < instant => {
                self.overruns.pop().map_or(0, |overrun| overrun.lost)
            }
            _ => 0,
        }
    }
}

impl Clock for SteppedClock {
    fn next(&mut self) -> Option<Tick> {
        if self.stop.load(Ordering::Relaxed) || self.limit == Some(self.number) {
            return None;
        }
        loop {
            let window = *self.windows.get(self.window)?;
            let opens_session = self.point == 0;
            let instant = grid_point(window.start, self.point + 1);
            let skipped = if opens_session {
                0
            } else {
                self.lost_before(instant)
            };
            self.point += 1 + u64::from(skipped);
            if self.point > window.ticks() {
                self.window += 1;
                self.point = 0;
                continue;
            }
            self.number += 1;
            return Some(Tick {
                number: self.number,
                now: grid_point(window.start, self.point),
                session: window.session,
                opens_session,
                skipped,
            });
        }
    }

    fn ticks_left(&self) -> Option<u64> {
        let all: u64 = self
            .windows
            .iter()
            .skip(self.window)
            .map(Window::ticks)
            .sum();
        let left = all.saturating_sub(self.point);
        Some(
            self.limit
                .map_or(left, |limit| left.min(limit - self.number)),
        )
    }
}

/// The host's clock on the grid of the windows, with absolute deadlines: a late wake-up does not
/// move the points after it.
#[derive(Debug)]
pub struct WallClock {
    stepped: SteppedClock,
    last: Option<Timestamp>,
}

impl WallClock {
    /// A clock over `windows`; those that have passed are left out.
    #[must_use]
    pub fn new(windows: Vec<Window>) -> Self {
        let now = host_now();
        let windows = windows
            .into_iter()
            .filter(|window| now < window.end)
            .collect();
        Self {
            stepped: SteppedClock::new(windows),
            last: None,
        }
    }

    /// Ends the run at the next tick once the flag is set.
    #[must_use]
    pub fn stopped_by(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stepped = self.stepped.stopped_by(stop);
        self
    }
}

impl Clock for WallClock {
    fn next(&mut self) -> Option<Tick> {
        let mut tick = self.stepped.next()?;
        let mut skipped = 0_u32;
        // A point that lies a whole tick back was lost to an overrun: skipped, never made up for.
        // Before the first tick nothing is lost, the run merely began late.
        while host_now() >= tick.now.plus_millis(TICK_MS) {
            skipped += u32::from(self.last.is_some());
            let opens_session = tick.opens_session;
            tick = self.stepped.next()?;
            tick.opens_session |= opens_session;
        }
        tick.number -= u64::from(skipped);
        self.stepped.number = tick.number;
        tick.skipped = skipped;
        while host_now() < tick.now {
            if self.stepped.stop.load(Ordering::Relaxed) {
                return None;
            }
            let left_nanos = tick.now.nanos_since(host_now()).clamp(0, 50_000_000);
            std::thread::sleep(std::time::Duration::from_nanos(left_nanos.unsigned_abs()));
        }
        self.last = Some(tick.now);
        Some(tick)
    }
}

/// The host's time. Only clocks ask for it.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that others read through Tick"
)]
fn host_now() -> Timestamp {
    jiff::Timestamp::now().into()
}

fn grid_point(start: Timestamp, n: u64) -> Timestamp {
    start.plus_millis(TICK_MS.saturating_mul(i64::try_from(n).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn window(open_s: i64, seconds: i64) -> Window {
        let open = Timestamp(open_s * 1_000_000_000);
        Window::whole(Session {
            date: date(2026, 3, 2),
            open,
            close: open.plus_millis(seconds * 1000),
            early_close: false,
        })
    }

    #[test]
    fn a_session_ends_with_a_tick_at_its_close() {
        let mut clock = SteppedClock::new(vec![window(100, 1), window(200, 1)]);
        assert_eq!(clock.ticks_left(), Some(8));
        let ticks: Vec<_> = std::iter::from_fn(|| clock.next()).collect();
        assert_eq!(ticks.len(), 8);
        assert_eq!(ticks[3].now, ticks[3].session.close);
        assert_eq!((ticks[4].number, ticks[4].opens_session), (5, true));
        assert_eq!(ticks[0].now.0, 100_250_000_000);
    }

    #[test]
    fn an_overrun_skips_points_and_says_how_many() {
        let overrun = Overrun {
            at: Timestamp(100_500_000_000),
            lost: 2,
        };
        let mut clock = SteppedClock::new(vec![window(100, 2)]).with_overruns(vec![overrun]);
        let ticks: Vec<_> = std::iter::from_fn(|| clock.next()).collect();
        assert_eq!(ticks.len(), 6);
        assert_eq!(ticks[2].skipped, 2);
        assert_eq!(ticks[2].now.nanos_since(ticks[1].now), 750_000_000);
        assert_eq!(ticks[2].number, 3);
    }

    #[test]
    fn a_limit_or_a_stop_ends_the_run() {
        let clock = SteppedClock::new(vec![window(100, 10)]).limited_to(Some(3));
        let mut clock = clock;
        assert_eq!(std::iter::from_fn(|| clock.next()).count(), 3);
        let stop = Arc::new(AtomicBool::new(true));
        assert_eq!(
            SteppedClock::new(vec![window(100, 10)])
                .stopped_by(stop)
                .next(),
            None
        );
    }

    #[test]
    fn the_wall_clock_stays_on_the_grid_and_counts_what_it_missed() {
        let start = host_now();
        let session = Session {
            date: date(2026, 3, 2),
            open: start,
            close: start.plus_millis(2_000),
            early_close: false,
        };
        let mut clock = WallClock::new(vec![Window::whole(session)]);
        let first = clock.next().unwrap();
        assert!(host_now() >= first.now);
        // Two whole grid points pass while this tick "works".
        while host_now() < first.now.plus_millis(600) {
            std::thread::yield_now();
        }
        let second = clock.next().unwrap();
        assert!(second.skipped >= 1);
        assert_eq!(second.number, first.number + 1);
        assert_eq!(second.now.nanos_since(start) % (TICK_MS * 1_000_000), 0);
    }
}
