//! When something that is done now and then is done: on a grid of the session, once for each point;
//! and for which underlyings in which tick, so that no tick pays for all of them.

use components::market::SymbolId;
use engine::clock::Tick;

/// The ticks of a second: over so many, underlyings are spread for what is not done in every tick.
pub const SECOND_TICKS: u64 = 4;

/// Whether this tick is the underlying's turn, where all have theirs within `ticks`.
#[must_use]
pub fn has_turn(symbol: SymbolId, tick: &Tick, ticks: u64) -> bool {
    u64::from(symbol.0) % ticks == tick.number % ticks
}

const MILLI_NANOS: i64 = 1_000_000;

/// A grid of even steps from the session's open. A point that was skipped with its ticks is not made
/// up for, nothing is due at or after the close, and nothing before the first whole step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cadence {
    passed: i64,
}

impl Cadence {
    /// Whether a point has come, of a grid of `every_s` seconds that lies `offset_ms` after the open:
    /// offsets keep what is heavy out of one another's ticks.
    pub fn is_due(&mut self, tick: &Tick, every_s: i64, offset_ms: i64) -> bool {
        if tick.opens_session {
            self.passed = 0;
        }
        if tick.now >= tick.session.close {
            return false;
        }
        let since = tick.now.nanos_since(tick.session.open) - offset_ms * MILLI_NANOS;
        let point = since.div_euclid(every_s.max(1).saturating_mul(1_000 * MILLI_NANOS));
        let is_new = point > self.passed;
        if is_new {
            self.passed = point;
        }
        is_new
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use components::units::Timestamp;
    use engine::calendar::Session;
    use jiff::civil::date;

    /// The tick `millis` after the open of a session of `minutes`.
    pub(crate) fn tick_at(millis: i64, minutes: i64) -> Tick {
        let open = Timestamp(1_000_000_000_000);
        Tick {
            number: u64::try_from(millis / 250).unwrap(),
            now: open.plus_millis(millis),
            session: Session {
                date: date(2026, 3, 2),
                open,
                close: open.plus_millis(minutes * 60_000),
                early_close: false,
            },
            opens_session: millis == 250,
            skipped: 0,
            jumped_ms: 0,
        }
    }

    #[test]
    fn each_underlying_has_its_turn_once_and_no_tick_has_all() {
        for ticks in [SECOND_TICKS, 20] {
            let turns = |symbol| {
                let millis = |number| 250 * i64::try_from(number).unwrap();
                let has = |number: &u64| has_turn(symbol, &tick_at(millis(*number), 5), ticks);
                (1..=ticks).filter(has).collect::<Vec<_>>()
            };
            let all: Vec<_> = (0..40).map(|id| turns(SymbolId(id))).collect();
            assert!(all.iter().all(|turns| turns.len() == 1));
            let in_first = all.iter().filter(|turns| turns[0] == 1).count();
            assert_eq!(in_first as u64, 40 / ticks);
        }
    }

    #[test]
    fn each_point_is_due_once_and_none_at_the_close() {
        let mut cadence = Cadence::default();
        let mut due = Vec::new();
        for millis in (1..=4 * 60 * 5).map(|tick| tick * 250) {
            if cadence.is_due(&tick_at(millis, 5), 60, 2_000) {
                due.push(millis);
            }
        }
        assert_eq!(due, [62_000, 122_000, 182_000, 242_000]);
        assert!(!Cadence::default().is_due(&tick_at(300_000, 5), 60, 0));
    }

    #[test]
    fn points_that_were_skipped_are_one() {
        let mut cadence = Cadence::default();
        assert!(cadence.is_due(&tick_at(200_000, 10), 60, 0));
        assert!(!cadence.is_due(&tick_at(230_000, 10), 60, 0));
        assert!(cadence.is_due(&tick_at(240_000, 10), 60, 0));
        // The next session begins anew.
        assert!(!cadence.is_due(&tick_at(250, 10), 60, 0));
        assert!(cadence.is_due(&tick_at(60_000, 10), 60, 0));
    }
}
