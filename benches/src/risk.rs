//! The whole Risk phase of a tick in which one candidate is judged, with many orders in flight.
//!
//! The orders are entries that rest at the broker, each for a contract of its own as far as there
//! are that many: every contract among them is valued under all scenarios for the judgement.

use crate::Failure;
use crate::measure::Settings;
use crate::report::Figure;
use crate::rig::{Extras, Rig};
use bevy_ecs::prelude::{Res, ResMut, Resource};
use components::contract::{Contract, ContractId, Instrument, OptionTerms};
use components::greeks::Sensitivity;
use components::market::{Quote, Side};
use components::order::{Fingerprint, Order, OrderId, OrderIntent, OrderKind, PermId, Role};
use components::signal::{Confidence, Direction, Intent, Signal, SignalId, StrategyName};
use components::units::{Cash, Price, Timestamp};
use engine::clock::Tick;
use engine::directory::Directory;
use engine::engine::Engine;
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::phase::Phase;
use engine::ports::{Broker, Feed, FeedError};
use engine::record::Record;
use engine::report::{BrokerState, OpenOrder, Report};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use systems::ledger::{Ledger, LedgerOrder};
use systems::link::Link;
use systems::scoring::Signals;

/// Twenty chains: more contracts than the most orders, so that one is left for the candidate.
const MARKET: &str = "{ underlyings: 20, contracts_per_chain: 520 }";
/// Limits that let this many orders be in flight and refuse the candidate at the last sum of the
/// whole book; and a line that is not dropped while a question waits behind cancellations.
const LIMITS: &str = "\
limits: { positions_max: 100000, positions_per_symbol_max: 100000, working_orders_max: 100000, \
order_notional_max_usd: 1e9, premium_share_max: 1, underlying_premium_share_max: 1, \
class_premium_share_max: 1, day_loss_max_usd: 1e9, day_loss_share_max: 1, \
expiry_gamma_max_usd: 1e12, scenario_loss_max_usd: 1e9, var_max_usd: 1e9, shortfall_max_usd: 0, \
portfolio: { delta_max_usd: 1e12, gamma_max_usd: 1e12, vega_max_usd: 1e12, theta_max_usd: 1e12 }, \
underlying: { delta_max_usd: 1e12, gamma_max_usd: 1e12, vega_max_usd: 1e12, theta_max_usd: 1e12 } }
broker: { query_s: 600 }
";
/// Where the candidate is refused.
const REFUSAL: &str = "risk_shortfall";
/// The account.
const ACCOUNT: &str = "DU0000001";
/// Ticks before the measurement at least: underlyings have been seen for long enough.
const WARM_UP: usize = 40;
/// And at most until the broker has been asked and has answered.
const WARM_UP_MAX: usize = 2_000;

/// Judges a candidate a tick with `orders` orders in flight.
pub(crate) fn run(settings: &Settings, orders: usize) -> Result<Vec<Figure>, Failure> {
    let name = format!("risk/orders_{orders}");
    let resting = resting(&name, orders)?;
    let contracts = {
        let mut all: Vec<Contract> = resting.iter().map(|order| order.contract).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    };
    let line = Line::new(&resting);
    let (mut engine, _) = Rig::with(&name, MARKET, LIMITS)?.engine(Extras {
        ledger: Some(ledger_of(&resting)),
        line: Some((Box::new(line.clone()), Box::new(line))),
        ..Extras::on(settings.threads)
    })?;
    let tick = |engine: &mut Engine| {
        let done = engine.tick()?;
        done.ok_or_else(|| Failure::from("the session is too short"))
    };
    for number in 0..WARM_UP_MAX {
        tick(&mut engine)?;
        if number >= WARM_UP && engine.world().resource::<Link>().is_ready() {
            break;
        }
    }
    let candidate = candidate(&mut engine).ok_or("no free contract is quoted on both sides")?;
    engine.world_mut().insert_resource(Wanted(candidate));
    engine.add(Phase::Dedupe, want);
    tick(&mut engine)?;
    engine.reset_latency();
    for _ in 0..settings.times(400, 40) {
        tick(&mut engine)?;
    }
    let world = engine.world();
    let signals = world.resource::<Signals>();
    for (reason, count) in &signals.blocked {
        if reason.starts_with("risk_") && *reason != REFUSAL {
            return Err(format!("{count} candidates were not judged on the book: {reason}").into());
        }
    }
    let in_flight = world.resource::<systems::books::Books>();
    let in_flight = in_flight.ledger().orders_in_flight().count();
    if in_flight < orders {
        return Err(format!("only {in_flight} of {orders} orders are in flight").into());
    }
    let latency = engine.latency();
    let found = latency.phases().find(|(phase, _)| *phase == Phase::Risk);
    let (_, found) = found.ok_or("the Risk phase has no system")?;
    let note =
        format!("one candidate a tick, {in_flight} orders in flight on {contracts} contracts");
    Ok(vec![Figure::new(name, "us", found).note(note)])
}

/// Entries that rest, one for each contract of the market and then from the first again.
fn resting(name: &str, orders: usize) -> Result<Vec<Order>, Failure> {
    let (mut engine, _) = Rig::with(name, MARKET, LIMITS)?.engine(Extras::on(1))?;
    let tick = engine.tick()?.ok_or("the session has no tick")?;
    let directory = engine.world().resource::<Directory>();
    let listed = u32::try_from(directory.contracts_len())?;
    let contract = |number: u32| {
        let listed = directory.listed(ContractId(number))?;
        Some(Contract {
            underlying: directory.ticker(listed.symbol)?,
            terms: listed.terms,
        })
    };
    // Ordered by number, contracts of one chain follow each other: all chains get their share.
    let step = (listed as usize / orders).max(1);
    (0..orders)
        .map(|index| {
            let place = u32::try_from(index * step % listed as usize)?;
            let contract = contract(place).ok_or("a contract is not listed")?;
            Ok(Order {
                id: OrderId(index as u64 + 1),
                contract,
                side: Side::Buy,
                quantity: 1,
                kind: OrderKind::Limit(Price(100)),
                role: Role::Entry,
                parent: None,
                oca: None,
                at: tick.now,
                good_until: Timestamp(i64::MAX),
            })
        })
        .collect()
}

/// The ledger of a run that sent these orders.
fn ledger_of(orders: &[Order]) -> Ledger {
    let mut ledger = Ledger::new(Cash::from_dollars(1e8).unwrap_or(Cash::ZERO));
    for order in orders {
        let intent = OrderIntent {
            order: *order,
            strategy: StrategyName::new("bench"),
            signal: SignalId { tick: 0, place: 0 },
            why: Intent::Open,
            fingerprint: Fingerprint(order.id.0),
        };
        ledger.apply(order.at, &Record::Intended(intent));
        ledger.apply(order.at, &Record::Sent { order: order.id });
        let accepted = Report::Accepted {
            order: order.id,
            perm: PermId(order.id.0),
        };
        ledger.apply_report(order.at, &accepted);
        // Else all of them are withdrawn before the market is there, and the first question waits
        // behind their cancellations.
        ledger.apply(order.at, &Record::CancelIntended { order: order.id });
    }
    ledger
}

/// What is judged in every tick.
#[derive(Resource)]
struct Wanted(Signal);

/// Puts the one candidate in the place of all others.
fn want(tick: Res<'_, Tick>, wanted: Res<'_, Wanted>, mut signals: ResMut<'_, Signals>) {
    signals.survivors.clear();
    signals.survivors.push(Signal {
        id: SignalId {
            tick: tick.number,
            place: 0,
        },
        at: tick.now,
        ..wanted.0.clone()
    });
}

/// A contract without an order, with a delta near 0.4 and a two-sided quote, at its ask.
fn candidate(engine: &mut Engine) -> Option<Signal> {
    let world = engine.world_mut();
    let ledger = world.resource::<systems::books::Books>().ledger();
    let taken: BTreeSet<Contract> = ledger
        .orders_in_flight()
        .map(LedgerOrder::contract)
        .collect();
    let directory = world.resource::<Directory>();
    let is_free = |number: u32| {
        let listed = directory.listed(ContractId(number))?;
        let (underlying, terms) = (directory.ticker(listed.symbol)?, listed.terms);
        Some(!taken.contains(&Contract { underlying, terms }))
    };
    let numbers = 0..u32::try_from(directory.contracts_len()).unwrap_or(0);
    let free: BTreeSet<ContractId> = numbers
        .filter(|number| is_free(*number) == Some(true))
        .map(ContractId)
        .collect();
    let mut contracts = world.query::<(&ContractId, &OptionTerms, &Quote, &Sensitivity)>();
    let far = |sensitivity: &Sensitivity| (sensitivity.delta.abs() - 0.4).abs();
    let (contract, terms, quote, _) = contracts
        .iter(world)
        .filter(|(contract, ..)| free.contains(contract))
        .filter(|(_, _, quote, _)| quote.bid.is_some() && quote.ask.is_some())
        .min_by(|a, b| far(a.3).total_cmp(&far(b.3)))?;
    let (contract, terms, limit) = (*contract, *terms, quote.ask);
    let listed = world.resource::<Directory>().listed(contract)?;
    Some(Signal {
        id: SignalId { tick: 0, place: 0 },
        strategy: StrategyName::new("bench"),
        symbol: listed.symbol,
        contract,
        terms,
        intent: Intent::Open,
        direction: Direction::Up,
        side: Side::Buy,
        quantity: 1,
        limit,
        confidence: Confidence::from_points(80.0),
        features: Vec::new(),
        at: Timestamp(0),
    })
}

/// A broker with resting orders, which answers every query with them and does nothing else.
#[derive(Clone)]
struct Line {
    open: Arc<Vec<OpenOrder>>,
    query: Arc<Mutex<Option<u64>>>,
}

impl Line {
    fn new(orders: &[Order]) -> Self {
        let open = |order: &Order| OpenOrder {
            order: Some(order.id),
            perm: PermId(order.id.0),
            instrument: Instrument::Option(order.contract),
            side: order.side,
            quantity: order.quantity,
            filled: 0,
            limit: order.kind.limit(),
        };
        Self {
            open: Arc::new(orders.iter().map(open).collect()),
            query: Arc::default(),
        }
    }

    fn answer(&self, query: u64) -> Report {
        Report::State(Box::new(BrokerState {
            query,
            account: ACCOUNT.to_owned(),
            next_order: OrderId(1),
            open: self.open.to_vec(),
            ..BrokerState::default()
        }))
    }
}

impl Broker for Line {
    fn submit(&mut self, _orders: &[Order]) {}

    fn modify(&mut self, _order: &Order, _at: Timestamp) {}

    fn cancel(&mut self, _order: OrderId, _at: Timestamp) {}

    fn query(&mut self, query: u64, _at: Timestamp) {
        *self.query.lock().unwrap_or_else(PoisonError::into_inner) = Some(query);
    }

    fn reconnect(&mut self, _at: Timestamp) {}
}

impl Feed for Line {
    fn name(&self) -> &str {
        "exchange"
    }

    fn drain(
        &mut self,
        tick: &Tick,
        _directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        if tick.number == 1 {
            let connected = Report::Connected {
                account: ACCOUNT.to_owned(),
                next_order: OrderId(1),
            };
            inbox.push(tick.now, tick.now, EventKind::Reported(connected));
        }
        let asked = self
            .query
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(query) = asked {
            inbox.push(tick.now, tick.now, EventKind::Reported(self.answer(query)));
        }
        Ok(())
    }
}
