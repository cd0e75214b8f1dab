//! Volatility: what the market did, what its options expect, and what that is called.

/// Bars and their returns.
pub mod bars;
/// What is usual at this time of the day.
pub mod climate;
/// What a one-day volatility is called.
pub mod levels;
/// What the market is doing.
pub mod market_state;
/// Calm and turbulent.
pub mod markov;
/// What a series of bars did.
pub mod realized;
/// The shape of one expiry.
pub mod smile;
/// What a strip of options expects.
pub mod strip;
/// What a series of options says.
pub mod surface;
/// Whether returns trend, revert or walk.
pub mod variance_ratio;
