//! How the engine fares, for an operator: shown when it changes, and every second besides.

use super::Outgoing;
use super::account::positions_of;
use super::convert::millis;
use super::execution::ShownExecution;
use crate::books::Books;
use crate::commands::Emergency;
use crate::link::Link;
use crate::positions::Account;
use crate::reports::portfolio::Portfolio;
use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use components::units::Cash;
use engine::clock::Tick;
use engine::command::CommandSource;
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::record::Restriction;
use wire::account::Positions;
use wire::execution::Execution;
use wire::status::{self, Status};

/// The longest that it is not shown.
const REFRESH_MS: i64 = 1_000;

/// What the batches so far showed, without what is held and how orders were executed.
#[derive(Resource, Default)]
pub struct ShownStatus {
    status: Option<Status>,
    last_command: Option<status::Commanded>,
    /// The numbers of the last commands of either source: only a new one is looked for in the inbox.
    known: [u64; 2],
}

/// What tells how the engine fares.
#[derive(SystemParam)]
pub struct Bearings<'w> {
    books: Option<Res<'w, Books>>,
    account: Option<Res<'w, Account>>,
    link: Option<Res<'w, Link>>,
    portfolio: Option<Res<'w, Portfolio>>,
    execution: Option<Res<'w, ShownExecution>>,
    emergency: Option<Res<'w, Emergency>>,
}

/// Puts into the batch how the engine fares.
pub fn show_status(
    tick: Res<Tick>,
    inbox: Res<Inbox>,
    mut outgoing: ResMut<Outgoing>,
    mut shown: ResMut<ShownStatus>,
    bearings: Bearings<'_>,
) {
    let (Some(books), Some(account)) = (&bearings.books, &bearings.account) else {
        return;
    };
    let ledger = books.ledger();
    let known = [CommandSource::Socket, CommandSource::Mirror].map(|it| ledger.last_command(it));
    if shown.known != known {
        shown.known = known;
        if let Some(command) = last_obeyed(&inbox, books, tick.number) {
            shown.last_command = Some(command);
        }
    }
    let restriction = ledger.restriction();
    let opened = ledger.account().day_open_equity;
    let day = Cash(account.equity().0.saturating_sub(opened.0));
    let status = Status {
        at_ms: millis(tick.now).unwrap_or_default(),
        restriction: restriction.name().to_owned(),
        halted: restriction != Restriction::Active,
        latches: ledger
            .latches()
            .map(|(cause, level)| status::Latch {
                cause: cause.name().to_owned(),
                restriction: level.name().to_owned(),
            })
            .collect(),
        paused: ledger
            .paused_strategies()
            .map(|(strategy, cause)| status::Paused {
                strategy: strategy.as_str().to_owned(),
                cause: cause.name().to_owned(),
            })
            .collect(),
        broker: bearings
            .link
            .as_ref()
            .map_or_else(Default::default, |link| status::Line {
                connected: link.is_connected(),
                ready: link.is_ready(),
            }),
        positions: u64::from(account.positions),
        open_orders: ledger.open_orders().count() as u64,
        day_pnl_usd: day.dollars(),
        pnl_usd: account.profit().dollars(),
        equity_usd: account.equity().dollars(),
        realized_usd: account.realized.dollars(),
        unrealized_usd: account.unrealized.dollars(),
        fees_usd: account.fees.dollars(),
        // What is large is added where it is shown.
        portfolio: Positions::default(),
        execution: Execution::default(),
        last_command: shown.last_command.clone(),
        emergency: bearings
            .emergency
            .as_ref()
            .map_or_else(Default::default, |found| status::Emergency {
                halts: found.halts,
                longest_ms: found.longest_ms,
            }),
    };
    if is_due(shown.status.as_ref(), &status) {
        shown.status = Some(status.clone());
        let portfolio = bearings.portfolio.as_ref();
        let execution = bearings.execution.as_ref();
        outgoing.0.status = Some(Status {
            portfolio: portfolio.map_or_else(Default::default, |found| positions_of(found)),
            execution: execution
                .and_then(|shown| shown.shown().cloned())
                .unwrap_or_default(),
            ..status
        });
    }
}

/// Whether something but the time and the money changed, or a second passed.
fn is_due(shown: Option<&Status>, now: &Status) -> bool {
    let Some(shown) = shown else {
        return true;
    };
    let at_that_time = Status {
        at_ms: shown.at_ms,
        day_pnl_usd: shown.day_pnl_usd,
        pnl_usd: shown.pnl_usd,
        equity_usd: shown.equity_usd,
        realized_usd: shown.realized_usd,
        unrealized_usd: shown.unrealized_usd,
        fees_usd: shown.fees_usd,
        ..now.clone()
    };
    at_that_time != *shown || REFRESH_MS <= now.at_ms - shown.at_ms
}

/// The last command of this tick that was obeyed: the ledger knows its number.
fn last_obeyed(inbox: &Inbox, books: &Books, tick: u64) -> Option<status::Commanded> {
    let commands = inbox.market().iter().filter_map(|event| match &event.kind {
        EventKind::Commanded(command) => Some(command),
        _ => None,
    });
    let mut obeyed = commands.filter(|command| {
        command.number == books.ledger().last_command(command.source)
            && (command.source == CommandSource::Socket || command.command.reduces_risk())
    });
    let command = obeyed.next_back()?;
    Some(status::Commanded {
        command: command.command.name().to_owned(),
        source: match command.source {
            CommandSource::Socket => "socket".to_owned(),
            CommandSource::Mirror => "mirror".to_owned(),
        },
        number: command.number,
        tick,
        why: command.why.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_when_it_changes_and_every_second() {
        let first = Status {
            at_ms: 1_000,
            ..Status::default()
        };
        assert!(is_due(None, &first));
        let mut later = Status {
            at_ms: 1_750,
            equity_usd: 5.0,
            ..Status::default()
        };
        assert!(!is_due(Some(&first), &later));
        later.open_orders = 1;
        assert!(is_due(Some(&first), &later));
        later.open_orders = 0;
        later.at_ms = 2_000;
        assert!(is_due(Some(&first), &later));
    }
}
