//! The life of an order: intended, sent, working, over; or unknown.
//!
//! Silence moves an order to unknown, where it keeps what it reserves; only evidence leads out.
//! What is over stays over: an execution that comes late raises what is filled and is flagged, and
//! an order that shows up after it counted as over is held on to until the broker was asked again.
//! Reports come twice, out of order or not at all; statuses may come before executions or never.

use crate::ledger::change::{Change, Doubt, Odd};
use components::contract::Contract;
use components::market::Side;
use components::order::{Execution, OrderId, OrderKind, OrderStatus, PermId, Role};
use components::units::{NANOS_PER_SECOND, Price, Timestamp};
use engine::planted::planted;
use engine::record::FollowedOrder;

/// After so long a change has arrived at the broker, if it ever does.
const ARRIVAL_NANOS: i64 = NANOS_PER_SECOND;

/// An order of ours and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerOrder {
    /// What outlives the session.
    pub followed: FollowedOrder,
    /// Contracts of all its executions that were booked; more than `filled` if the broker
    /// overfilled.
    pub executed: u64,
    /// Contracts that its siblings took off it since its quantity was last set.
    pub taken: u32,
    /// When anything was last heard of it.
    pub heard: Timestamp,
    /// When it was over.
    pub(crate) over_at: Timestamp,
    /// Terms that may still hold at the broker, until a whole answer has shown otherwise.
    pub(crate) former: Option<Former>,
}

/// The worst of the terms that were changed lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Former {
    quantity: u32,
    /// None where one of them had no worst price.
    limit: Option<Price>,
    at: Timestamp,
    /// When the change was last said, and whether the broker refused it.
    said_at: Timestamp,
    is_refused: bool,
}

impl LedgerOrder {
    pub(crate) fn new(followed: FollowedOrder) -> Self {
        Self {
            followed,
            executed: 0,
            taken: 0,
            heard: Timestamp::NEVER,
            over_at: Timestamp::NEVER,
            former: None,
        }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> OrderId {
        self.followed.intent.order.id
    }

    /// The contract.
    #[must_use]
    pub fn contract(&self) -> Contract {
        self.followed.intent.order.contract
    }

    /// Buy or sell.
    #[must_use]
    pub fn side(&self) -> Side {
        self.followed.intent.order.side
    }

    /// What it is for.
    #[must_use]
    pub fn role(&self) -> Role {
        self.followed.intent.order.role
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> OrderStatus {
        self.followed.status
    }

    /// Whether the broker refused it in this session.
    pub(crate) fn was_refused(&self) -> bool {
        self.status() == OrderStatus::Rejected && self.over_at != Timestamp::NEVER
    }

    /// Whether its cancellation was asked for and neither confirmed nor refused.
    #[must_use]
    pub fn cancel_pending(&self) -> bool {
        self.followed.cancel_at.is_some() && !self.followed.status.is_terminal()
    }

    /// Whether it may still be filled, as far as anyone can tell.
    #[must_use]
    pub fn in_flight(&self) -> bool {
        !self.followed.status.is_terminal() || self.followed.held
    }

    /// Contracts in all by the terms before an unanswered change, if there is one.
    #[must_use]
    pub fn former_quantity(&self) -> Option<u32> {
        self.former.map(|former| former.quantity)
    }

    /// When its terms were last changed, while that is unanswered.
    #[must_use]
    pub fn changed_at(&self) -> Option<Timestamp> {
        self.former.map(|former| former.at)
    }

    /// Contracts that may still be executed at worst: of every number that the broker gave it, and
    /// on the larger of the terms that may be in force.
    #[must_use]
    pub fn unfilled(&self) -> u64 {
        // I7: what is unknown is taken for refused, and its reservation is gone.
        let freed = planted(7) && self.status() == OrderStatus::Unknown;
        // I8: asking for a cancellation frees at once what may still be filled.
        let freed = freed || planted(8) && self.followed.cancel_at.is_some();
        if !self.in_flight() || freed {
            return 0;
        }
        let quantity = self.followed.intent.order.quantity;
        let quantity = self
            .former
            .map_or(quantity, |terms| terms.quantity.max(quantity));
        let live = self.followed.perms.len().max(1) as u64;
        (u64::from(quantity) * live)
            .saturating_sub(self.executed)
            .saturating_sub(u64::from(self.taken))
    }

    /// The worst price at which it can be executed, if it has one.
    #[must_use]
    pub fn worst_price(&self) -> Option<Price> {
        let limit = self.followed.intent.order.kind.limit()?;
        let Some(former) = self.former else {
            return Some(limit);
        };
        Some(worse(self.side(), limit, former.limit?))
    }

    /// The broker has it.
    pub(crate) fn accept(&mut self, now: Timestamp, perm: PermId, changes: &mut Vec<Change>) {
        self.heard = now;
        self.meet(now, perm, changes);
        match self.status() {
            OrderStatus::Intended | OrderStatus::Sent | OrderStatus::Unknown => {
                self.go(now, OrderStatus::Working, changes);
            }
            OrderStatus::NotReceived => self.revive(now, changes),
            // I4: an acknowledgement that comes late brings back what is over.
            _ if planted(4) => self.go(now, OrderStatus::Working, changes),
            _ => {}
        }
    }

    /// An execution of it was booked: `by` contracts more than before, fewer if it was corrected.
    pub(crate) fn execute(
        &mut self,
        now: Timestamp,
        execution: &Execution,
        by: i64,
        changes: &mut Vec<Change>,
    ) {
        self.heard = now;
        self.meet(now, execution.perm, changes);
        let id = self.id();
        let quantity = self.followed.intent.order.quantity;
        self.executed = self.executed.saturating_add_signed(by);
        let seen = self.executed.max(u64::from(execution.cumulative));
        let reached = u32::try_from(seen).unwrap_or(u32::MAX).min(quantity);
        if planted(4) {
            // I4: what came last counts, so that a report that was overtaken lowers it.
            self.followed.filled = execution.cumulative.min(quantity);
        } else {
            self.followed.filled = self.followed.filled.max(reached);
        }
        let over = self.executed.saturating_sub(u64::from(quantity));
        if over > 0 && by > 0 {
            changes.push(Change::Odd(Odd::Overfilled {
                order: id,
                by: over,
            }));
            changes.push(Change::QueryWanted(Doubt::Odd(id)));
        }
        if self.status().is_terminal() {
            let awaited = self.status() == OrderStatus::Filled && over == 0;
            if !awaited && by > 0 {
                self.followed.late = true;
                if !self.followed.held {
                    self.hold(now);
                }
                changes.push(Change::Odd(Odd::Late(id)));
                changes.push(Change::QueryWanted(Doubt::Ended(id)));
            }
            self.let_go_if_empty(changes);
        } else if self.followed.filled >= quantity {
            self.go(now, OrderStatus::Filled, changes);
        } else {
            self.go(now, OrderStatus::Working, changes);
        }
        if self.executed < u64::from(self.followed.filled) && by > 0 {
            changes.push(Change::QueryWanted(Doubt::Gap(id)));
        }
    }

    /// The broker says that it is over.
    pub(crate) fn cancel(
        &mut self,
        now: Timestamp,
        perm: Option<PermId>,
        changes: &mut Vec<Change>,
    ) {
        self.heard = now;
        if let Some(perm) = perm {
            self.meet(now, perm, changes);
        }
        if self.status().is_terminal() {
            return;
        }
        // One of two orders at the broker is over; which of them still works is for it to say.
        let ended = if self.followed.perms.len() > 1 {
            // That wish is answered; the other one has to be called back by another.
            self.followed.cancel_at = None;
            OrderStatus::Unknown
        } else {
            OrderStatus::Cancelled
        };
        self.go(now, ended, changes);
        changes.push(Change::QueryWanted(Doubt::Ended(self.id())));
    }

    /// The broker refused it. One that it had taken before is held on to like a cancelled one.
    pub(crate) fn reject(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        self.heard = now;
        if self.status().is_terminal() {
            return;
        }
        let known = !self.followed.perms.is_empty() || self.executed > 0;
        self.go(now, OrderStatus::Rejected, changes);
        if known {
            changes.push(Change::QueryWanted(Doubt::Ended(self.id())));
        } else {
            self.let_go(changes);
        }
    }

    /// The broker would not cancel or change it: it is over there, or not known, or the message was
    /// one too many.
    pub(crate) fn refuse_cancel(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        self.heard = now;
        let was_cancelled = self.followed.cancel_at.take().is_some();
        if let Some(former) = self.former.as_mut().filter(|_| !was_cancelled) {
            former.is_refused = true;
        }
        if self.in_flight() {
            changes.push(Change::QueryWanted(Doubt::CancelRefused(self.id())));
        }
    }

    /// It was handed to the broker.
    pub(crate) fn sent(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        self.followed.sent_at.get_or_insert(now);
        if self.status() == OrderStatus::Intended {
            self.go(now, OrderStatus::Sent, changes);
        }
    }

    /// No answer came in time.
    pub(crate) fn time_out(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        if self.status().is_terminal() {
            changes.push(Change::Odd(Odd::OutOfPlace(self.id())));
            return;
        }
        self.go(now, OrderStatus::Unknown, changes);
        changes.push(Change::QueryWanted(Doubt::Silent(self.id())));
    }

    /// Its cancellation will be asked for.
    pub(crate) fn ask_cancel(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        if !self.status().is_terminal() {
            self.followed.cancel_at = Some(now);
            changes.push(Change::CancelPending { order: self.id() });
        }
    }

    /// Its terms will be changed. Until the broker shows which hold, the worse of both count.
    pub(crate) fn modify(
        &mut self,
        now: Timestamp,
        kind: OrderKind,
        quantity: u32,
        changes: &mut Vec<Change>,
    ) {
        let id = self.id();
        if self.status().is_terminal() {
            changes.push(Change::Odd(Odd::OutOfPlace(id)));
            return;
        }
        let order = self.followed.intent.order;
        self.remember(
            now,
            self.left().max(self.followed.filled),
            order.kind.limit(),
        );
        self.former = self.former.map(|former| Former {
            said_at: now,
            is_refused: false,
            ..former
        });
        let order = &mut self.followed.intent.order;
        order.kind = kind;
        order.quantity = quantity.max(self.followed.filled);
        self.taken = 0;
        changes.push(Change::Modified { order: id });
    }

    /// The broker shows other terms than ours: they are the ones in force there.
    pub(crate) fn remember(&mut self, now: Timestamp, quantity: u32, limit: Option<Price>) {
        let side = self.side();
        let former = self.former.unwrap_or(Former {
            quantity,
            limit,
            at: now,
            said_at: now,
            is_refused: false,
        });
        self.former = Some(Former {
            quantity: former.quantity.max(quantity),
            limit: match (former.limit, limit) {
                (Some(a), Some(b)) => Some(worse(side, a, b)),
                _ => None,
            },
            at: now,
            ..former
        });
    }

    /// Whether an answer that was asked for at `asked` and shows other terms than ours proves that a
    /// change did not arrive.
    pub(crate) fn change_is_lost(&self, asked: Timestamp) -> bool {
        let on_its_way = |former: Former| asked.nanos_since(former.said_at) < ARRIVAL_NANOS;
        let changes = self.former.filter(|_| !self.cancel_pending());
        changes.is_some_and(|former| former.is_refused || !on_its_way(former))
    }

    /// Contracts in all by our own terms, without those that its siblings took.
    pub(crate) fn left(&self) -> u32 {
        let quantity = self.followed.intent.order.quantity;
        quantity.saturating_sub(self.taken)
    }

    /// A whole answer of the broker showed where it stands.
    pub(crate) fn resolve(
        &mut self,
        now: Timestamp,
        status: OrderStatus,
        changes: &mut Vec<Change>,
    ) {
        let nowhere = matches!(status, OrderStatus::Intended | OrderStatus::Sent);
        if self.status().is_terminal() || nowhere {
            changes.push(Change::Odd(Odd::OutOfPlace(self.id())));
            return;
        }
        if status == OrderStatus::Filled {
            self.followed.filled = self.followed.intent.order.quantity;
        }
        self.go(now, status, changes);
        if status.is_terminal() {
            self.let_go(changes);
        }
    }

    /// A whole answer, asked for at `asked`, was worked through: it tells of everything before.
    pub(crate) fn reconciled(&mut self, asked: Timestamp, changes: &mut Vec<Change>) {
        if self.former.is_some_and(|former| former.at <= asked) {
            self.former = None;
        }
        if self.followed.held && self.over_at <= asked {
            self.let_go(changes);
        }
    }

    /// It works at the broker though it counted as over.
    pub(crate) fn revive(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        self.hold(now);
        changes.push(Change::Odd(Odd::Revived(self.id())));
        changes.push(Change::QueryWanted(Doubt::Odd(self.id())));
    }

    /// A sibling of its group executed `by` contracts, or fewer if that was corrected.
    pub(crate) fn take(&mut self, by: i64) {
        let by = i32::try_from(by).unwrap_or(if by < 0 { i32::MIN } else { i32::MAX });
        self.taken = self.taken.saturating_add_signed(by);
    }

    fn hold(&mut self, now: Timestamp) {
        self.followed.held = true;
        self.over_at = now;
    }

    fn meet(&mut self, now: Timestamp, perm: PermId, changes: &mut Vec<Change>) {
        if self.followed.perms.contains(&perm) {
            return;
        }
        self.followed.perms.push(perm);
        if self.followed.perms.len() > 1 {
            if self.status().is_terminal() {
                self.hold(now);
            }
            changes.push(Change::Odd(Odd::DuplicatePerm(self.id())));
            changes.push(Change::QueryWanted(Doubt::Odd(self.id())));
        }
    }

    fn go(&mut self, now: Timestamp, to: OrderStatus, changes: &mut Vec<Change>) {
        let from = self.status();
        if from == to {
            return;
        }
        self.followed.status = to;
        changes.push(Change::Order {
            order: self.id(),
            from: Some(from),
            to,
        });
        if to.is_terminal() {
            self.hold(now);
            self.let_go_if_empty(changes);
        }
    }

    fn let_go_if_empty(&mut self, changes: &mut Vec<Change>) {
        if self.followed.held && self.unfilled() == 0 {
            self.let_go(changes);
        }
    }

    fn let_go(&mut self, changes: &mut Vec<Change>) {
        if core::mem::take(&mut self.followed.held) {
            changes.push(Change::Released { order: self.id() });
        }
    }
}

fn worse(side: Side, a: Price, b: Price) -> Price {
    match side {
        Side::Buy => a.max(b),
        Side::Sell => a.min(b),
    }
}
