//! State on its way to Redis: what it costs the tick, and what it costs the mirror's own thread.
//!
//! Every symbol changes in every tick and the bench waits for each write, so that no batch is
//! conflated with the next and a write shows all of one batch.

use crate::Failure;
use crate::measure::{Durations, Settings, Span};
use crate::report::Figure;
use crate::rig::{Extras, Rig};
use engine::phase::Phase;
use engine::ports::{Mirror, MirrorReport, NoMirror};
use redis_mirror::testing::RedisServer;
use redis_mirror::{RedisMirror, WriteCost};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use wire::Batch;

/// Looks at a write before it is given up, 20 µs apart: 2 s.
const LOOKS: u32 = 100_000;

/// A mirror that both the engine and the bench hold.
#[derive(Clone)]
struct Shared(Arc<Mutex<RedisMirror>>);

impl Shared {
    fn cost(&self) -> WriteCost {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).cost()
    }
}

impl Mirror for Shared {
    fn publish(&mut self, batch: &mut Batch) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .publish(batch);
    }

    fn report(&self) -> MirrorReport {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .report()
    }

    fn finish(&mut self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .finish();
    }
}

/// Measures ticks with `symbols` symbols that all change.
pub(crate) fn run(settings: &Settings, symbols: u32) -> Result<Vec<Figure>, Failure> {
    let name = format!("mirror/{symbols}_symbols");
    let has_server = Command::new("redis-server")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let server = has_server.then(RedisServer::start);
    let shared = server
        .as_ref()
        .map(|server| shared(&server.url()))
        .transpose()?;
    let mirror: Box<dyn Mirror> = match &shared {
        Some(shared) => Box::new(shared.clone()),
        None => Box::new(NoMirror::default()),
    };
    // Trades so dense that hardly a symbol stands still for a tick.
    let market =
        format!("{{ underlyings: {symbols}, contracts_per_chain: 10, trades_per_day: 300000 }}");
    let (mut engine, _) = Rig::new(&name, &market)?.engine(Extras {
        mirror: Some(mirror),
        ..Extras::on(settings.threads)
    })?;
    let mut writes = Durations::new()?;
    let (mut ticks, mut commands) = (0, 0);
    let warm_up = 20;
    let span = Span::start();
    for tick in 0..warm_up + settings.times(400, 100) {
        if tick == warm_up {
            engine.reset_latency();
        }
        let before = shared.as_ref().map(|shared| shared.cost().writes);
        engine.tick()?.ok_or("the session is too short")?;
        ticks += 1;
        if let Some((shared, before)) = shared.as_ref().zip(before) {
            let cost = written(shared, before).ok_or("Redis did not take a batch in 2 s")?;
            if tick >= warm_up {
                writes.record(Duration::from_nanos(cost.last_nanos));
                commands += cost.last_commands;
            }
        }
    }
    let (wall_s, cpu_s) = span.end();
    let (_, on_tick) = engine
        .latency()
        .phases()
        .find(|(phase, _)| *phase == Phase::Mirror)
        .ok_or("the engine has no mirror")?;
    let note = format!(
        "the phase mirror of {} ticks, building the batch included",
        on_tick.n
    );
    let mut figures = vec![
        Figure::new(&name, "us", on_tick)
            .spent(wall_s, cpu_s)
            .note(note),
    ];
    for (system, found) in engine.latency().systems() {
        if system.starts_with("mirror") || system.contains("show_") {
            figures.push(Figure::new(format!("{name}/system/{system}"), "us", found));
        }
    }
    if shared.is_some() {
        let mean = commands as f64 / f64::from(ticks - 20).max(1.0);
        let note = format!("{mean:.0} commands a write, to a server on this machine over TCP");
        let found = writes.percentiles();
        figures.push(Figure::new(format!("{name}/write"), "us", found).note(note));
    }
    Ok(figures)
}

fn shared(url: &str) -> Result<Shared, Failure> {
    let settings = redis_mirror::Settings {
        write_interval_ms_min: 0,
        response_timeout_ms: 2_000,
        ..redis_mirror::Settings::default()
    };
    let mirror = RedisMirror::new(url, settings)?;
    Ok(Shared(Arc::new(Mutex::new(mirror))))
}

/// The cost of the write after `before` writes, once it has arrived.
fn written(shared: &Shared, before: u64) -> Option<WriteCost> {
    for _ in 0..LOOKS {
        let cost = shared.cost();
        if cost.writes > before {
            return Some(cost);
        }
        std::thread::sleep(Duration::from_micros(20));
    }
    None
}
