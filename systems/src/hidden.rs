//! How much of what is executed rested in orders that nobody saw, by what the feed shows of the book.
//!
//! The marks that some feeds put on hidden executions are not looked at; `analyze hidden --score` holds
//! the estimate against them. Executions off exchange are no book's, bars say nothing of a book.
//! Displayed sizes tell something only where quotes are those of one book: beside a consolidated quote
//! only executions inside the spread count, and the quality is `ill_conditioned`.

use crate::ingest::Sources;
use crate::patterns::window::sided;
use crate::vpin::signed::TickRule;
use bevy_ecs::prelude::*;
use components::flow::Tape;
use components::hidden::HiddenLiquidity;
use components::market::SymbolId;
use components::quality::{Quality, Stamp};
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::event::{FeedId, OFF_EXCHANGE};
use engine::feeds::Feeds;
use engine::phase::Phase;
use engine::plugin::Plugin;
use serde::Deserialize;

/// Evidence of hidden orders.
pub mod detector;
/// Levels that fill up again.
pub mod icebergs;
/// The last minute of it.
pub mod window;

use detector::{Execution, HiddenDetector};
use window::HiddenWindow;

/// The `hidden` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct HiddenConfig {
    /// Seconds that the window reaches back.
    #[garde(custom(within(1, 3600)))]
    pub window_s: i64,
    /// Executions without which there is no ratio.
    #[garde(custom(within(1, 10_000)))]
    pub trades_min: u32,
    /// How long a value holds, milliseconds.
    #[garde(custom(within(250, 3_600_000)))]
    pub valid_ms: i64,
}

impl Section for HiddenConfig {
    const NAME: &'static str = "hidden";
}

/// What an underlying's book showed, and what it did not.
#[derive(Component, Debug, Default)]
pub struct HiddenMemory {
    detector: HiddenDetector,
    window: HiddenWindow,
    rule: TickRule,
}

/// Adds hidden orders.
#[derive(Debug)]
pub struct HiddenPlugin;

impl Plugin for HiddenPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<HiddenConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.register_required_components::<SymbolId, HiddenMemory>();
        world.register_required_components::<SymbolId, HiddenLiquidity>();
        engine.add(Phase::Patterns, watch_books);
        Ok(())
    }
}

/// Looks for hidden orders in what every underlying printed and quoted.
pub fn watch_books(
    tick: Res<Tick>,
    config: Res<HiddenConfig>,
    feeds: Res<Feeds>,
    mut digest: ResMut<Digest>,
    mut underlyings: Query<(&Tape, &Sources, &mut HiddenMemory, &mut HiddenLiquidity)>,
) {
    for (tape, sources, mut memory, mut hidden) in &mut underlyings {
        let memory = &mut *memory;
        if tick.opens_session {
            *memory = HiddenMemory::default();
        }
        let one_book = sources.book != FeedId::ENGINE && !sources.has_quotes;
        let mut changed = memory
            .window
            .forget(tick.now, config.window_s * 1_000_000_000);
        changed |= memory.take(tape, &tick, one_book);
        let feed = if one_book { sources.book } else { sources.spot };
        let fresh = feeds.is_fresh(feed, tick.now);
        if !changed {
            if !fresh && hidden.stamp.quality == Quality::Ok {
                hidden.stamp.quality = Quality::Stale;
            }
            continue;
        }
        let sums = memory.window.sums();
        let enough = config.trades_min <= sums.prints;
        let quality = match sums.prints {
            _ if !enough => Quality::NoData,
            _ if !fresh => Quality::Stale,
            _ if !one_book => Quality::IllConditioned,
            _ => Quality::Ok,
        };
        *hidden = HiddenLiquidity {
            prints: sums.prints,
            exchange_shares: sums.shares,
            inside_shares: sums.inside,
            beyond_shares: sums.beyond,
            refilled_shares: sums.refilled,
            ratio: sums.ratio().filter(|_| enough),
            imbalance: sums.imbalance().filter(|_| enough),
            side: sums.side().filter(|_| enough),
            icebergs: memory.window.icebergs(),
            stamp: Stamp::new(tick.now, config.valid_ms, quality),
        };
        digest.fold(Phase::Patterns, sums.shares ^ (sums.inside << 20));
        digest.fold(Phase::Patterns, sums.beyond ^ (sums.refilled << 20));
    }
}

impl HiddenMemory {
    /// Takes what the tape holds in its order; whether there was anything of use.
    fn take(&mut self, tape: &Tape, tick: &Tick, one_book: bool) -> bool {
        let Self {
            detector,
            window,
            rule,
        } = self;
        let before = window.sums();
        let mut shown = 0;
        for print in &tape.prints {
            let until = (print.quotes_before as usize).min(tape.quotes.len());
            for quote in tape.quotes.get(shown..until).unwrap_or_default() {
                detector.quote(quote, &mut |one| window.evidence(one));
            }
            shown = shown.max(until);
            let on_exchange = print.conditions & OFF_EXCHANGE == 0 && !print.is_bar;
            // The rule needs every price, wherever it was traded.
            let Some(trade) = sided(print, rule) else {
                continue;
            };
            if on_exchange && tick.session.open <= print.at {
                let execution = Execution {
                    at: print.at,
                    price: print.price,
                    size: print.size,
                    aggressor: trade.side,
                };
                window.execution(print.at, print.size);
                detector.execution(&execution, one_book, &mut |one| window.evidence(one));
            }
        }
        for quote in tape.quotes.get(shown..).unwrap_or_default() {
            detector.quote(quote, &mut |one| window.evidence(one));
        }
        detector.advance(tick.now, &mut |one| window.evidence(one));
        window.sums() != before
    }
}
