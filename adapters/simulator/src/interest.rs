//! Open interest: concentrated at round strikes near the money, calls above it, puts below.

use crate::flow::whole;
use components::contract::Right;
use components::units::{PRICE_UNITS_PER_DOLLAR, Price};
use engine::math;
use engine::random::Stream;

/// Contracts at an unremarkable strike at the money.
const AT_THE_MONEY: f64 = 800.0;
/// Standard deviation of the logarithm of what the rest does.
const SCATTER: f64 = 0.5;

/// The open interest of a contract whose strike lies `z` standard deviations from the forward.
pub(crate) fn open_interest(strike: Price, right: Right, z: f64, draws: &mut Stream) -> u32 {
    let toward = z * right.phi();
    // Few hold what is deep in the money.
    let side = if toward >= 0.0 { 1.0 } else { 0.35 };
    let near = math::exp(-0.15 * z * z);
    let scatter = math::exp(SCATTER * draws.normal());
    whole(AT_THE_MONEY * roundness(strike) * side * near * scatter)
}

/// How much more is held at round strikes.
fn roundness(strike: Price) -> f64 {
    let multiple_of = |dollars: i64| strike.0 % (dollars * PRICE_UNITS_PER_DOLLAR) == 0;
    if multiple_of(50) {
        8.0
    } else if multiple_of(10) {
        5.0
    } else if multiple_of(5) {
        3.0
    } else if multiple_of(1) {
        1.2
    } else {
        0.6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_strikes_and_contracts_out_of_the_money_hold_more() {
        let mean = |strike: i64, right, z| {
            let mut draws = Stream::new(1, "test", 0);
            let sum: u32 = (0..500)
                .map(|_| open_interest(Price(strike), right, z, &mut draws))
                .sum();
            sum / 500
        };
        assert!(mean(1_000_000, Right::Call, 0.5) > 5 * mean(1_010_000, Right::Call, 0.5));
        assert!(mean(1_010_000, Right::Call, 1.0) > 2 * mean(1_010_000, Right::Put, 1.0));
        assert!(mean(1_010_000, Right::Put, -1.0) > 2 * mean(1_010_000, Right::Call, -1.0));
        assert!(mean(1_010_000, Right::Call, 4.0) < mean(1_010_000, Right::Call, 0.0) / 5);
    }
}
