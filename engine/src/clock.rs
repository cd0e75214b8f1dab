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

/// A wall clock that moves by less against the time that passed is corrected, not jumping.
pub const JUMP_MIN_MS: i64 = 250;

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
    /// By how much the host's wall clock has moved against the time that really passed since the
    /// tick before, milliseconds; 0 below [`JUMP_MIN_MS`]. Ticks follow the time that passed.
    pub jumped_ms: i64,
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

/// A jump of the wall clock in a simulation, to show what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// The first tick at or after this instant sees it.
    pub at: Timestamp,
    /// By how much, negative is back.
    pub millis: i64,
}

/// A clock for simulations and benches: the next grid point comes when it is asked for.
#[derive(Debug)]
pub struct SteppedClock {
    windows: Vec<Window>,
    overruns: Vec<Overrun>,
    jumps: Vec<Jump>,
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
            jumps: Vec::new(),
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

    /// Counts on from `before`, the last tick of the run that this one continues: numbers rise, and
    /// the limit counts the ticks of both.
    #[must_use]
    pub fn counting_from(mut self, before: u64) -> Self {
        self.number = before;
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

    /// Lets the wall clock jump as a scenario says.
    #[must_use]
    pub fn with_jumps(mut self, mut jumps: Vec<Jump>) -> Self {
        jumps.sort_by_key(|jump| jump.at);
        jumps.reverse();
        self.jumps = jumps;
        self
    }

    /// Ends the run at the next tick once the flag is set.
    #[must_use]
    pub fn stopped_by(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = stop;
        self
    }

    fn jumped_by(&mut self, instant: Timestamp) -> i64 {
        match self.jumps.last() {
            Some(jump) if jump.at <= instant => self.jumps.pop().map_or(0, |jump| jump.millis),
            _ => 0,
        }
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
        if self.stop.load(Ordering::Relaxed) || self.limit.is_some_and(|limit| limit <= self.number)
        {
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
            let now = grid_point(window.start, self.point);
            return Some(Tick {
                number: self.number,
                now,
                session: window.session,
                opens_session,
                skipped,
                jumped_ms: self.jumped_by(now),
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
                .map_or(left, |limit| left.min(limit.saturating_sub(self.number))),
        )
    }
}

/// The host's clock on the grid of the windows, with absolute deadlines: a late wake-up does not
/// move the points after it.
///
/// The wall clock is read once, at the start; from then on time is what really passed. A step of the
/// wall clock, forward or back, moves no tick: it is reported, and what to do about it is decided
/// where orders are.
#[derive(Debug)]
pub struct WallClock {
    stepped: SteppedClock,
    anchor: Anchor,
    last: Option<Timestamp>,
}

impl WallClock {
    /// A clock over `windows`; those that have passed are left out.
    #[must_use]
    pub fn new(windows: Vec<Window>) -> Self {
        let anchor = Anchor::new(wall_now());
        let now = anchor.now();
        let windows = windows
            .into_iter()
            .filter(|window| now < window.end)
            .collect();
        Self {
            stepped: SteppedClock::new(windows),
            anchor,
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
        while self.anchor.now() >= tick.now.plus_millis(TICK_MS) {
            skipped += u32::from(self.last.is_some());
            let opens_session = tick.opens_session;
            tick = self.stepped.next()?;
            tick.opens_session |= opens_session;
        }
        tick.number -= u64::from(skipped);
        self.stepped.number = tick.number;
        tick.skipped = skipped;
        while self.anchor.now() < tick.now {
            if self.stepped.stop.load(Ordering::Relaxed) {
                return None;
            }
            let left_nanos = tick.now.nanos_since(self.anchor.now()).clamp(0, 50_000_000);
            std::thread::sleep(std::time::Duration::from_nanos(left_nanos.unsigned_abs()));
        }
        tick.jumped_ms = self.anchor.jump(wall_now());
        self.last = Some(tick.now);
        Some(tick)
    }
}

/// The instant at which the wall clock was read, and how far it has moved since against the time
/// that passed.
#[derive(Debug)]
struct Anchor {
    wall: Timestamp,
    passed: std::time::Instant,
    /// How far off the wall clock was when it was last looked at.
    off_ms: i64,
}

impl Anchor {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that others read through Tick"
    )]
    fn new(wall: Timestamp) -> Self {
        Self {
            wall,
            passed: std::time::Instant::now(),
            off_ms: 0,
        }
    }

    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.passed.elapsed().as_nanos()).unwrap_or(i64::MAX);
        self.wall.plus_nanos(passed)
    }

    /// By how much `wall` has jumped since the last look, 0 if by less than [`JUMP_MIN_MS`].
    fn jump(&mut self, wall: Timestamp) -> i64 {
        let off_ms = wall.nanos_since(self.now()) / 1_000_000;
        let jump = off_ms.saturating_sub(self.off_ms);
        if jump.abs() < JUMP_MIN_MS {
            return 0;
        }
        self.off_ms = off_ms;
        jump
    }
}

/// The host's wall clock. Read to begin with, and to see that it still agrees.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that others read through Tick"
)]
fn wall_now() -> Timestamp {
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
    fn a_step_of_the_wall_clock_is_seen_once_and_moves_no_tick() {
        let mut anchor = Anchor::new(Timestamp(0));
        let at = |anchor: &Anchor, off_ms| anchor.now().plus_millis(off_ms);
        let near = at(&anchor, 40);
        assert_eq!(anchor.jump(near), 0, "an ordinary correction");
        let ahead = at(&anchor, 5_000);
        assert!((4_990..=5_000).contains(&anchor.jump(ahead)));
        let still = at(&anchor, 5_010);
        assert_eq!(anchor.jump(still), 0, "it has been reported");
        let back = at(&anchor, 0);
        assert!((-5_000..=-4_990).contains(&anchor.jump(back)));
    }

    #[test]
    fn the_wall_clock_stays_on_the_grid_and_counts_what_it_missed() {
        let start = wall_now();
        let session = Session {
            date: date(2026, 3, 2),
            open: start,
            close: start.plus_millis(2_000),
            early_close: false,
        };
        let mut clock = WallClock::new(vec![Window::whole(session)]);
        let first = clock.next().unwrap();
        assert!(wall_now() >= first.now);
        // Two whole grid points pass while this tick "works".
        while wall_now() < first.now.plus_millis(600) {
            std::thread::yield_now();
        }
        let second = clock.next().unwrap();
        assert!(second.skipped >= 1);
        assert_eq!(second.number, first.number + 1);
        assert_eq!(second.now.nanos_since(start) % (TICK_MS * 1_000_000), 0);
    }
}
