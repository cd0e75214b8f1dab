//! Value at risk and expected shortfall by historical simulation.
//!
//! ```text
//! position = (1 - c)(n - 1)        in the ascending P&L vector of n moves, c = 0.95
//! linear   = -(interpolation between the order statistics beside the position)      (type 7)
//! conservative = -(the lower of the two)
//! shortfall = -[sum of the k = floor((1-c) n) worst + ((1-c) n - k) x the next worst] / ((1-c) n)
//! ```
//!
//! With 50 moves the 5 % quantile stands on two or three days: its standard error is about 20 %, so
//! a limit stands on the shortfall too. Source: formulas.md 18; Hyndman and Fan (1996) for type 7.
//! Dollars; a loss is a positive VaR.

/// With fewer moves than this no limit may rest on the result.
pub const MOVES_MIN: usize = 20;

/// How much may be lost over the horizon, in dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ValueAtRisk {
    /// By linear interpolation; negative if even the bad days earn.
    pub linear_usd: f64,
    /// The worse of the two order statistics that the interpolation lies between.
    pub conservative_usd: f64,
    /// The mean loss of the days beyond the confidence.
    pub shortfall_usd: f64,
    /// Whether there were fewer than [`MOVES_MIN`] moves.
    pub too_few: bool,
}

impl ValueAtRisk {
    /// What is reported: the linear figure, at least 0.
    #[must_use]
    pub fn reported_usd(&self) -> f64 {
        self.linear_usd.max(0.0)
    }
}

/// The value at risk of a P&L vector, or `None` if it is empty, holds what is not finite, or
/// `confidence` does not lie between 0 and 1.
///
/// # Examples
/// ```
/// use systems::risk::var::value_at_risk;
/// // 41 days from -20 to 20: position 0.05 x 40 = 2, the third worst.
/// let pnl_usd: Vec<f64> = (-20..=20).map(f64::from).collect();
/// let found = value_at_risk(&pnl_usd, 0.95).unwrap();
/// assert!((found.linear_usd - 18.0).abs() < 1e-9);
/// // (20 + 19 + 0.05 x 18) / 2.05
/// assert!((found.shortfall_usd - 39.9 / 2.05).abs() < 1e-9);
/// ```
#[must_use]
pub fn value_at_risk(pnl_usd: &[f64], confidence: f64) -> Option<ValueAtRisk> {
    let usable = confidence > 0.0 && confidence < 1.0 && !pnl_usd.is_empty();
    if !usable || !pnl_usd.iter().all(|pnl| pnl.is_finite()) {
        return None;
    }
    let mut ascending = pnl_usd.to_vec();
    ascending.sort_unstable_by(f64::total_cmp);
    let moves = ascending.len();
    let tail = 1.0 - confidence;
    let (lower, share) = split(tail * (moves - 1) as f64);
    let below = ascending[lower];
    let above = ascending[(lower + 1).min(moves - 1)];
    let (whole, rest) = split(tail * moves as f64);
    let worst: f64 = ascending[..whole].iter().sum();
    let next = ascending[whole.min(moves - 1)];
    Some(ValueAtRisk {
        linear_usd: -(below + (above - below) * share),
        conservative_usd: -below,
        shortfall_usd: -(worst + rest * next) / (tail * moves as f64),
        too_few: moves < MOVES_MIN,
    })
}

/// The whole and the broken part of a position. `0.05 x 40` is `2.000000000000002` in binary, which
/// is harmless, but `1.9999999999999982` would be counted one too low.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position lies between 0 and the length of a slice"
)]
fn split(position: f64) -> (usize, f64) {
    let nearest = position.round();
    if (position - nearest).abs() < 1e-9 {
        return (nearest as usize, 0.0);
    }
    let whole = position.floor();
    (whole as usize, position - whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_cannot_be_computed_is_absent() {
        assert_eq!(value_at_risk(&[], 0.95), None);
        assert_eq!(value_at_risk(&[1.0, f64::NAN], 0.95), None);
        assert_eq!(value_at_risk(&[1.0], 1.0), None);
        assert_eq!(value_at_risk(&[1.0], 0.0), None);
    }

    #[test]
    fn nineteen_moves_are_too_few_and_twenty_are_not() {
        let pnl = [-1.0; 20];
        assert!(value_at_risk(&pnl[..19], 0.95).unwrap().too_few);
        assert!(!value_at_risk(&pnl, 0.95).unwrap().too_few);
    }

    #[test]
    fn a_book_that_only_earns_reports_no_risk() {
        let found = value_at_risk(&[5.0; 30], 0.95).unwrap();
        assert!((found.linear_usd + 5.0).abs() < 1e-12);
        assert!(found.reported_usd() == 0.0);
    }

    proptest! {
        #[test]
        fn shortfall_is_no_smaller_than_the_conservative_and_that_than_the_linear(
            pnl in prop::collection::vec(-1e6_f64..1e6, 1..120),
        ) {
            let found = value_at_risk(&pnl, 0.95).unwrap();
            prop_assert!(found.conservative_usd >= found.linear_usd - 1e-6);
            prop_assert!(found.shortfall_usd >= found.linear_usd - 1e-6);
            let worst = pnl.iter().copied().fold(f64::INFINITY, f64::min);
            prop_assert!(found.shortfall_usd <= -worst + 1e-6);
        }

        #[test]
        fn the_order_of_the_moves_does_not_matter(
            mut pnl in prop::collection::vec(-1e6_f64..1e6, 1..60),
        ) {
            let before = value_at_risk(&pnl, 0.95);
            pnl.reverse();
            prop_assert_eq!(before, value_at_risk(&pnl, 0.95));
        }

        #[test]
        fn a_loss_added_to_each_day_is_added_to_the_risk(
            pnl in prop::collection::vec(-1e4_f64..1e4, 20..60),
            loss in 0.0_f64..1e4,
        ) {
            let before = value_at_risk(&pnl, 0.95).unwrap();
            let worse: Vec<f64> = pnl.iter().map(|pnl| pnl - loss).collect();
            let after = value_at_risk(&worse, 0.95).unwrap();
            prop_assert!((after.linear_usd - before.linear_usd - loss).abs() < 1e-6);
            prop_assert!((after.shortfall_usd - before.shortfall_usd - loss).abs() < 1e-6);
        }
    }
}
