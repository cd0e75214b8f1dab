//! The two contracts at a strike and what is shown of them.

use crate::flow::whole;
use crate::listing::ExpiryDay;
use crate::smile::Values;
use components::contract::{ContractId, Right};
use components::price_grid::PriceGrid;
use components::units::Price;
use engine::event::EventKind;
use engine::math;
use engine::random::Stream;

/// A quote stands while the value keeps this share of the spread away from both of its sides.
const MARGIN: f64 = 0.25;
/// Half of the spread: a constant, a part that grows with the root of the value, both in dollars.
const HALF_SPREAD_USD: f64 = 0.008;
const HALF_SPREAD_PER_ROOT: f64 = 0.015;
/// The call and the put at a strike.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) day: ExpiryDay,
    pub(crate) strike: Price,
    pub(crate) log_strike: f64,
    pub(crate) call: Shown,
    pub(crate) put: Shown,
}

/// A contract and its quote.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) contract: Option<ContractId>,
    pub(crate) bid: Price,
    pub(crate) ask: Price,
    pub(crate) bid_size: u32,
    pub(crate) ask_size: u32,
}

impl Pair {
    pub(crate) fn new(day: ExpiryDay, strike: Price) -> Self {
        Self {
            day,
            strike,
            log_strike: math::ln(strike.dollars()),
            call: Shown::default(),
            put: Shown::default(),
        }
    }

    pub(crate) fn side(&self, right: Right) -> &Shown {
        match right {
            Right::Call => &self.call,
            Right::Put => &self.put,
        }
    }

    pub(crate) fn side_mut(&mut self, right: Right) -> &mut Shown {
        match right {
            Right::Call => &mut self.call,
            Right::Put => &mut self.put,
        }
    }
}

/// What a quote should enclose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    value: f64,
    half_spread: f64,
    /// Mean displayed contracts.
    depth: f64,
}

pub(crate) fn wanted(values: &Values, right: Right, widening: f64) -> Wanted {
    let value = match right {
        Right::Call => values.call,
        Right::Put => values.put,
    };
    // In the money quotes are wide, and few stand behind quotes far from it.
    let inside = (-values.z * right.phi()).clamp(0.0, 4.0);
    let calm = HALF_SPREAD_USD + HALF_SPREAD_PER_ROOT * value.sqrt() * (1.0 + 0.5 * inside);
    Wanted {
        value,
        half_spread: calm * (0.5 + 0.5 * widening),
        depth: 40.0 / (1.0 + values.z * values.z),
    }
}

impl Shown {
    pub(crate) fn clear(&mut self) {
        *self = Self {
            contract: self.contract,
            ..Self::default()
        };
    }

    /// Quotes `wanted` if the quote shown no longer does, or if forced; the event of it.
    pub(crate) fn show(
        &mut self,
        wanted: Wanted,
        forced: bool,
        grid: &PriceGrid,
        draws: &mut Stream,
    ) -> Option<EventKind> {
        let contract = self.contract?;
        if !forced && self.still_encloses(wanted.value) {
            return None;
        }
        let bid = grid.floor_dollars(wanted.value - wanted.half_spread);
        let mut ask = grid.ceil_dollars(wanted.value + wanted.half_spread);
        if ask <= bid {
            ask = Price(bid.0 + grid.tick(bid).0);
        }
        if !forced && (bid, ask) == (self.bid, self.ask) {
            return None;
        }
        if forced || bid != self.bid {
            self.bid_size = draw_size(wanted.depth, draws);
        }
        if forced || ask != self.ask {
            self.ask_size = draw_size(wanted.depth, draws);
        }
        if !bid.is_some() {
            self.bid_size = 0;
        }
        (self.bid, self.ask) = (bid, ask);
        Some(EventKind::OptionQuote {
            contract,
            bid,
            ask,
            bid_size: self.bid_size,
            ask_size: self.ask_size,
        })
    }

    fn still_encloses(&self, value: f64) -> bool {
        let (bid, ask) = (self.bid.dollars(), self.ask.dollars());
        let margin = MARGIN * (ask - bid);
        self.bid.is_some() && value >= bid + margin && value <= ask - margin
    }
}

fn draw_size(mean: f64, draws: &mut Stream) -> u32 {
    // Twice a uniform draw is as good as an exponential one here and costs a quarter.
    1 + whole(2.0 * mean * draws.uniform())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> PriceGrid {
        PriceGrid::PENNY
    }

    fn values(call: f64) -> Values {
        Values {
            call,
            put: 0.0,
            z: 0.0,
        }
    }

    fn shown() -> Shown {
        Shown {
            contract: Some(ContractId(0)),
            ..Shown::default()
        }
    }

    fn show(shown: &mut Shown, call: f64, forced: bool) -> Option<(Price, Price)> {
        let mut draws = Stream::new(1, "test", 0);
        let wanted = wanted(&values(call), Right::Call, 1.0);
        shown
            .show(wanted, forced, &grid(), &mut draws)
            .map(|_| (shown.bid, shown.ask))
    }

    #[test]
    fn a_quote_stands_while_its_value_stays_well_inside() {
        let mut shown = shown();
        // The root of 2.25 is 1.5: half a spread of 0.008 + 0.0225.
        assert_eq!(
            show(&mut shown, 2.25, false),
            Some((Price(22_100), Price(22_900)))
        );
        assert_eq!(show(&mut shown, 2.265, false), None);
        assert!(show(&mut shown, 2.28, false).is_some());
        assert!(show(&mut shown, 2.28, true).is_some());
    }

    #[test]
    fn a_worthless_contract_has_no_bid() {
        let mut shown = shown();
        assert_eq!(
            show(&mut shown, 0.0001, false),
            Some((Price::NONE, Price(100)))
        );
        assert_eq!((shown.bid_size, shown.ask_size > 0), (0, true));
    }

    #[test]
    fn a_contract_without_a_number_is_not_spoken_of() {
        assert_eq!(show(&mut Shown::default(), 1.0, true), None);
    }
}
