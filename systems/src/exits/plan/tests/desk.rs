//! A position with its bracket, and a broker that answers when it is told to.

use crate::exits::action::Action;
use crate::exits::config::tests::section;
use crate::exits::held::{Held, Link, Moment};
use crate::exits::plan::plan;
use crate::exits::protection::exposed_since;
use crate::exits::rules::Rules;
use crate::exits::working::WorkingOrder;
use crate::exits::working::tests::order;
use components::contract::{Contract, OptionTerms};
use components::market::{Quote, Ticker};
use components::order::{OrderId, OrderKind, OrderStatus, Role};
use components::price_grid::PriceGrid;
use components::signal::{Intent, StrategyName};
use components::units::{Price, Timestamp};
use engine::calendar::Calendar;
use engine::record::{ExitState, HoldingState, Restriction};
use jiff::civil::{Date, date};

pub(super) const ENTRY: i64 = 20_000;
pub(super) const STOP: OrderId = OrderId(2);
pub(super) const TARGET: OrderId = OrderId(3);
pub(super) const FULL_DAY: Date = date(2015, 12, 23);
pub(super) const HALF_DAY: Date = date(2015, 12, 24);

/// A position with its bracket, and a broker that does nothing by itself.
pub(super) struct Desk {
    pub(super) rules: Rules,
    pub(super) moment: Moment,
    pub(super) quantity: i64,
    pub(super) state: HoldingState,
    pub(super) orders: Vec<WorkingOrder>,
    pub(super) quote: Quote,
    pub(super) fresh: bool,
    pub(super) delta: f64,
    pub(super) settles_at: Timestamp,
    pub(super) foreign_selling: u32,
    pub(super) next_id: u64,
}

pub(super) fn bracket_stop(stop: i64, limit: i64) -> OrderKind {
    OrderKind::StopLimit {
        stop: Price(stop),
        limit: Price(limit),
    }
}

pub(super) fn cancel(order: OrderId) -> Action {
    Action::Cancel { order }
}

impl Desk {
    /// `quantity` contracts bought at 2.00, stop 1.00, target 10.00, noon of a full day.
    pub(super) fn new(flags: &str, quantity: u32) -> Self {
        let nyse = Calendar::nyse();
        let session = nyse.session(FULL_DAY).unwrap();
        let mut stop = order(2, Role::Stop, bracket_stop(10_000, 8_000), quantity);
        let mut target = order(3, Role::Target, OrderKind::Limit(Price(100_000)), quantity);
        for leg in [&mut stop, &mut target] {
            (leg.parent, leg.oca) = (Some(OrderId(1)), Some(OrderId(1)));
        }
        Self {
            rules: Rules::from(&section(flags).unwrap()),
            moment: Moment {
                now: session.open.plus_millis(9_000_000),
                session,
                next_open: nyse.next_session(FULL_DAY).map(|next| next.open),
                link: Link::Up,
                restriction: Restriction::Active,
            },
            quantity: i64::from(quantity),
            state: HoldingState {
                strategy: StrategyName::new("swing"),
                opened_at: session.open,
                entry: OrderId(1),
                largest: quantity,
                entry_price: Price(ENTRY),
                best: Price(ENTRY),
                stop: Price(10_000),
                steps: 0,
                exit: ExitState::default(),
            },
            orders: vec![stop, target],
            quote: quote(19_900),
            fresh: true,
            delta: 0.4,
            settles_at: session.close.plus_millis(30 * 86_400_000),
            foreign_selling: 0,
            next_id: 100,
        }
    }

    pub(super) fn plan(&self) -> Vec<Action> {
        let held = Held {
            contract: Contract {
                underlying: Ticker::new("SPY").unwrap(),
                terms: OptionTerms::from_osi("SPY   151224C00205000").unwrap(),
            },
            state: self.state,
            quantity: self.quantity,
            quote: self.quote,
            fresh: self.fresh,
            delta: Some(self.delta),
            entry_delta: Some(0.4),
            atr: None,
            orders: &self.orders,
            foreign_selling: self.foreign_selling,
            settles_at: self.settles_at,
            grid: PriceGrid::PENNY,
        };
        plan(&held, &self.rules, &self.moment)
    }

    /// Plans, does what was planned, and checks that nothing is left to plan.
    pub(super) fn act(&mut self) -> Vec<Action> {
        let actions = self.plan();
        for action in &actions {
            self.take(*action);
        }
        assert_eq!(self.plan(), [], "again after {actions:?}");
        actions
    }

    pub(super) fn order(&mut self, id: OrderId) -> &mut WorkingOrder {
        let found = self.orders.iter_mut().find(|order| order.id == id);
        found.expect("an order that is not over")
    }

    pub(super) fn take(&mut self, action: Action) {
        let now = self.moment.now;
        match action {
            Action::Closing { why } => self.state.exit.closing = Some(why),
            Action::Raise { stop, best } => (self.state.stop, self.state.best) = (stop, best),
            Action::Cancel { order } => self.order(order).cancelling = true,
            Action::Modify {
                order,
                kind,
                quantity,
            } => {
                let order = self.order(order);
                assert!(
                    !order.frozen && order.filled < quantity,
                    "{order:?} to {quantity}"
                );
                order.quantity_most = order.quantity_most.max(quantity);
                order.quantity_least = order.quantity_least.min(quantity);
                (order.kind, order.quantity) = (kind, quantity);
                (order.frozen, order.changed_at) = (true, now);
            }
            Action::PlaceStop {
                quantity,
                kind,
                oca,
            } => {
                self.state.exit.stop_rejected_at = None;
                self.send(Role::Stop, kind, quantity, oca);
            }
            Action::Close {
                quantity,
                limit,
                why,
            } => {
                self.send(Role::Exit, OrderKind::Limit(limit), quantity, None);
                self.orders.last_mut().unwrap().why = why;
            }
        }
    }

    pub(super) fn send(
        &mut self,
        role: Role,
        kind: OrderKind,
        quantity: u32,
        oca: Option<OrderId>,
    ) {
        let mut sent = order(self.next_id, role, kind, quantity);
        (sent.status, sent.oca) = (OrderStatus::Sent, oca);
        (sent.sent_at, sent.changed_at) = (self.moment.now, self.moment.now);
        self.orders.push(sent);
        self.next_id += 1;
    }

    /// The broker answers everything that was asked of the order at `place`.
    pub(super) fn answer(&mut self, place: usize) {
        let order = &mut self.orders[place];
        if order.cancelling {
            let gone = self.orders.remove(place);
            if gone.role == Role::Entry {
                // Legs that waited for it are for what it bought.
                self.shrink(gone.open(), |leg| leg.parent == Some(gone.id));
            }
            return;
        }
        order.status = OrderStatus::Working;
        (order.quantity_most, order.quantity_least) = (order.quantity, order.quantity);
        order.frozen = false;
        self.sweep();
    }

    pub(super) fn answer_all(&mut self) {
        for place in (0..self.orders.len()).rev() {
            self.answer(place);
        }
    }

    /// `count` contracts of the order at `place` are filled; its group shrinks by as many.
    pub(super) fn fill(&mut self, place: usize, count: u32) {
        let (id, oca) = (self.orders[place].id, self.orders[place].oca);
        self.orders[place].filled += count;
        if self.orders[place].role == Role::Entry {
            self.quantity += i64::from(count);
            self.state.largest = self
                .state
                .largest
                .max(u32::try_from(self.quantity).unwrap());
        } else {
            self.quantity -= i64::from(count);
            self.shrink(count, |order| {
                oca.is_some() && order.oca == oca && order.id != id
            });
        }
        self.sweep();
    }

    pub(super) fn shrink(&mut self, count: u32, group: impl Fn(&WorkingOrder) -> bool) {
        for order in self.orders.iter_mut().filter(|order| group(order)) {
            order.quantity = order.quantity.saturating_sub(count);
            order.quantity_most = order.quantity_most.saturating_sub(count);
            order.quantity_least = order.quantity_least.saturating_sub(count);
        }
        self.sweep();
    }

    /// Contracts that entries may buy yet.
    pub(super) fn awaited(&self) -> u32 {
        let entries = self.orders.iter().filter(|order| order.role == Role::Entry);
        entries.map(WorkingOrder::open).sum()
    }

    pub(super) fn sweep(&mut self) {
        self.orders
            .retain(|order| order.filled < order.quantity_most);
    }

    /// Time passes, and what the caller of the plan keeps is kept.
    pub(super) fn wait(&mut self, millis: i64) {
        self.moment.now = self.moment.now.plus_millis(millis);
        let now = self.moment.now;
        let held = u32::try_from(self.quantity).unwrap_or(0);
        self.state.exit.exposed_since =
            exposed_since(self.state.exit.exposed_since, held, &self.orders, now);
        let reached = self.quote.bid <= self.state.stop;
        self.state.exit.stop_reached_at =
            reached.then(|| self.state.exit.stop_reached_at.unwrap_or(now));
    }

    pub(super) fn at(&mut self, day: Date, before_close_s: i64) {
        let nyse = Calendar::nyse();
        self.moment.session = nyse.session(day).unwrap();
        self.moment.next_open = nyse.next_session(day).map(|next| next.open);
        self.moment.now = self
            .moment
            .session
            .close
            .plus_millis(-before_close_s * 1_000);
    }
}

pub(super) fn quote(bid: i64) -> Quote {
    Quote {
        bid: Price(bid),
        ask: Price(bid + if bid < 30_000 { 200 } else { 1_000 }),
        ..Quote::default()
    }
}

pub(super) fn close(quantity: u32, limit: i64, why: Intent) -> Action {
    Action::Close {
        quantity,
        limit: Price(limit),
        why,
    }
}
