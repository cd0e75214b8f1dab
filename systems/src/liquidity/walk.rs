//! What a book holds and what it costs to take from it. Pure functions of levels.
//!
//! ```text
//! spread = (ask - bid) / mid            effective = 2 |price - mid| / mid
//! slippage of n shares = |average price of the first n shares - mid| / mid
//! decay = -slope of ln(bid size + ask size) on the number of the level
//! ```
//!
//! with the midpoint before the trade; all in basis points of it. Sums are of whole numbers.

use crate::imbalance::book::LEVELS;
use components::liquidity::Illiquid;
use components::market::{BOOK_LEVELS, Level, QuoteState};
use components::units::PRICE_UNITS_PER_DOLLAR;
use engine::math::ln;

/// Levels that both sides must have for a decay.
const DECAY_LEVELS_MIN: usize = 3;
/// Basis points of one.
const BPS: f64 = 1e4;

/// The levels of a book that count: those before the first empty one.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    bids: &'a [Level],
    asks: &'a [Level],
}

/// What taking a number of shares comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taken {
    /// Worse than the midpoint by this, basis points, on average over what was there.
    pub bps: f64,
    /// The share of the wanted size that was there, 0 to 1.
    pub filled: f64,
}

impl<'a> Sides<'a> {
    /// The book with these levels, best first.
    #[must_use]
    pub fn new(bids: &'a [Level], asks: &'a [Level]) -> Self {
        Self {
            bids: shown(bids),
            asks: shown(asks),
        }
    }

    /// What the best levels say together, and what is missing.
    #[must_use]
    pub fn state(&self) -> (QuoteState, Option<Illiquid>) {
        match (self.bids.first(), self.asks.first()) {
            (None, None) => (QuoteState::NoData, Some(Illiquid::EmptyBook)),
            (None, Some(_)) => (QuoteState::OneSided, Some(Illiquid::NoBids)),
            (Some(_), None) => (QuoteState::OneSided, Some(Illiquid::NoAsks)),
            (Some(bid), Some(ask)) if bid.price > ask.price => {
                (QuoteState::Crossed, Some(Illiquid::Crossed))
            }
            (Some(bid), Some(ask)) if bid.price == ask.price => (QuoteState::Locked, None),
            _ => (QuoteState::TwoSided, None),
        }
    }

    /// The best prices, unless the book lacks a side or is crossed.
    fn best(&self) -> Option<(i64, i64)> {
        let (bid, ask) = (self.bids.first()?.price.0, self.asks.first()?.price.0);
        (bid <= ask).then_some((bid, ask))
    }

    /// Ask less bid, basis points.
    #[must_use]
    pub fn spread_bps(&self) -> Option<f64> {
        let (bid, ask) = self.best()?;
        Some((ask - bid) as f64 / (bid as f64 + ask as f64) * 2.0 * BPS)
    }

    /// Shares up to each level, bids and asks; past the last level as many as up to it.
    #[must_use]
    pub fn depth(&self) -> [[u64; BOOK_LEVELS]; 2] {
        [self.bids, self.asks].map(|side| {
            let mut sum = 0;
            core::array::from_fn(|place| {
                sum += side.get(place).map_or(0, |level| u64::from(level.size));
                sum
            })
        })
    }

    /// Dollars at the five best levels of both sides.
    #[must_use]
    pub fn depth_usd(&self) -> Option<f64> {
        self.best()?;
        let levels = self
            .bids
            .iter()
            .take(LEVELS)
            .chain(self.asks.iter().take(LEVELS));
        let units: i128 = levels
            .map(|level| i128::from(level.price.0) * i128::from(level.size))
            .sum();
        Some(units as f64 / PRICE_UNITS_PER_DOLLAR as f64)
    }

    /// How fast sizes shrink from level to level; absent with fewer than three levels a side.
    #[must_use]
    pub fn decay(&self) -> Option<f64> {
        self.best()?;
        let count = self.bids.len().min(self.asks.len());
        if count < DECAY_LEVELS_MIN {
            return None;
        }
        let middle = (count - 1) as f64 / 2.0;
        let (mut products, mut squares) = (0.0, 0.0);
        for (place, (bid, ask)) in self.bids.iter().zip(self.asks).enumerate() {
            let distance = place as f64 - middle;
            products += distance * ln(f64::from(bid.size) + f64::from(ask.size));
            squares += distance * distance;
        }
        Some(-products / squares)
    }

    /// What buying `shares` comes to.
    #[must_use]
    pub fn buy(&self, shares: u64) -> Option<Taken> {
        self.take(self.asks, shares)
    }

    /// What selling `shares` comes to.
    #[must_use]
    pub fn sell(&self, shares: u64) -> Option<Taken> {
        self.take(self.bids, shares)
    }

    fn take(&self, side: &[Level], shares: u64) -> Option<Taken> {
        let (bid, ask) = self.best()?;
        let (mut left, mut twice_cost) = (shares, 0_i128);
        for level in side {
            let here = left.min(u64::from(level.size));
            // Twice the distance from the midpoint, so that it stays whole.
            let twice = 2 * i128::from(level.price.0) - i128::from(bid) - i128::from(ask);
            twice_cost += twice.abs() * i128::from(here);
            left -= here;
            if left == 0 {
                break;
            }
        }
        let got = shares - left;
        if got == 0 {
            return None;
        }
        let twice_mid = bid as f64 + ask as f64;
        Some(Taken {
            bps: twice_cost as f64 / got as f64 / twice_mid * BPS,
            filled: got as f64 / shares as f64,
        })
    }
}

/// Twice the distance of a trade from the midpoint of the quote before it, basis points; `None`
/// without a quote, or with a crossed one. Prices in any one unit.
#[must_use]
pub fn effective_spread_bps(price: i64, bid: i64, ask: i64) -> Option<f64> {
    if bid <= 0 || ask < bid {
        return None;
    }
    let twice_mid = i128::from(bid) + i128::from(ask);
    let twice = (2 * i128::from(price) - twice_mid).abs();
    Some(2.0 * twice as f64 / twice_mid as f64 * BPS)
}

fn shown(levels: &[Level]) -> &[Level] {
    let empty = |level: &Level| !level.price.is_some() || level.size == 0;
    &levels[..levels.iter().position(empty).unwrap_or(levels.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::units::Price;
    use proptest::prelude::*;

    fn level(dollars: f64, size: u32) -> Level {
        Level {
            price: Price::from_dollars(dollars).unwrap(),
            size,
        }
    }

    fn near(found: Option<f64>, wanted: f64) {
        let found = found.unwrap();
        assert!((found - wanted).abs() < 1e-9, "{found} for {wanted}");
    }

    #[test]
    fn a_book_can_be_walked_by_hand() {
        let bids = [level(99.99, 300), level(99.98, 200), level(99.96, 100)];
        let asks = [level(100.01, 100), level(100.02, 200), level(100.05, 400)];
        let book = Sides::new(&bids, &asks);
        assert_eq!(book.state(), (QuoteState::TwoSided, None));
        // 2 cents of 100 dollars.
        near(book.spread_bps(), 2.0);
        let [bid, ask] = book.depth();
        assert_eq!((bid[0], bid[2], bid[9]), (300, 600, 600));
        assert_eq!((ask[0], ask[1], ask[2]), (100, 300, 700));
        near(
            book.depth_usd(),
            99.99 * 300.0 + 99.98 * 200.0 + 99.96 * 100.0 + 10_001.0 + 20_004.0 + 40_020.0,
        );
        // 100 at 1 cent above the middle, 150 at 2: 1.6 cents on average.
        let bought = book.buy(250).unwrap();
        near(Some(bought.bps), 1.6);
        near(Some(bought.filled), 1.0);
        let sold = book.sell(600).unwrap();
        near(Some(sold.bps), (300.0 + 2.0 * 200.0 + 4.0 * 100.0) / 600.0);
        // Half of it is there.
        let too_much = book.sell(1_200).unwrap();
        near(Some(too_much.filled), 0.5);
        near(Some(too_much.bps), sold.bps);
        // Sizes 400, 400, 500: the slope of the logarithm over two steps.
        near(book.decay(), -ln(500.0 / 400.0) / 2.0);
    }

    #[test]
    fn what_is_missing_is_named() {
        let (bids, asks) = ([level(10.0, 5)], [level(10.1, 5)]);
        let (hollow, used_up) = ([Level::default(); 3], [level(10.1, 0)]);
        let states = [
            (Sides::new(&[], &[]), Illiquid::EmptyBook),
            (Sides::new(&hollow, &asks), Illiquid::NoBids),
            (Sides::new(&bids, &used_up), Illiquid::NoAsks),
            (Sides::new(&asks, &bids), Illiquid::Crossed),
        ];
        for (book, reason) in states {
            assert_eq!(book.state().1, Some(reason));
            assert_eq!((book.spread_bps(), book.depth_usd()), (None, None));
            assert_eq!(
                (book.buy(1), book.sell(1), book.decay()),
                (None, None, None)
            );
        }
        let locked = Sides::new(&bids, &bids);
        assert_eq!(locked.state(), (QuoteState::Locked, None));
        near(locked.spread_bps(), 0.0);
        assert_eq!(locked.decay(), None, "one level has no decay");
    }

    #[test]
    fn trades_are_measured_against_the_quote_before_them() {
        near(effective_spread_bps(1_000_100, 999_900, 1_000_100), 2.0);
        near(effective_spread_bps(1_000_000, 999_900, 1_000_100), 0.0);
        assert_eq!(effective_spread_bps(1_000_000, 0, 1_000_100), None);
        assert_eq!(effective_spread_bps(1_000_000, 0, 0), None);
        assert_eq!(effective_spread_bps(1_000_000, 1_000_200, 1_000_100), None);
    }

    proptest! {
        #[test]
        fn more_shares_never_cost_less(
            sizes in prop::collection::vec(1_u32..5_000, 1..10),
            steps in prop::collection::vec(1_i64..50, 10),
            one in 1_u64..20_000,
            more in 0_u64..20_000,
        ) {
            let mut price = 1_000_000;
            let asks: Vec<Level> = sizes
                .iter()
                .zip(&steps)
                .map(|(size, step)| {
                    price += step * 100;
                    Level { price: Price(price), size: *size }
                })
                .collect();
            let bids = [Level { price: Price(1_000_000), size: 1 }];
            let book = Sides::new(&bids, &asks);
            let (less, more) = (book.buy(one).unwrap(), book.buy(one + more).unwrap());
            prop_assert!(less.bps <= more.bps + 1e-9);
            prop_assert!(more.filled <= less.filled && less.filled <= 1.0);
            let half = book.spread_bps().unwrap() / 2.0;
            prop_assert!(half <= less.bps + 1e-9);
        }
    }
}
