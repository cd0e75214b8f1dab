//! What the program itself writes into a transcript, in a run and in its replay alike: what it
//! begins with, a digest of all columns every five minutes, and the counts at its end.

use super::summary::{Events, Orders, Signals};
use crate::settings;
use engine::config::ConfigError;
use engine::digest::Digest;
use engine::engine::Engine;
use engine::transcript::Transcript;
use std::collections::BTreeMap;
use std::fmt::Write;
use systems::positions::Account;

/// Ticks between two digests.
const DIGEST_EVERY: u64 = 1_200;

/// Begins a transcript with everything that its lines are a function of.
///
/// # Errors
/// If the config does not survive the way through a journal.
pub(crate) fn begin(engine: &mut Engine, scenario: &str, seed: u64) -> Result<(), ConfigError> {
    // As a journal has it, so that a replay begins with the same line.
    let config = settings::from_text(&settings::as_text(engine.config()))?.hash();
    transcribe(
        engine,
        &format!("scenario {scenario} seed {seed} config {config:016x}"),
    );
    Ok(())
}

/// Writes the digest every now and then; `ticks` is how many have run.
pub(crate) fn after_tick(engine: &mut Engine, ticks: u64) {
    if ticks.is_multiple_of(DIGEST_EVERY) {
        let digest = engine.world().resource::<Digest>().run();
        transcribe(engine, &format!("digest tick {ticks} {digest:016x}"));
    }
}

/// Ends a transcript with what was counted.
pub(crate) fn end(engine: &mut Engine, ticks: u64) {
    for line in closing(engine, ticks) {
        transcribe(engine, &line);
    }
}

fn closing(engine: &Engine, ticks: u64) -> [String; 5] {
    let world = engine.world();
    let digest = world.resource::<Digest>().run();
    let account = world.resource::<Account>();
    let (events, signals, orders) = (Events::of(engine), Signals::of(engine), Orders::of(engine));
    [
        format!("end ticks {ticks} digest {digest:016x}"),
        format!(
            "events quotes {} trades {} books {} index_levels {} option_quotes {} option_trades {} \
             vendor_greeks {} open_interest {} refused {}{}",
            events.quotes,
            events.trades,
            events.book_updates,
            events.index_levels,
            events.option_quotes,
            events.option_trades,
            events.vendor_greeks,
            events.open_interest,
            events.refused,
            reasons(&events.refused_by_reason),
        ),
        format!(
            "signals scored {} emitted {} blocked {}{}",
            signals.scored,
            signals.emitted,
            signals.blocked,
            reasons(&signals.blocked_by_reason),
        ),
        format!(
            "orders submitted {} filled {} cancelled {} rejected {}",
            orders.submitted, orders.filled, orders.cancelled, orders.rejected
        ),
        format!(
            "result pnl_usd {:.2} fees_usd {:.2}",
            account.profit().dollars(),
            account.fees.dollars()
        ),
    ]
}

fn reasons(counts: &BTreeMap<String, u64>) -> String {
    let mut text = String::new();
    for (reason, count) in counts {
        let _ = write!(text, " {reason}={count}");
    }
    text
}

pub(super) fn transcribe(engine: &mut Engine, line: &str) {
    let mut transcript = engine.world_mut().resource_mut::<Transcript>();
    transcript.plain(format_args!("{line}"));
}
