//! Regular sessions of the New York Stock Exchange, 09:30 to 16:00 or 13:00 New York time.
//!
//! Computed by rule from 2010-01-01 to 2030-12-31, with the one-off closures as a table. Outside
//! that range there is no trading: [`Calendar::covers`] says whether a date lies inside, so that
//! a caller can tell a closed day from an unknown one. The zone comes from the time-zone database
//! compiled into the program, so a host's own data changes nothing.
//!
//! [`Calendar::covers`]: crate::calendar::Calendar::covers

mod rules;

use crate::planted::planted;
use bevy_ecs::prelude::Resource;
use components::units::Timestamp;
use jiff::civil::{Date, Time, date, time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::sync::LazyLock;
use thiserror::Error;

/// The first date the calendar knows.
pub const FIRST_DATE: Date = date(2010, 1, 1);
/// The last date the calendar knows.
pub const LAST_DATE: Date = date(2030, 12, 31);
/// When a regular session opens, New York time.
pub const OPEN_TIME: Time = time(9, 30, 0, 0);
/// When a full session closes, New York time.
pub const CLOSE_TIME: Time = time(16, 0, 0, 0);
/// When the session of a half day closes, New York time.
pub const EARLY_CLOSE_TIME: Time = time(13, 0, 0, 0);

const ZONE: &str = "America/New_York";

/// One regular session; open from `open`, no longer open at `close`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The day in New York.
    pub date: Date,
    /// The first instant of the session.
    pub open: Timestamp,
    /// The instant the session has ended.
    pub close: Timestamp,
    /// Whether it ends before 16:00.
    pub early_close: bool,
}

impl Session {
    /// Whether `instant` lies in the session.
    #[must_use]
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.open <= instant && instant < self.close
    }

    /// How long the session is, in nanoseconds.
    #[must_use]
    pub fn duration_nanos(&self) -> i64 {
        self.close.nanos_since(self.open)
    }
}

/// Why the calendar refused a date or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// The date lies outside the table.
    #[error("date was {0}, must be from {FIRST_DATE} to {LAST_DATE}")]
    OutsideTable(Date),
    /// There is no session on that date.
    #[error("early close on {0}: there is no session on that date")]
    NotASession(Date),
    /// An early close must fall inside the session.
    #[error("early close on {0} was {1}, must be after {OPEN_TIME} and before {CLOSE_TIME}")]
    CloseOutsideSession(Date, Time),
    /// The instant does not fit into 64-bit nanoseconds.
    #[error("{0} {1} in New York was out of range, must be a date from 1678 to 2261")]
    NotRepresentable(Date, Time),
}

/// The sessions of an exchange and the zone its clock runs in.
#[derive(Resource, Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    sessions: Vec<Session>,
    /// Nanoseconds of all sessions before the one at the same index.
    open_nanos_before: Vec<i64>,
}

impl Calendar {
    /// The calendar of the New York Stock Exchange; computed once, then copied.
    ///
    /// # Examples
    /// ```
    /// use engine::calendar::Calendar;
    /// use jiff::civil::date;
    /// let nyse = Calendar::nyse();
    /// let half_day = nyse.session(date(2015, 12, 24)).unwrap();
    /// assert_eq!(half_day.close.to_string(), "2015-12-24T18:00:00Z");
    /// assert!(nyse.session(date(2025, 1, 9)).is_none());
    /// ```
    #[must_use]
    pub fn nyse() -> Self {
        static NYSE: LazyLock<Calendar> = LazyLock::new(compute_nyse);
        NYSE.clone()
    }

    /// The same calendar with no session on `day`. A day that is closed already stays so.
    ///
    /// # Errors
    /// When `day` lies outside the table.
    pub fn with_closure(mut self, day: Date) -> Result<Self, CalendarError> {
        if !self.covers(day) {
            return Err(CalendarError::OutsideTable(day));
        }
        self.sessions.retain(|session| session.date != day);
        self.open_nanos_before = running_totals(&self.sessions);
        Ok(self)
    }

    /// The same calendar with the session of `day` ending at `close`, New York time.
    ///
    /// # Errors
    /// When `day` lies outside the table or has no session, or `close` is not inside regular
    /// hours.
    pub fn with_early_close(mut self, day: Date, close: Time) -> Result<Self, CalendarError> {
        if !self.covers(day) {
            return Err(CalendarError::OutsideTable(day));
        }
        if close <= OPEN_TIME || CLOSE_TIME <= close {
            return Err(CalendarError::CloseOutsideSession(day, close));
        }
        let instant = self.at(day, close)?;
        let index = self.index_of(day).ok_or(CalendarError::NotASession(day))?;
        self.sessions[index].close = instant;
        self.sessions[index].early_close = true;
        self.open_nanos_before = running_totals(&self.sessions);
        Ok(self)
    }

    /// Whether the calendar knows `day`: a day it does not cover has no session either.
    #[must_use]
    pub fn covers(&self, day: Date) -> bool {
        FIRST_DATE <= day && day <= LAST_DATE
    }

    /// The session of `day`, if there is one.
    #[must_use]
    pub fn session(&self, day: Date) -> Option<Session> {
        if planted(29) && day > LAST_DATE {
            return self.guess(day);
        }
        self.index_of(day).map(|index| self.sessions[index])
    }

    /// I29, when planted: beyond the table every working day is a full session.
    fn guess(&self, day: Date) -> Option<Session> {
        let works = day.weekday().to_monday_zero_offset() < 5;
        let at = |time| self.at(day, time).ok();
        works.then_some(Session {
            date: day,
            open: at(OPEN_TIME)?,
            close: at(CLOSE_TIME)?,
            early_close: false,
        })
    }

    /// The first session after `day`; absent if the calendar does not cover `day` or ends.
    #[must_use]
    pub fn next_session(&self, day: Date) -> Option<Session> {
        if !self.covers(day) {
            return None;
        }
        self.sessions
            .get(self.sessions.partition_point(|session| session.date <= day))
            .copied()
    }

    /// The last session before `day`; absent if the calendar does not cover `day` or begins.
    #[must_use]
    pub fn previous_session(&self, day: Date) -> Option<Session> {
        if !self.covers(day) {
            return None;
        }
        self.sessions[..self.first_from(day)].last().copied()
    }

    /// The session that `instant` lies in, if the exchange is open then.
    #[must_use]
    pub fn session_at(&self, instant: Timestamp) -> Option<Session> {
        let index = self
            .sessions
            .partition_point(|session| session.close <= instant);
        self.sessions
            .get(index)
            .filter(|session| session.contains(instant))
            .copied()
    }

    /// All sessions from `from` to `to`, both included.
    #[must_use]
    pub fn sessions(&self, from: Date, to: Date) -> &[Session] {
        let begin = self.first_from(from);
        let end = self.sessions.partition_point(|session| session.date <= to);
        &self.sessions[begin..end.max(begin)]
    }

    /// How many sessions lie after `from` up to and with `to`; 0 unless `from` is before `to`.
    ///
    /// This counts an option's sessions left: 0 on its expiry date, 1 on the session before.
    #[must_use]
    pub fn trading_days_between(&self, from: Date, to: Date) -> usize {
        let begin = self
            .sessions
            .partition_point(|session| session.date <= from);
        let end = self.sessions.partition_point(|session| session.date <= to);
        end.saturating_sub(begin)
    }

    /// Nanoseconds of open sessions from `from` to `to`; 0 if `to` is not later, absent if the
    /// calendar does not cover both days.
    #[must_use]
    pub fn open_nanos_between(&self, from: Timestamp, to: Timestamp) -> Option<i64> {
        if !self.covers(self.local_date(from)) || !self.covers(self.local_date(to)) {
            return None;
        }
        Some((self.open_nanos_until(to) - self.open_nanos_until(from)).max(0))
    }

    /// The day in New York at `instant`.
    #[must_use]
    pub fn local_date(&self, instant: Timestamp) -> Date {
        self.zone.to_datetime(instant.into()).date()
    }

    /// The instant at which New York's clocks show `time` on `day`.
    ///
    /// A time that a clock change skips or repeats is read with the offset from before the
    /// change; no session touches one.
    ///
    /// # Errors
    /// When the instant does not fit into 64-bit nanoseconds (before 1678 or after 2261).
    pub fn at(&self, day: Date, time: Time) -> Result<Timestamp, CalendarError> {
        let error = CalendarError::NotRepresentable(day, time);
        let instant = self
            .zone
            .to_timestamp(day.to_datetime(time))
            .map_err(|_| error)?;
        i64::try_from(instant.as_nanosecond())
            .map(Timestamp)
            .map_err(|_| error)
    }

    fn index_of(&self, day: Date) -> Option<usize> {
        self.sessions
            .binary_search_by_key(&day, |session| session.date)
            .ok()
    }

    fn first_from(&self, day: Date) -> usize {
        self.sessions.partition_point(|session| session.date < day)
    }

    fn open_nanos_until(&self, instant: Timestamp) -> i64 {
        let index = self
            .sessions
            .partition_point(|session| session.open <= instant);
        let Some(last) = index.checked_sub(1) else {
            return 0;
        };
        let session = &self.sessions[last];
        let within = session
            .duration_nanos()
            .min(instant.nanos_since(session.open));
        self.open_nanos_before[last] + within
    }
}

fn compute_nyse() -> Calendar {
    let zone = new_york();
    let mut sessions = Vec::new();
    let mut day = FIRST_DATE;
    while day <= LAST_DATE {
        if rules::is_session(day) {
            let early_close = rules::closes_early(day);
            let close = if early_close {
                EARLY_CLOSE_TIME
            } else {
                CLOSE_TIME
            };
            let (open, close) = (instant(&zone, day, OPEN_TIME), instant(&zone, day, close));
            sessions.push(Session {
                date: day,
                open,
                close,
                early_close,
            });
        }
        day = day
            .tomorrow()
            .expect("Invariant: the table ends before the year 9999");
    }
    let open_nanos_before = running_totals(&sessions);
    Calendar {
        zone,
        sessions,
        open_nanos_before,
    }
}

fn new_york() -> TimeZone {
    TimeZoneDatabase::bundled()
        .get(ZONE)
        .expect("Invariant: the zone data is compiled in")
}

fn instant(zone: &TimeZone, day: Date, time: Time) -> Timestamp {
    zone.to_timestamp(day.to_datetime(time))
        .expect("Invariant: the table's years are inside the library's range")
        .into()
}

fn running_totals(sessions: &[Session]) -> Vec<i64> {
    let mut total = 0;
    let before = |session: &Session| {
        let before = total;
        total += session.duration_nanos();
        before
    };
    sessions.iter().map(before).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::units::NANOS_PER_SECOND;

    const HALF_DAY_NANOS: i64 = 3 * 3600 * NANOS_PER_SECOND + 1800 * NANOS_PER_SECOND;

    #[test]
    fn a_session_contains_its_open_and_not_its_close() {
        let session = Calendar::nyse().session(date(2015, 12, 24)).unwrap();
        assert!(session.contains(session.open));
        assert!(!session.contains(session.close));
        assert_eq!(session.duration_nanos(), HALF_DAY_NANOS);
    }

    #[test]
    fn a_closure_from_the_configuration_removes_the_session() {
        let day = date(2026, 10, 28);
        let nyse = Calendar::nyse().with_closure(day).unwrap();
        assert_eq!(nyse.session(day), None);
        assert_eq!(
            nyse.trading_days_between(date(2026, 10, 27), date(2026, 10, 29)),
            1
        );
        let again = nyse.with_closure(day).unwrap();
        assert_eq!(
            again.next_session(date(2026, 10, 27)).unwrap().date,
            date(2026, 10, 29)
        );
        assert!(Calendar::nyse().session(day).is_some());
    }

    #[test]
    fn an_early_close_from_the_configuration_shortens_the_session() {
        let day = date(2026, 10, 28);
        let nyse = Calendar::nyse()
            .with_early_close(day, time(14, 15, 0, 0))
            .unwrap();
        let session = nyse.session(day).unwrap();
        assert!(session.early_close);
        assert_eq!(session.close.to_string(), "2026-10-28T18:15:00Z");
        let week = (
            nyse.at(day, OPEN_TIME).unwrap(),
            nyse.at(day, CLOSE_TIME).unwrap(),
        );
        let open = nyse.open_nanos_between(week.0, week.1);
        assert_eq!(open, Some(session.duration_nanos()));
    }

    #[test]
    fn refusals_name_the_value_and_what_is_allowed() {
        let nyse = Calendar::nyse;
        let outside = nyse()
            .with_closure(date(2031, 1, 1))
            .unwrap_err()
            .to_string();
        assert_eq!(
            outside,
            "date was 2031-01-01, must be from 2010-01-01 to 2030-12-31"
        );
        let sunday = nyse()
            .with_early_close(date(2026, 3, 1), EARLY_CLOSE_TIME)
            .unwrap_err();
        assert_eq!(sunday, CalendarError::NotASession(date(2026, 3, 1)));
        let late = nyse()
            .with_early_close(date(2026, 3, 2), CLOSE_TIME)
            .unwrap_err()
            .to_string();
        assert!(
            late.contains("2026-03-02 was 16:00:00, must be after 09:30:00"),
            "{late}"
        );
        let far = nyse().at(date(2300, 1, 1), OPEN_TIME).unwrap_err();
        assert_eq!(
            far,
            CalendarError::NotRepresentable(date(2300, 1, 1), OPEN_TIME)
        );
    }

    #[test]
    fn outside_the_table_there_is_no_trading_and_no_neighbour() {
        let nyse = Calendar::nyse();
        for day in [date(2009, 12, 31), date(2031, 1, 2)] {
            assert!(!nyse.covers(day));
            assert_eq!(nyse.session(day), None);
            assert_eq!(nyse.next_session(day), None);
            assert_eq!(nyse.previous_session(day), None);
        }
        assert_eq!(nyse.next_session(LAST_DATE), None);
        assert_eq!(nyse.previous_session(FIRST_DATE), None);
        let instant = nyse.at(date(2009, 12, 31), OPEN_TIME).unwrap();
        assert_eq!(nyse.open_nanos_between(instant, instant), None);
        assert_eq!(nyse.session_at(instant), None);
    }

    #[test]
    fn a_weekend_has_neighbours_on_both_sides() {
        let nyse = Calendar::nyse();
        let saturday = date(2025, 9, 13);
        assert_eq!(
            nyse.previous_session(saturday).unwrap().date,
            date(2025, 9, 12)
        );
        assert_eq!(nyse.next_session(saturday).unwrap().date, date(2025, 9, 15));
        assert_eq!(
            nyse.trading_days_between(date(2025, 9, 12), date(2025, 9, 15)),
            1
        );
        assert_eq!(
            nyse.trading_days_between(date(2025, 9, 15), date(2025, 9, 12)),
            0
        );
        assert!(
            nyse.sessions(date(2025, 9, 15), date(2025, 9, 12))
                .is_empty()
        );
    }

    #[test]
    fn the_clock_change_moves_the_open_in_utc_only() {
        let nyse = Calendar::nyse();
        let before = nyse.session(date(2026, 3, 6)).unwrap();
        let after = nyse.session(date(2026, 3, 9)).unwrap();
        assert_eq!(before.open.to_string(), "2026-03-06T14:30:00Z");
        assert_eq!(after.open.to_string(), "2026-03-09T13:30:00Z");
        assert_eq!(nyse.session_at(after.open), Some(after));
        assert_eq!(
            nyse.local_date(Timestamp(after.open.0 - 10 * 3600 * NANOS_PER_SECOND)),
            { date(2026, 3, 8) }
        );
    }
}
