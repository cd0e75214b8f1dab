//! Where the breakers stand: fed from the ledger, the market and the broker's refusals, and written
//! into the ledger where only an operator may lift what they did.

use super::breakers::{BreakersConfig, Counters, Trip, Until, trips};
use super::rejections::Rejections;
use super::turbulence::Turbulence;
use super::{BreakersInForce, LimitsInForce};
use crate::books::Books;
use crate::ledger::Ledger;
use crate::positions::Account;
use crate::reflection::Reflection;
use bevy_ecs::prelude::*;
use components::market::{Spot, SymbolId};
use components::order::OrderStatus;
use components::units::{Cash, NANOS_PER_SECOND, Timestamp};
use engine::clock::Tick;
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::math::ln;
use engine::record::{AccountState, Cause, Record, Restriction};
use engine::report::Report;
use std::collections::BTreeMap;

/// Codes with which a broker refuses what should never have left: too many messages in a second, a
/// number that is used, a price off the grid, a contract that does not exist, another account. All
/// of them are checked here before anything leaves. Source: the message codes of the TWS API.
const MALFORMED: [u32; 5] = [100, 103, 110, 200, 203];

/// The length of a return that the volatility breaker looks at.
const RETURN_NANOS: i64 = 300 * NANOS_PER_SECOND;

/// Where the breakers stand.
#[derive(Resource, Debug, Default)]
pub struct Tripped {
    /// Those that are set off now.
    pub trips: Vec<Trip>,
    rejections: Rejections,
    markets: BTreeMap<SymbolId, Wild>,
    /// Critical errors before this session.
    errors_before: u64,
    date: u32,
}

#[derive(Debug, Default)]
struct Wild {
    turbulence: Turbulence,
    /// The spot at the beginning of the return that is being measured.
    since: Option<(Timestamp, f64)>,
}

impl Tripped {
    /// Whether an underlying moved too much lately.
    #[must_use]
    pub fn is_turbulent(&self, symbol: SymbolId, now: Timestamp) -> bool {
        let market = self.markets.get(&symbol);
        market.is_some_and(|market| market.turbulence.pause(now).is_some())
    }

    /// Where they stand after a restart: the refusals that the ledger remembers count on.
    pub(super) fn after(ledger: &Ledger, config: &BreakersConfig) -> Self {
        let mut tripped = Self::default();
        for (strategy, at) in ledger.rejections() {
            tripped.rejections.count(strategy, at, config);
        }
        tripped
    }
}

/// Looks at every breaker once a tick.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub(super) fn watch_breakers(
    tick: Res<Tick>,
    inbox: Res<Inbox>,
    limits: Res<LimitsInForce>,
    config: Res<BreakersInForce>,
    account: Res<Account>,
    spots: Query<(&SymbolId, &Spot)>,
    mut tripped: ResMut<Tripped>,
    mut books: ResMut<Books>,
    mut reflection: Reflection<'_>,
) {
    let tripped = &mut *tripped;
    let date = books.ledger().date();
    let opens_session = tripped.date != date;
    if opens_session {
        tripped.date = date;
        tripped.errors_before = reflection.critical_errors();
        tripped
            .markets
            .values_mut()
            .for_each(|market| market.since = None);
    }
    watch_markets(&tick, &config, &spots, tripped);
    pause_strategies(&tick, &inbox, &config, tripped, &mut books, &mut reflection);
    let equity = account.equity();
    if equity > books.ledger().account().high_water {
        books.enter(tick.now, Record::HighWater { equity });
    }
    let state = *books.ledger().account();
    let found = trips(
        &Counters {
            account: &state,
            equity,
            day_loss: Cash(state.day_open_equity.0.saturating_sub(equity.0)),
            day_loss_max: limits.0.day_loss(state.day_open_equity),
            errors: errors_since(tripped.errors_before, &reflection),
        },
        &config.0,
        opens_session,
    );
    for trip in &found {
        let before = tripped.trips.iter().any(|old| old.cause == trip.cause);
        let latched = books
            .ledger()
            .latches()
            .any(|(cause, level)| cause == trip.cause && level >= trip.level);
        let record = match trip.until {
            Until::Cleared if !latched => Record::Latched {
                level: trip.level,
                cause: trip.cause,
            },
            Until::Cleared => continue,
            _ if before || is_written(trip.cause, &state) => continue,
            _ => Record::Breached { cause: trip.cause },
        };
        reflection.note(format_args!(
            "{} reached: {}",
            trip.cause.name(),
            trip.level.name()
        ));
        let changes = books.enter(tick.now, record);
        reflection.show(changes);
    }
    tripped.trips = found;
    tripped
        .trips
        .retain(|trip| trip.level > Restriction::Active);
}

/// Critical errors of the session.
fn errors_since(before: u64, reflection: &Reflection<'_>) -> u32 {
    let errors = reflection.critical_errors().saturating_sub(before);
    u32::try_from(errors).unwrap_or(u32::MAX)
}

/// Whether the ledger knows already that a limit of the session was reached.
fn is_written(cause: Cause, account: &AccountState) -> bool {
    match cause {
        Cause::DayLoss => account.day_loss_reached,
        Cause::LosingTrades => account.losing_trades_reached,
        _ => false,
    }
}

/// Takes a return of each underlying every five minutes of a session.
fn watch_markets(
    tick: &Tick,
    config: &BreakersInForce,
    spots: &Query<'_, '_, (&SymbolId, &Spot)>,
    tripped: &mut Tripped,
) {
    for (symbol, spot) in spots {
        let Some(dollars) = spot.get() else {
            continue;
        };
        let market = tripped.markets.entry(*symbol).or_default();
        match market.since {
            Some((since, _)) if tick.now.nanos_since(since) < RETURN_NANOS => {}
            Some((_, before)) => {
                let log_return = ln(dollars / before);
                market.turbulence.observe(log_return, tick.now, &config.0);
                market.since = Some((tick.now, dollars));
            }
            None => market.since = Some((tick.now, dollars)),
        }
    }
}

/// Pauses a strategy whose orders the broker refuses again and again.
fn pause_strategies(
    tick: &Tick,
    inbox: &Inbox,
    config: &BreakersInForce,
    tripped: &mut Tripped,
    books: &mut Books,
    reflection: &mut Reflection<'_>,
) {
    for event in inbox.reports() {
        let EventKind::Reported(Report::Rejected { order, code, .. }) = &event.kind else {
            continue;
        };
        if MALFORMED.contains(code) {
            reflection.count_error();
        }
        let known = books.ledger().order(*order);
        let Some(strategy) = known
            .filter(|order| order.status() == OrderStatus::Rejected)
            .map(|order| order.followed.intent.strategy)
        else {
            continue;
        };
        let paused = books.ledger().paused(strategy).is_some();
        if tripped.rejections.count(strategy, tick.now, &config.0) && !paused {
            let cause = Cause::Rejections;
            let changes = books.enter(tick.now, Record::StrategyPaused { strategy, cause });
            reflection.show(changes);
            tripped.rejections.forget(strategy);
        }
    }
}
