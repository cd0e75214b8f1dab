//! What the order book and the flow of its best quotes say.

pub mod book;
pub mod history;
pub mod order_flow;
