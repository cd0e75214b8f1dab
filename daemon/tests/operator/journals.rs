//! `journal verify` and `journal show` on journals as they are found.

use crate::running::{Place, command, document, signal, stopped, wait};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Output;

/// The first segment has no day yet and holds the header alone.
const SEGMENT: &str = "00000002.segment";

/// A run of 400 ticks, recorded.
fn recorded() -> Place {
    let place = Place::new();
    let scenario = "seed: 5\nticks: 400\nmarket: { underlyings: 1, contracts_per_chain: 40 }\n";
    std::fs::write(place.path("day.yaml"), scenario).unwrap();
    let journal = place.text("journal");
    let output = place.simulate(&["--journal", &journal]).wait_with_output();
    document(&output.unwrap());
    place
}

fn verify(place: &Place) -> Output {
    let journal = place.text("journal");
    command(["journal", "verify", "--json", &journal])
        .output()
        .unwrap()
}

fn segment(place: &Place) -> (PathBuf, Vec<u8>) {
    let path = place.path("journal").join(SEGMENT);
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes)
}

/// Makes the last batch end in zeros, as if the machine had died while it was written.
fn tear(place: &Place) {
    let (path, mut bytes) = segment(place);
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[end - 8..=end].fill(0);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_whole_journal_is_whole() {
    let place = recorded();
    let found = document(&verify(&place));
    assert_eq!(found["whole"], true);
    assert_eq!(
        (&found["entries"], &found["last_seq"]),
        (&400.into(), &400.into())
    );
    assert_eq!(found["witness"], "agrees");
    assert!(found["torn"].is_null() && found["damage"].is_null());
    let journal = place.text("journal");
    let show = |flags: &[&str]| -> Vec<Value> {
        let arguments = ["journal", "show", "--json", &journal];
        let output = command(arguments.iter().chain(flags)).output().unwrap();
        document(&output).as_array().unwrap().clone()
    };
    let frames = show(&["--from", "391"]);
    assert_eq!((frames.len(), &frames[0]["tick"]), (10, &391.into()));
    assert!(frames[0]["time"].as_str().unwrap().ends_with('Z'));
    let records = show(&["--records"]);
    assert!(
        records[0]["record"]
            .as_str()
            .unwrap()
            .starts_with("RunStarted")
    );
    let reports = show(&["--reports"]);
    assert!(!reports.is_empty());
}

#[test]
fn a_torn_tail_is_named_and_cut_unless_it_was_acknowledged() {
    let place = recorded();
    tear(&place);
    let (_, before) = segment(&place);
    // The witness saw the end: it was acknowledged and is lost.
    let output = verify(&place);
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{words}");
    assert!(words.contains("was acknowledged"), "{words}");
    assert_eq!(segment(&place).1, before);

    std::fs::remove_file(place.path("journal").join("witness")).unwrap();
    let output = verify(&place);
    let found = document(&output);
    assert_eq!(
        (&found["whole"], &found["torn"]["cut"]),
        (&true.into(), &true.into())
    );
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(
        words.contains("torn") && words.contains("were cut"),
        "{words}"
    );
    let again = document(&verify(&place));
    assert!(again["torn"].is_null());
    assert_eq!(again["entries"], found["entries"]);
}

#[test]
fn a_damaged_journal_is_refused_and_left_alone() {
    let place = recorded();
    let (path, mut bytes) = segment(&place);
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[end / 2] ^= 0x10;
    std::fs::write(&path, &bytes).unwrap();
    let output = verify(&place);
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{words}");
    assert!(words.contains("is damaged at byte"), "{words}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["whole"], false);
    assert!(found["damage"].is_string());
    assert_eq!(segment(&place).1, bytes);
    let none = command(["journal", "verify", &place.text("nowhere")]).output();
    assert_ne!(none.unwrap().status.code(), Some(0));
}

#[test]
fn a_run_that_is_killed_leaves_a_whole_journal() {
    let place = Place::new();
    let journal = place.text("journal");
    let every = "seed: 5\nticks: 20000\nmarket: {}\njournal: { sync: every_tick }\n";
    std::fs::write(place.path("day.yaml"), every).unwrap();
    let mut run = place.simulate(&["--journal", &journal]);
    let bytes = |place: &Place| {
        let all = std::fs::read(place.path("journal").join(SEGMENT)).ok()?;
        all.iter().rposition(|byte| *byte != 0)
    };
    wait(|| bytes(&place).filter(|end| *end > 200_000)).unwrap();
    signal(&run, "-KILL");
    run.wait().unwrap();
    let found = document(&verify(&place));
    assert_eq!(found["whole"], true);
    assert!(found["entries"].as_u64() > Some(0));
    let output = command(["replay", "--json", &journal]).output().unwrap();
    assert_eq!(document(&output)["ticks"], found["entries"]);
}

#[test]
fn a_halt_that_was_answered_outlives_a_kill() {
    let place = Place::new();
    let (state, journal) = (place.text("state"), place.text("journal"));
    let flags = [
        "--speed",
        "10x",
        "--state-dir",
        &state,
        "--journal",
        &journal,
    ];
    let mut run = place.simulate(&flags);
    place.until("a first tick", |status| status["tick"].as_u64() > Some(0));
    let taken = place.asked(&["halt"]);
    signal(&run, "-KILL");
    run.wait().unwrap();
    assert_eq!(document(&verify(&place))["whole"], true);
    let arguments = ["journal", "show", "--json", "--records", &journal];
    let rows = document(&command(arguments).output().unwrap());
    let latched = rows.as_array().unwrap().iter().any(|row| {
        let record = row["record"].as_str().unwrap();
        row["tick"] == taken["tick"] && record.starts_with("Latched")
    });
    assert!(latched, "{rows}");
    // The socket that the killed run left behind is in nobody's way.
    assert_eq!(place.ask(&["status"]).status.code(), Some(3));
    let next = place.simulate(&["--speed", "10x", "--state-dir", &state]);
    place.until("a first tick", |status| status["tick"].as_u64() > Some(0));
    stopped(next);
}
