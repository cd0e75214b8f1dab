//! The program from outside: what it prints and how it ends.

#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test stops at the first thing that is not as it set it up, and compares exactly"
)]

/// Damaged, missing and wrong files.
mod bad_input;
/// Help, versions, formats and errors of all verbs.
mod conduct;
/// Kernels against the golden files.
mod golden;
/// `analyze levels`.
mod levels;
/// Runs the program.
mod program;
/// Mistakes that others have made.
mod regressions;
/// `simulate`, `replay`, `check`, `show-config`, `keys`.
mod runs;
