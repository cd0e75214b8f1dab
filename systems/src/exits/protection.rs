//! The second line of defence: whether what rests at the broker protects a position, and what to do
//! where it does not.
//!
//! The first line is the stop leg at the broker. It is missing when the broker refused or lost it,
//! it is too small or too large when the position changed, and it fails when the market jumps over
//! its limit. I20: within two seconds of a fill, stops cover the position or it is being closed.

use super::action::Action;
use super::rules::Rules;
use super::working::{WorkingOrder, closable, stop_limit};
use components::order::{OrderId, OrderKind, OrderStatus, Role};
use components::price_grid::PriceGrid;
use components::units::{Price, Timestamp};
use engine::planted::planted;

/// What has to be protected, and what there is.
#[derive(Clone, Copy, Debug)]
pub struct Cover<'a> {
    /// Contracts held.
    pub held: u32,
    /// Contracts that stops and targets should be able to sell: those held but for those that are
    /// being closed.
    pub wanted: u32,
    /// The stop in force.
    pub stop: Price,
    /// Whether the bid has reached it: what the broker fills now is not changed.
    pub stop_reached: bool,
    /// Average cost of a contract.
    pub entry: Price,
    /// The orders of the contract.
    pub orders: &'a [WorkingOrder],
    /// Contracts that other people's orders may sell.
    pub foreign_selling: u32,
    /// See [`exposed_since`].
    pub exposed_since: Option<Timestamp>,
    /// When the broker refused the last stop, if it did.
    pub stop_rejected_at: Option<Timestamp>,
    /// Whether it could be closed now: nothing is sold at a price that nobody knows.
    pub can_close: bool,
    /// Now.
    pub now: Timestamp,
}

/// Whether a position can be held on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is protected, or will be in time.
    Hold,
    /// It cannot be protected: it has to be closed now.
    CloseNow,
}

/// Contracts that stops at the broker protect for certain: acknowledged, and not being cancelled.
#[must_use]
pub fn protected(orders: &[WorkingOrder]) -> u32 {
    let stops = orders.iter().filter(|order| {
        order.role == Role::Stop && order.status == OrderStatus::Working && !order.cancelling
    });
    let certain = |order: &WorkingOrder| order.quantity.min(order.quantity_least) - order.filled;
    stops
        .filter(|order| order.filled <= order.quantity.min(order.quantity_least))
        .fold(0, |sum: u32, order| sum.saturating_add(certain(order)))
}

/// Since when less than what is held has been protected or working to be closed; `before` is the
/// answer of the tick before.
#[must_use]
pub fn exposed_since(
    before: Option<Timestamp>,
    held: u32,
    orders: &[WorkingOrder],
    now: Timestamp,
) -> Option<Timestamp> {
    let covered = protected(orders).saturating_add(exiting(orders));
    (covered < held).then(|| before.unwrap_or(now))
}

/// Contracts that live exits may sell yet.
#[must_use]
pub fn exiting(orders: &[WorkingOrder]) -> u32 {
    let exits = orders
        .iter()
        .filter(|order| order.role == Role::Exit && order.is_live());
    exits.fold(0, |sum, order| sum.saturating_add(order.open_most()))
}

/// Brings stops and targets to what is wanted, or says that the position has to be closed.
pub fn protect(
    cover: &Cover<'_>,
    rules: &Rules,
    grid: PriceGrid,
    actions: &mut Vec<Action>,
) -> Verdict {
    let overdue = cover
        .exposed_since
        .is_some_and(|since| rules.protect_within_ns < cover.now.nanos_since(since));
    let has_stop = legs(cover.orders, Role::Stop).next().is_some();
    if cover.wanted > 0 && !has_stop {
        if planted(20) {
            // I20: nobody notices that the stop is missing.
            return Verdict::Hold;
        }
        if cover.can_close && (overdue || cover.stop_rejected_at.is_some()) {
            return Verdict::CloseNow;
        }
        // Where it cannot be closed the broker is asked for a stop again, now and then.
        let is_old = |at| rules.protect_within_ns < cover.now.nanos_since(at);
        if cover.stop_rejected_at.is_none_or(is_old) {
            actions.extend(missing_stop(cover, rules, grid));
        }
    } else if cover.wanted > 0 && overdue && cover.can_close {
        return Verdict::CloseNow;
    }
    // A part can be sold once stop and target have both made room for it: the stop goes second, and
    // protects everything until the target has.
    let slow = legs(cover.orders, Role::Target).map(WorkingOrder::open_most);
    let slow = slow.fold(0, u32::max).min(cover.held);
    let resting = Cover {
        wanted: if cover.wanted == 0 {
            0
        } else {
            cover.wanted.max(slow)
        },
        ..*cover
    };
    fit(&resting, Role::Stop, actions, |leg| match leg.kind {
        OrderKind::StopLimit { stop, .. } if cover.stop_reached || stop == cover.stop => leg.kind,
        _ => stop_limit(cover.stop, cover.entry, rules, grid),
    });
    for target in strangers(cover.orders) {
        actions.push(cancel(target.id));
    }
    fit(cover, Role::Target, actions, |leg| leg.kind);
    Verdict::Hold
}

/// A stop for what no stop protects, as far as other orders leave room for it.
fn missing_stop(cover: &Cover<'_>, rules: &Rules, grid: PriceGrid) -> Option<Action> {
    let oca = legs(cover.orders, Role::Target).find_map(|target| target.oca);
    let quantity = room(cover, |order| oca.is_some() && order.oca == oca).min(cover.wanted);
    (quantity > 0).then(|| Action::PlaceStop {
        quantity,
        kind: stop_limit(cover.stop, cover.entry, rules, grid),
        oca,
    })
}

/// Whether the stop's price was reached and the broker's stop does not do its work: there is none
/// that the bid has set off and whose limit it has not jumped over, or it has had time enough.
#[must_use]
pub fn stop_has_failed(
    stop: Price,
    bid: Price,
    orders: &[WorkingOrder],
    waited_ns: Option<i64>,
    rules: &Rules,
) -> bool {
    if stop < bid {
        return false;
    }
    let fills = legs(orders, Role::Stop).any(|leg| match leg.kind {
        OrderKind::StopLimit { stop, limit } => limit <= bid && bid <= stop,
        OrderKind::Limit(_) | OrderKind::Market | OrderKind::Stop(_) => false,
    });
    !fills || waited_ns.is_some_and(|waited| rules.stop_grace_ns <= waited)
}

/// The live orders of `role` that are not being cancelled.
pub fn legs(orders: &[WorkingOrder], role: Role) -> impl Iterator<Item = &WorkingOrder> {
    orders
        .iter()
        .filter(move |order| order.role == role && order.is_live() && !order.cancelling)
}

/// Contracts that an order may sell beside all those that are not of its `group`.
fn room(cover: &Cover<'_>, group: impl Fn(&WorkingOrder) -> bool) -> u32 {
    let others = cover.orders.iter().filter(|order| !group(order));
    let others: Vec<WorkingOrder> = others.copied().collect();
    closable(cover.held, &others, cover.foreign_selling)
}

/// Targets that share no group with the stop: both could fill.
fn strangers(orders: &[WorkingOrder]) -> impl Iterator<Item = &WorkingOrder> {
    let stop = legs(orders, Role::Stop).next();
    legs(orders, Role::Target).filter(move |target| {
        target.oca.is_none() || stop.is_some_and(|stop| stop.oca != target.oca)
    })
}

/// Contracts that the entry which `leg` waits for may buy yet.
fn awaited(orders: &[WorkingOrder], leg: &WorkingOrder) -> u32 {
    let parent = |order: &&WorkingOrder| Some(order.id) == leg.parent;
    let live = |order: &&WorkingOrder| order.role == Role::Entry && order.is_live();
    orders
        .iter()
        .filter(live)
        .find(parent)
        .map_or(0, WorkingOrder::open)
}

/// Brings the orders of `role` to `cover.wanted` contracts in all. What waits for its entry may
/// keep as many more as the entry may buy yet.
fn fit(
    cover: &Cover<'_>,
    role: Role,
    actions: &mut Vec<Action>,
    kind: impl Fn(&WorkingOrder) -> OrderKind,
) {
    let mut left = cover.wanted;
    let mut legs = legs(cover.orders, role).peekable();
    while let Some(leg) = legs.next() {
        let is_last = legs.peek().is_none();
        let held = if is_last { left } else { leg.open().min(left) };
        left -= held;
        // What waits for more is let be, but not enlarged: exits may be selling beside it.
        let with_awaited = held.saturating_add(awaited(cover.orders, leg));
        let wanted = leg.open().clamp(held, with_awaited);
        let same = |order: &WorkingOrder| {
            order.id == leg.id || (leg.oca.is_some() && order.oca == leg.oca)
        };
        let wanted = wanted.min(room(cover, same).max(leg.open()));
        let kind = kind(leg);
        if actions.contains(&cancel(leg.id)) {
            continue;
        }
        if wanted == 0 {
            actions.push(cancel(leg.id));
        } else if leg.status == OrderStatus::Working
            && !leg.frozen
            && (wanted != leg.open() || kind != leg.kind)
        {
            actions.push(Action::Modify {
                order: leg.id,
                kind,
                quantity: leg.filled.saturating_add(wanted),
            });
        }
    }
}

fn cancel(order: OrderId) -> Action {
    Action::Cancel { order }
}
