//! Faults of the line to the broker and of what it says: their kinds, rates, script and counts.
//!
//! Each kind has a rate of its own, a chance at each opportunity or a number per hour, and can be
//! scripted at an instant. All draws come from named streams of one seed, a stream for each kind.

use crate::error::Error;
use components::units::Timestamp;
use engine::random::Stream;
use std::collections::BTreeMap;

/// How often a fault can happen per hour at most.
const PER_HOUR_MAX: f64 = 10_000.0;
/// Of so many kinds about one is on in a drawn plan.
const DRAWN_ONE_IN: u64 = 4;

/// What a rate counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A chance, 0 to 1, at each new order that arrives.
    Submission,
    /// A chance at each stop of a bracket that arrives.
    StopLeg,
    /// A chance at each modification that arrives.
    Modification,
    /// A chance at each cancellation that ends an order.
    Cancellation,
    /// A chance at each message that arrives.
    Message,
    /// A chance at each report about an order that leaves.
    Report,
    /// A chance at each acknowledgement that leaves.
    Acknowledgement,
    /// A chance at each execution of an order of the engine.
    Execution,
    /// A chance at each execution that leaves an order unfinished.
    Partial,
    /// A chance at each execution of an order that has siblings.
    LegFill,
    /// A chance at each connection.
    Connection,
    /// A chance at each query.
    Query,
    /// A number per hour, 0 to 10,000.
    Hour,
}

macro_rules! faults {
    ($($(#[$doc:meta])* $kind:ident $name:literal $basis:ident,)*) => {
        /// What goes wrong between the engine and the broker.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum GatewayFault {
            $($(#[$doc])* $kind,)*
        }

        impl GatewayFault {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The name in scripts and counts.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// What its rate counts against.
            #[must_use]
            pub fn basis(self) -> Basis {
                match self {
                    $(Self::$kind => Basis::$basis,)*
                }
            }
        }
    };
}

faults! {
    /// The line drops before an order arrives: it never existed.
    DropBeforeArrival "drop_before_arrival" Submission,
    /// The line drops after an order arrived and before its acknowledgement leaves.
    DropBeforeAck "drop_before_ack" Submission,
    /// The line drops right after an acknowledgement was received.
    DropAfterAck "drop_after_ack" Submission,
    /// The line drops at a partial fill: its report is lost.
    DropAfterPartial "drop_after_partial" Partial,
    /// The line drops at any time, with all that is on its way.
    LinkDrop "link_drop" Hour,
    /// Both directions fall silent without a word, until the client connects anew.
    HalfOpen "half_open" Hour,
    /// 1100, then 1101: what was said meanwhile, in both directions, is lost.
    OutageLosing "outage_1101" Hour,
    /// 1100, then 1102: what was said meanwhile is said now.
    OutageKeeping "outage_1102" Hour,
    /// 1300: the port is another now, the line is over until the client connects anew.
    PortReset "port_1300" Hour,
    /// The gateway restarts: orders of the last moment are lost and their numbers offered again.
    GatewayRestart "gateway_restart" Hour,
    /// The connection is to another account.
    WrongAccount "wrong_account" Connection,
    /// A query is never answered.
    QueryUnanswered "query_unanswered" Query,
    /// 100: a message is refused as one too many.
    Pacing "pacing_100" Message,
    /// A report comes two to five times.
    Duplicate "duplicate" Report,
    /// A report is overtaken by those of the next two seconds.
    Reorder "reorder" Report,
    /// A report comes up to 60 s late.
    Delay "delay" Report,
    /// An acknowledgement is lost.
    LostAck "lost_ack" Acknowledgement,
    /// The report that an order was cancelled is lost.
    LostStatus "lost_status" Cancellation,
    /// An execution and what it cost are never reported: they stand in the answer to a query only.
    LostFill "lost_fill" Execution,
    /// After an order was reported as cancelled the exchange goes on filling it for up to 30 s.
    FillAfterCancel "fill_after_cancel" Cancellation,
    /// An acknowledgement comes up to 5 s late, after the executions.
    ExecutionFirst "execution_first" Acknowledgement,
    /// An execution is corrected to another quantity within 30 s.
    CorrectQuantity "correct_quantity" Execution,
    /// An execution is corrected to a price a tick worse within 30 s.
    CorrectPrice "correct_price" Execution,
    /// An order is refused: margin, permission, price band.
    Reject201 "reject_201" Submission,
    /// An order is refused as off the price grid.
    Reject110 "reject_110" Submission,
    /// An order is refused as a known number, though it is not known.
    Reject103 "reject_103" Submission,
    /// An order of the engine is cancelled though nobody asked for it.
    Cancel202 "cancel_202" Hour,
    /// An order is filled in part, then never again until faults end.
    PartialThenSilence "partial_then_silence" Submission,
    /// A modification leaves the old order alive: two work under one number.
    TwoPerms "two_perms" Modification,
    /// A fill of a leg is taken off its sibling up to two minutes late: both may fill.
    BothLegs "both_legs" LegFill,
    /// The stop of a bracket is refused with 201 while entry and target stand.
    StopLegRejected "stop_leg_rejected" StopLeg,
    /// A person trades past the engine.
    ForeignOrder "foreign_order" Hour,
    /// The broker closes a position of the account.
    Liquidation "liquidation" Hour,
    /// All executions of today are reported again at a connection.
    ReplayExecutions "replay_executions" Connection,
}

/// The kinds of faults with their rates, a script, and when all of it ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GatewayFaults {
    rates: BTreeMap<GatewayFault, f64>,
    script: Vec<(Timestamp, GatewayFault)>,
    pauses: Vec<(Timestamp, Timestamp)>,
    end: Option<Timestamp>,
}

impl GatewayFaults {
    /// Sets the rate of a kind; what it counts against says [`GatewayFault::basis`].
    ///
    /// # Errors
    /// When a chance is not 0 to 1, or a number per hour not 0 to 10,000.
    pub fn with_rate(mut self, kind: GatewayFault, rate: f64) -> Result<Self, Error> {
        let (most, allowed) = match kind.basis() {
            Basis::Hour => (PER_HOUR_MAX, "0 to 10000 per hour"),
            _ => (1.0, "0 to 1"),
        };
        if !(0.0..=most).contains(&rate) {
            return Err(Error::Fault {
                field: kind.name(),
                found: rate,
                allowed,
            });
        }
        self.rates.insert(kind, rate);
        Ok(self)
    }

    /// Lets a fault happen at `at`, or at its first opportunity from then on.
    #[must_use]
    pub fn with_script(mut self, at: Timestamp, kind: GatewayFault) -> Self {
        self.script.push((at, kind));
        self
    }

    /// Lets no fault that counts by the hour happen from `from` until `until`: a night in which
    /// nobody is connected would hold more of them than the day.
    #[must_use]
    pub fn with_pause(mut self, from: Timestamp, until: Timestamp) -> Self {
        self.pauses.push((from, until));
        self
    }

    /// Ends all faults at `end`: none begins from then on, and what was held back is delivered.
    #[must_use]
    pub fn until(mut self, end: Timestamp) -> Self {
        self.end = Some(end);
        self
    }

    /// A plan drawn from `seed`: about a fourth of the kinds, each at a rate of its own, up to
    /// 5 % at each opportunity or 60 per hour.
    #[must_use]
    pub fn drawn(seed: u64) -> Self {
        let rates = GatewayFault::ALL
            .iter()
            .filter_map(|kind| {
                let mut draws = Stream::new(seed, kind.name(), u64::MAX);
                let most = if kind.basis() == Basis::Hour {
                    60.0
                } else {
                    0.05
                };
                (draws.below(DRAWN_ONE_IN) == 0).then(|| (*kind, most * draws.uniform()))
            })
            .collect();
        Self {
            rates,
            ..Self::default()
        }
    }

    /// The rate of a kind.
    #[must_use]
    pub fn rate(&self, kind: GatewayFault) -> f64 {
        self.rates.get(&kind).copied().unwrap_or(0.0)
    }

    pub(crate) fn script(&self) -> &[(Timestamp, GatewayFault)] {
        &self.script
    }

    pub(crate) fn end(&self) -> Option<Timestamp> {
        self.end
    }

    /// Until when no fault by the hour happens, if none does at `now`.
    pub(crate) fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        let mut pauses = self.pauses.iter();
        let pause = pauses.find(|(from, until)| (*from..*until).contains(&now));
        pause.map(|(_, until)| *until)
    }
}

/// How often each fault happened, and in which state it met an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// By kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// By kind and state: arriving, waiting, working, partial, filled, cancelled, rejected, lost,
    /// unknown, foreign, or idle for a fault of the line while no order of the engine lived.
    pub states: BTreeMap<(&'static str, &'static str), u64>,
}

impl FaultCounts {
    /// How often a fault happened.
    #[must_use]
    pub fn of(&self, kind: GatewayFault) -> u64 {
        self.kinds.get(kind.name()).copied().unwrap_or(0)
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Self) {
        for (kind, count) in &other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        for (pair, count) in &other.states {
            *self.states.entry(*pair).or_default() += count;
        }
    }

    pub(crate) fn note(&mut self, name: &'static str) {
        *self.kinds.entry(name).or_default() += 1;
    }

    pub(crate) fn meet(&mut self, name: &'static str, state: &'static str) {
        *self.states.entry((name, state)).or_default() += 1;
    }
}

/// Decides when a fault happens.
#[derive(Debug)]
pub(crate) struct Dice {
    plan: GatewayFaults,
    armed: Vec<u32>,
    streams: Vec<Stream>,
    is_quiet: bool,
    pub(crate) counts: FaultCounts,
}

impl Dice {
    pub(crate) fn new(plan: GatewayFaults, seed: u64) -> Self {
        let all = GatewayFault::ALL;
        Self {
            is_quiet: plan.rates.is_empty() && plan.script.is_empty(),
            plan,
            armed: vec![0; all.len()],
            streams: all
                .iter()
                .map(|kind| Stream::new(seed, kind.name(), 0))
                .collect(),
            counts: FaultCounts::default(),
        }
    }

    /// Whether the fault happens at this opportunity, which meets an order in `state`.
    pub(crate) fn hits(&mut self, kind: GatewayFault, state: &'static str) -> bool {
        if self.is_quiet {
            return false;
        }
        let place = kind as usize;
        let is_armed = self.armed[place] > 0;
        let rate = self.plan.rate(kind);
        let is_hit = is_armed || (rate > 0.0 && self.streams[place].chance(rate));
        if is_hit {
            self.armed[place] = self.armed[place].saturating_sub(1);
            self.counts.note(kind.name());
            self.counts.meet(kind.name(), state);
        }
        is_hit
    }

    /// A whole number from 0 to `below` - 1 that says how the fault happens.
    pub(crate) fn below(&mut self, kind: GatewayFault, below: u64) -> u64 {
        self.streams[kind as usize].below(below)
    }

    /// Milliseconds from 0 to `most`.
    pub(crate) fn millis(&mut self, kind: GatewayFault, most: u64) -> i64 {
        i64::try_from(self.below(kind, most + 1)).unwrap_or(0)
    }

    /// Nanoseconds until the next fault of a kind that happens so many times per hour.
    pub(crate) fn wait_nanos(&mut self, kind: GatewayFault) -> Option<i64> {
        let rate = self.plan.rate(kind);
        if self.is_quiet || rate <= 0.0 || kind.basis() != Basis::Hour {
            return None;
        }
        let hours = self.streams[kind as usize].exponential() / rate;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cast to integers saturates"
        )]
        let nanos = (hours * 3.6e12) as i64;
        Some(nanos.max(1))
    }

    /// Lets the fault happen at its next opportunity.
    pub(crate) fn arm(&mut self, kind: GatewayFault) {
        self.armed[kind as usize] = self.armed[kind as usize].saturating_add(1);
    }

    /// Ends all faults.
    pub(crate) fn end(&mut self) {
        self.is_quiet = true;
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    pub(crate) fn plan(&self) -> &GatewayFaults {
        &self.plan
    }
}
