//! Which day a seed lives through, and which hours of it.

use super::grid::Grid;
use components::units::Timestamp;
use engine::calendar::{Calendar, Session};
use engine::clock::Window;
use engine::random::Stream;
use jiff::civil::{Date, date};

/// Days to the last expiry: over the longest of the breaks below.
pub const EXPIRY_DAYS: u32 = 4;
/// A short seed: five minutes.
const SHORT_MS: i64 = 300_000;
/// What a short seed goes on after the close.
const PAST_CLOSE_MS: i64 = 60_000;

/// What kind of day it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DayKind {
    /// An ordinary one.
    Ordinary,
    /// A Friday on which contracts expire.
    ExpiryFriday,
    /// A session that ends at 13:00.
    HalfDay,
    /// The last session before a holiday.
    HolidayEve,
    /// The last session before a clock change, or the first one after it.
    ClockChange,
    /// Beyond the calendar: nothing may be traded.
    BeyondCalendar,
}

/// Which hours of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hours {
    /// The first minutes.
    Opening,
    /// Any minutes between.
    Between,
    /// The last minutes, and one past the close.
    Closing,
    /// The last minutes, then the first ones of the next session.
    Overnight,
    /// All of it.
    Whole,
}

/// A day and its hours.
#[derive(Clone, Debug)]
pub struct Day {
    /// The kind.
    pub kind: DayKind,
    /// The hours.
    pub hours: Hours,
    /// The sessions that are lived through, and those after them that contracts expire on.
    pub sessions: Vec<Session>,
    /// The grid.
    pub grid: Grid,
}

impl DayKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Ordinary,
        Self::ExpiryFriday,
        Self::HalfDay,
        Self::HolidayEve,
        Self::ClockChange,
        Self::BeyondCalendar,
    ];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::ExpiryFriday => "expiry_friday",
            Self::HalfDay => "half_day",
            Self::HolidayEve => "holiday_eve",
            Self::ClockChange => "clock_change",
            Self::BeyondCalendar => "beyond_calendar",
        }
    }

    /// Days of the kind; of a clock change those before it come first, then those after it.
    fn dates(self) -> &'static [Date] {
        const ORDINARY: [Date; 4] = [
            date(2026, 3, 3),
            date(2026, 5, 13),
            date(2026, 8, 18),
            date(2026, 9, 10),
        ];
        const FRIDAYS: [Date; 3] = [date(2026, 3, 20), date(2026, 4, 17), date(2026, 7, 17)];
        const HALVES: [Date; 2] = [date(2026, 11, 27), date(2026, 12, 24)];
        const EVES: [Date; 3] = [date(2026, 4, 2), date(2026, 7, 2), date(2026, 11, 25)];
        const CHANGES: [Date; 4] = [
            date(2026, 3, 6),
            date(2026, 10, 30),
            date(2026, 3, 9),
            date(2026, 11, 2),
        ];
        const BEYOND: [Date; 1] = [date(2031, 1, 2)];
        match self {
            Self::Ordinary => &ORDINARY,
            Self::ExpiryFriday => &FRIDAYS,
            Self::HalfDay => &HALVES,
            Self::HolidayEve => &EVES,
            Self::ClockChange => &CHANGES,
            Self::BeyondCalendar => &BEYOND,
        }
    }
}

impl Hours {
    /// All.
    pub const ALL: [Self; 5] = [
        Self::Opening,
        Self::Between,
        Self::Closing,
        Self::Overnight,
        Self::Whole,
    ];

    /// Their name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Between => "between",
            Self::Closing => "closing",
            Self::Overnight => "overnight",
            Self::Whole => "whole_session",
        }
    }
}

impl Day {
    /// The five minutes of the short seed `seed`.
    #[must_use]
    pub fn short(seed: u64) -> Self {
        let mut draws = Stream::new(seed, "torture-day", 0);
        let kind = match draws.below(100) {
            0..40 => DayKind::Ordinary,
            40..58 => DayKind::ExpiryFriday,
            58..73 => DayKind::HalfDay,
            73..83 => DayKind::HolidayEve,
            83..99 => DayKind::ClockChange,
            _ => DayKind::BeyondCalendar,
        };
        let hours = match draws.below(100) {
            0..15 => Hours::Opening,
            15..60 => Hours::Between,
            // What comes after the last session of the calendar nobody knows.
            60..100 if kind == DayKind::BeyondCalendar => Hours::Closing,
            60..80 => Hours::Closing,
            _ => Hours::Overnight,
        };
        // Over a clock change, not after it.
        let dates = match (kind, hours) {
            (DayKind::ClockChange, Hours::Overnight) => &kind.dates()[..2],
            _ => kind.dates(),
        };
        let day = dates[place(&mut draws, dates.len())];
        let minute = i64::try_from(draws.below(1_440)).unwrap_or(0);
        Self::of(kind, hours, &sessions_from(day), minute)
    }

    /// Five minutes of a Friday, for scripts that want nothing of the day.
    #[must_use]
    pub fn plain(seed: u64) -> Self {
        let mut draws = Stream::new(seed, "torture-plan", 0);
        let minute = i64::try_from(draws.below(300)).unwrap_or(0);
        let sessions = sessions_from(date(2026, 3, 6));
        Self::of(DayKind::Ordinary, Hours::Between, &sessions, minute)
    }

    /// The whole session of the seed `seed`: among sixteen in a row are both half days, the days
    /// before and after both clock changes, a holiday's eve and days on which contracts expire.
    #[must_use]
    pub fn whole(seed: u64) -> Self {
        let (kind, which) = match seed % 16 {
            0 => (DayKind::HalfDay, 0),
            1 => (DayKind::ClockChange, 2),
            2 => (DayKind::ClockChange, 3),
            3 => (DayKind::ExpiryFriday, 0),
            4 => (DayKind::HalfDay, 1),
            5 => (DayKind::ClockChange, 0),
            6 => (DayKind::ClockChange, 1),
            7 => (DayKind::HolidayEve, 1),
            8 => (DayKind::ExpiryFriday, 1),
            other => (DayKind::Ordinary, other),
        };
        let dates = kind.dates();
        let which = usize::try_from(which).unwrap_or(0) % dates.len();
        Self::of(kind, Hours::Whole, &sessions_from(dates[which]), 0)
    }

    /// `minute` says where between opening and closing the hours between begin.
    fn of(kind: DayKind, hours: Hours, sessions: &[Session], minute: i64) -> Self {
        let today = sessions[0];
        let window = |session: Session, start: Timestamp, millis: i64| Window {
            session,
            start,
            end: start.plus_millis(millis),
        };
        let windows = match (hours, sessions.get(1)) {
            (Hours::Overnight, Some(next)) => {
                let half = SHORT_MS / 2;
                vec![
                    window(today, today.close.plus_millis(-half), half),
                    window(*next, next.open, half),
                ]
            }
            (Hours::Opening, _) => vec![window(today, today.open, SHORT_MS)],
            (Hours::Closing | Hours::Overnight, _) => {
                let start = today.close.plus_millis(PAST_CLOSE_MS - SHORT_MS);
                vec![window(today, start, SHORT_MS)]
            }
            (Hours::Between, _) => {
                // From a quarter of an hour after the open to half an hour before the close.
                let minutes = today.duration_nanos() / 60_000_000_000 - 45;
                let start = today.open.plus_millis((15 + minute % minutes) * 60_000);
                vec![window(today, start, SHORT_MS)]
            }
            (Hours::Whole, _) => vec![Window::whole(today)],
        };
        Self {
            kind,
            hours,
            sessions: sessions.to_vec(),
            grid: Grid::new(windows),
        }
    }

    /// Whether a short seed has the close in it.
    #[must_use]
    pub fn has_close(&self) -> bool {
        matches!(self.hours, Hours::Closing | Hours::Overnight)
    }
}

/// The session of `day`, the one after it, and all on which contracts expire that are listed in
/// either. Beyond the calendar a session is made up, as a clock would that knows no calendar.
fn sessions_from(day: Date) -> Vec<Session> {
    let nyse = Calendar::nyse();
    let days = |count: u32| jiff::Span::new().days(i64::from(count));
    let next = nyse.next_session(day).map_or(day, |next| next.date);
    let sessions = nyse.sessions(day, next.saturating_add(days(EXPIRY_DAYS)));
    if nyse.covers(day) {
        return sessions.to_vec();
    }
    let at = |time| nyse.at(day, time).unwrap_or(Timestamp(0));
    vec![Session {
        date: day,
        open: at(engine::calendar::OPEN_TIME),
        close: at(engine::calendar::CLOSE_TIME),
        early_close: false,
    }]
}

fn place(draws: &mut Stream, below: usize) -> usize {
    usize::try_from(draws.below(below as u64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn sixteen_whole_sessions_hold_every_special_day() {
        let dates: BTreeSet<String> = (0..16)
            .map(|seed| Day::whole(seed).sessions[0].date.to_string())
            .collect();
        for day in [
            "2026-11-27",
            "2026-12-24",
            "2026-03-06",
            "2026-03-09",
            "2026-10-30",
            "2026-11-02",
            "2026-03-20",
            "2026-07-02",
        ] {
            assert!(dates.contains(day), "{day} of {dates:?}");
        }
        let half = Day::whole(16);
        assert_eq!((half.kind, half.grid.len()), (DayKind::HalfDay, 50_400));
    }

    #[test]
    fn short_seeds_meet_every_kind_of_day_at_every_hour() {
        let mut met = BTreeSet::new();
        for seed in 0..2_000 {
            let day = Day::short(seed);
            assert_eq!(day.grid.len(), 1_200, "{day:?}");
            met.insert((day.kind, day.hours));
            let last = day.grid.at(1_200);
            match day.hours {
                Hours::Closing => assert_eq!(last, day.sessions[0].close.plus_millis(60_000)),
                Hours::Overnight => {
                    assert_eq!(last, day.sessions[1].open.plus_millis(150_000));
                }
                _ => assert!(last <= day.sessions[0].close),
            }
        }
        assert!(met.len() >= 5 * 4, "{met:?}");
    }

    #[test]
    fn a_weekend_in_march_is_an_hour_shorter() {
        let weekend = |day: Date| {
            let sessions = sessions_from(day);
            let day = Day::of(DayKind::ClockChange, Hours::Overnight, &sessions, 0);
            let (from, until) = day.grid.nights().next().unwrap();
            until.nanos_since(from) / 3_600_000_000_000
        };
        assert_eq!(weekend(date(2026, 3, 6)), 64);
        assert_eq!(weekend(date(2026, 10, 30)), 66);
    }
}
