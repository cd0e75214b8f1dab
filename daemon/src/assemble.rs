//! The program in one function: which capabilities an engine has, in which order.

use components::units::Timestamp;
use engine::calendar::Calendar;
use engine::config::{Config, ConfigError};
use engine::engine::{Engine, EngineError, Setup};
use engine::plugin::Plugin;
use engine::ports::{Broker, Clock, Feed, Journal, Mirror};
use engine::record::{Record, RunStart};
use strategies::StrategiesPlugin;
use systems::attribution::AttributionPlugin;
use systems::closing::ClosingPlugin;
use systems::columns::ColumnsPlugin;
use systems::commands::CommandsPlugin;
use systems::commit::CommitPlugin;
use systems::comovement::ComovementPlugin;
use systems::dealers::DealersPlugin;
use systems::dealers::groups::WATCHLISTS;
use systems::dedupe::DedupePlugin;
use systems::discovery::DiscoveryPlugin;
use systems::dispatch::DispatchPlugin;
use systems::drift::DriftPlugin;
use systems::exits::ExitsPlugin;
use systems::exposure::ExposurePlugin;
use systems::flow_clusters::FlowClustersPlugin;
use systems::greeks::GreeksPlugin;
use systems::hidden::HiddenPlugin;
use systems::history::HistoryPlugin;
use systems::imbalance::ImbalancePlugin;
use systems::ingest::IngestPlugin;
use systems::ledger::Ledger;
use systems::link::LinkPlugin;
use systems::liquidity::LiquidityPlugin;
use systems::macro_overlay::MacroOverlayPlugin;
use systems::mirror::MirrorPlugin;
use systems::options_flow::OptionsFlowPlugin;
use systems::overload::OverloadPlugin;
use systems::patterns::PatternsPlugin;
use systems::positions::PositionsPlugin;
use systems::quarantine::QuarantinePlugin;
use systems::reports::ReportsPlugin;
use systems::risk::RiskPlugin;
use systems::scoring::ScoringPlugin;
use systems::stress::StressPlugin;
use systems::volatility::VolatilityPlugin;
use systems::vpin::VpinPlugin;
use systems::workers::Workers;

/// The `config/config.yaml` of the repository, so that an installed program runs anywhere.
pub const DEFAULT_CONFIG: &str = include_str!("../../config/config.yaml");

/// The files of `config/signals/`, by name.
pub const DEFAULT_SIGNALS: [(&str, &str); strategies::CONFIGS.len()] = strategies::CONFIGS;

/// The files that are laid over [`DEFAULT_CONFIG`] before all others, by name: the watchlists, and those of
/// the strategies.
pub fn default_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    [WATCHLISTS].into_iter().chain(DEFAULT_SIGNALS)
}

/// Sections that are read before or beside the engine, hence known though no plugin asks for them.
pub const OUTER_SECTIONS: [&str; 2] = ["exchange", "mode"];

/// What is plugged into the ports, and what else a run is made with.
pub struct Parts {
    /// The merged config.
    pub config: Config,
    /// The exchange's sessions.
    pub calendar: Calendar,
    /// When ticks happen.
    pub clock: Box<dyn Clock>,
    /// Where events come from.
    pub feeds: Vec<Box<dyn Feed>>,
    /// What the broker reports, asked after the other feeds.
    pub execution: Option<Box<dyn Feed>>,
    /// Where orders go.
    pub broker: Box<dyn Broker>,
    /// Where state is shown, and the number of the run there.
    pub mirror: Option<(Box<dyn Mirror>, u64)>,
    /// Where the run is recorded.
    pub journal: Option<Box<dyn Journal>>,
    /// The run that begins.
    pub run: RunStart,
    /// What a journal says of the runs before.
    pub ledger: Option<Ledger>,
    /// What the start found, entered in the first tick.
    pub opening: Vec<Record>,
    /// Threads of the Greeks kernel.
    pub threads: usize,
    /// Permutes everything that must not matter.
    pub shuffle: Option<u64>,
}

/// Why no engine could be made.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The config is wrong; all problems at once.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// Threads could not be started.
    #[error("threads: {0}")]
    Threads(String),
    /// The schedule is ambiguous.
    #[error("{0}")]
    Engine(#[from] EngineError),
}

/// Makes an engine of `parts`.
///
/// # Errors
/// When the config is wrong (all problems are reported at once), threads cannot be started or two
/// systems touch the same data in no stated order.
pub fn assemble(parts: Parts) -> Result<Engine, AssembleError> {
    assemble_with(parts, StrategiesPlugin)
}

/// Makes an engine of `parts` that trades what `strategies` says.
///
/// # Errors
/// As [`assemble`].
pub fn assemble_with(parts: Parts, strategies: impl Plugin) -> Result<Engine, AssembleError> {
    let Parts {
        config,
        calendar,
        clock,
        feeds,
        execution,
        broker,
        mirror,
        journal,
        run,
        ledger,
        opening,
        ..
    } = parts;
    let workers = Workers::new(parts.threads, parts.shuffle)
        .map_err(|error| AssembleError::Threads(error.to_string()))?;
    let mut engine = Engine::new(Setup {
        config,
        clock,
        shuffle: parts.shuffle,
    });
    engine.world_mut().insert_resource(workers);
    // A plugin that fails leaves its problems in the config: all are asked, then all is reported.
    let plugged = [
        engine.plug(IngestPlugin { calendar }).map(|_| ()),
        engine.plug(HistoryPlugin).map(|_| ()),
        engine.plug(GreeksPlugin).map(|_| ()),
        engine.plug(QuarantinePlugin).map(|_| ()),
        engine.plug(VpinPlugin).map(|_| ()),
        engine.plug(ExposurePlugin).map(|_| ()),
        engine.plug(ImbalancePlugin).map(|_| ()),
        engine.plug(LiquidityPlugin).map(|_| ()),
        engine.plug(PatternsPlugin).map(|_| ()),
        engine.plug(HiddenPlugin).map(|_| ()),
        engine.plug(FlowClustersPlugin).map(|_| ()),
        engine.plug(OptionsFlowPlugin).map(|_| ()),
        engine.plug(DriftPlugin).map(|_| ()),
        engine.plug(ClosingPlugin).map(|_| ()),
        engine.plug(VolatilityPlugin).map(|_| ()),
        engine.plug(ComovementPlugin).map(|_| ()),
        engine.plug(MacroOverlayPlugin).map(|_| ()),
        engine.plug(DealersPlugin).map(|_| ()),
        engine.plug(DiscoveryPlugin).map(|_| ()),
        engine
            .plug(PositionsPlugin {
                ledger,
                run,
                opening,
            })
            .map(|_| ()),
        engine.plug(LinkPlugin).map(|_| ()),
        engine.plug(CommandsPlugin).map(|_| ()),
        engine.plug(OverloadPlugin).map(|_| ()),
        engine.plug(ScoringPlugin).map(|_| ()),
        engine.plug(ExitsPlugin).map(|_| ()),
        engine.plug(strategies).map(|_| ()),
        engine.plug(DedupePlugin).map(|_| ()),
        engine.plug(RiskPlugin).map(|_| ()),
        engine.plug(StressPlugin).map(|_| ()),
        engine.plug(AttributionPlugin).map(|_| ()),
        engine.plug(CommitPlugin { journal }).map(|_| ()),
        engine.plug(DispatchPlugin { broker }).map(|_| ()),
        engine.plug(ColumnsPlugin).map(|_| ()),
        engine.plug(ReportsPlugin).map(|_| ()),
    ];
    engine.config().finish(&OUTER_SECTIONS)?;
    plugged.into_iter().collect::<Result<(), ConfigError>>()?;
    if let Some((mirror, epoch)) = mirror {
        engine.plug(MirrorPlugin { mirror, epoch })?;
    }
    for feed in feeds {
        engine.add_feed(feed);
    }
    if let Some(feed) = execution {
        engine.set_execution_feed(feed);
    }
    engine.initialize()?;
    Ok(engine)
}

/// When a contract settles at the simulated exchange: as the engine sees it.
#[must_use]
pub fn settlements(calendar: Calendar) -> simulator::SettlementOf {
    Box::new(move |terms| -> Option<Timestamp> {
        let settlement = engine::expiry::settlement_of(terms.root.as_str());
        engine::expiry::settlement_instant(&calendar, settlement, terms.expiry.date()).ok()
    })
}
