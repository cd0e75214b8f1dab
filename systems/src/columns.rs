//! Once a minute, and in the last tick of a session, every column goes into the digest: a difference
//! that no phase reported cannot live longer.

use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryNotDenseError;
use components::contract::ContractId;
use components::exposure::ExposureWeight;
use components::greeks::{Cross, Sensitivity, Volatility};
use components::interest::OpenInterest;
use components::market::{LastTrade, Quote, Spot, SymbolId};
use components::order::Position;
use engine::clock::Tick;
use engine::config::ConfigError;
use engine::digest::Digest;
use engine::engine::Engine;
use engine::phase::Phase;
use engine::plugin::Plugin;

/// Ticks between two full digests.
const EVERY: u64 = 240;

/// Adds the full digest.
#[derive(Debug)]
pub struct ColumnsPlugin;

impl Plugin for ColumnsPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        engine.add(Phase::Mirror, fold_columns);
        Ok(())
    }
}

type Folded<'a> = (
    &'a ContractId,
    &'a Quote,
    &'a LastTrade,
    &'a OpenInterest,
    &'a Volatility,
    &'a Sensitivity,
    &'a Cross,
    &'a ExposureWeight,
);

/// Folds all columns into the digest of the last phase.
///
/// # Errors
/// When contracts do not lie in dense tables, which no plugin may cause.
pub fn fold_columns(
    tick: Res<Tick>,
    mut digest: ResMut<Digest>,
    contracts: Query<Folded<'_>>,
    positions: Query<(&ContractId, &Position)>,
    underlyings: Query<(&SymbolId, &Spot, &Quote, &LastTrade)>,
) -> Result<(), QueryNotDenseError> {
    if !tick.number.is_multiple_of(EVERY) && tick.now != tick.session.close {
        return Ok(());
    }
    let mix = |state: u64, word: u64| {
        (state ^ word)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(27)
    };
    let mut fold = 0;
    for (ids, quotes, trades, interests, volatilities, sensitivities, crosses, weights) in
        contracts.contiguous_iter()?
    {
        for row in 0..ids.len() {
            let words = [
                u64::from(ids[row].0),
                quotes[row].bid.0.cast_unsigned(),
                quotes[row].ask.0.cast_unsigned(),
                trades[row].day_volume,
                u64::from(interests[row].contracts),
                volatilities[row].iv.to_bits(),
                sensitivities[row].delta.to_bits(),
                sensitivities[row].gamma.to_bits(),
                crosses[row].vanna.to_bits(),
                crosses[row].charm.to_bits(),
                weights[row].0.to_bits(),
            ];
            fold = words.into_iter().fold(fold, mix);
        }
    }
    for (contract, position) in &positions {
        // Added, not chained: a sparse set's order is the order in which positions were opened.
        let own = mix(u64::from(contract.0), position.quantity.cast_unsigned());
        fold = fold.wrapping_add(mix(own, position.cost.0.cast_unsigned()));
    }
    for (symbol, spot, quote, trade) in &underlyings {
        let words = [
            u64::from(symbol.0),
            spot.dollars.to_bits(),
            quote.bid.0.cast_unsigned(),
        ];
        fold = words.into_iter().fold(fold, mix);
        fold = mix(fold, trade.day_volume);
    }
    digest.fold(Phase::Mirror, fold);
    Ok(())
}
