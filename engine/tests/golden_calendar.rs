//! The session calendar against `sessions.csv` and the exchange's own history.

#![expect(clippy::unwrap_used, reason = "a test reports a bad file by panicking")]

use engine::calendar::Calendar;
use jiff::civil::{Date, Weekday, date};
use std::path::PathBuf;

/// Closed weekdays and 13:00 closes by year, as the exchange published them.
const HISTORY: [(i16, &str, &str); 14] = [
    (
        2010,
        "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24",
        "11-26",
    ),
    (
        2011,
        "01-17 02-21 04-22 05-30 07-04 09-05 11-24 12-26",
        "11-25",
    ),
    (
        2012,
        "01-02 01-16 02-20 04-06 05-28 07-04 09-03 10-29 10-30 11-22 12-25",
        "07-03 11-23 12-24",
    ),
    (
        2013,
        "01-01 01-21 02-18 03-29 05-27 07-04 09-02 11-28 12-25",
        "07-03 11-29 12-24",
    ),
    (
        2014,
        "01-01 01-20 02-17 04-18 05-26 07-04 09-01 11-27 12-25",
        "07-03 11-28 12-24",
    ),
    (
        2015,
        "01-01 01-19 02-16 04-03 05-25 07-03 09-07 11-26 12-25",
        "11-27 12-24",
    ),
    (
        2016,
        "01-01 01-18 02-15 03-25 05-30 07-04 09-05 11-24 12-26",
        "11-25",
    ),
    (
        2017,
        "01-02 01-16 02-20 04-14 05-29 07-04 09-04 11-23 12-25",
        "07-03 11-24",
    ),
    (
        2018,
        "01-01 01-15 02-19 03-30 05-28 07-04 09-03 11-22 12-05 12-25",
        "07-03 11-23 12-24",
    ),
    (
        2019,
        "01-01 01-21 02-18 04-19 05-27 07-04 09-02 11-28 12-25",
        "07-03 11-29 12-24",
    ),
    (
        2020,
        "01-01 01-20 02-17 04-10 05-25 07-03 09-07 11-26 12-25",
        "11-27 12-24",
    ),
    (
        2021,
        "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24",
        "11-26",
    ),
    (
        2022,
        "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26",
        "11-25",
    ),
    (
        2023,
        "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25",
        "07-03 11-24",
    ),
];

#[test]
fn golden_sessions_agree_to_the_instant() {
    let text = std::fs::read_to_string(golden("sessions.csv")).unwrap();
    let nyse = Calendar::nyse();
    let mut days = Vec::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let day: Date = fields[0].parse().unwrap();
        let session = nyse
            .session(day)
            .unwrap_or_else(|| panic!("no session on {day}"));
        assert_eq!(session.open, instant(fields[1]), "{line}");
        assert_eq!(session.close, instant(fields[2]), "{line}");
        assert_eq!(session.early_close, fields[3] == "1", "{line}");
        days.push(day);
    }
    assert!(!days.is_empty());
    let ours = nyse.sessions(days[0], days[days.len() - 1]);
    assert_eq!(
        ours.iter().map(|session| session.date).collect::<Vec<_>>(),
        days
    );
}

#[test]
fn sessions_from_2010_to_2023_are_the_published_ones() {
    let nyse = Calendar::nyse();
    let expected = |year: i16, days: &str| -> Vec<Date> {
        days.split(' ')
            .map(|day| format!("{year}-{day}").parse().unwrap())
            .collect()
    };
    for (year, closed, early) in HISTORY {
        let weekdays = date(year, 1, 1)
            .series(jiff::Span::new().days(1))
            .take_while(|day| day.year() == year)
            .filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday));
        let missing: Vec<Date> = weekdays
            .filter(|day| nyse.session(*day).is_none())
            .collect();
        assert_eq!(missing, expected(year, closed), "closed in {year}");
        let sessions = nyse.sessions(date(year, 1, 1), date(year, 12, 31));
        let short = sessions.iter().filter(|session| session.early_close);
        let short: Vec<Date> = short.map(|session| session.date).collect();
        assert_eq!(short, expected(year, early), "early closes in {year}");
    }
}

fn instant(text: &str) -> components::units::Timestamp {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

fn golden(file: &str) -> PathBuf {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    std::env::var_os("ALPHATRADER_GOLDEN")
        .map_or_else(|| own.into(), PathBuf::from)
        .join(file)
}
