//! What the end of the day does to a position. Every moment is an offset from that session's close,
//! so half days move it.

use super::rules::Rules;
use components::units::Timestamp;
use engine::calendar::Session;
use engine::planted::planted;

/// What the clock demands of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// To hold no more than this many contracts.
    AtMost(u32),
}

/// The times that the end of a day depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Now.
    pub now: Timestamp,
    /// Today's session.
    pub session: Session,
    /// When the next session opens; absent if the calendar ends.
    pub next_open: Option<Timestamp>,
    /// When the contract settles.
    pub settles_at: Timestamp,
}

/// What the clock demands of a position of at most `largest` contracts.
///
/// What settles before the next session can be traded (expiring today, or in the morning before
/// it opens) is closed in time for the broker's own liquidation; the rest by the strategy's rule.
#[must_use]
pub fn due(rules: &Rules, times: &Times, largest: u32) -> Due {
    let close = if planted(28) {
        // I28: the end of the day stands at 16:00 although a half day ends at 13:00.
        times.session.open.plus_millis(390 * 60_000)
    } else {
        times.session.close
    };
    let from = |before_close_ns: i64| close.plus_nanos(-before_close_ns) <= times.now;
    if leaves_today(times) && from(rules.expiring_before_close_ns) && !planted(31) {
        // I31, when planted: what expires is still held when the broker begins to sell it.
        return Due::AtMost(0);
    }
    let kept = rules.overnight.of_quantity(largest);
    if kept < largest && from(rules.day_end_before_close_ns) {
        return Due::AtMost(kept);
    }
    Due::Nothing
}

/// Whether today is the last day on which the contract can be traded.
#[must_use]
pub fn leaves_today(times: &Times) -> bool {
    let last = times
        .next_open
        .map_or(times.session.close, |open| open.max(times.session.close));
    times.settles_at <= last
}

#[cfg(test)]
mod tests {
    use super::super::config::tests::section;
    use super::super::rules::Share;
    use super::*;
    use engine::calendar::Calendar;
    use jiff::civil::{Date, date};

    const HALF_DAY: Date = date(2015, 12, 24);
    const FULL_DAY: Date = date(2015, 12, 23);

    fn rules(overnight: f64) -> Rules {
        let mut rules = Rules::from(&section("{}").unwrap());
        rules.overnight = Share::new(overnight);
        rules
    }

    /// The moment `seconds` before the close of `day`, for what settles `settles_days` sessions on.
    fn times(day: Date, seconds: i64, settles: impl Fn(&Calendar, Session) -> Timestamp) -> Times {
        let nyse = Calendar::nyse();
        let session = nyse.session(day).unwrap();
        Times {
            now: session.close.plus_millis(-seconds * 1_000),
            session,
            next_open: nyse.next_session(day).map(|next| next.open),
            settles_at: settles(&nyse, session),
        }
    }

    fn today(_: &Calendar, session: Session) -> Timestamp {
        session.close
    }

    fn later(_: &Calendar, session: Session) -> Timestamp {
        session.close.plus_millis(30 * 86_400_000)
    }

    #[test]
    fn what_expires_goes_before_the_close_of_that_day() {
        for day in [FULL_DAY, HALF_DAY] {
            let due_at = |seconds| due(&rules(1.0), &times(day, seconds, today), 5);
            assert_eq!((due_at(901), due_at(900)), (Due::Nothing, Due::AtMost(0)));
        }
    }

    #[test]
    fn the_rule_of_the_strategy_moves_with_the_close() {
        for day in [FULL_DAY, HALF_DAY] {
            let due_at = |share, seconds| due(&rules(share), &times(day, seconds, later), 5);
            assert_eq!(due_at(0.0, 601), Due::Nothing);
            assert_eq!(due_at(0.0, 600), Due::AtMost(0));
            assert_eq!(due_at(0.5, 600), Due::AtMost(2));
            assert_eq!(due_at(1.0, 0), Due::Nothing);
        }
    }

    #[test]
    fn what_settles_in_the_morning_is_traded_for_the_last_time_today() {
        let morning =
            |nyse: &Calendar, session: Session| nyse.next_session(session.date).unwrap().open;
        assert_eq!(
            due(&rules(1.0), &times(FULL_DAY, 900, morning), 5),
            Due::AtMost(0)
        );
        let evening =
            |nyse: &Calendar, session: Session| nyse.next_session(session.date).unwrap().close;
        assert_eq!(
            due(&rules(1.0), &times(FULL_DAY, 900, evening), 5),
            Due::Nothing
        );
    }
}
