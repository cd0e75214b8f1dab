//! Volatility: what the market did, and what its options expect.

/// What a series of bars did.
pub mod realized;
/// What a strip of options expects.
pub mod strip;
/// Whether returns trend, revert or walk.
pub mod variance_ratio;
