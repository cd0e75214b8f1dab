//! The program alphatrader: one verb, one file.

/// The kernels on a file.
pub mod analyze;
/// Which capabilities an engine has.
pub mod assemble;
/// Whether config and scenarios are right.
pub mod check;
/// What can be asked on the command line.
pub mod cli;
/// The file of daily closes.
pub mod closes;
/// Shell completions.
pub mod completions;
/// What a tape says about its underlyings.
pub mod discover;
/// How the program ends.
pub mod exit;
/// Tables read from CSV files and zips.
pub mod input;
/// The live interlock.
pub mod interlock;
/// SIGINT and SIGTERM.
pub mod interrupt;
/// What a journal holds, and whether it is whole.
pub mod journals;
/// The reference of the mirror's keys.
pub mod keys;
/// A document as rows of key and value.
pub mod leaves;
/// The files of macro series.
pub mod macro_series;
/// The manual page.
pub mod man;
/// Commands for a running engine.
pub mod operator;
/// Rows and documents on stdout.
pub mod output;
/// A picture of dealer gamma.
mod picture;
/// How far a long run is.
pub mod progress;
/// The journal against the broker's statement.
mod reconcile;
/// Starting over a journal.
pub mod recovery;
/// Runs of a journal, compared.
pub mod replay;
/// Memory and processor time used.
pub mod resources;
/// Scenarios: what a run is about.
pub mod scenario;
/// The merged config.
pub mod settings;
/// The config with origins.
pub mod show_config;
/// What a running engine knows of its underlyings.
pub mod sights;
/// Runs of a scenario.
pub mod simulate;
/// The fault simulator.
pub mod torture;
