//! Implied volatility and Greeks of every contract.

pub mod black_scholes;
pub mod implied_volatility;
