//! Whether a value may be used, and until when.

use crate::units::Timestamp;

/// The state of a published value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quality {
    /// Computed from complete and fresh input.
    Ok,
    /// Not enough history yet.
    Warmup,
    /// No input.
    #[default]
    NoData,
    /// The input is older than its limit: the value is kept, no signal may rest on it.
    Stale,
    /// A side of the market is missing.
    OneSided,
    /// The bid is above the ask.
    Crossed,
    /// The bid equals the ask.
    Locked,
    /// An input was moved to the edge of its range.
    Clamped,
    /// The input determines the value badly.
    IllConditioned,
    /// The contract has expired.
    Expired,
}

impl Quality {
    /// The name in files, transcripts and the mirror.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warmup => "warmup",
            Self::NoData => "no_data",
            Self::Stale => "stale",
            Self::OneSided => "one_sided",
            Self::Crossed => "crossed",
            Self::Locked => "locked",
            Self::Clamped => "clamped",
            Self::IllConditioned => "ill_conditioned",
            Self::Expired => "expired",
        }
    }
}

/// When a value was computed, until when it holds, and how good it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When it was computed.
    pub computed_at: Timestamp,
    /// Until when it may be used.
    pub valid_until: Timestamp,
    /// How good it is.
    pub quality: Quality,
}

impl Default for Stamp {
    fn default() -> Self {
        Self {
            computed_at: Timestamp::NEVER,
            valid_until: Timestamp::NEVER,
            quality: Quality::NoData,
        }
    }
}

impl Stamp {
    /// A value computed at `now` that holds for `valid_ms`.
    #[must_use]
    pub fn new(now: Timestamp, valid_ms: i64, quality: Quality) -> Self {
        Self {
            computed_at: now,
            valid_until: now.plus_millis(valid_ms),
            quality,
        }
    }

    /// Whether the value is good and still holds at `now`.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.quality == Quality::Ok && now <= self.valid_until
    }
}
