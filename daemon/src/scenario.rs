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

pub use expect::{Expect, Expected, Observed};
pub use files::{BUILT_IN, DEFAULT, Text, find};
pub(crate) use files::{in_folder, open};
pub use plan::{Plan, PlanError};
pub use script::{Action, FeedDrop, Garble, Halt, Offset, Overrun, Scripted, SpotDrift, SpotJump};

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
    let mut own = parse_file(&text.file, &text.text)?;
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
