//! Whole ticks through every system, with each system's and each phase's share.
//!
//! The synthetic market prices its own chains inside the tick. What that takes is no work of the
//! engine: `tick/N_contracts` leaves it out, `…/with_market` has it in. `…/cpu` is the processor
//! time of all threads for the tick without the market: what the wall clock would show on one idle
//! core, whoever else is on the machine.

use crate::Failure;
use crate::measure::{Durations, Settings, Span, process_cpu};
use crate::report::Figure;
use crate::rig::{Extras, MarketTime, Rig};
use daemon::resources::{Stopwatch, peak_rss_bytes};
use engine::directory::Directory;
use engine::engine::Engine;
use engine::inbox::Inbox;
use systems::greeks::Work;

/// How large a market is and how long it is watched.
pub(crate) struct Size {
    /// Where its contracts do not say it well enough.
    name: Option<&'static str>,
    underlyings: u32,
    contracts_per_chain: u32,
    /// Share of each chain that is re-quoted every tick; 0 for what moved.
    requote_share: f64,
    warm_up: usize,
    ticks: usize,
    ticks_quick: usize,
}

/// A live watchlist.
pub(crate) const SMALL: Size = Size {
    name: None,
    underlyings: 4,
    contracts_per_chain: 500,
    requote_share: 0.0,
    warm_up: 400,
    ticks: 8_000,
    ticks_quick: 2_000,
};

/// A wide watchlist.
pub(crate) const MEDIUM: Size = Size {
    name: None,
    underlyings: 20,
    contracts_per_chain: 1_000,
    requote_share: 0.1,
    warm_up: 40,
    ticks: 1_000,
    ticks_quick: 200,
};

/// The watchlist that all analytics run on, with 20,026 contracts.
pub(crate) const WATCHLIST: Size = Size {
    name: Some("tick/19_symbols_20000_contracts"),
    underlyings: 19,
    contracts_per_chain: 1_054,
    requote_share: 0.1,
    warm_up: 40,
    ticks: 1_000,
    ticks_quick: 200,
};

/// The burst that the engine was built for.
pub(crate) const LARGE: Size = Size {
    name: None,
    underlyings: 50,
    contracts_per_chain: 2_000,
    requote_share: 0.1,
    warm_up: 20,
    ticks: 400,
    ticks_quick: 100,
};

/// Every listed option.
pub(crate) const WHOLE_MARKET: Size = Size {
    name: None,
    underlyings: 800,
    contracts_per_chain: 2_000,
    requote_share: 0.1,
    warm_up: 11,
    ticks: 24,
    ticks_quick: 24,
};

/// Measures the ticks of a market.
pub(crate) fn run(settings: &Settings, size: &Size) -> Result<Vec<Figure>, Failure> {
    let contracts = size.underlyings * size.contracts_per_chain;
    let by_contracts = || format!("tick/{contracts}_contracts");
    let name = size.name.map_or_else(by_contracts, str::to_owned);
    let market = format!(
        "{{ underlyings: {}, contracts_per_chain: {}, requote_share: {:?} }}",
        size.underlyings, size.contracts_per_chain, size.requote_share
    );
    let (mut engine, market_time) =
        Rig::new(&name, &market)?.engine(Extras::on(settings.threads))?;
    for _ in 0..size.warm_up {
        engine
            .tick()?
            .ok_or("the session is too short to warm up")?;
    }
    engine.reset_latency();
    let ticks = settings.times(size.ticks, size.ticks_quick);
    let measured = measure(&mut engine, &market_time, ticks)?;
    let listed = engine.world().resource::<Directory>().contracts_len();
    let note = format!(
        "{ticks} ticks, {} threads, {listed} contracts; a tick had {:.0} events and valued {:.0} \
         pairs; {:.1} MB at most in the process so far",
        settings.threads,
        measured.events as f64 / ticks as f64,
        measured.pairs as f64 / ticks as f64,
        peak_rss_bytes().unwrap_or(0) as f64 / 1e6,
    );
    let (wall_s, cpu_s) = measured.spent;
    let mut figures = vec![
        Figure::new(&name, "us", measured.own.percentiles())
            .spent(wall_s, cpu_s)
            .note(note),
        Figure::new(format!("{name}/cpu"), "us", measured.cpu.percentiles()),
        Figure::new(
            format!("{name}/with_market"),
            "us",
            measured.whole.percentiles(),
        ),
    ];
    let latency = engine.latency();
    for (phase, found) in latency.phases() {
        figures.push(Figure::new(
            format!("{name}/phase/{}", phase.name()),
            "us",
            found,
        ));
    }
    for (system, found) in latency.systems() {
        figures.push(Figure::new(format!("{name}/system/{system}"), "us", found));
    }
    Ok(figures)
}

struct Measured {
    /// Without the market.
    own: Durations,
    /// Processor time without the market.
    cpu: Durations,
    whole: Durations,
    events: usize,
    pairs: usize,
    spent: (f64, f64),
}

fn measure(
    engine: &mut Engine,
    market_time: &MarketTime,
    ticks: usize,
) -> Result<Measured, Failure> {
    let (mut own, mut whole) = (Durations::new()?, Durations::new()?);
    let mut cpu = Durations::new()?;
    let (mut events, mut pairs) = (0, 0);
    let span = Span::start();
    for _ in 0..ticks {
        let before = market_time.read();
        let cpu_before = process_cpu();
        let watch = Stopwatch::start();
        engine.tick()?.ok_or("the session is too short")?;
        let took = watch.elapsed();
        let cpu_took = process_cpu() - cpu_before;
        let market = market_time.read();
        whole.record(took);
        own.record(took.saturating_sub(market.wall - before.wall));
        cpu.record(cpu_took.saturating_sub(market.cpu - before.cpu));
        events += engine.world().resource::<Inbox>().len();
        pairs += engine.world().resource::<Work>().pairs();
    }
    Ok(Measured {
        own,
        cpu,
        whole,
        events,
        pairs,
        spent: span.end(),
    })
}
