//! A held position and the moment, as plain values: all that its exits depend on.

use super::working::WorkingOrder;
use components::contract::Contract;
use components::market::Quote;
use components::price_grid::PriceGrid;
use components::units::Timestamp;
use engine::calendar::Session;
use engine::record::{HoldingState, Restriction};

/// A position and all that its exits depend on.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// The contract.
    pub contract: Contract,
    /// On what terms it is held, and how its exit stands.
    pub state: HoldingState,
    /// Contracts held, negative is short.
    pub quantity: i64,
    /// Its best bid and ask.
    pub quote: Quote,
    /// Whether the quote may be traded on: fresh, and the underlying not halted.
    pub fresh: bool,
    /// The delta, if it is known.
    pub delta: Option<f64>,
    /// The delta when it was opened, if it was known.
    pub entry_delta: Option<f64>,
    /// The underlying's average true range, dollars, if it is known.
    pub atr: Option<f64>,
    /// All orders of the contract that are not over.
    pub orders: &'a [WorkingOrder],
    /// Contracts that other people's working orders may sell.
    pub foreign_selling: u32,
    /// When the contract settles.
    pub settles_at: Timestamp,
    /// The prices that its orders may carry.
    pub grid: PriceGrid,
}

/// Whether orders reach the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// They do, and after an outage the broker's whole answer has been worked through.
    Up,
    /// They do not: what rests there is all the protection there is.
    Down,
}

/// What holds for all positions now.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now.
    pub now: Timestamp,
    /// Today's session.
    pub session: Session,
    /// When the next session opens; absent if the calendar ends.
    pub next_open: Option<Timestamp>,
    /// Whether orders reach the broker.
    pub link: Link,
    /// How far trading is restricted.
    pub restriction: Restriction,
}
