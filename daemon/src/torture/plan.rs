//! What a seed is: its market, its config and everything that goes wrong in it, all drawn from one
//! number.

use super::fuse::Kill;
use super::seed::ACCOUNT;
use super::tape::TapeConfig;
use crate::assemble::DEFAULT_CONFIG;
use components::units::Timestamp;
use engine::calendar::{Calendar, Session};
use engine::clock::{Jump, Overrun, TICK_MS};
use engine::command::Command;
use engine::config::{Config, ConfigError, Layers};
use engine::random::Stream;
use journal::Rates;
use simulator::{
    EventClass, Fault, FaultKind, GatewayConfig, GatewayFaults, LegRelease, MarketConfig,
    MarketMove, MoveKind, ticker_of,
};

/// Ticks of a short seed: five minutes.
pub const SHORT_TICKS: usize = 1_200;
/// Ticks before the end of a seed from which nothing goes wrong any more: what must settle within a
/// minute has another quarter of one. A quarter of a short seed.
const CALM_TICKS: usize = 300;
/// A day that all seeds live through: a Friday on which contracts expire.
const DAY: jiff::civil::Date = jiff::civil::date(2026, 3, 6);
/// Days to the last expiry.
const EXPIRY_DAYS: u32 = 3;
/// Lives after the first at most, in a short seed.
const KILLS_MAX: u64 = 5;

/// What the mirror does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorKind {
    /// There is none.
    Gone,
    /// It takes everything.
    Well,
    /// It takes nothing, and says so.
    Failing,
}

/// An end of the process, and what follows.
#[derive(Clone, Copy, Debug)]
pub struct Death {
    /// When the process ends.
    pub kill: Kill,
    /// Whether the power goes with it: what was not synced may be lost.
    pub power: bool,
    /// How often the start after it is killed as well.
    pub nested: u64,
    /// Ticks until the next start.
    pub down_ticks: usize,
}

/// A seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// The market.
    pub tape: TapeConfig,
    /// Grid point from which nothing goes wrong any more.
    pub calm_from: usize,
    /// The broker.
    pub gateway: GatewayConfig,
    /// The disk.
    pub disk: Rates,
    /// Ends of the process, in order.
    pub deaths: Vec<Death>,
    /// Faults of the market's feed.
    pub feed: Vec<Fault>,
    /// When the market's feed is silent.
    pub silences: Vec<(Timestamp, Timestamp)>,
    /// Ticks that take too long.
    pub overruns: Vec<Overrun>,
    /// Jumps of the wall clock.
    pub jumps: Vec<Jump>,
    /// What operators want, in order of time.
    pub commands: Vec<(Timestamp, Command)>,
    /// The mirror.
    pub mirror: MirrorKind,
    /// The grid point at which a second engine is started beside the first.
    pub second_at: Option<usize>,
    /// The config over the built-in one.
    pub config_text: String,
}

impl Plan {
    /// The short seed `seed`.
    #[must_use]
    pub fn short(seed: u64) -> Self {
        let mut draws = Stream::new(seed, "torture-plan", 0);
        let session = session();
        // Into the session by a quarter of an hour to five hours, so that all hours are met.
        let minutes = 15 + i64::try_from(draws.below(300)).unwrap_or(0);
        let start = session.open.plus_millis(minutes * 60_000);
        Self::drawn(seed, start, SHORT_TICKS)
    }

    /// The whole session with `seed`.
    #[must_use]
    pub fn full_session(seed: u64) -> Self {
        let session = session();
        let whole = session.close.nanos_since(session.open) / (TICK_MS * 1_000_000);
        Self::drawn(seed, session.open, usize::try_from(whole).unwrap_or(0))
    }

    /// A seed in which nothing goes wrong: scripted tests begin with it.
    #[must_use]
    pub fn calm(seed: u64) -> Self {
        let mut plan = Self::short(seed);
        plan.gateway.faults = GatewayFaults::default();
        plan.gateway.shuffles_messages = false;
        plan.disk = Rates::default();
        plan.deaths.clear();
        plan.feed.clear();
        plan.silences.clear();
        plan.overruns.clear();
        plan.jumps.clear();
        plan.commands.clear();
        plan.tape.moves.clear();
        plan.mirror = MirrorKind::Gone;
        plan.second_at = None;
        plan
    }

    /// The config of the seed.
    ///
    /// # Errors
    /// Never, unless the built-in config is no YAML.
    pub fn config(&self) -> Result<Config, ConfigError> {
        Layers::new(DEFAULT_CONFIG)
            .file("torture.yaml", &self.config_text)
            .load()
    }

    /// The instant from which nothing goes wrong any more.
    #[must_use]
    pub fn faults_end(&self) -> Timestamp {
        self.instant(self.calm_from)
    }

    /// The instant of a grid point.
    #[must_use]
    pub fn instant(&self, point: usize) -> Timestamp {
        let millis = i64::try_from(point).unwrap_or(0).saturating_mul(TICK_MS);
        self.tape.start.plus_millis(millis)
    }

    fn drawn(seed: u64, start: Timestamp, ticks: usize) -> Self {
        let calm_from = ticks.saturating_sub(CALM_TICKS);
        let mut plan = Self {
            seed,
            tape: tape(seed, start, ticks),
            calm_from,
            gateway: GatewayConfig::default(),
            disk: disk(seed),
            deaths: Vec::new(),
            feed: Vec::new(),
            silences: Vec::new(),
            overruns: Vec::new(),
            jumps: Vec::new(),
            commands: Vec::new(),
            mirror: MirrorKind::Gone,
            second_at: None,
            config_text: config_text(seed),
        };
        plan.gateway = GatewayConfig {
            legs: LegRelease::drawn(seed),
            faults: GatewayFaults::drawn(seed).until(plan.faults_end()),
            ..GatewayConfig::default()
        };
        plan.draw_deaths(ticks);
        plan.draw_feed();
        plan.draw_time();
        plan.draw_people();
        plan
    }

    fn draw_deaths(&mut self, ticks: usize) {
        let mut draws = Stream::new(self.seed, "torture-deaths", 0);
        let lives = ticks.div_ceil(SHORT_TICKS) as u64;
        for _ in 0..draws.below(KILLS_MAX + 1) * lives.min(20) {
            let kill = match draws.below(9) {
                0 => Kill::BeforeAppend(1 + draws.below(300)),
                1 => Kill::AfterAppend(1 + draws.below(300)),
                2 => Kill::AfterSync(1 + draws.below(12)),
                3 => Kill::BeforeSend(1 + draws.below(12)),
                4 => Kill::AfterSend(1 + draws.below(12)),
                5 => Kill::AtWrite(1 + draws.below(30)),
                6 => Kill::AtSync(1 + draws.below(12)),
                7 => Kill::AfterSync(1),
                _ => Kill::AfterSend(1),
            };
            let is_long = draws.chance(0.1);
            self.deaths.push(Death {
                kill,
                power: draws.chance(0.5),
                nested: draws.below(8).saturating_sub(4),
                down_ticks: 1 + place(&mut draws, if is_long { 240 } else { 20 }),
            });
        }
        if draws.chance(0.125) {
            self.second_at = Some(1 + place(&mut draws, self.calm_from));
        }
    }

    fn draw_feed(&mut self) {
        let mut draws = Stream::new(self.seed, "torture-feed", 0);
        let end = self.faults_end();
        let mut within = |plan: &Self, seconds: u64| {
            let from = plan.instant(place(&mut draws, plan.calm_from));
            let length = 500 + i64::try_from(draws.below(seconds * 1_000)).unwrap_or(0);
            (from, from.plus_millis(length).min(end), draws.below(1_000))
        };
        let (from, until, way) = within(self, 30);
        if way < 300 {
            self.silences.push((from, until));
        }
        let (from, until, way) = within(self, 120);
        if way < 300 {
            let kind = FaultKind::Garble {
                ticker: (way < 100).then(|| ticker_of(0)),
                per_tick: 0.1 + 0.01 * way as f64,
            };
            self.feed.push(Fault { from, until, kind });
        }
        let (from, until, way) = within(self, 60);
        let class = match way {
            0..80 => EventClass::Quotes,
            80..160 => EventClass::Options,
            160..240 => EventClass::Trades,
            _ => return,
        };
        let kind = FaultKind::Drop(class);
        self.feed.push(Fault { from, until, kind });
    }

    fn draw_time(&mut self) {
        let mut draws = Stream::new(self.seed, "torture-time", 0);
        if draws.chance(0.5) {
            return;
        }
        for _ in 0..draws.below(4) {
            let at = self.instant(place(&mut draws, self.calm_from));
            // Most are a tick or two too late, some are a machine that stood still for a minute.
            let most = if draws.chance(0.2) { 240 } else { 6 };
            let lost = 1 + u32::try_from(draws.below(most)).unwrap_or(0);
            self.overruns.push(Overrun { at, lost });
        }
    }

    fn draw_people(&mut self) {
        let mut draws = Stream::new(self.seed, "torture-people", 0);
        for _ in 0..draws.below(4) {
            let point = place(&mut draws, self.calm_from);
            let command = match draws.below(6) {
                0 => Command::Halt,
                1 => Command::ReduceOnly,
                2 => Command::Flatten,
                3 => Command::CancelAll,
                4 => Command::Observe,
                _ => Command::Resume,
            };
            self.commands.push((self.instant(point), command));
            let later = point + 1 + place(&mut draws, 100);
            self.commands.push((self.instant(later), Command::Resume));
        }
        // Somebody looks at it every half minute and goes on: else a fault would end most seeds.
        let mut point = 120;
        while draws.chance(0.9) && point < self.calm_from {
            self.commands.push((self.instant(point), Command::Resume));
            point += 120;
        }
        self.commands.sort_by_key(|(at, _)| *at);
        self.mirror = match draws.below(4) {
            0 => MirrorKind::Well,
            1 => MirrorKind::Failing,
            _ => MirrorKind::Gone,
        };
    }
}

fn place(draws: &mut Stream, below: usize) -> usize {
    usize::try_from(draws.below(below as u64)).unwrap_or(0)
}

fn session() -> Session {
    sessions()[0]
}

fn sessions() -> Vec<Session> {
    let until = DAY.saturating_add(jiff::Span::new().days(i64::from(EXPIRY_DAYS) + 1));
    Calendar::nyse().sessions(DAY, until).to_vec()
}

/// Two wild underlyings with forty contracts each, so that stops and targets are reached in minutes.
fn tape(seed: u64, start: Timestamp, points: usize) -> TapeConfig {
    let mut draws = Stream::new(seed, "torture-market", 0);
    let market = MarketConfig {
        underlyings: 2,
        contracts_per_chain: 40,
        annual_vols: vec![0.8 + 1.2 * draws.uniform(), 0.4 + draws.uniform()],
        jumps_per_day: 20.0 * draws.uniform(),
        book_levels: 0,
        trades_per_day: 5_000.0,
        option_trades_per_day: 500.0,
        expiry_days_max: EXPIRY_DAYS,
        requote_every_ticks: 4,
        ..MarketConfig::default()
    };
    let mut moves = Vec::new();
    let at = |point: usize| start.plus_millis(i64::try_from(point).unwrap_or(0) * TICK_MS);
    let calm_from = points.saturating_sub(CALM_TICKS);
    for _ in 0..draws.below(3) {
        let kind = if draws.chance(0.5) {
            MoveKind::SpotJump {
                percent: 3.0 * draws.normal().clamp(-3.0, 3.0),
            }
        } else {
            MoveKind::Halt {
                seconds: 1.0 + 30.0 * draws.uniform(),
            }
        };
        moves.push(MarketMove {
            at: at(1 + place(&mut draws, calm_from.saturating_sub(130))),
            ticker: ticker_of(place(&mut draws, 2)),
            kind,
        });
    }
    TapeConfig {
        market,
        sessions: sessions(),
        start,
        points,
        moves,
    }
}

/// Half of the disks are sound; a few turn bits over.
fn disk(seed: u64) -> Rates {
    let mut draws = Stream::new(seed, "torture-disk", 0);
    let mut rate = |one_in: u64, most: f64| {
        let uniform = draws.uniform();
        if draws.below(one_in) == 0 {
            most * uniform
        } else {
            0.0
        }
    };
    Rates {
        write_error: rate(6, 0.01),
        sync_failure: rate(6, 0.03),
        sync_stall: rate(4, 0.2),
        bit_flip: rate(40, 0.02),
        read_only: rate(10, 0.005),
        power_cut: rate(6, 0.01),
        capacity_bytes: (draws.below(12) == 0).then(|| 100_000 + draws.below(1_500_000)),
    }
}

/// Quick deals, so that many orders fit into five minutes.
fn config_text(seed: u64) -> String {
    let mut draws = Stream::new(seed, "torture-config", 0);
    let sync = if draws.chance(0.5) {
        "every_tick"
    } else {
        "before_sending"
    };
    let chance = 0.01 + 0.04 * draws.uniform();
    let patient_share = 0.3 * draws.uniform();
    let losing_trades_max = if draws.chance(0.2) { 3 } else { 20 };
    let stop_share = 0.05 + 0.2 * draws.uniform();
    let target_share = 0.1 + 0.4 * draws.uniform();
    format!(
        "
signals:
  torture:
    seed: {seed}
    chance: {chance}
    patient_share: {patient_share}
    contracts_max: 6
    common:
      enabled: true
      symbols: []
      window: {{ from: {{ after_open_min: 0 }}, until: {{ before_close_min: 0 }} }}
      confidence_min: 1
      quantity: 1
      spread_max: 0.25
      min_oi: 0
dedupe: {{ cooldown_s: 5 }}
journal: {{ sync: {sync} }}
broker: {{ account: {ACCOUNT}, answer_s: 5, reconcile_s: 30, query_s: 3 }}
risk: {{ good_for_s: 15 }}
exits:
  stop_share: {stop_share}
  stop_limit_share: 0.03
  target_share: {target_share}
  scale_out:
    - {{ gain: 0.05, sell: third }}
    - {{ gain: 0.1, sell: half }}
  locks:
    - {{ gain: 0.08, keep: 0.04 }}
  trail_from_share: 0.05
  trail_share: 0.1
breakers: {{ losing_trades_max: {losing_trades_max} }}
limits: {{ liquidity_share_max: 1.0, order_notional_max_usd: 5000 }}
"
    )
}
