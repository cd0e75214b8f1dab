//! How much of the recorded days arrives, against the files themselves and their README. Runs where
//! `ALPHATRADER_DATA` is set; the goldens' test says when it is not.

use crate::program::{data, simulate};
use std::io::{BufRead, BufReader};
use std::path::Path;

/// A bar is visible this long after its stamp.
const MINUTE_MS: u64 = 60_000;

/// The rows of all files in a zip, as cells.
fn rows(zip: &Path, mut each: impl FnMut(&[&str])) {
    let file = std::fs::File::open(zip).unwrap();
    let mut zip = zip::ZipArchive::new(file).unwrap();
    for index in 0..zip.len() {
        for line in BufReader::new(zip.by_index(index).unwrap()).lines() {
            let line = line.unwrap();
            if !line.is_empty() {
                each(&line.split(',').collect::<Vec<_>>());
            }
        }
    }
}

/// All rows in a zip, and those whose time is at most `last_ms`.
fn count(zip: &Path, last_ms: u64) -> (u64, u64) {
    let (mut all, mut visible) = (0, 0);
    rows(zip, |cells| {
        all += 1;
        visible += u64::from(cells[0].parse::<u64>().unwrap() <= last_ms);
    });
    (all, visible)
}

/// A number as the README writes it.
fn grouped(number: u64) -> String {
    let text = number.to_string();
    let (head, tail) = text.split_at(text.len().saturating_sub(3));
    if head.is_empty() {
        tail.to_owned()
    } else {
        format!("{head},{tail}")
    }
}

#[test]
fn recorded_goog_arrives_row_by_row() {
    let Some(data) = data() else { return };
    let readme = std::fs::read_to_string(data.join("README.md")).unwrap();
    let folder = data.join("options_intraday/goog/options_minute");
    // The 24th closes at 13:00, and nothing is visible later; what came after the close of the 23rd
    // is known before the open of the 24th.
    let close_ms = 13 * 3_600_000;
    let mut visible = std::collections::BTreeMap::new();
    for (day, last_ms) in [("20151223", u64::MAX), ("20151224", close_ms - MINUTE_MS)] {
        for kind in ["quote", "trade", "openinterest"] {
            let last_ms = if kind == "openinterest" {
                u64::MAX
            } else {
                last_ms
            };
            let zip = folder.join(format!("{day}_{kind}_american.zip"));
            let (all, seen) = count(&zip, last_ms);
            assert!(readme.contains(&grouped(all)), "{day} {kind}: {all} rows");
            *visible.entry(kind).or_insert(0) += seen;
        }
    }
    let found = simulate("goog_2015_12", &[]).unwrap();
    let events = &found["events"];
    assert_eq!(events["option_quotes"], visible["quote"]);
    assert_eq!(events["option_trades"], visible["trade"]);
    assert_eq!(events["open_interest"], visible["openinterest"]);
    assert_eq!(events["refused"], 0);
    assert_eq!(found["contracts"], 2_192);
    assert_eq!(found["sessions"], 2);
}

#[test]
fn recorded_trades_arrive_tick_by_tick() {
    let Some(data) = data() else { return };
    let readme = std::fs::read_to_string(data.join("README.md")).unwrap();
    let mut expected = 0;
    for stock in ["aig", "bac", "ibm", "spy"] {
        for day in ["20131007", "20131008", "20131009"] {
            let zip = data.join(format!("equity_tape/tick/{stock}/{day}_trade.zip"));
            let last_ms = if day == "20131009" {
                16 * 3_600_000
            } else {
                u64::MAX
            };
            let mut all = 0;
            rows(&zip, |cells| {
                all += 1;
                let is_visible = cells[0].parse::<u64>().unwrap() <= last_ms;
                expected += u64::from(is_visible && cells[5].trim() == "0");
            });
            assert!(readme.contains(&grouped(all)), "{stock} {day}: {all} rows");
        }
    }
    let events = &simulate("ticks_2013_10", &[]).unwrap()["events"];
    assert_eq!(events["trades"], expected);
    assert_eq!(events["refused"], 0);
}

#[test]
fn recorded_messages_of_the_order_book_arrive() {
    let Some(data) = data() else { return };
    let zip = data.join("order_book/LOBSTER_SampleFile_AMZN_2012-06-21_5.zip");
    let mut archive = zip::ZipArchive::new(std::fs::File::open(zip).unwrap()).unwrap();
    let names: Vec<String> = archive
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    let name = names.iter().find(|name| name.contains("message")).unwrap();
    let (mut messages, mut executions) = (0_u64, 0_u64);
    for line in BufReader::new(archive.by_name(name).unwrap()).lines() {
        messages += 1;
        let line = line.unwrap();
        executions += u64::from(matches!(line.split(',').nth(1), Some("4" | "5")));
    }
    assert_eq!(messages, 155_935);
    let events = &simulate("amzn_2012_06_21", &[]).unwrap()["events"];
    assert_eq!(events["trades"], executions);
    assert!(events["book_updates"].as_u64().unwrap() <= messages);
    assert!(events["book_updates"].as_u64().unwrap() > 150_000);
}

#[test]
fn recorded_chains_arrive_whole_and_what_was_never_computed_is_refused() {
    if data().is_none() {
        return;
    }
    for (name, contracts) in [("spx_2022_03_23", 2 * 9_501), ("qqq_2023_05_10", 2 * 3_395)] {
        let found = simulate(name, &[]).unwrap();
        assert_eq!(found["contracts"], contracts, "{name}");
        let events = &found["events"];
        assert_eq!(events["option_quotes"], contracts, "{name}");
        assert_eq!(events["open_interest"], contracts, "{name}");
        let reasons = &events["refused_by_reason"];
        assert_eq!(reasons["iv_out_of_range"], events["refused"], "{name}");
    }
}
