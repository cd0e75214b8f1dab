//! Levels that fill up again after they were taken.
//!
//! A refill is a size back to 80 % of what was displayed within half a second after executions took
//! half of it or more and the loss was shown. Three refills at one price within ten seconds make it an
//! iceberg: then what came back counts as hidden, each refill once and never more than was taken.
//! Somebody who quotes the same size again by hand looks the same. Source: formulas.md 10.

use components::units::{NANOS_PER_MILLI, Price, Timestamp};

/// A size is back within this time.
pub const REFILL_NANOS: i64 = 500 * NANOS_PER_MILLI;
/// Refills lie within this time.
pub const ICEBERG_NANOS: i64 = 10_000 * NANOS_PER_MILLI;
/// So many refills make an iceberg.
pub const REFILLS_MIN: usize = 3;

/// Prices of a side that are watched.
const LEVELS: usize = 8;
/// Refills that are remembered of a price.
const REFILLS: usize = 16;

/// The watched levels of a side.
#[derive(Clone, Debug, Default)]
pub struct Icebergs {
    levels: [Level; LEVELS],
}

#[derive(Clone, Debug, Default)]
struct Level {
    price: Price,
    used: Timestamp,
    taken: Option<Taken>,
    refills: [Refill; REFILLS],
    count: usize,
}

/// A level that executions took, until it is back.
#[derive(Clone, Copy, Debug)]
struct Taken {
    at: Timestamp,
    /// What is left.
    left: u64,
    /// What must be displayed again.
    target: u64,
    /// What executions took of it.
    shares: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Refill {
    at: Timestamp,
    shares: u64,
    counted: bool,
}

impl Icebergs {
    /// Takes note that executions took `visible` of the `before` shares at `price`, which now shows
    /// `left`.
    pub fn take(&mut self, price: Price, before: u64, left: u64, visible: u64, at: Timestamp) {
        if before == 0 || visible.saturating_mul(2) < before || !price.is_some() {
            return;
        }
        let level = self.level(price, at);
        let target = (before.saturating_mul(4)).div_ceil(5);
        let earlier = level
            .taken
            .filter(|taken| is_within(taken.at, at, REFILL_NANOS));
        level.taken = Some(Taken {
            at,
            left,
            target: earlier.map_or(target, |taken| taken.target.max(target)),
            shares: visible + earlier.map_or(0, |taken| taken.shares),
        });
    }

    /// Takes note that `size` is displayed at `price`; gives the shares that count as hidden now, with
    /// the refills of the price.
    pub fn show(
        &mut self,
        price: Price,
        size: u64,
        at: Timestamp,
        emit: &mut impl FnMut(u64, u32),
    ) {
        let Some(level) = self.levels.iter_mut().find(|level| level.price == price) else {
            return;
        };
        let Some(taken) = level.taken else { return };
        if !is_within(taken.at, at, REFILL_NANOS) {
            level.taken = None;
        } else if taken.target <= size {
            level.taken = None;
            level.used = at;
            let shares = size.saturating_sub(taken.left).min(taken.shares);
            level.refill(shares, at, emit);
        }
    }

    /// The level at `price`; a new one takes the place of the one that was not used for longest.
    fn level(&mut self, price: Price, at: Timestamp) -> &mut Level {
        let place = self.levels.iter().position(|level| level.price == price);
        let place = place.unwrap_or_else(|| {
            let mut oldest = 0;
            for place in 1..LEVELS {
                if self.levels[place].used < self.levels[oldest].used {
                    oldest = place;
                }
            }
            self.levels[oldest] = Level {
                price,
                ..Level::default()
            };
            oldest
        });
        self.levels[place].used = at;
        &mut self.levels[place]
    }
}

impl Level {
    fn refill(&mut self, shares: u64, at: Timestamp, emit: &mut impl FnMut(u64, u32)) {
        let mut kept = 0;
        for place in 0..self.count {
            if is_within(self.refills[place].at, at, ICEBERG_NANOS) {
                self.refills[kept] = self.refills[place];
                kept += 1;
            }
        }
        if kept == REFILLS {
            self.refills.rotate_left(1);
            kept -= 1;
        }
        self.refills[kept] = Refill {
            at,
            shares,
            counted: false,
        };
        self.count = kept + 1;
        if self.count < REFILLS_MIN {
            return;
        }
        let refills = u32::try_from(self.count).unwrap_or(u32::MAX);
        let mut sum = 0_u64;
        for refill in &mut self.refills[..self.count] {
            if !refill.counted {
                refill.counted = true;
                sum = sum.saturating_add(refill.shares);
            }
        }
        emit(sum, refills);
    }
}

fn is_within(earlier: Timestamp, later: Timestamp, nanos: i64) -> bool {
    later.nanos_since(earlier) <= nanos
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: Price = Price(1_000_000);

    fn ms(millis: i64) -> Timestamp {
        Timestamp(0).plus_millis(millis)
    }

    /// Takes 60 of 100 shares and shows 100 again `after_ms` later, at each of `starts`.
    fn cycles(starts: &[i64], after_ms: i64) -> Vec<(u64, u32)> {
        let mut icebergs = Icebergs::default();
        let mut found = Vec::new();
        for start in starts {
            icebergs.take(LEVEL, 100, 40, 60, ms(*start));
            let mut emit = |shares, refills| found.push((shares, refills));
            icebergs.show(LEVEL, 40, ms(*start), &mut emit);
            icebergs.show(LEVEL, 100, ms(start + after_ms), &mut emit);
        }
        found
    }

    #[test]
    fn three_refills_within_ten_seconds_count_each_once() {
        assert_eq!(cycles(&[0, 1_000], 500), []);
        assert_eq!(cycles(&[0, 1_000, 2_000], 500), [(180, 3)]);
        assert_eq!(
            cycles(&[0, 1_000, 2_000, 3_000], 500),
            [(180, 3), (60, 4)],
            "the fourth adds itself alone"
        );
        assert_eq!(cycles(&[0, 1_000, 2_000], 501), [], "too late");
        assert_eq!(cycles(&[0, 6_000, 12_000], 100), [], "too far apart");
        let long: Vec<i64> = (0..40).map(|cycle| cycle * 100).collect();
        let counted: u64 = cycles(&long, 10).iter().map(|found| found.0).sum();
        assert_eq!(counted, 40 * 60);
    }

    #[test]
    fn half_must_be_taken_and_four_fifths_come_back() {
        let run = |taken: u64, back: u64| {
            let mut icebergs = Icebergs::default();
            let mut found = 0;
            for start in [0, 1_000, 2_000] {
                icebergs.take(LEVEL, 100, 100 - taken, taken, ms(start));
                icebergs.show(LEVEL, back, ms(start + 10), &mut |shares, _| {
                    found += shares;
                });
            }
            found
        };
        assert_eq!((run(49, 100), run(50, 100)), (0, 150));
        assert_eq!((run(60, 79), run(60, 80)), (0, 3 * 40));
        // Others join the level: no more counts than was taken.
        assert_eq!(run(60, 5_000), 180);
    }

    #[test]
    fn many_prices_are_watched_and_the_least_used_makes_room() {
        let mut icebergs = Icebergs::default();
        for step in 0..20 {
            icebergs.take(Price(LEVEL.0 + step), 100, 0, 100, ms(step));
        }
        let mut back = 0;
        for step in 0..20 {
            icebergs.show(Price(LEVEL.0 + step), 100, ms(30), &mut |_, _| {});
            back += i32::from(
                icebergs
                    .levels
                    .iter()
                    .any(|level| level.price.0 == LEVEL.0 + step && level.count == 1),
            );
        }
        assert_eq!(back, 8);
        icebergs.take(Price::NONE, 100, 0, 100, ms(40));
        assert!(icebergs.levels.iter().all(|level| level.price.is_some()));
    }
}
