//! Which underlyings and which contracts there are.

use components::contract::Expiry;
use components::market::Ticker;
use components::units::{Price, Timestamp};
use engine::calendar::Session;

/// Letters of the alphabet.
const LETTERS: usize = 26;
/// Strike intervals in dollars; a chain takes the widest that still covers what it should.
const INTERVALS_USD: [f64; 11] = [
    0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0,
];
/// Strikes reach so many standard deviations to each side, and [`REACH_SHARE`] of the spot more.
const REACH_DEVIATIONS: f64 = 2.5;
/// See [`REACH_DEVIATIONS`].
const REACH_SHARE: f64 = 0.025;
/// An expiry is listed with at least so many strikes: a small chain has fewer expiries instead.
const STRIKES_MIN: usize = 5;
/// Weeklies from so many days on come first where a chain is too small for all.
const MONTHLY_DAYS: i64 = 14;

/// The name of underlying number `index`: AAA to ZZZ with one letter, then AAAA, AAAB and so on
/// through all words of four letters, then of five.
///
/// # Examples
/// ```
/// let names = [0, 1, 25, 26, 27].map(|index| simulator::ticker_of(index).to_string());
/// assert_eq!(names, ["AAA", "BBB", "ZZZ", "AAAA", "AAAB"]);
/// ```
///
/// # Panics
/// When `index` is beyond all words of eight letters, 2 x 10^11.
#[must_use]
pub fn ticker_of(index: usize) -> Ticker {
    let mut letters = Vec::new();
    if index < LETTERS {
        letters = vec![letter(index); 3];
    } else {
        let mut rest = index - LETTERS;
        let mut length = 4;
        let mut words = LETTERS * LETTERS * LETTERS * LETTERS;
        while rest >= words {
            rest -= words;
            words *= LETTERS;
            length += 1;
        }
        for _ in 0..length {
            letters.insert(0, letter(rest % LETTERS));
            rest /= LETTERS;
        }
    }
    let text: String = letters.into_iter().collect();
    Ticker::new(&text).expect("Invariant: up to eight letters make a ticker")
}

/// An expiry and the instant of its settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExpiryDay {
    /// The date.
    pub(crate) expiry: Expiry,
    /// The close of that date's session.
    pub(crate) settlement: Timestamp,
}

/// The expiries of a chain with room for `strikes` strikes, as of `today`: today, the next session
/// and the last session of every week up to `days_max` days ahead.
pub(crate) fn expiries(
    sessions: &[Session],
    today: &Session,
    days_max: u32,
    strikes: usize,
) -> Vec<ExpiryDay> {
    let days_ahead = |session: &Session| (session.date - today.date).get_days();
    let ahead: Vec<&Session> = sessions
        .iter()
        .filter(|session| session.date >= today.date)
        .take_while(|session| i64::from(days_ahead(session)) <= i64::from(days_max))
        .collect();
    let mut ranked = Vec::new();
    for (place, session) in ahead.iter().enumerate() {
        let days = i64::from(days_ahead(session));
        let rank = match place {
            0 | 1 => place,
            _ if !ends_week(sessions, session) => continue,
            _ if days >= MONTHLY_DAYS => 2,
            _ => 3,
        };
        ranked.push((rank, **session));
    }
    ranked.sort_by_key(|(rank, session)| (*rank, session.date));
    ranked.truncate((strikes / STRIKES_MIN).max(1));
    let mut days: Vec<ExpiryDay> = ranked
        .into_iter()
        .map(|(_, session)| ExpiryDay {
            expiry: Expiry::on(session.date),
            settlement: session.close,
        })
        .collect();
    days.sort();
    days
}

/// `count` strikes around `spot` for an expiry with the standard deviation `deviation` of the
/// logarithm of the price until then.
pub(crate) fn strikes(spot: f64, deviation: f64, count: usize) -> Vec<Price> {
    let reach = spot * (REACH_DEVIATIONS * deviation + REACH_SHARE);
    let wanted = 2.0 * reach / count.max(1) as f64;
    let interval = INTERVALS_USD
        .into_iter()
        .rev()
        .find(|interval| *interval <= wanted)
        .unwrap_or(INTERVALS_USD[0]);
    let middle = (spot / interval).round();
    let first = (middle - (count / 2) as f64).max(1.0);
    (0..count)
        .filter_map(|place| Price::from_dollars((first + place as f64) * interval))
        .collect()
}

fn ends_week(sessions: &[Session], session: &Session) -> bool {
    let week = |session: &Session| {
        let date = session.date.iso_week_date();
        (date.year(), date.week())
    };
    let place = sessions.partition_point(|other| other.date <= session.date);
    // The last session known is no end: the one after it may fall into the same week. A Friday is.
    match sessions.get(place) {
        Some(next) => week(next) != week(session),
        None => session.date.weekday() == jiff::civil::Weekday::Friday,
    }
}

fn letter(number: usize) -> char {
    char::from(b'A' + u8::try_from(number).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;
    use jiff::civil::{Weekday, date};

    fn sessions() -> Vec<Session> {
        // Weekdays from Monday 2026-03-02 on, without Friday 2026-04-03, a holiday.
        date(2026, 3, 2)
            .series(1.day())
            .take(70)
            .filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday))
            .filter(|day| *day != date(2026, 4, 3))
            .map(|day| {
                let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
                let open = Timestamp::from(midnight).plus_millis(52_200_000);
                Session {
                    date: day,
                    open,
                    close: open.plus_millis(23_400_000),
                    early_close: false,
                }
            })
            .collect()
    }

    fn dates(today: usize, strikes: usize) -> Vec<u32> {
        let sessions = sessions();
        expiries(&sessions, &sessions[today], 45, strikes)
            .into_iter()
            .map(|day| day.expiry.yyyymmdd())
            .collect()
    }

    #[test]
    fn a_chain_has_today_tomorrow_and_the_ends_of_weeks() {
        assert_eq!(
            dates(0, 200),
            [
                20_260_302, 20_260_303, 20_260_306, 20_260_313, 20_260_320, 20_260_327, 20_260_402,
                20_260_410
            ]
        );
        // On a Friday today is the weekly and Monday the next.
        assert_eq!(dates(4, 200)[..3], [20_260_306, 20_260_309, 20_260_313]);
    }

    #[test]
    fn a_small_chain_keeps_today_tomorrow_and_an_expiry_two_weeks_ahead() {
        assert_eq!(dates(0, 15), [20_260_302, 20_260_303, 20_260_320]);
        assert_eq!(dates(0, 1), [20_260_302]);
    }

    #[test]
    fn strikes_lie_around_the_spot_at_round_intervals() {
        let found = strikes(101.3, 0.0126, 25);
        assert_eq!(found.len(), 25);
        assert_eq!(found[12], Price(1_015_000));
        assert_eq!(found[1].0 - found[0].0, 5_000);
        let wide = strikes(500.0, 0.06, 25);
        assert_eq!(wide[1].0 - wide[0].0, 50_000);
        assert!(strikes(5.0, 0.1, 30).iter().all(|strike| strike.0 > 0));
    }
}
