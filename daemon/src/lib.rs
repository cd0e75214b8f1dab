//! The program alphatrader: one verb, one file.

/// The kernels on a file.
pub mod analyze;
/// Which capabilities an engine has.
pub mod assemble;
/// Whether config and scenarios are right.
pub mod check;
/// What can be asked on the command line.
pub mod cli;
/// Shell completions.
pub mod completions;
/// How the program ends.
pub mod exit;
/// Tables read from CSV files and zips.
pub mod input;
/// SIGINT and SIGTERM.
pub mod interrupt;
/// The reference of the mirror's keys.
pub mod keys;
/// The manual page.
pub mod man;
/// Rows and documents on stdout.
pub mod output;
/// How far a long run is.
pub mod progress;
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
/// Runs of a scenario.
pub mod simulate;
