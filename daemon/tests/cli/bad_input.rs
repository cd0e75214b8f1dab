//! Recorded sets and scenarios that are damaged, missing or wrong: a sentence that names the place.

use crate::program::{Run, alphatrader};
use std::io::{Cursor, Write};
use std::path::PathBuf;
use tempfile::TempDir;

const TRADES: &str = "34200100,1000000,100,N,1,0\n34201000,1000100,100,N,1,0\n";

const DAY: &str = "\
recorded:
  - lean_option_day: { dir: chain, underlying: AAA, date: 2015-12-24 }
ticks: 240
";

/// A data root and a scenario.
struct Place(TempDir);

impl Place {
    fn with(scenario: &str) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write("scenario.yaml", scenario.as_bytes());
        place
    }

    /// A scenario of trades of AAA on a day, with this archive.
    fn ticks(archive: &[u8]) -> Self {
        let place = Self::with(
            "recorded: [{ lean_ticks: { dir: tick/aaa, symbol: AAA, date: 2013-10-07 } }]\n\
             ticks: 240\n",
        );
        place.write("tick/aaa/20131007_trade.zip", archive);
        place
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn simulate(&self) -> Run {
        let (scenario, data) = (self.path("scenario.yaml"), self.path(""));
        let arguments = ["simulate", "--json", scenario.to_str().unwrap()];
        alphatrader(
            arguments
                .into_iter()
                .chain(["--data", data.to_str().unwrap()]),
            b"",
        )
    }
}

fn zip_of(members: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Ends with `code` and one sentence that holds all of `words`, and never with a panic.
fn assert_refused(run: &Run, code: i32, words: &[&str]) {
    assert_eq!(run.code, Some(code), "{}", run.stderr);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    for words in words {
        assert!(run.stderr.contains(words), "{words:?} in {}", run.stderr);
    }
    assert!(run.stdout.is_empty(), "{}", run.stdout);
}

#[test]
fn whole_ticks_do_run() {
    let found = Place::ticks(&zip_of(&[("20131007_trade.csv", TRADES)])).simulate();
    assert_eq!(found.json()["events"]["trades"], 2);
}

#[test]
fn a_missing_set_names_folder_file_and_the_flag() {
    let place = Place::with(DAY);
    let folder = place.path("chain").display().to_string();
    let words = [folder.as_str(), "--data", "ALPHATRADER_DATA"];
    assert_refused(&place.simulate(), 4, &words);
    let chain = "{ file: chains/x.csv, underlying: SPX, time: 2022-03-23T10:11:00-04:00 }";
    let place = Place::with(&format!("recorded: [{{ cboe_chain: {chain} }}]\n"));
    assert_refused(&place.simulate(), 4, &["chains", "x.csv", "--data"]);
}

#[test]
fn a_truncated_zip_is_named() {
    let whole = zip_of(&[("20131007_trade.csv", TRADES)]);
    for length in [0, 3, whole.len() / 2, whole.len() - 5] {
        let run = Place::ticks(&whole[..length]).simulate();
        assert_refused(&run, 1, &["20131007_trade.zip"]);
    }
}

#[test]
fn a_damaged_zip_is_named() {
    let mut damaged = zip_of(&[("20131007_trade.csv", TRADES)]);
    // Inside the one member's data, behind its header of 30 bytes and its name.
    let place = 30 + "20131007_trade.csv".len() + 4;
    damaged[place] ^= 0xff;
    let run = Place::ticks(&damaged).simulate();
    assert_refused(&run, 1, &["20131007_trade.zip"]);
}

#[test]
fn a_wrong_count_of_columns_names_file_and_line() {
    let rows = TRADES.replace("34201000,1000100,100,N,1,0", "34201000,1000100,100");
    let run = Place::ticks(&zip_of(&[("20131007_trade.csv", &rows)])).simulate();
    assert_refused(
        &run,
        1,
        &[
            "20131007_trade.zip",
            "20131007_trade.csv, line 2",
            "6 columns",
        ],
    );
}

#[test]
fn a_bad_cell_names_file_line_and_value() {
    for (from, to) in [
        ("1000100", "noon"),
        ("34201000", "-5"),
        (",100,N", ",1e9,N"),
    ] {
        let rows = TRADES.replacen(from, to, 1);
        let run = Place::ticks(&zip_of(&[("20131007_trade.csv", &rows)])).simulate();
        let value = to.trim_matches([',', 'N']);
        assert_refused(&run, 1, &["20131007_trade.csv, line ", value]);
    }
}

#[test]
fn a_bad_date_names_its_place_and_what_is_allowed() {
    for date in [
        "2015-12-32",
        "2015-13-01",
        "tomorrow",
        "2015-12-25",
        "20151224",
    ] {
        let run = Place::with(&DAY.replace("2015-12-24", date)).simulate();
        assert_refused(&run, 4, &["scenario.yaml:2:", date]);
    }
}

#[test]
fn an_unknown_key_names_the_nearest_one_at_every_depth() {
    for (from, to, nearest) in [
        ("recorded:", "recoded:", "`recorded`"),
        ("underlying:", "underlaying:", "`underlying`"),
        ("lean_option_day", "lean_option_days", "lean_option_day"),
    ] {
        let run = Place::with(&DAY.replace(from, to)).simulate();
        assert_refused(&run, 4, &["scenario.yaml:", nearest]);
    }
    let run = Place::with("market: {}\nticks: 4\n\nlimits: { position_max: 2 }\n").simulate();
    assert_refused(&run, 4, &["scenario.yaml:4:", "`positions_max`"]);
}

#[test]
fn a_contract_that_expired_before_the_day_is_a_counted_refusal() {
    let place = Place::with(DAY);
    let member =
        |expiry: &str| format!("20151224_aaa_minute_quote_american_call_1000000_{expiry}.csv");
    let rows = "34200000,9000,9000,9000,9000,5,9500,9500,9500,9500,5\n";
    let (gone, today) = (member("20151218"), member("20151224"));
    let archive = zip_of(&[(&gone, rows), (&today, rows)]);
    place.write("chain/options_minute/20151224_quote_american.zip", &archive);
    let found = place.simulate().json();
    let events = &found["events"];
    assert_eq!(
        events["refused_by_reason"]["expired_contract"], 1,
        "{events}"
    );
    assert_eq!(
        events["refused_by_reason"]["unlisted_contract"], 1,
        "{events}"
    );
    assert_eq!(events["option_quotes"], 1, "{events}");
}

#[test]
fn an_unknown_scenario_lists_the_known_ones() {
    let run = alphatrader(["simulate", "ful_day"], b"");
    assert_refused(
        &run,
        4,
        &["\"ful_day\"", "full_day", "half_day", "gamma_squeeze"],
    );
}
