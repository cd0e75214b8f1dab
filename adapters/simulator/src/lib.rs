//! A seeded synthetic market and a simulated exchange.
