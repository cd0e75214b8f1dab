//! A seed lived through: engines that come and die, a broker, a disk and a market that stay.

use super::fuse::{Fuse, FusedBroker, FusedJournal, Kill};
use super::plan::{Death, Plan};
use super::ports::{Counting, Glass, Operators};
use super::strategy::RandomPlugin;
use super::tape::{Tape, TapeFeed, TrueMarket};
use crate::assemble::{Parts, assemble_with, settlements};
use crate::recovery::{Recovered, RecoveryError, Start, recover};
use auditor::Mirrored;
use components::units::Cash;
use engine::calendar::Calendar;
use engine::clock::{SteppedClock, Tick};
use engine::config::Config;
use engine::engine::Engine;
use engine::frame::{FRAME_VERSION, Header};
use engine::ports::{Feed, FeedError};
use engine::record::RunStart;
use journal::{Error, Fault, Occasion, Options, Rates, SimulatedDisk, Storage};
use simulator::{ExchangeConfig, Faulted, Gateway};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The account of all seeds.
pub const ACCOUNT: &str = "DU0000001";
/// Starts that may fail in a row before a seed is given up: every fault ends before that.
const STARTS_MAX: u32 = 200;
/// Ticks from a start that failed to the next.
const RETRY_TICKS: usize = 4;
/// Lives in a row that may end at a full disk before somebody makes room.
const FULL_DISK_LIVES: u64 = 8;
/// In which of the first operations of a start it is killed.
const NESTED_OPERATIONS: u64 = 6;
/// Journals of a seed are small: no zeros are written ahead, and segments change often.
const SEGMENT_BYTES: u64 = 256 << 10;

/// What is left of a seed when it is over.
#[derive(Debug)]
pub struct Remains {
    /// The broker.
    pub gateway: Gateway,
    /// The disk.
    pub disk: SimulatedDisk,
    /// The market.
    pub tape: Arc<Tape>,
    /// What the harness itself saw go wrong: invariant (0 is none), grid point, words.
    pub odd: Vec<(u8, usize, String)>,
    /// Faults of the harness, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// Ticks run, over all lives.
    pub ticks: u64,
    /// Processes.
    pub lives: u64,
    /// Whether a start found that acknowledged entries are gone, and said so.
    pub loss_was_seen: bool,
    /// Whether a start refused the journal as damaged.
    pub refused: bool,
    /// Frames that were acknowledged and not recovered.
    pub lost_records: u64,
    /// What readers saw of the mirror: ticks, and which of them were durable.
    pub mirrored: Arc<Mutex<Vec<Mirrored>>>,
    /// What each life but the last wrote to the transcript, where it was wanted.
    pub transcript: String,
}

/// A seed being lived through.
struct World<'a> {
    plan: &'a Plan,
    config: Config,
    config_hash: u64,
    remains: Remains,
    seen: Arc<AtomicUsize>,
    point: usize,
    acknowledged: u64,
    deaths: std::vec::IntoIter<Death>,
    is_calm: bool,
    keeps_transcript: bool,
}

enum Ended {
    Finished,
    Died,
}

/// Lives through a seed.
///
/// # Errors
/// When the market, the gateway or the config cannot be made: no fault of the engine's.
pub fn live(plan: &Plan, keeps_transcript: bool) -> Result<Remains, FeedError> {
    let tape = Arc::new(Tape::record(&plan.tape, plan.seed)?);
    let gateway = Gateway::new(
        &ExchangeConfig::default(),
        plan.gateway.clone(),
        plan.seed,
        settlements(Calendar::nyse()),
    )?;
    let config = plan.config()?;
    let mut world = World {
        plan,
        config_hash: config.hash(),
        config,
        remains: Remains {
            gateway,
            disk: SimulatedDisk::new(plan.seed, plan.disk),
            tape,
            odd: Vec::new(),
            faults: BTreeMap::new(),
            ticks: 0,
            lives: 0,
            loss_was_seen: false,
            refused: false,
            lost_records: 0,
            mirrored: Arc::default(),
            transcript: String::new(),
        },
        seen: Arc::default(),
        point: 0,
        acknowledged: 0,
        deaths: plan.deaths.clone().into_iter(),
        is_calm: false,
        keeps_transcript,
    };
    world.note_plan();
    world.run()?;
    Ok(world.remains)
}

impl World<'_> {
    fn run(&mut self) -> Result<(), FeedError> {
        let mut next = self.deaths.next();
        let mut ended_full = 0;
        while self.point < self.remains.tape.len() {
            let full_before = self.remains.disk.faults()[&Fault::DiskFull];
            let Some(recovered) = self.start(next) else {
                return Ok(());
            };
            let death = next.filter(|_| !self.is_calm);
            let fuse = Fuse::new(death.map(|death| death.kill));
            self.script(death);
            let ended = self.live_once(recovered, &fuse, death)?;
            self.acknowledged = self.acknowledged.max(fuse.acknowledged());
            if matches!(ended, Ended::Finished) {
                return Ok(());
            }
            let is_ours = fuse.is_blown() || self.remains.disk.faults()[&Fault::PowerCut] > 0;
            if let Some(death) = death.filter(|_| is_ours) {
                *self.remains.faults.entry(death.kill.name()).or_default() += 1;
                if death.power {
                    self.remains.disk.crash();
                }
            }
            let is_full = self.remains.disk.faults()[&Fault::DiskFull] > full_before;
            ended_full = if is_full { ended_full + 1 } else { 0 };
            if ended_full == FULL_DISK_LIVES {
                self.make_room();
                ended_full = 0;
            }
            self.remains.disk.clear_script();
            self.remains.disk.kill();
            self.pass(death.map_or(RETRY_TICKS, |death| death.down_ticks));
            next = self.deaths.next();
        }
        Ok(())
    }

    /// Lets the process die in an operation of the disk, if it is to.
    fn script(&self, death: Option<Death>) {
        let (writes, syncs) = self.remains.disk.operations();
        let occasion = match death.map(|death| death.kill) {
            Some(Kill::AtWrite(count)) => Occasion::Write(writes + count),
            Some(Kill::AtSync(count)) => Occasion::Sync(syncs + count),
            _ => return,
        };
        self.remains.disk.script(occasion, Fault::PowerCut);
    }

    /// Starts over the journal until it succeeds; `None` when it never will.
    fn start(&mut self, death: Option<Death>) -> Option<Recovered> {
        let mut nested = death
            .filter(|_| self.remains.lives > 0)
            .map_or(0, |death| death.nested);
        for attempt in 0..STARTS_MAX {
            self.calm_down();
            if nested > 0 && !self.is_calm {
                nested -= 1;
                let (writes, _) = self.remains.disk.operations();
                let at = 1 + (self.plan.seed + u64::from(attempt)) % NESTED_OPERATIONS;
                let occasion = Occasion::Write(writes + at);
                self.remains.disk.script(occasion, Fault::PowerCut);
            }
            let started = recover(start_of(&self.remains.disk, self.plan, self.config_hash));
            self.remains.disk.clear_script();
            match started {
                Ok(recovered) => {
                    self.judge_start(&recovered);
                    return Some(recovered);
                }
                Err(error) if error.is_damage() => {
                    self.judge_refusal(&error);
                    return None;
                }
                Err(_) => {
                    self.note("kill_in_recovery");
                    self.mend();
                    self.pass(RETRY_TICKS);
                }
            }
        }
        self.odd(47, format!("{STARTS_MAX} starts in a row failed"));
        None
    }

    /// What was acknowledged is there, or its loss is seen.
    fn judge_start(&mut self, recovered: &Recovered) {
        let flipped = self.remains.disk.faults()[&Fault::BitFlip] > 0;
        self.remains.loss_was_seen |= recovered.lost.is_some();
        if recovered.last_seq < self.acknowledged {
            self.remains.lost_records += self.acknowledged - recovered.last_seq;
            if !flipped || recovered.lost.is_none() {
                let (there, wanted) = (recovered.last_seq, self.acknowledged);
                self.odd(
                    32,
                    format!("recovered to frame {there} of {wanted} acknowledged"),
                );
            }
            self.acknowledged = recovered.last_seq;
        }
    }

    /// Only what a disk turned over may be refused.
    fn judge_refusal(&mut self, error: &RecoveryError) {
        self.remains.refused = true;
        if self.remains.disk.faults()[&Fault::BitFlip] == 0 {
            self.odd(33, format!("a sound disk was refused: {error}"));
        }
    }

    /// Somebody repairs what keeps a start from succeeding.
    fn mend(&mut self) {
        self.remains.disk.crash();
        if self.remains.disk.faults()[&Fault::DiskFull] > 0 {
            self.make_room();
        }
    }

    /// Somebody gives the disk room, for good.
    fn make_room(&mut self) {
        self.remains.disk.set_rates(Rates {
            capacity_bytes: None,
            ..self.plan.disk
        });
    }

    /// Ends all faults of the disk once it is time.
    fn calm_down(&mut self) {
        if !self.is_calm && self.point >= self.plan.calm_from {
            self.is_calm = true;
            self.remains.disk.clear_script();
            self.remains.disk.set_rates(Rates::default());
        }
    }

    /// Lets time pass without an engine.
    fn pass(&mut self, ticks: usize) {
        let tape = Arc::clone(&self.remains.tape);
        for _ in 0..ticks {
            if self.point >= tape.len() {
                return;
            }
            self.point += 1;
            let after = self.seen.swap(self.point, Ordering::Relaxed);
            let events = tape.at_exchange(after, self.point);
            self.remains.gateway.follow(&events, tape.directory());
            self.remains.gateway.run_until(tape.at(self.point));
        }
    }

    /// One process, from its start to its end.
    fn live_once(
        &mut self,
        recovered: Recovered,
        fuse: &Fuse,
        death: Option<Death>,
    ) -> Result<Ended, FeedError> {
        self.remains.lives += 1;
        let mut engine = self.engine(recovered, fuse)?;
        if self.keeps_transcript {
            engine
                .world_mut()
                .resource_mut::<engine::transcript::Transcript>()
                .keep();
        }
        let disk_before = failures(&self.remains.disk);
        loop {
            self.calm_down();
            if self.is_calm {
                fuse.disarm();
            }
            self.start_second();
            let ticked = engine.tick();
            if self.keeps_transcript {
                let mut transcript = engine
                    .world_mut()
                    .resource_mut::<engine::transcript::Transcript>();
                self.remains.transcript += &transcript.take();
            }
            match ticked {
                Ok(Some(tick)) => {
                    self.point = self.remains.tape.point(tick.now);
                    self.remains.ticks += 1;
                    self.note_time(&tick);
                }
                Ok(None) => break,
                Err(_) if fuse.is_blown() || failures(&self.remains.disk) > disk_before => {
                    self.point += 1;
                    return Ok(Ended::Died);
                }
                Err(error) => {
                    self.odd(0, format!("the engine broke: {error}"));
                    return Ok(Ended::Finished);
                }
            }
            if fuse.is_blown() {
                return Ok(Ended::Died);
            }
        }
        let _ = death;
        self.point = self.remains.tape.len();
        if let Err(error) = systems::commit::stop(engine.world_mut()) {
            self.odd(0, format!("the run could not be ended: {error}"));
        }
        Ok(Ended::Finished)
    }

    /// I36: a second engine beside the first is refused by the lock.
    fn start_second(&mut self) {
        if self.plan.second_at.is_none_or(|at| at > self.point)
            || self.remains.faults.contains_key("second_engine")
        {
            return;
        }
        self.note("second_engine");
        let second = recover(start_of(&self.remains.disk, self.plan, self.config_hash));
        if !matches!(
            second,
            Err(RecoveryError::Journal(
                Error::Locked { .. } | Error::Io { .. }
            ))
        ) {
            self.odd(
                36,
                "a second engine opened the journal beside the first".to_owned(),
            );
        }
    }

    fn engine(&self, recovered: Recovered, fuse: &Fuse) -> Result<Engine, FeedError> {
        let plan = self.plan;
        let tape = &self.remains.tape;
        let now = tape.at(self.point);
        let overruns = plan.overruns.iter().filter(|one| one.at > now).copied();
        let jumps = plan.jumps.iter().filter(|one| one.at > now).copied();
        let clock = SteppedClock::new(tape.windows_after(self.point))
            .with_overruns(overruns.collect())
            .with_jumps(jumps.collect());
        let market = TapeFeed::new(Arc::clone(tape)).silent_in(plan.silences.clone());
        let market = Faulted::new(
            Box::new(market),
            plan.seed ^ self.point as u64,
            plan.feed.clone(),
        )?;
        let operators = Operators::new(plan.commands.clone());
        let (broker, execution) = self.remains.gateway.connect();
        let execution = TrueMarket::new(execution, Arc::clone(tape), Arc::clone(&self.seen));
        let epoch = recovered.run.run;
        let journal = FusedJournal {
            inner: recovered.journal,
            fuse: fuse.clone(),
        };
        let broker = FusedBroker {
            inner: broker,
            fuse: fuse.clone(),
        };
        let parts = Parts {
            config: self.config.clone(),
            calendar: Calendar::nyse(),
            clock: Box::new(Counting {
                inner: clock,
                before: recovered.last_tick,
            }),
            feeds: vec![Box::new(market), Box::new(operators)],
            execution: Some(Box::new(execution) as Box<dyn Feed>),
            broker: Box::new(broker),
            mirror: Glass::of(plan.mirror, fuse, &self.remains.mirrored)
                .map(|glass| (Box::new(glass) as _, epoch)),
            journal: Some(Box::new(journal)),
            run: recovered.run,
            ledger: recovered.ledger,
            opening: recovered.opening,
            threads: 1,
            shuffle: None,
        };
        Ok(assemble_with(parts, RandomPlugin::default())?)
    }

    /// Counts the faults that happen by themselves.
    fn note_plan(&mut self) {
        let plan = self.plan;
        for (name, count) in plan.outer_faults() {
            *self.remains.faults.entry(name).or_default() += count;
        }
    }

    /// Counts what a tick shows of the clock's faults.
    fn note_time(&mut self, tick: &Tick) {
        match tick.skipped {
            0 => {}
            1..8 => self.note("tick_overrun"),
            _ => self.note("machine_pause"),
        }
        match tick.jumped_ms {
            0 => {}
            ..0 => self.note("clock_set_back"),
            _ => self.note("clock_set_ahead"),
        }
    }

    fn note(&mut self, name: &'static str) {
        *self.remains.faults.entry(name).or_default() += 1;
    }

    fn odd(&mut self, invariant: u8, what: String) {
        self.remains.odd.push((invariant, self.point, what));
    }
}

/// Faults of a disk that end a process.
fn failures(disk: &SimulatedDisk) -> u64 {
    let faults = disk.faults();
    [
        Fault::WriteError,
        Fault::DiskFull,
        Fault::SyncFailure,
        Fault::ReadOnly,
        Fault::PowerCut,
    ]
    .iter()
    .map(|fault| faults[fault])
    .sum()
}

fn start_of(disk: &SimulatedDisk, plan: &Plan, config_hash: u64) -> Start {
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    Start {
        storage,
        header: Header {
            version: FRAME_VERSION,
            scenario: "torture".to_owned(),
            scenario_text: String::new(),
            config_text: String::new(),
            seed: plan.seed,
            run: RunStart {
                run: 0,
                program: 0,
                config: config_hash,
                account: ACCOUNT.to_owned(),
                live: false,
            },
            feeds: Vec::new(),
        },
        mode: "simulated".to_owned(),
        options: Options {
            segment_bytes: SEGMENT_BYTES,
            fill_bytes: 0,
            ..Options::default()
        },
        cash: Cash(100_000 * 10_000),
    }
}
