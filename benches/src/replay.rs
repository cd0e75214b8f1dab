//! A recorded run, decided again: a journal of a million events through the whole engine.

use crate::Failure;
use crate::measure::{Settings, Span};
use crate::report::{Figure, Value};
use crate::rig::{Extras, Rig, SEED};
use ::journal::{FileJournal, JournalReader};
use daemon::replay::engine_of;
use daemon::settings;
use engine::digest::Digest;
use engine::frame::{FRAME_VERSION, Header};
use engine::inbox::Inbox;
use std::path::Path;

/// Events that are recorded, to the end of a tick.
const EVENTS: usize = 1_000_000;
/// The market that is recorded: a tenth of each chain is quoted anew in every tick.
const MARKET: &str = "{ underlyings: 4, contracts_per_chain: 400, requote_share: 0.1 }";

/// Records a run and replays it; every digest must come out as recorded.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    let folder = tempfile::tempdir()?;
    let directory = folder.path().join("journal");
    let (events, ticks) = record(&directory)?;
    let bytes = std::fs::metadata(directory.join(::journal::FILE_NAME))?.len();
    let reader = JournalReader::open(&directory)?;
    let span = Span::start();
    let (mut engine, recording) = engine_of(reader, settings.threads)?;
    let mut replayed = 0_u64;
    while let Some(tick) = engine.tick()? {
        replayed += 1;
        let found = engine.world().resource::<Digest>().run();
        if recording.digest() != found {
            return Err(format!("tick {} came out otherwise than recorded", tick.number).into());
        }
    }
    let (wall_s, cpu_s) = span.end();
    if replayed != ticks {
        return Err(format!("{replayed} of {ticks} ticks were replayed").into());
    }
    let rate = events as f64 / wall_s.max(1e-9);
    let value = Value::Throughput {
        threads: settings.threads,
        n: 1,
        median: rate,
        median_wall: rate,
    };
    let note = format!(
        "{events} events in {ticks} ticks, {:.1} MB of journal read, every digest as recorded",
        bytes as f64 / 1e6
    );
    let figure = Figure::new("replay/1000000_events", "events_per_s", value);
    Ok(vec![figure.spent(wall_s, cpu_s).note(note)])
}

/// Records a run until a million events are in the journal.
fn record(directory: &Path) -> Result<(usize, u64), Failure> {
    let rig = Rig::new("replay/1000000_events", MARKET)?;
    let header = Header {
        version: FRAME_VERSION,
        scenario: "bench".to_owned(),
        scenario_text: rig.text.clone(),
        config_text: settings::as_text(&rig.config),
        seed: SEED,
        feeds: vec![("market".to_owned(), 3_000), ("exchange".to_owned(), 0)],
    };
    let journal = FileJournal::create(directory, &header)?;
    let (mut engine, _) = rig.engine(Extras {
        threads: 1,
        mirror: None,
        journal: Some(Box::new(journal)),
    })?;
    let (mut events, mut ticks) = (0, 0);
    while events < EVENTS {
        engine.tick()?.ok_or("the session is too short to record")?;
        events += engine.world().resource::<Inbox>().len();
        ticks += 1;
    }
    engine.finish()?;
    Ok((events, ticks))
}
