//! Runs of scenarios and journals: the same result however they are run, and clear ends.

use crate::program::{Run, alphatrader};
use daemon::replay::engine_of;
use engine::frame::Header;
use engine::ports::Journal;
use journal::{FileJournal, JournalReader, RecordedTick, segment_name};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const SCENARIO: &str = "\
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

struct Place {
    folder: TempDir,
}

impl Place {
    fn with(scenario: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("short.yaml"), scenario).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn simulate(&self, more: &[&str]) -> Run {
        let scenario = self.path("short.yaml").display().to_string();
        let arguments = ["simulate", "--json", &scenario];
        alphatrader(arguments.iter().chain(more), b"")
    }
}

fn replay(journal: &Path) -> Run {
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

/// Copies a journal tick by tick through `change`.
fn rewrite(from: &Path, to: &Path, mut change: impl FnMut(&mut RecordedTick)) {
    let reader = JournalReader::open(from).unwrap();
    let header: Header = reader.header().clone();
    let mut copy = FileJournal::create(to, &header).unwrap();
    for tick in reader {
        let mut tick = tick.unwrap();
        change(&mut tick);
        copy.append(&tick.frame, &tick.market).unwrap();
    }
    copy.commit().unwrap();
}

#[test]
fn a_replay_names_the_first_tick_and_system_that_differ() {
    let place = Place::with(SCENARIO);
    let journal = place.path("journal");
    place
        .simulate(&["--journal", journal.to_str().unwrap()])
        .json();
    let changed = place.path("changed");
    let (engine, _) = engine_of(JournalReader::open(&journal).unwrap(), 1).unwrap();
    let systems = engine.latency().systems();
    let names: Vec<_> = systems.map(|(name, _)| name.to_owned()).collect();
    let first = names
        .iter()
        .position(|name| name == "exposure::sum_exposures");
    let first = first.unwrap();
    assert!(first > 0 && first + 1 < names.len());
    rewrite(&journal, &changed, |tick| {
        let frame = &mut tick.frame;
        assert_eq!(frame.systems.len(), names.len());
        if frame.tick == 700 {
            frame.systems[first..]
                .iter_mut()
                .for_each(|digest| *digest ^= 1);
        }
    });
    let run = replay(&changed);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr
            .contains("tick 700, phase exposure, system exposure::sum_exposures: the digest was "),
        "{}",
        run.stderr
    );
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(found["first_difference"]["tick"], 700);
    assert_eq!(found["first_difference"]["system"], names[first]);
    assert_eq!(found["equal"], false);
    let unheard = place.path("unheard");
    rewrite(&journal, &unheard, |tick| {
        if tick.frame.tick == 900 {
            tick.market.clear();
        }
    });
    let run = replay(&unheard);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr
            .contains("differs first in tick 900, phase ingest, system ingest::take_in: "),
        "{}",
        run.stderr
    );
}

#[test]
fn a_replay_names_the_tick_whose_decision_or_digest_differs() {
    let place = Place::with(SCENARIO);
    let journal = place.path("journal");
    place
        .simulate(&["--journal", journal.to_str().unwrap()])
        .json();
    // A frame is durable before its tick is over: what the tick came to stands in the next.
    let chained = place.path("chained");
    rewrite(&journal, &chained, |tick| {
        tick.frame.digest_before ^= u64::from(tick.frame.tick == 40);
    });
    let run = replay(&chained);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr
            .contains("first in tick 39: the run's digest was "),
        "{}",
        run.stderr
    );
    let undecided = place.path("undecided");
    let mut left_out = None;
    rewrite(&journal, &undecided, |tick| {
        if left_out.is_none() {
            left_out = tick.frame.records.pop();
        }
    });
    assert!(left_out.is_some(), "nothing was decided");
    let run = replay(&undecided);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("first in tick 1: decision ")
            && run.stderr.contains("recorded nothing"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_torn_journal_replays_to_its_tear_and_a_damaged_one_is_refused() {
    let place = Place::with(SCENARIO);
    let journal = place.path("journal");
    let flag = journal.to_str().unwrap();
    place.simulate(&["--journal", flag]).json();
    let twice = place.simulate(&["--journal", flag]);
    assert_eq!(twice.code, Some(1));
    assert!(
        twice.stderr.contains("never overwritten"),
        "{}",
        twice.stderr
    );
    // The first segment ends where the day begins; behind the last frame are zeros.
    let file = journal.join(segment_name(2));
    let mut whole = std::fs::read(&file).unwrap();
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    whole.truncate(end);
    std::fs::write(&file, &whole[..end - 5]).unwrap();
    let torn = replay(&journal);
    assert!(torn.stderr.contains("torn"), "{}", torn.stderr);
    // What was not made durable yet is one batch: it is cut as a whole.
    let ticks = torn.json()["ticks"].as_u64().unwrap();
    assert!((1..2400).contains(&ticks), "{ticks} ticks are left");
    let mut damaged = whole;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x10;
    std::fs::write(&file, &damaged).unwrap();
    let run = replay(&journal);
    assert_eq!(run.code, Some(78));
    assert!(run.stderr.contains("damaged at byte"), "{}", run.stderr);
    assert_eq!(replay(&place.path("nowhere")).code, Some(1));
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

#[test]
fn check_finds_everything_that_is_wrong() {
    let run = alphatrader(["check", "--json"], b"");
    let rows = run.json();
    assert!(rows.as_array().unwrap().len() >= 2);
    let place = Place::with(&SCENARIO.replace("AAA", "ZZZ"));
    let config = place.path("my.yaml");
    std::fs::write(&config, "limits:\n  positions_max: many\nlimts: {}\n").unwrap();
    let scenario = place.path("short.yaml").display().to_string();
    let arguments = ["check", &scenario, "--config", config.to_str().unwrap()];
    let run = alphatrader(arguments, b"");
    assert_eq!(run.code, Some(4));
    for words in [
        "my.yaml:2:18",
        "`limts`",
        "did you mean `limits`?",
        "symbol ZZZ",
    ] {
        assert!(run.stderr.contains(words), "{words} in {}", run.stderr);
    }
}

#[test]
fn check_shows_a_scenario_once_and_the_one_in_the_folder_before_the_built_in() {
    let place = Place::with("");
    let check = || {
        let output = Command::new(env!("CARGO_BIN_EXE_alphatrader"))
            .args(["check", "--json"])
            .current_dir(place.folder.path())
            .output()
            .unwrap();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let rows = found.as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let built_in = check();
    assert!(built_in.contains(&"built-in/halt.yaml".to_owned()));
    std::fs::create_dir(place.path("scenarios")).unwrap();
    for name in ["halt.yaml", "own.yaml"] {
        std::fs::write(place.path("scenarios").join(name), SCENARIO).unwrap();
    }
    let mut expected = built_in;
    expected.retain(|name| name != "built-in/halt.yaml");
    expected.extend(["scenarios/halt.yaml", "scenarios/own.yaml"].map(str::to_owned));
    assert_eq!(check(), expected);
}

#[test]
fn every_value_of_the_config_shows_its_origin() {
    let place = Place::with("vpin: { window_buckets: 30 }\n");
    let output = Command::new(env!("CARGO_BIN_EXE_alphatrader"))
        .args(["show-config", "--json", "--config"])
        .arg(place.path("short.yaml"))
        .env("ALPHATRADER__LIMITS__POSITIONS_MAX", "2")
        .output()
        .unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = |key: &str| {
        let rows = found.as_array().unwrap().iter();
        rows.clone().find(|row| row["key"] == key).unwrap().clone()
    };
    let origin = |key: &str| row(key)["origin"].as_str().unwrap().to_owned();
    assert_eq!(row("limits.positions_max")["value"], "2");
    assert_eq!(origin("limits.positions_max"), "env");
    assert_eq!(origin("vpin.window_buckets"), "file");
    assert_eq!(origin("rates.flat"), "default");
}

#[test]
fn the_keys_of_the_mirror_are_listed() {
    let rows = alphatrader(["keys", "--format", "csv"], b"").rows();
    // Those that are written, and the one that is read.
    assert_eq!(rows.len(), wire::keys::schema().len() + 1);
    assert!(rows.iter().all(|row| !row["description"].is_empty()));
}
