//! How a series resembles itself some steps before, and for how long it does.
//!
//! ```text
//! acf(k) = sum (x_t - mean)(x_{t+k} - mean) / sum (x_t - mean)^2
//! ```
//!
//! with the divisor n in both sums, as statsmodels' `acf(adjusted=False)`. A lag is significant
//! beyond `1.96 / sqrt n` (95 % for white noise). Source: formulas.md 16.

/// Lags that are looked at.
pub const LAGS: usize = 150;
/// The lookback lies within these bounds.
pub const LOOKBACK_RANGE: (usize, usize) = (5, 120);
/// The lookback of a series without memory.
pub const LOOKBACK_WITHOUT_MEMORY: usize = 30;
/// Two-sided 95 % of the normal distribution, in deviations.
const SIGNIFICANT_DEVIATIONS: f64 = 1.96;

/// The autocorrelation at lags 0 to `lags`; `None` for a series that does not move, or that is
/// empty. Lags beyond the series are 0.
#[must_use]
pub fn autocorrelation(series: &[f64], lags: usize) -> Option<Vec<f64>> {
    let n = series.len();
    if n == 0 {
        return None;
    }
    let mean = series.iter().sum::<f64>() / n as f64;
    let centred: Vec<f64> = series.iter().map(|value| value - mean).collect();
    let squares: f64 = centred.iter().map(|value| value * value).sum();
    if squares <= n as f64 * (1e-14 * mean) * (1e-14 * mean) {
        return None;
    }
    let at = |lag: usize| {
        let later = centred.iter().skip(lag);
        centred.iter().zip(later).map(|(x, y)| x * y).sum::<f64>() / squares
    };
    Some((0..=lags).map(at).collect())
}

/// For how many steps a series remembers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lookback {
    /// Steps.
    pub steps: usize,
    /// Beyond this an autocorrelation is significant.
    pub bound: f64,
    /// Whether the series moves at all.
    pub moves: bool,
}

/// The last lag before the first two in a row that are not significant, 5 to 120; 30 if there is
/// none.
#[must_use]
pub fn lookback(series: &[f64]) -> Lookback {
    let bound = SIGNIFICANT_DEVIATIONS / (series.len() as f64).sqrt();
    let Some(acf) = autocorrelation(series, LAGS) else {
        return Lookback {
            steps: LOOKBACK_WITHOUT_MEMORY,
            bound,
            moves: false,
        };
    };
    let silent = |lag: usize| acf[lag].abs() <= bound;
    let last = (1..LAGS)
        .find(|lag| silent(*lag) && silent(lag + 1))
        .map_or(LAGS, |lag| lag - 1);
    let (least, most) = LOOKBACK_RANGE;
    let steps = match last {
        0 => LOOKBACK_WITHOUT_MEMORY,
        last => last.clamp(least, most),
    };
    Lookback {
        steps,
        bound,
        moves: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_series_can_be_checked_by_hand() {
        let found = autocorrelation(&[1.0, 2.0, 3.0, 2.0], 3).unwrap();
        // Centred: -1, 0, 1, 0.
        assert_eq!(found, [1.0, 0.0, -0.5, 0.0]);
        assert_eq!(autocorrelation(&[], 3), None);
        assert_eq!(autocorrelation(&[0.1; 50], 3), None);
    }

    #[test]
    fn a_slow_wave_is_remembered_and_an_alternation_too() {
        let wave: Vec<f64> = (0..600).map(|i| f64::from(i / 100 % 2)).collect();
        assert!(lookback(&wave).steps > 30);
        // Every lag of an alternation is significant: the longest lookback.
        let alternation: Vec<f64> = (0..600).map(|i| f64::from(i % 2)).collect();
        assert_eq!(lookback(&alternation).steps, LOOKBACK_RANGE.1);
    }

    #[test]
    fn what_does_not_move_says_so() {
        let found = lookback(&[2.5; 600]);
        assert_eq!((found.steps, found.moves), (LOOKBACK_WITHOUT_MEMORY, false));
    }
}
