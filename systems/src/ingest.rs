//! The door: listings become entities, events become quotes, trades and books, and what is not
//! plausible is refused and counted. Behind it nothing is checked again.
//!
//! Quotes conflate to the newest of the tick. Trades and changes of the best quote are all kept on
//! the underlying's [`Tape`] for the phases that need each of them.
//!
//! [`Tape`]: components::flow::Tape

use crate::chains::{Chains, index_chains};
use crate::ingest::door::Door;
use crate::ingest::refusal::Refusals;
use band::PriceBand;
use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryNotDenseError;
use components::contract::{ContractId, ContractOf, OptionTerms, Settlement};
use components::exposure::{
    ContractExposure, DeltaExposure, ExposureLevels, ExposureProfile, ExposureWeight,
    GammaExposure, ZeroGamma,
};
use components::flow::{Imbalance, Tape, Vpin};
use components::greeks::{Carry, Cross, Sensitivity, Valuation, VendorGreeks, Volatility};
use components::interest::OpenInterest;
use components::market::{Book, LastTrade, Quote, Spot, SymbolId, Ticker, TradingHalt};
use components::order::Position;
use components::units::{Price, Timestamp};
use engine::calendar::Calendar;
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::directory::Directory;
use engine::engine::Engine;
use engine::event::{EventKind, FeedId};
use engine::expiry::{settlement_instant, settlement_of};
use engine::feeds::Feeds;
use engine::inbox::Inbox;
use engine::phase::Phase;
use engine::plugin::Plugin;
use engine::transcript::Transcript;
use serde::Deserialize;

/// Whether a price can be believed.
pub mod band;
mod columns;
mod door;
mod fold;
mod quotes;
/// Why an event was refused.
pub mod refusal;
mod traded;

/// The `ingest` section of the config: what passes the door.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct IngestConfig {
    /// An event whose source stamp is older than this when received is refused, milliseconds.
    #[garde(custom(within(250, 86_400_000)))]
    pub stale_stamp_ms: i64,
    /// An event stamped further ahead than this is refused, milliseconds.
    #[garde(custom(within(0, 60_000)))]
    pub future_stamp_ms: i64,
    /// A price above this is refused, dollars.
    #[garde(custom(within(1.0, 10_000_000.0)))]
    pub price_max_usd: f64,
    /// A price of an underlying that is further from the last than this share of it is refused, and
    /// nothing of the underlying is traded until one is believed again.
    #[garde(custom(within(0.01, 10.0)))]
    pub price_band_share: f64,
}

impl Section for IngestConfig {
    const NAME: &'static str = "ingest";
}

/// How many events of each kind came in and passed the door.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Quotes of underlyings.
    pub quotes: u64,
    /// Trades and bars of trades of underlyings.
    pub trades: u64,
    /// Order books.
    pub book_updates: u64,
    /// Open interest of contracts.
    pub open_interest: u64,
    /// Quotes of contracts.
    pub option_quotes: u64,
    /// Trades and bars of trades of contracts.
    pub option_trades: u64,
    /// Vendors' volatilities and sensitivities.
    pub vendor_greeks: u64,
    /// Levels of indices.
    pub index_levels: u64,
    /// Halts.
    pub halts: u64,
}

impl Counts {
    /// All events that passed.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.quotes
            + self.trades
            + self.book_updates
            + self.open_interest
            + self.option_quotes
            + self.option_trades
            + self.vendor_greeks
            + self.index_levels
            + self.halts
    }
}

/// Which feeds an underlying's values came from, for their freshness.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    /// The price.
    pub spot: FeedId,
    /// The chain's quotes.
    pub chain: FeedId,
    /// The book.
    pub book: FeedId,
    /// Whether quotes come from elsewhere than the book.
    pub has_quotes: bool,
    /// Which prices are believed.
    pub band: PriceBand,
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            spot: FeedId::ENGINE,
            chain: FeedId::ENGINE,
            book: FeedId::ENGINE,
            has_quotes: false,
            band: PriceBand::default(),
        }
    }
}

/// Adds the door.
#[derive(Debug)]
pub struct IngestPlugin {
    /// The exchange's sessions, for settlement instants.
    pub calendar: Calendar,
}

impl Plugin for IngestPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<IngestConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.insert_resource(self.calendar);
        world.init_resource::<Chains>();
        world.init_resource::<Counts>();
        world.init_resource::<Refusals>();
        engine
            .add(Phase::Ingest, empty_tapes)
            .add(Phase::Ingest, renew_universe)
            .add(Phase::Ingest, take_in);
        Ok(())
    }
}

/// Empties the tapes of the tick before.
pub fn empty_tapes(mut underlyings: Query<&mut Tape>) {
    for mut tape in &mut underlyings {
        if !tape.prints.is_empty() || !tape.quotes.is_empty() || !tape.options.is_empty() {
            tape.prints.clear();
            tape.quotes.clear();
            tape.options.clear();
        }
    }
}

/// Lets instruments leave and come, and says anew in which rows they are. One system, since nearly
/// every tick has nothing of it to do.
///
/// # Errors
/// When contracts do not lie in dense tables, which no plugin may cause.
pub fn renew_universe(world: &mut World) -> Result<(), QueryNotDenseError> {
    open_session(world);
    spawn_listed(world);
    index_chains(world)
}

/// At a session's first tick: forgets the day's volumes and retires contracts that have settled.
///
/// A contract that is still held stays until its position has been settled.
fn open_session(world: &mut World) {
    let tick = *world.resource::<Tick>();
    if !tick.opens_session {
        return;
    }
    for mut trade in world.query::<&mut LastTrade>().iter_mut(world) {
        trade.day_volume = 0;
    }
    world.resource_mut::<Chains>().traded.fill(true);
    for mut sources in world.query::<&mut Sources>().iter_mut(world) {
        sources.band.forget();
    }
    let gone: Vec<Entity> = world
        .query::<(Entity, &Settlement, Option<&Position>)>()
        .iter(world)
        .filter(|(_, settlement, position)| {
            settlement.0 < tick.session.open && position.is_none_or(|held| held.quantity == 0)
        })
        .map(|(entity, ..)| entity)
        .collect();
    if !gone.is_empty() {
        for entity in gone {
            world.despawn(entity);
        }
        world.resource_mut::<Chains>().invalidate();
    }
}

/// Spawns what was listed in this tick, each chain in one stretch.
fn spawn_listed(world: &mut World) {
    // Few ticks list anything; an empty copy costs nothing.
    let listings = world.resource::<Inbox>().listings().to_vec();
    for listing in listings {
        match listing.kind {
            EventKind::SymbolListed { symbol, ticker } => {
                let now = world.resource::<Tick>().now;
                let entity = world.spawn(underlying_bundle(symbol, ticker, now)).id();
                let mut chains = world.resource_mut::<Chains>();
                chains.add_symbol(entity);
                chains.invalidate();
            }
            EventKind::ContractListed {
                contract,
                symbol,
                terms,
            } => {
                spawn_contract(world, contract, symbol, terms);
            }
            _ => {}
        }
    }
}

fn underlying_bundle(symbol: SymbolId, ticker: Ticker, now: Timestamp) -> impl Bundle {
    (
        (
            symbol,
            ticker,
            Quote::default(),
            LastTrade::default(),
            Spot::default(),
        ),
        (
            Book::default(),
            // Whether it was halted before is not known: it counts as resumed when it is first seen.
            TradingHalt {
                halted: false,
                since: now,
            },
            Tape::default(),
            Sources::default(),
        ),
        (Vpin::default(), Imbalance::default()),
        (
            GammaExposure::default(),
            DeltaExposure::default(),
            ExposureLevels::default(),
            ExposureProfile::default(),
            ZeroGamma::default(),
        ),
    )
}

fn spawn_contract(world: &mut World, contract: ContractId, symbol: SymbolId, terms: OptionTerms) {
    let now = world.resource::<Tick>().now;
    let calendar = world.resource::<Calendar>();
    let settles = settlement_instant(
        calendar,
        settlement_of(terms.root.as_str()),
        terms.expiry.date(),
    );
    let settlement = match settles {
        Ok(settlement) if now < settlement => settlement,
        settled => {
            let reason = if settled.is_ok() {
                refusal::Refusal::ExpiredContract
            } else {
                refusal::Refusal::ExpiryOutsideCalendar
            };
            world.resource_mut::<Refusals>().count(reason);
            return;
        }
    };
    let Some(underlying) = world.resource::<Chains>().underlying(symbol) else {
        world
            .resource_mut::<Refusals>()
            .count(refusal::Refusal::UnlistedSymbol);
        return;
    };
    world.spawn((
        (
            contract,
            terms,
            ContractOf(underlying),
            Settlement(settlement),
        ),
        (
            Quote::default(),
            LastTrade::default(),
            OpenInterest::default(),
        ),
        (
            VendorGreeks::default(),
            Volatility::default(),
            Sensitivity::default(),
            Carry::default(),
            Cross::default(),
            Valuation::default(),
        ),
        (ExposureWeight::default(), ContractExposure::default()),
    ));
    world.resource_mut::<Chains>().invalidate();
}

/// Lets the tick's events through the door.
///
/// # Errors
/// When underlyings or contracts do not lie in dense tables, which no plugin may cause.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn take_in(
    tick: Res<Tick>,
    inbox: Res<Inbox>,
    directory: Res<Directory>,
    config: Res<IngestConfig>,
    mut chains: ResMut<Chains>,
    mut feeds: ResMut<Feeds>,
    mut counts: ResMut<Counts>,
    mut refusals: ResMut<Refusals>,
    mut digest: ResMut<Digest>,
    mut transcript: ResMut<Transcript>,
    mut underlyings: Query<columns::Underlyings, With<Ticker>>,
    mut contracts: Query<columns::Contracts, (With<ContractId>, Without<Ticker>)>,
) -> Result<(), QueryNotDenseError> {
    let mut underlyings = underlyings.contiguous_iter_mut()?.next();
    let mut contracts = contracts.contiguous_iter_mut()?.next();
    let mut door = Door {
        tick: &tick,
        config: &config,
        price_max: Price::from_dollars(config.price_max_usd).unwrap_or(Price(i64::MAX)),
        band_ppm: crate::exits::rules::Share::new(config.price_band_share).millionths(),
        directory: &directory,
        chains: &mut chains,
        counts: &mut counts,
        refusals: &mut refusals,
        underlyings: columns::UnderlyingColumns::of(&mut underlyings),
        contracts: columns::ContractColumns::of(&mut contracts),
    };
    let mut fold = 0_u64;
    let mut heard = (FeedId::ENGINE, Timestamp::NEVER);
    for event in inbox.events() {
        fold = fold::fold(fold, event);
        if heard.0 != event.feed {
            feeds.heard(heard.0, heard.1);
        }
        heard = (event.feed, event.received);
        match event.kind {
            EventKind::FeedLost | EventKind::FeedRestored => {
                let lost = event.kind == EventKind::FeedLost;
                feeds.set_lost(event.feed, lost);
                let name = feeds
                    .all()
                    .get(usize::from(event.feed.0))
                    .map_or("?", |f| &f.name);
                let what = if lost { "lost" } else { "restored" };
                transcript.line(format_args!("feed {what} {name}"));
            }
            _ => door.take(event, &mut transcript),
        }
    }
    feeds.heard(heard.0, heard.1);
    digest.fold(Phase::Ingest, fold);
    Ok(())
}
