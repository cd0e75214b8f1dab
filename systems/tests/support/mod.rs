//! A small engine around a scripted feed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use components::contract::{ExerciseStyle, OptionTerms};
use components::market::{SymbolId, Ticker};
use components::units::Timestamp;
use engine::calendar::Calendar;
use engine::clock::{SteppedClock, Tick, Window};
use engine::config::Layers;
use engine::directory::{Directory, Listings};
use engine::engine::{Engine, Setup};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::plugin::Plugin;
use engine::ports::{Feed, FeedError};
use jiff::civil::{Date, date};
use systems::closing::ClosingPlugin;
use systems::comovement::ComovementPlugin;
use systems::dealers::DealersPlugin;
use systems::dealers::groups::WATCHLISTS;
use systems::drift::DriftPlugin;
use systems::exposure::ExposurePlugin;
use systems::flow_clusters::FlowClustersPlugin;
use systems::greeks::GreeksPlugin;
use systems::hidden::HiddenPlugin;
use systems::history::HistoryPlugin;
use systems::imbalance::ImbalancePlugin;
use systems::ingest::IngestPlugin;
use systems::liquidity::LiquidityPlugin;
use systems::options_flow::OptionsFlowPlugin;
use systems::patterns::PatternsPlugin;
use systems::volatility::VolatilityPlugin;
use systems::vpin::VpinPlugin;

/// The session of all these tests, a Monday.
pub(crate) const TODAY: Date = date(2026, 3, 2);

/// A feed that says given things at given milliseconds after the open.
pub(crate) struct Script {
    pub(crate) ticker: Ticker,
    pub(crate) contracts: Vec<OptionTerms>,
    /// Milliseconds of reception, milliseconds of the stamp, what.
    pub(crate) lines: Vec<(i64, i64, EventKind)>,
    pub(crate) stale_after_ms: i64,
    pub(crate) silent_from_ms: i64,
}

impl Script {
    pub(crate) fn new(osi: &[&str], lines: Vec<(i64, EventKind)>) -> Self {
        let european = |terms| OptionTerms {
            style: ExerciseStyle::European,
            ..terms
        };
        Self {
            ticker: Ticker::new("TEST").unwrap(),
            contracts: osi
                .iter()
                .map(|symbol| european(OptionTerms::from_osi(symbol).unwrap()))
                .collect(),
            lines: lines.into_iter().map(|(at, kind)| (at, at, kind)).collect(),
            stale_after_ms: 3_000,
            silent_from_ms: i64::MAX,
        }
    }
}

impl Feed for Script {
    fn name(&self) -> &str {
        "script"
    }

    fn stale_after_ms(&self) -> i64 {
        self.stale_after_ms
    }

    fn list(&mut self, tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        if tick.opens_session {
            listings.symbol(self.ticker);
            for terms in &self.contracts {
                listings.contract(self.ticker, *terms);
            }
        }
        Ok(())
    }

    fn drain(
        &mut self,
        tick: &Tick,
        _directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        let at = |millis: i64| tick.session.open.plus_millis(millis);
        while self
            .lines
            .first()
            .is_some_and(|(received, ..)| at(*received) <= tick.now)
        {
            let (received, stamp, kind) = self.lines.remove(0);
            inbox.push(at(received), at(stamp), kind);
        }
        if tick.now < at(self.silent_from_ms) {
            inbox.push(tick.now, tick.now, EventKind::Heartbeat);
        }
        Ok(())
    }
}

/// The analytics of an engine, without strategies and orders.
pub(crate) struct Analytics;

impl Plugin for Analytics {
    fn build(self, engine: &mut Engine) -> Result<(), engine::config::ConfigError> {
        engine.plug(IngestPlugin {
            calendar: Calendar::nyse(),
        })?;
        engine.plug(HistoryPlugin)?;
        engine.plug(GreeksPlugin)?;
        engine.plug(VpinPlugin)?;
        engine.plug(ExposurePlugin)?;
        engine.plug(ImbalancePlugin)?;
        engine.plug(LiquidityPlugin)?;
        engine.plug(PatternsPlugin)?;
        engine.plug(HiddenPlugin)?;
        engine.plug(FlowClustersPlugin)?;
        engine.plug(OptionsFlowPlugin)?;
        engine.plug(DriftPlugin)?;
        engine.plug(ClosingPlugin)?;
        engine.plug(VolatilityPlugin)?;
        engine.plug(ComovementPlugin)?;
        engine.plug(DealersPlugin)?;
        Ok(())
    }
}

/// The config of the repository, without strategies.
pub(crate) fn built_in() -> Layers {
    let (name, text) = WATCHLISTS;
    let config = include_str!("../../../config/config.yaml");
    Layers::new(config).file(name, text)
}

/// An engine that runs `script` today, with `flags` over the default config.
pub(crate) fn engine(script: Script, flags: &[(&str, &str)]) -> Engine {
    engine_on(TODAY, script, flags)
}

/// An engine that runs `script` on `day`, with `flags` over the default config.
pub(crate) fn engine_on(day: Date, script: Script, flags: &[(&str, &str)]) -> Engine {
    engine_of(day, vec![script], flags)
}

/// An engine that runs several scripts on `day`, each a feed of its own.
pub(crate) fn engine_of(day: Date, scripts: Vec<Script>, flags: &[(&str, &str)]) -> Engine {
    let session = Calendar::nyse().session(day).unwrap();
    let mut layers = built_in();
    for (path, text) in flags {
        layers = layers.flag("test", *path, *text);
    }
    let mut engine = Engine::new(Setup {
        config: layers.load().unwrap(),
        clock: Box::new(SteppedClock::new(vec![Window::whole(session)])),
        shuffle: None,
    });
    engine.plug(Analytics).unwrap();
    for script in scripts {
        engine.add_feed(Box::new(script));
    }
    engine.initialize().unwrap();
    engine
}

/// Runs until `millis` after the open.
pub(crate) fn run_until(engine: &mut Engine, millis: i64) {
    loop {
        let tick = engine.tick().unwrap().expect("the session is long enough");
        if tick.session.open.plus_millis(millis) <= tick.now {
            return;
        }
    }
}

/// The component `C` of the only underlying.
pub(crate) fn of_underlying<C: bevy_ecs::prelude::Component + Clone>(engine: &Engine) -> C {
    let chains = engine.world().resource::<systems::chains::Chains>();
    let entity = chains.underlying(SymbolId(0)).unwrap();
    engine.world().get::<C>(entity).unwrap().clone()
}

/// The component `C` of the contract with number `id`.
pub(crate) fn of_contract<C: bevy_ecs::prelude::Component + Clone>(engine: &Engine, id: u32) -> C {
    let chains = engine.world().resource::<systems::chains::Chains>();
    let entity = chains.entity(components::contract::ContractId(id)).unwrap();
    engine.world().get::<C>(entity).unwrap().clone()
}

/// The engine's instant at `millis` after the open.
pub(crate) fn at(millis: i64) -> Timestamp {
    Calendar::nyse()
        .session(TODAY)
        .unwrap()
        .open
        .plus_millis(millis)
}
