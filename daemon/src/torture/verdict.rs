//! What a seed came to: its journal and the broker's ledger before the auditor, and what the harness
//! saw itself.

use super::day::{DayKind, Hours};
use super::plan::Plan;
use super::seed::{Remains, live};
use auditor::{AuditLimits, Evidence, Figures, Mirrored, QuoteAt, Violation, audit, same};
use components::contract::Contract;
use components::market::Ticker;
use components::order::Role;
use components::units::{Cash, Price, Timestamp};
use engine::event::EventKind;
use engine::frame::Frame;
use engine::ports::FeedError;
use engine::record::Record;
use journal::{Extent, Fault, JournalReader, Storage};
use simulator::{Fault as FeedFault, FaultCounts, FaultKind};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

/// The feed counts as stale after this, and nothing is opened.
const STALE_MS: i64 = 3_000;

/// An offset of so many percent of a price shows for certain: it is more than the band in which a
/// price may move.
const OFFSET_PERCENT: i64 = 18;

/// What a seed came to.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// The seed.
    pub seed: u64,
    /// Everything that must never be.
    pub violations: Vec<Violation>,
    /// The auditor's figures.
    pub figures: Figures,
    /// Faults, by kind; those of the broker also by the state of the order that they met.
    pub faults: FaultCounts,
    /// Ticks run.
    pub ticks: u64,
    /// Grid points lived through.
    pub points: u64,
    /// The kind of day, and the hours of it.
    pub day: Option<(DayKind, Hours)>,
    /// Processes.
    pub lives: u64,
    /// Frames that were acknowledged and are gone, disks that turn bits over left out.
    pub lost_records: u64,
    /// Whether the disk damaged the journal, so that there is nothing to audit.
    pub damaged: bool,
    /// A hash of the journal's bytes.
    pub journal_hash: u64,
    /// A hash of the broker's ledger.
    pub broker_hash: u64,
}

/// Lives through a seed and judges it.
///
/// # Errors
/// When the seed cannot be made: no fault of the engine's.
pub fn try_seed(plan: &Plan) -> Result<Verdict, FeedError> {
    Ok(judge(plan, &live(plan, false)?))
}

/// Lives through a seed twice: journal and broker must be the same to the bit (I35).
///
/// # Errors
/// As [`try_seed`].
pub fn try_twice(plan: &Plan, other: &Plan, invariant: u8) -> Result<Verdict, FeedError> {
    let one = live(plan, false)?;
    let two = live(other, false)?;
    let mut verdict = judge(plan, &one);
    let (left, right) = (hashes(&one), hashes(&two));
    if left == right {
        return Ok(verdict);
    }
    let frames = |remains: &Remains| {
        let mut frames = frames(remains).unwrap_or_default();
        if invariant == 38 {
            // The mirror has systems of its own, which decide nothing.
            frames.iter_mut().for_each(|frame| frame.systems.clear());
        }
        frames
    };
    let difference = same(invariant, frames(&one), frames(&two));
    // A journal names the mirror nowhere: what differs are decisions.
    let differs = invariant == 35 || difference.is_some() || left.1 != right.1;
    if differs {
        verdict.violations.push(difference.unwrap_or(Violation {
            invariant,
            tick: 0,
            at: plan.instant(0),
            what: format!("journal and broker are {left:x?} and {right:x?}; expected the same"),
        }));
    }
    Ok(verdict)
}

/// Judges what is left of a seed.
#[must_use]
pub fn judge(plan: &Plan, remains: &Remains) -> Verdict {
    let (journal_hash, broker_hash) = hashes(remains);
    let mut verdict = Verdict {
        seed: plan.seed,
        faults: faults(remains),
        ticks: remains.ticks,
        points: remains.tape.len() as u64,
        day: Some(plan.day),
        lives: remains.lives,
        damaged: remains.refused || remains.loss_was_seen,
        journal_hash,
        broker_hash,
        ..Verdict::default()
    };
    for (invariant, point, what) in &remains.odd {
        verdict.violations.push(Violation {
            invariant: *invariant,
            tick: *point as u64,
            at: remains.tape.at(*point),
            what: what.clone(),
        });
    }
    if verdict.damaged {
        return verdict;
    }
    verdict.lost_records = remains.lost_records;
    match frames(remains) {
        // After the last start a disk may still turn bits over.
        Err(_) if remains.disk.faults()[&Fault::BitFlip] > 0 => verdict.damaged = true,
        Err(error) => verdict.violations.push(Violation {
            invariant: 33,
            tick: 0,
            at: plan.instant(0),
            what: format!("the finished journal cannot be read: {error}"),
        }),
        Ok(frames) => {
            i24_silence(plan, &frames, &mut verdict.violations);
            let ledger = remains.gateway.ledger();
            let found = audit(frames, Some(&ledger), &limits(plan, remains));
            verdict.violations.extend(found.violations);
            verdict.figures = found.figures;
            // A start in the last seconds before a night is over in the morning: no time of ours.
            verdict.figures.recoveries.retain(|recovery| {
                let ready = recovery.stops_ms.max(recovery.reconciled_ms).unwrap_or(0);
                let ready = recovery.at.plus_millis(ready);
                let mut nights = plan.tape.grid.nights();
                !nights.any(|(from, until)| recovery.at < until && from < ready)
            });
        }
    }
    verdict
}

/// The frames of the journal, without markets.
///
/// # Errors
/// When it is damaged.
pub fn frames(remains: &Remains) -> Result<Vec<Frame>, journal::Error> {
    let storage: Arc<dyn Storage> = Arc::new(remains.disk.clone());
    let mut reader = JournalReader::open_in(storage, Extent::Everything)?;
    let mut frames = Vec::new();
    while let Some(frame) = reader.next_frame()? {
        frames.push(frame);
    }
    Ok(frames)
}

/// Hashes of the journal's bytes and of the broker's ledger.
fn hashes(remains: &Remains) -> (u64, u64) {
    let mut bytes = Vec::new();
    for name in remains.disk.list().unwrap_or_default() {
        bytes.extend(remains.disk.bytes(&name).unwrap_or_default());
    }
    let journal = engine::digest::hash(&bytes);
    let ledger = format!("{:?}", remains.gateway.ledger());
    (journal, engine::digest::hash(ledger.as_bytes()))
}

fn faults(remains: &Remains) -> FaultCounts {
    let mut counts = remains.gateway.fault_counts();
    for (fault, count) in remains.disk.faults() {
        if count > 0 {
            *counts.kinds.entry(fault.name()).or_default() += count;
        }
    }
    for (name, count) in &remains.faults {
        *counts.kinds.entry(name).or_default() += count;
    }
    counts
}

/// I24: nothing is opened on a market that has been silent for longer than its feed allows.
fn i24_silence(plan: &Plan, frames: &[Frame], violations: &mut Vec<Violation>) {
    let is_stale = |now: Timestamp| {
        let mut silences = plan.silences.iter();
        silences.any(|(from, until)| from.plus_millis(STALE_MS + 250) < now && now < *until)
    };
    for frame in frames.iter().filter(|frame| is_stale(frame.now)) {
        for record in &frame.records {
            if let Record::Intended(intent) = record
                && intent.order.role == Role::Entry
            {
                violations.push(Violation {
                    invariant: 24,
                    tick: frame.tick,
                    at: frame.now,
                    what: format!("entry {} was intended on a silent market", intent.order.id),
                });
            }
        }
    }
}

/// What the engine of a seed promises: its config in the auditor's words.
fn limits(plan: &Plan, remains: &Remains) -> AuditLimits {
    AuditLimits {
        working_orders_max: 50,
        order_contracts_max: 100,
        order_notional_max: dollars(5_000),
        premium_share_max_ppm: 250_000,
        day_loss_max: dollars(2_000),
        day_loss_share_max_ppm: 20_000,
        losing_trades_max: plan.losing_trades_max,
        last_entry_before_close_ms: plan.closing.last_entry_s * 1_000,
        expiring_flat_before_close_ms: plan.closing.flat_s * 1_000,
        calendar_until: Some(20_301_231),
        // Within a minute; the rest of the quiet time is left to notice it.
        settle_within_ms: 60_000,
        orders_per_min_max: 60,
        orders_per_day_max: 1_000,
        notional_per_min_max: dollars(100_000),
        notional_per_day_max: dollars(1_000_000),
        // What a jump of the clock stopped goes on when an operator has looked.
        clock_block_ms: 60_000,
        // The feed's silence is judged here; a quote that does not change does not age.
        quote_age_max_ms: i64::MAX,
        evidence: Evidence {
            halts: halts(remains),
            offsets: offsets(plan, remains),
            quotes: quotes(plan, remains),
            faults_end: Some(plan.faults_end()),
            mirrored: mirrored(plan, remains),
            ..Evidence::default()
        },
        ..AuditLimits::default()
    }
}

/// When the prices of underlyings were off by so much that the chain does not confirm them. Judged
/// where nothing else is wrong with the feed, else the engine may not have been shown them.
fn offsets(plan: &Plan, remains: &Remains) -> BTreeMap<Ticker, Vec<(Timestamp, Timestamp)>> {
    let mut offsets: BTreeMap<Ticker, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
    let is_offset = |fault: &FeedFault| matches!(fault.kind, FaultKind::Offset { .. });
    if !plan.feed.iter().all(is_offset) || !plan.silences.is_empty() {
        return offsets;
    }
    let prices = first_prices(remains);
    for fault in &plan.feed {
        let FaultKind::Offset { ticker, by } = fault.kind else {
            continue;
        };
        for (of, price) in &prices {
            let is_shown = by.0.saturating_mul(100) / price.0 >= OFFSET_PERCENT;
            if ticker == *of && is_shown {
                let offsets = offsets.entry(*of).or_default();
                offsets.push((fault.from, fault.until));
            }
        }
    }
    offsets
}

/// The first bid of each underlying.
fn first_prices(remains: &Remains) -> BTreeMap<Ticker, Price> {
    let mut prices = BTreeMap::new();
    let directory = remains.tape.directory();
    for event in remains.tape.between(0, 8) {
        if let EventKind::Quote { symbol, bid, .. } = event.kind
            && let Some(ticker) = directory.ticker(symbol).filter(|_| bid.is_some())
        {
            prices.entry(ticker).or_insert(bid);
        }
    }
    prices
}

/// What readers saw of the mirror, where every tick is made durable: in other runs it may show what
/// the market could tell again.
fn mirrored(plan: &Plan, remains: &Remains) -> Vec<Mirrored> {
    if !plan.config_text.contains("sync: every_tick") {
        return Vec::new();
    }
    let seen = remains.mirrored.lock();
    seen.unwrap_or_else(PoisonError::into_inner).clone()
}

fn dollars(dollars: i64) -> Cash {
    Cash(dollars * components::units::CASH_UNITS_PER_DOLLAR)
}

/// When underlyings were halted, as the market had it.
fn halts(remains: &Remains) -> BTreeMap<Ticker, Vec<(Timestamp, Option<Timestamp>)>> {
    let mut halts: BTreeMap<Ticker, Vec<(Timestamp, Option<Timestamp>)>> = BTreeMap::new();
    let directory = remains.tape.directory();
    for event in remains.tape.between(0, remains.tape.len()) {
        match event.kind {
            EventKind::Halted { symbol } => {
                if let Some(ticker) = directory.ticker(symbol) {
                    let halts = halts.entry(ticker).or_default();
                    halts.push((event.received, None));
                }
            }
            EventKind::Resumed { symbol } => {
                let ticker = directory.ticker(symbol);
                let last = ticker.and_then(|ticker| halts.get_mut(&ticker)?.last_mut());
                if let Some((_, until)) = last {
                    *until = Some(event.received);
                }
            }
            _ => {}
        }
    }
    halts
}

/// The quotes that the engine was shown, where its feed was whole.
fn quotes(plan: &Plan, remains: &Remains) -> BTreeMap<Contract, Vec<QuoteAt>> {
    let mut quotes: BTreeMap<Contract, Vec<QuoteAt>> = BTreeMap::new();
    if !plan.feed.is_empty() || !plan.silences.is_empty() {
        return quotes;
    }
    let directory = remains.tape.directory();
    for event in remains.tape.between(0, remains.tape.len()) {
        if let EventKind::OptionQuote {
            contract, bid, ask, ..
        } = event.kind
            && let Some(listed) = directory.listed(contract)
            && let Some(underlying) = directory.ticker(listed.symbol)
        {
            let contract = Contract {
                underlying,
                terms: listed.terms,
            };
            quotes.entry(contract).or_default().push(QuoteAt {
                at: event.received,
                bid,
                ask,
            });
        }
    }
    quotes
}
