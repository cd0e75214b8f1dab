//! What the executions of a strategy come to.

use super::execution::Open;
use components::signal::StrategyName;
use components::units::Cash;

/// An execution as it counts now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Booked {
    pub(super) revision: u16,
    pub(super) strategy: StrategyName,
    pub(super) open: Option<Open>,
    pub(super) contracts: u64,
    pub(super) premium: Cash,
    pub(super) slippage_mid: Option<Cash>,
    pub(super) better_than_limit: Cash,
}

/// What became of the orders of one strategy. Sums saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExecutionSums {
    /// Orders that left.
    pub sent: u64,
    /// Of these, refused by the broker.
    pub rejected: u64,
    /// Orders of which the first execution was not the whole.
    pub partial: u64,
    /// Executions, corrections not counted.
    pub executions: u64,
    /// Contracts executed.
    pub contracts: u64,
    /// Money that changed hands, without fees, whatever its direction.
    pub premium: Cash,
    /// Fees.
    pub fees: Cash,
    /// Worse than the midpoint when the order left, all contracts; negative is better. Of orders
    /// that open or close now.
    pub slippage_mid: Cash,
    /// Contracts that `slippage_mid` is about.
    pub slippage_contracts: u64,
    /// Better than the limit in force, all contracts.
    pub better_than_limit: Cash,
}

impl ExecutionSums {
    /// Adds an execution, or takes it out with a `sign` of -1.
    pub(super) fn add(&mut self, one: &Booked, sign: i64) {
        let sum = |total: &mut Cash, more: Cash| {
            total.0 = total.0.saturating_add(more.0.saturating_mul(sign));
        };
        let count = |total: &mut u64, more: u64| {
            *total = if sign < 0 {
                total.saturating_sub(more)
            } else {
                total.saturating_add(more)
            };
        };
        count(&mut self.contracts, one.contracts);
        sum(&mut self.premium, one.premium);
        sum(&mut self.better_than_limit, one.better_than_limit);
        if let Some(slippage) = one.slippage_mid {
            sum(&mut self.slippage_mid, slippage);
            count(&mut self.slippage_contracts, one.contracts);
        }
    }

    /// Takes in the sums of another strategy.
    pub fn merge(&mut self, other: &Self) {
        let sum = |total: &mut Cash, more: Cash| total.0 = total.0.saturating_add(more.0);
        self.sent += other.sent;
        self.rejected += other.rejected;
        self.partial += other.partial;
        self.executions += other.executions;
        self.contracts += other.contracts;
        self.slippage_contracts += other.slippage_contracts;
        sum(&mut self.premium, other.premium);
        sum(&mut self.fees, other.fees);
        sum(&mut self.slippage_mid, other.slippage_mid);
        sum(&mut self.better_than_limit, other.better_than_limit);
    }

    /// Dollars of fees for each contract; `None` without one.
    #[must_use]
    pub fn fees_per_contract(&self) -> Option<f64> {
        ratio(self.fees, self.contracts)
    }

    /// Fees as a share of the premium; `None` without one.
    #[must_use]
    pub fn fees_of_premium(&self) -> Option<f64> {
        (self.premium.0 != 0).then(|| self.fees.0 as f64 / self.premium.0 as f64)
    }

    /// Dollars worse than the midpoint for each contract; `None` without one.
    #[must_use]
    pub fn slippage_per_contract(&self) -> Option<f64> {
        ratio(self.slippage_mid, self.slippage_contracts)
    }
}

fn ratio(cash: Cash, count: u64) -> Option<f64> {
    (count > 0).then(|| cash.dollars() / count as f64)
}
