//! When an option contract settles, and how long that is from now.
//!
//! ```text
//! T     = max(0, settlement - now) / (365 * 24 h)               calendar years, ACT/365 fixed
//! T_trd = open minutes of sessions left / (252 * 390)           trading years
//! ```
//!
//! PM-settled contracts settle at the regular close of the expiry date, 13:00 on a half day.
//! AM-settled index contracts settle on the opening prices of the expiry date, 09:30. An expiry
//! dated on a day without a session settles on the session before: monthly contracts listed until
//! February 2015 carry the Saturday after their last trading day.

use crate::calendar::Calendar;
use components::units::{NANOS_PER_SECOND, Timestamp};
use jiff::civil::Date;
use thiserror::Error;

/// Minutes of a full session.
pub const SESSION_MINUTES: f64 = 390.0;
/// Trading minutes of a year of 252 full sessions.
pub const TRADING_MINUTES_PER_YEAR: f64 = 252.0 * SESSION_MINUTES;

/// Roots whose contracts settle on the opening prices. Their weeklies and month-ends are listed
/// under roots of their own (SPXW, NDXP, RUTW) and settle at the close.
const MORNING_ROOTS: [&str; 3] = ["SPX", "NDX", "RUT"];

/// Which prices of the expiry date a contract settles on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Settlement {
    /// The opening prices.
    Morning,
    /// The closing prices.
    Close,
}

/// Why a contract has no settlement instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ExpiryError {
    /// No session on the date or before it is known.
    #[error(
        "expiry was {0}, must be from {first} to {last}",
        first = crate::calendar::FIRST_DATE,
        last = crate::calendar::LAST_DATE
    )]
    OutsideCalendar(Date),
}

/// How contracts of the option root `root` settle.
///
/// The root decides, not the weekday: every contract of an AM-settled root is a standard monthly,
/// dated on the third Friday, or on the Thursday before if that Friday is a holiday.
#[must_use]
pub fn settlement_of(root: &str) -> Settlement {
    if MORNING_ROOTS.contains(&root) {
        Settlement::Morning
    } else {
        Settlement::Close
    }
}

/// The instant at which a contract expiring on `expiry` settles.
///
/// # Errors
/// When the calendar does not cover `expiry`.
///
/// # Examples
/// ```
/// use engine::calendar::Calendar;
/// use engine::expiry::{settlement_instant, settlement_of};
/// use jiff::civil::date;
/// let nyse = Calendar::nyse();
/// let expiry = date(2025, 9, 19);
/// let spx = settlement_instant(&nyse, settlement_of("SPX"), expiry).unwrap();
/// let spxw = settlement_instant(&nyse, settlement_of("SPXW"), expiry).unwrap();
/// assert_eq!(spx.to_string(), "2025-09-19T13:30:00Z");
/// assert_eq!(spxw.to_string(), "2025-09-19T20:00:00Z");
/// ```
pub fn settlement_instant(
    calendar: &Calendar,
    settlement: Settlement,
    expiry: Date,
) -> Result<Timestamp, ExpiryError> {
    let session = calendar
        .session(expiry)
        .or_else(|| calendar.previous_session(expiry));
    let session = session.ok_or(ExpiryError::OutsideCalendar(expiry))?;
    Ok(match settlement {
        Settlement::Morning => session.open,
        Settlement::Close => session.close,
    })
}

/// Whether the contract has settled: true from the settlement instant on.
#[must_use]
pub fn is_expired(now: Timestamp, settlement: Timestamp) -> bool {
    settlement <= now
}

/// Calendar years of 365 days until settlement, 0 from then on.
#[must_use]
pub fn years_to_expiry(now: Timestamp, settlement: Timestamp) -> f64 {
    now.years_until(settlement).max(0.0)
}

/// Calendar minutes until settlement, 0 from then on.
#[must_use]
pub fn minutes_to_expiry(now: Timestamp, settlement: Timestamp) -> f64 {
    minutes(settlement.nanos_since(now).max(0))
}

/// Minutes of open sessions until settlement, 0 from then on; absent if the calendar does not
/// cover both days. Can be 0 while calendar time is left (an AM expiry overnight).
#[must_use]
pub fn trading_minutes_to_expiry(
    calendar: &Calendar,
    now: Timestamp,
    settlement: Timestamp,
) -> Option<f64> {
    calendar.open_nanos_between(now, settlement).map(minutes)
}

/// Trading years of 252 full sessions until settlement, 0 from then on; absent if the calendar
/// does not cover both days.
#[must_use]
pub fn trading_years_to_expiry(
    calendar: &Calendar,
    now: Timestamp,
    settlement: Timestamp,
) -> Option<f64> {
    trading_minutes_to_expiry(calendar, now, settlement)
        .map(|minutes| minutes / TRADING_MINUTES_PER_YEAR)
}

fn minutes(nanos: i64) -> f64 {
    nanos as f64 / (60 * NANOS_PER_SECOND) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn check(root: &str, expiry: Date, expected: &str) {
        let instant = settlement_instant(&Calendar::nyse(), settlement_of(root), expiry);
        assert_eq!(instant.unwrap().to_string(), expected, "{root} {expiry}");
    }

    #[test]
    fn a_half_day_settles_at_thirteen() {
        check("GOOG", date(2015, 12, 24), "2015-12-24T18:00:00Z");
        check("SPXW", date(2025, 11, 28), "2025-11-28T18:00:00Z");
    }

    #[test]
    fn weeklies_of_an_index_settle_at_the_close() {
        for root in ["SPXW", "NDXP", "RUTW", "XSP", "SPY", "spx"] {
            assert_eq!(settlement_of(root), Settlement::Close, "{root}");
        }
        for root in ["SPX", "NDX", "RUT"] {
            assert_eq!(settlement_of(root), Settlement::Morning, "{root}");
        }
    }

    #[test]
    fn a_saturday_expiry_settles_on_the_friday() {
        check("IBM", date(2013, 1, 19), "2013-01-18T21:00:00Z");
        check("SPX", date(2013, 1, 19), "2013-01-18T14:30:00Z");
    }

    #[test]
    fn a_monthly_of_a_holiday_week_settles_on_the_thursday() {
        // Good Friday 2014: the contracts are dated Saturday, two closed days later.
        check("SPY", date(2014, 4, 19), "2014-04-17T20:00:00Z");
        check("SPX", date(2014, 4, 19), "2014-04-17T13:30:00Z");
        // Juneteenth 2026: the contracts are dated Thursday.
        check("SPX", date(2026, 6, 18), "2026-06-18T13:30:00Z");
    }

    #[test]
    fn an_expiry_outside_the_table_is_refused_by_name() {
        let nyse = Calendar::nyse();
        for day in [date(2009, 12, 18), date(2031, 1, 17), date(2010, 1, 1)] {
            let error = settlement_instant(&nyse, Settlement::Close, day).unwrap_err();
            assert_eq!(error, ExpiryError::OutsideCalendar(day));
        }
        assert_eq!(
            ExpiryError::OutsideCalendar(date(2031, 1, 17)).to_string(),
            "expiry was 2031-01-17, must be from 2010-01-01 to 2030-12-31"
        );
    }

    #[test]
    fn time_does_not_run_below_zero() {
        let settlement = Timestamp(1_000 * NANOS_PER_SECOND);
        let late = settlement.plus_nanos(1);
        assert!(is_expired(late, settlement) && is_expired(settlement, settlement));
        assert!(!is_expired(settlement.plus_nanos(-1), settlement));
        assert_eq!(years_to_expiry(late, settlement).to_bits(), 0);
        assert_eq!(minutes_to_expiry(late, settlement).to_bits(), 0);
    }
}
