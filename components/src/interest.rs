//! Open interest: how many contracts exist, as the clearing house counted last night.

use crate::units::Timestamp;
use bevy_ecs::prelude::Component;

/// The open interest of a contract.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
#[component(summary_tick)]
pub struct OpenInterest {
    /// Contracts; missing counts as 0.
    pub contracts: u32,
    /// When it was published; [`Timestamp::NEVER`] if it never was.
    pub at: Timestamp,
}

impl Default for OpenInterest {
    fn default() -> Self {
        Self {
            contracts: 0,
            at: Timestamp::NEVER,
        }
    }
}
