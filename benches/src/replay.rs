//! A recorded run, decided again: a journal of a million events through the whole engine.

use crate::Failure;
use crate::measure::{Settings, Span};
use crate::report::{Figure, Value};
use crate::rig::{Extras, Rig, SEED, run_start};
use ::journal::{FileJournal, JournalReader};
use daemon::replay::engine_of;
use daemon::settings;
use engine::digest::Digest;
use engine::frame::{FRAME_VERSION, Header};
use engine::inbox::Inbox;
use std::path::Path;
use systems::commit::Recorder;

/// Events that are recorded, to the end of a tick.
const EVENTS: usize = 1_000_000;
/// The market that is recorded: a tenth of each chain is quoted anew in every tick.
const MARKET: &str = "{ underlyings: 4, contracts_per_chain: 400, requote_share: 0.1 }";

/// Records a run and replays it; every digest must come out as recorded.
pub(crate) fn run(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    let folder = tempfile::tempdir()?;
    let directory = folder.path().join("journal");
    let (events, ticks) = record(&directory)?;
    let (_, bytes) = JournalReader::open(&directory)?.bytes_read();
    let reader = JournalReader::open(&directory)?;
    let span = Span::start();
    let (mut engine, recording) = engine_of(reader, settings.threads)?;
    let (mut replayed, mut before) = (0_u64, 0);
    while let Some(tick) = engine.tick()? {
        replayed += 1;
        // A frame is written before its tick is over: it holds the digest of the tick before.
        if recording.digest_before() != before {
            return Err(format!("tick {} began otherwise than recorded", tick.number).into());
        }
        before = engine.world().resource::<Digest>().run();
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
        run: run_start(),
        feeds: vec![("market".to_owned(), 3_000), ("exchange".to_owned(), 0)],
    };
    let journal = FileJournal::create(directory, &header)?;
    let (mut engine, _) = rig.engine(Extras {
        journal: Some(Box::new(journal)),
        ..Extras::on(1)
    })?;
    let (mut events, mut ticks) = (0, 0);
    while events < EVENTS {
        engine.tick()?.ok_or("the session is too short to record")?;
        events += engine.world().resource::<Inbox>().len();
        ticks += 1;
    }
    let mut recorder = engine.world_mut().resource_mut::<Recorder>();
    recorder.finish().map_err(|error| error.to_string())?;
    Ok((events, ticks))
}
