//! Orders, positions and money, from what the broker reports and from nothing else.
//!
//! The ledger holds them; here its turn comes in the tick, and what it says appears on the
//! contracts.

use crate::books::Books;
use crate::chains::Chains;
use crate::ledger::Ledger;
use crate::reflection::{OrderCounts, Reflection, Seen};
use bevy_ecs::prelude::*;
use components::contract::{Contract, ExerciseStyle, Instrument, Right};
use components::market::{Quote, Spot};
use components::order::Position;
use components::signal::StrategyName;
use components::units::{Cash, Price, Timestamp};
use engine::calendar::Calendar;
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::directory::Directory;
use engine::engine::Engine;
use engine::event::EventKind;
use engine::expiry;
use engine::inbox::Inbox;
use engine::phase::Phase;
use engine::plugin::Plugin;
use engine::record::{Record, RunStart, Settling};
use engine::report::Report;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The `account` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct AccountConfig {
    /// Money at the start of a simulated run, dollars.
    #[garde(custom(within(0.0, 1e9)))]
    pub cash_usd: f64,
}

impl Section for AccountConfig {
    const NAME: &'static str = "account";
}

/// The account at the marks of this tick.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Money.
    pub cash: Cash,
    /// What the account began with.
    pub initial: Cash,
    /// Profit of closed positions, without fees.
    pub realized: Cash,
    /// Profit of open positions at the price at which they could be closed, without fees.
    pub unrealized: Cash,
    /// Fees paid.
    pub fees: Cash,
    /// Instruments with a position.
    pub positions: u32,
}

impl Account {
    /// Profit after fees.
    #[must_use]
    pub fn profit(&self) -> Cash {
        let all = self.realized.0.saturating_add(self.unrealized.0);
        Cash(all.saturating_sub(self.fees.0))
    }

    /// What the account is worth.
    #[must_use]
    pub fn equity(&self) -> Cash {
        Cash(self.initial.0.saturating_add(self.profit().0))
    }
}

/// Who holds a position and since when.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[component(storage = "SparseSet")]
pub struct Holding {
    /// The strategy that opened it.
    pub strategy: StrategyName,
    /// When it was opened.
    pub opened_at: Timestamp,
}

/// Adds orders and positions on a ledger: an empty one, or one that a journal was folded into.
///
/// What is held is placed and marked by [`LinkPlugin`](crate::link::LinkPlugin), once the broker's
/// answers of the tick are worked through.
pub struct PositionsPlugin {
    /// What is known already.
    pub ledger: Option<Ledger>,
    /// The run that begins.
    pub run: RunStart,
    /// What the start found, to be entered right after the run has begun: restrictions above all.
    pub opening: Vec<Record>,
}

/// What the first tick of a run enters: that it began, and what the start found.
#[derive(Resource, Debug)]
struct Starting(Vec<Record>);

impl Plugin for PositionsPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<AccountConfig>()?;
        let initial = Cash::from_dollars(config.cash_usd).unwrap_or(Cash::ZERO);
        let ledger = self.ledger.unwrap_or_else(|| Ledger::new(initial));
        let world = engine.world_mut();
        world.insert_resource(config);
        world.insert_resource(Account::default());
        world.insert_resource(Books::new(ledger));
        world.init_resource::<OrderCounts>();
        world.init_resource::<Seen>();
        world.init_resource::<Placed>();
        let mut starting = vec![Record::RunStarted(self.run)];
        starting.extend(self.opening);
        world.insert_resource(Starting(starting));
        engine
            .add(Phase::Positions, begin_tick)
            .add(Phase::Positions, hear_reports)
            .add(Phase::Positions, settle_expired);
        Ok(())
    }
}

/// Opens the day, and enters what became of the orders of the tick before.
fn begin_tick(
    tick: Res<Tick>,
    account: Res<Account>,
    mut starting: ResMut<Starting>,
    mut books: ResMut<Books>,
    mut reflection: Reflection<'_>,
) {
    reflection.begin();
    if !starting.0.is_empty() {
        for record in core::mem::take(&mut starting.0) {
            let changes = books.enter(tick.now, record);
            reflection.show(changes);
        }
    }
    let left = books.enter_left(tick.now);
    reflection.show(left);
    let date = expiry_date(&tick);
    if books.ledger().date() != date {
        // Before the first tick of a run nothing is marked yet.
        let equity = if account.initial == Cash::ZERO {
            let state = books.ledger().account();
            let profit = state.realized.0.saturating_sub(state.fees.0);
            Cash(state.initial.0.saturating_add(profit))
        } else {
            account.equity()
        };
        let state = books.ledger().open_state(date, equity);
        let changes = books.enter(tick.now, Record::DayOpened(Box::new(state)));
        reflection.show(changes);
    }
}

fn expiry_date(tick: &Tick) -> u32 {
    components::contract::Expiry::on(tick.session.date).yyyymmdd()
}

/// Enters what the broker reported, but for its whole answers: those are worked through by the
/// link.
fn hear_reports(
    tick: Res<Tick>,
    inbox: Res<Inbox>,
    mut books: ResMut<Books>,
    mut reflection: Reflection<'_>,
) {
    for (place, event) in inbox.reports().iter().enumerate() {
        if let EventKind::Reported(report) = &event.kind
            && !matches!(report, Report::State(_))
        {
            let changes = books.hear(tick.now, place, report);
            reflection.show(changes);
        }
    }
}

/// Settles positions whose contract has expired.
pub fn settle_expired(
    tick: Res<Tick>,
    calendar: Res<Calendar>,
    directory: Res<Directory>,
    chains: Res<Chains>,
    spots: Query<&Spot>,
    mut books: ResMut<Books>,
    mut reflection: Reflection<'_>,
) {
    if books.ledger().positions().next().is_none() {
        return;
    }
    let expired: Vec<(Contract, i64)> = books
        .ledger()
        .positions()
        .filter_map(|(instrument, position)| match instrument {
            Instrument::Option(contract) => Some((*contract, position.quantity)),
            Instrument::Stock(_) => None,
        })
        .filter(|(contract, _)| {
            let terms = &contract.terms;
            let settlement = expiry::settlement_of(terms.root.as_str());
            expiry::settlement_instant(&calendar, settlement, terms.expiry.date())
                .is_ok_and(|at| at <= tick.now)
        })
        .collect();
    for (contract, quantity) in expired {
        let spot = directory
            .symbol(contract.underlying)
            .and_then(|symbol| chains.underlying(symbol))
            .and_then(|entity| spots.get(entity).ok())
            .and_then(Spot::get)
            .and_then(Price::from_dollars);
        // Without a spot nothing can be said; the broker's positions will tell.
        let Some(spot) = spot else {
            continue;
        };
        let inside = match contract.terms.right {
            Right::Call => spot.0.saturating_sub(contract.terms.strike.0),
            Right::Put => contract.terms.strike.0.saturating_sub(spot.0),
        };
        let how = match (inside > 0, contract.terms.style) {
            (false, _) => Settling::Expired,
            (true, ExerciseStyle::European) => Settling::Cash,
            (true, ExerciseStyle::American) => Settling::Delivered,
        };
        let record = Record::Settled {
            instrument: Instrument::Option(contract),
            quantity,
            price: Price(inside.max(0)),
            how,
        };
        let changes = books.enter(tick.now, record);
        reflection.show(changes);
    }
}

/// Where positions stand in the world.
#[derive(Resource, Debug, Default)]
pub struct Placed {
    held: BTreeMap<Contract, Entity>,
    contracts: usize,
}

/// Puts what is held onto the contracts, where it changed or a contract became known.
pub(crate) fn place_positions(
    mut commands: Commands<'_, '_>,
    mut placed: ResMut<Placed>,
    mut seen: ResMut<Seen>,
    books: Res<Books>,
    directory: Res<Directory>,
    chains: Res<Chains>,
) {
    let moved = core::mem::take(&mut seen.positions);
    if !moved && placed.contracts == directory.contracts_len() {
        return;
    }
    placed.contracts = directory.contracts_len();
    let ledger = books.ledger();
    let mut before = core::mem::take(&mut placed.held);
    for (instrument, position) in ledger.positions() {
        let Instrument::Option(contract) = instrument else {
            continue;
        };
        let Some(entity) = chains.entity_of(&directory, instrument) else {
            continue;
        };
        before.remove(contract);
        placed.held.insert(*contract, entity);
        let mut on = commands.entity(entity);
        on.insert(position);
        match ledger.holding(instrument) {
            Some(holding) => on.insert(Holding {
                strategy: holding.strategy,
                opened_at: holding.opened_at,
            }),
            None => on.remove::<Holding>(),
        };
    }
    for entity in before.into_values() {
        commands.entity(entity).remove::<(Position, Holding)>();
    }
}

/// Marks open positions at the price at which they could be closed: the bid of what is held, the
/// ask of what is owed. A missing side counts as worthless.
pub(crate) fn mark_positions(
    books: Res<Books>,
    directory: Res<Directory>,
    chains: Res<Chains>,
    mut account: ResMut<Account>,
    mut digest: ResMut<Digest>,
    quotes: Query<&Quote>,
) {
    let ledger = books.ledger();
    let state = ledger.account();
    let mut unrealized = 0_i64;
    let mut open = 0;
    for (instrument, position) in ledger.positions() {
        let entity = chains.entity_of(&directory, instrument);
        let quote = entity.and_then(|entity| quotes.get(entity).ok());
        let price = quote.map_or(Price::NONE, |quote| {
            if position.quantity > 0 {
                quote.bid
            } else {
                quote.ask
            }
        });
        let value = Cash::of(price, position.quantity, instrument.multiplier());
        let value = value.unwrap_or(Cash::ZERO);
        let gain = value.0.saturating_sub(position.cost.0);
        unrealized = unrealized.saturating_add(gain);
        open += 1;
    }
    let now = Account {
        cash: state.cash,
        initial: state.initial,
        realized: state.realized,
        unrealized: Cash(unrealized),
        fees: state.fees,
        positions: open,
    };
    if open > 0 {
        digest.fold(Phase::Positions, unrealized.cast_unsigned());
    }
    account.set_if_neq(now);
}
