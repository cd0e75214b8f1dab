//! Whether an underlying's price can be believed (I26).
//!
//! After a fault at a vendor prices may carry a constant offset for hours while sizes and times are
//! right and nothing says that anything is wrong. A price far from the last one that was believed is
//! refused, unless a price of another feed says the same; until one is believed again nothing of the
//! underlying is traded. What a session or a halt begins with has no history and is believed.

use components::units::Price;
use engine::event::FeedId;

/// What is believed of an underlying's price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PriceBand {
    /// The last price that was believed; none before the first.
    believed: Price,
    /// The last price since then that was not, and whose it was.
    doubted: Option<(FeedId, Price)>,
}

impl PriceBand {
    /// Whether the last word on the price was not to be believed.
    #[must_use]
    pub fn is_quarantined(&self) -> bool {
        self.doubted.is_some()
    }

    /// Whether `price` of `feed` is believed: within `share_ppm` millionths of the last that was, or
    /// of one that another feed said since then.
    pub(super) fn believes(&mut self, feed: FeedId, price: Price, share_ppm: i64) -> bool {
        let is_near = |known: Price| {
            let distance = i128::from(price.0) - i128::from(known.0);
            distance.abs() * 1_000_000 <= i128::from(known.0) * i128::from(share_ppm)
        };
        let is_confirmed = self
            .doubted
            .is_some_and(|(by, said)| by != feed && is_near(said));
        if self.believed.is_some() && !is_near(self.believed) && !is_confirmed {
            self.doubt(feed, price);
            return false;
        }
        (self.believed, self.doubted) = (price, None);
        true
    }

    /// Notes a price that no price can be.
    pub(super) fn doubt(&mut self, feed: FeedId, price: Price) {
        self.doubted = Some((feed, price));
    }

    /// Forgets what was believed: the market may begin anywhere.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARE: i64 = 300_000;

    #[test]
    fn a_price_outside_the_band_is_believed_when_another_feed_says_the_same() {
        let (one, other) = (FeedId(0), FeedId(1));
        let mut band = PriceBand::default();
        assert!(band.believes(one, Price(1_000_000), SHARE), "the first");
        assert!(band.believes(one, Price(1_300_000), SHARE), "at its edge");
        assert!(!band.believes(one, Price(1_700_000), SHARE));
        assert!(band.is_quarantined());
        assert!(
            !band.believes(one, Price(1_700_000), SHARE),
            "the same feed confirms nothing"
        );
        assert!(
            band.believes(one, Price(1_250_000), SHARE) && !band.is_quarantined(),
            "back in the band"
        );
        assert!(!band.believes(one, Price(1_000), SHARE), "as far down");
        assert!(band.believes(other, Price(1_100), SHARE));
        assert!(band.believes(one, Price(1_050), SHARE) && !band.is_quarantined());
    }

    #[test]
    fn a_market_that_begins_anew_has_no_history() {
        let mut band = PriceBand::default();
        band.believes(FeedId(0), Price(1_000_000), SHARE);
        band.doubt(FeedId(0), Price(i64::MAX));
        band.forget();
        assert!(!band.is_quarantined());
        assert!(band.believes(FeedId(0), Price(400_000), SHARE));
        assert!(
            !band.believes(FeedId(0), Price(i64::MAX), SHARE),
            "and nothing overflows"
        );
    }
}
