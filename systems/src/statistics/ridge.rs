//! Linear regression with a penalty on large coefficients.
//!
//! ```text
//! beta = (X'X + lambda I)^{-1} X'y        intercept = mean(y) - mean(x) beta
//! ```
//!
//! with `X` and `y` centred, so that the intercept is not penalised (scikit-learn's `Ridge`).
//! Source: Hoerl and Kennard (1970), "Ridge Regression"; formulas.md 17.

/// A fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    /// What is predicted where all features are 0.
    pub intercept: f64,
    /// One a feature.
    pub coefficients: Vec<f64>,
    /// Standard deviation of what the model leaves unexplained in its training rows, with as many
    /// degrees of freedom taken off as there are coefficients; absent with too few rows.
    pub residual_deviation: Option<f64>,
}

/// Why a model could not be fitted.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum RidgeError {
    /// Rows of another length, or not one target a row.
    #[error("row {row} has {found} features, must have {expected}")]
    Shape {
        /// The row.
        row: usize,
        /// Its features.
        found: usize,
        /// Those of the first row.
        expected: usize,
    },
    /// Fewer than two rows, or as many rows as targets missing.
    #[error("{rows} rows and {targets} targets, must be equal and at least 2")]
    Rows {
        /// Rows of features.
        rows: usize,
        /// Targets.
        targets: usize,
    },
    /// The penalty was negative or no number.
    #[error("lambda is {0}, must be a number from 0 up")]
    Penalty(f64),
    /// Without a penalty, features that depend on each other have no single solution.
    #[error("the features depend on each other: feature {0} adds nothing, lambda must be above 0")]
    Dependent(usize),
}

impl Ridge {
    /// Fits `targets` on `rows` of features with the penalty `lambda`.
    ///
    /// # Errors
    /// When the shapes do not fit, the penalty is negative, or the solution is not unique.
    pub fn fit(rows: &[Vec<f64>], targets: &[f64], lambda: f64) -> Result<Self, RidgeError> {
        if rows.len() != targets.len() || rows.len() < 2 {
            let (rows, targets) = (rows.len(), targets.len());
            return Err(RidgeError::Rows { rows, targets });
        }
        if lambda.is_nan() || lambda < 0.0 {
            return Err(RidgeError::Penalty(lambda));
        }
        let expected = rows[0].len();
        if let Some(row) = rows.iter().position(|row| row.len() != expected) {
            let found = rows[row].len();
            return Err(RidgeError::Shape {
                row,
                found,
                expected,
            });
        }
        let n = rows.len() as f64;
        let means: Vec<f64> = (0..expected)
            .map(|column| rows.iter().map(|row| row[column]).sum::<f64>() / n)
            .collect();
        let target_mean = targets.iter().sum::<f64>() / n;
        let centred = |row: &[f64], column: usize| row[column] - means[column];
        let mut gram = vec![0.0; expected * expected];
        let mut moment = vec![0.0; expected];
        for (row, target) in rows.iter().zip(targets) {
            for left in 0..expected {
                let value = centred(row, left);
                moment[left] += value * (target - target_mean);
                for right in 0..=left {
                    gram[left * expected + right] += value * centred(row, right);
                }
            }
        }
        for place in 0..expected {
            gram[place * (expected + 1)] += lambda;
        }
        let coefficients = solve(&mut gram, moment, expected)?;
        let shift: f64 = means.iter().zip(&coefficients).map(|(m, b)| m * b).sum();
        let mut model = Self {
            intercept: target_mean - shift,
            coefficients,
            residual_deviation: None,
        };
        let freedom = rows.len().saturating_sub(expected + 1);
        if freedom > 0 {
            let squares: f64 = rows
                .iter()
                .zip(targets)
                .map(|(row, target)| {
                    let rest = target - model.predict(row);
                    rest * rest
                })
                .sum();
            model.residual_deviation = Some((squares / freedom as f64).sqrt());
        }
        Ok(model)
    }

    /// What the model expects for one row of features; features beyond the coefficients are left
    /// aside.
    #[must_use]
    pub fn predict(&self, features: &[f64]) -> f64 {
        let sum = |sum: f64, (beta, x): (&f64, &f64)| sum + beta * x;
        let terms = self.coefficients.iter().zip(features);
        terms.fold(self.intercept, sum)
    }
}

/// Solves `A x = b` for a symmetric positive definite `A`, of which the lower triangle is given and
/// is overwritten (Cholesky's decomposition).
fn solve(a: &mut [f64], mut b: Vec<f64>, size: usize) -> Result<Vec<f64>, RidgeError> {
    let largest = (0..size).map(|place| a[place * (size + 1)]);
    let largest = largest.fold(0.0_f64, f64::max);
    for row in 0..size {
        for column in 0..=row {
            let dot: f64 = (0..column)
                .map(|k| a[row * size + k] * a[column * size + k])
                .sum();
            let rest = a[row * size + column] - dot;
            a[row * size + column] = if row == column {
                if rest <= 1e-13 * largest {
                    return Err(RidgeError::Dependent(row));
                }
                rest.sqrt()
            } else {
                rest / a[column * size + column]
            };
        }
    }
    for row in 0..size {
        let dot: f64 = (0..row).map(|k| a[row * size + k] * b[k]).sum();
        b[row] = (b[row] - dot) / a[row * size + row];
    }
    for row in (0..size).rev() {
        let dot: f64 = (row + 1..size).map(|k| a[k * size + row] * b[k]).sum();
        b[row] = (b[row] - dot) / a[row * size + row];
    }
    Ok(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_found_and_a_penalty_flattens_it() {
        let rows: Vec<Vec<f64>> = (0..5).map(|x| vec![f64::from(x)]).collect();
        let targets: Vec<f64> = (0..5).map(|x| 3.0 + 2.0 * f64::from(x)).collect();
        let line = Ridge::fit(&rows, &targets, 0.0).unwrap();
        assert!((line.intercept - 3.0).abs() < 1e-14 && (line.coefficients[0] - 2.0).abs() < 1e-14);
        assert!((line.predict(&[10.0]) - 23.0).abs() < 1e-13);
        assert!(line.residual_deviation.unwrap() < 1e-13);
        // Sum of squares 10, so a penalty of 10 halves the slope.
        let flat = Ridge::fit(&rows, &targets, 10.0).unwrap();
        assert!((flat.coefficients[0] - 1.0).abs() < 1e-14);
        assert!((flat.predict(&[2.0]) - 7.0).abs() < 1e-14);
    }

    #[test]
    fn what_cannot_be_fitted_says_why() {
        let fit = |rows: &[Vec<f64>], targets: &[f64], lambda| Ridge::fit(rows, targets, lambda);
        let one = vec![vec![1.0, 1.0], vec![2.0, 2.0], vec![3.0, 3.0]];
        assert_eq!(
            fit(&one, &[1.0, 2.0, 3.0], 0.0),
            Err(RidgeError::Dependent(1))
        );
        assert!(fit(&one, &[1.0, 2.0, 3.0], 0.1).is_ok());
        let error = fit(&one, &[1.0], 0.0).unwrap_err().to_string();
        assert_eq!(error, "3 rows and 1 targets, must be equal and at least 2");
        assert!(matches!(
            fit(&[vec![1.0], vec![]], &[1.0, 2.0], 0.0),
            Err(RidgeError::Shape { row: 1, .. })
        ));
        assert!(matches!(
            fit(&one, &[1.0, 2.0, 3.0], -1.0),
            Err(RidgeError::Penalty(_))
        ));
        assert!(matches!(
            fit(&one, &[1.0, 2.0, 3.0], f64::NAN),
            Err(RidgeError::Penalty(_))
        ));
    }

    proptest! {
        #[test]
        fn no_other_coefficients_have_a_smaller_penalised_error(
            numbers in prop::collection::vec(-2.0_f64..2.0, 40), nudge in -0.5_f64..0.5,
            which in 0_usize..3, lambda in 0.01_f64..10.0,
        ) {
            let rows: Vec<Vec<f64>> = numbers.chunks(4).map(|row| row[..3].to_vec()).collect();
            let targets: Vec<f64> = numbers.chunks(4).map(|row| row[3]).collect();
            let cost = |model: &Ridge| {
                let errors = rows.iter().zip(&targets).map(|(row, y)| model.predict(row) - y);
                let penalty: f64 = model.coefficients.iter().map(|b| b * b).sum();
                errors.map(|error| error * error).sum::<f64>() + lambda * penalty
            };
            let best = Ridge::fit(&rows, &targets, lambda).unwrap();
            let mut other = best.clone();
            other.coefficients[which] += nudge;
            prop_assert!(cost(&best) <= cost(&other) + 1e-9);
        }
    }
}
