//! Risk by symbol and by factor against numpy (`golden/pca.csv`, `golden/risk_attribution.csv`).

mod golden;

use golden::{Row, Table};
use systems::risk::attribution::{Attribution, attribute};
use systems::risk::covariance::{centre, covariance};

struct Case {
    names: Vec<String>,
    found: Attribution,
}

fn case() -> Case {
    let table = Table::read("risk_attribution.csv");
    let names: Vec<String> = table
        .rows()
        .map(|row| row.text("name").to_owned())
        .collect();
    let holdings: Vec<f64> = table
        .rows()
        .map(|row| row.number("dollar_exposure"))
        .collect();
    let returns = Table::read("returns.csv");
    let series = |name: &String| returns.rows().map(|row| row.number(name)).collect();
    let mut series: Vec<Vec<f64>> = names.iter().map(series).collect();
    centre(&mut series);
    let rows = series[0].len() as f64;
    let found = attribute(&holdings, &covariance(&series, rows - 1.0));
    Case { names, found }
}

fn close(found: f64, row: Row<'_>, column: &str) {
    let expected = row.number(column);
    // Relative to the number itself: variances are of the order of 1e-7.
    let off = (found - expected).abs() / expected.abs().max(1e-12);
    assert!(
        off <= 1e-9,
        "{}: {column} {found} for {expected}",
        row.place()
    );
}

#[test]
fn golden_components_agree() {
    let Case { names, found } = case();
    let size = names.len();
    let total: f64 = found.factors.iter().map(|factor| factor.variance).sum();
    for row in Table::read("pca.csv").rows() {
        let component: usize = row.text("component").parse().unwrap();
        let place = component - 1;
        close(found.factors[place].variance, row, "eigenvalue");
        close(found.factors[place].variance / total, row, "explained");
        let vector = &found.components.vectors[place * size..(place + 1) * size];
        for (value, name) in vector.iter().zip(&names) {
            let off = (value - row.number(name)).abs();
            assert!(off <= 1e-9, "{}: {name} off by {off}", row.place());
        }
    }
}

#[test]
fn golden_attributions_agree() {
    let Case { names, found } = case();
    for (place, row) in Table::read("risk_attribution.csv").rows().enumerate() {
        assert_eq!(row.text("name"), names[place]);
        let symbol = found.symbols[place];
        close(symbol.marginal, row, "marginal");
        close(symbol.contribution_usd, row, "contribution");
        close(symbol.share.unwrap(), row, "contribution_share");
        // The factors stand in the same rows, by place.
        let factor = found.factors[place];
        let off = (factor.exposure_usd - row.number("pc_exposure")).abs();
        assert!(off <= 1e-9 * 5e4, "{}: exposure off by {off}", row.place());
        let off = (factor.share.unwrap() - row.number("pc_variance_share")).abs();
        assert!(off <= 1e-9, "{}: share off by {off}", row.place());
    }
}
