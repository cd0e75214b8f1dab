//! What to do about one position now. Pure: the same position, rules and moment give the same list,
//! and once the list is done and nothing else has changed, the next one is empty.
//!
//! Nothing is sold that an order which may still trade could also sell: legs are reduced or
//! cancelled first, and the closing order follows when the broker has confirmed it. Until then they
//! protect.

use super::action::Action;
use super::held::{Held, Link, Moment};
use super::protection::{Cover, Verdict, exiting, legs, protect, stop_has_failed};
use super::rules::Rules;
use super::scale_out::{Portion, left_after, steps_reached};
use super::schedule::{Due, Times, due};
use super::trailing::{Trail, best_bid, delta_is_lost, premium_range, raised_stop};
use super::working::{WorkingOrder, closable};
use components::market::{Quote, QuoteState};
use components::order::{OrderKind, OrderStatus, Role};
use components::price_grid::PriceGrid;
use components::signal::Intent;
use components::units::Price;
use engine::record::Restriction;

/// A position as the steps of the plan see it.
struct View<'a> {
    held: &'a Held<'a>,
    rules: &'a Rules,
    moment: &'a Moment,
    quantity: u32,
    bid: Option<Price>,
    best: Price,
    stop: Price,
    /// The most that the clock lets be held.
    at_most: u32,
}

/// What to do about a position now.
#[must_use]
pub fn plan(held: &Held<'_>, rules: &Rules, moment: &Moment) -> Vec<Action> {
    let mut actions = Vec::new();
    let quantity = match u32::try_from(held.quantity) {
        Ok(quantity) if quantity > 0 => quantity,
        _ => {
            leave(held, moment, &mut actions);
            return actions;
        }
    };
    if !moment.session.contains(moment.now) {
        return actions;
    }
    let view = View::new(held, rules, moment, quantity);
    if view.stop != held.state.stop {
        actions.push(Action::Raise {
            stop: view.stop,
            best: view.best,
        });
    }
    if moment.link == Link::Down {
        return actions;
    }
    if let Some(why) = view.reason_to_close() {
        view.close_all(why, &mut actions);
        return actions;
    }
    let part = view.part();
    let mut legs = Vec::new();
    if protect(&view.cover(part), rules, held.grid, &mut legs) == Verdict::CloseNow {
        view.close_all(Intent::Protect, &mut actions);
        return actions;
    }
    actions.append(&mut legs);
    view.close_part(part, &mut actions);
    view.reprice(&mut actions);
    actions
}

/// The lowest price of an order that closes: a collar below the midpoint that widens with every
/// attempt, but not below the bid, which it so follows.
#[must_use]
pub fn closing_limit(quote: &Quote, attempts: i64, rules: &Rules, grid: PriceGrid) -> Price {
    let middle = Price(quote.bid.0 + (quote.ask.0 - quote.bid.0) / 2);
    let collar = rules
        .close_collar
        .times(attempts.saturating_add(1))
        .of(middle);
    let lowest = grid.floor(Price(middle.0.saturating_sub(collar.0)));
    lowest.max(grid.floor(quote.bid)).max(grid.lowest())
}

/// Nothing is held: what could still sell is cancelled, but for legs that wait for their entry.
fn leave(held: &Held<'_>, moment: &Moment, actions: &mut Vec<Action>) {
    if moment.link == Link::Down {
        return;
    }
    let awaits_entry = |leg: &WorkingOrder| {
        let entry = |order: &WorkingOrder| order.role == Role::Entry && order.is_live();
        let parent = held
            .orders
            .iter()
            .find(|order| Some(order.id) == leg.parent);
        held.quantity == 0 && parent.is_some_and(entry)
    };
    for order in held.orders {
        let sells = order.role != Role::Entry && order.is_live();
        if sells && !order.cancelling && !awaits_entry(order) {
            actions.push(Action::Cancel { order: order.id });
        }
    }
}

impl<'a> View<'a> {
    fn new(held: &'a Held<'a>, rules: &'a Rules, moment: &'a Moment, quantity: u32) -> Self {
        let tradable = matches!(
            held.quote.state(),
            QuoteState::TwoSided | QuoteState::Locked
        );
        let bid = (held.fresh && tradable).then_some(held.quote.bid);
        let best = bid.map_or(held.state.best, |_| best_bid(held.state.best, &held.quote));
        let times = Times {
            now: moment.now,
            session: moment.session,
            next_open: moment.next_open,
            settles_at: held.settles_at,
        };
        let at_most = match due(rules, &times, held.state.largest.max(quantity)) {
            Due::Nothing => quantity,
            Due::AtMost(at_most) => at_most,
        };
        Self {
            held,
            rules,
            moment,
            quantity,
            bid,
            best,
            stop: stop_from_now_on(held, rules, bid, best),
            at_most,
        }
    }

    fn observing(&self) -> bool {
        self.moment.restriction == Restriction::Observing
    }

    fn reason_to_close(&self) -> Option<Intent> {
        let held = self.held;
        let protects = |why: Intent| matches!(why, Intent::Stop | Intent::Protect);
        let closing = held.state.exit.closing;
        if let Some(why) = closing.filter(|why| !self.observing() || protects(*why)) {
            return Some(why);
        }
        if self.moment.restriction == Restriction::Flattening {
            return Some(Intent::Flatten);
        }
        let bid = self.bid?;
        let waited = held
            .state
            .exit
            .stop_reached_at
            .map(|since| self.moment.now.nanos_since(since));
        let failed = stop_has_failed(self.stop, bid, held.orders, waited, self.rules);
        if failed || delta_is_lost(held.delta, held.entry_delta, self.rules.trail_delta) {
            return Some(Intent::Stop);
        }
        if self.observing() {
            return None;
        }
        if self.at_most == 0 {
            return Some(Intent::TimeExit);
        }
        let fills_itself = legs(held.orders, Role::Target)
            .any(|target| target.kind.limit().is_some_and(|limit| limit <= bid));
        let target = self.rules.target.of_up(held.state.entry_price);
        let reached = target <= bid || self.left(bid, true) == 0;
        (held.state.entry_price.is_some() && reached && !fills_itself).then_some(Intent::Target)
    }

    /// What scaling out leaves at `bid`; the last step, all, is a reason to close of its own.
    fn left(&self, bid: Price, with_all: bool) -> u32 {
        let steps = &self.rules.scale_out;
        let all = steps
            .iter()
            .position(|(_, portion)| *portion == Portion::All);
        let parts = if with_all {
            steps.len()
        } else {
            all.unwrap_or(steps.len())
        };
        let reached = steps_reached(steps, self.held.state.entry_price, bid).min(parts);
        left_after(steps, reached, self.held.state.largest.max(self.quantity))
    }

    /// How many contracts should be sold beside those that exits sell already, and why.
    fn part(&self) -> (u32, Intent) {
        let Some(bid) = self.bid.filter(|_| !self.observing()) else {
            return (0, Intent::ScaleOut);
        };
        let left = self.left(bid, false);
        let why = if self.at_most < left {
            Intent::TimeExit
        } else {
            Intent::ScaleOut
        };
        let surplus = self.quantity.saturating_sub(left.min(self.at_most));
        (surplus.saturating_sub(exiting(self.held.orders)), why)
    }

    fn cover(&self, (part, _): (u32, Intent)) -> Cover<'_> {
        let leaving = exiting(self.held.orders).saturating_add(part);
        Cover {
            held: self.quantity,
            wanted: self.quantity.saturating_sub(leaving),
            stop: self.stop,
            stop_reached: self.bid.is_some_and(|bid| bid <= self.stop),
            entry: self.held.state.entry_price,
            orders: self.held.orders,
            foreign_selling: self.held.foreign_selling,
            exposed_since: self.held.state.exit.exposed_since,
            stop_rejected_at: self.held.state.exit.stop_rejected_at,
            can_close: self.bid.is_some(),
            now: self.moment.now,
        }
    }

    /// Sells a part as far as orders that work leave room for it, and takes back exits of steps
    /// that are not reached any more.
    fn close_part(&self, (part, why): (u32, Intent), actions: &mut Vec<Action>) {
        let Some(bid) = self.bid.filter(|_| !self.observing()) else {
            return;
        };
        let surplus = self
            .quantity
            .saturating_sub(self.left(bid, false).min(self.at_most));
        let staying = legs(self.held.orders, Role::Exit).map(WorkingOrder::open_most);
        let mut exits = staying.fold(0, u32::saturating_add);
        for order in legs(self.held.orders, Role::Exit) {
            if surplus < exits && order.why == Intent::ScaleOut && self.is_due(order) {
                exits = exits.saturating_sub(order.open_most());
                actions.push(Action::Cancel { order: order.id });
            }
        }
        self.close(part, why, actions);
    }

    /// Cancels all that could trade and sells what it leaves free.
    fn close_all(&self, why: Intent, actions: &mut Vec<Action>) {
        if self.held.state.exit.closing.is_none() {
            actions.push(Action::Closing { why });
        }
        if self.bid.is_none() {
            // Nothing can be sold at a price that nobody knows: what rests protects until then.
            protect(&self.cover((0, why)), self.rules, self.held.grid, actions);
            return;
        }
        for order in self.held.orders {
            if order.role != Role::Exit && order.is_live() && !order.cancelling {
                actions.push(Action::Cancel { order: order.id });
            }
        }
        self.close(self.quantity, why, actions);
        self.reprice(actions);
    }

    fn close(&self, wanted: u32, why: Intent, actions: &mut Vec<Action>) {
        let room = closable(self.quantity, self.held.orders, self.held.foreign_selling);
        let quantity = wanted.min(room);
        if quantity > 0 {
            actions.push(Action::Close {
                quantity,
                limit: closing_limit(&self.held.quote, 0, self.rules, self.held.grid),
                why,
            });
        }
    }

    /// Lets exits follow the bid.
    fn reprice(&self, actions: &mut Vec<Action>) {
        if self.bid.is_none() {
            return;
        }
        for order in legs(self.held.orders, Role::Exit).filter(|order| self.is_due(order)) {
            let taken_back = Action::Cancel { order: order.id };
            let waited = self.moment.now.nanos_since(order.sent_at);
            let attempts = waited / self.rules.reprice_ns.max(1);
            let limit = closing_limit(&self.held.quote, attempts, self.rules, self.held.grid);
            let lower = order.kind.limit().is_some_and(|present| limit < present);
            if lower && !actions.contains(&taken_back) {
                actions.push(Action::Modify {
                    order: order.id,
                    kind: OrderKind::Limit(limit),
                    quantity: order.quantity,
                });
            }
        }
    }

    /// Whether an exit has stood long enough to be changed.
    fn is_due(&self, order: &WorkingOrder) -> bool {
        order.status == OrderStatus::Working
            && !order.frozen
            && self.rules.reprice_ns <= self.moment.now.nanos_since(order.changed_at)
    }
}

/// The stop in force, or where it begins for a position that has none, raised as far as it may be.
fn stop_from_now_on(held: &Held<'_>, rules: &Rules, bid: Option<Price>, best: Price) -> Price {
    let resting = legs(held.orders, Role::Stop).filter_map(|leg| match leg.kind {
        OrderKind::StopLimit { stop, .. } => Some(stop),
        OrderKind::Limit(_) | OrderKind::Market | OrderKind::Stop(_) => None,
    });
    let mut stop = resting.fold(held.state.stop, Price::max);
    let cost = held.state.entry_price.max(Price::NONE);
    let basis = if cost.is_some() {
        cost
    } else {
        bid.unwrap_or(Price::NONE)
    };
    if !stop.is_some() && basis.is_some() {
        stop = held
            .grid
            .floor(rules.stop.of(basis))
            .max(held.grid.lowest());
    }
    let Some(bid) = bid else {
        return stop;
    };
    let range = held.atr.zip(held.delta);
    let trail = Trail {
        entry: cost,
        best,
        bid,
        stop,
        range: range.and_then(|(atr, delta)| premium_range(atr, delta)),
    };
    raised_stop(&trail, rules, held.grid)
}

#[cfg(test)]
mod tests;
