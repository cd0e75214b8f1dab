//! How much variance is left until an expiry, in years of it.
//!
//! The path moves in sessions and overnight, not by the calendar: a year has 252 days of variance, a
//! share of each overnight. Options are priced with the variance that the path will have, so that
//! their implied volatility by the calendar is high on the day of expiry, as in real chains.

use crate::listing::ExpiryDay;
use components::units::Timestamp;
use engine::calendar::Session;

const DAYS_PER_YEAR: f64 = 252.0;

/// The variance left, as of a session.
#[derive(Clone, Debug)]
pub(crate) struct VarianceClock {
    intraday_share: f64,
    open: Timestamp,
    close: Timestamp,
    later: Vec<Timestamp>,
}

impl VarianceClock {
    /// The clock of a market of whose daily variance `overnight_share` falls overnight.
    pub(crate) fn new(overnight_share: f64) -> Self {
        Self {
            intraday_share: 1.0 - overnight_share,
            open: Timestamp(0),
            close: Timestamp(0),
            later: Vec::new(),
        }
    }

    /// Begins the session `today`; `sessions` ascend and hold those on which contracts expire.
    pub(crate) fn begin(&mut self, sessions: &[Session], today: &Session) {
        (self.open, self.close) = (today.open, today.close);
        let after = sessions.iter().filter(|session| session.open > today.open);
        self.later = after.map(|session| session.close).collect();
    }

    /// Years of variance from `now` to the settlement of `day`.
    pub(crate) fn years(&self, now: Timestamp, day: &ExpiryDay) -> f64 {
        let whole = self.close.seconds_since(self.open).max(1.0);
        let left = (self.close.seconds_since(now) / whole).clamp(0.0, 1.0);
        let later = self.later.partition_point(|close| *close <= day.settlement);
        (self.intraday_share * left + later as f64) / DAYS_PER_YEAR
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::contract::Expiry;
    use engine::calendar::Calendar;
    use jiff::civil::date;

    #[test]
    fn a_day_is_a_252nd_and_its_night_comes_with_the_next() {
        let sessions = Calendar::nyse()
            .sessions(date(2026, 3, 2), date(2026, 3, 20))
            .to_vec();
        let mut clock = VarianceClock::new(0.25);
        clock.begin(&sessions, &sessions[0]);
        let years = |place: usize, now| {
            let Session { date, close, .. } = sessions[place];
            clock.years(
                now,
                &ExpiryDay {
                    expiry: Expiry::on(date),
                    settlement: close,
                },
            )
        };
        let open = sessions[0].open;
        assert!((years(0, open) - 0.75 / 252.0).abs() < 1e-12);
        assert!((years(1, open) - 1.75 / 252.0).abs() < 1e-12);
        assert!((years(4, sessions[0].close) - 4.0 / 252.0).abs() < 1e-12);
        assert!(years(0, sessions[0].close).abs() < 1e-15);
    }
}
