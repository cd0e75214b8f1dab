//! Settlement instants and times to expiry against `tte.csv`.

#![expect(clippy::unwrap_used, reason = "a test reports a bad file by panicking")]

use engine::calendar::Calendar;
use engine::expiry::{
    Settlement, is_expired, minutes_to_expiry, settlement_instant, settlement_of,
    trading_minutes_to_expiry, trading_years_to_expiry, years_to_expiry,
};
use std::path::PathBuf;

const MINUTES_TOLERANCE: f64 = 1e-9;
const YEARS_TOLERANCE: f64 = 1e-12;

#[test]
fn golden_times_to_expiry_agree() {
    let text = std::fs::read_to_string(golden("tte.csv")).unwrap();
    let nyse = Calendar::nyse();
    let mut rows = 0;
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |column: usize| fields[column].parse::<f64>().unwrap();
        let now = instant(fields[1]);
        let settlement = settlement_of(fields[2]);
        let letters = if settlement == Settlement::Morning {
            "AM"
        } else {
            "PM"
        };
        assert_eq!(letters, fields[4], "{line}");
        let expiry = settlement_instant(&nyse, settlement, fields[3].parse().unwrap()).unwrap();
        assert_eq!(expiry, instant(fields[5]), "{line}");
        near(
            minutes_to_expiry(now, expiry),
            number(6),
            MINUTES_TOLERANCE,
            line,
        );
        near(
            years_to_expiry(now, expiry),
            number(7),
            YEARS_TOLERANCE * number(7),
            line,
        );
        let trading = trading_minutes_to_expiry(&nyse, now, expiry).unwrap();
        near(trading, number(8), MINUTES_TOLERANCE, line);
        let trading = trading_years_to_expiry(&nyse, now, expiry).unwrap();
        near(trading, number(9), YEARS_TOLERANCE * number(9), line);
        assert_eq!(is_expired(now, expiry), fields[10] == "1", "{line}");
        rows += 1;
    }
    assert!(rows > 0);
}

fn near(value: f64, reference: f64, tolerance: f64, line: &str) {
    assert!(
        (value - reference).abs() <= tolerance,
        "{value} against {reference}: {line}"
    );
}

fn instant(text: &str) -> components::units::Timestamp {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

fn golden(file: &str) -> PathBuf {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    std::env::var_os("ALPHATRADER_GOLDEN")
        .map_or_else(|| own.into(), PathBuf::from)
        .join(file)
}
