//! How much of an exposure rests on quotes that hold.
//!
//! ```text
//! coverage = sum |gex| of contracts whose own quote holds / sum |gex| of contracts that could be valued
//! ```
//!
//! A contract could be valued if it has enough open interest and usable Greeks; those may come from the
//! other right at its strike or from a vendor. Its quote holds if it has a price and is neither older
//! than `exposure.quote_age_max_s` nor from a feed that is silent. A house rule.

use bevy_ecs::prelude::Component;

/// The gamma of a chain in shares per $1 without sign, and the part of it whose quotes hold.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct CoverageSums {
    holding: f64,
    valued: f64,
}

impl CoverageSums {
    /// Adds a contract that could be valued: its gamma times open interest times multiplier, at
    /// least 0, and whether its quote holds.
    pub fn add(&mut self, gamma: f64, holds: bool) {
        self.valued += gamma;
        if holds {
            self.holding += gamma;
        }
    }

    /// The share that rests on quotes that hold, 0 to 1: none where the feed of the chain is not
    /// `fresh`. `None` where no contract could be valued.
    ///
    /// # Examples
    /// ```
    /// use systems::exposure::coverage::CoverageSums;
    /// let mut sums = CoverageSums::default();
    /// assert_eq!(sums.share(true), None);
    /// sums.add(300.0, true);
    /// sums.add(100.0, false);
    /// assert_eq!(sums.share(true), Some(0.75));
    /// assert_eq!(sums.share(false), Some(0.0));
    /// ```
    #[must_use]
    pub fn share(&self, fresh: bool) -> Option<f64> {
        let known = self.valued > 0.0 && self.valued.is_finite();
        known.then(|| {
            if fresh {
                self.holding / self.valued
            } else {
                0.0
            }
        })
    }
}
