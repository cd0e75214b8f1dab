//! Everything that a run needs, opened and plugged together: a new one, or one that goes on.

use super::Speed;
use super::broker_log::{NotedBroker, NotedReports};
use super::feeds::feeds;
use super::kept::Kept;
use super::operators::{self, Operators};
use super::paced::Paced;
use super::run::{Options, not_assembled};
use crate::assemble::{Parts, assemble, settlements};
use crate::exit::Failure;
use crate::recovery::Recovered;
use crate::scenario::Plan;
use crate::settings::{self, ExchangeSection};
use components::units::{Cash, Timestamp};
use engine::calendar::Calendar;
use engine::clock::SteppedClock;
use engine::config::Config;
use engine::engine::Engine;
use engine::frame::{FRAME_VERSION, Header};
use engine::ports::{Broker, Clock, Feed, Journal};
use engine::record::{Record, RunStart};
use journal::FileJournal;
use simulator::{Gateway, GatewayConfig};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use systems::ledger::Ledger;
use systems::positions;

/// The account of the simulated broker.
const ACCOUNT: &str = "DU0000001";

/// What a run is made of.
pub(super) struct Prepared {
    pub(super) engine: Engine,
    pub(super) operators: Operators,
    pub(super) gateway: Gateway,
    /// Where the journal is.
    pub(super) journal: Option<PathBuf>,
    /// Whether the state outlives the process.
    pub(super) is_kept: bool,
    /// The number of the run, and the last tick before it.
    pub(super) run: (u64, u64),
}

/// Opens everything that a run needs and makes the engine.
pub(super) fn prepare(options: Options) -> Result<Prepared, Failure> {
    let Options {
        scenario,
        plan,
        mut config,
        until,
        ..
    } = options;
    let calendar = Calendar::nyse();
    let exchange_config = config
        .section::<ExchangeSection>()
        .map_err(settings::refused)?;
    let gateway = Gateway::new(
        &exchange_config.0,
        GatewayConfig::default(),
        scenario.seed,
        settlements(calendar.clone()),
    )
    .map_err(Failure::config)?;
    let state_dir = options.state_dir.as_deref();
    let claim = operators::claim(state_dir)?;
    let redis = options.redis.as_deref();
    let mut feeds = feeds(&scenario, &plan, &options.data)?;
    // A journal of its own says that nothing is to be continued.
    let kept = match (state_dir, &options.journal) {
        (Some(state_dir), None) => {
            let cash = initial_cash(&config)?;
            let text = (&scenario, options.scenario_text.as_str());
            let mut kept = Kept::read(state_dir, text, &config, cash, feeds, &gateway)?;
            feeds = std::mem::take(&mut kept.feeds);
            Some(kept)
        }
        _ => None,
    };
    // The market was made of the whole plan; what is left of it is only when ticks come.
    let plan = left_of(plan, until, kept.as_ref())?;
    let last_command = kept.as_ref().map_or(0, |kept| kept.last_command);
    let operators = Operators::open(claim, last_command, redis, &mut feeds)?;
    let mut header = Header {
        version: FRAME_VERSION,
        scenario: scenario.name.clone(),
        scenario_text: options.scenario_text,
        config_text: settings::as_text(&config),
        seed: scenario.seed,
        run: RunStart {
            run: 1,
            program: engine::digest::hash(env!("ALPHATRADER_VERSION").as_bytes()),
            config: config.hash(),
            account: ACCOUNT.to_owned(),
            live: false,
        },
        feeds: feeds
            .iter()
            .map(|feed| (feed.name().to_owned(), feed.stale_after_ms()))
            .collect(),
    };
    let (broker, execution) = gateway.connect();
    header
        .feeds
        .push((execution.name().to_owned(), execution.stale_after_ms()));
    let mut start = Begin::new(header.run.clone());
    let (broker, execution): (Box<dyn Broker>, Box<dyn Feed>) = match &kept {
        Some(kept) => {
            let (recovered, log) = kept.open(header)?;
            let seen = kept.last.map(|tick| tick.now);
            start = Begin::over(recovered);
            (
                Box::new(NotedBroker::new(broker, log.clone())),
                Box::new(NotedReports::new(execution, log, seen)),
            )
        }
        None => {
            if let Some(directory) = &options.journal {
                let journal = FileJournal::create(directory, &header).map_err(Failure::error)?;
                start.journal = Some(Box::new(journal));
            }
            (Box::new(broker), Box::new(execution))
        }
    };
    let (broker, execution) = operators.guard(broker, execution);
    let mirror = operators.mirror(redis)?;
    let run = (start.run.run, start.last_tick);
    let clock = clock(&plan, options.speed, start.last_tick, &options.stop);
    let engine = assemble(Parts {
        config,
        calendar,
        clock,
        feeds,
        execution: Some(execution),
        broker,
        mirror,
        journal: start.journal,
        run: start.run,
        ledger: start.ledger,
        opening: start.opening,
        threads: options.threads,
        shuffle: options.shuffle,
    })
    .map_err(not_assembled)?;
    Ok(Prepared {
        engine,
        operators,
        gateway,
        is_kept: kept.is_some(),
        journal: kept
            .map(|kept| kept.directory().to_owned())
            .or(options.journal),
        run,
    })
}

/// What of a plan is still to come.
fn left_of(plan: Plan, until: Option<Timestamp>, kept: Option<&Kept>) -> Result<Plan, Failure> {
    let mut plan = match until {
        Some(until) => plan.until(until),
        None => plan,
    };
    let Some((kept, last)) = kept.and_then(|kept| Some((kept, kept.last?))) else {
        return Ok(plan);
    };
    plan = plan.after(last.now);
    plan.ticks = plan.ticks.map(|ticks| ticks.saturating_sub(kept.ticks));
    if plan.windows.is_empty() || plan.ticks == Some(0) {
        return Err(Failure::error(format_args!(
            "nothing is left of the run in {}: its last tick was {} at {}; give another --state-dir \
             to begin anew, or a later --until",
            kept.directory().display(),
            last.number,
            last.now
        )));
    }
    Ok(plan)
}

/// What an engine begins with.
struct Begin {
    journal: Option<Box<dyn Journal>>,
    run: RunStart,
    ledger: Option<Ledger>,
    opening: Vec<Record>,
    last_tick: u64,
}

impl Begin {
    /// Nothing, in a run that is kept nowhere yet.
    fn new(run: RunStart) -> Self {
        Self {
            journal: None,
            run,
            ledger: None,
            opening: Vec::new(),
            last_tick: 0,
        }
    }

    /// What a journal says.
    fn over(recovered: Recovered) -> Self {
        Self {
            journal: Some(Box::new(recovered.journal)),
            run: recovered.run,
            ledger: recovered.ledger,
            opening: recovered.opening,
            last_tick: recovered.last_tick,
        }
    }
}

/// Money of an account without a history.
fn initial_cash(config: &Config) -> Result<Cash, Failure> {
    let account = config.clone().section::<positions::AccountConfig>();
    let account = account.map_err(settings::refused)?;
    Ok(Cash::from_dollars(account.cash_usd).unwrap_or_default())
}

fn clock(plan: &Plan, speed: Speed, before: u64, stop: &Arc<AtomicBool>) -> Box<dyn Clock> {
    let stepped = SteppedClock::new(plan.windows.clone())
        .limited_to(plan.ticks.map(|ticks| ticks.saturating_add(before)))
        .counting_from(before)
        .with_overruns(plan.overruns.clone())
        .stopped_by(Arc::clone(stop));
    match speed {
        Speed::Max => Box::new(stepped),
        Speed::Real => Box::new(Paced::new(stepped, 1, Arc::clone(stop))),
        Speed::Tenfold => Box::new(Paced::new(stepped, 10, Arc::clone(stop))),
    }
}
