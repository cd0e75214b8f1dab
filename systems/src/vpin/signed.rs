//! VPIN from the side of each trade: the tick rule, and Lee and Ready's rule on top of it.
//!
//! Lee, Ready, "Inferring Trade Direction from Intraday Data", Journal of Finance 46 (1991):
//! above the midpoint of the prevailing quote a trade is a buy, below it a sell; at the midpoint,
//! or without a valid quote, the tick rule decides. Prices are compared as whole units. The
//! prevailing quote is the last one strictly before the trade; finding it is the caller's part.

use super::volume_clock::{Bucket, PLAUSIBLE_VPIN_MAX, VolumeClock};
use components::quality::Quality;
use components::units::Price;

/// The side of trades from the prices alone: up 1, down 0, unchanged as before, at first 0.5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TickRule {
    last_price: Option<Price>,
    buy_fraction: f64,
}

impl Default for TickRule {
    fn default() -> Self {
        Self {
            last_price: None,
            buy_fraction: 0.5,
        }
    }
}

impl TickRule {
    /// Takes the next price and gives the buy fraction of its trade.
    #[inline]
    pub fn classify(&mut self, price: Price) -> f64 {
        if let Some(last) = self.last_price.replace(price)
            && last != price
        {
            self.buy_fraction = if last < price { 1.0 } else { 0.0 };
        }
        self.buy_fraction
    }
}

/// The buy fraction by the prevailing quote, or `by_tick_rule` where the quote does not decide:
/// at the midpoint, and when it is crossed, locked or lacks a side ([`Price::NONE`]).
///
/// # Examples
/// ```
/// use components::units::Price;
/// use systems::vpin::signed::lee_ready;
/// let (bid, ask) = (Price(1_000_000), Price(1_000_100));
/// assert_eq!(lee_ready(Price(1_000_060), bid, ask, 0.0), 1.0);
/// assert_eq!(lee_ready(Price(1_000_050), bid, ask, 0.0), 0.0);
/// assert_eq!(lee_ready(Price(1_000_000), ask, bid, 1.0), 1.0);
/// ```
#[inline]
#[must_use]
pub fn lee_ready(price: Price, bid: Price, ask: Price, by_tick_rule: f64) -> f64 {
    if !bid.is_some() || ask <= bid {
        return by_tick_rule;
    }
    let twice_price = price.0.saturating_mul(2);
    let twice_mid = bid.0.saturating_add(ask.0);
    match twice_price.cmp(&twice_mid) {
        std::cmp::Ordering::Less => 0.0,
        std::cmp::Ordering::Equal => by_tick_rule,
        std::cmp::Ordering::Greater => 1.0,
    }
}

/// VPIN by the tick rule.
#[derive(Clone, Debug, PartialEq)]
pub struct TickVpin {
    rule: TickRule,
    clock: VolumeClock,
}

impl TickVpin {
    /// An estimator without trades.
    #[must_use]
    pub fn new(clock: VolumeClock) -> Self {
        Self {
            rule: TickRule::default(),
            clock,
        }
    }

    /// Takes one trade.
    #[inline]
    pub fn push(&mut self, price: Price, size: u32, emit: &mut impl FnMut(Bucket)) {
        let fraction = self.rule.classify(price);
        self.clock.fill(u64::from(size), fraction, emit);
    }

    /// Takes trades in columns; the shorter slice says how many.
    pub fn extend(&mut self, prices: &[i64], sizes: &[u32], emit: &mut impl FnMut(Bucket)) {
        for (price, size) in prices.iter().zip(sizes) {
            self.push(Price(*price), *size, emit);
        }
    }

    /// The buckets and their VPIN.
    #[must_use]
    pub fn clock(&self) -> &VolumeClock {
        &self.clock
    }

    /// Whether the VPIN may be used.
    #[must_use]
    pub fn quality(&self) -> Quality {
        quality(&self.clock)
    }
}

/// VPIN by Lee and Ready's rule.
#[derive(Clone, Debug, PartialEq)]
pub struct LeeReadyVpin {
    rule: TickRule,
    clock: VolumeClock,
}

/// A trade and the quote that prevailed before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotedTrade {
    /// The price.
    pub price: Price,
    /// Shares.
    pub size: u32,
    /// The bid before the trade; [`Price::NONE`] if there was none.
    pub bid: Price,
    /// The ask before the trade; [`Price::NONE`] if there was none.
    pub ask: Price,
}

impl LeeReadyVpin {
    /// An estimator without trades.
    #[must_use]
    pub fn new(clock: VolumeClock) -> Self {
        Self {
            rule: TickRule::default(),
            clock,
        }
    }

    /// Takes one trade.
    #[inline]
    pub fn push(&mut self, trade: QuotedTrade, emit: &mut impl FnMut(Bucket)) {
        let by_tick_rule = self.rule.classify(trade.price);
        let fraction = lee_ready(trade.price, trade.bid, trade.ask, by_tick_rule);
        self.clock.fill(u64::from(trade.size), fraction, emit);
    }

    /// Takes trades one after the other.
    pub fn extend(&mut self, trades: &[QuotedTrade], emit: &mut impl FnMut(Bucket)) {
        for trade in trades {
            self.push(*trade, emit);
        }
    }

    /// The buckets and their VPIN.
    #[must_use]
    pub fn clock(&self) -> &VolumeClock {
        &self.clock
    }

    /// Whether the VPIN may be used.
    #[must_use]
    pub fn quality(&self) -> Quality {
        quality(&self.clock)
    }
}

fn quality(clock: &VolumeClock) -> Quality {
    match clock.vpin() {
        None => Quality::Warmup,
        Some(vpin) if PLAUSIBLE_VPIN_MAX < vpin => Quality::IllConditioned,
        Some(_) => Quality::Ok,
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_tick_rule_keeps_its_side_while_the_price_stands() {
        let mut rule = TickRule::default();
        let sides = [5, 5, 6, 6, 4, 4, 5].map(|price| rule.classify(Price(price)));
        assert_eq!(sides, [0.5, 0.5, 1.0, 1.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn a_quote_that_is_no_quote_leaves_it_to_the_tick_rule() {
        let undecided = 0.25;
        for (bid, ask) in [(0, 0), (0, 90), (90, 0), (100, 100), (101, 100), (-5, 90)] {
            let fraction = lee_ready(Price(95), Price(bid), Price(ask), undecided);
            assert_eq!(fraction.to_bits(), undecided.to_bits(), "{bid} {ask}");
        }
    }

    #[test]
    fn a_tape_of_one_price_is_balanced_and_a_rising_one_implausible() {
        let clock = VolumeClock::new(10, 2).unwrap();
        let mut flat = TickVpin::new(clock.clone());
        assert_eq!(flat.quality(), Quality::Warmup);
        flat.extend(&[7; 4], &[5; 4], &mut |_| ());
        assert_eq!(
            (flat.clock().vpin(), flat.quality()),
            (Some(0.0), Quality::Ok)
        );
        let mut rising = TickVpin::new(clock);
        rising.extend(&[1, 2, 3, 4, 5, 6], &[5; 6], &mut |_| ());
        assert_eq!((rising.clock().vpin(), rising.quality()), {
            (Some(1.0), Quality::IllConditioned)
        });
    }

    proptest! {
        #[test]
        fn splitting_a_trade_changes_no_bit(
            trades in prop::collection::vec((1_i64..9, 2_u32..90, 0_i64..9, 0_i64..9), 1..150),
            cut in 1_u32..1_000,
        ) {
            let mut whole = LeeReadyVpin::new(VolumeClock::new(37, 3).unwrap());
            let mut split = whole.clone();
            let (mut expected, mut found) = (Vec::new(), Vec::new());
            for (price, size, bid, ask) in trades {
                let trade = |size| {
                    QuotedTrade { price: Price(price), size, bid: Price(bid), ask: Price(ask) }
                };
                let first = 1 + cut % (size - 1);
                whole.push(trade(size), &mut |bucket| expected.push(bucket));
                split.push(trade(first), &mut |bucket| found.push(bucket));
                split.push(trade(size - first), &mut |bucket| found.push(bucket));
            }
            prop_assert_eq!(found, expected);
            prop_assert_eq!(split, whole);
        }
    }
}
