//! Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's rotations. A general kernel.
//!
//! Each rotation makes the largest kind of disorder, one pair beside the diagonal, zero; after a
//! few sweeps over all pairs nothing is left to 1 ulp. Slow for hundreds of rows, exact and in a
//! fixed order for the tens that a correlation matrix has. Source: Golub and Van Loan, *Matrix
//! Computations*, 8.5.

/// More sweeps are never needed: convergence is quadratic and 10 are already rare.
const SWEEPS_MAX: usize = 50;

/// The decomposition `A = V diag(values) V'`.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigen {
    /// The eigenvalues, descending.
    pub values: Vec<f64>,
    /// The eigenvectors of length 1, one after the other; in each the largest component is
    /// positive.
    pub vectors: Vec<f64>,
}

/// Decomposes a symmetric matrix of `size` rows, given row after row.
///
/// # Panics
/// When the slice does not hold `size x size` numbers.
#[must_use]
pub fn eigen(matrix: &[f64], size: usize) -> Eigen {
    assert_eq!(matrix.len(), size * size, "a square matrix");
    let mut a = matrix.to_vec();
    // Row k holds the k-th vector.
    let mut v = vec![0.0; size * size];
    for place in 0..size {
        v[place * size + place] = 1.0;
    }
    for _ in 0..SWEEPS_MAX {
        let mut rotated = false;
        for p in 0..size {
            for q in p + 1..size {
                rotated |= rotate(&mut a, &mut v, size, p, q);
            }
        }
        if !rotated {
            break;
        }
    }
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|l, r| a[r * size + r].total_cmp(&a[l * size + l]));
    let mut vectors = Vec::with_capacity(size * size);
    for place in &order {
        let vector = &v[place * size..(place + 1) * size];
        let largest =
            vector.iter().copied().fold(
                0.0_f64,
                |most, x| if x.abs() > most.abs() { x } else { most },
            );
        let sign = if largest < 0.0 { -1.0 } else { 1.0 };
        vectors.extend(vector.iter().map(|x| sign * x));
    }
    let values = order.iter().map(|place| a[place * size + place]).collect();
    Eigen { values, vectors }
}

/// Whether every eigenvalue of a symmetric matrix is above `bound`, by Cholesky's factors of the
/// matrix less `bound`: a hundredth of the work of [`eigen`]. An eigenvalue within the rounding of
/// `bound` may be told either way.
///
/// # Panics
/// When the slice does not hold `size x size` numbers.
#[must_use]
pub fn is_above(matrix: &[f64], size: usize, bound: f64) -> bool {
    assert_eq!(matrix.len(), size * size, "a square matrix");
    let mut factor = vec![0.0; size * size];
    for row in 0..size {
        for column in 0..=row {
            let (left, right) = (row * size, column * size);
            let known: f64 = (0..column)
                .map(|k| factor[left + k] * factor[right + k])
                .sum();
            let rest = matrix[left + column] - known;
            factor[left + column] = if row == column {
                let pivot = rest - bound;
                if pivot.is_nan() || pivot <= 0.0 {
                    return false;
                }
                pivot.sqrt()
            } else {
                rest / factor[right + column]
            };
        }
    }
    true
}

/// Makes the entry of row `p` and column `q` zero; whether there was anything to do.
fn rotate(a: &mut [f64], v: &mut [f64], size: usize, p: usize, q: usize) -> bool {
    let off = a[p * size + q];
    let (first, second) = (a[p * size + p], a[q * size + q]);
    let negligible = f64::EPSILON * 0.5 * (first.abs() * second.abs()).sqrt();
    if off.is_nan() || off.abs() <= negligible.max(f64::MIN_POSITIVE) {
        return false;
    }
    let theta = (second - first) / (2.0 * off);
    let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    for k in 0..size {
        let (left, right) = (a[k * size + p], a[k * size + q]);
        a[k * size + p] = cosine * left - sine * right;
        a[k * size + q] = sine * left + cosine * right;
    }
    for k in 0..size {
        let (left, right) = (a[p * size + k], a[q * size + k]);
        a[p * size + k] = cosine * left - sine * right;
        a[q * size + k] = sine * left + cosine * right;
        let (left, right) = (v[p * size + k], v[q * size + k]);
        v[p * size + k] = cosine * left - sine * right;
        v[q * size + k] = sine * left + cosine * right;
    }
    a[p * size + q] = 0.0;
    a[q * size + p] = 0.0;
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_rows_can_be_checked_by_hand() {
        let found = eigen(&[2.0, 1.0, 1.0, 2.0], 2);
        assert!((found.values[0] - 3.0).abs() < 1e-15 && (found.values[1] - 1.0).abs() < 1e-15);
        let half = 0.5_f64.sqrt();
        assert!((found.vectors[0] - half).abs() < 1e-15 && (found.vectors[1] - half).abs() < 1e-15);
        assert_eq!(eigen(&[], 0).values, Vec::<f64>::new());
        assert_eq!(eigen(&[0.0; 4], 2).values, [0.0, 0.0]);
        assert_eq!(eigen(&[0.0, 1.0, 1.0, 0.0], 2).values.len(), 2);
    }

    #[test]
    fn what_is_singular_or_no_number_is_not_above() {
        assert!(is_above(&[2.0, 1.0, 1.0, 2.0], 2, 0.99));
        assert!(!is_above(&[2.0, 1.0, 1.0, 2.0], 2, 1.01));
        assert!(!is_above(&[1.0, 1.0, 1.0, 1.0], 2, 0.0));
        assert!(!is_above(&[1.0, f64::NAN, f64::NAN, 1.0], 2, 0.0));
        assert!(is_above(&[], 0, 1.0));
    }

    proptest! {
        #[test]
        fn above_is_what_the_least_eigenvalue_says(
            size in 1_usize..8,
            numbers in prop::collection::vec(-1.0_f64..1.0, 64),
            bound in -0.5_f64..3.0,
        ) {
            let matrix: Vec<f64> = (0..size * size)
                .map(|place| {
                    let (row, column) = (place / size, place % size);
                    let (low, high) = (row.min(column), row.max(column));
                    numbers[low * 8 + high] + if row == column { 3.0 } else { 0.0 }
                })
                .collect();
            let least = eigen(&matrix, size).values[size - 1];
            prop_assume!((least - bound).abs() > 1e-12);
            prop_assert_eq!(is_above(&matrix, size, bound), least > bound);
        }

        #[test]
        fn the_parts_make_the_matrix_again(
            size in 1_usize..8,
            numbers in prop::collection::vec(-10.0_f64..10.0, 64),
        ) {
            let at = |row: usize, column: usize| {
                let (low, high) = (row.min(column), row.max(column));
                numbers[low * 8 + high]
            };
            let matrix: Vec<f64> =
                (0..size * size).map(|place| at(place / size, place % size)).collect();
            let found = eigen(&matrix, size);
            prop_assert!(found.values.is_sorted_by(|l, r| l >= r));
            for vector in found.vectors.chunks(size) {
                let most = vector.iter().map(|x| x.abs()).fold(0.0, f64::max);
                let largest = vector.iter().find(|x| x.abs() >= most);
                prop_assert!(largest.is_some_and(|x| *x > 0.0), "{vector:?}");
            }
            for row in 0..size {
                for column in 0..size {
                    let sum = |f: &dyn Fn(usize) -> f64| (0..size).map(f).sum::<f64>();
                    let back = sum(&|k| {
                        found.values[k]
                            * found.vectors[k * size + row]
                            * found.vectors[k * size + column]
                    });
                    prop_assert!((back - at(row, column)).abs() < 1e-12 * 100.0);
                    let square = sum(&|k| {
                        found.vectors[row * size + k] * found.vectors[column * size + k]
                    });
                    let expected = f64::from(u8::from(row == column));
                    prop_assert!((square - expected).abs() < 1e-13);
                }
            }
        }
    }
}
