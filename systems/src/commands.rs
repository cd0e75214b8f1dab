//! What an operator wants is obeyed: once, in the tick that brings it, latched in the ledger.
//!
//! The mirror may only reduce risk, and what it brings late changes nothing. A halt is lifted by an
//! operator on the host alone.

use crate::books::Books;
use crate::positions::Account;
use crate::reflection::Reflection;
use crate::wishes::Wishes;
use bevy_ecs::prelude::*;
use components::order::{OrderId, OrderStatus, Role};
use engine::clock::Tick;
use engine::command::{Command, CommandSource, OperatorCommand};
use engine::config::ConfigError;
use engine::engine::Engine;
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::phase::Phase;
use engine::planted::planted;
use engine::plugin::Plugin;
use engine::record::{Cause, Record, Restriction};
use engine::transcript::Transcript;

/// What comes through the mirror must be younger than this.
const MIRROR_AGE_MAX_MS: i64 = 30_000;

/// Adds operator commands.
#[derive(Debug)]
pub struct CommandsPlugin;

impl Plugin for CommandsPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        engine.world_mut().init_resource::<Emergency>();
        engine
            .add(Phase::Positions, obey_commands)
            .add(Phase::Positions, latch_what_cannot_be)
            .add(Phase::Positions, cancel_entries);
        Ok(())
    }
}

/// How long it took from a halt until no opening order was left at the broker.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emergency {
    /// The tick of the halt that is being carried out.
    since: Option<(u64, i64)>,
    /// Halts carried out.
    pub halts: u64,
    /// Milliseconds until the last opening order was gone, the longest so far.
    pub longest_ms: i64,
}

/// Obeys the commands of this tick.
pub fn obey_commands(
    tick: Res<Tick>,
    inbox: Res<Inbox>,
    account: Res<Account>,
    mut books: ResMut<Books>,
    mut wishes: ResMut<Wishes>,
    mut emergency: ResMut<Emergency>,
    mut reflection: Reflection<'_>,
) {
    for event in inbox.market() {
        let EventKind::Commanded(command) = &event.kind else {
            continue;
        };
        if let Some(refusal) = refusal(command, &books, &tick) {
            reflection.note(format_args!("command {} {refusal}", command.command.name()));
            continue;
        }
        reflection.note(format_args!(
            "command {} {:?}",
            command.command.name(),
            command.why
        ));
        if forbids_entries(command.command) {
            emergency.since.get_or_insert((tick.number, tick.now.0));
        }
        let drawn_down = books
            .ledger()
            .latches()
            .any(|(cause, _)| cause == Cause::Drawdown);
        for record in records(command) {
            let changes = books.enter(tick.now, record);
            reflection.show(changes);
        }
        if drawn_down && command.command == Command::Resume {
            // Who lifts it accepts the loss; measured from the old peak it would halt at once again.
            let equity = account.equity();
            books.enter(tick.now, Record::PeakReset { equity });
        }
        if command.command == Command::CancelAll {
            wishes.cancels.extend(unprotecting(&books));
        }
    }
}

/// Why a command is not obeyed, if it is not.
fn refusal(command: &OperatorCommand, books: &Books, tick: &Tick) -> Option<&'static str> {
    let repeated = command.number <= books.ledger().last_command(command.source);
    let old = tick.now.nanos_since(command.issued) > MIRROR_AGE_MAX_MS * 1_000_000;
    match command.source {
        _ if repeated => Some("was obeyed before"),
        CommandSource::Mirror if !command.command.reduces_risk() => {
            Some("refused: the mirror may only reduce risk")
        }
        CommandSource::Mirror if old => Some("refused: it is older than 30 s"),
        _ => None,
    }
}

fn forbids_entries(command: Command) -> bool {
    matches!(
        command,
        Command::Halt | Command::ReduceOnly | Command::Observe | Command::Flatten
    )
}

fn records(command: &OperatorCommand) -> Vec<Record> {
    let number = command.number;
    let latch = |level| Record::Latched {
        level,
        cause: Cause::Operator,
    };
    let mut records = vec![Record::Commanded {
        source: command.source,
        number,
    }];
    records.extend(match command.command {
        Command::Halt => Some(latch(Restriction::Halted)),
        Command::ReduceOnly => Some(latch(Restriction::Reducing)),
        Command::Observe => Some(latch(Restriction::Observing)),
        Command::Flatten => Some(latch(Restriction::Flattening)),
        Command::CancelAll => None,
        Command::Resume => Some(Record::Cleared { command: number }),
        Command::Pause(strategy) => Some(Record::StrategyPaused {
            strategy,
            cause: Cause::Operator,
        }),
        Command::Unpause(strategy) => Some(Record::StrategyEnabled {
            strategy,
            command: number,
        }),
    });
    records
}

/// Orders that work and do not protect a position.
fn unprotecting(books: &Books) -> Vec<OrderId> {
    let open = books.ledger().open_orders();
    open.filter(|order| order.role() != Role::Stop && !order.cancel_pending())
        .map(|order| order.id())
        .collect()
}

/// Halts for what must not happen and was seen: once for each cause, until an operator lifts it.
///
/// After the commands, so that a resume cannot lift what nobody has seen.
fn latch_what_cannot_be(tick: Res<Tick>, mut books: ResMut<Books>, mut reflection: Reflection<'_>) {
    for cause in reflection.take_causes() {
        let level = Restriction::Halted;
        let latched = |latch: (Cause, Restriction)| latch.0 == cause && latch.1 >= level;
        if books.ledger().latches().any(latched) {
            continue;
        }
        let changes = books.enter(tick.now, Record::Latched { level, cause });
        reflection.show(changes);
    }
}

/// Wants every entry back while trading is halted, and measures how long that takes.
pub fn cancel_entries(
    tick: Res<Tick>,
    books: Res<Books>,
    mut wishes: ResMut<Wishes>,
    mut emergency: ResMut<Emergency>,
    mut transcript: ResMut<Transcript>,
) {
    let ledger = books.ledger();
    // I17: a halt that forgets the entries which work already is none.
    if ledger.restriction() >= Restriction::Halted && !planted(17) {
        let entries = ledger.open_orders().filter(|order| {
            // What the broker did not answer for may work there.
            let can_be = matches!(
                order.status(),
                OrderStatus::Working | OrderStatus::Sent | OrderStatus::Unknown
            );
            order.role() == Role::Entry && can_be && !order.cancel_pending()
        });
        wishes.cancels.extend(entries.map(|order| order.id()));
    }
    let Some((number, since)) = emergency.since else {
        return;
    };
    let left = ledger
        .open_orders()
        .any(|order| order.role() == Role::Entry);
    if !left {
        emergency.since = None;
        emergency.halts += 1;
        let millis = (tick.now.0 - since) / 1_000_000;
        emergency.longest_ms = emergency.longest_ms.max(millis);
        transcript.line(format_args!(
            "halt of tick {number} carried out after {millis} ms"
        ));
    }
}
