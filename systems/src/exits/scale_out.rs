//! Selling in parts on the way to the target: a third, half of the rest, all.
//!
//! What should be left after each step follows from the largest quantity alone, so that a step that
//! was filled in part, or a position that shrank for another reason, needs no memory. Parts are
//! whole contracts, nearest to the share; only "all" sells the last one.

use super::rules::Share;
use components::units::Price;
use engine::config::within;
use serde::Deserialize;

/// How much of what is left a step sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Portion {
    /// A third.
    Third,
    /// Half.
    Half,
    /// All.
    All,
}

/// A step: at this gain, sell that much of what is left.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct ScaleStep {
    /// The gain, as a share of the cost: 1.0 is +100 %.
    #[garde(custom(within(0.01, 100.0)))]
    pub gain: f64,
    /// How much of what is left is sold.
    #[garde(skip)]
    pub sell: Portion,
}

impl Portion {
    /// Whole contracts of `quantity` that are sold.
    ///
    /// # Examples
    /// ```
    /// use systems::exits::scale_out::Portion;
    /// assert_eq!((Portion::Third.of(10), Portion::Half.of(7), Portion::All.of(4)), (3, 3, 4));
    /// assert_eq!((Portion::Third.of(1), Portion::Half.of(1), Portion::Third.of(2)), (0, 0, 1));
    /// ```
    #[must_use]
    pub fn of(self, quantity: u32) -> u32 {
        match self {
            // The nearest, so that 2 give 1 and 5 give 2.
            Self::Third => quantity / 3 + u32::from(quantity % 3 == 2),
            Self::Half => quantity / 2,
            Self::All => quantity,
        }
    }
}

/// How many steps a bid of `bid` has reached for what cost `entry`.
#[must_use]
pub fn steps_reached(steps: &[(Share, Portion)], entry: Price, bid: Price) -> usize {
    steps
        .iter()
        .take_while(|(multiple, _)| entry.is_some() && multiple.of_up(entry) <= bid)
        .count()
}

/// What should be left of `largest` contracts after the first `reached` steps.
#[must_use]
pub fn left_after(steps: &[(Share, Portion)], reached: usize, largest: u32) -> u32 {
    steps
        .iter()
        .take(reached)
        .fold(largest, |left, (_, portion)| left - portion.of(left))
}

/// How many steps are done when `held` of `largest` contracts are left: for what is stored.
#[must_use]
pub fn steps_done(steps: &[(Share, Portion)], largest: u32, held: u32) -> u8 {
    let done = (0..=steps.len())
        .take_while(|reached| held <= left_after(steps, *reached, largest))
        .count()
        .saturating_sub(1);
    u8::try_from(done).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn steps() -> Vec<(Share, Portion)> {
        [
            (2.0, Portion::Third),
            (3.0, Portion::Half),
            (5.0, Portion::All),
        ]
        .map(|(multiple, portion)| (Share::new(multiple), portion))
        .to_vec()
    }

    fn sold(largest: u32) -> Vec<u32> {
        let left = |reached| left_after(&steps(), reached, largest);
        (1..=3).map(|step| left(step - 1) - left(step)).collect()
    }

    #[test]
    fn small_positions_are_sensible() {
        let expected = [
            [0, 0, 1],
            [1, 0, 1],
            [1, 1, 1],
            [1, 1, 2],
            [2, 1, 2],
            [2, 2, 2],
        ];
        for (largest, expected) in (1..).zip(expected) {
            assert_eq!(sold(largest), expected, "of {largest}");
        }
    }

    #[test]
    fn steps_are_reached_in_order() {
        let reached = |bid| steps_reached(&steps(), Price(10_000), Price(bid));
        assert_eq!([19_999, 20_000, 30_000, 60_000].map(reached), [0, 1, 2, 3]);
        assert_eq!(steps_reached(&steps(), Price::NONE, Price(1)), 0);
        let done = |held| steps_done(&steps(), 9, held);
        assert_eq!([9, 7, 6, 4, 3, 1, 0].map(done), [0, 0, 1, 1, 2, 2, 3]);
    }

    proptest! {
        #[test]
        fn parts_sum_to_what_was_held(largest in 1_u32..100_000) {
            let parts = sold(largest);
            prop_assert_eq!(parts.iter().sum::<u32>(), largest);
            prop_assert!(parts[2] >= 1, "the last contract goes with the last step");
            let third = f64::from(largest) / 3.0;
            prop_assert!(parts.iter().all(|part| (f64::from(*part) - third).abs() <= 1.0));
        }
    }
}
