//! Value at risk, drawdown and correlation against independent libraries (`golden/var.csv`,
//! `golden/drawdown.csv`, `golden/corr.csv`, `golden/ledoit_wolf.csv`).

mod golden;

use golden::{Row, Table};
use systems::risk::correlation::correlations;
use systems::risk::covariance::{centre, ledoit_wolf};
use systems::risk::drawdown::Drawdown;
use systems::risk::var::value_at_risk;

#[test]
fn golden_values_at_risk_agree() {
    let pnl = Table::read("var_pnl.csv");
    for row in Table::read("var.csv").rows() {
        let case = row.text("case");
        let of_case = pnl.rows().filter(|found| found.text("case") == case);
        let pnl_usd: Vec<f64> = of_case.map(|found| found.number("pnl")).collect();
        assert_eq!(pnl_usd.len().to_string(), row.text("n"), "{}", row.place());
        let found = value_at_risk(&pnl_usd, row.number("confidence")).expect("a P&L vector");
        let near = |column, value| agree(row, column, value, 1e-9);
        near("var_linear", found.linear_usd);
        near("var_conservative", found.conservative_usd);
        near("expected_shortfall", found.shortfall_usd);
        near("var_reported", found.reported_usd());
        assert_eq!(u8::from(found.too_few).to_string(), row.text("too_few"));
    }
}

#[test]
fn golden_drawdowns_agree() {
    let table = Table::read("drawdown.csv");
    let mut state: Option<Drawdown> = None;
    for row in table.rows() {
        let equity = row.number("equity");
        let now = state.map_or_else(
            || Drawdown::begin(equity),
            |before| Some(before.next(equity)),
        );
        state = now;
        let now = now.expect("equity above 0");
        agree(row, "peak", now.peak_usd, 1e-12);
        agree(row, "drawdown", now.drawdown, 1e-12);
        agree(row, "max_drawdown", now.maximum, 1e-12);
        assert_eq!(
            now.bars_under_water.to_string(),
            row.text("bars_under_water")
        );
    }
}

#[test]
fn golden_correlations_agree() {
    let table = Table::read("corr.csv");
    let names: Vec<String> = table.rows().map(|row| row.text("row").to_owned()).collect();
    let returns = Table::read("returns.csv");
    let series: Vec<Vec<Option<f64>>> = names
        .iter()
        .map(|name| returns.rows().map(|row| row.optional(name)).collect())
        .collect();
    let slices: Vec<&[Option<f64>]> = series.iter().map(Vec::as_slice).collect();
    let found = correlations(&slices).expect("enough rows");
    assert_eq!(
        (found.rows, found.shrinkage),
        (returns.rows().count(), None)
    );
    for (left, row) in table.rows().enumerate() {
        for (right, name) in names.iter().enumerate() {
            let rho = found.between(left, right).expect("a series that moves");
            agree(row, name, rho, 1e-12);
        }
    }
}

#[test]
fn golden_shrinkage_agrees() {
    let table = Table::read("ledoit_wolf.csv");
    let names: Vec<String> = table.rows().map(|row| row.text("row").to_owned()).collect();
    let returns = Table::read("returns.csv");
    let mut series: Vec<Vec<f64>> = names
        .iter()
        .map(|name| returns.rows().map(|row| row.number(name)).collect())
        .collect();
    centre(&mut series);
    let found = ledoit_wolf(&series);
    for (left, row) in table.rows().enumerate() {
        agree(row, "shrinkage", found.shrinkage, 1e-12);
        for (right, name) in names.iter().enumerate() {
            let value = found.covariance[left * names.len() + right];
            // Covariances of minute returns are about 1e-7: the tolerance is relative to them.
            let tolerance = 1e-12 * row.number(name).abs().max(1e-8);
            agree(row, name, value, tolerance);
        }
    }
}

fn agree(row: Row<'_>, column: &str, found: f64, tolerance: f64) {
    let expected = row.number(column);
    assert!(
        (found - expected).abs() <= tolerance,
        "{}: `{column}` {found} against {expected}",
        row.place()
    );
}
