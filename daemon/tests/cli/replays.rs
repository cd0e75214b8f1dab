//! Replays: of whole journals, of changed ones, of torn and damaged ones.

use crate::runs::{Place, SCENARIO, replay};
use daemon::replay::engine_of;
use engine::frame::Header;
use engine::ports::Journal;
use journal::{FileJournal, JournalReader, RecordedTick, segment_name};
use serde_json::Value;
use std::path::Path;

/// Copies a journal tick by tick through `change`.
fn rewrite(from: &Path, to: &Path, mut change: impl FnMut(&mut RecordedTick)) {
    let reader = JournalReader::open(from).unwrap();
    let header: Header = reader.header().clone();
    let mut copy = FileJournal::create(to, &header).unwrap();
    for tick in reader {
        let mut tick = tick.unwrap();
        change(&mut tick);
        copy.append(&tick.frame, &tick.market).unwrap();
    }
    copy.commit().unwrap();
}

#[test]
fn a_replay_names_the_first_tick_and_system_that_differ() {
    let place = Place::with(SCENARIO);
    let journal = place.path("journal");
    place
        .simulate(&["--journal", journal.to_str().unwrap()])
        .json();
    let changed = place.path("changed");
    let (engine, _) = engine_of(JournalReader::open(&journal).unwrap(), 1).unwrap();
    let systems = engine.latency().systems();
    let names: Vec<_> = systems.map(|(name, _)| name.to_owned()).collect();
    let first = names
        .iter()
        .position(|name| name == "exposure::sum_exposures");
    let first = first.unwrap();
    assert!(first > 0 && first + 1 < names.len());
    rewrite(&journal, &changed, |tick| {
        let frame = &mut tick.frame;
        assert_eq!(frame.systems.len(), names.len());
        if frame.tick == 700 {
            frame.systems[first..]
                .iter_mut()
                .for_each(|digest| *digest ^= 1);
        }
    });
    let run = replay(&changed);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr
            .contains("tick 700, phase exposure, system exposure::sum_exposures: the digest was "),
        "{}",
        run.stderr
    );
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(found["first_difference"]["tick"], 700);
    assert_eq!(found["first_difference"]["system"], names[first]);
    assert_eq!(found["equal"], false);
    let unheard = place.path("unheard");
    rewrite(&journal, &unheard, |tick| {
        if tick.frame.tick == 900 {
            tick.market.clear();
        }
    });
    let run = replay(&unheard);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr
            .contains("differs first in tick 900, phase ingest, system ingest::take_in: "),
        "{}",
        run.stderr
    );
}

#[test]
fn a_replay_names_the_tick_whose_decision_or_digest_differs() {
    let place = Place::with(SCENARIO);
    let journal = place.path("journal");
    place
        .simulate(&["--journal", journal.to_str().unwrap()])
        .json();
    // A frame is durable before its tick is over: what the tick came to stands in the next.
    let chained = place.path("chained");
    rewrite(&journal, &chained, |tick| {
        tick.frame.digest_before ^= u64::from(tick.frame.tick == 40);
    });
    let run = replay(&chained);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr
            .contains("first in tick 39: the run's digest was "),
        "{}",
        run.stderr
    );
    let undecided = place.path("undecided");
    let mut left_out = None;
    rewrite(&journal, &undecided, |tick| {
        if left_out.is_none() {
            left_out = tick.frame.records.pop();
        }
    });
    assert!(left_out.is_some(), "nothing was decided");
    let run = replay(&undecided);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("first in tick 1: decision ")
            && run.stderr.contains("recorded nothing"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_torn_journal_replays_to_its_tear_and_a_damaged_one_is_refused() {
    let place = Place::with(SCENARIO);
    let journal = place.path("journal");
    let flag = journal.to_str().unwrap();
    place.simulate(&["--journal", flag]).json();
    let twice = place.simulate(&["--journal", flag]);
    assert_eq!(twice.code, Some(1));
    assert!(
        twice.stderr.contains("never overwritten"),
        "{}",
        twice.stderr
    );
    // The first segment ends where the day begins; behind the last frame are zeros.
    let file = journal.join(segment_name(2));
    let mut whole = std::fs::read(&file).unwrap();
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    whole.truncate(end);
    std::fs::write(&file, &whole[..end - 5]).unwrap();
    let torn = replay(&journal);
    assert!(torn.stderr.contains("torn"), "{}", torn.stderr);
    // What was not made durable yet is one batch: it is cut as a whole.
    let ticks = torn.json()["ticks"].as_u64().unwrap();
    assert!((1..2400).contains(&ticks), "{ticks} ticks are left");
    let mut damaged = whole;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x10;
    std::fs::write(&file, &damaged).unwrap();
    let run = replay(&journal);
    assert_eq!(run.code, Some(78));
    assert!(run.stderr.contains("damaged at byte"), "{}", run.stderr);
    assert_eq!(replay(&place.path("nowhere")).code, Some(1));
}
