//! `check`: validates config, strategies and scenarios, and starts nothing.

use crate::assemble::{Parts, assemble};
use crate::cli::General;
use crate::exit::{Exit, Failure};
use crate::interlock::refuse_live;
use crate::output::{self, Cell, Format, Rows};
use crate::scenario::{self, Staged, Text};
use crate::settings::{self, ConfigFiles, ExchangeSection};
use crate::simulate::not_assembled;
use components::order::{Order, OrderId};
use components::units::Timestamp;
use engine::calendar::Calendar;
use engine::clock::SteppedClock;
use engine::config::Config;
use engine::ports::Broker;
use engine::record::RunStart;
use std::path::PathBuf;

/// The arguments of `check`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Example:
  alphatrader check --config my.yaml scenarios/halt.yaml")]
pub struct Args {
    /// Scenario files [default: those in scenarios/ and the built-in ones of other names]
    pub scenarios: Vec<PathBuf>,
    /// Which config.
    #[command(flatten)]
    pub config: ConfigFiles,
}

/// Checks everything and says what is right; what is wrong goes to stderr, all of it.
///
/// # Errors
/// If anything is wrong.
pub fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    let mut right = Vec::new();
    // What a safety rule forbids weighs more than a mistake.
    let mut exit = Exit::Config;
    let mut refuse = |failure: &Failure| {
        if failure.exit() == Exit::StartRefused {
            exit = Exit::StartRefused;
        }
        wrong.push(failure.to_string());
    };
    let names = settings::section_names().map_err(settings::refused)?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match settings::load(&arguments.config, None).and_then(plugs_in) {
        Ok(()) => right.push(("config", "config".to_owned())),
        Err(failure) => refuse(&failure),
    }
    for text in texts(arguments)? {
        match check_scenario(&text, &names, &arguments.config) {
            Ok(()) => right.push(("scenario", text.file)),
            // What is wrong with the config itself is told once.
            Err(failure) => refuse(&failure),
        }
    }
    let format = general.format_or(Format::Table);
    let mut rows = Rows::begin(output::stdout(), format, &["checked", "name", "status"])?;
    for (kind, name) in &right {
        rows.row(&[Cell::Text(kind), Cell::Text(name), Cell::Text("ok")])?;
    }
    rows.finish()?;
    wrong.dedup();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(exit, wrong.join("\n")))
    }
}

fn texts(arguments: &Args) -> Result<Vec<Text>, Failure> {
    if !arguments.scenarios.is_empty() {
        let paths = arguments.scenarios.iter();
        return paths.map(|path| scenario::open(path)).collect();
    }
    let paths = scenario::in_folder();
    // A file in the folder stands before the built-in one of its name, as in `simulate`.
    let stands = |name: &str| {
        paths
            .iter()
            .any(|path| path.file_stem() == Some(name.as_ref()))
    };
    let built_in = scenario::BUILT_IN.iter().filter(|(name, _)| !stands(name));
    let mut texts: Vec<Text> = built_in
        .map(|(name, text)| Text {
            file: format!("built-in/{name}.yaml"),
            text: (*text).to_owned(),
        })
        .collect();
    for path in &paths {
        texts.push(scenario::open(path)?);
    }
    Ok(texts)
}

fn check_scenario(text: &Text, names: &[&str], files: &ConfigFiles) -> Result<(), Failure> {
    plugs_in(Staged::of(text, names, files)?.config)
}

/// Whether every capability takes the config.
pub(crate) fn plugs_in(mut config: Config) -> Result<(), Failure> {
    config
        .section::<ExchangeSection>()
        .map_err(settings::refused)?;
    refuse_live(&mut config, None)?;
    assemble(Parts {
        config,
        calendar: Calendar::nyse(),
        clock: Box::new(SteppedClock::new(Vec::new())),
        feeds: Vec::new(),
        execution: None,
        broker: Box::new(NoBroker),
        mirror: None,
        journal: None,
        run: RunStart::default(),
        ledger: None,
        opening: Vec::new(),
        threads: 1,
        shuffle: None,
    })
    .map(|_| ())
    .map_err(not_assembled)
}

/// A broker that takes orders and does nothing with them.
#[derive(Debug)]
pub(crate) struct NoBroker;

impl Broker for NoBroker {
    fn submit(&mut self, _orders: &[Order]) {}

    fn modify(&mut self, _order: &Order, _at: Timestamp) {}

    fn cancel(&mut self, _order: OrderId, _at: Timestamp) {}

    fn query(&mut self, _query: u64, _at: Timestamp) {}

    fn reconnect(&mut self, _at: Timestamp) {}
}
