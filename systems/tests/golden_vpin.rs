//! Buckets and VPIN against `golden/vpin_small_*.csv` and `golden/vpin_*.csv`, all four methods.

#![expect(clippy::unwrap_used, reason = "a test reports a bad file by panicking")]

mod golden;

use components::units::{NANOS_PER_MILLI, NANOS_PER_SECOND, Price, Timestamp};
use golden::Table;
use serde_json::Value;
use std::path::PathBuf;
use systems::vpin::bars::{BarClock, Trades};
use systems::vpin::bulk::{BulkParameters, BulkVpin, fill_with_whole_sample};
use systems::vpin::signed::{LeeReadyVpin, QuotedTrade, TickVpin};
use systems::vpin::volume_clock::{Bucket, VolumeClock};

const SHARES_TOLERANCE: f64 = 1e-6;
const VPIN_TOLERANCE: f64 = 1e-9;

/// The session of a synthetic tape opens here.
const OPEN: Timestamp = Timestamp(1_757_943_000 * NANOS_PER_SECOND);

struct Tape {
    times_ns: Vec<i64>,
    prices: Vec<i64>,
    sizes: Vec<u32>,
    quoted: Vec<QuotedTrade>,
}

impl Tape {
    fn trades(&self) -> Trades<'_> {
        Trades {
            times_ns: &self.times_ns,
            prices: &self.prices,
            sizes: &self.sizes,
        }
    }
}

#[test]
fn golden_vpin_of_the_small_tape_agrees() {
    check(
        "vpin_small_tape",
        "vpin_small_buckets",
        &["bvc_full", "tick", "lee_ready"],
    );
}

#[test]
fn golden_vpin_of_the_synthetic_session_agrees() {
    check(
        "vpin_tape",
        "vpin_buckets",
        &["bvc_full", "bvc_causal", "tick", "lee_ready"],
    );
}

#[test]
fn golden_parameters_describe_the_tape() {
    let tape = read_tape("vpin_tape");
    let parameters = parameters("vpin_tape");
    let volume: u64 = tape.sizes.iter().map(|size| u64::from(*size)).sum();
    assert_eq!(Some(volume), parameters["total_volume"].as_u64());
    assert_eq!(Some(tape.sizes.len() as u64), parameters["trades"].as_u64());
}

#[test]
fn golden_vpin_of_columns_has_the_bits_of_one_trade_at_a_time() {
    let tape = read_tape("vpin_tape");
    let parameters = parameters("vpin_tape");
    let mut single = bulk(&parameters);
    let mut expected = Vec::new();
    single.start_session(OPEN, &mut |_| ());
    for (at, trade) in tape.times_ns.iter().zip(&tape.quoted) {
        let emit = &mut |bucket| expected.push(bucket);
        // The clock of the tick closes bars as soon as they are over.
        single.advance(Timestamp(*at), emit);
        single.push(Timestamp(*at), trade.price, trade.size, emit);
    }
    single.finish(&mut |bucket| expected.push(bucket));
    assert_eq!(run("bvc_causal", &tape, &parameters), expected);
}

/// Compares every method of the bucket file with our own run over the tape.
fn check(tape_name: &str, buckets_name: &str, methods: &[&str]) {
    let tape = read_tape(tape_name);
    let parameters = parameters(tape_name);
    let table = Table::read(&format!("{buckets_name}.csv"));
    for method in methods {
        let buckets = run(method, &tape, &parameters);
        let rows: Vec<_> = table
            .rows()
            .filter(|row| row.text("method") == *method)
            .collect();
        assert!(!rows.is_empty(), "{buckets_name} has no method {method}");
        assert_eq!(buckets.len(), rows.len(), "{method}");
        for (bucket, row) in buckets.iter().zip(rows) {
            let place = format!("{} {method}", row.place());
            assert_eq!(bucket.number.to_string(), row.text("bucket"), "{place}");
            near(bucket.buy, row.number("buy"), SHARES_TOLERANCE, &place);
            near(bucket.sell, row.number("sell"), SHARES_TOLERANCE, &place);
            let expected = row.optional("vpin");
            assert_eq!(bucket.vpin.is_some(), expected.is_some(), "{place}");
            if let Some((vpin, expected)) = bucket.vpin.zip(expected) {
                near(vpin, expected, VPIN_TOLERANCE, &place);
            }
        }
    }
    let unknown = table
        .rows()
        .find(|row| !methods.contains(&row.text("method")));
    assert!(unknown.is_none(), "a method was not compared");
}

fn run(method: &str, tape: &Tape, parameters: &Value) -> Vec<Bucket> {
    let mut buckets = Vec::new();
    let mut emit = |bucket| buckets.push(bucket);
    let mut clock = clock(parameters);
    match method {
        "bvc_full" => {
            let mut bars = Vec::new();
            let mut cutter = BarClock::new(bar_nanos(parameters)).unwrap();
            cutter.start_session(OPEN);
            cutter.extend(tape.trades(), |bar| bars.push(bar));
            bars.extend(cutter.close());
            fill_with_whole_sample(&bars, &mut clock, &mut emit);
        }
        "bvc_causal" => {
            let mut vpin = bulk(parameters);
            vpin.start_session(OPEN, &mut emit);
            vpin.extend(tape.trades(), &mut emit);
            vpin.finish(&mut emit);
        }
        "tick" => TickVpin::new(clock).extend(&tape.prices, &tape.sizes, &mut emit),
        "lee_ready" => LeeReadyVpin::new(clock).extend(&tape.quoted, &mut emit),
        method => panic!("unknown method {method}"),
    }
    buckets
}

fn bulk(parameters: &Value) -> BulkVpin {
    let bulk = BulkParameters {
        bar_nanos: bar_nanos(parameters),
        sigma_bars: count(parameters, "sigma_window_bars"),
        sigma_bars_min: count(parameters, "sigma_min_bars"),
    };
    BulkVpin::new(clock(parameters), bulk).unwrap()
}

fn clock(parameters: &Value) -> VolumeClock {
    let volume = parameters["bucket_volume"].as_u64().unwrap();
    VolumeClock::new(volume, count(parameters, "window_buckets")).unwrap()
}

fn bar_nanos(parameters: &Value) -> i64 {
    parameters["bar_seconds"].as_i64().unwrap() * NANOS_PER_SECOND
}

fn count(parameters: &Value, name: &str) -> usize {
    usize::try_from(parameters[name].as_u64().unwrap()).unwrap()
}

fn parameters(tape: &str) -> Value {
    let folder = std::env::var_os("ALPHATRADER_GOLDEN").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden"),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(folder.join("vpin_params.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    all[tape].clone()
}

fn read_tape(name: &str) -> Tape {
    let table = Table::read(&format!("{name}.csv"));
    let mut tape = Tape {
        times_ns: Vec::new(),
        prices: Vec::new(),
        sizes: Vec::new(),
        quoted: Vec::new(),
    };
    for row in table.rows() {
        let price = |column| Price::from_dollars(row.number(column)).unwrap();
        let millis: i64 = row.text("t_ms").parse().unwrap();
        let trade = QuotedTrade {
            price: price("price"),
            size: row.text("size").parse().unwrap(),
            bid: price("bid"),
            ask: price("ask"),
        };
        tape.times_ns.push(OPEN.0 + millis * NANOS_PER_MILLI);
        tape.prices.push(trade.price.0);
        tape.sizes.push(trade.size);
        tape.quoted.push(trade);
    }
    tape
}

fn near(value: f64, reference: f64, tolerance: f64, place: &str) {
    assert!(
        (value - reference).abs() <= tolerance,
        "{place}: {value} against {reference}"
    );
}
