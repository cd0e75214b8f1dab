//! General statistics against statsmodels, scikit-learn and numpy (`golden/acf*.csv`,
//! `golden/kmeans_*.csv`, `golden/ridge*.csv`, `golden/zscore.csv`).

mod golden;

use engine::random::Stream;
use golden::{Row, Table};
use std::collections::BTreeMap;
use systems::statistics::autocorrelation::{autocorrelation, lookback};
use systems::statistics::kmeans::{Points, kmeans, lloyd, on_a_line};
use systems::statistics::ridge::Ridge;
use systems::statistics::rolling::RollingWindow;

fn by_case(table: &Table, columns: &[&str]) -> BTreeMap<String, Vec<f64>> {
    let mut cases: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for row in table.rows() {
        let values = cases.entry(row.text("case").to_owned()).or_default();
        values.extend(columns.iter().filter_map(|column| row.optional(column)));
    }
    cases
}

#[test]
fn golden_autocorrelations_agree() {
    let series = by_case(&Table::read("acf_series.csv"), &["x"]);
    let table = Table::read("acf.csv");
    let mut compared = 0;
    let mut wanted: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
    for row in table.rows() {
        wanted.entry(row.text("case")).or_default().push(row);
    }
    for (case, rows) in wanted {
        let found = autocorrelation(&series[case], rows.len() - 1);
        for (lag, row) in rows.into_iter().enumerate() {
            assert_eq!(row.text("lag"), lag.to_string(), "{}", row.place());
            let found = found.as_ref().map(|found| found[lag]);
            match row.optional("acf") {
                Some(acf) => {
                    let off = (found.unwrap() - acf).abs();
                    assert!(off <= 1e-10, "{}: {found:?}", row.place());
                    compared += 1;
                }
                None => assert_eq!(found, None, "{}", row.place()),
            }
        }
    }
    assert!(compared > 0);
}

#[test]
fn golden_lookbacks_are_equal() {
    let series = by_case(&Table::read("acf_series.csv"), &["x"]);
    for row in Table::read("acf_lookback.csv").rows() {
        let series = &series[row.text("case")];
        assert_eq!(row.text("n"), series.len().to_string());
        let found = lookback(series);
        assert_eq!(
            row.text("lookback"),
            found.steps.to_string(),
            "{}",
            row.place()
        );
        assert_eq!(
            found.moves,
            row.text("zero_variance") == "0",
            "{}",
            row.place()
        );
        assert!((found.bound - row.number("bound")).abs() <= 1e-12);
    }
}

#[test]
fn golden_clusters_agree() {
    let columns = ["x1", "x2", "x3", "x4"];
    let points = by_case(&Table::read("kmeans_points.csv"), &columns);
    let starts = by_case(&Table::read("kmeans_init.csv"), &columns);
    let labels = by_case(&Table::read("kmeans_labels.csv"), &["label"]);
    let centres = Table::read("kmeans_centres.csv");
    for (case, values) in &points {
        let rows: Vec<_> = centres
            .rows()
            .filter(|row| row.text("case") == case)
            .collect();
        let dimension = columns
            .iter()
            .filter(|c| rows[0].optional(c).is_some())
            .count();
        let points = Points::new(values, dimension);
        let found = lloyd(points, &starts[case]).unwrap();
        for (cluster, row) in rows.iter().enumerate() {
            assert_eq!(
                row.text("count"),
                found.count(cluster).to_string(),
                "{}",
                row.place()
            );
            for (axis, column) in columns[..dimension].iter().enumerate() {
                let off = found.centres[cluster * dimension + axis] - row.number(column);
                assert!(off.abs() <= 1e-9, "{}: {column} off by {off}", row.place());
            }
        }
        let wanted: Vec<String> = labels[case].iter().map(f64::to_string).collect();
        let given: Vec<String> = found.labels.iter().map(usize::to_string).collect();
        assert_eq!(given, wanted, "{case}");
        let inertia = rows[0].number("inertia");
        assert!(
            (found.inertia - inertia).abs() <= 1e-9 * inertia.max(1.0),
            "{case}"
        );
        // From starts of our own.
        let best = rows[0].number("best_inertia_of_50");
        let clusters = rows.len();
        let drawn = kmeans(points, clusters, 10, &mut Stream::new(1, "golden", 0)).unwrap();
        assert!(
            drawn.inertia <= 1.01 * best,
            "{case}: {} over {best}",
            drawn.inertia
        );
        if dimension == 1 {
            let exact = on_a_line(values, clusters).unwrap();
            assert!(
                exact.inertia <= best * (1.0 + 1e-9),
                "{case}: {}",
                exact.inertia
            );
        }
    }
}

#[test]
fn golden_ridge_agrees() {
    let data = Table::read("ridge_data.csv");
    let names = ["x1", "x2", "x3", "x4", "x5", "x6"];
    let rows: Vec<Vec<f64>> = data
        .rows()
        .map(|row| names.iter().map(|name| row.number(name)).collect())
        .collect();
    let targets: Vec<f64> = data.rows().map(|row| row.number("y")).collect();
    for row in Table::read("ridge.csv").rows() {
        let model = Ridge::fit(&rows, &targets, row.number("lambda")).unwrap();
        assert!(
            (model.intercept - row.number("intercept")).abs() <= 1e-9,
            "{}",
            row.place()
        );
        for (place, beta) in model.coefficients.iter().enumerate() {
            let off = beta - row.number(&format!("b{}", place + 1));
            assert!(off.abs() <= 1e-9, "{}: {off}", row.place());
        }
        let predicted = model.predict(&rows[0]);
        assert!(
            (predicted - row.number("prediction_row0")).abs() <= 1e-9,
            "{}",
            row.place()
        );
    }
}

#[test]
fn golden_z_scores_agree() {
    let table = Table::read("zscore.csv");
    let samples = |row: Row<'_>| row.text("samples").parse().unwrap();
    let window: usize = table.rows().map(samples).max().unwrap();
    let mut rolling = RollingWindow::new(window);
    for row in table.rows() {
        rolling.push(row.number("x"));
        let found = rolling.standing(5).unwrap();
        assert_eq!(
            row.text("samples"),
            found.samples.to_string(),
            "{}",
            row.place()
        );
        for (column, found) in [
            ("mean", found.mean),
            ("std_population", found.deviation),
            // The file prints 0 where there is no score.
            ("z", found.z.unwrap_or(0.0)),
        ] {
            let off = found - row.number(column);
            assert!(off.abs() <= 1e-10, "{}: {column} off by {off}", row.place());
        }
    }
}
