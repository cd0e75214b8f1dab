//! Forwards from put-call parity, and the dividend yields in them.
//!
//! ```text
//! F = median over the three strikes nearest the money of  K + e^{rT} (C - P)
//! q = r - ln(F / S) / T
//! ```
//!
//! Below five days the division by `T` blows up the noise of quotes: such a series takes the yield of
//! the next longer one and is priced at the spot that its own forward stands for. Exact for European
//! options; for American ones off by at most the early-exercise premium, which is cents near the money.

use engine::math;

/// Strikes that a forward is the median of.
const STRIKES: usize = 3;
/// A yield from a shorter series would be noise, years.
const YEARS_MIN: f64 = 5.0 / 365.0;
/// Yields beyond this are held at it.
const YIELD_MAX: f64 = 0.25;
/// How far a forward may lie from the spot, beyond `YIELD_MAX` a year: farther means that quotes and
/// spot are not of the same instant.
const DISTANCE_MAX: f64 = 0.03;

/// The pairs nearest the money of one series: one root and one expiry.
#[derive(Clone, Copy, Debug, Default)]
pub struct NearestPairs {
    // Distance from spot, strike, call minus put; the nearest first.
    pairs: [(f64, f64, f64); STRIKES],
    len: usize,
}

impl NearestPairs {
    /// Takes in a strike whose call and put both have a two-sided quote, in dollars.
    pub fn push(&mut self, spot: f64, strike: f64, call_mid: f64, put_mid: f64) {
        let pair = ((strike - spot).abs(), strike, call_mid - put_mid);
        let nearer = |other: &(f64, f64, f64)| (other.0, other.1) <= (pair.0, pair.1);
        let place = self.pairs[..self.len]
            .iter()
            .take_while(|other| nearer(other))
            .count();
        if place < STRIKES {
            let last = self.len.min(STRIKES - 1);
            self.pairs.copy_within(place..last, place + 1);
            self.pairs[place] = pair;
            self.len = last + 1;
        }
    }

    /// Whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The forward in dollars; `None` without a pair or if it lies implausibly far from `spot`.
    ///
    /// # Examples
    /// ```
    /// use systems::greeks::forward::NearestPairs;
    /// let mut pairs = NearestPairs::default();
    /// pairs.push(100.0, 100.0, 3.0, 2.0); // K + C - P = 101
    /// pairs.push(100.0, 101.0, 2.5, 2.4); // 101.1
    /// pairs.push(100.0, 99.0, 3.6, 1.5); // 101.1
    /// assert!((pairs.forward(100.0, 0.0, 0.5).unwrap() - 101.1).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn forward(&self, spot: f64, rate: f64, years: f64) -> Option<f64> {
        let growth = math::exp(rate * years);
        let mut forwards = [0.0; STRIKES];
        for (forward, (_, strike, difference)) in forwards.iter_mut().zip(&self.pairs) {
            *forward = strike + growth * difference;
        }
        let forwards = &mut forwards[..self.len];
        forwards.sort_by(f64::total_cmp);
        let forward = match forwards {
            [] => return None,
            [one] => *one,
            [one, two] => (*one + *two) / 2.0,
            [_, middle, ..] => *middle,
        };
        let plausible = forward > 0.0
            && math::ln_ratio(forward, spot).abs() <= DISTANCE_MAX + YIELD_MAX * years;
        plausible.then_some(forward)
    }
}

/// One root and one expiry: what all its contracts are priced with.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Series {
    /// Time to expiry in years.
    pub years: f64,
    /// The parity forward in dollars, if quotes show one.
    pub forward: Option<f64>,
    /// Whether a strike has two-sided quotes of both its call and its put.
    pub quoted: bool,
    /// The dividend yield.
    pub dividend_yield: f64,
    /// The spot to price with in dollars: the market's, or the one that a short series' forward
    /// stands for.
    pub pricing_spot: f64,
}

/// Fills in yields and pricing spots of the series of one root.
///
/// `fallback_yield` serves where no quotes show a forward.
///
/// # Panics
/// If `series` does not ascend by time to expiry.
pub fn fill_yields(spot: f64, rate: f64, fallback_yield: f64, series: &mut [Series]) {
    assert!(
        series.is_sorted_by(|a, b| a.years <= b.years),
        "series ascend by time to expiry"
    );
    let mut longer = None;
    for series in series.iter_mut().rev() {
        series.pricing_spot = spot;
        if series.years >= YEARS_MIN {
            let own = series
                .forward
                .map(|forward| rate - math::ln_ratio(forward, spot) / series.years);
            series.dividend_yield = own
                .or(longer)
                .unwrap_or(fallback_yield)
                .clamp(-YIELD_MAX, YIELD_MAX);
            longer = Some(series.dividend_yield);
        } else {
            series.dividend_yield = longer.unwrap_or(fallback_yield);
            if let Some(forward) = series.forward {
                let carry = (rate - series.dividend_yield) * series.years;
                series.pricing_spot = forward * math::exp(-carry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series(days: f64, forward: Option<f64>) -> Series {
        Series {
            years: days / 365.0,
            forward,
            ..Series::default()
        }
    }

    #[test]
    fn a_long_series_has_its_own_yield_and_a_short_one_the_next() {
        let forward = |days: f64, q: f64| Some(100.0 * math::exp((0.04 - q) * days / 365.0));
        let mut chain = [
            series(1.0, Some(100.2)),
            series(30.0, forward(30.0, 0.015)),
            series(60.0, None),
            series(90.0, forward(90.0, 0.02)),
        ];
        fill_yields(100.0, 0.04, 0.0, &mut chain);
        assert!((chain[1].dividend_yield - 0.015).abs() < 1e-12);
        assert!((chain[2].dividend_yield - 0.02).abs() < 1e-12);
        assert!((chain[0].dividend_yield - 0.015).abs() < 1e-12);
        // Priced at the spot behind its own forward.
        let carried = chain[0].pricing_spot * math::exp((0.04 - 0.015) / 365.0);
        assert!((carried - 100.2).abs() < 1e-9);
        assert!((chain[3].pricing_spot - 100.0).abs() < 1e-12);
    }

    #[test]
    fn without_quotes_the_fallback_stands() {
        let mut chain = [series(1.0, None), series(30.0, None)];
        fill_yields(100.0, 0.04, 0.013, &mut chain);
        assert!(
            chain
                .iter()
                .all(|series| (series.dividend_yield - 0.013).abs() < 1e-15)
        );
        assert_eq!(NearestPairs::default().forward(100.0, 0.04, 0.1), None);
    }

    #[test]
    fn a_forward_far_from_spot_is_not_believed() {
        let mut pairs = NearestPairs::default();
        pairs.push(100.0, 100.0, 9.0, 1.0);
        assert_eq!(pairs.forward(100.0, 0.0, 0.01), None);
    }

    proptest! {
        #[test]
        fn the_nearest_three_do_not_depend_on_the_order(
            mut strikes in proptest::collection::btree_set(80_u32..120, 3..20)
                .prop_map(|set| set.into_iter().collect::<Vec<_>>()).prop_shuffle()
        ) {
            let forward = |strikes: &[u32]| {
                let mut pairs = NearestPairs::default();
                for strike in strikes {
                    let strike = f64::from(*strike);
                    pairs.push(100.3, strike, 5.0 + 0.01 * strike, 4.0 + 1.008 * strike - 99.0);
                }
                pairs.forward(100.3, 0.01, 0.2)
            };
            let one = forward(&strikes);
            strikes.sort_unstable();
            prop_assert_eq!(one, forward(&strikes));
        }
    }
}
