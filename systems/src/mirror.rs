//! What leaves for those who watch: one batch a tick, of what changed since the batch before.
//!
//! Nothing here is read by another system and nothing goes into the digest, so that a mirror that is
//! slow or gone cannot change a decision.

use crate::positions::{Account, Orders};
use crate::scoring::Signals;
use bevy_ecs::prelude::*;
use components::contract::{ContractId, ContractOf, OptionTerms};
use components::exposure::{DeltaExposure, ExposureLevels, GammaExposure, ZeroGamma};
use components::flow::{Imbalance, Vpin};
use components::market::{Book, LastTrade, Quote, Spot, SymbolId, Ticker};
use components::order::{OrderKind, OrderStatus, Position};
use components::quality::Stamp;
use engine::clock::Tick;
use engine::config::ConfigError;
use engine::digest::Digest;
use engine::directory::Directory;
use engine::engine::{Engine, Sent};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::phase::Phase;
use engine::plugin::Plugin;
use engine::ports::{Mirror, MirrorReport};
use wire::event::Event;
use wire::lane::Row;
use wire::{Batch, Header, Symbol, account};

/// What components become when they leave.
pub mod convert;

use convert::millis;

/// Adds the mirror. A run without one does not plug this in and builds no batches.
pub struct MirrorPlugin {
    /// Where state is shown.
    pub mirror: Box<dyn Mirror>,
    /// The run: milliseconds since 1970 at its start by the host's clock.
    pub epoch: u64,
}

impl Plugin for MirrorPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let world = engine.world_mut();
        world.init_resource::<Outgoing>();
        world.init_resource::<Shown>();
        world.insert_resource(Outlet {
            mirror: self.mirror,
            epoch: self.epoch,
        });
        engine
            .add(Phase::Mirror, show_underlyings)
            .add(Phase::Mirror, show_account)
            .add(Phase::Mirror, show_events)
            .add(Phase::Mirror, publish_batch);
        Ok(())
    }
}

/// The batch of this tick. Systems of earlier phases may add what only they know.
#[derive(Resource, Debug, Default)]
pub struct Outgoing(pub Batch);

/// The mirror.
#[derive(Resource)]
pub struct Outlet {
    mirror: Box<dyn Mirror>,
    epoch: u64,
}

impl Outlet {
    /// How the mirror fares.
    #[must_use]
    pub fn report(&self) -> MirrorReport {
        self.mirror.report()
    }

    /// Waits, at the end of a run, until what was taken has been shown or given up.
    pub fn finish(&mut self) {
        self.mirror.finish();
    }
}

/// What the batches so far showed, to tell what changed.
#[derive(Resource, Default)]
pub struct Shown {
    underlyings: Vec<Option<Box<ShownUnderlying>>>,
    account: Option<Account>,
    positions: Vec<(ContractId, Position)>,
}

#[derive(Default)]
struct ShownUnderlying {
    symbol: Option<Symbol>,
    market: (Quote, LastTrade, Spot),
    book: Book,
    vpin: Stamp,
    imbalance: Stamp,
    gamma: [Stamp; 3],
    delta: Stamp,
}

type Underlying = (
    &'static SymbolId,
    &'static Ticker,
    (&'static Quote, &'static LastTrade, &'static Spot),
    &'static Book,
    (&'static Vpin, &'static Imbalance),
    (
        &'static GammaExposure,
        &'static ExposureLevels,
        &'static ZeroGamma,
        &'static DeltaExposure,
    ),
);

/// Puts into the batch what changed of the underlyings.
pub fn show_underlyings(
    mut outgoing: ResMut<Outgoing>,
    mut shown: ResMut<Shown>,
    underlyings: Query<Underlying>,
) {
    let batch = &mut outgoing.0;
    for (id, ticker, (quote, trade, spot), book, flow, exposure) in &underlyings {
        let shown = shown.underlying(*id, *ticker);
        let Some(symbol) = shown.symbol else {
            continue;
        };
        let id = id.0;
        let market = (*quote, *trade, *spot);
        if replace(&mut shown.market, market) {
            let value = convert::market(quote, trade, spot);
            batch.markets.set(Row { id, symbol, value });
        }
        if shown.book != *book {
            shown.book = *book;
            let value = convert::book(book);
            batch.books.set(Row { id, symbol, value });
        }
        let (vpin, imbalance) = flow;
        if replace(&mut shown.vpin, vpin.stamp) {
            let value = convert::vpin(vpin);
            batch.vpins.set(Row { id, symbol, value });
        }
        if replace(&mut shown.imbalance, imbalance.stamp) {
            let value = convert::imbalance(imbalance);
            batch.imbalances.set(Row { id, symbol, value });
        }
        let (gamma, levels, zero, delta) = exposure;
        if replace(&mut shown.gamma, [gamma.stamp, levels.stamp, zero.stamp]) {
            let value = convert::gamma(gamma, levels, zero);
            batch.gammas.set(Row { id, symbol, value });
        }
        if replace(&mut shown.delta, delta.stamp) {
            let value = convert::delta(delta);
            batch.deltas.set(Row { id, symbol, value });
        }
    }
}

/// Puts into the batch what changed of money, positions and working orders.
pub fn show_account(
    mut outgoing: ResMut<Outgoing>,
    mut shown: ResMut<Shown>,
    account: Option<Res<Account>>,
    orders: Option<Res<Orders>>,
    positions: Query<(&ContractId, &OptionTerms, &ContractOf, &Position)>,
    tickers: Query<&Ticker>,
) {
    let batch = &mut outgoing.0;
    if let Some(account) = account
        && shown.account != Some(*account)
    {
        shown.account = Some(*account);
        batch.account = Some(account::Account {
            cash_usd: account.cash.dollars(),
            realized_usd: account.realized.dollars(),
            unrealized_usd: Some(account.unrealized.dollars()),
            fees_usd: account.fees.dollars(),
        });
    }
    if let Some(orders) = orders
        && orders.is_changed()
    {
        batch.orders = Some(working(&orders));
    }
    let mut held: Vec<_> = positions
        .iter()
        .filter(|(.., position)| position.quantity != 0)
        .collect();
    held.sort_by_key(|(contract, ..)| **contract);
    let keys = held.iter().map(|(contract, .., held)| (**contract, **held));
    if keys.clone().eq(shown.positions.iter().copied()) {
        return;
    }
    shown.positions = keys.collect();
    let positions = held.iter().filter_map(|(_, terms, owner, position)| {
        let ticker = tickers.get(owner.0).ok()?;
        Some(account::Position {
            symbol: symbol_of(*ticker)?,
            contract: terms.osi(),
            quantity: position.quantity,
            cost_usd: position.cost.dollars(),
            realized_usd: position.realized.dollars(),
            fees_usd: position.fees.dollars(),
        })
    });
    batch.positions = Some(account::Positions {
        positions: positions.collect(),
    });
}

/// Puts into the batch what happened in this tick: signals, orders sent, what the broker reported.
pub fn show_events(
    mut outgoing: ResMut<Outgoing>,
    signals: Option<Res<Signals>>,
    directory: Res<Directory>,
    sent: Res<Sent>,
    inbox: Res<Inbox>,
    orders: Option<Res<Orders>>,
) {
    let events = &mut outgoing.0.events;
    let contract = |id: ContractId| {
        directory
            .listed(id)
            .map_or_else(String::new, |listed| listed.terms.osi())
    };
    for event in inbox.events() {
        let at_ms = millis(event.at).unwrap_or_default();
        let mut change = |id, status: &str| {
            let order = orders.as_ref().and_then(|orders| orders.get(id));
            events.push(Event::Order {
                id: id.0,
                contract: order.map_or_else(String::new, |order| order.terms.osi()),
                status: status.to_owned(),
                at_ms,
            });
        };
        match &event.kind {
            EventKind::OrderAccepted { order } => change(*order, "working"),
            EventKind::OrderCancelled { order } => change(*order, "cancelled"),
            EventKind::OrderRejected { order, .. } => change(*order, "rejected"),
            EventKind::OrderFilled(fill) => events.push(Event::Fill {
                order: fill.order.0,
                contract: contract(fill.contract),
                side: fill.side.name().to_owned(),
                quantity: fill.quantity,
                price_usd: fill.price.dollars(),
                fees_usd: fill.fees.dollars(),
                at_ms,
            }),
            _ => {}
        }
    }
    for signal in signals.iter().flat_map(|signals| &signals.approved) {
        let ticker = directory.ticker(signal.symbol);
        let Some(symbol) = ticker.and_then(symbol_of) else {
            continue;
        };
        events.push(Event::Signal {
            id: signal.id.to_string(),
            strategy: signal.strategy.to_owned(),
            symbol,
            contract: signal.terms.osi(),
            intent: signal.intent.name().to_owned(),
            direction: signal.direction.name().to_owned(),
            side: signal.side.name().to_owned(),
            quantity: signal.quantity,
            limit_usd: signal.limit.dollars(),
            confidence: signal.confidence.points(),
            at_ms: millis(signal.at).unwrap_or_default(),
        });
    }
    for order in &sent.0 {
        events.push(Event::Order {
            id: order.id.0,
            contract: contract(order.contract),
            status: "sent".to_owned(),
            at_ms: millis(order.at).unwrap_or_default(),
        });
    }
}

/// Hands the batch of this tick to the mirror.
pub fn publish_batch(
    tick: Res<Tick>,
    digest: Res<Digest>,
    mut outgoing: ResMut<Outgoing>,
    mut outlet: ResMut<Outlet>,
) {
    outgoing.0.header = Header {
        epoch: outlet.epoch,
        tick: tick.number,
        at_ms: millis(tick.now).unwrap_or_default(),
        digest: digest.run(),
    };
    outlet.mirror.publish(&mut outgoing.0);
}

impl Shown {
    fn underlying(&mut self, id: SymbolId, ticker: Ticker) -> &mut ShownUnderlying {
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

fn working(orders: &Orders) -> account::Orders {
    let orders = orders.open().map(|followed| account::Order {
        id: followed.order.id.0,
        contract: followed.terms.osi(),
        side: followed.order.side.name().to_owned(),
        quantity: followed.order.quantity,
        filled: followed.filled,
        limit_usd: match followed.order.kind {
            OrderKind::Limit(price) => Some(price.dollars()),
            OrderKind::Market | OrderKind::Stop(_) => None,
        },
        status: match followed.status {
            OrderStatus::Sent => "sent",
            OrderStatus::Working => "working",
            OrderStatus::Filled => "filled",
            OrderStatus::Cancelled => "cancelled",
            OrderStatus::Rejected => "rejected",
        }
        .to_owned(),
        at_ms: millis(followed.order.at).unwrap_or_default(),
    });
    account::Orders {
        orders: orders.collect(),
    }
}

/// Both kinds of name have the same rule; should they ever differ, the symbol is not shown.
fn symbol_of(ticker: Ticker) -> Option<Symbol> {
    Symbol::new(ticker.as_str()).ok()
}

/// Sets `shown` to `value`; whether that was a change.
fn replace<T: PartialEq>(shown: &mut T, value: T) -> bool {
    let changed = *shown != value;
    *shown = value;
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::market::Side;
    use components::market::{Level, SpotSource};
    use components::order::{Fill, Order, OrderId};
    use components::quality::Quality;
    use components::units::{Cash, Price, Timestamp};
    use engine::calendar::Session;
    use std::sync::{Arc, Mutex};

    /// Keeps every batch.
    #[derive(Clone, Default)]
    struct Capture(Arc<Mutex<Vec<Batch>>>);

    impl Mirror for Capture {
        fn publish(&mut self, batch: &mut Batch) {
            self.0.lock().unwrap().push(batch.clone());
            batch.clear();
        }

        fn report(&self) -> MirrorReport {
            MirrorReport::default()
        }
    }

    struct Fixture {
        world: World,
        schedule: Schedule,
        capture: Capture,
        entities: Vec<Entity>,
    }

    impl Fixture {
        fn new(tickers: &[&str]) -> Self {
            let mut world = World::new();
            let capture = Capture::default();
            world.init_resource::<Outgoing>();
            world.init_resource::<Shown>();
            world.init_resource::<Digest>();
            world.init_resource::<Directory>();
            world.init_resource::<Inbox>();
            world.init_resource::<Sent>();
            world.insert_resource(Outlet {
                mirror: Box::new(capture.clone()),
                epoch: 7,
            });
            let entities = (0_u32..)
                .zip(tickers)
                .map(|(id, ticker)| {
                    let ticker = Ticker::new(ticker).unwrap();
                    world.spawn(underlying(SymbolId(id), ticker)).id()
                })
                .collect();
            let mut schedule = Schedule::default();
            schedule
                .add_systems((show_underlyings, show_account, show_events, publish_batch).chain());
            Self {
                world,
                schedule,
                capture,
                entities,
            }
        }

        fn tick(&mut self, number: u64) -> Batch {
            let now = Timestamp(number as i64 * 250_000_000);
            self.world.insert_resource(Tick {
                number,
                now,
                session: Session {
                    date: jiff::civil::date(2026, 3, 2),
                    open: Timestamp(0),
                    close: now.plus_millis(1_000),
                    early_close: false,
                },
                opens_session: number == 1,
                skipped: 0,
            });
            self.schedule.run(&mut self.world);
            self.capture.0.lock().unwrap().pop().unwrap()
        }

        fn set(&mut self, index: usize, component: impl Bundle) {
            let entity = self.entities[index];
            self.world.entity_mut(entity).insert(component);
        }
    }

    fn underlying(id: SymbolId, ticker: Ticker) -> impl Bundle {
        (
            (id, ticker),
            (Quote::default(), LastTrade::default(), Spot::default()),
            Book::default(),
            (Vpin::default(), Imbalance::default()),
            (
                GammaExposure::default(),
                DeltaExposure::default(),
                ExposureLevels::default(),
                ZeroGamma::default(),
            ),
        )
    }

    fn ids<T>(rows: &[Row<T>]) -> Vec<u32> {
        rows.iter().map(|row| row.id).collect()
    }

    #[test]
    fn a_batch_holds_what_changed_and_nothing_else() {
        let mut fixture = Fixture::new(&["SPY", "QQQ", "IBM"]);
        let empty = fixture.tick(1);
        assert!(empty.markets.rows().is_empty() && empty.gammas.rows().is_empty());
        assert_eq!((empty.header.epoch, empty.header.tick), (7, 1));
        assert_eq!(empty.header.at_ms, 250);

        let spot = Spot {
            dollars: 410.5,
            source: SpotSource::Quote,
            at: Timestamp(0),
        };
        fixture.set(1, spot);
        let stamp = Stamp::new(Timestamp(0), 1_000, Quality::Ok);
        let vpin = Vpin {
            value: Some(0.3),
            stamp,
            ..Vpin::default()
        };
        fixture.set(2, vpin);
        fixture.set(
            0,
            ZeroGamma {
                nearest_dollars: Some(400.0),
                roots: 1,
                stamp,
            },
        );
        let mut book = Book::default();
        book.bids[0] = Level {
            price: Price(100),
            size: 1,
        };
        fixture.set(0, book);
        let batch = fixture.tick(2);
        assert_eq!(ids(batch.markets.rows()), [1]);
        assert_eq!(batch.markets.rows()[0].symbol.as_str(), "QQQ");
        assert_eq!(batch.markets.rows()[0].value.spot_usd, Some(410.5));
        assert_eq!(ids(batch.vpins.rows()), [2]);
        assert_eq!(batch.gammas.rows()[0].value.zero_gamma_usd, Some(400.0));
        assert_eq!(ids(batch.books.rows()), [0]);
        assert!(batch.deltas.rows().is_empty() && batch.imbalances.rows().is_empty());

        let same = fixture.tick(3);
        assert!(same.markets.rows().is_empty() && same.vpins.rows().is_empty());
        assert!(same.gammas.rows().is_empty() && same.books.rows().is_empty());
    }

    #[test]
    fn a_position_is_shown_until_it_is_flat() {
        let mut fixture = Fixture::new(&["SPY"]);
        let terms = OptionTerms::from_osi("SPY   250915C00657500").unwrap();
        let mut position = Position {
            quantity: -2,
            cost: Cash(-5_000_000),
            ..Position::default()
        };
        let owner = ContractOf(fixture.entities[0]);
        let contract = fixture
            .world
            .spawn((ContractId(4), terms, owner, position))
            .id();
        let shown = fixture.tick(1).positions.unwrap().positions;
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].contract, "SPY   250915C00657500");
        assert_eq!((shown[0].quantity, shown[0].cost_usd), (-2, -500.0));
        assert!(fixture.tick(2).positions.is_none());
        position.quantity = 0;
        fixture.world.entity_mut(contract).insert(position);
        assert!(fixture.tick(3).positions.unwrap().positions.is_empty());
        assert!(fixture.tick(4).positions.is_none());
    }

    #[test]
    fn money_is_shown_when_it_changes() {
        let mut fixture = Fixture::new(&[]);
        fixture.world.insert_resource(Account::default());
        assert!(fixture.tick(1).account.is_some());
        assert!(fixture.tick(2).account.is_none());
        fixture.world.resource_mut::<Account>().cash = Cash(15_000);
        assert_eq!(fixture.tick(3).account.map(|a| a.cash_usd), Some(1.5));
    }

    #[test]
    fn orders_and_fills_are_events() {
        let mut fixture = Fixture::new(&["SPY"]);
        let order = Order {
            id: OrderId(3),
            contract: ContractId(0),
            side: Side::Buy,
            quantity: 1,
            kind: OrderKind::Market,
            at: Timestamp(5_000_000),
            good_until: Timestamp(9_000_000),
        };
        fixture.world.resource_mut::<Sent>().0.push(order);
        let fill = Fill {
            order: OrderId(2),
            execution: 1,
            contract: ContractId(0),
            side: Side::Sell,
            quantity: 2,
            price: Price(12_500),
            fees: Cash(6_500),
            at: Timestamp(4_000_000),
        };
        fixture.world.resource_mut::<Inbox>().push(
            Timestamp(4_000_000),
            Timestamp(4_000_000),
            EventKind::OrderFilled(fill),
        );
        let events: Vec<Event> = fixture.tick(1).events.drain().collect();
        assert_eq!(events.len(), 2);
        assert!(
            matches!(&events[0], Event::Fill { order: 2, quantity: 2, side, at_ms: 4, .. }
                if side == "sell")
        );
        assert!(
            matches!(&events[1], Event::Order { id: 3, status, at_ms: 5, .. }
                if status == "sent")
        );
    }
}
