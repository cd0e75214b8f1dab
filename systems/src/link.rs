//! The line to the broker: whether it stands, when the broker is asked for everything it knows, and
//! what follows from its answers.
//!
//! Until the first whole answer has been worked through no position is opened; so after every break
//! of the line. Nothing here trades: positions are adopted, orders are resolved by evidence, and
//! what nobody can explain stops opening until an operator looks.

use crate::books::Books;
use crate::chains::Chains;
use crate::ledger::{Doubt, LedgerOrder, Missing, reconciliation};
use crate::positions::{mark_positions, place_positions};
use crate::reflection::Reflection;
use crate::wishes::{Change, Wishes};
use bevy_ecs::prelude::*;
use components::contract::Instrument;
use components::market::Quote;
use components::order::{OrderStatus, Role};
use components::units::{NANOS_PER_SECOND, Price, Timestamp};
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::directory::Directory;
use engine::engine::Engine;
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::phase::Phase;
use engine::planted::planted;
use engine::plugin::Plugin;
use engine::record::{Cause, Record, Restriction};
use engine::report::{BrokerState, Report};
use serde::Deserialize;

/// A stop or an exit of what is held that was not answered after this is asked about; a question is
/// said again.
const ANSWER_NANOS: i64 = 3 * NANOS_PER_SECOND / 4;
/// A question is said so often after [`ANSWER_NANOS`] each, and then less and less often.
const SOON: u32 = 4;

/// The code of a gateway that has lost its broker, and says so when it has it again.
const BROKER_LOST: u32 = 1_100;
/// So long it is given for that, seconds; then its own line is taken for lost as well.
const RESUME_S: i64 = 60;

/// The `broker` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct BrokerConfig {
    /// The account that may be traded; empty takes the one that the broker names first.
    #[garde(skip)]
    pub account: String,
    /// An order that has not been answered after this is unknown, seconds.
    #[garde(custom(within(1, 600)))]
    pub answer_s: i64,
    /// The broker is asked for everything it knows at least this often, seconds.
    #[garde(custom(within(5, 3600)))]
    pub reconcile_s: i64,
    /// A question without an answer after this drops the line, seconds; until then it is asked again
    /// after one second, two more, four more and so on.
    #[garde(custom(within(1, 600)))]
    pub query_s: i64,
    /// A new line that brings nothing for so long after the first question is made anew, milliseconds:
    /// until it stands nothing is known to be protected, and what makes half a line at the broker's
    /// end seldom gets better.
    #[garde(custom(within(500, 60_000)))]
    pub first_word_ms: i64,
}

impl Section for BrokerConfig {
    const NAME: &'static str = "broker";
}

/// Adds the line to the broker.
#[derive(Debug)]
pub struct LinkPlugin;

impl Plugin for LinkPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<BrokerConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.init_resource::<Link>();
        world.init_resource::<Wishes>();
        engine
            .add(Phase::Positions, follow_line)
            .add(Phase::Positions, work_through_answers)
            .add(Phase::Positions, place_positions)
            .add(Phase::Positions, mark_positions)
            .add(Phase::Positions, time_orders_out)
            .add(Phase::Positions, ask_broker)
            .add(Phase::Positions, mend_line);
        Ok(())
    }
}

/// Where the line stands.
#[derive(Resource, Clone, Debug, Default)]
pub struct Link {
    connected: bool,
    reconciled: bool,
    /// Whether it leads to another account than it should.
    astray: bool,
    /// Whether it has brought anything since it was made.
    heard: bool,
    account: Option<String>,
    /// The question that is open.
    open_query: Option<Question>,
    /// When a question was last asked over this line.
    asked_at: Option<Timestamp>,
    /// When a line that does not stand is to be made anew.
    retry: Option<Retry>,
    /// When the last answer was worked through.
    answered_at: Option<Timestamp>,
    /// Whether something wants a question before its time.
    wants: bool,
    missing: Missing,
    /// Answers worked through, and what they differed in.
    pub answers: u64,
    /// Differences found so far.
    pub differences: u64,
    /// When the line last broke.
    pub lost_at: Option<Timestamp>,
}

impl Link {
    /// Whether positions may be opened: the line stands and what the broker knows is known here.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.connected && self.reconciled
    }

    /// Whether the line stands.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// The line is over, and is to be made anew after `wait_s` seconds. Where that was tried before,
    /// the trials go on as they were planned.
    fn break_line(&mut self, now: Timestamp, wait_s: i64) {
        self.connected = false;
        self.reconciled = false;
        self.open_query = None;
        self.lost_at = Some(now);
        let first = Retry {
            at: now.plus_nanos(wait_s.saturating_mul(NANOS_PER_SECOND)),
            trials: 0,
        };
        self.retry = match self.retry {
            Some(known) if known.trials > 0 || known.at <= first.at => Some(known),
            _ => Some(first),
        };
    }

    /// The line stands.
    fn stand(&mut self) {
        self.connected = !self.astray;
        self.heard = false;
        self.reconciled = false;
        self.open_query = None;
        self.asked_at = None;
        self.wants = true;
        if self.connected {
            self.retry = None;
        }
    }
}

/// A question that is open.
#[derive(Clone, Copy, Debug)]
struct Question {
    number: u64,
    asked_at: Timestamp,
    /// When it was last said, and how often.
    said_at: Timestamp,
    said: u32,
}

/// When a line is to be made anew, and how often that was tried.
#[derive(Clone, Copy, Debug)]
struct Retry {
    at: Timestamp,
    trials: u32,
}

/// Seconds until something that was tried `trials` times before is tried again: one, two, four and so
/// on, a minute at most.
fn backoff_nanos(trials: u32) -> i64 {
    NANOS_PER_SECOND * (1_i64 << trials.min(6)).min(60)
}

/// Nanoseconds until a question that was said `said` times is said again: soon at first, for until the
/// answer nothing is known to be protected; then less and less often.
fn patience_nanos(said: u32) -> i64 {
    match said.checked_sub(SOON) {
        None => ANSWER_NANOS,
        Some(more) => backoff_nanos(more),
    }
}

/// Follows the line, and checks that it leads to the right account.
fn follow_line(
    tick: Res<Tick>,
    inbox: Res<Inbox>,
    config: Res<BrokerConfig>,
    mut link: ResMut<Link>,
    mut books: ResMut<Books>,
    mut reflection: Reflection<'_>,
) {
    for event in inbox.reports() {
        let EventKind::Reported(report) = &event.kind else {
            continue;
        };
        match report {
            Report::Connected { account, .. } => {
                let wanted = if config.account.is_empty() {
                    link.account.clone().unwrap_or_else(|| account.clone())
                } else {
                    config.account.clone()
                };
                reflection.note(format_args!("connected to {account}"));
                // What another account holds is neither asked for nor taken over.
                link.astray = wanted != *account;
                link.stand();
                link.account = Some(wanted);
                if link.astray {
                    // Somebody may be changing it: the line is made anew, but not at once.
                    link.break_line(tick.now, 1);
                    latch_wrong_account(tick.now, &mut books, &mut reflection);
                }
            }
            Report::Disconnected { code } => {
                reflection.note(format_args!("disconnected {code}"));
                // A gateway without its broker says so when it has it again.
                let wait_s = if *code == BROKER_LOST { RESUME_S } else { 0 };
                link.break_line(tick.now, wait_s);
            }
            Report::Resumed { code } => {
                reflection.note(format_args!("line resumed {code}"));
                link.stand();
            }
            _ => link.heard = true,
        }
    }
}

/// Works the broker's whole answers through.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
fn work_through_answers(
    tick: Res<Tick>,
    inbox: Res<Inbox>,
    directory: Res<Directory>,
    chains: Res<Chains>,
    quotes: Query<&Quote>,
    mut link: ResMut<Link>,
    mut books: ResMut<Books>,
    mut wishes: ResMut<Wishes>,
    mut reflection: Reflection<'_>,
) {
    for (place, event) in inbox.reports().iter().enumerate() {
        let EventKind::Reported(report @ Report::State(state)) = &event.kind else {
            continue;
        };
        let wanted = link.account.as_deref().unwrap_or_default();
        if state.account != wanted && !state.account.is_empty() {
            reflection.note(format_args!("answer for {} left aside", state.account));
            latch_wrong_account(tick.now, &mut books, &mut reflection);
            continue;
        }
        let changes = books.hear(tick.now, place, report);
        reflection.show(changes);
        let mark = |instrument: &Instrument| mark(instrument, &directory, &chains, &quotes);
        work_through(
            state,
            &tick,
            mark,
            &mut link,
            &mut books,
            &mut wishes,
            &mut reflection,
        );
    }
}

fn latch_wrong_account(now: Timestamp, books: &mut Books, reflection: &mut Reflection<'_>) {
    let record = Record::Latched {
        level: Restriction::Observing,
        cause: Cause::WrongAccount,
    };
    let changes = books.enter(now, record);
    reflection.show(changes);
}

fn work_through(
    state: &BrokerState,
    tick: &Tick,
    mark: impl Fn(&Instrument) -> Option<Price>,
    link: &mut Link,
    books: &mut Books,
    wishes: &mut Wishes,
    reflection: &mut Reflection<'_>,
) {
    let plan = reconciliation::plan(books.ledger(), state, tick.now, &link.missing, mark);
    let is_worked_through = |record: &Record| matches!(record, Record::Reconciled { .. });
    let is_worked_through = plan.records.iter().any(is_worked_through);
    for report in plan.reports {
        let changes = books.enter(tick.now, Record::Found(report));
        reflection.show(changes);
    }
    for record in plan.records {
        let changes = books.enter(tick.now, record);
        reflection.show(changes);
    }
    for difference in &plan.differences {
        reflection.note(format_args!("difference {difference}"));
    }
    wishes.cancels.extend(plan.cancels);
    let lost = plan.changes.iter().filter_map(|(order, quantity)| {
        let kind = books.ledger().order(*order)?.followed.intent.order.kind;
        let (order, quantity) = (*order, *quantity);
        Some(Change {
            order,
            kind,
            quantity,
        })
    });
    wishes.changes.extend(lost);
    link.missing = plan.missing;
    link.answers += 1;
    link.differences += plan.differences.len() as u64;
    if link
        .open_query
        .is_some_and(|open| open.number == state.query)
    {
        link.open_query = None;
        if !is_worked_through {
            // Asked on another day, of which the ledger does not know any more: it says nothing of
            // orders, and the question is still open.
            link.wants = true;
            return;
        }
        link.answered_at = Some(tick.now);
        link.reconciled = link.connected;
        // Silence about an order is believed at the second look only. What came into doubt since the
        // question was asked is not answered by it and is still wanted.
        link.wants |= link.missing.orders().next().is_some();
    }
}

/// The price at which a difference is booked: the middle of a two-sided quote.
fn mark(
    instrument: &Instrument,
    directory: &Directory,
    chains: &Chains,
    quotes: &Query<'_, '_, &Quote>,
) -> Option<Price> {
    let entity = chains.entity_of(directory, instrument)?;
    let quote = quotes.get(entity).ok()?;
    quote.mid_dollars().and_then(Price::from_dollars)
}

/// Orders that were not answered in time become unknown: they keep what they reserve. The broker is
/// asked much earlier about those that should protect or close what is held.
fn time_orders_out(
    tick: Res<Tick>,
    config: Res<BrokerConfig>,
    mut link: ResMut<Link>,
    mut books: ResMut<Books>,
    mut reflection: Reflection<'_>,
) {
    let ledger = books.ledger();
    let is_missed = |order: &LedgerOrder| {
        let is_late = |at: Timestamp| tick.now.nanos_since(at) >= ANSWER_NANOS;
        let covers = matches!(order.role(), Role::Stop | Role::Exit);
        let is_sent = order.status() == OrderStatus::Sent;
        let unheard = covers && is_sent && order.followed.sent_at.is_some_and(is_late);
        // What is being cancelled is in the way of whatever closes the position.
        let lingers = order.cancel_pending() && order.followed.cancel_at.is_some_and(is_late);
        let instrument = Instrument::Option(order.contract());
        (unheard || lingers) && ledger.position(&instrument).quantity > 0
    };
    link.wants |= ledger.open_orders().any(is_missed);
    let patience = config.answer_s.saturating_mul(NANOS_PER_SECOND);
    let silent: Vec<_> = books
        .ledger()
        .open_orders()
        .filter(|order| {
            let waits = matches!(order.status(), OrderStatus::Sent | OrderStatus::Intended);
            let since = order
                .followed
                .sent_at
                .unwrap_or(order.followed.intent.order.at);
            waits && tick.now.nanos_since(since) > patience
        })
        .map(|order| order.id())
        .collect();
    for order in silent {
        link.wants = true;
        let changes = books.enter(tick.now, Record::TimedOut { order });
        reflection.show(changes);
    }
}

/// Asks the broker for everything, where something is in doubt or the time has come. A question
/// without an answer is asked again, and drops the line in the end.
fn ask_broker(
    tick: Res<Tick>,
    config: Res<BrokerConfig>,
    mut link: ResMut<Link>,
    mut books: ResMut<Books>,
    mut wishes: ResMut<Wishes>,
    mut reflection: Reflection<'_>,
) {
    let doubts = reflection.doubts();
    if !doubts.is_empty() {
        link.wants = true;
        if doubts.contains(&Doubt::Line) {
            link.reconciled = false;
        }
    }
    // The terms of a change are known to be in force once the broker shows them, and until then a
    // stop is not moved again. An order that works twice shows none until one of the two is gone.
    let is_open =
        |order: &LedgerOrder| order.former_quantity().is_some() && order.followed.perms.len() < 2;
    link.wants |= books.ledger().open_orders().any(is_open);
    let age = |since: Timestamp| tick.now.nanos_since(since) / NANOS_PER_SECOND;
    let patience = match link.heard {
        true => config.query_s.saturating_mul(NANOS_PER_SECOND),
        false => config.first_word_ms.saturating_mul(1_000_000),
    };
    if let Some(open) = &mut link.open_query {
        let query = open.number;
        if tick.now.nanos_since(open.asked_at) >= patience {
            reflection.note(format_args!("query {query} was not answered"));
            let changes = books.enter(tick.now, Record::Unanswered { query });
            reflection.show(changes);
            link.break_line(tick.now, 0);
        } else if patience_nanos(open.said) <= tick.now.nanos_since(open.said_at) {
            // The same question: an answer to either is an answer.
            (open.said_at, open.said) = (tick.now, open.said + 1);
            wishes.queries.push(query);
        }
        return;
    }
    if planted(47) && link.lost_at.is_some() {
        // I47: after a break of the line nobody asks again.
        return;
    }
    let due = link
        .answered_at
        .is_none_or(|answered| age(answered) >= config.reconcile_s);
    // Once in a second is enough, and no longer: a position may wait for the answer to be closed.
    let rested = link.asked_at.is_none_or(|asked| age(asked) >= 1);
    if link.connected && rested && (due || link.wants) {
        let query = books.ledger().next_query();
        link.open_query = Some(Question {
            number: query,
            asked_at: tick.now,
            said_at: tick.now,
            said: 1,
        });
        link.asked_at = Some(tick.now);
        link.wants = false;
        let changes = books.enter(tick.now, Record::Queried { query });
        reflection.show(changes);
        wishes.queries.push(query);
    }
}

/// Makes a line anew that does not stand, at once and then less and less often.
fn mend_line(tick: Res<Tick>, mut link: ResMut<Link>, mut wishes: ResMut<Wishes>) {
    if link.connected {
        return;
    }
    if let Some(retry) = &mut link.retry
        && retry.at <= tick.now
    {
        retry.at = tick.now.plus_nanos(backoff_nanos(retry.trials));
        retry.trials += 1;
        wishes.reconnect = true;
    }
}
