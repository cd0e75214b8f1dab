//! A macro series and what of it was known on a day.
//!
//! A row is known on days after its date and its lag: a month's mean carries the month's first day and
//! is published after its end, so that its date alone would look ahead.

use crate::risk::daily_closes::SessionDate;
use engine::config::{Problems, within};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// One series of the config.
#[derive(Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct SeriesConfig {
    /// A file of the series; empty for none.
    #[garde(skip)]
    pub file: String,
    /// Days from a row's date to its publication.
    #[garde(custom(within(0, 366)))]
    pub lag_days: i64,
    /// How old the newest row that is known may be, days from its date.
    #[garde(custom(within(1, 3660)))]
    pub age_max_days: i64,
    /// The rows of that file, or rows in its place.
    #[garde(dive, length(max = 100_000))]
    pub rows: Vec<MacroRow>,
}

/// A value of a series.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct MacroRow {
    /// The day, or the first day of the month or quarter, that it is of.
    #[garde(skip)]
    pub date: SessionDate,
    /// The value in the series' own unit.
    #[garde(custom(within(-1e12, 1e12)))]
    pub value: f64,
}

impl SeriesConfig {
    /// Refuses a second row for one day.
    pub(super) fn check(&self, path: &str, problems: &mut Problems<'_>) {
        let mut seen = BTreeSet::new();
        for (place, row) in self.rows.iter().enumerate() {
            if !seen.insert(row.date) {
                let path = format!("{path}.rows[{place}].date");
                problems.refuse(&path, "must be there once");
            }
        }
    }
}

/// A series, by date.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    rows: BTreeMap<Date, f64>,
    lag_days: i64,
    age_max_days: i64,
}

/// What of a series is known on a day.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    rows: &'a BTreeMap<Date, f64>,
    /// The last date of which the value is known.
    until: Date,
    today: Date,
    age_max_days: i64,
}

impl Series {
    /// The series of a config.
    #[must_use]
    pub fn of(config: &SeriesConfig) -> Self {
        Self {
            rows: config
                .rows
                .iter()
                .map(|row| (row.date.0, row.value))
                .collect(),
            lag_days: config.lag_days,
            age_max_days: config.age_max_days,
        }
    }

    /// What is known before the session of `today`.
    #[must_use]
    pub fn known(&self, today: Date) -> Option<Known<'_>> {
        Some(Known {
            rows: &self.rows,
            until: days_before(today, self.lag_days.saturating_add(1))?,
            today,
            age_max_days: self.age_max_days,
        })
    }
}

impl Known<'_> {
    /// The newest value and its date.
    #[must_use]
    pub fn newest(&self) -> Option<(Date, f64)> {
        self.as_of(self.until)
    }

    /// Days since the date of the newest value.
    #[must_use]
    pub fn age_days(&self) -> Option<i64> {
        let (date, _) = self.newest()?;
        let since = self.today.since(date).ok()?;
        Some(i64::from(since.get_days()))
    }

    /// Whether there is a value, and it is not too old.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.age_days().is_some_and(|age| age <= self.age_max_days)
    }

    /// The newest value less the one that stood `days` before it; none if the series is shorter.
    #[must_use]
    pub fn change(&self, days: i64) -> Option<f64> {
        let (date, now) = self.newest()?;
        let (_, before) = self.as_of(days_before(date, days)?)?;
        Some(now - before)
    }

    /// The newest value over the one that stood `days` before it, less one.
    #[must_use]
    pub fn growth(&self, days: i64) -> Option<f64> {
        let (date, now) = self.newest()?;
        let (_, before) = self.as_of(days_before(date, days)?)?;
        (before > 0.0).then(|| now / before - 1.0)
    }

    /// The mean of the values of the last `days` days that are known.
    #[must_use]
    pub fn mean(&self, days: i64) -> Option<f64> {
        let from = days_before(self.until, days.saturating_sub(1))?;
        let (mut sum, mut count) = (0.0, 0_u32);
        for value in self.rows.range(from..=self.until).map(|(_, value)| value) {
            sum += value;
            count += 1;
        }
        (count > 0).then(|| sum / f64::from(count))
    }

    fn as_of(&self, date: Date) -> Option<(Date, f64)> {
        let last = self.rows.range(..=date.min(self.until)).next_back();
        last.map(|(date, value)| (*date, *value))
    }
}

fn days_before(date: Date, days: i64) -> Option<Date> {
    date.checked_sub(days.days()).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use jiff::civil::date;

    pub(crate) fn series(lag_days: i64, rows: &[(Date, f64)]) -> Series {
        Series {
            rows: rows.iter().copied().collect(),
            lag_days,
            age_max_days: 60,
        }
    }

    #[test]
    fn nothing_of_today_or_later_is_known() {
        let rows = [
            (date(2026, 3, 2), 1.0),
            (date(2026, 3, 3), 2.0),
            (date(2026, 3, 4), 3.0),
        ];
        let all = series(0, &rows);
        let shorter = series(0, &rows[..2]);
        let newest = |day| all.known(day).unwrap().newest().map(|(_, value)| value);
        assert_eq!(newest(date(2026, 3, 2)), None);
        assert_eq!(newest(date(2026, 3, 3)), Some(1.0));
        assert_eq!(newest(date(2026, 3, 4)), Some(2.0));
        assert_eq!(newest(date(2026, 3, 9)), Some(3.0));
        // What comes later changes nothing that is told of a day.
        let today = date(2026, 3, 4);
        let (long, short) = (all.known(today).unwrap(), shorter.known(today).unwrap());
        assert_eq!(long.newest(), short.newest());
        assert_eq!(
            (long.mean(5), long.change(1)),
            (short.mean(5), short.change(1))
        );
    }

    #[test]
    fn a_month_is_known_after_its_lag() {
        let series = series(31, &[(date(2026, 2, 1), 4.0), (date(2026, 3, 1), 5.0)]);
        let newest = |day| series.known(day).unwrap().newest().map(|(_, value)| value);
        assert_eq!(newest(date(2026, 3, 4)), None);
        assert_eq!(newest(date(2026, 3, 5)), Some(4.0));
        assert_eq!(newest(date(2026, 4, 1)), Some(4.0));
        assert_eq!(newest(date(2026, 4, 2)), Some(5.0));
        let known = series.known(date(2026, 4, 2)).unwrap();
        assert_eq!((known.age_days(), known.is_current()), (Some(32), true));
        assert_eq!((known.change(28), known.change(29)), (Some(1.0), None));
        assert_eq!(known.growth(28), Some(0.25));
        assert!(!series.known(date(2026, 5, 2)).unwrap().is_current());
    }
}
