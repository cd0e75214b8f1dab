//! Exposure sums over a chain, at the speed of memory.
//!
//! ```text
//! weight w = s OI M          s: +1 call, -1 put      OI: contracts      M: shares a contract
//! gamma = sum gamma w        dealer delta = sum delta w        delta = sum delta |w|
//! ```
//!
//! In shares; multiplied by the spot they become the published dollars ([`ExposureSums`],
//! [`CrossSums`]). A weight of 0 takes a contract out. Eight running sums keep the adder busy, and
//! blocks halved in a fixed tree keep the rounding error small; the result depends on the order of
//! the rows and on nothing else.

use components::exposure::ExposureWeight;
use components::greeks::{Cross, Sensitivity};
use core::ops::Add;

/// Running sums side by side.
const LANES: usize = 8;

/// Rows summed without halving, so 128 additions a lane.
const BLOCK: usize = 1024;

/// Dealer and open-interest exposure of a chain to its spot, in shares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ExposureSums {
    /// Change of the dealers' delta in shares per $1 of spot.
    pub gamma: f64,
    /// The dealers' delta in shares.
    pub dealer_delta: f64,
    /// Delta of the open interest in shares, with delta's own sign.
    pub delta: f64,
}

impl ExposureSums {
    /// Dealer gamma exposure in USD of delta per 1 % move at `spot` dollars.
    #[must_use]
    pub fn gex_usd_per_pct(&self, spot: f64) -> f64 {
        self.gamma * spot * spot * 0.01
    }

    /// Dealer gamma exposure in USD of delta per $1 move at `spot` dollars.
    #[must_use]
    pub fn gex_usd_per_usd(&self, spot: f64) -> f64 {
        self.gamma * spot
    }

    /// The dealers' delta in USD at `spot` dollars.
    #[must_use]
    pub fn dealer_dex_usd(&self, spot: f64) -> f64 {
        self.dealer_delta * spot
    }

    /// Delta of the open interest in USD at `spot` dollars.
    #[must_use]
    pub fn dex_usd(&self, spot: f64) -> f64 {
        self.delta * spot
    }
}

impl Add for ExposureSums {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            gamma: self.gamma + other.gamma,
            dealer_delta: self.dealer_delta + other.dealer_delta,
            delta: self.delta + other.delta,
        }
    }
}

/// What volatility and time do to the dealers' delta, in shares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CrossSums {
    /// Change of the dealers' delta in shares per 1.00 of volatility.
    pub vanna: f64,
    /// Change of the dealers' delta in shares per year of calendar time.
    pub charm: f64,
}

impl CrossSums {
    /// Change of the dealers' delta in USD per +1 volatility point at `spot` dollars.
    #[must_use]
    pub fn vex_usd_per_point(&self, spot: f64) -> f64 {
        self.vanna * spot * 0.01
    }

    /// Change of the dealers' delta in USD per calendar day at `spot` dollars.
    #[must_use]
    pub fn chex_usd_per_day(&self, spot: f64) -> f64 {
        self.charm * spot / 365.0
    }
}

impl Add for CrossSums {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            vanna: self.vanna + other.vanna,
            charm: self.charm + other.charm,
        }
    }
}

/// Sums gamma and delta over the rows of a chain.
///
/// # Panics
/// If the columns differ in length.
///
/// # Examples
/// ```
/// use components::exposure::ExposureWeight;
/// use components::greeks::Sensitivity;
/// use systems::exposure::sums::exposure_sums;
///
/// // 10 calls and 20 puts of 100 shares: weights +1000 and -2000.
/// let sensitivity = [
///     Sensitivity { delta: 0.5, gamma: 0.02 },
///     Sensitivity { delta: -0.25, gamma: 0.03 },
/// ];
/// let sums = exposure_sums(&sensitivity, &[ExposureWeight(1000.0), ExposureWeight(-2000.0)]);
/// assert_eq!(sums.gamma, 20.0 - 60.0);
/// assert_eq!(sums.dealer_delta, 500.0 + 500.0);
/// assert_eq!(sums.delta, 500.0 - 500.0);
/// // -40 shares per $1 at $50: 20 shares less per 1 %, $1,000.
/// assert_eq!(sums.gex_usd_per_pct(50.0), -1000.0);
/// ```
#[must_use]
pub fn exposure_sums(sensitivity: &[Sensitivity], weight: &[ExposureWeight]) -> ExposureSums {
    assert_eq!(
        sensitivity.len(),
        weight.len(),
        "columns have equal lengths"
    );
    if sensitivity.len() > BLOCK {
        let middle = halve(sensitivity.len());
        return exposure_sums(&sensitivity[..middle], &weight[..middle])
            + exposure_sums(&sensitivity[middle..], &weight[middle..]);
    }
    let mut gamma = [0.0; LANES];
    let mut dealer_delta = [0.0; LANES];
    let mut delta = [0.0; LANES];
    let mut add = |lane: usize, row: &Sensitivity, weight: f64| {
        gamma[lane] += row.gamma * weight;
        dealer_delta[lane] += row.delta * weight;
        delta[lane] += row.delta * weight.abs();
    };
    let (rows, last_rows) = sensitivity.as_chunks::<LANES>();
    let (weights, last_weights) = weight.as_chunks::<LANES>();
    for (rows, weights) in rows.iter().zip(weights) {
        for lane in 0..LANES {
            add(lane, &rows[lane], weights[lane].0);
        }
    }
    for (lane, (row, weight)) in last_rows.iter().zip(last_weights).enumerate() {
        add(lane, row, weight.0);
    }
    ExposureSums {
        gamma: fold(&gamma),
        dealer_delta: fold(&dealer_delta),
        delta: fold(&delta),
    }
}

/// Sums vanna and charm over the rows of a chain, with the dealers' sign.
///
/// # Panics
/// If the columns differ in length.
///
/// # Examples
/// ```
/// use components::exposure::ExposureWeight;
/// use components::greeks::Cross;
/// use systems::exposure::sums::cross_sums;
///
/// let cross = [Cross { vanna: 0.4, vomma: 9.0, charm: -3.65 }];
/// let sums = cross_sums(&cross, &[ExposureWeight(1000.0)]);
/// assert_eq!(sums.vanna, 400.0);
/// // -3,650 shares a year at $50 are -$500 a day.
/// assert_eq!(sums.chex_usd_per_day(50.0), -500.0);
/// ```
#[must_use]
pub fn cross_sums(cross: &[Cross], weight: &[ExposureWeight]) -> CrossSums {
    assert_eq!(cross.len(), weight.len(), "columns have equal lengths");
    if cross.len() > BLOCK {
        let middle = halve(cross.len());
        return cross_sums(&cross[..middle], &weight[..middle])
            + cross_sums(&cross[middle..], &weight[middle..]);
    }
    let mut vanna = [0.0; LANES];
    let mut charm = [0.0; LANES];
    for (rows, weights) in cross.chunks(LANES).zip(weight.chunks(LANES)) {
        for (lane, (row, weight)) in rows.iter().zip(weights).enumerate() {
            vanna[lane] += row.vanna * weight.0;
            charm[lane] += row.charm * weight.0;
        }
    }
    CrossSums {
        vanna: fold(&vanna),
        charm: fold(&charm),
    }
}

/// Half of the rows, in whole groups of lanes.
fn halve(rows: usize) -> usize {
    (rows / 2).next_multiple_of(LANES)
}

fn fold(lanes: &[f64; LANES]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Row = (Sensitivity, Cross, ExposureWeight);

    fn any_chain() -> impl Strategy<Value = Vec<Row>> {
        let row = (
            -1.0..1.0_f64,
            0.0..2.0_f64,
            -9.0..9.0_f64,
            -99.0..99.0_f64,
            -1e6..1e6_f64,
        );
        let row = row.prop_map(|(delta, gamma, vanna, charm, weight)| {
            let cross = Cross {
                vanna,
                vomma: 0.0,
                charm,
            };
            (Sensitivity { delta, gamma }, cross, ExposureWeight(weight))
        });
        prop::collection::vec(row, 0..3000)
    }

    fn sums(chain: &[Row]) -> (ExposureSums, CrossSums) {
        let sensitivity: Vec<_> = chain.iter().map(|row| row.0).collect();
        let cross: Vec<_> = chain.iter().map(|row| row.1).collect();
        let weight: Vec<_> = chain.iter().map(|row| row.2).collect();
        (
            exposure_sums(&sensitivity, &weight),
            cross_sums(&cross, &weight),
        )
    }

    fn canonical(chain: &[Row]) -> Vec<Row> {
        let mut sorted = chain.to_vec();
        sorted.sort_by(|a, b| {
            let keys = |row: &Row| [row.0.gamma, row.0.delta, row.1.vanna, row.1.charm, row.2.0];
            let pairs = keys(a).into_iter().zip(keys(b));
            pairs
                .map(|(a, b)| a.total_cmp(&b))
                .fold(core::cmp::Ordering::Equal, |all, one| all.then(one))
        });
        sorted
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_parts_of_a_chain_add_up_to_it(chain in any_chain(), cut in 0.0..1.0_f64) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
            let cut = (chain.len() as f64 * cut) as usize;
            let (whole, cross) = sums(&chain);
            let (left, left_cross) = sums(&chain[..cut]);
            let (right, right_cross) = sums(&chain[cut..]);
            let (parts, cross_parts) = (left + right, left_cross + right_cross);
            let scale = 100.0 * chain.iter().map(|row| row.2.0.abs()).sum::<f64>();
            for (found, expected) in [
                (parts.gamma, whole.gamma),
                (parts.dealer_delta, whole.dealer_delta),
                (parts.delta, whole.delta),
                (cross_parts.vanna, cross.vanna),
                (cross_parts.charm, cross.charm),
            ] {
                prop_assert!((found - expected).abs() <= 1e-15 * scale);
            }
        }

        #[test]
        fn a_shuffled_chain_put_in_order_has_the_same_bits(
            (chain, shuffled) in any_chain()
                .prop_flat_map(|chain| (Just(chain.clone()), Just(chain).prop_shuffle()))
        ) {
            prop_assert_eq!(sums(&canonical(&chain)), sums(&canonical(&shuffled)));
        }

        #[test]
        fn a_weight_of_zero_takes_a_contract_out(chain in any_chain()) {
            let mut emptied = chain.clone();
            for row in emptied.iter_mut().skip(1).step_by(2) {
                row.2 = ExposureWeight(0.0);
            }
            let mut expected = [0.0; 3];
            for row in chain.iter().step_by(2) {
                expected[0] += row.0.gamma * row.2.0;
                expected[1] += row.0.delta * row.2.0;
                expected[2] += row.0.delta * row.2.0.abs();
            }
            let (found, _) = sums(&emptied);
            let scale = 2.0 * chain.iter().map(|row| row.2.0.abs()).sum::<f64>();
            let found = [found.gamma, found.dealer_delta, found.delta];
            for (found, expected) in found.into_iter().zip(expected) {
                prop_assert!((found - expected).abs() <= 1e-12 * scale);
            }
        }
    }
}
