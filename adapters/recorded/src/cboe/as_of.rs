//! The date line of a chain, as far as it can be read.
//!
//! The line is free text that people have typed over: the order of day and month differs, and one
//! file is in Spanish. What is not English with a clock of 12 hours and a New York zone is not
//! guessed at.

use crate::day::NEW_YORK;
use components::units::Timestamp;
use jiff::civil::{Date, Time};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The instant that a date line names, such as `September 14, 2023 at 4:31 PM EDT`.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let words: Vec<String> = text
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty() && *word != "at")
        .map(str::to_ascii_lowercase)
        .collect();
    let [first, second, year, clock, half, zone] = words.as_slice() else {
        return None;
    };
    let month = |word: &String| (1_i8..).zip(MONTHS).find(|(_, name)| name == word);
    let (month, day) = match (month(first), month(second)) {
        (Some((month, _)), None) => (month, second.parse().ok()?),
        (None, Some((month, _))) => (month, first.parse().ok()?),
        _ => return None,
    };
    let date = Date::new(year.parse().ok()?, month, day).ok()?;
    let (hour, minute) = clock.split_once(':')?;
    let hour: i8 = hour.parse().ok().filter(|hour| (1..=12).contains(hour))?;
    let hour = match half.as_str() {
        "am" => hour % 12,
        "pm" => hour % 12 + 12,
        _ => return None,
    };
    let time = Time::new(hour, minute.parse().ok()?, 0, 0).ok()?;
    if !matches!(zone.as_str(), "edt" | "est" | "et") {
        return None;
    }
    let zoned = date.to_datetime(time).in_tz(NEW_YORK).ok()?;
    Some(zoned.timestamp().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_dates_in_any_order_are_read() {
        for (text, expected) in [
            ("10 May 2023, at 3:10 PM EDT", "2023-05-10T19:10:00Z"),
            ("10 May 2023, 5:39 PM EDT", "2023-05-10T21:39:00Z"),
            ("June 11, 2022, 8:47 PM EDT", "2022-06-12T00:47:00Z"),
            ("September 14, 2023 at 4:31 PM EDT", "2023-09-14T20:31:00Z"),
            ("January 5, 2024 at 12:05 AM EST", "2024-01-05T05:05:00Z"),
        ] {
            let found = read(text).map(|at| at.to_string());
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_guessed_at() {
        for text in [
            "",
            "23 de marzo de 2022, 10:11 GMT-4",
            "September 31, 2023 at 4:31 PM EDT",
            "September 14, 2023 at 16:31 PM EDT",
            "September 14, 2023 at 4:31 PM CET",
            "10 11 2023 4:31 PM EDT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
