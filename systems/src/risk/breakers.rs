//! What restricts trading by itself: losses, streaks, wild markets, errors, refusals.
//!
//! | breaker | reached at | effect | until |
//! |---|---|---|---|
//! | day loss | shares of the day's limit | sizes are cut | the share is left again |
//! | day loss | the limit itself | reducing | the session ends |
//! | losing trades in a row | 3 | reducing | the session ends |
//! | losing days in a row | 3, seen when a session opens | reducing | an operator clears it |
//! | drawdown | 10 %, or no equity | halted | an operator clears it |
//! | volatility | see `turbulence` | reducing | its time is over |
//! | critical errors | more than 10 in a session | halted | an operator clears it |
//! | refusals by the broker | see `rejections` | the strategy is paused | it is enabled |
//!
//! A critical error is a sign that orders, positions or money are not what they should be: what the
//! ledger found odd in a way that `ledger::Odd::is_critical`, a refusal of the gate, an order that
//! the broker refused as malformed. An overrun of a tick is none, it has a ladder of its own
//! (`overload`), and neither is bad input, which is refused at the door and counted there. A journal
//! that cannot be written ends the run.
//!
//! Each is a pure function of counters that the ledger keeps, so that a restart comes to the same
//! result; but for the critical errors, which a restart counts anew below the limit: the halt itself
//! is latched. Counters of the day end with the session in New York, which the ledger's
//! `Record::DayOpened` marks. The losing days are looked at only then: what an operator clears
//! stays cleared until the next session opens on a streak that is still there.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use super::drawdown::has_fallen;
use super::money::{PPM, ppm};
use components::order::Role;
use components::units::{Cash, Timestamp};
use engine::config::{Problems, Section, within};
use engine::record::{AccountState, Cause, Restriction};
use serde::Deserialize;

/// The `breakers` section of the config.
#[derive(Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct BreakersConfig {
    /// What is cut from new orders as the day's loss nears its limit, from small to large.
    #[garde(dive, length(max = 10))]
    pub day_loss_levels: Vec<LossLevel>,
    /// Trades closed at a loss in a row.
    #[garde(custom(within(1, 1000)))]
    pub losing_trades_max: u32,
    /// Sessions with a loss in a row.
    #[garde(custom(within(1, 1000)))]
    pub losing_days_max: u32,
    /// Equity below its high-water mark, as a share of the mark.
    #[garde(custom(within(0.001, 1.0)))]
    pub drawdown_max: f64,
    /// Critical errors in a session; one more halts.
    #[garde(custom(within(0, 1_000_000)))]
    pub errors_max: u32,
    /// Refusals by the broker within the window that pause a strategy.
    #[garde(custom(within(1, 64)))]
    pub rejections_max: u32,
    /// The window of the refusals, seconds.
    #[garde(custom(within(1, 86_400)))]
    pub rejections_window_s: i64,
    /// How far beyond the rolling deviation a 5-minute return may lie, in deviations.
    #[garde(custom(within(0.5, 100.0)))]
    pub volatility_sigmas: f64,
    /// 5-minute returns that the rolling deviation stands on: 78 are a session.
    #[garde(custom(within(2, 1000)))]
    pub volatility_returns: usize,
    /// With fewer the breaker is silent.
    #[garde(custom(within(2, 1000)))]
    pub volatility_returns_min: usize,
    /// How long nothing is opened after such a return, seconds.
    #[garde(custom(within(0, 86_400)))]
    pub volatility_pause_s: i64,
}

impl Section for BreakersConfig {
    const NAME: &'static str = "breakers";

    fn check(&self, problems: &mut Problems<'_>) {
        let rises = |pair: &[LossLevel]| {
            pair[0].loss_share < pair[1].loss_share && pair[0].size_share >= pair[1].size_share
        };
        if !self.day_loss_levels.windows(2).all(rises) {
            let order = "must have rising `loss_share` and no rising `size_share`";
            problems.refuse("day_loss_levels", order);
        }
        if self.volatility_returns_min > self.volatility_returns {
            let most = format!(
                "must be at most volatility_returns ({})",
                self.volatility_returns
            );
            problems.refuse("volatility_returns_min", &most);
        }
    }
}

/// From which share of the day's limit on orders are cut to which share of their size.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct LossLevel {
    /// Loss, as a share of the day's limit.
    #[garde(custom(within(0.0, 1.0)))]
    pub loss_share: f64,
    /// Size, as a share of what is wanted; 0 opens nothing.
    #[garde(custom(within(0.0, 1.0)))]
    pub size_share: f64,
}

/// How long a restriction holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    /// As long as what caused it does.
    Instant(Timestamp),
    /// The session ends.
    SessionEnd,
    /// An operator clears it: it has to be latched in the journal.
    Cleared,
}

/// A breaker that was set off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    /// Which.
    pub cause: Cause,
    /// What may still be done.
    pub level: Restriction,
    /// How long.
    pub until: Until,
}

/// The numbers that the breakers rest on, all of them the ledger's.
#[derive(Clone, Copy, Debug)]
pub struct Counters<'a> {
    /// Money and streaks.
    pub account: &'a AccountState,
    /// Equity with what is held at its mark.
    pub equity: Cash,
    /// What was lost since the session began, at adverse marks; negative is a profit.
    pub day_loss: Cash,
    /// The most that may be lost in it.
    pub day_loss_max: Cash,
    /// Critical errors in the session.
    pub errors: u32,
}

/// The breakers that counters set off, the most severe restriction last.
///
/// `opens_session` is whether this is the first look at a new session.
#[must_use]
pub fn trips(counters: &Counters<'_>, config: &BreakersConfig, opens_session: bool) -> Vec<Trip> {
    let account = counters.account;
    // A recovery does not lift it.
    let day_loss = account.day_loss_reached || counters.day_loss >= counters.day_loss_max;
    let days = opens_session && account.losing_days >= config.losing_days_max;
    let trades = account.losing_trades_reached || account.losing_trades >= config.losing_trades_max;
    let drawdown = has_fallen(
        counters.equity,
        account.high_water,
        ppm(config.drawdown_max),
    );
    let errors = counters.errors > config.errors_max;
    let (reduce, halt) = (Restriction::Reducing, Restriction::Halted);
    let all = [
        (day_loss, Cause::DayLoss, reduce, Until::SessionEnd),
        (trades, Cause::LosingTrades, reduce, Until::SessionEnd),
        (days, Cause::LosingDays, reduce, Until::Cleared),
        (drawdown, Cause::Drawdown, halt, Until::Cleared),
        (errors, Cause::Errors, halt, Until::Cleared),
    ];
    let tripped = all.into_iter().filter(|(tripped, ..)| *tripped);
    tripped
        .map(|(_, cause, level, until)| Trip {
            cause,
            level,
            until,
        })
        .collect()
}

/// The share of its size that a new order may have, in millionths, when `used_ppm` millionths of
/// the day's loss are used up: all below the first level, nothing from the limit itself on.
#[must_use]
pub fn size_ppm(used_ppm: i64, levels: &[LossLevel]) -> i64 {
    if used_ppm >= PPM {
        return 0;
    }
    let reached = levels
        .iter()
        .filter(|level| used_ppm >= ppm(level.loss_share));
    reached
        .map(|level| ppm(level.size_share))
        .min()
        .unwrap_or(PPM)
}

/// The strictest restriction of latches and trips.
#[must_use]
pub fn strictest(
    latches: impl IntoIterator<Item = Restriction>,
    trips: impl IntoIterator<Item = Trip>,
) -> Restriction {
    let tripped = trips.into_iter().map(|trip| trip.level);
    latches.into_iter().chain(tripped).max().unwrap_or_default()
}

/// Whether an order may leave under a restriction (I17): what opens only when there is none, what
/// closes unless only protection may leave, protection always. Cancellations are never asked for.
#[must_use]
pub fn permits(level: Restriction, role: Role) -> bool {
    match role {
        Role::Entry => level == Restriction::Active,
        Role::Exit | Role::Target => level != Restriction::Observing,
        Role::Stop => true,
    }
}

#[cfg(test)]
pub(crate) mod tests;
