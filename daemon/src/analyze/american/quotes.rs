//! An American chain and its underlying as they were quoted at one moment, from LEAN's quote bars.
//!
//! A bar is known at its end. Bars of an hour begin at `yyyymmdd HH:MM`, bars of a minute at milliseconds since
//! midnight of the date in the file's name; all of New York.

use crate::exit::Failure;
use crate::input::Input;
use components::contract::{ExerciseStyle, OptionTerms};
use components::market::{Quote, QuoteState};
use components::units::{NANOS_PER_MILLI, Price, Timestamp};
use engine::calendar::Calendar;
use jiff::civil::{Date, Time};
use recorded::archive::Archive;
use recorded::lean::{OptionFile, OptionFileKind};
use std::path::Path;

/// The cells of a quote bar: time, bid open, high, low, close, size, and the same of the ask.
const CELLS: usize = 11;
const BID_CLOSE: usize = 4;
const ASK_CLOSE: usize = 9;
const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;

/// A contract and its quote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quoted {
    pub(super) terms: OptionTerms,
    pub(super) quote: Quote,
}

impl Quoted {
    /// The midpoint in dollars, where there are two sides.
    pub(super) fn mid(&self) -> Option<f64> {
        (self.quote.state() == QuoteState::TwoSided).then(|| self.quote.mid_dollars())?
    }

    /// Half of the distance of bid and ask in dollars.
    pub(super) fn half_spread(&self) -> f64 {
        0.5 * (self.quote.ask.dollars() - self.quote.bid.dollars())
    }
}

/// The contracts in the archive at `path` that had a quote at `at`.
pub(super) fn chain(path: &Path, at: &Moment) -> Result<Vec<Quoted>, Failure> {
    let mut archive = Archive::open(path).map_err(Failure::error)?;
    let label = path.display().to_string();
    let names = archive.names().to_vec();
    let mut chain = Vec::new();
    let mut bytes = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let file = OptionFile::read(&label, name).map_err(Failure::error)?;
        if file.kind != OptionFileKind::Quote || file.terms.style != ExerciseStyle::American {
            return Err(Failure::error(format_args!(
                "{label}#{name} holds {} of a contract of {:?} style, must hold quotes of American \
                 contracts",
                file.kind.name(),
                file.terms.style
            )));
        }
        archive
            .read_whole(index, &mut bytes)
            .map_err(Failure::error)?;
        let date = file.date.map(components::contract::Expiry::date);
        if let Some(quote) = last_quote(&archive.label(index), &bytes, date, at)? {
            let terms = file.terms;
            chain.push(Quoted { terms, quote });
        }
    }
    if chain.is_empty() {
        return Err(Failure::error(format_args!(
            "{label} holds no quote of {} before {}, which was asked for",
            at.date, at.time
        )));
    }
    Ok(chain)
}

/// The underlying's quote at `at`, from minute bars whose file is named by their date.
pub(super) fn underlying(path: &Path, at: &Moment) -> Result<f64, Failure> {
    let label = path.display().to_string();
    let file = path.file_name().and_then(|name| name.to_str());
    let date = file.and_then(|name| name.get(..8));
    let date = date.and_then(|date| Date::strptime("%Y%m%d", date).ok());
    let date = date.ok_or_else(|| {
        Failure::error(format_args!(
            "{label} is not named by its date, must begin as 20151224_"
        ))
    })?;
    let input = Input::read(path)?.into_csv()?;
    let quote = last_quote(&input.name, &input.bytes, Some(date), at)?;
    let mid = quote
        .filter(|quote| quote.state() == QuoteState::TwoSided)
        .and_then(|quote| quote.mid_dollars());
    mid.ok_or_else(|| {
        Failure::error(format_args!(
            "{label} holds no two-sided quote of {} before {}, which was asked for",
            at.date, at.time
        ))
    })
}

/// A moment in New York.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: Timestamp,
    date: Date,
    time: Time,
    /// Since midnight.
    millis: i64,
}

impl Moment {
    pub(super) fn of(now: Timestamp, calendar: &Calendar) -> Result<Self, Failure> {
        let date = calendar.local_date(now);
        let midnight = calendar
            .at(date, Time::midnight())
            .map_err(Failure::error)?;
        let millis = now.nanos_since(midnight) / NANOS_PER_MILLI;
        let local = jiff::Timestamp::from(now)
            .in_tz("America/New_York")
            .map_err(Failure::error)?;
        Ok(Self {
            now,
            date,
            time: local.time(),
            millis,
        })
    }
}

/// The close of the last bar of the day that ended by `at`.
fn last_quote(
    name: &str,
    bytes: &[u8],
    date: Option<Date>,
    at: &Moment,
) -> Result<Option<Quote>, Failure> {
    let mut last = None;
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let bad = |field: &str, found: &str, allowed: &str| {
            let found: String = found.chars().take(32).collect();
            Failure::error(format_args!(
                "{name}:{}: `{field}` was \"{found}\" is not allowed, must be {allowed}",
                index + 1
            ))
        };
        let text = std::str::from_utf8(line).map_err(|_| bad("line", "", "text in UTF-8"))?;
        let cells: Vec<&str> = text.split(',').collect();
        if cells.len() != CELLS {
            return Err(bad("line", text, "11 cells joined by commas"));
        }
        let (day, ends) = bar_end(cells[0], date).ok_or_else(|| {
            bad(
                "time",
                cells[0],
                "yyyymmdd HH:MM, or milliseconds since midnight",
            )
        })?;
        if day != at.date || ends > at.millis {
            continue;
        }
        let price = |place: usize, field: &str| {
            if cells[place].is_empty() {
                return Ok(Price::NONE);
            }
            let units = cells[place].parse::<i64>().ok();
            let sound = units.filter(|units| (1..1_000_000_000_000).contains(units));
            sound
                .map(Price)
                .ok_or_else(|| bad(field, cells[place], "a price in 1/10,000 USD, or empty"))
        };
        last = Some(Quote {
            bid: price(BID_CLOSE, "bid close")?,
            ask: price(ASK_CLOSE, "ask close")?,
            ..Quote::default()
        });
    }
    Ok(last)
}

/// The day of a bar, and when it ends, in milliseconds since midnight.
fn bar_end(time: &str, date: Option<Date>) -> Option<(Date, i64)> {
    let sound = |millis: i64| (0..86_400_000).contains(&millis).then_some(millis);
    if let Some((day, clock)) = time.split_once(' ') {
        let day = Date::strptime("%Y%m%d", day).ok()?;
        let (hour, minute) = clock.split_once(':')?;
        let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
        return Some((day, sound(hour * HOUR_MS + minute * MINUTE_MS)? + HOUR_MS));
    }
    Some((date?, sound(time.parse().ok()?)? + MINUTE_MS))
}
