//! What the five best levels a side say, from whole prices and sizes.
//!
//! All sums are of whole numbers and every value is divided once, at the end, so that cancelling
//! sizes lose no digits and a mirrored book gives the mirrored bits.

use components::market::{Level, QuoteState};
use components::units::PRICE_UNITS_PER_DOLLAR;
use engine::math::ln;

/// Levels that count, a side.
pub const LEVELS: usize = 5;
/// `pressure_ratio` lies between 1/10 and this.
pub const PRESSURE_MAX: f64 = 10.0;

/// Weights 1.0, 0.8, 0.6, 0.4, 0.2 of the levels, times 5.
const FIFTHS: [i64; LEVELS] = [5, 4, 3, 2, 1];

/// What a book is and, unless it is crossed or lacks a side, what it says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BookView {
    /// What the best levels say together.
    pub state: QuoteState,
    /// Absent unless the book is two-sided or locked.
    pub values: Option<BookValues>,
}

/// The imbalances of a book; positive is bid heavy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BookValues {
    /// Of the best level, -1 to 1.
    pub obi_l1: f64,
    /// Of five levels with weights 1.0, 0.8, 0.6, 0.4, 0.2, -1 to 1.
    pub obi_l5: f64,
    /// Of five levels with equal weights, -1 to 1.
    pub obi_l5_unweighted: f64,
    /// Bid sizes over ask sizes of five levels, kept within 0.1 to 10.
    pub pressure_ratio: f64,
    /// Its natural logarithm.
    pub log_pressure: f64,
    /// The mid weighted by the opposite sizes, in dollars.
    pub microprice_dollars: f64,
    /// Absent if all levels of a side are at the mid.
    pub slopes: Option<Slopes>,
}

/// How fast size adds up away from the mid: the least-squares line through the origin of
/// cumulative size on distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slopes {
    /// Of the bid side, in shares per dollar.
    pub bid: f64,
    /// Of the ask side, in shares per dollar.
    pub ask: f64,
    /// Their difference over their sum, -1 to 1.
    pub imbalance: f64,
}

/// Reads a book, best levels first; levels past the fifth and those after an empty one do not
/// count.
///
/// # Examples
/// ```
/// use components::market::{Level, QuoteState};
/// use components::units::Price;
/// use systems::imbalance::book::view_book;
/// let level = |price, size| Level { price: Price(price), size };
/// let view = view_book(&[level(999_900, 300)], &[level(1_000_100, 100)]);
/// assert_eq!(view.state, QuoteState::TwoSided);
/// let values = view.values.unwrap();
/// assert_eq!(values.obi_l1, 0.5);
/// assert_eq!(values.microprice_dollars, 100.005);
/// assert_eq!(values.slopes.unwrap().ask, 10_000.0);
/// ```
#[must_use]
pub fn view_book(bids: &[Level], asks: &[Level]) -> BookView {
    let (bids, asks) = (quoted(bids), quoted(asks));
    let (Some(bid), Some(ask)) = (bids.first(), asks.first()) else {
        let empty = bids.is_empty() && asks.is_empty();
        let state = if empty {
            QuoteState::NoData
        } else {
            QuoteState::OneSided
        };
        return BookView {
            state,
            values: None,
        };
    };
    let state = match bid.price.cmp(&ask.price) {
        std::cmp::Ordering::Greater => {
            return BookView {
                state: QuoteState::Crossed,
                values: None,
            };
        }
        std::cmp::Ordering::Equal => QuoteState::Locked,
        std::cmp::Ordering::Less => QuoteState::TwoSided,
    };
    BookView {
        state,
        values: Some(values(bids, asks, *bid, *ask)),
    }
}

fn values(bids: &[Level], asks: &[Level], bid: Level, ask: Level) -> BookValues {
    let (bid_total, ask_total) = (total(bids, &[1; LEVELS]), total(asks, &[1; LEVELS]));
    let pressure = bid_total as f64 / ask_total as f64;
    let pressure_ratio = pressure.clamp(1.0 / PRESSURE_MAX, PRESSURE_MAX);
    let slopes = slope(bids, bid, ask).zip(slope(asks, bid, ask));
    BookValues {
        obi_l1: balance(i64::from(bid.size), i64::from(ask.size)),
        obi_l5: balance(total(bids, &FIFTHS), total(asks, &FIFTHS)),
        obi_l5_unweighted: balance(bid_total, ask_total),
        pressure_ratio,
        log_pressure: ln(pressure_ratio),
        microprice_dollars: microprice_dollars(bid, ask),
        slopes: slopes.map(|(bid, ask)| Slopes {
            bid,
            ask,
            imbalance: (bid - ask) / (bid + ask),
        }),
    }
}

/// The levels that count: those before the first empty one, at most five.
fn quoted(levels: &[Level]) -> &[Level] {
    let levels = &levels[..levels.len().min(LEVELS)];
    let empty = |level: &Level| !level.price.is_some() || level.size == 0;
    &levels[..levels.iter().position(empty).unwrap_or(levels.len())]
}

fn total(levels: &[Level], weights: &[i64; LEVELS]) -> i64 {
    levels
        .iter()
        .zip(weights)
        .map(|(level, weight)| weight * i64::from(level.size))
        .sum()
}

fn balance(bid: i64, ask: i64) -> f64 {
    (bid - ask) as f64 / (bid + ask) as f64
}

fn microprice_dollars(bid: Level, ask: Level) -> f64 {
    let (bid_size, ask_size) = (i128::from(bid.size), i128::from(ask.size));
    let weighted = bid_size * i128::from(ask.price.0) + ask_size * i128::from(bid.price.0);
    weighted as f64 / ((bid_size + ask_size) * i128::from(PRICE_UNITS_PER_DOLLAR)) as f64
}

/// The slope of a side in shares per dollar: sum x D / sum x^2, with x the distance of a level
/// from the mid and D the size up to it.
fn slope(levels: &[Level], bid: Level, ask: Level) -> Option<f64> {
    let twice_mid = i128::from(bid.price.0) + i128::from(ask.price.0);
    let (mut cumulative, mut products, mut squares) = (0_i128, 0.0, 0.0);
    for level in levels {
        cumulative += i128::from(level.size);
        let twice_distance = (2 * i128::from(level.price.0) - twice_mid).unsigned_abs() as f64;
        products += twice_distance * cumulative as f64;
        squares += twice_distance * twice_distance;
    }
    // From half price units to dollars.
    let units = (2 * PRICE_UNITS_PER_DOLLAR) as f64;
    (0.0 < squares).then(|| products / squares * units)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use components::units::Price;
    use proptest::prelude::*;

    const MID: i64 = 1_000_000;

    fn level(price: i64, size: u32) -> Level {
        Level {
            price: Price(price),
            size,
        }
    }

    fn state(bids: &[Level], asks: &[Level]) -> QuoteState {
        let view = view_book(bids, asks);
        let has_values = matches!(view.state, QuoteState::TwoSided | QuoteState::Locked);
        assert_eq!(view.values.is_some(), has_values);
        view.state
    }

    #[test]
    fn a_side_without_a_best_level_is_missing() {
        let full = [level(MID, 5)];
        let hollow = [Level::default(), level(MID - 100, 5)];
        assert_eq!(state(&[], &[]), QuoteState::NoData);
        assert_eq!(state(&[Level::default(); 5], &[]), QuoteState::NoData);
        assert_eq!(state(&full, &[]), QuoteState::OneSided);
        assert_eq!(state(&hollow, &full), QuoteState::OneSided);
        assert_eq!(state(&full, &[level(MID + 1, 0)]), QuoteState::OneSided);
        assert_eq!(state(&full, &[level(MID - 1, 5)]), QuoteState::Crossed);
        assert_eq!(state(&full, &full), QuoteState::Locked);
        assert_eq!(state(&full, &[level(MID + 1, 5)]), QuoteState::TwoSided);
    }

    #[test]
    fn a_side_that_lies_at_the_mid_leaves_no_slopes() {
        let asks = [level(MID, 5), level(MID + 100, 5)];
        assert!(
            view_book(&asks[..1], &asks)
                .values
                .unwrap()
                .slopes
                .is_none()
        );
        let bids = [level(MID, 5), level(MID - 200, 5)];
        let slopes = view_book(&bids, &asks).values.unwrap().slopes.unwrap();
        assert_eq!((slopes.bid, slopes.ask), (500.0, 1_000.0));
    }

    #[test]
    fn the_sixth_level_does_not_count() {
        let bids: Vec<_> = (1..=6_i64).map(|i| level(MID - 100 * i, 10)).collect();
        let asks: Vec<_> = (1..=6_i64).map(|i| level(MID + 100 * i, 10)).collect();
        assert_eq!(view_book(&bids, &asks[..5]), view_book(&bids[..5], &asks));
    }

    #[test]
    fn the_largest_prices_and_sizes_stay_finite() {
        let bids = [level(i64::MAX - 1, u32::MAX); 5];
        let asks = [level(i64::MAX, u32::MAX); 5];
        let values = view_book(&bids, &asks).values.unwrap();
        assert!(values.microprice_dollars.is_finite());
        assert!(
            values
                .slopes
                .is_some_and(|slopes| slopes.bid.is_finite() && slopes.ask.is_finite())
        );
    }

    fn side() -> impl Strategy<Value = Vec<(i64, u32)>> {
        prop::collection::vec((1_i64..50, 1_u32..5_000), 1..=5)
    }

    fn ladder(steps: &[(i64, u32)], direction: i64) -> Vec<Level> {
        let mut distance = 0;
        let step = |(step, size): &(i64, u32)| {
            distance += step;
            level(MID + direction * distance * 100, *size)
        };
        steps.iter().map(step).collect()
    }

    proptest! {
        #[test]
        fn a_mirrored_book_flips_every_sign(below in side(), above in side()) {
            let book = view_book(&ladder(&below, -1), &ladder(&above, 1)).values.unwrap();
            let mirror = view_book(&ladder(&above, -1), &ladder(&below, 1)).values.unwrap();
            let mid_dollars = Price(MID).dollars();
            prop_assert_eq!(book.obi_l1, -mirror.obi_l1);
            prop_assert_eq!(book.obi_l5, -mirror.obi_l5);
            prop_assert_eq!(book.obi_l5_unweighted, -mirror.obi_l5_unweighted);
            prop_assert!((book.log_pressure + mirror.log_pressure).abs() <= 1e-15);
            let drift = book.microprice_dollars + mirror.microprice_dollars - 2.0 * mid_dollars;
            prop_assert!(drift.abs() <= 1e-13);
            let (book, mirror) = (book.slopes.unwrap(), mirror.slopes.unwrap());
            prop_assert_eq!(book.bid, mirror.ask);
            prop_assert_eq!(book.ask, mirror.bid);
            prop_assert_eq!(book.imbalance, -mirror.imbalance);
        }

        #[test]
        fn values_stay_in_their_ranges(below in side(), above in side()) {
            let (bids, asks) = (ladder(&below, -1), ladder(&above, 1));
            let values = view_book(&bids, &asks).values.unwrap();
            for value in [values.obi_l1, values.obi_l5, values.obi_l5_unweighted] {
                prop_assert!((-1.0..=1.0).contains(&value));
            }
            prop_assert!((0.1..=10.0).contains(&values.pressure_ratio));
            let inside = bids[0].price.dollars()..=asks[0].price.dollars();
            prop_assert!(inside.contains(&values.microprice_dollars));
            let slopes = values.slopes.unwrap();
            prop_assert!(0.0 < slopes.bid && 0.0 < slopes.ask);
            prop_assert!((-1.0..=1.0).contains(&slopes.imbalance));
        }
    }
}
