//! What discovery looks at: the tape of an underlying, cut into minutes and days.

use crate::patterns::shapes::SidedTrade;
use components::market::Ticker;
use components::units::Timestamp;
use engine::math::ln_ratio;

/// Minutes of a whole session.
pub const MINUTES_PER_DAY: usize = 390;

/// A minute of a session, whether or not anything was traded in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minute {
    /// When its session opened.
    pub session: Timestamp,
    /// Its place in the session, from 0.
    pub place: i64,
    /// Shares traded.
    pub volume: u64,
    /// The price at its end, dollars; `None` before the first of the session.
    pub close: Option<f64>,
}

/// What was traded in a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Shares.
    pub volume: u64,
    /// In so many minutes.
    pub minutes: u64,
}

/// What was seen of an underlying.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The underlying.
    pub symbol: Ticker,
    /// Regular trades, oldest first.
    pub trades: &'a [SidedTrade],
    /// Minutes, oldest first.
    pub minutes: &'a [Minute],
    /// Sessions, oldest first, the running one with the minutes that are over.
    pub days: &'a [Day],
    /// Shares of a round lot.
    pub round_lot: u64,
}

impl Seen<'_> {
    /// The mean volume of 390 minutes, which is that of a session; `None` while nothing was traded.
    #[must_use]
    pub fn day_volume(&self) -> Option<f64> {
        let volume: u64 = self.days.iter().map(|day| day.volume).sum();
        let minutes: u64 = self.days.iter().map(|day| day.minutes).sum();
        (volume > 0 && minutes > 0).then(|| volume as f64 / minutes as f64 * MINUTES_PER_DAY as f64)
    }

    /// The median trade; of an even number the lower of the two in the middle.
    #[must_use]
    pub fn median_trade(&self) -> Option<u64> {
        let mut sizes: Vec<u64> = self.trades.iter().map(|trade| trade.size).collect();
        let middle = sizes.len().checked_sub(1)? / 2;
        Some(*sizes.select_nth_unstable(middle).1)
    }

    /// The log returns between neighbouring minutes of a session, with the later of each two.
    pub fn returns(&self) -> impl Iterator<Item = (&Minute, f64)> {
        self.minutes.windows(2).filter_map(|pair| {
            let [before, after] = pair else { return None };
            let neighbours = before.session == after.session && before.place + 1 == after.place;
            let (from, to) = before.close.zip(after.close).filter(|_| neighbours)?;
            let step = ln_ratio(to, from);
            step.is_finite().then_some((after, step))
        })
    }
}
