//! What a tick costs when its twelve systems do nothing.

use crate::Failure;
use crate::measure::{Durations, Settings, Span};
use crate::report::Figure;
use daemon::resources::Stopwatch;
use engine::calendar::Calendar;
use engine::clock::{SteppedClock, Window};
use engine::config::Layers;
use engine::engine::{Engine, Setup};
use engine::phase::Phase;

/// Ticks between two readings of the clock, so that reading it is not what is measured.
const TOGETHER: u32 = 10;

fn nothing<const N: usize>() {}

/// Ticks of twelve empty systems; each figure is the mean of ten ticks.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    let session = Calendar::nyse()
        .session(jiff::civil::date(2026, 3, 2))
        .ok_or("2026-03-02 has no session")?;
    let mut engine = Engine::new(Setup {
        config: Layers::new("{}").load()?,
        clock: Box::new(SteppedClock::new(vec![Window::whole(session)])),
        shuffle: None,
    });
    engine
        .add(Phase::Ingest, nothing::<0>)
        .add(Phase::Greeks, nothing::<1>)
        .add(Phase::Vpin, nothing::<2>)
        .add(Phase::Exposure, nothing::<3>)
        .add(Phase::Imbalance, nothing::<4>)
        .add(Phase::Positions, nothing::<5>)
        .add(Phase::Scoring, nothing::<6>)
        .add(Phase::Dedupe, nothing::<7>)
        .add(Phase::Risk, nothing::<8>)
        .add(Phase::Dispatch, nothing::<9>)
        .add(Phase::Mirror, nothing::<10>)
        .add(Phase::Mirror, nothing::<11>);
    engine.initialize()?;
    for _ in 0..1_000 {
        engine.tick()?;
    }
    engine.reset_latency();
    let mut durations = Durations::new()?;
    let span = Span::start();
    for _ in 0..settings.times(9_000, 5_000) {
        let watch = Stopwatch::start();
        for _ in 0..TOGETHER {
            engine.tick()?.ok_or("the session is too short")?;
        }
        durations.record(watch.elapsed() / TOGETHER);
    }
    let (wall_s, cpu_s) = span.end();
    let name = "tick/empty_12_systems";
    Ok(vec![
        Figure::new(name, "us", durations.percentiles())
            .spent(wall_s, cpu_s)
            .note("the whole of Engine::tick with 12 probes, the mean of 10 ticks each"),
        Figure::new(
            format!("{name}/measured_inside"),
            "us",
            engine.latency().tick(),
        ),
    ])
}
