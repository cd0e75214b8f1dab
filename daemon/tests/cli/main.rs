//! The program from outside: what it prints and how it ends.

#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test stops at the first thing that is not as it set it up, and compares exactly"
)]

/// `analyze snapshots`, `vendor` and `regimes`.
mod archives;
/// Damaged, missing and wrong files.
mod bad_input;
/// `analyze closing`.
mod closing;
/// Help, versions, formats and errors of all verbs.
mod conduct;
/// `check`, `show-config`, `keys`.
mod configs;
/// `discover`, and runs that begin with what it found.
mod discover;
/// Kernels against the golden files.
mod golden;
/// The tables of the book, with what others computed.
mod held_against;
/// `analyze hidden`.
mod hidden;
/// `analyze levels`.
mod levels;
/// Runs the program.
mod program;
/// Mistakes that others have made.
mod regressions;
/// Replays of journals.
mod replays;
/// `simulate`.
mod runs;
/// `analyze sweeps`.
mod sweeps;

/// The folder of the recorded data; without one, a line that no test harness captures says so.
fn recorded_data() -> Option<std::path::PathBuf> {
    use std::io::Write;
    let data = std::env::var_os("ALPHATRADER_DATA").map(std::path::PathBuf::from);
    if data.is_none() {
        let line = "skipped 1 recorded test: ALPHATRADER_DATA is not set\n";
        std::io::stderr().lock().write_all(line.as_bytes()).unwrap();
    }
    data
}
