//! Mistakes that programs of this kind have made before, in whole runs.

use crate::program::{json, text};
use serde_json::Value;

/// The summary and the transcript of a scenario made for a test.
fn run(scenario: &str) -> (Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let (file, transcript) = (folder.path().join("x.yaml"), folder.path().join("x.txt"));
    std::fs::write(&file, scenario).unwrap();
    let summary = json(&["simulate", text(&file), "--transcript", text(&transcript)]).unwrap();
    (summary, std::fs::read_to_string(&transcript).unwrap())
}

const MARKET: &str = "\
seed: 7
start: 2026-03-02T09:40:00-05:00[America/New_York]
ticks: 3600
market: { underlyings: 4, contracts_per_chain: 100 }
";

/// A strategy that has something to say at every moment, and limits that let it.
const EAGER: &str = "\
signals: { zero_dte: { common: { confidence_min: 20 } } }
dedupe: { change_points_min: 1, change_share_min: 0.0 }
limits:
  positions_max: 1000
  positions_per_symbol_max: 1000
  working_orders_max: 3000
  premium_share_max: 1.0
  underlying_premium_share_max: 1.0
  class_premium_share_max: 1.0
";

fn opens(transcript: &str) -> impl Iterator<Item = &str> {
    let is_open = |line: &&str| line.contains(" signal ") && line.contains(" open ");
    transcript.lines().filter(is_open)
}

#[test]
fn without_trades_there_is_no_vwap_and_strategies_do_without_it() {
    let (_, with) = run(MARKET);
    assert!(opens(&with).any(|line| line.contains("vwap_distance_bp=")));
    let trades = "at: [{ time: 00:00:00, feed_drop: { feed: trades, seconds: 100000 } }]\n";
    let (summary, without) = run(&format!("{MARKET}{trades}"));
    assert_eq!(summary["events"]["trades"], 0);
    assert!(opens(&without).count() > 0, "nobody speaks without a VWAP");
    assert!(opens(&without).all(|line| !line.contains("vwap_distance_bp=")));
    assert!(!without.contains("NaN") && !without.contains("inf"));
}

#[test]
fn nothing_is_opened_on_stale_data() {
    // Three seconds after the line died everything is stale; it comes back at 09:50:00.
    let dead = |line: &&str| ("2026-03-02 09:49:33".."2026-03-02 09:50:00").contains(&&line[..19]);
    let (_, with) = run(&format!("{MARKET}{EAGER}"));
    assert!(
        opens(&with).filter(dead).count() > 10,
        "there is nothing to hold back"
    );
    let dies = "at: [{ time: 00:09:30, feed_drop: { feed: all, seconds: 30 } }]\n";
    let (_, without) = run(&format!("{MARKET}{EAGER}{dies}"));
    let approved = opens(&without).filter(dead);
    assert_eq!(
        approved.filter(|line| line.ends_with("approved")).count(),
        0
    );
    let after = |line: &&str| "2026-03-02 09:50:00" <= &line[..19];
    assert!(
        opens(&without).filter(after).count() > 0,
        "it does not go on"
    );
}

#[test]
fn nothing_is_opened_in_a_halted_underlying() {
    let halt = "at: [{ time: 00:09:30, halt: { symbol: BBB, seconds: 60 } }]\n";
    let (summary, transcript) = run(&format!("{MARKET}{EAGER}{halt}"));
    assert_eq!(summary["halts"], 1);
    let halted =
        |line: &&str| ("2026-03-02 09:49:31".."2026-03-02 09:50:30").contains(&&line[..19]);
    let (_, with) = run(&format!("{MARKET}{EAGER}"));
    let of_bbb = |line: &&str| line.contains(" BBB ");
    assert!(opens(&with).filter(halted).filter(of_bbb).count() > 10);
    let sent = transcript.lines().filter(halted).filter(of_bbb);
    assert_eq!(sent.filter(|line| line.contains(" order ")).count(), 0);
}
