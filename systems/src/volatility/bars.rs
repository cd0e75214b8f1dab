//! Bars of even length from the price of an underlying, and the returns between them.
//!
//! A bar ends when the clock says so, whether or not the price moved. Returns never reach over a
//! night, nor over bars that were lost to ticks that were skipped.

use super::realized::{Realized, parkinson, realized};
use engine::math::ln_ratio;
use std::collections::VecDeque;

/// Nanoseconds of a minute.
pub const MINUTE_NANOS: i64 = 60_000_000_000;
/// Nanoseconds of a trading year: 252 sessions of 390 minutes.
const TRADING_YEAR_NANOS: f64 = 252.0 * 390.0 * 6e10;

/// Bars of one length.
#[derive(Clone, Debug, PartialEq)]
pub struct BarSeries {
    nanos: i64,
    keep: usize,
    running: Option<Running>,
    /// The close of the bar before the running one, if that one ended just before.
    last_close: Option<f64>,
    returns: VecDeque<f64>,
    ranges: VecDeque<(f64, f64)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Running {
    place: i64,
    close: f64,
    high: f64,
    low: f64,
}

impl BarSeries {
    /// Bars of `nanos`, of which the last `keep` are remembered.
    #[must_use]
    pub fn new(nanos: i64, keep: usize) -> Self {
        Self {
            nanos: nanos.max(1),
            keep,
            running: None,
            last_close: None,
            returns: VecDeque::with_capacity(keep),
            ranges: VecDeque::with_capacity(keep),
        }
    }

    /// Begins a session: no return reaches back over the night.
    pub fn open_session(&mut self) {
        self.running = None;
        self.last_close = None;
    }

    /// Takes the price at `since_open` nanoseconds of the session; whether a bar ended.
    pub fn observe(&mut self, since_open: i64, dollars: f64) -> bool {
        let place = since_open.div_euclid(self.nanos);
        let fresh = Running {
            place,
            close: dollars,
            high: dollars,
            low: dollars,
        };
        match &mut self.running {
            Some(bar) if bar.place == place => {
                bar.close = dollars;
                bar.high = bar.high.max(dollars);
                bar.low = bar.low.min(dollars);
                false
            }
            Some(bar) => {
                let ended = *bar;
                self.running = Some(fresh);
                self.end(ended, place);
                true
            }
            None => {
                self.running = Some(fresh);
                false
            }
        }
    }

    fn end(&mut self, bar: Running, next: i64) {
        if let Some(last) = self.last_close {
            push(&mut self.returns, ln_ratio(bar.close, last), self.keep);
        }
        push(&mut self.ranges, (bar.high, bar.low), self.keep);
        self.last_close = (next == bar.place + 1).then_some(bar.close);
    }

    /// The returns, oldest first.
    pub fn returns(&mut self) -> &[f64] {
        self.returns.make_contiguous()
    }

    /// The newest return.
    #[must_use]
    pub fn last_return(&self) -> Option<f64> {
        self.returns.back().copied()
    }

    /// The volatility of the last `window` returns a year.
    pub fn realized(&mut self, window: usize) -> Option<Realized> {
        let per_year = TRADING_YEAR_NANOS / self.nanos as f64;
        let returns = self.returns.make_contiguous();
        realized(&returns[returns.len().saturating_sub(window)..], per_year)
    }

    /// The volatility of the last `window` highs and lows a year.
    pub fn parkinson(&mut self, window: usize) -> Option<f64> {
        let per_year = TRADING_YEAR_NANOS / self.nanos as f64;
        let ranges = self.ranges.make_contiguous();
        parkinson(&ranges[ranges.len().saturating_sub(window)..], per_year)
    }
}

fn push<T>(values: &mut VecDeque<T>, value: T, keep: usize) {
    if values.len() == keep {
        values.pop_front();
    }
    values.push_back(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(prices: &[(i64, f64)]) -> BarSeries {
        let mut bars = BarSeries::new(MINUTE_NANOS, 3);
        for (seconds, dollars) in prices {
            bars.observe(seconds * 1_000_000_000, *dollars);
        }
        bars
    }

    #[test]
    fn a_bar_holds_its_extremes_and_its_last_price() {
        let mut bars = series(&[(0, 10.0), (20, 12.0), (40, 9.0), (59, 11.0), (60, 11.5)]);
        assert_eq!(bars.ranges.make_contiguous(), [(12.0, 9.0)]);
        assert!(bars.returns().is_empty());
        bars.observe(120 * 1_000_000_000, 13.0);
        assert_eq!(bars.returns(), [ln_ratio(11.5, 11.0)]);
        assert_eq!(bars.last_return(), Some(ln_ratio(11.5, 11.0)));
    }

    #[test]
    fn only_the_last_are_kept() {
        let prices: Vec<(i64, f64)> = (0..10).map(|i| (i * 60, 100.0 + i as f64)).collect();
        let mut bars = series(&prices);
        assert_eq!(bars.returns().len(), 3);
        assert_eq!(bars.last_return(), Some(ln_ratio(108.0, 107.0)));
    }

    #[test]
    fn no_return_reaches_over_a_night_or_over_lost_bars() {
        let mut bars = series(&[(0, 10.0), (60, 11.0), (120, 12.0)]);
        assert_eq!(bars.returns().len(), 1);
        bars.open_session();
        bars.observe(0, 50.0);
        bars.observe(60_000_000_000, 51.0);
        assert_eq!(bars.returns().len(), 1);
        // A minute is lost: neither the bar before nor the one after makes a return over it.
        let mut bars = series(&[(0, 10.0), (180, 11.0), (240, 12.0), (300, 13.0)]);
        assert_eq!(bars.returns(), [ln_ratio(12.0, 11.0)]);
    }

    #[test]
    fn a_year_has_as_many_bars_as_fit() {
        let zigzag = |seconds: i64| {
            let mut bars = BarSeries::new(seconds * 1_000_000_000, 40);
            for place in 0..40 {
                let dollars = if place % 2 == 0 { 100.0 } else { 101.0 };
                bars.observe(place * seconds * 1_000_000_000, dollars);
            }
            bars.realized(30).unwrap().realized
        };
        assert!((zigzag(5) / zigzag(60) - 12.0_f64.sqrt()).abs() < 1e-12);
    }
}
