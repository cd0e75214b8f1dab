//! What a golden holds of a transcript: all of it, or of a long one both ends and its hash.

use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::Path;

/// A longer transcript is kept by its ends.
const BYTES_MAX: usize = 300_000;

/// Lines kept of each end.
const LINES_KEPT: usize = 100;

/// What to do about a golden that is not as it should be.
const HINT: &str = "UPDATE_GOLDEN=1 cargo test -p daemon --test scenarios writes it";

/// The text that a golden holds of `transcript`.
pub(crate) fn golden_of(transcript: &str) -> String {
    let lines: Vec<&str> = transcript.lines().collect();
    let mut golden = String::new();
    if transcript.len() <= BYTES_MAX {
        golden.push_str(transcript);
    } else {
        let left_out = lines.len() - 2 * LINES_KEPT;
        golden.push_str(&lines[..LINES_KEPT].join("\n"));
        write!(golden, "\n… {left_out} lines …\n").unwrap();
        golden.push_str(&lines[lines.len() - LINES_KEPT..].join("\n"));
        golden.push('\n');
    }
    writeln!(
        golden,
        "{} lines, sha256 {}",
        lines.len(),
        sha256(transcript)
    )
    .unwrap();
    golden
}

/// The SHA-256 of a text in hexadecimal.
pub(crate) fn sha256(text: &str) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        write!(hex, "{byte:02x}").unwrap();
    }
    hex
}

/// Compares with the golden in `file`, or writes it where `UPDATE_GOLDEN` is set.
pub(crate) fn compare(file: &Path, found: &str) -> Result<(), String> {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        std::fs::write(file, found).unwrap();
        return Ok(());
    }
    match std::fs::read_to_string(file) {
        Ok(expected) => same_lines(&name, &expected, found),
        Err(_) => Err(format!("{name} is missing: {HINT}")),
    }
}

/// Whether two texts are equal; if not, the first line that differs.
fn same_lines(name: &str, expected: &str, found: &str) -> Result<(), String> {
    let (mut left, mut right) = (expected.lines(), found.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (left.next(), right.next()) {
            (None, None) => return Ok(()),
            (wanted, got) if wanted == got => {}
            (wanted, got) => {
                return Err(format!(
                    "{name}:{number} is\n  {}\nand the run says\n  {}\n{HINT}",
                    wanted.unwrap_or("at its end"),
                    got.unwrap_or("nothing more")
                ));
            }
        }
    }
}

#[test]
fn a_golden_that_differs_is_told_with_its_first_line() {
    let differs = |expected, found| same_lines("x.golden", expected, found).unwrap_err();
    assert!(same_lines("x.golden", "a\nb\n", "a\nb\n").is_ok());
    assert!(differs("a\nb\n", "a\nc\n").contains("x.golden:2 is\n  b\nand the run says\n  c"));
    assert!(differs("a\n", "a\nc\n").contains("x.golden:2 is\n  at its end"));
    assert!(differs("a\nb\n", "a\n").contains("nothing more"));
}

#[test]
fn a_short_transcript_is_kept_whole_and_a_long_one_by_its_ends() {
    assert!(golden_of("a\nb\n").starts_with("a\nb\n2 lines, sha256 "));
    let mut long = String::new();
    for number in 0..20_000 {
        writeln!(long, "this is line number {number}").unwrap();
    }
    let golden = golden_of(&long);
    assert!(golden.len() < BYTES_MAX && golden.contains("… 19800 lines …\n"));
    assert!(golden.starts_with("this is line number 0\n"));
    assert!(golden.contains("this is line number 19999\n20000 lines, sha256 "));
    let other = golden_of(&long.replacen("number 10000", "number 10001", 1));
    assert_ne!(golden, other);
}
