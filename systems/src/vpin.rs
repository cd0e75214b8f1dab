//! Order-flow toxicity on the volume clock.

pub mod bars;
pub mod bulk;
pub mod cdf;
pub mod conditions;
pub mod signed;
pub mod volume_clock;
