//! Book values and order flow against exact fractions (`golden/book.csv`, `golden/ofi.csv`).

mod golden;

use components::market::{Level, Quote};
use components::units::Price;
use golden::{Row, Table};
use systems::imbalance::book::{BookValues, LEVELS, view_book};
use systems::imbalance::order_flow::OrderFlow;

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
