//! Covariance and correlation of return series, plain and shrunk. General kernels, no state.
//!
//! Ledoit-Wolf shrinks the population covariance `S` of `n` rows of `p` centred series towards a
//! scaled identity:
//!
//! ```text
//! m = trace(S) / p                     delta = (|S|^2 - 2 m trace(S) + p m^2) / p
//! beta = (sum over pairs of mean(x_i^2 x_j^2) - |S|^2) / (p n)
//! s = min(beta, delta) / delta         result = (1 - s) S + s m I
//! ```
//!
//! Source: Ledoit and Wolf (2004), "A well-conditioned estimator for large-dimensional covariance
//! matrices", as scikit-learn computes it. Matrices are square, row after row in one slice.

/// A covariance matrix that was shrunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// The matrix, row after row.
    pub covariance: Vec<f64>,
    /// How far towards the identity, 0 to 1.
    pub shrinkage: f64,
}

/// Subtracts its mean from every series.
pub fn centre(series: &mut [Vec<f64>]) {
    for values in series {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter_mut().for_each(|value| *value -= mean);
    }
}

/// The covariance of centred series with divisor `divisor`: the number of rows for the
/// population's, one less for the sample's.
#[must_use]
pub fn covariance(centred: &[Vec<f64>], divisor: f64) -> Vec<f64> {
    let size = centred.len();
    let mut matrix = vec![0.0; size * size];
    for row in 0..size {
        for column in 0..=row {
            let value = dot(&centred[row], &centred[column]) / divisor;
            matrix[row * size + column] = value;
            matrix[column * size + row] = value;
        }
    }
    matrix
}

/// The covariance of centred series, shrunk towards a scaled identity.
#[must_use]
pub fn ledoit_wolf(centred: &[Vec<f64>]) -> Shrunk {
    let size = centred.len();
    let rows = centred.first().map_or(0, Vec::len);
    if rows == 0 {
        return Shrunk {
            covariance: vec![0.0; size * size],
            shrinkage: 0.0,
        };
    }
    let (p, n) = (size as f64, rows as f64);
    let mut matrix = covariance(centred, n);
    let trace: f64 = (0..size).map(|place| matrix[place * size + place]).sum();
    let mean = trace / p;
    let norm: f64 = matrix.iter().map(|value| value * value).sum();
    // The sum over all pairs of the mean product of squares is the mean of the squared row sums.
    let fourth: f64 = (0..rows)
        .map(|row| {
            let squares: f64 = centred.iter().map(|s| s[row] * s[row]).sum();
            squares * squares
        })
        .sum::<f64>()
        / n;
    let beta = (fourth - norm) / (p * n);
    let delta = (norm - 2.0 * mean * trace + p * mean * mean) / p;
    let beta = beta.min(delta);
    // A matrix that is a scaled identity already has delta 0 and stays.
    let shrinkage = if beta > 0.0 { beta / delta } else { 0.0 };
    for (place, value) in matrix.iter_mut().enumerate() {
        *value *= 1.0 - shrinkage;
        if place % (size + 1) == 0 {
            *value += shrinkage * mean;
        }
    }
    Shrunk {
        covariance: matrix,
        shrinkage,
    }
}

/// The correlations that belong to a covariance matrix: symmetric, the diagonal exactly 1, all
/// others within -1 to 1. Every variance must be above 0.
#[must_use]
pub fn correlation(covariance: &[f64], size: usize) -> Vec<f64> {
    let variance = |place: usize| covariance[place * size + place];
    let mut matrix = vec![1.0; size * size];
    for row in 0..size {
        for column in 0..row {
            let scale = variance(row).sqrt() * variance(column).sqrt();
            let rho = (covariance[row * size + column] / scale).clamp(-1.0, 1.0);
            matrix[row * size + column] = rho;
            matrix[column * size + row] = rho;
        }
    }
    matrix
}

/// How many units `series` moves per unit of `index`, both centred, or `None` if the index does not
/// move.
#[must_use]
pub fn beta(series: &[f64], index: &[f64]) -> Option<f64> {
    let variance = dot(index, index);
    (variance > 0.0).then(|| dot(series, index) / variance)
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(l, r)| l * r).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_matrix_can_be_checked_by_hand() {
        let mut series = vec![vec![1.0, 2.0, 3.0], vec![2.0, 4.0, 3.0]];
        centre(&mut series);
        assert_eq!(series, [[-1.0, 0.0, 1.0], [-1.0, 1.0, 0.0]]);
        assert_eq!(covariance(&series, 2.0), [1.0, 0.5, 0.5, 1.0]);
        assert_eq!(
            correlation(&covariance(&series, 2.0), 2),
            [1.0, 0.5, 0.5, 1.0]
        );
        assert_eq!(beta(&series[1], &series[0]), Some(0.5));
        assert_eq!(beta(&series[1], &[0.0; 3]), None);
    }

    #[test]
    fn shrinkage_pulls_towards_equal_variances_and_stays_between() {
        let mut series = vec![
            vec![1.0, -2.0, 3.0, -1.0, 0.5, 2.0],
            vec![0.9, -2.2, 2.7, -1.1, 0.7, 2.1],
            vec![0.1, 0.2, -0.1, 0.3, -0.2, 0.1],
        ];
        centre(&mut series);
        let plain = covariance(&series, 6.0);
        let found = ledoit_wolf(&series);
        assert!(found.shrinkage > 0.0 && found.shrinkage < 1.0);
        let trace = |m: &[f64]| m[0] + m[4] + m[8];
        assert!((trace(&plain) - trace(&found.covariance)).abs() < 1e-12);
        assert!(found.covariance[1].abs() < plain[1].abs() && found.covariance[8] > plain[8]);
    }

    #[test]
    fn nothing_to_shrink_is_left_alone() {
        assert!(ledoit_wolf(&[]).covariance.is_empty());
        assert_eq!(ledoit_wolf(&[vec![], vec![]]).covariance, [0.0; 4]);
        assert!(ledoit_wolf(&[vec![1.0, -1.0]]).shrinkage == 0.0);
    }
}
