//! How far equity stands below the highest it has been.
//!
//! `drawdown = equity / peak - 1 <= 0`, peak = running maximum with unrealised profit; the maximum
//! drawdown is the smallest so far. Money that is paid in or out rescales the peak by
//! `(equity + flow) / equity`, so that it is neither profit nor loss. Source: formulas.md 18.

use components::units::Cash;

/// The drawdown after an observation of equity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawdown {
    /// The highest equity so far, dollars; rescaled by what was paid in or out.
    pub peak_usd: f64,
    /// Equity over peak, minus 1: at most 0.
    pub drawdown: f64,
    /// The deepest so far.
    pub maximum: f64,
    /// Observations since equity was at its peak.
    pub bars_under_water: u32,
    equity_usd: f64,
}

impl Drawdown {
    /// The state at the first observation, or `None` unless equity is finite and above 0.
    #[must_use]
    pub fn begin(equity_usd: f64) -> Option<Self> {
        (equity_usd.is_finite() && equity_usd > 0.0).then_some(Self {
            peak_usd: equity_usd,
            drawdown: 0.0,
            maximum: 0.0,
            bars_under_water: 0,
            equity_usd,
        })
    }

    /// The state after the next observation. Equity that is not finite changes nothing.
    #[must_use]
    pub fn next(self, equity_usd: f64) -> Self {
        if !equity_usd.is_finite() {
            return self;
        }
        let peak_usd = self.peak_usd.max(equity_usd);
        let under_water = equity_usd < peak_usd;
        let drawdown = equity_usd / peak_usd - 1.0;
        Self {
            peak_usd,
            drawdown,
            maximum: self.maximum.min(drawdown),
            bars_under_water: if under_water {
                self.bars_under_water.saturating_add(1)
            } else {
                0
            },
            equity_usd,
        }
    }

    /// The state after `flow_usd` was paid in, or out if negative: the drawdown stays.
    ///
    /// Nothing changes unless there is equity before and after.
    #[must_use]
    pub fn rescaled(self, flow_usd: f64) -> Self {
        let after = self.equity_usd + flow_usd;
        if !(after.is_finite() && after > 0.0 && self.equity_usd > 0.0) {
            return self;
        }
        Self {
            peak_usd: self.peak_usd * (after / self.equity_usd),
            equity_usd: after,
            ..self
        }
    }
}

/// The high-water mark after `flow` was paid in, or out if negative, in whole units, rounded up:
/// the drawdown never looks smaller for it. `None` unless there is equity before and after.
///
/// # Examples
/// ```
/// use components::units::Cash;
/// use systems::risk::drawdown::rescaled_peak;
/// // 10 % under water before, 10 % after a deposit that doubles equity.
/// let peak = rescaled_peak(Cash(1_000), Cash(900), Cash(900));
/// assert_eq!(peak, Some(Cash(2_000)));
/// ```
#[must_use]
pub fn rescaled_peak(peak: Cash, equity: Cash, flow: Cash) -> Option<Cash> {
    let after = equity.checked_add(flow)?;
    if equity.0 <= 0 || after.0 <= 0 || peak.0 <= 0 {
        return None;
    }
    let (before, product) = (
        i128::from(equity.0),
        i128::from(peak.0) * i128::from(after.0),
    );
    i64::try_from((product + before - 1) / before)
        .ok()
        .map(Cash)
}

/// Whether equity has fallen by `limit_ppm` millionths of the peak or more. Equity at or below 0
/// always has.
#[must_use]
pub fn has_fallen(equity: Cash, peak: Cash, limit_ppm: i64) -> bool {
    let lost = i128::from(peak.0) - i128::from(equity.0);
    equity.0 <= 0 || lost * 1_000_000 >= i128::from(peak.0) * i128::from(limit_ppm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_new_peak_ends_the_time_under_water() {
        let start = Drawdown::begin(100.0).unwrap();
        let low = start.next(90.0).next(95.0);
        assert_eq!((low.bars_under_water, low.peak_usd), (2, 100.0));
        assert!((low.drawdown + 0.05).abs() < 1e-12 && (low.maximum + 0.1).abs() < 1e-12);
        let level = low.next(100.0);
        assert_eq!((level.bars_under_water, level.drawdown), (0, 0.0));
        assert_eq!(level.next(f64::NAN), level);
        assert_eq!(Drawdown::begin(0.0), None);
        assert_eq!(Drawdown::begin(f64::INFINITY), None);
    }

    #[test]
    fn a_deposit_is_no_profit_and_a_withdrawal_no_loss() {
        let low = Drawdown::begin(100.0).unwrap().next(90.0);
        for flow in [90.0, -45.0] {
            let after = low.rescaled(flow);
            let next = after.next(90.0 + flow);
            assert!((next.drawdown - low.drawdown).abs() < 1e-12, "{next:?}");
        }
        assert_eq!(low.rescaled(-90.0), low, "nothing left to scale by");
    }

    #[test]
    fn without_equity_before_and_after_there_is_nothing_to_rescale() {
        let of = |peak, equity, flow| rescaled_peak(Cash(peak), Cash(equity), Cash(flow));
        assert_eq!(
            (of(10, 0, 5), of(10, 5, -5), of(0, 5, 5)),
            (None, None, None)
        );
        assert_eq!((of(3, 2, -1), of(i64::MAX, 1, 1)), (Some(Cash(2)), None));
    }

    #[test]
    fn a_peak_that_fits_is_not_rounded_and_one_that_does_not_is_rounded_up() {
        let of = |peak, equity, flow| rescaled_peak(Cash(peak), Cash(equity), Cash(flow));
        assert_eq!(of(1_000, 900, 900), Some(Cash(2_000)));
        assert_eq!(of(1_000, 900, 0), Some(Cash(1_000)));
        assert_eq!(of(1_000, 900, 1), Some(Cash(1_002)), "1001.1 at least");
        assert_eq!(of(1_000, 900, -1), Some(Cash(999)), "998.9 at least");
        assert_eq!(of(1, 1, 0), Some(Cash(1)));
    }

    #[test]
    fn the_edge_of_the_limit_is_reached() {
        let peak = Cash(1_000_000);
        assert!(!has_fallen(Cash(900_001), peak, 100_000));
        assert!(has_fallen(Cash(900_000), peak, 100_000));
        assert!(has_fallen(Cash(0), Cash(0), 100_000), "no equity is a halt");
        assert!(has_fallen(Cash(i64::MIN), Cash(i64::MAX), 1_000_000));
    }

    proptest! {
        #[test]
        fn rescaling_rounds_the_peak_up_by_less_than_a_unit(
            equity in 1_i64..1_000_000_000_000,
            over in 0_i64..1_000_000_000,
            flow in -1_000_000_000_i64..1_000_000_000_000,
        ) {
            let peak = equity + over;
            let found = rescaled_peak(Cash(peak), Cash(equity), Cash(flow));
            if equity + flow <= 0 {
                prop_assert_eq!(found, None);
            } else if let Some(found) = found {
                let exact = i128::from(peak) * i128::from(equity + flow);
                let rounded = i128::from(found.0) * i128::from(equity);
                prop_assert!(rounded >= exact && rounded - exact < i128::from(equity));
            }
        }
    }
}
