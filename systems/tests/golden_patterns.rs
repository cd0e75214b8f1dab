//! The shapes of trades and toxicity against exact fractions (`golden/patterns*.csv`).

mod golden;

use components::market::Side;
use components::units::{Price, Timestamp};
use golden::Table;
use std::collections::BTreeMap;
use systems::patterns::shapes::{BlockSize, Shapes, SidedTrade};
use systems::patterns::toxicity::{pattern_score, toxicity};

#[test]
fn golden_patterns_agree() {
    let mut windows: BTreeMap<String, Vec<SidedTrade>> = BTreeMap::new();
    for row in Table::read("patterns_tape.csv").rows() {
        let side = match row.text("side") {
            "1" => Some(Side::Buy),
            "-1" => Some(Side::Sell),
            _ => None,
        };
        let trades = windows.entry(row.text("window").to_owned()).or_default();
        trades.push(SidedTrade {
            at: Timestamp::NEVER.plus_millis(row.text("t_ms").parse().unwrap()),
            price: Price::from_dollars(row.number("price")).unwrap(),
            size: row.text("size").parse().unwrap(),
            side,
            sweep_flag: false,
        });
    }
    let block = BlockSize {
        shares: 10_000,
        dollars: 1_000_000,
    };
    for row in Table::read("patterns.csv").rows() {
        let none = Vec::new();
        let trades = windows.get(row.text("window")).unwrap_or(&none);
        let found = Shapes::of(trades, row.text("round_lot").parse().unwrap(), block);
        for (column, count) in [
            ("trades", found.trades),
            ("odd_lots", found.odd_lots),
            ("sweeps", found.sweeps),
            ("sweep_trades", found.sweep_trades),
            ("blocks", found.blocks),
        ] {
            assert_eq!(
                row.text(column),
                count.to_string(),
                "{}: {column}",
                row.place()
            );
        }
        let score = pattern_score(&found);
        let poison = toxicity(row.optional("vpin_in"), score, row.optional("obi_vol_in"));
        for (column, value) in [
            ("odd_ratio", found.odd_ratio()),
            ("sweep_ratio", found.sweep_ratio()),
            ("block_ratio", found.block_ratio()),
            ("pattern_score", score),
            ("toxicity", poison.map(|poison| poison.value)),
        ] {
            let expected = row.optional(column);
            let agree = match (value, expected) {
                (Some(value), Some(expected)) => (value - expected).abs() <= 1e-12,
                (value, expected) => value.is_none() && expected.is_none(),
            };
            assert!(
                agree,
                "{}: {column} {value:?} for {expected:?}",
                row.place()
            );
        }
    }
}
