//! The trades of the last minute, with their sides.

use super::shapes::SidedTrade;
use crate::vpin::conditions::{INTERMARKET_SWEEP, is_regular_trade};
use crate::vpin::signed::{TickRule, lee_ready};
use components::flow::Print;
use components::market::Side;
use components::units::Timestamp;
use std::collections::VecDeque;

/// The sided trades of an underlying within a stretch of time.
#[derive(Clone, Debug, Default)]
pub struct TradeWindow {
    trades: VecDeque<SidedTrade>,
    rule: TickRule,
}

impl TradeWindow {
    /// Takes a print; gives its trade, unless it is no part of regular trading.
    pub fn push(&mut self, print: &Print) -> Option<SidedTrade> {
        let trade = sided(print, &mut self.rule)?;
        self.trades.push_back(trade);
        Some(trade)
    }

    /// Forgets what is older than `nanos`; whether there was any.
    pub fn forget(&mut self, now: Timestamp, nanos: i64) -> bool {
        let before = self.trades.len();
        while self
            .trades
            .front()
            .is_some_and(|trade| now.nanos_since(trade.at) > nanos)
        {
            self.trades.pop_front();
        }
        self.trades.len() != before
    }

    /// Forgets the oldest but `most`.
    pub fn keep_last(&mut self, most: usize) {
        let surplus = self.trades.len().saturating_sub(most);
        self.trades.drain(..surplus);
    }

    /// Forgets everything: a session's flow begins anew.
    pub fn clear(&mut self) {
        self.trades.clear();
        self.rule = TickRule::default();
    }

    /// The trades in order of time.
    pub fn trades(&mut self) -> &[SidedTrade] {
        self.trades.make_contiguous()
    }
}

/// The trade of a print with its side: the source's, else by the quote, else by the last move;
/// `None` where it is no part of regular trading.
pub fn sided(print: &Print, rule: &mut TickRule) -> Option<SidedTrade> {
    if !is_regular_trade(print.conditions, false) || print.size == 0 {
        return None;
    }
    let by_tick_rule = rule.classify(print.price);
    let side = print.aggressor.or_else(|| {
        let fraction = lee_ready(print.price, print.bid, print.ask, by_tick_rule);
        if fraction > 0.5 {
            Some(Side::Buy)
        } else if fraction < 0.5 {
            Some(Side::Sell)
        } else {
            None
        }
    });
    Some(SidedTrade {
        at: print.at,
        price: print.price,
        size: print.size,
        side,
        sweep_flag: print.conditions & INTERMARKET_SWEEP != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::units::Price;

    fn print(at_ms: i64, price: i64, conditions: u32) -> Print {
        Print {
            at: Timestamp(0).plus_millis(at_ms),
            price: Price(price),
            size: 100,
            bid: Price(1_000_000),
            ask: Price(1_000_200),
            conditions,
            aggressor: None,
            quotes_before: 0,
            is_bar: false,
        }
    }

    #[test]
    fn sides_come_from_the_source_else_the_quote_else_the_last_move() {
        let mut window = TradeWindow::default();
        let side = |window: &mut TradeWindow, print: &Print| window.push(print).unwrap().side;
        assert_eq!(side(&mut window, &print(0, 1_000_200, 0)), Some(Side::Buy));
        assert_eq!(side(&mut window, &print(1, 1_000_000, 0)), Some(Side::Sell));
        // At the midpoint: up from the trade before.
        assert_eq!(side(&mut window, &print(2, 1_000_100, 0)), Some(Side::Buy));
        let named = Print {
            aggressor: Some(Side::Sell),
            ..print(3, 1_000_200, 0)
        };
        assert_eq!(side(&mut window, &named), Some(Side::Sell));
        let mut fresh = TradeWindow::default();
        assert_eq!(side(&mut fresh, &print(0, 1_000_100, 0)), None);
    }

    #[test]
    fn auctions_and_what_is_old_are_left_out() {
        let mut window = TradeWindow::default();
        assert_eq!(window.push(&print(0, 1_000_000, 0x40)), None);
        for at_ms in [0, 500, 1_000] {
            window.push(&print(at_ms, 1_000_000, 0x20));
        }
        assert!(window.trades().iter().all(|trade| trade.sweep_flag));
        assert!(!window.forget(Timestamp(0).plus_millis(1_000), 1_000_000_000));
        assert!(window.forget(Timestamp(0).plus_millis(1_001), 1_000_000_000));
        assert_eq!(window.trades().len(), 2);
        window.clear();
        assert!(window.trades().is_empty());
    }
}
