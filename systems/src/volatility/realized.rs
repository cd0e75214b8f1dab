//! Realised volatility of a series of bars, in several estimators. Log returns, a year of
//! `252 x 390` minutes, decimals (0.20 = 20 % a year).
//!
//! ```text
//! realised  = sqrt(A mean(r^2))                                  no mean subtraction
//! bipower   = sqrt(A pi/2 sum |r_i| |r_{i-1}| / (W - 1))         hardly moved by jumps
//! parkinson = sqrt(A mean(ln(H/L)^2) / (4 ln 2))                 from highs and lows
//! ```
//!
//! Sources: Barndorff-Nielsen and Shephard (2004) for bipower variation; Parkinson (1980);
//! formulas.md 13.

use core::f64::consts::{FRAC_PI_2, LN_2};
use engine::math::ln_ratio;

/// One-minute returns of a year.
pub const MINUTES_PER_YEAR: f64 = 252.0 * 390.0;
/// Fewer returns give no volatility.
pub const RETURNS_MIN: usize = 10;

/// The volatility of a window in each estimator, per year.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Realized {
    /// From squared returns.
    pub realized: f64,
    /// The standard deviation of the returns, mean subtracted.
    pub deviation: f64,
    /// From products of neighbouring returns.
    pub bipower: f64,
    /// Share of the variance that jumps made, 0 to 1.
    pub jump_share: f64,
}

/// The volatility of `returns`, of which a year has `per_year`; `None` with fewer than
/// [`RETURNS_MIN`] of them.
#[must_use]
pub fn realized(returns: &[f64], per_year: f64) -> Option<Realized> {
    if returns.len() < RETURNS_MIN {
        return None;
    }
    let n = returns.len() as f64;
    let squares: f64 = returns.iter().map(|r| r * r).sum();
    let mean = returns.iter().sum::<f64>() / n;
    let spread: f64 = returns.iter().map(|r| (r - mean) * (r - mean)).sum();
    let products: f64 = returns
        .windows(2)
        .map(|pair| (pair[0] * pair[1]).abs())
        .sum();
    let realized = (per_year * squares / n).sqrt();
    let bipower = (per_year * FRAC_PI_2 * products / (n - 1.0)).sqrt();
    let jump_share = if realized > 0.0 {
        (1.0 - (bipower / realized) * (bipower / realized)).max(0.0)
    } else {
        0.0
    };
    Some(Realized {
        realized,
        deviation: (per_year * spread / n).sqrt(),
        bipower,
        jump_share,
    })
}

/// Parkinson's volatility from the highs and lows of bars, of which a year has `per_year`; `None`
/// with fewer than [`RETURNS_MIN`] bars, or with one whose prices are not above 0 and in order.
#[must_use]
pub fn parkinson(highs_lows: &[(f64, f64)], per_year: f64) -> Option<f64> {
    if highs_lows.len() < RETURNS_MIN {
        return None;
    }
    let mut squares = 0.0;
    for (high, low) in highs_lows {
        if !(0.0 < *low && low <= high && high.is_finite()) {
            return None;
        }
        let range = ln_ratio(*high, *low);
        squares += range * range;
    }
    let bars = highs_lows.len() as f64;
    Some((per_year * squares / bars / (4.0 * LN_2)).sqrt())
}

/// The log returns of a series of prices above 0.
#[must_use]
pub fn log_returns(closes: &[f64]) -> Vec<f64> {
    closes
        .windows(2)
        .map(|pair| ln_ratio(pair[1], pair[0]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_zigzag_has_no_jumps_and_one_jump_is_one() {
        let zigzag: Vec<f64> = (0..30)
            .map(|i| if i % 2 == 0 { 0.001 } else { -0.001 })
            .collect();
        let found = realized(&zigzag, MINUTES_PER_YEAR).unwrap();
        let expected = 0.001 * MINUTES_PER_YEAR.sqrt();
        assert!((found.realized / expected - 1.0).abs() < 1e-12);
        assert_eq!(found.deviation.to_bits(), found.realized.to_bits());
        assert_eq!(found.jump_share.to_bits(), 0.0_f64.to_bits());
        let mut jump = vec![0.0; 30];
        jump[7] = 0.02;
        let found = realized(&jump, MINUTES_PER_YEAR).unwrap();
        assert_eq!(found.jump_share.to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn too_little_and_what_is_no_bar_is_absent() {
        assert_eq!(realized(&[0.01; RETURNS_MIN - 1], 1.0), None);
        assert_eq!(
            realized(&[0.0; RETURNS_MIN], 1.0)
                .unwrap()
                .jump_share
                .to_bits(),
            0
        );
        assert_eq!(parkinson(&[(2.0, 1.0); RETURNS_MIN - 1], 1.0), None);
        for wrong in [
            (1.0, 2.0),
            (1.0, 0.0),
            (f64::NAN, 1.0),
            (f64::INFINITY, 1.0),
        ] {
            let mut bars = [(2.0, 1.0); RETURNS_MIN];
            bars[3] = wrong;
            assert_eq!(parkinson(&bars, 1.0), None, "{wrong:?}");
        }
    }
}
