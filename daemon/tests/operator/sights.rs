//! `levels` and `explain`, asked of a run that goes on.

use crate::running::{Place, command, document, stopped};
use serde_json::Value;

fn words(output: &std::process::Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Asks for a text as people get it.
fn shown(place: &Place, arguments: &[&str]) -> String {
    let state = place.text("state");
    let output = command(arguments).args(["--state-dir", &state]).output();
    let output = output.unwrap();
    let (out, err) = words(&output);
    assert_eq!(output.status.code(), Some(0), "{err}");
    out
}

fn fact<'a>(explained: &'a Value, name: &str) -> &'a Value {
    let facts = explained["facts"].as_array().unwrap();
    let found = facts.iter().find(|fact| fact["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {explained}"))
}

#[test]
fn a_run_tells_its_levels_and_explains_a_symbol() {
    let place = Place::new();
    let (state, journal) = (place.text("state"), place.text("journal"));
    let pace = ["--speed", "10x", "--state-dir", &state];
    let run = place.simulate(&[&pace[..], &["--journal", &journal]].concat());
    // From 9:45 on strategies have thoughts.
    place.until("a minute", |status| status["tick"].as_u64() > Some(260));

    let all = place.asked(&["levels"]);
    let rows = all["symbols"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{all}");
    for row in rows {
        for name in [
            "spot_usd",
            "net_gex_usd_per_pct",
            "call_wall_usd",
            "put_wall_usd",
            "obi_l5",
        ] {
            assert!(row[name].is_number(), "{name}: {row}");
            assert_eq!(row["validity"][name]["quality"], "ok", "{name}: {row}");
            assert!(row["validity"][name]["age_ms"].as_i64() >= Some(0));
        }
        // No session before this one says what is usual.
        assert!(row["vpin"].is_null(), "{row}");
        assert_eq!(row["validity"]["vpin"]["quality"], "warmup", "{row}");
        if let (Some(zero), Some(spot)) = (row["zero_gamma_usd"].as_f64(), row["spot_usd"].as_f64())
        {
            let away = row["zero_gamma_distance"].as_f64().unwrap();
            assert!((away - (zero / spot - 1.0)).abs() < 1e-12, "{row}");
        }
    }
    let symbol = rows[1]["symbol"].as_str().unwrap().to_owned();
    let one = place.asked(&["levels", &symbol.to_lowercase()]);
    assert_eq!(one["symbols"].as_array().unwrap().len(), 1);
    assert_eq!(one["symbols"][0]["symbol"], symbol.as_str());
    let table = shown(&place, &["levels"]);
    assert!(
        table.contains("net GEX/1%") && table.contains(&symbol),
        "{table}"
    );
    assert!(table.contains("VPIN: not enough history yet"), "{table}");
    let csv = shown(&place, &["levels", "--format", "csv"]);
    assert_eq!(csv.lines().count(), 3, "{csv}");

    let explained = place.asked(&["explain", &symbol]);
    assert_eq!(explained["symbol"], symbol.as_str());
    let spot = fact(&explained, "spot_usd");
    assert!(spot["value"].as_f64() > Some(0.0) && spot["unit"] == "USD");
    assert!(spot["source"].as_str().unwrap().contains(" of "), "{spot}");
    for (name, group, unit) in [
        ("dealer_rise_usd", "dealers", "USD"),
        ("gex_mean", "standing", "USD of delta per 1 % move"),
        ("call_interest", "options", "contracts"),
        ("liquidity_score", "liquidity", "0 to 100"),
        ("included_by_volume", "volume", "contracts"),
        ("quote_rate", "data", "per second"),
    ] {
        let one = fact(&explained, name);
        assert!(one["value"].is_number(), "{one}");
        assert_eq!((&one["group"], &one["unit"]), (&group.into(), &unit.into()));
    }
    for (name, why) in [
        ("sector", "no watchlist names it"),
        ("macro_score", "the config has no macro series"),
    ] {
        let one = fact(&explained, name);
        assert!(one["value"].is_null() && one["reason"] == why, "{one}");
    }
    let gamma = fact(&explained, "call_gex_usd_per_pct")["value"].as_f64();
    let calls = explained["by_strike"].as_array().unwrap().iter();
    let calls: f64 = calls.map(|at| at["call"].as_f64().unwrap()).sum();
    assert!(
        (calls - gamma.unwrap()).abs() <= 1e-9 * calls,
        "{calls} of {gamma:?}"
    );
    assert!(!explained["by_expiry"].as_array().unwrap().is_empty());
    let text = shown(&place, &["explain", &symbol]);
    for part in [
        "net_gex_usd_per_pct",
        "What strategies last wanted",
        "Held and ordered",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }

    // What a strategy wanted, and what became of it, stays to be asked for.
    let mut last = Value::Null;
    let word = crate::running::wait(|| {
        let asked = rows.iter().map(|row| row["symbol"].as_str().unwrap());
        let mut words = asked.map(|name| place.asked(&["explain", name])["last_words"].clone());
        last = words.find(|words| words[0].is_object())?;
        Some(last[0].clone())
    });
    let word = word.unwrap_or_else(|| panic!("nobody wanted anything: {last}"));
    assert!(word["confidence"].as_u64() <= Some(100));
    assert!(!word["fate"].as_str().unwrap().is_empty(), "{word}");

    let picture = place.path("levels.svg");
    let drawn = ["levels", &symbol, "--svg", picture.to_str().unwrap()];
    place.asked(&drawn);
    let picture = std::fs::read_to_string(picture).unwrap();
    let title = format!(">{symbol} dealer gamma exposure</text>");
    assert!(picture.contains(&title) && picture.contains("GEX by strike"));
    let output = place.ask(&["levels", "--svg", "all.svg"]);
    assert_eq!(output.status.code(), Some(2), "{:?}", words(&output));

    let mistyped = format!("{symbol}X");
    for verb in ["levels", "explain"] {
        let output = place.ask(&[verb, &mistyped]);
        let (out, err) = words(&output);
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(out.is_empty());
        assert!(err.contains(&format!("did you mean {symbol}?")), "{err}");
    }

    // Who looks changes nothing: the run replays without a question in it.
    let summary = stopped(run);
    let output = command(["replay", "--json", &journal]).output().unwrap();
    let again = document(&output);
    assert_eq!(
        (&again["equal"], &again["digest"]),
        (&true.into(), &summary["digest"])
    );
}

#[test]
fn a_run_that_is_asked_all_the_time_has_the_digest_of_one_that_is_not() {
    let place = Place::new();
    let scenario = "seed: 5\nstart: 2026-03-02T09:44:00-05:00[America/New_York]\nticks: 600\n\
                    market: { underlyings: 2, contracts_per_chain: 60 }\n";
    std::fs::write(place.path("day.yaml"), scenario).unwrap();
    let plain = place.simulate(&[]).wait_with_output().unwrap();
    let state = place.text("state");
    let pace = ["--speed", "10x", "--state-dir", &state];
    let journal = place.text("journal");
    let mut run = place.simulate(&[&pace[..], &["--journal", &journal]].concat());
    place.until("a first tick", |status| status["tick"].as_u64() > Some(0));
    let mut answered = 0;
    while run.try_wait().unwrap().is_none() {
        let name = if answered % 2 == 0 {
            "levels"
        } else {
            "explain"
        };
        let more: &[&str] = if name == "explain" { &["AAA"] } else { &[] };
        let output = place.ask(&[&[name][..], more].concat());
        // The last question may find the run at its end.
        answered += u64::from(output.status.code() == Some(0));
    }
    assert!(answered > 2, "{answered} answers");
    let asked = run.wait_with_output().unwrap();
    assert_eq!(document(&asked)["digest"], document(&plain)["digest"]);
}
