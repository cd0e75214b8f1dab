//! The matching rules of the simulated exchange, without feed, latency or reports.
//!
//! - A buyer pays the displayed ask, a seller gets the displayed bid: never better, never beyond
//!   a limit, never more than is displayed. What an order took is gone until that side is quoted
//!   anew.
//! - Nothing fills on a side that is missing, on a quote that is crossed or has a side below zero or
//!   beyond what the contract can be worth, in a halted underlying, or at and after settlement.
//! - A stop becomes a market order once the bid (to sell) or the ask (to buy) has reached it; with a
//!   limit it becomes a limit order.
//! - Orders in a contract are served in order of arrival.

use crate::resting::{Displayed, Match, Resting};
use components::contract::{ContractId, OptionTerms, Right};
use components::market::{Side, SymbolId};
use components::order::PermId;
use components::units::{PRICE_UNITS_PER_DOLLAR, Price, Timestamp};
use std::collections::BTreeMap;

/// The displayed market and the working orders.
#[derive(Debug, Default)]
pub(crate) struct Venue {
    contracts: Vec<Contract>,
    symbols: Vec<Trading>,
    orders: BTreeMap<PermId, Resting>,
}

/// What the exchange knows of a contract that is traded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instrument {
    /// Its underlying.
    pub(crate) symbol: SymbolId,
    /// From this instant on it is not traded.
    pub(crate) settlement: Timestamp,
    /// A quote with a side above it is garbage.
    pub(crate) price_max: Price,
}

impl Instrument {
    /// A put is worth at most its strike. A call is worth at most its underlying, which lies far
    /// above no listed strike: five strikes and $100 are taken for the most.
    pub(crate) fn new(symbol: SymbolId, terms: &OptionTerms, settlement: Timestamp) -> Self {
        let strike = terms.strike;
        let price_max = match terms.right {
            Right::Put => strike,
            Right::Call => Price(
                strike
                    .0
                    .saturating_mul(5)
                    .saturating_add(100 * PRICE_UNITS_PER_DOLLAR),
            ),
        };
        Self {
            symbol,
            settlement,
            price_max,
        }
    }
}

/// A contract as the exchange sees it.
#[derive(Debug, Default)]
struct Contract {
    instrument: Option<Instrument>,
    bid: Displayed,
    ask: Displayed,
    quoted_at: Option<Timestamp>,
    stamped_at: Option<Timestamp>,
    orders: Vec<PermId>,
}

/// The state of trading in an underlying.
#[derive(Clone, Copy, Debug, Default)]
struct Trading {
    halted: bool,
    /// Quotes from before are void.
    resumed_at: Option<Timestamp>,
}

/// A quote as a feed reported it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quoted {
    pub(crate) contract: ContractId,
    pub(crate) bid: Price,
    pub(crate) ask: Price,
    pub(crate) bid_size: u32,
    pub(crate) ask_size: u32,
    /// The source's stamp.
    pub(crate) stamped_at: Timestamp,
    /// When the exchange acts on it.
    pub(crate) at: Timestamp,
}

impl Venue {
    /// Displays a quote. A stamp from the future, or older than the one before, is refused.
    pub(crate) fn quote(&mut self, quoted: &Quoted) {
        let contract = self.contract_mut(quoted.contract);
        let is_late = contract.stamped_at.is_some_and(|at| quoted.stamped_at < at);
        if quoted.stamped_at > quoted.at || is_late {
            return;
        }
        contract.stamped_at = Some(quoted.stamped_at);
        contract.quoted_at = Some(quoted.at);
        contract.bid.quote(quoted.bid, quoted.bid_size);
        contract.ask.quote(quoted.ask, quoted.ask_size);
    }

    /// Halts or resumes trading in an underlying at `at`.
    pub(crate) fn set_halted(&mut self, symbol: SymbolId, halted: bool, at: Timestamp) {
        let place = symbol.0 as usize;
        if place >= self.symbols.len() {
            self.symbols.resize(place + 1, Trading::default());
        }
        let trading = &mut self.symbols[place];
        if trading.halted && !halted {
            trading.resumed_at = Some(at);
        }
        trading.halted = halted;
    }

    /// Takes an order in the contract that `instrument` describes. One that works already keeps
    /// its place and what it was triggered to, and has as many contracts left as `resting` says.
    pub(crate) fn hold(&mut self, resting: Resting, instrument: Instrument) {
        if let Some(held) = self.orders.get_mut(&resting.perm) {
            held.left = resting.left;
            return;
        }
        let contract = self.contract_mut(resting.contract);
        contract.instrument = Some(instrument);
        contract.orders.push(resting.perm);
        self.orders.insert(resting.perm, resting);
    }

    /// Ends an order; `None` if it does not work here (any more).
    pub(crate) fn remove(&mut self, perm: PermId) -> Option<Resting> {
        let resting = self.orders.remove(&perm)?;
        let contract = self.contract_mut(resting.contract);
        contract.orders.retain(|id| *id != perm);
        Some(resting)
    }

    /// Matches the first order in a contract that its displayed quote can fill, and removes it if it
    /// is complete. One at a time: a fill may change what the orders after it may do.
    pub(crate) fn next_match(&mut self, contract: ContractId, now: Timestamp) -> Option<Match> {
        let state = self.contracts.get_mut(contract.0 as usize)?;
        let instrument = state.instrument?;
        if state.orders.is_empty() || now >= instrument.settlement {
            return None;
        }
        if !state.is_open(&instrument, &self.symbols) {
            return None;
        }
        for place in 0..state.orders.len() {
            let perm = state.orders[place];
            let Some(resting) = self.orders.get_mut(&perm) else {
                continue;
            };
            let side = match resting.side {
                Side::Buy => &mut state.ask,
                Side::Sell => &mut state.bid,
            };
            let Some(found) = resting.take_from(side) else {
                continue;
            };
            if resting.left == 0 {
                self.orders.remove(&perm);
                state.orders.remove(place);
            }
            return Some(found);
        }
        None
    }

    /// What is displayed of a contract that may be traded now: bid and ask, each with what is left.
    pub(crate) fn shown(&self, contract: ContractId) -> Option<[(Price, u32); 2]> {
        let state = self.contracts.get(contract.0 as usize)?;
        let side = |side: &Displayed| (side.price, side.left);
        (state.bid.is_there() && state.ask.is_there()).then(|| [side(&state.bid), side(&state.ask)])
    }

    fn contract_mut(&mut self, contract: ContractId) -> &mut Contract {
        let place = contract.0 as usize;
        if place >= self.contracts.len() {
            self.contracts.resize_with(place + 1, Contract::default);
        }
        &mut self.contracts[place]
    }
}

impl Contract {
    /// Whether its quote may be traded against.
    fn is_open(&self, instrument: &Instrument, symbols: &[Trading]) -> bool {
        let trading = symbols.get(instrument.symbol.0 as usize);
        let trading = trading.copied().unwrap_or_default();
        let (bid, ask) = (self.bid.price, self.ask.price);
        let is_crossed = bid.is_some() && ask.is_some() && bid > ask;
        // Where one side is garbage the other is not to be trusted either.
        let is_sane = |price: Price| Price::NONE <= price && price <= instrument.price_max;
        let is_void = trading.resumed_at.is_some() && self.quoted_at <= trading.resumed_at;
        self.quoted_at.is_some()
            && !trading.halted
            && !is_crossed
            && !is_void
            && is_sane(bid)
            && is_sane(ask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::order::OrderKind;

    const CONTRACT: ContractId = ContractId(3);
    const SYMBOL: SymbolId = SymbolId(0);
    const SETTLEMENT: Timestamp = Timestamp(1_000);

    fn order(id: u64, side: Side, quantity: u32, kind: OrderKind) -> Resting {
        Resting {
            perm: PermId(id),
            contract: CONTRACT,
            side,
            kind,
            left: quantity,
        }
    }

    /// A venue that shows 1.00 x 10 to 1.10 x 5 at time 1.
    fn venue() -> Venue {
        let mut venue = Venue::default();
        show(&mut venue, (10_000, 10), (11_000, 5), 1);
        venue
    }

    fn show(venue: &mut Venue, bid: (i64, u32), ask: (i64, u32), at: i64) {
        venue.quote(&Quoted {
            contract: CONTRACT,
            bid: Price(bid.0),
            ask: Price(ask.0),
            bid_size: bid.1,
            ask_size: ask.1,
            stamped_at: Timestamp(at),
            at: Timestamp(at),
        });
    }

    fn sweep(venue: &mut Venue, at: i64) -> Vec<(u64, u32, i64)> {
        core::iter::from_fn(|| venue.next_match(CONTRACT, Timestamp(at)))
            .map(|found| (found.perm.0, found.quantity, found.price.0))
            .collect()
    }

    fn accept(venue: &mut Venue, order: Resting) {
        let terms = OptionTerms::from_osi("AAA   260302C00100000").unwrap();
        venue.hold(order, Instrument::new(SYMBOL, &terms, SETTLEMENT));
    }

    #[test]
    fn a_marketable_limit_takes_what_is_displayed_and_the_rest_waits() {
        let mut venue = venue();
        let limit = OrderKind::Limit(Price(12_000));
        accept(&mut venue, order(1, Side::Buy, 8, limit));
        assert_eq!(sweep(&mut venue, 2), [(1, 5, 11_000)]);
        // The bid moves, the ask is the same quote: what was taken is not there again.
        show(&mut venue, (10_100, 10), (11_000, 5), 3);
        assert_eq!(sweep(&mut venue, 3), []);
        show(&mut venue, (10_100, 10), (10_900, 9), 4);
        assert_eq!(sweep(&mut venue, 4), [(1, 3, 10_900)]);
        assert_eq!(venue.orders.len(), 0);
    }

    #[test]
    fn a_resting_limit_waits_for_the_opposite_quote() {
        let mut venue = venue();
        accept(
            &mut venue,
            order(1, Side::Sell, 2, OrderKind::Limit(Price(10_500))),
        );
        assert_eq!(sweep(&mut venue, 2), []);
        show(&mut venue, (10_500, 10), (11_000, 5), 3);
        assert_eq!(sweep(&mut venue, 3), [(1, 2, 10_500)]);
    }

    #[test]
    fn orders_are_served_as_they_arrived() {
        let mut venue = venue();
        accept(&mut venue, order(7, Side::Buy, 3, OrderKind::Market));
        accept(&mut venue, order(2, Side::Buy, 3, OrderKind::Market));
        assert_eq!(sweep(&mut venue, 2), [(7, 3, 11_000), (2, 2, 11_000)]);
    }

    #[test]
    fn a_stop_sells_once_the_bid_has_fallen_to_it() {
        let mut venue = venue();
        accept(
            &mut venue,
            order(1, Side::Sell, 4, OrderKind::Stop(Price(9_500))),
        );
        assert_eq!(sweep(&mut venue, 2), []);
        // Gapped through: filled where the bid is, not at the stop.
        show(&mut venue, (9_000, 3), (11_000, 5), 3);
        assert_eq!(sweep(&mut venue, 3), [(1, 3, 9_000)]);
        // Triggered for good: it sells at a higher bid as well.
        show(&mut venue, (10_000, 3), (11_000, 5), 4);
        assert_eq!(sweep(&mut venue, 4), [(1, 1, 10_000)]);
    }

    #[test]
    fn a_stop_buys_once_the_ask_has_risen_to_it() {
        let mut venue = venue();
        accept(
            &mut venue,
            order(1, Side::Buy, 1, OrderKind::Stop(Price(11_500))),
        );
        assert_eq!(sweep(&mut venue, 2), []);
        show(&mut venue, (10_000, 3), (11_500, 5), 3);
        assert_eq!(sweep(&mut venue, 3), [(1, 1, 11_500)]);
    }

    #[test]
    fn a_triggered_stop_limit_rests_at_its_limit() {
        let mut venue = venue();
        let kind = OrderKind::StopLimit {
            stop: Price(9_500),
            limit: Price(9_300),
        };
        accept(&mut venue, order(1, Side::Sell, 6, kind));
        assert_eq!(sweep(&mut venue, 2), []);
        // Gapped through both: triggered, but not sold below its limit.
        show(&mut venue, (9_000, 3), (11_000, 5), 3);
        assert_eq!(sweep(&mut venue, 3), []);
        // A bid above the stop would not have triggered it.
        show(&mut venue, (9_800, 2), (11_000, 5), 4);
        assert_eq!(sweep(&mut venue, 4), [(1, 2, 9_800)]);
        show(&mut venue, (9_200, 2), (11_000, 5), 5);
        assert_eq!(sweep(&mut venue, 5), []);
        show(&mut venue, (9_300, 9), (11_000, 5), 6);
        assert_eq!(sweep(&mut venue, 6), [(1, 4, 9_300)]);
    }

    #[test]
    fn an_order_held_again_keeps_its_place_and_trigger() {
        let mut venue = venue();
        accept(&mut venue, order(1, Side::Buy, 1, OrderKind::Market));
        accept(&mut venue, order(2, Side::Buy, 9, OrderKind::Market));
        accept(&mut venue, order(1, Side::Buy, 3, OrderKind::Market));
        assert_eq!(sweep(&mut venue, 2), [(1, 3, 11_000), (2, 2, 11_000)]);
    }

    #[test]
    fn crossed_missing_and_absurd_quotes_fill_nothing() {
        let quotes = [
            ((12_000, 5), (11_000, 5)),
            ((10_000, 5), (0, 0)),
            ((10_000, 5), (11_000, 0)),
            ((10_000, 5), (-11_000, 5)),
            ((10_000, 5), (6_000_100, 5)),
            ((-10_000, 5), (11_000, 5)),
        ];
        for (bid, ask) in quotes {
            let mut venue = Venue::default();
            show(&mut venue, bid, ask, 1);
            accept(&mut venue, order(1, Side::Buy, 1, OrderKind::Market));
            assert_eq!(sweep(&mut venue, 2), [], "{bid:?} {ask:?}");
        }
    }

    #[test]
    fn a_believable_bid_beside_an_absurd_ask_is_not_believed() {
        let mut venue = Venue::default();
        show(&mut venue, (1_000_000, 5), (600_000_000, 5), 1);
        accept(&mut venue, order(1, Side::Sell, 1, OrderKind::Market));
        assert_eq!(sweep(&mut venue, 2), []);
    }

    #[test]
    fn a_put_above_its_strike_is_garbage() {
        let of = |osi| Instrument::new(SYMBOL, &OptionTerms::from_osi(osi).unwrap(), SETTLEMENT);
        assert_eq!(of("AAA   260302P00100000").price_max, Price(1_000_000));
        assert_eq!(of("AAA   260302C00100000").price_max, Price(6_000_000));
    }

    #[test]
    fn a_locked_quote_fills_and_a_late_stamp_does_not_count() {
        let mut venue = venue();
        show(&mut venue, (11_000, 1), (11_000, 1), 5);
        show(&mut venue, (10_000, 9), (10_500, 9), 4);
        accept(&mut venue, order(1, Side::Buy, 2, OrderKind::Market));
        assert_eq!(sweep(&mut venue, 6), [(1, 1, 11_000)]);
    }

    #[test]
    fn a_halt_stops_fills_and_voids_the_quotes_before_its_end() {
        let mut venue = venue();
        venue.set_halted(SYMBOL, true, Timestamp(2));
        accept(&mut venue, order(1, Side::Buy, 1, OrderKind::Market));
        assert_eq!(sweep(&mut venue, 3), []);
        venue.set_halted(SYMBOL, false, Timestamp(4));
        assert_eq!(sweep(&mut venue, 5), []);
        show(&mut venue, (10_000, 10), (11_000, 5), 6);
        assert_eq!(sweep(&mut venue, 6), [(1, 1, 11_000)]);
    }

    #[test]
    fn nothing_fills_at_settlement() {
        let mut venue = venue();
        accept(&mut venue, order(1, Side::Buy, 1, OrderKind::Market));
        assert_eq!(sweep(&mut venue, 1_000), []);
        assert_eq!(sweep(&mut venue, 999), [(1, 1, 11_000)]);
    }

    #[test]
    fn an_order_is_removed_once() {
        let mut venue = venue();
        accept(&mut venue, order(1, Side::Buy, 8, OrderKind::Market));
        sweep(&mut venue, 2);
        assert_eq!(venue.remove(PermId(1)).map(|working| working.left), Some(3));
        assert!(venue.remove(PermId(1)).is_none());
    }
}
