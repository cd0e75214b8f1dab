//! The program alphatrader: one verb, one file.

/// The kernels on a file.
pub mod analyze;
/// Which capabilities an engine has.
pub mod assemble;
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
/// The manual page.
pub mod man;
/// Rows and documents on stdout.
pub mod output;
/// How far a long run is.
pub mod progress;
/// Memory and processor time used.
pub mod resources;
/// Scenarios: what a run is about.
pub mod scenario;
