//! Closing prices of the underlyings, day by day: what the historical simulation of the value at
//! risk stands on.
//!
//! They come from the config (`risk.daily_closes.rows`, which the program fills from the file that
//! `risk.daily_closes.file` names, so that a journal holds them and a replay needs no file) and from
//! the sessions that the run itself lives through. A close of the run takes the place of one of the
//! config.
//!
//! An underlying has a history when it has a close in each of the last 51 sessions before today's:
//! 50 returns, of the same days for all, so that what moved together on a day stays together. One
//! that lacks a single day has none; its positions stand on the stand-in. A restart begins with the
//! closes of the config again.

use super::repricing::HISTORY_DAYS;
use bevy_ecs::prelude::*;
use components::market::{Spot, Ticker};
use engine::calendar::Calendar;
use engine::clock::Tick;
use engine::config::{Problems, within};
use engine::math::ln_ratio;
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Closes that are kept of an underlying: a quarter more than the window needs.
const KEPT: usize = HISTORY_DAYS + HISTORY_DAYS / 4;

/// The closes that a run begins with.
#[derive(Clone, Debug, Default, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct DailyClosesConfig {
    /// A CSV file with the columns `symbol`, `date` and `close`; empty for none.
    #[garde(skip)]
    pub file: String,
    /// The rows of that file, or rows in its place.
    #[garde(dive, length(max = 100_000))]
    pub rows: Vec<ClosingPrice>,
}

/// The close of an underlying on one day.
#[derive(Clone, Debug, PartialEq, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct ClosingPrice {
    /// The underlying.
    #[garde(skip)]
    pub symbol: Ticker,
    /// The session in New York.
    #[garde(skip)]
    pub date: SessionDate,
    /// The price, dollars.
    #[garde(custom(within(0.0001, 1e7)))]
    pub close: f64,
}

/// A day, written `2026-03-20`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct SessionDate(pub Date);

impl TryFrom<String> for SessionDate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let refused = || format!("date was \"{text}\", must be a day such as 2026-03-20");
        text.parse().map(Self).map_err(|_| refused())
    }
}

impl DailyClosesConfig {
    /// Refuses days on which there was no session, and a second close for one day.
    pub(super) fn check(&self, problems: &mut Problems<'_>) {
        let calendar = Calendar::nyse();
        let mut seen = std::collections::BTreeSet::new();
        for (place, row) in self.rows.iter().enumerate() {
            let path = format!("daily_closes.rows[{place}].date");
            let day = row.date.0;
            if calendar.session(day).is_none() {
                problems.refuse(&path, "must be a session of the exchange");
            } else if !seen.insert((row.symbol, day)) {
                let message = format!("must be there once for {}", row.symbol);
                problems.refuse(&path, &message);
            }
        }
    }
}

/// The closes of each underlying.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct DailyCloses {
    closes: BTreeMap<Ticker, BTreeMap<Date, f64>>,
    version: u64,
}

impl DailyCloses {
    /// The closes that a config names.
    #[must_use]
    pub fn of(config: &DailyClosesConfig) -> Self {
        let mut all = Self::default();
        for row in &config.rows {
            all.note(row.symbol, row.date.0, row.close);
        }
        all
    }

    /// Takes the close of a session. What is no price is left out.
    pub fn note(&mut self, symbol: Ticker, day: Date, close: f64) {
        if !(close.is_finite() && close > 0.0) {
            return;
        }
        let days = self.closes.entry(symbol).or_default();
        days.insert(day, close);
        while days.len() > KEPT {
            days.pop_first();
        }
        self.version += 1;
    }

    /// Rises with every close.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The logarithms of the returns of the last 50 days before `today`, oldest first, of each
    /// underlying that has a close on all of them.
    #[must_use]
    pub fn log_returns(&self, today: Date) -> BTreeMap<Ticker, [f64; HISTORY_DAYS]> {
        let Some(days) = window(today) else {
            return BTreeMap::new();
        };
        let of = |closes: &BTreeMap<Date, f64>| {
            let mut returns = [0.0; HISTORY_DAYS];
            for (step, pair) in returns.iter_mut().zip(days.windows(2)) {
                *step = ln_ratio(*closes.get(&pair[1])?, *closes.get(&pair[0])?);
            }
            Some(returns)
        };
        let all = self.closes.iter();
        all.filter_map(|(ticker, closes)| Some((*ticker, of(closes)?)))
            .collect()
    }
}

/// The last 51 sessions before `today`, oldest first.
fn window(today: Date) -> Option<Vec<Date>> {
    let calendar = Calendar::nyse();
    let mut days = Vec::with_capacity(HISTORY_DAYS + 1);
    let mut day = today;
    while days.len() <= HISTORY_DAYS {
        day = calendar.previous_session(day)?.date;
        days.push(day);
    }
    days.reverse();
    Some(days)
}

/// The last price of each underlying in the session that is running.
#[derive(Resource, Debug, Default)]
pub(super) struct LastPrices {
    day: Option<Date>,
    prices: BTreeMap<Ticker, f64>,
}

/// Takes the last price of every session that the run lived through as its close.
pub(super) fn watch_closes(
    tick: Res<Tick>,
    spots: Query<(&Ticker, &Spot)>,
    mut last: ResMut<LastPrices>,
    mut closes: ResMut<DailyCloses>,
) {
    let today = tick.session.date;
    if last.day != Some(today) {
        let ended = std::mem::take(&mut *last);
        for (ticker, price) in ended.prices {
            if let Some(day) = ended.day {
                closes.note(ticker, day, price);
            }
        }
        last.day = Some(today);
    }
    // The session's last tick stands at its end, and the minutes before it where it was skipped.
    let closing = tick.seconds_to_close() <= 60.0;
    if closing {
        for (ticker, spot) in &spots {
            if let Some(price) = spot.get() {
                last.prices.insert(*ticker, price);
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 3, 20);

    fn ticker(text: &str) -> Ticker {
        Ticker::new(text).unwrap()
    }

    /// The closes of the last `count` sessions before 2026-03-20: 100, 101, 102 and so on.
    pub(crate) fn fill(closes: &mut DailyCloses, symbol: &str, count: usize) {
        let days = window(TODAY).unwrap();
        for (place, day) in days.iter().enumerate().skip(days.len() - count) {
            closes.note(ticker(symbol), *day, 100.0 + place as f64);
        }
    }

    #[test]
    fn fifty_one_closes_are_a_history_and_fifty_are_none() {
        let mut closes = DailyCloses::default();
        fill(&mut closes, "AAA", HISTORY_DAYS + 1);
        fill(&mut closes, "BBB", HISTORY_DAYS);
        let returns = closes.log_returns(TODAY);
        assert_eq!(returns.keys().collect::<Vec<_>>(), [&ticker("AAA")]);
        let of = returns[&ticker("AAA")];
        assert!((of[0] - engine::math::ln(101.0 / 100.0)).abs() < 1e-15);
        assert!((of[49] - engine::math::ln(150.0 / 149.0)).abs() < 1e-15);
    }

    #[test]
    fn a_day_that_is_missing_is_not_made_up() {
        let mut closes = DailyCloses::default();
        fill(&mut closes, "AAA", HISTORY_DAYS + 1);
        let gap = window(TODAY).unwrap()[20];
        closes
            .closes
            .get_mut(&ticker("AAA"))
            .unwrap()
            .remove(&gap)
            .unwrap();
        assert!(closes.log_returns(TODAY).is_empty());
    }

    #[test]
    fn the_window_moves_with_the_day_and_old_closes_are_forgotten() {
        let mut closes = DailyCloses::default();
        fill(&mut closes, "AAA", HISTORY_DAYS + 1);
        let tomorrow = date(2026, 3, 23);
        assert!(closes.log_returns(tomorrow).is_empty(), "today is missing");
        closes.note(ticker("AAA"), TODAY, 160.0);
        assert_eq!(closes.log_returns(tomorrow).len(), 1);
        for day in Calendar::nyse().sessions(tomorrow, date(2027, 3, 20)) {
            closes.note(ticker("AAA"), day.date, 1.0);
        }
        assert_eq!(closes.closes[&ticker("AAA")].len(), KEPT);
        closes.note(ticker("BBB"), TODAY, f64::NAN);
        closes.note(ticker("BBB"), TODAY, 0.0);
        assert!(!closes.closes.contains_key(&ticker("BBB")));
    }
}
