//! Clock bars of the tape, aligned to the session's open: volume and change of the last price.
//!
//! The change of a bar is its last price less the last price of the bar before, in units of
//! `components::units::Price`; for the first bar of a session, less its own first price. A bar
//! without a trade is skipped.

use super::volume_clock::{ParameterError, within};
use components::units::{NANOS_PER_SECOND, Price, Timestamp};

/// The longest bar: an hour.
pub const BAR_NANOS_MAX: i64 = 3_600 * NANOS_PER_SECOND;

/// A finished bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Shares traded.
    pub volume: u64,
    /// Change of the last price, in 1/10,000 of a dollar.
    pub change: i64,
}

/// Trades in columns, in the order of the tape; the shortest slice says how many there are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trades<'a> {
    /// Nanoseconds since 1970 UTC, as [`Timestamp`].
    pub times_ns: &'a [i64],
    /// In 1/10,000 of a dollar, as [`Price`].
    pub prices: &'a [i64],
    /// Shares.
    pub sizes: &'a [u32],
}

impl Trades<'_> {
    /// How many trades there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times_ns
            .len()
            .min(self.prices.len())
            .min(self.sizes.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Cuts a tape into bars.
///
/// A trade stamped before the end of a bar that was closed already belongs to the next one: what
/// has been published is never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarClock {
    bar_nanos: i64,
    session_open: i64,
    /// The least index that the next bar may have.
    next_index: i64,
    /// The last price of the bar before, in this session.
    previous_price: Option<i64>,
    running: Option<Running>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Running {
    index: i64,
    end: i64,
    first_price: i64,
    last_price: i64,
    volume: u64,
}

impl BarClock {
    /// A clock whose bars last `bar_nanos`, aligned to 1970 until a session starts.
    ///
    /// # Errors
    /// When `bar_nanos` is not positive or above an hour.
    pub fn new(bar_nanos: i64) -> Result<Self, ParameterError> {
        within("vpin.bar_nanos", bar_nanos, 1, BAR_NANOS_MAX)?;
        Ok(Self {
            bar_nanos,
            session_open: 0,
            next_index: i64::MIN,
            previous_price: None,
            running: None,
        })
    }

    /// Closes the running bar and aligns the next ones to `open`.
    pub fn start_session(&mut self, open: Timestamp) -> Option<Bar> {
        let bar = self.close();
        self.session_open = open.0;
        self.next_index = i64::MIN;
        self.previous_price = None;
        bar
    }

    /// Closes the running bar if it has ended at `now`.
    pub fn advance(&mut self, now: Timestamp) -> Option<Bar> {
        self.running
            .filter(|bar| bar.end <= now.0)
            .and_then(|_| self.close())
    }

    /// Takes one trade; yields the bar before if the trade is past its end.
    #[inline]
    pub fn push(&mut self, at: Timestamp, price: Price, size: u32) -> Option<Bar> {
        let closed = self.advance(at);
        let bar = self.running_at(at.0, price.0);
        bar.volume += u64::from(size);
        bar.last_price = price.0;
        closed
    }

    /// Takes all `trades` and hands every bar they close to `emit`: the same as one
    /// [`push`](Self::push) after another, in one pass over the columns.
    pub fn extend(&mut self, trades: Trades<'_>, mut emit: impl FnMut(Bar)) {
        let len = trades.len();
        let (times, prices) = (&trades.times_ns[..len], &trades.prices[..len]);
        let sizes = &trades.sizes[..len];
        let mut from = 0;
        while from < len {
            if let Some(bar) = self.advance(Timestamp(times[from])) {
                emit(bar);
            }
            let bar = self.running_at(times[from], prices[from]);
            let end = bar.end;
            // At least the trade the bar was opened for, or the loop would not move on.
            let run = length_before(&times[from..], end).max(1);
            bar.volume += total(&sizes[from..from + run]);
            bar.last_price = prices[from + run - 1];
            from += run;
        }
    }

    /// Closes the running bar, if there is one.
    pub fn close(&mut self) -> Option<Bar> {
        let bar = self.running.take()?;
        let before = self
            .previous_price
            .replace(bar.last_price)
            .unwrap_or(bar.first_price);
        self.next_index = bar.index.saturating_add(1);
        Some(Bar {
            volume: bar.volume,
            change: bar.last_price.saturating_sub(before),
        })
    }

    fn running_at(&mut self, at: i64, price: i64) -> &mut Running {
        let (open, nanos, next_index) = (self.session_open, self.bar_nanos, self.next_index);
        self.running.get_or_insert_with(|| {
            let index = at.saturating_sub(open).div_euclid(nanos).max(next_index);
            let end = open.saturating_add(index.saturating_add(1).saturating_mul(nanos));
            Running {
                index,
                end,
                first_price: price,
                last_price: price,
                volume: 0,
            }
        })
    }
}

/// How many of `times` come before the first that is not before `end`.
fn length_before(times: &[i64], end: i64) -> usize {
    const BLOCK: usize = 64;
    let mut length = 0;
    // Whole blocks first: a comparison of all 64 without an exit becomes vector code.
    for block in times.chunks_exact(BLOCK) {
        if block.iter().fold(false, |past, at| past | (end <= *at)) {
            break;
        }
        length += BLOCK;
    }
    let rest = &times[length..];
    length + rest.iter().position(|at| end <= *at).unwrap_or(rest.len())
}

fn total(sizes: &[u32]) -> u64 {
    sizes.iter().map(|size| u64::from(*size)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(trades: &[(i64, i64, u32)], expected: &[(u64, i64)]) {
        let mut clock = BarClock::new(10).unwrap();
        clock.start_session(Timestamp(5));
        let mut bars = Vec::new();
        for (at, price, size) in trades {
            bars.extend(clock.push(Timestamp(*at), Price(*price), *size));
        }
        bars.extend(clock.close());
        let found: Vec<_> = bars.iter().map(|bar| (bar.volume, bar.change)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_first_bar_of_a_session_changes_from_its_own_first_price() {
        check(
            &[(5, 100, 1), (14, 103, 2), (15, 101, 4)],
            &[(3, 3), (4, -2)],
        );
    }

    #[test]
    fn an_empty_bar_is_skipped() {
        check(&[(5, 100, 1), (95, 90, 2)], &[(1, 0), (2, -10)]);
    }

    #[test]
    fn a_trade_stamped_before_the_running_bar_counts_in_it() {
        check(
            &[(15, 100, 1), (9, 99, 2), (24, 98, 4), (25, 97, 8)],
            &[(7, -2), (8, -1)],
        );
    }

    #[test]
    fn a_bar_closed_by_the_clock_is_not_opened_again() {
        let mut clock = BarClock::new(10).unwrap();
        assert_eq!(clock.push(Timestamp(3), Price(100), 1), None);
        assert_eq!(clock.advance(Timestamp(9)), None);
        assert_eq!(
            clock.advance(Timestamp(10)),
            Some(Bar {
                volume: 1,
                change: 0
            })
        );
        assert_eq!(clock.advance(Timestamp(10)), None);
        assert_eq!(clock.push(Timestamp(9), Price(101), 2), None);
        assert_eq!(clock.push(Timestamp(19), Price(102), 4), None);
        assert_eq!(
            clock.advance(Timestamp(20)),
            Some(Bar {
                volume: 6,
                change: 2
            })
        );
    }

    #[test]
    fn a_new_session_forgets_the_price_of_the_last() {
        let mut clock = BarClock::new(10).unwrap();
        clock.push(Timestamp(3), Price(100), 1);
        assert_eq!(
            clock.start_session(Timestamp(1_000)),
            Some(Bar {
                volume: 1,
                change: 0
            })
        );
        clock.push(Timestamp(1_001), Price(500), 1);
        clock.push(Timestamp(1_002), Price(501), 1);
        assert_eq!(
            clock.close(),
            Some(Bar {
                volume: 2,
                change: 1
            })
        );
    }

    #[test]
    fn the_ends_of_time_and_price_do_no_harm() {
        let times_ns = [i64::MIN, i64::MAX, i64::MAX, 0];
        let prices = [i64::MIN, i64::MAX, 0, 1];
        let sizes = [1, 2, 4, u32::MAX];
        let mut volume = 0;
        let mut clock = BarClock::new(1).unwrap();
        clock.extend(
            Trades {
                times_ns: &times_ns,
                prices: &prices,
                sizes: &sizes,
            },
            |bar| {
                volume += bar.volume;
            },
        );
        volume += clock.close().map_or(0, |bar| bar.volume);
        assert_eq!(volume, 7 + u64::from(u32::MAX));
    }

    proptest! {
        #[test]
        fn columns_give_the_bars_of_one_trade_at_a_time(
            trades in prop::collection::vec((-50_i64..400, 1_i64..100, 0_u32..9), 0..600),
            sorted in any::<bool>(),
            cut in 0_usize..600,
        ) {
            let mut trades = trades;
            if sorted {
                trades.sort_by_key(|trade| trade.0);
            }
            let mut single = BarClock::new(60).unwrap();
            let mut expected = Vec::new();
            for (at, price, size) in &trades {
                expected.extend(single.push(Timestamp(*at), Price(*price), *size));
            }
            let times_ns: Vec<i64> = trades.iter().map(|trade| trade.0).collect();
            let prices: Vec<i64> = trades.iter().map(|trade| trade.1).collect();
            let sizes: Vec<u32> = trades.iter().map(|trade| trade.2).collect();
            let cut = cut.min(trades.len());
            let mut columns = BarClock::new(60).unwrap();
            let mut bars = Vec::new();
            for range in [0..cut, cut..trades.len()] {
                let part = Trades {
                    times_ns: &times_ns[range.clone()],
                    prices: &prices[range.clone()],
                    sizes: &sizes[range],
                };
                columns.extend(part, |bar| bars.push(bar));
            }
            prop_assert_eq!(bars, expected);
            prop_assert_eq!(columns, single);
        }
    }
}
