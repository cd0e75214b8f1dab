//! Engines for benches: a synthetic market, its exchange and every system between them.

use crate::Failure;
use components::contract::OptionTerms;
use components::order::{Order, OrderId};
use components::units::Timestamp;
use daemon::assemble::{Parts, assemble, settlements};
use daemon::resources::Stopwatch;
use daemon::scenario::{Plan, Text, read_scenario};
use daemon::settings::{self, ConfigFiles, ExchangeSection};
use engine::calendar::Calendar;
use engine::clock::{SteppedClock, Tick};
use engine::config::Config;
use engine::directory::{Directory, Listings};
use engine::engine::Engine;
use engine::inbox::Inbox;
use engine::ports::{Broker, Feed, FeedError, Journal, Mirror};
use simulator::{Market, exchange};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The seed of every synthetic market here.
pub(crate) const SEED: u64 = 7;

/// A scenario of `market`, an object of YAML such as `{ underlyings: 4 }`, ready to run.
pub(crate) struct Rig {
    /// The merged config.
    pub(crate) config: Config,
    /// Which ticks there are.
    pub(crate) plan: Plan,
    /// The scenario's text.
    pub(crate) text: String,
    scenario: daemon::scenario::Scenario,
}

/// What a synthetic engine is made with besides its market.
pub(crate) struct Extras {
    /// Threads of the Greeks.
    pub(crate) threads: usize,
    /// Where state is shown.
    pub(crate) mirror: Option<Box<dyn Mirror>>,
    /// Where the run is recorded.
    pub(crate) journal: Option<Box<dyn Journal>>,
}

impl Rig {
    /// Reads the scenario.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn new(name: &str, market: &str) -> Result<Self, Failure> {
        let text = format!("seed: {SEED}\nmarket: {market}\n");
        let sections = settings::section_names()?;
        let sections: Vec<&str> = sections.iter().map(String::as_str).collect();
        let named = Text {
            file: name.to_owned(),
            text: text.clone(),
        };
        let read = read_scenario(&named, &sections)?;
        let plan = Plan::new(&read.scenario)?;
        let config = settings::load(&ConfigFiles::default(), Some(read.overrides))?;
        Ok(Self {
            config,
            plan,
            text,
            scenario: read.scenario,
        })
    }

    /// An engine on the synthetic market, and how long its market took so far, in nanoseconds.
    ///
    /// # Errors
    /// When its parts do not fit together.
    pub(crate) fn engine(self, extras: Extras) -> Result<(Engine, Arc<AtomicU64>), Failure> {
        let Self {
            mut config,
            plan,
            scenario,
            ..
        } = self;
        let market = scenario.market.ok_or("the rig needs a market")?;
        let nanos = Arc::<AtomicU64>::default();
        let feed = Timed {
            inner: Box::new(Market::new(&market, SEED, &plan.sessions())?),
            nanos: Arc::clone(&nanos),
        };
        let calendar = Calendar::nyse();
        let section = config.section::<ExchangeSection>()?;
        let (broker, execution) = exchange(&section.0, SEED, settlements(calendar.clone()))?;
        let engine = assemble(Parts {
            config,
            calendar,
            clock: Box::new(SteppedClock::new(plan.windows)),
            feeds: vec![Box::new(feed)],
            execution: Some(Box::new(execution)),
            broker: Box::new(broker),
            mirror: extras.mirror.map(|mirror| (mirror, 1)),
            journal: extras.journal,
            threads: extras.threads,
            shuffle: None,
        })?;
        Ok((engine, nanos))
    }
}

/// A feed and how long it took.
struct Timed {
    inner: Box<dyn Feed>,
    nanos: Arc<AtomicU64>,
}

impl Timed {
    fn charge(&self, watch: Stopwatch) {
        let nanos = u64::try_from(watch.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }
}

impl Feed for Timed {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn stale_after_ms(&self) -> i64 {
        self.inner.stale_after_ms()
    }

    fn list(&mut self, tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        let watch = Stopwatch::start();
        let listed = self.inner.list(tick, listings);
        self.charge(watch);
        listed
    }

    fn drain(
        &mut self,
        tick: &Tick,
        directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        let watch = Stopwatch::start();
        let drained = self.inner.drain(tick, directory, inbox);
        self.charge(watch);
        drained
    }

    fn is_exhausted(&self) -> bool {
        self.inner.is_exhausted()
    }
}

/// A broker that takes orders and does nothing with them.
#[derive(Debug)]
pub(crate) struct NoBroker;

impl Broker for NoBroker {
    fn submit(&mut self, _order: &Order, _terms: &OptionTerms) {}

    fn cancel(&mut self, _order: OrderId, _at: Timestamp) {}
}
