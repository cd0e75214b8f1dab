//! Imbalance of the order book and the flow of best quotes, per underlying.
//!
//! A feed without depth still has a best level: then the values of one level are published and those
//! of five are absent.

use crate::ingest::Sources;
use bevy_ecs::prelude::*;
use components::flow::{Imbalance, Tape};
use components::market::{BOOK_LEVELS, Book, Level, Quote, QuoteState, SymbolId};
use components::quality::{Quality, Stamp};
use components::units::Timestamp;
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::feeds::Feeds;
use engine::phase::Phase;
use engine::plugin::Plugin;
use serde::Deserialize;

/// What one book says.
pub mod book;
/// What the last minute of books says.
pub mod history;
/// Flow of best quotes.
pub mod order_flow;

use book::{BookView, view_book};
use history::ImbalanceHistory;
use order_flow::{OrderFlow, WINDOW_1S, WINDOW_10S, WINDOW_60S};

/// The `imbalance` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct ImbalanceConfig {
    /// How long a value holds, milliseconds.
    #[garde(custom(within(250, 60_000)))]
    pub valid_ms: i64,
}

impl Section for ImbalanceConfig {
    const NAME: &'static str = "imbalance";
}

/// What an underlying's books were.
#[derive(Component, Debug, Default)]
pub struct BookMemory {
    flow: OrderFlow,
    history: ImbalanceHistory,
    seen: Timestamp,
}

/// Adds book imbalance.
#[derive(Debug)]
pub struct ImbalancePlugin;

impl Plugin for ImbalancePlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<ImbalanceConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.register_required_components::<SymbolId, BookMemory>();
        engine.add(Phase::Imbalance, weigh_books);
        Ok(())
    }
}

/// Publishes the imbalance of every book that has one.
pub fn weigh_books(
    tick: Res<Tick>,
    config: Res<ImbalanceConfig>,
    feeds: Res<Feeds>,
    mut digest: ResMut<Digest>,
    mut underlyings: Query<(
        &Book,
        &Quote,
        &Tape,
        &Sources,
        &mut BookMemory,
        &mut Imbalance,
    )>,
) {
    for (book, quote, tape, sources, mut memory, mut imbalance) in &mut underlyings {
        let has_book = book.at != Timestamp::NEVER;
        if !has_book && quote.at == Timestamp::NEVER {
            continue;
        }
        for update in &tape.quotes {
            memory.flow.update(*update);
        }
        memory.flow.end_tick();
        let at = if has_book { book.at } else { quote.at };
        let changed = !tape.quotes.is_empty() || at != memory.seen;
        if changed {
            memory.seen = at;
            let view = if has_book {
                view_book(&book.bids, &book.asks)
            } else {
                best_view(quote)
            };
            publish(&view, has_book, &mut imbalance);
            let feed = if has_book { sources.book } else { sources.spot };
            let quality = match view.state {
                _ if !feeds.is_fresh(feed, tick.now) => Quality::Stale,
                state => quality_of(state),
            };
            imbalance.stamp = Stamp::new(tick.now, config.valid_ms, quality);
        }
        memory.history.push(imbalance.level5);
        imbalance.velocity_per_s = memory.history.velocity_per_s();
        imbalance.volatility = memory.history.volatility();
        let flow = |ticks| memory.flow.window(ticks).map(|flow| flow.normalized());
        imbalance.order_flow_1s = flow(WINDOW_1S);
        imbalance.order_flow_10s = flow(WINDOW_10S);
        imbalance.order_flow_60s = flow(WINDOW_60S);
        if changed {
            digest.fold_floats(
                Phase::Imbalance,
                &[
                    imbalance.level1.unwrap_or(2.0),
                    imbalance.level5.unwrap_or(2.0),
                    imbalance.order_flow_10s.unwrap_or(0.0),
                    imbalance.order_flow_60s.unwrap_or(0.0),
                    imbalance.slope.unwrap_or(2.0),
                    imbalance.microprice_dollars.unwrap_or(0.0),
                ],
            );
        }
    }
}

fn best_view(quote: &Quote) -> BookView {
    let side = |price, size| {
        let mut levels = [Level::default(); BOOK_LEVELS];
        levels[0] = Level { price, size };
        levels
    };
    view_book(
        &side(quote.bid, quote.bid_size),
        &side(quote.ask, quote.ask_size),
    )
}

fn publish(view: &BookView, has_book: bool, imbalance: &mut Imbalance) {
    let values = view.values.as_ref();
    let deep = values.filter(|_| has_book);
    imbalance.level1 = values.map(|values| values.obi_l1);
    imbalance.level5 = deep.map(|values| values.obi_l5);
    imbalance.level5_unweighted = deep.map(|values| values.obi_l5_unweighted);
    imbalance.pressure = deep.map(|values| values.pressure_ratio);
    imbalance.log_pressure = deep.map(|values| values.log_pressure);
    imbalance.microprice_dollars = values.map(|values| values.microprice_dollars);
    let slopes = deep.and_then(|values| values.slopes);
    imbalance.slope_bid = slopes.map(|slopes| slopes.bid);
    imbalance.slope_ask = slopes.map(|slopes| slopes.ask);
    imbalance.slope = slopes.map(|slopes| slopes.imbalance);
}

fn quality_of(state: QuoteState) -> Quality {
    match state {
        QuoteState::NoData => Quality::NoData,
        QuoteState::OneSided => Quality::OneSided,
        QuoteState::Crossed => Quality::Crossed,
        QuoteState::Locked => Quality::Locked,
        QuoteState::TwoSided => Quality::Ok,
    }
}
