//! The folder of scenarios, one after the other.

use crate::program::{data, json, root, simulate, text};
use crate::transcript::{compare, golden_of, sha256};
use daemon::scenario::{Text, read_scenario};
use daemon::settings::section_names;
use serde_json::Value;
use std::collections::{BTreeSet, VecDeque};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Scenarios too long to be run in every way in the time that tests may take: the shorter ones
/// show the same. They run once plainly and once with every difference there is.
const LONG: [&str; 1] = ["full_day"];

struct Case {
    name: String,
    is_recorded: bool,
}

/// The scenarios of the folder, long ones first.
fn cases() -> Vec<Case> {
    let sections = section_names().unwrap();
    let sections: Vec<&str> = sections.iter().map(String::as_str).collect();
    let mut cases: Vec<Case> = names("yaml")
        .into_iter()
        .map(|name| {
            let file = root().join(format!("scenarios/{name}.yaml"));
            let text = Text {
                file: format!("{name}.yaml"),
                text: std::fs::read_to_string(file).unwrap(),
            };
            let scenario = read_scenario(&text, &sections).unwrap().scenario;
            assert_eq!(scenario.name, name, "a scenario is called as its file");
            assert!(
                !scenario.description.is_empty(),
                "{name} says not what it shows"
            );
            let is_recorded = !scenario.recorded.is_empty();
            Case { name, is_recorded }
        })
        .collect();
    cases.sort_by_key(|case| !LONG.contains(&case.name.as_str()));
    assert!(cases.len() > 10);
    cases
}

/// The files with this ending in the folder, without it.
fn names(ending: &str) -> BTreeSet<String> {
    let paths = std::fs::read_dir(root().join("scenarios")).unwrap();
    paths
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn every_scenario_comes_out_as_its_golden_however_it_is_run() {
    let mut cases = cases();
    if data().is_none() {
        let all = cases.len();
        cases.retain(|case| !case.is_recorded);
        let skipped = all - cases.len();
        // Straight to the descriptor: the test harness would swallow a line that is printed.
        writeln!(
            std::io::stderr(),
            "skipped {skipped} recorded scenarios: ALPHATRADER_DATA is not set"
        )
        .unwrap();
    }
    let queue = Mutex::new(VecDeque::from(cases));
    let wrong = Mutex::new(Vec::new());
    let next = || queue.lock().unwrap().pop_front();
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(case) = next() {
                    if let Err(words) = check(&case.name) {
                        wrong
                            .lock()
                            .unwrap()
                            .push(format!("{}: {words}", case.name));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_scenario_has_a_golden_and_every_golden_a_scenario() {
    if std::env::var_os("UPDATE_GOLDEN").is_none() {
        assert_eq!(names("yaml"), names("golden"));
    }
}

fn check(name: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let (journal, file) = (folder.path().join("journal"), folder.path().join("run.txt"));
    let is_long = LONG.contains(&name);
    let mut flags = vec!["--transcript", text(&file)];
    if !is_long {
        flags.extend(["--journal", text(&journal)]);
    }
    let plain = simulate(name, &flags)?;
    let transcript = std::fs::read_to_string(&file).unwrap();
    same(
        "the transcript's file",
        &plain["transcript_sha256"],
        &sha256(&transcript).into(),
    )?;
    compare(&golden_file(name), &golden_of(&transcript))?;
    let variants: &[&[&str]] = if is_long {
        &[&["--threads", "2", "--shuffle", "5"]]
    } else {
        &[&["--threads", "2"], &["--shuffle", "5"]]
    };
    for flags in variants {
        let found = simulate(name, flags)?;
        for key in ["digest", "transcript_sha256", "events", "orders", "pnl_usd"] {
            same(
                &format!("{key} with {}", flags.join(" ")),
                &found[key],
                &plain[key],
            )?;
        }
    }
    if !is_long {
        replay(&journal, &plain)?;
    }
    Ok(())
}

fn replay(journal: &Path, plain: &Value) -> Result<(), String> {
    let found = json(&["replay", text(journal)])?;
    for key in ["digest", "transcript_sha256", "ticks"] {
        same(&format!("{key} of the replay"), &found[key], &plain[key])?;
    }
    same(
        "the replay's orders",
        &found["orders"],
        &plain["orders"]["intended"],
    )
}

fn same(what: &str, found: &Value, expected: &Value) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what} is {found} instead of {expected}"))
    }
}

fn golden_file(name: &str) -> PathBuf {
    root().join(format!("scenarios/{name}.golden"))
}
