//! Executions and evidence of the last minute, in whole sums.

use super::detector::{Evidence, Kind};
use components::hidden::{ICEBERGS_MAX, Iceberg};
use components::market::Side;
use components::units::Timestamp;
use std::collections::VecDeque;

/// The sums of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HiddenSums {
    /// Executions on exchanges.
    pub prints: u32,
    /// Their shares.
    pub shares: u64,
    /// Hidden shares between bid and ask.
    pub inside: u64,
    /// Hidden shares at the best price.
    pub beyond: u64,
    /// Shares that came back at icebergs.
    pub refilled: u64,
    /// Hidden shares on the bid.
    pub bid: u64,
    /// Hidden shares on the ask.
    pub ask: u64,
}

impl HiddenSums {
    /// Hidden over all shares, 0 to 1; `None` without any.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        let hidden = self.inside + self.beyond + self.refilled;
        // A refill may be younger than the execution that it followed, which has left the window.
        (self.shares > 0).then(|| (hidden as f64 / self.shares as f64).min(1.0))
    }

    /// Bid less ask over both, -1 to 1; `None` where no side is known.
    #[must_use]
    pub fn imbalance(&self) -> Option<f64> {
        let (bid, ask) = (self.bid as f64, self.ask as f64);
        (self.bid + self.ask > 0).then(|| (bid - ask) / (bid + ask))
    }

    /// The side that hides more.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        match self.bid.cmp(&self.ask) {
            std::cmp::Ordering::Less => Some(Side::Sell),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(Side::Buy),
        }
    }

    fn add(&mut self, one: &Evidence, sign: fn(&mut u64, u64)) {
        let part = match one.kind {
            Kind::Inside => &mut self.inside,
            Kind::Beyond => &mut self.beyond,
            Kind::Refilled(_) => &mut self.refilled,
        };
        sign(part, one.shares);
        match one.side {
            Some(Side::Buy) => sign(&mut self.bid, one.shares),
            Some(Side::Sell) => sign(&mut self.ask, one.shares),
            None => {}
        }
    }
}

/// What was executed and found within a stretch of time.
#[derive(Clone, Debug, Default)]
pub struct HiddenWindow {
    prints: VecDeque<(Timestamp, u64)>,
    found: VecDeque<Evidence>,
    sums: HiddenSums,
    icebergs: [Option<Iceberg>; ICEBERGS_MAX],
}

impl HiddenWindow {
    /// Takes an execution.
    pub fn execution(&mut self, at: Timestamp, shares: u64) {
        self.prints.push_back((at, shares));
        self.sums.prints += 1;
        self.sums.shares += shares;
    }

    /// Takes evidence.
    pub fn evidence(&mut self, one: Evidence) {
        self.sums.add(&one, |sum, shares| *sum += shares);
        if let (Kind::Refilled(refills), Some(side)) = (one.kind, one.side) {
            let price = one.price;
            let same = |known: &Option<Iceberg>| {
                known.is_some_and(|known| (known.side, known.price) == (side, price))
            };
            let place = self.icebergs.iter().position(same);
            self.icebergs[..=place.unwrap_or(ICEBERGS_MAX - 1)].rotate_right(1);
            self.icebergs[0] = Some(Iceberg {
                side,
                price,
                refills,
                at: one.at,
            });
        }
        self.found.push_back(one);
    }

    /// Forgets what is older than `nanos`; whether there was any.
    pub fn forget(&mut self, now: Timestamp, nanos: i64) -> bool {
        let is_old = |at: Timestamp| now.nanos_since(at) > nanos;
        let mut changed = false;
        while let Some((at, shares)) = self.prints.front().copied()
            && is_old(at)
        {
            self.prints.pop_front();
            self.sums.prints -= 1;
            self.sums.shares -= shares;
            changed = true;
        }
        // Evidence at the best price is told up to 50 ms after its execution, so that one may stand
        // behind a younger one for as long.
        while let Some(one) = self.found.front().copied()
            && is_old(one.at)
        {
            self.found.pop_front();
            self.sums.add(&one, |sum, shares| *sum -= shares);
            changed = true;
        }
        for known in &mut self.icebergs {
            *known = known.filter(|known| !is_old(known.at));
        }
        changed
    }

    /// The sums of what is left.
    #[must_use]
    pub fn sums(&self) -> HiddenSums {
        self.sums
    }

    /// Iceberg levels, the newest first.
    #[must_use]
    pub fn icebergs(&self) -> [Option<Iceberg>; ICEBERGS_MAX] {
        self.icebergs
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::units::Price;

    fn one(at_ms: i64, kind: Kind, side: Option<Side>, price: i64, shares: u64) -> Evidence {
        Evidence {
            at: Timestamp(0).plus_millis(at_ms),
            print: 0,
            kind,
            side,
            price: Price(price),
            shares,
        }
    }

    #[test]
    fn sums_are_those_of_the_window_and_nothing_stays() {
        let mut window = HiddenWindow::default();
        assert_eq!(window.sums().ratio(), None);
        assert_eq!(
            (window.sums().imbalance(), window.sums().side()),
            (None, None)
        );
        window.execution(Timestamp(0), 300);
        window.execution(Timestamp(0).plus_millis(500), 100);
        window.evidence(one(0, Kind::Inside, None, 1, 100));
        window.evidence(one(0, Kind::Beyond, Some(Side::Buy), 1, 30));
        window.evidence(one(500, Kind::Refilled(3), Some(Side::Sell), 2, 70));
        let sums = window.sums();
        assert_eq!((sums.ratio(), sums.imbalance()), (Some(0.5), Some(-0.4)));
        assert_eq!(sums.side(), Some(Side::Sell));
        let second = 1_000_000_000;
        assert!(window.forget(Timestamp(0).plus_millis(1_001), second));
        let sums = window.sums();
        assert_eq!((sums.prints, sums.shares, sums.refilled), (1, 100, 70));
        assert_eq!((sums.inside, sums.beyond, sums.bid), (0, 0, 0));
        assert!(window.icebergs()[0].is_some());
        assert!(window.forget(Timestamp(0).plus_millis(1_501), second));
        assert_eq!(window.sums(), HiddenSums::default());
        assert_eq!(window.icebergs(), [None; ICEBERGS_MAX]);
        assert!(!window.forget(Timestamp(0).plus_millis(9_000), second));
    }

    #[test]
    fn the_newest_icebergs_come_first_and_each_price_once() {
        let mut window = HiddenWindow::default();
        for (at, price) in [(1, 10), (2, 20), (3, 10), (4, 30), (5, 40), (6, 50)] {
            let refills = Kind::Refilled(u32::try_from(at).unwrap());
            window.evidence(one(at, refills, Some(Side::Buy), price, 1));
        }
        let prices = window.icebergs().map(|level| level.unwrap().price.0);
        assert_eq!(prices, [50, 40, 30, 10]);
        assert_eq!(window.icebergs()[3].unwrap().refills, 3);
    }
}
