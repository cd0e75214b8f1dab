//! Commands through the socket, as an operator gives them.

use crate::running::{Place, command, document, stopped};

#[test]
fn a_run_is_halted_resumed_flattened_and_replayed_with_its_commands() {
    let place = Place::new();
    let (state, journal) = (place.text("state"), place.text("journal"));
    let run = place.simulate(&[
        "--speed",
        "10x",
        "--state-dir",
        &state,
        "--journal",
        &journal,
    ]);
    let status = place.until("a first tick", |status| status["tick"].as_u64() > Some(0));
    assert_eq!(status["restriction"], "active");
    assert_eq!(status["halted"], false);

    let taken = place.asked(&["halt", "--why", "bad fills"]);
    assert_eq!(
        (&taken["command"], &taken["number"]),
        (&"halt".into(), &1.into())
    );
    let status = place.until("the halt", |status| status["halted"] == true);
    assert_eq!(status["restriction"], "halted");
    assert_eq!(status["latches"][0]["cause"], "operator");
    assert_eq!(status["last_command"]["why"], "bad fills");
    assert_eq!(status["last_command"]["tick"], taken["tick"]);

    place.asked(&["resume"]);
    place.until("the resumption", |status| status["restriction"] == "active");
    place.asked(&["pause", "zero_dte"]);
    let status = place.until("the pause", |status| status["paused"][0].is_object());
    assert_eq!(status["paused"][0]["strategy"], "zero_dte");
    place.asked(&["unpause", "zero_dte"]);
    place.until("the end of the pause", |status| {
        status["paused"][0].is_null()
    });
    place.asked(&["cancel-all"]);
    for (verb, restriction) in [
        ("reduce-only", "reducing"),
        ("observe", "observing"),
        ("flatten", "flattening"),
    ] {
        place.asked(&[verb]);
        place.until(verb, |status| status["restriction"] == restriction);
    }
    place.until("flatness", |status| {
        status["positions"] == 0 && status["emergency"]["halts"].as_u64() > Some(0)
    });
    let summary = stopped(run);
    assert!(
        summary["emergency"]["halts"].as_u64() > Some(1),
        "{summary}"
    );
    assert!(summary["emergency"]["longest_ms"].as_i64() >= Some(0));
    assert!(summary["mirror"].is_null());

    let output = command(["replay", "--json", &journal]).output().unwrap();
    let again = document(&output);
    assert_eq!(
        (&again["equal"], &again["digest"]),
        (&true.into(), &summary["digest"])
    );
    let output = command(["journal", "show", &journal, "--records", "--json"]).output();
    let rows = document(&output.unwrap());
    let commands = rows.as_array().unwrap().iter().filter(|row| {
        let record = row["record"].as_str().unwrap();
        record.starts_with("Commanded")
    });
    assert_eq!(commands.count(), 8);
    // The socket is gone with its run.
    assert_eq!(place.ask(&["status"]).status.code(), Some(3));
}

#[test]
fn an_engine_that_does_not_run_is_told_with_3() {
    let place = Place::new();
    for arguments in [
        &["halt"][..],
        &["resume"],
        &["flatten"],
        &["observe"],
        &["reduce-only"],
        &["cancel-all"],
        &["pause", "zero_dte"],
        &["unpause", "zero_dte"],
        &["status"],
        &["levels"],
        &["explain", "SPY"],
    ] {
        let output = place.ask(arguments);
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {words}");
        assert!(words.contains("no engine runs with this state directory"));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_state_directory_has_one_engine_and_a_wrong_name_is_refused() {
    let place = Place::new();
    let state = place.text("state");
    let run = place.simulate(&["--speed", "10x", "--state-dir", &state]);
    place.until("a first tick", |status| status["tick"].as_u64() > Some(0));
    let second = place.simulate(&["--state-dir", &state]);
    let output = second.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{words}");
    assert!(
        words.contains("another engine runs with this state directory"),
        "{words}"
    );
    let output = place.ask(&["pause", "zero_day"]);
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{words}");
    assert!(
        words.contains("must be one of") && words.contains("zero_dte"),
        "{words}"
    );
    // The first is none the worse for it, and the directory is free again after it.
    place.asked(&["halt"]);
    stopped(run);
    let third = place.simulate(&["--speed", "10x", "--state-dir", &state]);
    // The run goes on, and with it what an operator wanted.
    let status = place.until("a first tick", |status| status["tick"].as_u64() > Some(0));
    assert_eq!(status["restriction"], "halted");
    let taken = place.asked(&["resume"]);
    assert_eq!(taken["number"], 2);
    place.until("the resumption", |status| status["restriction"] == "active");
    stopped(third);
}

#[test]
fn a_socket_that_nobody_uses_changes_nothing() {
    let place = Place::new();
    let scenario = "seed: 5\nticks: 1200\nmarket: { underlyings: 2, contracts_per_chain: 60 }\n";
    std::fs::write(place.path("day.yaml"), scenario).unwrap();
    let state = place.text("state");
    let digest = |flags: &[&str]| {
        let output = place.simulate(flags).wait_with_output().unwrap();
        document(&output)["digest"].clone()
    };
    let plain = digest(&[]);
    let (one, two) = (place.text("one"), place.text("two"));
    let beside = ["--state-dir", &state, "--journal", &one];
    assert_eq!(digest(&beside), plain);
    let shuffled = ["--state-dir", &state, "--journal", &two, "--shuffle", "3"];
    assert_eq!(digest(&shuffled), plain);
    // The folder keeps nothing but its lock, and nobody else may look into it.
    let left: Vec<_> = std::fs::read_dir(&state).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
