//! Evidence of hidden orders in a stream of executions and best quotes of one book.
//!
//! * Inside: an execution strictly between bid and ask met an order that nobody saw.
//! * Beyond: an execution at the best price, or several in a row, of more shares than the size
//!   displayed there lost, from what was shown before it to what is shown first within 50 ms after.
//!   A size that grew lost nothing; one that is not shown again within that time did not change.
//!   Of several executions before a quote the newest explain what was lost.
//! * Refilled: see [`Icebergs`](crate::hidden::icebergs::Icebergs).
//!
//! Prices outside the quote are late reports and no evidence. Source: formulas.md 10.

use super::icebergs::Icebergs;
use components::market::{Quote, QuoteState, Side};
use components::units::{NANOS_PER_MILLI, Price, Timestamp};

/// How long the next display of a price is waited for.
pub const DISPLAY_NANOS: i64 = 50 * NANOS_PER_MILLI;

/// How hidden shares showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Between bid and ask.
    Inside,
    /// At the best price beyond what its size lost.
    Beyond,
    /// At a level that filled up again, with how often it did within the time that counts.
    Refilled(u32),
}

/// Hidden shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// When the execution took place, or the size came back.
    pub at: Timestamp,
    /// Which execution, counted from 0; of what came back the number of those before it.
    pub print: u64,
    /// How it showed.
    pub kind: Kind,
    /// The side that rested, if that is known.
    pub side: Option<Side>,
    /// The price.
    pub price: Price,
    /// Hidden shares.
    pub shares: u64,
}

/// An execution on an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Execution {
    /// When.
    pub at: Timestamp,
    /// The price.
    pub price: Price,
    /// Shares.
    pub size: u64,
    /// Who began it, if that is known.
    pub aggressor: Option<Side>,
}

/// Finds evidence. Quotes and executions are given in the order in which they happened.
#[derive(Clone, Debug)]
pub struct HiddenDetector {
    quote: Quote,
    sides: [BestLevel; 2],
    prints: u64,
}

impl Default for HiddenDetector {
    fn default() -> Self {
        Self {
            quote: Quote::default(),
            sides: [BestLevel::new(Side::Buy), BestLevel::new(Side::Sell)],
            prints: 0,
        }
    }
}

impl HiddenDetector {
    /// Takes what is displayed from now on.
    pub fn quote(&mut self, quote: &Quote, emit: &mut impl FnMut(Evidence)) {
        self.quote = *quote;
        let prints = self.prints;
        let [bids, asks] = &mut self.sides;
        bids.show(quote.bid, quote.bid_size, quote.at, prints, emit);
        asks.show(quote.ask, quote.ask_size, quote.at, prints, emit);
    }

    /// Takes an execution. Where `one_book` is not set, displayed sizes are not of the book that
    /// executed, and only the inside of the spread tells.
    pub fn execution(
        &mut self,
        execution: &Execution,
        one_book: bool,
        emit: &mut impl FnMut(Evidence),
    ) {
        self.advance(execution.at, emit);
        let print = self.prints;
        self.prints += 1;
        if self.quote.state() != QuoteState::TwoSided {
            return;
        }
        let Quote { bid, ask, .. } = self.quote;
        if bid < execution.price && execution.price < ask {
            emit(Evidence {
                at: execution.at,
                print,
                kind: Kind::Inside,
                side: execution.aggressor.map(Side::opposite),
                price: execution.price,
                shares: execution.size,
            });
        } else if one_book && execution.price == bid {
            self.sides[0].wait(execution, print);
        } else if one_book && execution.price == ask {
            self.sides[1].wait(execution, print);
        }
    }

    /// Judges what was waited for long enough at `now`.
    pub fn advance(&mut self, now: Timestamp, emit: &mut impl FnMut(Evidence)) {
        for side in &mut self.sides {
            side.expire(now, emit);
        }
    }

    /// Executions so far.
    #[must_use]
    pub fn executions(&self) -> u64 {
        self.prints
    }
}

/// An execution whose level has not been shown again yet.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    print: u64,
    at: Timestamp,
    size: u64,
}

/// The best level of a side.
#[derive(Clone, Debug)]
struct BestLevel {
    side: Side,
    price: Price,
    size: u64,
    /// Where the executions that wait took place, and what was displayed there before them.
    waiting_price: Price,
    waiting_size: u64,
    waiting: Vec<Waiting>,
    icebergs: Icebergs,
}

impl BestLevel {
    fn new(side: Side) -> Self {
        Self {
            side,
            price: Price::NONE,
            size: 0,
            waiting_price: Price::NONE,
            waiting_size: 0,
            waiting: Vec::new(),
            icebergs: Icebergs::default(),
        }
    }

    fn wait(&mut self, execution: &Execution, print: u64) {
        if self.waiting.is_empty() || self.waiting_price != self.price {
            // What waited at another price can no longer be judged: a better one hides it.
            self.waiting.clear();
            self.waiting_price = self.price;
            self.waiting_size = self.size;
        }
        self.waiting.push(Waiting {
            print,
            at: execution.at,
            size: execution.size,
        });
    }

    fn show(
        &mut self,
        price: Price,
        size: u32,
        at: Timestamp,
        prints: u64,
        emit: &mut impl FnMut(Evidence),
    ) {
        self.expire(at, emit);
        let size = u64::from(size);
        if !self.waiting.is_empty() {
            if price == self.waiting_price {
                self.judge(size, at, emit);
            } else if !price.is_some() || self.is_better(self.waiting_price, price) {
                self.judge(0, at, emit);
            }
        }
        let side = self.side;
        self.icebergs.show(price, size, at, &mut |shares, refills| {
            emit(Evidence {
                at,
                print: prints,
                kind: Kind::Refilled(refills),
                side: Some(side),
                price,
                shares,
            });
        });
        self.price = price;
        self.size = size;
    }

    fn is_better(&self, one: Price, other: Price) -> bool {
        match self.side {
            Side::Buy => other < one,
            Side::Sell => one < other,
        }
    }

    /// Takes the executions that were waited for until `now` as having taken nothing displayed.
    fn expire(&mut self, now: Timestamp, emit: &mut impl FnMut(Evidence)) {
        let late = |waiting: &Waiting| now.nanos_since(waiting.at) > DISPLAY_NANOS;
        let expired = self.waiting.iter().take_while(|waiting| late(waiting));
        let expired = expired.count();
        // A better price has come since: what rests behind it is not seen.
        let unseen = self.price != self.waiting_price;
        for waiting in self.waiting.drain(..expired) {
            if !unseen {
                emit(evidence(
                    self.side,
                    self.waiting_price,
                    &waiting,
                    waiting.size,
                ));
            }
        }
    }

    /// Holds the executions that wait against `shown` at their price.
    fn judge(&mut self, shown: u64, at: Timestamp, emit: &mut impl FnMut(Evidence)) {
        let mut lost = self.waiting_size.saturating_sub(shown);
        let mut visible = 0;
        for waiting in self.waiting.iter().rev() {
            let seen = waiting.size.min(lost);
            lost -= seen;
            visible += seen;
            if seen < waiting.size {
                let hidden = waiting.size - seen;
                emit(evidence(self.side, self.waiting_price, waiting, hidden));
            }
        }
        self.waiting.clear();
        let before = self.waiting_size;
        self.icebergs
            .take(self.waiting_price, before, shown, visible, at);
    }
}

fn evidence(side: Side, price: Price, waiting: &Waiting, shares: u64) -> Evidence {
    Evidence {
        at: waiting.at,
        print: waiting.print,
        kind: Kind::Beyond,
        side: Some(side),
        price,
        shares,
    }
}

#[cfg(test)]
mod tests;
