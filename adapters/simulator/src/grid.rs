//! The prices at which options are quoted: one tick size below $3, another from $3 on.

use components::units::{PRICE_UNITS_PER_DOLLAR, Price};

/// From this price on the larger tick size holds.
const BOUNDARY: i64 = 3 * PRICE_UNITS_PER_DOLLAR;

/// The two tick sizes of an option class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceGrid {
    below_3: i64,
    from_3: i64,
}

impl PriceGrid {
    /// The grid with the tick sizes below $3 and from $3 on. A tick below 0.0001 counts as 0.0001.
    #[must_use]
    pub fn new(below_3: Price, from_3: Price) -> Self {
        Self {
            below_3: below_3.0.max(1),
            from_3: from_3.0.max(1),
        }
    }

    /// The grid with tick sizes in dollars that a config has been checked for.
    pub(crate) fn from_dollars(below_3_usd: f64, from_3_usd: f64) -> Self {
        let price = |dollars| Price::from_dollars(dollars).unwrap_or(Price(1));
        Self::new(price(below_3_usd), price(from_3_usd))
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

    /// Whether orders may carry `price`.
    #[must_use]
    pub fn holds(&self, price: Price) -> bool {
        price.0 % self.tick(price).0 == 0
    }

    /// The highest price of the grid at or below `dollars`, at least 0.
    #[must_use]
    pub fn floor(&self, dollars: f64) -> Price {
        let units = units_of(dollars);
        let tick = self.tick(Price(units.floor_units)).0;
        Price(units.floor_units / tick * tick)
    }

    /// The lowest price of the grid at or above `dollars`, at least a tick.
    #[must_use]
    pub fn ceil(&self, dollars: f64) -> Price {
        let units = units_of(dollars);
        let tick = self.tick(Price(units.ceil_units)).0;
        Price((units.ceil_units + tick - 1) / tick * tick).max(Price(self.below_3))
    }
}

struct Units {
    floor_units: i64,
    ceil_units: i64,
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped to what a price may be"
)]
fn units_of(dollars: f64) -> Units {
    let units = (dollars * PRICE_UNITS_PER_DOLLAR as f64).clamp(0.0, 1e15);
    Units {
        floor_units: units.floor() as i64,
        ceil_units: units.ceil() as i64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grid() -> PriceGrid {
        PriceGrid::new(Price(100), Price(500))
    }

    #[test]
    fn the_tick_grows_at_three_dollars() {
        assert_eq!(grid().floor(2.999), Price(29_900));
        assert_eq!(grid().ceil(2.991), Price(30_000));
        assert_eq!(grid().floor(3.049), Price(30_000));
        assert_eq!(grid().ceil(3.01), Price(30_500));
        assert!(grid().holds(Price(29_900)) && !grid().holds(Price(30_100)));
        assert_eq!(
            (grid().floor(-1.0), grid().ceil(-1.0)),
            (Price(0), Price(100))
        );
    }

    proptest! {
        #[test]
        fn both_roundings_lie_on_the_grid_and_enclose(dollars in 0.0..50.0_f64) {
            let (below, above) = (grid().floor(dollars), grid().ceil(dollars));
            prop_assert!(grid().holds(below) && grid().holds(above));
            prop_assert!(below.dollars() <= dollars + 1e-9 && above.dollars() >= dollars - 1e-9);
            prop_assert!(above.0 - below.0 <= 500);
        }
    }
}
