//! What the engine decided, as the journal stores it before anything comes of it.
//!
//! The ledger (orders, positions, halts, counters) is a pure function of [`Report`]s and records, in
//! their order: a record says when a report's turn came. A restart applies both again and asks
//! nothing else.
//!
//! [`Report`]: crate::report::Report

use crate::report::{OpenOrder, Report};
use components::contract::Instrument;
use components::order::{
    Execution, ExecutionId, OrderId, OrderIntent, OrderKind, OrderStatus, PermId, Position,
};
use components::signal::{Intent, StrategyName};
use components::units::{Cash, Price, Timestamp};
use serde::{Deserialize, Serialize};

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// A report of this tick was entered: its place among the frame's reports.
    Heard {
        /// The place, from 0.
        report: u32,
    },
    /// A whole answer of the broker showed what had not been reported.
    Found(Report),
    /// A process took over the journal.
    RunStarted(RunStart),
    /// A session began: everything that is open, so that nothing before it is needed.
    DayOpened(Box<OpenState>),
    /// An order will be sent.
    Intended(OrderIntent),
    /// An order will be changed at the broker.
    Modified {
        /// The order.
        order: OrderId,
        /// How it may be executed from now on.
        kind: OrderKind,
        /// Contracts in all from now on.
        quantity: u32,
    },
    /// An order will be cancelled.
    CancelIntended {
        /// The order.
        order: OrderId,
    },
    /// The order was handed to the broker in the tick before.
    Sent {
        /// The order.
        order: OrderId,
    },
    /// No answer came in time: the order may be anywhere.
    TimedOut {
        /// The order.
        order: OrderId,
    },
    /// A whole answer of the broker showed where the order stands.
    Resolved {
        /// The order.
        order: OrderId,
        /// Where it stands.
        status: OrderStatus,
    },
    /// The broker will be asked for everything that it knows.
    Queried {
        /// The number of the query.
        query: u64,
    },
    /// The broker's answer was worked through.
    Reconciled {
        /// The query.
        query: u64,
        /// What was found to differ.
        differences: u32,
    },
    /// A position was set to what the broker holds. No order comes of it.
    Adjusted {
        /// What is held.
        instrument: Instrument,
        /// Units before.
        from: i64,
        /// Units from now on.
        to: i64,
        /// At what price the difference is booked: the mark of the moment.
        price: Price,
    },
    /// A contract expired.
    Settled {
        /// The contract.
        instrument: Instrument,
        /// Units held before, negative was short.
        quantity: i64,
        /// What each was worth.
        price: Price,
        /// What became of it.
        how: Settling,
    },
    /// Trading was restricted until an operator lifts it.
    Latched {
        /// How far.
        level: Restriction,
        /// Why.
        cause: Cause,
    },
    /// An operator lifted all restrictions.
    Cleared {
        /// The number of the command.
        command: u64,
    },
    /// A strategy opens nothing more until an operator enables it.
    StrategyPaused {
        /// The strategy.
        strategy: StrategyName,
        /// Why.
        cause: Cause,
    },
    /// An operator enabled a strategy.
    StrategyEnabled {
        /// The strategy.
        strategy: StrategyName,
        /// The number of the command.
        command: u64,
    },
    /// Equity rose above all that it had been.
    HighWater {
        /// The equity.
        equity: Cash,
    },
    /// An operator accepted a drawdown: equity is measured from here on.
    PeakReset {
        /// The equity.
        equity: Cash,
    },
    /// A limit was reached: it holds for the rest of the session, also after a restart.
    Breached {
        /// Which.
        cause: Cause,
    },
    /// A command of an operator was taken; its number is not obeyed again.
    Commanded {
        /// How it came.
        source: crate::command::CommandSource,
        /// Its number.
        number: u64,
    },
    /// The clock jumped against the time that passed.
    ClockJumped {
        /// By how much, negative is back.
        millis: i64,
    },
    /// The process ended in order.
    Stopped,
    /// On what terms something is held from now on: exits learnt something about it, or it was taken
    /// over from others.
    Held {
        /// What is held.
        instrument: Instrument,
        /// The terms.
        terms: HoldingState,
    },
    /// The broker did not answer in time: the line is made anew.
    Unanswered {
        /// The query.
        query: u64,
    },
}

/// Who took over a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStart {
    /// The number of the run: one more than the one before.
    pub run: u64,
    /// A hash of the program.
    pub program: u64,
    /// A hash of the config.
    pub config: u64,
    /// The account that it may trade.
    pub account: String,
    /// Whether money is at stake.
    pub live: bool,
}

/// What became of a contract at its expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Settling {
    /// Out of the money: worth nothing.
    Expired,
    /// Settled in cash at intrinsic value.
    Cash,
    /// Became shares at the strike: exercised where held, assigned where owed.
    Delivered,
}

/// How far trading is restricted, from nothing to all.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Restriction {
    /// Everything may be done.
    #[default]
    Active,
    /// Positions are closed, none is opened.
    Reducing,
    /// As above, and entries that work are cancelled.
    Halted,
    /// Only protection and cancellations leave.
    Observing,
    /// As halted, and every position is being closed.
    Flattening,
}

impl Restriction {
    /// The word in transcripts and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Reducing => "reducing",
            Self::Halted => "halted",
            Self::Observing => "observing",
            Self::Flattening => "flattening",
        }
    }
}

/// Why trading was restricted or a limit counts as reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// An operator wanted it.
    Operator,
    /// The day's loss.
    DayLoss,
    /// Losing trades in a row.
    LosingTrades,
    /// Losing days in a row.
    LosingDays,
    /// Equity below its high-water mark.
    Drawdown,
    /// The market moves too much.
    Volatility,
    /// Too many errors.
    Errors,
    /// Too many refusals by the broker.
    Rejections,
    /// The journal ends before what others have seen of it.
    JournalLoss,
    /// An order carries our reference and no intent of ours.
    UnknownOrder,
    /// Two live orders at the broker carry the reference of one.
    DuplicateOrder,
    /// More left than was intended.
    Gate,
    /// The broker holds something else than the ledger.
    PositionDiffers,
    /// The process before did not end in order.
    UncleanExit,
    /// The clock jumped.
    Clock,
    /// The engine cannot keep up.
    Overload,
    /// The account is another than the config's.
    WrongAccount,
}

impl Cause {
    /// The word in transcripts and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::DayLoss => "day_loss",
            Self::LosingTrades => "losing_trades",
            Self::LosingDays => "losing_days",
            Self::Drawdown => "drawdown",
            Self::Volatility => "volatility",
            Self::Errors => "errors",
            Self::Rejections => "rejections",
            Self::JournalLoss => "journal_loss",
            Self::UnknownOrder => "unknown_order",
            Self::DuplicateOrder => "duplicate_order",
            Self::Gate => "gate",
            Self::PositionDiffers => "position_differs",
            Self::UncleanExit => "unclean_exit",
            Self::Clock => "clock",
            Self::Overload => "overload",
            Self::WrongAccount => "wrong_account",
        }
    }
}

/// Everything of the ledger that is open when a session begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenState {
    /// The session's date as `yyyymmdd`.
    pub date: u32,
    /// The number of the next order at least.
    pub next_order: OrderId,
    /// The number of the next query.
    pub next_query: u64,
    /// Orders that are not over, and those of which an execution may still come late.
    pub orders: Vec<FollowedOrder>,
    /// Orders of others that work at the broker: they are left alone and count in exposure.
    pub foreign: Vec<OpenOrder>,
    /// Executions that were applied and may be reported again.
    pub executions: Vec<Execution>,
    /// Fees by execution: those charged, whether the execution is known or not.
    pub charges: Vec<(ExecutionId, Cash)>,
    /// What is held, and on what terms.
    pub positions: Vec<(Instrument, Position, Option<HoldingState>)>,
    /// Money.
    pub account: AccountState,
    /// Restrictions that only an operator lifts.
    pub latches: Vec<(Cause, Restriction)>,
    /// Strategies that open nothing.
    pub paused: Vec<(StrategyName, Cause)>,
    /// The last command of each source that was obeyed.
    pub commands: Vec<(crate::command::CommandSource, u64)>,
}

/// An order as the ledger follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowedOrder {
    /// What was intended, with the terms that are in force now.
    pub intent: OrderIntent,
    /// Where it stands.
    pub status: OrderStatus,
    /// Contracts filled so far.
    pub filled: u32,
    /// The broker's numbers: one, if all is well.
    pub perms: Vec<PermId>,
    /// When it was handed over.
    pub sent_at: Option<Timestamp>,
    /// When its cancellation was asked for.
    pub cancel_at: Option<Timestamp>,
    /// Whether an execution came after it was over.
    pub late: bool,
    /// Whether it still reserves what is unfilled though it is over: until the broker was asked for
    /// its executions once more.
    pub held: bool,
}

/// On what terms a position is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldingState {
    /// The strategy that opened it.
    pub strategy: StrategyName,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The order that opened it.
    pub entry: OrderId,
    /// Contracts at its largest, for scaling out in thirds and halves.
    pub largest: u32,
    /// Average cost of one contract at the entry.
    pub entry_price: Price,
    /// The best price at which it could have been closed so far.
    pub best: Price,
    /// The stop in force; it only ever rises for what is held.
    pub stop: Price,
    /// Steps of scaling out that are done.
    pub steps: u8,
    /// How its exit stands.
    pub exit: ExitState,
}

/// What exits must remember of a position from tick to tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitState {
    /// Since when it lacks protection.
    pub exposed_since: Option<Timestamp>,
    /// Since when the bid has been at or below its stop.
    pub stop_reached_at: Option<Timestamp>,
    /// When the broker refused the last stop that was sent for it, if it did.
    pub stop_rejected_at: Option<Timestamp>,
    /// Why it is being closed, from the decision on until nothing is held.
    pub closing: Option<Intent>,
    /// The delta when it was opened, in millionths.
    pub entry_delta: Option<i32>,
}

/// Money and the counters that limits rest on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountState {
    /// Money.
    pub cash: Cash,
    /// What the account began with.
    pub initial: Cash,
    /// Profit of closed positions, without fees.
    pub realized: Cash,
    /// Fees paid.
    pub fees: Cash,
    /// Equity when the session began.
    pub day_open_equity: Cash,
    /// The highest equity so far.
    pub high_water: Cash,
    /// Trades closed at a loss in a row, by the day.
    pub losing_trades: u32,
    /// Sessions that ended with a loss in a row.
    pub losing_days: u32,
    /// Trades closed today at a profit and at a loss.
    pub won_today: u32,
    /// See above.
    pub lost_today: u32,
    /// Whether the day's loss reached its limit in this session.
    pub day_loss_reached: bool,
    /// Whether too many trades in a row were lost in this session.
    pub losing_trades_reached: bool,
}
