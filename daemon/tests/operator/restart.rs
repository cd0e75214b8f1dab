//! A run that goes on where the one before was stopped or killed.

use crate::running::{Place, command, document, signal};
use serde_json::Value;

/// A day at which strategies trade from the first minute; what is reported is durable at once, so
/// that a kill in any tick loses nothing that the broker said.
const SCENARIO: &str = "\
seed: 5
start: 2026-03-02T09:44:00-05:00[America/New_York]
ticks: 3000
market: { underlyings: 2, contracts_per_chain: 100 }
journal: { sync: every_tick }
";

fn place() -> Place {
    let place = Place::new();
    std::fs::write(place.path("day.yaml"), SCENARIO).unwrap();
    place
}

/// Runs to the end and returns the summary.
fn ended(place: &Place, flags: &[&str]) -> Value {
    let state = place.text("state");
    let all = [&["--state-dir", &state], flags].concat();
    document(&place.simulate(&all).wait_with_output().unwrap())
}

/// Runs until the engine's status is as wanted, and kills it.
fn killed_when(place: &Place, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let state = place.text("state");
    let mut run = place.simulate(&["--speed", "10x", "--state-dir", &state]);
    let status = place.until(what, is_so);
    signal(&run, "-KILL");
    run.wait().unwrap();
    status
}

fn reconciled(place: &Place) -> Value {
    let journal = place.text("state/journal");
    let arguments = ["journal", "reconcile", "--json", &journal];
    document(&command(arguments).output().unwrap())
}

#[test]
fn a_run_that_was_killed_twice_goes_on_with_what_it_held() {
    let place = place();
    let held = |status: &Value| status["positions"].as_u64() > Some(0);
    let first = killed_when(&place, "a position", held);
    let second = killed_when(&place, "a tick after the restart", |status| {
        status["tick"].as_u64() > first["tick"].as_u64() && held(status)
    });
    assert!(second["tick"].as_u64() > first["tick"].as_u64());
    // The same contracts, opened when they were opened, and no order of theirs a second time.
    let opened = |status: &Value| {
        let position = &status["portfolio"]["positions"][0];
        (
            position["contract"].clone(),
            position["opened_at_ms"].clone(),
        )
    };
    assert_eq!(opened(&first), opened(&second));
    assert_eq!(second["execution"]["total"]["executions"], 0, "{second}");

    let summary = ended(&place, &[]);
    assert_eq!(summary["run"], 3);
    assert!(summary["resumed_after"].as_u64() >= second["tick"].as_u64());
    let found = &summary["reconciliation"];
    assert_eq!(found["differences"], 0, "{found}");
    assert!(found["matched"].as_u64() > Some(0));
    assert_eq!(reconciled(&place)["equal"], true);

    let journal = place.text("state/journal");
    let output = command(["replay", "--json", &journal]).output().unwrap();
    let again = document(&output);
    assert_eq!((&again["equal"], &again["runs"]), (&true.into(), &3.into()));
    assert_eq!(again["ticks"], 3000);
    assert_eq!(again["digest"], summary["digest"]);
}

#[test]
fn a_run_that_was_stopped_at_a_time_goes_on_there_and_ends_once() {
    let place = place();
    let until = |time: &str| format!("2026-03-02T{time}-05:00");
    let first = ended(&place, &["--until", &until("09:48:00")]);
    assert_eq!((&first["run"], &first["ticks"]), (&1.into(), &960.into()));
    let second = ended(&place, &[]);
    assert_eq!(
        (&second["run"], &second["ticks"]),
        (&2.into(), &2040.into())
    );
    // What it ended with is what the broker knows, fees to the cent.
    let report = reconciled(&place);
    assert_eq!(report["equal"], true, "{report}");
    assert_eq!(report["fees_usd"], second["fees_usd"]);

    let state = place.text("state");
    let third = place.simulate(&["--state-dir", &state]);
    let output = third.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("nothing is left of the run"), "{words}");

    let other = SCENARIO.replace("seed: 5", "seed: 6");
    std::fs::write(place.path("day.yaml"), other).unwrap();
    let output = place.simulate(&["--state-dir", &state]).wait_with_output();
    let output = output.unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{words}");
    assert!(words.contains("with seed 5, not of"), "{words}");
}

#[test]
fn a_statement_that_differs_by_a_cent_is_told() {
    let place = place();
    let journal = place.text("journal");
    let run = place.simulate(&["--journal", &journal]).wait_with_output();
    let summary = document(&run.unwrap());
    let compare = |more: &[&str]| {
        let arguments = ["journal", "reconcile", "--json", &journal];
        command(arguments.iter().chain(more)).output().unwrap()
    };
    let report = document(&compare(&["--day", "2026-03-02"]));
    assert_eq!(report["equal"], true);
    assert_eq!(report["fees_usd"], summary["fees_usd"]);
    assert!(report["matched"].as_u64() > Some(1), "{report}");

    // The broker's side as a CSV, once as it is and once with a fee that is a cent higher.
    let record = std::fs::read(place.path("journal").join("broker_ledger.json")).unwrap();
    let record: Value = serde_json::from_slice(&record).unwrap();
    let mut csv = String::from(
        "kind,at,execution,order,instrument,side,quantity,price_usd,fees_usd,realized_usd\n",
    );
    for execution in record["executions"].as_array().unwrap() {
        let last = execution["revisions"].as_array().unwrap().last().unwrap();
        let number = |value: &Value| value.as_i64().unwrap();
        let terms = &last["instrument"]["Option"]["terms"];
        let right = if terms["right"] == "call" { "C" } else { "P" };
        let name = format!(
            "{:<6}{:06}{right}{:08}",
            terms["root"].as_str().unwrap(),
            number(&terms["expiry"]) % 1_000_000,
            number(&terms["strike"]) / 10
        );
        let at = jiff::Timestamp::from_nanosecond(i128::from(number(&last["at"]))).unwrap();
        csv.push_str(&format!(
            "execution,{at},{},{},{name},{},{},{},{},\n",
            number(&last["id"]["base"]),
            number(&last["order"]),
            last["side"].as_str().unwrap(),
            number(&last["quantity"]),
            number(&last["price"]) as f64 / 1e4,
            number(&execution["fees"]) as f64 / 1e4,
        ));
    }
    let path = place.text("statement.csv");
    std::fs::write(&path, &csv).unwrap();
    let flags = ["--day", "2026-03-02", "--statement", &path];
    assert_eq!(document(&compare(&flags))["equal"], true);
    std::fs::write(&path, csv.replacen(",1,\n", ",1.01,\n", 1)).unwrap();
    let output = compare(&flags);
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let what: Vec<&str> = found["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["what"].as_str().unwrap())
        .collect();
    assert_eq!(what.len(), 2, "{found}");
    assert_eq!(what[1], "fees_usd");
    std::fs::write(&path, csv.replacen("execution,", "trade,", 2)).unwrap();
    let words = String::from_utf8(compare(&flags).stderr).unwrap();
    assert!(
        words.contains("must be execution, settlement or position"),
        "{words}"
    );
}
