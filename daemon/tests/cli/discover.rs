//! `discover`: on the built-in scenario, on recorded tapes, on what it cannot use, and runs that begin
//! with what it found.

use crate::program::{Run, alphatrader};
use crate::recorded_data;
use crate::runs::{Place, replay};
use serde_json::Value;
use systems::discovery::yaml::from_yaml;

/// Runs `discover` with its state in `place`.
fn discover(place: &Place, words: &[&str]) -> Run {
    let state = place.path("state").display().to_string();
    let fixed = ["discover", "--state-dir", &state];
    alphatrader(fixed.iter().chain(words), b"")
}

fn symbols(found: &Value) -> Vec<&str> {
    let symbols = found["symbols"].as_array().unwrap();
    symbols
        .iter()
        .map(|row| row["symbol"].as_str().unwrap())
        .collect()
}

#[test]
fn the_built_in_day_says_something_about_each_underlying() {
    let place = Place::with("");
    let found = discover(&place, &["--json"]).json();
    assert_eq!(symbols(&found), ["AAA", "BBB", "CCC", "DDD"]);
    assert_eq!(found["computed_at"], "2026-03-02T21:00:00Z");
    for row in found["symbols"].as_array().unwrap() {
        for value in ["vpin_bucket", "lookback", "volatility"] {
            assert_eq!(row[value]["basis"]["status"], "ok", "{value} of {row}");
        }
        assert_eq!(row["vpin_bucket"]["basis"]["observations"], 390);
        // A quiet day does not fill the window of 50 buckets, and then there is no VPIN.
        let toxicity = &row["toxicity"];
        let is_ok = toxicity["basis"]["status"] == "ok";
        assert_eq!(toxicity["vpin"].is_number(), is_ok, "{row}");
        assert_eq!(toxicity["toxicity"].is_number(), is_ok, "{row}");
        assert!((0.0..=1.0).contains(&toxicity["score"].as_f64().unwrap()));
        let day = row["vpin_bucket"]["day_volume"].as_u64().unwrap();
        let shares = row["vpin_bucket"]["shares"].as_u64().unwrap();
        assert!(day / 201 < shares && shares < day / 19, "{shares} of {day}");
        let bars = row["lookback"]["bars"].as_u64().unwrap();
        assert!((5..=120).contains(&bars), "{bars}");
    }
    assert_eq!(found["correlation"]["basis"]["observations"], 120);
    // The file says the same as stdout, in plain YAML.
    let text = std::fs::read_to_string(place.path("state/discovered.yaml")).unwrap();
    assert!(!text.contains('!'), "{text}");
    let read = from_yaml("discovered.yaml", &text).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), found);
}

#[test]
fn a_short_tape_gives_defaults_with_their_reasons() {
    let place = Place::with("market: { underlyings: 2, contracts_per_chain: 20 }\nticks: 4000\n");
    let scenario = place.path("short.yaml").display().to_string();
    let out = place.path("deep/found.yaml").display().to_string();
    let run = discover(&place, &[&scenario, "--out", &out]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("written to"), "{}", run.stderr);
    assert!(run.stdout.contains("thin"), "{}", run.stdout);
    assert!(
        run.stdout
            .contains("no correlation: minutes that all symbols have: "),
        "{}",
        run.stdout
    );
    let text = std::fs::read_to_string(&out).unwrap();
    let read = from_yaml("found.yaml", &text).unwrap();
    let bucket = &read.symbols[0].vpin_bucket;
    let reason = bucket.basis.reason.as_deref().unwrap();
    assert!(reason.ends_with("must be at least 300"), "{reason}");
    assert_eq!(read.symbols[0].lookback.bars, 30);
    assert!(!place.path("state/discovered.yaml").exists());
    let csv = discover(&place, &[&scenario, "--out", &out, "--format", "csv"]);
    assert_eq!(csv.stdout.lines().count(), 3, "{}", csv.stdout);
}

#[test]
fn what_cannot_be_used_is_told() {
    let place = Place::with("market: { underlyings: 1, contracts_per_chain: 20 }\nticks: 10\n");
    let scenario = place.path("short.yaml").display().to_string();
    let missing = discover(&place, &["no_such_scenario"]);
    assert_eq!(missing.code, Some(4), "{}", missing.stderr);
    let early = ["--until", "2020-01-02T12:00:00-05:00"];
    let early = discover(&place, &[&[scenario.as_str()][..], &early].concat());
    assert_eq!(early.code, Some(1));
    assert!(
        early.stderr.contains("before the first tick"),
        "{}",
        early.stderr
    );
    let folder = place.folder.path().display().to_string();
    let unwritable = discover(&place, &[&scenario, "--out", &folder]);
    assert_eq!(unwritable.code, Some(1));
    assert!(
        unwritable.stderr.contains("could not be written"),
        "{}",
        unwritable.stderr
    );
    let config = place.path("over.yaml");
    std::fs::write(&config, "discovery: { every_min: 0 }\n").unwrap();
    let wrong = discover(&place, &[&scenario, "--config", config.to_str().unwrap()]);
    assert_eq!(wrong.code, Some(4));
    assert!(
        wrong
            .stderr
            .contains("discovery.every_min: 0 is not allowed, must be 1 to 390"),
        "{}",
        wrong.stderr
    );
}

/// A tape of two sessions' ends and beginnings would take long; the sizes known at the start are in
/// force at the first open.
#[test]
fn a_run_that_begins_with_a_file_is_replayed_without_it() {
    let place = Place::with("seed: 5\nmarket: { underlyings: 2, contracts_per_chain: 20 }\n");
    let scenario = place.path("short.yaml").display().to_string();
    let file = place.path("found.yaml");
    let run = discover(&place, &[&scenario, "--out", file.to_str().unwrap()]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let config = place.path("over.yaml");
    let named = format!("discovery: {{file: {:?}}}\n", file.display());
    std::fs::write(&config, named).unwrap();
    let config = config.display().to_string();
    let until = ["--until", "2026-03-02T10:20:00-05:00"];
    let plain = place.simulate(&until).json();
    let journal = place.path("journal");
    let words = ["--journal", journal.to_str().unwrap(), "--config", &config];
    let begun = place.simulate(&[&words[..], &until].concat()).json();
    assert_ne!(
        begun["digest"], plain["digest"],
        "VPIN has buckets from the first open"
    );
    std::fs::remove_file(&file).unwrap();
    let again = replay(&journal).json();
    assert_eq!(again["equal"], true);
    assert_eq!(again["digest"], begun["digest"]);
    assert_eq!(again["transcript_sha256"], begun["transcript_sha256"]);
}

/// Needs the recorded tapes: runs where `ALPHATRADER_DATA` is set.
#[test]
fn recorded_tapes_say_what_is_known_of_them() {
    let Some(_) = recorded_data() else { return };
    let place = Place::with("");
    let found = discover(&place, &["ticks_2013_10", "--json"]).json();
    assert_eq!(symbols(&found), ["AIG", "BAC", "IBM", "SPY"]);
    let row = |name: &str| {
        let rows = found["symbols"].as_array().unwrap();
        rows.iter()
            .find(|row| row["symbol"] == name)
            .unwrap()
            .clone()
    };
    for name in ["AIG", "BAC", "IBM", "SPY"] {
        let row = row(name);
        assert_eq!(row["vpin_bucket"]["basis"]["status"], "ok", "{row}");
        // Round lots do not make VPIN one.
        let vpin = row["toxicity"]["vpin"].as_f64().unwrap();
        assert!((0.02..0.9).contains(&vpin), "{row}");
        let day = row["vpin_bucket"]["day_volume"].as_f64().unwrap();
        let shares = row["vpin_bucket"]["shares"].as_f64().unwrap();
        assert!((0.005..=0.0501).contains(&(shares / day)), "{row}");
    }
    let rows = found["correlation"]["matrix"].as_array().unwrap();
    let rho = |one: usize, other: usize| rows[one][other].as_f64().unwrap();
    assert!((0..4).all(|place| rho(place, place) == 1.0));
    // What all three are members of moves with them.
    assert!((0..3).all(|place| rho(place, 3) > 0.2), "{rows:?}");
}
