//! Mistakes that programs of this kind have made before, each named after what went wrong.

use crate::program::alphatrader;
use serde_json::Value;
use std::fmt::Write;

const HEAD: &str = "\n\
    Some Fund,Last: 200,Change: 1\n\
    \"Date: March 2, 2026 at 10:15 AM EST\",Bid: 199.9,Ask: 200.1,Size: 1*1,Volume: 7\n\
    Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,\
    Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest\n";

/// Gamma of a call and its open interest, by strike.
type Row = (u32, f64, u32);

fn levels(rows: &[Row]) -> Value {
    let mut text = HEAD.to_owned();
    for (strike, gamma, interest) in rows {
        writeln!(
            text,
            "Fri Mar 06 2026,SPY260306C00{strike}000,5,0,5.2,5.4,0,0.2,0.5,{gamma},{interest},\
             {strike}.00,SPY260306P00{strike}000,5,0,5.2,5.4,0,0.2,-0.5,0.001,10"
        )
        .unwrap();
    }
    alphatrader(["analyze", "levels", "-", "--json"], text.as_bytes()).json()
}

fn number(document: &Value, key: &str) -> f64 {
    document[key]
        .as_f64()
        .unwrap_or_else(|| panic!("`{key}` is {}", document[key]))
}

const CHAIN: [Row; 4] = [
    (190, 0.01, 100),
    (195, 0.02, 300),
    (200, 0.03, 900),
    (205, 0.02, 50),
];

#[test]
fn the_pin_is_the_strike_of_the_largest_exposure_and_not_of_the_smallest() {
    assert_eq!(number(&levels(&CHAIN), "max_abs_gamma_strike"), 200.0);
}

#[test]
fn a_ghost_strike_with_an_open_interest_below_five_is_no_level() {
    let mut rows = CHAIN.to_vec();
    rows.push((210, 900.0, 4));
    let found = levels(&rows);
    assert_eq!(number(&found, "max_abs_gamma_strike"), 200.0);
    assert_ne!(found["call_wall"], 210.0);
    let (call, plain) = (number(&found, "call_gex_usd_per_pct"), levels(&CHAIN));
    assert_eq!(call, number(&plain, "call_gex_usd_per_pct"));
    rows[4].2 = 5;
    assert_eq!(number(&levels(&rows), "max_abs_gamma_strike"), 210.0);
}

#[test]
fn exposure_is_dollars_per_one_percent_and_not_per_dollar() {
    let found = levels(&[(200, 0.03, 900)]);
    // Gamma x open interest x 100 x spot^2 x 0.01.
    let expected = 0.03 * 900.0 * 100.0 * 200.0 * 200.0 * 0.01;
    let call = number(&found, "call_gex_usd_per_pct");
    assert!((call - expected).abs() <= 1e-9 * expected, "{call}");
}

#[test]
fn a_gamma_above_one_is_kept() {
    let found = levels(&[(200, 1.7, 100)]);
    let expected = 1.7 * 100.0 * 100.0 * 200.0 * 200.0 * 0.01;
    let call = number(&found, "call_gex_usd_per_pct");
    assert!((call - expected).abs() <= 1e-9 * expected, "{call}");
}

#[test]
fn the_p_in_spy_makes_no_call_a_put() {
    let found = levels(&CHAIN);
    assert!(number(&found, "call_gex_usd_per_pct") > 0.0);
    assert!(number(&found, "put_gex_usd_per_pct") < 0.0);
    assert!(number(&found, "net_gex_usd_per_pct") > 0.0);
}

/// An hour of trades of 100 shares each whose price goes up and down.
fn round_lots() -> String {
    let mut tape = "t_ms,price,size,bid,ask\n".to_owned();
    for index in 0..7_200_u64 {
        // Steps that repeat only after a long time, up as often as down.
        let cents = (index * index * 31 + index * 7) % 101;
        let price = 100.0 + cents as f64 / 100.0;
        let (bid, ask) = (price - 0.01, price + 0.01);
        let t_ms = 34_200_000 + 500 * index;
        writeln!(tape, "{t_ms},{price:.2},100,{bid:.2},{ask:.2}").unwrap();
    }
    tape
}

#[test]
fn vpin_of_round_lots_is_not_one() {
    for method in ["bvc_causal", "bvc_full", "lee_ready", "tick"] {
        let arguments = [
            "analyze",
            "vpin",
            "-",
            "--method",
            method,
            "--bucket-volume",
            "10000",
            "--window",
            "10",
            "--bar-seconds",
            "10",
            "--format",
            "csv",
        ];
        let rows = alphatrader(arguments, round_lots().as_bytes()).rows();
        let vpins: Vec<f64> = rows
            .iter()
            .filter_map(|row| row["vpin"].parse().ok())
            .collect();
        assert!(vpins.len() > 20, "{method}: {} values", vpins.len());
        assert!(
            vpins.iter().all(|vpin| (0.0..0.95).contains(vpin)),
            "{method}: {vpins:?}"
        );
    }
}
