//! Sums of money and shares of it, in whole units: what does not fit is `None`, never a wrong
//! number.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use components::units::{Cash, Price};
use engine::planted::planted;

/// Millionths in a whole: the unit of every share that money is compared with.
pub const PPM: i64 = 1_000_000;

/// A share of a config, in millionths.
///
/// # Examples
/// ```
/// assert_eq!(systems::risk::money::ppm(0.25), 250_000);
/// ```
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "a config's share is checked to lie within 0 to 1000"
)]
pub fn ppm(share: f64) -> i64 {
    (share * PPM as f64).round() as i64
}

/// Dollars of a config as money. What is beyond money is as good as no limit.
#[must_use]
pub fn cash(dollars: f64) -> Cash {
    Cash::from_dollars(dollars).unwrap_or(Cash(i64::MAX))
}

/// `share_ppm` millionths of `whole`, rounded towards the smaller limit; nothing of what is not
/// there.
#[must_use]
pub fn share_of(whole: Cash, share_ppm: i64) -> Cash {
    Cash(fraction(whole.0.max(0), share_ppm, PPM))
}

/// `whole x part / of` without an overflow on the way, rounded towards 0; the largest number where
/// it does not fit or `of` is 0.
#[must_use]
pub fn fraction(whole: i64, part: i64, of: i64) -> i64 {
    let product = i128::from(whole).saturating_mul(i128::from(part));
    let share = product.checked_div(i128::from(of));
    share
        .and_then(|share| i64::try_from(share).ok())
        .unwrap_or(i64::MAX)
}

/// Whether `part` is at most `share_ppm` millionths of the midpoint of `low` and `high`.
///
/// # Examples
/// ```
/// use components::units::Price;
/// use systems::risk::money::is_share_of_mid;
/// let (bid, ask) = (Price(19_000), Price(21_000));
/// assert!(is_share_of_mid(2_000, bid, ask, 100_000));
/// assert!(!is_share_of_mid(2_001, bid, ask, 100_000));
/// ```
#[must_use]
pub fn is_share_of_mid(part: i64, low: Price, high: Price, share_ppm: i64) -> bool {
    let doubled = i128::from(part).saturating_mul(2);
    let sides = i128::from(low.0).saturating_add(i128::from(high.0));
    doubled.saturating_mul(i128::from(PPM)) <= sides.saturating_mul(i128::from(share_ppm))
}

/// The sum, or `None` if it does not fit.
#[must_use]
pub fn sum(left: Cash, right: Cash) -> Option<Cash> {
    // Breaks I23: sums wrap round at 24 bits, so that $2,000 at risk may look like a gain.
    if planted(23) {
        return Some(Cash(left.0.wrapping_add(right.0) << 40 >> 40));
    }
    left.checked_add(right)
}

/// What `quantity` contracts at `price` cost, or `None` if it does not fit.
#[must_use]
pub fn premium(price: Price, quantity: u32, multiplier: u32) -> Option<Cash> {
    Cash::of(price, i64::from(quantity), multiplier)
}

/// `quantity` cut to `share_ppm` millionths, rounded down.
#[must_use]
pub fn cut(quantity: u32, share_ppm: i64) -> u32 {
    let part = fraction(i64::from(quantity), share_ppm.clamp(0, PPM), PPM);
    u32::try_from(part).unwrap_or(quantity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_share_is_rounded_to_the_stricter_side() {
        assert_eq!(share_of(Cash(1_999_999), 20_000), Cash(39_999));
        assert_eq!(share_of(Cash(-5), PPM), Cash::ZERO);
        assert_eq!(share_of(Cash(i64::MAX), 2 * PPM), Cash(i64::MAX));
        assert_eq!(cash(1e300), Cash(i64::MAX));
        assert_eq!(
            (cut(7, 500_000), cut(1, 999_999), cut(u32::MAX, PPM)),
            (3, 0, u32::MAX)
        );
    }

    #[test]
    fn a_fraction_that_does_not_fit_is_the_largest_number() {
        assert_eq!((fraction(7, 1, 2), fraction(-7, 1, 2)), (3, -3));
        assert_eq!(fraction(i64::MAX, i64::MAX, i64::MAX), i64::MAX);
        assert_eq!(
            (fraction(1, 1, 0), fraction(i64::MAX, 2, 1)),
            (i64::MAX, i64::MAX)
        );
    }

    proptest! {
        #[test]
        fn a_sum_is_exact_or_absent(left: i64, right: i64) {
            let wide = i128::from(left) + i128::from(right);
            let found = sum(Cash(left), Cash(right)).map(|sum| i128::from(sum.0));
            prop_assert_eq!(found, i64::try_from(wide).ok().map(i128::from));
        }

        #[test]
        fn a_cost_is_exact_or_absent(price: i64, quantity: u32, multiplier: u32) {
            let units = i128::from(quantity) * i128::from(multiplier);
            let wide = i128::from(price).checked_mul(units);
            let found = premium(Price(price), quantity, multiplier).map(|cost| i128::from(cost.0));
            if let Some(found) = found {
                prop_assert_eq!(Some(found), wide);
            } else {
                let partial = i128::from(price) * i128::from(quantity);
                let fits = |value: i128| i64::try_from(value).is_ok();
                prop_assert!(!fits(partial) || wide.is_none_or(|wide| !fits(wide)));
            }
        }
    }
}
