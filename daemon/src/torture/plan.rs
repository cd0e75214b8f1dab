//! What a seed is: its market, its config and everything that goes wrong in it, all drawn from one
//! number.

use super::day::{Day, DayKind, Hours};
use super::fuse::Kill;
use super::seed::ACCOUNT;
use super::tape::TapeConfig;
use super::{rates, turmoil};
use crate::assemble::DEFAULT_CONFIG;
use components::units::Timestamp;
use engine::clock::{Jump, Overrun};
use engine::command::Command;
use engine::config::{Config, ConfigError, Layers};
use engine::random::Stream;
use journal::Rates;
use simulator::{Fault, GatewayConfig, GatewayFaults, LegRelease};
use systems::dealers::groups::WATCHLISTS;

/// Ticks of a short seed: five minutes.
pub const SHORT_TICKS: usize = 1_200;
/// Ticks before the end of a seed from which nothing goes wrong any more: what must settle within a
/// minute has another quarter of one. A quarter of a short seed.
const CALM_TICKS: usize = 300;
/// Lives after the first at most, in a short seed.
const KILLS_MAX: u64 = 5;
/// So many times that in a whole session at most.
const LONG_LIVES: u64 = 8;
/// By how much the wall clock is set, milliseconds: an hour, as at a clock change that went wrong,
/// and what a time server corrects.
const JUMPS_MS: [i64; 5] = [3_600_000, -3_600_000, -5_000, 1_500, -400];

/// What the mirror does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorKind {
    /// There is none.
    Gone,
    /// It takes everything.
    Well,
    /// It takes nothing, and says so.
    Failing,
    /// It is lost and found again, a minute each.
    Flapping,
}

/// What is done before the close.
#[derive(Clone, Copy, Debug)]
pub struct Closing {
    /// Nothing is opened so many seconds before it.
    pub last_entry_s: i64,
    /// What expires is sold so many seconds before it.
    pub sell_expiring_s: i64,
    /// What expires has to be flat or being closed so many seconds before it.
    pub flat_s: i64,
    /// The share of a position that is held overnight.
    pub overnight_share: f64,
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
    /// The kind of day, and the hours of it.
    pub day: (DayKind, Hours),
    /// What is done before the close.
    pub closing: Closing,
    /// Losing trades in a row after which nothing more is opened.
    pub losing_trades_max: u32,
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
        Self::drawn(seed, &Day::short(seed))
    }

    /// The whole session with `seed`.
    #[must_use]
    pub fn full_session(seed: u64) -> Self {
        Self::drawn(seed, &Day::whole(seed))
    }

    /// A seed in which nothing goes wrong: scripted tests begin with it.
    #[must_use]
    pub fn calm(seed: u64) -> Self {
        let mut plan = Self::drawn(seed, &Day::plain(seed));
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
        let (name, text) = WATCHLISTS;
        Layers::new(DEFAULT_CONFIG)
            .file(name, text)
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
        self.tape.grid.at(point)
    }

    /// What goes wrong past broker, disk and clock, by name and count.
    pub fn outer_faults(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let feed = self
            .feed
            .iter()
            .map(|fault| (turmoil::name_of(&fault.kind), 1));
        let silences = self.silences.iter().map(|_| ("feed_silence", 1));
        let moves = turmoil::moves_by_name(&self.tape.moves);
        let moves = moves.into_iter().filter(|(_, count)| *count > 0);
        let commands = self.commands.iter().filter_map(|(_, command)| {
            let name = match command {
                Command::Halt => "operator_halt",
                Command::ReduceOnly => "operator_reduce_only",
                Command::Flatten => "operator_flatten",
                Command::CancelAll => "operator_cancel_all",
                Command::Observe => "operator_observe",
                _ => return None,
            };
            Some((name, 1))
        });
        let mirror = match self.mirror {
            MirrorKind::Failing => Some(("mirror_failing", 1)),
            MirrorKind::Flapping => Some(("mirror_flapping", 1)),
            MirrorKind::Gone | MirrorKind::Well => None,
        };
        feed.chain(silences)
            .chain(moves)
            .chain(commands)
            .chain(mirror)
    }

    /// The names of all that [`Plan::outer_faults`] counts.
    pub const OUTER_FAULTS: [&'static str; 15] = [
        "feed_drop",
        "feed_garble",
        "feed_offset",
        "feed_unset",
        "feed_silence",
        "market_jump",
        "market_halt",
        "market_wide_halt",
        "operator_halt",
        "operator_reduce_only",
        "operator_flatten",
        "operator_cancel_all",
        "operator_observe",
        "mirror_failing",
        "mirror_flapping",
    ];

    fn drawn(seed: u64, day: &Day) -> Self {
        let ticks = day.grid.len();
        let calm_from = ticks.saturating_sub(CALM_TICKS);
        let faults = rates::gateway(seed).unwrap_or_default();
        let faults = day.grid.nights().fold(faults, |faults, (from, until)| {
            faults.with_pause(from, until)
        });
        let whips = rates::wants_both_legs(&faults);
        let mut draws = Stream::new(seed, "torture-config", 0);
        let (feed, silences) = turmoil::feed(seed, day, calm_from);
        let mut plan = Self {
            seed,
            day: (day.kind, day.hours),
            closing: closing(seed, day),
            losing_trades_max: 20,
            tape: turmoil::tape(seed, day, calm_from, whips),
            calm_from,
            gateway: GatewayConfig::default(),
            disk: rates::disk(seed, day.hours == Hours::Whole),
            deaths: Vec::new(),
            feed,
            silences,
            overruns: Vec::new(),
            jumps: Vec::new(),
            commands: Vec::new(),
            mirror: MirrorKind::Gone,
            second_at: None,
            config_text: String::new(),
        };
        plan.config_text = config_text(&mut plan, &mut draws);
        plan.gateway = GatewayConfig {
            legs: LegRelease::drawn(seed),
            faults: faults.until(plan.faults_end()),
            ..GatewayConfig::default()
        };
        plan.draw_deaths(ticks);
        plan.draw_time();
        plan.draw_people();
        plan
    }

    fn draw_deaths(&mut self, ticks: usize) {
        let mut draws = Stream::new(self.seed, "torture-deaths", 0);
        let lives = ticks.div_ceil(SHORT_TICKS) as u64;
        for _ in 0..draws.below(KILLS_MAX + 1) * lives.min(LONG_LIVES) {
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

    fn draw_time(&mut self) {
        let mut draws = Stream::new(self.seed, "torture-time", 0);
        if draws.chance(0.25) {
            let at = self.instant(place(&mut draws, self.calm_from));
            let millis = JUMPS_MS[place(&mut draws, JUMPS_MS.len())];
            self.jumps.push(Jump { at, millis });
        }
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
        // Somebody looks at it every half minute and nearly always goes on: else a fault would end
        // most seeds.
        let mut point = 120;
        while point < self.calm_from {
            if draws.chance(0.9) {
                self.commands.push((self.instant(point), Command::Resume));
            }
            point += 120;
        }
        self.commands.sort_by_key(|(at, _)| *at);
        self.mirror = match draws.below(4) {
            0 => MirrorKind::Well,
            1 if draws.chance(0.5) => MirrorKind::Flapping,
            1 => MirrorKind::Failing,
            _ => MirrorKind::Gone,
        };
    }
}

fn place(draws: &mut Stream, below: usize) -> usize {
    usize::try_from(draws.below(below as u64)).unwrap_or(0)
}

/// What is done before the close: in time where the close is far, at the last moment where a seed
/// has the close in it, so that there is something to be done.
fn closing(seed: u64, day: &Day) -> Closing {
    let mut draws = Stream::new(seed, "torture-closing", 0);
    let share = [1.0, 1.0, 0.5, 0.0][place(&mut draws, 4)];
    if day.has_close() {
        Closing {
            last_entry_s: 30,
            sell_expiring_s: 120,
            flat_s: 60,
            overnight_share: share,
        }
    } else {
        Closing {
            last_entry_s: 600,
            sell_expiring_s: 900,
            flat_s: 600,
            overnight_share: share,
        }
    }
}

/// Quick deals, so that many orders fit into five minutes.
fn config_text(plan: &mut Plan, draws: &mut Stream) -> String {
    let seed = plan.seed;
    let sync = if draws.chance(0.5) {
        "every_tick"
    } else {
        "before_sending"
    };
    let chance = 0.01 + 0.04 * draws.uniform();
    let patient_share = 0.3 * draws.uniform();
    let losing_trades_max = if draws.chance(0.2) { 3 } else { 20 };
    plan.losing_trades_max = losing_trades_max;
    let stop_share = 0.05 + 0.2 * draws.uniform();
    let target_share = 0.1 + 0.4 * draws.uniform();
    let Closing {
        last_entry_s,
        sell_expiring_s,
        overnight_share,
        ..
    } = plan.closing;
    let (liquidation_s, day_end_s) = (sell_expiring_s / 4, sell_expiring_s / 2);
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
broker: {{ account: {ACCOUNT}, answer_s: 5, reconcile_s: 30, query_s: 2, first_word_ms: 1250 }}
risk: {{ good_for_s: 15, last_entry_before_close_s: {last_entry_s} }}
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
  before_close_s: {sell_expiring_s}
  liquidation_before_close_s: {liquidation_s}
  day_end_before_close_s: {day_end_s}
  overnight_share: {overnight_share}
breakers: {{ losing_trades_max: {losing_trades_max} }}
limits: {{ liquidity_share_max: 1.0, order_notional_max_usd: 5000 }}
"
    )
}
