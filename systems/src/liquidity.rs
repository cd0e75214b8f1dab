//! How much can be traded of each underlying and its options, and at what cost.
//!
//! Trades are measured as they come; a book and a chain have their turn every few seconds, underlyings
//! spread over the ticks between. Nothing that decides reads it.

use crate::cadence::has_turn;
use crate::chains::Chains;
use crate::ingest::Sources;
use crate::vpin::conditions::is_regular_trade;
use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryNotDenseError;
use components::contract::{ContractId, Settlement};
use components::flow::{Print, Tape};
use components::greeks::{Sensitivity, Volatility};
use components::liquidity::{ChainLiquidity, Liquidity, SLIPPAGE_SIZES, Slippage};
use components::market::{Book, Level, Quote, QuoteState, SymbolId};
use components::quality::{Quality, Stamp};
use components::units::Timestamp;
use engine::clock::Tick;
use engine::config::{ConfigError, Problems, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::feeds::Feeds;
use engine::phase::Phase;
use engine::plugin::Plugin;
use score::{Halves, score};
use serde::Deserialize;
use std::collections::VecDeque;
use walk::{Sides, effective_spread_bps};

/// One number.
pub mod score;
/// What a book costs.
pub mod walk;

/// Underlyings are spread over this many ticks: five seconds.
const SPREAD_TICKS: u64 = 20;
const SECOND_NANOS: i64 = 1_000_000_000;
/// Deltas of the contracts that a chain's spread is the median of, either way.
const DELTA: std::ops::RangeInclusive<f64> = 0.25..=0.75;

/// The `liquidity` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct LiquidityConfig {
    /// How often an underlying has its turn, seconds.
    #[garde(custom(within(5, 3600)))]
    pub every_s: i64,
    /// How far back trades count in the effective spread, seconds.
    #[garde(custom(within(5, 3600)))]
    pub window_s: i64,
    /// Shares whose slippage is estimated, rising.
    #[garde(length(min = 1, max = SLIPPAGE_SIZES), inner(custom(within(1, 1_000_000_000))))]
    pub sizes: Vec<u64>,
    /// A spread that is worth half of its part of the score, basis points.
    #[garde(custom(within(0.001, 10_000.0)))]
    pub spread_half_bps: f64,
    /// A depth of five levels of both sides that is worth half of its part, dollars.
    #[garde(custom(within(1.0, 1e12)))]
    pub depth_half_usd: f64,
    /// A slippage that is worth half of its part, basis points.
    #[garde(custom(within(0.001, 10_000.0)))]
    pub slippage_half_bps: f64,
    /// How long a value holds, milliseconds.
    #[garde(custom(within(1000, 3_600_000)))]
    pub valid_ms: i64,
}

impl Section for LiquidityConfig {
    const NAME: &'static str = "liquidity";

    fn check(&self, problems: &mut Problems<'_>) {
        for (place, pair) in self.sizes.windows(2).enumerate() {
            if pair[1] <= pair[0] {
                let message = format!("{} is not allowed, must be above {}", pair[1], pair[0]);
                problems.refuse(&format!("sizes[{}]", place + 1), &message);
            }
        }
    }
}

/// The trades of an underlying between its turns.
#[derive(Component, Debug, Default)]
pub struct TradeCosts {
    /// Sums of size times effective spread and of size: of each turn, the newest last.
    turns: VecDeque<(Timestamp, f64, f64)>,
    running: (f64, f64),
}

impl TradeCosts {
    fn take(&mut self, print: &Print) {
        if !is_regular_trade(print.conditions, false) {
            return;
        }
        if let Some(bps) = effective_spread_bps(print.price.0, print.bid.0, print.ask.0) {
            self.running.0 += bps * print.size as f64;
            self.running.1 += print.size as f64;
        }
    }

    /// Ends a turn at `now`; the effective spread of the turns that ended within `nanos`.
    fn end_turn(&mut self, now: Timestamp, nanos: i64) -> Option<f64> {
        let (costs, shares) = std::mem::take(&mut self.running);
        self.turns.push_back((now, costs, shares));
        while self
            .turns
            .front()
            .is_some_and(|(at, ..)| now.nanos_since(*at) >= nanos)
        {
            self.turns.pop_front();
        }
        let (costs, shares) = self
            .turns
            .iter()
            .fold((0.0, 0.0), |sums, turn| (sums.0 + turn.1, sums.1 + turn.2));
        (shares > 0.0).then(|| costs / shares)
    }
}

/// Memory that is kept between ticks.
#[derive(Resource, Debug, Default)]
pub struct Spreads(Vec<f64>);

/// Adds liquidity.
#[derive(Debug)]
pub struct LiquidityPlugin;

impl Plugin for LiquidityPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<LiquidityConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.init_resource::<Spreads>();
        world.register_required_components::<SymbolId, TradeCosts>();
        world.register_required_components::<SymbolId, Liquidity>();
        engine.add(Phase::Imbalance, watch_liquidity);
        Ok(())
    }
}

type Watched<'a> = (
    &'a SymbolId,
    (&'a Book, &'a Quote, &'a Tape),
    &'a Sources,
    &'a mut TradeCosts,
    &'a mut Liquidity,
);
type Chained<'a> = (&'a Settlement, &'a Quote, &'a Volatility, &'a Sensitivity);

/// Measures trades, and the book and the chain of the underlyings whose turn it is.
///
/// # Errors
/// When contracts do not lie in dense tables, which no plugin may cause.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn watch_liquidity(
    tick: Res<Tick>,
    config: Res<LiquidityConfig>,
    feeds: Res<Feeds>,
    chains: Res<Chains>,
    mut spreads: ResMut<Spreads>,
    mut digest: ResMut<Digest>,
    mut underlyings: Query<Watched<'_>>,
    contracts: Query<Chained<'_>, With<ContractId>>,
) -> Result<(), QueryNotDenseError> {
    let mut tables = contracts.contiguous_iter()?;
    let columns = tables.next();
    for (symbol, (book, quote, tape), sources, mut costs, mut liquidity) in &mut underlyings {
        if tick.opens_session {
            *costs = TradeCosts::default();
        }
        for print in &tape.prints {
            costs.take(print);
        }
        let is_turn = has_turn(*symbol, &tick, SPREAD_TICKS);
        let age = tick.now.nanos_since(liquidity.stamp.computed_at);
        let is_due = is_turn && age >= config.every_s * SECOND_NANOS;
        if !is_due || tick.now >= tick.session.close {
            continue;
        }
        let has_book = book.at != Timestamp::NEVER;
        let best = [[(quote.bid, quote.bid_size)], [(quote.ask, quote.ask_size)]]
            .map(|side| side.map(|(price, size)| Level { price, size }));
        let sides = if has_book {
            Sides::new(&book.bids, &book.asks)
        } else {
            Sides::new(&best[0], &best[1])
        };
        let mut found = liquidity_of(&sides, &config);
        found.effective_spread_bps = costs.end_turn(tick.now, config.window_s * SECOND_NANOS);
        if let Some((settlements, quotes, volatilities, sensitivities)) = &columns {
            spreads.0.clear();
            for row in chains.runs_of(*symbol).iter().flat_map(|run| run.rows()) {
                if settlements[row].0 <= tick.now {
                    continue;
                }
                found.chain.contracts += 1;
                let quote = &quotes[row];
                if quote.state() != QuoteState::TwoSided {
                    continue;
                }
                found.chain.quoted += 1;
                let is_near = volatilities[row].status.is_usable()
                    && DELTA.contains(&sensitivities[row].delta.abs());
                if is_near {
                    let width = (quote.ask.0 - quote.bid.0) as f64;
                    spreads
                        .0
                        .push(2.0 * width / (quote.ask.0 + quote.bid.0) as f64);
                }
            }
            found.chain = close_chain(found.chain, &mut spreads.0);
        }
        let feed = if has_book { sources.book } else { sources.spot };
        let quality = match found.state {
            QuoteState::NoData => Quality::NoData,
            _ if !feeds.is_fresh(feed, tick.now) => Quality::Stale,
            QuoteState::OneSided => Quality::OneSided,
            QuoteState::Crossed => Quality::Crossed,
            QuoteState::Locked => Quality::Locked,
            QuoteState::TwoSided => Quality::Ok,
        };
        found.stamp = Stamp::new(tick.now, config.valid_ms, quality);
        *liquidity = found;
        digest.fold(Phase::Imbalance, quality as u64);
        digest.fold(Phase::Imbalance, u64::from(found.chain.quoted));
        digest.fold_floats(
            Phase::Imbalance,
            &[
                found.spread_bps.unwrap_or(-1.0),
                found.effective_spread_bps.unwrap_or(-1.0),
                found.score.unwrap_or(-1.0),
                found.chain.spread_share.unwrap_or(-1.0),
            ],
        );
    }
    Ok(())
}

/// What a book says.
#[must_use]
pub fn liquidity_of(sides: &Sides<'_>, config: &LiquidityConfig) -> Liquidity {
    let (state, reason) = sides.state();
    let [bid_depth, ask_depth] = sides.depth();
    let mut slippage = [Slippage::default(); SLIPPAGE_SIZES];
    let mut taken = [(0.0, 0.0); 2 * SLIPPAGE_SIZES];
    let mut sizes = 0;
    for (place, shares) in config.sizes.iter().take(SLIPPAGE_SIZES).enumerate() {
        let both = [sides.buy(*shares), sides.sell(*shares)];
        let whole = both.map(|found| found.filter(|found| found.filled >= 1.0));
        slippage[place] = Slippage {
            shares: *shares,
            buy_bps: whole[0].map(|found| found.bps),
            sell_bps: whole[1].map(|found| found.bps),
        };
        for (side, found) in both.into_iter().enumerate() {
            taken[2 * place + side] = found.map_or((0.0, 0.0), |found| (found.bps, found.filled));
        }
        sizes += 2;
    }
    let halves = Halves {
        spread_bps: config.spread_half_bps,
        depth_usd: config.depth_half_usd,
        slippage_bps: config.slippage_half_bps,
    };
    let (spread_bps, depth_usd) = (sides.spread_bps(), sides.depth_usd());
    Liquidity {
        state,
        reason,
        spread_bps,
        bid_depth,
        ask_depth,
        depth_usd,
        decay: sides.decay(),
        slippage,
        score: spread_bps
            .zip(depth_usd)
            .map(|(spread, depth)| score(spread, depth, &taken[..sizes], &halves)),
        ..Liquidity::default()
    }
}

/// The median of `spreads`: of an even number the upper of the two in the middle.
fn close_chain(chain: ChainLiquidity, spreads: &mut [f64]) -> ChainLiquidity {
    let middle = spreads.len() / 2;
    let median =
        (!spreads.is_empty()).then(|| *spreads.select_nth_unstable_by(middle, f64::total_cmp).1);
    ChainLiquidity {
        spread_share: median,
        near: u32::try_from(spreads.len()).unwrap_or(u32::MAX),
        ..chain
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::liquidity::Illiquid;
    use components::units::Price;

    fn config() -> LiquidityConfig {
        LiquidityConfig {
            every_s: 5,
            window_s: 10,
            sizes: vec![100, 400],
            spread_half_bps: 2.0,
            depth_half_usd: 30_000.0,
            slippage_half_bps: 1.0,
            valid_ms: 15_000,
        }
    }

    fn print(price: i64, size: u64) -> Print {
        Print {
            at: Timestamp(0),
            price: Price(price),
            size,
            bid: Price(999_900),
            ask: Price(1_000_100),
            conditions: 0,
            aggressor: None,
            quotes_before: 0,
            is_bar: false,
        }
    }

    #[test]
    fn a_book_that_is_too_thin_says_so_and_costs_score() {
        let side = |price, size| {
            [Level {
                price: Price(price),
                size,
            }]
        };
        let (bids, asks) = (side(999_900, 200), side(1_000_100, 100));
        let found = liquidity_of(&Sides::new(&bids, &asks), &config());
        let [first, second, third, _] = found.slippage;
        assert!((first.buy_bps.unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(
            (second.shares, second.buy_bps, second.sell_bps),
            (400, None, None)
        );
        assert_eq!(third, Slippage::default());
        // Half for the spread; 29,999 of 30,000; 1 + 1 + 1/4 + 1/2 of four, each worth a half.
        let usd = 99.99 * 200.0 + 100.01 * 100.0;
        let wanted = 100.0 * (0.5 + usd / (usd + 30_000.0) + 0.5 * 2.75 / 4.0) / 3.0;
        assert!((found.score.unwrap() - wanted).abs() < 1e-9);
        let none = liquidity_of(&Sides::new(&bids, &[]), &config());
        assert_eq!((none.score, none.reason), (None, Some(Illiquid::NoAsks)));
        assert_eq!(none.bid_depth[0], 200, "what is there is shown");
    }

    #[test]
    fn trades_count_by_size_and_are_forgotten() {
        let mut costs = TradeCosts::default();
        let at = |seconds: i64| Timestamp(seconds * SECOND_NANOS);
        assert_eq!(costs.end_turn(at(0), 10 * SECOND_NANOS), None);
        costs.take(&print(1_000_100, 300));
        costs.take(&print(1_000_000, 100));
        // Without a quote before it, a trade has no cost.
        costs.take(&Print {
            bid: Price(0),
            ..print(5, 1_000)
        });
        let found = costs.end_turn(at(5), 10 * SECOND_NANOS).unwrap();
        assert!((found - 1.5).abs() < 1e-9, "{found}");
        assert!(costs.end_turn(at(10), 10 * SECOND_NANOS).is_some());
        assert_eq!(costs.end_turn(at(15), 10 * SECOND_NANOS), None);
    }

    #[test]
    fn a_chain_has_the_median_of_its_spreads() {
        let of = |spreads: &mut [f64]| close_chain(ChainLiquidity::default(), spreads);
        assert_eq!(of(&mut []).spread_share, None);
        let found = of(&mut [0.3, 0.1, 0.2]);
        assert_eq!((found.spread_share, found.near), (Some(0.2), 3));
    }

    #[test]
    fn sizes_that_do_not_rise_are_refused() {
        let text = "liquidity: { every_s: 5, window_s: 60, sizes: [100, 100], spread_half_bps: 5, \
                    depth_half_usd: 1, slippage_half_bps: 5, valid_ms: 15000 }";
        let mut config = engine::config::Layers::new(text).load().unwrap();
        let told = config.section::<LiquidityConfig>().unwrap_err().show();
        assert!(
            told.contains("liquidity.sizes[1]") && told.contains("above 100"),
            "{told}"
        );
    }
}
