//! Which weekdays the New York Stock Exchange is closed on, and on which it closes at 13:00.
//!
//! Source: NYSE Rule 7.2 and the exchange's published holiday calendars. The one-off closures were
//! announced one by one; no rule yields them.

use jiff::civil::{Date, Weekday, date};

/// Closures that follow from no rule: hurricane Sandy, and the days of mourning for presidents
/// Bush and Carter.
const CLOSURES: [Date; 4] = [
    date(2012, 10, 29),
    date(2012, 10, 30),
    date(2018, 12, 5),
    date(2025, 1, 9),
];

/// The first year in which Juneteenth is a holiday of the exchange.
const JUNETEENTH_SINCE_YEAR: i16 = 2022;

/// Whether the exchange holds a session on `day`.
pub(super) fn is_session(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
        && !is_holiday(day)
        && !CLOSURES.contains(&day)
}

/// Whether the session of `day`, which must be one, ends at 13:00.
///
/// July 3 is a session from Monday to Thursday only: on a Friday it is the observed holiday.
/// The same goes for December 24. The eve of a holiday on Monday is a weekend, and the Friday
/// before it is a full day.
pub(super) fn closes_early(day: Date) -> bool {
    match (day.month(), day.day()) {
        (7, 3) | (12, 24) => true,
        (11, 23..=29) => day.weekday() == Weekday::Friday,
        _ => false,
    }
}

fn is_holiday(day: Date) -> bool {
    let (month, in_month, weekday) = (day.month(), day.day(), day.weekday());
    match (month, weekday) {
        (1, Weekday::Monday) if (15..=21).contains(&in_month) => true, // Martin Luther King
        (2, Weekday::Monday) if (15..=21).contains(&in_month) => true, // Presidents
        (5, Weekday::Monday) if in_month >= 25 => true,                // Memorial
        (9, Weekday::Monday) if in_month <= 7 => true,                 // Labor
        (11, Weekday::Thursday) if (22..=28).contains(&in_month) => true, // Thanksgiving
        (1, _) => is_observed(day, 1),
        (6, _) => day.year() >= JUNETEENTH_SINCE_YEAR && is_observed(day, 19),
        (7, _) => is_observed(day, 4),
        (12, _) => is_observed(day, 25),
        (3 | 4, Weekday::Friday) => day == good_friday(day.year()),
        _ => false,
    }
}

/// Whether the holiday on `fixed` of this month is kept on `day`: a Saturday's is kept on the
/// Friday before, a Sunday's on the Monday after. New Year's Friday lies in another month, so a
/// Saturday's New Year is not kept: that is the exchange's rule, the day ends an accounting year.
fn is_observed(day: Date, fixed: i8) -> bool {
    day.day() == fixed
        || (day.weekday() == Weekday::Friday && day.day() == fixed - 1)
        || (day.weekday() == Weekday::Monday && day.day() == fixed + 1)
}

/// Two days before Easter Sunday, by the Gregorian computus of Meeus, Jones and Butcher.
fn good_friday(year: i16) -> Date {
    let y = i32::from(year);
    let golden_number = y % 19;
    let (century, in_century) = (y / 100, y % 100);
    let (leap_centuries, century_rest) = (century / 4, century % 4);
    let moon_correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden_number + century - leap_centuries - moon_correction + 15) % 30;
    let (leap_years, year_rest) = (in_century / 4, in_century % 4);
    let to_sunday = (32 + 2 * century_rest + 2 * leap_years - epact - year_rest) % 7;
    let late_moon = (golden_number + 11 * epact + 22 * to_sunday) / 451;
    // Days from March 1, from 21 (March 22) to 55 (April 25).
    let easter = epact + to_sunday - 7 * late_moon + 21;
    date(year, 3, 1).saturating_add(jiff::Span::new().days(easter - 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_friday_is_the_published_one() {
        let known = [
            date(2010, 4, 2),
            date(2011, 4, 22),
            date(2016, 3, 25),
            date(2019, 4, 19),
            date(2024, 3, 29),
            date(2025, 4, 18),
            date(2038, 4, 23),
        ];
        for day in known {
            assert_eq!(good_friday(day.year()), day);
        }
    }

    #[test]
    fn a_saturday_new_year_is_not_kept_on_friday() {
        assert!(is_session(date(2010, 12, 31)));
        assert!(is_session(date(2021, 12, 31)));
        assert!(!is_session(date(2023, 1, 2)));
    }
}
