//! The spots at which the dealers' gamma changes sign, by re-pricing the chain.
//!
//! ```text
//! G(x) = sum w gamma(x) x^2 = x sum w e^{-qT} n(d1(x)) / (sigma sqrt T)
//! ```
//!
//! over a grid of spots `x` with every contract's volatility and time held; each sign change on
//! the grid is then refined on `G` itself. Source: Perfiliev, *How to calculate gamma exposure and
//! zero gamma level* (2022). `w` is dealer sign x open interest x multiplier, in shares.
//!
//! With `y = ln(x / spot)` a contract's density is `c exp(-(a y + b)^2)`, three numbers that are
//! computed once; what remains for each contract and node is a polynomial that runs in vectors.

use core::f64::consts::FRAC_1_SQRT_2;
use engine::math::{INV_SQRT_TAU, exp, exp_vectorizable, ln_1p, ln_ratio};

/// Spots on the grid, the middle one the current spot.
pub const NODES: usize = 81;

/// How far the grid reaches on each side, relative to the spot: the first that holds a sign change
/// is used.
pub const HALF_WIDTHS: [f64; 2] = [0.10, 0.20];

/// Where the refinement of a root stops, relative to the spot; well inside the 1e-9 that is
/// promised, since the last step costs one evaluation.
const ROOT_TOLERANCE: f64 = 1e-12;

/// Evaluations for one root; halving alone needs 32.
const EVALUATIONS_MAX: usize = 100;

/// Contracts whose terms are added up in eight lanes before they go into the total.
const LANES: usize = 8;
const BLOCK: usize = 512;

/// Total volatility below which a density is a spike between two numbers.
const TOTAL_VOLATILITY_MIN: f64 = 1e-9;

/// The inputs of a chain, one row a contract, all of the same length.
#[derive(Clone, Copy, Debug)]
pub struct WeightedColumns<'a> {
    /// Strikes in dollars.
    pub strike: &'a [f64],
    /// Times to expiry in years.
    pub years: &'a [f64],
    /// Rates to expiry.
    pub rate: &'a [f64],
    /// Dividend yields to expiry.
    pub dividend_yield: &'a [f64],
    /// Volatilities a year.
    pub volatility: &'a [f64],
    /// Dealer sign x open interest x multiplier, in shares; 0 leaves a contract out.
    pub weight: &'a [f64],
}

/// Dealer gamma over a range of spots, and its roots; keeps its buffers from call to call.
#[derive(Clone, Debug, Default)]
pub struct GammaCurve {
    /// The spots of the grid in dollars, ascending; empty if no contract counted.
    pub spot: Vec<f64>,
    /// Dealer gamma exposure at each, in USD of delta per 1 % move.
    pub gex_usd_per_pct: Vec<f64>,
    /// Every root inside the grid in dollars, ascending.
    pub roots: Vec<f64>,
    /// The root nearest to the current spot, of two equally near ones the lower.
    pub nearest: Option<f64>,
    /// How far the grid reaches, relative to the spot.
    pub half_width: f64,
    /// Contracts that counted.
    pub contracts: usize,
    densities: Densities,
}

/// What is left of each contract once the spot is fixed: `scale exp(-(slope y + offset)^2)`.
#[derive(Clone, Debug, Default)]
struct Densities {
    slope: Vec<f64>,
    offset: Vec<f64>,
    scale: Vec<f64>,
}

/// Re-prices a chain around `spot` dollars and finds where the dealers' gamma changes sign.
///
/// Rows count if weight, volatility and time to expiry are usable; if none does, or `spot` is not
/// a positive number, the curve is empty. A curve without a sign change within 10 % is computed
/// again to 20 %; if there is none either, `nearest` is `None` and the curve's sign is the answer.
///
/// # Panics
/// If the columns differ in length.
///
/// # Examples
/// ```
/// use systems::exposure::zero_gamma::{GammaCurve, WeightedColumns, zero_gamma};
///
/// // Equal open interest in a call struck at 105 and a put at 95: without rates their gammas are
/// // equal where d1(95) = -d1(105), that is ln x = (ln 95 + ln 105)/2 - sigma^2 T/2.
/// let columns = WeightedColumns {
///     strike: &[105.0, 95.0],
///     years: &[0.04, 0.04],
///     rate: &[0.0, 0.0],
///     dividend_yield: &[0.0, 0.0],
///     volatility: &[0.25, 0.25],
///     weight: &[1000.0, -1000.0],
/// };
/// let mut curve = GammaCurve::default();
/// zero_gamma(100.0, &columns, &mut curve);
/// assert_eq!(curve.roots.len(), 1);
/// // sqrt(95 x 105) = 99.8749218, times e^{-0.00125}.
/// assert!((curve.nearest.unwrap() - 99.750156).abs() < 1e-6);
/// assert!(curve.gex_usd_per_pct[0] < 0.0 && curve.gex_usd_per_pct[80] > 0.0);
/// ```
pub fn zero_gamma(spot: f64, columns: &WeightedColumns<'_>, curve: &mut GammaCurve) {
    curve.clear();
    if !(spot.is_finite() && spot > 0.0) {
        return;
    }
    curve.contracts = curve.densities.fill(spot, columns);
    if curve.contracts == 0 {
        return;
    }
    for half_width in HALF_WIDTHS {
        curve.evaluate(spot, half_width);
        curve.refine(spot);
        if curve.nearest.is_some() {
            return;
        }
    }
}

impl GammaCurve {
    fn clear(&mut self) {
        self.spot.clear();
        self.gex_usd_per_pct.clear();
        self.roots.clear();
        self.nearest = None;
        self.half_width = 0.0;
        self.contracts = 0;
    }

    /// Computes the nodes.
    fn evaluate(&mut self, spot: f64, half_width: f64) {
        self.half_width = half_width;
        self.spot.clear();
        self.gex_usd_per_pct.clear();
        for node in 0..NODES {
            let moved = move_at(node as f64, half_width);
            self.spot.push(spot * (1.0 + moved));
            self.gex_usd_per_pct
                .push(self.densities.gex_usd_per_pct(spot, moved));
        }
    }

    /// Finds the roots between nodes of different sign.
    fn refine(&mut self, spot: f64) {
        self.roots.clear();
        self.nearest = None;
        // Far from every strike G is exactly 0: only nodes with a sign can change it.
        let mut last: Option<(f64, f64)> = None;
        for (node, &gex) in self.gex_usd_per_pct.iter().enumerate() {
            if gex == 0.0 {
                continue;
            }
            let moved = move_at(node as f64, self.half_width);
            if let Some((last_moved, last_gex)) = last
                && (last_gex < 0.0) != (gex < 0.0)
            {
                let root = find_root((last_moved, last_gex), (moved, gex), |moved| {
                    self.densities.gex_usd_per_pct(spot, moved)
                });
                self.roots.push(spot * (1.0 + root));
            }
            last = Some((moved, gex));
        }
        for &root in &self.roots {
            if self
                .nearest
                .is_none_or(|found| (root - spot).abs() < (found - spot).abs())
            {
                self.nearest = Some(root);
            }
        }
    }
}

impl Densities {
    /// Keeps what of each contract does not depend on the node, and counts the contracts.
    fn fill(&mut self, spot: f64, columns: &WeightedColumns<'_>) -> usize {
        let WeightedColumns {
            strike,
            years,
            rate,
            dividend_yield,
            volatility,
            weight,
        } = *columns;
        let rows = strike.len();
        let lengths = [years, rate, dividend_yield, volatility, weight];
        assert!(
            lengths.iter().all(|column| column.len() == rows),
            "columns have equal lengths"
        );
        self.slope.clear();
        self.offset.clear();
        self.scale.clear();
        for row in 0..rows {
            let total_volatility = volatility[row] * years[row].sqrt();
            let carry = (rate[row] - dividend_yield[row]) * years[row];
            // A negative time has no square root, and no comparison holds with its not-a-number.
            let counts = weight[row] != 0.0 && strike[row] > 0.0;
            if !(counts && total_volatility >= TOTAL_VOLATILITY_MIN) {
                continue;
            }
            let slope = 1.0 / total_volatility;
            let d1 = (ln_ratio(spot, strike[row]) + carry) * slope + 0.5 * total_volatility;
            let by_yield = exp(-dividend_yield[row] * years[row]);
            let scale = weight[row] * by_yield * INV_SQRT_TAU * slope;
            if !(d1.is_finite() && scale.is_finite()) {
                continue;
            }
            self.slope.push(slope * FRAC_1_SQRT_2);
            self.offset.push(d1 * FRAC_1_SQRT_2);
            self.scale.push(scale);
        }
        let contracts = self.scale.len();
        // Full groups of lanes: a scale of zero adds nothing.
        let padded = contracts.next_multiple_of(LANES);
        self.slope.resize(padded, 0.0);
        self.offset.resize(padded, 0.0);
        self.scale.resize(padded, 0.0);
        contracts
    }

    /// Dealer gamma exposure in USD of delta per 1 % move once the spot has moved by `moved`, a
    /// fraction of it.
    fn gex_usd_per_pct(&self, spot: f64, moved: f64) -> f64 {
        let y = ln_1p(moved);
        let slopes = self.slope.chunks(BLOCK);
        let offsets = self.offset.chunks(BLOCK);
        let scales = self.scale.chunks(BLOCK);
        let mut total = 0.0;
        for ((slope, offset), scale) in slopes.zip(offsets).zip(scales) {
            total += sum_block(slope, offset, scale, y);
        }
        total * spot * (1.0 + moved) * 0.01
    }
}

/// Adds up `scale exp(-(slope y + offset)^2)`.
fn sum_block(slope: &[f64], offset: &[f64], scale: &[f64], y: f64) -> f64 {
    let (slope, _) = slope.as_chunks::<LANES>();
    let (offset, _) = offset.as_chunks::<LANES>();
    let (scale, _) = scale.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for ((slope, offset), scale) in slope.iter().zip(offset).zip(scale) {
        for lane in 0..LANES {
            let d = slope[lane] * y + offset[lane];
            lanes[lane] += scale[lane] * exp_vectorizable(-(d * d));
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// The move of the spot at a node, as a fraction: 0 in the middle.
fn move_at(node: f64, half_width: f64) -> f64 {
    let middle = (NODES / 2) as f64;
    half_width * (node - middle) / middle
}

/// The root between two points of different sign.
///
/// Chandrupatla (1997): inverse quadratic interpolation where its conditions hold, else halving;
/// never slower than halving by more than a step, usually six evaluations.
fn find_root(lower: (f64, f64), upper: (f64, f64), mut function: impl FnMut(f64) -> f64) -> f64 {
    let (mut older, mut newer) = (lower, upper);
    let mut fraction = 0.5;
    for _ in 0..EVALUATIONS_MAX {
        let x = newer.0 + fraction * (older.0 - newer.0);
        let point = (x, function(x));
        let dropped;
        if (point.1 < 0.0) == (newer.1 < 0.0) {
            dropped = newer;
        } else {
            dropped = older;
            older = newer;
        }
        newer = point;
        let width = (older.0 - newer.0).abs();
        if newer.1 == 0.0 || width <= ROOT_TOLERANCE {
            break;
        }
        let xi = (newer.0 - older.0) / (dropped.0 - older.0);
        let phi = (newer.1 - older.1) / (dropped.1 - older.1);
        let interpolates = phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi;
        fraction = if interpolates {
            newer.1 / (older.1 - newer.1) * dropped.1 / (older.1 - dropped.1)
                + (dropped.0 - newer.0) / (older.0 - newer.0) * newer.1 / (dropped.1 - newer.1)
                    * older.1
                    / (dropped.1 - older.1)
        } else {
            0.5
        };
        // A step of half the tolerance at least, so that the bracket closes from both sides.
        let least = (0.5 * ROOT_TOLERANCE / width).min(0.5);
        fraction = fraction.clamp(least, 1.0 - least);
    }
    if newer.1.abs() <= older.1.abs() {
        newer.0
    } else {
        older.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::greeks::black_scholes::black_scholes;
    use crate::greeks::terms::Terms;
    use components::contract::Right;
    use proptest::prelude::*;

    #[derive(Clone, Copy, Debug)]
    struct Contract {
        strike: f64,
        years: f64,
        volatility: f64,
        weight: f64,
    }

    const SPOT: f64 = 100.0;
    const RATE: f64 = 0.04;
    const YIELD: f64 = 0.01;

    fn solve(contracts: &[Contract], curve: &mut GammaCurve) {
        let column = |field: fn(&Contract) -> f64| contracts.iter().map(field).collect::<Vec<_>>();
        let columns = WeightedColumns {
            strike: &column(|contract| contract.strike),
            years: &column(|contract| contract.years),
            rate: &column(|_| RATE),
            dividend_yield: &column(|_| YIELD),
            volatility: &column(|contract| contract.volatility),
            weight: &column(|contract| contract.weight),
        };
        zero_gamma(SPOT, &columns, curve);
    }

    /// The definition, contract by contract through the scalar Greeks.
    fn repriced(contracts: &[Contract], spot: f64) -> (f64, f64) {
        let (mut sum, mut magnitude) = (0.0, 0.0);
        for contract in contracts {
            let terms = Terms {
                right: Right::Call,
                spot,
                strike: contract.strike,
                years: contract.years,
                rate: RATE,
                dividend_yield: YIELD,
            };
            let gamma = black_scholes(&terms, contract.volatility).1.gamma;
            let gex = contract.weight * gamma * spot * spot * 0.01;
            sum += gex;
            magnitude += gex.abs();
        }
        (sum, magnitude)
    }

    #[test]
    fn a_chain_of_calls_has_a_curve_without_a_root() {
        let call = Contract {
            strike: 100.0,
            years: 0.1,
            volatility: 0.2,
            weight: 5.0,
        };
        let mut curve = GammaCurve::default();
        solve(&[call; 3], &mut curve);
        assert_eq!(
            (curve.nearest, curve.roots.len(), curve.contracts),
            (None, 0, 3)
        );
        assert_eq!(
            (curve.spot.len(), curve.half_width.to_bits()),
            (NODES, 0.20_f64.to_bits())
        );
        assert!(curve.gex_usd_per_pct.iter().all(|gex| *gex > 0.0));
    }

    #[test]
    fn a_root_beyond_ten_percent_is_found_in_the_wider_range() {
        let call = Contract {
            strike: 125.0,
            years: 0.1,
            volatility: 0.2,
            weight: 5.0,
        };
        let put = Contract {
            strike: 105.0,
            weight: -5.0,
            ..call
        };
        let mut curve = GammaCurve::default();
        solve(&[call, put], &mut curve);
        let root = curve.nearest.unwrap();
        assert!(root > 110.0 && root < 120.0, "{root}");
    }

    #[test]
    fn what_cannot_be_repriced_is_left_out() {
        let good = Contract {
            strike: 100.0,
            years: 0.1,
            volatility: 0.2,
            weight: 5.0,
        };
        let bad = [
            Contract {
                weight: 0.0,
                ..good
            },
            Contract {
                weight: f64::INFINITY,
                ..good
            },
            Contract { years: 0.0, ..good },
            Contract {
                years: -0.1,
                ..good
            },
            Contract {
                volatility: f64::NAN,
                ..good
            },
            Contract {
                strike: 0.0,
                ..good
            },
        ];
        let mut curve = GammaCurve::default();
        solve(&bad, &mut curve);
        assert_eq!((curve.contracts, curve.spot.len()), (0, 0));
        let mut mixed = bad.to_vec();
        mixed.push(good);
        solve(&mixed, &mut curve);
        assert_eq!(curve.contracts, 1);
    }

    prop_compose! {
        fn any_contract()(
            strike in 80.0..120.0_f64,
            years in 1e-5..1.0_f64,
            volatility in 0.05..1.0_f64,
            weight in -1e5..1e5_f64,
        ) -> Contract {
            Contract { strike, years, volatility, weight }
        }
    }

    proptest! {
        #[test]
        fn the_curve_is_the_sum_of_repriced_contracts_and_its_roots_are_zeros(
            contracts in prop::collection::vec(any_contract(), 1..40)
        ) {
            let mut curve = GammaCurve::default();
            // A warm curve gives the bits of a fresh one.
            solve(&contracts[..1], &mut curve);
            solve(&contracts, &mut curve);
            let mut fresh = GammaCurve::default();
            solve(&contracts, &mut fresh);
            prop_assert_eq!(&curve.roots, &fresh.roots);
            prop_assert_eq!(&curve.gex_usd_per_pct, &fresh.gex_usd_per_pct);

            for (&spot, &gex) in curve.spot.iter().zip(&curve.gex_usd_per_pct) {
                let (expected, magnitude) = repriced(&contracts, spot);
                prop_assert!((gex - expected).abs() <= 1e-10 * magnitude + 1e-290);
            }
            for &root in &curve.roots {
                let below = repriced(&contracts, root - 1e-9 * SPOT);
                let above = repriced(&contracts, root + 1e-9 * SPOT);
                let noise = 1e-9 * (below.1 + above.1) + 1e-290;
                prop_assert!(below.0 * above.0 <= 0.0 || below.0.abs().min(above.0.abs()) <= noise);
            }
        }
    }
}
