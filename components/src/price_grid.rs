//! The prices that orders and quotes may carry: one tick size below $3, another from $3 on.

use crate::units::{PRICE_UNITS_PER_DOLLAR, Price};

/// From this price on the larger tick size holds.
const BOUNDARY: i64 = 3 * PRICE_UNITS_PER_DOLLAR;

/// The two tick sizes of an option class. From $3 on, prices are whole large ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceGrid {
    below_3: i64,
    from_3: i64,
}

impl PriceGrid {
    /// $0.01 everywhere.
    pub const CENT: Self = Self::of_units(100, 100);
    /// $0.01 below $3, $0.05 from there on.
    pub const PENNY: Self = Self::of_units(100, 500);
    /// $0.05 below $3, $0.10 from there on.
    pub const NICKEL: Self = Self::of_units(500, 1_000);

    /// The grid with these tick sizes. A tick below 0.0001 counts as 0.0001.
    ///
    /// # Examples
    /// ```
    /// use components::price_grid::PriceGrid;
    /// use components::units::Price;
    /// let grid = PriceGrid::new(Price(100), Price(500));
    /// assert_eq!(grid, PriceGrid::PENNY);
    /// assert_eq!(grid.floor(Price(12_399)), Price(12_300));
    /// assert_eq!(grid.below(Price(30_000)), Price(29_900));
    /// ```
    #[must_use]
    pub fn new(below_3: Price, from_3: Price) -> Self {
        Self::of_units(below_3.0.max(1), from_3.0.max(1))
    }

    /// The grid with tick sizes in dollars; one that is no price counts as 0.0001.
    #[must_use]
    pub fn from_dollars(below_3_usd: f64, from_3_usd: f64) -> Self {
        let price = |dollars| Price::from_dollars(dollars).unwrap_or(Price(1));
        Self::new(price(below_3_usd), price(from_3_usd))
    }

    const fn of_units(below_3: i64, from_3: i64) -> Self {
        Self { below_3, from_3 }
    }

    /// The tick size at `price`.
    #[must_use]
    pub fn tick(&self, price: Price) -> Price {
        Price(if price.0 < BOUNDARY {
            self.below_3
        } else {
            self.from_3
        })
    }

    /// Whether orders may carry `price`: it is positive and on the grid.
    #[must_use]
    pub fn holds(&self, price: Price) -> bool {
        price.is_some() && self.floor(price) == price
    }

    /// The highest price of the grid at or below `price`, at least 0.
    #[must_use]
    pub fn floor(&self, price: Price) -> Price {
        let units = price.0.max(0);
        let tick = self.tick(price).0;
        Price(units - units % tick)
    }

    /// The lowest price of the grid at or above `price`, at least a tick.
    #[must_use]
    pub fn ceil(&self, price: Price) -> Price {
        let floor = self.floor(price);
        if floor == price && floor.is_some() {
            return floor;
        }
        Price(floor.0.saturating_add(self.tick(floor).0))
    }

    /// The highest price of the grid at or below `dollars`, at least 0.
    #[must_use]
    pub fn floor_dollars(&self, dollars: f64) -> Price {
        self.floor(units_of(dollars, f64::floor))
    }

    /// The lowest price of the grid at or above `dollars`, at least a tick.
    #[must_use]
    pub fn ceil_dollars(&self, dollars: f64) -> Price {
        self.ceil(units_of(dollars, f64::ceil))
    }

    /// The highest price of the grid below `price`, at least 0.
    #[must_use]
    pub fn below(&self, price: Price) -> Price {
        self.floor(Price(price.0.saturating_sub(1)))
    }

    /// The lowest price of the grid above `price`.
    #[must_use]
    pub fn above(&self, price: Price) -> Price {
        self.ceil(Price(price.0.max(0).saturating_add(1)))
    }

    /// The lowest price that is not 0.
    #[must_use]
    pub fn lowest(&self) -> Price {
        Price(self.below_3)
    }
}

/// Dollars as units of a price, rounded by `round`; nothing below 0.
#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped to what a price may be"
)]
fn units_of(dollars: f64, round: impl Fn(f64) -> f64) -> Price {
    let units = (dollars * PRICE_UNITS_PER_DOLLAR as f64).clamp(0.0, 1e15);
    Price(round(units) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GRID: PriceGrid = PriceGrid::PENNY;

    #[test]
    fn neighbours_across_three_dollars() {
        assert_eq!(GRID.above(Price(29_900)), Price(30_000));
        assert_eq!(GRID.above(Price(30_000)), Price(30_500));
        assert_eq!(GRID.below(Price(30_500)), Price(30_000));
        assert_eq!(GRID.ceil(Price(29_901)), Price(30_000));
        assert_eq!(GRID.ceil(Price(0)), Price(100));
        assert_eq!(GRID.below(Price(100)), Price(0));
        assert!(!GRID.holds(Price(0)) && !GRID.holds(Price(30_100)));
    }

    #[test]
    fn dollars_become_the_prices_beside_them() {
        assert_eq!(GRID.floor_dollars(2.999), Price(29_900));
        assert_eq!(GRID.ceil_dollars(2.991), Price(30_000));
        assert_eq!(GRID.floor_dollars(3.049), Price(30_000));
        assert_eq!(GRID.ceil_dollars(3.01), Price(30_500));
        assert_eq!(GRID.floor_dollars(-1.0), Price(0));
        assert_eq!(GRID.ceil_dollars(-1.0), Price(100));
    }

    #[test]
    fn classes_have_their_ticks_below_and_from_three_dollars() {
        let ticks = |grid: PriceGrid| [29_999, 30_000].map(|price| grid.tick(Price(price)).0);
        assert_eq!(ticks(PriceGrid::CENT), [100, 100]);
        assert_eq!(ticks(PriceGrid::PENNY), [100, 500]);
        assert_eq!(ticks(PriceGrid::NICKEL), [500, 1_000]);
        let holds = |grid: PriceGrid, price| grid.holds(Price(price));
        assert!(holds(PriceGrid::CENT, 30_100) && !holds(PriceGrid::CENT, 30_150));
        assert!(holds(PriceGrid::NICKEL, 29_500) && !holds(PriceGrid::NICKEL, 29_900));
        assert!(holds(PriceGrid::NICKEL, 31_000) && !holds(PriceGrid::NICKEL, 30_500));
        assert!(!holds(GRID, 150) && !holds(GRID, -100));
    }

    proptest! {
        #[test]
        fn floor_and_ceil_enclose(units in 1_i64..2_000_000) {
            let price = Price(units);
            let (floor, ceil) = (GRID.floor(price), GRID.ceil(price));
            prop_assert!(floor <= price && price <= ceil && GRID.holds(ceil));
            prop_assert!(floor.0 == 0 || GRID.holds(floor));
            prop_assert!(GRID.below(price) < price && price < GRID.above(price));
            prop_assert_eq!(GRID.floor(Price(GRID.above(floor).0 - 1)), floor);
        }

        #[test]
        fn dollars_lie_between_their_prices(dollars in 0.0..50.0_f64) {
            let (below, above) = (GRID.floor_dollars(dollars), GRID.ceil_dollars(dollars));
            prop_assert!((below.0 == 0 || GRID.holds(below)) && GRID.holds(above));
            prop_assert!(below.dollars() <= dollars + 1e-9 && above.dollars() >= dollars - 1e-9);
            prop_assert!(above.0 - below.0 <= 500);
        }
    }
}
