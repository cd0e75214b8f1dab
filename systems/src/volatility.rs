//! Volatility: what the market did, what its options expect, and what that is called.
//!
//! Prices are gathered into bars in every tick and measured when a bar ends. The surface of a chain is
//! measured every few seconds after its Greeks changed, underlyings spread over the ticks of a second;
//! regimes are judged once a second.

use crate::cadence::{SECOND_TICKS, has_turn};
use crate::chains::Chains;
use crate::greeks::RatesConfig;
use crate::ingest::Sources;
use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryNotDenseError;
use components::contract::{ContractId, OptionTerms, Settlement};
use components::exposure::{ExposureLevels, GammaExposure, ZeroGamma};
use components::greeks::{Sensitivity, Volatility};
use components::market::{Quote, Spot, SymbolId, Ticker};
use components::quality::{Quality, Stamp};
use components::volatility::{
    ExpiryVolatility, ImpliedVolatility, MarketRegime, MarketState, RealizedVolatility,
    VolatilityLevel, VolatilityRegime,
};
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::feeds::Feeds;
use engine::phase::Phase;
use engine::plugin::Plugin;
use engine::transcript::Transcript;
use serde::Deserialize;

/// Bars and their returns.
pub mod bars;
/// What is usual at this time of the day.
pub mod climate;
/// What a one-day volatility is called.
pub mod levels;
/// What the market is doing.
pub mod market_state;
/// Calm and turbulent.
pub mod markov;
/// What is remembered of an underlying.
pub mod memory;
/// What a series of bars did.
pub mod realized;
/// The shape of one expiry.
pub mod smile;
/// What a strip of options expects.
pub mod strip;
/// What a series of options says.
pub mod surface;
/// Whether returns trend, revert or walk.
pub mod variance_ratio;

use bars::MINUTE_NANOS;
use levels::Yardstick;
use market_state::scores;
use memory::PriceMemory;
use surface::{SurfaceRow, SurfaceScratch, calendar_contradictions, measure};

/// A day and a month, years.
const DAY_YEARS: f64 = 1.0 / 365.0;
const MONTH_YEARS: f64 = 30.0 / 365.0;
/// Total variance may fall by this share between expiries before it is a contradiction: half a spread.
const CALENDAR_TOLERANCE: f64 = 0.02;

/// The `volatility` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct VolatilityConfig {
    /// Returns of a window.
    #[garde(custom(within(10, 78)))]
    pub window: usize,
    /// How often a chain's surface is measured, seconds.
    #[garde(custom(within(1, 3600)))]
    pub surface_s: i64,
    /// An index of one-day volatility in percent that stands for all underlyings; without it, or before
    /// its first level, each has its own from its chain.
    #[garde(skip)]
    pub one_day_index: Option<Ticker>,
    /// How often the two states of returns are fitted anew, minutes.
    #[garde(custom(within(1, 390)))]
    pub refit_min: usize,
    /// How long a value holds, milliseconds.
    #[garde(custom(within(250, 3_600_000)))]
    pub valid_ms: i64,
}

impl Section for VolatilityConfig {
    const NAME: &'static str = "volatility";
}

/// Memory that is kept between ticks.
#[derive(Resource, Debug, Default)]
pub struct Scratch {
    order: Vec<(Ticker, u32, i64, u32)>,
    rows: Vec<SurfaceRow>,
    surface: SurfaceScratch,
}

/// Adds volatility.
#[derive(Debug)]
pub struct VolatilityPlugin;

impl Plugin for VolatilityPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<VolatilityConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.init_resource::<Scratch>();
        world.register_required_components::<SymbolId, PriceMemory>();
        world.register_required_components::<SymbolId, RealizedVolatility>();
        world.register_required_components::<SymbolId, ImpliedVolatility>();
        world.register_required_components::<SymbolId, VolatilityRegime>();
        world.register_required_components::<SymbolId, MarketRegime>();
        engine
            .add(Phase::Volatility, measure_returns)
            .add(Phase::Volatility, measure_surfaces)
            .add(Phase::Volatility, judge_regimes);
        Ok(())
    }
}

type Priced<'a> = (
    &'a Spot,
    &'a Sources,
    &'a mut PriceMemory,
    &'a mut RealizedVolatility,
    &'a mut MarketRegime,
);

/// Gathers prices into bars and measures those that ended.
pub fn measure_returns(
    tick: Res<Tick>,
    config: Res<VolatilityConfig>,
    feeds: Res<Feeds>,
    mut digest: ResMut<Digest>,
    mut underlyings: Query<Priced<'_>>,
) {
    let since_open = tick.now.nanos_since(tick.session.open);
    for (spot, sources, mut memory, mut volatility, mut regime) in &mut underlyings {
        if tick.opens_session {
            memory.open_session();
        }
        let Some(dollars) = spot.get() else { continue };
        let memory = &mut *memory;
        let seconds = memory.seconds.observe(since_open, dollars);
        let minutes = memory.minutes.observe(since_open, dollars);
        let five_minutes = memory.five_minutes.observe(since_open, dollars);
        if !(seconds || minutes || five_minutes) {
            continue;
        }
        let window = config.window;
        if seconds {
            volatility.five_seconds = memory.seconds.realized(window).map(|found| found.realized);
        }
        if minutes {
            let found = memory.minutes.realized(window);
            volatility.one_minute = found.map(|found| found.realized);
            volatility.bipower = found.map(|found| found.bipower);
            volatility.jump_share = found.map(|found| found.jump_share);
            volatility.parkinson = memory.minutes.parkinson(window);
            let ratio = memory.variance_ratio();
            volatility.variance_ratio = ratio.map(|ratio| ratio.ratio);
            volatility.variance_ratio_z = ratio.map(|ratio| ratio.z);
            regime.turbulence = memory.turbulence(config.refit_min);
        }
        if five_minutes {
            let found = memory.five_minutes.realized(window);
            volatility.five_minutes = found.map(|found| found.realized);
        }
        let quality = match volatility.one_minute {
            _ if !feeds.is_fresh(sources.spot, tick.now) => Quality::Stale,
            None => Quality::Warmup,
            Some(_) => Quality::Ok,
        };
        volatility.stamp = Stamp::new(tick.now, config.valid_ms, quality);
        digest.fold_floats(
            Phase::Volatility,
            &[
                volatility.five_seconds.unwrap_or(-1.0),
                volatility.one_minute.unwrap_or(-1.0),
                volatility.variance_ratio_z.unwrap_or(-99.0),
                regime.turbulence.unwrap_or(-1.0),
            ],
        );
    }
}

type Measured<'a> = (
    &'a SymbolId,
    &'a Spot,
    &'a Sources,
    &'a mut ImpliedVolatility,
);
type Chained<'a> = (
    &'a OptionTerms,
    &'a Settlement,
    &'a Quote,
    &'a Volatility,
    &'a Sensitivity,
);

/// Measures the surfaces of the underlyings whose turn it is.
///
/// # Errors
/// When contracts do not lie in dense tables, which no plugin may cause.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn measure_surfaces(
    tick: Res<Tick>,
    config: Res<VolatilityConfig>,
    rates: Res<RatesConfig>,
    chains: Res<Chains>,
    feeds: Res<Feeds>,
    mut scratch: ResMut<Scratch>,
    mut digest: ResMut<Digest>,
    mut underlyings: Query<Measured<'_>>,
    contracts: Query<Chained<'_>, With<ContractId>>,
) -> Result<(), QueryNotDenseError> {
    let Some((terms, settlements, quotes, volatilities, sensitivities)) =
        contracts.contiguous_iter()?.next()
    else {
        return Ok(());
    };
    for (symbol, spot, sources, mut implied) in &mut underlyings {
        let turn = has_turn(*symbol, &tick, SECOND_TICKS);
        let age = tick.now.nanos_since(implied.stamp.computed_at);
        let due = turn && age >= config.surface_s * 1_000_000_000;
        let Some(dollars) = spot.get().filter(|_| due) else {
            continue;
        };
        let Scratch {
            order,
            rows,
            surface,
        } = &mut *scratch;
        order.clear();
        for row in chains.runs_of(*symbol).iter().flat_map(|run| run.rows()) {
            let terms = &terms[row];
            if tick.now < settlements[row].0 {
                let place = u32::try_from(row).unwrap_or(u32::MAX);
                order.push((terms.root, terms.expiry.yyyymmdd(), terms.strike.0, place));
            }
        }
        // By series and strike; an index of contracts keeps calls before puts.
        order.sort_unstable();
        implied.by_expiry.clear();
        for series in order.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            rows.clear();
            for (.., place) in series {
                let row = *place as usize;
                rows.push(SurfaceRow {
                    strike: terms[row].strike.dollars(),
                    right: terms[row].right,
                    bid: quotes[row].bid.dollars(),
                    ask: quotes[row].ask.dollars(),
                    iv: Some(volatilities[row].iv).filter(|_| volatilities[row].status.is_usable()),
                    delta: sensitivities[row].delta,
                });
            }
            let first = series[0].3 as usize;
            let years = tick.now.years_until(settlements[first].0);
            let name = (series[0].1, years);
            implied
                .by_expiry
                .push(measure(rows, name, dollars, rates.flat, surface));
        }
        implied
            .by_expiry
            .sort_by(|l, r| l.years.total_cmp(&r.years));
        let expiries = &implied.by_expiry;
        let thirty_days = over(expiries, MONTH_YEARS);
        let one_day = over(expiries, DAY_YEARS);
        let calendar = calendar_contradictions(expiries, CALENDAR_TOLERANCE);
        let quality = if !feeds.is_fresh(sources.chain, tick.now) {
            Quality::Stale
        } else if expiries.iter().all(|expiry| expiry.at_the_money.is_none()) {
            Quality::NoData
        } else {
            Quality::Ok
        };
        implied.thirty_days = thirty_days;
        implied.one_day = one_day;
        implied.calendar_contradictions = calendar;
        implied.stamp = Stamp::new(tick.now, config.valid_ms, quality);
        digest.fold_floats(
            Phase::Volatility,
            &[thirty_days.unwrap_or(-1.0), one_day.unwrap_or(-1.0)],
        );
        digest.fold(Phase::Volatility, implied.by_expiry.len() as u64);
    }
    Ok(())
}

type Judged<'a> = (
    (&'a SymbolId, &'a Ticker, &'a Spot, &'a Sources),
    (&'a GammaExposure, &'a ExposureLevels, &'a ZeroGamma),
    (&'a RealizedVolatility, &'a ImpliedVolatility),
    &'a mut PriceMemory,
    &'a mut VolatilityRegime,
    &'a mut MarketRegime,
);

/// Says what volatility and the market are called, once a second.
pub fn judge_regimes(
    tick: Res<Tick>,
    config: Res<VolatilityConfig>,
    feeds: Res<Feeds>,
    mut digest: ResMut<Digest>,
    mut transcript: ResMut<Transcript>,
    indices: Query<(&Ticker, &Spot)>,
    mut underlyings: Query<Judged<'_>>,
) {
    let index = config.one_day_index.and_then(|wanted| {
        let mut found = indices.iter().filter(|(ticker, _)| **ticker == wanted);
        found.next().and_then(|(_, spot)| spot.get())
    });
    let minute = tick
        .now
        .nanos_since(tick.session.open)
        .div_euclid(MINUTE_NANOS);
    let minute = usize::try_from(minute).unwrap_or(0);
    for (who, exposure, (realized, implied), mut memory, mut regime, mut market) in &mut underlyings
    {
        let (symbol, ticker, spot, sources) = who;
        if !has_turn(*symbol, &tick, SECOND_TICKS) {
            continue;
        }
        let Some(dollars) = spot.get() else { continue };
        let memory = &mut *memory;
        let one_day = index.map(|percent| percent / 100.0).or(implied.one_day);
        let fresh = feeds.is_fresh(sources.spot, tick.now);
        memory.note_minute(minute, realized.one_minute, one_day);
        if let Some(one_day) = one_day {
            let ratio = memory.one_day.median(minute).map(|usual| one_day / usual);
            let morning = tick.seconds_since_open() < tick.seconds_to_close();
            let yardstick = match ratio {
                Some(ratio) => Yardstick::Ratio(ratio),
                None if morning => Yardstick::Morning(one_day),
                None => Yardstick::Afternoon(one_day),
            };
            let jumped = memory.jumped(one_day);
            if let Some(before) = memory.level.observe(yardstick, jumped, tick.now) {
                let now = memory.level.level;
                if before.is_some() {
                    regime.transitions += 1;
                    let name = |level: Option<VolatilityLevel>| level.map_or("-", |l| l.name());
                    let (before, now) = (name(before), name(now));
                    transcript.line(format_args!("volatility {ticker} {before} -> {now}"));
                }
            }
            regime.level = memory.level.level;
            regime.since = memory.level.since;
            regime.ratio = ratio;
        }
        regime.index = one_day;
        let quality = match regime.level {
            None => Quality::NoData,
            Some(_) if !fresh => Quality::Stale,
            Some(_) => Quality::Ok,
        };
        regime.stamp = Stamp::new(tick.now, config.valid_ms, quality);
        let signs = memory.signs(&tick, dollars, minute, realized, &regime, exposure);
        market.scores = scores(&signs);
        let before = market.state;
        if memory.state.observe(&market.scores, tick.now) {
            market.state = memory.state.state;
            market.since = memory.state.since;
            if before.is_some() {
                market.transitions += 1;
                let name = |state: Option<MarketState>| state.map_or("-", |s| s.name());
                let (before, now) = (name(before), name(market.state));
                transcript.line(format_args!("market {ticker} {before} -> {now}"));
            }
        }
        let quality = if fresh { Quality::Ok } else { Quality::Stale };
        market.stamp = Stamp::new(tick.now, config.valid_ms, quality);
        let level = regime.level.map_or(9, |level| level as u64);
        let state = market.state.map_or(9, |state| state as u64);
        digest.fold(Phase::Volatility, level * 10 + state);
    }
}

/// The volatility over `years` from the strips about it; from one alone if it is within a factor of two.
fn over(expiries: &[ExpiryVolatility], years: f64) -> Option<f64> {
    let mut near: Option<(f64, f64)> = None;
    let mut far: Option<(f64, f64)> = None;
    for expiry in expiries {
        let Some(strip) = expiry.strip else { continue };
        let found = (expiry.years, strip * strip);
        if expiry.years <= years {
            near = Some(found);
        } else if far.is_none() {
            far = Some(found);
        }
    }
    match (near, far) {
        (Some(near), Some(far)) => strip::between(near, far, years),
        (Some(one), None) | (None, Some(one)) => {
            (0.5 * years <= one.0 && one.0 <= 2.0 * years).then(|| one.1.sqrt())
        }
        (None, None) => None,
    }
}
