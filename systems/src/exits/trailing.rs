//! Where the stop of a long option stands: trailing by percent or by the underlying's range, and
//! locking profits. It only rises.
//!
//! All prices are integers; the range of the underlying (dollars, from
//! [`atr`](crate::exits::atr)) times the delta becomes a premium once, here.

use super::rules::{Rules, Share};
use components::market::{Quote, QuoteState};
use components::price_grid::PriceGrid;
use components::units::Price;
use engine::config::within;
use engine::planted::planted;
use serde::Deserialize;

/// A gain that is locked once it was there.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct ProfitLock {
    /// The unrealised gain, as a share of the cost: 1.0 is +100 %.
    #[garde(custom(within(0.05, 100.0)))]
    pub gain: f64,
    /// The gain that is kept from then on, as a share of the cost.
    #[garde(custom(within(0.0, 100.0)))]
    pub keep: f64,
}

/// What the stop of a position rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trail {
    /// Average cost of a contract.
    pub entry: Price,
    /// The best bid since the entry, the present one included.
    pub best: Price,
    /// The bid.
    pub bid: Price,
    /// The stop in force.
    pub stop: Price,
    /// What an average true range of the underlying makes of the premium, if it is known.
    pub range: Option<Price>,
}

/// The best bid so far: `best` or the bid of a quote that may be traded on.
#[must_use]
pub fn best_bid(best: Price, quote: &Quote) -> Price {
    match quote.state() {
        QuoteState::TwoSided | QuoteState::Locked => best.max(quote.bid),
        QuoteState::NoData | QuoteState::OneSided | QuoteState::Crossed => best,
    }
}

/// The change of the premium when the underlying moves by `atr_dollars`, or `None` unless both are
/// finite and positive in size.
#[must_use]
pub fn premium_range(atr_dollars: f64, delta: f64) -> Option<Price> {
    Price::from_dollars(atr_dollars * delta.abs()).filter(|range| range.is_some())
}

/// The stop from now on: never below the one in force, on the grid, and below the bid if it moved.
#[must_use]
pub fn raised_stop(trail: &Trail, rules: &Rules, grid: PriceGrid) -> Price {
    let reached = locked_price(trail, rules, grid).max(trailing_price(trail, rules, grid));
    let candidate = reached.min(grid.below(trail.bid));
    if planted(21) {
        // I21: the stop follows the bid down again.
        return candidate.max(grid.lowest());
    }
    candidate.max(trail.stop)
}

/// What the stop has locked above the cost of a contract, if it stands at or above it.
#[must_use]
pub fn locked_gain(entry: Price, stop: Price) -> Option<Price> {
    (entry.is_some() && entry <= stop).then(|| Price(stop.0 - entry.0))
}

/// Whether the delta has fallen so far that the position is sold.
#[must_use]
pub fn delta_is_lost(delta: Option<f64>, entry_delta: Option<f64>, least: Option<Share>) -> bool {
    let (Some(now), Some(then), Some(least)) = (delta, entry_delta, least) else {
        return false;
    };
    // Both in ten-thousandths: whole numbers, as far as a delta is worth reading.
    let (now, then) = (
        Price::from_dollars(now.abs()),
        Price::from_dollars(then.abs()),
    );
    matches!((now, then), (Some(now), Some(then)) if now < least.of(then))
}

/// A delta in millionths, as it is kept.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast to integers saturates; not a number becomes 0"
)]
pub fn millionths(delta: f64) -> i32 {
    (delta * 1e6).round() as i32
}

/// A delta that was kept in millionths.
#[must_use]
pub fn delta_of(millionths: i32) -> f64 {
    f64::from(millionths) / 1e6
}

fn locked_price(trail: &Trail, rules: &Rules, grid: PriceGrid) -> Price {
    let reached = |share: Share| share.of_up(trail.entry) <= trail.best;
    let locks = rules.locks.iter().filter(|lock| reached(lock.reached));
    locks
        .map(|lock| grid.ceil(lock.kept.of_up(trail.entry)))
        .max()
        .unwrap_or(Price::NONE)
}

/// Where trailing alone would have the stop; as it is, unless the step is worth a message.
fn trailing_price(trail: &Trail, rules: &Rules, grid: PriceGrid) -> Price {
    if trail.best < rules.trail_from.of_up(trail.entry) {
        return Price::NONE;
    }
    let by_share = rules.trail.map(|share| share.of(trail.best));
    let by_range = rules.trail_atr.zip(trail.range);
    let by_range =
        by_range.map(|(times, range)| Price(trail.best.0.saturating_sub(times.of(range).0)));
    let price = grid.floor(by_share.max(by_range).unwrap_or(Price::NONE));
    let step = rules.stop_step.of(trail.stop);
    let far_enough = trail.stop.0.saturating_add(step.0) <= price.0;
    if far_enough { price } else { Price::NONE }
}

#[cfg(test)]
mod tests {
    use super::super::config::tests::section;
    use super::*;
    use proptest::prelude::*;

    fn grid() -> PriceGrid {
        PriceGrid::PENNY
    }

    fn rules(flags: &str) -> Rules {
        Rules::from(&section(flags).unwrap())
    }

    fn trail(entry: i64, best: i64, bid: i64, stop: i64) -> Trail {
        Trail {
            entry: Price(entry),
            best: Price(best),
            bid: Price(bid),
            stop: Price(stop),
            range: None,
        }
    }

    #[test]
    fn locks_tighten_at_each_level() {
        let rules = rules("{trail_share: 0.0}");
        let check = |best: i64, expected: i64| {
            let stop = raised_stop(&trail(20_000, best, best, 10_000), &rules, grid());
            assert_eq!(stop, Price(expected), "best {best}");
        };
        check(39_500, 10_000);
        check(40_000, 30_000);
        check(60_000, 44_000);
        check(80_000, 60_000);
    }

    #[test]
    fn percent_and_range_trail_and_the_tighter_counts() {
        let by_share = rules("{locks: [], trail_share: 0.4}");
        let stop = raised_stop(&trail(20_000, 28_000, 28_000, 10_000), &by_share, grid());
        assert_eq!(stop, Price(16_800));
        let below_start = trail(20_000, 25_900, 25_900, 10_000);
        assert_eq!(raised_stop(&below_start, &by_share, grid()), Price(10_000));
        let both = rules("{locks: [], trail_share: 0.4, trail_atr: 2.0}");
        let mut ranged = trail(20_000, 28_000, 28_000, 10_000);
        ranged.range = premium_range(1.0, -0.4);
        assert_eq!(ranged.range, Some(Price(4_000)));
        assert_eq!(raised_stop(&ranged, &both, grid()), Price(20_000));
        assert_eq!(premium_range(f64::NAN, 0.5), None);
    }

    #[test]
    fn a_stop_that_rises_stays_below_the_bid() {
        let late = trail(20_000, 40_000, 29_000, 10_000);
        let stop = raised_stop(&late, &rules("{}"), grid());
        assert_eq!(
            stop,
            Price(28_900),
            "30_000 is locked, but the bid is below it"
        );
    }

    #[test]
    fn small_steps_wait_and_locks_do_not() {
        let rules = rules("{stop_step_share: 0.1}");
        let small = trail(20_000, 30_000, 30_000, 17_000);
        assert_eq!(raised_stop(&small, &rules, grid()), Price(17_000));
        let lock = trail(20_000, 40_000, 40_000, 29_000);
        assert_eq!(raised_stop(&lock, &rules, grid()), Price(30_000));
    }

    #[test]
    fn a_lost_delta_is_noticed_when_both_are_known() {
        let least = Some(Share::new(0.5));
        assert!(delta_is_lost(Some(-0.19), Some(-0.4), least));
        assert!(!delta_is_lost(Some(-0.2), Some(-0.4), least));
        assert!(!delta_is_lost(None, Some(-0.4), least));
        assert!(!delta_is_lost(Some(f64::NAN), Some(0.4), least));
        assert!(!delta_is_lost(Some(0.0), Some(0.4), None));
    }

    proptest! {
        /// I21 and POS-11, under any path of bids.
        #[test]
        fn the_stop_never_loosens_and_a_locked_winner_never_loses(
            entry in 1_i64..5_000,
            bids in prop::collection::vec(1_i64..20_000, 1..80),
            range in prop::option::of(1_i64..50_000),
        ) {
            let (rules, grid) = (rules("{trail_atr: 1.5}"), grid());
            let entry = grid.floor(Price(entry * 100));
            let mut now = trail(entry.0, 0, 0, 0);
            now.stop = grid.floor(rules.stop.of(entry));
            now.range = range.map(Price);
            let mut locked = false;
            for bid in bids {
                now.bid = grid.floor(Price(bid * 100));
                now.best = now.best.max(now.bid);
                let stop = raised_stop(&now, &rules, grid);
                prop_assert!(now.stop <= stop, "{stop} after {}", now.stop);
                if stop != now.stop {
                    prop_assert!(grid.holds(stop) && stop < now.bid);
                }
                now.stop = stop;
                locked = locked || Share::new(2.0).of_up(entry) <= now.bid;
                if locked {
                    prop_assert!(entry <= stop, "sold at {stop} what cost {entry}");
                    prop_assert!(locked_gain(entry, stop).is_some());
                }
                if now.bid <= now.stop {
                    break;
                }
            }
        }
    }
}
