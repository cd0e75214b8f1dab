//! Why an event was refused at the door. Refused means counted, never lost silently.

use bevy_ecs::prelude::Resource;

/// A reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The contract had settled before it was listed or before the event.
    ExpiredContract,
    /// The exchange calendar does not reach the contract's expiry.
    ExpiryOutsideCalendar,
    /// The contract was never listed, or its listing was refused.
    UnlistedContract,
    /// The underlying was never listed.
    UnlistedSymbol,
    /// A price below zero, or zero where there must be one.
    NonPositivePrice,
    /// A price above `ingest.price_max_usd`, or a bid above what an option can be worth.
    ImplausiblePrice,
    /// A price of an underlying too far from the last that was believed, see `ingest.price_band_share`.
    OutsideBand,
    /// A trade of no shares, or of a number of them that stands for none.
    ZeroSize,
    /// A bar whose low, open, close and high contradict each other.
    InconsistentBar,
    /// Book levels that are not sorted from the best.
    UnsortedBook,
    /// A source stamp older than `ingest.stale_stamp_ms`.
    StaleStamp,
    /// A source stamp ahead of the engine's time by more than `ingest.future_stamp_ms`.
    FutureStamp,
    /// A quote or book older than the one it would replace.
    OutOfOrder,
    /// A vendor's number that is not finite.
    NotANumber,
    /// A vendor's volatility outside (0, 5).
    IvOutOfRange,
    /// A vendor's delta outside [-1, 1], or a gamma below 0.
    DeltaOutOfRange,
}

impl Refusal {
    /// All reasons.
    pub const ALL: [Self; 16] = [
        Self::ExpiredContract,
        Self::ExpiryOutsideCalendar,
        Self::UnlistedContract,
        Self::UnlistedSymbol,
        Self::NonPositivePrice,
        Self::ImplausiblePrice,
        Self::OutsideBand,
        Self::ZeroSize,
        Self::InconsistentBar,
        Self::UnsortedBook,
        Self::StaleStamp,
        Self::FutureStamp,
        Self::OutOfOrder,
        Self::NotANumber,
        Self::IvOutOfRange,
        Self::DeltaOutOfRange,
    ];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ExpiredContract => "expired_contract",
            Self::ExpiryOutsideCalendar => "expiry_outside_calendar",
            Self::UnlistedContract => "unlisted_contract",
            Self::UnlistedSymbol => "unlisted_symbol",
            Self::NonPositivePrice => "non_positive_price",
            Self::ImplausiblePrice => "implausible_price",
            Self::OutsideBand => "outside_band",
            Self::ZeroSize => "zero_size",
            Self::InconsistentBar => "inconsistent_bar",
            Self::UnsortedBook => "unsorted_book",
            Self::StaleStamp => "stale_stamp",
            Self::FutureStamp => "future_stamp",
            Self::OutOfOrder => "out_of_order",
            Self::NotANumber => "not_a_number",
            Self::IvOutOfRange => "iv_out_of_range",
            Self::DeltaOutOfRange => "delta_out_of_range",
        }
    }
}

/// Refused events, counted by reason.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals([u64; Refusal::ALL.len()]);

impl Refusals {
    /// Counts one.
    pub fn count(&mut self, reason: Refusal) {
        self.0[reason as usize] += 1;
    }

    /// How many for `reason`.
    #[must_use]
    pub fn of(&self, reason: Refusal) -> u64 {
        self.0[reason as usize]
    }

    /// How many in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The reasons that occurred, with their counts.
    pub fn by_reason(&self) -> impl Iterator<Item = (Refusal, u64)> {
        Refusal::ALL
            .into_iter()
            .map(|reason| (reason, self.of(reason)))
            .filter(|(_, n)| *n > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_listed_in_order_and_named_once() {
        assert!(
            Refusal::ALL
                .iter()
                .enumerate()
                .all(|(i, reason)| *reason as usize == i)
        );
        let mut names: Vec<_> = Refusal::ALL.iter().map(|reason| reason.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Refusal::ALL.len());
    }
}
