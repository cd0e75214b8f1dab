//! A session begins with everything that is open: the model becomes what the journal says, once it
//! has been compared.

use super::Model;
use super::money::Held;
use super::order::{Order, trigger};
use components::contract::Instrument;
use components::order::{OrderId, Role};
use engine::record::OpenState;
use std::collections::BTreeMap;

impl Model {
    /// Becomes what a session begins with. Executions and charges stay known for ever.
    pub(super) fn open_day(&mut self, state: &OpenState) {
        let is_new_date = state.date != self.date;
        self.date = state.date;
        self.next_order = self.next_order.max(state.next_order.0);
        for execution in &state.executions {
            self.executions
                .entry(execution.id.base)
                .or_insert(*execution);
        }
        for (id, fees) in &state.charges {
            self.charges.entry(id.base).or_insert((id.revision, *fees));
        }
        self.foreign = state
            .foreign
            .iter()
            .map(|open| (open.perm, *open))
            .collect();
        let mut executed: BTreeMap<OrderId, i128> = BTreeMap::new();
        for execution in self.executions.values() {
            if let Some(id) = execution.order {
                *executed.entry(id).or_default() += i128::from(execution.quantity);
            }
        }
        for followed in &state.orders {
            let id = followed.intent.order.id;
            let executed = executed.get(&id).copied().unwrap_or_default();
            let carried = Order::carried(followed, executed);
            if let Some(known) = self.orders.get_mut(&id) {
                known.intent = carried.intent;
                known.held = carried.held;
                known.taken = 0;
            } else {
                self.take_over(carried);
            }
            let in_flight = self.orders.get(&id).is_some_and(Order::in_flight);
            if in_flight {
                self.live.insert(id);
            } else {
                self.live.remove(&id);
            }
        }
        self.carry_money(state, is_new_date);
        self.latches = state
            .latches
            .iter()
            .map(|(cause, level)| {
                let since = self.latches.get(cause).map(|(_, at)| *at);
                (*cause, (*level, since.unwrap_or_default()))
            })
            .collect();
        self.paused = state.paused.iter().copied().collect();
        self.commands = state.commands.iter().copied().collect();
        self.asked = None;
    }

    fn take_over(&mut self, order: Order) {
        let id = order.terms().id;
        if let Some(group) = order.terms().oca {
            self.groups.entry(group).or_default().push(id);
        }
        if order.terms().role == Role::Entry {
            self.openings.insert(order.intent.fingerprint, id);
        }
        self.orders.insert(id, order);
    }

    fn carry_money(&mut self, state: &OpenState, is_new_date: bool) {
        let known: BTreeMap<Instrument, Held> = self
            .money
            .positions()
            .map(|(i, held)| (*i, *held))
            .collect();
        let positions = state
            .positions
            .iter()
            .map(|(instrument, position, holding)| {
                let quantity = i128::from(position.quantity);
                // What was taken over from others was bought by no order of ours.
                let is_ours = holding.is_some_and(|terms| terms.entry != OrderId::default());
                let owned = if is_ours { quantity } else { 0 };
                let fresh = Held {
                    ours: owned,
                    cost: i128::from(position.cost.0),
                    stop: holding.map(|h| h.stop).filter(|stop| stop.is_some()),
                    ..Held::default()
                };
                let before = known.get(instrument).copied().unwrap_or(fresh);
                (*instrument, Held { quantity, ..before })
            });
        self.money.carry(positions);
        self.money.cash = i128::from(state.account.cash.0);
        self.money.fees = i128::from(state.account.fees.0);
        if is_new_date {
            self.money.losing_trades = state.account.losing_trades;
            self.money.is_streak_known = state.positions.is_empty();
        }
        self.account = state.account;
    }

    /// Notes the price of a stop that was intended for what is held.
    pub(crate) fn note_stop(&mut self, id: OrderId) {
        let Some(order) = self
            .orders
            .get(&id)
            .filter(|o| o.terms().role == Role::Stop)
        else {
            return;
        };
        let (contract, stop) = (order.terms().contract, trigger(order.terms().kind));
        let held = self.money.position(contract);
        if held.quantity > 0 {
            held.stop = held.stop.max(stop);
        }
    }
}
