//! The legs of an entry: a stop and a target that rest at the broker before the entry can fill.
//!
//! Entry, stop and target are journalled in one frame and sent together; the broker releases none
//! before the last has arrived. Of the two legs only one fills (their group is named after the
//! entry), and neither works before the entry is filled.

use super::rules::Rules;
use super::working::stop_limit;
use components::market::Side;
use components::order::{Order, OrderId, OrderKind, Role};
use components::price_grid::PriceGrid;
use components::units::{Price, Timestamp};
use thiserror::Error;

/// How the legs of an entry may be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bracket {
    /// The stop that sells at a loss.
    pub stop: OrderKind,
    /// The limit that takes the profit.
    pub target: OrderKind,
}

/// Why an entry can have no legs: it must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BracketError {
    /// There is nothing to protect.
    #[error("quantity was 0, must be at least 1")]
    NoQuantity,
    /// The limit is no price that an order may carry.
    #[error("limit was {0}, must be positive and on the price grid")]
    NoPrice(Price),
    /// A stop and its limit do not fit below the entry.
    #[error("limit was {limit}, must be at least {least}: a stop and its own limit lie below it")]
    TooCheap {
        /// The limit of the entry.
        limit: Price,
        /// The least for which legs exist.
        least: Price,
    },
    /// The stop would be set off at once.
    #[error("bid was {bid}, must be above the stop of {stop}")]
    AboveBid {
        /// The bid.
        bid: Price,
        /// The stop.
        stop: Price,
    },
    /// No price above the entry is left for the target.
    #[error("limit was {0}, too high for a target above it")]
    TooDear(Price),
}

/// The legs of an entry for `quantity` contracts at `limit` while the bid is `bid`.
///
/// # Errors
/// When there is no stop with a limit of its own between 0 and the entry, when the bid has already
/// reached the stop, or when `quantity` or `limit` are none.
pub fn bracket(
    limit: Price,
    quantity: u32,
    bid: Price,
    rules: &Rules,
    grid: PriceGrid,
) -> Result<Bracket, BracketError> {
    if quantity == 0 {
        return Err(BracketError::NoQuantity);
    }
    if !grid.holds(limit) {
        return Err(BracketError::NoPrice(limit));
    }
    // The lowest stop has a limit of its own below it.
    let lowest_stop = grid.above(grid.lowest());
    if limit <= lowest_stop {
        return Err(BracketError::TooCheap {
            limit,
            least: grid.above(lowest_stop),
        });
    }
    let wanted = grid.floor(rules.stop.of(limit)).min(grid.below(limit));
    let stop = wanted.max(lowest_stop);
    if bid <= stop {
        return Err(BracketError::AboveBid { bid, stop });
    }
    let above = rules.target.of_up(limit).max(grid.above(limit));
    let target = grid.ceil(above);
    if target <= limit || target.0 == i64::MAX {
        return Err(BracketError::TooDear(limit));
    }
    Ok(Bracket {
        stop: stop_limit(stop, limit, rules, grid),
        target: OrderKind::Limit(target),
    })
}

/// The legs of `entry` as orders, the stop first. They last until `good_until`, not only as long as
/// the entry.
#[must_use]
pub fn legs(
    entry: &Order,
    bracket: Bracket,
    ids: [OrderId; 2],
    good_until: Timestamp,
) -> [Order; 2] {
    let leg = |id, kind, role| Order {
        id,
        contract: entry.contract,
        side: Side::Sell,
        quantity: entry.quantity,
        kind,
        role,
        parent: Some(entry.id),
        oca: Some(entry.id),
        at: entry.at,
        good_until,
    };
    [
        leg(ids[0], bracket.stop, Role::Stop),
        leg(ids[1], bracket.target, Role::Target),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::config::tests::section;
    use super::*;
    use components::contract::{Contract, OptionTerms};
    use components::market::Ticker;
    use proptest::prelude::*;

    fn grid() -> PriceGrid {
        PriceGrid::PENNY
    }

    fn made(limit: i64, bid: i64) -> Result<Bracket, BracketError> {
        let rules = Rules::from(&section("{}").unwrap());
        bracket(Price(limit), 2, Price(bid), &rules, grid())
    }

    fn check(limit: i64, bid: i64, stop: i64, stop_limit: i64, target: i64) {
        let expected = Bracket {
            stop: OrderKind::StopLimit {
                stop: Price(stop),
                limit: Price(stop_limit),
            },
            target: OrderKind::Limit(Price(target)),
        };
        assert_eq!(made(limit, bid), Ok(expected));
    }

    #[test]
    fn legs_lie_on_the_grid() {
        check(20_000, 19_500, 10_000, 8_000, 100_000);
        check(70_000, 69_500, 35_000, 28_000, 350_000);
        check(30_500, 30_000, 15_200, 12_100, 152_500);
    }

    #[test]
    fn cheap_options_have_distinct_prices_or_a_reason() {
        check(500, 400, 200, 100, 2_500);
        check(300, 300, 200, 100, 1_500);
        let error = |limit, bid| made(limit, bid).unwrap_err().to_string();
        assert_eq!(
            error(200, 200),
            "limit was 0.02, must be at least 0.03: a stop and its own limit lie below it"
        );
        assert_eq!(
            error(300, 200),
            "bid was 0.02, must be above the stop of 0.02"
        );
        assert_eq!(
            error(150, 100),
            "limit was 0.0150, must be positive and on the price grid"
        );
        assert!(error(0, 0).contains("positive"));
    }

    #[test]
    fn the_legs_belong_to_the_entry() {
        let entry = Order {
            id: OrderId(7),
            contract: Contract {
                underlying: Ticker::new("SPY").unwrap(),
                terms: OptionTerms::from_osi("SPY   151224C00205000").unwrap(),
            },
            side: Side::Buy,
            quantity: 3,
            kind: OrderKind::Limit(Price(20_000)),
            role: Role::Entry,
            parent: None,
            oca: None,
            at: Timestamp(5),
            good_until: Timestamp(6),
        };
        let bracket = made(20_000, 19_900).unwrap();
        let [stop, target] = legs(&entry, bracket, [OrderId(8), OrderId(9)], Timestamp(99));
        assert_eq!((stop.role, stop.kind), (Role::Stop, bracket.stop));
        assert_eq!((target.role, target.kind), (Role::Target, bracket.target));
        for leg in [stop, target] {
            assert_eq!((leg.parent, leg.oca), (Some(entry.id), Some(entry.id)));
            assert_eq!((leg.side, leg.quantity), (Side::Sell, 3));
            assert_eq!(
                (leg.contract, leg.good_until),
                (entry.contract, Timestamp(99))
            );
        }
    }

    proptest! {
        #[test]
        fn any_entry_has_valid_legs_or_none(
            ticks in 1_i64..20_000,
            below in 0_i64..5,
            stop in 0.01_f64..0.99,
            target in 0.01_f64..10.0,
            stop_limit in 0.0_f64..0.9,
        ) {
            let mut rules = Rules::from(&section("{}").unwrap());
            rules.stop = super::super::rules::Share::new(stop).rest();
            rules.target = super::super::rules::Share::new(target).and_one();
            rules.stop_limit = super::super::rules::Share::new(stop_limit).rest();
            let grid = grid();
            let limit = grid.floor(Price(ticks * 100));
            let bid = grid.floor(Price((ticks - below) * 100));
            match bracket(limit, 1, bid, &rules, grid) {
                Ok(legs) => {
                    let OrderKind::StopLimit { stop, limit: floor } = legs.stop else {
                        return Err(TestCaseError::fail("no stop with a limit"));
                    };
                    let target = legs.target.limit().unwrap();
                    prop_assert!([floor, stop, target].iter().all(|price| grid.holds(*price)));
                    prop_assert!(floor < stop && stop < limit && limit < target && stop < bid);
                }
                Err(BracketError::TooCheap { .. }) => prop_assert!(limit < Price(300)),
                Err(BracketError::AboveBid { bid, stop }) => prop_assert!(bid <= stop),
                Err(error) => prop_assert!(false, "{error}"),
            }
        }
    }
}
