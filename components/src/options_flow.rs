//! What is traded in an underlying's options in a session.

use crate::contract::{ContractId, OptionTerms};
use crate::quality::Stamp;
use crate::units::Cash;
use bevy_ecs::prelude::Component;

/// Unusual contracts that are shown.
pub const UNUSUAL_MAX: usize = 5;

/// What a contract traded since the session's open.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContractVolume {
    /// Contracts.
    pub contracts: u64,
    /// Of these, above the midpoint of the quote before: bought by who began the trade.
    pub bought: u64,
    /// Of these, below it.
    pub sold: u64,
    /// Whether it was called unusual in this session.
    pub unusual: bool,
}

/// Why a contract's volume is unusual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusualReason {
    /// Volume is a multiple of the open interest.
    OverInterest,
    /// Nothing was open the night before.
    NoInterest,
}

impl UnusualReason {
    /// The name in transcripts and the mirror.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OverInterest => "over_interest",
            Self::NoInterest => "no_interest",
        }
    }
}

/// A contract with unusual volume.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnusualContract {
    /// The contract.
    pub contract: ContractId,
    /// Its terms.
    pub terms: OptionTerms,
    /// Contracts traded since the open.
    pub volume: ContractVolume,
    /// Open interest.
    pub interest: u32,
    /// Volume over open interest; absent where nothing was open.
    pub ratio: Option<f64>,
    /// Why it is here.
    pub reason: UnusualReason,
}

/// What is traded in an underlying's options since the session's open.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct OptionsFlow {
    /// Calls traded.
    pub call_volume: u64,
    /// Puts traded.
    pub put_volume: u64,
    /// Puts over calls by volume; absent without calls.
    pub put_call_volume: Option<f64>,
    /// Open calls.
    pub call_interest: u64,
    /// Open puts.
    pub put_interest: u64,
    /// Puts over calls by open interest; absent without calls.
    pub put_call_interest: Option<f64>,
    /// Share of the volume that expires today, 0 to 1; absent without volume.
    pub zero_day_share: Option<f64>,
    /// Premium of trades above the midpoint of their quote; absent where no trade has a side.
    pub bought: Option<Cash>,
    /// Premium of trades below it; absent where no trade has a side.
    pub sold: Option<Cash>,
    /// Shares of the underlying that the sided trades' deltas stand for, bought less sold; absent
    /// where no sided trade has a delta.
    pub delta_shares: Option<f64>,
    /// Share of the volume whose side is known, 0 to 1; absent without volume.
    pub sided_share: Option<f64>,
    /// Share of the sided volume that had a delta, 0 to 1; absent without sided volume.
    pub delta_covered: Option<f64>,
    /// Contracts that became unusual in this session.
    pub unusual_count: u32,
    /// The most unusual of them, the highest volume over open interest first; those without open
    /// interest stand before, by volume.
    pub unusual: [Option<UnusualContract>; UNUSUAL_MAX],
    /// When, until when, how good volumes, open interest and what is unusual are.
    pub stamp: Stamp,
    /// When, until when, how good premium and delta are: `no_data` where the feed gives volumes and
    /// no trades, `ill_conditioned` where less than half of the volume has a side.
    pub sided: Stamp,
}
