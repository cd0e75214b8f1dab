//! `check`, `show-config` and `keys`.

use crate::program::alphatrader;
use crate::runs::{Place, SCENARIO};
use serde_json::Value;
use std::process::Command;

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
