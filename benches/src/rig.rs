//! Engines for benches: a synthetic market, its exchange and every system between them.

use crate::Failure;
use crate::measure::thread_cpu;
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
use engine::record::RunStart;
use simulator::{Market, exchange};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use systems::ledger::Ledger;

/// The seed of every synthetic market here.
pub(crate) const SEED: u64 = 7;

/// The run that every engine here begins.
pub(crate) fn run_start() -> RunStart {
    RunStart {
        run: 1,
        account: "DU0000001".to_owned(),
        ..RunStart::default()
    }
}

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
    /// What a journal says of the runs before.
    pub(crate) ledger: Option<Ledger>,
    /// A broker and what it reports; the simulated exchange if there is none.
    pub(crate) line: Option<(Box<dyn Broker>, Box<dyn Feed>)>,
}

impl Extras {
    /// Nothing but `threads` threads.
    pub(crate) fn on(threads: usize) -> Self {
        Self {
            threads,
            mirror: None,
            journal: None,
            ledger: None,
            line: None,
        }
    }
}

impl Rig {
    /// Reads the scenario.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn new(name: &str, market: &str) -> Result<Self, Failure> {
        Self::with(name, market, "")
    }

    /// Reads the scenario, with more of it in `overrides`.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn with(name: &str, market: &str, overrides: &str) -> Result<Self, Failure> {
        let text = format!("seed: {SEED}\nmarket: {market}\n{overrides}");
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

    /// An engine on the synthetic market, and how long its market took so far.
    ///
    /// # Errors
    /// When its parts do not fit together.
    pub(crate) fn engine(self, extras: Extras) -> Result<(Engine, MarketTime), Failure> {
        let Self {
            mut config,
            plan,
            scenario,
            ..
        } = self;
        let market = scenario.market.ok_or("the rig needs a market")?;
        let time = MarketTime::default();
        let feed = Timed {
            inner: Box::new(Market::new(&market, SEED, &plan.sessions())?),
            time: time.clone(),
        };
        let calendar = Calendar::nyse();
        let section = config.section::<ExchangeSection>()?;
        let (broker, execution) = match extras.line {
            Some(line) => line,
            None => {
                let settles = settlements(calendar.clone());
                let (broker, execution) = exchange(&section.0, SEED, settles)?;
                (Box::new(broker) as _, Box::new(execution) as _)
            }
        };
        let engine = assemble(Parts {
            config,
            calendar,
            clock: Box::new(SteppedClock::new(plan.windows)),
            feeds: vec![Box::new(feed)],
            execution: Some(execution),
            broker,
            mirror: extras.mirror.map(|mirror| (mirror, 1)),
            journal: extras.journal,
            run: run_start(),
            ledger: extras.ledger,
            opening: Vec::new(),
            threads: extras.threads,
            shuffle: None,
        })?;
        Ok((engine, time))
    }
}

/// How long a synthetic market took so far, shared by its feed and the bench.
#[derive(Clone, Debug, Default)]
pub(crate) struct MarketTime(Arc<Mutex<Took>>);

/// Wall and processor time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Took {
    /// By the clock on the wall.
    pub(crate) wall: Duration,
    /// Of its thread.
    pub(crate) cpu: Duration,
}

impl MarketTime {
    /// How long it took so far.
    pub(crate) fn read(&self) -> Took {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A feed and how long it took.
struct Timed {
    inner: Box<dyn Feed>,
    time: MarketTime,
}

impl Timed {
    /// Does `work` on the feed and notes what it took.
    fn timed<T>(&mut self, work: impl FnOnce(&mut dyn Feed) -> T) -> T {
        let (cpu, watch) = (thread_cpu(), Stopwatch::start());
        let done = work(&mut *self.inner);
        let (wall, cpu) = (watch.elapsed(), thread_cpu() - cpu);
        let mut time = self.time.0.lock().unwrap_or_else(PoisonError::into_inner);
        time.wall += wall;
        time.cpu += cpu;
        done
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
        self.timed(|feed| feed.list(tick, listings))
    }

    fn drain(
        &mut self,
        tick: &Tick,
        directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        self.timed(|feed| feed.drain(tick, directory, inbox))
    }

    fn is_exhausted(&self) -> bool {
        self.inner.is_exhausted()
    }
}
