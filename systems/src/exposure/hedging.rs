//! What dealers must trade to stay hedged: when the spot moves by 1 %, and as time passes.
//!
//! ```text
//! gamma shares  = sum s gamma w 0.01 S
//! vanna shares  = sum s vanna w beta 0.01        beta: volatility points per +1 % of spot
//! charm shares  = sum s charm w / 365            per calendar day
//! ```
//!
//! Shares are the change of the dealers' delta; their hedge trades the opposite way
//! ([`DealerFlow`](components::dealers::DealerFlow)). Analytic derivatives only. Source: formulas.md 11.

use super::sums::{CrossSums, ExposureSums};

/// The change of the dealers' delta in shares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HedgingFlow {
    /// Per +1 % of spot, from gamma.
    pub gamma_shares_per_pct: f64,
    /// Per +1 % of spot, from the move of volatility that comes with it.
    pub vanna_shares_per_pct: f64,
    /// Per calendar day, from time alone.
    pub charm_shares_per_day: f64,
}

impl HedgingFlow {
    /// The flow of a chain with these sums at `spot` dollars, `beta` volatility points per +1 %.
    #[must_use]
    pub fn of(sums: &ExposureSums, cross: &CrossSums, spot: f64, beta: f64) -> Self {
        Self {
            gamma_shares_per_pct: sums.gamma * 0.01 * spot,
            vanna_shares_per_pct: cross.vanna * beta * 0.01,
            charm_shares_per_day: cross.charm / 365.0,
        }
    }

    /// The change of the dealers' delta in shares per +1 % of spot.
    #[must_use]
    pub fn shares_per_pct(&self) -> f64 {
        self.gamma_shares_per_pct + self.vanna_shares_per_pct
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BETA: f64 = -0.30;

    #[test]
    fn long_gamma_grows_with_the_spot() {
        let sums = ExposureSums {
            gamma: 10_000.0,
            ..ExposureSums::default()
        };
        let flow = HedgingFlow::of(&sums, &CrossSums::default(), 100.0, BETA);
        assert_eq!(flow.shares_per_pct().to_bits(), 10_000.0_f64.to_bits());
    }

    #[test]
    fn a_rise_takes_volatility_down_and_vanna_counts_that() {
        let cross = CrossSums {
            vanna: 1_000.0,
            charm: 365.0,
        };
        let flow = HedgingFlow::of(&ExposureSums::default(), &cross, 100.0, BETA);
        assert!((flow.vanna_shares_per_pct + 3.0).abs() < 1e-12);
        assert!((flow.charm_shares_per_day - 1.0).abs() < 1e-15);
    }
}
