//! `analyze levels` against the control figures of the recorded chains and against a pencil.

use crate::program::alphatrader;
use serde_json::Value;
use std::path::Path;

fn levels(file: &Path, more: &[&str]) -> Value {
    let mut arguments = vec!["analyze", "levels", "--json", file.to_str().unwrap()];
    arguments.extend(more);
    alphatrader(arguments, b"").json()
}

fn number(document: &Value, key: &str) -> f64 {
    document[key]
        .as_f64()
        .unwrap_or_else(|| panic!("`{key}` is {}", document[key]))
}

/// The control figures in the data's README: the file's name begins with the first cell.
fn control_rows(data: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(data.join("README.md")).unwrap();
    let table = text.split("Control figures").nth(1).unwrap();
    let lines = table.lines().skip_while(|line| !line.starts_with('|'));
    let cells = |line: &str| {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    let rows: Vec<Vec<String>> = lines
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(cells)
        .collect();
    assert_eq!(rows.len(), 7, "the README has lost its table");
    rows
}

/// Needs the recorded chains: runs where `ALPHATRADER_DATA` is set.
#[test]
fn golden_cli_levels_repeat_the_control_figures() {
    let Some(data) = crate::recorded_data() else {
        return;
    };
    let folder = data.join("option_chains");
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/analytics.md");
    let book = std::fs::read_to_string(book).unwrap();
    for row in control_rows(&data) {
        let file = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_str().unwrap().contains(&format!("cboe_{}", row[0])))
            .unwrap();
        let found = levels(&file, &["--greeks", "vendor", "--min-oi", "0"]);
        let mut line = format!("| {} ", row[0]);
        let mut off = 0.0_f64;
        for (key, cell, sign) in [
            ("call_gex_usd_per_pct", &row[3], 1.0),
            ("put_gex_usd_per_pct", &row[4], -1.0),
            ("net_gex_usd_per_pct", &row[5], 1.0),
            ("net_gex_first_expiry_usd_per_pct", &row[6], 1.0),
            ("dex_usd", &row[7], 1.0),
        ] {
            let expected: f64 = sign * cell.parse::<f64>().unwrap();
            let error = (number(&found, key) - expected).abs();
            off = off.max(error / expected.abs().max(1.0));
            line += &format!("| {:.5e} ", number(&found, key));
            assert!(
                error <= 1e-5 * expected.abs(),
                "{} {key}: off by {error}",
                row[0]
            );
        }
        let strike: f64 = row[8].parse().unwrap();
        assert_eq!(number(&found, "max_abs_gamma_strike"), strike, "{}", row[0]);
        line += &format!("| {strike} | {off:.1e} |");
        assert!(book.contains(&line), "the book has no line {line}");
    }
}

const CHAIN: &str = "\n\
    Some Fund,Last: 100,Change: 1\n\
    \"Date: March 2, 2026 at 10:15 AM EST\",Bid: 99.9,Ask: 100.1,Size: 1*1,Volume: 7\n\
    Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,\
    Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest\n\
    Fri Mar 06 2026,SPY260306C00095000,5,0,5.2,5.4,0,0.2,0.9,0.01,10,95.00,\
    SPY260306P00095000,0.1,0,0.2,0.3,0,0.2,-0.1,0.02,300\n\
    Fri Mar 06 2026,SPY260306C00105000,0.3,0,0.3,0.4,0,0.2,0.2,0.03,200,105.00,\
    SPY260306P00105000,5,0,5.2,5.4,0,0.2,-0.8,0.01,4\n\
    Fri Mar 13 2026,SPY260313C00100000,2,0,2,2.1,0,0.2,0.5,0.02,50,100.00,\
    SPY260313P00100000,2,0,2,2.1,0,0.2,-0.5,0.02,20\n";

fn chain(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn a_small_chain_sums_as_with_a_pencil() {
    let file = chain(CHAIN);
    let found = levels(file.path(), &[]);
    // OI x gamma x 100 x 100^2 x 0.01; the put with an open interest of 4 is left out.
    assert_eq!(found["contracts"], 6);
    assert_eq!(found["included"], 5);
    assert_eq!(
        number(&found, "call_gex_usd_per_pct"),
        10.0 * 100.0 + 200.0 * 300.0 + 50.0 * 200.0
    );
    assert_eq!(
        number(&found, "put_gex_usd_per_pct"),
        -(300.0 * 200.0 + 20.0 * 200.0)
    );
    assert_eq!(found["convention"]["min_oi"], 5);
    assert_eq!(found["by_expiry"].as_array().unwrap().len(), 2);
}

#[test]
fn an_unreadable_date_leaves_null_what_needs_it() {
    let spanish = CHAIN.replace("March 2, 2026 at 10:15 AM EST", "2 de marzo de 2026, 10:15");
    let found = levels(chain(&spanish).path(), &[]);
    assert_eq!(
        (&found["as_of"], &found["zero_gamma"]),
        (&Value::Null, &Value::Null)
    );
    assert!(
        found["reasons"]["zero_gamma"]
            .as_str()
            .unwrap()
            .contains("--as-of")
    );
    assert!(found["net_gex_usd_per_pct"].is_number());
    let saturday = CHAIN.replace("March 2, 2026", "February 28, 2026");
    assert_eq!(levels(chain(&saturday).path(), &[])["as_of"], Value::Null);
    let given = levels(chain(&spanish).path(), &["--as-of", "2026-03-02T10:00"]);
    assert_eq!(given["as_of"], "2026-03-02T10:00:00-05:00");
}

#[test]
fn the_header_is_15_minutes_ahead_of_the_quotes() {
    assert_eq!(
        levels(chain(CHAIN).path(), &[])["as_of"],
        "2026-03-02T10:00:00-05:00"
    );
}

#[test]
fn own_greeks_leave_out_what_is_not_eligible() {
    // The call at 105 is quoted crossed: no volatility at that strike, so both are out.
    let crossed = CHAIN.replace(
        "0.3,0,0.3,0.4,0,0.2,0.2,0.03,200",
        "0.3,0,0.5,0.4,0,0.2,0.2,0.03,200",
    );
    let whole = levels(chain(CHAIN).path(), &["--greeks", "model", "--min-oi", "0"]);
    let found = levels(
        chain(&crossed).path(),
        &["--greeks", "model", "--min-oi", "0"],
    );
    assert_eq!(
        (&whole["included"], &found["included"]),
        (&6.into(), &4.into())
    );
    let late = ["--greeks", "model", "--as-of", "2026-03-07T12:00"];
    let expired = levels(chain(CHAIN).path(), &late);
    assert_eq!(expired["included"], 2);
    assert_eq!(expired["call_wall"], Value::Null);
}

#[test]
fn a_file_that_is_no_chain_is_an_error_with_its_place() {
    let run = alphatrader(["analyze", "levels", "-"], b"a,b\n1,2\n");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.starts_with("Error: stdin"), "{}", run.stderr);
    let bad = alphatrader(["analyze", "levels", "-", "--as-of", "noon"], b"");
    assert_eq!(bad.code, Some(2));
}

#[test]
fn a_picture_is_drawn_beside_the_figures_and_is_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = chain(CHAIN);
    let drawn = |name: &str| {
        let path = folder.path().join(name);
        let found = levels(file.path(), &["--svg", path.to_str().unwrap()]);
        (found, std::fs::read_to_string(path).unwrap())
    };
    let (found, picture) = drawn("one.svg");
    assert_eq!(drawn("two.svg").1, picture);
    for words in [
        ">SPY dealer gamma exposure</text>",
        ">call wall 105</text>",
        ">put wall 95</text>",
        "2026-03-02 10:00 New York",
    ] {
        assert!(picture.contains(words), "{words}");
    }
    let zero = number(&found, "zero_gamma");
    assert!(picture.contains(&format!(">zero gamma {zero:.2}</text>")));
    assert_eq!(found["profile"].as_array().unwrap().len(), 81);
    let lost = folder.path().join("none/levels.svg");
    let arguments = ["analyze", "levels", file.path().to_str().unwrap(), "--svg"];
    let run = alphatrader(arguments.into_iter().chain(lost.to_str()), b"");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("--svg"), "{}", run.stderr);
}

#[test]
fn a_second_count_agrees_and_is_told_field_by_field() {
    let file = chain(CHAIN);
    let path = file.path().to_str().unwrap();
    let run = alphatrader(["analyze", "levels", path, "--verify"], b"");
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("zero_gamma") && !run.stdout.contains("DIFFERS"));
    for greeks in ["vendor", "model"] {
        let found = levels(
            file.path(),
            &["--verify", "--greeks", greeks, "--min-oi", "0"],
        );
        assert_eq!(found["equal"], true, "{found}");
        let fields = found["fields"].as_array().unwrap();
        let field = |name: &str| {
            let found = fields.iter().find(|field| field["field"] == name);
            found.unwrap_or_else(|| panic!("no {name}")).clone()
        };
        let spot = field("spot");
        assert_eq!(
            (&spot["engine"], &spot["recomputed"]),
            (&100.0.into(), &100.0.into())
        );
        assert!(field("call_gex_usd_per_pct")["recomputed"].is_number());
    }
}

/// Needs the recorded chains: runs where `ALPHATRADER_DATA` is set.
#[test]
fn golden_cli_levels_of_recorded_chains_are_the_same_counted_twice() {
    let Some(data) = crate::recorded_data() else {
        return;
    };
    for entry in std::fs::read_dir(data.join("option_chains")).unwrap() {
        let path = entry.unwrap().path();
        for greeks in ["vendor", "model"] {
            let more = ["--verify", "--greeks", greeks];
            let at = ["--as-of", "2022-03-23T09:56"];
            // The header of this one is Spanish.
            let is_unreadable = path.to_str().unwrap().contains("2022-03-23");
            let more: Vec<&str> = if is_unreadable {
                more.into_iter().chain(at).collect()
            } else {
                more.to_vec()
            };
            let found = levels(&path, &more);
            assert_eq!(found["equal"], true, "{}: {found}", path.display());
        }
    }
}
