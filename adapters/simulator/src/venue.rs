//! The matching rules of the simulated exchange, without feed, latency or reports.
//!
//! - A buyer pays the displayed ask, a seller gets the displayed bid: never better, never beyond a
//!   limit, never more than is displayed. What an order took is gone until that side is quoted anew.
//! - Nothing fills on a side that is missing, on a crossed quote, in a halted underlying, or at and
//!   after the settlement of the contract.
//! - A stop becomes a market order once the bid (to sell) or the ask (to buy) has reached it.
//! - Orders in a contract are served in order of arrival.

use components::contract::ContractId;
use components::market::{Side, SymbolId};
use components::order::{Order, OrderId, OrderKind};
use components::units::{Price, Timestamp};
use std::collections::BTreeMap;

/// A quote beyond $100,000 is taken for garbage: that side counts as missing.
const PRICE_MAX: Price = Price(1_000_000_000);

/// The displayed market and the working orders.
#[derive(Debug, Default)]
pub(crate) struct Venue {
    contracts: Vec<Contract>,
    symbols: Vec<Trading>,
    orders: BTreeMap<OrderId, Working>,
}

/// A working order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Working {
    /// As it was sent; a stop becomes a market order when it is triggered.
    pub(crate) order: Order,
    /// Contracts not filled.
    pub(crate) left: u32,
    settlement: Timestamp,
}

/// Contracts that changed hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// The order.
    pub(crate) order: Order,
    /// Contracts.
    pub(crate) quantity: u32,
    /// The price of each.
    pub(crate) price: Price,
    /// Whether the order is complete.
    pub(crate) completes: bool,
}

/// One side of a quote: what was said and what is left of it.
#[derive(Clone, Copy, Debug, Default)]
struct Displayed {
    price: Price,
    quoted: u32,
    left: u32,
}

/// A contract as the exchange sees it.
#[derive(Debug, Default)]
struct Contract {
    symbol: Option<SymbolId>,
    bid: Displayed,
    ask: Displayed,
    quoted_at: Option<Timestamp>,
    stamped_at: Option<Timestamp>,
    orders: Vec<OrderId>,
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

    /// Orders at work.
    pub(crate) fn working(&self) -> usize {
        self.orders.len()
    }

    /// Takes an order in a contract on `symbol` that is settled at `settlement`.
    pub(crate) fn accept(&mut self, order: Order, symbol: SymbolId, settlement: Timestamp) {
        let contract = self.contract_mut(order.contract);
        contract.symbol = Some(symbol);
        contract.orders.push(order.id);
        let working = Working {
            order,
            left: order.quantity,
            settlement,
        };
        self.orders.insert(order.id, working);
    }

    /// Ends an order; `None` if it does not work here (any more).
    pub(crate) fn remove(&mut self, order: OrderId) -> Option<Working> {
        let working = self.orders.remove(&order)?;
        let contract = self.contract_mut(working.order.contract);
        contract.orders.retain(|id| *id != order);
        Some(working)
    }

    /// Matches the orders in a contract against its displayed quote, and removes the complete ones.
    pub(crate) fn sweep(&mut self, contract: ContractId, now: Timestamp, into: &mut Vec<Match>) {
        let Some(state) = self.contracts.get_mut(contract.0 as usize) else {
            return;
        };
        if state.orders.is_empty() || !state.is_open(&self.symbols) {
            return;
        }
        let before = into.len();
        for id in &state.orders {
            let Some(working) = self.orders.get_mut(id) else {
                continue;
            };
            if now >= working.settlement {
                continue;
            }
            let side = match working.order.side {
                Side::Buy => &mut state.ask,
                Side::Sell => &mut state.bid,
            };
            if let Some(found) = working.take_from(side) {
                into.push(found);
            }
        }
        for found in &into[before..] {
            if found.completes {
                self.orders.remove(&found.order.id);
                state.orders.retain(|id| *id != found.order.id);
            }
        }
    }

    fn contract_mut(&mut self, contract: ContractId) -> &mut Contract {
        let place = contract.0 as usize;
        if place >= self.contracts.len() {
            self.contracts.resize_with(place + 1, Contract::default);
        }
        &mut self.contracts[place]
    }
}

impl Working {
    fn take_from(&mut self, displayed: &mut Displayed) -> Option<Match> {
        if !displayed.is_there() {
            return None;
        }
        let (side, price) = (self.order.side, displayed.price);
        let reaches = |limit: Price| match side {
            Side::Buy => price <= limit,
            Side::Sell => price >= limit,
        };
        match self.order.kind {
            OrderKind::Limit(limit) if !reaches(limit) => return None,
            // A stop waits for the market to run away from it: the other way round.
            OrderKind::Stop(stop) if reaches(stop) && price != stop => return None,
            OrderKind::Stop(_) => self.order.kind = OrderKind::Market,
            _ => {}
        }
        let quantity = self.left.min(displayed.left);
        if quantity == 0 {
            return None;
        }
        self.left -= quantity;
        displayed.left -= quantity;
        Some(Match {
            order: self.order,
            quantity,
            price,
            completes: self.left == 0,
        })
    }
}

impl Displayed {
    fn quote(&mut self, price: Price, size: u32) {
        if (price, size) != (self.price, self.quoted) {
            *self = Self {
                price,
                quoted: size,
                left: size,
            };
        }
    }

    fn is_there(&self) -> bool {
        self.price.is_some() && self.price <= PRICE_MAX && self.quoted > 0
    }
}

impl Contract {
    /// Whether its quote may be traded against.
    fn is_open(&self, symbols: &[Trading]) -> bool {
        let trading = self
            .symbol
            .and_then(|symbol| symbols.get(symbol.0 as usize))
            .copied()
            .unwrap_or_default();
        let is_crossed =
            self.bid.price.is_some() && self.ask.price.is_some() && self.bid.price > self.ask.price;
        let is_void = self.quoted_at <= trading.resumed_at && trading.resumed_at.is_some();
        self.quoted_at.is_some() && !trading.halted && !is_crossed && !is_void
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: ContractId = ContractId(3);
    const SYMBOL: SymbolId = SymbolId(0);
    const SETTLEMENT: Timestamp = Timestamp(1_000);

    fn order(id: u64, side: Side, quantity: u32, kind: OrderKind) -> Order {
        Order {
            id: OrderId(id),
            contract: CONTRACT,
            side,
            quantity,
            kind,
            at: Timestamp(0),
            good_until: SETTLEMENT,
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
        let mut found = Vec::new();
        venue.sweep(CONTRACT, Timestamp(at), &mut found);
        found
            .iter()
            .map(|found| (found.order.id.0, found.quantity, found.price.0))
            .collect()
    }

    fn accept(venue: &mut Venue, order: Order) {
        venue.accept(order, SYMBOL, SETTLEMENT);
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
        assert_eq!(venue.working(), 0);
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
    fn crossed_missing_and_absurd_quotes_fill_nothing() {
        let quotes = [
            ((12_000, 5), (11_000, 5)),
            ((10_000, 5), (0, 0)),
            ((10_000, 5), (11_000, 0)),
            ((10_000, 5), (-11_000, 5)),
            ((10_000, 5), (11_000 * 1_000_000, 5)),
        ];
        for (bid, ask) in quotes {
            let mut venue = Venue::default();
            show(&mut venue, bid, ask, 1);
            accept(&mut venue, order(1, Side::Buy, 1, OrderKind::Market));
            assert_eq!(sweep(&mut venue, 2), [], "{bid:?} {ask:?}");
        }
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
        assert_eq!(
            venue.remove(OrderId(1)).map(|working| working.left),
            Some(3)
        );
        assert!(venue.remove(OrderId(1)).is_none());
    }
}
