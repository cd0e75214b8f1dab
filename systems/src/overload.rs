//! What happens when time is lost: the engine sheds opening orders first, and halts before it
//! trades on a world that it can no longer follow.
//!
//! | level | entered | effect |
//! |---|---|---|
//! | 1 | three ticks overran within 10 s | counted and shown |
//! | 2 | two ticks in a row overran | nothing is opened |
//! | 3 | a tick took longer than a second, or four in a row overran | halted, until an operator looks |
//!
//! A journal that is slow makes its tick overrun and counts as such. One level down after 30 s without
//! an overrun; a halt stays. Exits, stops, cancellations and the
//! journal are never shed. All of it follows from the ticks, hence is the same in a replay. A jump of
//! the wall clock is written down; one of more than a second stops opening until an operator looks.

use crate::books::Books;
use crate::reflection::Reflection;
use bevy_ecs::prelude::*;
use components::units::{NANOS_PER_SECOND, Timestamp};
use engine::clock::{TICK_MS, Tick};
use engine::config::ConfigError;
use engine::engine::Engine;
use engine::phase::Phase;
use engine::planted::planted;
use engine::plugin::Plugin;
use engine::record::{Cause, Record, Restriction};
use std::collections::VecDeque;

/// Overruns are counted over this time.
const WINDOW_NANOS: i64 = 10 * NANOS_PER_SECOND;
/// After this time without one the level falls by one.
const CALM_NANOS: i64 = 30 * NANOS_PER_SECOND;
/// Overruns within the window for level 1.
const LEVEL_1: usize = 3;
/// Overruns in a row for level 2.
const LEVEL_2: u32 = 2;
/// Overruns in a row for level 3.
const LEVEL_3: u32 = 4;
/// Grid points lost to one tick for level 3: it took more than a second.
const LEVEL_3_LOST: i64 = 1_000 / TICK_MS;
/// A jump of the wall clock beyond this stops opening.
const JUMP_MAX_MS: i64 = 1_000;

/// Adds the ladder.
#[derive(Debug)]
pub struct OverloadPlugin;

impl Plugin for OverloadPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        engine.world_mut().init_resource::<Overload>();
        engine.add(Phase::Positions, watch_time);
        Ok(())
    }
}

/// Where the engine stands on the ladder.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Overload {
    /// 0 to 3.
    pub level: u8,
    /// Ticks that overran.
    pub overruns: u64,
    recent: VecDeque<Timestamp>,
    in_a_row: u32,
    calm_since: Option<Timestamp>,
}

impl Overload {
    /// Whether positions may be opened.
    #[must_use]
    pub fn opens(&self) -> bool {
        self.level < 2
    }

    /// Takes a tick before which `lost` grid points were lost.
    pub fn observe(&mut self, now: Timestamp, lost: u32) {
        while self
            .recent
            .front()
            .is_some_and(|first| now.nanos_since(*first) > WINDOW_NANOS)
        {
            self.recent.pop_front();
        }
        if lost == 0 {
            self.in_a_row = 0;
            let since = *self.calm_since.get_or_insert(now);
            if self.level > 0 && now.nanos_since(since) >= CALM_NANOS {
                self.level -= 1;
                self.calm_since = Some(now);
            }
            return;
        }
        self.overruns += 1;
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.calm_since = None;
        self.recent.push_back(now);
        let reached = if i64::from(lost) >= LEVEL_3_LOST || self.in_a_row >= LEVEL_3 {
            3
        } else if self.in_a_row >= LEVEL_2 {
            2
        } else {
            u8::from(self.recent.len() >= LEVEL_1)
        };
        self.level = self.level.max(reached);
    }
}

/// Follows the ladder, and writes jumps of the wall clock down.
fn watch_time(
    tick: Res<Tick>,
    mut overload: ResMut<Overload>,
    mut books: ResMut<Books>,
    mut reflection: Reflection<'_>,
) {
    let before = overload.level;
    overload.observe(tick.now, tick.skipped);
    if overload.level != before {
        reflection.note(format_args!(
            "overload level {} to {}",
            before, overload.level
        ));
    }
    if overload.level == 3 && before < 3 {
        latch(
            &tick,
            Restriction::Halted,
            Cause::Overload,
            &mut books,
            &mut reflection,
        );
    }
    if tick.jumped_ms == 0 {
        return;
    }
    let millis = tick.jumped_ms;
    reflection.note(format_args!("the wall clock jumped by {millis} ms"));
    let changes = books.enter(tick.now, Record::ClockJumped { millis });
    reflection.show(changes);
    // I27: whatever the wall clock does, trading goes on.
    if millis.abs() > JUMP_MAX_MS && !planted(27) {
        latch(
            &tick,
            Restriction::Reducing,
            Cause::Clock,
            &mut books,
            &mut reflection,
        );
    }
}

fn latch(
    tick: &Tick,
    level: Restriction,
    cause: Cause,
    books: &mut Books,
    reflection: &mut Reflection<'_>,
) {
    let changes = books.enter(tick.now, Record::Latched { level, cause });
    reflection.show(changes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The level after ticks of 250 ms with so many points lost before each.
    fn levels(lost: &[u32]) -> Vec<u8> {
        let mut overload = Overload::default();
        let mut now = Timestamp(0);
        lost.iter()
            .map(|lost| {
                now = now.plus_millis(TICK_MS * (1 + i64::from(*lost)));
                overload.observe(now, *lost);
                overload.level
            })
            .collect()
    }

    #[test]
    fn overruns_climb_the_ladder() {
        assert_eq!(levels(&[0, 1, 0, 1, 0, 1]), [0, 0, 0, 0, 0, 1]);
        assert_eq!(levels(&[1, 1]), [0, 2]);
        assert_eq!(levels(&[1, 1, 1, 1]), [0, 2, 2, 3]);
        assert_eq!(
            levels(&[3, 0, 4]),
            [0, 0, 3],
            "a second is more than four points"
        );
    }

    #[test]
    fn thirty_calm_seconds_lead_one_level_down() {
        let mut lost = vec![1, 1];
        lost.extend([0; 121]);
        let levels = levels(&lost);
        assert_eq!(levels[1..122], [2; 121]);
        assert_eq!(levels[122], 1, "thirty seconds after the first calm tick");
    }

    /// The level after overruns at these instants, each followed by a tick in time.
    fn after(nanos: &[i64]) -> Overload {
        let mut overload = Overload::default();
        for at in nanos {
            overload.observe(Timestamp(*at), 1);
            overload.observe(Timestamp(at + 1), 0);
        }
        overload
    }

    #[test]
    fn three_overruns_count_within_ten_seconds() {
        let edge = WINDOW_NANOS;
        assert_eq!(after(&[0, 5, edge]).level, 1);
        assert_eq!(after(&[0, 5, edge + 1]).level, 0);
        assert_eq!(
            after(&[0, 5, edge + 1, edge + 5]).level,
            1,
            "the last three"
        );
        assert_eq!(after(&[0, 5, edge + 1]).overruns, 3, "all that there were");
        assert_eq!(after(&[0, 5, 2 * edge]).recent.len(), 1);
    }

    #[test]
    fn one_tick_that_lost_a_second_is_enough_and_one_that_lost_less_is_not() {
        assert_eq!((levels(&[3]), levels(&[4])), (vec![0], vec![3]));
        assert_eq!(levels(&[1, 1, 1, 0, 1]), [0, 2, 2, 2, 2], "not in a row");
    }

    #[test]
    fn a_level_once_reached_falls_by_time_alone_and_never_below_nothing() {
        let mut overload = Overload::default();
        overload.observe(Timestamp(0), 4);
        // Calm begins with the first tick in time.
        let first = NANOS_PER_SECOND;
        let level = |overload: &mut Overload, nanos: i64, lost: u32| {
            overload.observe(Timestamp(first + nanos), lost);
            overload.level
        };
        assert_eq!(level(&mut overload, 0, 0), 3);
        assert_eq!(level(&mut overload, CALM_NANOS - 1, 0), 3);
        assert_eq!(level(&mut overload, CALM_NANOS, 0), 2);
        assert_eq!(level(&mut overload, 2 * CALM_NANOS - 1, 0), 2);
        // An overrun begins the time anew, and does not lower what was reached.
        assert_eq!(level(&mut overload, 2 * CALM_NANOS, 1), 2);
        let calm = 2 * CALM_NANOS + 1;
        assert_eq!(level(&mut overload, calm, 0), 2);
        assert_eq!(level(&mut overload, calm + CALM_NANOS, 0), 1);
        assert_eq!(level(&mut overload, calm + 2 * CALM_NANOS, 0), 0);
        assert_eq!(level(&mut overload, calm + 9 * CALM_NANOS, 0), 0);
    }

    #[test]
    fn positions_are_opened_below_the_second_level() {
        for (level, opens) in [(0, true), (1, true), (2, false), (3, false)] {
            let overload = Overload {
                level,
                ..Overload::default()
            };
            assert_eq!(overload.opens(), opens, "{level}");
        }
    }
}
