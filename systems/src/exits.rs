//! How what is held is left: stops that rest at the broker and only rise, targets in parts, the end
//! of the day, and the second line where the broker's protection fails.
//!
//! [`plan`](crate::exits::plan::plan) decides; here it is asked for each position, and what it
//! wants becomes signals and wishes, which take the same road as every order.

use crate::books::Books;
use crate::chains::Chains;
use crate::ingest::Sources;
use crate::ledger::LedgerOrder;
use crate::link::Link as BrokerLink;
use crate::reflection::Seen;
use crate::risk::collar::CollarConfig;
use crate::scoring::Signals;
use crate::wishes::{Change, Protect, Wishes};
use action::Action;
use atr::BarAtr;
use bevy_ecs::prelude::*;
use components::contract::{Contract, Instrument, Right, Settlement};
use components::greeks::Sensitivity;
use components::market::{Quote, Side, Spot, SymbolId, TradingHalt};
use components::order::{OrderStatus, Role};
use components::price_grid::PriceGrid;
use components::signal::{Confidence, Direction, Feature, Intent, Signal, SignalId, StrategyName};
use components::units::{Price, Timestamp};
use config::ExitConfig;
use engine::calendar::Calendar;
use engine::clock::Tick;
use engine::config::ConfigError;
use engine::digest::Digest;
use engine::directory::Directory;
use engine::engine::Engine;
use engine::event::EventKind;
use engine::feeds::Feeds;
use engine::inbox::Inbox;
use engine::phase::Phase;
use engine::plugin::Plugin;
use engine::record::{ExitState, HoldingState, Record, Restriction};
use engine::report::Report;
use held::{Held, Link, Moment};
use rules::ExitRules;
use statistics::{ClosedPosition, Excursion, ExitReason, ExitStatistics};
use std::collections::BTreeMap;
use working::WorkingOrder;

/// What should be done about a position.
pub mod action;
/// Average true range.
pub mod atr;
/// The legs of an entry.
pub mod bracket;
/// The `exits` section of the config.
pub mod config;
/// A position and the moment as plain values.
pub mod held;
/// What became of positions and their stops.
mod notes;
/// What to do about one position now.
pub mod plan;
/// Whether what rests at the broker protects a position.
pub mod protection;
/// The exits of a strategy as whole numbers.
pub mod rules;
/// Selling in parts.
pub mod scale_out;
/// The end of the day.
pub mod schedule;
/// How positions ended.
pub mod statistics;
/// Stops that only rise.
pub mod trailing;
/// Orders of a contract that may still trade.
pub mod working;

/// The strategy of a position that no strategy of ours opened.
pub const ADOPTED: StrategyName = StrategyName::new("adopted");

/// Adds exits. Plugged after scoring's own list of signals and before the strategies, so that exits
/// come first.
#[derive(Debug)]
pub struct ExitsPlugin;

impl Plugin for ExitsPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<ExitConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(ExitRules::from(&config));
        world.init_resource::<ExitStatistics>();
        world.init_resource::<Managed>();
        engine
            .add(Phase::Scoring, measure_ranges)
            .add(Phase::Scoring, watch_exits);
        Ok(())
    }
}

/// What is remembered from tick to tick beside what the ledger holds: what the market tells again
/// after a restart, and what is for statistics only. All else that decides is in the ledger, as
/// [`HoldingState`].
#[derive(Resource, Debug, Default)]
pub struct Managed {
    excursions: BTreeMap<Contract, Excursion>,
    ranges: BTreeMap<SymbolId, BarAtr>,
}

/// Measures how far underlyings move in five minutes.
fn measure_ranges(
    tick: Res<Tick>,
    rules: Res<ExitRules>,
    mut managed: ResMut<Managed>,
    spots: Query<(&SymbolId, &Spot)>,
) {
    if !rules.trails_by_range() {
        return;
    }
    for (symbol, spot) in &spots {
        if let Some(dollars) = spot.get() {
            let range = managed.ranges.entry(*symbol).or_default();
            range.observe(tick.now, &tick.session, dollars);
        }
    }
}

type Contracts<'a> = (&'a Quote, &'a Settlement, &'a Sensitivity);

/// Where a position's market is read.
#[derive(bevy_ecs::system::SystemParam)]
struct Market<'w, 's> {
    directory: Res<'w, Directory>,
    chains: Res<'w, Chains>,
    feeds: Res<'w, Feeds>,
    collar: Res<'w, CollarConfig>,
    underlyings: Query<'w, 's, (&'static TradingHalt, &'static Sources)>,
    contracts: Query<'w, 's, Contracts<'static>>,
}

/// Asks for each position what to do, and does it.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
fn watch_exits(
    tick: Res<Tick>,
    calendar: Res<Calendar>,
    rules: Res<ExitRules>,
    link: Res<BrokerLink>,
    inbox: Res<Inbox>,
    seen: Res<Seen>,
    mut books: ResMut<Books>,
    market: Market<'_, '_>,
    mut managed: ResMut<Managed>,
    mut statistics: ResMut<ExitStatistics>,
    mut signals: ResMut<Signals>,
    mut wishes: ResMut<Wishes>,
    mut digest: ResMut<Digest>,
) {
    let managed = &mut *managed;
    notes::note_closings(&seen, managed, &mut statistics);
    let refused = notes::refused_stops(&inbox, &books);
    let ledger = books.ledger();
    let next = calendar.next_session(tick.session.date);
    let moment = Moment {
        now: tick.now,
        session: tick.session,
        next_open: next.map(|session| session.open),
        link: if link.is_ready() {
            Link::Up
        } else {
            Link::Down
        },
        restriction: ledger.restriction(),
    };
    let mut orders: BTreeMap<Contract, Vec<WorkingOrder>> = BTreeMap::new();
    for order in ledger.orders_in_flight() {
        let of = orders.entry(order.contract()).or_default();
        of.push(working_order(order));
    }
    // What is no longer held is left as well: its legs are cancelled.
    let mut contracts: Vec<Contract> = orders.keys().copied().collect();
    contracts.extend(ledger.positions().filter_map(|(held, _)| match held {
        Instrument::Option(contract) => Some(*contract),
        Instrument::Stock(_) => None,
    }));
    contracts.sort_unstable();
    contracts.dedup();
    managed
        .excursions
        .retain(|contract, _| contracts.binary_search(contract).is_ok());
    let mut learnt = Vec::new();
    for contract in contracts {
        let working = orders.get(&contract).map_or(&[][..], Vec::as_slice);
        let Some(mut position) = Position::of(contract, working, &books, &market, managed, &tick)
        else {
            continue;
        };
        if refused.contains(&contract) {
            position.state.exit.stop_rejected_at = Some(tick.now);
        }
        let (held, name) = (position.held(), position.state.strategy);
        let rules = rules.of(name);
        let mut actions = plan::plan(&held, rules, &moment);
        if moment.restriction == Restriction::Flattening && held.state.exit.closing.is_none() {
            position.state.exit.closing = Some(Intent::Flatten);
            actions = plan::plan(&position.held(), rules, &moment);
        }
        for action in actions {
            digest.fold(Phase::Scoring, position.quantity.unsigned_abs());
            position.act(action, &tick, &mut statistics, &mut signals, &mut wishes);
        }
        if position.quantity > 0 {
            managed.excursions.insert(contract, position.excursion);
            let instrument = Instrument::Option(contract);
            let terms = position.state;
            if ledger.holding(&instrument) != Some(&terms) {
                learnt.push(Record::Held { instrument, terms });
            }
        }
    }
    for record in learnt {
        books.enter(tick.now, record);
    }
}

/// A position between what is remembered of it and what is planned for it.
struct Position<'a> {
    contract: Contract,
    symbol: SymbolId,
    id: components::contract::ContractId,
    quantity: i64,
    orders: &'a [WorkingOrder],
    quote: Quote,
    fresh: bool,
    delta: Option<f64>,
    atr: Option<f64>,
    settles_at: Timestamp,
    foreign_selling: u32,
    grid: PriceGrid,
    state: HoldingState,
    excursion: Excursion,
}

impl<'a> Position<'a> {
    fn of(
        contract: Contract,
        orders: &'a [WorkingOrder],
        books: &Books,
        market: &Market<'_, '_>,
        managed: &Managed,
        tick: &Tick,
    ) -> Option<Self> {
        let ledger = books.ledger();
        let instrument = Instrument::Option(contract);
        let quantity = ledger.position(&instrument).quantity;
        let symbol = market.directory.symbol(contract.underlying)?;
        let id = market
            .directory
            .contract(contract.underlying, contract.terms)?;
        let entity = market.chains.entity(id)?;
        let (quote, settlement, sensitivity) = market.contracts.get(entity).ok()?;
        let underlying = market.chains.underlying(symbol)?;
        let (halt, sources) = market.underlyings.get(underlying).ok()?;
        let delta = (sensitivity.delta != 0.0).then_some(sensitivity.delta);
        let grid = market.collar.grid(contract.underlying);
        let known = ledger.holding(&instrument).copied();
        let mut state = known.unwrap_or_else(|| adopted(contract, books, quote));
        let excursion = managed.excursions.get(&contract).copied();
        let mut excursion = excursion.unwrap_or_else(|| Excursion::from_entry(state.entry_price));
        let believed = !halt.halted && !sources.band.is_quarantined();
        let fresh = believed && market.feeds.is_fresh(sources.chain, tick.now);
        if fresh {
            excursion.observe(quote);
            state.best = trailing::best_bid(state.best, quote);
        }
        let held = u32::try_from(quantity).unwrap_or(0);
        let exit = &mut state.exit;
        exit.entry_delta = exit.entry_delta.or_else(|| delta.map(trailing::millionths));
        exit.exposed_since = protection::exposed_since(exit.exposed_since, held, orders, tick.now);
        let reached = fresh && quote.bid.is_some() && quote.bid <= state.stop;
        exit.stop_reached_at = reached.then(|| exit.stop_reached_at.unwrap_or(tick.now));
        let foreign = ledger
            .foreign_orders()
            .filter(|order| order.instrument == instrument && order.side == Side::Sell);
        let foreign_selling = foreign
            .map(|order| order.quantity.saturating_sub(order.filled))
            .fold(0, u32::saturating_add);
        Some(Self {
            contract,
            symbol,
            id,
            quantity,
            orders,
            quote: *quote,
            fresh,
            delta,
            atr: managed.ranges.get(&symbol).and_then(BarAtr::get),
            settles_at: settlement.0,
            foreign_selling,
            grid,
            state,
            excursion,
        })
    }

    fn held(&self) -> Held<'a> {
        Held {
            contract: self.contract,
            state: self.state,
            quantity: self.quantity,
            quote: self.quote,
            fresh: self.fresh,
            delta: self.delta,
            entry_delta: self.state.exit.entry_delta.map(trailing::delta_of),
            atr: self.atr,
            orders: self.orders,
            foreign_selling: self.foreign_selling,
            settles_at: self.settles_at,
            grid: self.grid,
        }
    }

    fn act(
        &mut self,
        action: Action,
        tick: &Tick,
        statistics: &mut ExitStatistics,
        signals: &mut Signals,
        wishes: &mut Wishes,
    ) {
        match action {
            Action::Closing { why } => self.state.exit.closing = Some(why),
            Action::Raise { stop, best } => {
                self.state.stop = stop;
                self.state.best = best;
                statistics.count_raise(self.state.strategy);
            }
            Action::Cancel { order } => wishes.cancels.push(order),
            Action::Modify {
                order,
                kind,
                quantity,
            } => wishes.changes.push(Change {
                order,
                kind,
                quantity,
            }),
            Action::PlaceStop {
                quantity,
                kind,
                oca,
            } => {
                self.state.exit.stop_rejected_at = None;
                wishes.protects.push(Protect {
                    contract: self.contract,
                    strategy: self.state.strategy,
                    quantity,
                    kind,
                    oca,
                });
            }
            Action::Close {
                quantity,
                limit,
                why,
            } => signals.propose(tick, self.closing_signal(tick, quantity, limit, why)),
        }
    }

    fn closing_signal(&self, tick: &Tick, quantity: u32, limit: Price, why: Intent) -> Signal {
        let cost = self.state.entry_price;
        let gain = self.quote.bid.dollars() / cost.dollars() - 1.0;
        Signal {
            id: SignalId {
                tick: tick.number,
                place: 0,
            },
            strategy: self.state.strategy,
            symbol: self.symbol,
            contract: self.id,
            terms: self.contract.terms,
            intent: why,
            direction: match self.contract.terms.right {
                Right::Call => Direction::Down,
                Right::Put => Direction::Up,
            },
            side: Side::Sell,
            quantity,
            limit,
            confidence: Confidence::from_points(100.0),
            features: vec![Feature {
                name: "gain",
                value: gain,
                points: 0.0,
            }],
            at: tick.now,
        }
    }
}

/// On what terms a position is held that no strategy of ours opened: from its cost on, as any
/// other.
fn adopted(contract: Contract, books: &Books, quote: &Quote) -> HoldingState {
    let position = books.ledger().position(&Instrument::Option(contract));
    let units = i128::from(position.quantity) * i128::from(contract.terms.multiplier);
    let cost = (units != 0)
        .then(|| i64::try_from(i128::from(position.cost.0) / units).ok())
        .flatten()
        .filter(|cost| *cost > 0)
        .map_or(quote.bid, Price);
    HoldingState {
        strategy: ADOPTED,
        opened_at: Timestamp(0),
        entry: components::order::OrderId(0),
        largest: u32::try_from(position.quantity).unwrap_or(0),
        entry_price: cost,
        best: cost,
        stop: Price::NONE,
        steps: 0,
        exit: ExitState::default(),
    }
}

fn working_order(order: &LedgerOrder) -> WorkingOrder {
    let followed = &order.followed;
    let intended = &followed.intent;
    let quantity = intended.order.quantity.saturating_sub(order.taken);
    let former = order.former_quantity().unwrap_or(quantity);
    let sent_at = followed.sent_at.unwrap_or(intended.order.at);
    // Over by the broker's word, but an execution may be on its way until the broker was asked again:
    // for what may be sold beside it, it is still being cancelled.
    let lingers = order.status().is_terminal();
    WorkingOrder {
        id: order.id(),
        role: order.role(),
        why: intended.why,
        kind: intended.order.kind,
        quantity,
        quantity_most: quantity.max(former),
        quantity_least: quantity.min(former),
        filled: followed.filled,
        status: if lingers {
            OrderStatus::Unknown
        } else {
            order.status()
        },
        parent: intended.order.parent,
        oca: intended.order.oca,
        frozen: order.former_quantity().is_some() || order.followed.perms.len() > 1,
        cancelling: lingers || order.cancel_pending(),
        sent_at,
        changed_at: order.changed_at().unwrap_or(sent_at),
    }
}
