//! Average true range of an underlying, after Wilder (1978), on five-minute bars.
//!
//! `TR = max(H - L, |H - C'|, |L - C'|)` from the second bar on, `C'` being the close of the bar
//! before, whatever session that was in: gaps count. The first average stands at bar 14 and is the
//! mean of the true ranges 1 to 14; from then on `ATR = (13 ATR' + TR) / 14`, which is not the
//! moving average with weight `2 / (n + 1)`. All in dollars of the underlying.

use bevy_ecs::prelude::Component;
use components::units::{NANOS_PER_SECOND, Timestamp};
use engine::calendar::Session;

/// Bars that the average spans.
pub const ATR_PERIOD: u32 = 14;
/// Seconds of a bar.
pub const BAR_S: i64 = 300;

/// A bar of the underlying, in dollars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// The highest price.
    pub high: f64,
    /// The lowest price.
    pub low: f64,
    /// The last price.
    pub close: f64,
}

/// The true range of `bar` after a bar that closed at `previous_close`.
#[must_use]
pub fn true_range(bar: Bar, previous_close: f64) -> f64 {
    (bar.high - bar.low)
        .max((bar.high - previous_close).abs())
        .max((bar.low - previous_close).abs())
}

/// The average after each bar; absent during the first 14.
///
/// # Examples
/// ```
/// use systems::exits::atr::{Bar, average_true_ranges};
/// let bar = Bar { high: 101.0, low: 99.0, close: 100.0 };
/// let ranges = average_true_ranges(&[bar; 16]);
/// assert_eq!((ranges[13], ranges[14], ranges[15]), (None, Some(2.0), Some(2.0)));
/// ```
#[must_use]
pub fn average_true_ranges(bars: &[Bar]) -> Vec<Option<f64>> {
    let mut atr = Atr::default();
    bars.iter().map(|bar| atr.push(*bar)).collect()
}

/// The average, a bar at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Atr {
    previous_close: Option<f64>,
    ranges: u32,
    sum: f64,
    average: Option<f64>,
}

impl Atr {
    /// Takes the next bar and returns the average from then on. One that is not finite is left out.
    pub fn push(&mut self, bar: Bar) -> Option<f64> {
        if !(bar.high.is_finite() && bar.low.is_finite() && bar.close.is_finite()) {
            return self.average;
        }
        if let Some(previous_close) = self.previous_close {
            let range = true_range(bar, previous_close);
            let period = f64::from(ATR_PERIOD);
            if let Some(average) = self.average {
                self.average = Some(((period - 1.0) * average + range) / period);
            } else {
                self.ranges += 1;
                self.sum += range;
                self.average = (self.ranges == ATR_PERIOD).then(|| self.sum / period);
            }
        }
        self.previous_close = Some(bar.close);
        self.average
    }

    /// The average, dollars of the underlying.
    #[must_use]
    pub fn get(&self) -> Option<f64> {
        self.average
    }
}

/// Makes bars of the prices seen in sessions, and the average of the bars.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct BarAtr {
    atr: Atr,
    open: Option<Bar>,
    until: Timestamp,
}

impl Default for BarAtr {
    fn default() -> Self {
        Self {
            atr: Atr::default(),
            open: None,
            until: Timestamp::NEVER,
        }
    }
}

impl BarAtr {
    /// Takes the price of the underlying at `now`, an instant of `session`.
    ///
    /// Bars lie on a grid from the session's open; five minutes without a price make no bar.
    pub fn observe(&mut self, now: Timestamp, session: &Session, price: f64) {
        if !price.is_finite() || price <= 0.0 || !session.contains(now) {
            return;
        }
        if self.until <= now {
            if let Some(bar) = self.open.take() {
                self.atr.push(bar);
            }
            let bars = now.nanos_since(session.open) / (BAR_S * NANOS_PER_SECOND);
            self.until = session
                .open
                .plus_nanos((bars + 1) * BAR_S * NANOS_PER_SECOND);
        }
        let bar = self.open.get_or_insert(Bar {
            high: price,
            low: price,
            close: price,
        });
        bar.high = bar.high.max(price);
        bar.low = bar.low.min(price);
        bar.close = price;
    }

    /// The average of the bars that are over, dollars of the underlying.
    #[must_use]
    pub fn get(&self) -> Option<f64> {
        self.atr.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn session(day: i8, minutes: i64) -> Session {
        let open = Timestamp(i64::from(day) * 86_400 * NANOS_PER_SECOND);
        Session {
            date: date(2015, 12, day),
            open,
            close: open.plus_millis(minutes * 60_000),
            early_close: minutes < 390,
        }
    }

    #[test]
    fn the_gap_between_sessions_is_a_true_range() {
        let mut atr = BarAtr::default();
        let first = session(23, 30);
        for minute in 0..30 {
            atr.observe(first.open.plus_millis(minute * 60_000), &first, 100.0);
        }
        assert_eq!(atr.atr.ranges, 4, "six bars, the last of which is open");
        let second = session(24, 210);
        for minute in 0..46 {
            atr.observe(second.open.plus_millis(minute * 60_000), &second, 107.0);
        }
        assert_eq!(atr.get(), Some(0.5), "one range of 7 among fourteen");
    }

    #[test]
    fn what_is_no_price_makes_no_bar() {
        let (mut atr, day) = (BarAtr::default(), session(23, 390));
        for price in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
            atr.observe(day.open, &day, price);
        }
        atr.observe(day.close, &day, 100.0);
        assert_eq!(atr, BarAtr::default());
        let mut atr = Atr::default();
        atr.push(Bar {
            high: f64::NAN,
            low: 1.0,
            close: 1.0,
        });
        assert_eq!(atr, Atr::default());
    }
}
