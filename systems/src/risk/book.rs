//! The book: what is held, what is wanted, and an order that would be added to it.
//!
//! Of an order in flight nobody knows how much of it will be filled: each contract ends somewhere
//! between `held - sells` and `held + buys`. [`exposure`] sums that up at its worst.
//!
//! [`exposure`]: crate::risk::exposure

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use super::money::premium;
use super::repricing::SCENARIOS;
use components::contract::{Contract, Instrument};
use components::market::{Quote, Side};
use components::order::OrderId;
use components::units::{Cash, Price};
use std::collections::BTreeMap;

/// What kind of thing an underlying is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssetClass {
    /// An index: `SPX`.
    Index,
    /// An exchange-traded fund: `SPY`.
    Fund,
    /// A stock.
    Stock,
}

/// What one unit of an instrument risks: a contract with its multiplier, or a share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitRisk<'a> {
    /// Its Greeks in dollars.
    pub greeks: UnitGreeks,
    /// What it gains in each of [`super::repricing::scenarios`], dollars.
    pub scenarios_usd: [f64; SCENARIOS],
    /// What it gains under each day of the history, dollars; as long as [`Book::history_days`].
    pub history_usd: &'a [f64],
    /// Whether the days are those of its underlying, and not the stand-in.
    pub dated: bool,
}

impl UnitRisk<'_> {
    /// Whether every number is one. The smaller of a number and none is the number, so that sums
    /// would hide what is missing.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        let UnitGreeks {
            delta_usd,
            gamma_usd,
            vega_usd,
            theta_usd,
        } = self.greeks;
        let greeks = [delta_usd, gamma_usd, vega_usd, theta_usd];
        let moves = self.scenarios_usd.iter().chain(self.history_usd);
        greeks.iter().chain(moves).all(|value| value.is_finite())
    }
}

/// The Greeks of one unit, in dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UnitGreeks {
    /// Delta x spot x multiplier.
    pub delta_usd: f64,
    /// Gamma x spot squared x 0.01 x multiplier: change of the dollar delta per 1 %.
    pub gamma_usd: f64,
    /// Dollars per point of volatility.
    pub vega_usd: f64,
    /// Dollars per calendar day, usually negative for what is held.
    pub theta_usd: f64,
}

/// An instrument that is held or wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line<'a> {
    /// What it is. One line for each.
    pub instrument: Instrument,
    /// What its underlying is.
    pub class: AssetClass,
    /// Units held, negative is short.
    pub held: i64,
    /// Units that buying orders may still fill; [`working`] counts them.
    pub buys: i64,
    /// Units that selling orders may still fill.
    pub sells: i64,
    /// Premium paid for what is held, or what is at risk in it if short.
    pub cost: Cash,
    /// Money at risk in the orders that open: the sum of [`at_risk`].
    pub in_flight: Cash,
    /// Fees that the orders in flight would cost.
    pub fees: Cash,
    /// The price at which it could be closed now: the bid of what is long, the ask of what is
    /// short; 0 for what nobody bids for.
    pub mark: Price,
    /// Whether it expires today.
    pub expires_today: bool,
    /// What a unit risks.
    pub risk: UnitRisk<'a>,
}

/// Everything that limits rest on.
#[derive(Clone, Copy, Debug)]
pub struct Book<'a> {
    /// What is held and wanted, foreign positions included.
    pub lines: &'a [Line<'a>],
    /// Money.
    pub cash: Cash,
    /// Equity at the usual marks.
    pub equity: Cash,
    /// Equity when the session began, with what was paid in or out since.
    pub day_open_equity: Cash,
    /// Orders that work or may work.
    pub working_orders: u32,
    /// Days of the re-pricing history; 0 where there is none, and no limit on value at risk.
    pub history_days: usize,
}

/// An order that would open a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate<'a> {
    /// What it trades.
    pub contract: Contract,
    /// What its underlying is.
    pub class: AssetClass,
    /// Buy or sell.
    pub side: Side,
    /// Contracts.
    pub quantity: u32,
    /// The worst price at which it can be filled.
    pub limit: Price,
    /// What it would cost in fees.
    pub fees: Cash,
    /// How many orders it is: 3 with a stop and a target.
    pub orders: u32,
    /// Whether the contract expires today.
    pub expires_today: bool,
    /// The contract's quote.
    pub quote: Quote,
    /// Contracts that exist, where known.
    pub open_interest: Option<u32>,
    /// Contracts traded today, where known.
    pub volume: Option<u32>,
    /// What a contract risks.
    pub risk: UnitRisk<'a>,
}

impl Candidate<'_> {
    /// Contracts, negative if it sells.
    #[must_use]
    pub fn signed(&self) -> i64 {
        self.side.sign().saturating_mul(i64::from(self.quantity))
    }
}

/// The money that an opening order puts at risk, or `None` if it does not fit: the premium of what
/// is bought; of what is sold short the strike, as if the underlying had to be delivered or taken.
#[must_use]
pub fn at_risk(side: Side, contract: &Contract, quantity: u32, limit: Price) -> Option<Cash> {
    let price = match side {
        Side::Buy => limit,
        Side::Sell => contract.terms.strike,
    };
    premium(price, quantity, contract.terms.multiplier)
}

/// Units that orders may still fill, each given with the group it is in: of a group that cancels
/// one another only the largest counts, as the broker takes off the others what one fills.
///
/// The legs of an entry count for what the entry has filled, not more: before that they do not
/// work.
pub fn working(orders: impl IntoIterator<Item = (Option<OrderId>, u32)>) -> i64 {
    let mut groups: BTreeMap<OrderId, u32> = BTreeMap::new();
    let mut total: i64 = 0;
    for (group, open) in orders {
        match group {
            Some(group) => {
                let largest = groups.entry(group).or_default();
                *largest = (*largest).max(open);
            }
            None => total = total.saturating_add(i64::from(open)),
        }
    }
    groups
        .values()
        .fold(total, |total, open| total.saturating_add(i64::from(*open)))
}
