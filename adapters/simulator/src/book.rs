//! The order book of an underlying: the quote at its top, deeper levels a tick apart behind it.

use components::market::{BOOK_LEVELS, Book, Level, Quote};
use components::units::Price;
use engine::random::Stream;

/// How often a deeper level changes its size in a step.
const CHANGE_CHANCE: f64 = 0.3;
/// Mean size in lots just behind the best price; each level further out adds [`LOTS_PER_LEVEL`].
const LOTS_BEHIND: f64 = 4.0;
/// What a level has more than the one before it, in lots.
const LOTS_PER_LEVEL: f64 = 1.5;

/// The sizes behind the best prices of an underlying.
#[derive(Debug)]
pub(crate) struct Depth {
    levels: usize,
    tick: i64,
    bids: [u32; BOOK_LEVELS],
    asks: [u32; BOOK_LEVELS],
    shown: Quote,
    draws: Stream,
}

impl Depth {
    /// A book of `levels` levels whose prices are `tick` apart.
    pub(crate) fn new(levels: u32, tick: Price, draws: Stream) -> Self {
        Self {
            levels: usize::try_from(levels).map_or(BOOK_LEVELS, |n| n.min(BOOK_LEVELS)),
            tick: tick.0,
            bids: [0; BOOK_LEVELS],
            asks: [0; BOOK_LEVELS],
            shown: Quote::default(),
            draws,
        }
    }

    /// Follows the quote; the book if it changed.
    pub(crate) fn follow(&mut self, quote: &Quote) -> Option<Book> {
        if self.levels == 0 {
            return None;
        }
        let first = !self.shown.bid.is_some();
        if first {
            self.shown = *quote;
            refill(&mut self.bids, &mut self.draws);
            refill(&mut self.asks, &mut self.draws);
        }
        let bid_up = (quote.bid.0 - self.shown.bid.0) / self.tick;
        let ask_down = (self.shown.ask.0 - quote.ask.0) / self.tick;
        improve(&mut self.bids, bid_up, &mut self.draws);
        improve(&mut self.asks, ask_down, &mut self.draws);
        let deeper = self.draws.chance(CHANGE_CHANCE);
        if deeper {
            self.change_one();
        }
        let changed = first
            || deeper
            || (quote.bid, quote.ask) != (self.shown.bid, self.shown.ask)
            || (quote.bid_size, quote.ask_size) != (self.shown.bid_size, self.shown.ask_size);
        self.shown = *quote;
        changed.then(|| self.book())
    }

    fn change_one(&mut self) {
        let count = u64::try_from(2 * self.levels).unwrap_or(2);
        let drawn = usize::try_from(self.draws.below(count)).unwrap_or(0);
        let level = drawn / 2;
        let size = size_at(level, &mut self.draws);
        let side = if drawn.is_multiple_of(2) {
            &mut self.bids
        } else {
            &mut self.asks
        };
        side[level] = size;
    }

    fn book(&self) -> Book {
        let mut book = Book::default();
        let quote = &self.shown;
        let mut away = 0;
        for level in 0..self.levels {
            let bid = quote.bid.0 - away;
            let top = level == 0;
            if bid > 0 {
                book.bids[level] = Level {
                    price: Price(bid),
                    size: if top {
                        quote.bid_size
                    } else {
                        self.bids[level]
                    },
                };
            }
            book.asks[level] = Level {
                price: Price(quote.ask.0 + away),
                size: if top {
                    quote.ask_size
                } else {
                    self.asks[level]
                },
            };
            away += self.tick;
        }
        book.at = quote.at;
        book
    }
}

/// Moves the best price of a side by `ticks` towards the other side, away from it if negative. The
/// sizes of the prices that stay in sight stay.
fn improve(sizes: &mut [u32; BOOK_LEVELS], ticks: i64, draws: &mut Stream) {
    let moved = usize::try_from(ticks.unsigned_abs()).map_or(BOOK_LEVELS, |n| n.min(BOOK_LEVELS));
    let new = if ticks > 0 {
        sizes.rotate_right(moved);
        0..moved
    } else {
        sizes.rotate_left(moved);
        BOOK_LEVELS - moved..BOOK_LEVELS
    };
    for level in new {
        sizes[level] = size_at(level, draws);
    }
}

fn refill(sizes: &mut [u32; BOOK_LEVELS], draws: &mut Stream) {
    for (level, size) in sizes.iter_mut().enumerate() {
        *size = size_at(level, draws);
    }
}

fn size_at(level: usize, draws: &mut Stream) -> u32 {
    let mean = LOTS_BEHIND + LOTS_PER_LEVEL * level as f64;
    100 * (1 + crate::flow::whole((mean * draws.exponential()).min(10_000.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::units::Timestamp;

    fn quote(bid: i64, ask: i64) -> Quote {
        Quote {
            bid: Price(bid),
            ask: Price(ask),
            bid_size: 300,
            ask_size: 500,
            at: Timestamp(1),
        }
    }

    #[test]
    fn a_book_stands_behind_its_quote_and_keeps_sizes_by_price() {
        let mut depth = Depth::new(10, Price(100), Stream::new(1, "book", 0));
        let before = depth.follow(&quote(1_000_000, 1_000_200)).unwrap();
        assert_eq!(before.best(), quote(1_000_000, 1_000_200));
        for level in 1..10 {
            assert_eq!(
                before.bids[level - 1].price.0 - before.bids[level].price.0,
                100
            );
            assert_eq!(
                before.asks[level].price.0 - before.asks[level - 1].price.0,
                100
            );
            assert!(before.bids[level].size > 0 && before.asks[level].size > 0);
        }
        // Two ticks up: what stood at a price still stands there, but for a level drawn anew.
        let after = depth.follow(&quote(1_000_200, 1_000_300)).unwrap();
        let same = (3..9)
            .filter(|level| after.bids[*level] == before.bids[*level - 2])
            .count();
        assert!(same >= 5, "{same}");
    }

    #[test]
    fn a_cheap_stock_has_fewer_bids() {
        let mut depth = Depth::new(10, Price(100), Stream::new(1, "book", 0));
        let book = depth.follow(&quote(300, 400)).unwrap();
        assert_eq!(book.bids.iter().filter(|bid| bid.size > 0).count(), 3);
    }

    #[test]
    fn no_levels_no_book() {
        let mut depth = Depth::new(0, Price(100), Stream::new(1, "book", 0));
        assert_eq!(depth.follow(&quote(300, 400)), None);
    }
}
