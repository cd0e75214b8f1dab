//! What the broker does with what it is asked for: take, change, cancel, refuse.
//!
//! | code | when |
//! |---|---|
//! | 100 | more messages in a second than are allowed |
//! | 103 | the number of a new order does not exceed all that were seen |
//! | 104 | a change of an order that is over |
//! | 110 | the price is not on the grid |
//! | 200 | the contract is not listed |
//! | 201 | anything else that an order is refused for |
//! | 203 | the client is connected to another account |
//! | 10147 | a cancellation of an order that is not known |
//! | 10148, 161 | a cancellation of an order that is over |
//!
//! A change is the same message as a new order at the real broker. So a change of an order that
//! never arrived places it, if its number exceeds all seen, and is refused with 103 otherwise.

use super::book::{Fees, Held};
use super::broker::Command;
use super::checks::{Checked, Refusal};
use super::core::{Core, Due};
use crate::broker_ledger::{FinalState, LedgerOrder, Message, Origin};
use crate::gateway_faults::GatewayFault;
use components::contract::Instrument;
use components::order::{Order, OrderId, PermId, Role};
use engine::random::Stream;
use engine::report::Report;

/// After a cancellation the exchange may go on so long when a fault wants it.
const AFTER_CANCEL_MS: u64 = 30_000;

impl Core {
    /// Does what a command asks for.
    pub(crate) fn obey(&mut self, line: u64, command: Command) {
        let state = match &command {
            Command::Submit(_) => "arriving",
            Command::Modify(order) => self.state_of(order.id),
            Command::Cancel(order) => self.state_of(*order),
            _ => "idle",
        };
        if matches!(command, Command::Submit(_))
            && self.dice.hits(GatewayFault::DropBeforeArrival, state)
        {
            return self.cut(0);
        }
        let messages = match &command {
            Command::Submit(orders) => orders.len(),
            _ => 1,
        };
        let is_paced = self.is_paced(messages) || self.dice.hits(GatewayFault::Pacing, state);
        let refused = if is_paced {
            Some(100)
        } else {
            self.link.wrong_account.then_some(203)
        };
        let session = self.link.owner.unwrap_or(0);
        match command {
            Command::Submit(orders) => self.submit(line, session, orders, refused),
            Command::Modify(order) => self.modify(session, order, refused),
            Command::Cancel(order) => {
                let place = self
                    .ledger
                    .receive(self.now, session, Message::Cancel(order));
                let refused = refused.map(|code| if code == 203 { 10_147 } else { code });
                match refused.map_or_else(|| self.cancel(order), Err) {
                    Ok(()) => {}
                    Err(code) => self.refuse_change(place, order, code),
                }
            }
            Command::Query(query) => {
                self.ledger
                    .receive(self.now, session, Message::Query(query));
                if is_paced || self.dice.hits(GatewayFault::QueryUnanswered, "idle") {
                    return;
                }
                let at = self.now.plus_millis(self.config.query_ms);
                self.schedule(at, Due::Answer { line, query });
            }
            Command::Reconnect | Command::Refuse(_) => {}
        }
    }

    fn refuse_change(&mut self, place: usize, order: OrderId, code: u32) {
        self.ledger.refuse(place, code);
        self.tell(Report::CancelRefused { order, code });
    }

    fn refuse(&mut self, place: usize, order: OrderId, refusal: &Refusal) {
        self.ledger.refuse(place, refusal.code);
        if refusal.code == 201 {
            // The only refusal after which the real broker lists the order as completed.
            let perm = self.book.next_perm();
            self.book.refused.push((order, perm));
        }
        self.reject(order, refusal.code, &refusal.reason);
    }

    /// Takes orders that belong together: none works before the last is taken.
    fn submit(&mut self, line: u64, session: u64, orders: Vec<Order>, refused: Option<u32>) {
        let mut taken = Vec::new();
        for order in orders {
            let message = Message::Submit(order);
            let place = self.ledger.receive(self.now, session, message);
            let result = match refused {
                Some(100) => {
                    let most = self.config.messages_per_second_max;
                    let reason = format!("more messages than {most} in a second");
                    Err(Refusal::new(100, reason))
                }
                Some(code) => Err(Refusal::new(code, "not allowed for this account")),
                None => self.receive(order),
            };
            match result {
                Ok(perm) => taken.push(perm),
                Err(refusal) => self.refuse(place, order.id, &refusal),
            }
        }
        if taken.is_empty() {
            return;
        }
        let state = "working";
        let drops = self.dice.hits(GatewayFault::DropBeforeAck, state);
        let drops_after = !drops && self.dice.hits(GatewayFault::DropAfterAck, state);
        for perm in taken {
            self.sweep_order(perm);
        }
        if drops {
            self.cut(0);
        } else if drops_after {
            let heard = self.now.plus_millis(self.report_latency_ms);
            self.schedule(heard.plus_nanos(1), Due::Cut { line });
        }
    }

    /// Takes an order in, or says why not.
    fn receive(&mut self, order: Order) -> Result<PermId, Refusal> {
        if self.book.highest.is_some_and(|highest| order.id <= highest) {
            let id = order.id;
            let reason = if self.book.known.contains_key(&id) {
                format!("order {id} is known already")
            } else {
                format!("order {id} does not exceed all numbers seen")
            };
            return Err(Refusal::new(103, reason));
        }
        self.book.highest = Some(order.id);
        self.book.rolled_back = None;
        self.refuse_at_random(&order)?;
        let checked = self.check(&order, Origin::Client, None)?;
        let released = self.released_at_first(&order)?;
        let perm = self.take(order, Origin::Client, &checked, released);
        if order.quantity > 1 && self.dice.hits(GatewayFault::PartialThenSilence, "working") {
            let most = u64::from(order.quantity - 1);
            let stuck = 1 + self.dice.below(GatewayFault::PartialThenSilence, most);
            if let Some(held) = self.book.held.get_mut(&perm) {
                held.stuck_at = u32::try_from(stuck).ok();
            }
        }
        let order = order.id;
        self.tell(Report::Accepted { order, perm });
        self.sync(perm);
        Ok(perm)
    }

    fn refuse_at_random(&mut self, order: &Order) -> Result<(), Refusal> {
        let is_stop = order.parent.is_some() && order.role == Role::Stop;
        if is_stop && self.dice.hits(GatewayFault::StopLegRejected, "arriving") {
            return Err(Refusal::new(201, "stop orders are not accepted now"));
        }
        for (kind, code) in [
            (GatewayFault::Reject201, 201),
            (GatewayFault::Reject110, 110),
            (GatewayFault::Reject103, 103),
        ] {
            if self.dice.hits(kind, "arriving") {
                return Err(Refusal::new(code, kind.name()));
            }
        }
        Ok(())
    }

    /// Puts a checked order among those that work.
    pub(crate) fn take(
        &mut self,
        order: Order,
        origin: Origin,
        checked: &Checked,
        released: u32,
    ) -> PermId {
        let perm = self.book.next_perm();
        let is_client = origin == Origin::Client;
        self.ledger.orders.push(LedgerOrder {
            perm,
            order: is_client.then_some(order.id),
            origin,
            instrument: Instrument::Option(order.contract),
            side: order.side,
            quantity: order.quantity,
            kind: order.kind,
            role: is_client.then_some(order.role),
            parent: order.parent,
            oca: order.oca,
            at: self.now,
            filled: 0,
            end: None,
        });
        self.book.insert(Held {
            perm,
            origin,
            order,
            contract: checked.contract,
            instrument: checked.instrument,
            kind: order.kind,
            filled: 0,
            reduced: 0,
            released,
            stuck_at: None,
            is_told_over: false,
            fees: Fees::default(),
            place: self.ledger.orders.len() - 1,
        });
        self.schedule(checked.end, Due::End(perm));
        perm
    }

    fn modify(&mut self, session: u64, order: Order, refused: Option<u32>) {
        let message = Message::Modify(order);
        let place = self.ledger.receive(self.now, session, message);
        if let Some(code) = refused {
            return self.refuse_change(place, order.id, code);
        }
        let Some(perm) = self.book.newest(order.id) else {
            if self.book.known.contains_key(&order.id) {
                return self.refuse_change(place, order.id, 104);
            }
            return match self.receive(order) {
                Ok(perm) => self.sweep_order(perm),
                Err(refusal) => self.refuse(place, order.id, &refusal),
            };
        };
        if let Err(code) = self.change(perm, order) {
            self.refuse_change(place, order.id, code);
        }
    }

    /// Gives the order `perm` the price, quantity and end of `order`.
    fn change(&mut self, perm: PermId, order: Order) -> Result<(), u32> {
        let checked = self.check(&order, Origin::Client, Some(perm));
        let checked = checked.map_err(|refusal| refusal.code)?;
        let held = self.book.held.get(&perm).ok_or(104_u32)?;
        let is_same = held.order.contract == order.contract && held.order.side == order.side;
        if !is_same {
            return Err(105);
        }
        if order.quantity <= held.filled {
            return Err(201);
        }
        let (state, filled) = (held.state(), held.filled);
        if held.released > 0 && self.dice.hits(GatewayFault::TwoPerms, state) {
            let left = order.quantity - filled;
            let again = Order {
                quantity: left,
                ..order
            };
            let perm = self.take(again, Origin::Client, &checked, left);
            let order = order.id;
            self.tell(Report::Accepted { order, perm });
            self.sync(perm);
            self.sweep_order(perm);
            return Ok(());
        }
        let resting = self.venue.remove(perm);
        let Some(held) = self.book.held.get_mut(&perm) else {
            return Err(104);
        };
        if let Some(resting) = resting {
            held.kind = resting.kind;
        }
        let waits = held.order.parent.is_some();
        if held.order.kind != order.kind {
            held.kind = order.kind;
        }
        held.order.kind = order.kind;
        held.order.quantity = order.quantity;
        held.order.good_until = order.good_until;
        if !waits {
            held.released = order.quantity;
        }
        let parent = held.order.parent;
        self.schedule(checked.end, Due::End(perm));
        let order = order.id;
        self.tell(Report::Accepted { order, perm });
        if let Some(parent) = parent {
            self.release_legs(parent);
        }
        self.sync(perm);
        self.sweep_order(perm);
        Ok(())
    }

    /// Cancels the newest of an order, or says with which code it cannot.
    fn cancel(&mut self, order: OrderId) -> Result<(), u32> {
        let Some(perm) = self.book.newest(order) else {
            if !self.book.known.contains_key(&order) {
                return Err(10_147);
            }
            let coin = Stream::new(0, "cancel-code", order.0).below(4);
            return Err(if coin == 0 { 161 } else { 10_148 });
        };
        let state = self.state_of(order);
        if self.dice.hits(GatewayFault::FillAfterCancel, state) {
            self.end_in_words(perm);
            let lasts = self
                .dice
                .millis(GatewayFault::FillAfterCancel, AFTER_CANCEL_MS);
            self.schedule(self.now.plus_millis(1 + lasts), Due::Forget(perm));
        } else {
            self.finish(perm);
        }
        Ok(())
    }

    /// Reports an order as cancelled that the exchange goes on filling.
    fn end_in_words(&mut self, perm: PermId) {
        let Some(held) = self.book.held.get_mut(&perm) else {
            return;
        };
        held.is_told_over = true;
        let order = held.order.id;
        if let Some(entry) = self.ledger.orders.get_mut(held.place) {
            entry.end = Some((self.now, FinalState::Cancelled));
            self.book.ended.push(held.place);
        }
        self.tell(Report::Cancelled {
            order,
            perm: Some(perm),
        });
        self.entry_ended(order);
    }

    /// Ends what was reported as over long ago.
    pub(crate) fn forget(&mut self, perm: PermId) {
        if self
            .book
            .held
            .get(&perm)
            .is_some_and(|held| held.is_told_over)
        {
            self.close(perm, FinalState::Cancelled);
        }
    }

    /// Ends an order at its time, unless a change gave it more.
    pub(crate) fn end(&mut self, perm: PermId) {
        let Some(held) = self.book.held.get(&perm) else {
            return;
        };
        let end = held.order.good_until.min(held.instrument.settlement);
        if self.now >= end {
            self.finish(perm);
        }
    }

    /// Ends an order as cancelled, with what was filled of it, and says so.
    pub(crate) fn finish(&mut self, perm: PermId) {
        let Some(held) = self.close(perm, FinalState::Cancelled) else {
            return;
        };
        if held.is_told_over {
            return;
        }
        if let Some(order) = held.order_id() {
            let perm = Some(perm);
            self.tell(Report::Cancelled { order, perm });
            self.entry_ended(order);
        }
    }
}
