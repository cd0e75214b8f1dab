//! What we trade: one file per strategy.
