//! Realised and implied volatility against numpy, arch and arbitrary precision (`golden/rv*.csv`,
//! `golden/var_strip*.csv`).

mod golden;

use golden::Table;
use std::collections::BTreeMap;
use systems::volatility::realized::{MINUTES_PER_YEAR, log_returns, parkinson, realized};
use systems::volatility::strip::{StrikeQuotes, strip};
use systems::volatility::variance_ratio::variance_ratio;

#[test]
fn golden_realized_volatilities_agree() {
    let bars = Table::read("rv_bars.csv");
    let closes: Vec<f64> = bars.rows().map(|row| row.number("close")).collect();
    let ranges: Vec<(f64, f64)> = bars
        .rows()
        .map(|row| (row.number("high"), row.number("low")))
        .collect();
    let returns = log_returns(&closes);
    for row in Table::read("rv.csv").rows() {
        let key = row.text("key");
        let (kind, window) = key.split_at(key.rfind('_').unwrap());
        let number: Option<usize> = window[1..].parse().ok();
        let last = |window: usize| &returns[returns.len() - window..];
        let found = match (kind, number) {
            ("rv", Some(n)) => realized(last(n), MINUTES_PER_YEAR).unwrap().realized,
            ("std", Some(n)) => realized(last(n), MINUTES_PER_YEAR).unwrap().deviation,
            ("bipower", Some(n)) => realized(last(n), MINUTES_PER_YEAR).unwrap().bipower,
            ("parkinson", Some(n)) => {
                parkinson(&ranges[ranges.len() - n..], MINUTES_PER_YEAR).unwrap()
            }
            _ => {
                let log_prices: Vec<f64> = closes
                    .iter()
                    .map(|close| engine::math::ln(*close))
                    .collect();
                let name = key.trim_end_matches("_z");
                let q = name.rsplit('_').next().unwrap().parse().unwrap();
                let found = variance_ratio(&log_prices, q).unwrap();
                if key.ends_with("_z") {
                    found.z
                } else {
                    found.ratio
                }
            }
        };
        let off = found - row.number("value");
        assert!(off.abs() <= 1e-9, "{}: {key} off by {off}", row.place());
    }
}

#[test]
fn golden_strips_agree() {
    let mut chains: BTreeMap<String, (f64, f64, Vec<StrikeQuotes>)> = BTreeMap::new();
    for row in Table::read("var_strip.csv").rows() {
        let chain = chains
            .entry(row.text("chain").to_owned())
            .or_insert_with(|| (row.number("T"), row.number("r"), Vec::new()));
        let strike = row.number("K");
        let quote = Some((row.number("bid"), row.number("ask")));
        let place = chain
            .2
            .iter()
            .position(|found| found.strike.total_cmp(&strike).is_eq());
        let place = place.unwrap_or_else(|| {
            chain.2.push(StrikeQuotes {
                strike,
                call: None,
                put: None,
            });
            chain.2.len() - 1
        });
        match row.text("type") {
            "C" => chain.2[place].call = quote,
            _ => chain.2[place].put = quote,
        }
    }
    for (years, rate, quotes) in chains.values_mut() {
        quotes.sort_by(|l, r| l.strike.total_cmp(&r.strike));
        assert!(*years > 0.0 && rate.is_finite());
    }
    for row in Table::read("var_strip_expected.csv").rows() {
        let (years, rate, quotes) = &chains[row.text("chain")];
        let found = strip(quotes, *years, *rate).unwrap();
        let value = match row.text("key") {
            "forward" => found.forward,
            "k0" => found.centre,
            "n_strikes" => found.strikes as f64,
            "variance" => found.variance,
            "vol_index" => 100.0 * found.volatility().unwrap(),
            other => panic!("{}: key `{other}`", row.place()),
        };
        let expected = row.number("value");
        let off = (value / expected - 1.0).abs();
        assert!(off <= 1e-10, "{}: {value} for {expected}", row.place());
    }
}
