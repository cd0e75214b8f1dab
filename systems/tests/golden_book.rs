//! Book values and order flow against exact fractions (`golden/book.csv`, `golden/ofi.csv`).

mod golden;

use components::market::{Level, Quote};
use components::units::Price;
use golden::{Row, Table};
use systems::imbalance::book::{BookValues, LEVELS, view_book};
use systems::imbalance::order_flow::OrderFlow;
use systems::liquidity::walk::Sides;

const TOLERANCE: f64 = 1e-12;

type Field = (&'static str, fn(&BookValues) -> Option<f64>);

const FIELDS: [Field; 9] = [
    ("obi_l1", |values| Some(values.obi_l1)),
    ("obi_l5", |values| Some(values.obi_l5)),
    ("obi_l5_unweighted", |values| Some(values.obi_l5_unweighted)),
    ("pressure_ratio", |values| Some(values.pressure_ratio)),
    ("log_pressure", |values| Some(values.log_pressure)),
    ("microprice", |values| Some(values.microprice_dollars)),
    ("slope_bid", |values| values.slopes.map(|slopes| slopes.bid)),
    ("slope_ask", |values| values.slopes.map(|slopes| slopes.ask)),
    ("slope_imbalance", |values| {
        values.slopes.map(|slopes| slopes.imbalance)
    }),
];

#[test]
fn golden_books_agree() {
    let table = Table::read("book.csv");
    let mut compared = 0;
    for row in table.rows() {
        let view = view_book(&side(row, "bid"), &side(row, "ask"));
        let name = match view.state.name() {
            "no_data" => "empty",
            name => name,
        };
        assert_eq!(name, row.text("state"), "{}", row.place());
        for (column, get) in FIELDS {
            let found = view.values.as_ref().and_then(get);
            let expected = row.optional(column);
            let agree = match (found, expected) {
                (Some(found), Some(expected)) => {
                    compared += 1;
                    (found - expected).abs() <= TOLERANCE * expected.abs()
                }
                (found, expected) => found.is_none() && expected.is_none(),
            };
            assert!(
                agree,
                "{}: `{column}` {found:?} against {expected:?}",
                row.place()
            );
        }
    }
    assert!(compared > 0);
}

/// The same books, walked to their end: states, spread and depth are those of the file, and a walk
/// over everything is the average of all levels.
#[test]
fn golden_books_can_be_walked() {
    let mut walked = 0;
    for row in Table::read("book.csv").rows() {
        let (bids, asks) = (side(row, "bid"), side(row, "ask"));
        let book = Sides::new(&bids, &asks);
        let (state, reason) = book.state();
        let name = match state.name() {
            "no_data" => "empty",
            name => name,
        };
        assert_eq!(name, row.text("state"), "{}", row.place());
        let Some(pressure) = row.optional("pressure_ratio") else {
            assert!(reason.is_some() && book.spread_bps().is_none());
            assert!(book.buy(1).is_none() && book.sell(1).is_none());
            continue;
        };
        let close = |found: f64, wanted: f64| {
            let off = (found - wanted).abs();
            assert!(
                off <= 1e-9 * wanted.abs().max(1e-3),
                "{} {found} {wanted}",
                row.place()
            );
        };
        let [bid, ask] = book.depth().map(|depth| depth[LEVELS - 1]);
        close((bid as f64 / ask as f64).clamp(0.1, 10.0), pressure);
        let (best_bid, best_ask) = (row.number("bid_px1"), row.number("ask_px1"));
        let mid = (best_bid + best_ask) / 2.0;
        close(
            book.spread_bps().unwrap(),
            (best_ask - best_bid) / mid * 1e4,
        );
        for (levels, total, taken) in [(&bids, bid, book.sell(bid)), (&asks, ask, book.buy(ask))] {
            let paid: f64 = levels
                .iter()
                .map(|level| level.price.dollars() * f64::from(level.size))
                .sum();
            let taken = taken.unwrap();
            // Prices have four decimals, so that their difference is known to a tenth of that.
            assert!((taken.bps - (paid / total as f64 - mid).abs() / mid * 1e4).abs() < 1e-6);
            close(taken.filled, 1.0);
            walked += 1;
        }
    }
    assert!(walked > 100, "{walked}");
}

#[test]
fn golden_order_flow_is_exact() {
    let table = Table::read("ofi.csv");
    let mut flow = OrderFlow::default();
    let mut sum = 0;
    for row in table.rows() {
        let update = flow.update(Quote {
            bid: price(row.number("bid")),
            ask: price(row.number("ask")),
            bid_size: size(row.text("bid_size")),
            ask_size: size(row.text("ask_size")),
            ..Quote::default()
        });
        sum += update;
        assert_eq!(update.to_string(), row.text("e"), "{}", row.place());
        assert_eq!(sum.to_string(), row.text("ofi_cum"), "{}", row.place());
    }
}

fn side(row: Row<'_>, name: &str) -> Vec<Level> {
    let level = |number: usize| {
        let dollars = row.optional(&format!("{name}_px{number}"))?;
        let shares = size(row.text(&format!("{name}_sz{number}")));
        Some(Level {
            price: price(dollars),
            size: shares,
        })
    };
    (1..=LEVELS).map_while(level).collect()
}

fn price(dollars: f64) -> Price {
    Price::from_dollars(dollars).expect("a golden price is finite")
}

fn size(text: &str) -> u32 {
    text.parse().expect("a golden size is a whole number")
}
