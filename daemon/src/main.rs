//! The program `alphatrader`.
fn main() {}
