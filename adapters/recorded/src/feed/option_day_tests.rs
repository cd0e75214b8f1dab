//! A small day by hand, damaged ones, and the recorded ones against their control figures.

use super::*;
use crate::testing::{Bench, Scratch, recorded_root, session, zip_of};
use components::contract::Right;
use components::units::Timestamp;
use engine::event::Event;
use jiff::civil::date;

const CALL: &str = "american_call_7500000_20151224.csv";
const PUT: &str = "american_put_7500000_20151224.csv";

fn name(kind: &str, contract: &str) -> String {
    format!("20151224_goog_minute_{kind}_{contract}")
}

fn write(scratch: &Scratch, kind: &str, files: &[(&str, &str)]) {
    let names: Vec<String> = files
        .iter()
        .map(|(contract, _)| name(kind, contract))
        .collect();
    let files: Vec<(&str, &str)> = names
        .iter()
        .zip(files)
        .map(|(name, (_, text))| (name.as_str(), *text))
        .collect();
    let path = format!("options_minute/20151224_{kind}_american.zip");
    scratch.write(&path, &zip_of(&files));
}

fn open(dir: &Path) -> Result<LeanOptionDay, String> {
    let day = Day(date(2015, 12, 24));
    LeanOptionDay::open(Path::new("/root"), dir, Ticker::new("GOOG").unwrap(), day)
        .map_err(|error| error.to_string())
}

fn small_day() -> Scratch {
    let scratch = Scratch::new();
    // The put's file stands before the call's, whose rows come first in the merge.
    write(
        &scratch,
        "quote",
        &[
            (
                PUT,
                "34200000,1,1,1,3,4,5,5,5,6,7\n34260000,,,,,0,5,5,5,8,9",
            ),
            (
                CALL,
                "34200000,2,2,2,2,1,9,9,9,9,1\n34200000,3,3,3,3,1,9,9,9,9,1\n",
            ),
        ],
    );
    write(&scratch, "trade", &[(CALL, "34200000,5,6,4,5,10\n")]);
    write(
        &scratch,
        "openinterest",
        &[(PUT, "23460000,52\n"), (CALL, "23400000,7\n")],
    );
    let stock = "34200000,10,10,10,12,5,11,11,11,13,6\n36000000,1,1,1,1,1,1,1,1,1,1";
    let path = "underlying_minute/20151224_quote.zip";
    scratch.write(path, &zip_of(&[("stock.csv", stock)]));
    scratch
}

/// An event in short: seconds after the open, who, what.
fn short(event: &Event, open: Timestamp, directory: &Directory) -> String {
    let seconds = event.received.nanos_since(open) / 1_000_000_000;
    let right = |contract| match directory.listed(contract).unwrap().terms.right {
        Right::Call => "call",
        Right::Put => "put",
    };
    match &event.kind {
        EventKind::OpenInterest {
            contract,
            contracts,
        } => {
            format!("{seconds} {} interest {contracts}", right(*contract))
        }
        EventKind::OptionQuote {
            contract,
            bid,
            ask,
            bid_size,
            ask_size,
        } => {
            let sides = format!("{}x{bid_size} {}x{ask_size}", bid.0, ask.0);
            format!("{seconds} {} {sides}", right(*contract))
        }
        EventKind::OptionBar { contract, bar } => {
            format!(
                "{seconds} {} traded {} at {}",
                right(*contract),
                bar.volume,
                bar.close.0
            )
        }
        EventKind::Quote { bid, ask, .. } => format!("{seconds} stock {} {}", bid.0, ask.0),
        EventKind::Index { level, .. } => format!("{seconds} index {}", level.0),
        other => format!("{seconds} {other:?}"),
    }
}

#[test]
fn a_day_is_merged_by_time_then_contract_and_never_seen_early() {
    let scratch = small_day();
    let mut feed = open(scratch.path()).unwrap();
    assert_eq!(feed.name(), "lean_option_day GOOG 2015-12-24");
    assert_eq!(
        (feed.contracts().len(), feed.stale_after_ms()),
        (2, 180_000)
    );
    let mut bench = Bench::new(session(date(2015, 12, 24), 13));
    let opening = bench.session.open;
    let mut shown = Vec::new();
    for step in 1..=600 {
        let events = bench
            .tick(&mut feed, opening.plus_millis(step * 250))
            .unwrap();
        let events = events
            .iter()
            .filter(|event| event.kind != EventKind::Heartbeat);
        for event in events {
            assert_eq!(event.at, event.received);
            shown.push(short(event, opening, &bench.directory));
        }
        assert!(
            shown.len() <= 2 || step >= 240,
            "a minute's bar before the minute is over"
        );
        assert!(
            shown.len() <= 7 || step >= 480,
            "a minute's bar before the minute is over"
        );
    }
    let expected = [
        "-10800 call interest 7",
        "-10740 put interest 52",
        "60 stock 12 13",
        "60 call traded 10 at 5",
        "60 call 2x1 9x1",
        "60 call 3x1 9x1",
        "60 put 3x4 6x7",
        "120 put 0x0 8x9",
    ];
    assert_eq!(shown, expected);
    assert!(!feed.is_exhausted(), "a row of the stock is left");
}

#[test]
fn a_missing_day_says_what_was_looked_for_and_where() {
    let scratch = Scratch::new();
    let error = open(scratch.path()).unwrap_err();
    let folder = scratch.path().join("options_minute");
    let expected = format!(
        "no recorded data in {}: looked for 20151224_{{quote,trade}}_{{american,european}}.zip; \
         `--data DIR` or ALPHATRADER_DATA sets the root, which is /root",
        folder.display()
    );
    assert_eq!(error, expected);
    // Open interest alone is no market.
    write(&scratch, "openinterest", &[(CALL, "23400000,7\n")]);
    assert_eq!(open(scratch.path()).unwrap_err(), expected);
}

#[test]
fn damaged_files_of_a_day_are_named() {
    let check = |kind: &str, contract: &str, text: &str, expected: &str| {
        let scratch = small_day();
        write(&scratch, kind, &[(contract, text)]);
        let error = open(scratch.path()).unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    check(
        "quote",
        CALL,
        "34200000,1,1,1\n",
        &format!("{CALL}, line 1, column 4: found \"4 col"),
    );
    check(
        "trade",
        CALL,
        "34200000,x,1,1,1,1\n",
        "_trade_american_call_7500000_20151224.csv, line",
    );
    check(
        "openinterest",
        CALL,
        "23400000,-1\n",
        "found \"-1\", must be 0 to 4294967295",
    );
    check(
        "quote",
        "american_call_7500000_20151299.csv",
        "",
        "the name's expiry is \"20151299\"",
    );
    let scratch = small_day();
    let foreign = "20151223_goog_minute_quote_american_call_7500000_20151224.csv";
    let path = "options_minute/20151224_quote_american.zip";
    scratch.write(path, &zip_of(&[(foreign, "")]));
    let error = open(scratch.path()).unwrap_err();
    assert!(
        error.ends_with("must hold quote rows of 2015-12-24"),
        "{error}"
    );
    let whole = std::fs::read(scratch.path().join(path)).unwrap();
    scratch.write(path, &whole[..whole.len() - 30]);
    let error = open(scratch.path()).unwrap_err();
    assert!(
        error.contains("20151224_quote_american.zip: cannot be read as a zip"),
        "{error}"
    );
}

/// Counts of what a recorded day hands over from before its open to `hour` o'clock.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    contracts: usize,
    quotes: usize,
    quotes_without_bid: usize,
    quotes_without_ask: usize,
    bars: usize,
    contracts_traded: u64,
    interest: usize,
    interest_sum: u64,
}

fn counts(root: &Path, dir: &str, underlying: &str, day: jiff::civil::Date) -> Counts {
    let (dir, underlying) = (root.join(dir), Ticker::new(underlying).unwrap());
    let mut feed = LeanOptionDay::open(root, &dir, underlying, Day(day)).unwrap();
    // Long enough for the SPXW bars after 16:00 too.
    let mut bench = Bench::new(session(day, 17));
    let events = bench.whole_session(&mut feed, 60_000).unwrap();
    let mut counts = Counts {
        contracts: bench.directory.contracts_len(),
        ..Counts::default()
    };
    for event in events {
        match event.kind {
            EventKind::OptionQuote {
                bid,
                ask,
                bid_size,
                ask_size,
                ..
            } => {
                counts.quotes += 1;
                counts.quotes_without_bid += usize::from(!bid.is_some());
                counts.quotes_without_ask += usize::from(!ask.is_some());
                assert!(bid.is_some() || bid_size == 0, "a size without a bid");
                assert!(ask.is_some() || ask_size == 0, "a size without an ask");
            }
            EventKind::OptionBar { bar, .. } => {
                counts.bars += 1;
                counts.contracts_traded += bar.volume;
            }
            EventKind::OpenInterest { contracts, .. } => {
                counts.interest += 1;
                counts.interest_sum += u64::from(contracts);
            }
            _ => {}
        }
    }
    counts
}

#[test]
fn recorded_goog_day_has_the_counts_of_its_readme() {
    let Some(root) = recorded_root() else { return };
    let found = counts(&root, "options_intraday/goog", "GOOG", date(2015, 12, 24));
    assert_eq!((found.contracts, found.quotes), (2_192, 275_552));
    assert_eq!((found.bars, found.contracts_traded), (958, 7_471));
    assert_eq!((found.interest, found.interest_sum), (2_058, 179_502));
    let share = found.quotes_without_bid as f64 / found.quotes as f64;
    assert!((0.2..0.3).contains(&share), "{share}");
    let eve = counts(&root, "options_intraday/goog", "GOOG", date(2015, 12, 23));
    assert_eq!(
        (eve.contracts, eve.quotes, eve.bars, eve.interest),
        (118, 28_932, 581, 118)
    );
}

#[test]
fn recorded_twx_and_aapl_days_have_the_counts_of_their_readme() {
    let Some(root) = recorded_root() else { return };
    let twx = counts(&root, "options_intraday/twx", "TWX", date(2014, 6, 5));
    let expected = Counts {
        contracts: 184,
        quotes: 30_468,
        quotes_without_bid: 6_564,
        quotes_without_ask: 6_375,
        bars: 79,
        contracts_traded: twx.contracts_traded,
        interest: 184,
        interest_sum: 90_887,
    };
    assert_eq!(twx, expected);
    let aapl = counts(&root, "options_intraday/aapl", "AAPL", date(2014, 6, 6));
    // Seven of the contracts that traded have no open interest.
    assert_eq!(
        (aapl.contracts, aapl.quotes, aapl.interest),
        (2_329, 0, 2_322)
    );
    assert_eq!((aapl.bars, aapl.contracts_traded), (22_067, 347_952));
    assert_eq!(aapl.interest_sum, 2_319_788);
}

#[test]
fn recorded_spxw_days_have_the_counts_of_their_readme() {
    let Some(root) = recorded_root() else { return };
    // On the 4th open interest is of the puts at 3820 where quotes are of those at 3800.
    for (day, contracts, quotes, bars, interest) in [
        (4, 15, 4_565, 1_918, 12),
        (5, 8, 3_239, 1_096, 0),
        (6, 16, 6_305, 1_842, 0),
    ] {
        let found = counts(&root, "options_intraday/spxw", "SPX", date(2021, 1, day));
        assert_eq!(
            (found.contracts, found.quotes),
            (contracts, quotes),
            "{day}"
        );
        assert_eq!((found.bars, found.interest), (bars, interest), "{day}");
    }
}

/// Put-call parity over the mids at strike 3700, expiring today: spot = strike + call - put.
#[test]
fn recorded_index_of_spx_agrees_with_the_parity_of_its_options() {
    let Some(root) = recorded_root() else { return };
    let (day, spx) = (date(2021, 1, 4), Ticker::new("SPX").unwrap());
    let dir = root.join("options_intraday/spxw");
    let mut feed = LeanOptionDay::open(&root, &dir, spx, Day(day)).unwrap();
    let mut bench = Bench::new(session(day, 16));
    let open = bench.session.open;
    let (mut index, mut call, mut put, mut compared) = (0.0, 0.0, 0.0, 0);
    for minute in 1..=380 {
        for event in bench
            .tick(&mut feed, open.plus_millis(minute * 60_000))
            .unwrap()
        {
            match event.kind {
                EventKind::Index { level, .. } => index = level.dollars(),
                EventKind::OptionQuote {
                    contract, bid, ask, ..
                } => {
                    let terms = bench.directory.listed(contract).unwrap().terms;
                    let mid = (bid.dollars() + ask.dollars()) / 2.0;
                    if terms.expiry.date() == day && terms.strike.0 == 37_000_000 {
                        match terms.right {
                            Right::Call => call = mid,
                            Right::Put => put = mid,
                        }
                    }
                }
                _ => {}
            }
        }
        if [1, 30, 90, 150, 270].contains(&minute) {
            let parity = 3700.0 + call - put;
            assert!(
                (parity - index).abs() < 2.0,
                "minute {minute}: {parity} and {index}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 5);
}
