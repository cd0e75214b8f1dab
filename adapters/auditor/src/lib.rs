//! Checks a finished journal against the engine's invariants, from outside.
//!
//! A second program on purpose: it reads journal frames and, where there is one, the broker's own
//! ledger, and shares the words of both with the engine and nothing else. It folds what was said
//! and decided into a model of its own and asks of every frame whether what the engine did was
//! allowed.
//! In production the same check runs over a journal alone.
//!
//! The model is the plain reading of the journal: where the engine may be stricter the model is
//! lenient, so that an honest history never has a violation. Time is linear in the frames.
//!
//! | invariant | checked by | what it rests on |
//! |---|---|---|
//! | I1 durable intent | `i1_intended`, `i1_i13_change` | journal, broker's ledger |
//! | I2 one live opening | `i2_one_live_opening`; `i2_one_live_there` | journal; broker's ledger |
//! | I3 numbers rise | `i3_numbers_rise`, `i3_next_number` | journal |
//! | I4 fills rise, over is over | `i4_over_is_over`, `i4_fills_only_rise` | journal; what was filled shows when a session begins |
//! | I5 executions once | `i5_positions_are_sums`, `i5_reconciled`, `i5_positions_carried`; `i5_executions`, `i5_positions` | journal; broker's ledger |
//! | I6 fees and profit | `i6_charges_are_kept`, `i6_i23_money`; `i6_fees` | journal; broker's ledger |
//! | I7 unknown orders | `i7_evidence`, `i2_one_live_opening`, `i14_worst_case`, `i7_i8_nothing_forgotten`; `i7_never_there` | journal; broker's ledger |
//! | I8 cancelling frees nothing | `i14_worst_case`, `i7_i8_nothing_forgotten` | journal, limits |
//! | I9 leaving and intended | `i9_once`, `i9_ceilings` | broker's ledger, limits |
//! | I10 limit, collar | `i10_limit` | journal; the collar: quotes |
//! | I11 grid, quantity, expiry | `i11_shape`, `i11_contract_lives` | journal |
//! | I12 rates, cancels first | `i12_rates`, `i12_cancels_first` | broker's ledger |
//! | I13 others' orders | `i1_i13_change`, `i13_cancel`; in exposure: `i14_worst_case` | broker's ledger; journal |
//! | I14 worst case | `i14_worst_case`, `i14_size` | journal, limits; no Greeks, no scenarios |
//! | I15 day loss | `i15_day_loss` | journal, limits; quotes where something is held |
//! | I16 counters | `i16_counters_continue`, `i16_losing_trades` | journal |
//! | I17 halted | `i17_nothing_opens`, `i17_nothing_leaves`, `i17_entries_called_back` | journal |
//! | I18 lifting | `i18_lifted_by_command`, `i18_latches_carried` | journal |
//! | I19 no naked short | `i19_covered` | journal |
//! | I20 protection | `i20_protected` | journal; the figures: broker's ledger too |
//! | I21 stops rise | `i21_stop_rises`, `i21_change_rises` | journal |
//! | I22 refusals | `i22_paused`, `i22_pause_comes`, `i22_pauses_carried` | journal |
//! | I23 exact sums | `i23_sums`, `i6_i23_money` | journal |
//! | I24 fresh data | `i24_fresh` | quotes |
//! | I26 confirmed prices | `i26_confirmed` | when prices were off |
//! | I27 clock jumps | `i27_anchored` | journal; no record says that the clock was anchored |
//! | I28 windows | `i28_window` | journal, limits |
//! | I29 calendar | `i29_calendar` | journal, limits |
//! | I30 halted underlyings | `i30_halted` | halts |
//! | I31 expiring positions | `i31_expiring` | journal, limits |
//! | I32 nothing lost | `i32_nothing_lost` | numbers of the caller |
//! | I34 restarts | `i34_no_trace`, `i34_reconciled_first`; two runs: [`same`] | journal |
//! | I35 same input, same journal | [`same`] | two journals |
//! | I36 one engine | `i36_one_writer`, `i36_runs_follow`; `i36_one_client` | journal; broker's ledger |
//! | I37 mirror | `i37_mirror_follows` | what readers saw |
//! | I45 interlock | `i45_interlock`, `i45_right_account` | journal; two of the four facts |
//! | I46 bounds | `i46_bounded` | peaks of the caller |
//! | I47 liveness | `i47_settled` | journal, the end of the faults |
//!
//! Not to be judged from outside: I25 (what the door refused is in no frame), I33 (the reader's own
//! tests), I38 (two runs with and without the mirror: [`same`]), I39 to I44 (what is distributed is
//! in no frame).

mod checks;
mod figures;
mod found;
mod limits;
mod model;
mod walk;

pub use figures::{Figures, Halt, Recovery, Unprotected};
pub use limits::{AuditLimits, Evidence, Mirrored, QueuePeak, QuoteAt};

use components::units::Timestamp;
use engine::frame::Frame;
use serde::Serialize;
use simulator::BrokerLedger;
use std::collections::BTreeMap;
use std::fmt;
use walk::Walk;

/// Something that must never be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The number of the invariant: 7 is I7.
    pub invariant: u8,
    /// The tick of the frame in which it shows; of what the broker saw, the frame before that.
    pub tick: u64,
    /// When it shows.
    pub at: Timestamp,
    /// What is wrong, with order, contract and what was expected.
    pub what: String,
}

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Everything that must never be, in the order in which it was found.
    pub violations: Vec<Violation>,
    /// How often each invariant was checked, by its number. What is not here could not be judged.
    pub judged: BTreeMap<u8, u64>,
    /// Counts and times.
    pub figures: Figures,
}

/// The invariants that [`audit`] checks, by number, in a few words.
pub const INVARIANTS: [(u8, &str); 36] = [
    (1, "durable intent"),
    (2, "one live opening"),
    (3, "numbers rise"),
    (4, "fills rise, over is over"),
    (5, "executions once"),
    (6, "fees and profit"),
    (7, "unknown orders"),
    (8, "cancelling frees nothing"),
    (9, "leaving and intended"),
    (10, "limit, collar"),
    (11, "grid, quantity, expiry"),
    (12, "rates, cancels first"),
    (13, "others' orders"),
    (14, "worst case"),
    (15, "day loss"),
    (16, "counters"),
    (17, "halted"),
    (18, "lifting"),
    (19, "no naked short"),
    (20, "protection"),
    (21, "stops rise"),
    (22, "refusals"),
    (23, "exact sums"),
    (24, "fresh data"),
    (27, "clock jumps"),
    (28, "windows"),
    (29, "calendar"),
    (30, "halted underlyings"),
    (31, "expiring positions"),
    (32, "nothing lost"),
    (34, "restarts"),
    (36, "one engine"),
    (37, "mirror"),
    (45, "interlock"),
    (46, "bounds"),
    (47, "liveness"),
];

/// Checks the frames of a journal, in their order, against `limits` and, where it is there, against
/// the broker's ledger.
///
/// # Examples
/// ```
/// use auditor::{AuditLimits, audit};
/// let audit = audit(Vec::new(), None, &AuditLimits::default());
/// assert!(audit.violations.is_empty());
/// ```
#[must_use]
pub fn audit(
    frames: impl IntoIterator<Item = Frame>,
    broker: Option<&BrokerLedger>,
    limits: &AuditLimits,
) -> Audit {
    let mut walk = Walk::new(limits);
    for frame in frames {
        walk.step(&frame);
    }
    walk.finish(broker)
}

/// The first difference between the frames of two runs that should be equal: after a restart (I34),
/// of the same seed and input (I35), with and without a mirror (I38). `None` if there is none.
#[must_use]
pub fn same(
    invariant: u8,
    one: impl IntoIterator<Item = Frame>,
    other: impl IntoIterator<Item = Frame>,
) -> Option<Violation> {
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    loop {
        let (left, right) = (one.next(), other.next());
        if left == right {
            left.as_ref()?;
            continue;
        }
        let (tick, at) = left.as_ref().or(right.as_ref()).map(|f| (f.tick, f.now))?;
        return Some(Violation {
            invariant,
            tick,
            at,
            what: difference(left.as_ref(), right.as_ref()),
        });
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            invariant,
            tick,
            at,
            what,
        } = self;
        write!(f, "I{invariant} tick {tick} {at}: {what}")
    }
}

fn difference(left: Option<&Frame>, right: Option<&Frame>) -> String {
    let (Some(left), Some(right)) = (left, right) else {
        let which = if left.is_some() { "second" } else { "first" };
        return format!("the {which} journal ends here; expected a frame in both");
    };
    let parts = [
        (
            "tick or instant",
            (left.tick, left.now) != (right.tick, right.now),
        ),
        (
            "session",
            left.session != right.session || left.opens_session != right.opens_session,
        ),
        ("skipped grid points", left.skipped != right.skipped),
        ("reports", left.reports != right.reports),
        ("records", left.records != right.records),
        ("digests of systems", left.systems != right.systems),
        (
            "digest of the run",
            left.digest_before != right.digest_before,
        ),
    ];
    let wrong: Vec<&str> = parts
        .iter()
        .filter(|(_, differs)| *differs)
        .map(|(p, _)| *p)
        .collect();
    format!(
        "the journals differ in {}; expected equal frames",
        wrong.join(", ")
    )
}
