//! `analyze` against the golden files, through the real program.

use crate::program::{Row, alphatrader, assert_near, golden, golden_rows, number};
use std::ffi::OsString;
use std::path::Path;

const GREEKS: [&str; 8] = [
    "delta", "gamma", "vega", "theta", "rho", "vanna", "vomma", "charm",
];

fn analyze(kernel: &str, file: &Path, more: &[&str]) -> Vec<Row> {
    let mut arguments: Vec<OsString> = vec!["analyze".into(), kernel.into(), file.into()];
    arguments.extend(more.iter().map(OsString::from));
    alphatrader(arguments, b"").rows()
}

#[test]
fn golden_cli_greeks_agree_to_twelve_digits() {
    let expected = golden_rows("greeks.csv");
    let found = analyze("greeks", &golden("greeks.csv"), &[]);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(
            (&found["id"], found["status"].as_str()),
            (&expected["id"], "ok")
        );
        let tolerance = number(expected, "tol_price").unwrap();
        assert_near(found, expected, "price", tolerance);
        for column in GREEKS {
            let reference = number(expected, column).unwrap();
            assert_near(found, expected, column, 1e-12 * reference.abs());
        }
    }
}

#[test]
fn golden_cli_greeks_at_the_limits_agree_and_bad_rows_are_empty() {
    let expected = golden_rows("greeks_edge.csv");
    let found = analyze("greeks", &golden("greeks_edge.csv"), &["--format", "csv"]);
    assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_eq!(found["id"], index.to_string());
        assert_eq!(found["status"], expected["status"]);
        for column in GREEKS.iter().chain(&["price"]) {
            let reference = number(expected, column).unwrap_or_default();
            assert_near(found, expected, column, 1e-12 + 1e-12 * reference.abs());
        }
    }
}

#[test]
fn golden_cli_implied_vol_agrees_status_included() {
    let expected = golden_rows("implied_vol.csv");
    let found = analyze("implied-vol", &golden("implied_vol.csv"), &[]);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found["id"], expected["id"]);
        let (status, wanted) = (found["status"].as_str(), expected["status"].as_str());
        // One rounding apart: the price is its lower bound to the last digit.
        let neighbours = ["no_time_value", "below_intrinsic", "ill_conditioned"];
        let agree = status == wanted || (wanted == "no_time_value" && neighbours.contains(&status));
        assert!(agree, "{status} instead of {wanted} in {expected:?}");
        if wanted == "ok" {
            let tolerance = number(expected, "tol").unwrap();
            assert_near(found, expected, "sigma", tolerance);
        }
    }
}

#[test]
fn golden_cli_imbalance_agrees_to_twelve_digits() {
    let expected = golden_rows("book.csv");
    let found = analyze("imbalance", &golden("book.csv"), &[]);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(
            (&found["id"], &found["state"]),
            (&expected["id"], &expected["state"])
        );
        for column in found
            .keys()
            .filter(|key| !matches!(key.as_str(), "id" | "state"))
        {
            let reference = number(expected, column).unwrap_or_default();
            assert_near(found, expected, column, 1e-12 * reference.abs());
        }
    }
}

/// The parameters of `tape` in the golden file `file` as flags.
fn vpin_flags(file: &str, tape: &str, method: &str) -> Vec<String> {
    let text = std::fs::read_to_string(golden(file)).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut flags = vec!["--method".to_owned(), method.to_owned()];
    for (key, flag) in [
        ("bucket_volume", "--bucket-volume"),
        ("window_buckets", "--window"),
        ("bar_seconds", "--bar-seconds"),
        ("sigma_window_bars", "--sigma-window"),
        ("sigma_min_bars", "--sigma-min"),
    ] {
        if let Some(value) = document[tape][key].as_u64() {
            flags.extend([flag.to_owned(), value.to_string()]);
        }
    }
    assert!(flags.len() > 4, "{file} has no parameters for {tape}");
    flags
}

/// Runs every method that `expected` holds and compares all buckets.
fn check_vpin(expected: &[Row], mut run: impl FnMut(&str) -> Vec<Row>) {
    let mut methods: Vec<&str> = expected.iter().map(|row| row["method"].as_str()).collect();
    methods.dedup();
    assert!(methods.len() >= 3);
    for method in methods {
        let expected: Vec<&Row> = expected
            .iter()
            .filter(|row| row["method"] == method)
            .collect();
        let found = run(method);
        assert_eq!(found.len(), expected.len(), "{method}");
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found["method"], expected["method"]);
            assert_eq!(found["bucket"], expected["bucket"]);
            assert_near(found, expected, "buy", 1e-6);
            assert_near(found, expected, "sell", 1e-6);
            assert_near(found, expected, "vpin", 1e-9);
        }
    }
}

fn check_tape(tape: &str, buckets: &str, parameters: &str) {
    check_vpin(&golden_rows(buckets), |method| {
        let flags = vpin_flags(parameters, tape, method);
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        analyze("vpin", &golden(&format!("{tape}.csv")), &flags)
    });
}

#[test]
fn golden_cli_vpin_of_the_small_tape_agrees() {
    check_tape(
        "vpin_small_tape",
        "vpin_small_buckets.csv",
        "vpin_params.json",
    );
}

#[test]
fn golden_cli_vpin_of_the_synthetic_session_agrees() {
    check_tape("vpin_tape", "vpin_buckets.csv", "vpin_params.json");
}

/// Needs the recorded tapes: runs where `ALPHATRADER_DATA` is set.
#[test]
fn golden_cli_vpin_of_recorded_tapes_agrees() {
    let Some(data) = crate::recorded_data() else {
        return;
    };
    for (tape, folder, has_quotes) in [
        ("ibm_20131007", "ibm", true),
        ("spy_20131007", "spy", false),
    ] {
        let folder = data.join("equity_tape/tick").join(folder);
        let all = golden_rows("vpin_real.csv");
        let expected: Vec<Row> = all.into_iter().filter(|row| row["tape"] == tape).collect();
        let quotes = folder.join("20131007_quote.zip").display().to_string();
        check_vpin(&expected, |method| {
            let mut flags = vpin_flags("vpin_real_params.json", tape, method);
            if has_quotes {
                flags.extend(["--quotes".to_owned(), quotes.clone()]);
            }
            let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
            analyze("vpin", &folder.join("20131007_trade.zip"), &flags)
        });
    }
}
