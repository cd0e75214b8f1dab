//! How strategies see the market and how their wishes become signals.
//!
//! A strategy is a plain type that is handed views; it cannot reach the world, the broker or another
//! strategy. It keeps no state of its own: what it must remember lives in components, hence in the
//! digest and in every replay.

use crate::chains::{Chains, Run};
use crate::history::History;
use crate::ingest::Sources;
use crate::window::SessionWindow;
use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryNotDenseError;
use components::contract::{ContractId, OptionTerms, Right};
use components::exposure::{DeltaExposure, ExposureLevels, GammaExposure, ZeroGamma};
use components::flow::{Imbalance, Vpin};
use components::greeks::{Sensitivity, Valuation, Volatility};
use components::interest::OpenInterest;
use components::market::{LastTrade, Quote, QuoteState, Side, Spot, SymbolId, Ticker, TradingHalt};
use components::signal::{Confidence, Direction, Feature, Intent, Signal, SignalId, StrategyName};
use components::units::Price;
use engine::calendar::Calendar;
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::feeds::Feeds;
use engine::phase::Phase;
use engine::planted::planted;
use engine::plugin::Plugin;
use jiff::civil::Date;
use serde::Deserialize;
use std::marker::PhantomData;

/// What becomes of signals in a tick.
mod signals;
pub use signals::{LastWord, Signals};

/// What every strategy's section has.
#[derive(Clone, Debug, PartialEq, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// Whether it runs.
    #[garde(skip)]
    pub enabled: bool,
    /// Its underlyings; empty means all.
    #[garde(skip)]
    pub symbols: Vec<Ticker>,
    /// When it scores.
    #[garde(skip)]
    pub window: SessionWindow,
    /// When its signals may leave; the scoring window if absent.
    #[garde(skip)]
    pub emit: Option<SessionWindow>,
    /// Confidence without which it says nothing, 0 to 100.
    #[garde(custom(within(1, 100)))]
    pub confidence_min: u8,
    /// Contracts of an order.
    #[garde(custom(within(1, 1000)))]
    pub quantity: u32,
    /// The widest spread it buys, as a share of the midpoint.
    #[garde(custom(within(0.0, 2.0)))]
    pub spread_max: f64,
    /// The least open interest it buys.
    #[garde(custom(within(0, 1_000_000)))]
    pub min_oi: u32,
}

/// One underlying as a strategy sees it. Values carry their own age and quality.
#[derive(Clone, Copy, Debug)]
pub struct MarketView<'a> {
    /// The tick.
    pub tick: &'a Tick,
    /// Its name.
    pub ticker: Ticker,
    /// Its price in dollars.
    pub spot: f64,
    /// Its best bid and ask.
    pub quote: &'a Quote,
    /// Its last trade.
    pub last: &'a LastTrade,
    /// Its day so far.
    pub history: &'a History,
    /// Toxicity.
    pub vpin: &'a Vpin,
    /// Book imbalance.
    pub imbalance: &'a Imbalance,
    /// Gamma exposure.
    pub gamma: &'a GammaExposure,
    /// Delta exposure.
    pub delta: &'a DeltaExposure,
    /// Walls.
    pub levels: &'a ExposureLevels,
    /// Where gamma changes sign.
    pub zero_gamma: &'a ZeroGamma,
}

/// One contract as a strategy sees it.
#[derive(Clone, Copy, Debug)]
pub struct ContractView<'a> {
    /// Its number.
    pub id: ContractId,
    /// Its terms.
    pub terms: &'a OptionTerms,
    /// Its best bid and ask.
    pub quote: &'a Quote,
    /// Delta and gamma.
    pub sensitivity: &'a Sensitivity,
    /// Implied volatility.
    pub volatility: &'a Volatility,
    /// Open interest.
    pub interest: &'a OpenInterest,
    /// What its Greeks were computed from.
    pub valuation: &'a Valuation,
}

/// A chain as a strategy sees it: columns over the rows of one underlying.
#[derive(Clone, Copy, Debug)]
pub struct ChainView<'a> {
    columns: &'a ContractSlices<'a>,
    runs: &'a [Run],
    /// The session's date.
    pub today: Date,
    /// The date of the next session, where the calendar knows it.
    pub next_session: Option<Date>,
}

impl<'a> ChainView<'a> {
    /// The contracts, row by row.
    pub fn contracts(&self) -> impl Iterator<Item = ContractView<'a>> + use<'a> {
        let columns = self.columns;
        self.runs
            .iter()
            .flat_map(|run| run.rows())
            .map(move |row| ContractView {
                id: columns.ids[row],
                terms: &columns.terms[row],
                quote: &columns.quotes[row],
                sensitivity: &columns.sensitivities[row],
                volatility: &columns.volatilities[row],
                interest: &columns.interests[row],
                valuation: &columns.valuations[row],
            })
    }

    /// The cheapest-to-trade rule that all strategies share: of the contracts with `right` and an
    /// expiry that `wanted` accepts, with a two-sided quote no wider than allowed and enough open
    /// interest, the one whose |delta| is nearest to `delta`; ties go to the lower strike.
    #[must_use]
    pub fn nearest_delta(
        &self,
        right: Right,
        delta: f64,
        common: &Common,
        wanted: impl Fn(Date) -> bool,
    ) -> Option<ContractView<'a>> {
        let mut best: Option<(f64, ContractView<'a>)> = None;
        for contract in self.contracts() {
            let fits = contract.terms.right == right
                && contract.volatility.status.is_usable()
                && contract.interest.contracts >= common.min_oi
                && is_tradable(contract.quote, common.spread_max)
                && wanted(contract.terms.expiry.date());
            let distance = (contract.sensitivity.delta.abs() - delta).abs();
            let nearer = best.as_ref().is_none_or(|(least, chosen)| {
                (distance, contract.terms.strike) < (*least, chosen.terms.strike)
            });
            if fits && nearer {
                best = Some((distance, contract));
            }
        }
        best.map(|(_, contract)| contract)
    }
}

/// What a strategy thinks of an underlying.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Where it will go.
    pub direction: Direction,
    /// How sure.
    pub confidence: Confidence,
    /// Why.
    pub features: Vec<Feature>,
}

/// What a strategy wants to buy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// The contract.
    pub contract: ContractId,
    /// Its terms.
    pub terms: OptionTerms,
    /// The most it pays.
    pub limit: Price,
    /// Contracts.
    pub quantity: u32,
}

/// A strategy. Its memory, if any, lives in components.
pub trait Strategy: Send + Sync + 'static {
    /// Its name in signals, transcripts and reports.
    const NAME: &'static str;
    /// Its config section.
    type Config: Section;

    /// The strategy with its parameters.
    fn new(config: Self::Config) -> Self;
    /// What every strategy has.
    fn common(&self) -> &Common;
    /// What it thinks of an underlying, if anything.
    fn score(&self, market: &MarketView<'_>) -> Option<Score>;
    /// The contract to buy on that thought, if there is a good one.
    fn pick(&self, score: &Score, chain: &ChainView<'_>) -> Option<Pick>;
}

/// Adds what all strategies share; each strategy is a [`StrategyPlugin`] after it.
#[derive(Debug)]
pub struct ScoringPlugin;

impl Plugin for ScoringPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let world = engine.world_mut();
        world.init_resource::<Signals>();
        engine.add(Phase::Scoring, clear_signals);
        Ok(())
    }
}

/// Adds one strategy.
#[derive(Debug)]
pub struct StrategyPlugin<S>(PhantomData<S>);

impl<S> Default for StrategyPlugin<S> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<S: Strategy> Plugin for StrategyPlugin<S> {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let strategy = S::new(engine.section::<S::Config>()?);
        if strategy.common().enabled {
            engine.world_mut().insert_resource(Active(strategy));
            engine.add(Phase::Scoring, score::<S>);
        }
        Ok(())
    }
}

#[derive(Resource)]
struct Active<S: Strategy>(S);

/// Empties the lists of the tick before.
pub fn clear_signals(mut signals: ResMut<Signals>) {
    signals.clear();
}

type Views<'a> = (
    (
        &'a SymbolId,
        &'a Ticker,
        &'a Spot,
        &'a Quote,
        &'a LastTrade,
        &'a History,
    ),
    (&'a Vpin, &'a Imbalance, &'a TradingHalt, &'a Sources),
    (
        &'a GammaExposure,
        &'a DeltaExposure,
        &'a ExposureLevels,
        &'a ZeroGamma,
    ),
);

type ContractColumns<'a> = (
    &'a ContractId,
    &'a OptionTerms,
    &'a Quote,
    &'a Sensitivity,
    &'a Volatility,
    &'a OpenInterest,
    &'a Valuation,
);

#[derive(Clone, Copy, Debug)]
struct ContractSlices<'a> {
    ids: &'a [ContractId],
    terms: &'a [OptionTerms],
    quotes: &'a [Quote],
    sensitivities: &'a [Sensitivity],
    volatilities: &'a [Volatility],
    interests: &'a [OpenInterest],
    valuations: &'a [Valuation],
}

/// Lets the strategy `S` score every underlying of its list.
///
/// # Errors
/// When contracts do not lie in dense tables, which no plugin may cause.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
fn score<S: Strategy>(
    tick: Res<Tick>,
    calendar: Res<Calendar>,
    strategy: Res<Active<S>>,
    chains: Res<Chains>,
    feeds: Res<Feeds>,
    mut signals: ResMut<Signals>,
    mut digest: ResMut<Digest>,
    underlyings: Query<Views<'_>>,
    contracts: Query<ContractColumns<'_>>,
) -> Result<(), QueryNotDenseError> {
    let strategy = &strategy.0;
    let common = strategy.common();
    if !common.window.contains(&tick) {
        return Ok(());
    }
    let Some((ids, terms, quotes, sensitivities, volatilities, interests, valuations)) =
        contracts.contiguous_iter()?.next()
    else {
        return Ok(());
    };
    let columns = ContractSlices {
        ids,
        terms,
        quotes,
        sensitivities,
        volatilities,
        interests,
        valuations,
    };
    let may_emit = common.emit.is_none_or(|window| window.contains(&tick));
    for (market, flow, exposure) in &underlyings {
        let (symbol, ticker, spot, quote, last, history) = market;
        let (vpin, imbalance, halt, sources) = flow;
        let (gamma, delta, levels, zero_gamma) = exposure;
        let listed = common.symbols.is_empty() || common.symbols.contains(ticker);
        let Some(dollars) = spot.get().filter(|_| listed) else {
            continue;
        };
        signals.scored += 1;
        let is_believed = !halt.halted && !sources.band.is_quarantined();
        // I24: what the market said long ago is taken for what it says, here as in risk.
        let is_stale = !feeds.is_fresh(sources.spot, tick.now) && !planted(24);
        if !is_believed || is_stale {
            continue;
        }
        let view = MarketView {
            tick: &tick,
            ticker: *ticker,
            spot: dollars,
            quote,
            last,
            history,
            vpin,
            imbalance,
            gamma,
            delta,
            levels,
            zero_gamma,
        };
        let thought = strategy.score(&view);
        let Some(score) = thought else {
            continue;
        };
        let who = (*symbol, const { StrategyName::new(S::NAME) });
        if score.confidence.points() < common.confidence_min {
            signals.drop_thought(who, &score, tick.now, "below_confidence_min");
            continue;
        }
        digest.fold(Phase::Scoring, u64::from(score.confidence.points()));
        if !may_emit {
            signals.drop_thought(who, &score, tick.now, "outside_emit_window");
            continue;
        }
        let chain = ChainView {
            columns: &columns,
            runs: chains.runs_of(*symbol),
            today: tick.session.date,
            next_session: calendar
                .next_session(tick.session.date)
                .map(|next| next.date),
        };
        match strategy.pick(&score, &chain) {
            Some(pick) => {
                let signal = entry::<S>(&tick, *symbol, &score, &pick);
                digest.fold(Phase::Scoring, u64::from(pick.contract.0));
                signals.propose(&tick, signal);
            }
            None => {
                signals.block("no_contract");
                signals.drop_thought(who, &score, tick.now, "no_contract");
            }
        }
    }
    Ok(())
}

fn entry<S: Strategy>(tick: &Tick, symbol: SymbolId, score: &Score, pick: &Pick) -> Signal {
    Signal {
        id: SignalId {
            tick: tick.number,
            place: 0,
        },
        strategy: const { StrategyName::new(S::NAME) },
        symbol,
        contract: pick.contract,
        terms: pick.terms,
        intent: Intent::Open,
        direction: score.direction,
        side: Side::Buy,
        quantity: pick.quantity,
        limit: pick.limit,
        confidence: score.confidence,
        features: score.features.clone(),
        at: tick.now,
    }
}

/// Whether an option can be bought at this quote: two sides, and a spread no wider than
/// `spread_max` of the midpoint.
#[must_use]
pub fn is_tradable(quote: &Quote, spread_max: f64) -> bool {
    let Some((mid, spread)) = quote.mid_dollars().zip(quote.spread()) else {
        return false;
    };
    quote.state() == QuoteState::TwoSided && spread.dollars() <= spread_max * mid
}
