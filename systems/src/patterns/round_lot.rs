//! How many shares a round lot has.
//!
//! One hundred for every stock until October 2025. Since 3 November 2025 it depends on the price
//! (Regulation NMS, rule 600(b)(93)): 100 up to $250, 40 up to $1,000, 10 up to $10,000, 1 above. The
//! rule takes the mean closing price of the months March or September; where the config does not name a
//! symbol's lot, the price now stands in for it.

use components::market::Ticker;
use jiff::civil::{Date, date};
use std::collections::BTreeMap;

/// The first day on which the lot depends on the price.
const SINCE: Date = date(2025, 11, 3);
/// Prices up to which a lot has so many shares.
const LOTS: [(f64, u64); 3] = [(250.0, 100), (1_000.0, 40), (10_000.0, 10)];

/// The round lot of `ticker` on `day` at a price of `dollars`; `named` are lots that are known.
#[must_use]
pub fn round_lot(named: &BTreeMap<Ticker, u64>, ticker: Ticker, day: Date, dollars: f64) -> u64 {
    if day < SINCE {
        return LOTS[0].1;
    }
    named.get(&ticker).copied().unwrap_or_else(|| {
        LOTS.iter()
            .find(|(most, _)| dollars <= *most)
            .map_or(1, |(_, shares)| *shares)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lot_depends_on_the_day_the_name_and_the_price() {
        let spy = Ticker::new("SPY").unwrap();
        let named = BTreeMap::from([(spy, 40)]);
        let other = Ticker::new("IBM").unwrap();
        let lot = |ticker, day, dollars| round_lot(&named, ticker, day, dollars);
        assert_eq!(lot(spy, date(2025, 10, 31), 680.0), 100);
        assert_eq!(lot(spy, SINCE, 240.0), 40);
        assert_eq!(lot(other, SINCE, 250.0), 100);
        assert_eq!(lot(other, SINCE, 250.01), 40);
        assert_eq!(lot(other, SINCE, 1_000.01), 10);
        assert_eq!(lot(other, SINCE, 600_000.0), 1);
    }
}
