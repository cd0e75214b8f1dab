//! Liquidity as one number, 0 to 100.
//!
//! ```text
//! score = 100 (a + b + c) / 3
//! a = half / (half + spread)      b = depth / (depth + half)      c = mean of filled x half / (half + slippage)
//! ```
//!
//! each with a `half` of the config, the value at which the part is one half; `c` over all configured
//! sizes, bought and sold, `filled` the share of a size that the book holds. A house rule, fitted to
//! nothing: it ranks books and their moments, and is no probability.

/// Where each part is one half.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Halves {
    /// Spread, basis points.
    pub spread_bps: f64,
    /// Depth of five levels of both sides, dollars.
    pub depth_usd: f64,
    /// Slippage, basis points.
    pub slippage_bps: f64,
}

/// The score of a book with this spread and depth. `taken` holds the slippage in basis points and the
/// share that was filled, of each size and side.
#[must_use]
pub fn score(spread_bps: f64, depth_usd: f64, taken: &[(f64, f64)], halves: &Halves) -> f64 {
    let falls = |value: f64, half: f64| half / (half + value.max(0.0));
    let tight = falls(spread_bps, halves.spread_bps);
    let deep = depth_usd / (depth_usd + halves.depth_usd);
    let cheap = taken
        .iter()
        .map(|(bps, filled)| filled * falls(*bps, halves.slippage_bps))
        .sum::<f64>()
        / taken.len().max(1) as f64;
    100.0 * (tight + deep + cheap) / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALVES: Halves = Halves {
        spread_bps: 5.0,
        depth_usd: 1e6,
        slippage_bps: 4.0,
    };

    #[test]
    fn half_of_everything_is_fifty_and_the_best_is_a_hundred() {
        let half = score(5.0, 1e6, &[(4.0, 1.0), (4.0, 1.0)], &HALVES);
        assert!((half - 50.0).abs() < 1e-12);
        let best = score(0.0, 1e15, &[(0.0, 1.0)], &HALVES);
        assert!((best - 100.0).abs() < 1e-6);
        // Nothing of one size is there, a quarter of the other.
        let thin = score(5.0, 1e6, &[(0.0, 0.0), (4.0, 0.25)], &HALVES);
        assert!((thin - 100.0 * (0.5 + 0.5 + 0.0625) / 3.0).abs() < 1e-12);
    }
}
