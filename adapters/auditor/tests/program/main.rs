//! The program `alphatrader-audit` on journals of real simulated runs: whole, doctored, damaged.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it set it up"
)]

use components::order::OrderKind;
use components::units::Price;
use daemon::scenario::{Plan, Text, read_scenario};
use daemon::settings::{self, ConfigFiles};
use daemon::simulate::{Options, Speed, simulate};
use engine::ports::Journal;
use engine::record::Record;
use journal::{FileJournal, JournalReader, RecordedTick};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use tempfile::TempDir;

/// A morning on which strategies trade from the first minute.
const SCENARIO: &str = "\
seed: 5
start: 2026-03-02T09:44:00-05:00[America/New_York]
ticks: 8000
market: { underlyings: 2, contracts_per_chain: 100 }
";

/// Runs the morning and leaves its journal and the broker's ledger in a folder.
fn recorded(folder: &TempDir) -> PathBuf {
    let text = Text {
        file: "morning.yaml".to_owned(),
        text: SCENARIO.to_owned(),
    };
    let sections = settings::section_names().unwrap();
    let sections: Vec<&str> = sections.iter().map(String::as_str).collect();
    let read = read_scenario(&text, &sections).unwrap();
    let plan = Plan::new(&read.scenario).unwrap();
    let config = settings::load(&ConfigFiles::default(), Some(read.overrides)).unwrap();
    let journal = folder.path().join("journal");
    let outcome = simulate(Options {
        scenario: read.scenario,
        scenario_text: read.text,
        plan,
        config,
        data: PathBuf::new(),
        threads: 1,
        shuffle: None,
        speed: Speed::Max,
        journal: Some(journal.clone()),
        transcript: None,
        redis: None,
        state_dir: None,
        until: None,
        stop: Arc::default(),
    });
    assert!(outcome.unwrap().summary.orders.executions > 2);
    journal
}

fn audit(journal: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_alphatrader-audit"))
        .arg(journal)
        .args(more)
        .output()
        .unwrap()
}

fn found(output: &Output, code: i32) -> Value {
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn checked(found: &Value, invariant: u64) -> u64 {
    let rows = found["invariants"].as_array().unwrap();
    let row = rows.iter().find(|row| row["invariant"] == invariant);
    row.unwrap()["checked"].as_u64().unwrap()
}

/// Copies a journal tick by tick through `change`, with the broker's ledger beside it.
fn doctored(from: &Path, to: &Path, mut change: impl FnMut(&mut RecordedTick)) {
    let reader = JournalReader::open(from).unwrap();
    let mut copy = FileJournal::create(to, &reader.header().clone()).unwrap();
    for tick in reader {
        let mut tick = tick.unwrap();
        change(&mut tick);
        copy.append(&tick.frame, &tick.market).unwrap();
    }
    copy.commit().unwrap();
    let ledger = "broker_ledger.json";
    std::fs::copy(from.join(ledger), to.join(ledger)).unwrap();
}

#[test]
fn a_journal_is_clean_until_somebody_changes_it() {
    let folder = tempfile::tempdir().unwrap();
    let journal = recorded(&folder);
    let clean = found(&audit(&journal, &["--json"]), 0);
    assert_eq!(
        (&clean["clean"], &clean["figures"]["frames"]),
        (&true.into(), &8000.into())
    );
    assert!(clean["broker_ledger"].is_string());
    // Both sides were looked at: intents, what arrived at the broker, its executions.
    for invariant in [1, 2, 5, 9, 10, 11, 12, 14, 19, 20, 24, 28, 31, 36] {
        assert!(checked(&clean, invariant) > 0, "I{invariant}");
    }
    let alone = found(&audit(&journal, &["--json", "--no-broker-ledger"]), 0);
    assert!(alone["broker_ledger"].is_null() && checked(&alone, 9) == 0);
    let table = String::from_utf8(audit(&journal, &[]).stdout).unwrap();
    assert!(table.contains("I11  grid, quantity, expiry"), "{table}");

    // A limit that is on no grid, and not the one that arrived at the broker.
    let other = folder.path().join("limit");
    doctored(&journal, &other, |tick| {
        for record in &mut tick.frame.records {
            if let Record::Intended(intent) = record
                && let OrderKind::Limit(Price(price)) = &mut intent.order.kind
            {
                *price += 1;
            }
        }
    });
    let wrong = found(&audit(&other, &["--json"]), 1);
    let violations = wrong["violations"].as_array().unwrap();
    let of = |invariant: u64| {
        violations
            .iter()
            .filter(|v| v["invariant"] == invariant)
            .count()
    };
    assert!(of(11) > 0 && of(1) > 0, "{violations:?}");

    // An execution that nobody heard of is one the broker knows and we do not.
    let deaf = folder.path().join("deaf");
    doctored(&journal, &deaf, |tick| {
        let heard = |record: &Record| matches!(record, Record::Heard { .. });
        if tick.frame.tick > 500 {
            tick.frame.records.retain(|record| !heard(record));
        }
    });
    let wrong = found(&audit(&deaf, &["--json"]), 1);
    assert_eq!(wrong["clean"], false);
}

#[test]
fn a_damaged_journal_is_refused_and_a_missing_one_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let journal = recorded(&folder);
    let segment = journal.join("00000002.segment");
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 0x10;
    std::fs::write(&segment, bytes).unwrap();
    let output = audit(&journal, &["--json"]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{words}");
    assert!(
        output.stdout.is_empty() && words.contains("segment"),
        "{words}"
    );

    let output = audit(&folder.path().join("nothing"), &[]);
    assert_eq!(output.status.code(), Some(1));
    let output = audit(&journal, &["--broker-ledger", "nothing.json"]);
    assert_ne!(output.status.code(), Some(0));
    assert_eq!(audit(&journal, &["--frobnicate"]).status.code(), Some(2));
}
