//! What became of the positions of each strategy: reason, duration, profit, best and worst price,
//! and whether a locked profit held.

use super::trailing::locked_gain;
use bevy_ecs::prelude::Resource;
use components::market::{Quote, QuoteState};
use components::signal::{Intent, StrategyName};
use components::units::{Cash, Price, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The highest and the lowest bid while a position was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excursion {
    /// The highest.
    pub best: Price,
    /// The lowest.
    pub worst: Price,
}

impl Excursion {
    /// An excursion that begins at the cost of a contract.
    #[must_use]
    pub fn from_entry(entry: Price) -> Self {
        Self {
            best: entry,
            worst: entry,
        }
    }

    /// Takes a quote; one that is not two-sided or locked says nothing.
    pub fn observe(&mut self, quote: &Quote) {
        if matches!(quote.state(), QuoteState::TwoSided | QuoteState::Locked) {
            self.best = self.best.max(quote.bid);
            self.worst = self.worst.min(quote.bid);
        }
    }
}

/// Why a position ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// At a stop below the cost.
    Stop,
    /// At a stop that had locked a profit, or the cost.
    LockedStop,
    /// At its target.
    Target,
    /// In parts at steps of its targets.
    ScaleOut,
    /// Its time was over.
    Time,
    /// It could not be protected.
    Unprotected,
    /// An operator or a limit closed everything.
    Forced,
    /// The broker or somebody else closed it.
    External,
    /// It expired.
    Expired,
}

impl ExitReason {
    /// The reason behind the last order, for a position whose stop stood at `stop`.
    #[must_use]
    pub fn of(why: Intent, entry: Price, stop: Price) -> Self {
        match why {
            Intent::Stop if locked_gain(entry, stop).is_some() => Self::LockedStop,
            Intent::Stop => Self::Stop,
            Intent::Target => Self::Target,
            Intent::ScaleOut => Self::ScaleOut,
            Intent::TimeExit => Self::Time,
            Intent::Protect => Self::Unprotected,
            Intent::Flatten => Self::Forced,
            Intent::Open => Self::External,
        }
    }

    /// The word in reports and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::LockedStop => "locked_stop",
            Self::Target => "target",
            Self::ScaleOut => "scale_out",
            Self::Time => "time",
            Self::Unprotected => "unprotected",
            Self::Forced => "forced",
            Self::External => "external",
            Self::Expired => "expired",
        }
    }
}

/// A position that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedPosition {
    /// The strategy.
    pub strategy: StrategyName,
    /// Why it ended.
    pub reason: ExitReason,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the last contract went.
    pub closed_at: Timestamp,
    /// Contracts at its largest.
    pub quantity: u32,
    /// Shares that a contract stands for.
    pub multiplier: u32,
    /// Average cost of a contract.
    pub entry: Price,
    /// The stop in force at the end.
    pub stop: Price,
    /// The highest and the lowest bid.
    pub excursion: Excursion,
    /// Profit after fees.
    pub profit: Cash,
    /// Fees.
    pub fees: Cash,
}

impl ClosedPosition {
    /// Nanoseconds that it was held, at least 0.
    #[must_use]
    pub fn held_ns(&self) -> i64 {
        self.closed_at.nanos_since(self.opened_at).max(0)
    }

    /// The most that it could have won, before fees, for all contracts.
    #[must_use]
    pub fn best_excursion(&self) -> Cash {
        self.worth(self.excursion.best.0.saturating_sub(self.entry.0))
    }

    /// The most that it could have lost, before fees, for all contracts; negative is a loss.
    #[must_use]
    pub fn worst_excursion(&self) -> Cash {
        self.worth(self.excursion.worst.0.saturating_sub(self.entry.0))
    }

    /// Whether it ended below what its stop had locked, before fees (POS-11).
    #[must_use]
    pub fn broke_its_lock(&self) -> bool {
        let before_fees = self.profit.0.saturating_add(self.fees.0);
        locked_gain(self.entry, self.stop)
            .is_some_and(|locked| before_fees < self.worth(locked.0).0)
    }

    fn worth(&self, each: i64) -> Cash {
        let quantity = i64::from(self.quantity);
        Cash::of(Price(each), quantity, self.multiplier).unwrap_or(Cash(if each < 0 {
            i64::MIN
        } else {
            i64::MAX
        }))
    }
}

/// The exits of one strategy, or of one of its reasons. Sums saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitSums {
    /// Positions that ended.
    pub positions: u64,
    /// Those that made money after fees.
    pub winners: u64,
    /// Profit after fees.
    pub profit: Cash,
    /// Fees.
    pub fees: Cash,
    /// Nanoseconds held, all together.
    pub held_ns: i64,
    /// Sum of [`ClosedPosition::best_excursion`].
    pub best_excursion: Cash,
    /// Sum of [`ClosedPosition::worst_excursion`].
    pub worst_excursion: Cash,
    /// Those that ended with a locked profit.
    pub locked: u64,
    /// Those that ended below what was locked.
    pub locks_broken: u64,
}

impl ExitSums {
    /// Nanoseconds that a position was held on average; `None` without positions.
    #[must_use]
    pub fn mean_held_ns(&self) -> Option<i64> {
        i64::try_from(self.positions)
            .ok()
            .and_then(|count| self.held_ns.checked_div(count))
    }

    fn add(&mut self, closed: &ClosedPosition) {
        let sum = |total: Cash, more: Cash| Cash(total.0.saturating_add(more.0));
        self.positions += 1;
        self.winners += u64::from(closed.profit.0 > 0);
        self.profit = sum(self.profit, closed.profit);
        self.fees = sum(self.fees, closed.fees);
        self.held_ns = self.held_ns.saturating_add(closed.held_ns());
        self.best_excursion = sum(self.best_excursion, closed.best_excursion());
        self.worst_excursion = sum(self.worst_excursion, closed.worst_excursion());
        self.locked += u64::from(locked_gain(closed.entry, closed.stop).is_some());
        self.locks_broken += u64::from(closed.broke_its_lock());
    }
}

/// The exits of all strategies. Bounded by strategies times reasons.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct ExitStatistics {
    sums: BTreeMap<(StrategyName, ExitReason), ExitSums>,
    raised: BTreeMap<StrategyName, u64>,
}

impl ExitStatistics {
    /// Counts a position that is gone.
    pub fn record(&mut self, closed: &ClosedPosition) {
        let key = (closed.strategy, closed.reason);
        self.sums.entry(key).or_default().add(closed);
    }

    /// Counts a stop that rose.
    pub fn count_raise(&mut self, strategy: StrategyName) {
        *self.raised.entry(strategy).or_default() += 1;
    }

    /// The sums by strategy and reason, in order.
    pub fn by_reason(&self) -> impl Iterator<Item = (StrategyName, ExitReason, &ExitSums)> {
        self.sums
            .iter()
            .map(|((strategy, reason), sums)| (*strategy, *reason, sums))
    }

    /// How often stops rose (`trailing_stop_adjustments_total`), by strategy, in order.
    pub fn raises(&self) -> impl Iterator<Item = (StrategyName, u64)> {
        self.raised
            .iter()
            .map(|(strategy, count)| (*strategy, *count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(stop: i64, profit: i64, why: Intent) -> ClosedPosition {
        ClosedPosition {
            strategy: StrategyName::new("swing"),
            reason: ExitReason::of(why, Price(20_000), Price(stop)),
            opened_at: Timestamp(1_000),
            closed_at: Timestamp(61_000),
            quantity: 2,
            multiplier: 100,
            entry: Price(20_000),
            stop: Price(stop),
            excursion: Excursion {
                best: Price(45_000),
                worst: Price(15_000),
            },
            profit: Cash(profit),
            fees: Cash(20_000),
        }
    }

    #[test]
    fn exits_are_summed_by_strategy_and_reason() {
        let mut statistics = ExitStatistics::default();
        // Locked at +1.00 a share, 200 shares: 2,000,000 before fees is kept, 1,999,999 is not.
        statistics.record(&closed(30_000, 1_980_000, Intent::Stop));
        statistics.record(&closed(30_000, 1_979_999, Intent::Stop));
        statistics.record(&closed(10_000, -2_020_000, Intent::Stop));
        let found: Vec<_> = statistics.by_reason().collect();
        assert_eq!(found.len(), 2);
        let (_, reason, lost) = found[0];
        assert_eq!(
            (reason, lost.winners, lost.locked),
            (ExitReason::Stop, 0, 0)
        );
        let (_, reason, kept) = found[1];
        assert_eq!(
            (reason.name(), kept.positions, kept.winners),
            ("locked_stop", 2, 2)
        );
        assert_eq!((kept.locked, kept.locks_broken), (2, 1));
        assert_eq!(kept.profit, Cash(3_959_999));
        assert_eq!((kept.fees, kept.held_ns), (Cash(40_000), 120_000));
        assert_eq!(kept.best_excursion, Cash(2 * 25_000 * 200));
        assert_eq!(kept.worst_excursion, Cash(-2 * 5_000 * 200));
        assert_eq!(kept.mean_held_ns(), Some(60_000));
        assert_eq!(ExitSums::default().mean_held_ns(), None);
    }

    #[test]
    fn an_excursion_ignores_what_nobody_could_trade_at() {
        let mut excursion = Excursion::from_entry(Price(20_000));
        let quote = |bid, ask| Quote {
            bid: Price(bid),
            ask: Price(ask),
            ..Quote::default()
        };
        for quote in [quote(50_000, 40_000), quote(0, 100), quote(19_000, 21_000)] {
            excursion.observe(&quote);
        }
        assert_eq!(
            (excursion.best, excursion.worst),
            (Price(20_000), Price(19_000))
        );
    }

    #[test]
    fn raises_are_counted_by_strategy() {
        let mut statistics = ExitStatistics::default();
        let names = ["swing", "zero_dte", "swing"].map(StrategyName::new);
        names
            .into_iter()
            .for_each(|name| statistics.count_raise(name));
        let counts: Vec<_> = statistics.raises().map(|(_, count)| count).collect();
        assert_eq!(counts, [2, 1]);
    }
}
