//! What happens in a tick, in order. There is no other list.

use bevy_ecs::schedule::SystemSet;

/// A phase of the tick. Its systems run in the order in which they were added.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Listings, quotes, trades and books enter the world; what is not plausible is refused.
    Ingest,
    /// Implied volatility and Greeks of what changed.
    Greeks,
    /// Trades fill volume buckets.
    Vpin,
    /// Dealer gamma and delta by contract, strike, expiry and underlying; levels.
    Exposure,
    /// Imbalance and order flow of the books.
    Imbalance,
    /// What trades look like, and who seems to be behind them.
    Patterns,
    /// What the market did, what its options expect, and what that is called.
    Volatility,
    /// What the broker reported changes orders, positions and profit.
    Positions,
    /// Strategies score underlyings, pick contracts and watch their exits.
    Scoring,
    /// Signals that repeat themselves are dropped.
    Dedupe,
    /// What is left is approved or refused.
    Risk,
    /// What came in and what was decided becomes durable.
    Commit,
    /// What is durable leaves.
    Dispatch,
    /// State leaves for those who watch.
    Mirror,
}

impl Phase {
    /// How many phases a tick has.
    pub const COUNT: usize = Self::ALL.len();

    /// All phases in order.
    pub const ALL: [Self; 14] = [
        Self::Ingest,
        Self::Greeks,
        Self::Vpin,
        Self::Exposure,
        Self::Imbalance,
        Self::Patterns,
        Self::Volatility,
        Self::Positions,
        Self::Scoring,
        Self::Dedupe,
        Self::Risk,
        Self::Commit,
        Self::Dispatch,
        Self::Mirror,
    ];

    /// Its place in the tick.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Greeks => "greeks",
            Self::Vpin => "vpin",
            Self::Exposure => "exposure",
            Self::Imbalance => "imbalance",
            Self::Patterns => "patterns",
            Self::Volatility => "volatility",
            Self::Positions => "positions",
            Self::Scoring => "scoring",
            Self::Dedupe => "dedupe",
            Self::Risk => "risk",
            Self::Commit => "commit",
            Self::Dispatch => "dispatch",
            Self::Mirror => "mirror",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_the_variants() {
        assert!(Phase::ALL.is_sorted());
        assert!(
            Phase::ALL
                .iter()
                .enumerate()
                .all(|(index, phase)| phase.index() == index)
        );
    }
}
