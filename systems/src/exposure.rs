//! Gamma and delta exposure per contract, strike, expiry and underlying, and their levels.

pub mod levels;
pub mod sums;
pub mod zero_gamma;
