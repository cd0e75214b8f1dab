//! The variance ratio: whether returns trend, revert, or walk at random.
//!
//! The variance of overlapping returns over `q` steps is held against `q` times that of one step,
//! both corrected for their bias; above 1 moves go on, below 1 they turn. `z` is robust to
//! changing volatility. Source: Lo and MacKinlay (1988), "Stock Market Prices Do Not Follow Random
//! Walks"; the same numbers as the Python package arch.

/// A variance ratio and how far it lies from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VarianceRatio {
    /// The ratio; 1 for a random walk.
    pub ratio: f64,
    /// Its distance from 1 in standard errors.
    pub z: f64,
}

/// The variance ratio of `log_prices` over `q` steps, at least 2; `None` with fewer than `4 q` returns,
/// or with prices that do not move.
#[must_use]
pub fn variance_ratio(log_prices: &[f64], q: usize) -> Option<VarianceRatio> {
    let steps = log_prices.len().checked_sub(1)?;
    if q < 2 || steps < 4 * q {
        return None;
    }
    let (n, lag) = (steps as f64, q as f64);
    let drift = (log_prices[steps] - log_prices[0]) / n;
    let squares: Vec<f64> = log_prices
        .windows(2)
        .map(|pair| (pair[1] - pair[0] - drift) * (pair[1] - pair[0] - drift))
        .collect();
    let total: f64 = squares.iter().sum();
    let one_step = total / (n - 1.0);
    let far = |(early, late): (&f64, &f64)| {
        let over = late - early - lag * drift;
        over * over
    };
    let overlapping: f64 = log_prices.iter().zip(&log_prices[q..]).map(far).sum();
    let many_steps = overlapping / (lag * (n - lag + 1.0) * (1.0 - lag / n));
    let ratio = many_steps / one_step;
    let scale = total * total;
    let theta: f64 = (1..q)
        .map(|k| {
            let products: f64 = squares.iter().zip(&squares[k..]).map(|(x, y)| x * y).sum();
            let weight = 1.0 - k as f64 / lag;
            4.0 * weight * weight * (n * products / scale)
        })
        .sum();
    let z = n.sqrt() * (ratio - 1.0) / theta.sqrt();
    (ratio.is_finite() && z.is_finite()).then_some(VarianceRatio { ratio, z })
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::random::Stream;

    fn walk(memory: f64) -> Vec<f64> {
        let mut draws = Stream::new(3, "test", 0);
        let (mut price, mut last) = (0.0, 0.0);
        let mut prices = vec![price];
        for _ in 0..2_000 {
            last = memory * last + draws.normal();
            price += last;
            prices.push(price);
        }
        prices
    }

    #[test]
    fn trends_lie_above_one_and_reversals_below() {
        assert!(variance_ratio(&walk(0.0), 5).unwrap().z.abs() < 3.0);
        let trend = variance_ratio(&walk(0.3), 5).unwrap();
        assert!(trend.ratio > 1.3 && trend.z > 3.0);
        let reversal = variance_ratio(&walk(-0.3), 5).unwrap();
        assert!(reversal.ratio < 0.8 && reversal.z < -3.0);
    }

    #[test]
    fn too_little_and_what_does_not_move_is_absent() {
        assert_eq!(variance_ratio(&walk(0.0)[..20], 5), None);
        assert_eq!(variance_ratio(&[1.0; 100], 5), None);
        assert_eq!(variance_ratio(&walk(0.0), 1), None);
        assert_eq!(variance_ratio(&[], 5), None);
    }
}
