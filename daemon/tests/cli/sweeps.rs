//! `analyze sweeps` on recorded tapes, against the marks of the feed.

use crate::program::alphatrader;
use std::path::Path;

/// The nine tapes that have quotes beside their trades.
const TAPES: [&str; 3] = ["ibm", "bac", "aig"];
const DAYS: [&str; 3] = ["20131007", "20131008", "20131009"];

fn sweeps(tape: &Path, day: &str, more: &[&str]) -> String {
    let [trades, quotes] = ["trade", "quote"].map(|kind| tape.join(format!("{day}_{kind}.zip")));
    let [trades, quotes] = [&trades, &quotes].map(|path| path.to_str().unwrap());
    let mut arguments = vec!["analyze", "sweeps", trades, "--quotes", quotes];
    arguments.extend(more);
    let run = alphatrader(arguments, b"");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    run.stdout
}

fn column(header: &str, row: &str, name: &str) -> f64 {
    let place = header.split(',').position(|column| column == name).unwrap();
    row.split(',').nth(place).unwrap().parse().unwrap()
}

#[test]
fn recorded_sweeps_are_marked_more_often_than_other_trades() {
    let Some(data) = crate::recorded_data() else {
        return;
    };
    for tape in TAPES {
        for day in DAYS {
            let folder = data.join("equity_tape/tick").join(tape);
            let text = sweeps(&folder, day, &["--score"]);
            let [header, row] = text.lines().collect::<Vec<_>>()[..] else {
                panic!("{text}");
            };
            let found = |name| column(header, row, name);
            assert!(
                found("base_rate") < found("precision"),
                "{tape} {day} {row}"
            );
            let all = sweeps(&folder, day, &[]);
            let trades: f64 = all
                .lines()
                .skip(1)
                .map(|row| count(&all, row, "trades"))
                .sum();
            let marked: f64 = all
                .lines()
                .skip(1)
                .map(|row| count(&all, row, "marked"))
                .sum();
            assert_eq!((trades, marked), (found("detected"), found("both")));
        }
    }
}

fn count(text: &str, row: &str, name: &str) -> f64 {
    column(text.lines().next().unwrap(), row, name)
}

#[test]
fn a_tape_without_marks_is_refused() {
    let file = std::env::temp_dir().join(format!("sweeps_{}.csv", std::process::id()));
    std::fs::write(&file, "t_ms,price,size,bid,ask\n1,10,100,9.99,10.01\n").unwrap();
    let path = file.to_str().unwrap();
    let run = alphatrader(["analyze", "sweeps", path, "--quotes", path], b"");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(run.code, Some(1));
    let stderr = run.stderr;
    assert!(stderr.contains("no LEAN trade tick file"), "{stderr}");
}
