//! Where a portfolio's risk comes from: by symbol, and by the independent factors that move them all.
//!
//! ```text
//! sigma_p = sqrt(x' S x)         marginal = S x / sigma_p         contribution_i = x_i (S x)_i / sigma_p
//! factor k: exposure v_k' x, share (v_k' x)^2 lambda_k / sigma_p^2
//! ```
//!
//! with x the dollar delta of each symbol, S the covariance of its returns, v_k and lambda_k the
//! eigenvectors and eigenvalues of S, the largest first. Contributions add up to sigma_p, shares of
//! factors to 1. Sources: Qian (2006), "On the Financial Interpretation of Risk Contribution";
//! RiskMetrics; formulas.md 18.

use super::eigen::{Eigen, eigen};

/// What one symbol adds to the risk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SymbolRisk {
    /// Dollars of risk that one more dollar of delta adds.
    pub marginal: f64,
    /// Dollars of risk that the whole holding adds; negative for a hedge.
    pub contribution_usd: f64,
    /// The contribution as a share of the whole; absent without risk.
    pub share: Option<f64>,
}

/// What one factor adds to the risk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FactorRisk {
    /// The factor's variance.
    pub variance: f64,
    /// Dollars of delta that the portfolio has of it.
    pub exposure_usd: f64,
    /// Its share of the portfolio's variance, 0 to 1; absent without risk.
    pub share: Option<f64>,
}

/// The risk of a portfolio over one step of the returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// The standard deviation of its value, dollars.
    pub deviation_usd: f64,
    /// One a symbol.
    pub symbols: Vec<SymbolRisk>,
    /// One a factor, the largest variance first.
    pub factors: Vec<FactorRisk>,
    /// The factors themselves.
    pub components: Eigen,
}

/// Attributes the risk of the dollar deltas `holdings` under `covariance`, row after row.
///
/// # Panics
/// When the matrix has not as many rows and columns as there are holdings.
#[must_use]
pub fn attribute(holdings: &[f64], covariance: &[f64]) -> Attribution {
    let size = holdings.len();
    let components = eigen(covariance, size);
    let dot = |row: &[f64]| row.iter().zip(holdings).map(|(l, r)| l * r).sum::<f64>();
    let pull: Vec<f64> = (0..size)
        .map(|row| dot(&covariance[row * size..(row + 1) * size]))
        .collect();
    let variance = dot(&pull).max(0.0);
    let deviation_usd = variance.sqrt();
    let has_risk = deviation_usd > 0.0;
    let symbols = holdings
        .iter()
        .zip(&pull)
        .map(|(holding, pull)| {
            let marginal = if has_risk { pull / deviation_usd } else { 0.0 };
            let contribution_usd = holding * marginal;
            SymbolRisk {
                marginal,
                contribution_usd,
                share: has_risk.then(|| contribution_usd / deviation_usd),
            }
        })
        .collect();
    let factors = components
        .values
        .iter()
        .enumerate()
        .map(|(place, value)| {
            let exposure_usd = dot(&components.vectors[place * size..(place + 1) * size]);
            FactorRisk {
                variance: *value,
                exposure_usd,
                share: has_risk.then(|| exposure_usd * exposure_usd * value / variance),
            }
        })
        .collect();
    Attribution {
        deviation_usd,
        symbols,
        factors,
        components,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_perfect_hedge_leaves_nothing() {
        let covariance = [0.04, 0.04, 0.04, 0.04];
        let found = attribute(&[100.0, -100.0], &covariance);
        assert_eq!(found.deviation_usd.to_bits(), 0.0_f64.to_bits());
        assert!(found.symbols.iter().all(|symbol| symbol.share.is_none()));
        assert!(found.factors.iter().all(|factor| factor.share.is_none()));
        assert!(attribute(&[], &[]).symbols.is_empty());
    }

    #[test]
    fn half_a_hedge_takes_risk_away() {
        let found = attribute(&[100.0, -50.0], &[0.04, 0.03, 0.03, 0.04]);
        assert!(found.symbols[0].contribution_usd > found.deviation_usd);
        assert!(found.symbols[1].contribution_usd < 0.0);
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(
            holdings in prop::collection::vec(-1e5_f64..1e5, 4),
            loads in prop::collection::vec(-0.05_f64..0.05, 16),
        ) {
            let covariance: Vec<f64> = (0..16)
                .map(|place| {
                    let (row, column) = (place / 4, place % 4);
                    let product: f64 = (0..4).map(|k| loads[row * 4 + k] * loads[column * 4 + k]).sum();
                    product + if row == column { 1e-4 } else { 0.0 }
                })
                .collect();
            let found = attribute(&holdings, &covariance);
            prop_assume!(found.deviation_usd > 1.0);
            let sum: f64 = found.symbols.iter().map(|symbol| symbol.contribution_usd).sum();
            prop_assert!((sum / found.deviation_usd - 1.0).abs() < 1e-9);
            let shares: f64 = found.factors.iter().filter_map(|factor| factor.share).sum();
            prop_assert!((shares - 1.0).abs() < 1e-9);
        }
    }
}
