//! The prices that orders may carry: one tick size below $3, another from $3 on.

use components::units::{PRICE_UNITS_PER_DOLLAR, Price};

/// From this price on the larger tick size holds.
const BOUNDARY: i64 = 3 * PRICE_UNITS_PER_DOLLAR;

/// The two tick sizes of an option class. From $3 on, prices are whole large ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    below_3: i64,
    from_3: i64,
}

impl Grid {
    /// The grid with these tick sizes. A tick below 0.0001 counts as 0.0001.
    ///
    /// # Examples
    /// ```
    /// use components::units::Price;
    /// use systems::exits::grid::Grid;
    /// let grid = Grid::new(Price(100), Price(500));
    /// assert_eq!(grid.floor(Price(12_399)), Price(12_300));
    /// assert_eq!(grid.below(Price(30_000)), Price(29_900));
    /// ```
    #[must_use]
    pub fn new(below_3: Price, from_3: Price) -> Self {
        Self {
            below_3: below_3.0.max(1),
            from_3: from_3.0.max(1),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GRID: Grid = Grid {
        below_3: 100,
        from_3: 500,
    };

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
    }
}
