//! What was intended and what left, in three counts that a doubled order moves at once.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use components::order::Order;
use components::units::Cash;

/// Count, contracts and notional.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Orders.
    pub orders: u64,
    /// Contracts.
    pub contracts: u64,
    /// At their limits, saturating.
    pub notional: Cash,
}

impl Totals {
    /// One order.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        let limit = order.kind.limit().unwrap_or_default();
        let multiplier = order.contract.terms.multiplier;
        let notional = Cash::of(limit, i64::from(order.quantity), multiplier);
        Self {
            orders: 1,
            contracts: u64::from(order.quantity),
            notional: notional.unwrap_or(Cash(i64::MAX)),
        }
    }

    /// Both together, saturating.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            orders: self.orders.saturating_add(other.orders),
            contracts: self.contracts.saturating_add(other.contracts),
            notional: Cash(self.notional.0.saturating_add(other.notional.0)),
        }
    }

    /// By how much this is more than `other`, at least 0.
    #[must_use]
    pub fn beyond(self, other: Self) -> Self {
        Self {
            orders: self.orders.saturating_sub(other.orders),
            contracts: self.contracts.saturating_sub(other.contracts),
            notional: Cash(self.notional.0.saturating_sub(other.notional.0).max(0)),
        }
    }

    /// Whether any of the three is larger than `other`'s.
    #[must_use]
    pub fn exceeds(self, other: Self) -> bool {
        self.orders > other.orders
            || self.contracts > other.contracts
            || self.notional > other.notional
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(orders: u64, contracts: u64, notional: i64) -> Totals {
        Totals {
            orders,
            contracts,
            notional: Cash(notional),
        }
    }

    #[test]
    fn each_of_the_three_can_be_too_much() {
        let most = totals(2, 2, 2);
        assert!(!most.exceeds(most) && !totals(1, 1, 1).exceeds(most));
        for more in [totals(3, 1, 1), totals(1, 3, 1), totals(1, 1, 3)] {
            assert!(more.exceeds(most), "{more:?}");
        }
    }

    #[test]
    fn sums_saturate_and_differences_end_at_nothing() {
        let vast = totals(u64::MAX, u64::MAX, i64::MAX);
        assert_eq!(vast.plus(totals(1, 1, 1)), vast);
        assert_eq!(totals(1, 2, 3).plus(totals(4, 5, 6)), totals(5, 7, 9));
        assert_eq!(totals(3, 1, 5).beyond(totals(1, 3, 2)), totals(2, 0, 3));
        assert_eq!(totals(0, 0, 1).beyond(totals(0, 0, 5)), Totals::default());
    }
}
