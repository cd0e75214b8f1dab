//! The summary of a run, as `simulate --json` prints it; its keys are a contract.

use engine::engine::Engine;
use engine::latency::Percentiles;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use systems::ingest::Counts;
use systems::ingest::refusal::Refusals;
use systems::reflection::OrderCounts;
use systems::risk::assessment::Judged;
use systems::scoring;
use wire::account::Positions;
use wire::execution::Execution;

/// What came of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// Threads of the Greeks.
    pub threads: usize,
    /// The number of the run in its journal, from 1.
    pub run: u64,
    /// The last tick of the runs that this one continues; 0 if it continues none.
    pub resumed_after: u64,
    /// Ticks that ran.
    pub ticks: u64,
    /// Seconds of the market's time, ticks that were skipped included.
    pub simulated_s: f64,
    /// Underlyings.
    pub underlyings: usize,
    /// Contracts.
    pub contracts: usize,
    /// What came in.
    pub events: Events,
    /// What strategies said.
    pub signals: Signals,
    /// What became of orders.
    pub orders: Orders,
    /// Profit after fees in USD.
    pub pnl_usd: f64,
    /// Fees in USD.
    pub fees_usd: f64,
    /// The strictest restriction of trading that stands at the end.
    pub restriction: &'static str,
    /// The digest of all ticks, in hexadecimal.
    pub digest: String,
    /// The SHA-256 of the transcript.
    pub transcript_sha256: String,
    /// Seconds that the run took.
    pub wall_s: f64,
    /// Processor seconds of all threads; null where the system does not say.
    pub cpu_s: Option<f64>,
    /// Events a second of wall time.
    pub events_per_s: f64,
    /// The most memory held, in bytes; null where the system does not say.
    pub peak_rss_bytes: Option<u64>,
    /// Ticks that took too long.
    pub overruns: u64,
    /// How long ticks, phases and systems took, in microseconds.
    pub latency_us: Latency,
    /// The most events that a tick had.
    pub inbox_peak: InboxPeak,
    /// Ticks left out because of overruns.
    pub skipped_ticks: u64,
    /// Sessions that began.
    pub sessions: u64,
    /// Trading halts that began.
    pub halts: u64,
    /// Whether a signal ended the run early.
    pub stopped: bool,
    /// What the scenario expected otherwise.
    pub unmet: Vec<String>,
    /// How fast halts of operators and limits were carried out.
    pub emergency: EmergencySummary,
    /// How orders were executed and how positions ended.
    pub execution: Execution,
    /// What is held at the end, with marks and Greeks.
    pub portfolio: Positions,
    /// The journal against the broker's own record; null without a journal.
    pub reconciliation: Option<ReconciliationSummary>,
    /// How the mirror fared; null without one.
    pub mirror: Option<MirrorSummary>,
}

/// The most events that a tick had, by lane.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct InboxPeak {
    /// From the market's feeds, listings included.
    pub market: usize,
    /// From the broker.
    pub execution: usize,
}

/// What came in.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Events {
    /// Quotes of underlyings.
    pub quotes: u64,
    /// Trades and bars of underlyings.
    pub trades: u64,
    /// Order books.
    pub book_updates: u64,
    /// Open interest of contracts.
    pub open_interest: u64,
    /// Quotes of contracts.
    pub option_quotes: u64,
    /// Trades and bars of contracts.
    pub option_trades: u64,
    /// Vendors' volatilities and sensitivities.
    pub vendor_greeks: u64,
    /// Levels of indices.
    pub index_levels: u64,
    /// What was refused at the door.
    pub refused: u64,
    /// The same by reason.
    pub refused_by_reason: BTreeMap<String, u64>,
}

/// What strategies said.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Signals {
    /// Evaluations of an underlying by a strategy inside its window.
    pub scored: u64,
    /// Signals that left.
    pub emitted: u64,
    /// Signals that did not.
    pub blocked: u64,
    /// The same by reason.
    pub blocked_by_reason: BTreeMap<String, u64>,
    /// Instruments of the books that candidates were judged on, over all judgements.
    pub positions_judged: u64,
    /// Those of them whose value at risk stood on the stand-in for a history.
    pub positions_on_stand_in: u64,
}

/// What became of orders.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Orders {
    /// Sent.
    pub submitted: u64,
    /// Filled in full.
    pub filled: u64,
    /// Cancelled or expired.
    pub cancelled: u64,
    /// Refused by the broker.
    pub rejected: u64,
    /// Decided on, entries and the legs of their brackets alike.
    pub intended: u64,
    /// Without an answer for too long, at any time of the run.
    pub unknown: u64,
    /// Executions booked.
    pub executions: u64,
    /// Reports of the broker that repeat, contradict or name what is not ours.
    pub odd_reports: u64,
    /// Signs that orders, positions or money were not what they should be.
    pub critical_errors: u64,
}

/// How long things took, in microseconds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Latency {
    /// The whole tick.
    pub tick: Quantiles,
    /// Each phase, in order.
    #[serde(serialize_with = "as_map")]
    pub phases: Vec<(String, Quantiles)>,
    /// Each system, in order.
    #[serde(serialize_with = "as_map")]
    pub systems: Vec<(String, Quantiles)>,
}

/// Percentiles in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// Measurements.
    pub n: u64,
    /// Half are not longer.
    pub p50: f64,
    /// 99 % are not longer.
    pub p99: f64,
    /// 99.9 % are not longer.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl From<Percentiles> for Quantiles {
    fn from(found: Percentiles) -> Self {
        let Percentiles {
            n,
            p50,
            p99,
            p999,
            max,
        } = found;
        Self {
            n,
            p50,
            p99,
            p999,
            max,
        }
    }
}

/// How the mirror fared.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct MirrorSummary {
    /// Batches taken.
    pub published: u64,
    /// Batches replaced by a newer one.
    pub conflated: u64,
    /// Attempts that failed.
    pub errors: u64,
    /// Whether the server answered last time.
    pub connected: bool,
    /// Commands from its stream that were handed to the engine.
    pub commands_taken: u64,
    /// Entries of its stream that were not understood, repeated or too many.
    pub commands_ignored: u64,
}

/// The journal against the broker's own record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ReconciliationSummary {
    /// Sessions compared.
    pub days: u64,
    /// Executions that both know.
    pub matched: u64,
    /// Executions that the broker had no time to report.
    pub on_their_way: u64,
    /// What differs.
    pub differences: u64,
    /// Profit of what was closed, without fees.
    pub realized_usd: f64,
    /// Fees.
    pub fees_usd: f64,
}

/// How fast halts were carried out.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct EmergencySummary {
    /// Halts after which the last opening order was gone.
    pub halts: u64,
    /// From the tick of the halt until then, the longest, in milliseconds of the market's time.
    pub longest_ms: i64,
}

impl Events {
    /// What the door counted.
    pub(crate) fn of(engine: &Engine) -> Self {
        let world = engine.world();
        let counts = *world.resource::<Counts>();
        let refusals = world.resource::<Refusals>();
        let reasons = refusals.by_reason();
        Self {
            quotes: counts.quotes,
            trades: counts.trades,
            book_updates: counts.book_updates,
            open_interest: counts.open_interest,
            option_quotes: counts.option_quotes,
            option_trades: counts.option_trades,
            vendor_greeks: counts.vendor_greeks,
            index_levels: counts.index_levels,
            refused: refusals.total(),
            refused_by_reason: named(reasons.map(|(reason, count)| (reason.name(), count))),
        }
    }
}

impl Signals {
    /// What Scoring, Dedupe and Risk counted.
    pub(crate) fn of(engine: &Engine) -> Self {
        let world = engine.world();
        let signals = world.resource::<scoring::Signals>();
        let judged = world.resource::<Judged>();
        Self {
            positions_judged: judged.positions,
            positions_on_stand_in: judged.on_stand_in,
            scored: signals.scored,
            emitted: signals.emitted,
            blocked: signals.blocked.values().sum(),
            blocked_by_reason: named(signals.blocked.iter().map(|(name, n)| (*name, *n))),
        }
    }
}

impl Orders {
    /// What became of the orders.
    pub(crate) fn of(engine: &Engine) -> Self {
        let world = engine.world();
        let orders = world.resource::<OrderCounts>();
        Self {
            submitted: orders.submitted,
            filled: orders.filled,
            cancelled: orders.cancelled,
            rejected: orders.rejected,
            intended: orders.intended,
            unknown: orders.unknown,
            executions: orders.executions,
            odd_reports: orders.odd_reports,
            critical_errors: orders.critical_errors,
        }
    }
}

/// The reasons that occurred.
fn named<'a>(reasons: impl Iterator<Item = (&'a str, u64)>) -> BTreeMap<String, u64> {
    reasons
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| (name.to_owned(), count))
        .collect()
}

/// A map that keeps the order of the list.
fn as_map<S: Serializer>(list: &[(String, Quantiles)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(list.iter().map(|(name, quantiles)| (name, quantiles)))
}
