//! Runs of scenarios and journals: the same result however they are run, and clear ends.

use crate::program::{Run, alphatrader};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub(crate) const SCENARIO: &str = "\
seed: 11
ticks: 2400
market: { underlyings: 2, contracts_per_chain: 60 }
at:
  - { time: 00:02:00, spot_jump: { symbol: AAA, percent: 3.0 } }
  - { time: 00:03:00, feed_drop: { feed: quotes, seconds: 5 } }
  - { time: 00:04:00, overrun: { ticks: 3 } }
  - { time: 00:05:00, halt: { symbol: BBB, seconds: 30 } }
  - { time: 00:06:00, garble: { seconds: 10, per_tick: 5 } }
expect: { ticks: 2400, halts: 1, overruns: 1, refused: { min: 1 } }
";

pub(crate) struct Place {
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) fn with(scenario: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("short.yaml"), scenario).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn simulate(&self, more: &[&str]) -> Run {
        let scenario = self.path("short.yaml").display().to_string();
        let arguments = ["simulate", "--json", &scenario];
        alphatrader(arguments.iter().chain(more), b"")
    }
}

pub(crate) fn replay(journal: &Path) -> Run {
    alphatrader(["replay", "--json", journal.to_str().unwrap()], b"")
}

/// What must not depend on how a run was made.
fn result(document: &Value) -> Vec<Value> {
    let keys = [
        "ticks",
        "events",
        "signals",
        "orders",
        "pnl_usd",
        "fees_usd",
        "digest",
        "transcript_sha256",
        "overruns",
        "underlyings",
        "contracts",
    ];
    keys.iter().map(|key| document[key].clone()).collect()
}

#[test]
fn the_summary_has_the_keys_of_the_contract() {
    let found = Place::with(SCENARIO).simulate(&[]).json();
    for key in [
        "scenario",
        "seed",
        "threads",
        "ticks",
        "simulated_s",
        "underlyings",
        "contracts",
        "events",
        "signals",
        "orders",
        "pnl_usd",
        "fees_usd",
        "restriction",
        "digest",
        "transcript_sha256",
        "wall_s",
        "cpu_s",
        "events_per_s",
        "peak_rss_bytes",
        "overruns",
        "latency_us",
        "run",
        "resumed_after",
        "execution",
        "portfolio",
        "reconciliation",
    ] {
        assert!(found.get(key).is_some(), "`{key}` is missing");
    }
    for key in [
        "quotes",
        "trades",
        "book_updates",
        "open_interest",
        "option_quotes",
        "refused",
    ] {
        assert!(found["events"][key].as_u64().unwrap() > 0, "no {key}");
    }
    for key in [
        "submitted",
        "filled",
        "cancelled",
        "rejected",
        "intended",
        "unknown",
        "executions",
        "odd_reports",
        "critical_errors",
    ] {
        assert!(found["orders"][key].is_u64(), "`orders.{key}` is missing");
    }
    for counter in [
        "analytics_failure_total",
        "analytics_stale_results_total",
        "execution_latency_ms",
        "fill_dispatch_events_total",
        "order_failures_total",
        "orders_submitted_total",
    ] {
        let all = found["execution"]["counters"].as_array().unwrap();
        assert!(all.iter().any(|one| one["name"] == counter), "{counter}");
    }
    assert_eq!(found["restriction"], "active");
    assert!(found["events"]["refused_by_reason"].is_object());
    assert!(found["signals"]["blocked_by_reason"].is_object());
    assert_eq!(
        (&found["scenario"], &found["seed"]),
        (&"short".into(), &11.into())
    );
    assert_eq!(
        (&found["ticks"], &found["overruns"]),
        (&2400.into(), &1.into())
    );
    // An overrun loses three points of the grid.
    assert_eq!(found["simulated_s"].as_f64(), Some(2403.0 * 0.25));
    assert_eq!(found["latency_us"]["tick"]["n"], 2400);
    // The first tick lists two underlyings with sixty contracts each, and more than that comes in.
    assert!(found["inbox_peak"]["market"].as_u64().unwrap() > 2 + 2 * 60);
    assert!(found["inbox_peak"]["execution"].is_u64());
    assert!(found["latency_us"]["phases"]["greeks"]["p99"].is_number());
    assert!(found["latency_us"]["systems"].as_object().unwrap().len() > 10);
}

#[test]
fn threads_shuffle_and_replay_change_nothing() {
    let place = Place::with(SCENARIO);
    let journal = place.path("journal");
    let transcript = place.path("transcript.txt");
    let files = [
        "--journal",
        journal.to_str().unwrap(),
        "--transcript",
        transcript.to_str().unwrap(),
    ];
    let plain = place.simulate(&files).json();
    for flags in [
        &["--threads", "2"][..],
        &["--shuffle", "3"],
        &["--shuffle", "4", "--threads", "3"],
    ] {
        assert_eq!(
            result(&place.simulate(flags).json()),
            result(&plain),
            "{flags:?}"
        );
    }
    let text = std::fs::read(&transcript).unwrap();
    let mut hash = String::new();
    for byte in Sha256::digest(&text) {
        hash.push_str(&format!("{byte:02x}"));
    }
    assert_eq!(plain["transcript_sha256"], hash);
    assert!(
        String::from_utf8(text)
            .unwrap()
            .starts_with("scenario short seed 11 config ")
    );
    let again = replay(&journal).json();
    assert_eq!(
        (&again["digest"], &again["equal"]),
        (&plain["digest"], &true.into())
    );
    assert_eq!(again["ticks"], plain["ticks"]);
    let other = SCENARIO.replace("seed: 11", "seed: 12");
    assert_ne!(
        Place::with(&other).simulate(&[]).json()["digest"],
        plain["digest"]
    );
}

#[test]
fn what_a_scenario_expects_otherwise_is_told() {
    let place = Place::with(&SCENARIO.replace("halts: 1", "halts: 4"));
    let run = place.simulate(&[]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("`halts` was 1, expected 4"),
        "{}",
        run.stderr
    );
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(found["unmet"].as_array().unwrap().len(), 1);
}

#[test]
fn a_scenario_that_is_wrong_ends_with_4_and_its_place() {
    let place = Place::with(&SCENARIO.replace("seed:", "sed:"));
    let run = place.simulate(&[]);
    assert_eq!(run.code, Some(4));
    assert!(run.stderr.contains("short.yaml:1:1"), "{}", run.stderr);
    assert!(
        run.stderr.contains("did you mean `seed`?"),
        "{}",
        run.stderr
    );
    let place = Place::with(&(SCENARIO.to_owned() + "limits: { positions_max: many }\n"));
    let run = place.simulate(&[]);
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    assert!(
        run.stderr.contains("limits.positions_max"),
        "{}",
        run.stderr
    );
    let run = alphatrader(["simulate", "no_such_scenario"], b"");
    assert_eq!(run.code, Some(4));
    assert!(run.stderr.contains("full_day"), "{}", run.stderr);
    let set = "{ dir: nowhere, symbol: IBM, date: 2013-10-07 }";
    let missing = Place::with(&format!("recorded: [{{ lean_ticks: {set} }}]\n"));
    let run = missing.simulate(&["--data", "/nowhere"]);
    assert_eq!(run.code, Some(4));
    assert!(run.stderr.contains("/nowhere"), "{}", run.stderr);
}

#[test]
fn a_signal_ends_a_run_with_its_summary_so_far() {
    let place = Place::with(SCENARIO);
    let mut child = Command::new(env!("CARGO_BIN_EXE_alphatrader"))
        .args(["simulate", "--json", "--speed", "1x"])
        .arg(place.path("short.yaml"))
        .arg("--transcript")
        .arg(place.path("transcript.txt"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The file is made after the signals are caught.
    while !place.path("transcript.txt").exists() {
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    let mut stdout = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut stdout)
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(found["stopped"], true);
    assert!(found["ticks"].as_u64().unwrap() < 2400);
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("was stopped after"), "{words}");
}

#[test]
fn people_are_told_what_to_try_next() {
    let place = Place::with("ticks: 40\nmarket: { underlyings: 1, contracts_per_chain: 20 }\n");
    let scenario = place.path("short.yaml").display().to_string();
    let run = alphatrader(["simulate", &scenario], b"");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let next: Vec<&str> = run
        .stdout
        .split("Next:")
        .nth(1)
        .unwrap_or("")
        .lines()
        .collect();
    assert_eq!(
        next.iter()
            .filter(|line| line.contains("alphatrader "))
            .count(),
        3
    );
    assert!(!run.stdout.contains('\u{1b}'), "a pipe gets no colour");
    for words in ["40 ticks in 1 session,", "1 underlying, 20 contracts\n"] {
        assert!(run.stdout.contains(words), "{words} in {}", run.stdout);
    }
    let csv = alphatrader(["simulate", &scenario, "--format", "csv"], b"");
    assert!(csv.stdout.starts_with("key,value\n"));
}
