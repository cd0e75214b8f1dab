//! Underlyings: what changed of them since they were last shown.

use super::Outgoing;
use super::climate;
use super::convert::{self, symbol_of};
use super::dealers;
use super::options_flow;
use bevy_ecs::prelude::*;
use components::closing::ClosingProjection;
use components::dealers::{DealerFlow, DealerStandings};
use components::exposure::{
    DeltaExposure, ExposureLevels, ExposureProfile, GammaExposure, GammaProfile, VolumeExposure,
    ZeroGamma,
};
use components::flow::{Imbalance, Vpin};
use components::flow_clusters::FlowClusters;
use components::hidden::HiddenLiquidity;
use components::market::{Book, LastTrade, Quote, Spot, SymbolId, Ticker};
use components::options_flow::OptionsFlow;
use components::patterns::{Participants, TradePatterns};
use components::quality::Stamp;
use components::volatility::{
    ImpliedVolatility, MarketRegime, RealizedVolatility, VolatilityRegime,
};
use wire::Symbol;
use wire::lane::Row;
use wire::turn::{SLOW_TURNS, TURNS, Turn};

/// Tables by strike are large: an underlying's is shown this often at most, milliseconds.
const BY_STRIKE_MS: i64 = 4_000;

/// What the batches so far showed of each underlying, by number.
#[derive(Resource, Default)]
pub struct ShownUnderlyings {
    underlyings: Vec<Option<Box<ShownUnderlying>>>,
    turn: Turn,
    slow_turn: Turn,
}

#[derive(Default)]
struct ShownUnderlying {
    symbol: Option<Symbol>,
    market: (Quote, LastTrade, Spot),
    book: Book,
    vpin: Stamp,
    imbalance: Stamp,
    flow: [Stamp; 3],
    volatility: [Stamp; 2],
    regime: [Stamp; 2],
    /// Absent until it was shown: most of a session there is no projection, and a reader is to know.
    closing: Option<Stamp>,
    gamma: [Stamp; 4],
    delta: Stamp,
    options_flow: [Stamp; 2],
    dealers: (DealerFlow, Stamp),
    profile: Stamp,
    by_strike: Stamp,
}

type Climate = (
    &'static RealizedVolatility,
    &'static ImpliedVolatility,
    &'static VolatilityRegime,
    &'static MarketRegime,
    &'static ClosingProjection,
);
type Exposures = (
    &'static GammaExposure,
    &'static ExposureLevels,
    &'static ZeroGamma,
    &'static VolumeExposure,
    &'static DeltaExposure,
    &'static GammaProfile,
    &'static ExposureProfile,
);
type Underlying = (
    &'static SymbolId,
    &'static Ticker,
    (&'static Quote, &'static LastTrade, &'static Spot),
    &'static Book,
    (
        &'static Vpin,
        &'static Imbalance,
        &'static TradePatterns,
        &'static Participants,
        &'static HiddenLiquidity,
        &'static FlowClusters,
    ),
    Climate,
    Exposures,
    (
        &'static DealerFlow,
        &'static DealerStandings,
        &'static OptionsFlow,
    ),
);

/// Puts into the batch what changed of the underlyings: of all of them what they trade at, of those
/// whose turn it is the rest. What changed of another stays different from what was shown of it, and
/// is found at its turn.
pub fn show_underlyings(
    mut outgoing: ResMut<Outgoing>,
    mut shown: ResMut<ShownUnderlyings>,
    underlyings: Query<Underlying>,
) {
    let batch = &mut outgoing.0;
    let length = underlyings.iter().len();
    shown.turn.advance(length, TURNS);
    shown.slow_turn.advance(length, SLOW_TURNS);
    let (turn, slow_turn) = (shown.turn, shown.slow_turn);
    for (id, ticker, (quote, trade, spot), book, flow, weather, exposure, hedge) in &underlyings {
        let shown = shown.entry(*id, *ticker);
        let Some(symbol) = shown.symbol else {
            continue;
        };
        let id = id.0;
        let market = (*quote, *trade, *spot);
        if replace(&mut shown.market, market) {
            let value = convert::market(quote, trade, spot);
            batch.markets.set(Row { id, symbol, value });
        }
        if turn.holds(id as usize) {
            if shown.book != *book {
                shown.book = *book;
                let value = convert::book(book);
                batch.books.set(Row { id, symbol, value });
            }
            let (vpin, imbalance, shapes, who, hidden, clusters) = flow;
            if replace(&mut shown.vpin, vpin.stamp) {
                let value = convert::vpin(vpin);
                batch.vpins.set(Row { id, symbol, value });
            }
            if replace(&mut shown.imbalance, imbalance.stamp) {
                let value = convert::imbalance(imbalance);
                batch.imbalances.set(Row { id, symbol, value });
            }
            let stamps = [shapes.stamp, hidden.stamp, clusters.stamp];
            if replace(&mut shown.flow, stamps) {
                let value = climate::flow(shapes, who, hidden, clusters);
                batch.flows.set(Row { id, symbol, value });
            }
        }
        if !slow_turn.holds(id as usize) {
            continue;
        }
        let (did, expected, level, market, closing) = weather;
        if replace(&mut shown.volatility, [did.stamp, expected.stamp]) {
            let value = climate::volatility(did, expected);
            batch.volatilities.set(Row { id, symbol, value });
        }
        if replace(&mut shown.regime, [level.stamp, market.stamp]) {
            let value = climate::regime(level, market);
            batch.regimes.set(Row { id, symbol, value });
        }
        if replace(&mut shown.closing, Some(closing.stamp)) {
            let value = climate::closing(closing);
            batch.closings.set(Row { id, symbol, value });
        }
        let (gamma, levels, zero, volume, delta, profile, tables) = exposure;
        let stamps = [gamma.stamp, levels.stamp, zero.stamp, volume.stamp];
        if replace(&mut shown.gamma, stamps) {
            let value = convert::gamma(gamma, levels, zero, volume);
            batch.gammas.set(Row { id, symbol, value });
        }
        if replace(&mut shown.delta, delta.stamp) {
            let value = convert::delta(delta);
            batch.deltas.set(Row { id, symbol, value });
        }
        if replace(&mut shown.profile, profile.stamp) {
            let value = dealers::gamma_profile(profile);
            batch.gamma_profiles.set(Row { id, symbol, value });
        }
        let next = shown.by_strike.computed_at.plus_millis(BY_STRIKE_MS);
        if shown.by_strike.quality != gamma.stamp.quality || next <= gamma.stamp.computed_at {
            shown.by_strike = gamma.stamp;
            let value = dealers::gex_by_strike(tables, gamma);
            batch.gex_by_strikes.set(Row { id, symbol, value });
        }
        let (flow, standings, options) = hedge;
        if replace(&mut shown.options_flow, [options.stamp, options.sided]) {
            let value = options_flow::options_flow(options);
            batch.options_flows.set(Row { id, symbol, value });
        }
        // The elasticity moves with the volume though the flow stands: the whole is compared.
        if replace(&mut shown.dealers, (*flow, standings.stamp)) {
            let value = dealers::dealer_flow(flow, standings);
            batch.dealer_flows.set(Row { id, symbol, value });
        }
    }
}

impl ShownUnderlyings {
    fn entry(&mut self, id: SymbolId, ticker: Ticker) -> &mut ShownUnderlying {
        let index = id.0 as usize;
        if self.underlyings.len() <= index {
            self.underlyings.resize_with(index + 1, || None);
        }
        self.underlyings[index].get_or_insert_with(|| {
            Box::new(ShownUnderlying {
                symbol: symbol_of(ticker),
                ..ShownUnderlying::default()
            })
        })
    }
}

/// Sets `shown` to `value`; whether that was a change.
fn replace<T: PartialEq>(shown: &mut T, value: T) -> bool {
    let changed = *shown != value;
    *shown = value;
    changed
}
