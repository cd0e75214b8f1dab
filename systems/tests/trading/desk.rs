//! An engine that trades at a broker of paper on a scripted market.

use crate::market::{connected, perm, script, strategy, terms, ticker};
use crate::paper::{Done, Line, Paper, Shared, Voice};
use crate::support::{Analytics, Script, TODAY};
use bevy_ecs::prelude::*;
use components::contract::{ContractId, Instrument};
use components::market::{Side, SymbolId};
use components::order::{Execution, ExecutionId, Order, OrderId, OrderIntent, OrderStatus};
use components::signal::{Confidence, Direction, Intent, Signal, SignalId};
use components::units::{Cash, Price, Timestamp};
use engine::calendar::Calendar;
use engine::clock::{SteppedClock, Tick, Window};
use engine::command::{Command, CommandSource, OperatorCommand};
use engine::directory::Directory;
use engine::engine::{Engine, EngineError, Setup};
use engine::event::EventKind;
use engine::phase::Phase;
use engine::ports::{Clock, Journal};
use engine::record::RunStart;
use engine::report::Report;
use std::sync::MutexGuard;
use systems::attribution::AttributionPlugin;
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
use systems::stress::StressPlugin;

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
        Self::new(flags, script(), None).connect()
    }

    /// The same on a clock with overruns and jumps: `change` makes it of one without.
    pub(crate) fn ready_on(change: impl FnOnce(SteppedClock) -> SteppedClock) -> Self {
        let session = Calendar::nyse().session(TODAY).unwrap();
        let clock = change(SteppedClock::new(vec![Window::whole(session)]));
        Self::on_clock(Box::new(clock), &[], script(), None).connect()
    }

    fn connect(self) -> Self {
        let mut desk = self;
        desk.paper().reports.push(connected());
        // Nothing is opened in the first five seconds after an underlying is first seen.
        desk.ticks(24);
        assert!(desk.engine.world().resource::<Link>().is_ready());
        desk
    }

    /// A desk before its first tick, without a line.
    pub(crate) fn new(flags: &[(&str, &str)], script: Script, ledger: Option<Ledger>) -> Self {
        let session = Calendar::nyse().session(TODAY).unwrap();
        let clock = SteppedClock::new(vec![Window::whole(session)]);
        Self::on_clock(Box::new(clock), flags, script, ledger)
    }

    /// The same on a clock of the test's own.
    pub(crate) fn on_clock(
        clock: Box<dyn Clock>,
        flags: &[(&str, &str)],
        script: Script,
        ledger: Option<Ledger>,
    ) -> Self {
        let mut layers = crate::support::built_in();
        for (path, text) in flags {
            layers = layers.flag("test", *path, *text);
        }
        let mut engine = Engine::new(Setup {
            config: layers.load().unwrap(),
            clock,
            shuffle: None,
        });
        let shared = Shared::new();
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
        engine.plug(StressPlugin).unwrap();
        engine.plug(AttributionPlugin).unwrap();
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
