//! `analyze closing` through the real program.

use crate::program::{Row, Run, alphatrader, number};

const HEADER: &str = "stock_id,date_id,seconds_in_bucket,imbalance_size,imbalance_buy_sell_flag,\
    reference_price,matched_size,far_price,near_price,bid_price,bid_size,ask_price,ask_size\n";

fn row(stock: u32, day: u32, seconds: &str, size: &str, flag: &str, matched: &str) -> String {
    format!("{stock},{day},{seconds},{size},{flag},1.0,{matched},,,0.999,100,1.001,300\n")
}

fn closing(rows: &[String], more: &[&str]) -> Run {
    let text = format!("{HEADER}{}", rows.concat());
    let arguments = ["analyze", "closing", "-"];
    alphatrader(arguments.iter().chain(more), text.as_bytes())
}

#[test]
fn each_snapshot_has_a_projection() {
    let rows = [
        row(7, 478, "0", "300.0", "-1", "900.0"),
        row(7, 478, "540", "300.0", "1", "900.0"),
        row(7, 479, "60", "0.0", "0", "900.0"),
    ];
    let run = closing(&rows, &[]);
    assert_eq!(run.stderr, "");
    let found: Vec<Row> = run.rows();
    let cells = |place: usize| {
        let row: &Row = &found[place];
        let text = ["id", "status", "seconds_to_close", "side"].map(|name| row[name].clone());
        (
            text,
            number(row, "projected").unwrap(),
            number(row, "confidence").unwrap(),
        )
    };
    let (text, projected, early) = cells(0);
    assert_eq!(text, ["7_478_0", "ok", "600", "sell"]);
    assert!((-300.0..0.0).contains(&projected));
    let (text, projected, late) = cells(1);
    assert_eq!(text, ["7_478_540", "ok", "60", "buy"]);
    assert!((240.0..=300.0).contains(&projected), "{projected}");
    assert!(early < 0.7 && late > 0.9, "{early} {late}");
    let (text, projected, _) = cells(2);
    assert_eq!((text[3].as_str(), projected), ("none", 0.0));
    let document = closing(&rows, &["--json"]).json();
    assert_eq!(document[0]["side"], "sell");
    assert_eq!(document.as_array().unwrap().len(), 3);
}

#[test]
fn a_bad_snapshot_has_a_status_and_says_why() {
    for (seconds, size, flag, matched, status, words) in [
        ("0", "5", "1", "", "error", "`matched_size` was \"\""),
        ("0", "5", "1", "0", "nothing_matched", "nothing is matched"),
        (
            "0",
            "5",
            "1",
            "-2",
            "negative_size",
            "matched size is negative",
        ),
        (
            "0",
            "5",
            "0",
            "9",
            "error",
            "`imbalance_size` was 5 with the flag 0",
        ),
        (
            "0",
            "5",
            "2",
            "9",
            "error",
            "`imbalance_buy_sell_flag` was \"2\"",
        ),
        (
            "0",
            "5",
            "",
            "9",
            "error",
            "`imbalance_buy_sell_flag` was \"\"",
        ),
        ("0", "NaN", "1", "9", "error", "`imbalance_size` was NaN"),
        ("0", "-5", "1", "9", "error", "`imbalance_size` was -5"),
        ("0", "x", "1", "9", "error", "`imbalance_size` was \"x\""),
        ("0", "5", "1", "inf", "error", "`matched_size` was inf"),
        ("601", "5", "1", "9", "error", "`seconds_in_bucket` was 601"),
    ] {
        let run = closing(&[row(1, 2, seconds, size, flag, matched)], &[]);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        assert!(run.stderr.contains("stdin:2"), "{}", run.stderr);
        let found = run.rows();
        assert_eq!(found[0]["status"], status);
        assert_eq!(
            (
                found[0]["projected"].as_str(),
                found[0]["confidence"].as_str()
            ),
            ("", "")
        );
    }
}

#[test]
fn a_file_that_is_no_auction_is_refused() {
    let refused = |text: &str, more: &[&str], words: &str| {
        let arguments = ["analyze", "closing", "-"];
        let run = alphatrader(arguments.iter().chain(more), text.as_bytes());
        assert_eq!(run.code, Some(1), "{}", run.stdout);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{}", run.stdout);
    };
    refused("", &[], "is empty");
    let lacking = HEADER.replace("matched_size,", "");
    refused(&lacking, &[], "column `matched_size` is missing");
    let lacking = HEADER.replace("bid_size,", "");
    refused(&lacking, &["--score"], "column `bid_size` is missing");
    refused(
        HEADER,
        &["--score"],
        "0 days of auctions, must be at least 2",
    );
    let day = row(1, 478, "0", "5", "1", "9") + &row(1, 478, "540", "5", "1", "9");
    let one = format!("{HEADER}{day}");
    refused(&one, &["--score"], "1 days of auctions, must be at least 2");
    let two = format!("{one}{}", day.replace("1,478,", "1,479,"));
    refused(&two, &["--score"], "must be at least 100");
}

/// Needs the recorded auctions: runs where `ALPHATRADER_DATA` is set.
#[test]
fn recorded_days_are_scored_with_each_other() {
    let Some(data) = crate::recorded_data() else {
        return;
    };
    let file = data.join("closing_auction/nasdaq_closing_auction_d478_d479.csv");
    let arguments = ["analyze", "closing", file.to_str().unwrap(), "--score"];
    let found = alphatrader(arguments.iter().chain(&["--format", "csv"]), b"").rows();
    let all: Vec<&Row> = found.iter().filter(|row| row["group"] == "all").collect();
    let days: Vec<_> = all
        .iter()
        .map(|row| (row["fitted_on"].as_str(), row["scored_on"].as_str()))
        .collect();
    assert_eq!(days, [("479", "478"), ("478", "479")]);
    for row in all {
        let of = |name| number(row, name).unwrap();
        assert_eq!(row["rows"], "10800");
        assert!(of("error_pct") < of("error_stays_pct"));
        assert!(of("calibration_error_pct") < 8.0);
    }
    let first: Vec<_> = found
        .iter()
        .map(|row| row["group"].as_str())
        .take(2)
        .collect();
    assert_eq!(first, ["540 s to go", "480 s to go"]);
}
