//! Dates and instants as a scenario writes them.

use components::units::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The zone of equities and of all options.
pub const NEW_YORK: &str = "America/New_York";
/// The zone of the SPX index files.
pub const CHICAGO: &str = "America/Chicago";

/// The first instant of `date` in a time zone.
///
/// # Panics
/// Never: `zone` is one of the names above, which the bundled database knows.
#[must_use]
pub fn midnight(date: Date, zone: &str) -> Timestamp {
    let first = date
        .in_tz(zone)
        .expect("Invariant: the bundled time zone database knows the exchange's zone");
    first.timestamp().into()
}

/// A date, written `2015-12-24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(pub Date);

impl Day {
    /// The date as files name it, `20151224`.
    #[must_use]
    pub fn compact(self) -> String {
        self.0.strftime("%Y%m%d").to_string()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = DayError;

    /// # Errors
    /// When the text is not `YYYY-MM-DD`, or the day does not exist or lies outside 1990 to 2099.
    fn try_from(text: String) -> Result<Self, DayError> {
        let date = (text.len() == 10).then(|| text.parse::<Date>());
        match date {
            Some(Ok(date)) if (1990..2100).contains(&date.year()) => Ok(Self(date)),
            _ => Err(DayError {
                field: "date",
                found: crate::error::shorten(text.as_bytes()),
                allowed: "a day that exists, written YYYY-MM-DD, 1990 to 2099",
            }),
        }
    }
}

/// An instant, written `2022-03-23T10:11:00-04:00[America/New_York]`; the zone's name may be left
/// out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment {
    text: String,
    at: Timestamp,
}

impl Moment {
    /// The instant.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Its date in New York.
    ///
    /// # Panics
    /// Never: the bundled database knows New York.
    #[must_use]
    pub fn date(&self) -> Date {
        let instant = jiff::Timestamp::from(self.at);
        instant
            .in_tz(NEW_YORK)
            .expect("Invariant: the bundled time zone database knows the exchange's zone")
            .date()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.text
    }
}

impl TryFrom<String> for Moment {
    type Error = DayError;

    /// # Errors
    /// When the text is no instant, lacks its offset, or lies outside 1990 to 2099.
    fn try_from(text: String) -> Result<Self, DayError> {
        let zoned = text.parse::<jiff::Zoned>().map(|zoned| zoned.timestamp());
        let instant = zoned.or_else(|_| text.parse::<jiff::Timestamp>());
        // 1990-01-01 and 2100-01-01 UTC in seconds.
        match instant {
            Ok(instant) if (631_152_000..4_102_444_800).contains(&instant.as_second()) => {
                Ok(Self {
                    text,
                    at: instant.into(),
                })
            }
            _ => Err(DayError {
                field: "time",
                found: crate::error::shorten(text.as_bytes()),
                allowed: "an instant with its offset such as \
                          2022-03-23T10:11:00-04:00[America/New_York], 1990 to 2099",
            }),
        }
    }
}

/// A text that is no date or instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayError {
    field: &'static str,
    found: String,
    allowed: &'static str,
}

impl fmt::Display for DayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            found,
            allowed,
        } = self;
        write!(f, "`{field}` was \"{found}\", must be {allowed}")
    }
}

impl std::error::Error for DayError {}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn midnight_follows_daylight_saving() {
        let winter = midnight(date(2015, 12, 24), NEW_YORK);
        assert_eq!(winter.to_string(), "2015-12-24T05:00:00Z");
        let summer = midnight(date(2013, 10, 7), NEW_YORK);
        assert_eq!(summer.to_string(), "2013-10-07T04:00:00Z");
        let chicago = midnight(date(2021, 1, 4), CHICAGO);
        assert_eq!(chicago.to_string(), "2021-01-04T06:00:00Z");
    }

    #[test]
    fn dates_that_do_not_exist_are_refused_by_name() {
        for text in [
            "2015-13-24",
            "2015-02-29",
            "20151224",
            "2099-99-99",
            "",
            "1815-12-24",
        ] {
            let error = Day::try_from(text.to_owned()).unwrap_err().to_string();
            let start = format!("`date` was \"{text}\", must be a day that exists");
            assert!(error.starts_with(&start), "{error}");
        }
        let day = Day::try_from("2015-12-24".to_owned()).unwrap();
        assert_eq!(
            (day.compact(), day.to_string()),
            ("20151224".into(), "2015-12-24".into())
        );
    }

    #[test]
    fn instants_need_an_offset() {
        let text = "2022-03-23T10:11:00-04:00[America/New_York]";
        let moment = Moment::try_from(text.to_owned()).unwrap();
        assert_eq!(moment.at().to_string(), "2022-03-23T14:11:00Z");
        assert_eq!(moment.date(), date(2022, 3, 23));
        let same = Moment::try_from("2022-03-23T14:11:00Z".to_owned()).unwrap();
        assert_eq!(same.at(), moment.at());
        for text in [
            "2022-03-23T10:11:00",
            "2022-03-23",
            "10:11",
            "",
            "2222-03-23T10:11:00Z",
        ] {
            let error = Moment::try_from(text.to_owned()).unwrap_err().to_string();
            assert!(error.contains("`time` was"), "{error}");
        }
    }
}
