//! Prices that nobody else confirms (I26): an underlying whose price left the band of its own
//! history, while the chain's put-call parity stands elsewhere, is quarantined. Nothing is opened on
//! it until the price is back or the chain has followed.
//!
//! A forward from parity is `K + C - P`: an offset that a vendor adds to every price falls out of
//! it, so that it is a second source also where one feed brings everything.

use crate::greeks::Revaluation;
use bevy_ecs::prelude::*;
use components::market::{Spot, SymbolId, Ticker};
use engine::config::ConfigError;
use engine::digest::Digest;
use engine::engine::Engine;
use engine::math::ln_ratio;
use engine::phase::Phase;
use engine::plugin::Plugin;
use engine::transcript::Transcript;

/// How far a price may move between two ticks without being confirmed, as a logarithm: about 10 %.
const BAND: f64 = 0.1;

/// Adds the quarantine. It needs what the Greeks are priced with.
#[derive(Debug)]
pub struct QuarantinePlugin;

impl Plugin for QuarantinePlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let world = engine.world_mut();
        world.register_required_components::<SymbolId, Quarantine>();
        engine.add(Phase::Greeks, watch_prices);
        Ok(())
    }
}

/// Whether an underlying's price can be believed.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct Quarantine {
    /// The last price that could be, in dollars; 0 before the first.
    good: f64,
    /// Whether the one that stands cannot be.
    pub is_on: bool,
}

impl Quarantine {
    /// Takes a price, and what the chain says of it: absent where it says nothing. A price without
    /// a history is believed unless the chain contradicts it.
    pub fn observe(&mut self, dollars: f64, confirmed: Option<bool>) {
        let is_known = self.good > 0.0;
        let moved = is_known && ln_ratio(dollars, self.good).abs() > BAND;
        self.is_on = match confirmed {
            Some(true) => false,
            Some(false) => moved || !is_known,
            // Still nothing to believe in, where it began with a contradiction.
            None => moved || !is_known && self.is_on,
        };
        if !self.is_on {
            self.good = dollars;
        }
    }
}

/// Looks at every price once a tick.
fn watch_prices(
    mut digest: ResMut<Digest>,
    mut transcript: ResMut<Transcript>,
    mut underlyings: Query<(&SymbolId, &Ticker, &Spot, &Revaluation, &mut Quarantine)>,
) {
    for (symbol, ticker, spot, revaluation, mut quarantine) in &mut underlyings {
        let Some(dollars) = spot.get() else {
            continue;
        };
        let before = quarantine.is_on;
        quarantine.observe(dollars, revaluation.confirms());
        if quarantine.is_on != before {
            let what = if before {
                "believed again"
            } else {
                "quarantined"
            };
            transcript.line(format_args!("market {what} {ticker} at {dollars}"));
            digest.fold(Phase::Greeks, u64::from(symbol.0) << 1 | u64::from(!before));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(prices: &[(f64, Option<bool>)]) -> Vec<bool> {
        let mut quarantine = Quarantine::default();
        let mut on = |(dollars, confirmed): &(f64, Option<bool>)| {
            quarantine.observe(*dollars, *confirmed);
            quarantine.is_on
        };
        prices.iter().map(&mut on).collect()
    }

    #[test]
    fn an_offset_that_the_chain_does_not_follow_is_quarantined_until_it_is_gone() {
        let offset = [
            (100.0, Some(true)),
            (130.0, Some(false)),
            (131.0, Some(false)),
        ];
        assert_eq!(after(&offset), [false, true, true]);
        let mut back = offset.to_vec();
        back.push((101.0, Some(true)));
        assert_eq!(after(&back), [false, true, true, false]);
    }

    #[test]
    fn a_real_jump_is_believed_once_the_chain_has_followed() {
        let jump = [
            (100.0, Some(true)),
            (85.0, Some(false)),
            (85.0, Some(true)),
            (84.0, None),
        ];
        assert_eq!(after(&jump), [false, true, false, false]);
    }

    #[test]
    fn small_moves_need_no_word_of_the_chain_and_large_ones_do() {
        let calm = [(100.0, None), (109.0, Some(false)), (118.0, None)];
        assert_eq!(after(&calm), [false; 3]);
        assert_eq!(after(&[(100.0, None), (120.0, None)]), [false, true]);
    }

    #[test]
    fn a_start_in_the_middle_of_an_offset_believes_the_chain() {
        assert_eq!(after(&[(130.0, Some(false)), (130.0, None)]), [true, true]);
        assert_eq!(
            after(&[(130.0, Some(false)), (100.0, Some(true))]),
            [true, false]
        );
    }
}
