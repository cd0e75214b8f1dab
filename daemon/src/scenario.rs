//! Scenarios: a market, a stretch of time, what happens in it, and what is expected of the run.
//!
//! ```yaml
//! seed: 7
//! start: 2026-03-02T09:30:00-05:00[America/New_York]
//! ticks: 4800
//! market: { underlyings: 4, contracts_per_chain: 400 }
//! at:
//!   - time: 00:10:00
//!     spot_jump: { symbol: AAA, percent: 3.0 }
//! expect: { halts: 0 }
//! ```
//!
//! Every other key is a section of the config and overrides it.

/// What is expected of a run.
mod expect;
/// Where scenarios are found.
mod files;
/// Which ticks a run has, and what is done to its market.
mod plan;
/// What happens in a scenario.
mod script;
/// A scenario made ready to run.
mod staged;

pub use expect::{Expect, Expected, Observed};
pub use files::{BUILT_IN, DEFAULT, Text, find};
pub(crate) use files::{in_folder, open};
pub use plan::{Plan, PlanError};
pub use script::{Action, FeedDrop, Garble, Halt, Offset, Overrun, Scripted, SpotDrift, SpotJump};
pub(crate) use staged::Staged;

use engine::calendar::Calendar;
use engine::config::{ConfigError, Node, parse_file, read};
use garde::Validate;
use recorded::day::{Day, Moment};
use recorded::source::Source;
use serde::Deserialize;
use simulator::MarketConfig;
use std::path::Path;
use std::sync::LazyLock;

/// The sessions that scenarios run in.
static CALENDAR: LazyLock<Calendar> = LazyLock::new(Calendar::nyse);

/// A scenario as its file says it, every value checked.
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name; without one that of the file.
    #[serde(default)]
    #[garde(length(max = 100))]
    pub name: String,
    /// What it shows, for people.
    #[serde(default)]
    #[garde(length(max = 2000))]
    pub description: String,
    /// The seed of everything random.
    #[serde(default = "default_seed")]
    #[garde(skip)]
    pub seed: u64,
    /// When the run begins; without it with the first session.
    #[serde(default)]
    #[garde(custom(inside_a_session))]
    pub start: Option<Moment>,
    /// When it ends; without it with the last session.
    #[serde(default)]
    #[garde(custom(inside_a_session))]
    pub end: Option<Moment>,
    /// After how many ticks it ends.
    #[serde(default)]
    #[garde(inner(range(min = 1, max = 100_000_000)))]
    pub ticks: Option<u64>,
    /// Days of a synthetic market; without them the day of `start`.
    #[serde(default)]
    #[garde(length(max = 1000), inner(custom(trading_day)))]
    pub sessions: Vec<Day>,
    /// A synthetic market.
    #[serde(default)]
    #[garde(dive)]
    pub market: Option<MarketConfig>,
    /// Recorded sets.
    #[serde(default)]
    #[garde(length(max = 1000), inner(custom(recorded_on_a_trading_day)))]
    pub recorded: Vec<Source>,
    /// What happens.
    #[serde(default)]
    #[garde(length(max = 10_000), dive)]
    pub at: Vec<Scripted>,
    /// What is expected of the run.
    #[serde(default)]
    #[garde(dive)]
    pub expect: Expect,
}

/// A scenario and what it says about the config.
#[derive(Clone, Debug)]
pub struct Read {
    /// The scenario.
    pub scenario: Scenario,
    /// The sections that it overrides, for [`engine::config::Layers::scenario`].
    pub overrides: Node,
    /// The text it was read from, for the journal.
    pub text: String,
}

/// Reads a scenario; keys among `sections` are overrides of the config.
///
/// # Errors
/// If the text is no scenario, with file, line and column of everything that is wrong.
pub fn read_scenario(text: &Text, sections: &[&str]) -> Result<Read, ConfigError> {
    let mut own = parse(text)?;
    let mut overrides = own.clone();
    let keys: Vec<String> = own.keys().map(str::to_owned).collect();
    for key in keys {
        if sections.contains(&key.as_str()) {
            own.take(&key);
        } else {
            overrides.take(&key);
        }
    }
    if own.is_null() {
        own = parse_file(&text.file, "{}")?;
        overrides = own.clone();
    }
    let mut scenario: Scenario = read(&own)?;
    if scenario.name.is_empty() {
        let stem = Path::new(&text.file).file_stem();
        scenario.name = stem.map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    }
    Ok(Read {
        scenario,
        overrides,
        text: text.text.clone(),
    })
}

/// The tree of a scenario's text.
///
/// YAML has no brackets in a plain value between braces, so that a time written there as
/// `2022-03-23T10:11:00-04:00[America/New_York]` is none. The offset says the same: where the text
/// is refused as it stands, the names of zones after an offset are left out.
fn parse(text: &Text) -> Result<Node, ConfigError> {
    parse_file(&text.file, &text.text).or_else(|refused| {
        let without = without_zones(&text.text);
        parse_file(&text.file, &without).map_err(|_| refused)
    })
}

/// The text with spaces in place of `[Area/City]` after an offset, so that every column stays.
fn without_zones(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let (before, bracket) = rest.split_at(open);
        kept.push_str(before);
        let name = |c: char| c.is_ascii_alphanumeric() || "/_-+".contains(c);
        let length = bracket[1..].find(|c| !name(c)).unwrap_or(0);
        let is_zone = bracket[1 + length..].starts_with(']') && bracket[1..=length].contains('/');
        if is_zone && ends_with_offset(before) {
            kept.push_str(&" ".repeat(length + 2));
            rest = &bracket[length + 2..];
        } else {
            kept.push('[');
            rest = &bracket[1..];
        }
    }
    kept.push_str(rest);
    kept
}

/// Whether the text ends with an offset such as `-04:00`.
fn ends_with_offset(text: &str) -> bool {
    let Some(tail) = text.len().checked_sub(6).and_then(|at| text.get(at..)) else {
        return false;
    };
    let shape = |(place, byte): (usize, u8)| match place {
        0 => matches!(byte, b'+' | b'-'),
        3 => byte == b':',
        _ => byte.is_ascii_digit(),
    };
    tail.bytes().enumerate().all(shape)
}

fn default_seed() -> u64 {
    7
}

fn inside_a_session(moment: &Option<Moment>, _: &()) -> garde::Result {
    let Some(moment) = moment else { return Ok(()) };
    let date = moment.date();
    let session = CALENDAR.session(date).ok_or_else(|| no_session(date))?;
    if session.open <= moment.at() && moment.at() <= session.close {
        return Ok(());
    }
    Err(garde::Error::new(
        "must be inside the regular session of its day, 09:30 to the close in New York",
    ))
}

fn trading_day(day: &Day, _: &()) -> garde::Result {
    match CALENDAR.session(day.0) {
        Some(_) => Ok(()),
        None => Err(no_session(day.0)),
    }
}

fn recorded_on_a_trading_day(source: &Source, _: &()) -> garde::Result {
    trading_day(&Day(source.date()), &())
}

fn no_session(date: jiff::civil::Date) -> garde::Error {
    garde::Error::new(format!("must be a day with a session, {date} has none"))
}

#[cfg(test)]
mod tests;
