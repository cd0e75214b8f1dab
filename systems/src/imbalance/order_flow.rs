//! Order-flow imbalance: what the updates of the best quote added to the bid and took from the
//! ask.
//!
//! ```text
//! e = 1{b >= b'} q - 1{b <= b'} q' - 1{a <= a'} r + 1{a >= a'} r'
//! ```
//!
//! with bid b of size q, ask a of size r, primes for the quote before. Cont, Kukanov, Stoikov,
//! "The Price Impact of Order Book Events", Journal of Financial Econometrics 12 (2014). Sizes in
//! shares, all sums whole numbers. Windows are counted in ticks, so memory does not grow with the
//! number of updates.

use super::history::TICKS_PER_SECOND;
use components::market::{Quote, QuoteState};

/// The last second, in ticks.
pub const WINDOW_1S: usize = TICKS_PER_SECOND;
/// The last 10 seconds, in ticks.
pub const WINDOW_10S: usize = 10 * TICKS_PER_SECOND;
/// The last 60 seconds, in ticks; the longest window kept.
pub const WINDOW_60S: usize = 60 * TICKS_PER_SECOND;

/// The imbalance that the change from `previous` to `current` adds, in shares; positive is buying
/// pressure.
///
/// # Examples
/// ```
/// use components::market::Quote;
/// use components::units::Price;
/// use systems::imbalance::order_flow::flow_of;
/// let quote = |bid, bid_size| Quote {
///     bid: Price(bid), bid_size, ask: Price(1_000_100), ask_size: 400, ..Quote::default()
/// };
/// assert_eq!(flow_of(&quote(1_000_000, 500), &quote(1_000_000, 676)), 176);
/// assert_eq!(flow_of(&quote(1_000_000, 600), &quote(999_900, 675)), -600);
/// ```
#[must_use]
pub fn flow_of(previous: &Quote, current: &Quote) -> i64 {
    let counted = |condition: bool, size: u32| if condition { i64::from(size) } else { 0 };
    counted(previous.bid <= current.bid, current.bid_size)
        - counted(current.bid <= previous.bid, previous.bid_size)
        - counted(current.ask <= previous.ask, current.ask_size)
        + counted(previous.ask <= current.ask, previous.ask_size)
}

/// The imbalance of a window and the depth it met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// Sum of `e`, in shares.
    pub shares: i64,
    /// Mean of (q + r) / 2 over the updates of the window, in shares; absent without an update.
    pub mean_depth: Option<f64>,
}

impl Flow {
    /// The imbalance in units of mean depth; 0 if nothing was updated.
    #[must_use]
    pub fn normalized(&self) -> f64 {
        match self.mean_depth {
            Some(depth) if 0.0 < depth => self.shares as f64 / depth,
            _ => 0.0,
        }
    }
}

/// The flow of one instrument's best quotes over the last 60 seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrderFlow {
    /// The last quote, unless it was crossed or lacked a side.
    previous: Option<Quote>,
    running: Slot,
    /// The last finished ticks; once full, a ring.
    finished: Vec<Slot>,
    /// Where the oldest one is.
    oldest: usize,
}

/// The updates of one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    flow: i64,
    /// Sum of q + r.
    twice_depth: u64,
    updates: u64,
}

impl OrderFlow {
    /// Takes an update of the best quote and gives its `e`.
    ///
    /// The first quote, and the first after one that was crossed or lacked a side, has nothing to
    /// be compared with and adds 0.
    pub fn update(&mut self, quote: Quote) -> i64 {
        if !matches!(quote.state(), QuoteState::TwoSided | QuoteState::Locked) {
            self.previous = None;
            return 0;
        }
        let flow = self
            .previous
            .replace(quote)
            .map_or(0, |previous| flow_of(&previous, &quote));
        self.running.flow += flow;
        self.running.twice_depth += u64::from(quote.bid_size) + u64::from(quote.ask_size);
        self.running.updates += 1;
        flow
    }

    /// Ends the tick: its updates now count in the windows.
    pub fn end_tick(&mut self) {
        let slot = std::mem::take(&mut self.running);
        if self.finished.len() < WINDOW_60S {
            self.finished.push(slot);
        } else {
            self.finished[self.oldest] = slot;
            self.oldest = (self.oldest + 1) % WINDOW_60S;
        }
    }

    /// The flow of the last `ticks` finished ticks; absent before as many have passed, and while
    /// there is no valid quote. No window is longer than [`WINDOW_60S`].
    #[must_use]
    pub fn window(&self, ticks: usize) -> Option<Flow> {
        let (newer, older) = self.finished.split_at(self.oldest);
        if self.previous.is_none() || ticks == 0 || self.finished.len() < ticks {
            return None;
        }
        let mut sum = Slot::default();
        for slot in newer.iter().rev().chain(older.iter().rev()).take(ticks) {
            sum.flow += slot.flow;
            sum.twice_depth += slot.twice_depth;
            sum.updates += slot.updates;
        }
        let mean_depth =
            (0 < sum.updates).then(|| sum.twice_depth as f64 / (2 * sum.updates) as f64);
        Some(Flow {
            shares: sum.flow,
            mean_depth,
        })
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use components::units::Price;
    use proptest::prelude::*;

    fn quote(bid: i64, bid_size: u32, ask: i64, ask_size: u32) -> Quote {
        Quote {
            bid: Price(bid),
            bid_size,
            ask: Price(ask),
            ask_size,
            ..Quote::default()
        }
    }

    #[test]
    fn each_side_counts_as_the_paper_says() {
        let before = quote(100, 5, 110, 7);
        let check = |after, expected| assert_eq!(flow_of(&before, &after), expected);
        check(quote(101, 3, 110, 7), 3); // Bid up: its whole size was added.
        check(quote(99, 3, 110, 7), -5); // Bid down: the old size is gone.
        check(quote(100, 5, 109, 4), -4); // Ask down: its whole size was added.
        check(quote(100, 5, 111, 4), 7); // Ask up: the old size is gone.
        check(quote(100, 9, 110, 1), 10); // Sizes alone: the differences.
    }

    #[test]
    fn windows_are_absent_until_they_are_full_and_forget_what_is_older() {
        let mut flow = OrderFlow::default();
        flow.update(quote(100, 5, 110, 7));
        for tick in 1..=250_u32 {
            assert_eq!(flow.update(quote(100, 5 + tick, 110, 7)), 1);
            flow.end_tick();
            let ticks = tick as usize;
            for window in [WINDOW_1S, WINDOW_10S, WINDOW_60S] {
                let expected = (window <= ticks).then_some(window as i64);
                assert_eq!(flow.window(window).map(|flow| flow.shares), expected);
            }
        }
        assert_eq!(flow.window(WINDOW_60S + 1), None);
        let last_second = flow.window(WINDOW_1S).unwrap();
        // Bid sizes 252 to 255 and ask size 7: the mean of 129.5, 130, 130.5 and 131.
        assert_eq!(last_second.mean_depth, Some(130.25));
        assert_eq!(last_second.normalized(), 4.0 / 130.25);
    }

    #[test]
    fn a_tick_without_updates_counts_as_no_flow() {
        let mut flow = OrderFlow::default();
        flow.update(quote(100, 5, 110, 7));
        flow.end_tick();
        for _ in 0..WINDOW_1S {
            flow.end_tick();
        }
        let quiet = flow.window(WINDOW_1S).unwrap();
        assert_eq!(
            quiet,
            Flow {
                shares: 0,
                mean_depth: None
            }
        );
        assert_eq!(quiet.normalized(), 0.0);
    }

    #[test]
    fn an_invalid_quote_breaks_the_comparison() {
        for broken in [
            quote(0, 0, 110, 7),
            quote(111, 5, 110, 7),
            quote(100, 5, 0, 0),
        ] {
            let mut flow = OrderFlow::default();
            flow.update(quote(100, 5, 110, 7));
            assert_eq!(flow.update(broken), 0);
            (0..WINDOW_1S).for_each(|_| flow.end_tick());
            assert_eq!(flow.window(WINDOW_1S), None);
            assert_eq!(flow.update(quote(105, 50, 110, 7)), 0);
            assert_eq!(flow.update(quote(105, 51, 110, 7)), 1);
        }
    }

    proptest! {
        #[test]
        fn a_mirrored_quote_stream_flips_the_flow(
            quotes in prop::collection::vec((1_i64..6, 1_u32..99, 0_i64..6, 1_u32..99), 2..40),
        ) {
            let (mut flow, mut mirror) = (OrderFlow::default(), OrderFlow::default());
            for (bid, bid_size, spread, ask_size) in quotes {
                let (bid, ask) = (100 + bid, 100 + bid + spread);
                let straight = flow.update(quote(bid, bid_size, ask, ask_size));
                let turned = mirror.update(quote(1_000 - ask, ask_size, 1_000 - bid, bid_size));
                prop_assert_eq!(straight, -turned);
            }
        }
    }
}
