//! When a strategy may speak: a part of the day, relative to that day's open and close.

use engine::calendar::Session;
use engine::clock::Tick;
use serde::Deserialize;

/// A moment relative to the session of the day, so that half days move it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Moment {
    /// So many minutes after the open.
    AfterOpenMin(i64),
    /// So many minutes before the close.
    BeforeCloseMin(i64),
}

impl Moment {
    /// Seconds from the session's open.
    fn seconds(self, session: &Session) -> f64 {
        match self {
            Self::AfterOpenMin(minutes) => minutes as f64 * 60.0,
            Self::BeforeCloseMin(minutes) => {
                session.close.seconds_since(session.open) - minutes as f64 * 60.0
            }
        }
    }
}

/// When a strategy may speak: from the first moment on, before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionWindow {
    /// Its beginning.
    pub from: Moment,
    /// Its end.
    pub until: Moment,
}

impl SessionWindow {
    /// Whether the tick lies in the window and in its session.
    #[must_use]
    pub fn contains(&self, tick: &Tick) -> bool {
        let since_open = tick.seconds_since_open();
        let (from, until) = (
            self.from.seconds(&tick.session),
            self.until.seconds(&tick.session),
        );
        from <= since_open
            && since_open < until
            && 0.0 <= since_open
            && tick.seconds_to_close() > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::units::Timestamp;
    use jiff::civil::date;

    fn tick_at(minutes: i64, session_minutes: i64) -> Tick {
        let open = Timestamp(0);
        Tick {
            number: 1,
            now: open.plus_millis(minutes * 60_000),
            session: Session {
                date: date(2015, 12, 24),
                open,
                close: open.plus_millis(session_minutes * 60_000),
                early_close: session_minutes < 390,
            },
            opens_session: false,
            skipped: 0,
            jumped_ms: 0,
        }
    }

    #[test]
    fn windows_move_with_the_close() {
        let window = SessionWindow {
            from: Moment::BeforeCloseMin(120),
            until: Moment::BeforeCloseMin(30),
        };
        assert!(window.contains(&tick_at(270, 390)) && !window.contains(&tick_at(360, 390)));
        assert!(window.contains(&tick_at(90, 210)) && !window.contains(&tick_at(270, 210)));
        let all_day = SessionWindow {
            from: Moment::AfterOpenMin(0),
            until: Moment::BeforeCloseMin(0),
        };
        assert!(!all_day.contains(&tick_at(390, 390)) && all_day.contains(&tick_at(389, 390)));
    }
}
