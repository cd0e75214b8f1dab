//! What a report or a record changed: the layer above turns it into transcript lines, components
//! and counters. The ledger itself never reads one.

use components::contract::Instrument;
use components::order::{Execution, ExecutionId, OrderId, OrderStatus, Position};
use components::signal::{Intent, StrategyName};
use components::units::{Cash, Timestamp};
use core::fmt;
use engine::record::{Cause, HoldingState, Restriction, Settling};

/// Something that is different now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A session began.
    DayOpened {
        /// Its date as `yyyymmdd`.
        date: u32,
    },
    /// An order stands elsewhere; a new one comes from nowhere.
    Order {
        /// The order.
        order: OrderId,
        /// Where it stood.
        from: Option<OrderStatus>,
        /// Where it stands.
        to: OrderStatus,
    },
    /// Other terms hold for an order.
    Modified {
        /// The order.
        order: OrderId,
    },
    /// An order is to be cancelled; it keeps what it reserves.
    CancelPending {
        /// The order.
        order: OrderId,
    },
    /// An order that was over reserves nothing any more.
    Released {
        /// The order.
        order: OrderId,
    },
    /// An execution was booked, or the correction of one.
    Executed {
        /// As the broker said it.
        execution: Execution,
        /// Money received, negative is paid; of a correction the difference.
        cash: Cash,
        /// Profit realized, without fees; of a correction the difference.
        realized: Cash,
        /// What is held now.
        position: Position,
        /// Whether it replaced an earlier revision.
        corrected: bool,
    },
    /// Fees were booked.
    Charged {
        /// The execution.
        execution: ExecutionId,
        /// What was traded.
        instrument: Instrument,
        /// The fees; where they replace others the difference.
        fees: Cash,
    },
    /// Something is held that was not, or the other way round than before.
    Opened {
        /// What.
        instrument: Instrument,
        /// On what terms; of what others opened there are none.
        holding: Option<HoldingState>,
    },
    /// Nothing is held any more of what was.
    Closed(Closing),
    /// A position was set to what the broker holds.
    Adjusted {
        /// What is held.
        instrument: Instrument,
        /// Units before.
        from: i64,
        /// What is held now.
        position: Position,
    },
    /// A contract settled.
    Settled {
        /// The contract.
        instrument: Instrument,
        /// Units held before, negative was short.
        quantity: i64,
        /// What became of it.
        how: Settling,
        /// Profit realized, without fees.
        realized: Cash,
    },
    /// A restriction was latched.
    Latched {
        /// How far.
        level: Restriction,
        /// Why.
        cause: Cause,
    },
    /// All restrictions were lifted.
    Cleared,
    /// A strategy opens nothing more.
    Paused {
        /// The strategy.
        strategy: StrategyName,
        /// Why.
        cause: Cause,
    },
    /// A strategy may open again.
    Enabled {
        /// The strategy.
        strategy: StrategyName,
    },
    /// The broker is to be asked for everything that it knows.
    QueryWanted(Doubt),
    /// Something came that does not fit; what could be booked was.
    Odd(Odd),
}

/// A position that was closed, for statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// What was held.
    pub instrument: Instrument,
    /// On what terms.
    pub holding: Option<HoldingState>,
    /// Why it is held no more.
    pub reason: ExitReason,
    /// When.
    pub at: Timestamp,
    /// Profit from opening to closing, without fees.
    pub profit: Cash,
    /// Fees from opening to closing as far as they are known.
    pub fees: Cash,
}

impl Closing {
    /// Nanoseconds from opening to closing, where the opening is known.
    #[must_use]
    pub fn nanos(&self) -> Option<i64> {
        let holding = self.holding?;
        Some(self.at.nanos_since(holding.opened_at))
    }
}

/// Why a position was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// An order of ours.
    Order(Intent),
    /// Somebody else's order, or the broker's own.
    Foreign,
    /// Its contract settled.
    Settled(Settling),
    /// The broker did not hold it.
    Adjusted,
}

impl ExitReason {
    /// The word in transcripts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Order(why) => why.name(),
            Self::Foreign => "foreign",
            Self::Settled(_) => "settled",
            Self::Adjusted => "adjusted",
        }
    }
}

/// Why the broker is to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The line was lost: whatever was said meanwhile is missing.
    Line,
    /// An order is over with something unfilled: an execution may be on its way.
    Ended(OrderId),
    /// An order did not answer.
    Silent(OrderId),
    /// The broker would not cancel an order.
    CancelRefused(OrderId),
    /// More of an order is filled than executions say.
    Gap(OrderId),
    /// Something odd hangs on an order.
    Odd(OrderId),
}

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// An execution or a correction that is booked already.
    Repeated(ExecutionId),
    /// An execution from before everything that is remembered; it was not booked.
    Stale(ExecutionId),
    /// An execution of somebody else's order, or of the broker's own; it was booked.
    Foreign(ExecutionId),
    /// An order carries our reference and no intent of ours.
    UnknownOrder(OrderId),
    /// A report of an order that was forgotten long ago.
    Forgotten(OrderId),
    /// A second number of the broker for one order.
    DuplicatePerm(OrderId),
    /// An execution after the order was over.
    Late(OrderId),
    /// More was filled than was ordered; what exceeds is in the position.
    Overfilled {
        /// The order.
        order: OrderId,
        /// Contracts too many.
        by: u64,
    },
    /// A closing order turned the position round.
    Oversold(OrderId),
    /// The broker knows an order that counted as over or as never received.
    Revived(OrderId),
    /// An intent with a number that is taken; it is not followed.
    NumberReused(OrderId),
    /// Two opening orders of one fingerprint are live.
    FingerprintReused(OrderId),
    /// A record about an order that does not stand where it makes sense.
    OutOfPlace(OrderId),
    /// A settlement or an adjustment named another quantity than is held.
    QuantityDiffers(Instrument),
    /// A session began with something else than the one before left.
    CarriedOver,
    /// Too many charges wait for their execution; this one was dropped.
    ChargeDropped(ExecutionId),
    /// A number would not fit; nothing of it was booked.
    Overflow(Amount),
}

impl Odd {
    /// Why trading must halt until somebody has looked, if it must.
    #[must_use]
    pub fn halts(&self) -> Option<Cause> {
        match self {
            Self::UnknownOrder(_) => Some(Cause::UnknownOrder),
            Self::DuplicatePerm(_) => Some(Cause::DuplicateOrder),
            Self::CarriedOver | Self::Overflow(_) => Some(Cause::Errors),
            _ => None,
        }
    }

    /// Whether it is a critical error: a sign that orders, positions or money are not what they
    /// should be here. What brokers do on ordinary days is none: to repeat, to be late, to speak of
    /// others' orders or of what was forgotten.
    #[must_use]
    pub fn is_critical(&self) -> bool {
        match self {
            Self::Repeated(_)
            | Self::Stale(_)
            | Self::Foreign(_)
            | Self::Forgotten(_)
            | Self::Late(_)
            | Self::Revived(_) => false,
            Self::UnknownOrder(_)
            | Self::DuplicatePerm(_)
            | Self::Overfilled { .. }
            | Self::Oversold(_)
            | Self::NumberReused(_)
            | Self::FingerprintReused(_)
            | Self::OutOfPlace(_)
            | Self::QuantityDiffers(_)
            | Self::CarriedOver
            | Self::ChargeDropped(_)
            | Self::Overflow(_) => true,
        }
    }
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repeated(id) => write!(f, "execution {id} repeated"),
            Self::Stale(id) => write!(f, "execution {id} older than all that is remembered"),
            Self::Foreign(id) => write!(f, "execution {id} of an order that is not ours"),
            Self::UnknownOrder(id) => write!(f, "order {id} was never intended"),
            Self::Forgotten(id) => write!(f, "order {id} was forgotten long ago"),
            Self::DuplicatePerm(id) => write!(f, "order {id} has two numbers at the broker"),
            Self::Late(id) => write!(f, "order {id} executed after its end"),
            Self::Overfilled { order, by } => write!(f, "order {order} filled {by} too many"),
            Self::Oversold(id) => write!(f, "order {id} turned its position round"),
            Self::Revived(id) => write!(f, "order {id} works after its end"),
            Self::NumberReused(id) => write!(f, "order {id} intended twice"),
            Self::FingerprintReused(id) => write!(f, "order {id} repeats one that is live"),
            Self::OutOfPlace(id) => write!(f, "order {id} does not stand where that makes sense"),
            Self::QuantityDiffers(instrument) => {
                write!(
                    f,
                    "position {instrument} has another quantity than was said"
                )
            }
            Self::CarriedOver => f.write_str("session begins with something else than was left"),
            Self::ChargeDropped(id) => write!(f, "charge of {id} dropped, too many wait"),
            Self::Overflow(Amount::Execution(id)) => write!(f, "execution {id} does not fit"),
            Self::Overflow(Amount::Charge(id)) => write!(f, "charge of {id} does not fit"),
            Self::Overflow(Amount::Position(instrument)) => {
                write!(f, "position {instrument} does not fit")
            }
        }
    }
}

/// What would not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// An execution.
    Execution(ExecutionId),
    /// A charge.
    Charge(ExecutionId),
    /// A settlement or an adjustment.
    Position(Instrument),
}
