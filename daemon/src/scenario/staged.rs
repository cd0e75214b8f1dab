//! A scenario made ready to run: read, planned, and laid over the config.

use super::{DEFAULT, Plan, Scenario, Text, find, read_scenario};
use crate::exit::Failure;
use crate::settings::{self, ConfigFiles};
use engine::config::Config;

/// What a run of a scenario needs.
pub(crate) struct Staged {
    /// The scenario.
    pub(crate) scenario: Scenario,
    /// The file that it was found in, for messages.
    pub(crate) file: String,
    /// The text that it was read from, for the journal.
    pub(crate) text: String,
    /// Its ticks.
    pub(crate) plan: Plan,
    /// The config with the scenario's own keys over it.
    pub(crate) config: Config,
}

impl Staged {
    /// Prepares the scenario of that name or file, else the built-in one.
    ///
    /// # Errors
    /// If there is none, or scenario or config are wrong.
    pub(crate) fn named(name: Option<&str>, files: &ConfigFiles) -> Result<Self, Failure> {
        let text = find(name.unwrap_or(DEFAULT))?;
        let sections = settings::section_names().map_err(settings::refused)?;
        let sections: Vec<&str> = sections.iter().map(String::as_str).collect();
        Self::of(&text, &sections, files)
    }

    /// Prepares `text`; keys among `sections` are overrides of the config.
    ///
    /// # Errors
    /// If scenario or config are wrong.
    pub(crate) fn of(text: &Text, sections: &[&str], files: &ConfigFiles) -> Result<Self, Failure> {
        let read = read_scenario(text, sections).map_err(settings::refused)?;
        let file = text.file.clone();
        let plan = Plan::new(&read.scenario)
            .map_err(|error| Failure::config(format_args!("{file}: {error}")))?;
        let config = settings::load(files, Some(read.overrides))?;
        Ok(Self {
            scenario: read.scenario,
            file,
            text: read.text,
            plan,
            config,
        })
    }
}
