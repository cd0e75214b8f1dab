//! Price and Greeks against values of 60 digits (`golden/greeks.csv`, `golden/greeks_edge.csv`).

mod golden;

use components::contract::Right;
use golden::{Row, Table};
use systems::greeks::black_scholes::{Greeks, Status, black_scholes, black_scholes_rows};
use systems::greeks::terms::{Columns, Terms};

type Field = (&'static str, fn(&Greeks) -> f64);

const FIELDS: [Field; 9] = [
    ("price", |greeks| greeks.price),
    ("delta", |greeks| greeks.delta),
    ("gamma", |greeks| greeks.gamma),
    ("vega", |greeks| greeks.vega),
    ("theta", |greeks| greeks.theta),
    ("rho", |greeks| greeks.rho),
    ("vanna", |greeks| greeks.vanna),
    ("vomma", |greeks| greeks.vomma),
    ("charm", |greeks| greeks.charm),
];

/// The row's terms and its volatility.
fn option(row: Row<'_>) -> (Terms, f64) {
    let terms = Terms {
        right: if row.text("type") == "C" {
            Right::Call
        } else {
            Right::Put
        },
        spot: row.number("S"),
        strike: row.number("K"),
        years: row.number("T"),
        rate: row.number("r"),
        dividend_yield: row.number("q"),
    };
    (terms, row.number("sigma"))
}

#[test]
fn golden_greeks_agree_to_twelve_digits() {
    for row in Table::read("greeks.csv").rows() {
        let (terms, volatility) = option(row);
        let (status, greeks) = black_scholes(&terms, volatility);
        assert_eq!(status, Status::Ok, "{} {}", row.place(), row.text("id"));
        for (name, field) in FIELDS {
            let expected = row.number(name);
            let tolerance = if name == "price" {
                row.number("tol_price")
            } else {
                1e-12 * expected.abs()
            };
            let error = (field(&greeks) - expected).abs();
            assert!(
                error <= tolerance,
                "{} {name}: {} instead of {expected}, off by {error:e}",
                row.place(),
                field(&greeks)
            );
        }
    }
}

#[test]
fn golden_greeks_at_the_limits_agree_and_bad_input_has_none() {
    for row in Table::read("greeks_edge.csv").rows() {
        let (terms, volatility) = option(row);
        let (status, greeks) = black_scholes(&terms, volatility);
        assert_eq!(status.name(), row.text("status"), "{}", row.place());
        for (name, field) in FIELDS {
            let found = status.has_values().then(|| field(&greeks));
            let expected = row.optional(name);
            let agree = match (found, expected) {
                (Some(found), Some(expected)) => {
                    (found - expected).abs() <= 1e-12 + 1e-12 * expected.abs()
                }
                (found, expected) => found.is_none() && expected.is_none(),
            };
            assert!(
                agree,
                "{} {name}: {found:?} instead of {expected:?}",
                row.place()
            );
        }
    }
}

#[test]
fn golden_greeks_in_columns_have_the_bits_of_one_at_a_time() {
    let greeks_table = Table::read("greeks.csv");
    let edge_table = Table::read("greeks_edge.csv");
    let (all, volatility): (Vec<Terms>, Vec<f64>) = greeks_table
        .rows()
        .chain(edge_table.rows())
        .map(option)
        .unzip();
    // Any spot will do for all: the rows' other columns are what is mixed here.
    let spot = all[0].spot;
    let columns = Columns {
        right: &all.iter().map(|terms| terms.right).collect::<Vec<_>>(),
        strike: &all.iter().map(|terms| terms.strike).collect::<Vec<_>>(),
        years: &all.iter().map(|terms| terms.years).collect::<Vec<_>>(),
        rate: &all.iter().map(|terms| terms.rate).collect::<Vec<_>>(),
        dividend_yield: &all
            .iter()
            .map(|terms| terms.dividend_yield)
            .collect::<Vec<_>>(),
    };
    let mut statuses = vec![Status::Error; all.len()];
    let mut greeks = vec![Greeks::default(); all.len()];
    black_scholes_rows(spot, &columns, &volatility, &mut statuses, &mut greeks);
    for (row, terms) in all.iter().enumerate() {
        let (status, expected) = black_scholes(&Terms { spot, ..*terms }, volatility[row]);
        assert_eq!(statuses[row], status, "row {row}");
        for (name, field) in FIELDS {
            let (found, expected) = (field(&greeks[row]), field(&expected));
            assert_eq!(found.to_bits(), expected.to_bits(), "row {row}, {name}");
        }
    }
}
