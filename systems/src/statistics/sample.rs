//! Quantiles and correlations of a sample.

/// The `p` quantile of ascending values, `p` from 0 to 1, linear between neighbours (type 7 of Hyndman and
/// Fan 1996); `None` of no values.
///
/// # Examples
/// ```
/// use systems::statistics::sample::quantile;
/// assert_eq!(quantile(&[1.0, 2.0, 3.0, 5.0], 0.5), Some(2.5));
/// assert_eq!(quantile(&[1.0, 2.0, 3.0, 5.0], 1.0), Some(5.0));
/// assert_eq!(quantile(&[], 0.5), None);
/// ```
#[must_use]
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = p * last as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place among the values"
    )]
    let below = (place.floor() as usize).min(last);
    let above = (below + 1).min(last);
    Some(sorted[below] + (place - below as f64) * (sorted[above] - sorted[below]))
}

/// Pearson's correlation; `None` if one side does not vary or is not finite.
///
/// # Examples
/// ```
/// use systems::statistics::sample::correlation;
/// assert_eq!(correlation(&[(1.0, 3.0), (2.0, 1.0)]), Some(-1.0));
/// assert_eq!(correlation(&[(1.0, 3.0), (2.0, 3.0)]), None);
/// assert_eq!(correlation(&[]), None);
/// ```
#[must_use]
pub fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let n = pairs.len() as f64;
    let mean_x = pairs.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = pairs.iter().map(|(_, y)| y).sum::<f64>() / n;
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        let (x, y) = (x - mean_x, y - mean_y);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    let size = (xx * yy).sqrt();
    (size > 0.0 && size.is_finite()).then(|| xy / size)
}
