//! The average true range against `golden/atr.csv`.

mod golden;

use golden::Table;
use systems::exits::atr::{Atr, Bar, average_true_ranges, true_range};

/// The tolerance of the file, absolute.
const TOLERANCE: f64 = 1e-10;

#[test]
fn golden_atr() {
    let table = Table::read("atr.csv");
    let bars: Vec<Bar> = table
        .rows()
        .map(|row| Bar {
            high: row.number("high"),
            low: row.number("low"),
            close: row.number("close"),
        })
        .collect();
    let averages = average_true_ranges(&bars);
    let mut streamed = Atr::default();
    let mut compared = 0;
    for (index, row) in table.rows().enumerate() {
        let range = index
            .checked_sub(1)
            .map(|before| true_range(bars[index], bars[before].close));
        let pushed = streamed.push(bars[index]);
        assert_eq!(pushed, averages[index], "{}", row.place());
        for (name, found) in [("true_range", range), ("atr14", pushed)] {
            match (found, row.optional(name)) {
                (Some(found), Some(expected)) => {
                    let error = (found - expected).abs();
                    assert!(error <= TOLERANCE, "{}: {name} off by {error}", row.place());
                    compared += 1;
                }
                (found, expected) => assert_eq!(found, expected, "{}: {name}", row.place()),
            }
        }
    }
    assert!(compared > 0, "the file holds no value to compare with");
}
