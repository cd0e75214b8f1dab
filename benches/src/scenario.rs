//! Whole days as `simulate` runs them, in CPU seconds.

use crate::Failure;
use crate::measure::Settings;
use crate::report::{Figure, Value};
use daemon::scenario::{DEFAULT, Plan, Text, find, read_scenario};
use daemon::settings::{self, ConfigFiles};
use daemon::simulate::{Options, Speed, simulate};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The recorded main day: the whole chain by the minute, half a session.
const GOOG: &str = "\
recorded:
  - lean_option_day: { dir: options_intraday/goog, underlying: GOOG, date: 2015-12-23 }
  - lean_option_day: { dir: options_intraday/goog, underlying: GOOG, date: 2015-12-24 }
";

/// The built-in day.
pub(crate) fn full_day(_: &Settings) -> Result<Vec<Figure>, Failure> {
    measure("scenario/full_day", &find(DEFAULT)?, Path::new("data"))
}

/// The recorded day; nothing where no data are.
pub(crate) fn goog(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    let folder = "options_intraday/goog";
    let Some(root) = settings
        .data
        .as_deref()
        .filter(|root| root.join(folder).is_dir())
    else {
        return Ok(Vec::new());
    };
    let text = Text {
        file: "scenario/goog".to_owned(),
        text: GOOG.to_owned(),
    };
    measure("scenario/goog", &text, root)
}

fn measure(name: &str, text: &Text, data: &Path) -> Result<Vec<Figure>, Failure> {
    let sections = settings::section_names()?;
    let sections: Vec<&str> = sections.iter().map(String::as_str).collect();
    let read = read_scenario(text, &sections)?;
    let plan = Plan::new(&read.scenario)?;
    let config = settings::load(&ConfigFiles::default(), Some(read.overrides))?;
    let threads = 1;
    let outcome = simulate(Options {
        scenario: read.scenario,
        scenario_text: read.text,
        plan,
        config,
        data: data.to_owned(),
        threads,
        shuffle: None,
        speed: Speed::Max,
        journal: None,
        transcript: None,
        redis: None,
        state_dir: None,
        until: None,
        stop: Arc::<AtomicBool>::default(),
    })?;
    let summary = outcome.summary;
    let cpu_s = summary.cpu_s.unwrap_or(summary.wall_s);
    let value = Value::Whole {
        threads,
        median: cpu_s,
    };
    let peak = summary.peak_rss_bytes.unwrap_or(0) as f64 / 1e6;
    let note = format!(
        "{} ticks, {} contracts, {:.2} M events a second, digest {}; {peak:.0} MB at most in the \
         process so far",
        summary.ticks,
        summary.contracts,
        summary.events_per_s / 1e6,
        summary.digest
    );
    let figure = Figure::new(name, "cpu_s", value).spent(summary.wall_s, cpu_s);
    Ok(vec![figure.note(note)])
}
