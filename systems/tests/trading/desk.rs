//! An engine that trades at a broker of paper: what it hears is written by the test, what it does
//! is kept in one list, in the order in which it was done.

use crate::support::{Analytics, Script, TODAY};
use bevy_ecs::prelude::*;
use components::contract::{ContractId, Instrument, OptionTerms};
use components::market::{Side, SymbolId, Ticker};
use components::order::{Execution, ExecutionId, Order, OrderId, OrderIntent, OrderStatus, PermId};
use components::signal::{Confidence, Direction, Intent, Signal, SignalId, StrategyName};
use components::units::{Cash, Price, Timestamp};
use engine::calendar::Calendar;
use engine::clock::{SteppedClock, Tick, Window};
use engine::command::{Command, CommandSource, OperatorCommand};
use engine::config::Layers;
use engine::directory::{Directory, Listings};
use engine::engine::{Engine, EngineError, Setup};
use engine::event::{Event, EventKind};
use engine::frame::Frame;
use engine::inbox::Inbox;
use engine::phase::Phase;
use engine::ports::{Broker, Feed, FeedError, Journal, JournalError};
use engine::record::RunStart;
use engine::report::{BrokerState, OpenOrder, Report};
use std::sync::{Arc, Mutex, MutexGuard};
use systems::books::Books;
use systems::commands::CommandsPlugin;
use systems::commit::CommitPlugin;
use systems::dedupe::DedupePlugin;
use systems::dispatch::DispatchPlugin;
use systems::exits::ExitsPlugin;
use systems::ledger::Ledger;
use systems::link::{Link, LinkPlugin};
use systems::overload::OverloadPlugin;
use systems::positions::PositionsPlugin;
use systems::risk::RiskPlugin;
use systems::scoring::{ScoringPlugin, Signals};

pub(crate) const CALL_100: &str = "TEST  260320C00100000";
pub(crate) const PUT_100: &str = "TEST  260320P00100000";
pub(crate) const CALL_101: &str = "TEST  260320C00101000";
pub(crate) const PUT_99: &str = "TEST  260320P00099000";
pub(crate) const ALL: [&str; 4] = [CALL_100, PUT_100, CALL_101, PUT_99];
pub(crate) const ACCOUNT: &str = "DU1";

/// Something that was done outside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Done {
    Appended(u64),
    Committed,
    Submitted(Vec<Order>),
    Modified(Order),
    Cancelled(OrderId),
    Queried(u64),
    Reconnected,
}

/// The broker, the journal and what the test says, as they are shared with the engine.
pub(crate) struct Paper {
    pub(crate) done: Vec<Done>,
    pub(crate) frames: Vec<Frame>,
    /// What the broker says in the next tick.
    pub(crate) reports: Vec<Report>,
    /// What the market's side says in the next tick.
    pub(crate) events: Vec<EventKind>,
    /// Contracts to list in the next tick.
    pub(crate) listings: Vec<OptionTerms>,
    pub(crate) open: Vec<Order>,
    pub(crate) executions: Vec<Execution>,
    pub(crate) positions: Vec<(Instrument, i64)>,
    pub(crate) accepts: bool,
    pub(crate) answers: bool,
    pub(crate) cancels: bool,
    pub(crate) connects: bool,
    pub(crate) journal_fails: bool,
}

#[derive(Clone)]
struct Shared(Arc<Mutex<Paper>>);

impl Shared {
    fn get(&self) -> MutexGuard<'_, Paper> {
        self.0.lock().unwrap()
    }
}

impl Broker for Shared {
    fn submit(&mut self, orders: &[Order]) {
        let mut paper = self.get();
        paper.done.push(Done::Submitted(orders.to_vec()));
        if paper.accepts {
            for order in orders {
                paper.open.push(*order);
                let (order, perm) = (order.id, perm(order.id));
                paper.reports.push(Report::Accepted { order, perm });
            }
        }
    }

    fn modify(&mut self, order: &Order, _at: Timestamp) {
        self.get().done.push(Done::Modified(*order));
    }

    fn cancel(&mut self, order: OrderId, _at: Timestamp) {
        let mut paper = self.get();
        paper.done.push(Done::Cancelled(order));
        if paper.cancels {
            paper.open.retain(|open| open.id != order);
            let perm = Some(perm(order));
            paper.reports.push(Report::Cancelled { order, perm });
        }
    }

    fn query(&mut self, query: u64, _at: Timestamp) {
        let mut paper = self.get();
        paper.done.push(Done::Queried(query));
        if paper.answers {
            let state = paper.state(query);
            paper.reports.push(Report::State(Box::new(state)));
        }
    }

    fn reconnect(&mut self, _at: Timestamp) {
        let mut paper = self.get();
        paper.done.push(Done::Reconnected);
        if paper.connects {
            paper.reports.push(connected());
        }
    }
}

impl Paper {
    fn state(&self, query: u64) -> BrokerState {
        let open = self.open.iter().map(|order| OpenOrder {
            order: Some(order.id),
            perm: perm(order.id),
            instrument: Instrument::Option(order.contract),
            side: order.side,
            quantity: order.quantity,
            filled: 0,
            limit: order.kind.limit(),
        });
        BrokerState {
            query,
            account: ACCOUNT.to_owned(),
            next_order: OrderId(1),
            open: open.collect(),
            completed: Vec::new(),
            executions: self.executions.iter().map(|done| (*done, None)).collect(),
            positions: self.positions.clone(),
        }
    }
}

impl Journal for Shared {
    fn append(&mut self, frame: &Frame, _market: &[Event]) -> Result<(), JournalError> {
        let mut paper = self.get();
        if paper.journal_fails {
            return Err("the disk is full".into());
        }
        paper.done.push(Done::Appended(frame.tick));
        paper.frames.push(frame.clone());
        Ok(())
    }

    fn commit(&mut self) -> Result<u64, JournalError> {
        let mut paper = self.get();
        paper.done.push(Done::Committed);
        Ok(paper.frames.last().map_or(0, |frame| frame.tick))
    }
}

/// What the broker says.
struct Line(Shared);

impl Feed for Line {
    fn name(&self) -> &str {
        "broker"
    }

    fn drain(&mut self, tick: &Tick, _: &Directory, inbox: &mut Inbox) -> Result<(), FeedError> {
        for report in self.0.get().reports.drain(..) {
            inbox.push(tick.now, tick.now, EventKind::Reported(report));
        }
        Ok(())
    }
}

/// What a test says on the market's side.
struct Voice(Shared);

impl Feed for Voice {
    fn name(&self) -> &str {
        "voice"
    }

    fn list(&mut self, _tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        for terms in self.0.get().listings.drain(..) {
            listings.contract(ticker(), terms);
        }
        Ok(())
    }

    fn drain(&mut self, tick: &Tick, _: &Directory, inbox: &mut Inbox) -> Result<(), FeedError> {
        for event in self.0.get().events.drain(..) {
            inbox.push(tick.now, tick.now, event);
        }
        Ok(())
    }
}

/// What the strategy of these tests wants.
#[derive(Resource, Default)]
struct Wanted(Vec<Signal>);

fn want(tick: Res<Tick>, mut wanted: ResMut<Wanted>, mut signals: ResMut<Signals>) {
    for signal in wanted.0.drain(..) {
        signals.propose(&tick, signal);
    }
}

/// The engine and its surroundings.
pub(crate) struct Desk {
    pub(crate) engine: Engine,
    shared: Shared,
    commands: u64,
    executions: u64,
}

impl Desk {
    /// A desk with a chain around 100, connected and reconciled, with `flags` over the config.
    pub(crate) fn ready(flags: &[(&str, &str)]) -> Self {
        let mut desk = Self::new(flags, script(), None);
        desk.paper().reports.push(connected());
        // Nothing is opened in the first five seconds after an underlying is first seen.
        desk.ticks(24);
        assert!(desk.engine.world().resource::<Link>().is_ready());
        desk
    }

    /// A desk before its first tick, without a line.
    pub(crate) fn new(flags: &[(&str, &str)], script: Script, ledger: Option<Ledger>) -> Self {
        let session = Calendar::nyse().session(TODAY).unwrap();
        let mut layers = Layers::new(include_str!("../../../config/config.yaml"));
        for (path, text) in flags {
            layers = layers.flag("test", *path, *text);
        }
        let mut engine = Engine::new(Setup {
            config: layers.load().unwrap(),
            clock: Box::new(SteppedClock::new(vec![Window::whole(session)])),
            shuffle: None,
        });
        let shared = Shared(Arc::new(Mutex::new(Paper {
            done: Vec::new(),
            frames: Vec::new(),
            reports: Vec::new(),
            events: Vec::new(),
            listings: Vec::new(),
            open: Vec::new(),
            executions: Vec::new(),
            positions: Vec::new(),
            accepts: true,
            answers: true,
            cancels: true,
            connects: true,
            journal_fails: false,
        })));
        let run = RunStart::default();
        engine.plug(Analytics).unwrap();
        engine
            .plug(PositionsPlugin {
                ledger,
                run,
                opening: Vec::new(),
            })
            .unwrap();
        engine.plug(LinkPlugin).unwrap();
        engine.plug(CommandsPlugin).unwrap();
        engine.plug(OverloadPlugin).unwrap();
        engine.plug(ScoringPlugin).unwrap();
        engine.plug(ExitsPlugin).unwrap();
        engine.world_mut().init_resource::<Wanted>();
        engine.add(Phase::Scoring, want);
        engine.plug(DedupePlugin).unwrap();
        engine.plug(RiskPlugin).unwrap();
        let journal: Option<Box<dyn Journal>> = Some(Box::new(shared.clone()));
        engine.plug(CommitPlugin { journal }).unwrap();
        let broker = Box::new(shared.clone());
        engine.plug(DispatchPlugin { broker }).unwrap();
        engine.add_feed(Box::new(script));
        engine.add_feed(Box::new(Voice(shared.clone())));
        engine.set_execution_feed(Box::new(Line(shared.clone())));
        engine.initialize().unwrap();
        Self {
            engine,
            shared,
            commands: 0,
            executions: 0,
        }
    }

    pub(crate) fn paper(&self) -> MutexGuard<'_, Paper> {
        self.shared.get()
    }

    pub(crate) fn try_tick(&mut self) -> Result<Option<Tick>, EngineError> {
        self.engine.tick()
    }

    pub(crate) fn tick(&mut self) -> &mut Self {
        self.engine
            .tick()
            .unwrap()
            .expect("the session is long enough");
        self
    }

    pub(crate) fn ticks(&mut self, count: usize) -> &mut Self {
        for _ in 0..count {
            self.tick();
        }
        self
    }

    pub(crate) fn seconds(&mut self, seconds: usize) -> &mut Self {
        self.ticks(4 * seconds)
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        self.engine.world().resource::<Books>().ledger()
    }

    pub(crate) fn status(&self, id: OrderId) -> OrderStatus {
        self.ledger().order(id).unwrap().status()
    }

    pub(crate) fn blocked(&self, reason: &str) -> u64 {
        let signals = self.engine.world().resource::<Signals>();
        signals.blocked.get(reason).copied().unwrap_or_default()
    }

    pub(crate) fn say(&mut self, report: Report) -> &mut Self {
        self.paper().reports.push(report);
        self
    }

    pub(crate) fn event(&mut self, event: EventKind) -> &mut Self {
        self.paper().events.push(event);
        self
    }

    /// An operator's command with the next number.
    pub(crate) fn command(&mut self, command: Command) -> &mut Self {
        self.commands += 1;
        let (number, issued) = (self.commands, crate::support::at(86_400_000));
        self.order(number, issued, CommandSource::Socket, command)
    }

    pub(crate) fn order(
        &mut self,
        number: u64,
        issued: Timestamp,
        source: CommandSource,
        command: Command,
    ) -> &mut Self {
        self.event(EventKind::Commanded(Box::new(OperatorCommand {
            number,
            issued,
            source,
            command,
            why: "test".to_owned(),
        })))
    }

    /// Wants one contract bought in the next tick.
    pub(crate) fn buy(&mut self, osi: &str, confidence: f64) -> &mut Self {
        let signal = self.signal(osi, confidence);
        self.want(signal)
    }

    /// Wants one contract bought at another limit than $2.04.
    pub(crate) fn buy_at(&mut self, osi: &str, limit: Price) -> &mut Self {
        let signal = self.signal(osi, 80.0);
        self.want(Signal { limit, ..signal })
    }

    fn want(&mut self, signal: Signal) -> &mut Self {
        self.engine
            .world_mut()
            .resource_mut::<Wanted>()
            .0
            .push(signal);
        self
    }

    fn signal(&self, osi: &str, confidence: f64) -> Signal {
        let terms = terms(osi);
        let id = self.id(osi);
        Signal {
            id: SignalId { tick: 0, place: 0 },
            strategy: strategy(),
            symbol: SymbolId(0),
            contract: id,
            terms,
            intent: Intent::Open,
            direction: Direction::Up,
            side: Side::Buy,
            quantity: 1,
            limit: Price(20_400),
            confidence: Confidence::from_points(confidence),
            features: Vec::new(),
            at: Timestamp(0),
        }
    }

    pub(crate) fn id(&self, osi: &str) -> ContractId {
        let directory = self.engine.world().resource::<Directory>();
        directory.contract(ticker(), terms(osi)).unwrap()
    }

    /// The groups of orders that left so far.
    pub(crate) fn submitted(&self) -> Vec<Vec<Order>> {
        let paper = self.paper();
        let groups = paper.done.iter().filter_map(|done| match done {
            Done::Submitted(orders) => Some(orders.clone()),
            _ => None,
        });
        groups.collect()
    }

    pub(crate) fn count(&self, wanted: impl Fn(&Done) -> bool) -> usize {
        self.paper().done.iter().filter(|done| wanted(done)).count()
    }

    /// What was intended so far, by the journal.
    pub(crate) fn intended(&self) -> Vec<OrderIntent> {
        let paper = self.paper();
        let records = paper.frames.iter().flat_map(|frame| &frame.records);
        let intents = records.filter_map(|record| match record {
            engine::record::Record::Intended(intent) => Some(*intent),
            _ => None,
        });
        intents.collect()
    }

    /// The broker executes an order in full.
    pub(crate) fn fill(&mut self, order: &Order, price: Price) -> &mut Self {
        self.executions += 1;
        let now = self.engine.world().resource::<Tick>().now;
        let execution = Execution {
            id: ExecutionId {
                base: self.executions,
                revision: 1,
            },
            order: Some(order.id),
            perm: perm(order.id),
            instrument: Instrument::Option(order.contract),
            side: order.side,
            quantity: order.quantity,
            price,
            cumulative: order.quantity,
            at: now,
        };
        let mut paper = self.paper();
        paper.open.retain(|open| open.id != order.id);
        paper.executions.push(execution);
        let signed = match order.side {
            Side::Buy => i64::from(order.quantity),
            Side::Sell => -i64::from(order.quantity),
        };
        paper.positions.push((execution.instrument, signed));
        paper.reports.push(Report::Executed(execution));
        paper.reports.push(Report::Charged {
            execution: execution.id,
            fees: Cash(10_000),
        });
        drop(paper);
        self
    }
}

pub(crate) fn strategy() -> StrategyName {
    StrategyName::new("test")
}

pub(crate) fn ticker() -> Ticker {
    Ticker::new("TEST").unwrap()
}

pub(crate) fn terms(osi: &str) -> OptionTerms {
    OptionTerms {
        style: components::contract::ExerciseStyle::European,
        ..OptionTerms::from_osi(osi).unwrap()
    }
}

pub(crate) fn perm(order: OrderId) -> PermId {
    PermId(1_000 + order.0)
}

pub(crate) fn connected() -> Report {
    Report::Connected {
        account: ACCOUNT.to_owned(),
        next_order: OrderId(1),
    }
}

pub(crate) fn price(dollars: f64) -> Price {
    Price::from_dollars(dollars).unwrap()
}

pub(crate) fn spot(bid: f64, ask: f64) -> EventKind {
    EventKind::Quote {
        symbol: SymbolId(0),
        bid: price(bid),
        ask: price(ask),
        bid_size: 300,
        ask_size: 200,
    }
}

pub(crate) fn quote(contract: ContractId, bid: f64, ask: f64) -> EventKind {
    EventKind::OptionQuote {
        contract,
        bid: price(bid),
        ask: price(ask),
        bid_size: 100,
        ask_size: 100,
    }
}

/// A chain around 100, quoted in the first tick after the open.
pub(crate) fn script() -> Script {
    let mut lines = vec![(100, spot(99.99, 100.01))];
    for id in 0..4 {
        let contract = ContractId(id);
        lines.push((
            100,
            EventKind::OpenInterest {
                contract,
                contracts: 1_000,
            },
        ));
        lines.push((100, quote(contract, 2.00, 2.04)));
    }
    Script::new(&ALL, lines)
}
